"""What commands print: results on stdout, problems and warnings on stderr."""

import json
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.errors import Problem, RunError, SimulatorError

if TYPE_CHECKING:
    from simulator.reading import Named
    from simulator.scenario import Scenario

__all__ = [
    "analysis_errors",
    "show_how_to_resume",
    "show_json",
    "show_names",
    "show_problems",
    "show_run",
    "show_sweep",
    "show_tables",
    "show_warnings",
    "warn_of_doubts",
]


@contextmanager
def analysis_errors() -> Iterator[None]:
    """Turn a ValueError of the analysis into a RunError, which prints as one line."""
    try:
        yield
    except SimulatorError:
        raise
    except ValueError as error:
        raise RunError(str(error)) from error


def show_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2))


def show_problems(problems: Iterable[Problem], as_json: bool) -> None:
    """Print problems on stderr and, as JSON, on stdout too."""
    if as_json:
        show_json(
            {"problems": [{"where": problem.where, "what": problem.what} for problem in problems]}
        )
    for problem in problems:
        click.echo(f"error: {problem}", err=True)


def show_names(what: str, named: "Named", bases: "Iterable[Named]", quiet: bool) -> None:
    """Print on stderr which file was taken as `what`, if in doubt, unless `quiet`.

    `bases` are what its file, and those that this extends, name in turn.
    """
    if quiet:
        return
    if named.in_doubt:
        click.echo(f"{what}: {named}", err=True)
    for base in bases:
        if base.is_shipped and base.other:
            click.echo(f"extends: {base}", err=True)


def show_how_to_resume(error: BaseException | None) -> None:
    """Print how to resume the run whose folder the error's notes name, if any."""
    for folder in map(Path, getattr(error, "__notes__", ())):
        if (folder / "manifest.json").is_file():
            plugins = sorted((folder / "plugins").glob("*.py"))
            click.echo(f"what was computed is in {folder}", err=True)
            click.echo(f"go on with: {_command('resume', folder, plugins)}", err=True)


def show_warnings(warnings: Iterable[str], quiet: bool) -> None:
    """Print warnings on stderr unless `quiet`."""
    if not quiet:
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)


def warn_of_doubts(scenario: "Scenario", quiet: bool) -> None:
    """Print doubts about a scenario on stderr unless `quiet`."""
    if not quiet:
        from simulator.scenario import doubts

        show_warnings(doubts(scenario), quiet)


def show_tables(summaries: Iterable[str], quiet: bool) -> None:
    """Print on stderr what was read from tables of the user's, unless `quiet`."""
    if not quiet:
        for summary in filter(None, summaries):
            click.echo(f"data: {summary}", err=True)


def show_run(
    folder: Path, as_json: bool, quiet: bool, plugins: Sequence[str], file: str = ""
) -> None:
    """Print the summary of a complete run and the paths of its files; if `quiet`, its folder.

    `plugins` are the files that it needs; `file` is that of its scenario, if it was just read.
    """
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    if as_json:
        show_json(({"file": file} if file else {}) | {"folder": str(folder)} | summary)
    elif quiet:
        click.echo(str(folder))
    else:
        from simulator.analysis.summary import summary_text

        figure = folder / "overview.png"
        click.echo(summary_text(summary))
        click.echo(f"\nresults  {folder}")
        if figure.exists():
            click.echo(f"figure   {figure}")
            click.echo(f"look     {_opener()} {shlex.quote(str(figure))}")
        else:
            click.echo(f"look     {_command('view', folder, plugins)}")


def _command(name: str, folder: Path, plugins: Iterable[str | Path]) -> str:
    """A command for a run folder, with the plugins that it needs."""
    needed = (word for file in plugins for word in ("--plugin", str(file)))
    return shlex.join(["wallstreetfeds", name, str(folder), *needed])


def show_sweep(folder: Path, as_json: bool, quiet: bool, **files: str) -> None:
    """Print how many runs of a sweep are complete, failed and missing, and why they failed.

    `files` are those of its study and its base, if they were just read.
    """
    from simulator.recording import read_manifest
    from simulator.sweep import read_cells, state_of

    runs = read_cells(folder)
    states = {run: state_of(folder / run.folder) for run in runs}
    counts = dict.fromkeys(("complete", "failed", "missing"), 0) | Counter(states.values())
    failures = [
        {"folder": str(place), "error": read_manifest(place).get("error", "")}
        for place in (folder / run.folder for run in runs if states[run] == "failed")
    ]
    if as_json:
        answer = {"folder": str(folder), "runs": len(runs), **counts, "failures": failures}
        show_json(files | answer)
    elif quiet:
        click.echo(str(folder))
    else:
        states_text = ", ".join(f"{count} {state}" for state, count in counts.items())
        click.echo(f"{folder.name}: {len(runs)} runs, {states_text}")
        for failure in failures:
            click.echo(f"failed   {failure['folder']}: {failure['error']}")
        click.echo(f"results  {folder}")
        click.echo(f"table    wallstreetfeds sweep collect {shlex.quote(str(folder))}")


def _opener() -> str:
    """The command that opens a file on this system."""
    return {"darwin": "open", "win32": "start"}.get(sys.platform, "xdg-open")
