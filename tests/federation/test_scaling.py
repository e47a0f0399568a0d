"""Scaling computes, to the last bit, what scikit-learn's StandardScaler computes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from simulator.components import Floats
from simulator.federation.tasks.scaling import Scaling
from tests.laws import law


def assert_same_bits(train: Floats, other: Floats, weights: Floats | None) -> None:
    with np.errstate(invalid="ignore"):  # by rounding, the variance of a constant may be negative
        scaler = StandardScaler().fit(train, sample_weight=weights)
    scaling = Scaling.of(train, weights)
    for features in (train, other):
        assert scaling.scaled(features).tobytes() == scaler.transform(features).tobytes()


@law(200)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(1, 300), st.integers(1, 30)),
    weighted=st.booleans(),
    missing=st.sampled_from([0.0, 0.2]),
)
def test_bits_are_those_of_scikit_learn(
    seed: int, shape: tuple[int, int], weighted: bool, missing: float
) -> None:
    draws, columns = np.random.default_rng(seed), shape[1]
    sizes, places = 10.0 ** draws.integers(-9, 9, columns), 10.0 ** draws.integers(-3, 12, columns)
    features = draws.normal(size=shape) * sizes + places * draws.integers(0, 2, columns)
    features[:, draws.random(columns) < 0.1] = draws.normal()  # a constant, maybe a mean with error
    gaps = draws.random(shape) < missing
    gaps[0] = False
    features[gaps] = np.nan
    weights = draws.random(shape[0]) + 0.01 if weighted else None
    assert_same_bits(features, draws.normal(size=(5, columns)), weights)


@pytest.mark.parametrize("weights", [None, np.array([0.1, 0.2, 0.7])])
def test_constant_features_count_as_of_deviation_1(weights: Floats | None) -> None:
    features = np.array([[0.1, -0.0, 1e9, 5.0]] * 3)
    assert Scaling.of(features, weights).deviation.tolist() == [1.0] * 4
    assert_same_bits(features, features + 1, weights)


def test_one_example_becomes_zeros() -> None:
    features = np.array([[3.0, -7.0]])
    assert_same_bits(features, features + 1, None)
    assert Scaling.of(features).scaled(features).tolist() == [[0.0, 0.0]]
