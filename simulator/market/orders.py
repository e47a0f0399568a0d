"""Orders, which agents place, and fills, which say what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from simulator.components import Booleans, Floats, Integers

__all__ = ["SIDES", "STATUSES", "Fills", "Orders"]

SIDES = ("buy", "sell")
NOTHING: Floats = np.zeros(0)
NONE_ROUTED: Booleans = np.zeros(0, dtype=bool)
STATUSES = ("filled", "unaffordable", "slippage", "empty_pool", "exhausted")


@dataclass(frozen=True)
class Orders:
    """Swaps that accounts want, one per row; all arrays `[orders]`.

    A buy pays `amount` numeraire for tokens, a sell pays `amount` tokens for numeraire; both are
    refused when the pool would pay less than `min_out`. Numeraire `tip` is offered for settling
    early, nothing where it is left out.

    A sell that is `routed` is one order with the buy that follows it, which pays what the sell is
    paid, whatever its amount says: token to numeraire to token, for the cost of one, all or
    nothing. None is where `routed` is empty.
    """

    account: Integers
    token: Integers
    buy: Booleans
    amount: Floats
    min_out: Floats
    tip: Floats = field(default_factory=lambda: NOTHING)
    routed: Booleans = field(default_factory=lambda: NONE_ROUTED)

    def __post_init__(self) -> None:
        if self.tip is NOTHING:
            object.__setattr__(self, "tip", np.broadcast_to(0.0, self.account.shape))

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
            self.tip[rows],
            self.routed[rows] if self.routed.size else self.routed,
        )

    @property
    def second(self) -> Booleans:
        """Which are the second of a routed order `[orders]`."""
        second = np.zeros(len(self), dtype=bool)
        second[1:] = self.routed[:-1] if self.routed.size else False
        return second

    def together(self, rows: Integers) -> Integers:
        """The same rows, with every routed order's second right after its first."""
        if not self.routed.size:
            return rows
        rows = rows[~self.second[rows]]
        rows = np.repeat(rows, 1 + self.routed[rows])
        kept: Integers = rows + np.append(False, rows[1:] == rows[:-1])
        return kept

    def by(self, account: Integers) -> "Orders":
        """The same orders of other accounts."""
        return replace(self, account=account)

    def paying(self, amount: Floats) -> "Orders":
        """The same orders of other amounts."""
        return replace(self, amount=amount)

    def bounded(self, min_out: Floats) -> "Orders":
        """The same orders, with bounds of at least `min_out`."""
        return replace(self, min_out=np.fmax(self.min_out, min_out))

    def tipped(self, tip: Floats) -> "Orders":
        """The same orders, with tips of at least `tip`."""
        return replace(self, tip=np.maximum(self.tip, tip))

    def frozen(self) -> "Orders":
        """The same orders, for looking at only."""
        columns = {name: column.view() for name, column in vars(self).items()}
        for column in columns.values():
            column.setflags(write=False)
        return Orders(**columns)

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
            np.concatenate([orders.tip for orders in several]),
            _routed(several),
        )

    @staticmethod
    def routes(
        account: Integers, sold: Integers, bought: Integers, amount: Floats, proceeds: Floats
    ) -> "Orders":
        """Routed orders: `amount` of `sold` tokens for `proceeds` (expected) of `bought` ones."""
        pairs = 2 * len(account)
        return Orders(
            np.repeat(account, 2),
            np.column_stack([sold, bought]).ravel(),
            np.arange(pairs) % 2 == 1,
            np.column_stack([amount, proceeds]).ravel(),
            np.zeros(pairs),
            routed=np.arange(pairs) % 2 == 0,
        )

    @staticmethod
    def none() -> "Orders":
        """No orders."""
        whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Orders(whole, whole, np.zeros(0, dtype=bool), real, real)


def _routed(several: Sequence[Orders]) -> Booleans:
    if not any(orders.routed.size for orders in several):
        return NONE_ROUTED
    return np.concatenate(
        [orders.routed if orders.routed.size else np.zeros(len(orders), bool) for orders in several]
    )


@dataclass(frozen=True)
class Fills:
    """What became of orders, in the order of settling; all arrays `[orders]`."""

    orders: Orders
    amount_out: Floats
    status: Integers

    def take(self, rows: Integers | Booleans) -> "Fills":
        """The fills of some rows, in their order."""
        return Fills(self.orders.take(rows), self.amount_out[rows], self.status[rows])

    @staticmethod
    def join(several: Sequence["Fills"]) -> "Fills":
        """All fills of `several`, one after the other."""
        return Fills(
            Orders.join([fills.orders for fills in several]),
            np.concatenate([fills.amount_out for fills in several]),
            np.concatenate([fills.status for fills in several]),
        )

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
