"""How concentrated the ownership of tokens is, period by period."""

import math
from collections.abc import Callable

import pandas as pd

from .inequality import gini, herfindahl
from .load import Run
from .owners import holdings
from .tables import wide
from .wealth import AGENT_KINDS

OWNERS = ("clients", "liquidity_providers", "investors", "treasury")
"""Groups of agents whose ownership is measured, see `GROUPS`."""

TOP_FRACTION = 0.1
"""Fraction of the investors that counts as the top, rounded up."""


def ownership(run: Run) -> pd.DataFrame:
    """How concentrated the ownership of tokens is; a row per period.

    | column | meaning |
    |---|---|
    | `token_herfindahl` | `herfindahl` of a token's owners, mean over tokens |
    | `token_largest` | fraction of a token that its largest owner has, %, mean over tokens |
    | `gini`, `herfindahl` | of the value of investors' tokens, over investors |
    | `top_tenth` | fraction of this value held by the tenth of investors with most tokens, % |
    | `wealth_top_tenth` | fraction of investors' wealth held by the richest tenth, % |
    | `clients`, `liquidity_providers`, `investors`, `treasury` | fractions of total value, % |
    | `<strategy>` | fraction of total value held by the investors of a strategy, % |

    Tokens are valued at spot. Liquidity providers own fractions of pools. Tokens that have not
    vested have no owner. Measures of investors are NaN without investors, and those of their tokens
    if they have none (`gini` is then 0).

    Ten investors, one with tokens worth 30 and nine with 10 each: the top tenth has 25%, the
    Herfindahl index is (30^2 + 9 x 10^2) / 120^2 = .125, Gini's coefficient .15.
    """
    held = holdings(run).drop(columns="escrow", errors="ignore")
    fractions = held.div(held.sum(axis=1), axis=0)
    price = run.pools.astype({"token": str}).set_index(["period", "token"])["spot_price"]
    worth = held.mul(price, axis=0).reindex(held.index)
    worth = worth.groupby(level="period").sum()
    agents = run.agents.astype({"agent": str, "kind": str, "strategy": str})
    agents = agents.drop_duplicates("agent").set_index("agent").reindex(held.columns)
    investors = agents.index[agents["kind"] == "investor"]
    wealth = wide(run.agents, "agent", "wealth").reindex(columns=investors)
    percent = 100 * worth.div(worth.sum(axis=1), axis=0)
    by_kind = percent.T.groupby(agents["kind"]).sum().T
    by_group = by_kind.reindex(columns=[AGENT_KINDS[name] for name in OWNERS]).fillna(0.0)
    by_strategy = percent[investors].T.groupby(agents["strategy"][investors], sort=False).sum().T
    return pd.DataFrame(
        {
            "token_herfindahl": fractions.pow(2).sum(axis=1).groupby(level="period").mean(),
            "token_largest": 100 * fractions.max(axis=1).groupby(level="period").mean(),
            "gini": _by_row(worth[investors], gini),
            "herfindahl": _by_row(worth[investors], herfindahl),
            "top_tenth": 100 * _by_row(worth[investors], _top_fraction),
            "wealth_top_tenth": 100 * _by_row(wealth, _top_fraction),
            **by_group.set_axis(list(OWNERS), axis=1),
            **by_strategy,
        }
    )


def _top_fraction(amounts: pd.Series) -> float:
    """Fraction of the sum that the top has; NaN if the sum is 0."""
    count, total = math.ceil(TOP_FRACTION * len(amounts)), amounts.sum()
    return float(amounts.nlargest(count).sum() / total) if total > 0 else math.nan


def _by_row(rows: pd.DataFrame, measure: Callable[[pd.Series], float]) -> pd.Series:
    """A measure of each row; NaN where there are no columns."""
    if rows.empty:
        return pd.Series(math.nan, index=rows.index)
    measures: pd.Series = rows.apply(measure, axis=1)
    return measures
