"""Utilities: what a model is worth, measured on the validation set."""

from abc import abstractmethod
from typing import Literal

import numpy as np

from simulator.components import Component, Floats, Integers

__all__ = ["UTILITIES", "NegativeLogLoss", "Utility", "negative_log_loss"]


def negative_log_loss(probabilities: Floats, labels: Integers) -> Floats:
    """Mean log probability of the true class, clipped at 2.2e-16 as scikit-learn's `log_loss` does.

    `probabilities` `[models, classes, rows]`, `labels` `[rows]`; one value per model.
    """
    smallest = np.finfo(float).eps
    true_class = probabilities[:, labels, np.arange(len(labels))]
    value: Floats = np.log(np.clip(true_class, smallest, 1.0 - smallest)).mean(axis=1)
    return value


class Utility(Component):
    """A measure of a model, higher is better."""

    @abstractmethod
    def value(self, probabilities: Floats, labels: Integers) -> Floats:
        """One value per model, from `[models, classes, rows]` and `[rows]`."""


class NegativeLogLoss(Utility):
    """Minus the log loss: sensitive to every change of the model, unlike accuracy."""

    kind: Literal["neg_log_loss"] = "neg_log_loss"

    def value(self, probabilities: Floats, labels: Integers) -> Floats:
        return negative_log_loss(probabilities, labels)


UTILITIES: tuple[type[Utility], ...] = (NegativeLogLoss,)
