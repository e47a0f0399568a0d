"""Payout: how a period's revenue is divided among its uses."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from simulator.advice import conjoined, setting
from simulator.components import Booleans, Floats, Memory, Section
from simulator.errors import Misfit
from simulator.tokens.issuance import Unearned

__all__ = ["Buyback", "Payout", "PayoutSplit"]


SUM_TOLERANCE = 1e-9  # allowed difference of the fractions' sum from 1


@dataclass(frozen=True)
class PayoutSplit:
    """A period's money by use, in numeraire; arrays are `[clients]`.

    Revenue plus `released` (carried from earlier periods) equals the sum of all other fields.
    """

    dividend: Floats  # to the holders of each client's token
    buyback: Floats  # for buying each client's token in the market
    direct: Floats  # to each client
    liquidity: Floats  # for the pool of each client's token
    treasury: float
    released: float
    carried: float  # unearned, carried to the next period
    burned: float  # unearned, burned


class Buyback(Section):
    """The treasury's purchases of tokens with part of the revenue.

    A token's purchase is skipped, and its money retained by the treasury, when its spot price
    stands above `value_limit` fundamental values or `twap_limit` average prices.
    """

    then: Literal["burn", "to_client"] = Field(
        "burn", description="What happens to the tokens bought."
    )
    value_limit: float = Field(
        1.5, gt=0, description="Highest spot price, in fundamental values, at which it buys."
    )
    twap_limit: float = Field(
        1.25, gt=0, description="Highest spot price, in average prices (TWAP), at which it buys."
    )

    def buys(self, spot_price: Floats, fundamental_value: Floats, twap: Floats) -> Booleans:
        """Which tokens the treasury buys at these prices `[tokens]`."""
        return (spot_price <= self.value_limit * fundamental_value) & (
            spot_price <= self.twap_limit * twap
        )


def _with_sum_one(uses: dict[str, float]) -> str:
    """Settings with which all fractions sum to 1: of the treasury or, above 1, of other `uses`."""
    total = sum(uses.values())
    if total <= 1:
        return setting("tokens.payout.treasury", round(1 - total, 12))
    scaled = {f"tokens.payout.{use}": part / total for use, part in uses.items() if part}
    return conjoined(scaled | {"tokens.payout.treasury": 0})


class Payout(Section):
    """Fractions of revenue by use; they must sum to 1."""

    dividend: float = Field(0.5, ge=0, le=1, description="To token holders, by their holdings.")
    buyback: float = Field(0.2, ge=0, le=1, description="For buying tokens in the market.")
    direct: float = Field(0.2, ge=0, le=1, description="To clients, by their shares.")
    liquidity: float = Field(
        0.0, ge=0, le=1, description="Into pools, with tokens minted for it, for the treasury."
    )
    treasury: float = Field(0.1, ge=0, le=1, validate_default=True, description="To the treasury.")
    pools_earn: bool = Field(
        True, description="Whether tokens in pools earn dividends, paid to the liquidity providers."
    )
    unearned: Unearned = Field(
        "carry", description="What happens to the clients' part when nobody earned any."
    )
    buybacks: Buyback = Field(Buyback(), description="Terms of the treasury's purchases.")

    @field_validator("treasury")
    @classmethod
    def _sums_to_one(cls, treasury: float, info: ValidationInfo) -> float:
        uses = ("dividend", "buyback", "direct", "liquidity")
        if all(use in info.data for use in uses):
            total = sum(info.data[use] for use in uses) + treasury
            if abs(total - 1) > SUM_TOLERANCE:
                advice = _with_sum_one({use: info.data[use] for use in uses})
                what = f"{' + '.join(uses)} + treasury must sum to 1, they sum to {total:g}"
                raise Misfit(f"{what}: set {advice}", ".", *uses)
        return treasury

    @property
    def to_holders(self) -> float:
        """Fraction of revenue that reaches token holders: dividends and burned buybacks."""
        return self.dividend + (self.buyback if self.buybacks.then == "burn" else 0.0)

    def initial(self) -> Memory:
        """Memory without money carried over."""
        return {"carried": np.zeros(())}

    def split(self, memory: Memory, revenue: float, shares: Floats) -> tuple[PayoutSplit, Memory]:
        """Divide `revenue` by use and by `shares` `[clients]`; if all are 0, `unearned` decides."""
        released = float(memory["carried"])
        treasury = self.treasury * revenue
        to_clients = revenue - treasury + released
        zero = np.zeros_like(shares)
        uses = self.dividend, self.buyback, self.direct, self.liquidity
        total = sum(uses)
        if shares.any() and total > SUM_TOLERANCE:
            dividend, buyback, direct, liquidity = (
                use / total * to_clients * shares for use in uses
            )
            split = PayoutSplit(dividend, buyback, direct, liquidity, treasury, released, 0.0, 0.0)
            return split, self.initial()
        treasury += to_clients if self.unearned == "treasury" else 0.0
        carried = to_clients if self.unearned == "carry" else 0.0
        burned = to_clients if self.unearned == "burn" else 0.0
        split = PayoutSplit(zero, zero, zero, zero, treasury, released, carried, burned)
        return split, {"carried": np.array(carried)}
