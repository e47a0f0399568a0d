"""Who gains and who pays when a client joins a running federation."""

import math

import pandas as pd

from .hindsight import realised_values
from .load import Run
from .rewards import client_rewards
from .wealth import growth_by_kind

SOON = 10
"""Number of periods after joining at which `share_soon` is measured."""


def joining_results(run: Run) -> pd.Series:
    """Effects of the clients of the last group, the newcomers, on all others; their tokens' prices.

    | name | meaning |
    |---|---|
    | `accuracy`, `revenue` | of the last period; of all periods, numeraire |
    | `newcomers`, `others` | `total` of `client_rewards`: mean over the last group; honest others |
    | `all_clients` | `total`, sum over all clients |
    | `liquidity_providers`, `investors` | growth of their wealth, % |
    | `share_soon` | newcomers' mean share 10 periods after they joined, % |
    | `lowest_price`, `last_price` | of their tokens since the launch, in launch prices |
    | `realised_value` | `realised_values` of a token from the launch on, in launch prices |

    The last four are NaN while the group has not joined; the last three also without own tokens.
    """
    rewards, grown = client_rewards(run), growth_by_kind(run)
    group = run.scenario["clients"][-1]
    new = rewards.index[-int(group["count"]) :]
    others = rewards["behaviour"].astype(str).eq("honest") & ~rewards.index.isin(new)
    results = {
        "accuracy": run.periods["accuracy"].iloc[-1],
        "revenue": run.periods["revenue"].sum(),
        "newcomers": rewards["total"][new].mean(),
        "others": rewards["total"][others].mean(),
        "all_clients": rewards["total"].sum(),
        "liquidity_providers": grown.get("liquidity_provider", math.nan),
        "investors": grown.get("investor", math.nan),
    }
    return pd.Series(results | _since(run, new, int(group["joins"])))


def _since(run: Run, new: pd.Index, joins: int) -> dict[str, float]:
    """Share and token prices of the `new` clients, who join in period `joins`."""
    launch = joins if joins > 1 else 0
    rows = run.clients.astype({"client": str}).set_index("period")
    share = rows[rows["client"].isin(new)].groupby("period")["share"].mean()
    tokens = [run.token_of[client] for client in new if client in run.issuers.values()]
    results = {"share_soon": 100 * float(share.get(launch + SOON, math.nan))}
    names = "lowest_price", "last_price", "realised_value"
    if not tokens or launch > share.index.max():
        return results | dict.fromkeys(names, math.nan)
    values = realised_values(run).reset_index()
    values = values[values["token"].isin(tokens)].groupby("period").mean(numeric_only=True)
    values /= float(run.scenario["market"]["launch"]["price"])
    price, realised = values["spot_price"], values["realised_value"]
    ends = price.loc[launch:].min(), price.iloc[-1], realised[launch]
    return results | dict(zip(names, map(float, ends), strict=True))
