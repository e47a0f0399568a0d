"""Orders, which agents place, and fills, their outcomes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.components import Booleans, Floats, Integers
from simulator.errors import MarketError
from simulator.market.statuses import Status

__all__ = ["SIDES", "Fills", "Orders"]

SIDES = ("buy", "sell")
NOTHING: Floats = np.zeros(0)
ZERO: Floats = np.zeros(1)
ZERO.setflags(write=False)
MANY_ORDERS = 1 << 16  # orders from which reading memory in sequence pays off

ORDER_COLUMNS: dict[str, type[np.generic]] = {
    "account": np.int64,
    "token": np.int64,
    "buy": np.bool_,
    "amount": np.float64,
    "min_out": np.float64,
    "tip": np.float64,
}
"""Types of the columns of orders; what is given is converted unless that would lose values."""


def column_of(values: Any, dtype: type[np.generic]) -> NDArray[Any]:
    """`values` as a one-dimensional array of `dtype`, the same object if it is one already.

    Raises TypeError when it has another number of dimensions, or the conversion would lose values.
    """
    if isinstance(values, np.ndarray) and values.dtype == dtype and values.ndim == 1:
        return values
    column = np.asarray(values)
    if column.dtype == object and dtype is np.float64:  # Decimal and Fraction
        column = np.asarray(values, dtype=dtype)
    if column.size == 0:
        column = column.astype(dtype)
    if column.ndim != 1 or not np.can_cast(column.dtype, dtype, "same_kind"):
        raise TypeError(f"order column of {column.dtype} and shape {column.shape}")
    return column.astype(dtype, copy=False)


def executed(status: Integers) -> Booleans:
    """Which orders a pool or an offering executed, by `status` `[orders]`."""
    mask: Booleans = (status == Status.FILLED) | (status == Status.OFFERING)
    return mask


@dataclass(frozen=True)
class Orders:
    """Swaps that accounts want, one per row; all arrays `[orders]`.

    A buy pays `amount` numeraire for tokens, a sell pays `amount` tokens for numeraire; both are
    refused when the pool would pay less than `min_out`. `tip` (numeraire, 0 by default) is offered
    for settling early.
    """

    account: Integers
    token: Integers
    buy: Booleans
    amount: Floats
    min_out: Floats
    tip: Floats = field(default_factory=lambda: NOTHING)

    def __post_init__(self) -> None:
        for name, dtype in ORDER_COLUMNS.items():
            object.__setattr__(self, name, column_of(getattr(self, name), dtype))
        if self.tip is NOTHING:
            object.__setattr__(self, "tip", _zeros(self.account.size))

    def __len__(self) -> int:
        return self.account.size

    def check(self, accounts: range, tokens: int) -> None:
        """Raise MarketError unless accounts are in `accounts` and tokens below `tokens`.

        Amounts and tips must be finite and not negative, and bounds must be numbers.
        """
        sizes = [getattr(self, name).size for name in ORDER_COLUMNS]
        if len(set(sizes)) > 1:
            raise MarketError(f"order columns of different lengths: {sizes}")
        from simulator.market.kernels import are_valid

        columns = self.account, self.token, self.amount, self.min_out, self.tips
        if not are_valid(*columns, accounts.start, accounts.stop, tokens):
            raise MarketError(self._fault(accounts, tokens))

    def _fault(self, accounts: range, tokens: int) -> str:
        """The message about the first invalid order."""
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
        raise AssertionError("no order is invalid")

    def take(self, rows: Integers | Booleans) -> "Orders":
        """The orders in `rows`, in that sequence."""
        if rows.dtype != np.bool_ and rows.size > MANY_ORDERS:
            return self.take_packed(np.arange(len(self), dtype=np.int32), rows)
        return Orders(
            self.account[rows],
            self.token[rows],
            self.buy[rows],
            self.amount[rows],
            self.min_out[rows],
            _rows_of(self.tip, rows),
        )

    def take_packed(self, places: Integers, rows: Integers | Booleans) -> "Orders":
        """The `rows` of a packed copy that has order k at `places[k]`.

        The copy stores each order's values together: several times quicker to read in random
        sequence. Raises IndexError when a row is unknown.
        """
        from simulator.market.kernels import gather, pack

        columns = self.account, self.token, self.buy, self.amount, self.min_out
        sources = [np.ascontiguousarray(column) for column in columns]
        results: list[Any] = [np.empty(rows.size, dtype=column.dtype) for column in columns]
        floats = np.empty((len(self), 4))
        pack(places, floats.view(np.int64), floats, *sources)
        if not gather(rows, floats.view(np.int64), floats, *results):
            raise IndexError(f"no such row among {len(self)} orders: {rows}")
        if _is_single(self.tip):
            return replace(Orders(*results), tip=_rows_of(self.tip, rows))
        tips = np.empty(len(self))
        tips[places] = self.tip
        return replace(Orders(*results), tip=tips[rows])

    @property
    def tips(self) -> Floats:
        """Tips, one for each order or one for all."""
        return self.tip[:1].copy() if _is_single(self.tip) else self.tip

    def by(self, account: Integers) -> "Orders":
        """The orders, placed by other accounts."""
        return replace(self, account=account)

    def paying(self, amount: Floats) -> "Orders":
        """The orders with other amounts."""
        return replace(self, amount=amount)

    def bounded(self, min_out: Floats) -> "Orders":
        """The orders with bounds raised to at least `min_out`."""
        return replace(self, min_out=np.fmax(self.min_out, min_out))

    def tipped(self, tip: Floats) -> "Orders":
        """The orders with tips raised to at least `tip`."""
        if _is_single(self.tip) and not self.tip.any() and not tip.any():
            return self
        return replace(self, tip=np.maximum(self.tip, tip))

    def frozen(self) -> "Orders":
        """A read-only view of the orders."""
        columns = {name: column.view() for name, column in vars(self).items()}
        for column in columns.values():
            column.setflags(write=False)
        return Orders(**columns)

    @staticmethod
    def join(parts: Sequence["Orders"]) -> "Orders":
        """All orders of `parts`, one part after the other."""
        if not parts:
            return Orders.none()
        return Orders(
            np.concatenate([orders.account for orders in parts]),
            np.concatenate([orders.token for orders in parts]),
            np.concatenate([orders.buy for orders in parts]),
            np.concatenate([orders.amount for orders in parts]),
            np.concatenate([orders.min_out for orders in parts]),
            _join_tips(parts),
        )

    @staticmethod
    def none() -> "Orders":
        """No orders."""
        integers, floats = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Orders(integers, integers, np.zeros(0, dtype=bool), floats, floats)


def _ends(accounts: range) -> str:
    return f"{accounts.start} to {accounts.stop - 1}"


def _zeros(count: int) -> Floats:
    """`count` zeros in the memory of one; `broadcast_to` takes ten times as long."""
    return np.ndarray((count,), buffer=ZERO, strides=(0,))


def _is_single(column: Floats) -> bool:
    """Whether a column stores one number for all rows."""
    return column.strides == (0,)


def _rows_of(column: Floats, rows: Integers | Booleans) -> Floats:
    """The `rows` of a column; a single number stays single."""
    if not _is_single(column) or not column.size:
        return column[rows]
    count = int(np.count_nonzero(rows)) if rows.dtype == np.bool_ else rows.size
    return np.broadcast_to(column[0], (count,))


def _join_tips(parts: Sequence[Orders]) -> Floats:
    if any(not _is_single(orders.tip) or orders.tip[:1].any() for orders in parts):
        return np.concatenate([orders.tip for orders in parts])
    return _zeros(sum(len(orders) for orders in parts))


@dataclass(frozen=True)
class Fills:
    """Outcomes of orders, in settling sequence; all arrays `[orders]`."""

    orders: Orders
    amount_out: Floats
    status: Integers

    def take(self, rows: Integers | Booleans) -> "Fills":
        """The fills in `rows`, in that sequence."""
        return Fills(self.orders.take(rows), self.amount_out[rows], self.status[rows])

    @staticmethod
    def join(parts: Sequence["Fills"]) -> "Fills":
        """All fills of `parts`, one part after the other."""
        return Fills(
            Orders.join([fills.orders for fills in parts]),
            np.concatenate([fills.amount_out for fills in parts]),
            np.concatenate([fills.status for fills in parts]),
        )

    @property
    def filled(self) -> Booleans:
        """Which orders a pool executed."""
        filled: Booleans = self.status == Status.FILLED
        return filled

    @property
    def executed(self) -> Booleans:
        """Which orders a pool or an offering executed."""
        return executed(self.status)

    def turnover(self, tokens: int) -> Floats:
        """Totals that filled buys and sells paid in and received `[tokens, sides, 2]`."""
        from simulator.market.kernels import add_turnover

        orders, totals = self.orders, np.zeros((tokens, len(SIDES), 2))
        columns = orders.token, orders.buy, orders.amount, self.amount_out, self.status
        add_turnover(*columns, totals)
        return totals

    @property
    def price(self) -> Floats:
        """Numeraire per token, fee included; NaN for orders not executed."""
        paid, received, buy = self.orders.amount, self.amount_out, self.orders.buy
        numeraire, tokens = np.where(buy, paid, received), np.where(buy, received, paid)
        unknown = np.full(len(received), np.nan)
        price: Floats = np.divide(numeraire, tokens, out=unknown, where=self.executed)
        return price

    @property
    def numeraire(self) -> Floats:
        """Numeraire paid to or by pools."""
        amount: Floats = np.where(self.orders.buy, self.orders.amount, self.amount_out)
        return np.where(self.filled, amount, 0.0)
