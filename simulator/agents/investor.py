"""The investor agent: a third party who trades tokens."""

from simulator.agents.holder import Trader
from simulator.agents.strategies import Strategy

__all__ = ["Investor"]


class Investor(Trader):
    """A holder of tokens who had no part in earning them, or many of one group as one agent."""

    @property
    def strategy(self) -> Strategy:
        """How it decides."""
        return self.group.strategy
