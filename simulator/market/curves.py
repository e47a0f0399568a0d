"""Curves: what a pool pays for what it is paid."""

from abc import abstractmethod
from typing import Literal, TypeVar

import numpy as np

from simulator.components import Component, Floats

__all__ = ["CURVES", "ConstantProduct", "Curve"]

Amount = TypeVar("Amount", float, Floats)


class Curve(Component):
    """A pricing rule of a pool with two reserves. All methods also take arrays, elementwise."""

    @abstractmethod
    def payout(self, reserve_in: Amount, reserve_out: Amount, amount: Amount, fee: float) -> Amount:
        """What comes out for `amount` in, of which the fraction `fee` stays in the pool as fee."""

    @abstractmethod
    def spot_price(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        """Numeraire per token for an infinitely small swap, before the fee."""

    @abstractmethod
    def invariant(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        """A measure of the pool's size, of degree one in the reserves, that no swap may lower."""


class ConstantProduct(Curve):
    """Reserves x and y with x y = k: pays y g a / (x + g a) for a in, g = 1 - fee (Uniswap v2).

    >>> round(ConstantProduct().payout(1000.0, 1000.0, 10.0, fee=0.003), 12)
    9.871580343971
    """

    kind: Literal["constant_product"] = "constant_product"

    def payout(self, reserve_in: Amount, reserve_out: Amount, amount: Amount, fee: float) -> Amount:
        kept = (1.0 - fee) * amount
        return reserve_out * kept / (reserve_in + kept)

    def spot_price(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        return reserve_numeraire / reserve_token

    def invariant(self, reserve_token: Amount, reserve_numeraire: Amount) -> Amount:
        product: Amount = np.sqrt(reserve_token * reserve_numeraire)
        return product


CURVES: tuple[type[Curve], ...] = (ConstantProduct,)
