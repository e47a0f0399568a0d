"""Pace: redraw the page when a show changes, and once more when it pauses."""

import threading

import solara
from mesa.visualization.utils import force_update, update_counter
from reacton.core import get_render_context

from simulator.dashboard.showing import Show

__all__ = ["Pace", "redraw", "redraw_on_change"]

SECONDS_BETWEEN_CHECKS = 0.15
"""Seconds between checks for undrawn changes."""

redraw = force_update
"""Redraw the page now."""


def redraw_on_change(show: Show) -> None:
    """Let the calling component be redrawn whenever the show changes."""
    update_counter.get()
    show.drawn_state = show.state


@solara.component
def Pace(show: Show) -> None:
    """Redraw changes that Mesa leaves undrawn when it stops its threads for playing and drawing.

    Does nothing while a show is running: redraws from two threads would keep the drawing thread
    busy forever.
    """

    def watch(cancelled: threading.Event) -> None:
        previous = show.state
        while not cancelled.wait(SECONDS_BETWEEN_CHECKS):
            state = show.state
            if state == previous and state != show.drawn_state:
                redraw()
            previous = state

    show.drawing = get_render_context().thread_lock
    solara.use_thread(watch, dependencies=[id(show)])
