import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, roc_auc_score

from simulator.components import Floats, Integers
from simulator.elementary import log_likelihood, log_likelihood_of_odds
from simulator.federation import (
    UTILITIES,
    Accuracy,
    Auc,
    BalancedAccuracy,
    HitRate,
    Learner,
    MlpClassifier,
    NegativeLogLoss,
    SgdClassifier,
    Utility,
)
from tests.laws import law

EPSILON = np.finfo(float).eps  # where scikit-learn's log_loss clips
LEARNERS: list[Learner] = [SgdClassifier(), MlpClassifier()]
EVERY_LEARNER = pytest.mark.parametrize("learner", LEARNERS)


@pytest.mark.parametrize(
    ("likelihood", "loss"),
    [
        ([0.5, 0.5], np.log(2)),
        ([0.25, 0.5], 1.5 * np.log(2)),
        ([1.0, 1.0], -np.log(1 - EPSILON)),  # certain and right
        ([0.0, 0.0], -np.log(EPSILON)),  # certain and wrong: 36, not infinite
        ([0.0] * 1000, -np.log(EPSILON)),
        ([0.5] * 15 + [0.25] * 30, 75 / 45 * np.log(2)),
    ],
)
def test_log_loss_by_hand(likelihood: list[float], loss: float) -> None:
    result = log_likelihood(*two_classes(likelihood))
    assert result == pytest.approx([-loss], rel=1e-14, abs=0)


def two_classes(likelihood: list[float]) -> tuple[Floats, Integers]:
    """Shares `[1, 2, rows]` of classes 0 and 1 of a whole that varies, and labels of 0."""
    shares = np.array([[likelihood, 1 - np.array(likelihood)]])
    return shares * np.arange(1, len(likelihood) + 1), np.zeros(len(likelihood), dtype=np.int64)


@st.composite
def judged(draw: st.DrawFn) -> tuple[Floats, Integers]:
    """Scores `[models, outputs, rows]`, some equal, some large, and labels of every class."""
    models, classes = draw(st.integers(1, 3)), draw(st.integers(2, 5))
    rows, scale = draw(st.integers(6, 70)), draw(st.sampled_from([1e-3, 1.0, 10.0, 300.0]))
    draws = np.random.default_rng(draw(st.integers(0, 10_000)))
    shape = models, 1 if classes == 2 else classes, rows
    scores = scale * np.round(draws.normal(size=shape), draw(st.sampled_from([1, 16])))
    return scores, draws.permutation(np.arange(rows) % classes)


def likely(learner: Learner, scores: Floats) -> Floats:
    return learner.probabilities(scores.copy())


@EVERY_LEARNER
@given(judged=judged())
def test_log_loss_is_that_of_scikit_learn(
    learner: Learner, judged: tuple[Floats, Integers]
) -> None:
    scores, labels = judged
    losses = [-log_loss(labels, model.T) for model in likely(learner, scores)]
    result = NegativeLogLoss().value(learner, scores, labels)
    assert result == pytest.approx(losses, rel=0, abs=1e-12)


@EVERY_LEARNER
@given(judged=judged())
def test_hit_rates_are_those_of_scikit_learn(
    learner: Learner, judged: tuple[Floats, Integers]
) -> None:
    scores, labels = judged
    predicted = learner.predictions(scores)
    for utility, measure in (
        (Accuracy(), accuracy_score),
        (BalancedAccuracy(), balanced_accuracy_score),
    ):
        expected = [measure(labels, model) for model in predicted]
        result = utility.value(learner, scores, labels)
        assert result == pytest.approx(expected, rel=0, abs=1e-15)


@EVERY_LEARNER
@given(judged=judged())
def test_areas_are_those_of_scikit_learn(learner: Learner, judged: tuple[Floats, Integers]) -> None:
    scores, labels = judged
    expected = [
        roc_auc_score(labels, model.T if len(model) > 2 else model[1], multi_class="ovr")
        for model in likely(learner, scores)
    ]
    assert Auc().value(learner, scores, labels) == pytest.approx(expected, rel=0, abs=1e-12)


@st.composite
def weighed(draw: st.DrawFn) -> tuple[Floats, Integers, Floats]:
    """Scores and labels as above, and weights `[rows]`, of which some are whole numbers."""
    scores, labels = draw(judged())
    draws = np.random.default_rng(draw(st.integers(0, 10_000)))
    if draw(st.booleans()):
        return scores, labels, draws.integers(1, 5, len(labels)).astype(float)
    return scores, labels, draws.lognormal(0, draw(st.sampled_from([0.1, 1, 5])), len(labels))


@EVERY_LEARNER
@law(60)
@given(weighed=weighed())
def test_measures_by_weight_are_those_of_scikit_learn(
    learner: Learner, weighed: tuple[Floats, Integers, Floats]
) -> None:
    scores, labels, weights = weighed
    expected: dict[Utility, list[float]] = {
        NegativeLogLoss(): [
            -log_loss(labels, model.T, sample_weight=weights) for model in likely(learner, scores)
        ],
        Auc(): [
            roc_auc_score(
                labels,
                model.T if len(model) > 2 else model[1],
                multi_class="ovr",
                sample_weight=weights,
            )
            for model in likely(learner, scores)
        ],
        Accuracy(): [
            accuracy_score(labels, model, sample_weight=weights)
            for model in learner.predictions(scores)
        ],
        BalancedAccuracy(): [
            balanced_accuracy_score(labels, model, sample_weight=weights)
            for model in learner.predictions(scores)
        ],
    }
    assert {utility.kind for utility in expected} == {utility().kind for utility in UTILITIES}
    for utility, values in expected.items():
        result = utility.value(learner, scores.copy(), labels, weights)
        assert result == pytest.approx(values, rel=0, abs=1e-11)


@pytest.mark.parametrize("utility", [utility() for utility in UTILITIES])
@law(40)
@given(weighed=weighed(), largest=st.integers(1, 4))
def test_a_row_of_weight_n_is_n_equal_rows(
    utility: Utility, weighed: tuple[Floats, Integers, Floats], largest: int
) -> None:
    scores, labels, weights = weighed
    times = np.ceil(weights).clip(1, largest).astype(int)
    rows, learner = np.repeat(np.arange(len(labels)), times), SgdClassifier()
    expected = utility.value(learner, scores[:, :, rows], labels[rows])
    for scale in (1.0, 0.37):  # weights are relative
        result = utility.value(learner, scores.copy(), labels, scale * times)
        assert result == pytest.approx(expected, rel=0, abs=1e-11)


@pytest.mark.parametrize(
    ("utility", "value"),
    # Weights 1 2 3 4 of classes 0 0 1 1, predicted 1 1 0 1.
    [
        (Accuracy(), 4 / 10),  # only the last is right
        (BalancedAccuracy(), (0 / 3 + 4 / 7) / 2),
        (Auc(), 4 * (1 + 2) / (7 * 3)),  # the third is below both of class 0, the last above
    ],
)
def test_weights_by_hand(utility: Utility, value: float) -> None:
    scores, labels = np.array([[[1.0, 2.0, -1.0, 3.0]]]), np.array([0, 0, 1, 1])
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    assert utility.value(SgdClassifier(), scores, labels, weights) == pytest.approx([value])


def test_log_loss_by_weight_by_hand() -> None:
    weights = np.array([5.0, 2.0, 1.0])
    result = log_likelihood(*two_classes([0.5, 0.25, 0.0]), weights)
    assert result == pytest.approx([-(9 * np.log(2) - np.log(EPSILON)) / 8], rel=1e-14)
    odds, labels = np.array([[0.0, -np.log(3), -100.0]]), np.array([0, 1, 1])
    result = log_likelihood_of_odds(odds, labels, weights)
    assert result == pytest.approx([-(9 * np.log(2) - np.log(EPSILON)) / 8], rel=1e-14)


@pytest.mark.parametrize(
    ("scores", "labels", "area"),
    [
        ([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1], 1),
        ([4.0, 3.0, 2.0, 1.0], [0, 0, 1, 1], 0),
        ([1.0, 3.0, 2.0, 4.0], [0, 0, 1, 1], 3 / 4),
        ([1.0, 2.0, 2.0, 4.0], [0, 0, 1, 1], 7 / 8),  # one pair of four is tied
        ([5.0, 5.0, 5.0, 5.0], [0, 1, 0, 0], 1 / 2),
        ([1.0, 2.0], [1, 1], 1 / 2),  # nothing to tell apart
    ],
)
def test_area_by_hand(scores: list[float], labels: list[int], area: float) -> None:
    result = Auc().value(SgdClassifier(), np.array([[scores]]), np.array(labels))
    assert result.tolist() == [area]


def test_a_class_without_rows_is_left_out_of_means() -> None:
    scores = np.array([[[3.0, 1.0, 2.0, 0.0], [2.0, 2.0, 0.0, 3.0], [0.0, 0.0, 1.0, 1.0]]])
    labels = np.array([0, 1, 0, 1])  # the third class is missing
    learner = MlpClassifier()
    assert BalancedAccuracy().value(learner, scores, labels).tolist() == [1.0]
    labels = np.array([0, 1, 0, 0])  # predicted 0, 1, 0, 1
    assert BalancedAccuracy().value(learner, scores, labels) == pytest.approx([(2 / 3 + 1) / 2])
    chances = likely(learner, scores)[0]
    areas = [roc_auc_score(labels == number, chances[number]) for number in range(2)]
    assert Auc().value(learner, scores, labels) == pytest.approx([np.mean(areas)])


@given(judged())
def test_two_classes_can_be_valued_by_counts(judged: tuple[Floats, Integers]) -> None:
    scores, labels = judged
    scores, labels = scores[:, :1], labels % 2
    right = SgdClassifier().predictions(scores) == labels
    hits = np.stack([right[:, labels == label].sum(axis=1) for label in (0, 1)], axis=1)
    for utility in (Accuracy(), BalancedAccuracy()):
        by_counts = utility.binary_hit_rate(labels)
        assert by_counts is not None
        expected = utility.value(SgdClassifier(), scores, labels)
        assert by_counts(hits.astype(float)) == pytest.approx(expected, rel=0, abs=1e-15)
    assert isinstance(Accuracy(), HitRate) and NegativeLogLoss().binary_hit_rate(labels) is None


@pytest.mark.parametrize("utility", [utility() for utility in UTILITIES])
@pytest.mark.parametrize("outputs", [1, 3])
def test_each_model_is_judged_on_its_own(utility: Utility, outputs: int) -> None:
    scores = np.random.default_rng(0).normal(size=(4, outputs, 50))
    labels, learner = np.arange(50) % max(outputs, 2), SgdClassifier()
    alone = [utility.value(learner, model[None].copy(), labels)[0] for model in scores]
    assert utility.value(learner, scores, labels) == pytest.approx(alone, rel=1e-14)
    assert len(set(alone)) > 1
