"""How deciding and trading grow with the number of investors, as a picture.

    python benchmarks/population.py docs/population.png

20 tokens; 40% fundamentalists, 20% momentum followers and 40% noise traders, of whom 30% are active
in a period, as in quickstart; markets about as deep for each investor as there, and at most 10,000
agents. Each size runs in a process of its own, for its peak of memory, which tables are part of;
times are medians of the periods after the first, on one thread. The numbers are written beside the
picture, as CSV.
"""

import resource
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from step import timed

from simulator import Economy, Scenario
from simulator.economy import trading

SIZES, PERIODS, TOKENS = (1_000, 10_000, 100_000, 1_000_000), 6, 20
QUICKSTART = Path(__file__).parents[1] / "scenarios" / "quickstart.yaml"
PARTS = {"fundamentalist": 0.4, "momentum": 0.2, "noise": 0.4}


def main() -> None:
    """Measure, and write the picture and the table."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path, help="where to write it; the table goes beside it")
    picture = parser.parse_args().picture
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        table = pd.DataFrame(pool.map(measured, SIZES))
    table.round(5).to_csv(picture.with_suffix(".csv"), index=False)
    print(table.to_string(index=False))
    _draw(table).savefig(picture, dpi=110)


def economy(investors: int, activity: float = 0.3) -> Economy:
    """A run with so many investors and as deep a market for each of them."""
    groups = [
        {
            "count": round(part * investors),
            "accounts_per_agent": max(investors // 10_000, 1),
            "strategy": {"kind": kind},
            "activity": activity,
        }
        for kind, part in PARTS.items()
    ]
    settings: dict[str, Any] = {
        "investors": groups,
        "clients": [{"count": TOKENS}],
        "federation.contribution": {"kind": "data_size"},
        "liquidity_providers": [{"count": 2, "deposit": 2000.0 * investors / 60}],
        "market.launch.supply": 2000.0 * investors / 60,
        "record": {"agents": "summary", "fills": "summary"},
    }
    return Economy(Scenario.load(QUICKSTART, settings))


def measured(investors: int) -> dict[str, float]:
    """Orders, seconds and memory of so many investors."""
    run, orders = economy(investors), list[int]()
    seconds: dict[str, list[float]] = {"decide": [], "trade": []}
    decide, trade = (timed(getattr(trading, name), times) for name, times in seconds.items())

    def counted(*arguments: Any) -> Any:
        placed = decide(*arguments)
        orders.append(len(placed))
        return placed

    with patch.multiple(trading, decide=counted, trade=trade):
        for _ in range(PERIODS):
            run.step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    deciding, settling = (median(times[1:]) for times in seconds.values())
    return {
        "investors": investors,
        "orders_per_investor": median(orders[1:]) / investors,
        "decide_seconds": deciding,
        "trade_seconds": settling,
        "seconds": deciding + settling,
        "peak_gigabytes": peak,
    }


def _draw(table: pd.DataFrame) -> Figure:
    figure, (times, memory) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for column, label in (
        ("seconds", "both"),
        ("decide_seconds", "decide"),
        ("trade_seconds", "trade"),
    ):
        times.plot(table["investors"], table[column], "o-", label=label, markersize=4)
    last = table.iloc[-1]
    times.plot(
        table["investors"],
        table["investors"] * last["seconds"] / last["investors"],
        "k:",
        label="linear",
    )
    memory.plot(table["investors"], table["peak_gigabytes"], "o-", markersize=4)
    most = table["orders_per_investor"].max()
    times.set(ylabel="seconds per period", title=f"{TOKENS} tokens, up to {most:.1f} orders each")
    memory.set(ylabel="GB", title="peak of memory")
    for plot in (times, memory):
        plot.set(xscale="log", yscale="log", xlabel="investors")
        plot.grid(alpha=0.3)
    times.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
