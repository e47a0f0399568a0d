"""What agents may see of the market when they decide: one frozen view for all."""

from dataclasses import dataclass, replace

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.market.concentrated import Segments
from simulator.market.curves import Curve
from simulator.market.orders import Orders
from simulator.market.settling import numbers

__all__ = ["MarketView"]


@dataclass(frozen=True)
class MarketView:
    """The public state of a period before anyone trades; arrays are `[tokens]`."""

    period: int
    curve: Curve
    fee: Floats
    reserve_token: Floats
    reserve_numeraire: Floats
    spot_price: Floats
    supply: Floats  # minted and not burned
    twap: Floats
    fundamental_value: Floats
    share: Floats  # of the clients behind the token in this period's rewards
    dividend: Floats  # paid this period for each token held, numeraire
    gas: float = 0.0  # numeraire per order
    outside_price: Floats | None = None  # numeraire per token beyond the pools, if there is one
    fees_earned: Floats | None = None  # by each pool in the last period, numeraire
    segments: Segments | None = None  # of concentrated pools, whose reserves are virtual ones
    pending: Orders | None = None  # of the first wave, for those of the second

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def open(self) -> Booleans:
        """Which pools there is something to trade with in `[tokens]`."""
        filled: Booleans = (self.reserve_token > 0) & (self.reserve_numeraire > 0)
        return filled

    def quote(self, token: Integers, buy: Booleans, amount: Floats) -> Floats:
        """What orders alone in this view would be paid: tokens for buys, numeraire for sells.

        To the last bit what settling would pay. An empty pool pays 0.
        """
        if self.segments is not None:
            return self.segments.quote(token, buy, amount, self.fee)
        if (known := numbers(self.curve)) is None:
            return self._quote(token, buy, amount)
        from simulator.market.kernels import quotes

        quoted: Floats = quotes(known[0], known[1:], self._market, token, buy, amount)
        return quoted

    def bounded(self, orders: Orders, tolerance: Floats) -> Orders:
        """The orders, with bounds of at least their quotes less the `tolerance` `[accounts]`."""
        known = None if self.segments is not None else numbers(self.curve)
        swaps = orders.token, orders.buy, orders.amount
        if known is None:
            return orders.bounded((1 - tolerance[orders.account]) * self.quote(*swaps))
        from simulator.market.kernels import bounds

        columns = orders.account, *swaps, orders.min_out
        raised = bounds(known[0], known[1:], self._market, tolerance, *columns)
        return replace(orders, min_out=raised)

    @property
    def _market(self) -> tuple[Floats, Floats, Floats]:
        return self.reserve_token, self.reserve_numeraire, self.fee

    def _quote(self, token: Integers, buy: Booleans, amount: Floats) -> Floats:
        """By the curve's own formula, for curves that the kernel does not know."""
        reserve_token, reserve_numeraire = self.reserve_token[token], self.reserve_numeraire[token]
        reserve_in = np.where(buy, reserve_numeraire, reserve_token)
        reserve_out = np.where(buy, reserve_token, reserve_numeraire)
        filled = (reserve_in > 0) & (reserve_out > 0)
        reserve_in, reserve_out = (
            np.where(filled, reserve_in, 1.0),
            np.where(filled, reserve_out, 0.0),
        )
        return self.curve.payout(reserve_in, reserve_out, amount, self.fee[token], ~buy)
