from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simulator.agents.groups import ClientGroup
from simulator.components import Floats
from simulator.errors import ScenarioError
from simulator.federation import (
    AGGREGATIONS,
    Aggregation,
    FedAdagrad,
    FedAdam,
    FedAvg,
    FedAvgM,
    Federation,
    FedYogi,
    GeometricMedian,
    Krum,
    Median,
    MultiKrum,
    NormClipping,
    TrimmedMean,
)
from simulator.scenario import Scenario

numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
UPDATES = np.array([[1.0, 0.0], [0.0, 4.0], [-3.0, 8.0]])
ROBUST = (Median, TrimmedMean, Krum, MultiKrum, GeometricMedian, NormClipping)


def line(*values: float) -> Floats:
    """Updates of one parameter."""
    return np.array(values)[:, None]


def combined(rule: Aggregation, updates: Floats, examples: Floats | None = None) -> list[float]:
    sizes = np.ones(len(updates)) if examples is None else examples
    result: list[float] = rule.combine(updates, sizes).tolist()
    return result


# Means


@pytest.mark.parametrize(
    ("examples", "expected"),
    [
        ([1, 1, 0], [0.5, 2.0]),
        ([3, 1, 0], [0.75, 1.0]),
        ([2, 1, 1], [-0.25, 3.0]),
        ([0, 0, 5], [-3.0, 8.0]),
    ],
)
def test_fedavg_adds_the_mean_update_by_examples(
    examples: list[int], expected: list[float]
) -> None:
    assert combined(FedAvg(), UPDATES, np.array(examples, float)) == expected


@given(
    arrays(float, (4, 3), elements=numbers),
    arrays(float, 4, elements=st.integers(0, 1000)).filter(np.any),
    st.permutations(range(4)),
    st.integers(1, 50),
)
def test_fedavg_knows_only_relative_sizes_and_no_order(
    updates: Floats, examples: Floats, order: list[int], factor: int
) -> None:
    result = FedAvg().combine(updates[order], factor * examples[order])
    expected = FedAvg().combine(updates, examples)
    assert result == pytest.approx(expected, rel=1e-12, abs=1e-8)


# Every rule


@pytest.mark.parametrize("kind", AGGREGATIONS)
def test_without_participants_model_and_memory_stay(kind: type[Aggregation]) -> None:
    rule = kind()
    _, memory = rule.apply(rule.initial(2), UPDATES, np.ones(3))
    step, after = rule.apply(memory, UPDATES, np.zeros(3))
    assert step.tolist() == [0, 0]
    assert after is memory


@pytest.mark.parametrize("kind", AGGREGATIONS)
@given(arrays(float, (6, 2), elements=numbers), arrays(float, (3, 2), elements=numbers), st.data())
def test_the_absent_do_not_count_and_nothing_given_is_changed(
    kind: type[Aggregation], updates: Floats, absent: Floats, data: st.DataObject
) -> None:
    rule, sizes = kind(), np.array(data.draw(st.lists(st.integers(1, 9), min_size=6, max_size=6)))
    everyone, examples = np.vstack([updates, absent]), np.append(sizes, np.zeros(3)).astype(float)
    before = everyone.copy(), examples.copy(), rule.initial(2)
    memory = rule.initial(2)
    result, _ = rule.apply(memory, everyone, examples)
    expected, _ = rule.apply(rule.initial(2), updates, sizes.astype(float))
    scale = np.abs(everyone).max()
    assert result == pytest.approx(expected, rel=1e-9, abs=1e-9 * scale)
    assert np.array_equal(everyone, before[0]) and np.array_equal(examples, before[1])
    assert all(np.array_equal(memory[name], before[2][name]) for name in memory)


@pytest.mark.parametrize("kind", AGGREGATIONS)
@given(arrays(float, 3, elements=st.floats(-0.5, 0.5)), st.integers(1, 6))
def test_the_combination_of_equal_updates_is_that_update(
    kind: type[Aggregation], update: Floats, clients: int
) -> None:
    result = kind().combine(np.tile(update, (clients, 1)), np.ones(clients))
    assert result == pytest.approx(update, rel=1e-12, abs=1e-15)


# Server optimisers: two rounds of one parameter, with means 3 and -1


def two_steps(rule: Aggregation) -> list[float]:
    first, memory = rule.apply(rule.initial(1), line(2.0, 5.0), np.array([2.0, 1.0]))
    second, _ = rule.apply(memory, line(-1.0), np.ones(1))
    return [first.item(), second.item()]


def test_server_momentum() -> None:
    # v = 3, then .9 x 3 - 1 = 1.7
    assert two_steps(FedAvgM(momentum=0.9, rate=0.5)) == pytest.approx([1.5, 0.85])
    assert two_steps(FedAvgM(momentum=0.0)) == pytest.approx([3.0, -1.0])


@pytest.mark.parametrize(
    ("rule", "squares"),
    # tau = .1, so v starts at .01; beta2 = .5; the squared means are 9 and 1.
    [
        (FedAdam(rate=0.2, beta1=0.8, beta2=0.5, tau=0.1), [4.505, 2.7525]),
        # .01 - .5 x 9 x (-1) = 4.51, then 4.51 - .5 x 1 x (+1) = 4.01
        (FedYogi(rate=0.2, beta1=0.8, beta2=0.5, tau=0.1), [4.51, 4.01]),
        (FedAdagrad(rate=0.2, beta1=0.8, tau=0.1), [9.01, 10.01]),
    ],
)
def test_adaptive_server_steps(rule: Aggregation, squares: list[float]) -> None:
    # m = .2 x 3 = .6, then .8 x .6 - .2 = .28
    expected = [0.2 * m / (sqrt(v) + 0.1) for m, v in zip([0.6, 0.28], squares, strict=True)]
    assert two_steps(rule) == pytest.approx(expected, rel=1e-12)


def test_adagrad_by_default_has_no_momentum() -> None:
    first, second = two_steps(FedAdagrad(rate=0.2, tau=0.1))
    assert first == pytest.approx(0.2 * 3 / (sqrt(9.01) + 0.1))
    assert second == pytest.approx(-0.2 / (sqrt(10.01) + 0.1))


# Robust rules

FIVE = line(0, 1, 2, 4, 100)


@pytest.mark.parametrize(
    ("rule", "updates", "expected"),
    [
        (Median(), FIVE, 2.0),
        (Median(), line(0, 1, 2, 100), 1.5),
        (TrimmedMean(trim=0.2), FIVE, 7 / 3),
        (TrimmedMean(trim=0.21), FIVE, 2.0),  # 1.05 of 5, rounded up to 2
        (TrimmedMean(trim=0.4), line(1, 5), 3.0),  # too few: the median
        # With 2 nearest others the scores are 5, 2, 5 and 13; the last one's is huge.
        (Krum(attackers=1), FIVE, 1.0),
        # Squares: 2 and 2 cost 8, 0 and 3 cost 9, though 3 is the shorter way.
        (Krum(attackers=1), line(0, 0, 3, 5, 7), 5.0),
        (MultiKrum(attackers=1), FIVE, 1.75),
        (MultiKrum(attackers=3), line(7.0), 7.0),
    ],
)
def test_robust_rules_of_one_parameter(rule: Aggregation, updates: Floats, expected: float) -> None:
    assert combined(rule, updates) == pytest.approx([expected])


def test_the_rules_that_go_by_parameter_take_each_alone() -> None:
    assert combined(Median(), UPDATES) == [0.0, 4.0]
    assert combined(TrimmedMean(trim=0.3), UPDATES) == [0.0, 4.0]


def test_krum_of_two_parameters_is_one_of_the_updates() -> None:
    # Squared distances 17, 80 and 25: with one nearest other, the first two tie at 17.
    assert combined(Krum(attackers=0), UPDATES) == [1.0, 0.0]


@pytest.mark.parametrize(
    ("points", "median"),
    [
        # A convex quadrilateral's is where the diagonals cross: y = x and y = 8 - 2x.
        ([(0, 0), (4, 0), (6, 6), (0, 8)], (8 / 3, 8 / 3)),
        # A triangle with an angle above 120 degrees has it at that corner (Fermat).
        ([(-10, 1), (10, 1), (0, 0)], (0, 0)),
    ],
)
def test_geometric_medians_known_from_geometry(
    points: list[tuple[float, float]], median: tuple[float, float]
) -> None:
    rule = GeometricMedian(iterations=2000)
    assert combined(rule, np.array(points, float)) == pytest.approx(median, abs=1e-4)


def test_the_geometric_median_on_a_line_is_the_weighted_median() -> None:
    examples = np.array([1.0, 1.0, 5.0, 1.0, 1.0])
    result = combined(GeometricMedian(iterations=500), FIVE, examples)
    assert result == pytest.approx([2.0], abs=1e-5)


def test_distances_below_the_smoothing_count_as_that() -> None:
    # From the mean 2 the distances 2, 2, 2 and 6 count 4, 4, 4 and 6: 8/6 of 3/4 + 1/6.
    rule = GeometricMedian(iterations=1, smoothing=4.0)
    assert combined(rule, line(0, 0, 0, 8)) == pytest.approx([16 / 11], rel=1e-12)


def test_long_updates_are_shortened_to_the_norm() -> None:
    updates = np.array([[3.0, 4.0], [0.3, 0.4]])  # of length 5 and .5
    clipped = np.array([[0.6, 0.8], [0.3, 0.4]])
    expected = (clipped[0] + 3 * clipped[1]) / 4
    result = combined(NormClipping(norm=1.0), updates, np.array([1.0, 3.0]))
    assert result == pytest.approx(expected.tolist())


@pytest.mark.parametrize("kind", ROBUST)
def test_an_attacker_moves_the_mean_but_not_the_robust_rule(kind: type[Aggregation]) -> None:
    honest = 0.5 + 0.1 * np.random.default_rng(0).standard_normal((7, 4))
    updates = np.vstack([honest, np.full(4, -1e6)])
    centre = honest.mean(axis=0)
    assert np.linalg.norm(FedAvg().combine(updates, np.ones(8)) - centre) > 1e5
    allowed = 0.3 if kind is NormClipping else 0.15  # the clipped attacker still has its say
    assert np.linalg.norm(kind().combine(updates, np.ones(8)) - centre) < allowed


@pytest.mark.parametrize("kind", ROBUST)
@given(arrays(float, (7, 2), elements=numbers), st.permutations(range(7)))
def test_robust_rules_know_no_order(
    kind: type[Aggregation], updates: Floats, order: list[int]
) -> None:
    if kind in (Krum, MultiKrum):  # their ties are broken by the order
        updates = updates + np.arange(7)[:, None] ** 2 * 1e7
    result, expected = combined(kind(), updates[order]), combined(kind(), updates)
    assert result == pytest.approx(expected, rel=1e-6, abs=1e-6 * np.abs(updates).max())


# Many coalitions at once


@pytest.mark.parametrize("kind", AGGREGATIONS)
@given(
    arrays(float, (6, 2), elements=numbers),
    arrays(float, (4, 6), elements=st.integers(0, 3)).filter(lambda rows: rows.any(axis=1).all()),
)
def test_coalitions_combined_together_are_those_combined_alone(
    kind: type[Aggregation], updates: Floats, examples: Floats
) -> None:
    result = kind().combine_each(updates, examples)
    expected = [kind().combine(updates[own > 0], own[own > 0]) for own in examples]
    assert result == pytest.approx(np.array(expected), rel=1e-9, abs=1e-9 * np.abs(updates).max())
    assert kind().combine_each(updates, examples[:0]).shape == (0, 2)


@pytest.mark.parametrize("clients", [1, 3, 8])
def test_the_geometric_median_takes_weiszfeld_steps_in_the_parameters(clients: int) -> None:
    draws = np.random.default_rng(clients)
    updates, sizes = draws.normal(size=(clients, 5)) + 3.0, draws.integers(1, 9, clients)
    updates[0] *= 1e9  # an attacker costs the others no digits
    point = sizes @ updates / sizes.sum()
    for _ in range(10):
        pull = [
            n / max(np.linalg.norm(row - point), 1e-6)
            for n, row in zip(sizes, updates, strict=True)
        ]
        point = sum(b * row for b, row in zip(pull, updates, strict=True)) / sum(pull)
    result = combined(GeometricMedian(), updates, sizes.astype(float))
    assert result == pytest.approx(point.tolist(), rel=1e-9)


# What cannot be combined is refused


@pytest.mark.parametrize(
    ("rule", "clients", "participation", "message"),
    [
        (
            Krum(attackers=1),
            4,
            1.0,
            "krum against 1 attackers needs at least 5 .* a round has 4: set .*attackers=0",
        ),
        (MultiKrum(attackers=2), 12, 0.5, "multi_krum against 2 .* at least 7 .* a round has 6"),
        (
            TrimmedMean(),
            2,
            1.0,
            "leaves out 1 at each end, which needs at least 3 .* a round has 2: set .*kind=median",
        ),
    ],
)
def test_too_few_participants_are_refused(
    rule: Aggregation, clients: int, participation: float, message: str
) -> None:
    federation = Federation(aggregation=rule, participation=participation)
    few, enough = ((ClientGroup(count=clients + more),) for more in (0, 2))
    with pytest.raises(ScenarioError, match=message):
        Scenario(federation=federation, clients=few, liquidity_providers=())
    Scenario(federation=federation, clients=enough, liquidity_providers=())
