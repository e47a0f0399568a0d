"""Compiled training of many linear classifiers, bit for bit like scikit-learn's `SGDClassifier`.

Sums and products have the order of `_sgd_fast.pyx`, and weights are `scale * weights` as there. Its
random numbers are reimplemented: the Mersenne twister of `numpy.random.RandomState` (Matsumoto &
Nishimura 1998) and the xorshift of its shuffles.
"""

from math import exp

import numba
import numpy as np

from simulator.components import Floats, Integers

SCHEDULES = "constant", "optimal", "invscaling"
OPTIMAL, INVSCALING = 1, 2
WORD, WORDS, SHIFT = 0xFFFFFFFF, 624, 397  # of the Mersenne twister
LARGEST_SEED = 2**31 - 2  # of the seeds that scikit-learn draws
SMALLEST_SCALE = 1e-9
IN_STEP = 8  # models trained side by side, to hide the latency of each model's additions


@numba.njit(cache=True, error_model="numpy")
def train_models(
    features: Floats,
    labels: Integers,
    begins: Integers,
    rows: Integers,
    positive: Integers,
    seeds: Integers,
    steps: Floats,
    schedule: int,
    eta0: float,
    power_t: float,
    l2: float,
    proximal: float,
    sample_weights: Floats | None,
    weights: Floats,
    intercepts: Floats,
) -> bool:
    """Train binary models in place: label `positive` against all others.

    Each model trains on `rows` examples from row `begins` on, after `steps` earlier ones, shuffled
    by `seeds` `[models, epochs]`; other arrays are `[models]`. `sample_weights` multiply the steps
    that examples make, None for 1. Changes `weights` `[models, features]` and `intercepts`. Returns
    whether all numbers stayed finite.
    """
    centres, centre_intercepts = weights.copy(), intercepts.copy()
    longest_first = np.argsort(-rows, kind="mergesort")
    for begin in range(0, rows.size, IN_STEP):
        models = longest_first[begin : begin + IN_STEP]
        if not np.isfinite(_read_ahead(features, begins[models], rows[models])):
            return False
        for epoch in range(seeds.shape[1]):
            finite = _descend(
                features,
                labels,
                models,
                begins,
                rows,
                positive,
                seeds[:, epoch],
                steps,
                epoch,
                schedule,
                eta0,
                power_t,
                l2,
                proximal,
                sample_weights,
                centres,
                centre_intercepts,
                weights,
                intercepts,
            )
            if not finite:
                return False
    return True


@numba.njit(cache=True)
def _read_ahead(features: Floats, begins: Integers, rows: Integers) -> float:
    """Sum of every eighth number of the rows, to load them into the cache in the fastest order."""
    total = 0.0
    for k in range(begins.size):
        if k == 0 or begins[k] != begins[k - 1]:
            for row in range(begins[k], begins[k] + rows[k]):
                for j in range(0, features.shape[1], 8):
                    total += features[row, j]
    return total


@numba.njit(cache=True, error_model="numpy")
def _descend(
    features: Floats,
    labels: Integers,
    models: Integers,
    begins: Integers,
    rows: Integers,
    positive: Integers,
    seeds: Integers,
    steps: Floats,
    epoch: int,
    schedule: int,
    eta0: float,
    power_t: float,
    l2: float,
    proximal: float,
    sample_weights: Floats | None,
    centres: Floats,
    centre_intercepts: Floats,
    weights: Floats,
    intercepts: Floats,
) -> bool:
    """One epoch of `models`, longest first, over their rows; returns whether all stayed finite."""
    active, size, longest = models.size, features.shape[1], rows[models[0]]
    order = np.empty((active, longest), np.int64)
    for k in range(active):
        _shuffle(order[k, : rows[models[k]]], begins[models[k]], seeds[models[k]])
    scores, changes, pulls = np.empty(active), np.empty(active), np.empty(active)
    scales = np.ones(active)
    for place in range(longest):
        while rows[models[active - 1]] <= place:
            active -= 1
        for k in range(active):
            score, model, row = 0.0, models[k], order[k, place]
            for j in range(size):
                score += weights[model, j] * features[row, j]
            scores[k] = score
        for k in range(active):
            model = models[k]
            score = scores[k] * scales[k] + intercepts[model]
            if not np.isfinite(score):
                return False
            t = steps[model] + epoch * rows[model] + place
            eta = _step_size(schedule, eta0, power_t, l2, t)
            change = -eta * _slope(score, labels[order[k, place]] == positive[model])
            if sample_weights is not None:  # decided at compile time
                change *= sample_weights[order[k, place]]
            scales[k] *= max(0.0, 1.0 - eta * l2)
            if scales[k] < SMALLEST_SCALE:
                weights[model] *= scales[k]
                scales[k] = 1.0
            changes[k] = change / scales[k]
            if change != 0.0:
                intercepts[model] += change
            if proximal > 0.0:
                pulls[k] = min(1.0, eta * proximal)
        for k in range(active):
            model, row, change = models[k], order[k, place], changes[k]
            if change != 0.0:
                for j in range(size):
                    weights[model, j] += features[row, j] * change
            if proximal > 0.0:
                weights[model] *= scales[k]
                scales[k] = 1.0
                weights[model] -= pulls[k] * (weights[model] - centres[model])
                intercepts[model] -= pulls[k] * (intercepts[model] - centre_intercepts[model])
    for k in range(models.size):
        model_weights = weights[models[k]]
        if not (np.isfinite(model_weights).all() and np.isfinite(intercepts[models[k]])):
            return False
        model_weights *= scales[k]
    return True


@numba.njit(cache=True, error_model="numpy")
def _step_size(schedule: int, eta0: float, power_t: float, l2: float, t: float) -> float:
    if schedule == OPTIMAL:
        first = 1.0 / (np.sqrt(1.0 / np.sqrt(l2)) * l2)
        return float(1.0 / (l2 * (first + t - 1)))
    return eta0 / t**power_t if schedule == INVSCALING else eta0


@numba.njit(cache=True, error_model="numpy")
def _slope(score: float, is_positive: bool) -> float:
    """Derivative of the logistic loss, computed as in scikit-learn."""
    target = 1.0 if is_positive else 0.0
    if score > -37:
        decay = exp(-score)
        return ((1 - target) - target * decay) / (1 + decay)
    return exp(score) - target


@numba.njit(cache=True, error_model="numpy")
def _shuffle(order: Integers, first: int, seed: int) -> None:
    """Write the numbers from `first` on to `order`, shuffled by Fisher-Yates with xorshift."""
    count, seed = order.size, max(seed, 1)
    order[:] = np.arange(first, first + count)
    for i in range(count - 1):
        seed ^= (seed << 13) & WORD
        seed ^= seed >> 17
        seed ^= (seed << 5) & WORD
        j = i + (seed & (WORD >> 1)) % (count - i)
        order[i], order[j] = order[j], order[i]


@numba.njit(cache=True)
def shuffle_seeds(seeds: Integers, epochs: int, outputs: int) -> Integers:
    """Shuffle seeds `[estimators, epochs, outputs]` of estimators with these `seeds`.

    scikit-learn seeds each shuffle with the second number drawn for it: with one output from the
    estimator's generator, with several from a generator of the output, whose seed is drawn first.
    """
    if outputs == 1:
        return _random_numbers(seeds, epochs, True).reshape(seeds.size, epochs, 1)
    output_seeds = _random_numbers(seeds, epochs * outputs, False).ravel()
    return _random_numbers(output_seeds, 1, True).reshape(seeds.size, epochs, outputs)


@numba.njit(cache=True)
def _random_numbers(seeds: Integers, count: int, every_second: bool) -> Integers:
    """First `count` numbers of generators `[seeds, count]`, or every second of twice as many."""
    numbers = np.empty((seeds.size, count), np.int64)
    states = np.empty((WORDS, IN_STEP), np.int64)
    for begin in range(0, seeds.size, IN_STEP):
        block = seeds[begin : begin + IN_STEP]
        _seed(states, block)
        for k in range(block.size):
            words = 0
            for number in range(count):
                if every_second:
                    _, words = _next_number(states[:, k], words, LARGEST_SEED - 1)
                numbers[begin + k, number], words = _next_number(states[:, k], words, LARGEST_SEED)
    return numbers


@numba.njit(cache=True)
def _seed(states: Integers, seeds: Integers) -> None:
    """Write the twisters' initial states `[words, twisters]` for seeds below 2**32."""
    states[0, : seeds.size] = seeds
    for i in range(1, WORDS):
        for k in range(seeds.size):
            last = states[i - 1, k]
            states[i, k] = (1812433253 * (last ^ (last >> 30)) + i) & WORD


@numba.njit(cache=True)
def _next_number(state: Integers, words: int, largest: int) -> tuple[int, int]:
    """The next number of 31 bits up to `largest`, and the count of `words` drawn so far."""
    while True:
        i = words % WORDS
        word = (state[i] & ~(WORD >> 1)) | (state[(i + 1) % WORDS] & (WORD >> 1))
        state[i] = state[(i + SHIFT) % WORDS] ^ (word >> 1) ^ (0x9908B0DF if word & 1 else 0)
        word = state[i]
        word ^= word >> 11
        word ^= (word << 7) & 0x9D2C5680
        word ^= (word << 15) & 0xEFC60000
        word ^= word >> 18
        words += 1
        if word & (WORD >> 1) <= largest:
            return word & (WORD >> 1), words
