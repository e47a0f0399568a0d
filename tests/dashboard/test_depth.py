"""Depth: swaps as Uniswap and Balancer would pay them, and as the pools of a run would."""

import numpy as np
import pytest

from simulator.dashboard.depth import concentrated_depth, swap_depth
from simulator.market import (
    BondingCurve,
    ConstantProduct,
    Pool,
    StableSwap,
    Weighted,
)
from simulator.market.ticks import TickBook


def test_what_uniswap_pays():
    paid = np.array([10.0, 1e-9])
    for pays_token in (False, True):
        depth = swap_depth(ConstantProduct(), 1000.0, 1000.0, 0.003, paid, pays_token)
        assert depth.payout[0] == pytest.approx(9.871580343970612988, rel=1e-14)
        assert depth.payout[1] == pytest.approx(0.997e-9, rel=1e-6)
    spot = 1010 / (1000 - 9.871580343970612988)
    bought = swap_depth(ConstantProduct(), 1000.0, 1000.0, 0.003, paid[:1], False)
    sold = swap_depth(ConstantProduct(), 1000.0, 1000.0, 0.003, paid[:1], True)
    assert bought.spot_price[0] == pytest.approx(spot, rel=1e-14)
    assert sold.spot_price[0] == pytest.approx(1 / spot, rel=1e-14)


def test_a_bonding_curve_mints_and_burns():
    """With half of the supply backed, four times the reserve is twice the supply and price."""
    curve = BondingCurve(reserve_ratio=0.5)
    bought = swap_depth(curve, 100.0, 50.0, 0.0, np.array([150.0]), False)
    assert bought.payout[0] == pytest.approx(100.0) and bought.spot_price[0] == pytest.approx(2.0)
    sold = swap_depth(curve, 200.0, 200.0, 0.0, np.array([100.0]), True)
    assert sold.payout[0] == pytest.approx(150.0) and sold.spot_price[0] == pytest.approx(1.0)


@pytest.mark.parametrize("curve", [ConstantProduct(), Weighted(weight=0.8), StableSwap()])
@pytest.mark.parametrize("side", ["token", "numeraire"])
def test_pools_agree(curve, side):
    pool = Pool(curve, 900.0, 1100.0, fee=0.02)
    depth = swap_depth(curve, 900.0, 1100.0, 0.02, np.array([77.0]), side == "token")
    assert depth.payout[0] == pytest.approx(pool.swap_in(side, 77.0), rel=1e-12)
    assert depth.spot_price[0] == pytest.approx(pool.spot_price, rel=1e-12)


AMOUNTS = np.array([1e-3, 1.0, 20.0, 60.0, 150.0, 400.0, 1e5])


ENDS = ((-600, 1200, 3000.0), (900, 1800, 900.0), (-6000, -1200, 2000.0))


@pytest.mark.parametrize("side", ["token", "numeraire"])
def test_concentrated_pools_agree_through_ranges_and_gaps(side):
    """Each swap on its own, up to where no liquidity is left."""
    depth = concentrated_depth(_book(*ENDS), AMOUNTS, side == "token")
    for amount, payout, spot in zip(*(column.tolist() for column in depth), strict=True):
        after = _book(*ENDS)
        if expected := after.quote_in(side, amount):
            after.swap_in(side, amount)
            assert payout == pytest.approx(expected, rel=1e-12)
            assert spot == pytest.approx(after.spot_price, rel=1e-12)
        else:
            assert np.isnan(payout) and np.isnan(spot)
    assert np.isnan(depth.payout[-1]) and np.isfinite(depth.payout[3])


def _book(*positions):
    book = TickBook(price=1.1, fee=0.01, spacing=60)
    for position in positions:
        book.mint(*position)
    return book


@pytest.mark.parametrize("pays_token", [False, True])
def test_a_range_is_a_constant_product_of_virtual_reserves(pays_token):
    """Liquidity / root and liquidity x root, less what lies beyond its ends (Uniswap v3, 2.1)."""
    root, liquidity, paid = np.sqrt(1.1), 3000.0, np.array([10.0, 30.0])
    depth = concentrated_depth(_book(ENDS[0]), paid, pays_token)
    plain = swap_depth(
        ConstantProduct(), liquidity / root, liquidity * root, 0.01, paid, pays_token
    )
    np.testing.assert_allclose(depth.payout, plain.payout, rtol=1e-12)


def test_a_range_of_all_prices_is_a_constant_product():
    ends = np.zeros(1), np.full(1, np.inf)
    for pays_token in (False, True):
        pool = TickBook.of(1.0, 0.003, 60, *ends, np.full(1, 1000.0))
        paid = np.array([10.0, 400.0])
        plain = swap_depth(ConstantProduct(), 1000.0, 1000.0, 0.003, paid, pays_token)
        payout = concentrated_depth(pool, paid, pays_token).payout
        np.testing.assert_allclose(payout, plain.payout, rtol=1e-12)
