"""The market section of a scenario."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from simulator.answers import answers_of, check_of
from simulator.components import Family, Section
from simulator.errors import Misfit, fitting
from simulator.market.clearing import CLEARING_RULES, Clearing, RandomOrder
from simulator.market.curves import CURVES, ConstantProduct, Curve
from simulator.market.fees import VolatilityFee
from simulator.market.launch import LAUNCHES, Launch, SeededPool
from simulator.market.oracle import Oracle
from simulator.market.outside import OUTSIDE_PRICES, NoOutsidePrice, OutsidePrice

__all__ = ["Market"]


class Market(Section):
    """One pool for each token against the numeraire, and how orders reach it."""

    launch: Annotated[Launch, Family(LAUNCHES)] = Field(
        SeededPool(), description="How tokens are created and pools opened at genesis."
    )
    curve: Annotated[Curve, Family(CURVES)] = Field(
        ConstantProduct(), validate_default=True, description="Pricing rule of every pool."
    )
    fee: float = Field(
        0.01, ge=0, lt=1, description="Fraction of what is paid in that stays in the pool."
    )
    volatility_fee: VolatilityFee = Field(
        VolatilityFee(), description="What is added to the fee when prices move."
    )
    clearing: Annotated[Clearing, Family(CLEARING_RULES)] = Field(
        RandomOrder(), description="How a trading pass's orders settle."
    )
    passes: int = Field(
        1,
        ge=1,
        le=1000,
        description="Trading passes per period; in each, everybody decides anew and trades.",
    )
    gas: float = Field(
        0.0, ge=0, le=1e9, description="Numeraire that each order costs which is executed or fails."
    )
    outside_price: Annotated[OutsidePrice, Family(OUTSIDE_PRICES)] = Field(
        NoOutsidePrice(), description="What tokens are worth beyond the pools, for arbitrage."
    )
    oracle: Oracle = Field(Oracle(), description="Time-weighted average prices.")
    information_delay: int = Field(
        0,
        ge=0,
        le=10_000,
        description="Periods until the public learns shares, issuance, dividends and values.",
    )

    @field_validator("curve")
    @classmethod
    def _launch_opens_the_curve(cls, curve: Curve, info: ValidationInfo) -> Curve:
        if "launch" in info.data:
            with fitting(".", "launch"), check_of(info.data["launch"]):
                info.data["launch"].check_curve(curve)
        return curve

    @field_validator("clearing")
    @classmethod
    def _clearing_fits_the_curve(cls, clearing: Clearing, info: ValidationInfo) -> Clearing:
        if "curve" in info.data:
            try:
                with check_of(clearing):
                    clearing.check(info.data["curve"])
            except ValueError as error:
                raise Misfit(f"{error}: set market.clearing.kind=random", ".", "curve") from error
        return clearing

    @property
    def seed_worth(self) -> float:
        """Value at the launch price of a pool's first tokens, per numeraire deposited."""
        curve = self.curve_at(0)
        with answers_of(curve, "balanced") as answers:
            ratio = answers.positive(curve.balanced(self.launch.price), ())
        return float(ratio) * self.launch.price

    def curve_at(self, period: int) -> Curve:
        """The pools' curve in a period. Raises ComponentError when it is none."""
        with answers_of(self.curve, "at") as answers:
            curve: Curve = answers.instance(self.curve.at(period), Curve)
            return curve
