"""How concentrated the ownership of tokens is, period by period."""

import math
from collections.abc import Callable

import pandas as pd

from .inequality import gini, herfindahl
from .load import Run
from .owners import holdings
from .tables import wide
from .wealth import GROUPS

OWNERS = ("clients", "liquidity_providers", "investors", "treasury")
"""Whose parts of ownership are told, see `GROUPS`."""

TOP = 0.1
"""Part of the investors that is called the top, rounded up."""


def ownership(run: Run) -> pd.DataFrame:
    """How concentrated the ownership of tokens is; a row per period.

    | column | meaning |
    |---|---|
    | `token_herfindahl` | `herfindahl` of a token's owners, mean over tokens |
    | `token_largest` | part that the largest owner has of a token, %, mean over tokens |
    | `gini`, `herfindahl` | of the worth of investors' tokens, over investors |
    | `top_tenth` | part of it that the tenth of the investors with most tokens has, % |
    | `wealth_top_tenth` | part of investors' wealth that the richest tenth has, % |
    | `clients`, `liquidity_providers`, `investors`, `treasury` | parts of the worth of all, % |
    | `<strategy>` | the part of the investors of a strategy, % |

    Tokens are worth their spot price. Whoever provides liquidity owns a part of the pool. Tokens
    that have not vested are nobody's. NaN where there are no investors or tokens to speak of.

    Ten investors of whom one has tokens worth 30 and nine have 10 each: the top tenth has 25%, the
    Herfindahl index is (30^2 + 9 x 10^2) / 120^2 = .125, Gini's coefficient .15.
    """
    held = holdings(run).drop(columns="escrow", errors="ignore")
    parts = held.div(held.sum(axis=1), axis=0)
    price = run.pools.astype({"token": str}).set_index(["period", "token"])["spot_price"]
    worth = held.mul(price, axis=0).reindex(held.index)
    worth = worth.groupby(level="period").sum()
    agents = run.agents.astype({"agent": str, "kind": str, "strategy": str})
    agents = agents.drop_duplicates("agent").set_index("agent").reindex(held.columns)
    investors = agents.index[agents["kind"] == "investor"]
    wealth = wide(run.agents, "agent", "wealth").reindex(columns=investors)
    percent = 100 * worth.div(worth.sum(axis=1), axis=0)
    by_kind = percent.T.groupby(agents["kind"]).sum().T
    by_group = by_kind.reindex(columns=[GROUPS[name] for name in OWNERS]).fillna(0.0)
    by_strategy = percent[investors].T.groupby(agents["strategy"][investors], sort=False).sum().T
    return pd.DataFrame(
        {
            "token_herfindahl": parts.pow(2).sum(axis=1).groupby(level="period").mean(),
            "token_largest": 100 * parts.max(axis=1).groupby(level="period").mean(),
            "gini": _each(worth[investors], gini),
            "herfindahl": _each(worth[investors], herfindahl),
            "top_tenth": 100 * _each(worth[investors], _top),
            "wealth_top_tenth": 100 * _each(wealth, _top),
            **by_group.set_axis(list(OWNERS), axis=1),
            **by_strategy,
        }
    )


def _top(amounts: pd.Series) -> float:
    """Part of the sum that the top has; NaN of nothing."""
    count, total = math.ceil(TOP * len(amounts)), amounts.sum()
    return float(amounts.nlargest(count).sum() / total) if total > 0 else math.nan


def _each(rows: pd.DataFrame, measure: Callable[[pd.Series], float]) -> pd.Series:
    """A measure of each row; NaN where there are no columns."""
    if rows.empty:
        return pd.Series(math.nan, index=rows.index)
    found: pd.Series = rows.apply(measure, axis=1)
    return found
