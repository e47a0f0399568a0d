"""Kernels compiled ahead of their first use.

Numba compiles a kernel on its first call with given argument types, and caches the result on disk.
A new installation can compile all kernels at once, so that no run has to wait.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import numpy as np

__all__ = ["ALL_KERNELS", "FIRST_RUN", "compilation_listener", "compile_kernels"]

ALL_KERNELS = 197
"""Approximate number of functions compiled for all kernels, including numba's own."""
FIRST_RUN = 161
"""Approximate number of functions that the quickstart compiles."""

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
"""Changes to `TINY`. Their runs, `_learn_by_weight` and `_settle` call every kernel."""


def compile_kernels() -> None:
    """Compile every kernel that is not on disk yet, by calling each one."""
    from simulator.economy import Economy
    from simulator.scenario import Scenario

    for changes in VARIANTS:
        economy = Economy(Scenario.model_validate(TINY | changes))
        for _ in range(economy.settings.periods):
            economy.step()
    _learn_by_weight()
    _settle()


@contextmanager
def compilation_listener(on_compile: Callable[[], None]) -> Iterator[None]:
    """Call `on_compile` when numba starts to compile a function, not when it loads one."""
    from numba.core import event

    class Listener(event.Listener):
        def on_start(self, _: event.Event) -> None:
            on_compile()

        def on_end(self, _: event.Event) -> None:
            pass

    with event.install_listener("numba:compile", Listener()):
        yield


def _learn_by_weight() -> None:
    """Train and judge on an example that has a weight, as only users' own tables do."""
    from simulator.federation import SgdClassifier, Split

    example, learner = Split(np.zeros((1, 1)), np.zeros(1, np.int64), np.ones(1)), SgdClassifier()
    learner.train_all(np.zeros(2), np.ones(1), [example], 2, [0])
    for outputs in (1, 2):
        learner.log_likelihood(np.zeros((1, outputs, 1)), example.labels, example.weights)


def _settle() -> None:
    """Settle orders of amount 0 in every combination of pools and costs."""
    from simulator.ledger import Ledger
    from simulator.market import (
        Concentrated,
        ConcentratedPool,
        ConstantProduct,
        Orders,
        Pool,
        settle,
    )
    from simulator.market.shuffling import shuffled

    kinds = ["outside", "investor", "pool", "pool", "pool", "pool_fees"]
    assets = ["numeraire", "token_0", "token_1", "lp_0", "lp_1"]
    ledger, curve, price = Ledger(kinds, assets), ConstantProduct(), 1.0
    pools = [Pool.on(ledger, curve, 0.01, account=2 + k, token=1 + k, share=3 + k) for k in (0, 1)]
    ranged = ConcentratedPool(ledger, Concentrated(), 0.01, 4, 2, 4, 5, price)
    order = np.array([1]), np.array([0]), np.array([False]), np.zeros(1), np.zeros(1)
    for second, gas in product((pools[1], ranged), (0.0, 0.01)):
        settle(ledger, [pools[0], second], Orders(*order), gas)
    orders = shuffled(Orders(*order), np.random.default_rng(0))
    orders.take_packed(np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int64))
