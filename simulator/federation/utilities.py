"""Utilities: measures of a model's worth on the validation set."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np

from simulator.components import Booleans, Component, Floats, Integers
from simulator.federation.learners import Learner

__all__ = [
    "UTILITIES",
    "Accuracy",
    "Auc",
    "BalancedAccuracy",
    "HitRate",
    "NegativeLogLoss",
    "Utility",
    "area_under_curve",
]


def area_under_curve(
    likelihood: Floats, positive: Booleans, weights: Floats | None = None
) -> Floats:
    """Fraction of pairs of a positive and a negative row ranked correctly; a tie counts half.

    `likelihood` `[models, rows]` of being positive; `positive` `[rows]` must have both values. A
    pair counts by the product of its rows' `weights` `[rows]`. One value per model.
    """
    order = np.argsort(likelihood, axis=1, kind="stable")  # or ties are in any order
    first, last = _ties(np.take_along_axis(likelihood, order, axis=1))
    if weights is not None:
        return _weighted_area(positive[order], weights[order], first, last)
    ranks = (first + last) / 2 + 1
    count = positive.sum()
    correct = (ranks * positive[order]).sum(axis=1) - count * (count + 1) / 2
    value: Floats = correct / (count * (positive.size - count))
    return value


def _weighted_area(positive: Booleans, weights: Floats, first: Integers, last: Integers) -> Floats:
    """The area under the curve of rows in ascending order; all arrays are `[models, rows]`."""
    negative = np.cumsum(np.where(positive, 0.0, weights), axis=1)
    negative = np.insert(negative, 0, 0.0, axis=1)  # the weight of negative rows before each place
    below = np.take_along_axis(negative, first, axis=1)
    upto = np.take_along_axis(negative, last + 1, axis=1)
    positives = np.where(positive, weights, 0.0)
    correct = (positives * (below + upto) / 2).sum(axis=1)
    value: Floats = correct / (positives.sum(axis=1) * negative[:, -1])
    return value


def _ties(ascending: Floats) -> tuple[Integers, Integers]:
    """First and last place of the numbers that equal each of the sorted `[models, rows]`."""
    rows = ascending.shape[1]
    place = np.arange(rows)
    ends = np.diff(ascending, axis=1, append=np.inf) > 0
    begins = np.roll(ends, 1, axis=1)
    first = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    backwards = np.where(ends, place, rows - 1)[:, ::-1]
    last = np.minimum.accumulate(backwards, axis=1)[:, ::-1]
    return first, last


class Utility(Component):
    """A measure of a model, higher is better."""

    takes_weights: ClassVar[bool] = False
    """Whether `value` honours the weights of rows; if not, a task with weights is refused."""

    def check_weights(self) -> None:
        """Raise ValueError when the utility cannot honour the weights of examples."""
        if not self.takes_weights:
            raise ValueError(f"utility {self.kind} does not honour the task's weights of examples")

    @abstractmethod
    def value(
        self, learner: Learner, scores: Floats, labels: Integers, weights: Floats | None = None
    ) -> Floats:
        """One value per model, from raw scores `[models, outputs, rows]` and labels `[rows]`.

        The learner turns scores into predictions or probabilities; it may overwrite the scores.
        Rows count by their `weights` `[rows]`, equally without; only a utility that
        `takes_weights` needs this argument.
        """

    def binary_hit_rate(self, labels: Integers) -> Callable[[Floats], Floats] | None:
        """The value as a function of correct predictions `[models, 2]` in two classes, or None.

        It is for rows without weights.
        """
        return None


class NegativeLogLoss(Utility):
    """Minus the log loss: sensitive to every change of the model, unlike accuracy."""

    kind: Literal["neg_log_loss"] = "neg_log_loss"
    takes_weights: ClassVar[bool] = True

    def value(
        self, learner: Learner, scores: Floats, labels: Integers, weights: Floats | None = None
    ) -> Floats:
        return learner.log_likelihood(scores, labels, weights)


class HitRate(Utility):
    """A utility of nothing but how many rows of each class are predicted right."""

    takes_weights: ClassVar[bool] = True

    @abstractmethod
    def rate(self, hits: Floats, rows: Floats) -> Floats:
        """One value per model; `hits` `[models, classes]` of `rows` `[classes]` are correct.

        Rows with weights are counted by them.
        """

    def value(
        self, learner: Learner, scores: Floats, labels: Integers, weights: Floats | None = None
    ) -> Floats:
        classes = np.arange(labels.max() + 1)
        correct = learner.predictions(scores) == labels
        if weights is None:
            is_class = (labels[:, None] == classes).astype(float)
            return self.rate(correct @ is_class, is_class.sum(axis=0))
        # A matrix product of weights would be summed in another order on another processor.
        by_class = [weights * (labels == label) for label in classes]
        hits = np.stack([(correct * each).sum(axis=1) for each in by_class], axis=1)
        return self.rate(hits, np.array([each.sum() for each in by_class]))

    def binary_hit_rate(self, labels: Integers) -> Callable[[Floats], Floats] | None:
        rows = np.bincount(labels, minlength=2).astype(float)
        return lambda hits: self.rate(hits, rows)


class Accuracy(HitRate):
    """Part of the rows predicted right. On few rows most coalitions of a round are worth the same.

    Leave-one-out contributions are then 0 for everybody in most rounds.
    """

    kind: Literal["accuracy"] = "accuracy"

    def rate(self, hits: Floats, rows: Floats) -> Floats:
        accuracy: Floats = hits.sum(axis=1) / rows.sum()
        return accuracy


class BalancedAccuracy(HitRate):
    """Mean over classes of the part of their rows predicted right; classes without rows left out.

    That is what scikit-learn's `balanced_accuracy_score` measures.
    """

    kind: Literal["balanced_accuracy"] = "balanced_accuracy"

    def rate(self, hits: Floats, rows: Floats) -> Floats:
        present = rows > 0
        balanced: Floats = (hits[:, present] / rows[present]).mean(axis=1)
        return balanced


class Auc(Utility):
    """Area under the ROC curve; with more than two classes the mean of each against the rest.

    As scikit-learn's `roc_auc_score(multi_class="ovr", average="macro")`, which refuses validation
    rows in which a class is missing. Here that class is left out, and the area is 0.5 when all rows
    are of one class.
    """

    kind: Literal["auc"] = "auc"
    takes_weights: ClassVar[bool] = True

    def value(
        self, learner: Learner, scores: Floats, labels: Integers, weights: Floats | None = None
    ) -> Floats:
        probabilities = learner.probabilities(scores)
        classes = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
        separable = [number for number in classes if len(np.unique(labels == number)) == 2]
        if not separable:
            return np.full(len(probabilities), 0.5)
        areas = [area_under_curve(probabilities[:, n], labels == n, weights) for n in separable]
        mean: Floats = np.mean(areas, axis=0)
        return mean


UTILITIES: tuple[type[Utility], ...] = (NegativeLogLoss, Accuracy, BalancedAccuracy, Auc)
