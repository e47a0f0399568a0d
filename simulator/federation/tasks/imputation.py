"""Missing features filled in by weight; imports scikit-learn, so imported where it is needed."""

from typing import Any, Self

import numpy as np
from sklearn.impute import SimpleImputer

from simulator.components import Floats

__all__ = ["WeightedImputer"]

HALF_TOLERANCE = 1e-12  # relative: cumulated weights this close to half of all are half of all


class WeightedImputer(SimpleImputer):  # type: ignore[misc]
    """scikit-learn's `SimpleImputer` of numbers, fitted as if each row stood there weight times."""

    def fit(self, X: Floats, y: Any = None, sample_weight: Floats | None = None) -> Self:
        super().fit(X, y)
        if sample_weight is not None:
            self.statistics_ = np.array(
                [_statistic(self.strategy, column, sample_weight) for column in X.T]
            )
        return self


def _statistic(strategy: str, column: Floats, weights: Floats) -> float:
    """The mean, median or most frequent of a column's numbers by weight; 0 if it has none."""
    order = np.argsort(column)[: np.isfinite(column).sum()]  # numpy sorts what is missing last
    values, weights = column[order], weights[order]
    if not len(values):
        return 0.0
    if strategy == "mean":
        return float(np.average(values, weights=weights))
    if strategy == "median":
        total = weights.cumsum()
        low, high = total[-1] / 2 * (1 - HALF_TOLERANCE), total[-1] / 2 * (1 + HALF_TOLERANCE)
        return float(values[np.searchsorted(total, [low, high])].mean())
    levels, numbers = np.unique(values, return_inverse=True)
    return float(levels[np.bincount(numbers, weights).argmax()])
