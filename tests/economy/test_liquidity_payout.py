"""Payout `liquidity`: what the treasury puts into pools, by hand, and what stays true."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.economy import Economy
from simulator.economy.positions import deepen
from simulator.economy.records import Book
from simulator.economy.register import CLEARING_ACCOUNT, TREASURY, Register
from simulator.economy.rewarding import earning_supply, earning_tokens
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import ConstantProduct, Pool, Pools, StableSwap, Weighted
from simulator.scenario import Scenario, doubts
from tests.economy.by_hand import by_hand, exactly
from tests.laws import law

USES = {"dividend": 0.4, "buyback": 0.0, "direct": 0.2, "liquidity": 0.3, "treasury": 0.1}


def filled(monkeypatch, payout=USES, **changes):
    """Pools of 100 tokens and 100 numeraire each; training is free."""
    return by_hand(monkeypatch, payout, cost=0.0, **changes)


def of_treasury(economy, column):
    rows = economy.tables["positions"]
    return rows[column][rows["agent"] == 0]


def flow_of(economy, name):
    """Amounts of a flow by asset, payer and payee."""
    rows, kinds = economy.tables["flows"], economy.register.categories["payer"]
    sides = zip(rows["flow"], rows["asset"], rows["payer"], rows["payee"], strict=True)
    return {
        (economy.register.assets[asset], kinds[payer], kinds[payee]): pytest.approx(amount)
        for (flow, asset, payer, payee), amount in zip(sides, rows["amount"], strict=True)
        if flow == name
    }


def test_one_period_by_hand(monkeypatch):
    """.3 x 100 x share: 22.5 and 7.5 numeraire, with as many tokens, as the price is 1."""
    economy = filled(monkeypatch)
    economy.step()
    pools, balances = economy.tables["pools"], economy.ledger.balances
    assert pools["reserve_numeraire"] == exactly(122.5, 107.5)
    assert pools["reserve_token"] == exactly(122.5, 107.5)
    assert pools["spot_price"] == exactly(1.0, 1.0)
    assert pools["supply"] == exactly(1052.5, 1017.5)  # 30 and 10 were issued
    assert balances[TREASURY, economy.register.share_assets] == exactly(22.5, 7.5)
    assert balances[TREASURY, NUMERAIRE] == pytest.approx(10.0, rel=1e-12)
    assert balances[CLEARING_ACCOUNT, NUMERAIRE] == 0
    assert flow_of(economy, "liquidity") == {
        ("numeraire", "clearing", "treasury"): 30,
        ("token_0", "outside", "treasury"): 22.5,
        ("token_1", "outside", "treasury"): 7.5,
    }
    assert of_treasury(economy, "value") == exactly(45.0, 15.0)
    assert of_treasury(economy, "moved") == exactly(45.0, 15.0)
    assert of_treasury(economy, "holding_value") == exactly(45.0, 15.0)
    assert of_treasury(economy, "lvr") == pytest.approx([0, 0], abs=1e-12)
    agents = economy.tables["agents"]
    assert agents["lp_value"][0] == pytest.approx(60)
    assert agents["wealth"][0] == pytest.approx(70)
    assert economy.history[-1]["issued"] == pytest.approx(40)
    # The value counts the 1030 tokens that earn, not the 22.5 of the treasury.
    emitted = np.cumsum(40 * 2.0 ** (-np.arange(1, 301) / 20))
    ahead, discounted = 1030 + 0.75 * emitted, 1.01 ** -np.arange(1.0, 301.0)
    value = (30 / ahead * discounted).sum() + 30 / ahead[-1] * discounted[-1] / 0.01
    assert economy.fundamental_value[0] == pytest.approx(value, rel=1e-12)


def test_the_treasurys_pooled_tokens_earn_nothing(monkeypatch):
    """In period 2, 30 are paid for 1030 tokens of client 0: 2.91 for the provider's 100."""
    economy = filled(monkeypatch)
    economy.step()
    provider = economy.register.provider_accounts[0]
    before = economy.ledger.balances[provider, NUMERAIRE]
    economy.step()
    paid = economy.ledger.balances[provider, NUMERAIRE] - before
    assert paid == pytest.approx(100 * (30 / 1030 + 10 / 1010), rel=1e-12)
    assert economy.tables["clients"]["dividends_paid"] == exactly(30.0, 10.0)


def test_it_is_put_in_at_the_price_that_buybacks_have_made(monkeypatch):
    """15 buy 100 x 14.85/114.85 tokens of a pool, which then has 115: a price of 1.3208."""
    uses = {"dividend": 0.4, "buyback": 0.2, "direct": 0.0, "liquidity": 0.3, "treasury": 0.1}
    economy = filled(monkeypatch, uses)
    economy.step()
    left = 100 - 100 * 14.85 / 114.85
    pools = economy.tables["pools"]
    assert pools["spot_price"][0] == pytest.approx(115 / left, rel=1e-13)
    assert pools["reserve_numeraire"][0] == pytest.approx(137.5, rel=1e-13)
    assert pools["reserve_token"][0] == pytest.approx(left * 137.5 / 115, rel=1e-13)
    # The buyback's fee of .15 was before, and is all the provider's.
    assert of_treasury(economy, "fees") == pytest.approx([0, 0])


def test_an_empty_pools_money_is_retained(monkeypatch):
    economy = filled(monkeypatch, liquidity_providers=[], investors=[])
    economy.step()
    assert economy.ledger.balances[TREASURY, NUMERAIRE] == pytest.approx(40.0)
    assert flow_of(economy, "retained") == {("numeraire", "clearing", "treasury"): 30}
    assert economy.tables["pools"]["supply"] == exactly(1030.0, 1010.0)
    assert not len(economy.tables["positions"]["agent"])
    (warning,) = (line for line in doubts(economy.settings) if "payout.liquidity" in line)
    assert "pools stay empty" in warning and "set liquidity_providers=[{deposit: " in warning


def test_cash_pays_it_to_clients(monkeypatch):
    tokens = {"mechanism": {"kind": "cash"}, "payout": USES, "revenue": {"floor": 0.0}}
    economy = filled(monkeypatch, tokens=tokens)
    economy.step()
    assert economy.tables["clients"]["direct"] == exactly(135.0, 45.0)  # .9 x 200 x share


def test_curves_without_lp_shares_are_refused():
    settings = {"market": {"curve": {"kind": "concentrated"}}}
    assert Scenario.model_validate(settings).tokens.payout.liquidity == 0
    with pytest.raises(
        ValueError, match=r"payout\.liquidity needs .* which concentrated pools do not"
    ):
        Scenario.model_validate(settings | {"tokens": {"payout": USES}})


CURVES = [ConstantProduct(), Weighted(weight=0.96), Weighted(weight=0.2), StableSwap()]


@law(100)
@given(
    st.sampled_from(CURVES),
    st.floats(1e-3, 1e9),
    st.floats(0.1, 10),
    st.lists(st.just(0.0) | st.floats(1e-9, 1e3), min_size=1, max_size=5),
)
def test_no_price_moves_and_shares_are_worth_what_was_put_in(curve, numeraire, price, parts):
    register = Register(Scenario.model_validate({"tokens": {"payout": USES}}))
    ledger = Ledger(register.account_kinds, register.assets)
    account, provider = int(register.pool_accounts[0]), int(register.provider_accounts[0])
    share = register.share_assets.start
    pool = Pool.on(ledger, curve, 0.01, account, 1, share)
    pools, tokens = Pools([pool]), numeraire * curve.balanced(price)
    for asset, amount in ((1, tokens), (NUMERAIRE, numeraire)):
        ledger.transfer("endowment", asset, OUTSIDE, provider, amount)
    pool.add_liquidity(tokens, numeraire, account=provider)
    ledger.transfer("revenue", NUMERAIRE, OUTSIDE, CLEARING_ACCOUNT, sum(parts) * numeraire)
    book = Book.empty(len(register.position_accounts), np.ones(1))
    world = SimpleNamespace(ledger=ledger, register=register, pools=pools, book=book)
    for part in parts:
        deepen(world, np.array([part * numeraire]), sum(parts) * numeraire)
    assert pool.spot_price == pytest.approx(price, rel=1e-8)
    assert ledger.balances[CLEARING_ACCOUNT, NUMERAIRE] <= 1e-11 * sum(parts) * numeraire
    owned = ledger.balances[TREASURY, share] / pool.shares
    assert owned == pytest.approx(sum(parts) / (1 + sum(parts)), rel=1e-9)
    assert pool.reserve_numeraire == pytest.approx((1 + sum(parts)) * numeraire, rel=1e-9)
    assert world.book.moved[0, -1] == pytest.approx(sum(parts) * tokens, rel=1e-9)
    assert not world.book.moved[0, :-1].any()
    ledger.audit()


def test_a_pool_that_so_little_does_not_change_gets_none():
    register = Register(Scenario.model_validate({"tokens": {"payout": USES}}))
    ledger = Ledger(register.account_kinds, register.assets)
    place = int(register.pool_accounts[0]), 1, register.share_assets.start
    pool = Pool.on(ledger, ConstantProduct(), 0.0, *place)
    for asset in (1, NUMERAIRE):
        ledger.transfer("endowment", asset, OUTSIDE, 4, 1.0)
    pool.add_liquidity(1.0, 1.0, account=4)
    ledger.transfer("revenue", NUMERAIRE, OUTSIDE, CLEARING_ACCOUNT, 1e-13)
    book = Book.empty(len(register.position_accounts), np.ones(1))
    world = SimpleNamespace(ledger=ledger, register=register, pools=Pools([pool]), book=book)
    deepen(world, np.array([1e-13]), 1e-13)
    assert not world.book.deposited.any() and ledger.balances[TREASURY, NUMERAIRE] == 1e-13
    assert pool.reserve_token == 1.0


MOVING = [
    {"deposit": 300, "cash": 20, "strategy": {"kind": "fee_chaser", "speed": 0.5, "band": 0.01}},
    {"deposit": 300, "strategy": {"kind": "exit_on_loss", "loss": 0.005}},
]


def a_market(curve, mechanism="client_tokens", pools_earn=True):
    return Economy(
        Scenario.model_validate(
            {
                "federation": {"contribution": {"kind": "data_size"}},
                "clients": [{"count": 3}, {"behaviour": {"kind": "free_rider"}}],
                "liquidity_providers": MOVING,
                "investors": [{"count": 8}, {"count": 6, "strategy": {"kind": "noise"}}],
                "tokens": {
                    "mechanism": {"kind": mechanism},
                    "payout": USES | {"pools_earn": pools_earn},
                },
                "market": {"curve": curve, "launch": {"client": 0.1}, "fee": 0.02},
            }
        )
    )


def wide(economy, column):
    rows, register = economy.tables["positions"], economy.register
    result = np.zeros((len(register.position_accounts), len(register.tokens)))
    number = {account - TREASURY: k for k, account in enumerate(register.position_accounts)}
    for agent, token, value in zip(rows["agent"], rows["token"], rows[column], strict=True):
        result[number[int(agent)], token] = value
    return result


MARKETS = [
    ({"kind": "constant_product"}, "client_tokens", True),
    ({"kind": "constant_product"}, "shared_token", False),
    ({"kind": "weighted", "weight": 0.7, "last_weight": 0.4, "periods": 9}, "client_tokens", True),
    ({"kind": "stableswap"}, "shared_token", True),
]


@pytest.mark.parametrize(("curve", "mechanism", "pools_earn"), MARKETS)
def test_the_treasurys_positions_are_accounted_for_as_all_others(curve, mechanism, pools_earn):
    economy = a_market(curve, mechanism, pools_earn)
    register = economy.register
    value, tokens, price = wide(economy, "value"), wide(economy, "tokens"), economy.spot_price
    summed = value.copy()
    for _ in range(15):
        economy.step()
        summed += tokens * (economy.spot_price - price) + wide(economy, "moved")
        summed += wide(economy, "fees") - wide(economy, "lvr")
        tokens, price = wide(economy, "tokens"), economy.spot_price
        assert wide(economy, "value") == pytest.approx(summed, rel=1e-9, abs=1e-7)
        assert wide(economy, "tokens").sum(axis=0) == pytest.approx(
            economy.tables["pools"]["reserve_token"]
        )
        assert economy.tables["agents"]["lp_value"][0] == pytest.approx(
            wide(economy, "value")[-1].sum()
        )
        worth = np.concatenate([[1.0], price])
        flows = economy.tables["flows"]
        rows = zip(flows["flow"], flows["asset"], flows["amount"], strict=True)
        paid = sum(amount * worth[asset] for flow, asset, amount in rows if flow == "fee")
        assert wide(economy, "fees").sum() == pytest.approx(paid, rel=1e-9)
        pooled = economy.positions.tokens if pools_earn else None
        earning = earning_tokens(economy.ledger, register, pooled)
        assert not earning[TREASURY].any()
        assert earning_supply(economy.ledger, register, pools_earn) == pytest.approx(
            earning.sum(axis=0), rel=1e-11
        )
    assert (wide(economy, "value")[-1] > 0).any() and (wide(economy, "fees")[-1] > 0).any()
