"""A user's table as its settings say: the rows and columns to learn from, checked."""

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulator.components import as_python
from simulator.federation.tasks.clients import rows_of_clients, texts_of_column
from simulator.federation.tasks.missing import Missing, without_missing
from simulator.federation.tasks.table import (
    Dialect,
    check_columns,
    closest,
    counting_column,
    line_of,
    read_as_numbers,
    read_user_table,
    refuse,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UserTable", "check_size", "check_weights", "user_table"]

LARGEST_NUMBER = 1e100  # its square and sums of squares are finite


class UserTable(NamedTuple):
    """A table as it was read."""

    frame: "pd.DataFrame"  # its index counts the rows of the file
    dialect: Dialect
    left_out: str  # name of the first column where it only counts the rows, else empty
    dropped: int  # rows that lack a value
    others: int = 0  # rows of clients that the scenario does not choose
    owners: tuple[str, ...] = ()  # text of each row's value of the client column, if there is one


@lru_cache(maxsize=4)
def user_table(
    path: str,
    sha256: str,
    dialect: Dialect,
    columns: tuple[str, str, str, tuple[str, ...]],
    missing: Missing,
    clients: tuple[str, ...],
) -> UserTable:
    """The table at `path`, whose columns exist and lack nothing that they must have.

    `sha256` keeps tables apart that stood at the same path.
    """
    target, client, weight, features = columns
    frame, dialect = read_user_table(path, dialect)
    settings = {target: "target", client: "client", weight: "weight"}
    for name in filter(None, (target, client, weight, *features)):
        if name not in frame:
            hint = closest(name, frame.columns, "columns")
            refuse(path, f"no column {name!r}{hint}", settings.get(name, "features"))
    left_out = "" if frame.empty else counting_column(frame)
    left_out = "" if left_out in (target, client, weight, *features) else left_out
    used = [*filter(None, (target, client, weight)), *features]
    if not features:
        used = [str(name) for name in frame if name != left_out]
    rows = len(frame)
    if clients:
        frame = rows_of_clients(path, frame, client, clients)
    others = rows - len(frame)
    always = (target, client, weight)
    complete, dropped = without_missing(path, frame[used], missing, always)
    if dropped or others:
        frame = read_as_numbers(frame.loc[complete.index], dialect)
    check_columns(path, frame[[name for name in used if name not in (target, client)]], dialect)
    if weight:
        check_weights(path, frame[weight])
    owners = texts_of_column(frame[client]) if client else ()
    return UserTable(frame, dialect, left_out, dropped, others, tuple(owners))


def check_size(path: str, column: "pd.Series") -> None:
    """Refuse numbers so large that their squares are not finite."""
    if column.dtype.kind in "biuf" and (np.abs(column.to_numpy(float)) > LARGEST_NUMBER).any():
        refuse(
            path, f"column {column.name!r} has infinite values or some beyond {LARGEST_NUMBER:g}"
        )


def check_weights(path: str, column: "pd.Series") -> None:
    """Refuse a column that is not of positive numbers."""
    if column.dtype.kind in "iuf":
        weights = column.to_numpy(float)
        invalid = ~((weights >= 1 / LARGEST_NUMBER) & (weights <= LARGEST_NUMBER))
    else:
        invalid = np.ones(len(column), dtype=bool)
    if invalid.any():
        row = column.index[invalid][0]
        value = as_python(column[row])
        hint = "; remove rows that do not count" if value == 0 else ""
        refuse(
            path,
            f"weight {column.name!r} is {value!r} in line {line_of(int(row))}, not a number from "
            f"{1 / LARGEST_NUMBER:g} to {LARGEST_NUMBER:g}{hint}",
        )
