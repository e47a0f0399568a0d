"""The task with randomly drawn examples."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from simulator.advice import conjoined, setting
from simulator.components import Floats, Integers
from simulator.errors import Misfit
from simulator.federation.tasks.base import Task

__all__ = ["Synthetic"]


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
            raise Misfit(
                f"{informative} informative features are more than the {info.data['features']} "
                f"features in all: set federation.task.features={informative} or "
                f"federation.task.informative={info.data['features']}",
                ".",
                "features",
            )
        return informative

    @field_validator("classes")
    @classmethod
    def _have_examples(cls, classes: int, info: ValidationInfo) -> int:
        if 10 * classes > info.data.get("examples", 10 * classes):
            raise Misfit(
                f"{classes} classes need at least {10 * classes} examples, 10 each, "
                f"there are {info.data['examples']}: set federation.task.examples={10 * classes} "
                f"or federation.task.classes={info.data['examples'] // 10}",
                ".",
                "examples",
            )
        return classes

    @field_validator("clusters")
    @classmethod
    def _fits_the_corners(cls, clusters: int, info: ValidationInfo) -> int:
        if "classes" in info.data and "informative" in info.data:
            classes, informative = info.data["classes"], info.data["informative"]
            if classes * clusters > 2**informative:
                raise Misfit(
                    f"{classes} classes x {clusters} clusters are more than the {2**informative} "
                    f"corners of {informative} informative features: set "
                    f"{_enough_corners(classes, clusters, info.data)}",
                    ".",
                    "classes",
                    "informative",
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


def _enough_corners(classes: int, clusters: int, others: Mapping[str, Any]) -> str:
    """Settings with which each cluster has a corner of its own, given the `others`."""
    needed = (classes * clusters - 1).bit_length()
    settings = {"federation.task.informative": needed}
    if needed > others["features"]:
        settings = {"federation.task.features": needed} | settings
    fewer = 2 ** others["informative"] // classes
    advice = conjoined(settings)
    return f"{advice} or {setting('federation.task.clusters', fewer)}" if fewer else advice
