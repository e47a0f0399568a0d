"""Revenue: what customers pay for the model in a period."""

import csv
import io
import math
from abc import abstractmethod
from typing import Literal, NoReturn

import numpy as np
from pydantic import Field

from simulator.components import Component, Floats, Memory
from simulator.datafiles import DataFile
from simulator.errors import Problem, ScenarioError, suggestion

__all__ = [
    "REVENUES",
    "AccuracyLinked",
    "ConstantRevenue",
    "CsvRevenue",
    "Revenue",
    "StochasticRevenue",
]

MOST = 1e12  # numeraire per period


class Revenue(Component):
    """A rule for the revenue of one period, in numeraire. There is none in period 0."""

    def initial(self) -> Memory:
        """Memory before period 1; empty for most rules."""
        return {}

    @abstractmethod
    def amount(
        self,
        memory: Memory,
        period: int,
        accuracy: float,
        majority_share: float,
        draws: np.random.Generator,
    ) -> tuple[float, Memory]:
        """Revenue of a period with a model of this test accuracy, and the new memory.

        `majority_share` is the accuracy of always predicting the most frequent class.
        """


class ByAccuracy(Revenue):
    """Customers who pay for accuracy above a floor."""

    maximum: float = Field(
        200.0, ge=0, le=MOST, description="Revenue at accuracy 1 (numeraire per period)."
    )
    floor: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="Accuracy worth nothing; by default the majority class's share.",
    )
    exponent: float = Field(
        1.0, gt=0, description="Above 1, customers pay mostly for the last bit."
    )

    def price(self, accuracy: float, majority_share: float) -> float:
        """Revenue for a model of this test accuracy at mean demand."""
        floor = majority_share if self.floor is None else self.floor
        excess = max(0.0, (accuracy - floor) / (1 - floor)) if floor < 1 else 0.0
        return float(self.maximum * excess**self.exponent)


class AccuracyLinked(ByAccuracy):
    """Customers pay above a floor: maximum max(0, (accuracy - floor)/(1 - floor))^exponent."""

    kind: Literal["accuracy_linked"] = "accuracy_linked"

    def amount(
        self,
        memory: Memory,
        period: int,
        accuracy: float,
        majority_share: float,
        draws: np.random.Generator,
    ) -> tuple[float, Memory]:
        return self.price(accuracy, majority_share), memory


class StochasticRevenue(ByAccuracy):
    """Accuracy-linked revenue times exp(z - var/2), z the log of a demand that reverts to its mean.

    z_t = persistence z_{t-1} + sigma e_t, e_t standard normal. z is stationary, from period 1 on:
    normal with mean 0 and var = sigma^2/(1 - persistence^2), so that the factor is lognormal with
    mean 1 and variance exp(var) - 1 in every period. By default var is .053 and the factor's
    standard deviation .23.
    """

    kind: Literal["stochastic"] = "stochastic"
    persistence: float = Field(
        0.9, ge=0, lt=1, description="Part of log demand that is left after a period."
    )
    sigma: float = Field(
        0.1, ge=0, le=10, description="Standard deviation of a period's shock to log demand."
    )

    def initial(self) -> Memory:
        return {"demand": np.zeros(())}

    def amount(
        self,
        memory: Memory,
        period: int,
        accuracy: float,
        majority_share: float,
        draws: np.random.Generator,
    ) -> tuple[float, Memory]:
        variance = self.sigma**2 / (1 - self.persistence**2)
        shock = (math.sqrt(variance) if period == 1 else self.sigma) * draws.standard_normal()
        demand = self.persistence * float(memory["demand"]) + shock
        factor = math.exp(demand - variance / 2)
        return self.price(accuracy, majority_share) * factor, {"demand": np.array(demand)}


class ConstantRevenue(Revenue):
    """The same revenue every period, whatever the model is worth."""

    kind: Literal["constant"] = "constant"
    value: float = Field(100.0, ge=0, le=MOST, description="Revenue (numeraire per period).")

    def amount(
        self,
        memory: Memory,
        period: int,
        accuracy: float,
        majority_share: float,
        draws: np.random.Generator,
    ) -> tuple[float, Memory]:
        return self.value, memory


class CsvRevenue(Revenue):
    """Revenue from a column of a CSV file with a header: a row for each period, the first for 1.

    After the last row its value stays. Other columns are not read; empty lines are no rows.
    """

    kind: Literal["csv"] = "csv"
    file: DataFile = Field(description="The file: a path from the scenario's folder.")
    column: str = Field("revenue", min_length=1, description="Column of the revenue (numeraire).")

    def initial(self) -> Memory:
        """Memory with the whole series `[rows]`. Raises ScenarioError when the file is invalid."""
        try:
            with open(self.file.path, encoding="utf-8-sig", newline="") as file:
                text = file.read()
        except (OSError, ValueError) as error:
            self._refuse(f"cannot be read: {error}")
        series = self._series(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        if not series:
            self._refuse("has no row; add one for each period below the header")
        return {"series": np.array(series)}

    def amount(
        self,
        memory: Memory,
        period: int,
        accuracy: float,
        majority_share: float,
        draws: np.random.Generator,
    ) -> tuple[float, Memory]:
        series: Floats = memory["series"]
        return float(series[min(period, len(series)) - 1]), memory

    def _series(self, rows: "csv.DictReader[str]") -> list[float]:
        try:
            names = list(rows.fieldnames or ())
            if self.column not in names:
                hint = suggestion(self.column, names)
                others = " or ".join(f"tokens.revenue.column={name}" for name in names)
                what = f"line 1: no column {self.column!r}{hint}; set {others}"
                self._refuse(what, "column")
            if names.count(self.column) > 1:
                what = f"line 1: several columns {self.column!r}; rename all but one"
                self._refuse(what, "column")
            return [self._amount(row, rows.line_num) for row in rows]
        except csv.Error as error:
            self._refuse(f"line {rows.reader.line_num}: {error}")

    def _amount(self, row: dict[str, str], line: int) -> float:
        if None in row:
            self._refuse(f"line {line}: more values than the header has names; name all columns")
        text = row[self.column] or ""
        try:
            amount = float(text)
        except ValueError:
            amount = math.nan
        if not 0 <= amount <= MOST:
            self._refuse(
                f"line {line}: {self.column} must be a number from 0 to {MOST:g}, not {text!r}"
            )
        return amount

    def _refuse(self, reason: str, setting: str = "file") -> NoReturn:
        what = f"revenue csv: {self.file.path}: {reason}"
        raise ScenarioError([Problem("", what, (setting,))])


REVENUES: tuple[type[Revenue], ...] = (
    AccuracyLinked,
    ConstantRevenue,
    StochasticRevenue,
    CsvRevenue,
)
