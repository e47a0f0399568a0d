"""Positions of liquidity providers, and the orders that open, change and close them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.errors import MarketError
from simulator.market.orders import column_of

__all__ = ["LiquidityOrders", "Positions"]


@dataclass(frozen=True)
class LiquidityOrders:
    """Changes that accounts want to their positions, one per row; all arrays `[orders]`.

    First the fraction `withdraw` (0 to 1) of the position is withdrawn. Then `deposit_token` and
    `deposit_numeraire` are deposited: at most these, at the pool's ratio, within the balances. In a
    concentrated pool they serve prices from `lower` to `upper`; other pools ignore both.
    """

    account: Integers
    token: Integers
    withdraw: Floats
    deposit_token: Floats
    deposit_numeraire: Floats
    lower: Floats
    upper: Floats

    def __post_init__(self) -> None:
        for column in fields(self):
            dtype = np.int64 if column.name in ("account", "token") else np.float64
            object.__setattr__(self, column.name, column_of(getattr(self, column.name), dtype))

    def __len__(self) -> int:
        return self.account.size

    def by(self, account: Integers) -> "LiquidityOrders":
        """The orders, placed by other accounts."""
        return replace(self, account=account)

    def check(self, accounts: range, tokens: int) -> None:
        """Raise MarketError unless accounts are in `accounts` and tokens below `tokens`.

        Deposits must be finite and not negative, and serve from a lower to a higher price.
        """
        sizes = [column.size for column in vars(self).values()]
        if len(set(sizes)) > 1:
            raise MarketError(f"liquidity order columns of different lengths: {sizes}")
        for what, numbers, allowed in (
            ("account", self.account, accounts),
            ("token", self.token, range(tokens)),
        ):
            wrong = numbers[(numbers < allowed.start) | (numbers >= allowed.stop)]
            if wrong.size:
                ends = f"{allowed.start} to {allowed.stop - 1}"
                raise MarketError(f"liquidity order for {what} {wrong[0]}, not one of {ends}")
        deposits = self.deposit_token, self.deposit_numeraire
        serves = (self.lower < self.upper) | ((deposits[0] == 0) & (deposits[1] == 0))
        for what, is_valid in (
            ("a fraction to withdraw between 0 and 1", (self.withdraw >= 0) & (self.withdraw <= 1)),
            ("finite deposits that are not negative", _are_amounts(*deposits)),
            ("a lower price below the upper one", serves),
        ):
            if not is_valid.all():
                account = self.account[np.flatnonzero(~is_valid)[0]]
                raise MarketError(f"the liquidity order of account {account} needs {what}")

    @staticmethod
    def join(parts: Sequence["LiquidityOrders"]) -> "LiquidityOrders":
        """All orders of `parts`, one part after the other."""
        return LiquidityOrders(
            *(
                np.concatenate([getattr(orders, column.name) for orders in parts])
                for column in fields(LiquidityOrders)
            )
        )

    @staticmethod
    def withdrawals(account: Integers, token: Integers, fraction: Floats) -> "LiquidityOrders":
        """Orders that withdraw a fraction of each position."""
        zero = np.zeros(len(fraction))
        return LiquidityOrders(account, token, fraction, zero, zero, zero, zero)

    @staticmethod
    def deposits(
        account: Integers,
        token: Integers,
        deposit_token: Floats,
        deposit_numeraire: Floats,
        lower: Floats | None = None,
        upper: Floats | None = None,
    ) -> "LiquidityOrders":
        """Orders that deposit tokens and numeraire, by default for all prices."""
        zero, infinity = np.zeros(len(token)), np.full(len(token), np.inf)
        return LiquidityOrders(
            account,
            token,
            zero,
            deposit_token,
            deposit_numeraire,
            zero if lower is None else lower,
            infinity if upper is None else upper,
        )

    @staticmethod
    def none() -> "LiquidityOrders":
        """No orders."""
        integers, floats = np.zeros(0, dtype=np.int64), np.zeros(0)
        return LiquidityOrders(integers, integers, *[floats] * 5)


@dataclass(frozen=True)
class Positions:
    """Positions of liquidity providers, one per account and pool; `[accounts, tokens]`."""

    shares: Floats  # LP shares; in a concentrated pool, liquidity
    tokens: Floats  # payable for the shares, fees included
    numeraire: Floats  # payable for the shares, fees included
    deposited_tokens: Floats  # deposited for the shares
    deposited_numeraire: Floats  # deposited for the shares
    lower: Floats  # lowest price that the position serves
    upper: Floats  # highest price that the position serves

    def __post_init__(self) -> None:
        for column in vars(self).values():
            column.setflags(write=False)

    def rows(self, accounts: slice) -> "Positions":
        """The positions of these accounts."""
        return Positions(**{name: column[accounts] for name, column in vars(self).items()})

    def value(self, price: Floats) -> Floats:
        """Value of each position at `price` `[tokens]`, numeraire."""
        return self.numeraire + self.tokens * price

    def holding_value(self, price: Floats) -> Floats:
        """Value at `price` `[tokens]` of each position's deposits, had they been held."""
        return self.deposited_numeraire + self.deposited_tokens * price


def _are_amounts(*columns: Floats) -> Booleans:
    """Which rows are finite and not negative in all columns."""
    valid: Booleans = np.all([(column >= 0) & (column < np.inf) for column in columns], axis=0)
    return valid
