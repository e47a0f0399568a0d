"""Mechanisms: which tokens stand for which clients."""

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
    """Whether a client's share decides what the holders of its token are paid."""

    @abstractmethod
    def tokens(self, clients: Sequence[str]) -> tuple[str, ...]:
        """Names of the tokens that exist for these clients."""

    @abstractmethod
    def token_of(self, clients: int) -> Integers:
        """Number of the token that stands for each client, -1 for none `[clients]`."""

    @abstractmethod
    def pooled(self, values: Floats) -> Floats:
        """What `values` of clients sum to by token: from `[clients, ...]` to `[tokens, ...]`."""

    def paid(self, split: PayoutSplit) -> PayoutSplit:
        """What becomes of a period's money where holders of tokens are paid a part of it."""
        return split


class ClientTokens(Mechanism):
    """Every client has a token of its own, with its own emission, dividends and pool."""

    kind: Literal["client_tokens"] = "client_tokens"
    by_client: ClassVar[bool] = True

    def tokens(self, clients: Sequence[str]) -> tuple[str, ...]:
        return tuple(client.replace("client", "token") for client in clients)

    def token_of(self, clients: int) -> Integers:
        return np.arange(clients)

    def pooled(self, values: Floats) -> Floats:
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

    def pooled(self, values: Floats) -> Floats:
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

    def pooled(self, values: Floats) -> Floats:
        return values[:0]

    def paid(self, split: PayoutSplit) -> PayoutSplit:
        nothing = np.zeros_like(split.direct)
        money = split.direct + split.dividend + split.buyback + split.liquidity
        return replace(split, direct=money, dividend=nothing, buyback=nothing, liquidity=nothing)


MECHANISMS: tuple[type[Mechanism], ...] = (ClientTokens, SharedToken, Cash)
