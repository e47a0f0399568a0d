"""Tasks whose data are part of scikit-learn, read without importing it, which takes 0.6 s."""

from typing import Literal

import numpy as np

from simulator.components import Floats, Integers
from simulator.errors import ScenarioError
from simulator.federation.tasks.base import Task
from simulator.federation.tasks.shipped_data import kept_table, package_file

__all__ = ["BreastCancer", "Digits", "Wine"]


class Digits(Task):
    """Handwritten digits, 8 x 8 pixels: 1,797 examples of 10 classes, part of scikit-learn."""

    kind: Literal["digits"] = "digits"

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        return _examples(self.kind, "digits.csv.gz", header=0)


class BreastCancer(Task):
    """Wisconsin breast cancer: is a tumour benign? 569 examples, 30 features, 2 classes.

    Street et al. 1993, part of scikit-learn. Class 1, benign, has 357 of the examples.
    """

    kind: Literal["breast_cancer"] = "breast_cancer"

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        return _examples(self.kind, "breast_cancer.csv", header=1)


class Wine(Task):
    """Which of 3 cultivars a wine is from: 178 examples, 13 chemical features (Aeberhard 1991).

    Part of scikit-learn. So small that few clients can have 10 examples each.
    """

    kind: Literal["wine"] = "wine"

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        return _examples(self.kind, "wine_data.csv", header=1)


def _examples(kind: str, file: str, header: int) -> tuple[Floats, Integers]:
    """Features and classes in a file of scikit-learn, whose last column is the class."""
    path = package_file("sklearn", f"datasets/data/{file}")
    if path is None:
        raise ScenarioError(f"task {kind}: the installed scikit-learn has no data file {file}")
    table = kept_table(path, header)
    return table[:, :-1], table[:, -1].astype(np.int64)
