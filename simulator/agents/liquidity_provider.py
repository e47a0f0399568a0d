"""The liquidity provider agent: fills pools and earns their fees."""

from simulator.agents.holder import Trader
from simulator.agents.strategies import Strategy

__all__ = ["LiquidityProvider"]


class LiquidityProvider(Trader):
    """An owner of LP shares."""

    @property
    def strategy(self) -> Strategy:
        """What it does with its deposits."""
        return self.group.strategy
