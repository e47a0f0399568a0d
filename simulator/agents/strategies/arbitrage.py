"""Arbitrage between the pools and an outside market."""

from typing import ClassVar, Literal

import numpy as np

from simulator.agents.strategies.base import Portfolio, Strategy, only_in
from simulator.components import Floats, Memory
from simulator.errors import Misfit
from simulator.market import ConstantProduct, Market, MarketView, Orders

__all__ = ["Arbitrageur", "optimal_amounts"]


class Arbitrageur(Strategy):
    """Buys in a pool what is dearer outside and sells there what is cheaper, when all have traded.

    At an outside price P it pays (sqrt(g P x y) - y)/g numeraire or sells (sqrt(g x y/P) - x)/g
    tokens, g = 1 - fee, which brings the pool of x tokens and y numeraire back to g P <= p <= P/g,
    as far as its money goes. It holds no token afterwards. Of several the first in line trades: the
    others' orders are refused where they would lose. Needs `market.outside_price` and constant
    product (Angeris et al. 2019).
    """

    kind: Literal["arbitrageur"] = "arbitrageur"
    wave: ClassVar[int] = 3
    trades_outside: ClassVar[bool] = True

    def check(self, market: Market) -> None:
        if market.outside_price.kind == "none":
            what = "an arbitrageur needs an outside price: set market.outside_price.kind=gbm"
            raise Misfit(what, "market.outside_price")
        if type(market.curve) is not ConstantProduct:
            what = f"an arbitrageur {only_in(ConstantProduct(), market)}"
            raise Misfit(what, "market.curve")

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        if view.outside_price is None:
            return Orders.none(), memory
        x, price = view.reserve_token, view.outside_price
        buys, sells = optimal_amounts(x, view.reserve_numeraire, price, 1 - view.fee)
        buy, worth = buys > 0, np.where(buys > 0, buys, sells * price)
        payout = view.quote(np.arange(len(x)), buy, np.where(buy, buys, sells))
        profit = np.where(buy, payout * price, payout) - worth
        worth = np.where(profit > view.gas, worth, 0.0)
        cash = portfolio.numeraire[portfolio.trading]
        fraction = np.minimum(cash / worth.sum(), 1.0) if worth.any() else np.zeros(len(cash))
        spending = fraction[:, None] * worth
        row, token = np.nonzero(spending > 0)
        money = spending[row, token]
        amount = np.where(buy[token], money, money / price[token])
        break_even = np.where(buy[token], money / price[token], money)
        account = portfolio.trading[row]
        return Orders(account, token, buy[token], amount, break_even), memory


def optimal_amounts(x: Floats, y: Floats, price: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """(Numeraire to pay, tokens to sell) for most profit in pools of x tokens and y numeraire.

    `price` is the outside price, `rate` 1 - fee. Both are 0 for rate price <= y/x <= price/rate.
    """
    buys = np.maximum(np.sqrt(rate * price * x * y) - y, 0.0) / rate
    sells = np.maximum(np.sqrt(rate * x * y / price) - x, 0.0) / rate
    return buys, sells
