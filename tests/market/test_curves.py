"""Curves: known payouts of every curve, and the laws that all of them keep."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.market import CURVES, ConstantProduct

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
parts = st.floats(1e-9, 1e3)  # of the reserve
fees = st.sampled_from([0.0, 1e-4, 0.003, 0.01, 0.3, 0.99])
curves = pytest.mark.parametrize("curve", [curve() for curve in CURVES], ids=lambda c: c.kind)
law = settings(deadline=None, max_examples=200)


@pytest.mark.parametrize("reserve_in, reserve_out, amount, fee, out", UNISWAP)
def test_constant_product_pays_what_uniswap_pays(reserve_in, reserve_out, amount, fee, out):
    payout = ConstantProduct().payout(float(reserve_in), float(reserve_out), float(amount), fee)
    assert payout == pytest.approx(out, rel=1e-12, abs=0)


@law
@given(*2 * [st.integers(10**20, 10**24)], st.integers(10**18, 10**26))
def test_constant_product_pays_what_whole_number_arithmetic_pays(reserve_in, reserve_out, amount):
    # getAmountOut of Uniswap v2-periphery, contracts/libraries/UniswapV2Library.sol
    out = (997 * amount * reserve_out) // (1000 * reserve_in + 997 * amount)
    payout = ConstantProduct().payout(float(reserve_in), float(reserve_out), float(amount), 0.003)
    assert payout == pytest.approx(float(out), rel=1e-12)


@curves
@law
@given(reserves, reserves, parts, fees)
def test_the_invariant_never_falls_and_the_payout_stays_below_the_reserve(
    curve, reserve_in, reserve_out, part, fee
):
    amount = part * reserve_in
    payout = curve.payout(reserve_in, reserve_out, amount, fee)
    assert 0 < payout < reserve_out
    after = curve.invariant(reserve_in + amount, reserve_out - payout)
    before = curve.invariant(reserve_in, reserve_out)
    assert after >= before * (1 - 1e-12)
    if fee == 0:
        assert after == pytest.approx(before, rel=1e-12)


@curves
@law
@given(reserves, reserves, parts, fees)
def test_a_round_trip_never_profits(curve, reserve_in, reserve_out, part, fee):
    amount = part * reserve_in
    payout = curve.payout(reserve_in, reserve_out, amount, fee)
    back = curve.payout(reserve_out - payout, reserve_in + amount, payout, fee)
    assert back <= amount * (1 + 1e-12)
    if fee == 0:
        assert back == pytest.approx(amount, rel=1e-12)
    elif fee >= 0.003:
        assert back < amount


@curves
@law
@given(reserves, reserves, parts, parts, fees)
def test_more_in_pays_more_out_at_a_worse_price(curve, reserve_in, reserve_out, one, two, fee):
    low, high = sorted([one * reserve_in, two * reserve_in])
    less, middle, more = (
        curve.payout(reserve_in, reserve_out, amount, fee)
        for amount in (low, (low + high) / 2, high)
    )
    assert less <= more * (1 + 1e-14)
    assert middle >= (less + more) / 2 * (1 - 1e-14)  # concave
    assert less / low >= more / high * (1 - 1e-14)
    if high > 1.001 * low:
        assert less < more


@curves
@law
@given(reserves, reserves, parts, parts, fees)
def test_two_orders_never_pay_more_than_one_of_their_sum(
    curve, reserve_in, reserve_out, one, two, fee
):
    """The first one's fee is in the pool when the second comes, so at a fee they pay less."""
    first, second = one * reserve_in, two * reserve_in
    together = curve.payout(reserve_in, reserve_out, first + second, fee)
    paid = curve.payout(reserve_in, reserve_out, first, fee)
    paid += curve.payout(reserve_in + first, reserve_out - paid, second, fee)
    assert paid <= together * (1 + 1e-12)
    if fee == 0:
        assert paid == pytest.approx(together, rel=1e-12)


@curves
@law
@given(reserves, reserves, parts, fees, fees)
def test_a_higher_fee_pays_less(curve, reserve_in, reserve_out, part, one, two):
    low, high = sorted([one, two])
    amount = part * reserve_in
    paid = curve.payout(reserve_in, reserve_out, amount, high)
    assert paid <= curve.payout(reserve_in, reserve_out, amount, low)
    assert paid < curve.payout(reserve_in, reserve_out, amount, low) or low == high or part > 1e2


@curves
@law
@given(reserves, reserves, fees)
def test_a_small_swap_pays_the_spot_price_less_the_fee(curve, token, numeraire, fee):
    price = curve.spot_price(token, numeraire)
    sold = curve.payout(token, numeraire, 1e-9 * token, fee) / (1e-9 * token)
    bought = curve.payout(numeraire, token, 1e-9 * numeraire, fee) / (1e-9 * numeraire)
    assert sold == pytest.approx(price * (1 - fee), rel=1e-8)
    assert bought == pytest.approx((1 - fee) / price, rel=1e-8)


@curves
@law
@given(reserves, reserves, st.floats(1e-3, 1e3))
def test_the_invariant_is_of_degree_one(curve, token, numeraire, times):
    grown = curve.invariant(times * token, times * numeraire)
    assert grown == pytest.approx(times * curve.invariant(token, numeraire), rel=1e-12)


@curves
def test_arrays_are_priced_element_by_element(curve):
    table = np.array([[5.0, 10, 1], [10, 5, 2], [100, 1000, 7]]).T
    payout = curve.payout(*table, 0.01)
    assert payout.tolist() == [curve.payout(*row, 0.01) for row in table.T.tolist()]
    price = curve.spot_price(table[0], table[1])
    assert price.tolist() == [curve.spot_price(*row) for row in table[:2].T.tolist()]
    assert curve.invariant(table[0], table[1]).tolist() == pytest.approx(
        [float(curve.invariant(*row)) for row in table[:2].T.tolist()], rel=1e-15
    )


# Arbitrage to an outside price P: the sizes of MODEL.md section 4, which are where the derivative
# of the profit is zero. Attainable profit is the payout against P times what was paid.


def sale_profit(amount: float, price: float) -> float:
    return ConstantProduct().payout(1000.0, 1000.0, amount, 0.003) - price * amount


def purchase_profit(amount: float, price: float) -> float:
    return price * ConstantProduct().payout(1000.0, 1000.0, amount, 0.003) - amount


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
