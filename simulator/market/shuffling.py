"""Random order of many orders."""

import numpy as np

from simulator.market.orders import Orders

__all__ = ["MANY", "shuffled"]

MANY = 1 << 17  # from which on this is quicker than a permutation
PILES = 256


def shuffled(orders: Orders, draws: np.random.Generator) -> Orders:
    """The same orders in a sequence of which every one is equally likely.

    Each is dealt to any of several piles, and then every pile is shuffled, which the caches can
    hold (Rao, Sankhya 23 (1961); Sandelius, J. Royal Statistical Society B 24 (1962)).
    """
    from simulator.market.kernels import dealt, mixed

    pile = draws.integers(0, PILES, len(orders), dtype=np.uint8)
    ends = np.cumsum(np.bincount(pile, minlength=PILES))
    return orders.moved(dealt(pile, ends), mixed(ends, draws.random(len(orders))))
