"""Records: typed results of a period, and the memories carried to the next."""

from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from simulator.components import Booleans, Floats, Memory
from simulator.economy.offering import Offers
from simulator.market import Fills, MarketView, Orders

__all__ = ["Assessment", "Book", "Memories", "Prices", "Reward", "Trades"]


@dataclass(frozen=True)
class ArrayRecord:
    """A frozen record of arrays."""

    @classmethod
    def of(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """The record of these arrays, by name."""
        return cls(**{column.name: arrays[column.name] for column in fields(cls)})


@dataclass(frozen=True)
class Assessment(ArrayRecord):
    """The clients' results of the last round; arrays are `[clients]`."""

    participated: Booleans
    contributions: Floats  # in units of utility
    credit: Floats  # smoothed contribution
    shares: Floats  # fraction of this period's rewards

    @classmethod
    def none(cls, clients: int) -> "Assessment":
        """The assessment before the first round."""
        zero = np.zeros(clients)
        return cls(np.zeros(clients, dtype=bool), zero, zero, zero)


@dataclass(frozen=True)
class Prices(ArrayRecord):
    """Prices of the tokens, in numeraire; arrays are `[tokens]`."""

    spot: Floats  # of an empty pool, its last price
    value: Floats  # fundamental value


@dataclass(frozen=True)
class Book(ArrayRecord):
    """Figures of positions carried from period to period.

    Arrays are `[position_accounts, tokens]`, those of both assets (tokens, numeraire)
    `[2, position_accounts, tokens]`, and those of pools `[tokens]`.
    """

    deposited: Floats  # both assets, deposited for the current shares
    moved: Floats  # both assets, deposits minus withdrawals in this period
    collected: Floats  # fees in both assets, paid out in this period
    uncollected: Floats  # fees in both assets, uncollected at the start of this period
    part: Floats  # fraction of the pool, at the start of this period
    tokens: Floats  # at the start of this period
    value: Floats  # at the start of this period
    price: Floats  # of the pools, in the last period
    fees: Floats  # of the pools, in the last period

    @classmethod
    def empty(cls, accounts: int, price: Floats) -> "Book":
        """The book before any position is opened."""
        zero = np.zeros((accounts, len(price)))
        both = np.zeros((2, *zero.shape))
        return cls(both, both, both, both, zero, zero, zero, price, np.zeros_like(price))


@dataclass(frozen=True)
class Reward:
    """The rewards of a period; money in numeraire, tokens in tokens."""

    revenue: float
    issued: Floats  # [clients]
    vested: Floats  # [clients]
    treasury_issued: Floats  # [tokens]
    dividends: Floats  # received by each account
    dividends_paid: Floats  # to holders of the client's token, for its share [clients]
    dividend: Floats  # per token held [tokens]
    direct: Floats  # [clients]
    buybacks: Fills

    @staticmethod
    def nothing(clients: int, tokens: int, accounts: int) -> "Reward":
        """The empty reward of genesis."""
        no_fills = Fills(Orders.none(), np.zeros(0), np.zeros(0, dtype=np.int64))
        of_clients, of_tokens, of_accounts = map(np.zeros, (clients, tokens, accounts))
        return Reward(
            revenue=0.0,
            issued=of_clients,
            vested=of_clients,
            treasury_issued=np.zeros(0),
            dividends=of_accounts,
            dividends_paid=of_clients,
            dividend=of_tokens,
            direct=of_clients,
            buybacks=no_fills,
        )


@dataclass(frozen=True)
class Trades:
    """The fills of a period: each pass with the view on which agents decided."""

    passes: list[tuple[MarketView, Fills]]
    offers: Offers  # the clients' offers, after the last pass


@dataclass
class Memories:
    """The components' memories between periods, each of named arrays."""

    model: Memory  # the global model and the server optimiser's memory
    contribution: Memory
    credit: Memory
    payout: Memory
    revenue: Memory
    vesting: Memory
    valuation: Memory
    outside_price: Memory
    volatility_fee: Memory
    engagement: Memory
    clearing: Memory = field(default_factory=dict)
    oracle: Memory = field(default_factory=dict)
    issuance: Memory = field(default_factory=dict)
    news: Memory = field(default_factory=dict)  # queue of news, see `publishing`
