"""The fast game of a round against the plain one, and how coalitions' models are made."""

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import ClassVar, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, roc_auc_score

from simulator.components import Booleans, Floats
from simulator.federation import (
    UTILITIES,
    Accuracy,
    BreastCancer,
    CoalitionGame,
    Cohort,
    Digits,
    Federation,
    FreeRider,
    Honest,
    LabelFlip,
    LinearGame,
    Median,
    MlpClassifier,
    NormClipping,
    Round,
    SgdClassifier,
    Shapley,
    Task,
    Utility,
)
from simulator.randomness import Streams

CLIENTS = (Honest(), Honest(), LabelFlip(), FreeRider(), Honest())
COALITIONS: Booleans = (np.arange(32)[:, None] >> np.arange(5) & 1).astype(bool)


class PlainSgd(SgdClassifier):
    """Linear, without saying so."""

    kind: Literal["plain_sgd"] = "plain_sgd"
    linear: ClassVar[bool] = False


class Tumours(BreastCancer):
    """Two classes, by weight."""

    kind: Literal["tumours"] = "tumours"

    def weights(self) -> Floats:
        return np.random.default_rng(2).lognormal(0, 1, 569)


class WeightedDigits(Digits):
    """Ten classes, by weight."""

    kind: Literal["weighted_digits"] = "weighted_digits"

    def weights(self) -> Floats:
        return np.random.default_rng(2).lognormal(0, 1, 1797)


@cache
def a_round(
    two_classes: bool, network: bool = False, by_weight: bool = False
) -> tuple[Federation, Round, Cohort]:
    task: Task = BreastCancer() if two_classes else Digits()
    if by_weight:
        task = Tumours() if two_classes else WeightedDigits()
    learner = MlpClassifier(hidden=(6,)) if network else SgdClassifier()
    federation, streams = Federation(learner=learner).model_copy(update={"task": task}), Streams(1)
    cohort = federation.gather(CLIENTS, streams)
    memory = federation.initial(cohort, streams)
    for period in (1, 2):
        round_, memory = federation.learn(memory, cohort, np.ones(5, dtype=bool), period, streams)
    return federation, round_, cohort


def worths(federation: Federation, round_: Round, cohort: Cohort) -> Floats:
    return federation.game(round_, cohort).all_values()


TWO = pytest.mark.parametrize("two_classes", [True, False], ids=["two classes", "ten"])
BY_WEIGHT = pytest.mark.parametrize("by_weight", [False, True], ids=["", "by weight"])
NORMALISATION = pytest.mark.parametrize("normalisation", ["coalition", "all"])


# The walk


@TWO
@NORMALISATION
@BY_WEIGHT
@pytest.mark.parametrize("utility", [utility() for utility in UTILITIES])
def test_the_walk_gives_what_every_coalition_gives_alone(
    two_classes: bool, normalisation: str, by_weight: bool, utility: Utility
) -> None:
    federation, round_, cohort = a_round(two_classes, by_weight=by_weight)
    federation = federation.model_copy(update={"utility": utility, "normalisation": normalisation})
    game = federation.game(round_, cohort)
    assert isinstance(game, LinearGame)
    plain = federation.model_copy(update={"learner": PlainSgd()}).game(round_, cohort)
    assert not isinstance(plain, LinearGame)
    expected = plain.all_values()
    assert game.all_values() == pytest.approx(expected, rel=0, abs=1e-12)
    assert game.values(COALITIONS) == pytest.approx(expected, rel=0, abs=1e-12)
    assert len(np.unique(expected)) > 1


@st.composite
def linear_games(draw: st.DrawFn) -> tuple[LinearGame, LinearGame]:
    """Two classes, accuracy by counting and by scores: some sizes are 0, some blocks partial."""
    players, rows = draw(st.integers(1, 7)), draw(st.integers(1, 200))
    draws = np.random.default_rng(draw(st.integers(0, 1000)))
    start, parts = draws.normal(size=(1, rows)), draws.normal(size=(players, 1, rows))
    sizes = draws.integers(0, 3, players).astype(float)
    labels = draws.integers(0, 2, rows)
    learner, utility = SgdClassifier(), Accuracy()
    make = partial(
        LinearGame,
        start,
        parts * sizes[:, None, None],
        sizes,
        draw(st.booleans()),
        lambda scores: utility.value(learner, scores, labels),
    )
    return make(labels, utility.binary_hit_rate(labels)), make()


@given(linear_games())
def test_counting_signs_is_predicting(games: tuple[LinearGame, LinearGame]) -> None:
    fast, plain = games
    expected = CoalitionGame.all_values(plain)
    assert fast.all_values() == pytest.approx(expected, rel=0, abs=1e-15)
    assert plain.all_values() == pytest.approx(expected, rel=0, abs=1e-15)


@pytest.mark.parametrize(("players", "rows"), [(9, 3), (9, 700), (12, 5000), (6, 40_000)])
@pytest.mark.parametrize("of_all", [True, False])
def test_blocks_of_any_size_make_one_walk(players: int, rows: int, of_all: bool) -> None:
    draws = np.random.default_rng(rows)
    start, parts = draws.normal(size=(1, rows)), draws.normal(size=(players, 1, rows))
    sizes = draws.integers(1, 9, players).astype(float)
    game = LinearGame(start, parts, sizes, of_all, lambda scores: scores[:, 0, ::7].sum(axis=1))
    members = draws.random((50, players)) < 0.5
    index = members @ (1 << np.arange(players))
    assert game.all_values()[index] == pytest.approx(game.values(members), rel=1e-11, abs=1e-9)
    orders = draws.permuted(np.tile(np.arange(players), (3, 1)), axis=1)
    result = game.prefix_values(orders)
    expected = CoalitionGame.prefix_values(game, orders)
    assert result == pytest.approx(expected, rel=1e-11, abs=1e-9)
    assert result.shape == (3, players + 1)


@TWO
@BY_WEIGHT
def test_utilities_of_coalitions_are_those_of_scikit_learn(
    two_classes: bool, by_weight: bool
) -> None:
    federation, round_, cohort = a_round(two_classes, by_weight=by_weight)
    part, classes = cohort.dataset.validation, cohort.dataset.classes
    assert (part.weights is not None) == by_weight
    outputs = 1 if two_classes else classes
    measured: dict[str, list[float]] = {utility().kind: [] for utility in UTILITIES}
    for inside in COALITIONS:
        weights = round_.examples * inside
        parameters = round_.previous + weights / max(weights.sum(), 1) @ round_.updates
        model = SGDClassifier(loss="log_loss")
        model.classes_ = np.arange(classes)
        model.coef_ = parameters[:-outputs].reshape(outputs, -1)
        model.intercept_ = parameters[-outputs:]
        likely, predicted = model.predict_proba(part.features), model.predict(part.features)
        chances = likely[:, 1] if two_classes else likely
        by = {"sample_weight": part.weights}
        measured["neg_log_loss"].append(-log_loss(part.labels, likely, labels=model.classes_, **by))
        measured["accuracy"].append(accuracy_score(part.labels, predicted, **by))
        measured["balanced_accuracy"].append(balanced_accuracy_score(part.labels, predicted, **by))
        measured["auc"].append(roc_auc_score(part.labels, chances, multi_class="ovr", **by))
    for utility in UTILITIES:
        result = worths(federation.model_copy(update={"utility": utility()}), round_, cohort)
        assert result == pytest.approx(measured[utility().kind], rel=0, abs=1e-12)


# How a coalition's model is made


def by_hand(
    federation: Federation, round_: Round, cohort: Cohort, update: Callable[[Booleans], Floats]
) -> list[float]:
    """Worth of the previous model plus the update of every coalition."""
    return [
        federation.evaluate(round_.previous + update(inside), cohort).utility
        for inside in COALITIONS
    ]


@pytest.mark.parametrize("network", [False, True])
def test_normalised_by_all_a_coalition_adds_its_part_of_the_whole_update(network: bool) -> None:
    federation, round_, cohort = a_round(False, network)
    federation = federation.model_copy(update={"normalisation": "all"})
    part = round_.examples / round_.examples.sum()
    expected = by_hand(federation, round_, cohort, lambda inside: (part * inside) @ round_.updates)
    assert worths(federation, round_, cohort) == pytest.approx(expected, rel=0, abs=1e-12)


@TWO
@pytest.mark.parametrize("network", [False, True])
def test_an_update_of_zero_is_worth_exactly_nothing_when_all_divide(
    two_classes: bool, network: bool
) -> None:
    federation, round_, cohort = a_round(two_classes, network)
    assert not round_.updates[3].any()  # the free-rider
    for normalisation, nothing in (("all", True), ("coalition", False)):
        settings_ = federation.model_copy(update={"normalisation": normalisation})
        result = Shapley().contributions(settings_.game(round_, cohort))
        assert (result[3] == 0) == nothing
        assert (np.delete(result, 3) != 0).all()


@NORMALISATION
@pytest.mark.parametrize("network", [False, True])
def test_aggregated_by_fedavg_models_are_the_weighted_ones(
    normalisation: str, network: bool
) -> None:
    federation, round_, cohort = a_round(False, network)
    weighted = federation.model_copy(update={"normalisation": normalisation})
    aggregated = weighted.model_copy(update={"reconstruction": "aggregation"})
    expected = worths(weighted, round_, cohort)
    assert worths(aggregated, round_, cohort) == pytest.approx(expected, rel=0, abs=1e-12)


def test_the_median_of_a_coalition_is_that_of_its_members() -> None:
    federation, round_, cohort = a_round(False)
    settings_ = federation.model_copy(
        update={"aggregation": Median(), "reconstruction": "aggregation"}
    )

    def median(inside: Booleans) -> Floats:
        if not inside.any():
            return np.zeros_like(round_.previous)
        middle: Floats = np.median(round_.updates[inside], axis=0)
        return middle

    expected = by_hand(federation, round_, cohort, median)
    assert worths(settings_, round_, cohort) == pytest.approx(expected, rel=0, abs=1e-12)
    # By all, those outside send an update of zero.
    everyone = settings_.model_copy(update={"normalisation": "all"})

    def among_zeros(inside: Booleans) -> Floats:
        middle: Floats = np.median(round_.updates * inside[:, None], axis=0)
        return middle

    expected = by_hand(federation, round_, cohort, among_zeros)
    assert worths(everyone, round_, cohort) == pytest.approx(expected, rel=0, abs=1e-12)


def test_what_everybody_is_worth_is_what_the_robust_rule_makes_of_the_round() -> None:
    federation, round_, cohort = a_round(False)
    rule = NormClipping(norm=0.1)
    settings_ = federation.model_copy(update={"aggregation": rule, "reconstruction": "aggregation"})
    step, _ = rule.apply({}, round_.updates, round_.examples)
    grand = federation.evaluate(round_.previous + step, cohort).utility
    game = settings_.game(round_, cohort)
    assert game.grand == pytest.approx(grand, rel=0, abs=1e-12)
    assert game.grand != pytest.approx(federation.game(round_, cohort).grand, rel=1e-6)


def test_the_game_uses_the_examples_that_clients_claim() -> None:
    federation, round_, cohort = a_round(False)
    claimed = replace(round_, examples=np.array([1.0, 1, 1, 1, 1000]))
    assert federation.game(claimed, cohort).grand == pytest.approx(
        federation.evaluate(
            round_.previous + claimed.examples / 1004 @ round_.updates, cohort
        ).utility,
        rel=0,
        abs=1e-12,
    )


def test_a_game_is_freed_without_the_collector_of_garbage() -> None:
    federation, round_, cohort = a_round(False)
    game = federation.game(round_, cohort)
    game.all_values()
    gone = weakref.ref(game)
    gc.disable()
    try:
        del game
        assert gone() is None
    finally:
        gc.enable()
