"""Fees: what a swap earns the pool, and rates that follow how much prices move."""

import numpy as np
from pydantic import Field

from simulator.components import Booleans, Floats, Memory, Section

__all__ = ["VolatilityFee", "fee_in_numeraire", "fees_earned"]


def fees_earned(
    fee: Floats | float,
    on_output: Booleans | bool,
    paid_in: Floats | float,
    paid_out: Floats | float,
) -> tuple[Floats, Floats]:
    """The fee earned by swaps: within what was `paid_in`, and besides what was `paid_out`.

    `fee` is the rate; each fee is in the asset of the amount that it belongs to. A pool keeps its
    fee from what it is paid or, `on_output`, from what it pays. All arguments broadcast.
    """
    fee_in = np.where(on_output, 0.0, fee * paid_in)
    fee_out = np.where(on_output, paid_out * fee / (1 - fee), 0.0)
    return fee_in, fee_out


def fee_in_numeraire(fee: Floats, bought_for: Floats, sold_for: Floats) -> Floats:
    """The fee earned when buys paid `bought_for` and sells were paid `sold_for`, in numeraire.

    A fee in tokens counts at the price at which the rest of the swap traded, so that the same
    holds for fees on input and on output.
    """
    return fee * (bought_for + sold_for / (1 - fee))


class VolatilityFee(Section):
    """Adds `sensitivity` times its price's volatility to a pool's fee, up to `most`.

    The volatility is the root of a moving average of squared log returns, from one period's end to
    the next. It pays liquidity providers more when arbitrage against them pays more.
    """

    sensitivity: float = Field(
        0.0, ge=0, le=1e3, description="Fee per unit of volatility; 0 makes it the same always."
    )
    memory: float = Field(0.9, ge=0, lt=1, description="Weight of the past in the volatility.")
    most: float = Field(0.1, ge=0, lt=1, description="Highest fee that volatility can lead to.")

    def initial(self, spot_price: Floats) -> Memory:
        """A memory that has seen `spot_price` `[tokens]` once."""
        return {"price": spot_price, "variance": np.zeros_like(spot_price)}

    def observe(self, memory: Memory, spot_price: Floats) -> Memory:
        """Take in the price at a period's end."""
        new = np.log(spot_price / memory["price"]) ** 2
        variance = self.memory * memory["variance"] + (1 - self.memory) * new
        return {"price": spot_price, "variance": variance}

    def fees(self, memory: Memory, least: float) -> Floats:
        """The fee of each pool `[tokens]`, at least the one without volatility."""
        fee = least + self.sensitivity * np.sqrt(memory["variance"])
        return np.minimum(fee, max(self.most, least))
