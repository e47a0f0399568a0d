"""Learners: the model and how a client trains it."""

from abc import abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from inspect import signature
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from simulator.answers import answers_of
from simulator.components import Component, Floats, Integers
from simulator.elementary import exp, log_likelihood, log_likelihood_of_odds, logistic
from simulator.errors import ModelError
from simulator.federation.tasks import Split

__all__ = ["LEARNERS", "SLOW_DOWN", "Learner", "MlpClassifier", "SgdClassifier"]

SLOW_DOWN = "try a smaller federation.learner.learning_rate"
ETA0, POWER_T = 0.01, 0.5


class Learner(Component):
    """A model whose parameters are one flat vector `[params]`, trained locally by scikit-learn."""

    linear: ClassVar[bool] = False
    """Whether scores are linear in the parameters."""
    takes_weights: ClassVar[bool] = False
    """Whether training honours the weights of examples; if not, a task with weights is refused."""
    epochs: int = Field(1, ge=1, description="Local passes over a client's examples per round.")

    @abstractmethod
    def initial(self, features: int, classes: int, draws: np.random.Generator) -> Floats:
        """Parameters before any training `[params]`."""

    @abstractmethod
    def estimator(
        self, parameters: Floats, steps: float, data: Split, classes: int, seed: int
    ) -> Any:
        """A scikit-learn estimator with these `parameters`, as after `steps` examples."""

    def check_weights(self) -> None:
        """Raise ValueError when the learner cannot honour the weights of examples."""
        if not self.takes_weights:
            raise ValueError(f"learner {self.kind} does not honour the task's weights of examples")

    @property
    def training(self) -> str:
        """Description of `train_all` for the log of a run."""
        return "by scikit-learn, one client after the other"

    @abstractmethod
    def parameters(self, estimator: Any) -> Floats:
        """Parameters of an estimator `[params]`."""

    def train(
        self, parameters: Floats, steps: float, data: Split, classes: int, seed: int
    ) -> tuple[Floats, float]:
        """Train a copy of the model on a client's data; returns the new parameters and steps.

        `steps` counts the examples that the client has trained on, which drives learning-rate
        schedules. `seed` orders the examples. Raises ModelError when parameters become infinite.
        """
        estimator = self.estimator(parameters, steps, data, classes, seed)
        weights = {} if data.weights is None else {"sample_weight": data.weights}
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                for _ in range(self.epochs):
                    estimator.partial_fit(data.features, data.labels, **weights)
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
        """`train` for several clients, all from the same `parameters`, each on its own data.

        Returns their parameters `[clients, params]` and steps `[clients]`.
        """
        models = np.empty((len(data), parameters.size))
        new_steps = steps.copy()
        for client, (examples, seed) in enumerate(zip(data, seeds, strict=True)):
            with answers_of(self, "train") as answers:
                model, new_steps[client] = self.train(
                    parameters, float(steps[client]), examples, classes, seed
                )
                models[client] = answers.floats(model, parameters.shape)
        return models, new_steps

    @abstractmethod
    def scores(self, parameters: Floats, features: Floats, classes: int) -> Floats:
        """Raw scores `[models, outputs, rows]` of models `[models, params]`."""

    def predictions(self, scores: Floats) -> Integers:
        """Predicted classes `[models, rows]`: the largest score, or the sign of a single one."""
        if scores.shape[1] == 1:
            return (scores[:, 0] > 0).astype(np.int64)
        from simulator.federation.game_kernels import largest_outputs

        return largest_outputs(scores)

    def probabilities(self, scores: Floats) -> Floats:
        """Class probabilities `[models, classes, rows]` from raw scores; may overwrite the scores.

        A single output is the log odds of class 1.
        """
        if scores.shape[1] == 1:
            return logistic(np.concatenate([-scores, scores], axis=1))
        shares = np.asarray(self.shares(scores), dtype=np.float64)
        total = shares.sum(axis=1, keepdims=True)
        probabilities = np.full_like(shares, 1 / scores.shape[1])
        with np.errstate(invalid="ignore"):
            np.divide(shares, total, out=probabilities, where=total != 0)
        return probabilities

    @abstractmethod
    def shares(self, scores: Floats) -> Floats:
        """Numbers in proportion to the class probabilities, from one output per class.

        None is negative; where all are 0, classes are equally likely. May overwrite the scores.
        """

    def log_likelihood(
        self, scores: Floats, labels: Integers, weights: Floats | None = None
    ) -> Floats:
        """Mean log probability of each row's class `[models]`; may overwrite the scores.

        Clipped as scikit-learn's `log_loss` does. The mean is by `weights` `[rows]`.
        """
        if scores.shape[1] == 1:
            return log_likelihood_of_odds(scores[:, 0], labels, weights)
        return log_likelihood(self.shares(scores), labels, weights)

    def training_seconds(self, examples: int, features: int, classes: int) -> float:
        """Rough time of a client's training in a round; 0 is unknown."""
        return 0.0

    def scoring_seconds(self, rows: int, features: int, classes: int) -> float:
        """Rough time of a coalition's scores on so many rows, and their utility; 0 is unknown."""
        return 0.0

    @abstractmethod
    def class_rows(self, parameters: Floats, features: int, classes: int) -> Floats:
        """Weights of the last layer `[models, outputs, inputs]`, without intercepts."""


class SgdClassifier(Learner):
    """Linear classifier with logistic loss, one against the rest, trained by SGD.

    scikit-learn's `SGDClassifier(loss="log_loss", penalty="l2")` through `partial_fit`: one example
    at a time in an order drawn anew each epoch. Parameters are `coef_` followed by `intercept_`.
    `train_all` gives the same bits by a compiled loop over all clients. An example's weight
    multiplies the step down its loss.

    With `proximal` mu each step, of size eta, is followed by one towards the global model, g:
    w <- w - min(1, eta mu) (w - g), for coefficients and intercepts. It is the descent of FedProx's
    mu/2 |w - g|^2 (Li et al. 2020), never beyond its minimum, taken after that of the loss.
    """

    kind: Literal["sgd_classifier"] = "sgd_classifier"
    linear: ClassVar[bool] = True
    takes_weights: ClassVar[bool] = True
    learning_rate: float = Field(
        ETA0, gt=0, description="Step size eta0 of the schedules constant and invscaling."
    )
    schedule: Literal["constant", "optimal", "invscaling"] = Field(
        "constant",
        description="Step size at a client's step t: eta0, 1 / (l2 (t0 + t)), eta0 / t^power_t.",
    )
    power_t: float = Field(POWER_T, ge=0, description="Exponent of the schedule invscaling.")
    l2: float = Field(1e-4, ge=0, description="Weight of the L2 penalty (scikit-learn's alpha).")
    proximal: float = Field(
        0.0, ge=0, description="Weight mu of the pull towards the global model (FedProx)."
    )

    @model_validator(mode="after")
    def _schedule_fits(self) -> Self:
        if self.schedule != "invscaling" and self.power_t != POWER_T:
            raise ValueError(
                "power_t is for schedule invscaling only: set federation.learner.schedule="
                f"invscaling or federation.learner.power_t={POWER_T:g}"
            )
        if self.schedule == "optimal" and self.learning_rate != ETA0:
            raise ValueError(
                "schedule optimal derives its step size from l2, not from learning_rate: set "
                f"federation.learner.learning_rate={ETA0:g} or federation.learner.schedule=constant"
            )
        if self.schedule == "optimal" and self.l2 == 0:
            raise ValueError(
                "schedule optimal derives its step size from l2, which must not be 0: set "
                "federation.learner.l2=0.0001 or federation.learner.schedule=constant"
            )
        return self

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
            learning_rate=self.schedule,
            eta0=self.learning_rate,
            power_t=self.power_t,
            random_state=np.random.RandomState(seed),
        )
        model.classes_ = np.arange(classes)
        model.coef_ = parameters[:-outputs].reshape(outputs, -1).copy()
        model.intercept_ = parameters[-outputs:].copy()
        model.t_ = steps
        return model

    def parameters(self, estimator: Any) -> Floats:
        return np.concatenate([estimator.coef_.ravel(), estimator.intercept_])

    @property
    def training(self) -> str:
        return "by a compiled loop over all clients, in the bits of scikit-learn"

    def train(
        self, parameters: Floats, steps: float, data: Split, classes: int, seed: int
    ) -> tuple[Floats, float]:
        """As in the base class, but the proximal term needs the compiled loop of `train_all`."""
        if not self.proximal:
            return super().train(parameters, steps, data, classes, seed)
        models, new_steps = self.train_all(parameters, np.array([steps]), [data], classes, [seed])
        return models[0], float(new_steps[0])

    def train_all(
        self,
        parameters: Floats,
        steps: Floats,
        data: Sequence[Split],
        classes: int,
        seeds: Sequence[int],
    ) -> tuple[Floats, Floats]:
        """As in the base class, by a compiled loop; on overflow scikit-learn decides."""
        if not data:
            return super().train_all(parameters, steps, data, classes, seeds)
        from simulator.federation import kernels

        examples, begins, rows = _stack(tuple(data))
        clients, outputs, size = len(data), _outputs(classes), examples.features.shape[1]
        weights = np.tile(parameters[:-outputs].reshape(outputs, size), (clients, 1))
        intercepts = np.tile(parameters[-outputs:], clients)
        seeds_of_orders = kernels.shuffle_seeds(np.array(seeds), self.epochs, outputs)
        finite = kernels.train_models(
            examples.features,
            examples.labels,
            np.repeat(begins, outputs),
            np.repeat(rows, outputs),
            np.tile(np.arange(outputs) if outputs > 1 else np.ones(1, dtype=np.int64), clients),
            seeds_of_orders.swapaxes(1, 2).reshape(-1, self.epochs),
            np.repeat(steps, outputs),
            kernels.SCHEDULES.index(self.schedule),
            self.learning_rate,
            self.power_t,
            self.l2,
            self.proximal,
            examples.weights,
            weights,
            intercepts,
        )
        if finite:
            models = np.hstack([weights.reshape(clients, -1), intercepts.reshape(clients, -1)])
            return models, steps + self.epochs * rows
        if self.proximal:
            raise ModelError(f"training failed, {SLOW_DOWN}: floating-point overflow")
        return super().train_all(parameters, steps, data, classes, seeds)

    def scores(self, parameters: Floats, features: Floats, classes: int) -> Floats:
        outputs = _outputs(classes)
        coefficients = parameters[:, :-outputs].reshape(len(parameters), outputs, -1)
        scores: Floats = coefficients @ features.T
        scores += parameters[:, -outputs:, None]
        return scores

    def shares(self, scores: Floats) -> Floats:
        return logistic(scores, out=scores)

    def training_seconds(self, examples: int, features: int, classes: int) -> float:
        return self.epochs * examples * _outputs(classes) * (3e-8 + 9e-10 * features)

    def scoring_seconds(self, rows: int, features: int, classes: int) -> float:
        return rows * _outputs(classes) * 3.5e-9

    def class_rows(self, parameters: Floats, features: int, classes: int) -> Floats:
        outputs = _outputs(classes)
        return parameters[:, :-outputs].reshape(len(parameters), outputs, features)


class MlpClassifier(Learner):
    """Neural network with rectified linear units and logistic loss, trained by minibatch SGD.

    scikit-learn's `MLPClassifier(solver="sgd")` through `partial_fit`; its momentum is Nesterov's
    and starts anew each round. Clients begin with one global model, scikit-learn's own start.
    Parameters are `coefs_` followed by `intercepts_`, layer by layer. An example's weight counts
    relative to the weights of its batch.
    """

    kind: Literal["mlp_classifier"] = "mlp_classifier"
    takes_weights: ClassVar[bool] = True
    hidden: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = Field(
        (32,), strict=False, min_length=1, max_length=8, description="Units of each hidden layer."
    )
    learning_rate: float = Field(0.1, gt=0, description="Step size, constant.")
    momentum: float = Field(0.9, ge=0, lt=1, description="Part of a step repeated in the next.")
    batch_size: int = Field(
        32, ge=1, description="Examples per step; more than a client has means all it has."
    )
    l2: float = Field(1e-4, ge=0, description="Weight of the L2 penalty (scikit-learn's alpha).")

    def check_weights(self) -> None:
        super().check_weights()
        from sklearn import __version__
        from sklearn.neural_network import MLPClassifier

        if "sample_weight" not in signature(MLPClassifier.partial_fit).parameters:
            raise ValueError(
                f"scikit-learn {__version__} trains networks without weights of examples: install "
                "scikit-learn 1.7 or newer, or choose learner sgd_classifier"
            )
        if self.batch_size == 1:
            raise ValueError(
                "an example's weight has no effect in a batch of its own: set batch_size above 1"
            )

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

    def shares(self, scores: Floats) -> Floats:
        scores -= scores.max(axis=1, keepdims=True)
        return exp(scores, out=scores)

    def training_seconds(self, examples: int, features: int, classes: int) -> float:
        steps = -(-examples // self.batch_size)
        weights = self._weights(features, classes)
        return self.epochs * (steps * 1.5e-4 + examples * weights * 6e-10)

    def scoring_seconds(self, rows: int, features: int, classes: int) -> float:
        return rows * self._weights(features, classes) * 1.5e-10

    def _weights(self, features: int, classes: int) -> int:
        return sum(inputs * outputs for inputs, outputs in pairwise(self._units(features, classes)))

    def class_rows(self, parameters: Floats, features: int, classes: int) -> Floats:
        return self._layers(parameters, features, classes)[0][-1].swapaxes(1, 2)

    def _units(self, features: int, classes: int) -> tuple[int, ...]:
        return (features, *self.hidden, _outputs(classes))

    def _layers(
        self, parameters: Floats, features: int, classes: int
    ) -> tuple[list[Floats], list[Floats]]:
        """Coefficients `[..., inputs, outputs]` and intercepts of each layer, as views."""
        shapes = list(pairwise(self._units(features, classes)))
        sizes = [inputs * outputs for inputs, outputs in shapes] + [last for _, last in shapes]
        pieces = np.split(parameters, np.cumsum(sizes)[:-1], axis=-1)
        models = parameters.shape[:-1]
        coefs = [flat.reshape(*models, *shape) for flat, shape in zip(pieces, shapes, strict=False)]
        return coefs, pieces[len(shapes) :]


@lru_cache(maxsize=1)
def _stack(data: tuple[Split, ...]) -> tuple[Split, Integers, Integers]:
    """All examples, and each split's first row and number of rows."""
    rows = np.array([len(split) for split in data])
    return Split.joined(data), rows.cumsum() - rows, rows


def _outputs(classes: int) -> int:
    return 1 if classes == 2 else classes


LEARNERS: tuple[type[Learner], ...] = (SgdClassifier, MlpClassifier)
