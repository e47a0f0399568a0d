"""Trades of pools against the outside: tokens come from there and go there at its price."""

import numpy as np

from simulator.components import Booleans, Floats
from simulator.ledger import NUMERAIRE, OUTSIDE, SHORTFALL_TOLERANCE, Ledger
from simulator.market import Fills, Orders

__all__ = ["bring_in", "take_out"]


def bring_in(ledger: Ledger, orders: Orders, price: Floats) -> Booleans:
    """Buy outside what `orders` sell in pools; returns for which of them that was affordable.

    An account that cannot pay for all of it buys nothing.
    """
    sold = np.where(orders.buy, 0.0, orders.amount)
    worth = sold * price[orders.token]
    total = np.bincount(orders.account, worth, len(ledger.balances))
    most = ledger.balances[:, NUMERAIRE] * (1 + SHORTFALL_TOLERANCE)
    able: Booleans = (total <= most)[orders.account] & (sold > 0)
    account, asset = orders.account[able], 1 + orders.token[able]
    ledger.transfer("outside_purchase", NUMERAIRE, account, OUTSIDE, worth[able])
    ledger.transfer("outside_purchase", asset, OUTSIDE, account, sold[able])
    return able


def take_out(ledger: Ledger, fills: Fills, brought_in: Booleans, price: Floats) -> None:
    """Sell outside what `fills` bought in pools and what was brought in but not sold there."""
    orders, filled = fills.orders, fills.filled
    amount = np.where(orders.buy & filled, fills.amount_out, 0.0)
    amount = np.where(brought_in & ~filled, orders.amount, amount)
    account, asset = orders.account, 1 + orders.token
    ledger.transfer("outside_sale", asset, account, OUTSIDE, amount)
    ledger.transfer("outside_sale", NUMERAIRE, OUTSIDE, account, amount * price[orders.token])
