"""Depth: what swaps of any size would pay in a pool, and the price that they would leave."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simulator.components import Floats
from simulator.market import Curve

__all__ = ["Depth", "Ranges", "swapped"]

FAR = 1e3  # times a root of the price: beyond it nothing is asked


class Depth(NamedTuple):
    """Swaps each on its own, of the same pool; all `[amounts]`, NaN where it cannot pay."""

    paid: Floats
    got: Floats
    spot_price: Floats
    """Afterwards, numeraire per token."""


def swapped(
    curve: Curve, token: float, numeraire: float, fee: float, paid: Floats, pays_token: bool
) -> Depth:
    """What a pool with the reserves `token` and `numeraire` pays for amounts `paid` `[amounts]`.

    >>> from simulator.market import ConstantProduct
    >>> depth = swapped(ConstantProduct(), 1000.0, 1000.0, 0.003, np.array([10.0]), False)
    >>> round(float(depth.got[0]), 9), round(float(depth.spot_price[0]), 7)
    (9.871580344, 1.0200697)
    """
    before = np.full(len(paid), token), np.full(len(paid), numeraire)
    reserve_in, reserve_out = before if pays_token else before[::-1]
    got = curve.payout(reserve_in, reserve_out, paid, np.full(len(paid), fee), pays_token)
    tokens_in, numeraire_in = (paid, -got) if pays_token else (-got, paid)
    left = token - tokens_in if curve.mints else token + tokens_in
    return Depth(paid, got, curve.spot_price(left, numeraire + numeraire_in))


@dataclass(frozen=True)
class Ranges:
    """A concentrated pool: positions `[positions]` that serve between two roots of the price."""

    lower: Floats
    upper: Floats
    liquidity: Floats
    root: float
    """Of the spot price."""

    def tokens(self, root: Floats) -> Floats:
        """Behind all positions at each of the roots `[roots]`, fees aside."""
        inside = np.clip(root[:, None], self.lower, self.upper)
        behind: Floats = (1 / inside - 1 / self.upper) @ self.liquidity
        return behind

    def numeraire(self, root: Floats) -> Floats:
        """The same."""
        inside = np.clip(root[:, None], self.lower, self.upper)
        behind: Floats = (inside - self.lower) @ self.liquidity
        return behind

    def swapped(self, fee: float, paid: Floats, pays_token: bool) -> Depth:
        """What is paid for amounts `paid` `[amounts]`, of which the fee is kept aside.

        Between two ends of positions the numeraire behind them is linear in the root, the tokens
        in its inverse.
        """
        start, kept = np.array([self.root]), (1 - fee) * paid
        ends = self._ends()
        if pays_token:
            behind = self.tokens(ends)[::-1]
            wanted = self.tokens(start) + kept
            root = 1 / np.interp(wanted, behind, 1 / ends[::-1], right=np.nan)
            got = self.numeraire(start) - self.numeraire(root)
        else:
            wanted = self.numeraire(start) + kept
            root = np.interp(wanted, self.numeraire(ends), ends, right=np.nan)
            got = self.tokens(start) - self.tokens(root)
        return Depth(paid, got, root**2)

    def _ends(self) -> Floats:
        """Roots between which liquidity is the same, ascending."""
        known = np.unique([self.root, *self.lower[self.lower > 0], *self.upper])
        known = known[np.isfinite(known)]
        return np.concatenate([[known[0] / FAR], known, [known[-1] * FAR]])
