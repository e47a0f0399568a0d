"""Positions of liquidity providers, and the orders that open, change and close them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.errors import MarketError

__all__ = ["LiquidityOrders", "Positions"]


@dataclass(frozen=True)
class LiquidityOrders:
    """What accounts want changed of their positions, one per row; all arrays `[orders]`.

    The part `withdraw` (0 to 1) of the position in a pool is taken out; then `deposit_token` and
    `deposit_numeraire` are put in, at most, at the pool's ratio and as far as the account has them.
    A concentrated pool serves prices from `lower` to `upper` with them; others do not ask.
    """

    account: Integers
    token: Integers
    withdraw: Floats
    deposit_token: Floats
    deposit_numeraire: Floats
    lower: Floats
    upper: Floats

    def __len__(self) -> int:
        return self.account.size

    def by(self, account: Integers) -> "LiquidityOrders":
        """The same orders of other accounts."""
        return replace(self, account=account)

    def check(self, accounts: range, tokens: int) -> None:
        """Raise MarketError unless all are of one of `accounts` and for one of so many `tokens`.

        Deposits must be finite and not negative, and serve from a lower to a higher price.
        """
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
        for what, fine in (
            ("a fraction to withdraw between 0 and 1", (self.withdraw >= 0) & (self.withdraw <= 1)),
            ("finite deposits that are not negative", _are_amounts(*deposits)),
            ("a lower price below the upper one", serves),
        ):
            if not fine.all():
                account = self.account[np.flatnonzero(~fine)[0]]
                raise MarketError(f"the liquidity order of account {account} needs {what}")

    @staticmethod
    def join(several: Sequence["LiquidityOrders"]) -> "LiquidityOrders":
        """All orders of `several`, one after the other."""
        return LiquidityOrders(
            *(
                np.concatenate([getattr(orders, column.name) for orders in several])
                for column in fields(LiquidityOrders)
            )
        )

    @staticmethod
    def withdrawals(account: Integers, token: Integers, part: Floats) -> "LiquidityOrders":
        """Orders that take out parts of positions."""
        none = np.zeros(len(part))
        return LiquidityOrders(account, token, part, none, none, none, none)

    @staticmethod
    def deposits(
        account: Integers,
        token: Integers,
        deposit_token: Floats,
        deposit_numeraire: Floats,
        lower: Floats | None = None,
        upper: Floats | None = None,
    ) -> "LiquidityOrders":
        """Orders that put in tokens and numeraire, for all prices unless they say for which."""
        none, ever = np.zeros(len(token)), np.full(len(token), np.inf)
        return LiquidityOrders(
            account,
            token,
            none,
            deposit_token,
            deposit_numeraire,
            none if lower is None else lower,
            ever if upper is None else upper,
        )

    @staticmethod
    def none() -> "LiquidityOrders":
        """No orders."""
        whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
        return LiquidityOrders(whole, whole, *[real] * 5)


@dataclass(frozen=True)
class Positions:
    """What liquidity providers have in pools, one position in each; `[accounts, tokens]`."""

    shares: Floats  # LP shares; in a concentrated pool, liquidity
    tokens: Floats  # that the shares would be paid, fees included, as the numeraire
    numeraire: Floats
    deposited_tokens: Floats  # what was put in for the shares, as the numeraire
    deposited_numeraire: Floats
    lower: Floats  # prices from which
    upper: Floats  # to which the position serves

    def __post_init__(self) -> None:
        for column in vars(self).values():
            column.setflags(write=False)

    def rows(self, some: slice) -> "Positions":
        """The positions of some accounts."""
        return Positions(**{name: column[some] for name, column in vars(self).items()})

    def value(self, price: Floats) -> Floats:
        """Worth of each position at `price` `[tokens]`, numeraire."""
        return self.numeraire + self.tokens * price

    def holding_value(self, price: Floats) -> Floats:
        """Worth at `price` `[tokens]` of what was put into each position, had it been held."""
        return self.deposited_numeraire + self.deposited_tokens * price


def _are_amounts(*columns: Floats) -> Booleans:
    """Which rows are finite and not negative in all columns."""
    fine: Booleans = np.all([(column >= 0) & (column < np.inf) for column in columns], axis=0)
    return fine
