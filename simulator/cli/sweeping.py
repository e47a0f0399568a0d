"""Commands for a scenario in many variants and seeds: the sweep of a study."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli.options import overrides_from, scenario_type_with, shared_options
from simulator.cli.printing import (
    analysis_errors,
    show_json,
    show_names,
    show_sweep,
    show_tables,
    show_warnings,
)
from simulator.cli.progress import sweep_progress

if TYPE_CHECKING:
    from simulator.reading import Named
    from simulator.sweep import StudyRuns, SweepRun

__all__ = ["sweep"]


@click.group()
def sweep() -> None:
    """Run a scenario in many variants and seeds, and gather their numbers.

    \b
    A study is a YAML file:
      name: fees
      base: quickstart
      seeds: 10
      grid: {market.fee: [0.003, 0.01, 0.03]}

    \b
    Examples:
      wallstreetfeds sweep run fees.yaml
      wallstreetfeds sweep status outputs/fees
      wallstreetfeds sweep collect outputs/fees
    """


@sweep.command("run")
@click.argument("study")
@shared_options("set")
@click.option("--seeds", type=click.IntRange(min=1), help="Number of seeds instead of the study's.")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Number of processes, by default one per core."
)
@shared_options("out", "plugin", "json", "quiet")
def sweep_run(
    study: str,
    settings: tuple[str, ...],
    seeds: int | None,
    workers: int | None,
    out: str,
    plugins: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> None:
    """Compute the runs of STUDY, a shipped study or a YAML file, that are not complete yet.

    A name without a slash and without the suffix .yaml is that of the shipped study; anything else
    is a path (see `wallstreetfeds run --help`).

    \b
    A run is known by its complete scenario and seed: what is complete is never computed again, and
    a changed study computes only what it changes. Exit code 3 when some runs failed.

    \b
    Examples:
      wallstreetfeds sweep run manipulation
      wallstreetfeds sweep run fees.yaml --workers 4
      wallstreetfeds sweep run fees.yaml --seeds 2 --set periods=5 --out /tmp/trial
    """
    from simulator.scenario.shipped import STUDIES, find_named

    named = find_named(study, STUDIES)
    study_sweep, warnings, base = _plan(named, out, overrides_from(settings), seeds, plugins)
    show_names("study", named, [], quiet)
    show_names("base", base, [], quiet)
    show_tables(study_sweep.tables, quiet)
    show_warnings(warnings, quiet)
    failed: dict[str, str] = {}
    with sweep_progress(len(study_sweep.missing()), quiet) as progress:

        def on_finished(run: "SweepRun", error: str) -> None:
            if error:
                failed[f"{run.cell}, seed {run.seed}"] = error
            if progress:
                progress(len(failed))

        study_sweep.compute(named.path, workers or _cores(), on_finished)
    for name, error in failed.items():
        click.echo(f"failed: {name}: {error}", err=True)
    if study_sweep.study.report and not study_sweep.missing():
        from simulator.analysis.reports import save_report
        from simulator.analysis.sweeps import load_sweep

        with analysis_errors():
            files = save_report(load_sweep(study_sweep.folder), study_sweep.study.report)
        for file in files:
            click.echo(f"report   {file}", err=as_json or quiet)
    show_sweep(study_sweep.folder, as_json, quiet, study=named.path, base=base.path)
    sys.exit(3 if failed else 0)


@sweep.command("status")
@click.argument("study", metavar="STUDY_OR_FOLDER")
@shared_options("out", "json")
def sweep_status(study: str, out: str, as_json: bool) -> None:
    """Count the runs of a sweep, as it was last run, that are complete, failed and missing.

    \b
    Examples:
      wallstreetfeds sweep status fees.yaml
      wallstreetfeds sweep status outputs/fees
    """
    from simulator.scenario.shipped import find_study
    from simulator.sweep import read_study

    if os.path.isdir(study):
        folder = Path(study)
    else:
        folder = Path(out) / read_study(find_study(study))[0].name
    show_sweep(folder, as_json, quiet=False)


@sweep.command("collect")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--csv",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, by default FOLDER.csv.",
)
def sweep_collect(folder: Path, file: Path | None) -> None:
    """Write one row per complete run of a sweep: cell, varied settings, seed, headline numbers.

    \b
    Example:
      wallstreetfeds sweep collect outputs/fees --csv fees.csv
    """
    from simulator.recording import write_text
    from simulator.sweep import read_cells

    read_cells(folder)
    from simulator.analysis.sweeps import headline, load_sweep

    with analysis_errors():
        loaded = load_sweep(folder)
        table = loaded.table(headline)
    target = file or folder.resolve().with_name(f"{folder.resolve().name}.csv")
    write_text(target, table.to_csv(index=False))
    runs = len(loaded.runs)
    if incomplete := runs - len(table):
        click.echo(f"{incomplete} of {runs} runs are not complete and left out", err=True)
    click.echo(str(target))


@sweep.command("schema")
def sweep_schema() -> None:
    """Print the JSON Schema of study files, for editors that complete and check YAML.

    \b
    Example:
      wallstreetfeds sweep schema > study.schema.json
    """
    from simulator.sweep import study_schema

    show_json(study_schema())


def _plan(
    study: "Named",
    out: str,
    overrides: Mapping[str, Any],
    seeds: int | None,
    plugins: tuple[str, ...],
) -> "tuple[StudyRuns, list[str], Named]":
    """The sweep of a study, the warnings about its cells, each once, and what `base` names."""
    from simulator.scenario import doubts
    from simulator.sweep import StudyRuns, base_of, cells_of, read_study

    definition, entries = read_study(study.path, {"seeds": seeds} if seeds else {})
    cells = cells_of(definition, entries, scenario_type_with(plugins), overrides)
    warnings = dict.fromkeys(text for cell in cells for text in doubts(cell.scenario))
    return StudyRuns(definition, cells, out, plugins), list(warnings), base_of(entries)


def _cores() -> int:
    """Number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
