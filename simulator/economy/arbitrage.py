"""Arbitrage between pools and the outside market: trades outside, at the outside price."""

import numpy as np

from simulator.components import Booleans, Floats
from simulator.ledger import NUMERAIRE, OUTSIDE, SHORTFALL_TOLERANCE, Ledger
from simulator.market import Fills, Orders

__all__ = ["buy_outside", "sell_outside"]


def buy_outside(ledger: Ledger, orders: Orders, price: Floats) -> Booleans:
    """Buy outside the tokens that `orders` sell in pools; returns which orders were affordable.

    An account that cannot pay for all of its tokens buys none.
    """
    amount = np.where(orders.buy, 0.0, orders.amount)
    worth = amount * price[orders.token]
    total = np.bincount(orders.account, worth, len(ledger.balances))
    most = ledger.balances[:, NUMERAIRE] * (1 + SHORTFALL_TOLERANCE)
    affordable: Booleans = (total <= most)[orders.account] & (amount > 0)
    account, asset = orders.account[affordable], 1 + orders.token[affordable]
    ledger.transfer("outside_purchase", NUMERAIRE, account, OUTSIDE, worth[affordable])
    ledger.transfer("outside_purchase", asset, OUTSIDE, account, amount[affordable])
    return affordable


def sell_outside(ledger: Ledger, fills: Fills, bought_outside: Booleans, price: Floats) -> None:
    """Sell outside the tokens bought in pools, and those bought outside that pools refused."""
    orders, filled = fills.orders, fills.filled
    amount = np.where(orders.buy & filled, fills.amount_out, 0.0)
    amount = np.where(bought_outside & ~filled, orders.amount, amount)
    account, asset = orders.account, 1 + orders.token
    ledger.transfer("outside_sale", asset, account, OUTSIDE, amount)
    ledger.transfer("outside_sale", NUMERAIRE, OUTSIDE, account, amount * price[orders.token])
