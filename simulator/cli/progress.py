"""Progress on stderr: bars on a terminal, or a line for each period."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from simulator.running import Progress

__all__ = ["compiling_bar", "run_progress", "sweep_progress"]

COMPILING = "compiling, once on this machine (about a minute)"


@contextmanager
def run_progress(periods: int, quiet: bool, verbose: bool) -> "Iterator[Progress | None]":
    """A function to call after every period: moves a bar on a terminal, or prints if verbose."""
    if verbose and not quiet:
        from simulator.compiling import compilation_listener

        with compilation_listener(cache(lambda: click.echo(COMPILING, err=True))):
            yield lambda economy: click.echo(_period_line(economy.history[-1]), err=True)
    elif quiet or not sys.stderr.isatty():
        yield None
    else:
        from simulator.compiling import FIRST_RUN

        with compiling_bar(FIRST_RUN) as bar:
            task = bar.add_task("periods", total=periods)
            yield lambda economy: bar.update(task, completed=economy.period)


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
    """A function to call after every run with the number of failures: moves a bar on a terminal."""
    if quiet or not missing or not sys.stderr.isatty():
        yield None
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
