"""Commands about settings, schema, shipped scenarios, and this installation."""

import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from simulator.cli.catalogue import show_catalogue
from simulator.cli.options import scenario_type_with, shared_options
from simulator.cli.printing import show_json
from simulator.cli.progress import compiling_bar
from simulator.errors import Problem, ScenarioError, suggestion

__all__ = ["doctor", "init", "list_", "schema"]

EXAMPLE_STUDY = os.path.join("studies", "joining.yaml")


@click.command()
@shared_options("plugin")
def schema(plugins: tuple[str, ...]) -> None:
    """Print the JSON Schema of scenario files, for editors that complete and check YAML.

    \b
    Example:
      wallstreetfeds schema > scenario.schema.json
    A scenario names it in its first line:
      # yaml-language-server: $schema=scenario.schema.json
    """
    show_json(scenario_type_with(plugins).json_schema())


@click.command("list")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@shared_options("plugin", "json")
def list_(words: tuple[str, ...], plugins: tuple[str, ...], as_json: bool) -> None:
    """List what a scenario can set, and the components it can name, with defaults and limits.

    Each WORD narrows it down to places, kinds and settings whose name or description contains it; a
    kind that is called so is described in full.

    \b
    Examples:
      wallstreetfeds list
      wallstreetfeds list investors
      wallstreetfeds list tokens.payout
      wallstreetfeds list gtg_shapley
      wallstreetfeds list fee volatility
    """
    from simulator.scenario.catalogue import found, places_of

    places = places_of(scenario_type_with(plugins))
    if not (matching := found(places, words)):
        names = [name for place in places for name in place.names]
        hint = next(filter(None, (suggestion(word, names) for word in words)), "")
        all_of = "all of these words" if len(words) > 1 else "this word"
        what = f"nothing has {all_of}{hint or '; `wallstreetfeds list` alone shows all'}"
        raise ScenarioError([Problem(f"list {' '.join(words)}", what)])
    show_catalogue(matching, as_json)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """Make DIRECTORY with the shipped scenarios, their studies, and a scenario of your own.

    Files that are there already stay as they are.

    \b
    Example:
      wallstreetfeds init my-study
    """
    hint = "# yaml-language-server: $schema=scenario.schema.json\n"
    files = _shipped_files() | {"mine.yaml": f"{hint}extends: quickstart.yaml\nname: mine\n"}
    kept = [name for name in sorted(files) if os.path.lexists(directory / name)]
    new = [name for name in sorted(files) if name not in kept]
    try:
        (directory / "studies").mkdir(parents=True, exist_ok=True)
        for name in new:
            (directory / name).write_text(files[name], "utf-8")
    except OSError as error:
        where = error.filename or str(directory)
        raise ScenarioError([Problem(where, error.strerror or str(error))]) from error
    if new:
        click.echo(f"{directory}: wrote {', '.join(new)}")
    if kept:
        click.echo(f"{directory}: kept as they are {', '.join(kept)}")
    mine, study = (shlex.quote(str(directory / name)) for name in ("mine.yaml", EXAMPLE_STUDY))
    click.echo(f"edit mine.yaml, then: wallstreetfeds run {mine}")
    click.echo(f"run a study: wallstreetfeds sweep run {study}")


def _shipped_files() -> dict[str, str]:
    """The text of the files that come with the package, by path in its folder."""
    from simulator.scenario.shipped import FOLDER

    files = [*FOLDER.glob("*.yaml"), *FOLDER.glob("*.json"), *FOLDER.glob("studies/*.yaml")]
    return {str(file.relative_to(FOLDER)): file.read_text("utf-8") for file in files}


@click.command()
@click.option(
    "--compile",
    "compiles",
    is_flag=True,
    help="Compile all kernels now. Otherwise the first runs on a machine do it, and wait for it.",
)
@shared_options("json")
def doctor(compiles: bool, as_json: bool) -> None:
    """Check that this installation works: packages, compiled kernel, a tiny run.

    \b
    Examples:
      wallstreetfeds doctor
      wallstreetfeds doctor --compile
    """
    from simulator.doctor import Check, examine

    checks: Iterable[Check] = examine(compiles)
    if compiles:
        from simulator.compiling import ALL_KERNELS

        with compiling_bar(ALL_KERNELS):
            checks = list(checks)
    results = list[Check]()
    for check in checks:  # printed one by one as they end
        results.append(check)
        if not as_json:
            click.echo(f"{'ok  ' if check.good else 'FAIL'} {check.name:<22} {check.found}")
    if as_json:
        show_json([check._asdict() for check in results])
    sys.exit(0 if all(check.good for check in results) else 1)
