"""Fees: what a swap earns the pool, and rates that rise with volatility."""

from typing import Any

import numpy as np
from pydantic import Field

from simulator.components import Booleans, Floats, Memory, Section, as_python
from simulator.elementary import log
from simulator.errors import MarketError

__all__ = ["VolatilityFee", "fee_in_numeraire", "fee_rate", "fees_earned"]


def fee_rate(fee: Any) -> float:
    """The fee as a float. Raises MarketError unless it is at least 0 and less than 1."""
    if not isinstance(as_python(fee), int | float) or not 0 <= fee < 1:
        raise MarketError(f"fee must be at least 0 and less than 1, such as 0.003, got {fee}")
    return float(fee)


def fees_earned(
    fee: Floats | float,
    on_output: Booleans | bool,
    paid_in: Floats | float,
    paid_out: Floats | float,
) -> tuple[Floats, Floats]:
    """Fees earned by swaps: (included in `paid_in`, withheld on top of `paid_out`).

    `fee` is the rate; each fee is in the asset of its amount. A pool takes its fee from the input
    or, where `on_output`, from the output. All arguments broadcast.
    """
    fee_in = np.where(on_output, 0.0, fee * paid_in)
    fee_out = np.where(on_output, paid_out * fee / (1 - fee), 0.0)
    return fee_in, fee_out


def fee_in_numeraire(fee: Floats, bought_for: Floats, sold_for: Floats) -> Floats:
    """Fee earned (numeraire) when buys paid `bought_for` and sells received `sold_for` numeraire.

    A fee in tokens counts at the price of its own swap, so the formula holds for fees on input
    and on output alike.
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
        """Memory after one observation of `spot_price` `[tokens]`."""
        return {"price": spot_price, "variance": np.zeros_like(spot_price)}

    def observe(self, memory: Memory, spot_price: Floats) -> Memory:
        """Update the variance with the price at a period's end."""
        squared_return = log(spot_price / memory["price"]) ** 2
        variance = self.memory * memory["variance"] + (1 - self.memory) * squared_return
        return {"price": spot_price, "variance": variance}

    def fees(self, memory: Memory, least: float) -> Floats:
        """Fee of each pool `[tokens]`; `least` is the fee without volatility."""
        fee = least + self.sensitivity * np.sqrt(memory["variance"])
        return np.minimum(fee, max(self.most, least))
