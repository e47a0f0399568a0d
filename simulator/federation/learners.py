"""Learners: the model that is trained and how a client trains it."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from pydantic import Field

from simulator.components import Component, Floats, Integers
from simulator.errors import ModelError
from simulator.federation.tasks import Split

__all__ = ["LEARNERS", "SLOW_DOWN", "Learner", "SgdClassifier"]

SLOW_DOWN = "try a smaller federation.learner.learning_rate"


class Learner(Component):
    """A model whose parameters are one flat vector `[params]`, trained locally by scikit-learn."""

    epochs: int = Field(1, ge=1, description="Local passes over a client's examples per round.")

    @abstractmethod
    def initial(self, features: int, classes: int, draws: np.random.Generator) -> Floats:
        """Parameters before any training `[params]`."""

    @abstractmethod
    def train(
        self, parameters: Floats, steps: float, data: Split, classes: int, seed: int
    ) -> tuple[Floats, float]:
        """Train a client's copy on its data.

        `steps` is the client's count of examples seen, which drives learning-rate schedules; both
        it and the parameters are returned anew. `seed` orders the examples. Raises ModelError when
        the parameters stop being finite.
        """

    @abstractmethod
    def scores(self, parameters: Floats, features: Floats, classes: int) -> Floats:
        """Raw scores `[models, outputs, rows]` of several models `[models, params]`."""

    @abstractmethod
    def predictions(self, scores: Floats) -> Integers:
        """Predicted classes `[models, rows]` from raw scores."""

    @abstractmethod
    def probabilities(self, scores: Floats) -> Floats:
        """Class probabilities `[models, classes, rows]` from raw scores, which it may overwrite."""

    def combined_scores(
        self, previous: Floats, updates: Floats, features: Floats, classes: int
    ) -> Callable[[Floats], Floats]:
        """A function from weights `[models, clients]` to scores of previous + weights @ updates."""
        return lambda weights: self.scores(previous + weights @ updates, features, classes)


class SgdClassifier(Learner):
    """Linear classifier with logistic loss, one against the rest, trained by SGD.

    scikit-learn's `SGDClassifier(loss="log_loss", penalty="l2")` through `partial_fit`: one example
    at a time in an order drawn anew each epoch. Parameters are `coef_` followed by `intercept_`.
    """

    kind: Literal["sgd_classifier"] = "sgd_classifier"
    learning_rate: float = Field(0.01, gt=0, description="Step size eta0, constant.")
    l2: float = Field(1e-4, ge=0, description="Weight of the L2 penalty (scikit-learn's alpha).")

    def initial(self, features: int, classes: int, draws: np.random.Generator) -> Floats:
        return np.zeros(_outputs(classes) * (features + 1))

    def train(
        self, parameters: Floats, steps: float, data: Split, classes: int, seed: int
    ) -> tuple[Floats, float]:
        model = self._estimator(parameters, steps, classes, seed)
        try:
            for _ in range(self.epochs):
                model.partial_fit(data.features, data.labels)
        except ValueError as error:
            raise ModelError(f"training failed, {SLOW_DOWN}: {error}") from error
        return np.concatenate([model.coef_.ravel(), model.intercept_]), model.t_

    def _estimator(self, parameters: Floats, steps: float, classes: int, seed: int) -> Any:
        """A scikit-learn estimator in the state it would have after `steps` examples."""
        from sklearn.linear_model import SGDClassifier

        outputs = _outputs(classes)
        model = SGDClassifier(
            loss="log_loss",
            alpha=self.l2,
            learning_rate="constant",
            eta0=self.learning_rate,
            random_state=np.random.RandomState(seed),
        )
        model.classes_ = np.arange(classes)
        model.coef_ = parameters[:-outputs].reshape(outputs, -1).copy()
        model.intercept_ = parameters[-outputs:].copy()
        model.t_ = steps
        return model

    def scores(self, parameters: Floats, features: Floats, classes: int) -> Floats:
        outputs = _outputs(classes)
        coefficients = parameters[:, :-outputs].reshape(len(parameters), outputs, -1)
        scores: Floats = coefficients @ features.T
        scores += parameters[:, -outputs:, None]
        return scores

    def predictions(self, scores: Floats) -> Integers:
        if scores.shape[1] == 1:
            return (scores[:, 0] > 0).astype(np.int64)
        classes: Integers = scores.argmax(axis=1)
        return classes

    def probabilities(self, scores: Floats) -> Floats:
        positive = np.negative(scores, out=scores)
        with np.errstate(over="ignore"):
            np.exp(positive, out=positive)
        positive += 1.0
        np.reciprocal(positive, out=positive)
        if scores.shape[1] == 1:
            return np.concatenate([1.0 - positive, positive], axis=1)
        total = positive.sum(axis=1, keepdims=True)
        if (total == 0).any():
            positive = np.where(total > 0, positive, 1.0)
            total = positive.sum(axis=1, keepdims=True)
        positive /= total
        return positive

    def combined_scores(
        self, previous: Floats, updates: Floats, features: Floats, classes: int
    ) -> Callable[[Floats], Floats]:
        """Scores are linear in the parameters: each client's are computed once and added up."""
        scores = self.scores(np.vstack([previous, updates]), features, classes)
        shape, parts = scores.shape[1:], scores.reshape(len(scores), -1)

        def combined(weights: Floats) -> Floats:
            total = weights @ parts[1:]
            total += parts[0]
            return total.reshape(-1, *shape)

        return combined


def _outputs(classes: int) -> int:
    return 1 if classes == 2 else classes


LEARNERS: tuple[type[Learner], ...] = (SgdClassifier,)
