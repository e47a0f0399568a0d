"""Contribution methods: how much of a round's result each client is credited with."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulator.components import Component, Floats
from simulator.federation.game import CoalitionGame

__all__ = [
    "CONTRIBUTIONS",
    "Contribution",
    "DataSize",
    "Equal",
    "Evidence",
    "GameValue",
    "LeaveOneOut",
    "PermutationShapley",
    "Shapley",
]

NEGLIGIBLE = 1e-12  # relative to the largest utility; below it a contribution's sign is rounding


@dataclass(frozen=True)
class Evidence:
    """What a round shows about its participants; the game is set up when first asked for."""

    examples: Floats
    """Training examples of each participant `[participants]`."""
    updates: Floats
    """What each reported `[participants, params]`."""
    play: Callable[[], CoalitionGame]
    """Sets up the game of the participants."""

    @cached_property
    def game(self) -> CoalitionGame:
        """The round as a game of its participants."""
        return self.play()


class Contribution(Component):
    """A method to credit the participants of a round."""

    max_clients: ClassVar[int | None] = None
    """Most clients the method can handle, None for any number."""

    def coalitions(self, clients: int) -> int:
        """Most coalitions that are evaluated in a round of so many clients."""
        return 0

    @abstractmethod
    def assess(self, evidence: Evidence, draws: np.random.Generator) -> Floats:
        """One value per participant `[participants]`, at least one."""


class GameValue(Contribution):
    """A value of each player of a coalition game."""

    @abstractmethod
    def contributions(self, game: CoalitionGame, draws: np.random.Generator) -> Floats:
        """One value per player `[players]`; exact methods need no draws."""

    def assess(self, evidence: Evidence, draws: np.random.Generator) -> Floats:
        return self.contributions(evidence.game, draws)


class Shapley(GameValue):
    """Exact Shapley value: a player's mean marginal worth over all orders of joining.

    phi_i = sum over S without i of [v(S + i) - v(S)] / (N C(N - 1, |S|)) (Shapley 1953). Symmetric,
    additive, 0 for a null player, and sums to v(all) - v(nobody). Costs 2**N coalitions.

    >>> glove = CoalitionGame.from_function(3, lambda s: float(2 in s and len(s) > 1))
    >>> Shapley().contributions(glove).round(6).tolist()
    [0.166667, 0.166667, 0.666667]
    """

    kind: Literal["shapley"] = "shapley"
    max_clients: ClassVar[int | None] = 20

    def coalitions(self, clients: int) -> int:
        return 1 << clients

    def contributions(
        self, game: CoalitionGame, draws: np.random.Generator | None = None
    ) -> Floats:
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


class PermutationShapley(GameValue):
    """Sampled Shapley value: mean marginal worth over random orders of joining.

    Unbiased, and sums to v(all) - v(nobody) in every sample (Castro et al. 2009). Costs at most
    N - 1 coalitions for each order, beside nobody and all; one met again is not evaluated again.
    """

    kind: Literal["permutation_shapley"] = "permutation_shapley"
    permutations: int = Field(100, ge=1, le=10_000, description="Orders drawn each period.")
    antithetic: bool = Field(
        False, description="Also use each order reversed: twice the cost, less noise per order."
    )

    def coalitions(self, clients: int) -> int:
        orders = self.permutations * (2 if self.antithetic else 1)
        return min(orders * (clients - 1) + 2, 1 << clients)

    def contributions(self, game: CoalitionGame, draws: np.random.Generator) -> Floats:
        orders = np.tile(np.arange(game.players), (self.permutations, 1))
        draws.permuted(orders, axis=1, out=orders)
        if self.antithetic:
            orders = np.concatenate([orders, orders[:, ::-1]])
        worth = game.prefix_values(orders)
        marginal = np.empty(orders.shape)
        np.put_along_axis(marginal, orders, np.diff(worth, axis=1), axis=1)
        return _without_rounding(marginal.mean(axis=0), worth)


class LeaveOneOut(GameValue):
    """What everybody's worth loses when the player leaves: v(all) - v(all without i)."""

    kind: Literal["leave_one_out"] = "leave_one_out"

    def coalitions(self, clients: int) -> int:
        return clients + 1

    def contributions(
        self, game: CoalitionGame, draws: np.random.Generator | None = None
    ) -> Floats:
        everyone = np.ones((1, game.players), dtype=bool)
        worth = game.values(np.vstack([everyone, ~np.eye(game.players, dtype=bool)]))
        return _without_rounding(worth[0] - worth[1:], worth)


class DataSize(Contribution):
    """A participant's part of the round's examples, n_i / sum n: what FedAvg weighs it by.

    Needs no validation set, and takes every client's word for its data.
    """

    kind: Literal["data_size"] = "data_size"

    def assess(self, evidence: Evidence, draws: np.random.Generator) -> Floats:
        part: Floats = evidence.examples / evidence.examples.sum()
        return part


class Equal(Contribution):
    """The same for every participant, 1 / N, whatever it does."""

    kind: Literal["equal"] = "equal"

    def assess(self, evidence: Evidence, draws: np.random.Generator) -> Floats:
        participants = len(evidence.examples)
        return np.full(participants, 1 / participants)


def _without_rounding(values: Floats, worth: Floats) -> Floats:
    return np.where(np.abs(values) < NEGLIGIBLE * np.abs(worth).max(), 0.0, values)


CONTRIBUTIONS: tuple[type[Contribution], ...] = (
    Shapley,
    PermutationShapley,
    LeaveOneOut,
    DataSize,
    Equal,
)
