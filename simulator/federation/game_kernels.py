"""Compiled loops of games of a round. In linear ones scores are sums of the members' parts.

A coalition's scores are then `start + sum of parts / divisor`; `parts` is `[players, columns]`.
"""

import numba
import numpy as np

from simulator.components import Floats, Integers

TILE = 64  # columns walked together: what a walk goes back to stays in the first cache


@numba.njit(cache=True, inline="always")
def _lowest(coalition, players):  # type: ignore[no-untyped-def]
    """Number of the lowest player of a coalition, `players` for nobody."""
    player = 0
    while player < players and not coalition >> player & 1:
        player += 1
    return player


@numba.njit(cache=True)
def subset_scores(
    start: Floats, parts: Floats, divisors: Floats, first: int, sums: Floats, scores: Floats
) -> None:
    """Fill in `scores` `[coalitions, columns]` of the coalitions from number `first` on.

    They are as many as a power of two of which `first` is a multiple. Each is its parent, which
    lacks its lowest player, and that player; `sums` is room for the sums.
    """
    players, columns = parts.shape
    sums[0] = 0.0
    for player in range(players):
        if first >> player & 1:
            sums[0] += parts[player]
    for k in range(len(sums)):
        scale = 1.0 / divisors[first + k]
        if k > 0:
            parent, player = k & (k - 1), _lowest(k, players)
            for c in range(columns):
                sums[k, c] = sums[parent, c] + parts[player, c]
        for c in range(columns):
            scores[k, c] = start[c] + sums[k, c] * scale


@numba.njit(cache=True)
def prefix_scores(
    start: Floats,
    parts: Floats,
    divisors: Floats,
    orders: Integers,
    first: int,
    running: Floats,
    scores: Floats,
) -> None:
    """Fill in `scores` `[prefixes, columns]` of the prefixes of `orders` from number `first` on.

    Every order has one more prefix than players; `divisors` has one for each prefix. `running`
    `[columns]` is the sum of the last prefix, as the previous call left it.
    """
    columns = parts.shape[1]
    for k in range(len(scores)):
        order, size = divmod(first + k, orders.shape[1] + 1)
        scale = 1.0 / divisors[first + k]
        if size == 0:
            running[:] = 0.0
        else:
            joining = parts[orders[order, size - 1]]
            for c in range(columns):
                running[c] += joining[c]
        for c in range(columns):
            scores[k, c] = start[c] + running[c] * scale


@numba.njit(cache=True)
def count_positive(start: Floats, parts: Floats, divisors: Floats, counts: Integers) -> None:
    """Add to `counts` `[2**players]` the columns in which each coalition's score is positive.

    Coalitions are walked in order. `sums[j]` is the sum of the last one met whose lowest player is
    j, which is the parent of all later ones that have j next to their lowest player.
    """
    players, columns = parts.shape
    base, own = np.empty(TILE), np.empty((players, TILE))
    sums = np.zeros((players + 1, TILE))
    for begin in range(0, columns, TILE):
        width = min(TILE, columns - begin)
        base[width:], own[:, width:] = -1.0, 0.0
        base[:width], own[:, :width] = start[begin : begin + width], parts[:, begin : begin + width]
        for coalition in range(len(counts)):
            player = _lowest(coalition, players)
            divisor, positive = divisors[coalition], 0
            if coalition > 0:
                parent = _lowest(coalition & (coalition - 1), players)
                for c in range(TILE):
                    sums[player, c] = sums[parent, c] + own[player, c]
            for c in range(TILE):
                positive += base[c] * divisor + sums[player, c] > 0.0
            counts[coalition] += positive


@numba.njit(cache=True)
def mean_marginals(worth: Floats, weights: Floats) -> Floats:
    """What each player adds `[players]` to the coalitions of others, which have `worth`.

    `worth` is `[2**players]`, the i-th bit of a number tells whether player i is in; `weights`
    `[players]` are those of one coalition with 0, 1, ... members.
    """
    sizes, means = np.zeros(worth.size, np.int64), np.zeros(weights.size)
    for coalition in range(worth.size):
        sizes[coalition] = sizes[coalition >> 1] + (coalition & 1)
    for player in range(weights.size):
        for coalition in range(worth.size):
            if not coalition >> player & 1:
                marginal = worth[coalition | 1 << player] - worth[coalition]
                means[player] += weights[sizes[coalition]] * marginal
    return means


@numba.njit(cache=True)
def clipped_products(likelihood: Floats, smallest: float, products: Floats) -> None:
    """Multiply `products` `[models, groups]` by the likelihoods `[models, rows]` of a group's rows.

    Every `groups`-th row is of the same group; likelihoods are clipped at `smallest` and 1 less it.
    """
    rows, groups = likelihood.shape[1], products.shape[1]
    for model in range(len(likelihood)):
        for first in range(0, rows, groups):
            for group in range(min(groups, rows - first)):
                chance = likelihood[model, first + group]
                products[model, group] *= min(max(chance, smallest), 1.0 - smallest)


@numba.njit(cache=True)
def largest_outputs(scores: Floats) -> Integers:
    """The number of the first largest output `[models, rows]` of scores `[models, outputs, rows]`.

    What numpy's `argmax(axis=1)` finds, ten times as fast.
    """
    models, outputs, rows = scores.shape
    largest, best = np.zeros((models, rows), np.int64), np.empty(rows)
    for model in range(models):
        best[:] = scores[model, 0]
        for output in range(1, outputs):
            for row in range(rows):
                score = scores[model, output, row]
                above = score > best[row]
                largest[model, row] = output if above else largest[model, row]
                best[row] = score if above else best[row]
    return largest
