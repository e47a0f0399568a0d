"""Effects of a way of paying clients on the model, the clients and third parties."""

import math

import pandas as pd

from .clients import mean_participation, member_rows
from .inequality import gini
from .load import Run
from .rewards import client_rewards
from .wealth import growth_by_kind


def mechanism_results(run: Run) -> pd.Series:
    """Effects of a run's way of paying clients on the model, the clients and third parties.

    | name | meaning |
    |---|---|
    | `accuracy` | of the last period |
    | `participation` | fraction of joined clients that took part, mean over periods, % |
    | `reward` | `total` of `client_rewards`, mean over clients, numeraire |
    | `correlation` | Pearson, of clients' rewards and total contributions |
    | `distance` | half the sum of absolute differences of reward and contribution fractions |
    | `inequality` | `gini` of rewards |
    | `others_percent` | reward of clients that are not honest at the end, % of the mean |
    | `from_third_parties` | numeraire that clients got for tokens, less their purchases |
    | `liquidity_providers`, `investors` | growth of their wealth, % |

    Clients who never joined are left out. Rewards and contributions below 0 count as 0; `distance`
    and `correlation` are NaN where all do. Two clients who contributed 3 and 1 and are paid 50 and
    50 are 25% away: .25 = (|.5 - .75| + |.5 - .25|) / 2.
    """
    clients = member_rows(run)
    rewards = client_rewards(run).loc[clients["client"].unique()]
    contributed = clients.groupby("client")["contribution"].sum().reindex(rewards.index)
    paid, earned = (_fractions(each) for each in (rewards["total"], contributed))
    mean = rewards["total"].mean() or math.nan
    others = rewards["behaviour"].astype(str) != "honest"
    sold = rewards[["genesis_sale", "offering", "sales"]].sum().sum() - rewards["purchases"].sum()
    growth = growth_by_kind(run)
    return pd.Series(
        {
            "accuracy": run.periods["accuracy"].iloc[-1],
            "participation": mean_participation(clients),
            "reward": rewards["total"].mean(),
            "correlation": paid.corr(earned),
            "distance": (paid - earned).abs().sum(skipna=False) / 2,
            "inequality": _inequality(rewards["total"]),
            "others_percent": 100 * rewards["total"][others].mean() / mean,
            "from_third_parties": sold,
            "liquidity_providers": growth.get("liquidity_provider", math.nan),
            "investors": growth.get("investor", math.nan),
        }
    )


def _inequality(rewards: pd.Series) -> float:
    """Gini of rewards, negative ones as 0; NaN if one is NaN, see `client_rewards`."""
    return math.nan if rewards.isna().any() else gini(rewards.clip(lower=0.0))


def _fractions(amounts: pd.Series) -> pd.Series:
    """Fractions of the sum of the positive amounts; 0 for negative ones."""
    positive = amounts.clip(lower=0.0)
    return positive / positive.sum()
