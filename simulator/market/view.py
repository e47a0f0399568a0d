"""What agents may see of the market when they decide: one frozen view for all."""

from dataclasses import dataclass, replace

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.market.curves import ConstantProduct, Curve
from simulator.market.orders import Orders
from simulator.market.ranges import Segments
from simulator.market.settling import numbers

__all__ = ["MarketView"]

BLOCK = 8192  # orders quoted at a time: what is computed of them stays in the cache


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
    share: Floats  # of the client behind the token in this period's rewards
    issued: Floats  # this period, to that client
    training_cost: Floats  # of that client, numeraire per period in which it takes part
    dividend: Floats  # paid this period for each token held, numeraire
    gas: float = 0.0  # numeraire per order
    outside_price: Floats | None = None  # numeraire per token beyond the pools, if there is one
    fees_earned: Floats | None = None  # by each pool in the last period, numeraire
    segments: Segments | None = None  # of concentrated pools, whose reserves are virtual ones
    routes: bool = True  # whether routed orders settle
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
        paid = np.empty(len(amount))
        for first in range(0, len(amount), BLOCK):
            some = slice(first, first + BLOCK)
            paid[some] = self._quote(token[some], buy[some], amount[some])
        return paid

    def bounded(self, orders: Orders, tolerance: Floats) -> Orders:
        """The orders, with bounds of at least their quotes less the `tolerance` `[accounts]`."""
        if type(self.curve) is not ConstantProduct or not len(orders):
            quote = self.quote(orders.token, orders.buy, orders.amount)
            return orders.bounded((1 - tolerance[orders.account]) * quote)
        from simulator.market.kernels import bounds

        raised = bounds(
            self.reserve_token,
            self.reserve_numeraire,
            self.fee,
            tolerance,
            orders.account,
            orders.token,
            orders.buy,
            orders.amount,
            orders.min_out,
        )
        return replace(orders, min_out=raised)

    def _quote(self, token: Integers, buy: Booleans, amount: Floats) -> Floats:
        reserve_token, reserve_numeraire = self.reserve_token[token], self.reserve_numeraire[token]
        reserve_in = np.where(buy, reserve_numeraire, reserve_token)
        reserve_out = np.where(buy, reserve_token, reserve_numeraire)
        filled = (reserve_in > 0) & (reserve_out > 0)
        reserve_in, reserve_out = (
            np.where(filled, reserve_in, 1.0),
            np.where(filled, reserve_out, 0.0),
        )
        terms = reserve_in, reserve_out, amount, self.fee[token], ~buy
        if (known := numbers(self.curve)) is None:
            return self.curve.payout(*terms)
        from simulator.market.kernels import payout

        paid: Floats = payout(*known, *terms)
        return paid
