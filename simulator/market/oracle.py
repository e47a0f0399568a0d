"""The price oracle: a time-weighted average of spot prices (TWAP)."""

import numpy as np
from pydantic import Field

from simulator.components import Floats, Memory, Section

__all__ = ["Oracle"]


class Oracle(Section):
    """Accumulates each pool's spot price once per trading pass, before its first trade.

    The accumulator and its difference over a window are those of Uniswap v2, with one trading pass
    as the unit of time.
    """

    window: int = Field(10, ge=1, description="Trading passes that the average price looks back.")

    def initial(self, spot_price: Floats) -> Memory:
        """Memory after one observation of `spot_price` `[tokens]`."""
        return {"cumulative": np.stack([np.zeros_like(spot_price), spot_price])}

    def observe(self, memory: Memory, spot_price: Floats) -> Memory:
        """Add one observation; keeps the accumulator's last `window` + 1 values, oldest first."""
        cumulative = memory["cumulative"]
        extended = np.concatenate([cumulative, [cumulative[-1] + spot_price]])
        return {"cumulative": extended[-(self.window + 1) :]}

    def twap(self, memory: Memory) -> Floats:
        """Mean of the last `window` observations (fewer at the start), numeraire per token."""
        cumulative = memory["cumulative"]
        average: Floats = (cumulative[-1] - cumulative[0]) / (len(cumulative) - 1)
        return average
