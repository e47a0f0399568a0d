"""Methods that look at updates or remember earlier rounds: by hand, on real rounds, on resuming.

Fan et al. 2022: Improving fairness for data valuation in horizontal federated learning. ICDE.
Song et al. 2019: Profit allocation for federated learning. IEEE Big Data.
Tastan et al. 2024: Redefining contributions: Shapley-driven federated learning. IJCAI.
Xu et al. 2021: Gradient driven rewards to guarantee fairness in collaborative machine learning.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simulator.components import Booleans, Floats
from simulator.economy import Economy
from simulator.federation import (
    AGGREGATIONS,
    CONTRIBUTIONS,
    Accuracy,
    Aggregation,
    BalancedAccuracy,
    Banzhaf,
    BetaShapley,
    BreastCancer,
    ClassCosine,
    CoalitionGame,
    Cohort,
    ComFedSv,
    Contribution,
    Cosine,
    Evidence,
    FedAdagrad,
    FedAdam,
    FedAvg,
    FedAvgM,
    Federation,
    FedYogi,
    FreeRider,
    GtgShapley,
    Honest,
    LabelFlip,
    LeaveOneOut,
    Median,
    MlpClassifier,
    MultiRound,
    NormClipping,
    OrShapley,
    PermutationShapley,
    Round,
    Shapley,
    Task,
    Utility,
    Wine,
)
from simulator.federation.contribution.similarity import LEAST_IMPORTANCE
from simulator.randomness import Streams
from simulator.scenario import Scenario, doubts
from tests.economy.saving import goes_on

KINDS = [pytest.param(method(), id=method().kind) for method in CONTRIBUTIONS]
CLIENTS = (Honest(), Honest(), LabelFlip(), FreeRider(), Honest())
ALL = np.ones(5, dtype=bool)
SOME = np.array([True, False, True, True, False])


def no_game(previous: Floats, updates: Floats) -> CoalitionGame:
    raise AssertionError("the game was set up")


def evidence(
    updates: list[list[float]],
    examples: list[float],
    present: Booleans | None = None,
    play: Callable[[Floats, Floats], CoalitionGame] = no_game,
    outputs: int = 2,
) -> Evidence:
    sent = np.array(updates)
    return Evidence(
        np.ones(len(sent), dtype=bool) if present is None else present,
        np.array(examples),
        np.zeros(sent.shape[1]),
        sent,
        play,
        class_rows=lambda models: models.reshape(len(models), outputs, -1),
    )


def assess(method: Contribution, *rounds: Evidence) -> Floats:
    memory, draws = method.initial(len(rounds[0].present)), np.random.default_rng(0)
    for seen in rounds:
        values, memory = method.assess(seen, memory, draws)
    return values


# Cosines


def test_importance_of_two_clients_by_hand() -> None:
    # Orthogonal updates of any length; r = (3/4, 1/4), so the sum's direction is (3, 1)/sqrt(10)
    # and the cosines are 3/sqrt(10) and 1/sqrt(10): r stays in proportion 3 : 1.
    first = evidence([[2.0, 0.0], [0.0, 9.0]], [30, 10])
    assert assess(Cosine(alpha=0.5), first) == pytest.approx([3 / 4, 1 / 4], rel=1e-15)
    # Then the same direction from both: cosines 1 and 1, r = (7/8, 5/8) / (3/2).
    second = evidence([[1.0, 1.0], [2.0, 2.0]], [30, 10])
    assert assess(Cosine(alpha=0.5), first, second) == pytest.approx([7 / 12, 5 / 12], rel=1e-15)
    # With alpha .9 that is (.775, .325) / 1.1.
    result = assess(Cosine(alpha=0.9), first, second)
    assert result == pytest.approx([0.775 / 1.1, 0.325 / 1.1], rel=1e-15)


def test_an_opposed_client_falls_to_the_least_importance() -> None:
    # r = (3/4, 1/4): the sum points along the first; the second's cosine is -1.
    result = assess(Cosine(alpha=0.5), evidence([[1.0, 0.0], [-1.0, 0.0]], [30, 10]))
    assert result == pytest.approx([0.875 / 0.876, 0.001 / 0.876], rel=1e-14)


def test_the_cosine_of_nothing_is_nothing() -> None:
    result = assess(Cosine(alpha=0.5), evidence([[0.0, 0.0], [3.0, 0.0]], [10, 30]))
    assert result == pytest.approx([1 / 8, 7 / 8], rel=1e-15)
    silent = evidence([[0.0, 0.0], [0.0, 0.0]], [10, 30])
    assert assess(Cosine(alpha=0.5), silent) == pytest.approx([1 / 4, 3 / 4], rel=1e-15)


def test_an_absent_client_keeps_its_importance_and_is_credited_nothing() -> None:
    both = evidence([[1.0, 0.0], [1.0, 0.0]], [20, 20])
    alone = evidence([[1.0, 0.0]], [20], np.array([False, True]))
    # (1/2, 1/2), then the second alone: cosine 1, r = (1/2, 3/4) / (5/4) = (2/5, 3/5).
    method = Cosine(alpha=0.5)
    assert assess(method, both, alone) == pytest.approx([0, 3 / 5], rel=1e-15)
    # Both again: (7/10, 8/10) / (3/2).
    assert assess(method, both, alone, both) == pytest.approx([7 / 15, 8 / 15], rel=1e-15)


@given(
    arrays(float, (3, 4, 2), elements=st.integers(-1000, 1000)),
    arrays(float, 4, elements=st.integers(1, 100)),
    st.floats(0, 0.99),
    st.sampled_from([0.25, 0.5, 2.0, 1024.0]),  # no rounding: opposed updates may all but cancel
)
def test_importance_is_a_share_and_knows_no_lengths(
    updates: Floats, examples: Floats, alpha: float, gamma: float
) -> None:
    def credited(scale: float) -> Floats:
        sent = [evidence((scale * own).tolist(), examples.tolist()) for own in updates]
        return assess(Cosine(alpha=alpha), *sent)

    result = credited(1.0)
    assert result.sum() == pytest.approx(1, rel=1e-12)
    assert result.min() >= LEAST_IMPORTANCE / (LEAST_IMPORTANCE * 4 + 4)
    assert np.array_equal(result, credited(gamma))


@given(
    arrays(float, (4, 6), elements=st.integers(-1000, 1000)),
    arrays(float, 4, elements=st.integers(1, 100)),
)
def test_cosines_by_class_are_cosines(updates: Floats, examples: Floats) -> None:
    result = assess(ClassCosine(), evidence(updates.tolist(), examples.tolist(), outputs=3))
    assert (np.abs(result) <= 1 + 1e-12).all()
    one = assess(ClassCosine(), evidence([[1, 2, 0, 3, 4, 5.0]] * 2, [1, 3], outputs=3))
    assert one == pytest.approx([1, 1], rel=1e-12)


def test_cosines_by_class_by_hand() -> None:
    # Two rows of two weights each. The mean of both, 3 : 1, is (3, 1) and (4, 0)/4; cosines are
    # 3/sqrt(10) and 1, then 1/sqrt(10) and 1.
    result = assess(ClassCosine(), evidence([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0]], [30, 10]))
    expected = [(3 / 10**0.5 + 1) / 2, (1 / 10**0.5 + 1) / 2]
    assert result == pytest.approx(expected, rel=1e-14)


def test_two_classes_with_one_output_have_opposite_rows() -> None:
    updates, sizes = [[1.0, 2.0], [3.0, -1.0], [0.0, 0.0]], [10.0, 20, 5]
    result = assess(ClassCosine(), evidence(updates, sizes, outputs=1))
    doubled = [row + [-weight for weight in row] for row in updates]
    both = assess(ClassCosine(), evidence(doubled, sizes, outputs=2))
    assert result == pytest.approx(both, rel=1e-14)
    assert result[2] == 0


# Low-rank completion


def test_a_low_rank_matrix_is_completed() -> None:
    draws = np.random.default_rng(3)
    truth = draws.normal(size=(30, 2)) @ draws.normal(size=(2, 40))
    hidden = draws.random(truth.shape) < 0.4
    hidden[0] = False  # everybody in the first round
    method = ComFedSv(rank=2, ridge=1e-9, iterations=300)
    start = draws.normal(size=(40, 2))
    result = method.complete(np.where(hidden, np.nan, truth), start)
    assert np.array_equal(result[~hidden], truth[~hidden])
    assert result[hidden] == pytest.approx(truth[hidden], rel=0, abs=1e-5)
    assert np.abs(truth[hidden]).max() > 1


def additive(updates: Floats) -> CoalitionGame:
    return CoalitionGame(len(updates), lambda members: members @ updates[:, 0] + 7.0)


def played(values: list[float], present: Booleans | None = None) -> Evidence:
    """A round in which every participant's update is worth its only number."""
    updates = [[value] for value in values]
    return evidence(updates, [1.0] * len(values), present, lambda _, sent: additive(sent))


def test_the_absent_are_credited_what_the_other_rounds_suggest() -> None:
    # Worth of every round is (1, 2, 4) times its strength: rank 1. In the third client 2 is away.
    rounds = [played([s, 2 * s, 4 * s]) for s in (1.0, 0.5)]
    rounds.append(played([2.0, 4.0], np.array([True, True, False])))
    result = assess(ComFedSv(ridge=1e-9, rank=1, iterations=100), *rounds)
    assert result == pytest.approx(3.5 * np.array([1, 2, 4]), rel=1e-6)


def test_with_everybody_present_nothing_is_completed() -> None:
    result = assess(ComFedSv(permutations=3), played([1.0, -2.0, 4.0]), played([3.0, 1.0, 0.5]))
    assert result == pytest.approx([4, -1, 4.5], rel=1e-12)


def test_an_order_ends_before_a_coalition_that_no_round_has_seen() -> None:
    method = ComFedSv(permutations=6, rank=1, ridge=1e-9, iterations=100)
    pair = played([3.0, 5.0], np.array([True, False, True]))
    result, memory = method.assess(pair, method.initial(3), np.random.default_rng(0))
    before = np.zeros(3)  # of each of those present, in the orders in which 1 comes after it
    for order in memory["orders"].tolist():
        for client in order[: order.index(1)]:
            before[client] += [3.0, 0.0, 5.0][client]
    assert result == pytest.approx(before / 6, rel=1e-12)
    assert 0 < result[0] < 3 and result[1] == 0
    # A round of all tells the rest, for both rounds.
    result, _ = method.assess(played([3.0, 9.0, 5.0]), memory, np.random.default_rng(0))
    assert result == pytest.approx([6, 18, 10], rel=1e-6)


@pytest.mark.parametrize("method", KINDS)
def test_everybody_is_drawn_for_the_first_round_where_the_method_needs_it(
    method: Contribution,
) -> None:
    settings = Federation(contribution=method, participation=0.5)
    able, streams = np.arange(8) != 3, Streams(1)
    first, later = (settings.invite(able, period, streams) for period in (1, 2))
    assert first.sum() == (7 if method.kind == "comfedsv" else 4)
    assert later.sum() == 4
    assert not first[3]
    usual, same = Federation(participation=0.5), Streams(1)
    usual.invite(able, 1, same)
    assert np.array_equal(usual.invite(able, 2, same), later)  # the first costs no other draws


# All rounds together


def test_the_sum_over_rounds_by_hand() -> None:
    rounds = played([1.0, 3.0]), played([-2.0, 6.0])  # parts (1/4, 3/4) and (-1/4, 3/4)
    assert assess(MultiRound(), *rounds) == pytest.approx([0, 6 / 4], abs=1e-15)
    assert assess(MultiRound(decay=0.5), *rounds) == pytest.approx([1 / 8, 9 / 8], rel=1e-15)


def test_updates_add_up_before_they_are_valued() -> None:
    def square(previous: Floats, updates: Floats) -> CoalitionGame:
        return CoalitionGame(len(updates), lambda members: (members @ updates[:, 0]) ** 2)

    first = evidence([[1.0], [2.0]], [1, 1], play=square)
    second = evidence([[3.0], [1.0]], [1, 1], play=square)
    # Sums are 4 and 3: 49 is shared as 16 + 12 and 9 + 12.
    assert assess(OrShapley(), first, second) == pytest.approx([28, 21], rel=1e-14)


# Real rounds


@cache
def rounds(network: bool = False) -> tuple[Federation, Cohort, list[Round], list[float]]:
    """Four rounds, some absent in the third, and the utility before and after each."""
    federation = Federation(learner=MlpClassifier(hidden=(5,))) if network else Federation()
    streams = Streams(1)
    cohort = federation.gather(CLIENTS, streams)
    memory = federation.initial(cohort, streams)
    seen, utility = [], [federation.evaluate(memory["parameters"], cohort).utility]
    for period, present in enumerate((ALL, ALL, SOME, ALL), 1):
        round_, memory = federation.learn(memory, cohort, present, period, streams)
        seen.append(round_)
        utility.append(federation.evaluate(memory["parameters"], cohort).utility)
    return federation, cohort, seen, utility


def credited(method: Contribution, count: int, network: bool = False) -> Floats:
    """What the last of the first `count` rounds credits."""
    federation, cohort, seen, _ = rounds(network)
    federation = federation.model_copy(update={"contribution": method})
    memory, streams = method.initial(len(CLIENTS)), Streams(1)
    for round_ in seen[:count]:
        result, memory = federation.assess(memory, round_, cohort, streams)
    return result


@pytest.mark.parametrize("network", [False, True], ids=["linear", "network"])
@pytest.mark.parametrize("method", KINDS)
def test_absent_clients_are_credited_nothing_by_all_but_one_method(
    method: Contribution, network: bool
) -> None:
    result = credited(method, 3, network)
    assert np.isfinite(result).all()
    assert result[SOME].any()
    assert result[~SOME].any() == (method.kind == "comfedsv")


@pytest.mark.parametrize("network", [False, True], ids=["linear", "network"])
def test_rebuilt_models_share_the_gain_of_all_rounds(network: bool) -> None:
    utility = rounds(network)[3]
    for count in (1, 2):
        total = credited(OrShapley(), count, network).sum()
        assert total == pytest.approx(utility[count] - utility[0], rel=0, abs=1e-12)
    assert credited(OrShapley(), 1, network).tolist() == (
        pytest.approx(credited(Shapley(), 1, network).tolist(), rel=1e-9)
    )


def test_with_everybody_completed_values_share_the_gain_of_all_rounds() -> None:
    utility = rounds()[3]
    total = credited(ComFedSv(permutations=2), 2).sum()
    assert total == pytest.approx(utility[2] - utility[0], rel=0, abs=1e-12)


def test_completed_values_are_near_those_of_rounds_in_which_all_took_part() -> None:
    """Half of eight clients, drawn at random, are absent after the first of 7 rounds."""
    federation, streams, draws = Federation(contribution=ComFedSv()), Streams(2), Streams(3)["who"]
    clients = (*[Honest()] * 6, LabelFlip(), FreeRider())
    cohort, method = federation.gather(clients, streams), federation.contribution
    memory = federation.initial(cohort, streams)
    whole, partial = method.initial(8), method.initial(8)
    lots, same = Streams(4), Streams(4)
    for period in range(1, 8):
        present = np.ones(8, dtype=bool)
        round_, memory = federation.learn(memory, cohort, present, period, streams)
        expected, whole = federation.assess(whole, round_, cohort, lots)
        if period > 1:
            present = draws.permutation(8) < 4
        some = replace(round_, participated=present)
        result, partial = federation.assess(partial, some, cohort, same)
    assert np.corrcoef(result, expected)[0, 1] > 0.95
    assert result.sum() == pytest.approx(expected.sum(), rel=0.4)
    assert np.sign(result).tolist() == np.sign(expected).tolist()


@pytest.mark.parametrize(
    "method",
    [
        GtgShapley(threshold=0.02),
        GtgShapley(round_threshold=10.0),
        PermutationShapley(truncation=0.2),
    ],
)
def test_what_was_skipped_is_remembered(method: GtgShapley | PermutationShapley) -> None:
    federation, cohort, seen, utility = rounds()
    federation = federation.model_copy(update={"contribution": method})
    result, memory = federation.assess(method.initial(5), seen[0], cohort, Streams(1))
    skipped = float(memory["skipped"][0])
    assert result.sum() + skipped == pytest.approx(utility[1] - utility[0], rel=0, abs=1e-12)
    assert skipped != 0


# The gain of the global model, whatever the aggregation

RULES = [pytest.param(rule, id=rule().kind) for rule in AGGREGATIONS]
SERVER = (FedAvgM, FedAdam, FedYogi, FedAdagrad)
RECONSTRUCTION = pytest.mark.parametrize("reconstruction", ["weighted", "aggregation"])
NORMALISATION = pytest.mark.parametrize("normalisation", ["coalition", "all"])


@cache
def ruled(kind: type[Aggregation]) -> tuple[Federation, Cohort, list[Round]]:
    """Three rounds under an aggregation rule; some are absent in the second."""
    federation, streams = Federation(aggregation=kind()), Streams(1)
    cohort = federation.gather(CLIENTS, streams)
    memory, seen = federation.initial(cohort, streams), []
    for period, present in enumerate((ALL, SOME, ALL), 1):
        round_, memory = federation.learn(memory, cohort, present, period, streams)
        seen.append(round_)
    return federation, cohort, seen


def utility(federation: Federation, cohort: Cohort, parameters: Floats) -> float:
    return federation.evaluate(parameters, cohort).utility


def shapley(federation: Federation, cohort: Cohort, round_: Round) -> Floats:
    return federation.assess({}, round_, cohort, Streams(1))[0]


@NORMALISATION
@RECONSTRUCTION
@pytest.mark.parametrize("kind", RULES)
def test_shapley_values_sum_to_what_all_are_worth_above_nobody(
    kind: type[Aggregation], reconstruction: str, normalisation: str
) -> None:
    """Above the old model: that with the mean update, or with the one that the rule combines.

    This is the global model's gain unless the rule combines something else than the mean, or the
    server makes a step of its own of it.
    """
    federation, cohort, seen = ruled(kind)
    parts = {"reconstruction": reconstruction, "normalisation": normalisation}
    federation = federation.model_copy(update=parts)
    for round_ in seen:
        present = round_.participated
        sent, sizes = round_.updates[present], round_.examples[present]
        rule = kind() if reconstruction == "aggregation" else FedAvg()
        made = utility(federation, cohort, round_.previous + rule.combine(sent, sizes))
        before = utility(federation, cohort, round_.previous)
        total = shapley(federation, cohort, round_).sum()
        assert total == pytest.approx(made - before, rel=1e-12)
        gain = utility(federation, cohort, round_.parameters) - before
        is_gain = kind is FedAvg or (reconstruction == "aggregation" and kind not in SERVER)
        if is_gain or (kind is FedAvgM and round_ is seen[0]):
            assert total == pytest.approx(gain, rel=1e-12)
        elif kind is not NormClipping:  # which clips nothing where updates are short
            assert abs(total - gain) > 1e-3 * abs(gain)


def test_momentum_and_adaptive_steps_are_no_ones_contribution() -> None:
    # Clients who send nothing are worth nothing, though the server's momentum moves the model.
    federation, cohort, seen = ruled(FedAvgM)
    nothing = replace(seen[1], updates=np.zeros_like(seen[1].updates))
    step, _ = FedAvgM().apply({"momentum": seen[0].parameters}, nothing.updates, nothing.examples)
    assert step.any()
    assert not shapley(federation, cohort, nothing).any()


@NORMALISATION
@pytest.mark.parametrize("kind", RULES)
def test_a_coalition_is_worth_what_the_rule_makes_of_its_members(
    kind: type[Aggregation], normalisation: str
) -> None:
    federation, cohort, seen = ruled(kind)
    parts = {"reconstruction": "aggregation", "normalisation": normalisation}
    federation = federation.model_copy(update=parts)
    round_ = replace(seen[0], examples=seen[0].examples * (np.arange(5) != 1))  # 1 claims none
    result = federation.game(round_, cohort).all_values()
    for bits, value in enumerate(result.tolist()):
        inside = (bits >> np.arange(5) & 1).astype(bool)
        if normalisation == "coalition":
            own = inside & (round_.examples > 0)
            updates, sizes = round_.updates[own], round_.examples[own]
        else:  # who is not in it sends an update of zero
            updates, sizes = round_.updates * inside[:, None], round_.examples
        step = kind().combine(updates, sizes) if len(sizes) else np.zeros(650)
        model = round_.previous + step
        assert value == pytest.approx(utility(federation, cohort, model), rel=1e-12)


@NORMALISATION
@pytest.mark.parametrize("network", [False, True], ids=["linear", "network"])
def test_a_coalition_is_worth_the_mean_update_of_its_members(
    network: bool, normalisation: str
) -> None:
    federation, cohort, seen, _ = rounds(network)
    federation = federation.model_copy(update={"normalisation": normalisation})
    round_ = seen[1]
    result = federation.game(round_, cohort).all_values()
    for bits, value in enumerate(result.tolist()):
        own = (bits >> np.arange(5) & 1) * round_.examples
        divisor = round_.examples.sum() if normalisation == "all" else max(own.sum(), 1)
        model = round_.previous + own @ round_.updates / divisor
        assert value == pytest.approx(utility(federation, cohort, model), rel=1e-12)


@pytest.mark.parametrize("task", [BreastCancer(), Wine()], ids=["two classes", "three"])
@pytest.mark.parametrize("measure", [Accuracy(), BalancedAccuracy()], ids=["plain", "balanced"])
def test_a_coalition_is_as_accurate_as_its_model(task: Task, measure: Utility) -> None:
    federation, streams = Federation(task=task, utility=measure), Streams(1)
    cohort = federation.gather(CLIENTS, streams)
    memory = federation.initial(cohort, streams)
    round_, _ = federation.learn(memory, cohort, ALL, 1, streams)
    result = federation.game(round_, cohort).all_values()
    for bits, value in enumerate(result.tolist()):
        own = (bits >> np.arange(5) & 1) * round_.examples
        model = round_.previous + own @ round_.updates / max(own.sum(), 1)
        assert value == pytest.approx(utility(federation, cohort, model), rel=1e-12)
    assert len(set(result.tolist())) > 3


# Null players of real rounds

GAMES: list[Contribution] = [
    Shapley(),
    Banzhaf(),
    BetaShapley(),
    LeaveOneOut(),
    PermutationShapley(permutations=4),
    PermutationShapley(permutations=4, antithetic=True),
    PermutationShapley(permutations=4, truncation=0.1),
    GtgShapley(threshold=0.0, most=10),
    GtgShapley(),
    MultiRound(),
    OrShapley(),
    ComFedSv(permutations=4),
]


@RECONSTRUCTION
@NORMALISATION
@pytest.mark.parametrize("method", GAMES, ids=repr)
def test_who_adds_nothing_to_any_coalition_is_credited_nothing(
    method: Contribution, normalisation: str, reconstruction: str
) -> None:
    """A client without examples always; one whose update is zero where all divide the update."""
    federation, cohort, seen = ruled(Median)
    parts = {
        "contribution": method,
        "normalisation": normalisation,
        "reconstruction": reconstruction,
    }
    federation, first = federation.model_copy(update=parts), seen[0]
    without = replace(first, examples=first.examples * (np.arange(5) != 4))
    silent = replace(first, updates=first.updates * (np.arange(5) != 4)[:, None])
    result, idle = (
        federation.assess(method.initial(5), round_, cohort, Streams(1))[0]
        for round_ in (without, silent)
    )
    assert abs(result[4]) < 1e-15 and np.abs(result[:2]).min() > 1e-3
    assert abs(idle[4]) < 1e-15 if normalisation == "all" else abs(idle[4]) > 1e-3


# Sampling on real rounds


@pytest.mark.parametrize(
    "method",
    [
        PermutationShapley(permutations=20),
        PermutationShapley(permutations=10, antithetic=True),
        GtgShapley(threshold=0.0, round_threshold=0.0, least=20, most=20),
    ],
    ids=repr,
)
def test_sampled_values_of_real_rounds_are_unbiased(
    method: PermutationShapley | GtgShapley,
) -> None:
    federation, cohort, seen, _ = rounds()
    for round_ in seen:
        game = federation.game(round_, cohort)
        table, bits = game.all_values(), 1 << np.arange(game.players)
        known, draws = CoalitionGame(game.players, lambda m, t=table, b=bits: t[m @ b]), Streams(7)
        result = np.array([method.contributions(known, draws["orders"]) for _ in range(200)])
        error = result.std(axis=0, ddof=1) / np.sqrt(len(result))
        assert error.min() > 0
        assert (np.abs(result.mean(axis=0) - Shapley().contributions(known)) <= 4 * error).all()


# Resuming, warnings


def an_economy(kind: str) -> Economy:
    clients = [{"count": 5}, {"behaviour": {"kind": "label_flip"}}]
    federation = {"contribution": {"kind": kind}, "participation": 0.8}
    return Economy(Scenario.model_validate({"federation": federation, "clients": clients}))


@pytest.mark.parametrize("method", KINDS)
def test_a_method_goes_on_where_a_state_was_saved(method: Contribution) -> None:
    whole, resumed = an_economy(method.kind), an_economy(method.kind)
    for _ in range(3):
        whole.step()
    goes_on(whole, resumed, periods=3)
    assert whole.world.memory.contribution.keys() == method.initial(6).keys()


@pytest.mark.parametrize("method", KINDS)
def test_smoothing_what_adds_up_by_itself_is_warned_of(method: Contribution) -> None:
    def warned(memory: float) -> bool:
        scenario = Scenario.model_validate(
            {
                "federation": {"contribution": {"kind": method.kind}},
                "tokens": {"credit": {"memory": memory}},
            }
        )
        return any("tokens.credit.memory=0" in warning for warning in doubts(scenario))

    adding = method.kind in ("or_shapley", "multi_round", "comfedsv", "cosine")
    assert warned(0.9) == adding == method.accumulates
    assert not warned(0.0)
