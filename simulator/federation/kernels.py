"""Compiled training of many linear classifiers, in the bits of scikit-learn's `SGDClassifier`.

The order of every sum and product is that of `_sgd_fast.pyx`, its weights are `scale * weights` in
the same way, and its random numbers are computed anew: the Mersenne twister behind
`numpy.random.RandomState` (Matsumoto & Nishimura 1998) and the xorshift of its shuffles.
"""

from math import exp

import numba
import numpy as np

from simulator.components import Floats, Integers

CONSTANT, OPTIMAL, INVSCALING = range(3)
WORD, WORDS, SHIFT = 0xFFFFFFFF, 624, 397  # of the Mersenne twister
LARGEST = 2**31 - 2  # that scikit-learn draws
SMALLEST_SCALE = 1e-9


@numba.njit(cache=True, error_model="numpy")
def train_clients(
    features: Floats,
    labels: Integers,
    bounds: Integers,
    seeds: Integers,
    steps: Floats,
    start: Floats,
    outputs: int,
    epochs: int,
    schedule: int,
    eta0: float,
    power_t: float,
    l2: float,
    proximal: float,
    trained: Floats,
) -> bool:
    """Train a copy of `start` `[params]` on the rows `bounds[c]:bounds[c + 1]` of each client c.

    `seeds` and `steps` are `[clients]`. Fills in `trained` `[clients, params]`: coefficients,
    output by output, then intercepts. Returns whether all numbers met on the way were finite.
    """
    size = features.shape[1]
    twister, twisters = np.empty(WORDS, np.int64), np.empty(WORDS, np.int64)
    shuffles = np.empty(outputs, np.int64)
    for client in range(seeds.size):
        rows = slice(bounds[client], bounds[client + 1])
        parameters = trained[client]
        parameters[:] = start
        _seed(twister, seeds[client])
        drawn, t = 0, steps[client]
        for _ in range(epochs):
            drawn = _shuffle_seeds(twister, drawn, twisters, shuffles)
            for output in range(outputs):
                first, bias = output * size, outputs * size + output
                parameters[bias] = _descend(
                    features[rows],
                    labels[rows],
                    1 if outputs == 1 else output,
                    shuffles[output],
                    t,
                    schedule,
                    eta0,
                    power_t,
                    l2,
                    proximal,
                    start[first : first + size],
                    start[bias],
                    parameters[first : first + size],
                    parameters[bias],
                )
                if not np.isfinite(parameters[bias]):
                    return False
            t += labels[rows].size
    return True


@numba.njit(cache=True, error_model="numpy")
def _descend(
    features: Floats,
    labels: Integers,
    positive: int,
    seed: int,
    t: float,
    schedule: int,
    eta0: float,
    power_t: float,
    l2: float,
    proximal: float,
    centre: Floats,
    centre_intercept: float,
    weights: Floats,
    intercept: float,
) -> float:
    """One pass over a client's examples for one output; changes `weights`, returns the intercept.

    The intercept is NaN when a score or a weight is not finite.
    """
    scale, eta, optimal_init = 1.0, eta0, 0.0
    if schedule == OPTIMAL:
        optimal_init = 1.0 / (np.sqrt(1.0 / np.sqrt(l2)) * l2)
    for row in _shuffled(labels.size, seed):
        score = 0.0
        for j in range(weights.size):
            score += weights[j] * features[row, j]
        score = score * scale + intercept
        if not np.isfinite(score):
            return np.nan
        if schedule == OPTIMAL:
            eta = 1.0 / (l2 * (optimal_init + t - 1))
        elif schedule == INVSCALING:
            eta = eta0 / t**power_t
        target = 1.0 if labels[row] == positive else 0.0
        if score > -37:
            decay = exp(-score)
            step = -eta * (((1 - target) - target * decay) / (1 + decay))
        else:
            step = -eta * (exp(score) - target)
        scale *= max(0.0, 1.0 - eta * l2)
        if scale < SMALLEST_SCALE:
            _rescale(weights, scale)
            scale = 1.0
        if step != 0.0:
            factor = step / scale
            for j in range(weights.size):
                weights[j] += features[row, j] * factor
            intercept += step
        if proximal > 0.0:
            pull = min(1.0, eta * proximal)
            _rescale(weights, scale)
            scale = 1.0
            for j in range(weights.size):
                weights[j] -= pull * (weights[j] - centre[j])
            intercept -= pull * (intercept - centre_intercept)
        t += 1
    for j in range(weights.size):
        if not np.isfinite(weights[j]):
            return np.nan
    _rescale(weights, scale)
    return intercept


@numba.njit(cache=True)
def _rescale(weights: Floats, scale: float) -> None:
    for j in range(weights.size):
        weights[j] *= scale


@numba.njit(cache=True, error_model="numpy")
def _shuffled(count: int, seed: int) -> Integers:
    """The numbers below `count` in the order of a Fisher-Yates shuffle by xorshift."""
    order = np.arange(count)
    seed = max(seed, 1)
    for i in range(count - 1):
        seed ^= (seed << 13) & WORD
        seed ^= seed >> 17
        seed ^= (seed << 5) & WORD
        j = i + (seed & (WORD >> 1)) % (count - i)
        order[i], order[j] = order[j], order[i]
    return order


@numba.njit(cache=True)
def _shuffle_seeds(twister: Integers, drawn: int, own: Integers, seeds: Integers) -> int:
    """Fill in an epoch's seeds `[outputs]` of shuffles; returns how many words were drawn by then.

    scikit-learn draws a number for each dataset, unused, and then the seed of its shuffle: for a
    single output from the estimator's generator, for several from one of their own each.
    """
    if seeds.size == 1:
        _, drawn = _below(twister, drawn, LARGEST - 1)
        seeds[0], drawn = _below(twister, drawn, LARGEST)
        return drawn
    for output in range(seeds.size):
        seed, drawn = _below(twister, drawn, LARGEST)
        _seed(own, seed)
        _, second = _below(own, 0, LARGEST - 1)
        seeds[output], _ = _below(own, second, LARGEST)
    return drawn


@numba.njit(cache=True)
def _seed(state: Integers, seed: int) -> None:
    """The twister's first state for a seed below 2**32."""
    state[0] = seed
    for i in range(1, WORDS):
        state[i] = (1812433253 * (state[i - 1] ^ (state[i - 1] >> 30)) + i) & WORD


@numba.njit(cache=True)
def _below(state: Integers, drawn: int, largest: int) -> tuple[int, int]:
    """The next number of 31 bits up to `largest`, and how many words were drawn by then."""
    while True:
        i = drawn % WORDS
        word = (state[i] & ~(WORD >> 1)) | (state[(i + 1) % WORDS] & (WORD >> 1))
        state[i] = state[(i + SHIFT) % WORDS] ^ (word >> 1) ^ (0x9908B0DF if word & 1 else 0)
        word = state[i]
        word ^= word >> 11
        word ^= (word << 7) & 0x9D2C5680
        word ^= (word << 15) & 0xEFC60000
        word ^= word >> 18
        drawn += 1
        if word & (WORD >> 1) <= largest:
            return word & (WORD >> 1), drawn
