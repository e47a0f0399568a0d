"""What runs are estimated to take, beside what they took.

    python benchmarks/forecast.py

Variants of quickstart, each in a process of its own. Time is the processor's, for periods after the
second, so that neither compiling nor loading counts, and for writing the tables.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from simulator import Economy, Scenario
from simulator.running import start
from simulator.scenario import Forecast, forecast

QUICKSTART = Path(__file__).parents[1] / "scenarios" / "quickstart.yaml"
TASK, LEARNER = "federation.task", "federation.learner"
METHOD, PARTITION = "federation.contribution", "federation.partition"
CASES: dict[str, dict[str, Any]] = {
    "quickstart": {"periods": 300},
    "without a market": {
        "periods": 1000,
        "tokens.mechanism": {"kind": "cash"},
        **{f"clients.{group}.training_cost": 0.0 for group in range(3)},
        "investors": [],
        "liquidity_providers": [],
    },
    "16 clients": {"periods": 12, "clients.0.count": 14},
    "50 epochs": {
        "periods": 100,
        f"{LEARNER}.epochs": 50,
        **{f"clients.{group}.training_cost": 0.0 for group in range(3)},
    },
    "a network, 12 clients": {
        "periods": 20,
        LEARNER: {"kind": "mlp_classifier"},
        "clients.0.count": 10,
    },
    "coalitions by median": {
        "periods": 60,
        "federation.aggregation": {"kind": "median"},
        "federation.reconstruction": "aggregation",
    },
    "100 clients, permutations": {
        "periods": 60,
        METHOD: {"kind": "permutation_shapley"},
        PARTITION: {"kind": "iid"},
        "clients.0.count": 98,
    },
    "100,000 examples": {
        "periods": 60,
        TASK: {"kind": "synthetic", "examples": 100_000, "features": 50},
    },
    "60,000 investors": {"periods": 40} | {f"investors.{n}.count": 20_000 for n in range(3)},
    "600,000 investors, sums": {"periods": 12, "record": {"fills": "summary", "agents": "summary"}}
    | {f"investors.{n}.count": 200_000 for n in range(3)},
}


def main() -> None:
    """Print a row per variant; with a variant's name, compute it."""
    if len(sys.argv) > 1:
        print(json.dumps(_measured(sys.argv[1])))
        return
    print("|  | estimated s | took s | memory GB | used GB | disk MB | used MB |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in CASES:
        done = subprocess.run([sys.executable, __file__, name], check=True, capture_output=True)
        row = json.loads(done.stdout)
        print(f"| {name} | {' | '.join(map(_shown, row))} |", flush=True)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _measured(name: str) -> list[float]:
    scenario = Scenario.load(QUICKSTART, CASES[name])
    stamps: list[float] = []
    expected: list[Forecast] = []

    def progress(economy: Economy) -> None:
        stamps.append(time.process_time())
        if not expected:
            expected.append(forecast(economy.settings, economy.cohort))

    with TemporaryDirectory() as out:
        folder = start(scenario, out, progress=progress)
        stamps.append(time.process_time())
        disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    seconds = (stamps[-2] - stamps[2]) * scenario.periods / (scenario.periods - 2)
    took = seconds + stamps[-1] - stamps[-2]
    first = expected[0]
    return [first.seconds, took, first.memory / 1e9, memory / 1e9, first.disk / 1e6, disk / 1e6]


if __name__ == "__main__":
    main()
