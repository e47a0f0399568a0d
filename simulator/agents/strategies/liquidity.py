"""Strategies of liquidity providers: what they do with their deposits."""

from typing import Literal

import numpy as np

from simulator.agents.strategies.base import Portfolio, Strategy
from simulator.components import Memory
from simulator.market import MarketView, Orders

__all__ = ["LIQUIDITY_STRATEGIES", "Passive"]


class Passive(Strategy):
    """Deposits at genesis and stays."""

    kind: Literal["passive"] = "passive"

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        return Orders.none(), memory


LIQUIDITY_STRATEGIES: tuple[type[Strategy], ...] = (Passive,)
