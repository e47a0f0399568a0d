"""Rows of a run's tables in the shapes that measures need."""

import pandas as pd

from .load import Run

ROUNDING = 1e-9  # what sums over a run may differ by, relative to the money moved


def wide(rows: pd.DataFrame, name: str, value: str) -> pd.DataFrame:
    """Column `value` of rows as `[periods, names]`."""
    return rows.astype({name: str}).pivot(index="period", columns=name, values=value)


def first_rows(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of the first period, by `name`."""
    return _of_period(rows, rows["period"].min(), name)


def last_rows(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of the last period, by `name`."""
    return _of_period(rows, rows["period"].max(), name)


def executed(fills: pd.DataFrame) -> pd.Series:
    """Which rows of table `fills` pools filled or offerings served."""
    return fills["status"].isin(["filled", "offering"])


def _side(run: Run, side: str) -> pd.DataFrame:
    """What was executed of a side, `buy` or `sell`."""
    done = executed(run.fills) & (run.fills["side"] == side)
    return run.fills[done].astype({"agent": str})


def received(run: Run) -> pd.Series:
    """Numeraire each agent got for tokens in pools."""
    return _side(run, "sell").groupby("agent")["amount_out"].sum()


def spent(run: Run) -> pd.Series:
    """Numeraire each agent paid for tokens in pools and offerings."""
    return _side(run, "buy").groupby("agent")["amount_in"].sum()


def _of_period(rows: pd.DataFrame, period: int, name: str) -> pd.DataFrame:
    found: pd.DataFrame = rows[rows["period"] == period]
    return found.astype({name: str}).set_index(name)
