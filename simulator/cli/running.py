"""Commands for one scenario: validate, run, resume and verify it."""

import sys
from pathlib import Path
from typing import Any

import click

from simulator.cli.options import load_scenario, overrides_from, shared_options
from simulator.cli.printing import (
    show_json,
    show_names,
    show_run,
    show_tables,
    show_warnings,
    warn_of_doubts,
)
from simulator.cli.progress import run_progress, show_forecast
from simulator.heap import lasting_objects

__all__ = ["resume", "run", "validate", "verify"]


@click.command()
@click.argument("scenario", default="quickstart")
@shared_options("set", "seed", "periods", "out", "plugin", "figure", "json", "quiet", "verbose")
def run(
    scenario: str,
    settings: tuple[str, ...],
    seed: int | None,
    periods: int | None,
    out: str,
    plugins: tuple[str, ...],
    figure: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run SCENARIO, the name of a shipped scenario or the path of a YAML file.

    A name without a slash and without the suffix .yaml is that of the shipped scenario, even where
    a file is called like it (write ./NAME.yaml for that); anything else is a path. The same holds
    for `extends` in a file, and for studies and their `base`.

    \b
    Examples:
      wallstreetfeds run scenarios/quickstart.yaml
      wallstreetfeds run quickstart --periods 200 --seed 3 --out /tmp/runs
      wallstreetfeds run quickstart --set tokens.payout.dividend=0.7 --set tokens.payout.buyback=0
      wallstreetfeds run mine.yaml --plugin my_strategy.py --json
    """
    with lasting_objects():
        overrides = overrides_from(settings, seed, periods)
        named, reading = load_scenario(scenario, overrides, plugins)
        show_names("scenario", named, reading.bases, quiet)
        from simulator.reading import placed
        from simulator.running import run as run_scenario

    loaded = reading.settings
    with placed(reading.root):
        show_tables([loaded.data_summary(), *loaded.named_clients], quiet)
        warn_of_doubts(loaded, quiet)
        with run_progress(loaded.periods, quiet, verbose) as progress:
            folder = run_scenario(
                loaded,
                out,
                overrides=overrides,
                plugins=plugins,
                progress=progress,
                figure=figure,
            )
    show_run(folder, as_json, quiet, plugins, file=named.path)


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
    overrides = overrides_from(settings, seed, periods)
    named, reading = load_scenario(scenario, overrides, plugins)
    loaded = reading.settings
    show_names("scenario", named, reading.bases, quiet=False)
    from simulator.reading import placed
    from simulator.scenario.forecasting import forecast

    with placed(reading.root):
        data, cohort = loaded.check_data()
        if plugins:
            from simulator.running import set_up

            set_up(loaded)
    takes = forecast(loaded, cohort)
    if as_json:
        from simulator.scenario import doubts

        found: dict[str, Any] = {"problems": [], "warnings": doubts(loaded), "data": data}
        found |= {"clients": list(loaded.client_names)}
        show_json({"file": named.path} | found | {"forecast": vars(takes)})
    else:
        show_tables([data, *loaded.named_clients], quiet=False)
        warn_of_doubts(loaded, quiet=False)
        show_forecast(takes)
        click.echo(f"{scenario} is a valid scenario")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@shared_options("plugin", "figure", "json", "quiet", "verbose")
def resume(
    folder: Path,
    plugins: tuple[str, ...],
    figure: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Take the run in FOLDER to its end after a kill, Ctrl-C or failure.

    \b
    Example:
      wallstreetfeds resume outputs/quickstart/20260101T120000Z-1a2b3c4d
    """
    with lasting_objects():
        from simulator.recording import read_manifest
        from simulator.running import resume as resume_run

    with run_progress(read_manifest(folder)["periods"], quiet, verbose) as progress:
        unfinished = resume_run(
            folder,
            plugins=plugins,
            progress=progress,
            notify=lambda text: show_warnings([text], quiet),
            figure=figure,
        )
    if not unfinished and not quiet:
        click.echo(f"{folder} is complete already", err=True)
    show_run(folder, as_json, quiet, plugins)


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
    with lasting_objects():
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
