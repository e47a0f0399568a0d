"""Clearing: who settles before whom, what a place costs, and batches at one price."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import MarketError, ScenarioError
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import (
    STATUSES,
    Batch,
    ConstantProduct,
    Curve,
    FirstInFirstOut,
    Market,
    Orders,
    Pool,
    Priority,
    RandomOrder,
    Weighted,
    settle,
    settle_plain,
    settle_together,
)
from tests.laws import law

FILLED, UNAFFORDABLE, SLIPPAGE, EMPTY_POOL, EXHAUSTED, _ = range(len(STATUSES))
BUY, SELL = True, False
PROVIDER, FIRST_POOL, TRADERS = 4, 5, (1, 2, 3)

every_way = pytest.mark.parametrize("settling", [settle, settle_plain, settle_together])
one_by_one = pytest.mark.parametrize("settling", [settle, settle_plain])


def market(
    *reserves: tuple[float, float],
    fee: float = 0.0,
    money: float = 100.0,
    curve: Curve | None = None,
) -> tuple[Ledger, list[Pool]]:
    """Pools of (tokens, numeraire), empty at 0, and three traders with `money` of everything."""
    count = len(reserves)
    names = [*(f"token_{k}" for k in range(count)), *(f"lp_{k}" for k in range(count))]
    kinds = ["outside", *["trader"] * 3, "provider", *["pool"] * count]
    ledger = Ledger(kinds, ["numeraire", *names])
    for asset in range(1 + count):
        ledger.transfer("endowment", asset, OUTSIDE, np.array(TRADERS), money)
    pools = [
        Pool.on(ledger, curve or ConstantProduct(), fee, FIRST_POOL + k, 1 + k, 1 + count + k)
        for k in range(count)
    ]
    for pool, (token, numeraire) in zip(pools, reserves, strict=True):
        if token > 0:
            ledger.transfer("endowment", pool.token, OUTSIDE, PROVIDER, token)
            ledger.transfer("endowment", NUMERAIRE, OUTSIDE, PROVIDER, numeraire)
            pool.add_liquidity(token, numeraire, account=PROVIDER)
    ledger.take_flows()
    return ledger, pools


def orders_of(*rows: tuple[float, ...]) -> Orders:
    """Rows of account, token, side, amount, min_out and perhaps a tip."""
    columns = zip(*((*row, 0.0)[:6] for row in rows), strict=True)
    kinds = (np.int64, np.int64, bool, float, float, float)
    return Orders(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))


def flows(ledger: Ledger) -> dict[tuple[str, int], float]:
    result: dict[tuple[str, int], float] = {}
    for flow, asset, _, _, amount in zip(*ledger.take_flows(), strict=True):
        result[flow, int(asset)] = result.get((flow, int(asset)), 0.0) + float(amount)
    return result


# Sequences


def test_priority_settles_the_highest_tip_first_and_ties_at_random():
    tip = np.array([0.0, 2.0, 0.0, 5.0, 2.0, 0.0])
    orders = orders_of(*((1, 0, BUY, 1, 0, each) for each in tip))
    draws, seen = np.random.default_rng(3), set[tuple[int, ...]]()
    for _ in range(400):
        sequence = Priority().sequence({}, orders, draws)
        assert tip[sequence].tolist() == [5, 2, 2, 0, 0, 0]
        assert sorted(sequence.tolist()) == list(range(6))
        seen.add(tuple(sequence.tolist()))
    assert len(seen) == 12  # 2! x 3! orders of the ties


def test_a_higher_tip_meets_the_better_price():
    # MODEL.md section 4, Uniswap v2: 10 in after another's 20.
    ledger, pools = market((1000, 1000), fee=0.003)
    orders = orders_of((1, 0, BUY, 10, 0, 0.0), (2, 0, BUY, 20, 0, 0.5))
    fills = Priority().clear({}, ledger, pools, orders, 0.0, np.random.default_rng(1))
    assert fills.orders.account.tolist() == [2, 1]
    assert fills.amount_out[1] == pytest.approx(9.490650027583646182, rel=1e-12)


# What a place costs


@every_way
def test_gas_and_tips_go_outside_also_for_orders_that_fail(settling):
    ledger, pools = market((1000, 1000), (0, 0))
    orders = orders_of(
        (1, 0, BUY, 10, 0, 0.5),
        (2, 0, SELL, 10, 1e6, 0.25),  # refused for its bound
        (2, 1, SELL, 10, 0, 0.125),  # nothing in the pool
        (3, 0, BUY, 1000, 0, 7.0),  # cannot pay, and pays nothing
    )
    outside = ledger.balances[OUTSIDE, NUMERAIRE]
    fills = settling(ledger, pools, orders, 2.0)
    by_row = dict(zip(fills.orders.tip.tolist(), fills.status.tolist(), strict=True))
    assert by_row == {0.5: FILLED, 0.25: SLIPPAGE, 0.125: EMPTY_POOL, 7.0: UNAFFORDABLE}
    assert ledger.balances[1:4, NUMERAIRE].tolist() == [87.5, 95.625, 100]
    assert ledger.balances[OUTSIDE, NUMERAIRE] == outside + 6.875
    named = flows(ledger)
    assert named["gas", NUMERAIRE] == 6 and named["tip", NUMERAIRE] == 0.875
    ledger.audit()


@every_way
@pytest.mark.parametrize(
    ("side", "amount", "gas", "status"),
    [
        (BUY, 98.0, 2.0, FILLED),
        (BUY, 98.0000001, 2.0, UNAFFORDABLE),
        (SELL, 100.0, 100.0, FILLED),
        (SELL, 1.0, 100.0000001, UNAFFORDABLE),
    ],
)
def test_who_cannot_pay_gas_on_top_is_left_out(settling, side, amount, gas, status):
    ledger, pools = market((1000, 1000))
    before = ledger.balances.copy()
    fills = settling(ledger, pools, orders_of((1, 0, side, amount, 0)), gas)
    assert fills.status.tolist() == [status]
    assert (ledger.balances == before).all() == (status == UNAFFORDABLE)
    assert (ledger.balances[1:] >= 0).all()


@one_by_one
def test_money_of_an_earlier_sale_pays_for_gas(settling):
    ledger, pools = market((1000, 1000))
    ledger.transfer("gift", NUMERAIRE, 1, OUTSIDE, 99.0)
    fills = settling(ledger, pools, orders_of((1, 0, SELL, 50, 0), (1, 0, SELL, 50, 0)), 1.0)
    assert fills.status.tolist() == [FILLED, FILLED]
    ledger, pools = market((1000, 1000))
    ledger.transfer("gift", NUMERAIRE, 1, OUTSIDE, 99.5)
    assert settling(ledger, pools, orders_of((1, 0, SELL, 50, 0)), 1.0).status.tolist() == [1]


@pytest.mark.parametrize("tip", [-1.0, np.nan, np.inf])
@every_way
def test_a_tip_that_is_no_amount_is_refused(settling, tip):
    ledger, pools = market((1000, 1000))
    with pytest.raises(MarketError, match="tips must be finite and not negative"):
        settling(ledger, pools, orders_of((1, 0, BUY, 1, 0, tip)))


rows = st.tuples(
    st.sampled_from(TRADERS),
    st.integers(0, 1),
    st.booleans(),
    st.sampled_from([0.0, 1e-6, 1.0, 40.0, 60.0, 101.0]),
    st.sampled_from([0.0, 0.5, 0.97, 1.02, 39.0, 1e9]),
    st.sampled_from([0.0, 0.125, 3.0]),
)


@law(200)
@given(placed=st.lists(rows, min_size=1, max_size=12), gas=st.sampled_from([0.0, 0.25, 20.0]))
def test_the_kernel_charges_what_plain_python_charges(placed, gas):
    (one, pools), (two, plain_pools) = (market((1000, 1000), (50, 2000)) for _ in range(2))
    fast = settle(one, pools, orders_of(*placed), gas)
    plain = settle_plain(two, plain_pools, orders_of(*placed), gas)
    assert fast.status.tolist() == plain.status.tolist()
    assert one.balances == pytest.approx(two.balances, rel=1e-12, abs=1e-12)
    first, second = flows(one), flows(two)
    assert first.keys() == second.keys()
    assert all(first[name] == pytest.approx(second[name], rel=1e-9) for name in first)
    one.audit()


# Batches


def test_a_batch_by_hand():
    # x = y = 1000, g = 1, A = 50 tokens, B = 100 numeraire: p = 1200/1100 = 12/11.
    ledger, pools = market((1000, 1000))
    fills = settle_together(ledger, pools, orders_of((1, 0, BUY, 100, 0), (2, 0, SELL, 50, 0)))
    assert fills.price == pytest.approx([12 / 11, 12 / 11], rel=1e-14)
    assert fills.amount_out == pytest.approx([1100 / 12, 600 / 11], rel=1e-14)
    pool = pools[0]  # trades at the price that it ends at
    assert pool.spot_price == pytest.approx(12 / 11, rel=1e-12)
    # g = .9, only a buyer: p = (1000 + 180)/1000; 90/1.18 tokens.
    ledger, pools = market((1000, 1000), fee=0.1)
    fills = settle_together(ledger, pools, orders_of((1, 0, BUY, 100, 0)))
    assert fills.amount_out.tolist() == [pytest.approx(90 / 1.18, rel=1e-14)]
    assert flows(ledger)["fee", NUMERAIRE] == pytest.approx(10, rel=1e-12)
    # Only a seller: p = 1000/1180, and 90 p numeraire.
    ledger, pools = market((1000, 1000), fee=0.1)
    fills = settle_together(ledger, pools, orders_of((1, 0, SELL, 100, 0)))
    assert fills.amount_out.tolist() == [pytest.approx(90 / 1.18, rel=1e-14)]


def test_bounds_that_fail_are_dropped_together_and_the_price_computed_again():
    # All three: p = 1000 + 2 x 150 over 1000, 1.3: the second (40 at least for 50) and the third
    # (41) get 38.46 and go; the first then gets 50/1.1 = 45.45 and stays.
    ledger, pools = market((1000, 1000))
    orders = orders_of((1, 0, BUY, 50, 38), (2, 0, BUY, 50, 40), (3, 0, BUY, 50, 41))
    fills = settle_together(ledger, pools, orders)
    assert fills.status.tolist() == [FILLED, SLIPPAGE, SLIPPAGE]
    assert fills.amount_out == pytest.approx([50 / 1.1, 0, 0], rel=1e-14)
    # Without sellers a buyer's bound holds, with the dropped one's tokens gone it does not: twice.
    ledger, pools = market((1000, 1000))
    orders = orders_of((1, 0, BUY, 100, 84), (2, 0, SELL, 90, 200))
    fills = settle_together(ledger, pools, orders)
    assert fills.status.tolist() == [SLIPPAGE, SLIPPAGE]  # 100/1.017 > 84 > 100/1.2


def test_statuses_of_a_batch():
    ledger, pools = market((1000, 1000), (0, 0))
    orders = orders_of(
        (1, 0, BUY, 60, 0),  # both cannot be paid: none comes first
        (1, 0, BUY, 50, 0),
        (1, 0, SELL, 100, 0),  # paid in tokens
        (2, 0, BUY, 0, 0),
        (2, 1, BUY, 100, 0),
        (3, 0, SELL, 101, 0),
    )
    fills = settle_together(ledger, pools, orders)
    assert fills.status.tolist() == [1, 1, FILLED, EXHAUSTED, EMPTY_POOL, UNAFFORDABLE]
    assert settle_together(ledger, pools, Orders.none()).status.tolist() == []


batches = st.lists(rows, min_size=1, max_size=12)


@law(300)
@given(
    placed=batches,
    gas=st.sampled_from([0.0, 0.25]),
    fee=st.sampled_from([0.0, 0.003, 0.3]),
    draws=st.randoms(use_true_random=False),
)
def test_a_batch_is_the_same_in_any_order_and_k_never_falls(placed, gas, fee, draws):
    shuffled = list(placed)
    draws.shuffle(shuffled)
    results = []
    for some in (placed, shuffled):
        ledger, pools = market((1000, 1000), (50, 2000), fee=fee)
        before = [
            pool.curve.invariant(pool.reserve_token, pool.reserve_numeraire) for pool in pools
        ]
        fills = Batch().clear({}, ledger, pools, orders_of(*some), gas, np.random.default_rng())
        after = [pool.curve.invariant(pool.reserve_token, pool.reserve_numeraire) for pool in pools]
        assert all(new >= old * (1 - 1e-12) for new, old in zip(after, before, strict=True))
        assert (fills.amount_out >= np.where(fills.filled, fills.orders.min_out, 0)).all()
        ledger.audit()
        columns = [*vars(fills.orders).values(), fills.amount_out, fills.status]
        results.append([ledger.balances.tobytes(), *(each.tobytes() for each in columns)])
    assert results[0] == results[1]


@law(100)
@given(placed=batches)
def test_everybody_in_a_batch_trades_at_one_price(placed):
    ledger, pools = market((1000, 1000), (50, 2000))
    fills = settle_together(ledger, pools, orders_of(*placed))
    for token in range(2):
        price = fills.price[fills.filled & (fills.orders.token == token)]
        assert price == pytest.approx(np.full(len(price), price[:1].sum()), rel=1e-12)


def test_a_batch_needs_constant_product():
    match = "clearing batch needs constant_product pools, not w"
    with pytest.raises(ScenarioError, match=match):
        Market.model_validate({"curve": {"kind": "weighted"}, "clearing": {"kind": "batch"}})
    ledger, pools = market((1000, 1000), curve=Weighted(weight=0.4))
    with pytest.raises(MarketError, match="constant_product"):
        Batch().clear({}, ledger, pools, Orders.none(), 0.0, np.random.default_rng())


@pytest.mark.parametrize("rule", [RandomOrder(), Priority(), FirstInFirstOut()])
def test_every_sequence_settles_every_order_once(rule):
    draws = np.random.default_rng(1)
    orders = orders_of(*((1 + k % 3, 0, BUY, 1 + k, 0, float(k % 2)) for k in range(20)))
    sequence = rule.sequence(rule.initial(4, draws), orders, draws)
    assert sorted(sequence.tolist()) == list(range(20))
