"""Rounds: who trains, what becomes of their updates, and that contributions add up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations
from math import factorial
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import Field
from sklearn.datasets import make_classification
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, log_loss

from simulator.agents.groups import ClientGroup
from simulator.components import Booleans, Floats, Integers, Memory, extended
from simulator.errors import ComponentError, ModelError, ScenarioError
from simulator.federation import (
    Behaviour,
    Changing,
    Cohort,
    DataSize,
    Digits,
    EqualContribution,
    FedAvg,
    Federation,
    FreeRider,
    Honest,
    Iid,
    LabelFlip,
    LeaveOneOut,
    Median,
    MlpClassifier,
    PermutationShapley,
    Round,
    SgdClassifier,
    Task,
)
from simulator.randomness import Streams
from simulator.scenario import Scenario


class Blobs(Task):
    """A small problem of any number of classes, not separable."""

    kind: Literal["blobs"] = "blobs"
    classes: int = Field(2, ge=2)

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        features, labels = make_classification(
            300, 8, n_informative=6, n_classes=self.classes, class_sep=0.6, random_state=1
        )
        return features, labels.astype(np.int64)


OpenFederation = extended(Federation, [Blobs])
TASKS: dict[str, Task] = {
    "digits": Digits(),
    "two classes": Blobs(classes=2),
    "three classes": Blobs(classes=3),
}
MIXED = (Honest(), Honest(), LabelFlip(), FreeRider(), Honest())


def federation(task: Task | None = None, rate: float = 0.01, **parts: object) -> Federation:
    learner = SgdClassifier(learning_rate=rate)
    made = OpenFederation(task=task or Digits(), learner=learner, **parts)
    assert isinstance(made, Federation)
    return made


@dataclass(frozen=True)
class Played:
    """A federation after some rounds, the last of which is `round`."""

    federation: Federation
    cohort: Cohort
    round: Round
    memory: Memory

    def utility(self, parameters: Floats) -> float:
        return self.federation.evaluate(parameters, self.cohort).utility

    def contributions(self) -> Floats:
        return assess(self.federation, self.round, self.cohort)


def assess(settings: Federation, round_: Round, cohort: Cohort) -> Floats:
    memory = settings.contribution.initial(len(cohort.data))
    return settings.assess(memory, round_, cohort, Streams(1))[0]


def play(
    settings: Federation,
    behaviours: Sequence[Behaviour],
    present: Booleans | None = None,
    rounds: int = 2,
    seed: int = 1,
) -> Played:
    streams = Streams(seed)
    cohort = settings.gather(behaviours, streams)
    memory = settings.initial(cohort, streams)
    everyone = np.ones(len(behaviours), dtype=bool)
    for period in range(1, rounds + 1):
        takes_part = everyone if present is None or period < rounds else present
        round_, memory = settings.learn(memory, cohort, takes_part, period, streams)
    return Played(settings, cohort, round_, memory)


@cache
def a_round(task: str, presence: str = "11111") -> Played:
    """Two rounds of a mixed cohort; in the second the clients marked 0 are absent."""
    rate = 0.01 if task == "digits" else 0.1
    return play(federation(TASKS[task], rate), MIXED, np.array([mark == "1" for mark in presence]))


EVERY_TASK = pytest.mark.parametrize("task", TASKS)
PRESENCE = pytest.mark.parametrize("presence", ["11111", "10110", "00100"])


def estimator(played: Played, parameters: Floats) -> SGDClassifier:
    classes = played.cohort.dataset.classes
    outputs = 1 if classes == 2 else classes
    model = SGDClassifier(loss="log_loss")
    model.classes_ = np.arange(classes)
    model.coef_ = parameters[:-outputs].reshape(outputs, -1)
    model.intercept_ = parameters[-outputs:]
    return model


def utility_by_scikit_learn(played: Played, parameters: Floats) -> float:
    model, part = estimator(played, parameters), played.cohort.dataset.validation
    return -float(log_loss(part.labels, model.predict_proba(part.features), labels=model.classes_))


def coalitions(players: int) -> Booleans:
    """All of them; row number b holds the bits of b."""
    members: Booleans = (np.arange(1 << players)[:, None] >> np.arange(players) & 1).astype(bool)
    return members


def aggregated(played: Played, members: Booleans) -> Floats:
    """What FedAvg makes of the updates of some of the clients `[clients]`."""
    weights = members * played.cohort.examples.astype(float)
    if not weights.any():
        return played.round.previous
    return played.round.previous + FedAvg().combine(played.round.updates, weights)


# What a model is worth


@EVERY_TASK
@pytest.mark.parametrize("rate", [0.01, 1.0])
def test_quality_is_measured_as_scikit_learn_does(task: str, rate: float) -> None:
    played = play(federation(TASKS[task], rate), MIXED)
    parameters = played.round.parameters
    model, test = estimator(played, parameters), played.cohort.dataset.test
    quality = played.federation.evaluate(parameters, played.cohort)
    likely = model.predict_proba(test.features)
    assert quality.accuracy == accuracy_score(test.labels, model.predict(test.features))
    assert quality.loss == pytest.approx(log_loss(test.labels, likely), rel=0, abs=1e-12)
    expected = utility_by_scikit_learn(played, parameters)
    assert quality.utility == pytest.approx(expected, rel=0, abs=1e-12)


def test_accuracy_is_that_of_scikit_learn_when_scores_are_large() -> None:
    played = play(federation(rate=10.0), MIXED)
    test = played.cohort.dataset.test
    predicted = estimator(played, played.round.parameters).predict(test.features)
    quality = played.federation.evaluate(played.round.parameters, played.cohort)
    assert quality.accuracy == accuracy_score(test.labels, predicted)


# The game of a round


@EVERY_TASK
@PRESENCE
def test_nobody_is_worth_the_old_model_and_all_together_the_new_one(
    task: str, presence: str
) -> None:
    played = a_round(task, presence)
    game = played.federation.game(played.round, played.cohort)
    assert game.players == presence.count("1")
    assert game.empty == pytest.approx(played.utility(played.round.previous), rel=0, abs=1e-12)
    assert game.grand == pytest.approx(played.utility(played.round.parameters), rel=0, abs=1e-12)


@EVERY_TASK
@PRESENCE
def test_contributions_add_up_to_the_gain_of_the_round(task: str, presence: str) -> None:
    played = a_round(task, presence)
    gain = played.utility(played.round.parameters) - played.utility(played.round.previous)
    assert played.contributions().sum() == pytest.approx(gain, rel=0, abs=1e-12)
    assert gain != 0


@EVERY_TASK
def test_a_coalition_is_worth_the_model_its_members_would_make(task: str) -> None:
    played = a_round(task)
    members = coalitions(5)
    result = played.federation.game(played.round, played.cohort).values(members)
    models = np.array([aggregated(played, row) for row in members])
    assert result == pytest.approx([played.utility(model) for model in models], rel=0, abs=1e-12)
    expected = [utility_by_scikit_learn(played, model) for model in models]
    assert result == pytest.approx(expected, rel=0, abs=1e-12)


class PlainSgd(SgdClassifier):
    """Combines parameters rather than scores, as learners do that are not linear."""

    kind: Literal["plain_sgd"] = "plain_sgd"
    linear: ClassVar[bool] = False


@EVERY_TASK
def test_combining_scores_is_combining_parameters(task: str) -> None:
    played = a_round(task)
    plain = played.federation.model_copy(update={"learner": PlainSgd()})
    result = played.federation.game(played.round, played.cohort).all_values()
    expected = plain.game(played.round, played.cohort).all_values()
    assert result == pytest.approx(expected, rel=0, abs=1e-12)


@EVERY_TASK
def test_shapley_of_a_round_from_first_principles(task: str) -> None:
    played = a_round(task)
    worth = [utility_by_scikit_learn(played, aggregated(played, row)) for row in coalitions(5)]
    expected = np.zeros(5)
    for order in permutations(range(5)):
        joined = np.cumsum([0] + [1 << client for client in order])
        expected[list(order)] += np.diff([worth[bits] for bits in joined]) / factorial(5)
    assert played.contributions() == pytest.approx(expected, rel=0, abs=1e-12)


@EVERY_TASK
def test_leave_one_out_of_a_round_from_first_principles(task: str) -> None:
    played = a_round(task)
    settings = played.federation.model_copy(update={"contribution": LeaveOneOut()})
    everyone = utility_by_scikit_learn(played, played.round.parameters)
    without = [aggregated(played, np.arange(5) != client) for client in range(5)]
    expected = [everyone - utility_by_scikit_learn(played, model) for model in without]
    result = assess(settings, played.round, played.cohort)
    assert result == pytest.approx(expected, rel=0, abs=1e-12)


# Who gets what


def of_clients(round_: Round, clients: Integers) -> Round:
    """The same round of other clients."""
    return replace(round_, updates=round_.updates[clients], examples=round_.examples[clients])


@EVERY_TASK
def test_equal_clients_get_equal_contributions(task: str) -> None:
    played = a_round(task)
    same = np.array([0, 1, 2, 3, 0])
    result = assess(played.federation, of_clients(played.round, same), played.cohort)
    assert result[0] == pytest.approx(result[4], rel=0, abs=1e-13)
    assert abs(result[0] - result[1]) > 1e-6


def test_renumbering_the_clients_renumbers_their_contributions() -> None:
    played, order = a_round("digits"), np.array([3, 0, 4, 1, 2])
    expected = played.contributions()[order]
    result = assess(played.federation, of_clients(played.round, order), played.cohort)
    assert result == pytest.approx(expected, rel=0, abs=1e-12)


def test_a_client_without_examples_contributes_nothing() -> None:
    played = a_round("digits")
    examples = played.round.examples * (np.arange(5) < 4)
    result = assess(played.federation, replace(played.round, examples=examples), played.cohort)
    assert result[4] == 0.0
    assert (result[:4] != 0).all()


@EVERY_TASK
def test_absent_clients_get_nothing_and_do_not_matter(task: str) -> None:
    played = a_round(task, "10110")
    present = np.array([0, 2, 3])
    cohort = replace(played.cohort, data=tuple(played.cohort.data[client] for client in present))
    round_ = replace(of_clients(played.round, present), participated=np.ones(3, dtype=bool))
    result = played.contributions()
    assert result[[1, 4]].tolist() == [0, 0]
    assert np.array_equal(result[present], assess(played.federation, round_, cohort))


def test_without_participants_the_model_stays_and_nobody_contributes() -> None:
    played = a_round("digits", "00000")
    assert np.array_equal(played.round.parameters, played.round.previous)
    assert played.round.previous.any()
    assert played.contributions().tolist() == [0] * 5


def test_one_participant_gets_the_whole_gain() -> None:
    played = a_round("digits", "00001")
    gain = played.utility(played.round.parameters) - played.utility(played.round.previous)
    assert played.contributions() == pytest.approx([0, 0, 0, 0, gain], rel=0, abs=1e-12)
    assert np.array_equal(played.round.parameters, played.round.previous + played.round.updates[4])


def test_exact_shapley_is_refused_for_more_clients_than_it_can_handle() -> None:
    Scenario(clients=(ClientGroup(count=20),))
    with pytest.raises(ScenarioError, match="shapley handles at most 20 clients, there are 21"):
        Scenario(clients=(ClientGroup(count=20), ClientGroup(count=1)))


# Behaviours


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_honest_clients_improve_the_model(seed: int) -> None:
    start, *later = (
        play(federation(), [Honest()] * 4, rounds=rounds, seed=seed) for rounds in (1, 2, 5)
    )
    utilities = [start.utility(start.round.previous), start.utility(start.round.parameters)]
    utilities += [played.utility(played.round.parameters) for played in later]
    assert utilities[0] == pytest.approx(-np.log(10), rel=1e-12)  # untrained: all alike
    assert utilities == sorted(utilities)
    last = later[-1]
    assert last.federation.evaluate(last.round.parameters, last.cohort).accuracy > 0.9


def test_free_riders_report_the_model_they_were_given() -> None:
    played = a_round("digits")
    assert not played.round.updates[3].any()
    assert played.round.updates[[0, 1, 2, 4]].any(axis=1).all()


def test_when_everybody_rides_free_nothing_changes() -> None:
    played = play(federation(), [FreeRider()] * 3)
    assert np.array_equal(played.round.parameters, played.round.previous)
    assert played.memory["steps"].tolist() == [1, 1, 1]
    assert played.contributions().tolist() == [0, 0, 0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_free_rider_only_dilutes(seed: int) -> None:
    # Its update of zero is no null player: it weakens good updates, and bad ones too.
    among_honest = play(federation(), [*[Honest()] * 4, FreeRider()], rounds=1, seed=seed)
    assert among_honest.contributions()[4] < 0 < among_honest.contributions()[:4].min()
    among_flippers = play(federation(), [*[LabelFlip()] * 4, FreeRider()], rounds=1, seed=seed)
    assert among_flippers.contributions()[4] > 0 > among_flippers.contributions()[:4].sum()


def test_label_flippers_train_on_the_mirrored_labels_of_their_own_examples() -> None:
    honest = federation().gather([Honest(), Honest()], Streams(1))
    flipped = federation().gather([Honest(), LabelFlip()], Streams(1))
    for client in (0, 1):
        mine, own = flipped.training_data(client, 1, Streams(1)), honest.data[client]
        assert np.array_equal(mine.features, own.features)
        assert np.array_equal(mine.labels, 9 - own.labels if client else own.labels)
    assert np.array_equal(flipped.dataset.validation.labels, honest.dataset.validation.labels)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_label_flippers_do_harm(seed: int) -> None:
    honest = play(federation(), [Honest()] * 4, seed=seed)
    attacked = play(federation(), [*[Honest()] * 3, LabelFlip()], seed=seed)
    assert attacked.utility(attacked.round.parameters) < honest.utility(honest.round.parameters)
    assert attacked.contributions()[3] < 0 < attacked.contributions()[:3].min()


# Learning


@pytest.mark.parametrize("epochs", [1, 2])
def test_only_participants_that_train_count_steps(epochs: int) -> None:
    settings = Federation(learner=SgdClassifier(epochs=epochs))
    present = np.array([True, False, True, True, False])
    played = play(settings, MIXED, present, rounds=1)
    trained = present & np.array([True, True, True, False, True])
    expected = 1 + epochs * played.cohort.examples * trained
    assert played.memory["steps"].tolist() == expected.tolist()
    assert played.round.updates.any(axis=1).tolist() == trained.tolist()


def test_a_round_starts_where_the_last_one_ended() -> None:
    settings, streams = federation(), Streams(1)
    cohort = settings.gather(MIXED, streams)
    memory, everyone = settings.initial(cohort, streams), np.ones(5, dtype=bool)
    for period in (1, 2, 3):
        before = {name: values.copy() for name, values in memory.items()}
        round_, after = settings.learn(memory, cohort, everyone, period, streams)
        assert np.array_equal(round_.previous, before["parameters"])
        assert np.array_equal(round_.parameters, after["parameters"])
        for name, values in before.items():
            assert np.array_equal(memory[name], values)
        memory = after


def test_an_update_leads_from_the_old_model_to_the_one_the_client_trained() -> None:
    played, before = a_round("digits"), play(federation(), MIXED, rounds=1)
    assert np.array_equal(played.round.previous, before.round.parameters)
    for client in (0, 1, 2, 4):
        trained, _ = played.federation.learner.train(
            played.round.previous,
            before.memory["steps"][client],
            played.cohort.training_data(client, 2, Streams(1)),
            classes=10,
            seed=Streams(1).integer("train", 2, client),
        )
        assert np.array_equal(played.round.updates[client], trained - played.round.previous)


def test_the_new_model_is_the_aggregate_of_the_participants_updates() -> None:
    played = a_round("digits", "10110")
    examples = played.cohort.examples[[0, 2, 3]]
    step = (examples / examples.sum()) @ played.round.updates[[0, 2, 3]]
    expected = played.round.previous + step
    assert played.round.parameters == pytest.approx(expected, rel=0, abs=1e-14)


def test_an_update_does_not_depend_on_who_else_takes_part() -> None:
    together, alone = a_round("digits"), a_round("digits", "00001")
    assert np.array_equal(together.round.updates[4], alone.round.updates[4])
    others = play(federation(), (FreeRider(), LabelFlip(), Honest(), Honest(), Honest()), rounds=1)
    mixed = play(federation(), MIXED, rounds=1)
    assert np.array_equal(others.round.updates[4], mixed.round.updates[4])


def test_clients_with_the_same_data_and_periods_differ_only_by_the_order_of_examples() -> None:
    settings, streams = federation(), Streams(1)
    cohort = settings.gather([Honest()] * 2, streams)
    cohort = replace(cohort, data=(cohort.data[0], cohort.data[0]))
    memory, everyone = settings.initial(cohort, streams), np.ones(2, dtype=bool)
    first, _ = settings.learn(memory, cohort, everyone, 1, streams)
    second, _ = settings.learn(memory, cohort, everyone, 2, streams)
    again, _ = settings.learn(memory, cohort, everyone, 1, Streams(1))
    orders = [first.updates[0], first.updates[1], second.updates[0], second.updates[1]]
    assert len({order.tobytes() for order in orders}) == 4
    assert np.array_equal(first.updates, again.updates)
    lengths = np.linalg.norm(orders, axis=1)
    assert lengths.max() < 1.2 * lengths.min()


def test_same_seed_same_bits() -> None:
    first, same, other = (play(federation(), MIXED, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(first.round.parameters, same.round.parameters)
    assert np.array_equal(first.contributions(), same.contributions())
    assert not np.array_equal(first.round.parameters, other.round.parameters)


def test_other_draws_do_not_disturb_learning() -> None:
    settings, streams = federation(), Streams(1)
    streams["orders"].random(1000)
    cohort = settings.gather(MIXED, streams)
    streams["train"].random(1000)
    memory = settings.initial(cohort, streams)
    round_, _ = settings.learn(memory, cohort, np.ones(5, dtype=bool), 1, streams)
    expected = play(settings, MIXED, rounds=1).round.parameters
    assert np.array_equal(round_.parameters, expected)


class Exploding(FedAvg):
    """An aggregation whose model stops being finite."""

    kind: Literal["exploding"] = "exploding"  # type: ignore[assignment]

    def combine(self, updates: Floats, examples: Floats) -> Floats:
        return np.full(updates.shape[1], np.inf)


def test_a_model_that_is_no_longer_finite_is_an_error() -> None:
    settings = federation().model_copy(update={"aggregation": Exploding()})
    with pytest.raises(ComponentError, match="aggregation exploding: apply returned inf at 0"):
        play(settings, MIXED, rounds=1)


class NotANumber(Behaviour):
    """Reports an update without numbers."""

    kind: Literal["not_a_number"] = "not_a_number"

    def report(
        self, update: Floats, last_step: Floats, period: int, draws: np.random.Generator
    ) -> Floats:
        return np.full(update.size, np.nan)


def test_an_update_that_is_no_number_is_an_error_though_the_rule_leaves_it_out() -> None:
    settings = federation().model_copy(update={"aggregation": Median()})
    with pytest.raises(ComponentError, match="behaviour not_a_number: report returned nan at 0"):
        play(settings, [Honest(), Honest(), Honest(), NotANumber()], rounds=1)


def test_a_model_too_large_to_be_evaluated_is_an_error() -> None:
    with pytest.raises(ModelError, match="learning_rate"):
        played = play(federation(rate=3e306), [Honest()] * 3, rounds=1)
        played.utility(played.round.parameters)


# Networks: models that are not linear in their parameters


@EVERY_TASK
def test_a_coalition_of_networks_is_worth_the_network_its_members_would_make(task: str) -> None:
    settings = OpenFederation(task=TASKS[task], learner=MlpClassifier(hidden=(8,)))
    played = play(settings, MIXED)
    members = coalitions(5)
    result = played.federation.game(played.round, played.cohort).values(members)
    models = [aggregated(played, row) for row in members]
    assert result == pytest.approx([played.utility(model) for model in models], rel=0, abs=1e-12)
    gain = played.utility(played.round.parameters) - played.utility(played.round.previous)
    assert played.contributions().sum() == pytest.approx(gain, rel=0, abs=1e-12)
    assert gain != 0


def test_all_clients_start_from_one_network_which_the_seed_draws() -> None:
    settings = Federation(learner=MlpClassifier())
    first, same, other = (play(settings, [Honest()] * 3, rounds=1, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.round.previous, same.round.previous)
    assert not np.array_equal(first.round.previous, other.round.previous)
    assert first.round.updates.any(axis=1).all()


def test_networks_learn_the_digits() -> None:
    played = play(Federation(learner=MlpClassifier()), [Honest()] * 4, rounds=10)
    assert played.federation.evaluate(played.round.parameters, played.cohort).accuracy > 0.9


# Contributions


@pytest.mark.parametrize("antithetic", [False, True])
@PRESENCE
def test_sampled_contributions_add_up_to_the_gain_of_the_round(
    presence: str, antithetic: bool
) -> None:
    played = a_round("digits", presence)
    method = PermutationShapley(permutations=2, antithetic=antithetic)
    settings = played.federation.model_copy(update={"contribution": method})
    gain = played.utility(played.round.parameters) - played.utility(played.round.previous)
    result = assess(settings, played.round, played.cohort)
    assert result.sum() == pytest.approx(gain, rel=0, abs=1e-12)
    assert not result[~played.round.participated].any()


def test_every_period_samples_orders_anew_from_the_runs_stream() -> None:
    played, streams = a_round("digits"), Streams(1)
    method = PermutationShapley(permutations=1)
    settings = played.federation.model_copy(update={"contribution": method})
    first, memory = settings.assess({}, played.round, played.cohort, streams)
    second, _ = settings.assess(memory, played.round, played.cohort, streams)
    assert not np.array_equal(first, second)
    assert np.array_equal(first, assess(settings, played.round, played.cohort))


def test_data_sizes_are_those_of_the_participants(monkeypatch: pytest.MonkeyPatch) -> None:
    played = a_round("digits", "10110")

    def no_game(*_: object) -> None:
        raise AssertionError("the game was set up")

    monkeypatch.setattr(Federation, "game", no_game)
    size, equal = (
        assess(
            played.federation.model_copy(update={"contribution": method}),
            played.round,
            played.cohort,
        )
        for method in (DataSize(), EqualContribution())
    )
    examples = played.cohort.examples * np.array([1, 0, 1, 1, 0])
    assert size == pytest.approx(examples / examples.sum(), rel=1e-15)
    assert equal == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3, 0], rel=1e-15)


def test_fifty_clients_can_be_credited_by_sampling() -> None:
    settings = Federation(
        partition=Iid(), contribution=PermutationShapley(permutations=2, antithetic=True)
    )
    played = play(settings, [*[Honest()] * 49, FreeRider()], rounds=1)
    gain = played.utility(played.round.parameters) - played.utility(played.round.previous)
    assert played.contributions().sum() == pytest.approx(gain, rel=0, abs=1e-12)
    Scenario(federation=settings, clients=(ClientGroup(count=50),))


# Behaviours that events change


def late(start: int, then: Behaviour) -> Behaviour:
    """An honest client that an event changes."""
    return Changing(first=Honest(), then=then, start=start)


def test_a_client_that_deviates_later_trains_honestly_until_then() -> None:
    turning = (Honest(), late(3, FreeRider()), late(2, LabelFlip()))
    cohort = federation().gather(turning, Streams(1))
    assert [cohort.trains(period).tolist() for period in (0, 2, 3)] == [
        [True, True, True],
        [True, True, True],
        [True, False, True],
    ]
    own = cohort.data[2].labels
    assert np.array_equal(cohort.training_data(2, 1, Streams(1)).labels, own)
    assert np.array_equal(cohort.training_data(2, 2, Streams(1)).labels, 9 - own)


def test_before_an_event_nothing_tells_a_later_deviation_from_honesty() -> None:
    turning = (Honest(), late(3, FreeRider()), late(3, LabelFlip()), Honest())
    changed = (Honest(), FreeRider(), LabelFlip(), Honest())
    two, honest = (play(federation(), who, rounds=2) for who in (turning, [Honest()] * 4))
    assert np.array_equal(two.round.parameters, honest.round.parameters)
    assert np.array_equal(two.contributions(), honest.contributions())
    # In period 3 each does what it would do had it never been honest, from the same model.
    result, memory = play(federation(), turning, rounds=3).round, two.memory
    cohort = federation().gather(changed, Streams(1))
    expected, _ = federation().learn(memory, cohort, np.ones(4, dtype=bool), 3, Streams(1))
    assert np.array_equal(result.updates, expected.updates)
    assert not result.updates[1].any() and two.round.updates[1].any()
