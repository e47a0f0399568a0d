"""The task from a user's table."""

from typing import TYPE_CHECKING, Literal, NoReturn
from warnings import catch_warnings

import numpy as np
from pydantic import Field

from simulator.components import Floats, Integers
from simulator.datafiles import DataFile
from simulator.errors import ScenarioError, suggestion
from simulator.federation.tasks.base import Task
from simulator.federation.tasks.columns import encode

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Csv"]

MOST_TEXTS = 100  # different texts in a column, for target and features
FEWEST = 10  # rows of a class, so that training, validation and test have some
LARGEST_NUMBER = 1e100  # its square and sums of squares are finite


class Csv(Task):
    """Classes from a CSV file with a header: one row per example, nothing missing.

    The classes are the different values of the target column, in sorted order. A feature column of
    texts becomes a feature for each text.
    """

    kind: Literal["csv"] = "csv"
    file: DataFile = Field(description="The file: a path from the scenario's folder.")
    target: str = Field(min_length=1, description="Column of the class.")
    client: str = Field(
        "", description="Column that says whose an example is, for partition natural; empty: none."
    )
    features: tuple[str, ...] = Field(
        (), strict=False, description="Columns to learn from; none: all but target and client."
    )

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        frame = self._table()
        classes, labels = np.unique(frame[self.target].to_numpy(), return_inverse=True)
        if not 2 <= len(classes) <= MOST_TEXTS:
            self._refuse(
                f"target {self.target!r} has {len(classes)} classes, not 2 to {MOST_TEXTS}"
            )
        if (counts := np.bincount(labels)).min() < FEWEST:
            rare = classes[counts.argmin()]
            self._refuse(f"only {counts.min()} rows are of class {rare!s}; {FEWEST} are needed")
        chosen = list(self.features) or [
            name for name in frame.columns if name not in (self.target, self.client)
        ]
        if not chosen:
            self._refuse("no column is left to learn from")
        for name in chosen:
            self._check_feature(name, frame[name])
        return encode(frame[chosen]), labels.astype(np.int64)

    def origins(self) -> Integers | None:
        if not self.client:
            return None
        return np.unique(self._table()[self.client].to_numpy(), return_inverse=True)[1]

    def _table(self) -> "pd.DataFrame":
        """The table; refuses missing columns and missing values."""
        import pandas as pd

        try:
            with catch_warnings(action="error", category=pd.errors.ParserWarning):
                frame = pd.read_csv(self.file.path, low_memory=False, index_col=False)
        except pd.errors.ParserWarning:
            self._refuse("rows have more values than the header has columns")
        except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
            self._refuse(f"cannot be read: {' '.join(str(error).split())}")
        frame.columns = frame.columns.astype(str)
        required = [self.target, *([self.client] if self.client else []), *self.features]
        for name in required:
            if name not in frame:
                self._refuse(f"no column {name!r}{suggestion(name, frame.columns)}")
        missing = (frame[required] if self.features else frame).isna()
        for name in missing.columns[missing.any()]:
            self._refuse(f"column {name!r} has no value in line {missing[name].argmax() + 2}")
        return frame

    def _check_feature(self, name: str, column: "pd.Series") -> None:
        if name in (self.target, self.client):
            self._refuse(f"column {name!r} is target or client and cannot be a feature too")
        if column.dtype.kind in "biuf":
            if not (np.abs(column.to_numpy(float)) <= LARGEST_NUMBER).all():
                self._refuse(
                    f"column {name!r} has infinite values or some beyond {LARGEST_NUMBER:g}"
                )
        elif (texts := column.nunique()) > MOST_TEXTS:
            self._refuse(
                f"column {name!r} has {texts} different texts, {MOST_TEXTS} at most; choose others "
                "by `features`"
            )

    def _refuse(self, reason: str) -> NoReturn:
        raise ScenarioError(f"task csv: {self.file.path}: {reason}")
