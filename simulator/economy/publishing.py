"""Publishing: what follows from contributions becomes known after `market.information_delay`."""

from dataclasses import replace

import numpy as np

from simulator.agents.strategies import NEWS, Strategy
from simulator.components import Floats, Integers, Memory
from simulator.economy.world import World
from simulator.market import MarketView

__all__ = ["announced", "known", "news", "seen_by", "unannounced"]


def news(world: World, dividend: Floats) -> dict[str, Floats]:
    """What follows from this period's contributions, and the `dividend` per token `[tokens]`."""
    return {
        "supply": world.ledger.supply(world.register.token_numbers),
        "fundamental_value": world.prices.value,
        "share": world.settings.tokens.mechanism.sum_by_token(world.assessment.shares),
        "dividend": dividend,
    }


def unannounced(news: dict[str, Floats], delay: int) -> Memory:
    """What is kept back at genesis: `news` of `delay` periods and the present, oldest first."""
    return {name: np.tile(news[name], (1 + delay, 1)) for name in NEWS} if delay else {}


def announced(kept: Memory, news: dict[str, Floats]) -> Memory:
    """What is kept back one period later: the oldest is given up for `news` of the present."""
    return {name: np.concatenate([rows[1:], [news[name]]]) for name, rows in kept.items()}


def known(kept: Memory, new: Integers, supply: Floats) -> Memory:
    """What is kept back when `new` tokens are launched: everybody knows their `supply`."""
    if not kept:
        return kept
    announced = kept["supply"].copy()
    announced[:, new] = supply
    return kept | {"supply": announced}


def seen_by(strategy: Strategy, view: MarketView, kept: Memory) -> MarketView:
    """`view` as a strategy may see it: the oldest news for all that it does not know at once."""
    old = {name: rows[0] for name, rows in kept.items() if name not in strategy.knows}
    return replace(view, **old) if old else view
