"""What quickstart shows over many seeds: who is found out, and how close prices are to values.

    python benchmarks/quickstart_seeds.py [SEEDS]

Shares and prices are means of the last quarter; the gap is the largest ratio between a token's
price and its fundamental value after period 20, for tokens worth at least 5% of the median.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from simulator import Economy, Scenario

QUICKSTART = Path(__file__).parents[1] / "scenarios" / "quickstart.yaml"


def main() -> None:
    """Run the seeds one after the other and print a line for each."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    found = []
    for seed in range(1, seeds + 1):
        found.append(_one(seed))
        print(
            f"seed {seed:<3}", "  ".join(f"{name} {value:.3g}" for name, value in found[-1].items())
        )
    table = pd.DataFrame(found)
    print(
        "\n"
        + table.describe().loc[["mean", "min", "max"]].T.to_string(float_format="{:.3g}".format)
    )


def _one(seed: int) -> dict[str, float]:
    economy = Economy(Scenario.load(QUICKSTART, {"seed": seed}))
    kinds = np.array([behaviour.kind for behaviour in economy.settings.behaviours])
    honest, rider, flipper = (kinds == kind for kind in ("honest", "free_rider", "label_flip"))
    providers = economy.register.provider_accounts
    deposited, prices, values, shares = economy.wealth[providers].sum(), [], [], []
    for _ in range(economy.settings.periods):
        economy.step()
        prices.append(economy.spot_price)
        values.append(economy.fundamental_value)
        shares.append(economy.shares)
    price, value, share = np.array(prices), np.array(values), np.array(shares)
    late = price[-len(price) // 4 :].mean(axis=0), share[-len(share) // 4 :].mean(axis=0)
    counts = value >= 0.05 * np.median(value, axis=1, keepdims=True)
    ratio = np.where(counts, np.abs(np.log(price / np.where(counts, value, 1.0))), 0.0)
    gap = np.exp(ratio[20:].max(axis=0))
    return {
        "flipper_lowest": float(late[1][flipper].max() <= late[1].min()),
        "rider_next": float(late[1][rider].max() <= late[1][honest].min()),
        "attackers_cheapest": float(late[0][~honest].max() < late[0][honest].min()),
        "rank_correlation": float(pd.Series(late[0]).corr(pd.Series(late[1]), method="spearman")),
        "gap_honest": float(gap[honest].max()),
        "gap_rider": float(gap[rider].max()),
        "lp_return": float(economy.wealth[providers].sum() / deposited - 1),
    }


if __name__ == "__main__":
    main()
