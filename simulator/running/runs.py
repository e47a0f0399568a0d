"""Start a run, or resume one that stopped."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from simulator.economy import Economy
from simulator.economy.register import Register
from simulator.errors import ComponentError, Problem, RunError, ScenarioError, SimulatorError
from simulator.foreign import described_error, is_of_plugin
from simulator.recording import Recorder, locked, read_manifest, write_manifest
from simulator.running.computing import Progress, compute, noting_folder
from simulator.running.folder import (
    check_scenario,
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

__all__ = ["resume", "run", "set_up", "start"]


def run(
    scenario: Scenario,
    out: str | Path = "outputs",
    *,
    overrides: Mapping[str, Any] | None = None,
    plugins: Sequence[str | Path] = (),
    progress: Progress | None = None,
    figure: bool = True,
    agent_types: None = None,
) -> Path:
    """Run a scenario to its end and return the run folder, made under `out`.

    `overrides` are noted in the manifest. The files of the scenario's plugins, and `plugins`, are
    copied into the folder. `figure`: whether to draw the overview, which takes half a second.
    Raises ScenarioError before anything is written, RunError when the folder cannot be created or
    the run fails. A run stopped by an error or KeyboardInterrupt leaves a folder, named in the
    exception's notes, for reading and resuming. `agent_types` are refused, as are components that
    no file defines: the run could not be repeated from its folder.
    """
    if agent_types is not None:
        raise ScenarioError([Problem("agent_types", NO_CODE)])
    folder = start(scenario, out, overrides=overrides, plugins=plugins, progress=progress)
    with locked(folder), noting_folder(folder):
        write_results(folder, figure=figure)
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
    economy = set_up(scenario)
    setup = time.perf_counter() - started
    folder, manifest = new_folder(Path(out), economy.settings, overrides or {}, files, setup, name)
    with locked(folder), noting_folder(folder):
        recorder = Recorder(folder, TABLES, economy.register.categories)
        recorder.append(0, economy.tables)
        compute(economy, recorder, manifest, progress)
    return folder


def resume(
    folder: str | Path,
    *,
    plugins: Sequence[str | Path] = (),
    progress: Progress | None = None,
    notify: Callable[[str], object] = lambda text: None,
    figure: bool = True,
) -> bool:
    """Complete a run that was killed, interrupted or failed; `figure` is as for `run`.

    Continues from the last checkpoint and computes the same numbers as without the stop. Where a
    checkpoint cannot be used, `notify` is told so, and from where the run goes on instead. Returns
    whether anything was missing. Raises ScenarioError when the folder holds no run, its scenario
    was changed, or a plugin is missing or changed; RunError when another process writes to it or
    the run fails.
    """
    folder = Path(folder)
    read_manifest(folder)  # raises before a lock file is left in another folder
    with locked(folder), noting_folder(folder):
        manifest = read_manifest(folder)
        check_scenario(folder, manifest)
        if manifest["status"] == "complete" and has_summary(folder):
            return False
        if manifest["status"] != "complete":
            _compute_rest(folder, manifest, plugins, progress, notify)
        shutil.rmtree(folder / "parts", ignore_errors=True)
        write_results(folder, figure=figure)
    return True


def set_up(scenario: Scenario) -> Economy:
    """The economy of a scenario, at genesis.

    Raises ScenarioError when its data do not suffice, ComponentError when a component fails,
    RunError when anything else does.
    """
    try:
        return Economy(scenario)
    except SimulatorError:
        raise
    except (Exception, SystemExit) as error:
        kind = ComponentError if is_of_plugin(error) else RunError
        raise kind(f"setting up failed: {described_error(error)}") from error


def _compute_rest(
    folder: Path,
    manifest: dict[str, Any],
    plugins: Sequence[str | Path],
    progress: Progress | None,
    notify: Callable[[str], object],
) -> None:
    if manifest["format"] != RUN_FORMAT:
        what = (
            f"was begun by an older version (format {manifest['format']}), whose checkpoints this "
            f"one cannot read; start it anew: wallstreetfeds run {folder / 'scenario.yaml'} "
            "(CHANGELOG.md says which settings are written otherwise now)"
        )
        raise ScenarioError([Problem(str(folder), what)])
    scenario, compacted = recorded_scenario(folder, manifest, plugins), "tables" in manifest
    recorder = Recorder(folder, TABLES, Register(scenario).categories)
    economy, period, problem = _restored(scenario, recorder, manifest.get("tables"))
    if problem:
        notify(problem)
    recorder.rewind(period, compacted=compacted)
    if period < 0:
        recorder.append(0, economy.tables)
    resumption = {"period": economy.period, "versions": versions(), "git_commit": git_commit()}
    if problem:
        resumption["problem"] = problem
    manifest["resumed"] = [*manifest.get("resumed", []), resumption]
    manifest["status"] = "running"
    for outcome in ("error", "tables"):
        manifest.pop(outcome, None)
    write_manifest(folder, manifest)
    compute(economy, recorder, manifest, progress)


def _restored(
    scenario: Scenario, recorder: Recorder, tables: Mapping[str, Any] | None
) -> tuple[Economy, int, str]:
    """The economy at its newest checkpoint of use, the period of that, and why no newer one is.

    Without such a checkpoint the economy is at genesis and the period is -1.
    """
    reasons = list[str]()
    for period in recorder.checkpoints:
        economy = set_up(scenario)
        try:
            recorder.check_rows(period, tables)
            economy.restore(recorder.read_checkpoint(period))
        except Exception as error:
            what = str(error) if isinstance(error, RunError) else described_error(error)
            reasons.append(f"the checkpoint of period {period} cannot be used: {what}")
        else:
            instead = f"the run goes on from the checkpoint of period {period}"
            return economy, period, "; ".join([*reasons, instead] if reasons else [])
    instead = "the run starts again from the beginning"
    return set_up(scenario), -1, "; ".join([*(reasons or ["there is no checkpoint"]), instead])
