"""The market as agents see it when they decide: one frozen view for all."""

from dataclasses import dataclass, replace

import numpy as np

from simulator.answers import answers_of
from simulator.components import Booleans, Floats, Integers
from simulator.market.concentrated import Segments
from simulator.market.curves import HUGE, Curve
from simulator.market.orders import Orders
from simulator.market.settling import kernel_parameters

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
    supply: Floats  # tokens minted and not burned
    twap: Floats
    fundamental_value: Floats
    share: Floats  # of the clients behind the token in this period's rewards
    dividend: Floats  # paid this period per token held, numeraire
    gas: float = 0.0  # numeraire per order
    outside_price: Floats | None = None  # numeraire per token outside the pools
    fees_earned: Floats | None = None  # by each pool in the last period, numeraire
    segments: Segments | None = None  # of concentrated pools, whose reserves here are virtual
    pending: Orders | None = None  # the first wave's orders, visible to the second wave

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def open(self) -> Booleans:
        """Which pools hold tokens and numeraire to trade with `[tokens]`."""
        is_open: Booleans = (self.reserve_token > 0) & (self.reserve_numeraire > 0)
        return is_open

    def quote(self, token: Integers, buy: Booleans, amount: Floats) -> Floats:
        """Payout of each order if it settled first: tokens for buys, numeraire for sells.

        Equals the settled payout to the last bit. An empty pool pays 0.
        """
        if self.segments is not None:
            return self.segments.quote(token, buy, amount, self.fee)
        if (parameters := kernel_parameters(self.curve)) is None:
            return self._quote(token, buy, amount)
        from simulator.market.kernels import quotes

        curve = parameters[0], parameters[1:]
        payouts: Floats = quotes(*curve, self._market, token, buy, amount)
        return payouts

    def bounded(self, orders: Orders, tolerance: Floats) -> Orders:
        """Orders with `min_out` raised to at least (1 - `tolerance` `[accounts]`) x their quote."""
        parameters = None if self.segments is not None else kernel_parameters(self.curve)
        swaps = orders.token, orders.buy, orders.amount
        if parameters is None:
            return orders.bounded((1 - tolerance[orders.account]) * self.quote(*swaps))
        from simulator.market.kernels import bounds

        columns = orders.account, *swaps, orders.min_out
        min_out = bounds(parameters[0], parameters[1:], self._market, tolerance, *columns)
        return replace(orders, min_out=min_out)

    @property
    def _market(self) -> tuple[Floats, Floats, Floats]:
        return self.reserve_token, self.reserve_numeraire, self.fee

    def _quote(self, token: Integers, buy: Booleans, amount: Floats) -> Floats:
        """Quote by the curve's own formula, for curves without a kernel."""
        reserve_token, reserve_numeraire = self.reserve_token[token], self.reserve_numeraire[token]
        reserve_in = np.where(buy, reserve_numeraire, reserve_token)
        reserve_out = np.where(buy, reserve_token, reserve_numeraire)
        is_open = (reserve_in > 0) & (reserve_out > 0)
        reserve_in, reserve_out = (
            np.where(is_open, reserve_in, 1.0),
            np.where(is_open, reserve_out, 0.0),
        )
        with answers_of(self.curve, "payout") as answers:
            payout = self.curve.payout(reserve_in, reserve_out, amount, self.fee[token], ~buy)
            payout = answers.floats(payout, amount.shape)
            # A huge amount may overflow, which no pool can pay for.
            answers.numbers(payout[amount < HUGE], payout[amount < HUGE].shape, least=0)
            return payout
