"""The liquidity provider agent: deposits in pools and earns their fees."""

from simulator.agents.holder import Trader
from simulator.agents.strategies import Strategy

__all__ = ["LiquidityProvider"]


class LiquidityProvider(Trader):
    """An owner of LP shares."""

    @property
    def strategy(self) -> Strategy:
        """The strategy for its deposits."""
        return self.group.strategy
