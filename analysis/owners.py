"""Who owns the tokens of a run, and how concentrated that is, period by period."""

import math
from collections.abc import Callable

import pandas as pd

from analysis.inequality import gini, herfindahl
from analysis.load import Run
from analysis.tables import ROUNDING

OWNERS = {
    "clients": "client",
    "liquidity_providers": "liquidity_provider",
    "investors": "investor",
    "treasury": "aggregator",
}
"""Kinds of agents, as parts of ownership are named by them."""

TOP = 0.1
"""Part of the investors that is called the top, rounded up."""


def holdings(run: Run) -> pd.DataFrame:
    """Tokens of each agent at the end of each period: a row per (period, token), a column each.

    A client has its own tokens, an investor what it got at genesis (spread evenly in worth), bought
    and has not sold, a liquidity provider and the treasury their parts of the pools and, the
    treasury, what it keeps beside. What has not vested stands in `escrow`. Every row adds up to the
    supply; raises ValueError where it does not, since not all fills or investors are recorded, a
    provider holds tokens outside of pools, or investors got tokens without a fill: at a launch
    after genesis, in an offering or from outside. Also where there are no tokens.
    """
    if run.pools.empty:
        raise ValueError(f"{run.folder}: there are no tokens to own in this run")
    supply = _by_token(run.pools, "supply")
    held = pd.concat(
        [_of_clients(run), _in_pools(run), _of_investors(run, supply), _by_flows(run, supply)],
        axis=1,
    )
    held = held.reindex(supply.index).fillna(0.0)
    held = held.T.groupby(level=0, sort=False).sum().T
    missing = (held.sum(axis=1) - supply).abs() > 1000 * ROUNDING * supply.max()
    if missing.any():
        period, token = missing.idxmax()
        raise ValueError(
            f"{run.folder}: of {supply[period, token]:g} {token} in period {period} owners of"
            f" {held.loc[(period, token)].sum():g} are known: not all fills and investors are"
            " recorded, providers hold tokens outside of pools, or tokens changed hands without a"
            " fill (a launch after genesis, an offering, trades outside)"
        )
    return held.clip(lower=0.0)


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
    worth = held.mul(_by_token(run.pools, "spot_price").fillna(0.0), axis=0)
    worth = worth.groupby(level="period").sum()
    agents = run.agents.astype({"agent": str, "kind": str, "strategy": str})
    agents = agents.drop_duplicates("agent").set_index("agent").reindex(held.columns)
    investors = agents.index[agents["kind"] == "investor"]
    wealth = _by_agent(run, "wealth").reindex(columns=investors)
    percent = 100 * worth.div(worth.sum(axis=1), axis=0)
    by_kind = percent.T.groupby(agents["kind"]).sum().T.reindex(columns=list(OWNERS.values()))
    by_strategy = percent[investors].T.groupby(agents["strategy"][investors], sort=False).sum().T
    return pd.DataFrame(
        {
            "token_herfindahl": parts.pow(2).sum(axis=1).groupby(level="period").mean(),
            "token_largest": 100 * parts.max(axis=1).groupby(level="period").mean(),
            "gini": _each(worth[investors], gini),
            "herfindahl": _each(worth[investors], herfindahl),
            "top_tenth": 100 * _each(worth[investors], _top),
            "wealth_top_tenth": 100 * _each(wealth, _top),
            **by_kind.fillna(0.0).set_axis(list(OWNERS), axis=1),
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


def _by_token(rows: pd.DataFrame, value: str) -> pd.Series:
    """`[periods x tokens]`."""
    return rows.astype({"token": str}).set_index(["period", "token"])[value].sort_index()


def _by_agent(run: Run, value: str) -> pd.DataFrame:
    """`[periods, agents]`."""
    return run.agents.astype({"agent": str}).pivot(index="period", columns="agent", values=value)


def _of_clients(run: Run) -> pd.DataFrame:
    rows = run.clients.astype({"client": str})
    rows["token"] = rows["client"].map(run.token_of)
    return rows.pivot(index=["period", "token"], columns="client", values="tokens")


def _in_pools(run: Run) -> pd.DataFrame:
    rows = run.positions.astype({"agent": str, "token": str})
    keys = ["period", "token", "agent"]
    return rows.groupby(keys)["tokens"].sum().unstack().reindex(columns=rows["agent"].unique())


def _of_investors(run: Run, supply: pd.Series) -> pd.DataFrame:
    """What each was sold at genesis, and bought less sold since."""
    kind = run.agents.astype({"agent": str, "kind": str}).drop_duplicates("agent")
    names = kind["agent"][kind["kind"] == "investor"].tolist()
    price = _by_token(run.pools, "spot_price")[0]
    moved = _net_purchases(run).reindex(index=supply.index, columns=names).fillna(0.0)
    worth = _by_agent(run, "token_value").loc[0].reindex(names) / len(price)
    for token in price.index:
        moved.loc[(0, token)] += (worth / price[token]).to_numpy()
    bought: pd.DataFrame = moved.groupby(level="token").cumsum()
    return bought


def _net_purchases(run: Run) -> pd.DataFrame:
    """Tokens bought less sold in each period `[periods x tokens, agents]`."""
    done = run.fills[run.fills["status"] == "filled"].astype({"agent": str, "token": str})
    bought = done["side"] == "buy"
    done["net"] = done["amount_out"].where(bought, -done["amount_in"])
    return done.groupby(["period", "token", "agent"])["net"].sum().unstack().fillna(0.0)


def _by_flows(run: Run, supply: pd.Series) -> pd.DataFrame:
    """What the treasury keeps beside pools, and what has not vested."""
    flows = run.flows.astype({"asset": str, "payer": str, "payee": str})
    flows = flows.rename(columns={"asset": "token"})
    sums = {}
    for name, kind in (("aggregator", "treasury"), ("escrow", "escrow")):
        got, gave = (
            flows[flows[side] == kind].groupby(["period", "token"])["amount"].sum()
            for side in ("payee", "payer")
        )
        sums[name] = got.sub(gave, fill_value=0.0).reindex(supply.index, fill_value=0.0)
    held: pd.DataFrame = pd.DataFrame(sums).fillna(0.0).groupby(level="token").cumsum()
    return held
