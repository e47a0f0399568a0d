"""Economies whose pools are concentrated."""

from typing import Literal

import numpy as np
import pytest

from simulator.agents.strategies import Strategy
from simulator.agents.strategies.base import purchases
from simulator.economy import Economy, trading
from simulator.economy.rewarding import earning_supply, earning_tokens
from simulator.ledger import NUMERAIRE
from simulator.market import Orders, Status
from simulator.running import resume, run, verify
from simulator.scenario import Scenario
from simulator.scenario.schema import scenario_type

QUICK = {
    "federation": {"contribution": {"kind": "data_size"}},
    "clients": [{"count": 3}],
    "liquidity_providers": [{"count": 2, "deposit": 300}],
    "investors": [{"count": 8}, {"count": 6, "strategy": {"kind": "noise"}}],
    "market": {"curve": {"kind": "concentrated"}},
}
NO_DIVIDENDS = {"dividend": 0.0, "buyback": 0.2, "direct": 0.8, "treasury": 0.0}
KEEPER = {"deposit": 150, "strategy": {"kind": "range_keeper", "width": 0.2}}


def an_economy(market=None, **changes):
    curve = QUICK["market"] | (market or {})
    return Economy(Scenario.model_validate(QUICK | changes | {"market": curve}))


def check(economy):
    """Nothing lost, nobody below zero, and pools hold what positions claim."""
    balances = economy.ledger.balances
    scale = np.abs(balances).sum(axis=0)
    assert (np.abs(balances.sum(axis=0)) <= 1e-11 * scale).all()
    assert (balances[1:] >= 0).all()
    for pool in economy.pools:
        claims = pool.claims(economy.register.provider_accounts)
        held = balances[[pool.account, pool.fee_account]][:, [pool.token, NUMERAIRE]].ravel()
        assert claims[:4].sum(axis=1) == pytest.approx(held, rel=1e-10, abs=1e-8)


@pytest.mark.parametrize("pools_earn", [False, True])
@pytest.mark.parametrize("then", ["burn", "to_client"])
@pytest.mark.parametrize(
    "market",
    [
        {},
        {"volatility_fee": {"sensitivity": 0.5, "most": 0.1}, "passes": 3, "gas": 0.01},
        {"clearing": {"kind": "priority"}, "fee": 0.3},
    ],
    ids=["plain", "costs", "dear"],
)
def test_money_and_tokens_are_conserved_whatever_is_paid_out(pools_earn, then, market):
    economy = an_economy(
        market,
        liquidity_providers=[*QUICK["liquidity_providers"], KEEPER],
        tokens={
            "payout": {
                "dividend": 0.4,
                "buyback": 0.3,
                "direct": 0.3,
                "treasury": 0.0,
                "pools_earn": pools_earn,
                "buybacks": {"then": then},
            }
        },
    )
    earned = 0.0
    for _ in range(6):
        economy.step()
        check(economy)
        pools, positions = economy.tables["pools"], economy.tables["positions"]
        assert positions["fees"].sum() == pytest.approx(pools["fees"].sum(), rel=0.3)
        assert (positions["fees"] >= -1e-12).all()
        earned += positions["fees"].sum()
        pooled = economy.positions.tokens if pools_earn else None
        earning = earning_tokens(economy.ledger, economy.register, pooled).sum(axis=0)
        supply = earning_supply(economy.ledger, economy.register, pools_earn)
        assert supply == pytest.approx(earning, rel=1e-12)
        dividends = economy.tables["clients"]["dividends_paid"].sum()
        received = sum(
            amount
            for flow, amount in zip(
                economy.tables["flows"]["flow"], economy.tables["flows"]["amount"], strict=True
            )
            if flow == "dividend"
        )
        assert received == pytest.approx(dividends, rel=1e-9)
    assert earned > 0


def test_a_run_is_recorded_resumed_and_verified(tmp_path):
    scenario = Scenario.model_validate(
        QUICK | {"periods": 6, "liquidity_providers": [*QUICK["liquidity_providers"], KEEPER]}
    )

    def stop(economy):
        if economy.period == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(scenario, tmp_path, progress=stop)
    [folder] = [path.parent for path in tmp_path.rglob("manifest.json")]
    resume(folder)
    assert set(verify(folder).values()) == {"identical"}


def prices(fee, kind, periods=30):
    economy = an_economy({"curve": {"kind": kind}, "fee": fee}, seed=3)
    result = []
    for _ in range(periods):
        economy.step()
        result.append(economy.spot_price.copy())
    return np.array(result)


def test_positions_for_all_prices_are_a_constant_product_but_for_fees_that_do_not_compound():
    """So prices differ in proportion to the fee, as far as the same orders are filled."""
    nothing, some, more = (
        abs(prices(fee, "concentrated") / prices(fee, "constant_product") - 1).max()
        for fee in (0.0, 1e-4, 1e-3)
    )
    assert nothing < 1e-12
    assert 1e-6 < some < more < 1e-3
    assert more / some == pytest.approx(10, rel=0.2)


@pytest.mark.parametrize("width", [0.5, 0.05])
def test_the_narrower_the_range_the_deeper_the_pool(width):
    economy = an_economy(
        {"curve": {"kind": "concentrated", "spacing": 1}},
        liquidity_providers=[
            {"deposit": 600, "strategy": {"kind": "range_keeper", "width": width}}
        ],
    )
    token, numeraire = economy.pools.reserves
    # Uniswap v3 whitepaper, 6.29 and 6.30 at the geometric middle of the range; to a tick
    deeper = 1 / (1 - (1 + width) ** -0.5)
    for pool, x, y in zip(economy.pools, token, numeraire, strict=True):
        assert (x, y) == pytest.approx((200 * deeper, 200 * deeper), rel=2e-4 * deeper)
        assert pool.reserve_numeraire == pytest.approx(200, rel=2e-4 * deeper)
    rows = economy.tables["positions"]
    assert rows["lower"] == pytest.approx(1 / (1 + width), rel=1.01e-4)
    assert rows["upper"] == pytest.approx(1 + width, rel=1.01e-4)


def test_a_position_for_all_prices_reads_0_and_infinity():
    economy = an_economy(liquidity_providers=[*QUICK["liquidity_providers"], KEEPER])
    economy.step()
    rows = economy.tables["positions"]
    whole = rows["agent"] < rows["agent"].max()
    assert set(rows["lower"][whole]) == {0.0} and set(rows["upper"][whole]) == {np.inf}
    assert (rows["lower"][~whole] > 0.75).all() and (rows["upper"][~whole] < 1.3).all()


@pytest.mark.parametrize("price", [1.7, 1e-6, 1e6])
def test_a_genesis_price_need_not_be_on_a_tick(price):
    economy = an_economy(
        {"launch": {"price": price, "supply": 1000 / price}},
        liquidity_providers=[*QUICK["liquidity_providers"], KEEPER],
    )
    assert economy.spot_price == pytest.approx(np.full(3, price), rel=1e-12)
    assert economy.tables["positions"]["shares"].size == 9
    for _ in range(3):
        economy.step()
        check(economy)
    assert economy.history[-1]["volume"] > 0


class Narrow(Strategy):
    """Deposits around the genesis price and stays."""

    kind: Literal["narrow"] = "narrow"

    def reach(self):
        return 1.02

    def decide(self, view, portfolio, memory, draws):
        return Orders.none(), memory


class Buyer(Strategy):
    """Buys as much of the first token every period."""

    kind: Literal["buyer"] = "buyer"

    def decide(self, view, portfolio, memory, draws):
        return purchases(0, np.full(len(portfolio.numeraire), 100.0), view, portfolio), memory


PLUGGED = scenario_type((Narrow, Buyer))


def plugged(curve="concentrated", market=None, **changes):
    terms = {"curve": {"kind": curve}} | (market or {})
    return Economy(PLUGGED.model_validate(QUICK | changes | {"market": terms}))


def test_where_nobody_serves_the_price_orders_are_refused_and_the_run_goes_on():
    buyer = {"strategy": {"kind": "buyer"}, "activity": 1, "tolerance": 0.99, "invested": 0}
    economy = plugged(
        liquidity_providers=[{"count": 2, "deposit": 300, "strategy": {"kind": "narrow"}}],
        investors=[*QUICK["investors"], {**buyer, "wealth": {"mean": 1e4, "sigma": 0}}],
    )
    statuses, account = [], economy.register.investor_accounts[-1]
    highest = 1.0001 ** (60 * np.ceil(np.log(1.02) / np.log(1.0001) / 60))
    for _ in range(12):
        economy.step()
        check(economy)
        fills = economy.tables["fills"]
        statuses += fills["status"][fills["account"] == account].tolist()
        assert (economy.spot_price < highest * (1 + 1e-12)).all()
    assert statuses[0] == 0 and statuses[-1] == Status.EXHAUSTED
    pool = economy.pools[0]
    assert pool.quote_in("numeraire", 100.0) == 0 < pool.quote_in("token", 1.0)
    view = trading.view(economy.world, np.zeros(3))
    buys = np.array([True, False])
    assert (view.quote(np.zeros(2, dtype=int), buys, np.array([100.0, 1.0])) > 0).tolist() == [
        False,
        True,
    ]
    # All leave: no price is served and the last one stays.
    for pool in economy.pools:
        for account in list(pool.holders):
            shares = float(economy.ledger.balances[account, pool.share])
            pool.remove_liquidity(shares, account=account)
        assert pool.empty and not economy.ledger.balances[pool.fee_account].any()
    price = economy.spot_price.copy()
    for _ in range(2):
        economy.step()
        check(economy)
        assert economy.spot_price.tolist() == price.tolist()
        assert economy.history[-1]["volume"] == 0
