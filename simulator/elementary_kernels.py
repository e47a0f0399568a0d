"""Exponential, logarithm and logistic function, with the same bits on every processor.

numpy computes them by different code on different processors: last bits differ, and a number takes
from 1 to 20 ns. Here they are made of additions, multiplications, divisions, comparisons and shifts
alone. Everywhere these round alike (IEEE 754), as long as no product is fused with a sum and no sum
is reordered. The compiler does neither without `fastmath`, and still works on several numbers at a
time in loops that only compute each number from those in the same place. Hence the buffers: a sum
in such a loop would make it several times slower.

exp(x) = 2^n exp(r) with n = x / log 2 rounded and r = x - n log 2, log 2 being in two parts (Cody &
Waite 1980); exp(r) = 1 + r + r^2 P(r). For the logarithm, x = 2^n (1 + f) with 1 + f from sqrt(1/2)
to sqrt(2), and log(1 + f) = 2 s + s^3 Q(s^2) with s = f / (2 + f). P and Q are polynomials that are
exact at Chebyshev's points.
"""

from typing import Any

import numba
import numpy as np

from simulator.components import Floats, Integers

LOG2, PER_LOG2 = 0.6931471805599453, 1.4426950408889634
LOG2_HIGH = float.fromhex("0x1.62e42fefp-1")
"""The first 33 bits of log 2: times a whole number below 2^20 it is exact."""
LOG2_LOW = 7.440617110012397e-11
TO_WHOLE = 1.5 * 2.0**52
"""Adding this to a number rounds it to a whole number, which is then the last bits of the sum."""
LARGEST, SMALLEST = 710.0, -746.0
"""Beyond them exp is infinite, or 0."""
MANTISSA, HALF_OF_ROOT = np.int64(52), np.uint64(0x3FE6A09E667F3BCD)
"""Bits of the fraction, and the bits of sqrt(1/2)."""
EPSILON = 2.0**-52
FURTHEST_ODDS = 36.04365338911715
"""Log odds of the probability 1 - 2^-52."""
NO_ODDS = -700.0
"""Log odds so small that 1 + exp is 1."""
TOGETHER = 16
"""Probabilities multiplied before the logarithm: (2^-52)^16 does not underflow."""

NUMBERS: dict[str, Any] = {"cache": True, "error_model": "numpy"}


@numba.njit(**NUMBERS)
def _exp_near_0(r):  # type: ignore[no-untyped-def]
    """exp(r) for |r| up to log(2) / 2."""
    r2 = r * r
    r4 = r2 * r2
    low = (0.5000000000000001 + r * 0.16666666666666669) + r2 * (
        0.04166666666662413 + r * 0.008333333333330062
    )
    middle = (0.0013888888917213717 + r * 0.00019841269863053618) + r2 * (
        2.4801521295954376e-05 + r * 2.7557268459997064e-06
    )
    high = 2.7620088445409746e-07 + r * 2.510038549551032e-08
    return 1.0 + (r + r2 * (low + r4 * (middle + r4 * high)))


@numba.njit(**NUMBERS)
def _power_of_2(shifted):  # type: ignore[no-untyped-def]
    """2^n for a whole number n from -1022 to 1023, from n + `TO_WHOLE`."""
    bits = (np.float64(shifted).view(np.int64) + np.int64(1023)) << MANTISSA
    return np.int64(bits).view(np.float64)


@numba.njit(**NUMBERS)
def _rough_exp(x):  # type: ignore[no-untyped-def]
    """exp(x) for |x| up to 708 and NaN, with a relative error of up to |x| 1.2e-16.

    Good enough for log(1 + exp(x)), whose absolute error is below 1.2e-16 max(1, x).
    """
    shifted = x * PER_LOG2 + TO_WHOLE
    n = shifted - TO_WHOLE
    return _exp_near_0(x - n * LOG2) * _power_of_2(shifted)


@numba.njit(**NUMBERS)
def _exp(x):  # type: ignore[no-untyped-def]
    """exp(x) for any float: NaN, infinite and subnormal ones included."""
    x = LARGEST if x > LARGEST else x
    x = SMALLEST if x < SMALLEST else x
    n = (x * PER_LOG2 + TO_WHOLE) - TO_WHOLE
    rest = _exp_near_0((x - n * LOG2_HIGH) - n * LOG2_LOW)
    first = 1023.0 if n > 1023.0 else n
    first = -1000.0 if first < -1000.0 else first
    return rest * _power_of_2(first + TO_WHOLE) * _power_of_2(n - first + TO_WHOLE)


@numba.njit(**NUMBERS)
def _normal_log(x):  # type: ignore[no-untyped-def]
    """log(x) for NaN and for positive floats that are neither subnormal nor infinite."""
    above = np.uint64(np.float64(x).view(np.uint64) - HALF_OF_ROOT + np.uint64(1024 << 52))
    n = np.uint64(above >> np.uint64(52) | np.uint64(0x4330000000000000)).view(np.float64)
    n -= 2.0**52 + 1024.0
    mantissa = above & np.uint64((1 << 52) - 1)
    f = np.uint64(mantissa + HALF_OF_ROOT).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    q = (0.666666666666667 + z * 0.39999999999899444) + z2 * (
        (0.2857142862600327 + z * 0.22222211130259878)
        + z2 * ((0.18182889455674947 + z * 0.15331710618210773) + z2 * 0.14616585424888623)
    )
    half = 0.5 * f * f
    value = n * LOG2_HIGH - ((half - (s * (half + z * q) + n * LOG2_LOW)) - f)
    return value if x == x else x


@numba.njit(**NUMBERS)
def _log(x):  # type: ignore[no-untyped-def]
    """log(x) for any float: NaN, infinite, subnormal and negative ones included."""
    is_subnormal = x < 2.0**-1022
    value = _normal_log(x * 2.0**54 if is_subnormal else x)
    value = value - 54 * LOG2 if is_subnormal else value
    value = x if x == np.inf else value
    value = -np.inf if x == 0.0 else value
    return value if x >= 0.0 else np.nan


@numba.njit(**NUMBERS)
def exp_each(values: Floats) -> None:
    """Replace each number by its exponential."""
    for i in range(values.size):
        values[i] = _exp(values[i])


@numba.njit(**NUMBERS)
def log_each(values: Floats) -> None:
    """Replace each number by its logarithm."""
    for i in range(values.size):
        values[i] = _log(values[i])


@numba.njit(**NUMBERS)
def logistic_each(values: Floats) -> None:
    """Replace each number x by 1 / (1 + exp(-x))."""
    for i in range(values.size):
        values[i] = 1.0 / (1.0 + _exp(-values[i]))


@numba.njit(**NUMBERS)
def mean_log_odds(scores: Floats, labels: Integers, weights: Floats | None, means: Floats) -> None:
    """Write the mean log probability of classes `labels`, by log odds `[models, rows]` of class 1.

    That is minus the mean of log(1 + exp(x)), with x the odds against, clipped at +-36.04.
    `labels` and `weights`, which sum to 1, are `[rows]`.
    """
    models, rows = scores.shape
    numbers, logs = _buffers(models, rows, weights)
    for model in range(models):
        for i in range(rows):
            odds = -scores[model, i] if labels[i] == 1 else scores[model, i]
            odds = FURTHEST_ODDS if odds > FURTHEST_ODDS else odds
            numbers[i] = -FURTHEST_ODDS if odds < -FURTHEST_ODDS else odds
        numbers[rows:] = NO_ODDS
        for i in range(numbers.size):
            numbers[i] = 1.0 + _rough_exp(numbers[i])
        _multiply(numbers, rows, weights, logs[model])
    _mean_logs(logs, rows, weights, means)
    for model in range(models):
        means[model] = -means[model]


@numba.njit(**NUMBERS)
def mean_log_shares(
    shares: Floats, labels: Integers, weights: Floats | None, means: Floats
) -> None:
    """Write the mean log of each row's share of class `labels` for `shares` of all classes.

    They are `[models, classes, rows]`. Shares of the sum are clipped at 2^-52 and 1 - 2^-52.
    """
    models, classes, rows = shares.shape
    numbers, logs = _buffers(models, rows, weights)
    totals = np.empty(rows)
    for model in range(models):
        totals[:] = 0.0
        for label in range(classes):
            for i in range(rows):
                totals[i] += shares[model, label, i]
        for i in range(rows):
            numbers[i] = shares[model, labels[i], i]
        for i in range(rows):
            share = 1.0 / classes if totals[i] == 0.0 else numbers[i] / totals[i]
            share = EPSILON if share < EPSILON else share
            numbers[i] = 1.0 - EPSILON if share > 1.0 - EPSILON else share
        _multiply(numbers, rows, weights, logs[model])
    _mean_logs(logs, rows, weights, means)


@numba.njit(**NUMBERS)
def _buffers(models: int, rows: int, weights: Floats | None) -> tuple[Floats, Floats]:
    """Space for the numbers of a model, a multiple of 16, and what `_multiply` makes of all."""
    groups = -(-rows // TOGETHER)
    return np.empty(groups * TOGETHER), np.empty((models, groups if weights is None else rows))


@numba.njit(**NUMBERS)
def _multiply(numbers: Floats, rows: int, weights: Floats | None, products: Floats) -> None:
    """Products of every 16 of the first `rows` numbers; with weights, the numbers themselves."""
    if weights is not None:
        products[:] = numbers[:rows]
        return
    numbers[rows:] = 1.0
    groups = products.size
    for i in range(groups):
        product = 1.0
        for j in range(TOGETHER):
            product *= numbers[j * groups + i]
        products[i] = product


@numba.njit(**NUMBERS)
def _mean_logs(products: Floats, rows: int, weights: Floats | None, means: Floats) -> None:
    """Mean log of the `rows` numbers in `products` `[models, groups]`, which it overwrites."""
    models, groups = products.shape
    flat = products.reshape(-1)
    for i in range(flat.size):
        flat[i] = _normal_log(flat[i])
    for model in range(models):
        logs, count = products[model], groups
        if weights is not None:
            for i in range(count):
                logs[i] *= weights[i]
        while count > 1:  # the second half is added to the first
            half = (count + 1) // 2
            for i in range(count - half):
                logs[i] += logs[half + i]
            count = half
        means[model] = logs[0] / rows if weights is None else logs[0]
