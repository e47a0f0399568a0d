"""Depth: what swaps of any size would pay in a pool, and the price that they would leave."""

from typing import NamedTuple

import numpy as np

from simulator.components import Floats
from simulator.market import Curve
from simulator.market.curves import Side
from simulator.market.ticks import TickBook

__all__ = ["Depth", "swapped", "swapped_through"]


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


def swapped_through(pool: TickBook, paid: Floats, pays_token: bool) -> Depth:
    """The same of a pool of positions, which is left where the last swap brings it.

    Amounts ascend: each is paid in parts, after what was paid before, which comes to the same.
    """
    side: Side = "token" if pays_token else "numeraire"
    got, spot_price = np.full((2, len(paid)), np.nan)
    for place, part in enumerate(np.diff(paid, prepend=0.0).tolist()):
        if not pool.quote_in(side, part):
            break
        got[place], spot_price[place] = pool.swap_in(side, part), pool.spot_price
    return Depth(paid, got.cumsum(), spot_price)
