"""Issuance: how many tokens are minted to contributors."""

from abc import abstractmethod
from typing import Literal

import numpy as np
from pydantic import Field

from simulator.components import Component, Floats, Integers, Memory

__all__ = [
    "ISSUANCES",
    "Capped",
    "Constant",
    "Halving",
    "Issuance",
    "PerImprovement",
    "Unearned",
]

Unearned = Literal["carry", "treasury", "burn"]
"""Use of a reward that no client earned: carried to the next period, to the treasury, or burned."""


class Issuance(Component):
    """A rule for the emission of each period, and its division among clients."""

    by: Literal["share", "equal"] = Field(
        "share", description="Whether a client gets its share of the emission, or all the same."
    )
    unearned: Unearned = Field(
        "carry", description="What happens to the emission of a period in which nobody earned any."
    )

    @abstractmethod
    def schedule(self, memory: Memory, periods: Integers) -> Floats:
        """Tokens that the schedule fixes for consecutive `periods`, all clients together.

        The first period is the one after `memory`.
        """

    def emission(self, memory: Memory, period: int, utility: float) -> float:
        """Tokens due in `period` with a model of this utility; by default, as scheduled."""
        return float(self.schedule(memory, np.array(period)))

    def client_fractions(self, shares: Floats) -> Floats:
        """Each client's fraction of an emission, when any client earned it `[clients]`."""
        return shares if self.by == "share" else np.full_like(shares, 1 / len(shares))

    def initial(self, utility: float) -> Memory:
        """Memory before period 1: nothing minted or carried, the first model the best so far."""
        return {"carried": np.zeros(()), "minted": np.zeros(()), "best": np.array(utility)}

    def issue(
        self, memory: Memory, period: int, shares: Floats, utility: float
    ) -> tuple[Floats, float, Memory]:
        """Mint in `period`; returns (tokens to each client, to the treasury per client, memory).

        With all `shares` `[clients]` 0 no client earned the emission and `unearned` decides.
        `utility` is that of the period's model on the validation set.
        """
        due = self.emission(memory, period, utility) + float(memory["carried"])
        earned = bool(shares.any())
        issued = due * self.client_fractions(shares) if earned else np.zeros_like(shares)
        to_treasury = 0.0 if earned or self.unearned != "treasury" else due
        minted = due if earned else to_treasury
        return (
            issued,
            to_treasury / len(shares),
            {
                "carried": np.array(0.0 if earned or self.unearned != "carry" else due),
                "minted": memory["minted"] + minted,
                "best": np.maximum(memory["best"], utility),
            },
        )


class Halving(Issuance):
    """E_t = first 2^(-(t - 1)/half_life): about 1.44 first half_life in all."""

    kind: Literal["halving"] = "halving"
    first: float = Field(
        40.0, ge=0, le=1e12, description="Tokens of period 1, all clients together."
    )
    half_life: float = Field(20.0, gt=0, description="Periods in which the emission halves.")

    def schedule(self, memory: Memory, periods: Integers) -> Floats:
        emission: Floats = self.first * 2.0 ** (-(periods - 1) / self.half_life)
        return emission


class Constant(Issuance):
    """The same number of tokens every period, for ever."""

    kind: Literal["constant"] = "constant"
    amount: float = Field(
        10.0, ge=0, le=1e12, description="Tokens per period, all clients together."
    )

    def schedule(self, memory: Memory, periods: Integers) -> Floats:
        return np.full(np.shape(periods), self.amount)


class Capped(Issuance):
    """The same number of tokens every period until `cap` are minted: E_t = min(amount, cap - M).

    M is what was minted before, to clients and to the treasury, and what is carried over to be
    minted; the tokens of genesis are not in it, nor is unearned emission that was burned.
    """

    kind: Literal["capped"] = "capped"
    amount: float = Field(
        40.0, ge=0, le=1e12, description="Tokens per period, all clients together."
    )
    cap: float = Field(1000.0, ge=0, le=1e15, description="Tokens that are minted in all.")

    def schedule(self, memory: Memory, periods: Integers) -> Floats:
        remaining = self.cap - memory["minted"] - memory["carried"]
        earlier = self.amount * (periods - periods.min())
        emission: Floats = np.clip(remaining - earlier, 0.0, self.amount)
        return emission


class PerImprovement(Issuance):
    """E_t = amount max(0, gain): tokens only for a model better than every one before.

    The gain is that in utility on the validation set, which contributions divide, over the best
    model so far, the untrained one included: what is lost and regained is not paid for twice.
    Nothing is scheduled ahead, so fundamental values reckon with no dilution.
    """

    kind: Literal["per_improvement"] = "per_improvement"
    amount: float = Field(
        500.0, ge=0, le=1e12, description="Tokens per unit of gain, all clients together."
    )

    def schedule(self, memory: Memory, periods: Integers) -> Floats:
        return np.zeros(np.shape(periods))

    def emission(self, memory: Memory, period: int, utility: float) -> float:
        return self.amount * max(0.0, utility - float(memory["best"]))


ISSUANCES: tuple[type[Issuance], ...] = (Halving, Constant, Capped, PerImprovement)
