"""Strategies: pure decisions about orders, vectorised over accounts, without Mesa."""

from simulator.agents.strategies.arbitrage import Arbitrageur
from simulator.agents.strategies.base import (
    NEWS,
    Portfolio,
    SingleAccountStrategy,
    Strategy,
    orders_by,
    orders_for,
    purchases,
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
    Adaptive,
    Contrarian,
    Fundamentalist,
    Index,
    Insider,
    Momentum,
    NoiseTrader,
    TargetHolder,
    TrendFollower,
)
from simulator.agents.strategies.liquidity import (
    LIQUIDITY_STRATEGIES,
    ExitOnLoss,
    FeeChaser,
    Passive,
    RangeKeeper,
)
from simulator.agents.strategies.manipulators import Manipulator, PumpAndDump, WashTrader
from simulator.agents.strategies.sandwich import Sandwich

__all__ = [
    "CLIENT_POLICIES",
    "INVESTOR_STRATEGIES",
    "LIQUIDITY_STRATEGIES",
    "NEWS",
    "Adaptive",
    "Arbitrageur",
    "Contrarian",
    "CoverCosts",
    "ExitOnLoss",
    "FeeChaser",
    "Fundamentalist",
    "Hold",
    "Index",
    "Insider",
    "Manipulator",
    "Momentum",
    "NoiseTrader",
    "Passive",
    "Portfolio",
    "PumpAndDump",
    "RangeKeeper",
    "Sandwich",
    "SellFraction",
    "SingleAccountStrategy",
    "Strategy",
    "TargetHolder",
    "TrendFollower",
    "ValueSeller",
    "WashTrader",
    "orders_by",
    "orders_for",
    "purchases",
    "sales",
]
