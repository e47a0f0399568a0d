"""What the parts of `run quickstart` take, beside importing the packages that it needs.

    python benchmarks/start.py

Every turn runs three fresh processes one after the other: bare imports, the run, and the run with a
clock on its parts. The table has medians of the turns, in seconds and as ratios to bare imports.
"""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

TURNS = 7
BARE = "import numpy, sklearn.linear_model, mesa, pandas"
ARGUMENTS = ["run", "quickstart", "--quiet", "--out"]

Seconds = dict[str, float]


def main() -> None:
    """Measure all turns and print the table."""
    from machine import processor

    bare, whole, parts = list[float](), list[float](), defaultdict[str, list[float]](list)
    with TemporaryDirectory() as out:
        _output("-m", "simulator", *ARGUMENTS, out)  # compiles what is not compiled yet
        for _ in range(TURNS):
            bare.append(_seconds("-c", BARE))
            whole.append(_seconds("-m", "simulator", *ARGUMENTS, out))
            start = time.perf_counter()
            seconds: Seconds = json.loads(_output(__file__, out).splitlines()[-1])
            seconds["rest"] = time.perf_counter() - start - sum(seconds.values())
            for name, value in seconds.items():
                parts[name].append(value)
    rows = {"bare imports": bare, "run quickstart": whole, **parts}
    print(f"{processor()}\n{f'medians of {TURNS} turns':<24} seconds   of bare imports")
    for name, values in rows.items():
        ratios = [value / beside for value, beside in zip(values, bare, strict=True)]
        print(f"{name:<24} {median(values):7.2f}   {median(ratios):15.2f}")


def run_with_clock(out: str) -> None:
    """Run quickstart in this process; the last line printed has the seconds of each part."""
    seconds: Seconds = {}
    start = time.perf_counter()
    from simulator.heap import lasting_objects

    with lasting_objects():  # as in the command
        import simulator.analysis.figures
        import simulator.economy.model
        import simulator.movements
        import simulator.running.computing
        import simulator.running.runs
        import simulator.scenario.loading
        from simulator.cli import main as command
        from simulator.recording import Recorder

    seconds["imports"] = time.perf_counter() - start
    for part, owner, name in [
        ("reading the scenario", simulator.scenario.loading, "load_with_entries"),
        ("data", simulator.scenario.Scenario, "gather"),
        ("set-up", simulator.running.runs, "set_up"),
        ("periods", simulator.running.computing, "_advance"),
        ("compaction", Recorder, "compact"),
        ("figure", simulator.analysis.figures, "save_overview"),
        ("summary", simulator.running.folder, "write_summary"),
    ]:
        setattr(owner, name, _with_clock(getattr(owner, name), part, seconds))
    try:
        command([*ARGUMENTS, out])
    finally:
        seconds["set-up"] -= seconds["data"]
        print(json.dumps(seconds))


def _with_clock(function: Callable[..., Any], part: str, seconds: Seconds) -> Callable[..., Any]:
    """The same function, which adds the seconds of each call to those of a part."""

    def called(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            seconds[part] = seconds.get(part, 0.0) + time.perf_counter() - start

    return called


def _seconds(*arguments: str) -> float:
    """Seconds that Python takes with these arguments, in a fresh process."""
    start = time.perf_counter()
    _output(*arguments)
    return time.perf_counter() - start


def _output(*arguments: str) -> str:
    """What Python prints with these arguments, in a fresh process that keeps its bytecode."""
    command = [sys.executable, *arguments]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=kept).stdout


if __name__ == "__main__":
    run_with_clock(sys.argv[1]) if len(sys.argv) > 1 else main()
