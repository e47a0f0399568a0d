"""Depth: the payout of swaps of various sizes in a pool, and the spot price afterwards."""

from typing import NamedTuple

import numpy as np

from simulator.components import Floats
from simulator.market import Curve
from simulator.market.curves import Side
from simulator.market.ticks import TickBook

__all__ = ["Depth", "concentrated_depth", "swap_depth"]


class Depth(NamedTuple):
    """Independent swaps from one state of a pool; all `[amounts]`, NaN where it cannot pay."""

    paid: Floats
    payout: Floats
    spot_price: Floats
    """Spot price after the swap, numeraire per token."""


def swap_depth(
    curve: Curve, token: float, numeraire: float, fee: float, paid: Floats, pays_token: bool
) -> Depth:
    """Depth of a pool with reserves `token` and `numeraire` for amounts `paid` `[amounts]`.

    >>> from simulator.market import ConstantProduct
    >>> depth = swap_depth(ConstantProduct(), 1000.0, 1000.0, 0.003, np.array([10.0]), False)
    >>> round(float(depth.payout[0]), 9), round(float(depth.spot_price[0]), 7)
    (9.871580344, 1.0200697)
    """
    reserves = np.full(len(paid), token), np.full(len(paid), numeraire)
    reserve_in, reserve_out = reserves if pays_token else reserves[::-1]
    payout = curve.payout(reserve_in, reserve_out, paid, np.full(len(paid), fee), pays_token)
    tokens_in, numeraire_in = (paid, -payout) if pays_token else (-payout, paid)
    tokens_after = token - tokens_in if curve.mints else token + tokens_in
    return Depth(paid, payout, curve.spot_price(tokens_after, numeraire + numeraire_in))


def concentrated_depth(pool: TickBook, paid: Floats, pays_token: bool) -> Depth:
    """Depth of a concentrated pool for ascending amounts `paid` `[amounts]`; changes `pool`.

    Swaps the increments one after another: one swap of their sum pays the same in total.
    """
    side: Side = "token" if pays_token else "numeraire"
    payout, spot_price = np.full((2, len(paid)), np.nan)
    for place, amount in enumerate(np.diff(paid, prepend=0.0).tolist()):
        if not pool.quote_in(side, amount):
            break
        payout[place], spot_price[place] = pool.swap_in(side, amount), pool.spot_price
    return Depth(paid, payout.cumsum(), spot_price)
