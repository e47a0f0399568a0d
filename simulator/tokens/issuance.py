"""Issuance: how many tokens are minted to contributors."""

from abc import abstractmethod
from typing import Literal

import numpy as np
from pydantic import Field

from simulator.components import Component, Floats, Integers, Memory

__all__ = ["ISSUANCES", "Constant", "Halving", "Issuance", "Unearned"]

Unearned = Literal["carry", "treasury", "burn"]
"""What happens to a reward nobody earned: kept for the next period, the treasury's, or gone."""


class Issuance(Component):
    """An emission schedule, minted to clients by their shares."""

    unearned: Unearned = Field(
        "carry", description="What happens to the emission of a period in which nobody earned any."
    )

    @abstractmethod
    def emission(self, period: Integers) -> Floats:
        """Tokens scheduled for given periods (from 1), all clients together."""

    def initial(self) -> Memory:
        """Nothing is carried over from before."""
        return {"carried": np.zeros(())}

    def issue(self, memory: Memory, period: int, shares: Floats) -> tuple[Floats, float, Memory]:
        """Tokens minted in `period` to each client `[clients]` and to the treasury for each token.

        With all `shares` 0 nobody earned the emission and `unearned` decides.
        """
        due = float(self.emission(np.array(period))) + float(memory["carried"])
        if shares.any():
            return due * shares, 0.0, self.initial()
        kept = due if self.unearned == "carry" else 0.0
        treasury = due / len(shares) if self.unearned == "treasury" else 0.0
        return np.zeros_like(shares), treasury, {"carried": np.array(kept)}


class Halving(Issuance):
    """E_t = first 2^(-(t - 1)/half_life): about 1.44 first half_life in all."""

    kind: Literal["halving"] = "halving"
    first: float = Field(
        40.0, ge=0, le=1e12, description="Tokens of period 1, all clients together."
    )
    half_life: float = Field(20.0, gt=0, description="Periods in which the emission halves.")

    def emission(self, period: Integers) -> Floats:
        scheduled: Floats = self.first * 2.0 ** (-(period - 1) / self.half_life)
        return scheduled


class Constant(Issuance):
    """The same number of tokens every period, for ever."""

    kind: Literal["constant"] = "constant"
    amount: float = Field(
        10.0, ge=0, le=1e12, description="Tokens per period, all clients together."
    )

    def emission(self, period: Integers) -> Floats:
        return np.full(np.shape(period), self.amount)


ISSUANCES: tuple[type[Issuance], ...] = (Halving, Constant)
