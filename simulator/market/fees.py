"""Fees that follow how much prices move."""

import numpy as np
from pydantic import Field

from simulator.components import Floats, Memory, Section

__all__ = ["VolatilityFee"]


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
