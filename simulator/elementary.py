"""Exponential, logarithm and logistic function, with the same bits on every processor.

Relative errors are below 3.4e-16, below twice that for `logistic`. `elementary_kernels` says how.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from simulator.components import Floats, Integers

__all__ = ["exp", "log", "log_likelihood", "log_likelihood_of_odds", "logistic"]


def exp(values: ArrayLike, out: Floats | None = None) -> Floats:
    """Exponential of each number of an array; NaN, infinities and subnormals as numpy treats them.

    If `out` is given, the results are written there, as numpy does, and `out` is returned. Raises
    TypeError unless `out` is of float64, ValueError if it is read-only.
    """
    from simulator.elementary_kernels import exp_each

    return _each(exp_each, values, out)


def log(values: ArrayLike, out: Floats | None = None) -> Floats:
    """Natural logarithm of each number: minus infinity for 0, NaN below 0. Otherwise as `exp`."""
    from simulator.elementary_kernels import log_each

    return _each(log_each, values, out)


def logistic(values: ArrayLike, out: Floats | None = None) -> Floats:
    """1 / (1 + exp(-x)) of each number: the probability with these log odds. `out` as in `exp`."""
    from simulator.elementary_kernels import logistic_each

    return _each(logistic_each, values, out)


def log_likelihood_of_odds(
    scores: Floats, labels: Integers, weights: Floats | None = None
) -> Floats:
    """`log_likelihood` for two classes, by the log odds of class 1 `[models, rows]`.

    log(1 / (1 + exp(-x))) for rows of class 1, of -x for those of class 0. Raises ValueError for
    other shapes or classes.
    """
    from simulator.elementary_kernels import mean_log_odds

    return _means(mean_log_odds, scores, (len(scores), labels.size), labels, 2, weights)


def log_likelihood(shares: Floats, labels: Integers, weights: Floats | None = None) -> Floats:
    """Mean log probability of the rows' classes `labels` `[rows]`, one for each model.

    `shares` `[models, classes, rows]` are proportional to the probabilities of classes, which are
    equal where all are 0. Probabilities are clipped at 2.2e-16 and 1 - 2.2e-16, as scikit-learn's
    `log_loss` does. The mean is by `weights` `[rows]`. Raises ValueError for other shapes
    or classes.
    """
    from simulator.elementary_kernels import mean_log_shares

    classes = np.shape(shares)[1]
    shape = len(shares), classes, labels.size
    return _means(mean_log_shares, shares, shape, labels, classes, weights)


def _means(
    function: Callable[..., None],
    numbers: Floats,
    shape: tuple[int, ...],
    labels: Integers,
    classes: int,
    weights: Floats | None,
) -> Floats:
    """Check the arguments, as compiled code would read beyond the end of arrays, and call it."""
    if np.shape(numbers) != shape:
        raise ValueError(f"the shape is {np.shape(numbers)}, not {shape}")
    if not labels.size or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels must be rows' classes from 0 to {classes - 1}")
    if weights is not None:
        if weights.shape != labels.shape:
            raise ValueError(f"weights are of shape {weights.shape}, not {labels.shape}")
        weights = weights / weights.sum()
    means = np.empty(len(numbers))
    function(np.ascontiguousarray(numbers, dtype=np.float64), labels, weights, means)
    return means


def _each(function: Callable[[Floats], None], values: ArrayLike, out: Floats | None) -> Floats:
    """Apply `function`, which replaces numbers, to a copy of the values or to `out`."""
    if out is None:
        out = np.array(values, dtype=np.float64, order="C")
    elif out.dtype != np.float64:
        raise TypeError(f"out must be of float64, not {out.dtype}")
    elif not out.flags.writeable:
        raise ValueError("out is read-only")
    elif out is not values:
        out[...] = values
    numbers = np.ascontiguousarray(out)
    function(numbers.reshape(-1))
    if numbers is not out:
        out[...] = numbers
    return out
