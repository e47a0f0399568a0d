"""Routed orders, from a token by way of the numeraire to another: both swaps or none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import MarketError
from simulator.ledger import NUMERAIRE, OUTSIDE
from simulator.market import (
    STATUSES,
    Batch,
    ConstantProduct,
    FirstInFirstOut,
    Orders,
    Priority,
    RandomOrder,
    settle,
    settle_plain,
)
from tests.laws import law
from tests.market.exchange import CURVES, RANGES, TRADERS, amounts, fees, market, named

EVERY, EXACT = list(range(len(CURVES))), [0, *RANGES]


def route(account=1, sold=0, bought=6, amount=10.0, expected=15.0, least=0.0, tip=0.0) -> Orders:
    one = Orders.routes(
        np.array([account]),
        np.array([sold]),
        np.array([bought]),
        np.array([amount]),
        np.array([expected]),
    )
    return replace(one, min_out=np.array([0.0, least]), tip=np.full(2, tip))


def single(account: int, token: int, buy: bool, amount: float, tip: float = 0.0) -> Orders:
    return Orders(
        np.array([account]),
        np.array([token]),
        np.array([buy]),
        np.array([amount]),
        np.zeros(1),
        np.array([tip]),
    )


def said(fills) -> list[str]:
    return [STATUSES[code] for code in fills.status]


def state(ledger, pools) -> tuple:
    """All that settling may change."""
    books = [
        (pools[k].book.segment, pools[k].book.height, pools[k].book.growth.tobytes())
        for k in RANGES
    ]
    return ledger.balances.tobytes(), books


@pytest.mark.parametrize("sold, bought", [(0, 6), (5, 6), (6, 0), (3, 7), (7, 5), (1, 4)])
@pytest.mark.parametrize("gas, tip", [(0.0, 0.0), (0.5, 0.25)])
def test_a_route_is_a_sale_and_a_purchase_with_all_that_it_brought_for_one_fee(
    sold, bought, gas, tip
):
    ledger, pools = market(0.003)
    other, alone = market(0.003)
    ledger.take_flows()
    money = ledger.balances[1, NUMERAIRE]
    fills = settle(ledger, pools, route(sold=sold, bought=bought, tip=tip), gas)
    got = alone[sold].swap_in("token", 10.0, account=1)
    tokens = alone[bought].swap_in("numeraire", got, account=1)
    assert said(fills) == ["filled", "filled"]
    assert fills.orders.amount == pytest.approx([10.0, got], rel=1e-12)
    assert fills.amount_out == pytest.approx([got, tokens], rel=1e-12)
    assert ledger.balances[1, NUMERAIRE] == pytest.approx(money - gas - tip, rel=1e-15)
    other.balances[[1, OUTSIDE], NUMERAIRE] += np.array([-1, 1]) * (gas + tip)
    assert ledger.balances == pytest.approx(other.balances, rel=1e-12, abs=1e-10)
    flows = dict(named(ledger))
    assert sum(flows[key] for key in flows if key[0] == "gas") == gas
    assert sum(flows[key] for key in flows if key[0] == "tip") == tip
    assert sum(flows[key] for key in flows if key[0] == "fee") == pytest.approx(
        0.003 * (10.0 + got) if not {sold, bought} & {3, 4} else fees_of(fills, sold, bought),
        rel=1e-12,
    )


def fees_of(fills, sold: int, bought: int) -> float:
    """With a stableswap the fee is part of what would have come out."""
    parts = []
    for row, token in enumerate((sold, bought)):
        late = CURVES[token].fee_on_output
        parts.append(
            fills.amount_out[row] * 0.003 / 0.997 if late else 0.003 * fills.orders.amount[row]
        )
    return sum(parts)


FAILURES = {
    "slippage": {"least": 1e3},
    "exhausted": {"amount": 490.0},
    "empty_pool": {},
    "unaffordable": {"amount": 501.0},
}


@pytest.mark.parametrize("gas", [0.0, 0.3])
@pytest.mark.parametrize(
    "sold, bought, fails",
    [
        (sold, bought, fails)
        for sold in range(len(CURVES))
        for bought in (6, 7)
        for fails in FAILURES
        if sold != bought and (fails, bought) != ("exhausted", 7)  # it mints as much as is wanted
    ],
)
def test_a_route_whose_second_swap_fails_moves_nothing_but_gas(sold, bought, gas, fails):
    (ledger, pools), (plain, same) = market(0.003), market(0.003)
    for each, all_pools in ((ledger, pools), (plain, same)):
        if fails in ("empty_pool", "exhausted"):
            emptied(each, all_pools[bought], wholly=fails == "empty_pool")
        each.take_flows()
    orders = route(sold=sold, bought=bought, **FAILURES[fails])
    paid = gas * (fails != "unaffordable")
    expected = ledger.balances.copy()
    expected[1, NUMERAIRE] -= paid
    expected[OUTSIDE, NUMERAIRE] += paid
    _, books = state(ledger, pools)
    fills = settle(ledger, pools, orders, gas)
    assert said(fills) == said(settle_plain(plain, same, orders, gas)) == [fails, fails]
    assert state(ledger, pools) == (expected.tobytes(), books) == state(plain, same)
    assert fills.amount_out.tolist() == [0.0, 0.0]
    assert [key[0] for key, _ in named(ledger)] == ["gas"] * (paid > 0)
    # and the market is as able as before
    assert settle(ledger, pools, single(2, sold, False, 1.0)).filled.all()


def emptied(ledger, pool, wholly: bool) -> None:
    if pool.curve.mints:
        held = float(ledger.balances[pool.account, NUMERAIRE])
        ledger.transfer("test", NUMERAIRE, pool.account, 4, held)
        return
    for account in list(pool.holders)[0 if wholly else 1 :]:
        pool.remove_liquidity(float(ledger.balances[account, pool.share]), account=account)
    if not wholly:  # all but a hundredth of what serves from 1.3 to 1.6
        pool.remove_liquidity(0.99 * float(ledger.balances[4, pool.share]), account=4)


routes = st.tuples(
    st.just(True),
    st.sampled_from(TRADERS),
    st.integers(0, len(CURVES) - 1),
    st.integers(1, len(CURVES) - 1),
    amounts,
    st.sampled_from([0.0, 0.1, 0.6, 1e3]),
)
swaps = st.tuples(
    st.just(False),
    st.sampled_from(TRADERS),
    st.integers(0, len(CURVES) - 1),
    st.booleans(),
    amounts,
    st.sampled_from([0.0, 0.1, 1e3]),
)
books = st.lists(st.one_of(routes, swaps), min_size=1, max_size=30)


def orders_of(book, among=EVERY) -> Orders:
    placed = []
    for routed, account, token, other, amount, least in book:
        number = among[token % len(among)]
        if routed:
            others = [each for each in among if each != number]
            bought = others[other % len(others)]
            placed.append(route(account, number, bought, amount, 1.0, least * amount))
        else:
            one = single(account, number, bool(other), amount)
            placed.append(replace(one, min_out=np.array([least * amount])))
    return Orders.join(placed)


@law(150)
@given(books, fees, st.sampled_from([0.0, 0.7]))
def test_the_kernel_does_what_plain_python_does(book, fee, gas):
    (fast, pools), (plain, same) = market(fee), market(fee)
    orders = orders_of(book)
    found, expected = settle(fast, pools, orders, gas), settle_plain(plain, same, orders, gas)
    assert said(found) == said(expected)
    assert found.amount_out == pytest.approx(expected.amount_out, rel=1e-11, abs=0)
    assert fast.balances == pytest.approx(plain.balances, rel=1e-11, abs=1e-9)
    fast.audit()
    assert (fast.balances[1:] >= 0).all()
    second = orders.second
    assert (found.status[second] == found.status[orders.routed]).all()
    done = found.filled & second
    assert (found.orders.amount[done] == found.amount_out[np.flatnonzero(done) - 1]).all()
    flows = [dict(named(ledger)) for ledger in (fast, plain)]
    assert flows[0].keys() == flows[1].keys()
    assert list(flows[0].values()) == pytest.approx([flows[1][key] for key in flows[0]], rel=1e-9)
    settled = sum(status != "unaffordable" for status in np.array(said(found))[~second])
    spent = sum(amount for (name, *_), amount in flows[0].items() if name == "gas")
    assert spent == pytest.approx(gas * settled, rel=1e-12)


@law(150)
@given(books, fees)
def test_where_curves_only_add_multiply_and_divide_it_does_so_to_the_bit(book, fee):
    (fast, pools), (plain, same) = market(fee), market(fee)
    orders = orders_of(book, EXACT)
    found, expected = settle(fast, pools, orders), settle_plain(plain, same, orders)
    assert found.amount_out.tobytes() == expected.amount_out.tobytes()
    assert found.orders.amount[found.filled].tolist() == (
        expected.orders.amount[expected.filled].tolist()
    )
    assert fast.balances[list(TRADERS)].tobytes() == plain.balances[list(TRADERS)].tobytes()
    for number in RANGES:
        one, other = pools[number].book, same[number].book
        assert (one.segment, one.height) == (other.segment, other.height)
        assert one.growth == pytest.approx(other.growth, rel=1e-12)


def test_what_a_route_is_paid_need_not_be_there_before_it():
    ledger, pools = market(0.0)
    ledger.transfer("test", NUMERAIRE, 1, 2, float(ledger.balances[1, NUMERAIRE]))
    assert said(settle(ledger, pools, route())) == ["filled", "filled"]
    assert ledger.balances[1, NUMERAIRE] == 0
    assert said(settle(ledger, pools, route(), gas=0.1)) == ["unaffordable", "unaffordable"]


@pytest.mark.parametrize("clearing", [RandomOrder(), Priority(), FirstInFirstOut()])
@pytest.mark.parametrize("among", [[0, 1, 2, 3], EVERY])
def test_routes_stay_together_in_every_sequence(clearing, among):
    draws = np.random.default_rng(5)
    ledger, pools = market(0.003)
    placed, tips = [], draws.choice([0.0, 0.1, 0.2], 400)
    for k, tip in enumerate(tips.tolist()):
        account, number = int(draws.integers(1, 4)), among[int(draws.integers(len(among)))]
        if k % 3:
            placed.append(single(account, number, bool(k % 2), 0.01 + 1e-5 * k, tip))
        else:
            bought = among[(among.index(number) + 1) % len(among)]
            placed.append(route(account, number, bought, 0.01 + 1e-5 * k, tip=tip))
    orders = Orders.join(placed)
    memory = clearing.initial(len(ledger.balances), draws)
    fills = clearing.clear(memory, ledger, pools, orders, 0.0, np.random.default_rng(1))
    settled = fills.orders
    assert fills.filled.all()
    assert sorted(settled.amount[~settled.second]) == sorted(orders.amount[~orders.second])
    pairs = list(zip(orders.token[orders.routed], orders.token[orders.second], strict=True))
    after = list(zip(settled.token[settled.routed], settled.token[settled.second], strict=True))
    assert sorted(after) == sorted(pairs)
    assert (settled.account[settled.routed] == settled.account[settled.second]).all()
    if clearing.kind == "priority":
        assert (np.diff(settled.tip) <= 0).all()
    if clearing.kind == "fifo":
        assert (np.diff(memory["latency"][settled.account]) >= 0).all()
    else:
        assert settled.amount[~settled.second].tolist() != orders.amount[~orders.second].tolist()


def bad_routes() -> dict[str, Orders]:
    good = route()
    return {
        "a first alone": good.take(np.array([0])),
        "a first at the end": Orders.join([good, good.take(np.array([0]))]),
        "two accounts": replace(good, account=np.array([1, 2])),
        "one token": replace(good, token=np.array([6, 6])),
        "a purchase first": replace(good, buy=np.array([True, True])),
        "two sales": replace(good, buy=np.array([False, False])),
        "three in a row": replace(
            Orders.join([good, single(1, 3, True, 1.0)]), routed=np.array([True, True, False])
        ),
    }


@pytest.mark.parametrize("bad", bad_routes().values(), ids=bad_routes())
def test_what_is_no_route_is_refused(bad):
    ledger, pools = market(0.0)
    before = state(ledger, pools)
    clearing = RandomOrder()
    for attempt in (
        lambda: settle(ledger, pools, bad),
        lambda: settle_plain(ledger, pools, bad),
        lambda: clearing.clear({}, ledger, pools, bad, 0.0, np.random.default_rng(0)),
    ):
        with pytest.raises(MarketError, match="a routed order is a sell, then the same account's"):
            attempt()
    assert state(ledger, pools) == before


def test_a_batch_clears_no_routes():
    ledger, pools = market(0.0)
    pools = [pool for pool in pools if type(pool.curve) is ConstantProduct]
    draws = np.random.default_rng(0)
    with pytest.raises(MarketError, match="batch clears no routed orders: all trade at once"):
        Batch().clear({}, ledger, pools, route(), 0.0, draws)


@pytest.mark.parametrize("curves", [[0, 1, 3, 7], [0, 5, 6, 3]])
@pytest.mark.parametrize("gas, tip", [(0.0, 0.0), (0.5, 0.0), (0.0, 0.25)])
@pytest.mark.parametrize("routed", [False, True])
def test_the_kernel_without_what_is_not_there_does_what_plain_python_does(curves, gas, tip, routed):
    """Of concentrated pools, costs and routes it has only those compiled that a market has."""
    draws, several = np.random.default_rng(8), []
    for _ in range(60):
        account, (one, other) = int(draws.integers(1, 4)), draws.permutation(4)[:2].tolist()
        amount, tips = float(draws.lognormal(3, 2)), tip * float(draws.random() < 0.5)
        if routed and draws.random() < 0.5:
            several.append(route(account, one, other, amount, amount, tip=tips))
        else:
            several.append(single(account, one, bool(draws.random() < 0.5), amount, tips))
    orders, (fast, pools), (plain, same) = Orders.join(several), market(0.01), market(0.01)
    found = settle(fast, [pools[k] for k in curves], orders, gas)
    expected = settle_plain(plain, [same[k] for k in curves], orders, gas)
    assert found.status.tolist() == expected.status.tolist()
    assert {"filled", "unaffordable"} <= set(said(found))
    assert found.amount_out == pytest.approx(expected.amount_out, rel=1e-11, abs=0)
    assert fast.balances == pytest.approx(plain.balances, rel=1e-11, abs=1e-9)
