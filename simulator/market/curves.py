"""Curves: a pool's payout for the amount paid in."""

from abc import abstractmethod
from typing import Any, ClassVar, Literal, Self, TypeVar

import numpy as np
from pydantic import Field, model_validator

from simulator.components import Booleans, Component, Floats

__all__ = [
    "CURVES",
    "BondingCurve",
    "Concentrated",
    "ConstantProduct",
    "Curve",
    "StableSwap",
    "Weighted",
]

HUGE = 1e100  # an amount whose payout may overflow

Amount = TypeVar("Amount", float, Floats)
Flag = bool | Booleans
Side = Literal["token", "numeraire"]
"""Which asset is paid into a pool."""


class Curve(Component):
    """A pricing rule of a pool with two reserves. All methods also take arrays, elementwise."""

    fee_on_output: ClassVar[bool] = False
    """Whether the fee is taken from the output rather than from the input."""

    mints: ClassVar[bool] = False
    """Whether the pool mints the tokens it sells and burns those it buys."""

    full_range: ClassVar[bool] = True
    """Whether a deposit serves all prices, at the ratio of the reserves, for LP shares."""

    def at(self, period: int) -> "Curve":
        """The curve in a period; by default the same in all periods."""
        return self

    @abstractmethod
    def payout(
        self, reserve_in: Amount, reserve_out: Amount, amount: Amount, fee: Amount, pays_token: Flag
    ) -> Amount:
        """Payout for `amount` paid in; the fraction `fee` stays in the pool.

        `pays_token`: whether tokens are paid in, else numeraire.
        """

    @abstractmethod
    def spot_price(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        """Numeraire per token for an infinitely small swap, before the fee."""

    def balanced(self, price: float) -> float:
        """Tokens per numeraire in the reserves at a spot price, by bisection."""
        if self.spot_price(1.0 / price, 1.0) == price:
            return 1.0 / price
        low, high = -60.0, 60.0  # log of the tokens' value per numeraire
        for _ in range(100):
            middle = (low + high) / 2.0
            too_high = self.spot_price(float(np.exp(middle)) / price, 1.0) > price
            low, high = (middle, high) if too_high else (low, middle)
        return float(np.exp(low)) / price

    def steepness(self, price: float) -> float:
        """Rise of the log price per fraction of the numeraire reserve that buyers pay in."""
        fraction, tokens = 1e-6, self.balanced(price)
        tokens_left = tokens - float(self.payout(1.0, tokens, fraction, 0.0, False))
        before = self.spot_price(tokens, 1.0)
        after = self.spot_price(tokens_left, 1.0 + fraction)
        return float(np.log(after / before)) / fraction

    @abstractmethod
    def invariant(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        """A measure of the pool's size, of degree one in the reserves, that no swap may lower.

        The first deposit mints this many LP shares.
        """


class Product(Curve):
    """Reserves x and y with x y = k: pays y g a / (x + g a) for a in, g = 1 - fee."""

    def payout(
        self, reserve_in: Amount, reserve_out: Amount, amount: Amount, fee: Amount, pays_token: Flag
    ) -> Amount:
        after_fee = (1.0 - fee) * amount
        return reserve_out * after_fee / (reserve_in + after_fee)

    def spot_price(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        return reserve_numeraire / reserve_token

    def balanced(self, price: float) -> float:
        return 1.0 / price

    def invariant(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        product: Amount = np.sqrt(1.0 * reserve_token * reserve_numeraire)  # integers would wrap
        return product


class ConstantProduct(Product):
    """Reserves x and y with x y = k: pays y g a / (x + g a) for a in, g = 1 - fee (Uniswap v2).

    >>> round(ConstantProduct().payout(1000.0, 1000.0, 10.0, 0.003, True), 12)
    9.871580343971
    """

    kind: Literal["constant_product"] = "constant_product"


class Weighted(Curve):
    """Reserves with x^w y^(1 - w) constant, w the token's weight (Balancer).

    At the pool's price the part w of its worth is in tokens. Pays y (1 - (x / (x + g a))^(wx / wy))
    for a in. With `last_weight` the weight moves to it in even steps over `periods`, and the price
    with it: a pool that opens with a high weight falls until buyers come (liquidity bootstrapping).

    >>> round(float(Weighted(weight=0.04).payout(1000.0, 1e6, 1.0, 0.0, True)), 5)
    41.64498
    """

    kind: Literal["weighted"] = "weighted"
    weight: float = Field(0.5, ge=0.01, le=0.99, description="Weight of the token.")
    last_weight: float | None = Field(
        None, ge=0.01, le=0.99, description="Weight that it moves to, none for a lasting one."
    )
    periods: int = Field(1, ge=1, le=1_000_000, description="Periods until the last weight.")

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if self.last_weight is None and self.periods != 1:
            raise ValueError(
                "periods count until last_weight, which has no value: set "
                "market.curve.last_weight=0.5 or market.curve.periods=1"
            )
        return self

    def at(self, period: int) -> "Weighted":
        if self.last_weight is None:
            return self
        progress = min(period / self.periods, 1.0)
        return Weighted(weight=self.weight + progress * (self.last_weight - self.weight))

    def payout(
        self, reserve_in: Amount, reserve_out: Amount, amount: Amount, fee: Amount, pays_token: Flag
    ) -> Amount:
        after_fee = (1.0 - fee) * amount
        odds = self.weight / (1.0 - self.weight)
        ratio = np.where(pays_token, odds, 1.0 / odds)
        out: Amount = -reserve_out * np.expm1(-ratio * np.log1p(after_fee / reserve_in))
        return out

    def spot_price(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        return reserve_numeraire / (1.0 - self.weight) / (reserve_token / self.weight)

    def balanced(self, price: float) -> float:
        return self.weight / (1.0 - self.weight) / price

    def invariant(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        product: Amount = reserve_token**self.weight * reserve_numeraire ** (1.0 - self.weight)
        return product


class StableSwap(Curve):
    """Between constant sum and constant product, for tokens worth about `peg` (Curve).

    With x tokens times the peg and y numeraire, D solves 2 A (x + y) + D = 2 A D + D^3 / (4 x y): D
    is what both reserves sum to at the peg. The fee is kept from what is paid out. A payout is the
    root of a quadratic in which nothing cancels, also for amounts far below the reserves.
    """

    kind: Literal["stableswap"] = "stableswap"
    fee_on_output: ClassVar[bool] = True
    amplification: float = Field(
        100.0,
        ge=1,
        le=1e6,
        description="A: the higher, the wider the range of prices near the peg.",
    )
    peg: float = Field(1.0, gt=0, le=1e12, description="Numeraire per token in a balanced pool.")

    def payout(
        self, reserve_in: Amount, reserve_out: Amount, amount: Amount, fee: Amount, pays_token: Flag
    ) -> Amount:
        scale_in: Any = np.where(pays_token, self.peg, 1.0)
        scale_out: Any = np.where(pays_token, 1.0, self.peg)
        before, other, paid = reserve_in * scale_in, reserve_out * scale_out, amount * scale_in
        bend = self._bend(before, other)
        sloped = 2.0 * self.amplification * (before + paid)
        linear = sloped * (paid + other) + bend * (before + paid)
        constant = paid * other * (sloped + bend)
        split = sloped * (paid - other) + bend * paid  # linear^2 - 4 sloped constant, as a sum
        rest = bend * before * (2.0 * sloped * (paid + other) + bend * (before + 2.0 * paid))
        root = np.sqrt(split**2 + rest)
        out: Amount = (1.0 - fee) * (2.0 * constant / (linear + root)) / scale_out
        return out

    def spot_price(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        worth, straight = reserve_token * self.peg, 2.0 * self.amplification
        bend = self._bend(worth, reserve_numeraire)
        return self.peg * (straight + bend / worth) / (straight + bend / reserve_numeraire)

    def invariant(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        """D, by Newton's method from above, starting at the sum."""
        x, y, straight = reserve_token * self.peg, reserve_numeraire, 2.0 * self.amplification
        total: Amount = x + y
        for _ in range(255):
            last, third = total, total * (total / (2.0 * x)) * (total / (2.0 * y))
            total = (straight * (x + y) + 2.0 * third) * total
            total = total / ((straight - 1.0) * last + 3.0 * third)
            if np.all(np.abs(total - last) <= 1e-15 * total):
                break
        return total

    def _bend(self, x: Amount, y: Amount) -> Amount:
        """D^3 / (4 x y) `[...]`, for reserves in units of numeraire."""
        total = self.invariant(x / self.peg, y)
        return total * (total / (2.0 * x)) * (total / (2.0 * y))


class BondingCurve(Curve):
    """A pool that mints the tokens it sells and burns those it buys, at a price of R / (S w).

    Its numeraire R backs `reserve_ratio` w of the supply S at the price: d more mints
    S ((1 + d / R)^w - 1), and b tokens are worth R (1 - (1 - b / S)^(1 / w)) (Bancor). Here the
    token's reserve is the supply. There are no LP shares: fees raise the price for all holders.
    """

    kind: Literal["bonding_curve"] = "bonding_curve"
    mints: ClassVar[bool] = True
    full_range: ClassVar[bool] = False
    reserve_ratio: float = Field(0.5, gt=0, le=1, description="Part of the supply that is backed.")

    def payout(
        self, reserve_in: Amount, reserve_out: Amount, amount: Amount, fee: Amount, pays_token: Flag
    ) -> Amount:
        after_fee = (1.0 - fee) * amount
        burned = np.minimum(after_fee / reserve_in, 1.0)
        with np.errstate(divide="ignore"):
            released = -np.expm1(np.log1p(-burned) / self.reserve_ratio)
        minted = np.expm1(self.reserve_ratio * np.log1p(after_fee / reserve_in))
        out: Amount = reserve_out * np.where(pays_token, released, minted)
        return out

    def spot_price(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        return reserve_numeraire / (reserve_token * self.reserve_ratio)

    def balanced(self, price: float) -> float:
        return 1.0 / (self.reserve_ratio * price)

    def steepness(self, price: float) -> float:
        """The price is proportional to R^(1 - w) along the curve."""
        return 1.0 - self.reserve_ratio

    def invariant(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        """R / S^(1 / w), the reserve for a supply of 1. Only fees change it; not of degree one."""
        backing: Amount = reserve_numeraire / reserve_token ** (1.0 / self.reserve_ratio)
        return backing


class Concentrated(Product):
    """Constant product between two ticks, on as much liquidity as serves there (Uniswap v3).

    Each position serves a range of prices, from tick to tick, and is drawn from only while the
    price is within it. Ticks are whole numbers i for prices of 1.0001^i, positions begin and end at
    multiples of `spacing`. Here reserves are virtual ones: liquidity over the root of the price,
    and liquidity times it, for amounts that reach no tick. Fees are kept aside until they are
    collected with the position.
    """

    kind: Literal["concentrated"] = "concentrated"
    full_range: ClassVar[bool] = False
    spacing: int = Field(
        60, ge=1, le=16384, description="Ticks between those where positions may begin or end."
    )


CURVES: tuple[type[Curve], ...] = (
    ConstantProduct,
    Weighted,
    StableSwap,
    Concentrated,
    BondingCurve,
)
