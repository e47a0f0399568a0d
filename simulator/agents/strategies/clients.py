"""Policies of clients for the tokens issued to them."""

from typing import Literal

import numpy as np
from pydantic import Field

from simulator.agents.strategies.base import Portfolio, Strategy, sales
from simulator.components import Floats, Integers, Memory
from simulator.elementary import log
from simulator.market import MarketView, Orders

__all__ = ["CLIENT_POLICIES", "CoverCosts", "Hold", "SellFraction", "ValueSeller"]


class ValueSeller(Strategy):
    """Sells a part of what it is issued, and more of its stock the further price is above value.

    Of its own tokens it sells stock_fraction x clip(log(price / value), 0, 1) a period.
    """

    kind: Literal["value_seller"] = "value_seller"
    sell_fraction: float = Field(
        0.5, ge=0, le=1, description="Part of each period's issuance that is sold at once."
    )
    stock_fraction: float = Field(
        0.1, ge=0, le=1, description="Part of its own tokens sold per period at e times the value."
    )

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        own, stock = portfolio.own_token, _stock(portfolio)
        overpricing = log(view.spot_price[own]) - log(view.fundamental_value[own])
        from_stock = self.stock_fraction * np.clip(overpricing, 0.0, 1.0) * stock
        amount = self.sell_fraction * portfolio.issued + from_stock
        return sales(own, np.minimum(amount, stock), view, portfolio), memory


class Hold(Strategy):
    """Sells nothing and lives on dividends and direct pay."""

    kind: Literal["hold"] = "hold"

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        return Orders.none(), memory


class SellFraction(Strategy):
    """Sells a part of what it is issued as soon as it has it, whatever the price."""

    kind: Literal["sell_fraction"] = "sell_fraction"
    fraction: float = Field(1.0, ge=0, le=1, description="Part of each period's issuance sold.")

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        amount = np.minimum(self.fraction * portfolio.issued, _stock(portfolio))
        return sales(portfolio.own_token, amount, view, portfolio), memory


class CoverCosts(Strategy):
    """Sells only what it needs to go on training, and holds the rest.

    Whenever its money is less than `reserve` periods' training cost it sells as many tokens as its
    pool would pay the difference for. When the market refuses that, the reserve has to do.
    """

    kind: Literal["cover_costs"] = "cover_costs"
    reserve: float = Field(3.0, gt=0, le=1e6, description="Money kept, in periods' training cost.")

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        own, stock = portfolio.own_token, _stock(portfolio)
        shortfall = np.maximum(self.reserve * portfolio.training_cost - portfolio.numeraire, 0.0)
        return sales(own, _tokens_for(shortfall, own, stock, view), view, portfolio), memory


def _tokens_for(money: Floats, token: Integers, stock: Floats, view: MarketView) -> Floats:
    """Tokens out of `stock` for which the pools would pay about `money` `[accounts]`."""
    amount = np.minimum(money / (view.spot_price[token] * (1 - view.fee[token])), stock)
    for _ in range(4):  # each step shrinks the gap by a factor of about the price impact
        payout = view.quote(token, np.zeros(len(token), dtype=bool), amount)
        factor = np.divide(money, payout, out=np.ones_like(payout), where=payout > 0)
        amount = np.minimum(amount * factor, stock)
    return amount


def _stock(portfolio: Portfolio) -> Floats:
    """Each client's holdings of its own token; 0 without one `[accounts]`."""
    own = portfolio.own_token
    stock: Floats = np.where(own >= 0, portfolio.tokens[np.arange(len(own)), own], 0.0)
    return stock


CLIENT_POLICIES: tuple[type[Strategy], ...] = (ValueSeller, Hold, SellFraction, CoverCosts)
