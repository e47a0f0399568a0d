"""Kernels compiled ahead of their first use.

Numba compiles a kernel when it is first called with arguments of some types, and keeps the result
on disk. On a new installation that makes somebody wait, so it can be done beforehand.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import numpy as np

__all__ = ["ALL", "FIRST_RUN", "compile_kernels", "watched"]

ALL = 180
"""About how many functions are compiled for all kernels, numba's own included."""
FIRST_RUN = 145
"""About how many of these the quickstart needs."""

TINY: dict[str, Any] = {
    "periods": 2,
    "federation": {"task": {"kind": "wine"}},
    "clients": [{"count": 3}],
    "liquidity_providers": [{"count": 1, "deposit": 300}],
    "investors": [{"count": 4, "activity": 1}],
}
TWO_CLASSES = {"kind": "breast_cancer"}
VARIANTS: tuple[dict[str, Any], ...] = (
    {"market": {"curve": {"kind": "concentrated"}}, "record": {"fills": "summary"}},
    {
        "federation": {"task": TWO_CLASSES, "contribution": {"kind": "permutation_shapley"}},
        "clients": [{"count": 12, "policy": {"kind": "cover_costs"}}],
    },
    {"federation": {"task": TWO_CLASSES, "utility": {"kind": "accuracy"}}},
)
"""Changes to `TINY`: the runs of all these call every kernel but those that `_settle` calls."""


def compile_kernels() -> None:
    """Call every kernel, so that all those are compiled that are not on disk yet."""
    from simulator.economy import Economy
    from simulator.scenario import Scenario

    for changes in VARIANTS:
        economy = Economy(Scenario.model_validate(TINY | changes))
        for _ in range(economy.settings.periods):
            economy.step()
    _settle()


@contextmanager
def watched(compiled: Callable[[], None]) -> Iterator[None]:
    """Call `compiled` whenever numba begins to compile a function, which reading one is not."""
    from numba.core import event

    class Listener(event.Listener):
        def on_start(self, _: event.Event) -> None:
            compiled()

        def on_end(self, _: event.Event) -> None:
            pass

    with event.install_listener("numba:compile", Listener()):
        yield


def _settle() -> None:
    """Settle orders for nothing, with and without all that the kernel can be compiled without."""
    from simulator.ledger import Ledger
    from simulator.market import Concentrated, ConstantProduct, Orders, Pool, RangePool, settle
    from simulator.market.shuffling import shuffled

    kinds = ["outside", "investor", "pool", "pool", "pool", "pool_fees"]
    assets = ["numeraire", "token_0", "token_1", "lp_0", "lp_1"]
    ledger, curve, price = Ledger(kinds, assets), ConstantProduct(), 1.0
    pools = [Pool.on(ledger, curve, 0.01, account=2 + k, token=1 + k, share=3 + k) for k in (0, 1)]
    ranged = RangePool(ledger, Concentrated(), 0.01, 4, 2, 4, 5, price)
    one = np.array([1]), np.array([0]), np.array([False]), np.zeros(1), np.zeros(1)
    route = Orders.routes(np.array([1]), np.array([0]), np.array([1]), np.zeros(1), np.zeros(1))
    for second, gas, orders in product((pools[1], ranged), (0.0, 0.01), (Orders(*one), route)):
        settle(ledger, [pools[0], second], orders, gas)
    many = shuffled(Orders(*one), np.random.default_rng(0))
    many.moved(np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int64))
