"""Strategies: who orders what. Pure, vectorised over accounts, and ignorant of Mesa."""

from simulator.agents.strategies.base import (
    Portfolio,
    SingleAccountStrategy,
    Strategy,
    orders_for,
    sales,
)
from simulator.agents.strategies.clients import CLIENT_POLICIES, ValueSeller
from simulator.agents.strategies.investors import INVESTOR_STRATEGIES, Fundamentalist, Noise
from simulator.agents.strategies.liquidity import LIQUIDITY_STRATEGIES, Passive

__all__ = [
    "CLIENT_POLICIES",
    "INVESTOR_STRATEGIES",
    "LIQUIDITY_STRATEGIES",
    "Fundamentalist",
    "Noise",
    "Passive",
    "Portfolio",
    "SingleAccountStrategy",
    "Strategy",
    "ValueSeller",
    "orders_for",
    "sales",
]
