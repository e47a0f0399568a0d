"""Mechanisms: which tokens represent which clients."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np

from simulator.components import Component, Floats, Integers
from simulator.tokens.payout import PayoutSplit

__all__ = ["MECHANISMS", "Cash", "ClientTokens", "Mechanism", "SharedToken"]


class Mechanism(Component):
    """The way rewards reach clients and third parties."""

    by_client: ClassVar[bool] = False
    """Whether payments to the holders of a client's token depend on the client's share."""

    @abstractmethod
    def tokens(self, clients: Sequence[str]) -> tuple[str, ...]:
        """Names of the tokens that exist for these clients."""

    @property
    def has_tokens(self) -> bool:
        """Whether any token exists."""
        return bool(self.tokens(("client",)))

    @abstractmethod
    def token_of(self, clients: int) -> Integers:
        """Number of each client's token, -1 without one `[clients]`."""

    @abstractmethod
    def sum_by_token(self, values: Floats) -> Floats:
        """Sum of the clients' `values` by token: from `[clients, ...]` to `[tokens, ...]`."""

    def adjust(self, split: PayoutSplit) -> PayoutSplit:
        """The split as this mechanism pays it; unchanged if there are tokens."""
        return split


class ClientTokens(Mechanism):
    """Every client has a token of its own, with its own emission, dividends and pool."""

    kind: Literal["client_tokens"] = "client_tokens"
    by_client: ClassVar[bool] = True

    def tokens(self, clients: Sequence[str]) -> tuple[str, ...]:
        if all(client.startswith("client_") for client in clients):
            return tuple(client.replace("client", "token", 1) for client in clients)
        return tuple(f"token_{client}" for client in clients)

    def token_of(self, clients: int) -> Integers:
        return np.arange(clients)

    def sum_by_token(self, values: Floats) -> Floats:
        return values


class SharedToken(Mechanism):
    """All clients have one token: each is issued its share of it, and all holders are paid alike.

    At genesis there is as much of it as there would be of all clients' own tokens.
    """

    kind: Literal["shared_token"] = "shared_token"

    def tokens(self, clients: Sequence[str]) -> tuple[str, ...]:
        return ("token",)

    def token_of(self, clients: int) -> Integers:
        return np.zeros(clients, dtype=np.int64)

    def sum_by_token(self, values: Floats) -> Floats:
        total: Floats = values.sum(axis=0, keepdims=True)
        return total


class Cash(Mechanism):
    """No tokens: what would go to their holders is paid to clients by their shares.

    There is no market either; investors and liquidity providers keep their money.
    """

    kind: Literal["cash"] = "cash"

    def tokens(self, clients: Sequence[str]) -> tuple[str, ...]:
        return ()

    def token_of(self, clients: int) -> Integers:
        return np.full(clients, -1)

    def sum_by_token(self, values: Floats) -> Floats:
        return values[:0]

    def adjust(self, split: PayoutSplit) -> PayoutSplit:
        zero = np.zeros_like(split.direct)
        money = split.direct + split.dividend + split.buyback + split.liquidity
        return replace(split, direct=money, dividend=zero, buyback=zero, liquidity=zero)


MECHANISMS: tuple[type[Mechanism], ...] = (ClientTokens, SharedToken, Cash)
