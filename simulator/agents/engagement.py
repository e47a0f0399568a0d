"""Engagement: whether clients participate, with how much data, and how they pay for more data."""

from abc import abstractmethod
from typing import Literal

import numpy as np
from pydantic import Field

from simulator.components import Booleans, Component, Floats, Memory, Section
from simulator.elementary import exp

__all__ = [
    "EFFORTS",
    "OFFERINGS",
    "PARTICIPATIONS",
    "Always",
    "ByProfit",
    "Effort",
    "ForData",
    "Full",
    "LockedData",
    "NoOffering",
    "Offering",
    "Participation",
    "SearchingEffort",
]


class Participation(Component):
    """A rule for whether clients mean to take part in a period."""

    @abstractmethod
    def participates(
        self, period: int, participated: Booleans, pay: Floats, cost: Floats
    ) -> Booleans:
        """Which clients want to participate `[clients]`; `participated`: those who did last period.

        `period` counts from the one in which they joined. `pay` is each client's expected pay per
        period of participation, `cost` its training cost (numeraire).
        """


class Always(Participation):
    """Takes part whenever it can."""

    kind: Literal["always"] = "always"

    def participates(
        self, period: int, participated: Booleans, pay: Floats, cost: Floats
    ) -> Booleans:
        return np.ones_like(participated)


class ByProfit(Participation):
    """Leaves when it expects to be paid less than training costs; returns when more by a margin.

    Expected pay is the share it has had while it took part times what a share of 1 was paid in the
    last period: in money, in tokens at the spot price, and in what its own tokens earn.
    """

    kind: Literal["by_profit"] = "by_profit"
    patience: int = Field(
        10, ge=1, le=1_000_000, description="First periods, in which it takes part in any case."
    )
    margin: float = Field(
        0.1, ge=0, le=100, description="Expected profit at which it returns, in training costs."
    )

    def participates(
        self, period: int, participated: Booleans, pay: Floats, cost: Floats
    ) -> Booleans:
        worthwhile = np.where(participated, pay >= cost, pay > (1 + self.margin) * cost)
        participates: Booleans = worthwhile | (period <= self.patience)
        return participates


PARTICIPATIONS: tuple[type[Participation], ...] = (Always, ByProfit)


class Effort(Component):
    """A rule for the fraction of its examples on which a client trains."""

    def initial(self, clients: int) -> Memory:
        """Memory at full effort, before any other effort was tried; each array is `[clients]`.

        The memory of every rule has these four names.
        """
        full, untried = np.ones(clients), np.full(clients, np.nan)
        return {
            "effort": full,
            "direction": -full,
            "tried_effort": untried,
            "tried_share": untried,
        }

    @abstractmethod
    def choose(
        self, memory: Memory, period: int, share: Floats, rate: Floats, cost: Floats
    ) -> Memory:
        """The memory with the `effort` `[clients]`, from 0 to 1, of clients present in this period.

        `period` counts from the one in which they joined. `share` is each client's share, `rate`
        the pay for a share of 1, `cost` the cost of full effort (numeraire).
        """


class Full(Effort):
    """Trains on all its examples."""

    kind: Literal["full"] = "full"

    def choose(
        self, memory: Memory, period: int, share: Floats, rate: Floats, cost: Floats
    ) -> Memory:
        return memory


class SearchingEffort(Effort):
    """Seeks the most profitable effort step by step: goes on while profit grows, else turns back.

    Every `every` periods it compares share x rate - effort x cost with what its last effort brought
    at the same rate and cost, so that a trend in revenue or price is not taken for its own doing.
    """

    kind: Literal["by_profit"] = "by_profit"
    every: int = Field(
        10, ge=1, le=1_000_000, description="Periods from one choice to the next; credit lags."
    )
    step: float = Field(0.2, gt=0, le=1, description="What effort changes by.")
    least: float = Field(0.2, gt=0, le=1, description="Least effort.")

    def choose(
        self, memory: Memory, period: int, share: Floats, rate: Floats, cost: Floats
    ) -> Memory:
        if period <= 1 or (period - 1) % self.every:
            return memory
        effort, direction = memory["effort"], memory["direction"]
        gain = (share - memory["tried_share"]) * rate - (effort - memory["tried_effort"]) * cost
        direction = np.where(gain < 0, -direction, direction)  # before the first trial: NaN, keeps
        new_effort = np.clip(effort + self.step * direction, self.least, 1.0)
        stuck = np.isclose(new_effort, effort, rtol=0, atol=1e-9)
        return {
            "effort": new_effort,
            "direction": np.where(stuck, -direction, direction),
            "tried_effort": effort,
            "tried_share": share,
        }


EFFORTS: tuple[type[Effort], ...] = (Full, SearchingEffort)


class LockedData(Section):
    """Examples that a client does not own yet, but can buy from outside, the cheapest first.

    Prices are lognormal with mean `price`. In a period it spends at most the part `spends` of the
    money that training once would leave it.
    """

    fraction: float = Field(
        0.0, ge=0, lt=1, description="Part of a client's examples that is locked at genesis."
    )
    price: float = Field(0.5, gt=0, le=1e9, description="Mean price of an example (numeraire).")
    sigma: float = Field(
        0.5, ge=0, le=5, description="Deviation of the log of prices; 0 makes all equal."
    )
    spends: float = Field(
        0.5, ge=0, le=1, description="Part of spare money spent a period; 0 never buys."
    )

    def owned_examples(self, examples: int) -> int:
        """Number of a client's `examples` that it owns at genesis, at least one."""
        return max(examples - round(self.fraction * examples), 1)

    def prices(self, locked: int, draws: np.random.Generator) -> Floats:
        """Prices of `locked` examples, ascending (numeraire)."""
        normal = draws.standard_normal(locked)
        return np.sort(self.price * exp(self.sigma * normal - self.sigma**2 / 2))

    def affordable(self, prices: Floats, cash: float, cost: float) -> tuple[int, float]:
        """(Number of examples, money) that it buys at `prices` with its `cash`.

        `cost` is the cost of one training round, which it sets aside.
        """
        spent = np.cumsum(prices)
        bought = int(np.searchsorted(spent, self.spends * max(cash - cost, 0.0), side="right"))
        return bought, float(spent[bought - 1]) if bought else 0.0

    def funding_gap(self, prices: Floats, cash: float, cost: float) -> float:
        """Money that it still needs to buy examples at all `prices`, 0 if it never buys.

        All `cash` beyond the cost of one training round counts, however little it `spends` per
        period: otherwise it would raise the same money again before it is spent.
        """
        return max(float(prices.sum()) - max(cash - cost, 0.0), 0.0) if self.spends else 0.0


class Offering(Component):
    """A rule for the new tokens that clients sell to raise money."""

    @abstractmethod
    def terms(self, supply: Floats, twap: Floats, needed: Floats) -> tuple[Floats, Floats]:
        """Most numeraire that each client raises, and the price of a token `[clients]`.

        `supply` is the client's part of the token supply, `twap` the token's average price,
        `needed` the numeraire that the client still needs for examples.
        """


class NoOffering(Offering):
    """Sells no new tokens."""

    kind: Literal["none"] = "none"

    def terms(self, supply: Floats, twap: Floats, needed: Floats) -> tuple[Floats, Floats]:
        return np.zeros_like(needed), twap


class ForData(Offering):
    """Sells new tokens near the average price (TWAP), to buy locked examples with the proceeds."""

    kind: Literal["for_data"] = "for_data"
    dilution: float = Field(
        0.02, gt=0, le=1, description="Most that is sold in a period, in parts of the supply."
    )
    discount: float = Field(0.0, ge=0, lt=1, description="Part of the average price taken off.")

    def terms(self, supply: Floats, twap: Floats, needed: Floats) -> tuple[Floats, Floats]:
        price = (1 - self.discount) * twap
        return np.minimum(self.dilution * supply * price, needed), price


OFFERINGS: tuple[type[Offering], ...] = (NoOffering, ForData)
