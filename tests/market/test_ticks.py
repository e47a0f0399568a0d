"""Concentrated liquidity by hand and by its laws; tests/onchain compares it with Uniswap v3."""

import math

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import MarketError
from simulator.market import ConstantProduct, Pool
from simulator.market.kernels import walk
from simulator.market.ticks import MAX_TICK, TickBook, sqrt_price_at
from tests.laws import law

sides = st.sampled_from(["token", "numeraire"])


def pool_of(*ranges: tuple[int, int, float], price: float = 1.0, fee: float = 0.0):
    pool = TickBook(price, fee)
    for lower, upper, liquidity in ranges:
        pool.mint(lower, upper, liquidity)
    return pool


def test_a_tick_is_a_hundredth_of_a_percent_of_the_price():
    assert sqrt_price_at(2) == pytest.approx(1.0001, rel=1e-15)
    # 1.0001^(100000 / 2), from 40 decimal digits
    assert sqrt_price_at(100_000) == pytest.approx(148.37606292307461898, rel=1e-15)
    assert sqrt_price_at(-MAX_TICK) ** 2 == pytest.approx(2.0**-128, rel=1e-4)


def test_the_whole_range_is_constant_product():
    whole = pool_of((-MAX_TICK, MAX_TICK, 1000.0), fee=0.003)
    plain = Pool(ConstantProduct(), 1000, 1000, 0.003)
    assert whole.reserves == pytest.approx((1000, 1000), rel=1e-12)
    for side, amount in (("token", 10.0), ("numeraire", 700.0), ("token", 0.001)):
        # fees lie beside the reserves here, and in them there: the first swap is the same
        fresh = pool_of((-MAX_TICK, MAX_TICK, 1000.0), fee=0.003)
        assert fresh.swap_in(side, amount) == pytest.approx(plain.quote_in(side, amount), rel=1e-12)


def test_amounts_behind_a_range_below_in_and_above_the_price():
    # whitepaper 6.30 and 6.29: L (1/sqrt(p) - 1/sqrt(b)) tokens, L (sqrt(p) - sqrt(a)) numeraire
    pool = TickBook(4.0, 0.0)
    low, high = 1.0001**5000, 1.0001**10_000
    assert pool.amounts(10_000, 20_000) == pytest.approx((1 / 2 - 1 / high, 2 - low), rel=1e-12)
    assert pool.amounts(20_000, 40_000) == pytest.approx((1 / high - 1 / high**2, 0), rel=1e-12)
    assert pool.amounts(0, 10_000) == pytest.approx((0, low - 1), rel=1e-12)


def test_a_swap_across_a_tick_is_two_swaps_at_two_depths():
    # token in at price 1: 100 of liquidity down to tick -100, then 400
    pool = pool_of((-100, 100, 100.0), (-300, -100, 400.0))
    root = 1.0001**-50
    first = 100 * (1 / root - 1)
    second = 3.0
    after = 1 / (1 / root + second / 400)
    expected = 100 * (1 - root) + 400 * (root - after)
    assert pool.swap_in("token", first + second) == pytest.approx(expected, rel=1e-12)
    assert pool.sqrt_price == pytest.approx(after, rel=1e-14)


@pytest.mark.parametrize("spacing", [1, 60])
def test_a_pool_is_built_anew_from_what_its_positions_are_told_to_be(spacing):
    last = MAX_TICK // spacing * spacing
    pool = TickBook(1.1, 0.01, spacing)
    for lower, upper, liquidity in (
        (-600, 1200, 3.0),
        (-last, last, 1.0),
        (900, 1800, 9.0),
        (-last, 0, 2.0),
    ):
        pool.mint(lower, upper, liquidity)
    lower, upper = pool.ends
    assert lower[1] == lower[3] == 0 and upper[1] == np.inf
    again = TickBook.of(pool.spot_price, 0.01, spacing, lower, upper, pool.owned)
    for name in ("ticks", "lower", "upper", "liquidity", "segment"):
        np.testing.assert_array_equal(getattr(again, name), getattr(pool, name), err_msg=name)
    assert not again.uncollected.any()
    for side, amount in (("token", 0.1), ("numeraire", 0.2), ("token", 7.0), ("numeraire", 9.0)):
        assert again.quote_in(side, amount) == pytest.approx(pool.quote_in(side, amount), rel=1e-12)
    pool.mint(-120, 120, 5.0), again.mint(-120, 120, 5.0)
    assert again.reserves == pytest.approx(pool.reserves, rel=1e-12)


def test_fees_go_to_who_was_in_range_by_liquidity():
    pool = TickBook(1.0, fee=0.01)
    wide, *_ = pool.mint(-200, 200, 300.0)
    above, *_ = pool.mint(100, 200, 700.0)
    pool.swap_in("numeraire", 0.5)  # not up to tick 100, which would take 1.5
    assert pool.collect(wide) == pytest.approx((0, 0.005), rel=1e-12)
    assert pool.collect(above) == (0, 0)
    late, *_ = pool.mint(-200, 200, 300.0)  # earns nothing of what was before
    pool.swap_in("token", 0.5)
    assert pool.collect(late) == pytest.approx((0.0025, 0), rel=1e-12)
    assert pool.collect(wide) == pytest.approx((0.0025, 0), rel=1e-12)
    assert pool.collect(wide) == (0, 0)
    reach = 600 * (1.0001**50 - pool.sqrt_price) / 0.99
    pool.swap_in("numeraire", reach + 1.0)  # beyond tick 100 there are 1300 of liquidity
    assert pool.collect(above)[1] == pytest.approx(0.01 * 700 / 1300, rel=1e-9)


def test_dividing_a_segment_leaves_older_positions_what_they_have_earned():
    pool = pool_of((-200, 200, 300.0), fee=0.01)
    pool.swap_in("numeraire", 1.0)
    inner, *_ = pool.mint(-100, 100, 500.0)
    pool.burn(inner, 500.0)
    assert pool.ticks.tolist() == [-MAX_TICK, -200, 200, MAX_TICK]
    assert pool.collect(0) == pytest.approx((0, 0.01), rel=1e-12)
    assert pool.collect(inner) == (0, 0)


def test_a_price_that_falls_from_very_high_is_not_what_rounding_makes_it():
    pool = pool_of((-MAX_TICK, MAX_TICK, 1e-3), price=1.5)
    tokens = pool.reserves[0] - pool.swap_in("numeraire", 65.0)
    assert pool.spot_price > 1e9
    pool.swap_in("token", 3.0)
    assert pool.reserves[0] == pytest.approx(tokens + 3.0, rel=1e-12)


def test_fees_never_fall_below_nothing_by_rounding():
    """Merged segments sum what they counted in another order, which may be less by a bit."""
    draws, fell = np.random.default_rng(0), 0
    for _ in range(50):
        pool = pool_of((-300, 300, 300.0), (-40, 10, 500.0), (-200, 90, 70.0), fee=0.01)
        for side, amount in zip(["token", "numeraire"] * 5, draws.uniform(0, 9, 10), strict=True):
            if pool.quote_in(side, float(amount)) > 0:
                pool.swap_in(side, float(amount))
        pool.collect(0)
        pool.burn(1, 500.0)
        fell += bool((pool._growth_inside(0) < pool.seen[0]).any())
        assert (pool.uncollected >= 0).all() and min(pool.collect(0)) >= 0
    assert fell


def test_without_liquidity_a_swap_is_refused_and_moves_nothing():
    pool = pool_of((-100, 100, 100.0))
    _, numeraire = pool.reserves
    before = pool.segment, pool.height, pool.growth.tobytes()
    for side, most in (("token", 100 * (1.0001**50 - 1)), ("numeraire", numeraire * 1.0001**50)):
        assert pool.quote_in(side, 0.999 * most) > 0
        assert pool.quote_in(side, 1.01 * most) == 0
        with pytest.raises(MarketError, match="no liquidity is left"):
            pool.swap_in(side, 1.01 * most)
    with pytest.raises(MarketError, match=r"would pay 0\.4.*, less than min_out 0\.5"):
        pool.swap_in("token", 0.4 + 0.01, min_out=0.5)
    assert (pool.segment, pool.height, pool.growth.tobytes()) == before


def test_a_gap_between_positions_is_crossed_for_nothing():
    pool = pool_of((100, 200, 100.0), (-200, -100, 100.0))
    assert pool.quote_in("numeraire", 0.1) == pytest.approx(
        pool_of((100, 200, 100.0), price=1.0001**100).quote_in("numeraire", 0.1), rel=1e-12
    )
    pool.swap_in("numeraire", 0.1)
    pool.swap_in("token", 0.2)
    assert -200 < math.log(pool.spot_price, 1.0001) < -100


@pytest.mark.parametrize(
    "attempt, message",
    [
        (lambda: TickBook(1.0, 1.0), "fee must be"),
        (lambda: TickBook(0.0, 0.0), "price must be"),
        (lambda: TickBook(1.0, 0.0, 60).mint(-60, 61, 1.0), "multiples of 60 in ascending"),
        (lambda: TickBook(1.0, 0.0).mint(5, 5, 1.0), "multiples of 1 in ascending"),
        (lambda: TickBook(1.0, 0.0).mint(0, MAX_TICK + 1, 1.0), "between -887272 and"),
        (lambda: TickBook(1.0, 0.0).mint(0, 1, math.nan), "liquidity must be"),
        (lambda: pool_of((0, 1, 1.0)).burn(0, 2.0), "cannot burn"),
        (lambda: pool_of((0, 1, 1.0)).quote_in("tokens", 1.0), "'token' or 'numeraire'"),
        (lambda: pool_of((0, 1, 1.0)).quote_in("token", -1.0), "positive and finite"),
    ],
)
def test_what_makes_no_sense_is_refused(attempt, message):
    with pytest.raises(MarketError, match=message):
        attempt()


actions = st.lists(
    st.one_of(
        st.tuples(sides, st.floats(1e-6, 2.0)),
        st.tuples(st.just("mint"), st.integers(-500, 500), st.integers(1, 400), st.floats(1, 1e3)),
        st.tuples(st.just("burn"), st.integers(0, 30), st.floats(0.1, 1)),
        st.tuples(st.just("collect"), st.integers(0, 30)),
    ),
    max_size=20,
)


@law(100)
@given(st.sampled_from([0.0, 0.0005, 0.01]), actions)
def test_all_that_was_paid_in_and_no_more_can_be_taken_out(fee, actions):
    pool, inside, paid = pool_of((-1000, 1000, 100.0), fee=fee), np.zeros(2), np.zeros(2)
    inside += pool.reserves
    for kind, *rest in actions:
        moved = np.zeros(2)
        if kind == "mint":
            lower, width, liquidity = rest
            moved += pool.mint(lower, lower + width, liquidity)[1:]
        elif kind == "burn" and pool.owned[rest[0] % pool.owned.size] > 0:
            position = rest[0] % pool.owned.size
            moved -= pool.burn(position, float(rest[1] * pool.owned[position]))
        elif kind == "collect":
            moved -= pool.collect(rest[0] % pool.owned.size)
        elif kind in ("token", "numeraire") and pool.quote_in(kind, rest[0]) > 0:
            side = ["token", "numeraire"].index(kind)
            moved[side] += rest[0]
            moved[1 - side] -= pool.swap_in(kind, rest[0])
        inside += moved
        paid += abs(moved)
    for position in range(pool.owned.size):
        inside -= pool.collect(position)
        if pool.owned[position] > 0:
            inside -= pool.burn(position, float(pool.owned[position]))
    assert (abs(inside) <= 1e-11 * (1 + paid)).all()
    assert pool.liquidity.tolist() == [0.0]


@law(100)
@given(sides, st.floats(1e-6, 3.0), st.sampled_from([0.0, 0.003]))
def test_a_round_trip_never_profits(side, amount, fee):
    pool = pool_of((-1000, 1000, 100.0), (-60, 20, 900.0), fee=fee)
    other = "numeraire" if side == "token" else "token"
    assert pool.swap_in(other, pool.swap_in(side, amount)) <= amount * (1 + 1e-12)


def test_numba_compiles_the_walk_to_the_same_numbers():
    floor = sqrt_price_at(np.array([-300, -100, 100]))
    width = sqrt_price_at(np.array([-100, 100, 300])) - floor
    liquidity = np.array([400.0, 100.0, 300.0])
    compiled = numba.njit(walk)
    for pays_token in (True, False):
        for amount in (0.1, 1.5, 1e3):
            plain, fast = np.zeros(3), np.zeros(3)
            arguments = pays_token, amount, 0.003, floor, width, liquidity, 1, 0.004
            one, other = walk(*arguments, plain), compiled(*arguments, fast)
            assert other == pytest.approx(one, rel=1e-13)
            assert fast == pytest.approx(plain, rel=1e-13)
