"""What agents cost: in groups, asked one by one, and looked at by a DataCollector.

    python benchmarks/agents.py

Periods of quickstart with one group of noise traders, and contributions that cost nothing. The runs
take turns, so that a busy machine slows all alike; the last column is relative to 10 investors.
"""

from pathlib import Path
from statistics import median

import mesa
import numpy as np
from step import timed

from simulator import Economy, Scenario
from simulator.agents.investor import Investor
from simulator.market import MarketView, Orders

QUICKSTART = Path(__file__).parents[1] / "scenarios" / "quickstart.yaml"
PERIODS = 40


class Trader(Investor):
    """Spends a hundredth of its cash on a random token."""

    def decide(self, view: MarketView) -> Orders:
        token = int(self.draws.integers(len(view.spot_price)))
        return self.purchase(token, self.numeraire / 100)


def economy(investors: int, groups: int = 1, own: bool = False) -> Economy:
    """So many investors in so many equal groups."""
    group = {"count": investors // groups, "activity": 1.0, "strategy": {"kind": "noise"}}
    changes = {"investors": [group] * groups, "federation.contribution": {"kind": "equal"}}
    return Economy(Scenario.load(QUICKSTART, changes), {"investors/0": Trader} if own else None)


def main() -> None:
    """Time every run in every period, and print medians."""
    runs = {
        "10 investors, one group": economy(10),
        "10 investors, 10 groups": economy(10, 10),
        "1,000 investors, one group": economy(1000),
        "1,000 investors, asked one by one": economy(1000, own=True),
    }
    collector = mesa.DataCollector(agent_reporters={"wealth": "wealth"})
    watched = runs["1,000 investors, one group"]
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    calls = [timed(run.step, seconds[name]) for name, run in runs.items()]
    collecting = seconds["collecting the wealth of 1,000"] = []
    calls.append(timed(lambda: collector.collect(watched), collecting))
    for _ in range(PERIODS):
        for call in calls:
            call()
    least = median(seconds["10 investors, one group"])
    print(f"median of {PERIODS} periods                    ms   relative")
    for name, times in seconds.items():
        print(f"{name:<36} {median(times) * 1e3:6.2f}   {median(times) / least:7.2f}")
    one, ten = (np.median(seconds[f"10 investors, {many}"]) for many in ("one group", "10 groups"))
    print(f"one more group costs {(ten - one) / 9 * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
