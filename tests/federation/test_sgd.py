"""The compiled training of `sgd_classifier` gives the bits of scikit-learn's."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import SGDClassifier
from sklearn.utils._seq_dataset import ArrayDataset64

from simulator import Economy, Scenario
from simulator.components import Floats, Integers
from simulator.errors import ModelError, ScenarioError
from simulator.federation import Learner, MlpClassifier, SgdClassifier, Split
from simulator.federation.kernels import _shuffle
from simulator.running import start

CLASSES = pytest.mark.parametrize("classes", [2, 3, 10])
SCHEDULES = pytest.mark.parametrize("schedule", ["constant", "optimal", "invscaling"])
SEEDS = [0, 1, 7, 12345, 2**31 - 1]
LARGEST = 2**31 - 1  # numbers that scikit-learn draws are below it
QUICKSTART = Path(__file__).parents[2] / "scenarios" / "quickstart.yaml"


@pytest.fixture
def no_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training is compiled or fails."""

    def refused(*_: object) -> None:
        raise AssertionError("not compiled")

    monkeypatch.setattr(Learner, "train_all", refused)


def outputs(classes: int) -> int:
    return 1 if classes == 2 else classes


def examples(draws: np.random.Generator, rows: int, features: int, present: Sequence[int]) -> Split:
    return Split(draws.normal(size=(rows, features)), draws.choice(np.array(present), rows))


def weighed(data: list[Split], sigma: float = 1.0) -> list[Split]:
    """The same examples with unequal weights."""
    draws = np.random.default_rng(11)
    return [replace(own, weights=draws.lognormal(0, sigma, len(own))) for own in data]


def unequal_clients(classes: int, features: int = 5) -> list[Split]:
    """Clients with all classes, one class, some classes, one example, and many examples."""
    draws, everything = np.random.default_rng(3), range(classes)
    has = [(12, everything), (9, [1]), (15, [0, classes - 1]), (1, [0]), (40, everything)]
    return [examples(draws, rows, features, present) for rows, present in has]


def by_scikit_learn(
    learner: SgdClassifier, start: Floats, steps: float, data: Split, classes: int, seed: int
) -> tuple[Floats, float]:
    """Parameters and `t_` of an estimator that goes on from `start`."""
    model = SGDClassifier(
        loss="log_loss",
        penalty="l2",
        alpha=learner.l2,
        learning_rate=learner.schedule,
        eta0=learner.learning_rate,
        power_t=learner.power_t,
        random_state=np.random.RandomState(seed),
    )
    model.classes_, model.t_ = np.arange(classes), steps
    model.coef_ = start[: -outputs(classes)].reshape(outputs(classes), -1).copy()
    model.intercept_ = start[-outputs(classes) :].copy()
    for _ in range(learner.epochs):
        model.partial_fit(data.features, data.labels, sample_weight=data.weights)
    return np.concatenate([model.coef_.ravel(), model.intercept_]), model.t_


def check_bits(
    learner: SgdClassifier,
    start: Floats,
    steps: Floats,
    data: list[Split],
    classes: int,
    seeds: list[int],
) -> tuple[Floats, Floats]:
    """The compiled round, found equal to scikit-learn's to the last bit."""
    trained, taken = learner.train_all(start, steps, data, classes, seeds)
    for client, own in enumerate(data):
        expected, t = by_scikit_learn(
            learner, start, float(steps[client]), own, classes, seeds[client]
        )
        assert trained[client].tobytes() == expected.tobytes()
        assert taken[client] == t
    return trained, taken


# Bits


@CLASSES
@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize(
    ("schedule", "l2"),
    [("constant", 0.0), ("invscaling", 0.0)]
    + [
        (schedule, l2)
        for schedule in ("constant", "optimal", "invscaling")
        for l2 in (1e-4, 0.3, 90.0)  # the last shrinks weights below 1e-9
    ],
)
def test_rounds_are_those_of_scikit_learn(
    no_fallback: None, classes: int, schedule: str, epochs: int, l2: float
) -> None:
    learner = SgdClassifier(schedule=schedule, l2=l2, epochs=epochs)
    data = unequal_clients(classes)
    parameters, steps = np.zeros(outputs(classes) * 6), np.ones(len(data))
    for seed in SEEDS:
        seeds = [seed, *(seed // divisor for divisor in range(2, 1 + len(data)))]
        trained, steps = check_bits(learner, parameters, steps, data, classes, seeds)
        parameters = trained.mean(axis=0)
    assert np.abs(parameters).max() > 1e-3


@CLASSES
@SCHEDULES
@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("sigma", [0.1, 1.0, 30.0])  # of the logarithms of weights
def test_examples_with_weights_are_trained_on_as_by_scikit_learn(
    no_fallback: None, classes: int, schedule: str, epochs: int, sigma: float
) -> None:
    learner, data = SgdClassifier(schedule=schedule, epochs=epochs), unequal_clients(classes)
    parameters, steps = np.zeros(outputs(classes) * 6), np.ones(len(data))
    own = weighed(data, sigma)
    trained, steps = check_bits(learner, parameters, steps, own, classes, SEEDS)
    without, _ = learner.train_all(parameters, np.ones(len(data)), data, classes, SEEDS)
    assert (trained != without).any(axis=1).all()
    check_bits(learner, trained.mean(axis=0), steps, own, classes, SEEDS)


@CLASSES
@pytest.mark.parametrize("proximal", [0.0, 0.3])
def test_weights_of_1_are_no_weights_to_the_last_bit(
    no_fallback: None, classes: int, proximal: float
) -> None:
    learner, data = SgdClassifier(epochs=2, proximal=proximal), unequal_clients(classes)
    ones = [replace(own, weights=np.ones(len(own))) for own in data]
    start = np.random.default_rng(5).normal(size=outputs(classes) * 6)
    plain, by_ones, mixed = (
        learner.train_all(start, np.ones(5), own, classes, SEEDS)[0]
        for own in (data, ones, [*data[:2], *ones[2:]])
    )
    assert plain.tobytes() == by_ones.tobytes() == mixed.tobytes()


def test_a_weight_lengthens_the_step_down_the_loss_by_hand() -> None:
    # From w = b = 0: p = 1/2 and y = 1, so eta / 2 each way, times 3; the decay is of 0.
    data = Split(np.array([[2.0, -1.0]]), np.array([1]), np.array([3.0]))
    learner = SgdClassifier(learning_rate=0.1, l2=0.5)
    parameters, steps = learner.train_all(np.zeros(3), np.ones(1), [data], 2, [0])
    assert parameters[0] == pytest.approx(3 * np.array([0.1, -0.05, 0.05]), rel=1e-15)
    assert steps.tolist() == [2]  # one example, whatever its weight


@CLASSES
@pytest.mark.parametrize("schedule", ["constant", "invscaling"])
@pytest.mark.parametrize("rate", [1.0, 30.0, 1e4, 1e10, 1e100])
def test_steps_may_be_large(no_fallback: None, classes: int, schedule: str, rate: float) -> None:
    learner = SgdClassifier(learning_rate=rate, schedule=schedule, epochs=2)
    data = unequal_clients(classes)
    start, steps = np.zeros(outputs(classes) * 6), np.ones(len(data))
    trained, steps = check_bits(learner, start, steps, data, classes, SEEDS)
    scores = learner.scores(trained, data[-1].features, classes)
    assert rate == 1.0 or scores.min() < -37 < 37 < scores.max()
    check_bits(learner, trained.mean(axis=0), steps, data, classes, SEEDS)


@pytest.mark.parametrize("offset", [-37.0, np.nextafter(-37, 0), np.nextafter(-37, -38), -800, 800])
@pytest.mark.parametrize("label", [0, 1])
def test_both_forms_of_the_gradient(no_fallback: None, offset: float, label: int) -> None:
    data = Split(np.array([[0.0, 1e-3]]), np.array([label]))
    start = np.array([0.7, 0.0, offset])
    check_bits(SgdClassifier(learning_rate=1.0), start, np.ones(1), [data], 2, [1])


@pytest.mark.parametrize("power_t", [0.0, 0.25, 1.0, 3.7])
def test_any_power_of_the_schedule(no_fallback: None, power_t: float) -> None:
    learner = SgdClassifier(schedule="invscaling", power_t=power_t, learning_rate=0.3)
    check_bits(learner, np.zeros(18), np.full(5, 41.0), unequal_clients(3), 3, SEEDS)


@pytest.mark.slow
@pytest.mark.parametrize(("classes", "epochs"), [(2, 320), (10, 70)])
def test_more_epochs_than_the_twister_has_words(
    no_fallback: None, classes: int, epochs: int
) -> None:
    data = examples(np.random.default_rng(0), 5, 2, range(classes))
    start = np.zeros(outputs(classes) * 3)
    check_bits(SgdClassifier(epochs=epochs), start, np.ones(1), [data], classes, [9])


@pytest.mark.parametrize("rows", [1, 2, 50])
@pytest.mark.parametrize("seed", [0, 1, 12345, LARGEST - 1])
def test_shuffles_are_those_of_scikit_learn(rows: int, seed: int) -> None:
    numbers = np.empty(rows, np.int64)
    _shuffle(numbers, 5, seed)
    assert (numbers - 5).tolist() == order(rows, seed)


@given(st.data())
def test_any_clients(given_: st.DataObject) -> None:
    classes, features = given_.draw(st.integers(2, 5)), given_.draw(st.integers(1, 6))
    sizes = given_.draw(st.lists(st.integers(1, 12), min_size=1, max_size=5))
    draws = np.random.default_rng(given_.draw(st.integers(0, 99)))
    scale = given_.draw(st.sampled_from([0.0, 1e-8, 1.0, 1e4]))
    learner = SgdClassifier(
        learning_rate=given_.draw(st.floats(1e-9, 1e9)),
        schedule=given_.draw(st.sampled_from(["constant", "invscaling"])),
        l2=given_.draw(st.floats(0, 1e3)),
        epochs=given_.draw(st.integers(1, 3)),
    )
    data = [examples(draws, size, features, range(classes)) for size in sizes]
    check_bits(
        learner,
        scale * draws.normal(size=outputs(classes) * (features + 1)),
        1.0 + draws.integers(0, 10**6, len(sizes)),
        weighed(data) if given_.draw(st.booleans()) else data,
        classes,
        given_.draw(st.lists(st.integers(0, LARGEST), min_size=len(sizes), max_size=len(sizes))),
    )


@given(st.floats(1e-200, 1e15), st.integers(2, 4), st.integers(0, 9))
def test_the_optimal_schedule_for_any_penalty(l2: float, classes: int, seed: int) -> None:
    learner = SgdClassifier(schedule="optimal", l2=l2, epochs=2)
    data = examples(np.random.default_rng(seed), 8, 3, range(classes))
    check_bits(learner, np.zeros(outputs(classes) * 4), np.ones(1), [data], classes, [seed])


@CLASSES
def test_a_round_changes_nothing_that_it_was_given(no_fallback: None, classes: int) -> None:
    data, steps = unequal_clients(classes), np.ones(5)
    start = np.random.default_rng(0).normal(size=outputs(classes) * 6)
    given_ = [start, steps, *(own.features for own in data), *(own.labels for own in data)]
    before = [values.copy() for values in given_]
    trained, _ = SgdClassifier().train_all(start, steps, data, classes, SEEDS)
    assert all(np.array_equal(was, now) for was, now in zip(before, given_, strict=True))
    assert (trained != start).any(axis=1).all()


def test_nobody_trains() -> None:
    trained, steps = SgdClassifier().train_all(np.zeros(6), np.ones(0), [], 2, [])
    assert trained.shape == (0, 6) and steps.shape == (0,)


# What is not finite is scikit-learn's to judge


@pytest.mark.parametrize("proximal", [0.0, 0.1])
@pytest.mark.parametrize("rate", [1e308, 1.7e308])
def test_an_overflow_is_a_model_error_with_a_hint(rate: float, proximal: float) -> None:
    learner = SgdClassifier(learning_rate=rate, proximal=proximal)
    with pytest.raises(ModelError, match=r"smaller federation\.learner\.learning_rate.*flow"):
        learner.train_all(np.ones(18), np.ones(5), unequal_clients(3), 3, SEEDS)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("label", [0, 1])
def test_features_that_are_not_finite_are_refused_as_before(value: float, label: int) -> None:
    data = Split(np.array([[1.0, value]]), np.array([label]))
    with pytest.raises(ModelError, match=r"Input X contains (NaN|infinity)"):
        SgdClassifier().train_all(np.ones(3), np.ones(1), [data], 2, [0])


def test_a_score_that_overflows_on_the_way_may_be_forgotten() -> None:
    # The score of the only example is infinite, its gradient 0: nothing is wrong for scikit-learn.
    data = Split(np.array([[1e200, 1.0]]), np.array([1]))
    check_bits(SgdClassifier(), np.array([1e200, 1.0, 0.0]), np.ones(1), [data], 2, [0])


# The pull towards the global model


def order(rows: int, seed: int) -> list[int]:
    """Row numbers in the order of scikit-learn's own shuffle."""
    dataset = ArrayDataset64(np.zeros((rows, 1)), np.zeros(rows), np.ones(rows))
    dataset._shuffle_py(seed)
    return [dataset._next_py()[-1] for _ in range(rows)]


def shuffle_seeds(seed: int, epochs: int, classes: int) -> Integers:
    """Seeds of the shuffles `[epochs, outputs]`, drawn as scikit-learn draws them."""
    draws, seeds = np.random.RandomState(seed), np.empty((epochs, outputs(classes)), np.int64)
    for epoch in range(epochs):
        several = draws.randint(LARGEST, size=classes) if classes > 2 else []
        for output, own in enumerate([np.random.RandomState(s) for s in several] or [draws]):
            own.randint(1, LARGEST)
            seeds[epoch, output] = own.randint(LARGEST)
    return seeds


def pulled(
    learner: SgdClassifier, start: Floats, steps: float, data: Split, classes: int, seed: int
) -> Floats:
    """scikit-learn, example by example and output by output, with a pull after each example."""
    seeds, result = shuffle_seeds(seed, learner.epochs, classes), start.copy()
    coefficients = result[: -outputs(classes)].reshape(outputs(classes), -1)
    for output in range(outputs(classes)):
        targets = (data.labels == (1 if classes == 2 else output)).astype(np.int64)
        centre = np.append(coefficients[output], result[output - outputs(classes)])
        own, t = centre.copy(), steps
        for epoch in range(learner.epochs):
            for row in order(len(data), int(seeds[epoch, output])):
                eta = learner.learning_rate
                if learner.schedule == "optimal":
                    eta = 1 / (learner.l2 * (1 / (learner.l2**-0.25 * learner.l2) + t - 1))
                if learner.schedule == "invscaling":
                    eta /= t**learner.power_t
                example = replace(data, labels=targets).take(np.array([row]))
                one = learner.model_copy(update={"epochs": 1})
                own, t = by_scikit_learn(one, own, t, example, 2, 0)
                own -= min(1.0, eta * learner.proximal) * (own - centre)
        coefficients[output], result[output - outputs(classes)] = own[:-1], own[-1]
    return result


@pytest.mark.parametrize("classes", [2, 3])
@SCHEDULES
@pytest.mark.parametrize("proximal", [0.01, 1.0, 1000.0])
@pytest.mark.parametrize("by_weight", [False, True])
def test_a_pull_after_every_example(
    classes: int, schedule: str, proximal: float, by_weight: bool
) -> None:
    learner = SgdClassifier(schedule=schedule, l2=0.01, epochs=2, proximal=proximal)
    data = weighed(unequal_clients(classes)) if by_weight else unequal_clients(classes)
    start = np.random.default_rng(5).normal(size=outputs(classes) * 6)
    trained, steps = learner.train_all(start, np.full(5, 9.0), data, classes, SEEDS)
    for client, own in enumerate(data):
        expected = pulled(learner, start, 9.0, own, classes, SEEDS[client])
        assert trained[client] == pytest.approx(expected, rel=1e-12, abs=1e-14)
        alone, t = learner.train(start, 9.0, own, classes, SEEDS[client])
        assert alone.tobytes() == trained[client].tobytes()
        assert t == steps[client] == 9 + 2 * len(own)


def test_a_pull_by_hand() -> None:
    # From w = b = 0: p = 1/2 and y = 1, so w = eta x / 2 and b = eta / 2, then 1 - eta mu of it.
    data = Split(np.array([[2.0, -1.0]]), np.array([1]))
    learner = SgdClassifier(learning_rate=0.1, l2=0.0, proximal=3.0)
    parameters, _ = learner.train(np.zeros(3), 1.0, data, 2, 0)
    assert parameters == pytest.approx(0.7 * np.array([0.1, -0.05, 0.05]), rel=1e-15)


def test_the_stronger_the_pull_the_closer_to_the_global_model() -> None:
    data, start = unequal_clients(3), np.random.default_rng(5).normal(size=18)
    moved = [
        np.abs(
            SgdClassifier(proximal=mu, learning_rate=0.1).train_all(
                start, np.ones(5), data, 3, SEEDS
            )[0]
            - start
        ).max()
        for mu in (0.0, 0.5, 5.0, 10.0, 1e9)
    ]
    assert moved[0] > moved[1] > moved[2] > 0.01
    assert moved[3] < 1e-14 and moved[4] < 1e-14  # eta mu is 1 and more


# Settings and runs


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        ({"power_t": 0.3}, "power_t"),
        ({"schedule": "optimal", "power_t": 0.3}, "power_t"),
        ({"schedule": "optimal", "learning_rate": 0.02}, "learning_rate"),
        ({"schedule": "optimal", "l2": 0.0}, "must not be 0"),
        ({"schedule": "adaptive"}, "schedule"),
        ({"proximal": -1.0}, "proximal"),
    ],
)
def test_settings_that_would_be_ignored_or_cannot_work(
    refused: dict[str, object], message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        SgdClassifier.model_validate(refused)


def test_a_run_is_the_same_client_by_client(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, plain = (Economy(Scenario.load(QUICKSTART)) for _ in range(2))
    for _ in range(3):
        compiled.step()
    monkeypatch.setattr(SgdClassifier, "train_all", Learner.train_all)
    for _ in range(3):
        plain.step()
    assert compiled.history == plain.history
    parameters = (economy.world.memory.model["parameters"] for economy in (compiled, plain))
    assert np.array_equal(*parameters)
    assert compiled.quality.accuracy > 0.5


@pytest.mark.parametrize(
    ("learner", "how"),
    [(SgdClassifier(), "a compiled loop"), (MlpClassifier(), "one client after the other")],
)
def test_the_log_of_a_run_says_how_clients_train(
    tmp_path: Path, learner: Learner, how: str
) -> None:
    scenario = Scenario.load(QUICKSTART, {"periods": 1})
    federation = scenario.federation.model_copy(update={"learner": learner})
    folder = start(scenario.model_copy(update={"federation": federation}), tmp_path)
    assert how in (folder / "run.log").read_text()
