"""Records: what is known of a period, under names and types of its own."""

from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from simulator.components import Booleans, Floats, Memory
from simulator.economy.offering import Offers
from simulator.market import Fills, MarketView, Orders

__all__ = ["Assessment", "Book", "Memories", "Prices", "Reward", "Traded"]


@dataclass(frozen=True)
class ArrayRecord:
    """A frozen record of arrays."""

    @classmethod
    def of(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """The record of these arrays, by name."""
        return cls(**{each.name: arrays[each.name] for each in fields(cls)})


@dataclass(frozen=True)
class Assessment(ArrayRecord):
    """What the last round said of the clients; arrays are `[clients]`."""

    participated: Booleans
    contributions: Floats  # in units of utility
    credit: Floats  # smoothed contribution
    shares: Floats  # fraction of this period's rewards

    @classmethod
    def none(cls, clients: int) -> "Assessment":
        """Before the first round."""
        nothing = np.zeros(clients)
        return cls(np.zeros(clients, dtype=bool), nothing, nothing, nothing)


@dataclass(frozen=True)
class Prices(ArrayRecord):
    """Prices of the tokens, in numeraire; arrays are `[tokens]`."""

    spot: Floats  # the last one known where a pool is empty
    value: Floats  # fundamental value


@dataclass(frozen=True)
class Book(ArrayRecord):
    """What is remembered of positions from period to period.

    Arrays are `[position_accounts, tokens]`, those of both assets (tokens, numeraire)
    `[2, position_accounts, tokens]`, and those of pools `[tokens]`.
    """

    deposited: Floats  # of both assets, for the shares there are
    moved: Floats  # of both assets, put in less taken out in this period
    collected: Floats  # fees in both assets, paid out in this period
    uncollected: Floats  # fees in both assets that waited when this period began
    part: Floats  # of the pool, when this period began
    tokens: Floats  # when this period began
    value: Floats  # when this period began
    price: Floats  # of the pools, in the last period
    fees: Floats  # of the pools, in the last period

    @classmethod
    def empty(cls, accounts: int, price: Floats) -> "Book":
        """Before any position is opened."""
        nothing = np.zeros((accounts, len(price)))
        both = np.zeros((2, *nothing.shape))
        return cls(both, both, both, both, nothing, nothing, nothing, price, np.zeros_like(price))


@dataclass(frozen=True)
class Reward:
    """What a period brought; money in numeraire, tokens in tokens."""

    revenue: float
    issued: Floats  # [clients]
    vested: Floats  # [clients]
    treasury_issued: Floats  # [tokens]
    dividends: Floats  # received by each account
    dividends_paid: Floats  # to holders of its token, for each client's share [clients]
    dividend: Floats  # for each token held [tokens]
    direct: Floats  # [clients]
    buybacks: Fills

    @staticmethod
    def nothing(clients: int, tokens: int, accounts: int) -> "Reward":
        """Genesis brings nothing."""
        none = Fills(Orders.none(), np.zeros(0), np.zeros(0, dtype=np.int64))
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
            buybacks=none,
        )


@dataclass(frozen=True)
class Traded:
    """What settled in a period: each pass with the view on which it was decided."""

    passes: list[tuple[MarketView, Fills]]
    offers: Offers  # what clients offered, and what of it was bought


@dataclass
class Memories:
    """What components remember between periods, each its own named arrays."""

    model: Memory  # the global model and what the server's optimiser remembers
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
    news: Memory = field(default_factory=dict)  # what is not public yet
