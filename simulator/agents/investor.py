"""The investor agent: a third party who trades tokens."""

from simulator.agents.holder import Trader
from simulator.agents.strategies import Strategy

__all__ = ["Investor"]


class Investor(Trader):
    """A trader who did not earn its tokens by training, or many such traders as one agent."""

    @property
    def strategy(self) -> Strategy:
        """The group's strategy, which decides for it."""
        return self.group.strategy
