"""Tasks whose data are part of scikit-learn."""

from typing import Literal

import numpy as np

from simulator.components import Floats, Integers
from simulator.federation.tasks.base import Task

__all__ = ["BreastCancer", "Digits", "Wine"]


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
