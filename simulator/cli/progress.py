"""Progress on stderr: bars on a terminal, elsewhere lines."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from simulator.economy import Economy
    from simulator.running import Progress
    from simulator.scenario import Forecast

__all__ = ["compiling_bar", "run_progress", "show_forecast", "sweep_progress"]

COMPILING = "compiling, once on this machine (about a minute)"
SECONDS_PER_LINE = 10.0


@contextmanager
def run_progress(periods: int, quiet: bool, verbose: bool) -> "Iterator[Progress | None]":
    """A function to call after genesis and every period.

    It tells what the run will take, if that is much. Then it moves a bar on a terminal, prints a
    line per period if `verbose`, or elsewhere a line every ten seconds.
    """
    if quiet:
        yield None
    elif sys.stderr.isatty() and not verbose:
        from simulator.compiling import FIRST_RUN

        with compiling_bar(FIRST_RUN) as bar:
            task = bar.add_task("periods", total=periods)
            yield _forecasting(lambda economy: bar.update(task, completed=economy.period))
    else:
        from simulator.compiling import compilation_listener

        lines = _Lines(periods, "periods")

        def show(economy: "Economy") -> None:
            if verbose:
                click.echo(_period_line(economy.history[-1]), err=True)
            else:
                lines.show(economy.period)

        with compilation_listener(cache(lambda: click.echo(COMPILING, err=True))):
            yield _forecasting(show)


def _forecasting(show: "Progress") -> "Progress":
    """`show`, and at genesis what the run will take."""

    def progress(economy: "Economy") -> None:
        if economy.period == 0:
            from simulator.scenario import forecast

            show_forecast(forecast(economy.settings, economy.cohort))
        show(economy)

    return progress


def show_forecast(expected: "Forecast") -> None:
    """Print on stderr what a run will take, if that is more than a minute or a gigabyte."""
    if str(expected):
        click.echo(f"this will take {expected}", err=True)


class _Lines:
    """Progress lines on stderr, one every ten seconds at most."""

    def __init__(self, total: int, what: str) -> None:
        self._total, self._what = total, what
        self._first: tuple[int, float] | None = None
        self._shown = time.monotonic()

    def show(self, done: int, more: str = "") -> None:
        """Print how many are done and how long the others will take."""
        now = time.monotonic()
        if self._first is None:
            self._first = done, now
        if now - self._shown < SECONDS_PER_LINE or done == self._total:
            return
        from simulator.scenario.forecasting import in_words

        self._shown, (before, started) = now, self._first
        line = f"{done} of {self._total} {self._what}{more}"
        if done > before:
            left = (now - started) / (done - before) * (self._total - done)
            line += f", {in_words(left)} left"
        click.echo(line, err=True)


@contextmanager
def compiling_bar(functions: int) -> "Iterator[Bar]":
    """Show a progress bar on a terminal, with an extra line while numba compiles.

    `functions` is roughly the number of functions that a new installation compiles.
    """
    from rich.console import Console
    from rich.progress import Progress as Bar

    from simulator.compiling import compilation_listener

    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(COMPILING, total=functions, visible=False)
        with compilation_listener(lambda: bar.update(task, advance=1, visible=True)):
            yield bar


@contextmanager
def sweep_progress(missing: int, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """A function to call after every run with the number of failures.

    It moves a bar on a terminal, and elsewhere prints a line every ten seconds.
    """
    if quiet or not missing:
        yield None
        return
    if not sys.stderr.isatty():
        lines, done = _Lines(missing, "runs"), count(1)
        lines.show(0)
        yield lambda failed: lines.show(next(done), f", {failed} failed")
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    text = "{task.completed} of {task.total} done, {task.fields[failed]} failed"
    columns = (TextColumn(text), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("runs", total=missing, failed=0)
        yield lambda failed: bar.update(task, advance=1, failed=failed)


def _period_line(row: Mapping[str, Any]) -> str:
    return (
        f"period {row['period']}: accuracy {row['accuracy']:.3f}, revenue {row['revenue']:.1f}, "
        f"issued {row['issued']:.1f}, volume {row['volume']:.1f}"
    )
