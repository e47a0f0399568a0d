"""Sweeps: the runs of a study in one folder; many processes compute the missing ones."""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from simulator.datafiles import PORTABLE, file_hash
from simulator.errors import Problem, ScenarioError, SimulatorError
from simulator.foreign import described_error, plugin_line
from simulator.recording import locked, read_manifest, write_text
from simulator.scenario.plugins import load_plugins
from simulator.scenario.schema import scenario_type
from simulator.sweep.cells import Cell
from simulator.sweep.pool import job_results
from simulator.sweep.study import Study

__all__ = ["SWEEP_FORMAT", "StudyRuns", "SweepRun", "read_cells", "state_of"]

SWEEP_FORMAT = 1
"""Layout of cells.json."""

OnRunEnd = Callable[["SweepRun", str], None]
"""Called after every run with its error message, empty on success."""


@dataclass(frozen=True)
class SweepRun:
    """One run of a sweep: its cell, its seed, and its folder within the sweep's folder."""

    cell: str
    seed: int
    folder: str


_RUNS = TypeAdapter(list[SweepRun])


@dataclass(frozen=True)
class _Job:
    run: SweepRun
    scenario: str
    settings: Mapping[str, Any]
    folder: str
    plugins: tuple[str, ...]


class StudyRuns:
    """The runs of `study` in `out/<study>/<cell>/<hash of the scenario with its seed>`.

    The hash also covers the contents of plugin and data files, so that a folder never holds a run
    of other inputs.
    """

    def __init__(
        self, study: Study, cells: Sequence[Cell], out: str | Path, plugins: Sequence[str] = ()
    ) -> None:
        self.folder = Path(out) / study.name
        self.study, self._cells, self._plugins = study, cells, tuple(plugins)
        self._hashes = [file_hash(Path(file)) for file in plugins]
        self._jobs = {job.run: job for cell in cells for job in self._jobs_of(cell)}

    @property
    def tables(self) -> list[str]:
        """What cells read from tables of the user's, each line once.

        Raises ScenarioError when a table cannot be used.
        """
        summaries = (cell.scenario.federation.task.summary() for cell in self._cells)
        return [*dict.fromkeys(filter(None, summaries))]

    @property
    def runs(self) -> list[SweepRun]:
        """All runs, cell by cell."""
        return list(self._jobs)

    def missing(self) -> list[SweepRun]:
        """The runs that are not complete."""
        return [run for run in self._jobs if state_of(self.folder / run.folder) != "complete"]

    def compute(self, study_file: str | Path, workers: int, on_run_end: OnRunEnd) -> None:
        """Compute the missing runs independently, and write study and cells into the folder.

        Raises RunError when another process is computing this sweep.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder):
            write_text(self.folder / "study.yaml", Path(study_file).read_text("utf-8"))
            write_text(self.folder / "cells.json", json.dumps(self._contents(), indent=1) + "\n")
            jobs = [self._jobs[run] for run in self.missing()]
            with closing(job_results(jobs, _error_of, workers)) as results:
                for job, result in results:
                    on_run_end(job.run, str(result))

    def _jobs_of(self, cell: Cell) -> Iterable[_Job]:
        for seed in self.study.all_seeds:
            scenario = cell.with_seed(seed)
            inputs = [scenario.model_dump_json(context=PORTABLE), *self._hashes]
            digest = sha256("\n".join(inputs).encode()).hexdigest()
            run = SweepRun(cell.name, seed, f"{cell.name}/{digest[:12]}")
            folder = str(self.folder / run.folder)
            yield _Job(run, scenario.model_dump_json(), cell.settings, folder, self._plugins)

    def _contents(self) -> dict[str, Any]:
        return {
            "format": SWEEP_FORMAT,
            "study": self.study.name,
            "description": self.study.description,
            "cells": {
                cell.name: {
                    "case": cell.case,
                    "settings": cell.settings,
                    "scenario": cell.scenario.model_dump(
                        mode="json", exclude={"seed"}, context=PORTABLE
                    ),
                }
                for cell in self._cells
            },
            "runs": [vars(run) for run in self._jobs],
        }


def read_cells(folder: Path) -> list[SweepRun]:
    """The runs of the sweep in a folder. Raises ScenarioError when it holds no readable sweep."""
    try:
        described = json.loads((folder / "cells.json").read_text("utf-8"))
        version, runs = described["format"], _RUNS.validate_python(described["runs"])
    except (OSError, ValueError, KeyError, TypeError):
        what = "no folder of a sweep: it has no cells.json that can be read"
        raise ScenarioError([Problem(str(folder), what)]) from None
    if version != SWEEP_FORMAT:
        what = f"cells.json has format {version}, this version reads {SWEEP_FORMAT}: sweep anew"
        raise ScenarioError([Problem(str(folder), what)])
    return runs


def state_of(folder: Path) -> str:
    """`complete` (with its summary), `failed`, or `missing` in any other state."""
    try:
        status = str(read_manifest(folder)["status"])
    except ScenarioError:
        return "missing"
    if status == "complete" and not (folder / "summary.json").is_file():
        return "missing"  # stopped just before the end
    return status if status in ("complete", "failed") else "missing"


def _error_of(job: _Job) -> str:
    """Compute a run, replacing its folder; returns its error message, empty on success."""
    try:
        _compute(job)
    except SimulatorError as error:
        return f"{type(error).__name__}: {error}"
    except (Exception, SystemExit) as error:
        origin = "" if plugin_line(error) else " (no error of the scenario)"
        return f"{described_error(error)}{origin}"
    return ""


def _compute(job: _Job) -> None:
    from simulator.analysis import load_run
    from simulator.running import start, write_summary

    scenario = scenario_type(load_plugins(job.plugins)).model_validate_json(job.scenario)
    folder = Path(job.folder)
    if folder.is_dir():
        with locked(folder):  # a process whose driver was just killed may still be writing
            shutil.rmtree(folder)
    out = folder.parents[1]
    start(scenario, out, name=folder.name, overrides=job.settings, plugins=job.plugins)
    write_summary(load_run(folder))
