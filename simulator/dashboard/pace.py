"""Pace: the page is drawn anew as often as it can be, and once more when nothing goes on."""

import threading

import solara
from mesa.visualization.utils import force_update, update_counter
from reacton.core import get_render_context

from simulator.dashboard.showing import Show

__all__ = ["Pace", "drawn", "redraw"]

LOOKS = 0.15
"""Seconds between two looks whether something was not drawn."""

redraw = force_update
"""Draw the page anew, now."""


def drawn(show: Show) -> None:
    """What calls this in drawing is drawn anew whenever there is something new to see."""
    update_counter.get()
    show.seen = show.state


@solara.component
def Pace(show: Show) -> None:
    """Draws what Mesa leaves undrawn: it plays in one thread, draws in another, and stops both.

    While a show goes on this does nothing: two threads that change what a third one draws would
    keep that busy for ever.
    """

    def watch(cancelled: threading.Event) -> None:
        before = show.state
        while not cancelled.wait(LOOKS):
            now = show.state
            if now == before and now != show.seen:
                redraw()
            before = now

    show.drawing = get_render_context().thread_lock
    solara.use_thread(watch, dependencies=[id(show)])
