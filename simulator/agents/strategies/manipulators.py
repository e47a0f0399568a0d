"""Strategies of manipulators: orders placed to influence other traders."""

from typing import Literal

import numpy as np
from pydantic import Field

from simulator.agents.strategies.base import Portfolio, Strategy, purchases, sales
from simulator.components import Memory
from simulator.market import MarketView, Orders

__all__ = ["Manipulator", "PumpAndDump", "WashTrader"]


class Manipulator(Strategy):
    """Works on one token, chosen once: its first by number where several are alike."""

    token: Literal["cheapest_pool", "lowest_share"] = Field(
        "cheapest_pool",
        description="Which token: that whose pool holds least numeraire, or of the lowest share.",
    )

    def initial(self, accounts: int, draws: np.random.Generator) -> Memory:
        return {"token": np.array(-1)}

    def choose_token(self, view: MarketView, memory: Memory) -> int:
        """Number of the token to manipulate; -1 while no pool is open."""
        if memory["token"] >= 0:
            return int(memory["token"])
        is_open = view.open
        size = view.reserve_numeraire if self.token == "cheapest_pool" else view.share
        return int(np.argmin(np.where(is_open, size, np.inf))) if is_open.any() else -1


class PumpAndDump(Manipulator):
    """Buys a token period after period so that its price rises, and then sells all it has of it.

    Of its cash it spends `spend` in each of `accumulate` periods; it sells equal parts in the
    following `dump` periods, and after them whatever the market has refused. Other tokens it
    leaves as they are. With activity below 1 it misses periods.
    """

    kind: Literal["pump_and_dump"] = "pump_and_dump"
    start: int = Field(5, ge=1, le=1_000_000, description="First period of buying.")
    accumulate: int = Field(10, ge=1, le=1_000_000, description="Periods of buying.")
    dump: int = Field(3, ge=1, le=1_000_000, description="Periods in which it sells.")
    spend: float = Field(0.2, gt=0, le=1, description="Part of its cash spent per period.")

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        token = self.choose_token(view, memory) if view.period >= self.start else -1
        if token < 0:
            return Orders.none(), memory
        periods_left = self.start + self.accumulate + self.dump - view.period
        if periods_left > self.dump:
            orders = purchases(token, self.spend * portfolio.numeraire, view, portfolio)
        else:
            tokens = np.full(len(portfolio.numeraire), token)
            amount = portfolio.tokens[:, token] / max(periods_left, 1)
            orders = sales(tokens, amount, view, portfolio)
        return orders, {"token": np.array(token)}


class WashTrader(Manipulator):
    """Buys and sells the same token at once, for the volume alone.

    Each period it orders purchases and sales of the worth `turnover` x wealth, as far as it has
    the cash and the tokens. All it can win is what others do about it; it loses the fees.
    """

    kind: Literal["wash_trader"] = "wash_trader"
    turnover: float = Field(
        0.1, gt=0, le=1, description="Worth of purchases, and of sales, per period and wealth."
    )

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        token = self.choose_token(view, memory)
        if token < 0:
            return Orders.none(), memory
        worth = self.turnover * portfolio.wealth(view)
        buys = purchases(token, worth, view, portfolio)
        amount = np.minimum(worth / view.spot_price[token], portfolio.tokens[:, token])
        sells = sales(np.full(len(portfolio.tokens), token), amount, view, portfolio)
        return Orders.join([buys, sells]), {"token": np.array(token)}
