"""Contribution methods: how much of a round's result each client is credited with."""

from abc import abstractmethod
from math import comb
from typing import ClassVar, Literal

import numpy as np

from simulator.components import Component, Floats
from simulator.federation.game import CoalitionGame

__all__ = ["CONTRIBUTIONS", "Contribution", "LeaveOneOut", "Shapley"]

NEGLIGIBLE = 1e-12  # relative to the largest utility; below it a contribution's sign is rounding


class Contribution(Component):
    """A value of each player of a coalition game."""

    max_clients: ClassVar[int | None] = None
    """Most clients the method can handle, None for any number."""

    @abstractmethod
    def contributions(self, game: CoalitionGame) -> Floats:
        """One value per player `[players]`."""


class Shapley(Contribution):
    """Exact Shapley value: a player's mean marginal worth over all orders of joining.

    phi_i = sum over S without i of [v(S + i) - v(S)] / (N C(N - 1, |S|)) (Shapley 1953). Symmetric,
    additive, 0 for a null player, and sums to v(all) - v(nobody). Costs 2**N coalitions.

    >>> glove = CoalitionGame.from_function(3, lambda s: float(2 in s and len(s) > 1))
    >>> Shapley().contributions(glove).round(6).tolist()
    [0.166667, 0.166667, 0.666667]
    """

    kind: Literal["shapley"] = "shapley"
    max_clients: ClassVar[int | None] = 20

    def contributions(self, game: CoalitionGame) -> Floats:
        players, worth = game.players, game.all_values()
        index = np.arange(1 << players)
        size = sum((index >> player & 1 for player in range(players)), np.zeros_like(index))
        weight = np.array([1 / (players * comb(players - 1, s)) for s in range(players)])
        values = np.empty(players)
        for player in range(players):
            without = index[(index >> player & 1) == 0]
            marginal = worth[without | 1 << player] - worth[without]
            values[player] = weight[size[without]] @ marginal
        return _without_rounding(values, worth)


class LeaveOneOut(Contribution):
    """What everybody's worth loses when the player leaves: v(all) - v(all without i)."""

    kind: Literal["leave_one_out"] = "leave_one_out"

    def contributions(self, game: CoalitionGame) -> Floats:
        everyone = np.ones((1, game.players), dtype=bool)
        worth = game.values(np.vstack([everyone, ~np.eye(game.players, dtype=bool)]))
        return _without_rounding(worth[0] - worth[1:], worth)


def _without_rounding(values: Floats, worth: Floats) -> Floats:
    return np.where(np.abs(values) < NEGLIGIBLE * np.abs(worth).max(), 0.0, values)


CONTRIBUTIONS: tuple[type[Contribution], ...] = (Shapley, LeaveOneOut)
