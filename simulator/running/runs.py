"""Start a run, or resume one that stopped."""

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simulator.economy import Economy
from simulator.errors import Problem, RunError, ScenarioError, SimulatorError
from simulator.recording import Recorder, locked, read_manifest, write_manifest
from simulator.running.computing import Progress, compute, noting_folder
from simulator.running.folder import (
    git_commit,
    has_summary,
    new_folder,
    recorded_scenario,
    versions,
    write_results,
)
from simulator.scenario import Scenario, needs_scenario
from simulator.scenario.loading import NO_CODE
from simulator.scenario.plugins import plugin_files
from simulator.tables import RUN_FORMAT, TABLES

__all__ = ["resume", "run", "start"]


def run(
    scenario: Scenario,
    out: str | Path = "outputs",
    *,
    overrides: Mapping[str, Any] | None = None,
    plugins: Sequence[str | Path] = (),
    progress: Progress | None = None,
    agent_types: None = None,
) -> Path:
    """Run a scenario to its end and return the run folder, made under `out`.

    `overrides` are noted in the manifest. The files of the scenario's plugins, and `plugins`, are
    copied into the folder. Raises ScenarioError before anything is written, RunError when the
    folder cannot be created or the run fails. A run stopped by an error or KeyboardInterrupt leaves
    a folder, named in the exception's notes, for reading and resuming. `agent_types` are refused,
    as are components that no file defines: the run could not be repeated from its folder.
    """
    if agent_types is not None:
        raise ScenarioError([Problem("agent_types", NO_CODE)])
    folder = start(scenario, out, overrides=overrides, plugins=plugins, progress=progress)
    with noting_folder(folder), locked(folder):
        write_results(folder)
    return folder


def start(
    scenario: Scenario,
    out: str | Path,
    *,
    name: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    plugins: Sequence[str | Path] = (),
    progress: Progress | None = None,
) -> Path:
    """`run` without summary and figure; `name` replaces time and hash in the folder's name."""
    started = time.perf_counter()
    needs_scenario("run", scenario)
    files = plugin_files(scenario, plugins)
    economy = _set_up(scenario)
    setup = time.perf_counter() - started
    folder, manifest = new_folder(Path(out), economy.settings, overrides or {}, files, setup, name)
    with noting_folder(folder), locked(folder):
        recorder = Recorder(folder, TABLES, economy.register.categories)
        recorder.append(0, economy.tables)
        compute(economy, recorder, manifest, progress)
    return folder


def resume(
    folder: str | Path, *, plugins: Sequence[str | Path] = (), progress: Progress | None = None
) -> bool:
    """Complete a run that was killed, interrupted or failed.

    Continues from the last checkpoint and computes the same numbers as without the stop. Returns
    whether anything was missing. Raises ScenarioError when the folder holds no run or a plugin is
    missing or changed, RunError when another process writes to it or the run fails.
    """
    folder = Path(folder)
    read_manifest(folder)  # raises before a lock file is left in another folder
    with noting_folder(folder), locked(folder):
        manifest = read_manifest(folder)
        if manifest["status"] == "complete" and has_summary(folder):
            return False
        if manifest["status"] != "complete":
            _compute_rest(folder, manifest, plugins, progress)
        shutil.rmtree(folder / "parts", ignore_errors=True)
        write_results(folder)
    return True


def _set_up(scenario: Scenario) -> Economy:
    try:
        return Economy(scenario)
    except SimulatorError:
        raise
    except Exception as error:
        raise RunError(f"setting up failed: {type(error).__name__}: {error}") from error


def _compute_rest(
    folder: Path,
    manifest: dict[str, Any],
    plugins: Sequence[str | Path],
    progress: Progress | None,
) -> None:
    if manifest["format"] != RUN_FORMAT:
        what = (
            f"was begun by an older version (format {manifest['format']}), whose checkpoints this "
            f"one cannot read; start it anew: wallstreetfeds run {folder / 'scenario.yaml'} "
            "(CHANGELOG.md says which settings are written otherwise now)"
        )
        raise ScenarioError([Problem(str(folder), what)])
    economy = _set_up(recorded_scenario(folder, manifest, plugins))
    recorder = Recorder(folder, TABLES, economy.register.categories)
    saved = recorder.rewind(manifest["status"])
    if saved is None:
        recorder.append(0, economy.tables)
    else:
        economy.restore(saved)
    resumption = {"period": economy.period, "versions": versions(), "git_commit": git_commit()}
    manifest["resumed"] = [*manifest.get("resumed", []), resumption]
    manifest["status"] = "running"
    for outcome in ("error", "tables"):
        manifest.pop(outcome, None)
    write_manifest(folder, manifest)
    compute(economy, recorder, manifest, progress)
