"""Curves: known payouts of every curve, and the laws that all of them keep."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import MarketError, ScenarioError
from simulator.market import (
    CURVES,
    BondingCurve,
    Concentrated,
    ConstantProduct,
    Pool,
    StableSwap,
    Weighted,
)
from tests.laws import law

# reserve in, reserve out, amount in, fee, amount out
UNISWAP = [
    # Uniswap v2-core, test/UniswapV2Pair.spec.ts, swapTestCases; in units of 1e-18.
    (5, 10, 1, 0.003, 1.662497915624478906),
    (10, 5, 1, 0.003, 0.453305446940074565),
    (5, 10, 2, 0.003, 2.851015155847869602),
    (10, 5, 2, 0.003, 0.831248957812239453),
    (10, 10, 1, 0.003, 0.906610893880149131),
    (100, 100, 1, 0.003, 0.987158034397061298),
    (1000, 1000, 1, 0.003, 0.996006981039903216),
    # Its formula in whole units of 1e-18: 997 a y // (1000 x + 997 a).
    (1000, 1000, 10, 0.003, 9.871580343970612988),
    # The same after another has paid 20: reserves 1020 and 1000 - 19.550169617820656690.
    (1020, 980.449830382179343310, 10, 0.003, 9.490650027583646182),
    # By hand: 100 * 50 / (50 + 50), and with half of the amount kept 100 * 25 / 75.
    (50, 100, 50, 0.0, 50.0),
    (50, 100, 50, 0.5, 100 / 3),
]

reserves = st.floats(1e-3, 1e9)
parts = st.floats(1e-9, 10.0)  # of the reserve
fees = st.sampled_from([0.0, 1e-4, 0.003, 0.01, 0.3, 0.99])
sides = st.booleans()  # whether tokens are paid in
LAWFUL = [
    Concentrated(),
    ConstantProduct(),
    Weighted(),
    Weighted(weight=0.2),
    Weighted(weight=0.8),
    StableSwap(),
    StableSwap(amplification=5, peg=3),
]
curves = pytest.mark.parametrize("curve", LAWFUL, ids=lambda curve: curve.kind)


def by_asset(reserve_in, reserve_out, pays_token):
    """Tokens and numeraire."""
    return (reserve_in, reserve_out) if pays_token else (reserve_out, reserve_in)


def test_every_curve_of_a_scenario_is_under_the_laws():
    """But for the bonding curve, whose pools hold no tokens; it has laws of its own below."""
    assert {type(curve) for curve in LAWFUL} == set(CURVES) - {BondingCurve}


def test_what_pools_the_curves_make() -> None:
    """Whether the fee is of what is paid out, tokens are minted, and providers get shares."""
    assert {
        curve().kind: (curve.fee_on_output, curve.mints, curve.full_range) for curve in CURVES
    } == {
        "constant_product": (False, False, True),
        "weighted": (False, False, True),
        "stableswap": (True, False, True),
        "concentrated": (False, False, False),
        "bonding_curve": (False, True, False),
    }


@pytest.mark.parametrize("reserve_in, reserve_out, amount, fee, out", UNISWAP)
def test_constant_product_pays_what_uniswap_pays(reserve_in, reserve_out, amount, fee, out):
    payout = ConstantProduct().payout(
        float(reserve_in), float(reserve_out), float(amount), fee, True
    )
    assert payout == pytest.approx(out, rel=1e-12, abs=0)


@law(200)
@given(*2 * [st.integers(10**20, 10**24)], st.integers(10**18, 10**26))
def test_constant_product_pays_what_whole_number_arithmetic_pays(reserve_in, reserve_out, amount):
    # getAmountOut of Uniswap v2-periphery, contracts/libraries/UniswapV2Library.sol
    out = (997 * amount * reserve_out) // (1000 * reserve_in + 997 * amount)
    payout = ConstantProduct().payout(
        float(reserve_in), float(reserve_out), float(amount), 0.003, True
    )
    assert payout == pytest.approx(float(out), rel=1e-12)


@curves
@law(200)
@given(reserves, reserves, parts, fees, sides)
def test_the_invariant_never_falls_and_the_payout_stays_below_the_reserve(
    curve, reserve_in, reserve_out, part, fee, side
):
    amount = part * reserve_in
    payout = curve.payout(reserve_in, reserve_out, amount, fee, side)
    assert 0 < payout < reserve_out
    after = curve.invariant(*by_asset(reserve_in + amount, reserve_out - payout, side))
    before = curve.invariant(*by_asset(reserve_in, reserve_out, side))
    assert after >= before * (1 - 1e-12)
    if fee == 0:
        assert after == pytest.approx(before, rel=1e-12)


@curves
@law(200)
@given(reserves, reserves, parts, fees, sides)
def test_a_round_trip_never_profits(curve, reserve_in, reserve_out, part, fee, side):
    amount = part * reserve_in
    payout = curve.payout(reserve_in, reserve_out, amount, fee, side)
    back = curve.payout(reserve_out - payout, reserve_in + amount, payout, fee, not side)
    assert back <= amount * (1 + 1e-12)
    if fee == 0:
        assert back == pytest.approx(amount, rel=1e-12)
    elif fee >= 0.003:
        assert back < amount


@curves
@law(200)
@given(reserves, reserves, parts, parts, fees, sides)
def test_more_in_pays_more_out_at_a_worse_price(
    curve, reserve_in, reserve_out, one, two, fee, side
):
    low, high = sorted([one * reserve_in, two * reserve_in])
    less, middle, more = (
        curve.payout(reserve_in, reserve_out, amount, fee, side)
        for amount in (low, (low + high) / 2, high)
    )
    assert less <= more * (1 + 1e-14)
    assert middle >= (less + more) / 2 * (1 - 1e-14)  # concave
    assert less / low >= more / high * (1 - 1e-14)
    if high > 1.001 * low:
        assert less < more


@curves
@law(200)
@given(reserves, reserves, parts, parts, fees, sides)
def test_two_orders_never_pay_more_than_one_of_their_sum(
    curve, reserve_in, reserve_out, one, two, fee, side
):
    """A fee on what is paid in is in the pool when the second comes, so at a fee they pay less.

    A fee on what is paid out makes the pool pay the second more.
    """
    first, second = one * reserve_in, two * reserve_in
    together = curve.payout(reserve_in, reserve_out, first + second, fee, side)
    paid = curve.payout(reserve_in, reserve_out, first, fee, side)
    paid += curve.payout(reserve_in + first, reserve_out - paid, second, fee, side)
    assert paid <= together * (1 + 1e-12) or curve.fee_on_output
    if fee == 0:
        assert paid == pytest.approx(together, rel=1e-12)


@curves
@law(200)
@given(reserves, reserves, parts, fees, fees, sides)
def test_a_higher_fee_pays_less(curve, reserve_in, reserve_out, part, one, two, side):
    low, high = sorted([one, two])
    amount = part * reserve_in
    paid = curve.payout(reserve_in, reserve_out, amount, high, side)
    assert paid <= curve.payout(reserve_in, reserve_out, amount, low, side)
    assert paid < curve.payout(reserve_in, reserve_out, amount, low, side) or low == high


@curves
@law(200)
@given(reserves, reserves, fees)
def test_a_small_swap_pays_the_spot_price_less_the_fee(curve, token, numeraire, fee):
    price = curve.spot_price(token, numeraire)
    sold = curve.payout(token, numeraire, 1e-9 * token, fee, True) / (1e-9 * token)
    bought = curve.payout(numeraire, token, 1e-9 * numeraire, fee, False) / (1e-9 * numeraire)
    assert sold == pytest.approx(price * (1 - fee), rel=1e-8)
    assert bought == pytest.approx((1 - fee) / price, rel=1e-8)


@curves
@law(200)
@given(reserves, reserves, st.floats(1e-3, 1e3))
def test_the_invariant_is_of_degree_one(curve, token, numeraire, times):
    grown = curve.invariant(times * token, times * numeraire)
    assert grown == pytest.approx(times * curve.invariant(token, numeraire), rel=1e-12)


@curves
def test_arrays_are_priced_element_by_element(curve):
    table = np.array([[5.0, 10, 1], [10, 5, 2], [100, 1000, 7]]).T
    side = np.array([True, False, True])
    payout = curve.payout(*table, 0.01, side)
    rows = zip(table.T.tolist(), side.tolist(), strict=True)
    singly = [float(curve.payout(*row, 0.01, own)) for row, own in rows]
    assert payout.tolist() == pytest.approx(singly, rel=1e-14)
    price = curve.spot_price(table[0], table[1])
    singly = [float(curve.spot_price(*row)) for row in table[:2].T.tolist()]
    assert price.tolist() == pytest.approx(singly, rel=1e-14)
    assert curve.invariant(table[0], table[1]).tolist() == pytest.approx(
        [float(curve.invariant(*row)) for row in table[:2].T.tolist()], rel=1e-15
    )


# Arbitrage to an outside price P: the sizes of MODEL.md section 4, which are where the derivative
# of the profit is zero. Attainable profit is the payout against P times what was paid.


def sale_profit(amount: float, price: float) -> float:
    return ConstantProduct().payout(1000.0, 1000.0, amount, 0.003, True) - price * amount


def purchase_profit(amount: float, price: float) -> float:
    return price * ConstantProduct().payout(1000.0, 1000.0, amount, 0.003, True) - amount


def test_the_best_sale_to_a_lower_outside_price():
    best = (sqrt(0.997 * 1000 * 1000 / 0.9) - 1000) / 0.997
    assert best == pytest.approx(52.668231617983444, rel=1e-12)
    assert sale_profit(best, 0.9) == pytest.approx(2.48905871451052, rel=1e-12)
    others = [sale_profit(best * (1 + h), 0.9) for h in (-0.5, -1e-3, -1e-5, 1e-5, 1e-3, 0.5)]
    assert max(others) < sale_profit(best, 0.9)


@pytest.mark.parametrize("price", [1.01, 1.1, 2.0])
def test_the_best_purchase_to_a_higher_outside_price(price):
    best = (sqrt(0.997 * price * 1000 * 1000) - 1000) / 0.997
    others = [purchase_profit(best * (1 + h), price) for h in (-0.5, -1e-3, 1e-3, 0.5)]
    assert 0 < max(others) < purchase_profit(best, price)


@pytest.mark.parametrize("price", [0.9971, 1.0, 1.0029])
def test_no_arbitrage_within_the_fee(price):
    amounts = np.geomspace(1e-6, 1e3, 200)
    assert (sale_profit(amounts, price) < 0).all()
    assert (purchase_profit(amounts, price) < 0).all()


# Other curves: published numbers, and the recurrences of the contracts in whole numbers.


def test_weighted_pays_what_balancer_documents():
    # 1000 at weight .04 in, 1e6 at .96 out, 1 in: -1e6 expm1(1/24 log1p(-1/1001)).
    assert Weighted(weight=0.04).payout(1000.0, 1e6, 1.0, 0.0, True) == pytest.approx(
        41.64498, abs=5e-6
    )
    assert Weighted().payout(1000.0, 1000.0, 10.0, 0.003, True) == pytest.approx(
        9.871580343970612988, rel=1e-14
    )


@law(200)
@given(reserves, reserves, st.floats(1e-15, 1e-6), st.floats(0.02, 0.98), sides)
def test_weighted_is_accurate_for_tiny_orders(reserve_in, reserve_out, part, weight, side):
    """Against the series of 1 - (1 + a)^-r to its third term, at most 1e-9 off at a = 1e-6."""
    ratio = weight / (1 - weight) if side else (1 - weight) / weight
    series = part * ratio * (1 - part * (ratio + 1) / 2 * (1 - part * (ratio + 2) / 3))
    paid = Weighted(weight=weight).payout(reserve_in, reserve_out, part * reserve_in, 0.0, side)
    assert paid == pytest.approx(reserve_out * series, rel=1e-9)


def test_the_weight_moves_in_even_steps_and_the_price_with_it():
    curve = Weighted(weight=0.96, last_weight=0.5, periods=46)
    weights = [curve.at(period).weight for period in range(48)]
    assert weights[:3] == pytest.approx([0.96, 0.95, 0.94])
    assert weights[-2:] == [0.5, 0.5]
    prices = [curve.at(period).spot_price(100.0, 100.0) for period in (0, 46)]
    assert prices[0] / prices[1] == pytest.approx(24)  # as published for .96 to .5


def test_a_weight_that_stays_takes_no_periods() -> None:
    with pytest.raises(ScenarioError, match="periods count until last_weight"):
        Weighted(periods=2)
    assert Weighted(weight=0.3).at(7) == Weighted(weight=0.3)


def d_of_curve(x, y, amplification):
    """get_D of a Curve pool of two coins, in whole numbers."""
    ann, total = amplification * 2, x + y
    for _ in range(255):
        third = total * total // (x * 2)
        third = third * total // (y * 2)
        last, total = (
            total,
            (ann * (x + y) + third * 2) * total // ((ann - 1) * total + 3 * third),
        )
        if abs(total - last) <= 1:
            break
    return total  # rounding may keep it going to and fro by a few units


def dy_of_curve(x, y, amount, amplification):
    """get_dy without fee: what is left of y by get_y, and one unit less."""
    ann, total = amplification * 2, d_of_curve(x, y, amplification)
    after = x + amount
    c = total * total // (after * 2)
    c = c * total // (ann * 2)
    b, left = after + total // ann, total
    for _ in range(255):
        last, left = left, (left * left + c) // (2 * left + b - total)
        if abs(left - last) <= 1:
            return y - left - 1
    raise AssertionError


@law(200)
@given(
    *2 * [st.integers(10**24, 10**27)],
    st.floats(1e-6, 0.5),
    st.integers(1, 5000),
    sides,
)
def test_stableswap_pays_what_the_contract_pays(x, y, part, amplification, side):
    amount = int(part * x)
    expected = dy_of_curve(x, y, amount, amplification)
    curve = StableSwap(amplification=float(amplification))
    assert curve.invariant(float(x), float(y)) == pytest.approx(
        d_of_curve(x, y, amplification), rel=1e-13
    )
    paid = curve.payout(float(x), float(y), float(amount), 0.0, side)
    assert paid == pytest.approx(expected, rel=1e-12)
    kept = curve.payout(float(x), float(y), float(amount), 0.0004, side)
    assert kept == pytest.approx(0.9996 * expected, rel=1e-12)


@law(200)
@given(reserves, st.floats(-3, 3), st.floats(1, 1e4), st.floats(1e-3, 1e3))
def test_a_pool_opens_at_the_price_it_is_filled_for(numeraire, log_price, amplification, peg):
    price = float(np.exp(log_price))
    for curve in (
        ConstantProduct(),
        Weighted(weight=0.3),
        StableSwap(amplification=amplification, peg=price * (1 + 0.01 * log_price)),
        BondingCurve(reserve_ratio=0.3),
    ):
        tokens = curve.balanced(price) * numeraire
        assert curve.spot_price(tokens, numeraire) == pytest.approx(price, rel=1e-9)


@law(200)
@given(reserves, reserves, parts, st.floats(0.05, 1), st.sampled_from([0.0, 0.003]))
def test_a_bonding_curve_never_pays_back_more(supply, reserve, part, ratio, fee):
    curve = BondingCurve(reserve_ratio=ratio)
    paid = part * reserve
    minted = curve.payout(reserve, supply, paid, fee, False)
    assert minted == pytest.approx(
        supply * ((1 + (1 - fee) * part) ** ratio - 1), rel=1e-6, abs=1e-12 * supply
    )
    back = curve.payout(supply + minted, reserve + paid, minted, fee, True)
    assert back <= paid * (1 + 1e-9)
    if fee == 0:
        assert back == pytest.approx(paid, rel=1e-9)
        price = curve.spot_price(supply + minted, reserve + paid)
        assert price == pytest.approx(
            curve.spot_price(supply, reserve) * (1 + part) ** (1 - ratio), rel=1e-9
        )


def test_who_sells_the_whole_supply_gets_the_whole_backing_and_no_more() -> None:
    curve = BondingCurve(reserve_ratio=0.3)
    assert curve.payout(1000.0, 500.0, 1000.0, 0.0, True) == 500
    assert curve.payout(1000.0, 500.0, 3000.0, 0.0, True) == 500
    assert curve.payout(1000.0, 500.0, 3000.0, 0.5, True) == 500
    assert curve.payout(1000.0, 500.0, 1000.0, 0.5, True) == pytest.approx(
        500 * (1 - 0.5 ** (1 / 0.3)), rel=1e-12
    )


def test_only_the_fee_changes_the_backing_of_a_supply_of_one() -> None:
    """R / S^(1 / w), by hand 500 / 10^2 and, 70 paid in, 570 / (10 (1.14)^.5)^2."""
    curve = BondingCurve(reserve_ratio=0.5)
    assert curve.invariant(10.0, 500.0) == pytest.approx(5, rel=1e-14)
    for fee, backing in ((0.0, 5.0), (0.5, 5 * 1.14 / 1.07)):
        minted = curve.payout(500.0, 10.0, 70.0, fee, False)
        assert curve.invariant(10 + minted, 570.0) == pytest.approx(backing, rel=1e-12)


def test_a_pool_on_a_bonding_curve_mints_and_burns():
    pool = Pool(BondingCurve(), reserve_token=1000, reserve_numeraire=500, fee=0.0)
    assert pool.spot_price == 1.0
    pool.ledger.transfer("endowment", 0, 0, 2, 500.0)
    bought = pool.swap_in("numeraire", 500, account=2)
    assert bought == pytest.approx(1000 * (2**0.5 - 1))
    assert pool.reserve_token == pytest.approx(1000 * 2**0.5)
    assert pool.swap_in("token", pool.reserve_token / 2, account=2) == pytest.approx(750)
    assert pool.reserve_token == pytest.approx(500 * 2**0.5)
    pool.ledger.audit()
    with pytest.raises(MarketError, match="takes no deposits"):
        pool.add_liquidity(1, 1)
    with pytest.raises(MarketError, match="account"):
        pool.swap_in("numeraire", 1)


@pytest.mark.parametrize("paid", [1e-9, 1.0, 1e6, 1e9, 1e12])
def test_a_weighted_pool_keeps_what_it_should_whatever_is_paid_in(paid: float) -> None:
    """(1 / (1 + a))^(.2 / .8) of its tokens: by an exact power, not by what is left of 1."""
    payout = float(Weighted(weight=0.8).payout(1.0, 1.0, paid, 0.0, False))
    assert 1 - payout == pytest.approx((1 / (1 + paid)) ** 0.25, rel=1e-12)
    assert float(Weighted(weight=0.8).payout(1.0, 1.0, 1e30, 0.0, False)) <= 1.0
