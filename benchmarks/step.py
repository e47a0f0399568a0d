"""What a period costs, phase by phase, with 10 clients and 100 investors.

    python benchmarks/step.py

The last column puts each phase in relation to learning and assessing, measured in the same run.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from machine import processor

from simulator import Economy, Scenario
from simulator.economy import learning, rewarding, trading
from simulator.recording import Recorder
from simulator.tables import TABLES

PERIODS = 120
DESKS = {
    "learn": learning,
    "assess": learning,
    "reward": rewarding,
    "view": trading,
    "decide": trading,
    "trade": trading,
}
QUICKSTART = Path(__file__).parents[1] / "scenarios" / "quickstart.yaml"


def main() -> None:
    """Time every phase of every period and print medians."""
    print(processor())
    scenario = Scenario.load(
        QUICKSTART, {"investors.0.count": 40, "investors.1.count": 20, "investors.2.count": 40}
    )
    economy, seconds = Economy(scenario), defaultdict[str, list[float]](list)
    for phase, desk in DESKS.items():
        setattr(desk, phase, timed(getattr(desk, phase), seconds[phase]))
    economy.record = timed(economy.record, seconds["record"])  # type: ignore[method-assign]
    step = timed(economy.step, seconds["step"])
    for _ in range(PERIODS):
        step()
    files = _writing_seconds(economy)
    _report(seconds, files)


def timed(function: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """The same function, which notes how long each call takes."""

    def called(*arguments: Any) -> Any:
        start = time.perf_counter()
        result = function(*arguments)
        seconds.append(time.perf_counter() - start)
        return result

    return called


def _writing_seconds(economy: Economy) -> float:
    """Seconds to write one part with all tables and one checkpoint, as happens once a second."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder), TABLES, economy.register.categories)
        recorder.append(economy.period, economy.tables)
        start = time.perf_counter()
        recorder.checkpoint(economy.period, economy.save())
        seconds = time.perf_counter() - start
    return seconds


def _report(seconds: dict[str, list[float]], files: float) -> None:
    federated = median(map(sum, zip(seconds["learn"], seconds["assess"], strict=True)))
    phases = [*DESKS, "record"]
    rest = [sum(times) for times in zip(*(seconds[phase] for phase in phases[2:]), strict=True)]
    print(f"median of {PERIODS} periods       ms   of learn + assess")
    for phase, times in (seconds | {"all but learn, assess": rest}).items():
        print(f"{phase:<24} {median(times) * 1e3:6.2f}   {median(times) / federated:8.1%}")
    print(f"files, once a second     {files * 1e3:6.2f}   {files:8.1%} of that second")


if __name__ == "__main__":
    main()
