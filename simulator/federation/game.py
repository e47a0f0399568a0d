"""Coalition games: the worth of each group of players, the basis of contribution methods."""

import math
import operator
from collections.abc import Callable

import numpy as np

from simulator.components import Booleans, Floats, Integers

__all__ = ["CoalitionGame", "prefixes"]

MOST_PLAYERS = 20  # of exact values, which need all coalitions
COALITIONS_AT_ONCE = 64  # coalitions evaluated together: their scores stay in cache


class CoalitionGame:
    """A game of `players`; `utility` returns the worth of many coalitions at once.

    `utility` takes memberships `[coalitions, players]` (bool) and returns `[coalitions]`.

    >>> glove = CoalitionGame.from_function(3, lambda s: float(2 in s and len(s) > 1))
    >>> glove.grand, glove.empty
    (1.0, 0.0)
    """

    def __init__(self, players: int, utility: Callable[[Booleans], Floats]) -> None:
        self.players = operator.index(players)
        self._utility = utility
        self._all: Floats | None = None

    @classmethod
    def from_function(
        cls, players: int, utility: Callable[[frozenset[int]], float]
    ) -> "CoalitionGame":
        """The game of a Python function from a set of player numbers to its worth.

        Its methods raise ValueError, naming the coalition, where the worth is no finite number.
        """

        def worth(members: Booleans) -> Floats:
            coalitions = (frozenset(np.flatnonzero(row).tolist()) for row in members)
            return np.array([_number(utility(each), each) for each in coalitions], dtype=float)

        return cls(players, worth)

    def values(self, members: Booleans) -> Floats:
        """Worth `[coalitions]` of coalitions `[coalitions, players]` (bool)."""
        blocks = [
            self._utility(members[first : first + COALITIONS_AT_ONCE])
            for first in range(0, len(members), COALITIONS_AT_ONCE)
        ]
        return np.concatenate(blocks) if blocks else np.zeros(0)

    def all_values(self) -> Floats:
        """Worth of all 2**players coalitions; bit i of the index: whether player i is a member.

        Raises ValueError for more than 20 players.
        """
        if self.players > MOST_PLAYERS:
            raise ValueError(
                f"{self.players} players have 2^{self.players} coalitions; exact values are for at "
                f"most {MOST_PLAYERS}, others for any number, such as PermutationShapley"
            )
        if self._all is None:
            index = np.arange(1 << self.players)
            self._all = self.values((index[:, None] >> np.arange(self.players) & 1).astype(bool))
        return self._all

    def prefix_values(self, permutations: Integers) -> Floats:
        """Worth of the first 0, 1, ... players of permutations `[n, players]`.

        Returns `[n, players + 1]`. Repeated coalitions are evaluated once.
        """
        members, coalition_of = prefixes(permutations)
        return self.values(members)[coalition_of]

    @property
    def grand(self) -> float:
        """Worth of all players together."""
        return float(self.values(np.ones((1, self.players), dtype=bool))[0])

    @property
    def empty(self) -> float:
        """Worth of the empty coalition."""
        return float(self.values(np.zeros((1, self.players), dtype=bool))[0])


def _number(value: object, coalition: frozenset[int]) -> float:
    """The worth of a coalition as a float."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"the worth of coalition {sorted(coalition)} is {value!r}, not a number")
    return number


def prefixes(permutations: Integers) -> tuple[Booleans, Integers]:
    """The coalitions of the first 0, 1, ... players of permutations `[n, players]`.

    Returns the distinct coalitions `[coalitions, players]`, and the number of each prefix among
    them `[n, players + 1]`.
    """
    players = permutations.shape[1]
    position, sizes = np.argsort(permutations, axis=1), np.arange(players + 1)
    members = (position[:, None, :] < sizes[None, :, None]).reshape(-1, players)
    masks = np.packbits(members, axis=1)
    _, first, numbers = np.unique(masks, axis=0, return_index=True, return_inverse=True)
    return members[first], numbers.reshape(-1, players + 1)
