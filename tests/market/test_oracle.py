"""The oracle: the mean of the last observations, by the accumulator of Uniswap v2."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import ScenarioError
from simulator.market import Oracle

SERIES = [2.0, 4.0, 9.0, 1.0, 8.0, 6.0]


def averages(window: int, series: list[list[float]]) -> list[list[float]]:
    """The average after each observation."""
    oracle = Oracle(window=window)
    memory = oracle.initial(np.array(series[0]))
    result = [oracle.twap(memory).tolist()]
    for price in series[1:]:
        memory = oracle.observe(memory, np.array(price))
        result.append(oracle.twap(memory).tolist())
    return result


@pytest.mark.parametrize(
    "window, by_hand",
    [
        (1, [2, 4, 9, 1, 8, 6]),
        (2, [2, 3, 6.5, 5, 4.5, 7]),
        (3, [2, 3, 5, 14 / 3, 6, 5]),
        (6, [2, 3, 5, 4, 4.8, 5]),
        (99, [2, 3, 5, 4, 4.8, 5]),
    ],
)
def test_averages_of_a_series_by_hand(window, by_hand):
    result = averages(window, [[price] for price in SERIES])
    assert result == [[pytest.approx(average, rel=1e-15)] for average in by_hand]


def test_tokens_are_averaged_apart():
    result = averages(2, [[1.0, 10.0], [3.0, 30.0], [5.0, 0.0]])
    assert result == [[1, 10], [2, 20], [4, 15]]


prices = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=40)


@given(st.integers(1, 50), prices)
def test_the_average_is_the_mean_of_the_window(window, series):
    result = averages(window, [[price] for price in series])
    assert result[-1] == [pytest.approx(np.mean(series[-window:]), rel=1e-9)]


@given(st.integers(1, 50), prices)
def test_it_is_the_difference_of_an_accumulator_over_time(window, series):
    """Uniswap v2-core: price0CumulativeLast += price * timeElapsed; consumers take differences."""
    cumulative = np.concatenate([[0.0], np.cumsum(series)])
    start = max(len(series) - window, 0)
    expected = (cumulative[-1] - cumulative[start]) / (len(series) - start)
    assert averages(window, [[price] for price in series])[-1] == [expected]


def test_observing_changes_no_memory_and_keeps_no_more_than_it_needs():
    oracle = Oracle(window=3)
    memory = oracle.initial(np.array([1.0]))
    kept = memory["cumulative"].copy()
    later = memory
    for price in (2.0, 3.0, 4.0, 5.0, 6.0):
        later = oracle.observe(later, np.array([price]))
    assert memory["cumulative"].tolist() == kept.tolist()
    assert later["cumulative"].shape == (4, 1)


def test_a_window_is_at_least_one_period():
    with pytest.raises(ScenarioError, match="it must be at least 1"):
        Oracle(window=0)
