"""The base of tasks: examples, split into training, validation and test."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from simulator.answers import answers_of
from simulator.components import Component, Floats, Integers
from simulator.errors import ComponentError, Misfit, ScenarioError
from simulator.federation.tasks.scaling import Scaling

__all__ = ["DataClient", "Dataset", "Split", "Task"]

PARTS = ("training", "validation", "test")
FRACTIONS = "federation.task.validation=0.2 and federation.task.test=0.2"


@dataclass(frozen=True, eq=False)
class Split:
    """Examples `[rows, features]` and their classes `[rows]`, numbered from 0; all read-only.

    `weights` `[rows]` are how much each example counts, positive; None: every example counts 1.
    """

    features: Floats
    labels: Integers
    weights: Floats | None = None

    def __post_init__(self) -> None:
        arrays = ("features", self.features), ("labels", self.labels), ("weights", self.weights)
        for name, values in arrays:
            if values is not None:
                view = values.view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Integers) -> "Split":
        """The examples in `rows`."""
        weights = None if self.weights is None else self.weights[rows]
        return Split(self.features[rows], self.labels[rows], weights)

    @property
    def size(self) -> float:
        """Sum of the examples' weights: their number where each counts 1."""
        return len(self) if self.weights is None else float(self.weights.sum())

    @staticmethod
    def joined(splits: "Sequence[Split]") -> "Split":
        """All examples of several splits, one split after the other."""
        weights = None
        if any(split.weights is not None for split in splits):
            weights = np.concatenate(
                [np.ones(len(each)) if each.weights is None else each.weights for each in splits]
            )
        features = np.concatenate([split.features for split in splits])
        return Split(features, np.concatenate([split.labels for split in splits]), weights)


class DataClient(NamedTuple):
    """A client that a task's data define."""

    name: str
    """In tables, messages and figures."""
    value: str
    """In the data."""
    rows: int
    """Number of its examples, all parts together."""


@dataclass(frozen=True)
class Dataset:
    """A task's data: `train` is divided among clients, `validation` measures contributions."""

    train: Split
    validation: Split
    test: Split
    classes: int
    origins: Integers | None = None
    """Number of the client that each training example belongs to, if the task defines it."""
    clients: tuple[DataClient, ...] = ()
    """The clients by number, if the task names them."""

    @property
    def majority_share(self) -> float:
        """Test accuracy of always predicting the most frequent class, by weight."""
        return float(np.bincount(self.test.labels, self.test.weights).max() / self.test.size)


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
            what = (
                f"validation + test must be less than 1, the rest is for training: set {FRACTIONS}"
            )
            raise Misfit(what, ".", "validation")
        return test

    @abstractmethod
    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        """All examples `[rows, features]` and their classes `[rows]`, numbered from 0.

        Missing features are NaN.
        """

    def origins(self) -> Integers | None:
        """Number of the client that each example belongs to `[rows]`; None if undefined."""
        return None

    def clients_in_data(self) -> tuple[DataClient, ...]:
        """The clients that `origins` numbers, in that order; empty if the data do not name them."""
        return ()

    def test_examples(self) -> Split | None:
        """The test part, unscaled, if it is given apart from the examples of `collect`."""
        return None

    def weights(self) -> Floats | None:
        """Weight of each example `[rows]`, positive; None: every example counts the same."""
        return None

    @property
    def weighted(self) -> bool:
        """Whether `weights` may return weights, which learner and utility must then honour."""
        return type(self).weights is not Task.weights

    def imputer(self) -> Any:
        """A scikit-learn imputer of missing features; None: the mean of the training part.

        Where examples have weights, its `fit` gets them as `sample_weight`.
        """
        return None

    def summary(self) -> str:
        """What was read, in a line, for tasks from a file of the user's; empty for others."""
        return ""

    def load(self, draws: np.random.Generator) -> Dataset:
        """Split the examples, each class in the same proportions, and scale them.

        The test part is `test_examples` if these are given. Features are scaled to mean 0 and
        deviation 1 on the training part, by weight. Missing features are filled in by `imputer`, or
        get the mean of the training part. Weights are divided by their mean on the training part;
        equal ones are left out.
        """
        features, labels = self._collected(draws)
        examples = Split(features, labels, self._checked_weights(len(labels)))
        rows = self._parts(labels, draws)
        if (given := self.test_examples()) is not None:
            rows[2] = len(labels) + np.arange(len(given))
            examples = Split.joined([examples, given])
        if empty := [name for name, part in zip(PARTS, rows, strict=True) if not len(part)]:
            fractions = FRACTIONS if given is None else "federation.task.validation=0.2"
            raise ScenarioError(
                f"task {self.kind}: no examples for {' and '.join(empty)}: set {fractions}"
            )
        features, weights = examples.features, _relative(examples.weights, rows[0])
        if (imputer := self.imputer()) is not None:
            by_weight = {} if weights is None else {"sample_weight": weights[rows[0]]}
            fitted = imputer.fit(features[rows[0]], **by_weight)
            features = np.asarray(fitted.transform(features), dtype=float)
        if np.isinf(features).any():
            raise ComponentError(f"task {self.kind}: a test example or imputer gave infinity")
        parts = [Split(features, examples.labels, weights).take(part) for part in rows]
        scaling = Scaling.of(parts[0].features, parts[0].weights)
        train, validation, test = (
            replace(part, features=_impute(scaling.scaled(part.features))) for part in parts
        )
        with answers_of(self, "origins") as answers:
            if (origins := self.origins()) is not None:
                origins = answers.integers(origins, labels.shape, 0, len(labels))
        return Dataset(
            train,
            validation,
            test,
            classes=int(labels.max()) + 1,
            origins=None if origins is None else origins[rows[0]],
            clients=self.clients_in_data(),
        )

    def _checked_weights(self, rows: int) -> Floats | None:
        """What `weights` returns. Raises ComponentError unless they are positive, one per row."""
        with answers_of(self, "weights") as answers:
            weights = self.weights()
            return None if weights is None else answers.positive(weights, (rows,))

    def _collected(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        """What `collect` returns. Raises ComponentError unless that is as it describes."""
        with answers_of(self, "collect") as answers:
            features, labels = self.collect(draws)
            rows, columns = len(labels), np.shape(features)[1:2] or (1,)
            features = answers.floats(features, (rows, *columns))
            if (infinite := np.isinf(features)).any():
                row, column = np.argwhere(infinite)[0]
                raise answers.error(f"returned an infinite feature {column} of example {row}")
            labels = answers.integers(labels, (rows,), 0, rows)
            classes = int(labels.max(initial=0)) + 1
            if classes < 2:
                raise answers.error("returned examples of one class only")
            if unused := np.flatnonzero(np.bincount(labels) == 0).tolist():
                raise answers.error(
                    f"returned labels up to {classes - 1}, but no example of class {unused[0]}: "
                    "number the classes from 0 without gaps"
                )
            return features, labels

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


def _relative(weights: Floats | None, training: Integers) -> Floats | None:
    """Weights with mean 1 on the `training` rows; None if all weights are equal."""
    if weights is None or weights.min() == weights.max():
        return None
    relative: Floats = weights / weights[training].mean()
    return relative


def _impute(features: Floats) -> Floats:
    return np.where(np.isnan(features), 0.0, features)
