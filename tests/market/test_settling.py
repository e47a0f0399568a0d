"""Settling: every status, orders one after the other, and the kernel against plain Python."""

from math import nextafter
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import LedgerError, MarketError
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import (
    STATUSES,
    ConstantProduct,
    Curve,
    Fills,
    Orders,
    Pool,
    settle,
    settle_plain,
)
from tests.laws import law

FILLED, UNAFFORDABLE, SLIPPAGE, EMPTY_POOL, EXHAUSTED = range(5)
BUY, SELL = True, False
TRADERS = (1, 2, 3)
WHALE, PROVIDER, FIRST_POOL = 4, 5, 6
KINDS = ("outside", "client", "investor", "investor", "whale", "provider")

both_ways = pytest.mark.parametrize("settling", [settle, settle_plain])
Row = tuple[int, int, bool, float, float]


class ConstantSum(Curve):
    """Pays one for one: what a newcomer's own curve may look like."""

    kind: Literal["constant_sum"] = "constant_sum"

    def payout(self, reserve_in, reserve_out, amount, fee, pays_token):
        return (1 - fee) * amount

    def spot_price(self, reserve_token, reserve_numeraire):
        return 1.0

    def invariant(self, reserve_token, reserve_numeraire):
        return reserve_token + reserve_numeraire


def market(
    *reserves: tuple[float, float],
    fee: float | tuple[float, ...] = 0.003,
    money: float = 100.0,
    curves: tuple[Curve, ...] | None = None,
) -> tuple[Ledger, list[Pool]]:
    """Pools of (tokens, numeraire), empty at 0, and three traders with `money` of everything."""
    tokens = len(reserves)
    names = [f"token_{k}" for k in range(tokens)] + [f"lp_{k}" for k in range(tokens)]
    ledger = Ledger([*KINDS, *["pool"] * tokens], ["numeraire", *names])
    fees = fee if isinstance(fee, tuple) else (fee,) * tokens
    curves = curves or (ConstantProduct(),) * tokens
    pools = [
        Pool.on(ledger, curves[k], fees[k], FIRST_POOL + k, 1 + k, 1 + tokens + k)
        for k in range(tokens)
    ]
    for asset in range(1 + tokens):
        ledger.transfer("endowment", asset, OUTSIDE, np.array(TRADERS), money)
    for pool, (token, numeraire) in zip(pools, reserves, strict=True):
        if token > 0:
            ledger.transfer("endowment", pool.token, OUTSIDE, PROVIDER, token)
            ledger.transfer("endowment", NUMERAIRE, OUTSIDE, PROVIDER, numeraire)
            pool.add_liquidity(token, numeraire, account=PROVIDER)
    ledger.take_flows()
    return ledger, pools


def orders_of(*rows: Row) -> Orders:
    if not rows:
        return Orders.none()
    account, token, buy, amount, min_out = zip(*rows, strict=True)
    return Orders(
        np.array(account),
        np.array(token),
        np.array(buy),
        np.array(amount, dtype=float),
        np.array(min_out, dtype=float),
    )


def named_flows(ledger: Ledger) -> dict[tuple[str, int, str, str], float]:
    return {
        (flow, asset, ledger.kinds[payer], ledger.kinds[payee]): amount
        for flow, asset, payer, payee, amount in zip(*ledger.take_flows(), strict=True)
    }


# One status after the other


@both_ways
def test_orders_meet_the_reserves_that_earlier_ones_left(settling):
    # MODEL.md section 4, Uniswap v2: 10 in after another's 20.
    ledger, pools = market((1000, 1000))
    fills = settling(ledger, pools, orders_of((1, 0, BUY, 20, 0), (2, 0, BUY, 10, 0)))
    assert fills.status.tolist() == [FILLED, FILLED]
    assert fills.amount_out[1] == pytest.approx(9.490650027583646182, rel=1e-12)
    ledger, pools = market((1000, 1000))
    fills = settling(ledger, pools, orders_of((2, 0, BUY, 10, 0), (1, 0, BUY, 20, 0)))
    assert fills.amount_out[0] == pytest.approx(9.871580343970612988, rel=1e-12)
    assert ledger.balances[2, 1] == pytest.approx(109.871580343970612988, rel=1e-12)


@both_ways
def test_a_fill_moves_amounts_between_account_and_pool(settling):
    ledger, pools = market((400, 1600), fee=0.25)
    fills = settling(ledger, pools, orders_of((2, 0, SELL, 40, 0)))
    out = 1600 * 30 / 430
    assert fills.amount_out.tolist() == [pytest.approx(out, rel=1e-15)]
    assert fills.price.tolist() == [pytest.approx(out / 40, rel=1e-15)]
    assert ledger.balances[2, :2].tolist() == [pytest.approx(100 + out), 60]
    assert ledger.balances[FIRST_POOL, :2].tolist() == [pytest.approx(1600 - out), 440]
    assert named_flows(ledger) == {
        ("swap", 1, "investor", "pool"): pytest.approx(30),
        ("fee", 1, "investor", "pool"): pytest.approx(10),
        ("swap", 0, "pool", "investor"): pytest.approx(out),
    }


@both_ways
@pytest.mark.parametrize("side", [BUY, SELL])
def test_slippage_is_judged_to_the_last_bit(settling, side):
    ledger, pools = market((1000, 1000))
    exact = pools[0].quote_in("numeraire" if side else "token", 10)
    hair_more = nextafter(exact, 1e9)
    fills = settling(ledger, pools, orders_of((1, 0, side, 10, hair_more), (2, 0, side, 10, exact)))
    assert fills.status.tolist() == [SLIPPAGE, FILLED]
    assert fills.amount_out.tolist() == [0, exact]


REFUSALS = {
    "too much by a hair": ((1, 0, BUY, 100 * (1 + 2e-12), 0), UNAFFORDABLE),
    "too much": ((1, 0, SELL, 101, 0), UNAFFORDABLE),
    "by one who has none": ((PROVIDER, 0, BUY, 1e-300, 0), UNAFFORDABLE),
    "by the world outside": ((OUTSIDE, 0, BUY, 1, 0), UNAFFORDABLE),
    "too much for an empty pool": ((1, 1, BUY, 101, 0), UNAFFORDABLE),
    "for more than the pool pays": ((1, 0, BUY, 10, 9.88), SLIPPAGE),
    "for infinitely much": ((1, 0, SELL, 10, np.inf), SLIPPAGE),
    "in an empty pool": ((1, 1, BUY, 10, 0), EMPTY_POOL),
    "in an empty pool, for too much": ((1, 1, SELL, 10, 5), EMPTY_POOL),
    "for the whole reserve": ((WHALE, 0, BUY, 1e22, 0), EXHAUSTED),
    "for the whole reserve and more": ((WHALE, 0, SELL, 1e22, 2000), EXHAUSTED),
    "for too little to be a number": ((1, 0, BUY, 1e-323, 0), EXHAUSTED),
}


@both_ways
@pytest.mark.parametrize("row, status", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_says_why_and_moves_nothing(settling, row, status):
    ledger, pools = market((2000, 1000), (0, 0))
    for asset in (NUMERAIRE, 1):
        ledger.transfer("endowment", asset, OUTSIDE, WHALE, 1e22)
    if status == EXHAUSTED and row[3] < 1:
        ledger, pools = market((1e-3, 1e3), (0, 0))
    if status == SLIPPAGE:
        ledger, pools = market((1000, 1000), (0, 0))
    ledger.take_flows()
    before = ledger.balances.tobytes()
    fills = settling(ledger, pools, orders_of(row))
    assert [STATUSES[code] for code in fills.status] == [STATUSES[status]]
    assert fills.amount_out.tolist() == [0]
    assert fills.orders.amount.tolist() == [row[3]]
    assert ledger.balances.tobytes() == before
    assert named_flows(ledger) == {}


@both_ways
def test_a_refusal_holds_up_nobody(settling):
    ledger, pools = market((1000, 1000), (0, 0))
    refused = [(1, 0, BUY, 500, 0), (1, 1, BUY, 5, 0), (1, 0, BUY, 5, 6)]
    fills = settling(ledger, pools, orders_of(*refused, (2, 0, BUY, 10, 0)))
    assert fills.status.tolist() == [UNAFFORDABLE, EMPTY_POOL, SLIPPAGE, FILLED]
    assert fills.amount_out[3] == pytest.approx(9.871580343970612988, rel=1e-12)


@both_ways
@pytest.mark.parametrize("side", [BUY, SELL])
def test_an_amount_short_by_rounding_is_reduced_to_the_balance(settling, side):
    ledger, pools = market((1000, 1000))
    fills = settling(ledger, pools, orders_of((1, 0, side, 100 * (1 + 9e-13), 0)))
    assert fills.status.tolist() == [FILLED]
    assert fills.orders.amount.tolist() == [100]
    assert ledger.balances[1, 0 if side else 1] == 0
    ledger.audit()


@both_ways
def test_what_was_bought_can_be_sold_in_the_same_pass(settling):
    ledger, pools = market((1000, 1000), money=10)
    bought = pools[0].quote_in("numeraire", 10)
    rows = (1, 0, BUY, 10, 0), (1, 0, SELL, 10 + bought, 0), (1, 0, SELL, 1e-6, 0)
    fills = settling(ledger, pools, orders_of(*rows))
    assert fills.status.tolist() == [FILLED, FILLED, UNAFFORDABLE]
    fills = settling(*market((1000, 1000), money=10), orders_of(*rows[1:], rows[0]))
    assert fills.status.tolist() == [UNAFFORDABLE, FILLED, FILLED]


@both_ways
def test_the_orders_given_are_left_as_they_are(settling):
    ledger, pools = market((1000, 1000))
    orders = orders_of((1, 0, BUY, 100 * (1 + 9e-13), 1), (2, 0, SELL, 1e9, 0))
    before = [column.copy() for column in vars(orders).values()]
    fills = settling(ledger, pools, orders)
    assert all((a == b).all() for a, b in zip(before, vars(orders).values(), strict=True))
    assert fills.orders.account.tolist() == [1, 2]


@both_ways
def test_no_orders_change_nothing(settling):
    ledger, pools = market((1000, 1000))
    before = ledger.balances.tobytes()
    assert len(settling(ledger, pools, Orders.none()).status) == 0
    assert ledger.balances.tobytes() == before


# The kernel against plain Python

amounts = st.one_of(
    st.sampled_from([1e-6, 0.01, 0.3, 0.5, 1.0, 1 + 5e-13, 1 + 1e-11, 1.5]),
    st.floats(1e-3, 1.2),
)
rows = st.tuples(
    st.sampled_from(TRADERS),
    st.integers(0, 2),
    st.booleans(),
    amounts,  # in parts of what a trader begins with
    st.sampled_from([0.0, 0.0, 0.5, 0.97, 1.1]),  # min_out in parts of the quote at the start
)
books = st.lists(rows, max_size=40)
HUGE = 8e307  # so much that the payout overflows: smaller ones may just miss the whole reserve
sizes = st.one_of(st.just((0.0, 0.0)), st.tuples(st.floats(10, 1e4), st.floats(10, 1e4)))
fees = st.sampled_from([0.0, 0.003, 0.01, 0.3])


def order_book(pools: list[Pool], money: float, book: list[Row]) -> Orders:
    placed = []
    for account, token, buy, part, tolerated in book:
        pool = pools[token % len(pools)]
        amount = HUGE if account == WHALE else part * money
        quote = pool.quote_in("numeraire" if buy else "token", amount)
        least = tolerated * quote if np.isfinite(quote) else 0.0
        placed.append((account, token % len(pools), buy, amount, least))
    return orders_of(*placed)


def rich_market(
    reserves: list[tuple[float, float]], fee: tuple[float, ...], money: float, whale: bool
) -> tuple[Ledger, list[Pool]]:
    ledger, pools = market(*reserves, fee=fee, money=money)
    if whale:
        for asset in range(1 + len(pools)):
            ledger.transfer("endowment", asset, OUTSIDE, WHALE, HUGE)
    ledger.take_flows()
    return ledger, pools


@law(200)
@given(
    st.lists(sizes, min_size=1, max_size=3),
    st.tuples(fees, fees, fees),
    st.floats(1, 1e3),
    st.lists(st.tuples(st.just(WHALE), st.integers(0, 2), st.booleans(), st.just(1), st.just(0))),
    books,
)
def test_the_kernel_does_what_plain_python_does(reserves, fee, money, whales, book):
    fast, fast_pools = rich_market(reserves, fee[: len(reserves)], money, bool(whales))
    plain, plain_pools = rich_market(reserves, fee[: len(reserves)], money, bool(whales))
    orders = order_book(fast_pools, money, [*whales, *book])
    before = fast.balances.copy()
    fills = settle(fast, fast_pools, orders)
    expected = settle_plain(plain, plain_pools, orders)
    assert fills.status.tolist() == expected.status.tolist()
    assert not fills.filled[: len(whales)].any()
    near = {"rtol": 1e-12, "atol": 1e-12 * 1e4}
    np.testing.assert_allclose(fills.amount_out, expected.amount_out, **near)
    np.testing.assert_allclose(fills.orders.amount, expected.orders.amount, **near)
    np.testing.assert_allclose(fast.balances, plain.balances, **near)
    flows = named_flows(fast)
    assert flows == pytest.approx(named_flows(plain), rel=1e-12, abs=1e-12 * 1e4)
    fast.audit()
    plain.audit()
    _check_books(fills, flows, fast, before, fast_pools)


def _check_books(
    fills: Fills,
    flows: dict[tuple[str, int, str, str], float],
    ledger: Ledger,
    before: np.ndarray,
    pools: list[Pool],
) -> None:
    """Fills, flows and changes of balances all say the same, and no pool was cheated."""
    by_hand: dict[tuple[str, int, str, str], float] = {}
    change = np.zeros_like(before)
    orders = fills.orders
    for k in np.flatnonzero(fills.filled):
        pool, account = pools[orders.token[k]], int(orders.account[k])
        assets = (0, pool.token) if orders.buy[k] else (pool.token, 0)
        fee = pool.fee * orders.amount[k]
        kind = KINDS[account]
        for flow, asset, payer, payee, amount in (
            ("swap", assets[0], kind, "pool", orders.amount[k] - fee),
            ("fee", assets[0], kind, "pool", fee),
            ("swap", assets[1], "pool", kind, fills.amount_out[k]),
        ):
            key = (flow, asset, payer, payee)
            by_hand[key] = by_hand.get(key, 0) + float(amount)
        change[account, list(assets)] += [-orders.amount[k], fills.amount_out[k]]
        change[pool.account, list(assets)] += [orders.amount[k], -fills.amount_out[k]]
    assert flows == pytest.approx({key: by_hand[key] for key in by_hand if by_hand[key]}, rel=1e-12)
    near = {"rtol": 1e-12, "atol": 1e-12 * 1e4}
    np.testing.assert_allclose(ledger.balances, before + change, **near)
    assert (ledger.balances[1:] >= 0).all()
    for pool in pools:
        x, y = before[pool.account, [pool.token, 0]]
        size = pool.curve.invariant(x, y)
        assert pool.curve.invariant(pool.reserve_token, pool.reserve_numeraire) >= size * (
            1 - 1e-12
        )


def test_many_random_orders_settle_alike_to_the_last_bit():
    draws, count = np.random.default_rng(3), 3000
    reserves = draws.uniform(100, 1e4, (3, 2)).tolist()
    orders = Orders(
        account=draws.choice(TRADERS, count),
        token=draws.integers(0, 3, count),
        buy=draws.random(count) < 0.5,
        amount=draws.lognormal(0, 1.5, count),
        min_out=np.where(draws.random(count) < 0.3, draws.lognormal(0, 1.5, count), 0),
    )
    fast, fast_pools = market(*reserves, money=500)
    plain, plain_pools = market(*reserves, money=500)
    fills, expected = settle(fast, fast_pools, orders), settle_plain(plain, plain_pools, orders)
    assert fills.status.tolist() == expected.status.tolist()
    assert len(set(fills.status.tolist())) >= 3
    assert fills.amount_out.tobytes() == expected.amount_out.tobytes()
    assert fast.balances.tobytes() == plain.balances.tobytes()
    fast.audit()


# A curve without a kernel branch


def test_a_curve_of_ones_own_settles_plainly():
    ledger, pools = market((50, 20), fee=0.1, curves=(ConstantSum(),))
    rows = [(1, 0, BUY, 30, 27), (2, 0, BUY, 30, 0), (2, 0, SELL, 10, 9.01), (3, 0, BUY, 1e3, 0)]
    fills = settle(ledger, pools, orders_of(*rows))
    assert fills.status.tolist() == [FILLED, EXHAUSTED, SLIPPAGE, UNAFFORDABLE]
    assert fills.amount_out.tolist() == [27, 0, 0, 0]
    assert ledger.balances[1, :2].tolist() == [70, 127]
    assert ledger.balances[FIRST_POOL, :2].tolist() == [50, 23]
    assert named_flows(ledger) == {
        ("swap", 0, "client", "pool"): 27,
        ("fee", 0, "client", "pool"): 3,
        ("swap", 1, "pool", "client"): 27,
    }


@law(50)
@given(books)
def test_one_such_curve_changes_nothing_for_its_neighbours(book):
    mixed, mixed_pools = market(
        (1000, 500), (90, 90), curves=(ConstantProduct(), ConstantSum()), money=50
    )
    alone, alone_pools = market((1000, 500), (90, 90), money=50)
    rows = [(1 + (token == 1), token % 2, *rest) for _, token, *rest in book]
    orders = order_book(mixed_pools, 50, rows)
    fills, first = settle(mixed, mixed_pools, orders), np.flatnonzero(orders.token == 0)
    # Account 1 trades the first token alone, account 2 the second.
    expected = settle(alone, alone_pools, orders.take(first))
    assert fills.status[first].tolist() == expected.status.tolist()
    np.testing.assert_allclose(fills.amount_out[first], expected.amount_out, rtol=1e-12)
    mixed.audit()


# What plain Python and the kernel do not agree on, or assume without asking


@pytest.mark.parametrize(
    "settling",
    [settle, settle_plain],
)
def test_an_order_of_nothing_is_refused(settling):
    ledger, pools = market((1000, 1000))
    fills = settling(ledger, pools, orders_of((1, 0, BUY, 0.0, 0)))
    assert fills.status.tolist() == [EXHAUSTED]


@both_ways
@pytest.mark.parametrize("amount", [np.nan, np.inf, -1.0])
def test_what_is_no_amount_never_reaches_the_ledger(settling, amount):
    ledger, pools = market((1000, 1000))
    before = ledger.balances.tobytes()
    with pytest.raises(MarketError):
        settling(ledger, pools, orders_of((1, 0, BUY, amount, 0)))
    assert ledger.balances.tobytes() == before


def test_pools_may_be_listed_in_any_order():
    ledger, pools = market((1000, 1000), (10, 10))
    fills = settle(ledger, pools[::-1], orders_of((1, 1, BUY, 10, 0)))
    assert fills.status.tolist() == [FILLED]
    assert fills.amount_out[0] == pytest.approx(9.871580343970612988, rel=1e-12)


@pytest.mark.parametrize("fee", [0.0, 1e-6, 1e-4, 0.9999])
@both_ways
def test_a_whole_balance_settles_at_any_fee(settling, fee):
    for amount in np.random.default_rng(1).uniform(0.1, 100, 50).tolist():
        ledger, pools = market((1000, 1000), fee=fee, money=amount)
        try:
            fills = settling(ledger, pools, orders_of((1, 0, BUY, amount, 0)))
        except LedgerError as error:
            pytest.fail(f"{settling.__name__} {amount}: {error}")
        assert fills.status.tolist() == [FILLED]


class HalfPay(ConstantProduct):
    """Pays half of what its parent pays."""

    kind: Literal["half_pay"] = "half_pay"

    def payout(self, reserve_in, reserve_out, amount, fee, pays_token):
        return super().payout(reserve_in, reserve_out, amount, fee, pays_token) / 2


def test_a_curve_made_from_another_settles_by_its_own_rule():
    ledger = Ledger(["outside", "pool", "trader"], ["numeraire", "token", "lp"])
    ledger.transfer("endowment", np.array([0, 1, 0]), 0, np.array([1, 1, 2]), 1000.0)
    pool = Pool.on(ledger, HalfPay(), 0.003, account=1, token=1, share=2)
    (paid,) = settle(ledger, [pool], orders_of((2, 0, BUY, 10.0, 0))).amount_out
    assert paid == pytest.approx(9.871580343970612988 / 2, rel=1e-12)


def test_the_kernel_counts_assets_as_the_ledger_does():
    from simulator.market import kernels

    assert kernels.NUMERAIRE == NUMERAIRE
