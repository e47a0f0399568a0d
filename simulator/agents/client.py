"""The client agent: trains, is rewarded, and sells its tokens by its policy."""

from typing import Any

from simulator.agents.groups import ClientGroup
from simulator.agents.holder import AccountHolder

__all__ = ["Client"]


class Client(AccountHolder):
    """A participant of the federation, who owns its data and is paid for its contribution."""

    def __init__(
        self, model: Any, name: str, account: int, number: int, group: ClientGroup
    ) -> None:
        super().__init__(model, name, account)
        self.number = number
        self.behaviour = group.behaviour
        self.policy = group.policy

    @property
    def share(self) -> float:
        """Its part of this period's rewards."""
        return float(self.model.shares[self.number])

    @property
    def contribution(self) -> float:
        """What the last round credited it with, in units of utility."""
        return float(self.model.contributions[self.number])
