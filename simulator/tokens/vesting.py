"""Vesting: when issued tokens become their owner's."""

from abc import abstractmethod
from typing import Literal

import numpy as np
from pydantic import Field

from simulator.components import Component, Floats, Memory

__all__ = ["VESTINGS", "CliffVesting", "LinearVesting", "NoVesting", "Vesting"]

LONGEST_TERM = 10_000  # periods


class Vesting(Component):
    """A schedule by which each period's grant of tokens leaves the escrow, part by part.

    What is granted and not yet vested is locked: nobody can sell it, and it earns nothing.
    """

    @property
    @abstractmethod
    def fractions(self) -> Floats:
        """Fractions of a grant that vest 0, 1, 2, ... periods after it, summing to 1."""

    @property
    def locks(self) -> bool:
        """Whether the schedule ever locks tokens."""
        return len(self.fractions) > 1

    def initial(self, clients: int) -> Memory:
        """Memory without locked tokens; "locked" `[clients, periods]` is by periods to vesting."""
        return {"locked": np.zeros((clients, len(self.fractions) - 1))}

    def vest(self, memory: Memory, granted: Floats) -> tuple[Floats, Memory]:
        """Tokens vesting now, of earlier grants and `granted` `[clients]`, and the new memory."""
        due = granted[:, None] * self.fractions
        due[:, :-1] += memory["locked"]
        return due[:, 0], {"locked": due[:, 1:]}

    def upcoming(self, memory: Memory, periods: int) -> Floats:
        """Tokens of earlier grants vesting in each of the next `periods` `[clients, periods]`."""
        locked: Floats = memory["locked"][:, :periods]
        return np.pad(locked, ((0, 0), (0, periods - locked.shape[1])))

    def vested(self, amounts: Floats) -> Floats:
        """Tokens vesting in each period, of `amounts` granted in the same periods `[periods]`."""
        vested: Floats = np.convolve(amounts, self.fractions)[: len(amounts)]
        return vested


class NoVesting(Vesting):
    """Issued tokens are their owner's at once."""

    kind: Literal["none"] = "none"

    @property
    def fractions(self) -> Floats:
        return np.ones(1)


class CliffVesting(Vesting):
    """All of a grant vests at once, `periods` periods after it."""

    kind: Literal["cliff"] = "cliff"
    periods: int = Field(
        10, ge=1, le=LONGEST_TERM, description="Periods from a grant to its vesting."
    )

    @property
    def fractions(self) -> Floats:
        return np.append(np.zeros(self.periods), 1.0)


class LinearVesting(Vesting):
    """A grant vests in equal parts, the first in the period after it, the last after `periods`."""

    kind: Literal["linear"] = "linear"
    periods: int = Field(10, ge=1, le=LONGEST_TERM, description="Periods over which a grant vests.")

    @property
    def fractions(self) -> Floats:
        return np.append(0.0, np.full(self.periods, 1 / self.periods))


VESTINGS: tuple[type[Vesting], ...] = (NoVesting, CliffVesting, LinearVesting)
