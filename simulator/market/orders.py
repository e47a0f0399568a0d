"""Orders, which agents place, and fills, which say what became of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.errors import MarketError
from simulator.market.statuses import Status

__all__ = ["SIDES", "Fills", "Orders"]

SIDES = ("buy", "sell")
NOTHING: Floats = np.zeros(0)
ZERO: Floats = np.zeros(1)
ZERO.setflags(write=False)
MANY_ORDERS = 1 << 16  # orders from which on it matters how memory is read


def executed(status: Integers) -> Booleans:
    """Which statuses are those of orders that a pool or an offering executed."""
    done: Booleans = (status == Status.FILLED) | (status == Status.OFFERING)
    return done


@dataclass(frozen=True)
class Orders:
    """Swaps that accounts want, one per row; all arrays `[orders]`.

    A buy pays `amount` numeraire for tokens, a sell pays `amount` tokens for numeraire; both are
    refused when the pool would pay less than `min_out`. Numeraire `tip` is offered for settling
    early, nothing where it is left out.
    """

    account: Integers
    token: Integers
    buy: Booleans
    amount: Floats
    min_out: Floats
    tip: Floats = field(default_factory=lambda: NOTHING)

    def __post_init__(self) -> None:
        if self.tip is NOTHING:
            object.__setattr__(self, "tip", _zeros(self.account.size))

    def __len__(self) -> int:
        return self.account.size

    def check(self, accounts: range, tokens: int) -> None:
        """Raise MarketError unless all are of one of `accounts` and for one of so many `tokens`.

        Amounts and tips must be finite and not negative, and bounds must be numbers.
        """
        from simulator.market.kernels import acceptable

        columns = self.account, self.token, self.amount, self.min_out, self.tips
        if not acceptable(*columns, accounts.start, accounts.stop, tokens):
            raise MarketError(self._fault(accounts, tokens))

    def _fault(self, accounts: range, tokens: int) -> str:
        """What is wrong with the first order that is not acceptable."""
        for account, token, *numbers in zip(
            self.account.tolist(),
            self.token.tolist(),
            self.amount.tolist(),
            self.tip.tolist(),
            self.min_out.tolist(),
            strict=True,
        ):
            if account not in accounts:
                return f"ordered for account {account}, not one of {_ends(accounts)}"
            if token not in range(tokens):
                return f"account {account} ordered for token {token}, not one of 0 to {tokens - 1}"
            for what, number in zip(("amount", "tip"), numbers, strict=False):
                if not 0 <= number < math.inf:
                    article = "an" if what == "amount" else "a"
                    return (
                        f"account {account} ordered {article} {what} of {number}; {what}s must be "
                        "finite and not negative"
                    )
            if math.isnan(numbers[-1]):
                return f"account {account} ordered with a min_out of nan; it must be a number"
        raise AssertionError("all orders are acceptable")

    def take(self, rows: Integers | Booleans) -> "Orders":
        """The orders of some rows, in their order."""
        if rows.dtype != np.bool_ and rows.size > MANY_ORDERS:
            return self.moved(np.arange(len(self), dtype=np.int32), rows)
        return Orders(
            self.account[rows],
            self.token[rows],
            self.buy[rows],
            self.amount[rows],
            self.min_out[rows],
            _repeated(self.tip, rows),
        )

    def moved(self, places: Integers, rows: Integers | Booleans) -> "Orders":
        """The `rows` of a copy that has order k at `places[k]`.

        In the copy an order lies together, which is several times quicker to read in any sequence.
        Raises IndexError when a row is unknown.
        """
        from simulator.market.kernels import gathered, packed

        columns = self.account, self.token, self.buy, self.amount, self.min_out
        every = [np.ascontiguousarray(column) for column in columns]
        some: list[Any] = [np.empty(rows.size, dtype=column.dtype) for column in columns]
        real = np.empty((len(self), 4))
        packed(places, real.view(np.int64), real, *every)
        if not gathered(rows, real.view(np.int64), real, *some):
            raise IndexError(f"no such row among {len(self)} orders: {rows}")
        if _single(self.tip):
            return replace(Orders(*some), tip=_repeated(self.tip, rows))
        tips = np.empty(len(self))
        tips[places] = self.tip
        return replace(Orders(*some), tip=tips[rows])

    @property
    def tips(self) -> Floats:
        """Tips, one for each order or one for all."""
        return self.tip[:1].copy() if _single(self.tip) else self.tip

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
        if _single(self.tip) and not self.tip.any() and not tip.any():
            return self
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
            _tips(several),
        )

    @staticmethod
    def none() -> "Orders":
        """No orders."""
        whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Orders(whole, whole, np.zeros(0, dtype=bool), real, real)


def _ends(accounts: range) -> str:
    return f"{accounts.start} to {accounts.stop - 1}"


def _zeros(count: int) -> Floats:
    """As many zeros in the memory of one; `broadcast_to` takes ten times as long."""
    return np.ndarray((count,), buffer=ZERO, strides=(0,))


def _single(column: Floats) -> bool:
    """Whether a column is one number for all rows."""
    return column.strides == (0,)


def _repeated(column: Floats, rows: Integers | Booleans) -> Floats:
    """Some rows of a column, which stays one number if it is."""
    if not _single(column) or not column.size:
        return column[rows]
    count = int(np.count_nonzero(rows)) if rows.dtype == np.bool_ else rows.size
    return np.broadcast_to(column[0], (count,))


def _tips(several: Sequence[Orders]) -> Floats:
    if any(not _single(orders.tip) or orders.tip[:1].any() for orders in several):
        return np.concatenate([orders.tip for orders in several])
    return _zeros(sum(len(orders) for orders in several))


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
        """Which orders pools executed."""
        filled: Booleans = self.status == Status.FILLED
        return filled

    @property
    def executed(self) -> Booleans:
        """Which orders anybody executed."""
        return executed(self.status)

    def turnover(self, tokens: int) -> Floats:
        """What buys and sells paid in and were paid `[tokens, sides, 2]`."""
        from simulator.market.kernels import turned_over

        orders, totals = self.orders, np.zeros((tokens, len(SIDES), 2))
        columns = orders.token, orders.buy, orders.amount, self.amount_out, self.status
        turned_over(*columns, totals)
        return totals

    @property
    def price(self) -> Floats:
        """Numeraire per token, fee included; NaN where nothing was executed."""
        paid, got, buy = self.orders.amount, self.amount_out, self.orders.buy
        numeraire, tokens = np.where(buy, paid, got), np.where(buy, got, paid)
        unknown = np.full(len(got), np.nan)
        price: Floats = np.divide(numeraire, tokens, out=unknown, where=self.executed)
        return price

    @property
    def numeraire(self) -> Floats:
        """Numeraire that changed hands with pools."""
        changed: Floats = np.where(self.orders.buy, self.orders.amount, self.amount_out)
        return np.where(self.filled, changed, 0.0)
