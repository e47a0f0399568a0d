"""Mechanisms: which tokens stand for which clients."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal

from simulator.components import Component

__all__ = ["MECHANISMS", "ClientTokens", "Mechanism"]


class Mechanism(Component):
    """The way rewards reach clients and third parties."""

    @abstractmethod
    def tokens(self, clients: Sequence[str]) -> tuple[str, ...]:
        """Names of the tokens that exist for these clients."""


class ClientTokens(Mechanism):
    """Every client has a token of its own, with its own emission, dividends and pool."""

    kind: Literal["client_tokens"] = "client_tokens"

    def tokens(self, clients: Sequence[str]) -> tuple[str, ...]:
        return tuple(client.replace("client", "token") for client in clients)


MECHANISMS: tuple[type[Mechanism], ...] = (ClientTokens,)
