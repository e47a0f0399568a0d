import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simulator.components import Floats
from simulator.federation import FedAvg

law = settings(deadline=None)
numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
PREVIOUS = np.array([1.0, -2.0])
UPDATES = np.array([[1.0, 0.0], [0.0, 4.0], [-3.0, 8.0]])


@pytest.mark.parametrize(
    ("examples", "expected"),
    [
        ([1, 1, 0], [1.5, 0.0]),
        ([3, 1, 0], [1.75, -1.0]),
        ([2, 1, 1], [0.75, 1.0]),
        ([0, 0, 5], [-2.0, 6.0]),
        ([0, 0, 0], [1.0, -2.0]),
    ],
)
def test_fedavg_adds_the_mean_update_by_examples(
    examples: list[int], expected: list[float]
) -> None:
    assert FedAvg().aggregate(PREVIOUS, UPDATES, np.array(examples, float)).tolist() == expected


def test_fedavg_leaves_its_arguments_alone() -> None:
    previous, updates, examples = PREVIOUS.copy(), UPDATES.copy(), np.array([1.0, 2.0, 0.0])
    FedAvg().aggregate(previous, updates, examples)
    assert np.array_equal(previous, PREVIOUS)
    assert np.array_equal(updates, UPDATES)
    assert examples.tolist() == [1, 2, 0]


@law
@given(
    arrays(float, (4, 3), elements=numbers),
    arrays(float, 4, elements=st.integers(0, 1000)),
    st.permutations(range(4)),
    st.integers(1, 50),
)
def test_fedavg_knows_only_relative_sizes_and_no_order(
    updates: Floats, examples: Floats, order: list[int], factor: int
) -> None:
    previous = np.array([0.5, -1.0, 2.0])
    found = FedAvg().aggregate(previous, updates[order], factor * examples[order])
    expected = FedAvg().aggregate(previous, updates, examples)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-8)


@law
@given(arrays(float, 3, elements=numbers), arrays(float, 5, elements=st.integers(0, 1000)))
def test_fedavg_of_equal_updates_is_that_update(update: Floats, examples: Floats) -> None:
    found = FedAvg().aggregate(np.zeros(3), np.tile(update, (5, 1)), examples)
    expected = update if examples.any() else np.zeros(3)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-8)
