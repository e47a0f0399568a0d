"""The liquidity provider agent: fills pools and earns their fees."""

from typing import Any

from simulator.agents.groups import LiquidityProviderGroup
from simulator.agents.holder import AccountHolder

__all__ = ["LiquidityProvider"]


class LiquidityProvider(AccountHolder):
    """An owner of LP shares."""

    def __init__(self, model: Any, name: str, account: int, group: LiquidityProviderGroup) -> None:
        super().__init__(model, name, account)
        self.strategy = group.strategy
