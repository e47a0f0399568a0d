"""Contributions accumulated over all rounds so far."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulator.components import Booleans, Floats, Integers, Memory
from simulator.federation.contribution.base import Contribution, Evidence
from simulator.federation.contribution.sampled import marginals, random_orders
from simulator.federation.contribution.semivalues import Shapley
from simulator.federation.game import MOST_PLAYERS, prefixes

__all__ = ["ComFedSv", "MultiRound", "OrShapley"]


class OrShapley(Contribution):
    """Shapley value of models rebuilt from all updates so far (one-round: Song et al. 2019).

    The game of the round's participants in which a player's update is the sum of all it has sent
    and the previous model is that before the first round. Sums to what the rebuilt model of them
    all is worth above the first; where everybody takes part under FedAvg, and sizes stay, that is
    the global model's gain.
    """

    kind: Literal["or_shapley"] = "or_shapley"
    max_clients: ClassVar[int | None] = MOST_PLAYERS
    accumulates: ClassVar[bool] = True

    def coalitions(self, clients: int) -> int:
        return Shapley().coalitions(clients)

    def initial(self, clients: int) -> Memory:
        return {"first": np.zeros(0), "updates": np.zeros((clients, 0))}

    def assess(
        self, evidence: Evidence, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        first, updates = memory["first"], memory["updates"].copy()
        if not first.size:
            first = evidence.previous
            updates = np.zeros((len(updates), first.size))
        updates[evidence.present] += evidence.updates
        game = evidence.play(first, updates[evidence.present])
        values = evidence.of_clients(Shapley().contributions(game))
        return values, {"first": first, "updates": updates}


class MultiRound(Contribution):
    """Sum over rounds of the Shapley value (multi-round: Song et al. 2019).

    sum over t of decay^(t - 1) phi_t / sum |phi_t|: `shapley` with smoothing that adds up rather
    than forgets. With a decay below 1 early rounds count more. Absent clients keep their sum and
    are credited 0.
    """

    kind: Literal["multi_round"] = "multi_round"
    max_clients: ClassVar[int | None] = MOST_PLAYERS
    accumulates: ClassVar[bool] = True
    decay: float = Field(1.0, gt=0, le=1, description="Weight of a round relative to the last.")

    def coalitions(self, clients: int) -> int:
        return Shapley().coalitions(clients)

    def initial(self, clients: int) -> Memory:
        return {"sum": np.zeros(clients), "weight": np.ones(1)}

    def assess(
        self, evidence: Evidence, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        values = evidence.of_clients(Shapley().contributions(evidence.game))
        size = np.abs(values).sum()
        total = memory["sum"] + memory["weight"] * values / (size if size > 0 else 1.0)
        new_memory = {"sum": total, "weight": memory["weight"] * self.decay}
        return np.where(evidence.present, total, 0.0), new_memory


class ComFedSv(Contribution):
    """Shapley value of utilities completed for absent clients (ComFedSV: Fan et al. 2022).

    Row t of a matrix holds what coalitions of round t are worth above nobody, as far as all members
    took part. The coalitions are the prefixes of some orders of all clients, drawn once. The rest
    is completed by a product of two matrices with `rank` columns; a client's value in a round is
    its mean marginal worth over the orders. Credited is the sum over all rounds, completed anew:
    to the absent as well, which no other method does. The matrix grows by a row each round.
    What was seen stays as it is, so that with nobody absent the values sum to the rounds' gain.

    Of a coalition that no round has seen nothing can be said, so everybody is drawn for the first
    round, whatever `participation` is. While some have not taken part together with all others, an
    order ends before the first coalition not seen: who joins later gets nothing from it.
    """

    kind: Literal["comfedsv"] = "comfedsv"
    accumulates: ClassVar[bool] = True
    everybody_first: ClassVar[bool] = True
    permutations: int = Field(20, ge=1, le=10_000, description="Orders drawn before the first.")
    rank: int = Field(5, ge=1, le=100, description="Columns of the two factors.")
    ridge: float = Field(
        0.1,
        gt=0,
        le=1e3,
        description="Penalty on the factors, utilities scaled to size 1; a low one leaves what is "
        "unseen to chance.",
    )
    iterations: int = Field(20, ge=1, le=10_000, description="Times both factors are improved.")

    def coalitions(self, clients: int) -> int:
        return min(self.permutations * (clients - 1) + 2, 1 << clients)

    def initial(self, clients: int) -> Memory:
        return {
            "orders": np.zeros((0, clients), dtype=np.int64),
            "start": np.zeros((0, self.rank)),
            "worth": np.zeros((0, 0)),
        }

    def assess(
        self, evidence: Evidence, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        clients, memory = len(evidence.present), dict(memory)
        if not len(memory["orders"]):
            memory["orders"] = random_orders(self.permutations, clients, draws)
        members, coalition_of = prefixes(memory["orders"])
        if not len(memory["start"]):
            memory["start"] = draws.normal(size=(len(members), self.rank))
            memory["worth"] = np.zeros((0, len(members)))
        observed = ~members[:, ~evidence.present].any(axis=1)
        row = np.full(len(members), np.nan)
        row[observed] = evidence.game.values(members[np.ix_(observed, evidence.present)])
        row[observed] -= evidence.game.empty
        worth = memory["worth"] = np.vstack([memory["worth"], row])
        total = self.complete(worth, memory["start"]).sum(axis=0)
        longest = _observed_prefixes(worth, coalition_of)
        prefix_worth = np.take_along_axis(total[coalition_of], longest, axis=1)
        return marginals(memory["orders"], prefix_worth).mean(axis=0), memory

    def complete(self, worth: Floats, start: Floats) -> Floats:
        """The matrix with its gaps (NaN) estimated; `start` `[columns, rank]` guesses one factor.

        Alternating least squares, on the observed values divided by their root mean square.
        """
        observed = ~np.isnan(worth)
        scale = float(np.sqrt(np.mean(worth[observed] ** 2))) or 1.0
        scaled: Floats = np.where(observed, worth, 0.0) / scale
        columns = start
        for _ in range(self.iterations):
            rows = self._fit_factor(scaled, observed, columns)
            columns = self._fit_factor(scaled.T, observed.T, rows)
        return np.where(observed, worth, scale * rows @ columns.T)

    def _fit_factor(self, scaled: Floats, observed: Booleans, other: Floats) -> Floats:
        """The factor `[rows, rank]` that with the `other` one fits the observed values best."""
        squares = (other[:, :, None] * other[:, None, :]).reshape(len(other), -1)
        normal = (observed @ squares).reshape(-1, self.rank, self.rank)
        ridge = self.ridge * np.eye(self.rank)
        factor = np.linalg.solve(normal + ridge, (scaled @ other)[:, :, None])
        return np.asarray(factor[:, :, 0], dtype=float)


def _observed_prefixes(worth: Floats, coalition_of: Integers) -> Integers:
    """For each prefix `[orders, prefixes]`, the size of its longest prefix observed in a round."""
    observed = np.isfinite(worth).sum(axis=0) > 0
    longest: Integers = observed[coalition_of].sum(axis=1, keepdims=True) - 1
    sizes: Integers = np.minimum(np.arange(coalition_of.shape[1]), longest)
    return sizes
