"""Random order of many orders."""

import numpy as np

from simulator.market.orders import Orders

__all__ = ["MANY", "shuffled"]

MANY = 1 << 17  # orders from which piles are quicker than one permutation
PILES = 256


def shuffled(orders: Orders, draws: np.random.Generator) -> Orders:
    """The orders in random sequence; all sequences are equally likely.

    Orders are dealt at random to piles small enough for the caches, then each pile is shuffled
    (Rao, Sankhya 23 (1961); Sandelius, J. Royal Statistical Society B 24 (1962)).
    """
    from simulator.market.kernels import pile_places, shuffled_piles

    pile = draws.integers(0, PILES, len(orders), dtype=np.uint8)
    ends = np.cumsum(np.bincount(pile, minlength=PILES))
    uniforms = draws.random(len(orders))
    return orders.take_packed(pile_places(pile, ends), shuffled_piles(ends, uniforms))
