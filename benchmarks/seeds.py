"""What a scenario shows over many seeds: who is found out, and how close prices are to values.

    python benchmarks/seeds.py [--seeds 20] [SCENARIO ...]

Shares and prices are means of the last quarter; pay is `attackers_pay`. The gap is the largest
ratio of a token's price and its fundamental value after period 20, while it is worth at least 5% of
the median (`price_gap`).
"""

import argparse
import math
import tempfile
from pathlib import Path

import pandas as pd

from simulator import Scenario
from simulator.analysis import (
    Run,
    attackers_pay,
    largest_gap,
    load_run,
    price_share_correlation,
)
from simulator.running import start

SCENARIOS = Path(__file__).parents[1] / "scenarios"


def main() -> None:
    """Run the seeds one after the other and print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("scenarios", nargs="*", default=["quickstart"], metavar="SCENARIO")
    parser.add_argument("--seeds", type=int, default=20, help="number of seeds, from 1")
    chosen = parser.parse_args()
    if chosen.seeds < 1:
        parser.error("--seeds must be at least 1")
    for name in chosen.scenarios:
        found = [_shown(name, seed) for seed in range(1, chosen.seeds + 1)]
        table = pd.DataFrame(found).describe().loc[["count", "mean", "min", "max"]].T
        print(f"\n{name}\n{table.to_string(float_format='{:.3g}'.format)}", flush=True)


def _shown(name: str, seed: int) -> dict[str, float]:
    file = SCENARIOS / f"{name}.yaml" if not name.endswith(".yaml") else Path(name)
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_run(start(Scenario.load(file, {"seed": seed}), folder))
        shown = _measured(loaded)
    print(f"seed {seed:<3}", "  ".join(f"{key} {value:.3g}" for key, value in shown.items()))
    return shown


def _measured(loaded: Run) -> dict[str, float]:
    share = _late(loaded, loaded.clients, "client", "share")
    price = _late(loaded, loaded.pools, "token", "spot_price").rename(loaded.issuers)
    gaps = largest_gap(loaded).rename(loaded.issuers)
    kinds: dict[str, list[str]] = {}
    for client, kind in loaded.behaviours.items():
        kinds.setdefault(kind, []).append(client)
    honest, attackers = kinds.get("honest", []), sorted(kinds.keys() - {"honest"})
    shown = {"rank_correlation": price_share_correlation(loaded)}
    for kind in attackers if share.any() else ():
        shown[f"{kind}_below_honest"] = float(share[kinds[kind]].max() <= share[honest].min())
        shown[f"{kind}_cheaper"] = float(price[kinds[kind]].max() < price[honest].min())
    if attackers == ["free_rider", "label_flip"] and share.any():
        lowest = float(share[kinds["label_flip"]].max() <= share.min())
        shown["flipper_lowest_rider_next"] = lowest * shown["free_rider_below_honest"]
    shown |= {f"gap_{kind}": float(gaps[members].max()) for kind, members in kinds.items()}
    pay = attackers_pay(loaded).groupby("behaviour")["percent"].mean()
    shown |= {f"pay_{kind}": float(pay[kind]) for kind in attackers}
    wealth = _providers_wealth(loaded)
    shown["lp_return"] = wealth.iloc[-1] / wealth.iloc[0] - 1 if len(wealth) else math.nan
    shown["accuracy"] = float(loaded.periods["accuracy"].iloc[-1])
    return shown


def _providers_wealth(loaded: Run) -> "pd.Series[float]":
    providers = loaded.agents[loaded.agents["kind"] == "liquidity_provider"]
    wealth: pd.Series[float] = providers.groupby("period")["wealth"].sum()
    return wealth


def _late(loaded: Run, rows: pd.DataFrame, name: str, value: str) -> "pd.Series[float]":
    last = loaded.periods["period"].max()
    late = rows[rows["period"] > last - math.ceil(last / 4)]
    means: pd.Series[float] = late.groupby(late[name].astype(str))[value].mean()
    return means


if __name__ == "__main__":
    main()
