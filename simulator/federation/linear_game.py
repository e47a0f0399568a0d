"""The game of a round with linear models: a coalition's scores are sums, computed step by step."""

from collections.abc import Callable, Iterator

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.federation.game import MOST_PLAYERS, CoalitionGame

__all__ = ["LinearGame"]

CACHED = 1 << 16  # scores per block of coalitions: with their sums they stay in the cache


class LinearGame(CoalitionGame):
    """A game in which a coalition's scores are `start + sum of its members' parts / divisor`.

    `parts` `[players, outputs, rows]` are the players' scores times their `examples`; the divisor
    is the coalition's examples, or all players' (`divide_by_all`). `worth` values scores
    `[coalitions, outputs, rows]`, which it may overwrite. `hit_rate`, for one output, values the
    correct predictions `[coalitions, 2]` in each of two classes, by `labels` `[rows]`; it must
    return the same values as `worth`.

    >>> parts, ones = np.array([[[2.0]], [[6.0]]]), np.ones(2)
    >>> game = LinearGame(np.ones((1, 1)), parts, ones, False, lambda scores: scores[:, 0, 0])
    >>> game.all_values().tolist()
    [1.0, 3.0, 7.0, 5.0]
    """

    def __init__(
        self,
        start: Floats,
        parts: Floats,
        examples: Floats,
        divide_by_all: bool,
        worth: Callable[[Floats], Floats],
        labels: Integers | None = None,
        hit_rate: Callable[[Floats], Floats] | None = None,
    ) -> None:
        shape, start, parts = start.shape, start.ravel(), parts.reshape(len(parts), -1)
        total = examples.sum() if divide_by_all else None

        def worth_of_scores(scores: Floats) -> Floats:
            return worth(scores.reshape(-1, *shape))

        def utility(members: Booleans) -> Floats:
            weights = members.astype(float)
            divisors = _divisors(weights @ examples, total)
            return worth_of_scores(weights @ parts / divisors[:, None] + start)

        super().__init__(len(parts), utility)
        self._start, self._parts, self._examples, self._total = start, parts, examples, total
        self._worth, self._labels, self._hit_rate = worth_of_scores, labels, hit_rate

    def all_values(self) -> Floats:
        if self._all is None:
            self._all = self._walk_subsets() if self._hit_rate is None else self._count_hits()
        return self._all

    def prefix_values(self, permutations: Integers) -> Floats:
        if 1 << self.players <= min(permutations.size, 1 << MOST_PLAYERS):
            coalitions = (1 << permutations.astype(np.int64)).cumsum(axis=1)
            worth: Floats = self.all_values()[np.insert(coalitions, 0, 0, axis=1)]
            return worth
        from simulator.federation.game_kernels import prefix_scores

        examples = self._examples[permutations].cumsum(axis=1)
        examples = np.insert(examples, 0, 0.0, axis=1)
        divisors = _divisors(examples, self._total).ravel()
        running = np.empty(len(self._start))
        orders = np.ascontiguousarray(permutations)
        values = np.empty(divisors.size)
        for first, scores in self._blocks(divisors.size):
            prefix_scores(self._start, self._parts, divisors, orders, first, running, scores)
            values[first : first + len(scores)] = self._worth(scores)
        return values.reshape(examples.shape)

    def _walk_subsets(self) -> Floats:
        from simulator.federation.game_kernels import subset_scores

        divisors = self._subset_divisors()
        values = np.empty(divisors.size)
        sums = np.empty((self.players + 1, len(self._start)))
        for first, scores in self._blocks(divisors.size):
            subset_scores(self._start, self._parts, divisors, first, sums, scores)
            values[first : first + len(scores)] = self._worth(scores)
        return values

    def _count_hits(self) -> Floats:
        from simulator.federation.game_kernels import count_positive

        assert self._hit_rate is not None
        divisors = self._subset_divisors()
        hits = np.empty((divisors.size, 2))
        for label in range(2):
            rows = np.flatnonzero(self._labels == label)
            positive = np.zeros(divisors.size, dtype=np.int64)
            parts = np.ascontiguousarray(self._parts[:, rows])
            count_positive(self._start[rows], parts, divisors, positive)
            hits[:, label] = positive if label else len(rows) - positive
        return self._hit_rate(hits)

    def _subset_divisors(self) -> Floats:
        examples = np.zeros(1)
        for count in self._examples:
            examples = np.concatenate([examples, examples + count])
        return _divisors(examples, self._total)

    def _blocks(self, coalitions: int) -> Iterator[tuple[int, Floats]]:
        """First number and scratch space for the scores of each block."""
        together = max(CACHED // len(self._start), 1)
        scores = np.empty((min(together, coalitions), len(self._start)))
        for first in range(0, coalitions, together):
            yield first, scores[: coalitions - first]


def _divisors(examples: Floats, total: float | None) -> Floats:
    """What sums of coalitions are divided by, from their `examples`: all players' `total`, if any.

    It is 1 where there are no examples.
    """
    divisors = examples if total is None else np.full_like(examples, total)
    return np.where(divisors > 0, divisors, 1.0)
