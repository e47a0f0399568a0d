"""Methods that look at updates or remember earlier rounds: by hand, on real rounds, on resuming.

Fan et al. 2022: Improving fairness for data valuation in horizontal federated learning. ICDE.
Song et al. 2019: Profit allocation for federated learning. IEEE Big Data.
Tastan et al. 2024: Redefining contributions: Shapley-driven federated learning. IJCAI.
Xu et al. 2021: Gradient driven rewards to guarantee fairness in collaborative machine learning.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from simulator.components import Booleans, Floats
from simulator.economy import Economy
from simulator.federation import (
    CONTRIBUTIONS,
    ClassCosine,
    CoalitionGame,
    Cohort,
    ComFedSv,
    Contribution,
    Cosine,
    Evidence,
    Federation,
    FreeRider,
    GtgShapley,
    Honest,
    LabelFlip,
    MlpClassifier,
    MultiRound,
    OrShapley,
    PermutationShapley,
    Round,
    Shapley,
)
from simulator.randomness import Streams
from simulator.scenario import Scenario

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


def test_an_opposed_client_falls_to_the_least_importance() -> None:
    # r = (3/4, 1/4): the sum points along the first; the second's cosine is -1.
    found = assess(Cosine(alpha=0.5), evidence([[1.0, 0.0], [-1.0, 0.0]], [30, 10]))
    assert found == pytest.approx([0.875 / 0.876, 0.001 / 0.876], rel=1e-14)


def test_the_cosine_of_nothing_is_nothing() -> None:
    found = assess(Cosine(alpha=0.5), evidence([[0.0, 0.0], [3.0, 0.0]], [10, 30]))
    assert found == pytest.approx([1 / 8, 7 / 8], rel=1e-15)
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


def test_cosines_by_class_by_hand() -> None:
    # Two rows of two weights each. The mean of both, 3 : 1, is (3, 1) and (4, 0)/4; cosines are
    # 3/sqrt(10) and 1, then 1/sqrt(10) and 1.
    found = assess(ClassCosine(), evidence([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0]], [30, 10]))
    expected = [(3 / 10**0.5 + 1) / 2, (1 / 10**0.5 + 1) / 2]
    assert found == pytest.approx(expected, rel=1e-14)


def test_two_classes_with_one_output_have_opposite_rows() -> None:
    updates, sizes = [[1.0, 2.0], [3.0, -1.0], [0.0, 0.0]], [10.0, 20, 5]
    found = assess(ClassCosine(), evidence(updates, sizes, outputs=1))
    doubled = [row + [-weight for weight in row] for row in updates]
    both = assess(ClassCosine(), evidence(doubled, sizes, outputs=2))
    assert found == pytest.approx(both, rel=1e-14)
    assert found[2] == 0


# Low-rank completion


def test_a_low_rank_matrix_is_completed() -> None:
    draws = np.random.default_rng(3)
    truth = draws.normal(size=(30, 2)) @ draws.normal(size=(2, 40))
    hidden = draws.random(truth.shape) < 0.4
    hidden[0] = False  # everybody in the first round
    method = ComFedSv(rank=2, ridge=1e-9, iterations=300)
    start = draws.normal(size=(40, 2))
    found = method.completed(np.where(hidden, np.nan, truth), start)
    assert np.array_equal(found[~hidden], truth[~hidden])
    assert found[hidden] == pytest.approx(truth[hidden], rel=0, abs=1e-5)
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
    found = assess(ComFedSv(ridge=1e-9, rank=1, iterations=100), *rounds)
    assert found == pytest.approx(3.5 * np.array([1, 2, 4]), rel=1e-6)


def test_with_everybody_present_nothing_is_completed() -> None:
    found = assess(ComFedSv(permutations=3), played([1.0, -2.0, 4.0]), played([3.0, 1.0, 0.5]))
    assert found == pytest.approx([4, -1, 4.5], rel=1e-12)


def test_a_coalition_that_nobody_has_seen_is_worth_nothing() -> None:
    # Whatever the order, who comes first of two adds what it is worth and who comes last ends at 0.
    found = assess(ComFedSv(permutations=1000), played([3.0], np.array([True, False])))
    assert found.sum() == pytest.approx(0, abs=1e-12)
    assert found[0] == pytest.approx(3 / 2, abs=0.2)


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
        found, memory = federation.assess(memory, round_, cohort, streams)
    return found


@pytest.mark.parametrize("network", [False, True], ids=["linear", "network"])
@pytest.mark.parametrize("method", KINDS)
def test_absent_clients_are_credited_nothing_by_all_but_one_method(
    method: Contribution, network: bool
) -> None:
    found = credited(method, 3, network)
    assert np.isfinite(found).all()
    assert found[SOME].any()
    assert found[~SOME].any() == (method.kind == "comfedsv")


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


@pytest.mark.parametrize("method", [GtgShapley(threshold=0.02), PermutationShapley(truncation=0.2)])
def test_what_was_skipped_is_remembered(method: GtgShapley | PermutationShapley) -> None:
    federation, cohort, seen, utility = rounds()
    federation = federation.model_copy(update={"contribution": method})
    found, memory = federation.assess(method.initial(5), seen[0], cohort, Streams(1))
    skipped = float(memory["skipped"][0])
    assert found.sum() + skipped == pytest.approx(utility[1] - utility[0], rel=0, abs=1e-12)
    assert skipped != 0


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
    resumed.restore(whole.state.save())
    for _ in range(3):
        whole.step()
        resumed.step()
        assert np.array_equal(whole.contributions, resumed.contributions)
    assert whole.memory["contribution"].keys() == method.initial(6).keys()


@pytest.mark.parametrize("method", KINDS)
def test_smoothing_what_adds_up_by_itself_is_warned_of(method: Contribution) -> None:
    def warned(memory: float) -> bool:
        scenario = Scenario.model_validate(
            {
                "federation": {"contribution": {"kind": method.kind}},
                "tokens": {"credit": {"memory": memory}},
            }
        )
        return any("tokens.credit.memory=0" in warning for warning in scenario.warnings())

    adding = method.kind in ("or_shapley", "multi_round", "comfedsv", "cosine")
    assert warned(0.9) == adding == method.accumulates
    assert not warned(0.0)
