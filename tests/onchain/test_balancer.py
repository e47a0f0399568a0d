"""Our weighted curve against Balancer's mathematics, compiled from its published source."""

from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pytest

from simulator.market import Pool, Weighted
from tests.onchain.chain import Chain, Contract, compiled

UNIT = 10**18
ROUNDED_DOWN = 1.1e-14
"""Part of the reserve that Balancer withholds: it rounds its power up by 1e-14 of itself."""

SOURCE = """
pragma solidity ^0.7.0;
import "@balancer-labs/v2-pool-weighted/contracts/WeightedMath.sol";

contract Ours is WeightedMath {
    function out(uint x, uint wx, uint y, uint wy, uint a) external pure returns (uint) {
        return _calcOutGivenIn(x, wx, y, wy, a);
    }
}
"""


@pytest.fixture(scope="module")
def balancer(packages: Path) -> Contract:
    return Chain(packages).deploy(compiled(packages, "Ours", SOURCE))


def exact(x: int, w: int, y: int, v: int, a: int) -> Decimal:
    """The formula in 60 digits."""
    with localcontext() as context:
        context.prec = 60
        return y * (1 - (Decimal(x) / (x + a)) ** (Decimal(w) / v))


def ours(x: int, w: int, y: int, a: int, side: str = "token") -> float:
    if side == "token":
        return Pool(Weighted(weight=w / UNIT), x / UNIT, y / UNIT, 0.0).quote_in(side, a / UNIT)
    weight = (UNIT - w) / UNIT
    return Pool(Weighted(weight=weight), y / UNIT, x / UNIT, 0.0).quote_in(side, a / UNIT)


def test_the_known_answer(balancer):
    # MODEL.md section 4
    x, w, y, a = 1000 * UNIT, UNIT // 25, 10**6 * UNIT, UNIT
    assert balancer("out", x, w, y, UNIT - w, a) / UNIT == pytest.approx(41.64498, abs=5e-6)
    assert ours(x, w, y, a) == pytest.approx(41.64498, abs=5e-6)


@pytest.mark.parametrize("side", ["token", "numeraire"])
def test_payouts_are_balancers_less_what_it_rounds_down(balancer, side):
    draws = np.random.default_rng(1)
    for _ in range(1000):
        x, y = (int(10 ** draws.uniform(20, 27)) for _ in range(2))
        w, a = int(draws.uniform(0.02, 0.98) * UNIT), int(x * 10 ** draws.uniform(-9, -0.53))
        theirs = balancer("out", x, w, y, UNIT - w, a)
        mine = ours(x, w, y, a, side)
        truth = exact(x, w, y, UNIT - w, a)
        assert mine == pytest.approx(float(truth / UNIT), rel=1e-12)
        assert theirs / UNIT <= mine * (1 + 1e-12)
        assert theirs / UNIT == pytest.approx(mine, rel=1e-9, abs=ROUNDED_DOWN * y / UNIT)
