"""The investor agent: a third party who trades tokens."""

from typing import Any

from simulator.agents.groups import InvestorGroup
from simulator.agents.holder import AccountHolder

__all__ = ["Investor"]


class Investor(AccountHolder):
    """A holder of tokens who had no part in earning them, or many of one group as one agent."""

    def __init__(
        self, model: Any, name: str, account: int, size: int, group: InvestorGroup
    ) -> None:
        super().__init__(model, name, account, size)
        self.strategy = group.strategy
