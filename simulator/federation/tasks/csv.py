"""The task from a user's table."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from simulator.components import Family, Floats, Integers, as_python
from simulator.datafiles import DataFile
from simulator.errors import ScenarioError
from simulator.federation.tasks.base import DataClient, Split, Task
from simulator.federation.tasks.clients import (
    in_natural_order,
    names_of_clients,
    text_of_value,
)
from simulator.federation.tasks.columns import encode
from simulator.federation.tasks.held_out import (
    check_same_columns,
    class_numbers,
    in_both,
    of_same_types,
    unseen_texts,
)
from simulator.federation.tasks.missing import MISSING, Impute, Missing, Refuse, without_missing
from simulator.federation.tasks.table import (
    Dialect,
    counting_column,
    listed,
    read_user_table,
    refuse,
    repeated,
)
from simulator.federation.tasks.user_table import (
    UserTable,
    check_size,
    check_weights,
    user_table,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Csv"]

MOST_TEXTS = 100  # different texts in a column, for target and features
FEWEST = 10  # rows of a class, so that training, validation and test have some

Value = Annotated[
    str, BeforeValidator(text_of_value, json_schema_input_type=str | int | float | bool)
]
"""A value of a column; numbers may be written as such."""


class Csv(Task):
    """Classes from a table with a header: a CSV or Parquet file with one row per example.

    The classes are the different values of the target column, in sorted order. A feature column of
    texts becomes one feature of zeros and ones for each of its texts (one-hot encoding), at most
    100. A first column that has no name or counts the rows is left out, unless `features` names it.

    The rows of `test_file` are the test part; those of `file` are then for training and validation.
    A text there that `file` does not have becomes zeros, as by scikit-learn's OneHotEncoder with
    handle_unknown="ignore".

    Weights count wherever examples are counted or averaged: in training, in every measure, in the
    scaling of features, and as the examples that clients report. They are relative: their mean on
    the training part is 1. Splits, partitions, costs and `min_examples` count rows.
    """

    kind: Literal["csv"] = "csv"
    test: float = Field(
        0.2,
        ge=0,
        lt=1,
        validate_default=True,
        description="Fraction of rows on which accuracy is reported; 0 with a `test_file`.",
    )
    file: DataFile = Field(description="The file: a path from the scenario's folder.")
    test_file: DataFile | None = Field(
        None,
        validate_default=True,
        description="A second file with the same columns, whose rows are the test part.",
    )
    target: str = Field(min_length=1, description="Column of the class.")
    client: str = Field(
        "", description="Column that says whose an example is, for partition natural; empty: none."
    )
    clients: tuple[Value, ...] = Field(
        (),
        strict=False,
        description="Values of the client column whose rows are used, which numbers the clients in "
        "this order; none: all, in natural order (hosp2 before hosp10).",
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

    @model_validator(mode="before")
    @classmethod
    def _leave_no_test_part(cls, value: Any) -> Any:
        has_test_file = isinstance(value, dict) and value.get("test_file") is not None
        return {"test": 0.0} | value if has_test_file else value

    @field_validator("test_file")
    @classmethod
    def _is_the_only_test_part(
        cls, test_file: DataFile | None, info: ValidationInfo
    ) -> DataFile | None:
        test, file = info.data.get("test"), info.data.get("file")
        if test_file is None and test == 0:
            raise ValueError("`test` must be greater than 0 where there is no test_file")
        if test_file is not None and test:
            raise ValueError(
                f"the test part is either the rows of test_file or a fraction of file, test={test}:"
                " leave out one of them"
            )
        if test_file is not None and file is not None and test_file.sha256 == file.sha256:
            raise ValueError(
                f"{test_file.path} has the same contents as file: a test needs other rows"
            )
        return test_file

    @field_validator("clients")
    @classmethod
    def _choose_each_once(cls, clients: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if clients and not info.data.get("client"):
            raise ValueError("needs `client`, the column that says whose an example is")
        if name := repeated(clients):
            raise ValueError(f"client {name!r} is named twice")
        return clients

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
                f"target {self.target!r} has {len(classes)} classes, not 2 to {MOST_TEXTS}",
                "target",
            )
        if (counts := np.bincount(labels)).min() < FEWEST:
            rare = as_python(classes[counts.argmin()])
            what = f"only {counts.min()} rows are of class {rare!r}; {FEWEST} are needed"
            self._refuse(what, "target")
        columns = self._feature_columns()
        for name in columns:
            self._check_feature(name, frame[name])
        return encode(frame[columns]), labels.astype(np.int64)

    def test_examples(self) -> Split | None:
        if self.test_file is None:
            return None
        path, frame, columns = self.test_file.path, self._table().frame, self._feature_columns()
        test, classes = self._test_table().frame, np.unique(frame[self.target].to_numpy()).tolist()
        with _blaming_test_file():
            for name in columns:
                check_size(path, test[name])
            labels = class_numbers(path, test[self.target], classes)
        weights = test[self.weight].to_numpy(float) if self.weight else None
        return Split(encode(test[columns], like=frame[columns]), labels, weights)

    def origins(self) -> Integers | None:
        if not self.client:
            return None
        number = {value: number for number, value in enumerate(self._client_values())}
        return np.array([number[owner] for owner in self._table().owners], dtype=np.int64)

    def clients_in_data(self) -> tuple[DataClient, ...]:
        if not self.client:
            return ()
        values = self._client_values()
        rows = Counter(self._table().owners)
        try:
            names = names_of_clients(self.client, values)
        except ValueError as error:
            self._refuse(f"column {self.client!r} {error}")
        named = zip(names, values, strict=True)
        return tuple(DataClient(name, value, rows[value]) for name, value in named)

    def _client_values(self) -> Sequence[str]:
        """Texts of the clients' values, by number."""
        return self.clients or in_natural_order(self._table().owners)

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
            rows = listed(f"{each.name} ({each.rows})" for each in self.clients_in_data())
            parts.append(f"{len(self._client_values())} clients by {self.client}: {rows}")
        if table.others:
            parts.append(f"left out: {table.others} rows of other clients")
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
        return "; ".join([f"{self.file.path}: {parts[0]}", *parts[1:], *self._test_summary()])

    def _test_summary(self) -> Iterator[str]:
        """What was read as the test part."""
        if self.test_file is None or (examples := self.test_examples()) is None:
            return
        test, columns = self._test_table(), self._feature_columns()
        classes = test.frame[self.target].value_counts(sort=False).sort_index()
        yield (
            f"test part {self.test_file.path}: {len(test.frame)} rows, "
            f"classes {listed(f'{name} ({count})' for name, count in classes.items())}"
        )
        if test.dropped:
            yield f"left out of it: {test.dropped} rows that lack a value"
        if unseen := unseen_texts(test.frame[columns], self._table().frame[columns]):
            yield f"zeros in it for texts that `file` lacks: {listed(unseen)}"
        if known := in_both(Split(*self.collect(np.random.default_rng())), examples):
            yield f"{known} of its rows are in `file` too"

    def _feature_columns(self) -> list[str]:
        """The columns to learn from."""
        table = self._table()
        others = (self.target, self.client, self.weight, table.left_out)
        columns = list(self.features) or [str(name) for name in table.frame if name not in others]
        if not columns:
            self._refuse("no column is left to learn from")
        return columns

    @property
    def _dialect(self) -> Dialect:
        return Dialect(self.separator, self.decimal, self.encoding, self.na_values)

    def _table(self) -> UserTable:
        columns = self.target, self.client, self.weight, self.features
        return user_table(
            self.file.path, self.file.sha256, self._dialect, columns, self.missing, self.clients
        )

    def _test_table(self) -> UserTable:
        """The rows of `test_file`, with target, weight and the features of `file`."""
        assert self.test_file is not None
        table, features, path = self._table(), self._feature_columns(), self.test_file.path
        always = [name for name in (self.target, self.weight) if name]
        used = [*always, *features]
        with _blaming_test_file():
            frame, dialect = _read_test(path, self.test_file.sha256, self._dialect)
            if frame.empty:
                refuse(path, "has no rows")
            left_out = self.client, table.left_out, counting_column(frame)
            check_same_columns(path, frame.columns, used, None if self.features else left_out)
            rows, dropped = without_missing(path, frame[used], self.missing, always)
            if rows.empty:
                refuse(path, "every row lacks a value")
            if self.weight:
                check_weights(path, rows[self.weight])
            alike = of_same_types(path, rows[features], table.frame[features])
        return UserTable(rows[always].join(alike), dialect, "", dropped)

    def _check_feature(self, name: str, column: "pd.Series") -> None:
        if name in (self.target, self.client):
            what = f"column {name!r} is target or client and cannot be a feature too"
            self._refuse(what, "features")
        if column.dtype.kind in "biuf":
            check_size(self.file.path, column)
        elif (texts := column.nunique()) > MOST_TEXTS:
            self._refuse(
                f"column {name!r} has {texts} different texts, {MOST_TEXTS} at most; choose others "
                "by `features`"
            )

    def _refuse(self, reason: str, setting: str = "file") -> None:
        refuse(self.file.path, reason, setting)


@lru_cache(maxsize=2)
def _read_test(path: str, sha256: str, dialect: Dialect) -> "tuple[pd.DataFrame, Dialect]":
    return read_user_table(path, dialect)


@contextmanager
def _blaming_test_file() -> Iterator[None]:
    """Note in errors about a file that it is the test file."""
    try:
        yield
    except ScenarioError as error:
        raise ScenarioError(
            replace(each, setting=("test_file",)) if each.setting == ("file",) else each
            for each in error.problems
        ) from error
