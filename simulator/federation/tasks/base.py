"""The base of tasks: examples, split into training, validation and test."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from simulator.components import Component, Floats, Integers
from simulator.errors import ScenarioError

__all__ = ["Dataset", "Split", "Task"]

PARTS = ("training", "validation", "test")
FRACTIONS = "federation.task.validation=0.2 and federation.task.test=0.2"


@dataclass(frozen=True, eq=False)
class Split:
    """Examples `[rows, features]` and their classes `[rows]`, numbered from 0; both read-only."""

    features: Floats
    labels: Integers

    def __post_init__(self) -> None:
        for name, values in (("features", self.features), ("labels", self.labels)):
            view = values.view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Integers) -> "Split":
        """The examples in `rows`."""
        return Split(self.features[rows], self.labels[rows])


@dataclass(frozen=True)
class Dataset:
    """A task's data: `train` is divided among clients, `validation` measures contributions."""

    train: Split
    validation: Split
    test: Split
    classes: int
    origins: Integers | None = None
    """Number of the client that each training example belongs to, if the task defines it."""

    @property
    def majority_share(self) -> float:
        """Test accuracy of always predicting the most frequent class."""
        return float(np.bincount(self.test.labels).max() / len(self.test))


class Task(Component):
    """A classification problem, its examples split by class into three parts."""

    validation: float = Field(
        0.2, gt=0, lt=1, description="Fraction of examples on which contributions are measured."
    )
    test: float = Field(
        0.2,
        gt=0,
        lt=1,
        validate_default=True,
        description="Fraction of examples on which accuracy is reported.",
    )

    @field_validator("test")
    @classmethod
    def _leaves_something_to_train_on(cls, test: float, info: ValidationInfo) -> float:
        if "validation" in info.data and info.data["validation"] + test >= 1:
            raise ValueError(
                f"validation + test must be less than 1, the rest is for training: set {FRACTIONS}"
            )
        return test

    @abstractmethod
    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        """All examples `[rows, features]` and their classes `[rows]`, numbered from 0.

        Missing features are NaN.
        """

    def origins(self) -> Integers | None:
        """Number of the client that each example belongs to `[rows]`; None if undefined."""
        return None

    def imputer(self) -> Any:
        """A scikit-learn imputer of missing features; None: the mean of the training part."""
        return None

    def summary(self) -> str:
        """What was read, in a line, for tasks from a file of the user's; empty for others."""
        return ""

    def load(self, draws: np.random.Generator) -> Dataset:
        """Split the examples, each class in the same proportions, and scale them.

        Features are scaled to mean 0 and deviation 1 on the training part. Missing features are
        filled in by `imputer`, or get the mean of the training part.
        """
        from sklearn.preprocessing import StandardScaler

        features, labels = self.collect(draws)
        parts = self._parts(labels, draws)
        if empty := [name for name, rows in zip(PARTS, parts, strict=True) if not len(rows)]:
            raise ScenarioError(
                f"task {self.kind}: no examples for {' and '.join(empty)}: set {FRACTIONS}"
            )
        if (imputer := self.imputer()) is not None:
            features = imputer.fit(features[parts[0]]).transform(features)
        scaler = StandardScaler().fit(features[parts[0]])
        train, validation, test = (
            Split(_impute(scaler.transform(features[rows])), labels[rows]) for rows in parts
        )
        origins = self.origins()
        return Dataset(
            train,
            validation,
            test,
            classes=int(labels.max()) + 1,
            origins=None if origins is None else origins[parts[0]],
        )

    def _parts(self, labels: Integers, draws: np.random.Generator) -> list[Integers]:
        parts: list[list[Integers]] = [[], [], []]
        for label in np.unique(labels):
            rows = draws.permutation(np.flatnonzero(labels == label))
            first = round(self.validation * len(rows))
            second = first + round(self.test * len(rows))
            for part, chosen in zip(
                parts, (rows[second:], rows[:first], rows[first:second]), strict=True
            ):
                part.append(chosen)
        return [draws.permutation(np.concatenate(part)) for part in parts]


def _impute(features: Floats) -> Floats:
    return np.where(np.isnan(features), 0.0, features)
