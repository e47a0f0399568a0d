"""Valuation: a token's fundamental value from its expected cash."""

import functools

import numpy as np
from pydantic import Field

from simulator.components import Booleans, Floats, Memory, Section

__all__ = ["Valuation"]

HORIZON = 300  # periods valued one by one; the rest as a perpetuity


class Valuation(Section):
    """Fundamental value V = sum over k >= 1 of C / S_k (1 + r)^-k, numeraire per token.

    C is a moving average of the cash a period brings to all holders of the token, S_k the supply
    that will share it k periods ahead: today's earning supply plus the client's part of the
    scheduled emission and of earlier grants, as far as they have vested by then. At a constant
    dilution rate d this is c/(r + d + r d) with c = C / S_0.
    """

    discount: float = Field(0.01, gt=0, description="Discount rate r per period.")
    memory: float = Field(0.8, ge=0, lt=1, description="Weight of the past in the average of cash.")

    def initial(self, tokens: int) -> Memory:
        """Memory before any cash was observed."""
        return {"cash": np.zeros(tokens), "seen": np.zeros(tokens, dtype=np.int64)}

    def expect(self, memory: Memory, cash: Floats, exist: Booleans) -> tuple[Floats, Memory]:
        """Expected cash per period after `cash` in this one `[tokens]`, and the new memory.

        A token's average starts in the first period in which it exists.
        """
        past = np.where(memory["seen"] > 0, memory["cash"], cash)
        average = self.memory * past + (1 - self.memory) * cash
        return average, {"cash": average, "seen": memory["seen"] + exist}

    def value(
        self,
        cash: Floats,
        supply: Floats,
        fractions: Floats,
        emissions: Floats,
        unlocked: Floats | None = None,
    ) -> Floats:
        """Fundamental value `[tokens]`, 0 for a token without earning supply.

        `cash` expected per period, `supply` earning today, `fractions` of the emission (all
        `[tokens]`); `emissions` `[HORIZON]` vesting in the coming periods, all tokens together;
        `unlocked` `[tokens, HORIZON]`: earlier grants vesting in those periods.
        """
        future = supply[:, None] + fractions[:, None] * np.cumsum(emissions)
        if unlocked is not None:
            future += np.cumsum(unlocked, axis=1)
        future[supply <= 0] = np.inf
        value: Floats = cash * (1.0 / future @ _discount_factors(self.discount))
        return value


@functools.cache
def _discount_factors(discount: float) -> Floats:
    """(1 + r)^-k `[HORIZON]`; the last factor includes the perpetuity after it."""
    factors: Floats = (1 + discount) ** -np.arange(1.0, HORIZON + 1)
    factors[-1] += factors[-1] / discount
    return factors
