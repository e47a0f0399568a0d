"""Who gains and who pays when a client joins a federation that is under way."""

import math

import pandas as pd

from .hindsight import realised_values
from .load import Run
from .rewards import client_rewards
from .wealth import growth_by_kind

SOON = 10
"""Periods after its launch at which a newcomer is looked at."""


def joining_results(run: Run) -> pd.Series:
    """What the clients of the last group bring, get and take, and what their tokens do.

    | name | meaning |
    |---|---|
    | `accuracy`, `revenue` | of the last period; of all periods, numeraire |
    | `newcomers`, `others` | `total` of `client_rewards`: mean over the last group; honest others |
    | `all_clients` | the same, sum over all clients |
    | `liquidity_providers`, `investors` | growth of their wealth, % |
    | `share_soon` | newcomers' mean share 10 periods after they joined, % |
    | `lowest_price`, `last_price` | of their tokens since the launch, in launch prices |
    | `realised_value` | what a token bought at the launch brought until the end, in launch prices |

    The last four are NaN while the group has not joined, prices also without tokens of its own.
    """
    rewards, grown = client_rewards(run), growth_by_kind(run)
    group = run.scenario["clients"][-1]
    new = rewards.index[-int(group["count"]) :]
    stayed = rewards["behaviour"].astype(str).eq("honest") & ~rewards.index.isin(new)
    found = {
        "accuracy": run.periods["accuracy"].iloc[-1],
        "revenue": run.periods["revenue"].sum(),
        "newcomers": rewards["total"][new].mean(),
        "others": rewards["total"][stayed].mean(),
        "all_clients": rewards["total"].sum(),
        "liquidity_providers": grown.get("liquidity_provider", math.nan),
        "investors": grown.get("investor", math.nan),
    }
    return pd.Series(found | _since(run, new, int(group["joins"])))


def _since(run: Run, new: pd.Index, joins: int) -> dict[str, float]:
    """Share and prices of `new` clients who came in period `joins`."""
    launch = joins if joins > 1 else 0
    rows = run.clients.astype({"client": str}).set_index("period")
    share = rows[rows["client"].isin(new)].groupby("period")["share"].mean()
    tokens = [run.token_of[client] for client in new if client in run.issuers.values()]
    found = {"share_soon": 100 * float(share.get(launch + SOON, math.nan))}
    names = "lowest_price", "last_price", "realised_value"
    if not tokens or launch > share.index.max():
        return found | dict.fromkeys(names, math.nan)
    values = realised_values(run).reset_index()
    values = values[values["token"].isin(tokens)].groupby("period").mean(numeric_only=True)
    values /= float(run.scenario["market"]["launch"]["price"])
    price, realised = values["spot_price"], values["realised_value"]
    ends = price.loc[launch:].min(), price.iloc[-1], realised[launch]
    return found | dict(zip(names, map(float, ends), strict=True))
