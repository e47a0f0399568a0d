"""The task from a user's table."""

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from simulator.components import Component, Family, Floats, Integers, as_python
from simulator.datafiles import DataFile
from simulator.errors import suggestion
from simulator.federation.tasks.base import Task
from simulator.federation.tasks.columns import encode
from simulator.federation.tasks.table import (
    Dialect,
    check_columns,
    counting_column,
    line_of,
    listed,
    read_user_table,
    refuse,
    repeated,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MISSING", "Csv", "Drop", "Impute", "Missing", "Refuse"]

MOST_TEXTS = 100  # different texts in a column, for target and features
FEWEST = 10  # rows of a class, so that training, validation and test have some
LARGEST_NUMBER = 1e100  # its square and sums of squares are finite


class Missing(Component):
    """What happens to rows that lack a value."""


class Refuse(Missing):
    """The table is refused, naming the first line that lacks a value."""

    kind: Literal["refuse"] = "refuse"


class Drop(Missing):
    """Rows that lack a value of target, client or a feature are left out."""

    kind: Literal["drop"] = "drop"


class Impute(Missing):
    """Missing features are filled in from the training part (scikit-learn's SimpleImputer).

    A missing text is a missing value in each of the features that its column becomes. Target and
    client must not be missing.
    """

    kind: Literal["impute"] = "impute"
    strategy: Literal["mean", "median", "most_frequent"] = Field(
        "mean", description="What stands in for a missing value of a feature."
    )


MISSING: tuple[type[Missing], ...] = (Refuse, Drop, Impute)


class UserTable(NamedTuple):
    """A table as it was read."""

    frame: "pd.DataFrame"  # its index counts the rows of the file
    dialect: Dialect
    left_out: str  # name of the first column where it only counts the rows, else empty
    dropped: int  # rows that lack a value


class Csv(Task):
    """Classes from a table with a header: a CSV or Parquet file with one row per example.

    The classes are the different values of the target column, in sorted order. A feature column of
    texts becomes one feature of zeros and ones for each of its texts (one-hot encoding), at most
    100. A first column that has no name or counts the rows is left out, unless `features` names it.

    Weights count wherever examples are counted or averaged: in training, in every measure, in the
    scaling of features, and as the examples that clients report. They are relative: their mean on
    the training part is 1. Splits, partitions, costs and `min_examples` count rows.
    """

    kind: Literal["csv"] = "csv"
    file: DataFile = Field(description="The file: a path from the scenario's folder.")
    target: str = Field(min_length=1, description="Column of the class.")
    client: str = Field(
        "", description="Column that says whose an example is, for partition natural; empty: none."
    )
    features: tuple[str, ...] = Field(
        (),
        strict=False,
        description="Columns to learn from; none: all but target, client and weight.",
    )
    weight: str = Field(
        "",
        description="Column of how many an example stands for, as in surveys; empty: one each.",
    )
    missing: Annotated[Missing, Family(MISSING)] = Field(
        Refuse(), description="What happens to rows that lack a value: refuse, drop or impute."
    )
    na_values: tuple[str, ...] = Field(
        ("",), strict=False, description="Texts for a missing value, at first the empty one alone."
    )
    separator: str = Field(
        "", max_length=1, description="Between the values of a row; empty: , ; | or tab, detected."
    )
    decimal: Literal["", ".", ","] = Field(
        "", description="Decimal point or comma; empty: detected."
    )
    encoding: str = Field(
        "", max_length=40, description="Of the text; empty: UTF-8, or as its first bytes say."
    )

    @field_validator("features")
    @classmethod
    def _name_each_once(cls, features: tuple[str, ...]) -> tuple[str, ...]:
        if name := repeated(features):
            raise ValueError(f"column {name!r} is named twice")
        return features

    @field_validator("weight")
    @classmethod
    def _is_nothing_else(cls, weight: str, info: ValidationInfo) -> str:
        others = (info.data.get("target"), info.data.get("client"), *info.data.get("features", ()))
        if weight and weight in others:
            raise ValueError(f"column {weight!r} is target, client or a feature: it is no weight")
        return weight

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        frame = self._table().frame
        classes, labels = np.unique(frame[self.target].to_numpy(), return_inverse=True)
        if not 2 <= len(classes) <= MOST_TEXTS:
            self._refuse(
                f"target {self.target!r} has {len(classes)} classes, not 2 to {MOST_TEXTS}"
            )
        if (counts := np.bincount(labels)).min() < FEWEST:
            rare = as_python(classes[counts.argmin()])
            self._refuse(f"only {counts.min()} rows are of class {rare!r}; {FEWEST} are needed")
        columns = self._feature_columns()
        for name in columns:
            self._check_feature(name, frame[name])
        return encode(frame[columns]), labels.astype(np.int64)

    def origins(self) -> Integers | None:
        if not self.client:
            return None
        return np.unique(self._table().frame[self.client].to_numpy(), return_inverse=True)[1]

    def weights(self) -> Floats | None:
        return self._table().frame[self.weight].to_numpy(float) if self.weight else None

    @property
    def weighted(self) -> bool:
        return bool(self.weight)

    def imputer(self) -> Any:
        if not isinstance(self.missing, Impute):
            return None
        from simulator.federation.tasks.imputation import WeightedImputer

        return WeightedImputer(strategy=self.missing.strategy, keep_empty_features=True)

    def summary(self) -> str:
        from pandas.api.types import is_numeric_dtype

        table, columns = self._table(), self._feature_columns()
        frame, dialect = table.frame, table.dialect
        classes = frame[self.target].value_counts(sort=False).sort_index()
        numeric = [name for name in columns if is_numeric_dtype(frame[name])]
        levels = [f"{name} ({frame[name].nunique()})" for name in columns if name not in numeric]
        parts = [
            f"{len(frame)} rows",
            f"classes {listed(f'{name} ({count})' for name, count in classes.items())}",
        ]
        if numeric:
            parts.append(f"numbers {listed(numeric)}")
        if levels:
            parts.append(f"texts {listed(levels)}")
        if self.client:
            parts.append(f"{frame[self.client].nunique()} clients by {self.client}")
        if self.weight:
            low, high = frame[self.weight].min(), frame[self.weight].max()
            parts.append(f"weights {self.weight} ({low:g} to {high:g})")
        if table.dropped:
            parts.append(f"left out: {table.dropped} rows that lack a value")
        if table.left_out:
            parts.append(f"left out: first column {table.left_out!r}, which counts the rows")
        if dialect.separator not in ("", ","):
            parts.append(f"separator {dialect.separator!r}")
        if dialect.decimal == ",":
            parts.append("decimal comma")
        return f"{self.file.path}: " + "; ".join(parts)

    def _feature_columns(self) -> list[str]:
        """The columns to learn from."""
        table = self._table()
        others = (self.target, self.client, self.weight, table.left_out)
        columns = list(self.features) or [str(name) for name in table.frame if name not in others]
        if not columns:
            self._refuse("no column is left to learn from")
        return columns

    def _table(self) -> UserTable:
        dialect = Dialect(self.separator, self.decimal, self.encoding, self.na_values)
        columns = self.target, self.client, self.weight, self.features
        return _checked(self.file.path, self.file.sha256, dialect, columns, self.missing)

    def _check_feature(self, name: str, column: "pd.Series") -> None:
        if name in (self.target, self.client):
            self._refuse(f"column {name!r} is target or client and cannot be a feature too")
        if column.dtype.kind in "biuf":
            if (np.abs(column.to_numpy(float)) > LARGEST_NUMBER).any():
                self._refuse(
                    f"column {name!r} has infinite values or some beyond {LARGEST_NUMBER:g}"
                )
        elif (texts := column.nunique()) > MOST_TEXTS:
            self._refuse(
                f"column {name!r} has {texts} different texts, {MOST_TEXTS} at most; choose others "
                "by `features`"
            )

    def _refuse(self, reason: str) -> None:
        refuse(self.file.path, reason)


@lru_cache(maxsize=4)
def _checked(
    path: str,
    sha256: str,
    dialect: Dialect,
    columns: tuple[str, str, str, tuple[str, ...]],
    missing: Missing,
) -> UserTable:
    """The table at `path`, whose columns exist and lack nothing that they must have.

    `sha256` keeps tables apart that stood at the same path.
    """
    target, client, weight, features = columns
    frame, dialect = read_user_table(path, dialect)
    for name in filter(None, (target, client, weight, *features)):
        if name not in frame:
            hint = suggestion(name, frame.columns) or f"; the columns are {listed(frame.columns)}"
            refuse(path, f"no column {name!r}{hint}")
    left_out = "" if frame.empty else counting_column(frame)
    left_out = "" if left_out in (target, client, weight, *features) else left_out
    used = [*filter(None, (target, client, weight)), *features]
    if not features:
        used = [str(name) for name in frame if name != left_out]
    lacks, dropped = frame[used].isna(), 0
    if isinstance(missing, Drop):
        lacking = lacks.any(axis=1)
        frame, dropped = frame[~lacking], int(lacking.sum())
    else:
        for name in lacks.columns[lacks.any()]:
            can_impute = name not in (target, client, weight)
            if not (can_impute and isinstance(missing, Impute)):
                _refuse_missing(path, frame, name, can_impute)
    check_columns(path, frame[[name for name in used if name not in (target, client)]], dialect)
    if weight:
        _check_weights(path, frame[weight])
    return UserTable(frame, dialect, left_out, dropped)


def _check_weights(path: str, column: "pd.Series") -> None:
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


def _refuse_missing(path: str, frame: "pd.DataFrame", name: str, can_impute: bool) -> None:
    rows = frame.index[frame[name].isna()]
    hint = "set `missing`: {kind: drop}" + (" or {kind: impute}" if can_impute else "")
    if len(rows) == 1 and rows[0] == frame.index[-1]:
        hint = f"if that is a row of totals, remove it; otherwise {hint}"
    refuse(path, f"column {name!r} has no value in line {line_of(int(rows[0]))}; {hint}")
