"""The market: pools, curves, orders and how they settle. Works on its own in a notebook."""

from simulator.market.clearing import CLEARING, Clearing, FirstInFirstOut, RandomOrder
from simulator.market.configuration import Market
from simulator.market.curves import CURVES, ConstantProduct, Curve
from simulator.market.launch import LAUNCHES, Launch, SeededPool
from simulator.market.oracle import Oracle
from simulator.market.orders import SIDES, STATUSES, Fills, Orders
from simulator.market.pool import Pool
from simulator.market.settling import Pools, settle, settle_plain
from simulator.market.view import MarketView

__all__ = [
    "CLEARING",
    "CURVES",
    "LAUNCHES",
    "SIDES",
    "STATUSES",
    "Clearing",
    "ConstantProduct",
    "Curve",
    "Fills",
    "FirstInFirstOut",
    "Launch",
    "Market",
    "MarketView",
    "Oracle",
    "Orders",
    "Pool",
    "Pools",
    "RandomOrder",
    "SeededPool",
    "settle",
    "settle_plain",
]
