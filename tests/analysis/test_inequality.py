"""Inequality and concentration: known numbers, refusals and a law."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.analysis import gini, herfindahl


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([2, 2, 2], 0),
        ([0, 0, 0, 5], 0.75),
        ([0, 0], 0),
        ([3], 0),
        ([1, 2, 3, 4], 0.25),
        ([4, 1], 0.3),
    ],
)
def test_gini(values: list[float], expected: float) -> None:
    assert gini(values) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("values", "expected"), [([2, 2, 2], 1 / 3), ([0, 5], 1), ([1, 3], 0.625), ([0, 0], math.nan)]
)
def test_herfindahl(values: list[float], expected: float) -> None:
    assert herfindahl(values) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("measure", [gini, herfindahl])
@pytest.mark.parametrize(
    ("values", "message"),
    [([], "at least one"), ([1, -1], "negative"), ([math.nan], "finite"), ([[1]], "list")],
)
def test_what_is_no_amount_is_refused(
    measure: Callable[[Any], float], values: list[Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        measure(values)


@given(st.lists(st.floats(1e-3, 1e6) | st.just(0.0), min_size=1, max_size=30), st.floats(0.01, 100))
def test_gini_is_the_mean_difference(values: list[float], scale: float) -> None:
    amounts, count = np.array(values), len(values)
    differences = np.abs(amounts[:, None] - amounts).sum()
    expected = differences / (2 * count * amounts.sum()) if amounts.any() else 0.0
    assert gini(values) == pytest.approx(expected, abs=1e-12)
    assert gini(scale * amounts[::-1]) == pytest.approx(expected, abs=1e-12)
    assert -1e-12 <= gini(values) <= (count - 1) / count + 1e-12
