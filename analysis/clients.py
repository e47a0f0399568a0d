"""Data on each client from the tables and the scenario."""

import numpy as np
import pandas as pd

from .load import Run


def client_rows(run: Run) -> pd.DataFrame:
    """Table `clients` joined with the pool of each client's token, and `issuance` in numeraire."""
    token = run.clients["client"].astype(str).map(run.token_of).astype(object)
    rows = run.clients.astype({"client": str, "behaviour": str}).assign(token=token)
    pools = run.pools[
        ["period", "token", "reserve_token", "reserve_numeraire", "spot_price", "fee"]
    ]
    rows = rows.merge(pools.astype({"token": object}), on=["period", "token"], how="left")
    raised = rows.get("offering", 0.0)  # older runs lack the column
    return rows.assign(issuance=token_value(rows["issued"], rows["spot_price"]), offering=raised)


def brought_cash(run: Run, clients: pd.Index) -> pd.DataFrame:
    """Cash that each client has brought in by the end of each period `[periods, clients]`."""
    cash = client_settings(run, clients, "cash", 0.0).to_numpy()
    periods = run.clients["period"].unique()
    has_joined = np.maximum(periods, 1)[:, None] >= join_periods(run).to_numpy()
    return pd.DataFrame(np.where(has_joined, cash, 0.0), pd.Index(periods, name="period"), clients)


def client_settings(run: Run, clients: pd.Index, name: str, default: float) -> pd.Series:
    """A setting of each client's group in the scenario, or the default."""
    groups = run.scenario.get("clients", [])
    values = [group.get(name, default) for group in groups for _ in range(group.get("count", 1))]
    return pd.Series(values or default, clients)


def join_periods(run: Run) -> pd.Series:
    """The period in which each client joins; 1 for those present from genesis."""
    return client_settings(run, pd.Index(run.behaviours), "joins", 1)


def is_member(run: Run, rows: pd.DataFrame) -> pd.Series:
    """Which rows, each of a `client` in a `period`, are of clients who have joined by then.

    Genesis counts as period 1. Before joining, a client has rows of zeros.
    """
    return rows["client"].astype(str).map(join_periods(run)) <= rows["period"].clip(lower=1)


def member_rows(run: Run) -> pd.DataFrame:
    """Table `clients` after genesis, without the rows of clients before they join."""
    rows = run.clients[run.clients["period"] > 0].astype({"client": str, "behaviour": str})
    return rows[is_member(run, rows)]


def mean_participation(rows: pd.DataFrame) -> float:
    """Fraction of the clients that took part, mean over the periods of `rows`; in %."""
    return 100 * float(rows.groupby("period")["participated"].mean().mean())


def token_value(tokens: pd.Series, price: pd.Series) -> pd.Series:
    """Value of tokens at a price; 0 for no tokens, even where the price is NaN."""
    return (tokens * price).where(tokens > 0, 0.0)
