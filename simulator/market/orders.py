"""Orders, which agents place, and fills, which say what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

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
        return Orders(*(getattr(self, field.name)[rows] for field in fields(Orders)))

    @staticmethod
    def join(several: Sequence["Orders"]) -> "Orders":
        """All orders of `several`, one after the other."""
        if not several:
            return Orders.none()
        columns = ([getattr(orders, field.name) for orders in several] for field in fields(Orders))
        return Orders(*(np.concatenate(column) for column in columns))

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
        return self.status == 0

    @property
    def price(self) -> Floats:
        """Numeraire per token, fee included; NaN where nothing was executed."""
        paid, got, buy = self.orders.amount, self.amount_out, self.orders.buy
        numeraire, tokens = np.where(buy, paid, got), np.where(buy, got, paid)
        return np.divide(numeraire, tokens, out=np.full(len(got), np.nan), where=self.filled)

    @property
    def numeraire(self) -> Floats:
        """Numeraire that changed hands."""
        return np.where(self.filled, np.where(self.orders.buy, self.orders.amount, self.amount_out), 0.0)
