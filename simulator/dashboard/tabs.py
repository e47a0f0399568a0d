"""The tabs of the page and the drawings on each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from simulator.dashboard import books, federation, market, overview, wealth
from simulator.dashboard.charts import Drawing, Picker
from simulator.dashboard.frames import Cast
from simulator.dashboard.showing import Show

__all__ = ["TABS", "Tab"]

Picks = Mapping[str, str]
"""The picked word of each picker, by its label."""


@dataclass(frozen=True)
class Tab:
    """A titled page of drawings, made when the tab is opened."""

    title: str
    drawings: Callable[[Show, Picks], Sequence[Drawing]]
    pickers: Callable[[Cast], Sequence[Picker]] = lambda cast: ()


TABS = (
    Tab("Overview", lambda show, picks: overview.charts(show.frames, show.cast)),
    Tab("Federation", federation.drawings, lambda cast: (federation.MEASURE,)),
    Tab("Market", market.drawings, market.pickers),
    Tab("Wealth & flows", wealth.drawings, lambda cast: (wealth.SPAN,)),
    Tab("Ledger", books.drawings, books.pickers),
)
