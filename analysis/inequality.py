"""How unequal and how concentrated amounts are."""

import math

import numpy as np
from numpy.typing import ArrayLike


def gini(values: ArrayLike) -> float:
    """Inequality of non-negative amounts: 0 when all are equal, (n - 1)/n when one has all.

    The sample formula sum_i sum_j |x_i - x_j| / (2 n^2 mean), computed from the sorted amounts as
    2 sum_i i x_i / (n sum x) - (n + 1)/n. 0 when all amounts are 0. Raises ValueError
    without amounts, or when one is negative or not finite. Source: Gini (1912).

    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 8]), gini([1, 3])
    (0.0, 0.75, 0.25)
    """
    amounts = np.sort(_amounts(values))
    count, total = len(amounts), amounts.sum()
    if total == 0:
        return 0.0
    weights = 2 * np.arange(1, count + 1) - count - 1
    return float(weights @ (amounts / total) / count)


def herfindahl(values: ArrayLike) -> float:
    """Concentration of non-negative amounts: the sum of squared shares, from 1/n (equal) to 1.

    NaN when all are zero: there are no shares then. Raises ValueError like `gini`. Source:
    Herfindahl (1950), Hirschman (1945).

    >>> herfindahl([5, 5]), herfindahl([0, 7])
    (0.5, 1.0)
    """
    amounts = _amounts(values)
    if not amounts.any():
        return math.nan
    return float(np.square(amounts / amounts.sum()).sum())


def _amounts(values: ArrayLike) -> np.ndarray:
    amounts = np.asarray(values, dtype=float)
    if amounts.ndim != 1 or not amounts.size:
        raise ValueError(f"amounts must be a list of at least one number, got {values!r}")
    if not (np.isfinite(amounts) & (amounts >= 0)).all():
        raise ValueError(f"amounts must be finite and not negative, got {values!r}")
    return amounts
