"""Shapley values estimated from random joining orders."""

from abc import abstractmethod
from math import ceil
from typing import Literal

import numpy as np
from pydantic import Field

from simulator.components import Booleans, Floats, Integers, Memory
from simulator.federation.contribution.base import Evidence, GameValue, without_rounding
from simulator.federation.game import CoalitionGame

__all__ = ["GtgShapley", "PermutationShapley"]


class Sampled(GameValue):
    """A Shapley value from orders that may be truncated; remembers the worth left out."""

    def initial(self, clients: int) -> Memory:
        return {"skipped": np.zeros(1)}

    def assess(
        self, evidence: Evidence, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        values, skipped = self.estimate(evidence.game, draws)
        return evidence.of_clients(values), {"skipped": np.array([skipped])}

    def contributions(self, game: CoalitionGame, draws: np.random.Generator) -> Floats:
        return self.estimate(game, draws)[0]

    @abstractmethod
    def estimate(self, game: CoalitionGame, draws: np.random.Generator) -> tuple[Floats, float]:
        """One value per player, and the mean worth that truncation left out."""


class PermutationShapley(Sampled):
    """Sampled Shapley value: mean marginal worth over random orders of joining.

    Unbiased, and sums to v(all) - v(nobody) in every sample (Castro et al. 2009). Costs at most
    N - 1 coalitions for each order, beside nobody and all.

    With `truncation` (TMC: Ghorbani & Zou 2019) the rest of an order is credited nothing once those
    who have joined are worth v(all), within that part of |v(all) - v(nobody)|. The sum is then off
    by `skipped`, the mean worth not credited, which the method's memory holds for the last round.
    """

    kind: Literal["permutation_shapley"] = "permutation_shapley"
    permutations: int = Field(100, ge=1, le=10_000, description="Orders drawn each period.")
    antithetic: bool = Field(
        False, description="Also use each order reversed: twice the cost, less noise per order."
    )
    truncation: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Distance from v(all), as part of |v(all) - v(nobody)|, that ends an order.",
    )

    def coalitions(self, clients: int) -> int:
        orders = self.permutations * (2 if self.antithetic else 1)
        return min(orders * (clients - 1) + 2, 1 << clients)

    def estimate(self, game: CoalitionGame, draws: np.random.Generator) -> tuple[Floats, float]:
        orders = self._orders(game.players, draws)
        if self.truncation == 0:
            worth = game.prefix_values(orders)
            return without_rounding(marginals(orders, worth).mean(axis=0), worth), 0.0
        game = CachedGame(game)
        grand, empty = game.grand, game.empty
        worth = truncated_prefixes(game, orders, self.truncation * abs(grand - empty))
        values = without_rounding(marginals(orders, worth).mean(axis=0), worth)
        return values, float(grand - worth[:, -1].mean())

    def _orders(self, players: int, draws: np.random.Generator) -> Integers:
        orders = random_orders(self.permutations, players, draws)
        return np.concatenate([orders, orders[:, ::-1]]) if self.antithetic else orders


class GtgShapley(Sampled):
    """Shapley value by guided and truncated sampling (GTG-Shapley: Liu et al. 2022).

    A round in which |v(all) - v(nobody)| is at most `round_threshold` credits nobody. Otherwise
    orders are drawn N at a time, one beginning with each player, and an order is truncated once its
    members are worth v(all) within `threshold`. It ends when the last `window` running means differ
    from the newest by at most `convergence` on average, relative to it, and `least` orders were
    drawn, or else `most`. Thresholds are in units of utility. A coalition is evaluated once a
    round. The sum is off by `skipped`, which the method's memory holds for the last round.
    """

    kind: Literal["gtg_shapley"] = "gtg_shapley"
    round_threshold: float = Field(0.01, ge=0, description="Gain below which a round is skipped.")
    threshold: float = Field(0.001, ge=0, description="Distance from v(all) that ends an order.")
    convergence: float = Field(0.05, gt=0, description="Mean relative change that is converged.")
    window: int = Field(10, ge=2, le=10_000, description="Running means that are compared.")
    least: int = Field(30, ge=1, le=100_000, description="Orders drawn at least.")
    most: int = Field(1000, ge=1, le=100_000, description="Orders after which sampling ends.")

    def coalitions(self, clients: int) -> int:
        orders = ceil(self.most / clients) * clients
        return min(orders * (clients - 1) + 2, 1 << clients)

    def estimate(self, game: CoalitionGame, draws: np.random.Generator) -> tuple[Floats, float]:
        game = CachedGame(game)
        grand, empty = game.grand, game.empty
        if abs(grand - empty) <= self.round_threshold:
            return np.zeros(game.players), grand - empty
        samples = np.empty((0, game.players))
        while not self._is_enough(samples):
            orders = _guided_orders(game.players, draws)
            worth = truncated_prefixes(game, orders, self.threshold)
            samples = np.concatenate([samples, marginals(orders, worth)])
        values = without_rounding(samples.mean(axis=0), np.array([grand, empty]))
        return values, grand - empty - float(values.sum())

    def _is_enough(self, samples: Floats) -> bool:
        """Whether these marginal worths `[orders, players]` have converged or reached `most`."""
        orders = len(samples)
        if orders < max(self.least, self.window) or orders >= self.most:
            return orders >= self.most
        counts = np.arange(1, orders + 1)[-self.window :, None]
        means = samples.cumsum(axis=0)[-self.window :] / counts
        change = np.abs(means - means[-1]) / (np.abs(means[-1]) + 1e-12)
        return bool(change.mean(axis=1).max() <= self.convergence)


def random_orders(count: int, players: int, draws: np.random.Generator) -> Integers:
    """`count` orders of the players, each equally likely `[count, players]`."""
    orders: Integers = draws.permuted(np.tile(np.arange(players), (count, 1)), axis=1)
    return orders


def _guided_orders(players: int, draws: np.random.Generator) -> Integers:
    """One random order beginning with each player `[players, players]`."""
    others = random_orders(players, players - 1, draws)
    first = np.arange(players)[:, None]
    return np.hstack([first, others + (others >= first)])


def marginals(orders: Integers, worth: Floats) -> Floats:
    """Marginal worth of each player in each order `[orders, players]`, from the prefixes' worth."""
    marginal = np.empty(orders.shape)
    np.put_along_axis(marginal, orders, np.diff(worth, axis=1), axis=1)
    return marginal


class CachedGame(CoalitionGame):
    """A game that evaluates each coalition only once."""

    def __init__(self, game: CoalitionGame) -> None:
        super().__init__(game.players, game.values)
        self._cache: dict[bytes, float] = {}

    def values(self, members: Booleans) -> Floats:
        keys = [row.tobytes() for row in np.packbits(members, axis=1)]
        new = {key: number for number, key in enumerate(keys) if key not in self._cache}
        worth = self._utility(members[list(new.values())])
        self._cache.update(zip(new, worth.tolist(), strict=True))
        return np.array([self._cache[key] for key in keys])


def truncated_prefixes(game: CoalitionGame, orders: Integers, tolerance: float) -> Floats:
    """Worth of the prefixes of `orders`; once within `tolerance` of v(all) it no longer changes.

    Longer prefixes then take over that worth and are not evaluated. Coalitions of one size are
    evaluated together.
    """
    grand = game.grand
    worth = np.full((len(orders), game.players + 1), game.empty)
    members = np.zeros(orders.shape, dtype=bool)
    active = np.arange(len(orders))
    for size in range(1, game.players + 1):
        active = active[np.abs(grand - worth[active, size - 1]) >= tolerance]
        members[active, orders[active, size - 1]] = True
        worth[:, size] = worth[:, size - 1]
        worth[active, size] = game.values(members[active])
    return worth
