"""Publishing: news from contributions becomes public after `market.information_delay` periods."""

from dataclasses import replace

import numpy as np

from simulator.agents.strategies import NEWS, Strategy
from simulator.components import Floats, Integers, Memory
from simulator.economy.world import World
from simulator.market import MarketView

__all__ = ["add_launch", "advance", "initial_queue", "news", "view_for"]


def news(world: World, dividend: Floats) -> dict[str, Floats]:
    """This period's figures that follow from contributions; `dividend` is per token `[tokens]`."""
    return {
        "supply": world.ledger.supply(world.register.token_numbers),
        "fundamental_value": world.prices.value,
        "share": world.settings.tokens.mechanism.sum_by_token(world.assessment.shares),
        "dividend": dividend,
    }


def initial_queue(news: dict[str, Floats], delay: int) -> Memory:
    """The queue of news at genesis: `news` for `delay` periods and the present, oldest first."""
    return {name: np.tile(news[name], (1 + delay, 1)) for name in NEWS} if delay else {}


def advance(queue: Memory, news: dict[str, Floats]) -> Memory:
    """The queue one period later: without the oldest, with `news` of the present."""
    return {name: np.concatenate([rows[1:], [news[name]]]) for name, rows in queue.items()}


def add_launch(queue: Memory, new: Integers, supply: Floats) -> Memory:
    """The queue after the launch of tokens `new`: their `supply` is public at once."""
    if not queue:
        return queue
    public_supply = queue["supply"].copy()
    public_supply[:, new] = supply
    return queue | {"supply": public_supply}


def view_for(strategy: Strategy, view: MarketView, queue: Memory) -> MarketView:
    """`view` as a strategy sees it: with the oldest news, except for news that it `knows`."""
    old = {name: rows[0] for name, rows in queue.items() if name not in strategy.knows}
    return replace(view, **old) if old else view
