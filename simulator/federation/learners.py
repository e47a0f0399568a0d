"""Learners: the model that is trained and how a client trains it."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from simulator.components import Component, Floats, Integers
from simulator.errors import ModelError
from simulator.federation.tasks import Split

__all__ = ["LEARNERS", "SLOW_DOWN", "Learner", "MlpClassifier", "SgdClassifier"]

SLOW_DOWN = "try a smaller federation.learner.learning_rate"


class Learner(Component):
    """A model whose parameters are one flat vector `[params]`, trained locally by scikit-learn."""

    epochs: int = Field(1, ge=1, description="Local passes over a client's examples per round.")

    @abstractmethod
    def initial(self, features: int, classes: int, draws: np.random.Generator) -> Floats:
        """Parameters before any training `[params]`."""

    @abstractmethod
    def estimator(
        self, parameters: Floats, steps: float, data: Split, classes: int, seed: int
    ) -> Any:
        """A scikit-learn estimator in the state it would have after `steps` examples."""

    @abstractmethod
    def parameters(self, estimator: Any) -> Floats:
        """What an estimator has learned `[params]`."""

    def train(
        self, parameters: Floats, steps: float, data: Split, classes: int, seed: int
    ) -> tuple[Floats, float]:
        """Train a client's copy on its data.

        `steps` is the client's count of examples seen, which drives learning-rate schedules; both
        it and the parameters are returned anew. `seed` orders the examples. Raises ModelError when
        the parameters stop being finite.
        """
        estimator = self.estimator(parameters, steps, data, classes, seed)
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                for _ in range(self.epochs):
                    estimator.partial_fit(data.features, data.labels)
        except ValueError as error:
            raise ModelError(f"training failed, {SLOW_DOWN}: {error}") from error
        return self.parameters(estimator), estimator.t_

    def train_all(
        self,
        parameters: Floats,
        steps: Floats,
        data: Sequence[Split],
        classes: int,
        seeds: Sequence[int],
    ) -> tuple[Floats, Floats]:
        """`train` for several clients, each a copy of the same `parameters` on its own data.

        Returns their parameters `[clients, params]` and steps `[clients]`.
        """
        trained = np.empty((len(data), parameters.size))
        taken = steps.copy()
        for client, (own, seed) in enumerate(zip(data, seeds, strict=True)):
            trained[client], taken[client] = self.train(
                parameters, float(steps[client]), own, classes, seed
            )
        return trained, taken

    @abstractmethod
    def scores(self, parameters: Floats, features: Floats, classes: int) -> Floats:
        """Raw scores `[models, outputs, rows]` of several models `[models, params]`."""

    def predictions(self, scores: Floats) -> Integers:
        """Predicted classes `[models, rows]` from raw scores: the largest, or a positive one."""
        if scores.shape[1] == 1:
            return (scores[:, 0] > 0).astype(np.int64)
        classes: Integers = scores.argmax(axis=1)
        return classes

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

    def estimator(
        self, parameters: Floats, steps: float, data: Split, classes: int, seed: int
    ) -> Any:
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

    def parameters(self, estimator: Any) -> Floats:
        return np.concatenate([estimator.coef_.ravel(), estimator.intercept_])

    def scores(self, parameters: Floats, features: Floats, classes: int) -> Floats:
        outputs = _outputs(classes)
        coefficients = parameters[:, :-outputs].reshape(len(parameters), outputs, -1)
        scores: Floats = coefficients @ features.T
        scores += parameters[:, -outputs:, None]
        return scores

    def probabilities(self, scores: Floats) -> Floats:
        positive = _logistic(scores)
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


class MlpClassifier(Learner):
    """Neural network with rectified linear units and logistic loss, trained by minibatch SGD.

    scikit-learn's `MLPClassifier(solver="sgd")` through `partial_fit`; its momentum is Nesterov's
    and starts anew each round. Clients begin with one global model, scikit-learn's own start.
    Parameters are `coefs_` followed by `intercepts_`, layer by layer.
    """

    kind: Literal["mlp_classifier"] = "mlp_classifier"
    hidden: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = Field(
        (32,), strict=False, min_length=1, max_length=8, description="Units of each hidden layer."
    )
    learning_rate: float = Field(0.1, gt=0, description="Step size, constant.")
    momentum: float = Field(0.9, ge=0, lt=1, description="Part of a step repeated in the next.")
    batch_size: int = Field(
        32, ge=1, description="Examples per step; more than a client has means all it has."
    )
    l2: float = Field(1e-4, ge=0, description="Weight of the L2 penalty (scikit-learn's alpha).")

    def initial(self, features: int, classes: int, draws: np.random.Generator) -> Floats:
        """Uniform within sqrt(6 / (inputs + outputs)) for each layer (Glorot & Bengio 2010)."""
        coefs, intercepts = [], []
        for inputs, outputs in pairwise(self._units(features, classes)):
            bound = np.sqrt(6 / (inputs + outputs))
            coefs.append(draws.uniform(-bound, bound, inputs * outputs))
            intercepts.append(draws.uniform(-bound, bound, outputs))
        return np.concatenate(coefs + intercepts)

    def estimator(
        self, parameters: Floats, steps: float, data: Split, classes: int, seed: int
    ) -> Any:
        from sklearn.neural_network import MLPClassifier
        from sklearn.preprocessing import LabelBinarizer

        model = MLPClassifier(
            self.hidden,
            solver="sgd",
            learning_rate_init=self.learning_rate,
            momentum=self.momentum,
            batch_size=min(self.batch_size, len(data)),
            alpha=self.l2,
            random_state=np.random.RandomState(seed),
        )
        model.classes_ = np.arange(classes)
        model._label_binarizer = LabelBinarizer().fit(model.classes_)
        model.coefs_, model.intercepts_ = self._layers(
            parameters.copy(), data.features.shape[1], classes
        )
        model.n_layers_, model.n_outputs_ = len(self.hidden) + 2, _outputs(classes)
        model.out_activation_ = "logistic" if classes == 2 else "softmax"
        model.t_, model.loss_curve_ = steps, []
        model.best_loss_, model._no_improvement_count = np.inf, 0
        return model

    def parameters(self, estimator: Any) -> Floats:
        layers = estimator.coefs_ + estimator.intercepts_
        return np.concatenate([layer.ravel() for layer in layers])

    def scores(self, parameters: Floats, features: Floats, classes: int) -> Floats:
        coefs, intercepts = self._layers(parameters, features.shape[1], classes)
        scores = features.T
        for layer, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True)):
            inputs = np.maximum(scores, 0.0, out=scores) if layer else scores
            scores = coef.swapaxes(1, 2) @ inputs
            scores += intercept[:, :, None]
        return scores

    def probabilities(self, scores: Floats) -> Floats:
        if scores.shape[1] == 1:
            positive = _logistic(scores)
            return np.concatenate([1.0 - positive, positive], axis=1)
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores

    def _units(self, features: int, classes: int) -> tuple[int, ...]:
        return (features, *self.hidden, _outputs(classes))

    def _layers(
        self, parameters: Floats, features: int, classes: int
    ) -> tuple[list[Floats], list[Floats]]:
        """Coefficients `[..., inputs, outputs]` and intercepts of each layer, as views."""
        shapes = list(pairwise(self._units(features, classes)))
        sizes = [inputs * outputs for inputs, outputs in shapes] + [last for _, last in shapes]
        parts = np.split(parameters, np.cumsum(sizes)[:-1], axis=-1)
        models = parameters.shape[:-1]
        coefs = [part.reshape(*models, *shape) for part, shape in zip(parts, shapes, strict=False)]
        return coefs, parts[len(shapes) :]


def _outputs(classes: int) -> int:
    return 1 if classes == 2 else classes


def _logistic(scores: Floats) -> Floats:
    """1 / (1 + exp(-scores)), in place."""
    np.negative(scores, out=scores)
    with np.errstate(over="ignore"):
        np.exp(scores, out=scores)
    scores += 1.0
    return np.reciprocal(scores, out=scores)


LEARNERS: tuple[type[Learner], ...] = (SgdClassifier, MlpClassifier)
