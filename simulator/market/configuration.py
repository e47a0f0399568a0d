"""The market section of a scenario."""

from typing import Annotated

from pydantic import Field

from simulator.components import Family, Section
from simulator.market.clearing import CLEARING, Clearing, RandomOrder
from simulator.market.curves import CURVES, ConstantProduct, Curve
from simulator.market.launch import LAUNCHES, Launch, SeededPool
from simulator.market.oracle import Oracle

__all__ = ["Market"]


class Market(Section):
    """One pool for each token against the numeraire, and how orders reach it."""

    launch: Annotated[Launch, Family(LAUNCHES)] = Field(
        SeededPool(), description="How tokens are created and pools opened at genesis."
    )
    curve: Annotated[Curve, Family(CURVES)] = Field(
        ConstantProduct(), description="Pricing rule of every pool."
    )
    fee: float = Field(
        0.01, ge=0, lt=1, description="Fraction of what is paid in that stays in the pool."
    )
    clearing: Annotated[Clearing, Family(CLEARING)] = Field(
        RandomOrder(), description="Order in which a period's orders settle."
    )
    oracle: Oracle = Field(Oracle(), description="Time-weighted average prices.")
