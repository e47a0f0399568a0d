"""Kernels compiled ahead: none is missing that a shipped scenario or a kind of component calls."""

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from copy import deepcopy
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from numba.core.dispatcher import Dispatcher

import simulator
from simulator.compiling import TINY, compilation_listener, compile_kernels
from simulator.economy import Economy
from simulator.errors import ScenarioError
from simulator.ledger import Ledger
from simulator.scenario import Scenario
from simulator.scenario.catalogue import places

ROOT = Path(simulator.__file__).parents[1]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
MODULES = [
    "simulator.agents.strategies.kernels",
    "simulator.elementary_kernels",
    "simulator.federation.game_kernels",
    "simulator.federation.kernels",
    "simulator.market.kernels",
    "simulator.movements",
]
KINDS = [
    (path.replace("[]", ".0"), member.model_fields["kind"].default)
    for path, family in places(Scenario).items()
    if not isinstance(family, dict) and path != "events[]"
    for member in family
]


def calls() -> dict[str, set[object]]:
    """The signatures that each kernel has been called with in this process."""
    return {
        f"{module}.{name}": set(kernel.signatures)
        for module in MODULES
        for name, kernel in vars(import_module(module)).items()
        if isinstance(kernel, Dispatcher)
    }


def missed() -> list[str]:
    """What shipped scenarios and kinds of components call that was not compiled ahead."""
    compile_kernels()
    ahead = calls()
    for file in SCENARIOS:
        stepped(Scenario.load(file))
    for path, kind in KINDS:
        with suppress(ScenarioError):  # kinds that need further settings
            stepped(Scenario.model_validate(changed(path, kind)))
    return [f"{name} {new - ahead[name]}" for name, new in calls().items() if new - ahead[name]]


def changed(path: str, kind: str) -> dict[str, Any]:
    """The tiny scenario with one component of a kind."""
    settings = deepcopy(TINY)
    *parents, last = [int(name) if name == "0" else name for name in path.split(".")]
    place: Any = settings
    for parent in parents:
        place = place[parent] if isinstance(parent, int) else place.setdefault(parent, {})
    place[last] = {"kind": kind}
    return settings


def stepped(scenario: Scenario) -> None:
    economy = Economy(scenario)
    for _ in range(min(scenario.periods, 3)):
        economy.step()


@pytest.mark.slow
def test_nothing_else_is_compiled_later() -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
        assert fresh.submit(missed).result() == []


@pytest.mark.slow
def test_compiling_is_noticed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an empty cache there is something to compile, and the second time nothing."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    code = "from tests.test_compiling import counted; print(counted())"
    for expected in (True, False):
        command = [sys.executable, "-c", code]
        result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        assert (int(result.stdout) > 0) == expected


def counted() -> int:
    """Number of functions compiled for the sums of a ledger."""
    compiled: list[None] = []
    with compilation_listener(lambda: compiled.append(None)):
        Ledger(["outside", "one"], ["numeraire"]).audit()
    return len(compiled)


def test_a_kernel_calls_only_kernels_of_its_own_file() -> None:
    """Numba looks at no other file when it decides whether to compile a kernel again."""
    for module in MODULES:
        values = vars(import_module(module)).values()
        kernels = [value for value in values if isinstance(value, Dispatcher)]
        assert kernels and {kernel.py_func.__module__ for kernel in kernels} == {module}


def test_every_file_of_kernels_is_looked_at() -> None:
    files = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in Path(simulator.__file__).parent.rglob("*.py")
        if "numba.njit" in file.read_text("utf-8")
    ]
    assert sorted(files) == MODULES
