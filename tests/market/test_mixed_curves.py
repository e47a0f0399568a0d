"""Pools of all curves on one ledger: the kernel against plain Python, and what must never break."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import MarketError
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import ConcentratedPool, Orders, Pool, Pools, Status, settle, settle_plain
from simulator.market.ticks import TickBook
from tests.laws import law
from tests.market.exchange import (
    CURVES,
    PROVIDER,
    PROVIDERS,
    RANGES,
    TRADERS,
    amounts,
    books,
    fees,
    market,
    named,
    orders_of,
)

EXACT = [0, *RANGES]  # curves of additions, products and quotients only: the same bits everywhere
MOST = 1e4  # what a pool or an account here holds of anything, at most


@law(150)
@given(books, fees, st.sampled_from([0.0, 0.7]))
def test_the_kernel_does_what_plain_python_does(book, fee, gas):
    fast, pools = market(fee)
    plain, same = market(fee)
    result, expected = (
        settle(fast, pools, orders_of(book), gas),
        settle_plain(plain, same, orders_of(book), gas),
    )
    assert result.status.tolist() == expected.status.tolist()
    assert result.amount_out == pytest.approx(expected.amount_out, rel=1e-11, abs=0)
    assert fast.balances == pytest.approx(plain.balances, rel=1e-11, abs=1e-9)
    flows = [dict(named(ledger)) for ledger in (fast, plain)]
    assert flows[0].keys() == flows[1].keys()
    assert list(flows[0].values()) == pytest.approx([flows[1][key] for key in flows[0]], rel=1e-9)


@law(150)
@given(books, fees)
def test_where_it_only_adds_multiplies_and_divides_it_does_so_to_the_bit(book, fee):
    """Balances of pools differ, for a pass's fees leave a concentrated pool together."""
    book = [(account, EXACT[token % len(EXACT)], *rest) for account, token, *rest in book]
    (fast, pools), (plain, same) = market(fee), market(fee)
    result = settle(fast, pools, orders_of(book))
    expected = settle_plain(plain, same, orders_of(book))
    assert result.amount_out.tobytes() == expected.amount_out.tobytes()
    assert result.orders.amount.tobytes() == expected.orders.amount.tobytes()
    assert fast.balances[list(TRADERS)].tobytes() == plain.balances[list(TRADERS)].tobytes()
    for number in RANGES:
        one, other = pools[number].book, same[number].book
        assert (one.segment, one.height) == (other.segment, other.height)
        assert one.growth == pytest.approx(other.growth, rel=1e-12)
    assert fast.balances == pytest.approx(plain.balances, rel=0, abs=1e-12 * MOST)


@pytest.mark.parametrize("curves", [[0, 1, 3, 7], [0, 5, 6, 3]])
@pytest.mark.parametrize("gas, tip", [(0.0, 0.0), (0.5, 0.0), (0.0, 0.25)])
def test_the_kernel_without_what_is_not_there_does_what_plain_python_does(curves, gas, tip):
    """Of concentrated pools and costs it has only those compiled that a market has."""
    draws, count = np.random.default_rng(8), 60
    orders = Orders(
        draws.integers(1, 4, count),
        draws.integers(0, 4, count),
        draws.random(count) < 0.5,
        draws.lognormal(3, 2, count),
        np.zeros(count),
        tip * (draws.random(count) < 0.5),
    )
    (fast, pools), (plain, same) = market(0.01), market(0.01)
    result = settle(fast, [pools[k] for k in curves], orders, gas)
    expected = settle_plain(plain, [same[k] for k in curves], orders, gas)
    assert result.status.tolist() == expected.status.tolist()
    assert {Status.FILLED, Status.UNAFFORDABLE} <= set(result.status.tolist())
    assert result.amount_out == pytest.approx(expected.amount_out, rel=1e-11, abs=0)
    assert fast.balances == pytest.approx(plain.balances, rel=1e-11, abs=1e-9)


@law(20)
@given(books, fees)
def test_a_quote_of_a_concentrated_pool_is_what_it_pays_to_the_bit_and_moves_nothing(book, fee):
    book = [(account, min(RANGES) + token % 2, *rest[:-1], 0.0) for account, token, *rest in book]
    ledger, pools = market(fee)
    pools, orders = Pools(pools), orders_of(book)
    segments, before = pools.segments, ledger.balances.copy()
    quoted = segments.quote(orders.token, orders.buy, orders.amount, pools.fees)
    again = segments.quote(orders.token, orders.buy, orders.amount, pools.fees)
    assert quoted.tobytes() == again.tobytes() and not segments.growth.any()
    for k, order in enumerate(quoted.tolist()):
        other, same = market(fee)
        fills = settle(other, same, orders.take(np.array([k])))
        if fills.status[0] != Status.UNAFFORDABLE:
            assert fills.amount_out[0] == order
    assert ledger.balances.tobytes() == before.tobytes()


@law(150)
@given(books, fees)
def test_nothing_is_made_or_lost_and_flows_tell_where_it_went(book, fee):
    ledger, pools = market(fee)
    ledger.take_flows()
    before = ledger.balances.copy()
    settle(ledger, pools, orders_of(book))
    ledger.audit()
    assert (ledger.balances[1:] >= 0).all()
    change = np.zeros((len(ledger.kinds), ledger.balances.shape[1]))
    for (_, asset, payer, payee), amount in named(ledger):
        change[payer, asset] -= amount
        change[payee, asset] += amount
    moved = np.zeros_like(change)
    np.add.at(moved, ledger.kind_of, ledger.balances - before)
    assert moved == pytest.approx(change, rel=1e-9, abs=1e-7)


steps = st.tuples(
    st.sampled_from(["buy", "sell", "add", "remove", "dust", "empty"]), st.floats(1e-6, 0.99)
)


@law(150)
@given(st.sampled_from([0, 1, 2, 3, 4]), st.lists(steps, max_size=30), fees)
def test_the_invariant_per_share_never_falls(number, book, fee):
    """Deposits and withdrawals of any part of the pool, of dust and of all of it in between.

    Of the millionth of a reserve that is always kept, 1e-10 is rounding of what it was.
    """
    ledger, pools = market(fee)
    pool = pools[number]
    size, least = per_share(pool), 0.0
    for what, part in book:
        do(pool, what, part)
        ledger.audit()
        assert (ledger.balances[1:] >= 0).all()
        if what == "empty":
            least = 0.0
        if pool.shares > 0:
            size = per_share(pool)
            assert size >= least * (1 - 1e-9)
            least = max(size, least)


def per_share(pool: Pool) -> float:
    return pool.curve.invariant(pool.reserve_token, pool.reserve_numeraire) / pool.shares


def do(pool: Pool, what: str, part: float, account: int = PROVIDER) -> None:
    owned = pool.ledger.balances[account, pool.share]
    try:
        if what == "buy":
            pool.swap_in("numeraire", part * 300, account=1)
        elif what == "sell":
            pool.swap_in("token", part * 300, account=1)
        elif what == "dust":
            pool.swap_in("token", part * 1e-9, account=2)
        elif what == "add":
            pool.add_liquidity(part * 500, part * 500, account=account)
        elif owned > 0:
            pool.remove_liquidity(owned if what == "empty" else part * owned, account=account)
    except MarketError:
        pass  # unaffordable, or an empty pool


@pytest.mark.parametrize("curve", CURVES[:5], ids=lambda curve: curve.kind)
def test_deposits_and_withdrawals_are_pro_rata_and_a_round_trip_gains_nothing(curve):
    pool = Pool(curve, reserve_token=curve.balanced(1.5) * 1000, reserve_numeraire=1000)
    pool.ledger.transfer("endowment", 1, OUTSIDE, 2, 400.0)
    pool.ledger.transfer("endowment", NUMERAIRE, OUTSIDE, 2, 400.0)
    before, price = pool.ledger.balances[2].copy(), pool.spot_price
    minted = pool.add_liquidity(200, 200)
    assert minted / (pool.shares - minted) == pytest.approx(
        min(200 / (curve.balanced(1.5) * 1000), 0.2)
    )
    assert pool.spot_price == pytest.approx(price, rel=1e-12)
    pool.remove_liquidity(minted)
    assert pool.ledger.balances[2] == pytest.approx(before, rel=1e-12)


bounds = st.sampled_from([(0.0, np.inf), (1.4, 1.6), (0.1, 1.2), (1.7, 3.0), (1.5, 1.51)])
moves = st.one_of(
    st.tuples(st.just("swaps"), st.lists(st.tuples(st.booleans(), amounts), min_size=1)),
    st.tuples(st.just("add"), st.sampled_from(PROVIDERS), st.floats(1e-6, 500), bounds),
    st.tuples(
        st.just("remove"),
        st.sampled_from(PROVIDERS),
        st.one_of(st.just(1.0), st.floats(1e-6, 1)),
    ),
)


@law(150)
@given(st.sampled_from(list(RANGES)), st.lists(moves, max_size=15), fees)
def test_what_positions_claim_is_what_the_pool_and_its_fee_account_hold(number, book, fee):
    """Whatever is done; and a concentrated pool without a ledger has done the same, to the bit."""
    ledger, pools = market(fee)
    pool, alone = pools[number], TickBook(1.5, fee, CURVES[number].spacing)
    for lower, upper in RANGES[number]:
        ticks = pool._ticks(lower, upper)
        alone.mint(*ticks, alone.liquidity_for(*ticks, 1000 / 1.5, 1000.0))
    for what, *terms in book:
        if what == "swaps":
            settle_both(ledger, pools, number, alone, *terms)
        elif what == "add":
            add_both(pool, alone, *terms)
        elif terms[0] in pool.holders:
            remove_both(pool, alone, *terms)
        ledger.audit()
        assert (ledger.balances[1:] >= 0).all()
        claims = pool.claims(np.array(PROVIDERS))
        assert (claims >= 0).all()
        held = [pool.reserve_token, pool.reserve_numeraire]
        assert claims[:2].sum(axis=1) == pytest.approx(held, rel=0, abs=1e-11 * MOST)
        kept = ledger.balances[pool.fee_account, [pool.token, NUMERAIRE]]
        assert claims[2:4].sum(axis=1) == pytest.approx(kept, rel=0, abs=1e-11 * MOST)
        assert pool.book.liquidity.tobytes() == alone.liquidity.tobytes()
        assert (pool.book.segment, pool.book.height) == (alone.segment, alone.height)
        assert claims[2:4].sum(axis=1) == pytest.approx(
            alone.uncollected.sum(axis=0), rel=0, abs=1e-12 * MOST
        )


def settle_both(ledger: Ledger, pools: list, number: int, alone: TickBook, swaps: list):
    account = [TRADERS[k % 3] for k in range(len(swaps))]
    book = [(account[k], number, buy, amount, 0.0) for k, (buy, amount) in enumerate(swaps)]
    fills = settle(ledger, pools, orders_of(book))
    for buy, amount, paid, status in zip(
        fills.orders.buy, fills.orders.amount, fills.amount_out, fills.status, strict=True
    ):
        side = "numeraire" if buy else "token"
        if status == 0:
            assert alone.swap_in(side, float(amount)) == paid
        elif status == 4:
            # or so nearly all, that rounding of what was there before has left a little less
            quote, most = alone.quote_in(side, float(amount)), alone.reserves[0 if buy else 1]
            assert quote == 0 or quote == pytest.approx(most, rel=1e-6, abs=1e-12 * MOST)


def add_both(pool: ConcentratedPool, alone: TickBook, account: int, most: float, ends: tuple):
    if not pool.accepts(account, most, most, *ends):
        return
    ticks = pool._ticks(*ends)
    liquidity = alone.liquidity_for(*ticks, most, most)
    if account in pool.holders:
        alone.add(pool.holders.index(account), liquidity)
    else:
        alone.mint(*ticks, liquidity)
    minted = pool.add_liquidity(most, most, account=account, lower=ends[0], upper=ends[1])
    assert minted == liquidity


def remove_both(pool: ConcentratedPool, alone: TickBook, account: int, part: float):
    position, shares = (
        pool.holders.index(account),
        part * float(pool.ledger.balances[account, pool.share]),
    )
    behind, fees_ = alone.burn(position, shares), alone.collect(position)
    if not alone.owned[position]:
        alone.forget(position)
    paid = pool.remove_liquidity(shares, account=account)
    assert paid == pytest.approx(np.add(behind, fees_), rel=0, abs=1e-11 * MOST)


@law(150)
@given(st.sampled_from(list(RANGES)), st.lists(st.tuples(st.booleans(), amounts)), fees)
def test_swaps_never_cost_a_position_anything_at_the_price_before_them(number, swaps, fee):
    """What is behind a position follows from the price, and is least worth it at that price.

    So in a swap it gains at the price before, besides fees, which never fall; and when the price
    comes back it has again what it had. Its liquidity stays.
    """
    ledger, pools = market(fee)
    pool, accounts = pools[number], np.array(PROVIDERS)
    before, price, seen = pool.claims(accounts), pool.spot_price, {}
    for k, (buy, amount) in enumerate(swaps):
        settle(ledger, pools, orders_of([(TRADERS[k % 3], number, buy, amount, 0.0)]))
        after = pool.claims(accounts)
        assert pool.book.owned.sum() == pytest.approx(pool.shares, rel=1e-14)
        assert (after[2:4] >= before[2:4] - 1e-15 * MOST).all()
        worth = [claims[0] * price + claims[1] for claims in (before, after)]
        assert (worth[1] >= worth[0] - 1e-12 * MOST).all()
        seen[pool.spot_price] = after[:2]
        before, price = after, pool.spot_price
    for price, behind in seen.items():
        fresh = TickBook(price, fee)
        unit = np.array(fresh.amounts(pool.book.lower, pool.book.upper))
        assert behind == pytest.approx(unit * pool.book.owned, rel=1e-9, abs=1e-9)
