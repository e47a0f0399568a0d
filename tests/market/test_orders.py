"""Orders and fills, the frozen view that orders are placed on, and the clearing rule."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import MarketError
from simulator.market import (
    SIDES,
    STATUSES,
    ConstantProduct,
    Fills,
    FirstInFirstOut,
    LiquidityOrders,
    Market,
    MarketView,
    Orders,
    Pool,
    RandomOrder,
    Status,
)

COLUMNS = ("account", "token", "buy", "amount", "min_out")


def orders_of(*rows: tuple[int, int, bool, float, float]) -> Orders:
    account, token, buy, amount, min_out = zip(*rows, strict=True)
    return Orders(
        np.array(account), np.array(token), np.array(buy), np.array(amount), np.array(min_out)
    )


def rows_of(orders: Orders) -> list[tuple[int, int, bool, float, float]]:
    columns = [getattr(orders, column).tolist() for column in COLUMNS]
    return list(zip(*columns, strict=True))


def view_of(reserve_token: list[float], reserve_numeraire: list[float], fee: float) -> MarketView:
    token, numeraire = np.array(reserve_token), np.array(reserve_numeraire)
    price = np.divide(numeraire, token, out=np.ones(len(token)), where=token > 0)
    nothing = np.zeros(len(token))
    curve = ConstantProduct()
    shown = (price, nothing, price, price, nothing, nothing, nothing, nothing)
    return MarketView(3, curve, np.full(len(token), fee), token, numeraire, *shown)


FIRST = (5, 0, True, 10.0, 9.0)
SECOND = (6, 1, False, 20.0, 0.0)
THIRD = (5, 2, True, 30.0, 1.0)


def test_rows_are_taken_in_the_order_asked_for():
    orders = orders_of(FIRST, SECOND, THIRD)
    assert len(orders) == 3
    assert rows_of(orders.take(np.array([2, 0, 2]))) == [THIRD, FIRST, THIRD]
    assert rows_of(orders.take(np.array([False, True, True]))) == [SECOND, THIRD]
    assert rows_of(orders) == [FIRST, SECOND, THIRD]


def test_orders_are_joined_one_after_the_other():
    joined = Orders.join([orders_of(SECOND, FIRST), Orders.none(), orders_of(THIRD)])
    assert rows_of(joined) == [SECOND, FIRST, THIRD]
    assert [getattr(joined, column).dtype.kind for column in COLUMNS] == ["i", "i", "b", "f", "f"]


@pytest.mark.parametrize("nothing", [Orders.none(), Orders.join([]), Orders.join([Orders.none()])])
def test_no_orders_are_orders_too(nothing):
    assert len(nothing) == 0
    assert [getattr(nothing, column).dtype.kind for column in COLUMNS] == ["i", "i", "b", "f", "f"]
    assert rows_of(nothing.take(np.zeros(0, dtype=np.int64))) == []
    assert rows_of(Orders.join([nothing, orders_of(FIRST)])) == [FIRST]


def test_a_price_is_numeraire_per_token_on_either_side():
    # Bought 4 tokens for 10, sold 20 tokens for 50; the third was refused.
    fills = Fills(orders_of(FIRST, SECOND, THIRD), np.array([4.0, 50, 0]), np.array([0, 0, 2]))
    assert fills.filled.tolist() == [True, True, False]
    assert fills.price[:2].tolist() == [2.5, 2.5]
    assert np.isnan(fills.price[2])
    assert fills.numeraire.tolist() == [10, 50, 0]


def test_what_an_offering_served_has_a_price_but_moved_no_numeraire_in_pools():
    fills = Fills(orders_of(FIRST), np.array([4.0]), np.array([Status.OFFERING]))
    assert (fills.price.tolist(), fills.numeraire.tolist()) == ([2.5], [0])
    assert (fills.executed.tolist(), fills.filled.tolist()) == ([True], [False])
    assert not fills.turnover(2).any()


@pytest.mark.parametrize("status", range(1, Status.OFFERING))
def test_what_was_refused_has_no_price_and_moved_no_numeraire(status):
    fills = Fills(orders_of(FIRST, SECOND), np.zeros(2), np.full(2, status))
    assert np.isnan(fills.price).all()
    assert fills.numeraire.tolist() == [0, 0]
    assert not fills.executed.any()


def test_no_orders_have_no_fills():
    fills = Fills(Orders.none(), np.zeros(0), np.zeros(0, dtype=np.int64))
    assert (len(fills.price), len(fills.numeraire), len(fills.filled)) == (0, 0, 0)


def test_codes_of_sides_and_statuses():
    # What the run folder's categories are written from.
    assert SIDES == ("buy", "sell")
    assert STATUSES == ("filled", "unaffordable", "slippage", "empty_pool", "exhausted", "offering")


# The frozen view


@given(
    st.lists(st.tuples(st.floats(1e-3, 1e9), st.floats(1e-3, 1e9)), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.floats(1e-6, 1e9)), max_size=6),
    st.sampled_from([0.0, 0.003, 0.3]),
)
def test_the_view_quotes_what_the_pools_would_pay(reserves, wanted, fee):
    pools = [Pool(ConstantProduct(), *both, fee) for both in reserves]
    held = [(pool.reserve_token, pool.reserve_numeraire) for pool in pools]
    view = view_of(*(list(column) for column in zip(*held, strict=True)), fee)
    token = np.array([token % len(pools) for token, _, _ in wanted], dtype=np.int64)
    buy = np.array([buy for _, buy, _ in wanted], dtype=bool)
    amount = np.array([amount for _, _, amount in wanted])
    quotes = view.quote(token, buy, amount).tolist()
    assert quotes == [
        pools[k].quote_in("numeraire" if bought else "token", paid)
        for k, bought, paid in zip(token, buy, amount.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    "reserves",
    [
        (0, 0),
        (0, 9),
    ],
)
@pytest.mark.parametrize("buy", [True, False])
def test_the_view_quotes_nothing_for_an_empty_pool(reserves, buy):
    view = view_of([float(reserves[buy])], [float(reserves[1 - buy])], 0.01)
    quote = view.quote(np.array([0]), np.array([buy]), np.array([5.0]))
    assert quote.tolist() == [0]


def test_the_view_quotes_nothing_for_nothing_in_an_empty_pool():
    view = view_of([0.0], [0.0], 0.01)
    assert view.quote(np.array([0]), np.array([True]), np.array([0.0])).tolist() == [0]


# Clearing


def many(count: int) -> Orders:
    return orders_of(*((k, k % 3, k % 2 == 0, 1.0 + k, 0.0) for k in range(count)))


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_random_order_settles_every_order_once(count):
    orders = many(count) if count else Orders.none()
    sequence = RandomOrder().sequence({}, orders, np.random.default_rng(1))
    assert sorted(sequence.tolist()) == list(range(count))
    assert len(orders.take(sequence)) == count


def test_random_order_depends_on_its_stream_alone():
    sequences = [
        RandomOrder().sequence({}, orders, np.random.default_rng(seed)).tolist()
        for seed, orders in ((1, many(20)), (1, orders_of(*[FIRST] * 20)), (2, many(20)))
    ]
    assert sequences[0] == sequences[1] != sequences[2]
    draws = np.random.default_rng(1)
    again = [RandomOrder().sequence({}, many(20), draws).tolist() for _ in range(2)]
    assert again[0] == sequences[0] != again[1]  # drawn anew each period


def test_every_order_of_arrival_is_equally_likely():
    draws, orders = np.random.default_rng(5), many(3)
    codes = [tuple(RandomOrder().sequence({}, orders, draws)) for _ in range(3000)]
    counts = np.array([codes.count(code) for code in set(codes)])
    assert len(counts) == 6
    assert ((counts - 500) ** 2 / 500).sum() < 20.5  # 99.9% point of chi-squared(5)


def test_first_in_first_out_goes_by_the_latency_of_accounts():
    memory = {"latency": np.array([9, 2, 0, 1])}
    orders = orders_of(*((account, 0, True, 1.0, 0.0) for account in (1, 2, 1, 3)))
    sequence = FirstInFirstOut().sequence(memory, orders, np.random.default_rng(1))
    assert sequence.tolist() == [1, 3, 0, 2]  # account 1's own orders keep their order


def test_latency_is_drawn_once_and_every_account_has_its_rank():
    memory = FirstInFirstOut().initial(50, np.random.default_rng(3))
    assert sorted(memory["latency"].tolist()) == list(range(50))
    assert memory["latency"].tolist() != list(range(50))
    orders, draws = many(40), np.random.default_rng(1)
    first, second = (FirstInFirstOut().sequence(memory, orders, draws).tolist() for _ in range(2))
    assert first == second != list(range(40))


def test_defaults_of_a_market_are_the_documented_ones():
    market = Market()
    assert (market.fee, market.oracle.window) == (0.01, 10)
    kinds = (market.launch.kind, market.curve.kind, market.clearing.kind)
    assert kinds == ("seeded_pool", "constant_product", "random")


def test_columns_of_different_lengths_are_refused():
    zeros = np.zeros(3, dtype=int)
    orders = Orders(zeros, zeros, zeros == 0, np.ones(1), np.zeros(3))
    with pytest.raises(MarketError, match="order columns of different lengths"):
        orders.check(range(2), 1)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"token": np.array([np.nan])}, TypeError),
        ({"account": np.array([0.5])}, TypeError),
        ({"token": np.array([3])}, MarketError),
        ({"account": np.array([-1])}, MarketError),
        ({"withdraw": np.array([np.nan])}, MarketError),
        ({"withdraw": np.array([1.1])}, MarketError),
        ({"deposit_token": np.array([np.inf])}, MarketError),
        ({"deposit_numeraire": np.array([-1.0])}, MarketError),
        ({"lower": np.array([2.0])}, MarketError),
        ({"lower": np.array([np.nan])}, MarketError),
        ({"upper": np.zeros(2)}, MarketError),
    ],
)
def test_liquidity_orders_that_are_none_are_refused(change, error):
    one = np.ones(1)
    first = np.zeros(1, dtype=int)
    columns = vars(LiquidityOrders.deposits(first, first, one, one, one / 2, one))
    LiquidityOrders(**columns).check(range(1), 3)
    with pytest.raises(error):
        LiquidityOrders(**(columns | change)).check(range(1), 3)
