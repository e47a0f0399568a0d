"""Rows of a run's tables in the shapes that measures need."""

import pandas as pd

from .load import Run

ROUNDING_TOLERANCE = 1e-9  # tolerance of sums over a run, relative to the money transferred


def wide(rows: pd.DataFrame, name: str, value: str) -> pd.DataFrame:
    """Column `value` of rows as `[periods, names]`."""
    return rows.astype({name: str}).pivot(index="period", columns=name, values=value)


def first_rows(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of the first period, by `name`."""
    return _of_period(rows, rows["period"].min(), name)


def last_rows(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of the last period, by `name`."""
    return _of_period(rows, rows["period"].max(), name)


def executed_rows(fills: pd.DataFrame) -> pd.Series:
    """Which rows of table `fills` were executed, in pools or by offerings."""
    return fills["status"].isin(["filled", "offering"])


def _executed_fills(run: Run, side: str) -> pd.DataFrame:
    """The executed fills of a side, `buy` or `sell`."""
    rows = executed_rows(run.fills) & (run.fills["side"] == side)
    return run.fills[rows].astype({"agent": str})


def sale_proceeds(run: Run) -> pd.Series:
    """Numeraire that each agent received for tokens in pools."""
    return _executed_fills(run, "sell").groupby("agent")["amount_out"].sum()


def purchase_costs(run: Run) -> pd.Series:
    """Numeraire that each agent paid for tokens in pools and offerings."""
    return _executed_fills(run, "buy").groupby("agent")["amount_in"].sum()


def _of_period(rows: pd.DataFrame, period: int, name: str) -> pd.DataFrame:
    of_period: pd.DataFrame = rows[rows["period"] == period]
    return of_period.astype({name: str}).set_index(name)
