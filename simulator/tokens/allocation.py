"""Credit (smoothed contribution) and allocation (from credit to shares of the reward)."""

from abc import abstractmethod
from typing import Literal

import numpy as np
from pydantic import Field

from simulator.components import Component, Floats, Memory, Section

__all__ = ["ALLOCATIONS", "Allocation", "Credit", "Proportional"]


class Credit(Section):
    """Smooths contributions: credit <- memory credit + (1 - memory) phi / sum |phi|, from 0.

    Contributions are normalised first, since they shrink as the model converges. Signed: harm done
    is remembered as long as good done.
    """

    memory: float = Field(0.9, ge=0, lt=1, description="Weight of the past; 0 forgets it.")

    def initial(self, clients: int) -> Memory:
        """Nobody has any credit."""
        return {"credit": np.zeros(clients)}

    def update(self, memory: Memory, contributions: Floats) -> tuple[Floats, Memory]:
        """Credit after a round with these `contributions` `[clients]`."""
        total = np.abs(contributions).sum()
        normalised = contributions / total if total > 0 else contributions
        credit = self.memory * memory["credit"] + (1 - self.memory) * normalised
        return credit, {"credit": credit}


class Allocation(Component):
    """A rule that turns credit into shares of issuance and payouts."""

    @abstractmethod
    def shares(self, credit: Floats) -> Floats:
        """Shares `[clients]`: not negative, summing to 1, or all 0 when nobody earned any."""


class Proportional(Allocation):
    """Shares in proportion to positive credit; negative credit counts as none."""

    kind: Literal["proportional"] = "proportional"

    def shares(self, credit: Floats) -> Floats:
        positive = np.maximum(credit, 0.0)
        total = positive.sum()
        return positive / total if total > 0 else np.zeros_like(credit)


ALLOCATIONS: tuple[type[Allocation], ...] = (Proportional,)
