"""Credit (smoothed contribution) and allocation (from credit to shares of the reward)."""

from abc import abstractmethod
from typing import Literal

import numpy as np
from pydantic import Field

from simulator.components import Component, Floats, Memory, Section
from simulator.elementary import exp

__all__ = [
    "ALLOCATIONS",
    "Allocation",
    "Credit",
    "EqualAllocation",
    "Proportional",
    "Rank",
    "Softmax",
]


class Credit(Section):
    """Smooths contributions: credit <- memory credit + (1 - memory) phi / sum |phi|, from 0.

    Contributions are normalised first, since they shrink as the model converges. Signed: harm done
    is remembered as long as good done.
    """

    memory: float = Field(0.9, ge=0, lt=1, description="Weight of the past; 0 forgets it.")

    def initial(self, clients: int) -> Memory:
        """Memory before the first round: no client has credit."""
        return {"credit": np.zeros(clients)}

    def update(self, memory: Memory, contributions: Floats) -> tuple[Floats, Memory]:
        """Credit after a round with these `contributions` `[clients]`, and the new memory."""
        total = np.abs(contributions).sum()
        normalised = contributions / total if total > 0 else contributions
        credit = self.memory * memory["credit"] + (1 - self.memory) * normalised
        return credit, {"credit": credit}


class Allocation(Component):
    """A rule that turns credit into shares of issuance and payouts."""

    @abstractmethod
    def shares(self, credit: Floats) -> Floats:
        """Shares `[clients]`: not negative, summing to 1, or all 0 when no client earned any."""


class Proportional(Allocation):
    """Shares in proportion to positive credit; negative credit counts as none."""

    kind: Literal["proportional"] = "proportional"

    def shares(self, credit: Floats) -> Floats:
        return _normalised(np.maximum(credit, 0.0))


class Softmax(Allocation):
    """Shares in proportion to exp(credit / (temperature max |credit|)), if any credit is positive.

    Everybody gets something: the worst client at least exp(-2/temperature) of what the best gets.
    """

    kind: Literal["softmax"] = "softmax"
    temperature: float = Field(
        0.5, ge=0.01, description="High for nearly equal shares, low for all to the best."
    )

    def shares(self, credit: Floats) -> Floats:
        if not (credit > 0).any():
            return np.zeros_like(credit)
        scaled = credit / np.abs(credit).max() / self.temperature
        return _normalised(exp(scaled - scaled.max()))


class Rank(Allocation):
    """Shares in proportion to rank among clients with positive credit: 1 for the least, then 2, ...

    Equal credit gets the mean of its ranks; without positive credit there is no rank and no share.
    """

    kind: Literal["rank"] = "rank"

    def shares(self, credit: Floats) -> Floats:
        earned = np.sort(credit[credit > 0])
        below, last_rank = (np.searchsorted(earned, credit, side) for side in ("left", "right"))
        return _normalised(np.where(credit > 0, (below + 1 + last_rank) / 2, 0.0))


class EqualAllocation(Allocation):
    """The same share for every client, whatever its credit: what rewards by merit compare with."""

    kind: Literal["equal"] = "equal"

    def shares(self, credit: Floats) -> Floats:
        return np.full(credit.shape, 1 / credit.size)


def _normalised(weights: Floats) -> Floats:
    total = weights.sum()
    return weights / total if total > 0 else np.zeros_like(weights)


ALLOCATIONS: tuple[type[Allocation], ...] = (Proportional, Softmax, Rank, EqualAllocation)
