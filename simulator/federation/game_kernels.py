"""Compiled loops of the games of a round.

In a linear game a coalition's scores are `start + sum of its members' parts / divisor`, with
`parts` `[players, columns]`.
"""

import numba
import numpy as np

from simulator.components import Floats, Integers

TILE = 64  # columns processed together: the sums reused stay in the first-level cache


@numba.njit(cache=True, inline="always")
def _lowest(coalition, players):  # type: ignore[no-untyped-def]
    """Number of the lowest player of a coalition, `players` if it is empty."""
    player = 0
    while player < players and not coalition >> player & 1:
        player += 1
    return player


@numba.njit(cache=True)
def subset_scores(
    start: Floats, parts: Floats, divisors: Floats, first: int, sums: Floats, scores: Floats
) -> None:
    """Write `scores` `[coalitions, columns]` of the coalitions from number `first` on.

    A coalition's sum is that of its parent, the coalition without its lowest player, plus that
    player's parts. `sums[j]` is the sum of the last one whose lowest player is j, that of nobody
    being `sums[players]`: the parent of all later coalitions whose second lowest player is j.
    Blocks are walked in order, from 0 on, and hand on their `sums` `[players + 1, columns]`.
    """
    players, columns = parts.shape
    if first == 0:
        sums[players] = 0.0
    for k in range(len(scores)):
        coalition = first + k
        player, scale = _lowest(coalition, players), 1.0 / divisors[coalition]
        parent = _lowest(coalition & (coalition - 1), players)
        if player == players:
            scores[k] = start
        elif player == 0:  # no other coalition is built from this sum
            for c in range(columns):
                scores[k, c] = start[c] + (sums[parent, c] + parts[0, c]) * scale
        else:
            for c in range(columns):
                sums[player, c] = sums[parent, c] + parts[player, c]
            for c in range(columns):
                scores[k, c] = start[c] + sums[player, c] * scale


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
    """Write `scores` `[prefixes, columns]` of the prefixes of `orders` from number `first` on.

    Every order has one more prefix than players; `divisors` is by prefix. `running` `[columns]` is
    the sum of the last prefix, as the previous call left it.
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
    """Add to `counts` `[2**players]` the number of columns with a positive score per coalition.

    The sums are those of `subset_scores`, for a few columns at a time.
    """
    players, columns = parts.shape
    start_tile, part_tile = np.empty(TILE), np.empty((players, TILE))
    sums = np.zeros((players + 1, TILE))
    for begin in range(0, columns, TILE):
        width = min(TILE, columns - begin)
        start_tile[width:], part_tile[:, width:] = -1.0, 0.0
        start_tile[:width] = start[begin : begin + width]
        part_tile[:, :width] = parts[:, begin : begin + width]
        for coalition in range(len(counts)):
            player = _lowest(coalition, players)
            divisor, positive = divisors[coalition], 0
            if coalition > 0:
                parent = _lowest(coalition & (coalition - 1), players)
                for c in range(TILE):
                    sums[player, c] = sums[parent, c] + part_tile[player, c]
            for c in range(TILE):
                positive += start_tile[c] * divisor + sums[player, c] > 0.0
            counts[coalition] += positive


@numba.njit(cache=True)
def mean_marginals(worth: Floats, weights: Floats) -> Floats:
    """Weighted marginal worth of each player `[players]` over all coalitions of the others.

    `worth` is `[2**players]`; bit i of the index: whether player i is a member. `weights`
    `[players]` are per coalition with 0, 1, ... members.
    """
    sizes, means = np.zeros(worth.size, np.int64), np.zeros(weights.size)
    for coalition in range(worth.size):
        sizes[coalition] = sizes[coalition >> 1] + (coalition & 1)
    for player in range(weights.size):
        others = 1 << player
        for first in range(0, worth.size, 2 * others):
            for coalition in range(first, first + others):
                marginal = worth[coalition + others] - worth[coalition]
                means[player] += weights[sizes[coalition]] * marginal
    return means


@numba.njit(cache=True)
def largest_outputs(scores: Floats) -> Integers:
    """Number of the largest output, the first if tied `[models, rows]`.

    `scores` are `[models, outputs, rows]`. Like numpy's `argmax(axis=1)`, ten times as fast.
    """
    models, outputs, rows = scores.shape
    largest, best = np.zeros((models, rows), np.int64), np.empty(rows)
    for model in range(models):
        best[:] = scores[model, 0]
        for output in range(1, outputs):
            for row in range(rows):
                score = scores[model, output, row]
                is_larger = score > best[row]
                largest[model, row] = output if is_larger else largest[model, row]
                best[row] = score if is_larger else best[row]
    return largest
