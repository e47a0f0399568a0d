"""Launches without providers in a run: one period by hand, and what stays true."""

import numpy as np
import pytest

from simulator.economy import trading
from simulator.economy.register import TREASURY
from simulator.economy.rewarding import earning_supply
from simulator.ledger import NUMERAIRE
from simulator.scenario import Scenario, doubts
from tests.economy.by_hand import USES, by_hand, exactly

FALLING = {"kind": "weighted", "weight": 0.96, "last_weight": 0.5, "periods": 20}
LBP = {"launch": {"kind": "lbp", "price": 24}, "curve": FALLING}
BONDING = {"launch": {"kind": "bonding_curve"}, "curve": {"kind": "bonding_curve"}}


def launched(monkeypatch, market, payout=USES, **changes):
    """Nobody deposits, and training is free."""
    changes = {"liquidity_providers": []} | changes
    return by_hand(monkeypatch, payout, cost=0.0, market=market, **changes)


def test_a_price_that_nobody_pays_falls_24_times(monkeypatch):
    """.96/.04 = 24 at weight .96, .73/.27 at .73 after 10 periods and 1 at .5 after 20."""
    economy = launched(monkeypatch, LBP, USES | {"buyback": 0.0, "dividend": 0.7})
    prices = [economy.spot_price.copy()]
    for _ in range(22):
        economy.step()
        prices.append(economy.spot_price.copy())
    for period, price in ((0, 24.0), (10, 0.73 / 0.27), (20, 1.0), (22, 1.0)):
        assert prices[period] == exactly(price, price)
    assert (np.diff(prices, axis=0)[:20] < 0).all()


def test_a_period_of_a_bootstrapping_pool_by_hand(monkeypatch):
    """Of 1000 tokens each client has 600; 400 at price 24 are in the pool with 400 numeraire.

    | period 1 | token 0 | 1 | how |
    |---|---|---|---|
    | weight | .937 | .937 | .96 - .46/20 |
    | dividend per token | .0625 | .0208 | 37.5 and 12.5 for 600: those pooled are the treasury's |
    | bought back | 400 (1 - (400/414.85)^(.063/.937)) | 4.95 for 14.85 | 15 and 5, fee 1% |
    """
    economy = launched(monkeypatch, LBP)
    register, balances = economy.register, economy.ledger.balances
    opening = economy.tables["positions"]
    assert opening["agent"].tolist() == [0, 0]
    assert opening["tokens"] == exactly(400, 400)
    assert opening["deposited_numeraire"] == exactly(400, 400)
    assert balances[register.investor_accounts, NUMERAIRE] == exactly(120)
    economy.step()
    clients, pools = economy.tables["clients"], economy.tables["pools"]
    assert clients["dividends"] == exactly(37.5, 12.5)
    assert clients["tokens"] == exactly(630, 610)
    bought = 400 * (1 - (400 / (400 + np.array([14.85, 4.95]))) ** (0.063 / 0.937))
    assert pools["reserve_token"] == exactly(*(400 - bought))
    assert pools["reserve_numeraire"] == exactly(415, 405)
    price = np.array([415, 405]) / 0.063 / ((400 - bought) / 0.937)
    assert pools["spot_price"] == exactly(*price)
    positions = economy.tables["positions"]
    assert positions["value"] == exactly(*(np.array([415, 405]) + (400 - bought) * price))
    assert positions["fees"] == exactly(0.15, 0.05)
    treasury = economy.tables["agents"]["wealth"][0]
    assert treasury == pytest.approx(10 + positions["value"].sum(), rel=1e-12)
    supply = earning_supply(economy.ledger, register, True)
    assert supply == exactly(630, 610)


def test_a_period_of_a_bonding_curve_by_hand(monkeypatch):
    """Each client has all 1000 tokens, backed by 500; the investor pays 20 into each curve.

    | token | 0 | 1 | how |
    |---|---|---|---|
    | supply at genesis | 1019.80 | 1019.80 | 1000 (520/500)^.5 |
    | dividend per token | .0368 | .0123 | 37.5 and 12.5 |
    | bought back and burned | | | S ((1 + 14.85/520)^.5 - 1): the supply stays, R is 535 |
    | issued | 30 | 10 | the price falls by S/(S + 30) |
    """
    economy = launched(monkeypatch, BONDING)
    register, balances = economy.register, economy.ledger.balances
    supply = 1000 * (520 / 500) ** 0.5
    (investor,) = register.investor_accounts
    assert balances[investor, :3] == exactly(80, supply - 1000, supply - 1000)
    assert economy.spot_price == exactly(*[520 / supply / 0.5] * 2)
    assert economy.tables["pools"]["reserve_token"] == exactly(supply, supply)
    seen, decide = [], trading.decide
    monkeypatch.setattr(
        trading, "decide", lambda world, view, own: seen.append(view) or decide(world, view, own)
    )
    economy.step()
    clients, pools = economy.tables["clients"], economy.tables["pools"]
    assert clients["dividends"] == exactly(37.5 * 1000 / supply, 12.5 * 1000 / supply)
    assert clients["tokens"] == exactly(1030, 1010)
    assert pools["reserve_numeraire"] == exactly(535, 525)
    assert pools["supply"] == exactly(supply + 30, supply + 10)
    before = np.array([535, 525]) / supply / 0.5
    assert pools["spot_price"] == exactly(
        before[0] * supply / (supply + 30), before[1] * supply / (supply + 10)
    )
    assert seen[0].spot_price == exactly(*pools["spot_price"])
    fills = economy.tables["fills"]
    minted = supply * (np.sqrt(1 + np.array([14.85, 4.95]) / 520) - 1)
    assert fills["amount_out"] == exactly(*minted)
    assert balances[TREASURY, NUMERAIRE] == pytest.approx(10.0)
    assert not balances[:, register.share_assets].any()
    assert not len(economy.tables["positions"]["agent"])
    assert earning_supply(economy.ledger, register, True) == exactly(supply + 30, supply + 10)


def test_what_is_granted_to_escrow_moves_the_price_as_well(monkeypatch):
    tokens = {
        "revenue": {"maximum": 100, "floor": 0.0},
        "payout": {"dividend": 0.9, "buyback": 0.0, "direct": 0.0, "treasury": 0.1},
        "issuance": {"first": 40, "half_life": 20},
        "vesting": {"kind": "cliff", "periods": 3},
    }
    economy = launched(monkeypatch, BONDING, tokens=tokens, investors=[])
    economy.step()
    assert economy.spot_price == exactly(1000 / 1030, 1000 / 1010)


def warned(**settings):
    base = {"periods": 30, "liquidity_providers": [], "clients": [{"count": 4, "cash": 50}]}
    return " ".join(doubts(Scenario.model_validate(base | settings)))


@pytest.mark.parametrize("market", [LBP, BONDING], ids=["lbp", "bonding_curve"])
def test_clients_need_cash_where_they_sell_nothing(market):
    assert "clients.0.cash" not in warned(market=market)
    assert "clients.0.cash" in warned(market=market, clients=[{"count": 4}])
    assert "investors can buy" not in warned(market=market, investors=[{"count": 10_000}])


def test_weights_that_still_move_at_the_end_are_told():
    assert "market.curve.periods is 20, after the last period, 19" in warned(market=LBP, periods=19)
    assert "curve.periods" not in warned(market=LBP, periods=20)


def test_the_markets_gain_is_that_of_what_the_launch_puts_in():
    """.5 x .3 x 50 x 100 = 750 a pass into 4 x 500 of curves with steepness .5: .1875."""
    assert "investors close" not in warned(market=BONDING)
    assert "investors close 1.1 of the gap" in warned(
        market=BONDING, investors=[{"count": 60, "wealth": {"mean": 500}}]
    )
    assert "investors close" in warned(market=LBP | {"launch": {"kind": "lbp", "price": 1}})
