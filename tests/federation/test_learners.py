import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import make_classification
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier

from simulator.components import Floats
from simulator.errors import ModelError
from simulator.federation import FedAvg, MlpClassifier, SgdClassifier, Split

CLASSES = pytest.mark.parametrize("classes", [2, 3, 10])


def examples(classes: int, rows: int = 200, seed: int = 0) -> Split:
    features, labels = make_classification(
        rows, 12, n_informative=8, n_classes=classes, class_sep=0.5, random_state=seed
    )
    return Split(features, labels.astype(np.int64))


def outputs(classes: int) -> int:
    return 1 if classes == 2 else classes


def size(classes: int, features: int = 12) -> int:
    return outputs(classes) * (features + 1)


def some_parameters(classes: int, models: int, scale: float = 1.0) -> Floats:
    return np.random.default_rng(7).normal(scale=scale, size=(models, size(classes)))


def estimator_with(parameters: Floats, classes: int) -> SGDClassifier:
    """A scikit-learn estimator that holds `coef_`, then `intercept_`, and was never trained."""
    model = SGDClassifier(loss="log_loss")
    model.classes_ = np.arange(classes)
    model.coef_ = parameters[: -outputs(classes)].reshape(outputs(classes), -1)
    model.intercept_ = parameters[-outputs(classes) :]
    return model


# Training


@CLASSES
@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_rounds_are_one_continued_training_of_scikit_learn(
    classes: int, epochs: int, seed: int
) -> None:
    data = examples(classes, seed=seed % 1000)
    alive = SGDClassifier(loss="log_loss", alpha=0.01, learning_rate="constant", eta0=0.05)
    learner = SgdClassifier(learning_rate=0.05, l2=0.01, epochs=epochs)
    parameters, steps = learner.initial(12, classes, np.random.default_rng(0)), 1.0
    for period in range(4):
        order = (seed + period) % 2**31
        alive.set_params(random_state=np.random.RandomState(order))
        for _ in range(epochs):
            alive.partial_fit(data.features, data.labels, classes=np.arange(classes))
        parameters, steps = learner.train(parameters, steps, data, classes, order)
        expected = np.concatenate([alive.coef_.ravel(), alive.intercept_])
        assert np.array_equal(parameters, expected)
        assert steps == alive.t_ == 1 + (period + 1) * epochs * len(data)


@pytest.mark.parametrize(("classes", "present"), [(2, [1]), (2, [0]), (3, [0, 2]), (10, [4])])
def test_a_client_need_not_have_every_class(classes: int, present: list[int]) -> None:
    data = examples(classes)
    rows = np.flatnonzero(np.isin(data.labels, present))
    part, everything = Split(data.features[rows], data.labels[rows]), np.arange(classes)
    alive = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=0.01, random_state=3)
    start, steps = np.zeros(size(classes)), 1.0
    for _ in range(2):
        alive.partial_fit(part.features, part.labels, classes=everything)
        start, steps = SgdClassifier().train(start, steps, part, classes, 3)
    assert np.array_equal(start, np.concatenate([alive.coef_.ravel(), alive.intercept_]))


@pytest.mark.parametrize("epochs", [1, 2, 5])
@pytest.mark.parametrize("l2", [0.0, 1e-4, 0.3])
def test_steps_on_one_example_by_hand(epochs: int, l2: float) -> None:
    # w <- (1 - eta l2) w - eta (p - y) x, b <- b - eta (p - y), one output per class.
    features, eta = np.array([1.0, -2.0, 0.5]), 0.1
    target, weights, bias = np.array([0.0, 0.0, 1.0]), np.zeros((3, 3)), np.zeros(3)
    for _ in range(epochs):
        error = 1 / (1 + np.exp(-(weights @ features + bias))) - target
        weights = (1 - eta * l2) * weights - eta * np.outer(error, features)
        bias = bias - eta * error
    learner = SgdClassifier(learning_rate=eta, l2=l2, epochs=epochs)
    result, steps = learner.train(
        np.zeros(12), 1.0, Split(features[None], np.array([2])), classes=3, seed=0
    )
    assert result == pytest.approx(np.concatenate([weights.ravel(), bias]), rel=1e-13, abs=1e-15)
    assert steps == 1 + epochs


def test_l2_pulls_coefficients_towards_zero() -> None:
    data = examples(3)
    norms = [
        np.linalg.norm(SgdClassifier(l2=l2).train(np.zeros(39), 1.0, data, 3, 0)[0][:-3])
        for l2 in (0.0, 0.1, 1.0)
    ]
    assert norms[0] > norms[1] > norms[2]


def test_the_seed_orders_the_examples() -> None:
    data = examples(3)
    trained = [SgdClassifier().train(np.zeros(39), 1.0, data, 3, seed)[0] for seed in (0, 0, 1)]
    assert np.array_equal(trained[0], trained[1])
    assert not np.array_equal(trained[0], trained[2])


@CLASSES
def test_training_changes_neither_the_model_it_was_given_nor_the_data(classes: int) -> None:
    data, start = examples(classes), some_parameters(classes, 1)[0]
    before = start.copy(), data.features.copy(), data.labels.copy()
    trained, _ = SgdClassifier().train(start, 1.0, data, classes, 0)
    for was, now in zip(before, (start, data.features, data.labels), strict=True):
        assert np.array_equal(was, now)
    assert not np.array_equal(trained, start)


@pytest.mark.parametrize("rate", [1e307, 1.7e308])
def test_a_training_that_overflows_is_a_model_error(rate: float) -> None:
    with pytest.raises(ModelError, match="flow"):
        SgdClassifier(learning_rate=rate).train(np.zeros(39), 1.0, examples(3), 3, 0)


def test_the_message_of_an_overflow_says_what_to_change() -> None:
    with pytest.raises(ModelError, match="learning_rate"):
        SgdClassifier(learning_rate=1e307).train(np.zeros(39), 1.0, examples(3), 3, 0)


# Scores and probabilities


@CLASSES
@pytest.mark.parametrize("scale", [0.01, 1.0, 5.0])
def test_scores_and_probabilities_are_those_of_scikit_learn(classes: int, scale: float) -> None:
    learner, data = SgdClassifier(), examples(classes)
    parameters = some_parameters(classes, 5, scale)
    scores = learner.scores(parameters, data.features, classes)
    result = learner.probabilities(scores.copy())
    for model, its_scores, probabilities in zip(parameters, scores, result, strict=True):
        estimator = estimator_with(model, classes)
        decision = estimator.decision_function(data.features).reshape(len(data), -1)
        assert np.abs(its_scores.T - decision).max() < 1e-12 * max(1.0, np.abs(decision).max())
        expected = estimator.predict_proba(data.features)
        assert np.abs(probabilities.T - expected).max() < 1e-12


@given(
    st.integers(1, 4).filter(lambda outputs: outputs != 2),
    st.lists(st.floats() | st.floats(-800, 800), min_size=4, max_size=4),
)
def test_any_scores_give_probabilities(outputs: int, values: list[float]) -> None:
    scores = np.nan_to_num(np.array(values[:outputs]), nan=0.0, posinf=np.inf, neginf=-np.inf)
    result = SgdClassifier().probabilities(scores.reshape(1, outputs, 1))
    assert result.shape == (1, max(2, outputs), 1)
    assert ((result >= 0) & (result <= 1)).all()
    assert result.sum() == pytest.approx(1, rel=1e-14)


def test_when_every_class_is_impossible_all_are_as_likely() -> None:
    scores = np.array([[[-1e300, 0.0], [-800.0, 0.0], [-np.inf, 0.0], [-1e4, -1e4]]])
    result = SgdClassifier().probabilities(scores)[0]
    assert result[:, 0].tolist() == [0.25] * 4
    assert result[:, 1] == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])


@CLASSES
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_linear_scores_add_up_as_parameters_do(classes: int, scale: float) -> None:
    assert SgdClassifier.linear and not MlpClassifier.linear
    draws, learner, data = np.random.default_rng(1), SgdClassifier(), examples(classes)
    previous, *updates = some_parameters(classes, 7, scale)
    weights = draws.dirichlet(np.ones(6), 100) * (draws.random((100, 6)) < 0.5)
    parts = learner.scores(np.array(updates), data.features, classes)
    result = learner.scores(previous[None], data.features, classes)
    result = result + np.tensordot(weights, parts, axes=1)
    expected = learner.scores(previous + weights @ np.array(updates), data.features, classes)
    assert np.abs(result - expected).max() < 1e-12 * np.abs(expected).max()


# Neural networks

HIDDEN = pytest.mark.parametrize("hidden", [(7,), (6, 5), (4, 4, 4)])
UNCHANGED = 1e-300  # a learning rate so small that training leaves every parameter as it is


def network(
    classes: int, hidden: tuple[int, ...], draws: np.random.RandomState, rate: float = UNCHANGED
) -> MLPClassifier:
    """scikit-learn's own, before any training of its freshly drawn parameters."""
    model = MLPClassifier(hidden, solver="sgd", learning_rate_init=UNCHANGED, random_state=draws)
    data = examples(classes, seed=1)
    model.partial_fit(data.features, data.labels, classes=np.arange(classes))
    del model._optimizer
    return model.set_params(learning_rate_init=rate)


def flat(model: MLPClassifier) -> Floats:
    return np.concatenate([layer.ravel() for layer in model.coefs_ + model.intercepts_])


@CLASSES
@HIDDEN
def test_networks_begin_as_scikit_learn_does(classes: int, hidden: tuple[int, ...]) -> None:
    alive = network(classes, hidden, np.random.RandomState(5))
    result = MlpClassifier(hidden=hidden).initial(12, classes, np.random.RandomState(5))
    assert np.array_equal(result, flat(alive))
    assert result.any()


@CLASSES
@HIDDEN
@pytest.mark.parametrize("batch_size", [1, 32, 200])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_a_round_of_a_network_is_a_training_of_scikit_learn(
    classes: int, hidden: tuple[int, ...], batch_size: int, momentum: float, seed: int
) -> None:
    data = examples(classes, rows=60, seed=seed % 1000)
    alive = network(classes, hidden, np.random.RandomState(5), rate=0.05)
    start = flat(alive)
    alive.set_params(
        batch_size=min(batch_size, 60),
        momentum=momentum,
        alpha=0.01,
        random_state=np.random.RandomState(seed),
    )
    for _ in range(2):
        alive.partial_fit(data.features, data.labels)
    learner = MlpClassifier(
        hidden=hidden,
        learning_rate=0.05,
        momentum=momentum,
        batch_size=batch_size,
        l2=0.01,
        epochs=2,
    )
    before = start.copy()
    result, steps = learner.train(start, 1.0, data, classes, seed)
    assert np.array_equal(result, flat(alive))
    assert np.array_equal(start, before) and not np.array_equal(start, result)
    assert steps == 1 + 2 * 60


def test_momentum_starts_anew_each_round() -> None:
    # A first step by Nesterov's rule is 1 + momentum times the plain one, and every round's is.
    data = examples(3, rows=40)
    plain, heavy = (
        MlpClassifier(momentum=momentum, batch_size=40, l2=0.0) for momentum in (0.0, 0.9)
    )
    start = plain.initial(12, 3, np.random.default_rng(0))
    step = plain.train(start, 1.0, data, 3, 0)[0] - start
    first, _ = heavy.train(start, 1.0, data, 3, 0)
    assert first - start == pytest.approx(1.9 * step, rel=1e-12, abs=1e-15)
    second, _ = heavy.train(first, 41.0, data, 3, 0)
    expected = 1.9 * (plain.train(first, 1.0, data, 3, 0)[0] - first)
    assert second - first == pytest.approx(expected, rel=1e-12, abs=1e-15)


@CLASSES
@HIDDEN
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_scores_of_networks_are_those_of_scikit_learn(
    classes: int, hidden: tuple[int, ...], seed: int
) -> None:
    learner, data = MlpClassifier(hidden=hidden), examples(classes, seed=seed)
    models = [network(classes, hidden, np.random.RandomState(seed + k)) for k in range(4)]
    parameters = 3.0 * np.array([flat(model) for model in models])
    scores = learner.scores(parameters, data.features, classes)
    predictions, probabilities = learner.predictions(scores), learner.probabilities(scores.copy())
    assert probabilities.shape == (4, classes, len(data))
    for number, model in enumerate(models):
        for layer in model.coefs_ + model.intercepts_:
            layer *= 3.0
        expected = model.predict_proba(data.features)
        assert np.abs(probabilities[number].T - expected).max() < 1e-12
        assert np.array_equal(predictions[number], model.predict(data.features))


@pytest.mark.parametrize(("classes", "present"), [(2, [1]), (2, [0]), (3, [0, 2]), (10, [4])])
def test_a_network_need_not_see_every_class(classes: int, present: list[int]) -> None:
    data = examples(classes)
    rows = np.flatnonzero(np.isin(data.labels, present))
    part = Split(data.features[rows], data.labels[rows])
    alive = network(classes, (32,), np.random.RandomState(5), rate=0.1)
    start = flat(alive)
    alive.set_params(batch_size=min(32, len(part)), random_state=np.random.RandomState(3))
    alive.partial_fit(part.features, part.labels)
    assert np.array_equal(MlpClassifier().train(start, 1.0, part, classes, 3)[0], flat(alive))


@CLASSES
@HIDDEN
def test_a_round_of_full_batches_is_one_step_on_everybodys_examples(
    classes: int, hidden: tuple[int, ...]
) -> None:
    data = examples(classes)
    learner = MlpClassifier(hidden=hidden, momentum=0.0, l2=0.0, batch_size=1000)
    start = learner.initial(12, classes, np.random.default_rng(2))
    parts = np.split(np.arange(len(data)), [20, 70, 150])
    updates = [
        learner.train(start, 1.0, Split(data.features[part], data.labels[part]), classes, client)[0]
        - start
        for client, part in enumerate(parts)
    ]
    weights = np.array([len(part) for part in parts], dtype=float)
    federated = start + FedAvg().combine(np.array(updates), weights)
    centralised, _ = learner.train(start, 1.0, data, classes, 9)
    assert np.abs(federated - centralised).max() < 1e-12
    assert np.abs(centralised - start).max() > 1e-3


@pytest.mark.parametrize("rate", [1e200, 1.7e308])
def test_a_network_that_overflows_is_a_model_error(rate: float) -> None:
    learner, data = MlpClassifier(learning_rate=rate), examples(3)
    with pytest.raises(ModelError, match="learning_rate"):
        learner.train(learner.initial(12, 3, np.random.default_rng(0)), 1.0, data, 3, 0)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_largest_parameters_still_give_probabilities(classes: int) -> None:
    learner = MlpClassifier(hidden=(100,) * 8)
    size = learner.initial(12, classes, np.random.default_rng(0)).size
    models = 1e30 * np.array([np.ones(size), -np.ones(size)])
    result = learner.probabilities(learner.scores(models, examples(classes).features, classes))
    assert result.sum(axis=1) == pytest.approx(1.0)
