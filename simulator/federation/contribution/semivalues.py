"""Exact values of a game: weighted means of a player's marginal worth."""

from abc import abstractmethod
from math import comb, prod
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulator.components import Floats
from simulator.federation.contribution.base import GameValue, without_rounding
from simulator.federation.game import MOST_PLAYERS, CoalitionGame

__all__ = ["Banzhaf", "BetaShapley", "LeaveOneOut", "SemiValue", "Shapley"]


class SemiValue(GameValue):
    """A mean of a player's marginal worth whose weights depend on the coalition's size only.

    Symmetric, additive and 0 for a null player (Dubey et al. 1981). Costs 2**N coalitions.
    """

    max_clients: ClassVar[int | None] = MOST_PLAYERS

    @abstractmethod
    def weights(self, players: int) -> Floats:
        """Weight of a coalition of 0, 1, ... others `[players]`; over coalitions they sum to 1."""

    def coalitions(self, clients: int) -> int:
        return 1 << clients

    def contributions(
        self, game: CoalitionGame, draws: np.random.Generator | None = None
    ) -> Floats:
        from simulator.federation.game_kernels import mean_marginals

        worth = game.all_values()
        return without_rounding(mean_marginals(worth, self.weights(game.players)), worth)


class Shapley(SemiValue):
    """Exact Shapley value: a player's mean marginal worth over all orders of joining.

    phi_i = sum over S without i of [v(S + i) - v(S)] / (N C(N - 1, |S|)) (Shapley 1953). The
    semivalue that sums to v(all) - v(nobody).

    >>> glove = CoalitionGame.from_function(3, lambda s: float(2 in s and len(s) > 1))
    >>> Shapley().contributions(glove).round(6).tolist()
    [0.166667, 0.166667, 0.666667]
    """

    kind: Literal["shapley"] = "shapley"

    def weights(self, players: int) -> Floats:
        return np.array([1 / (players * comb(players - 1, size)) for size in range(players)])


class Banzhaf(SemiValue):
    """Mean marginal worth over all coalitions of others (Banzhaf 1965): each weighs 2^(1 - N).

    Of all semivalues it keeps the ranking best when the utility is noisy (Wang & Jia 2023). Does
    not sum to what all are worth.
    """

    kind: Literal["banzhaf"] = "banzhaf"

    def weights(self, players: int) -> Floats:
        return np.full(players, 0.5 ** (players - 1))


class BetaShapley(SemiValue):
    """Marginal worth weighted by size: small coalitions count more with large alpha, large by beta.

    A coalition of s others weighs B(beta + s, alpha + N - 1 - s) / B(alpha, beta) (Kwon & Zou
    2022). Shapley's value with alpha = beta = 1; does not sum to what all are worth otherwise.
    """

    kind: Literal["beta_shapley"] = "beta_shapley"
    alpha: float = Field(16.0, gt=0, le=1000, description="High: small coalitions count more.")
    beta: float = Field(1.0, gt=0, le=1000, description="High: large coalitions count more.")

    def weights(self, players: int) -> Floats:
        """By B(a, b + 1) = B(a, b) b / (a + b), from B(beta, alpha + N - 1) / B(alpha, beta) on."""
        others = np.arange(players - 1)
        smallest = prod((self.alpha + others) / (self.alpha + self.beta + others))
        ratios = (self.beta + others) / (self.alpha + players - 2 - others)
        return smallest * np.concatenate([[1.0], np.cumprod(ratios)])


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
        return without_rounding(worth[0] - worth[1:], worth)
