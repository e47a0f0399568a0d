"""Policies of clients: what they do with the tokens they are given."""

from typing import Literal

import numpy as np
from pydantic import Field

from simulator.agents.strategies.base import Portfolio, Strategy, sales
from simulator.components import Memory
from simulator.market import MarketView, Orders

__all__ = ["CLIENT_POLICIES", "ValueSeller"]


class ValueSeller(Strategy):
    """Sells a part of what it is issued, and some of its stock while the price is above value."""

    kind: Literal["value_seller"] = "value_seller"
    sell_fraction: float = Field(
        0.5, ge=0, le=1, description="Part of each period's issuance that is sold at once."
    )
    stock_fraction: float = Field(
        0.02, ge=0, le=1, description="Part of its own tokens sold per period while spot > value."
    )

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        own = portfolio.own_token
        stock = np.where(own >= 0, portfolio.tokens[np.arange(len(own)), own], 0.0)
        dear = view.spot_price[own] > view.fundamental_value[own]
        sold = self.sell_fraction * view.issued[own] + self.stock_fraction * stock * dear
        return sales(own, np.minimum(sold, stock), view), memory


CLIENT_POLICIES: tuple[type[Strategy], ...] = (ValueSeller,)
