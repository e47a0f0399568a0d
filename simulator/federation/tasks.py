"""Tasks: the data the federation learns from."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from simulator.components import Component, Floats, Integers
from simulator.errors import ScenarioError

__all__ = ["TASKS", "BreastCancer", "Dataset", "Digits", "Split", "Synthetic", "Task", "Wine"]

PARTS = ("training", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Examples `[rows, features]` and their classes `[rows]`, numbered from 0."""

    features: Floats
    labels: Integers

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """A task's data: `train` is divided among clients, `validation` measures contributions."""

    train: Split
    validation: Split
    test: Split
    classes: int

    @property
    def majority_share(self) -> float:
        """Accuracy on the test set of always naming its most frequent class."""
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
            raise ValueError("validation + test must be less than 1, the rest is for training")
        return test

    @abstractmethod
    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        """All examples `[rows, features]` and their classes `[rows]`, numbered from 0."""

    def load(self, draws: np.random.Generator) -> Dataset:
        """Split the examples, each class in the same proportions, and scale them.

        Features get mean 0 and deviation 1 on the training part; the others follow that scaling.
        """
        from sklearn.preprocessing import StandardScaler

        features, labels = self.collect(draws)
        parts = self._parts(labels, draws)
        if empty := [name for name, rows in zip(PARTS, parts, strict=True) if not len(rows)]:
            raise ScenarioError(f"task {self.kind}: no examples for {' and '.join(empty)}")
        scaler = StandardScaler().fit(features[parts[0]])
        train, validation, test = (
            Split(scaler.transform(features[rows]), labels[rows]) for rows in parts
        )
        return Dataset(train, validation, test, classes=int(labels.max()) + 1)

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


class Digits(Task):
    """Handwritten digits, 8 x 8 pixels: 1,797 examples of 10 classes, part of scikit-learn."""

    kind: Literal["digits"] = "digits"

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        from sklearn.datasets import load_digits

        features, labels = load_digits(return_X_y=True)
        return features, labels.astype(np.int64)


class BreastCancer(Task):
    """Wisconsin breast cancer: is a tumour benign? 569 examples, 30 features, 2 classes.

    Street et al. 1993, part of scikit-learn. Class 1, benign, has 357 of the examples.
    """

    kind: Literal["breast_cancer"] = "breast_cancer"

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        from sklearn.datasets import load_breast_cancer

        features, labels = load_breast_cancer(return_X_y=True)
        return features, labels.astype(np.int64)


class Wine(Task):
    """Which of 3 cultivars a wine is from: 178 examples, 13 chemical features (Aeberhard 1991).

    Part of scikit-learn. So small that few clients can have 10 examples each.
    """

    kind: Literal["wine"] = "wine"

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        from sklearn.datasets import load_wine

        features, labels = load_wine(return_X_y=True)
        return features, labels.astype(np.int64)


class Synthetic(Task):
    """Normal clusters at corners of a hypercube, by scikit-learn's `make_classification`.

    Features that are not informative are noise (Guyon 2003). The run's stream draws the examples,
    so another seed is another dataset of the same difficulty.
    """

    kind: Literal["synthetic"] = "synthetic"
    examples: int = Field(
        1000, ge=50, le=1_000_000, description="Number of examples, all parts together."
    )
    features: int = Field(20, ge=1, le=1000, description="Number of features.")
    informative: int = Field(
        5,
        ge=1,
        le=1000,
        validate_default=True,
        description="Number of features that differ between classes, the others are noise.",
    )
    classes: int = Field(
        2,
        ge=2,
        le=100,
        validate_default=True,
        description="Number of classes, equally frequent but for label noise.",
    )
    clusters: int = Field(
        1,
        ge=1,
        le=100,
        validate_default=True,
        description="Clusters of each class; with more than 1 no linear model may separate them.",
    )
    separation: float = Field(
        1.0, gt=0, le=1e6, description="Half the side of the hypercube; smaller is harder."
    )
    label_noise: float = Field(
        0.05, ge=0, le=1, description="Fraction of examples whose class is drawn at random."
    )

    @field_validator("informative")
    @classmethod
    def _fits_the_features(cls, informative: int, info: ValidationInfo) -> int:
        if informative > info.data.get("features", informative):
            raise ValueError(
                f"{informative} informative features are more than the {info.data['features']} "
                "features in all"
            )
        return informative

    @field_validator("classes")
    @classmethod
    def _have_examples(cls, classes: int, info: ValidationInfo) -> int:
        if 10 * classes > info.data.get("examples", 10 * classes):
            raise ValueError(
                f"{classes} classes need at least {10 * classes} examples, 10 each, "
                f"there are {info.data['examples']}"
            )
        return classes

    @field_validator("clusters")
    @classmethod
    def _fits_the_corners(cls, clusters: int, info: ValidationInfo) -> int:
        if "classes" in info.data and "informative" in info.data:
            classes, informative = info.data["classes"], info.data["informative"]
            if classes * clusters > 2**informative:
                raise ValueError(
                    f"{classes} classes x {clusters} clusters are more than the {2**informative} "
                    f"corners of {informative} informative features"
                )
        return clusters

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        from sklearn.datasets import make_classification

        features, labels = make_classification(
            self.examples,
            self.features,
            n_informative=self.informative,
            n_redundant=0,
            n_classes=self.classes,
            n_clusters_per_class=self.clusters,
            class_sep=self.separation,
            flip_y=self.label_noise,
            random_state=int(draws.integers(2**32)),
        )
        return features, labels.astype(np.int64)


TASKS: tuple[type[Task], ...] = (Digits, BreastCancer, Wine, Synthetic)
