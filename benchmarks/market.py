"""How many orders per second settle: compiled, in plain Python, and by other simulators.

    python benchmarks/market.py

Random orders of many accounts in 20 pools, one thread: checked, settled on the ledger's rows and
returned as fills, with the flows noted. The limit is a loop of additions and divisions, each of
which waits for the last, as an order waits for the reserves that another left. Medians. Where
uniswappy or curvesim is installed, the same swaps one by one are compared with theirs.
"""

import logging
import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from typing import Any

import numba
import numpy as np
from machine import processor
from threadpoolctl import threadpool_limits

from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import (
    BondingCurve,
    Concentrated,
    ConcentratedPool,
    ConstantProduct,
    Curve,
    Orders,
    Pool,
    Pools,
    StableSwap,
    Weighted,
    settle,
    settle_plain,
)

TURNS, RUNS, POOLS, ORDERS = 5, 5, 20, 200_000
MIXED = (ConstantProduct(), Weighted(weight=0.2), StableSwap(), Concentrated(), BondingCurve())
RANGES = ((0.0, np.inf), (0.5, 2.0), (0.9, 1.1))  # of the positions in concentrated pools


class Exchange:
    """Pools on a ledger with many accounts, and orders for them."""

    def __init__(self, accounts: int, curves: tuple[Curve, ...], orders: int) -> None:
        draws = np.random.default_rng(0)
        names = [f"token_{k}" for k in range(POOLS)] + [f"lp_{k}" for k in range(POOLS)]
        kinds = ["outside", *["investor"] * accounts, *["provider"] * len(RANGES)]
        self.owner, self.first = accounts + 1, len(kinds)
        kinds += [*["pool"] * POOLS, *["pool_fees"] * POOLS]
        self.ledger = Ledger(kinds, ["numeraire", *names])
        self.ledger.balances[1 : self.first, : 1 + POOLS] = 1e6
        self.ledger.balances[OUTSIDE, : 1 + POOLS] = -1e6 * (self.first - 1)
        self.pools = Pools(self._pool(k, curves[k % len(curves)]) for k in range(POOLS))
        self.start = self.ledger.balances[:, NUMERAIRE].copy()
        self.orders = Orders(
            draws.integers(1, self.owner, orders),
            draws.integers(0, POOLS, orders),
            draws.random(orders) < 0.5,
            draws.lognormal(0, 1, orders),
            np.zeros(orders),
        )

    def _pool(self, number: int, curve: Curve) -> Pool:
        place = self.first + number, 1 + number, 1 + POOLS + number
        if isinstance(curve, Concentrated):
            ranged = ConcentratedPool(self.ledger, curve, 0.003, *place, place[0] + POOLS, 1.0)
            for owner, (lower, upper) in enumerate(RANGES, self.owner):
                ranged.add_liquidity(2e4, 2e4, account=owner, lower=lower, upper=upper)
            return ranged
        pool = Pool.on(self.ledger, curve, 0.003, *place)
        if isinstance(curve, BondingCurve):
            backing = pool.reserve_token * curve.reserve_ratio  # for a price of one
            self.ledger.transfer("endowment", NUMERAIRE, OUTSIDE, pool.account, backing)
        else:
            pool.add_liquidity(curve.balanced(1.0) * 2e4, 2e4, account=self.owner)
        return pool


@numba.njit
def _dependent(count: int) -> float:
    reserve = 1.0
    for _ in range(count):
        reserve = 1.0 / (reserve + 1.0)
    return reserve


def main() -> None:
    """Print millions of orders per second."""
    print(processor())
    few, mixed = Exchange(10_000, (ConstantProduct(),), ORDERS), Exchange(10_000, MIXED, ORDERS)
    many = Exchange(1_000_000, (ConstantProduct(),), 5 * ORDERS)
    plain = Exchange(100, (ConstantProduct(),), 2000)
    ways: dict[str, tuple[int, Callable[[], Any]]] = {
        "add and divide, one after the other": (ORDERS, lambda: _dependent(ORDERS)),
        "constant product, 10,000 accounts": (ORDERS, lambda: _settled(few)),
        "mix of five curves, 10,000 accounts": (ORDERS, lambda: _settled(mixed)),
        "constant product, 1,000,000 accounts": (5 * ORDERS, lambda: _settled(many)),
        "plain Python": (2000, lambda: settle_plain(plain.ledger, plain.pools, plain.orders)),
    }
    if find_spec("uniswappy"):
        ways["uniswappy, one pool"] = 500, _peer("uniswappy", _uniswappy, ConstantProduct(), 500)
    if find_spec("curvesim"):
        ways["curvesim, one stableswap"] = 2000, _peer("curvesim", _curvesim, StableSwap(), 2000)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    with threadpool_limits(1):
        for turn in range(TURNS + 1):
            for name, (_, work) in ways.items():
                for _ in range(RUNS):
                    start = time.perf_counter()
                    work()
                    if turn:  # the first compiles
                        seconds[name].append(time.perf_counter() - start)
    ours = ORDERS / median(seconds["constant product, 10,000 accounts"])
    for name, (orders, _) in ways.items():
        speed = orders / median(seconds[name])
        print(f"{name:<38} {speed / 1e6:10.4f} million orders/s {ours / speed:10,.1f} x slower")


def _settled(exchange: Exchange) -> None:
    filled = settle(exchange.ledger, exchange.pools, exchange.orders).filled
    assert filled.mean() > 0.99
    exchange.ledger.take_flows()


def _peer(
    name: str, made: Callable[[], Callable[[int], float]], curve: Curve, orders: int
) -> Callable[[], Any]:
    """So many swaps by another simulator, which are compared with ours first."""
    swap, ours = made(), Pool(curve, 20_000, 20_000, fee=0.003)
    apart = [
        abs(swap(number) / ours.swap_in("numeraire" if number % 2 else "token", _paid(number)) - 1)
        for number in range(orders)
    ]
    print(f"{name}: payouts of {orders} swaps differ from ours by up to {max(apart):.1e}")
    assert max(apart) < 1e-9
    swap = made()
    return lambda: [swap(number) for number in range(orders)]


def _paid(number: int) -> float:
    """What a swap pays in: tokens for even numbers, numeraire for odd ones."""
    return 1.0 + number % 7


def _uniswappy() -> Callable[[int], float]:
    """Swaps by number in a constant-product pool of uniswappy."""
    from uniswappy import ERC20, Swap, UniswapExchangeData, UniswapFactory

    token, numeraire = ERC20("TKN", "0x01"), ERC20("NUM", "0x02")
    data = UniswapExchangeData(tkn0=token, tkn1=numeraire, symbol="LP", address="0x03")
    pool = UniswapFactory("factory", "0x04").deploy(data)
    pool.add_liquidity("user", 20_000.0, 20_000.0, 20_000.0, 20_000.0)

    def swap(number: int) -> float:
        paid = numeraire if number % 2 else token
        return float(Swap().apply(pool, paid, "user", _paid(number)))

    return swap


def _curvesim() -> Callable[[int], float]:
    """Swaps by number in a stableswap pool of curvesim, in whole units of 1e-18."""
    from curvesim.pool import make

    logging.disable(logging.INFO)  # on import it turns on everybody's
    pool = make(A=100, D=40_000 * 10**18, n=2, fee=30_000_000)

    def swap(number: int) -> float:
        paid = int(_paid(number)) * 10**18
        return float(pool.exchange(number % 2, 1 - number % 2, paid)[0]) / 1e18

    return swap


if __name__ == "__main__":
    main()
