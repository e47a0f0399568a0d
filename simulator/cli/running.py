"""Commands for one scenario: validate, run, resume and verify it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli.options import load_scenario, overrides_from, shared_options
from simulator.cli.printing import show_json, show_run, show_tables, show_warnings, warn_of_doubts
from simulator.cli.progress import run_progress

if TYPE_CHECKING:
    from simulator.scenario import Scenario

__all__ = ["resume", "run", "validate", "verify"]


@click.command()
@click.argument("scenario", default="quickstart")
@shared_options("set", "seed", "periods", "out", "plugin", "json", "quiet", "verbose")
def run(
    scenario: str,
    settings: tuple[str, ...],
    seed: int | None,
    periods: int | None,
    out: str,
    plugins: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run SCENARIO, a YAML file or the name of a shipped scenario.

    \b
    Examples:
      wallstreetfeds run scenarios/quickstart.yaml
      wallstreetfeds run quickstart --periods 200 --seed 3 --out /tmp/runs
      wallstreetfeds run quickstart --set tokens.payout.dividend=0.7 --set tokens.payout.buyback=0
      wallstreetfeds run mine.yaml --plugin my_strategy.py --json
    """
    overrides = overrides_from(settings, seed, periods)
    loaded = load_scenario(scenario, overrides, plugins)
    show_tables([loaded.federation.task.summary()], quiet)
    warn_of_doubts(loaded, quiet)
    from simulator.running import run as run_scenario

    with run_progress(loaded.periods, quiet, verbose) as progress:
        folder = run_scenario(loaded, out, overrides=overrides, plugins=plugins, progress=progress)
    show_run(folder, as_json, quiet)


@click.command()
@click.argument("scenario")
@shared_options("set", "seed", "periods", "plugin", "json")
def validate(
    scenario: str,
    settings: tuple[str, ...],
    seed: int | None,
    periods: int | None,
    plugins: tuple[str, ...],
    as_json: bool,
) -> None:
    """Check SCENARIO without running it; tells everything that is wrong with it at once.

    \b
    Examples:
      wallstreetfeds validate mine.yaml
      wallstreetfeds validate quickstart --set market.fee=0.5
    """
    loaded = load_scenario(scenario, overrides_from(settings, seed, periods), plugins)
    _check_set_up(loaded, plugins)
    if as_json:
        from simulator.scenario import doubts

        data = loaded.federation.task.summary()
        show_json({"problems": [], "warnings": doubts(loaded), "data": data})
    else:
        show_tables([loaded.federation.task.summary()], quiet=False)
        warn_of_doubts(loaded, quiet=False)
        click.echo(f"{scenario} is a valid scenario")


def _check_set_up(scenario: "Scenario", plugins: tuple[str, ...]) -> None:
    """Read the data of a scenario; set up all of it if it has components of plugins."""
    if plugins:
        from simulator.running import set_up

        set_up(scenario)
        return
    from simulator.randomness import Streams

    scenario.federation.gather(scenario.behaviours, Streams(scenario.seed), scenario.owners)
    scenario.read_series()


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@shared_options("plugin", "json", "quiet", "verbose")
def resume(
    folder: Path, plugins: tuple[str, ...], as_json: bool, quiet: bool, verbose: bool
) -> None:
    """Take the run in FOLDER to its end after a kill, Ctrl-C or failure.

    \b
    Example:
      wallstreetfeds resume outputs/quickstart/20260101T120000Z-1a2b3c4d
    """
    from simulator.recording import read_manifest
    from simulator.running import resume as resume_run

    with run_progress(read_manifest(folder)["periods"], quiet, verbose) as progress:
        unfinished = resume_run(
            folder,
            plugins=plugins,
            progress=progress,
            notify=lambda text: show_warnings([text], quiet),
        )
    if not unfinished and not quiet:
        click.echo(f"{folder} is complete already", err=True)
    show_run(folder, as_json, quiet)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@shared_options("plugin", "json", "quiet", "verbose")
def verify(
    folder: Path, plugins: tuple[str, ...], as_json: bool, quiet: bool, verbose: bool
) -> None:
    """Run the scenario in FOLDER again and compare all tables; exit code 1 when they differ.

    \b
    Example:
      wallstreetfeds verify outputs/quickstart/20260101T120000Z-1a2b3c4d
    """
    from simulator.recording import read_manifest
    from simulator.running import as_expected, changed_versions
    from simulator.running import verify as verify_run

    manifest = read_manifest(folder)
    with run_progress(manifest["periods"], quiet, verbose) as progress:
        tables = verify_run(folder, plugins=plugins, progress=progress)
    versions = changed_versions(manifest)
    other_versions = bool(versions.keys() - {"git_commit"})
    verified = all(as_expected(text, other_versions=other_versions) for text in tables.values())
    if as_json:
        show_json({"verified": verified, "tables": tables, "versions": versions})
    else:
        for name, text in (tables | versions).items():
            click.echo(f"{name:<14} {text}")
        click.echo("verified" if verified else "NOT the same")
    sys.exit(0 if verified else 1)
