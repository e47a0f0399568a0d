"""Orders, which agents place, and fills, which say what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.components import Booleans, Floats, Integers

__all__ = ["SIDES", "STATUSES", "Fills", "Orders"]

SIDES = ("buy", "sell")
STATUSES = ("filled", "unaffordable", "slippage", "empty_pool", "exhausted")


@dataclass(frozen=True)
class Orders:
    """Swaps that accounts want, one per row; all arrays `[orders]`.

    A buy pays `amount` numeraire for tokens, a sell pays `amount` tokens for numeraire; both are
    refused when the pool would pay less than `min_out`.
    """

    account: Integers
    token: Integers
    buy: Booleans
    amount: Floats
    min_out: Floats

    def __len__(self) -> int:
        return self.account.size

    def take(self, rows: Integers | Booleans) -> "Orders":
        """The orders of some rows, in their order."""
        return Orders(
            self.account[rows],
            self.token[rows],
            self.buy[rows],
            self.amount[rows],
            self.min_out[rows],
        )

    def by(self, account: Integers) -> "Orders":
        """The same orders of other accounts."""
        return Orders(account, self.token, self.buy, self.amount, self.min_out)

    def bounded(self, min_out: Floats) -> "Orders":
        """The same orders with other bounds."""
        return Orders(self.account, self.token, self.buy, self.amount, min_out)

    @staticmethod
    def join(several: Sequence["Orders"]) -> "Orders":
        """All orders of `several`, one after the other."""
        if not several:
            return Orders.none()
        return Orders(
            np.concatenate([orders.account for orders in several]),
            np.concatenate([orders.token for orders in several]),
            np.concatenate([orders.buy for orders in several]),
            np.concatenate([orders.amount for orders in several]),
            np.concatenate([orders.min_out for orders in several]),
        )

    @staticmethod
    def none() -> "Orders":
        """No orders."""
        whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Orders(whole, whole, np.zeros(0, dtype=bool), real, real)


@dataclass(frozen=True)
class Fills:
    """What became of orders, in the order of settling; all arrays `[orders]`."""

    orders: Orders
    amount_out: Floats
    status: Integers

    @property
    def filled(self) -> Booleans:
        """Which orders were executed."""
        filled: Booleans = self.status == 0
        return filled

    @property
    def price(self) -> Floats:
        """Numeraire per token, fee included; NaN where nothing was executed."""
        paid, got, buy = self.orders.amount, self.amount_out, self.orders.buy
        numeraire, tokens = np.where(buy, paid, got), np.where(buy, got, paid)
        unknown = np.full(len(got), np.nan)
        price: Floats = np.divide(numeraire, tokens, out=unknown, where=self.filled)
        return price

    @property
    def numeraire(self) -> Floats:
        """Numeraire that changed hands."""
        changed: Floats = np.where(self.orders.buy, self.orders.amount, self.amount_out)
        return np.where(self.filled, changed, 0.0)
