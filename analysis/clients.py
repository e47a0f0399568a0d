"""What tables and scenario say of each client."""

import numpy as np
import pandas as pd

from .load import Run


def client_rows(run: Run) -> pd.DataFrame:
    """Table `clients` with the pool of each client's token beside it, and `issuance` as money."""
    token = run.clients["client"].astype(str).map(run.token_of).astype(object)
    rows = run.clients.astype({"client": str, "behaviour": str}).assign(token=token)
    pools = run.pools[
        ["period", "token", "reserve_token", "reserve_numeraire", "spot_price", "fee"]
    ]
    rows = rows.merge(pools.astype({"token": object}), on=["period", "token"], how="left")
    raised = rows.get("offering", 0.0)  # runs from before there were offerings lack the column
    return rows.assign(issuance=worth(rows["issued"], rows["spot_price"]), offering=raised)


def brought(run: Run, clients: pd.Index) -> pd.DataFrame:
    """What each client has brought along by the end of each period `[periods, clients]`."""
    cash, periods = told(run, clients, "cash", 0.0).to_numpy(), run.clients["period"].unique()
    there = np.maximum(periods, 1)[:, None] >= joins(run).to_numpy()
    return pd.DataFrame(np.where(there, cash, 0.0), pd.Index(periods, name="period"), clients)


def told(run: Run, clients: pd.Index, name: str, default: float) -> pd.Series:
    """What the scenario says of each client under a name, or the default."""
    groups = run.scenario.get("clients", [])
    told = [group.get(name, default) for group in groups for _ in range(group.get("count", 1))]
    return pd.Series(told or default, clients)


def joins(run: Run) -> pd.Series:
    """The period in which each client joins, the first for those who are there from genesis."""
    return told(run, pd.Index(run.behaviours), "joins", 1)


def joined(run: Run, rows: pd.DataFrame) -> pd.Series:
    """Which rows, each of a `client` in a `period`, are of clients who have joined by then.

    Genesis counts as the first period. A client that has not joined has rows of zeros.
    """
    return rows["client"].astype(str).map(joins(run)) <= rows["period"].clip(lower=1)


def members(run: Run) -> pd.DataFrame:
    """Table `clients` after genesis, without the rows of clients before they have joined."""
    rows = run.clients[run.clients["period"] > 0].astype({"client": str, "behaviour": str})
    return rows[joined(run, rows)]


def mean_participation(rows: pd.DataFrame) -> float:
    """Part of the clients that took part, mean over the periods of `rows`; in %."""
    return 100 * float(rows.groupby("period")["participated"].mean().mean())


def worth(tokens: pd.Series, price: pd.Series) -> pd.Series:
    """What tokens come to at a price, which need not exist for no tokens."""
    return (tokens * price).where(tokens > 0, 0.0)
