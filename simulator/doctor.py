"""Checks of an installation, made by using it."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from simulator.caching import REMEDY, is_temporary

__all__ = ["Check", "examine"]


class Check(NamedTuple):
    """Result of one check: whether it passed, and what it found."""

    name: str
    good: bool
    found: str


def examine(compiles: bool = False) -> Iterator[Check]:
    """Examine packages, kernels, threads and a tiny run; `compiles`: compile all kernels too."""
    return (_result(name, check) for name, check in _checks(compiles))


def _checks(compiles: bool) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "versions", _versions
    yield "shipped scenarios", _shipped
    if compiles:
        yield "all kernels", _compile
    yield "compiled kernels", _cache_folder
    yield "settling kernel", _settle_swap
    yield "a tiny run, verified", _tiny_run
    yield "processors", lambda: f"{os.cpu_count()}; a run uses one thread"


def _result(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except Exception as error:
        return Check(name, False, f"{type(error).__name__}: {error}")


def _versions() -> str:
    from simulator.running import versions

    return ", ".join(f"{name} {number}" for name, number in versions().items())


def _shipped() -> str:
    from importlib.resources import files

    names = sorted(Path(str(path)).name for path in files("simulator.shipped").iterdir())
    return ", ".join(name for name in names if name.endswith(".yaml"))


def _compile() -> str:
    from simulator.compiling import compilation_listener, compile_kernels

    compiled, started = list[None](), time.perf_counter()
    with compilation_listener(lambda: compiled.append(None)):
        compile_kernels()
    if not compiled:
        return "were compiled already"
    return f"{len(compiled)} functions compiled in {time.perf_counter() - started:.0f} s"


def _cache_folder() -> str:
    """The folder in which numba caches compiled kernels."""
    from numba.core.dispatcher import Dispatcher

    from simulator.movements import move

    kernel: Any = move  # a plain function where numba is switched off
    if not isinstance(kernel, Dispatcher):
        return "none: NUMBA_DISABLE_JIT is set"
    folder = Path(str(kernel.stats.cache_path))
    if folder.parent == Path(os.environ.get("NUMBA_CACHE_DIR", "")):
        folder = folder.parent
    if is_temporary():
        return REMEDY
    return f"in {folder}, which may be deleted at any time"


def _settle_swap() -> str:
    """Settle Uniswap v2's own example swap with the compiled kernel and check its payout."""
    import numpy as np

    from simulator.ledger import Ledger
    from simulator.market import ConstantProduct, Orders, Pool, settle

    ledger = Ledger(["outside", "pool", "trader"], ["numeraire", "token", "lp"])
    ledger.balances[1:, :2] = 1000.0
    pool = Pool.on(ledger, ConstantProduct(), 0.003, account=1, token=1, share=2)
    order = Orders(np.array([2]), np.array([0]), np.array([True]), np.array([10.0]), np.zeros(1))
    payout = float(settle(ledger, [pool], order).amount_out[0])
    if abs(payout - 9.871580343970613) > 1e-12:
        raise ArithmeticError(f"10 in paid {payout!r}")
    return "compiled and right"


def _tiny_run() -> str:
    from simulator.federation import Federation, LeaveOneOut
    from simulator.running import run, verify
    from simulator.scenario import Scenario

    scenario = Scenario(name="doctor", periods=2, federation=Federation(contribution=LeaveOneOut()))
    with tempfile.TemporaryDirectory() as folder:
        differences = verify(run(scenario, folder))
    if set(differences.values()) != {"identical"}:
        raise ArithmeticError(f"a second run differs: {differences}")
    return "the same tables twice"
