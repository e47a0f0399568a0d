"""The market: pools, curves, orders and how they settle. Works on its own in a notebook."""

from simulator.market.batch import settle_together
from simulator.market.clearing import (
    CLEARING_RULES,
    Batch,
    Clearing,
    FirstInFirstOut,
    Priority,
    RandomOrder,
)
from simulator.market.concentrated import ConcentratedPool
from simulator.market.curves import (
    CURVES,
    BondingCurve,
    Concentrated,
    ConstantProduct,
    Curve,
    StableSwap,
    Weighted,
)
from simulator.market.launch import (
    LAUNCHES,
    BondingLaunch,
    BootstrappingPool,
    Launch,
    Opening,
    SeededPool,
)
from simulator.market.market import Market
from simulator.market.oracle import Oracle
from simulator.market.orders import SIDES, Fills, Orders
from simulator.market.outside import (
    OUTSIDE_PRICES,
    CsvPrice,
    GeometricBrownianMotion,
    NoOutsidePrice,
    OutsidePrice,
)
from simulator.market.pool import Pool
from simulator.market.positions import LiquidityOrders, Positions
from simulator.market.settling import Pools, settle, settle_plain
from simulator.market.statuses import STATUSES, Status
from simulator.market.view import MarketView

__all__ = [
    "CLEARING_RULES",
    "CURVES",
    "LAUNCHES",
    "OUTSIDE_PRICES",
    "SIDES",
    "STATUSES",
    "Batch",
    "BondingCurve",
    "BondingLaunch",
    "BootstrappingPool",
    "Clearing",
    "Concentrated",
    "ConcentratedPool",
    "ConstantProduct",
    "CsvPrice",
    "Curve",
    "Fills",
    "FirstInFirstOut",
    "GeometricBrownianMotion",
    "Launch",
    "LiquidityOrders",
    "Market",
    "MarketView",
    "NoOutsidePrice",
    "Opening",
    "Oracle",
    "Orders",
    "OutsidePrice",
    "Pool",
    "Pools",
    "Positions",
    "Priority",
    "RandomOrder",
    "SeededPool",
    "StableSwap",
    "Status",
    "Weighted",
    "settle",
    "settle_plain",
    "settle_together",
]
