"""Strategies: who orders what. Pure, vectorised over accounts, and ignorant of Mesa."""

from simulator.agents.strategies.base import (
    Portfolio,
    SingleAccountStrategy,
    Strategy,
    orders_for,
    sales,
)
from simulator.agents.strategies.clients import (
    CLIENT_POLICIES,
    CoverCosts,
    Hold,
    SellFraction,
    ValueSeller,
)
from simulator.agents.strategies.investors import (
    INVESTOR_STRATEGIES,
    Contrarian,
    Fundamentalist,
    Index,
    Momentum,
    Noise,
    TargetHolder,
    TrendFollower,
)
from simulator.agents.strategies.liquidity import LIQUIDITY_STRATEGIES, Passive

__all__ = [
    "CLIENT_POLICIES",
    "INVESTOR_STRATEGIES",
    "LIQUIDITY_STRATEGIES",
    "Contrarian",
    "CoverCosts",
    "Fundamentalist",
    "Hold",
    "Index",
    "Momentum",
    "Noise",
    "Passive",
    "Portfolio",
    "SellFraction",
    "SingleAccountStrategy",
    "Strategy",
    "TargetHolder",
    "TrendFollower",
    "ValueSeller",
    "orders_for",
    "sales",
]
