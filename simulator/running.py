"""Runs: from a scenario to a finished run folder, after a kill, and again to compare."""

import json
import logging
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from simulator.economy import Economy
from simulator.errors import Problem, RunError, ScenarioError
from simulator.recording import Recorder, read_manifest, write_text
from simulator.scenario import Scenario, scenario_type
from simulator.scenario.plugins import file_hash, load_plugins
from simulator.scenario.yaml_text import dump
from simulator.tables import FORMAT, TABLES

__all__ = ["Progress", "resume", "run", "same", "scenario_yaml", "verify", "versions"]

Progress = Callable[[Economy], None]
"""Called after genesis and after every period."""

TOLERANCE = 1e-6  # relative; what other versions of Python and numpy may differ by


def run(
    scenario: Scenario,
    out: str | Path = "outputs",
    *,
    overrides: Mapping[str, Any] | None = None,
    plugins: Sequence[str | Path] = (),
    progress: Progress | None = None,
) -> Path:
    """Run a scenario to its end and return the run folder, made under `out`.

    `overrides` are noted in the manifest; `plugins` are the files whose components the scenario
    uses, copied into the folder. Raises ScenarioError before anything is written, RunError when the
    folder cannot be made or the run fails; a run stopped by an error or KeyboardInterrupt leaves a
    folder, named in the exception's notes, that can be read and resumed.
    """
    started = time.perf_counter()
    economy = Economy(scenario)
    folder = _new_folder(Path(out), scenario)
    write_text(folder / "scenario.yaml", scenario_yaml(scenario))
    manifest = {
        "format": FORMAT,
        "status": "running",
        "name": scenario.name,
        "seed": scenario.seed,
        "periods": scenario.periods,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "git_commit": _git_commit(),
        "overrides": dict(overrides or {}),
        "plugins": _copied(plugins, folder),
        "timings": {"setup_seconds": round(time.perf_counter() - started, 3)},
    }
    _write_manifest(folder, manifest)
    recorder = Recorder(folder, TABLES, economy.register.categories)
    recorder.append(0, economy.tables)
    _go_on(economy, recorder, manifest, progress)
    return folder


def resume(
    folder: str | Path, *, plugins: Sequence[str | Path] = (), progress: Progress | None = None
) -> bool:
    """Take a run that was killed, interrupted or failed to its end.

    Goes back to the last checkpoint and computes the rest again to the same numbers. Returns
    whether there was anything to do. Raises RunError when the folder holds no run, ScenarioError
    when its plugins are not given again unchanged.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest["status"] == "complete":
        return False
    scenario = _recorded_scenario(folder, manifest, plugins)
    economy = Economy(scenario)
    recorder = Recorder(folder, TABLES, economy.register.categories)
    saved = recorder.rewind()
    if saved is None:
        recorder.append(0, economy.tables)
    else:
        economy = Economy.resumed(scenario, saved)
    manifest = {key: value for key, value in manifest.items() if key not in ("error", "tables")}
    manifest["status"] = "running"
    manifest["resumed"] = [*manifest.get("resumed", []), economy.period]
    _write_manifest(folder, manifest)
    _go_on(economy, recorder, manifest, progress)
    return True


def verify(
    folder: str | Path, *, plugins: Sequence[str | Path] = (), progress: Progress | None = None
) -> dict[str, str]:
    """Run a complete folder's scenario again and compare all tables.

    Returns what was found by table: `identical`, or how far the tables differ. Raises RunError when
    the run is not complete.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest["status"] != "complete":
        raise RunError(f"{folder}: the run is {manifest['status']}; resume it before verifying")
    scenario = _recorded_scenario(folder, manifest, plugins)
    with tempfile.TemporaryDirectory() as temporary:
        again = run(scenario, temporary, plugins=plugins, progress=progress)
        tables = read_manifest(again)["tables"]
        return {
            name: "identical"
            if tables[name]["sha256"] == manifest["tables"][name]["sha256"]
            else _difference(folder / f"{name}.parquet", again / f"{name}.parquet")
            for name in TABLES
        }


def same(found: str, *, other_versions: bool) -> bool:
    """Whether what `verify` found of a table is as it should be.

    The same installation gives identical tables; others may differ in the last digits.
    """
    return found == "identical" or (other_versions and found.startswith("within"))


def scenario_yaml(scenario: Scenario) -> str:
    """A scenario with every setting written out, as YAML that loads to the same scenario."""
    return dump(scenario.model_dump(mode="json"))


def versions() -> dict[str, str]:
    """Versions of what the numbers of a run depend on."""
    packages = ("wallstreetfeds", "mesa", "numpy", "numba", "pandas", "scikit-learn", "pyarrow")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def _go_on(
    economy: Economy, recorder: Recorder, manifest: dict[str, Any], progress: Progress | None
) -> None:
    """Step to the last period, recording, and close the folder whatever happens."""
    folder, started, first = recorder.folder, time.perf_counter(), economy.period
    log = _Log(folder / "run.log")
    log.info("%s, seed %d: from period %d", manifest["name"], manifest["seed"], first)
    status = "failed"
    try:
        if progress:
            progress(economy)
        while economy.period < economy.settings.periods:
            economy.step()
            recorder.append(economy.period, economy.tables)
            if recorder.due:
                recorder.checkpoint(economy.period, economy.state.save())
            if progress:
                progress(economy)
        status = "complete"
    except KeyboardInterrupt as interrupt:
        status = "interrupted"
        interrupt.add_note(str(folder))
        raise
    except Exception as error:
        error.add_note(str(folder))
        manifest["error"] = f"{type(error).__name__}: {error}"
        log.exception("period %d failed", economy.period)
        raise
    finally:
        manifest["timings"]["periods_seconds"] = round(time.perf_counter() - started, 3)
        manifest["tables"] = recorder.compact()
        manifest["status"] = status
        _write_manifest(folder, manifest)
        recorder.close()
        log.info("%s after %.2f s", status, time.perf_counter() - started)
        log.close()
    _summarise(folder)


def _summarise(folder: Path) -> None:
    """Summary and picture, made from the folder's files alone."""
    from analysis import load_run, summarise
    from analysis.figures import save_overview

    finished = load_run(folder)
    write_text(folder / "summary.json", json.dumps(summarise(finished), indent=2) + "\n")
    save_overview(finished)


def _new_folder(out: Path, scenario: Scenario) -> Path:
    """A new folder `out/<name>/<UTC time>-<hash of the scenario>`."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    identity = sha256(scenario_yaml(scenario).encode()).hexdigest()[:8]
    parent = out / scenario.name
    for number in range(1, 1000):
        folder = parent / (f"{moment}-{identity}" + (f"-{number}" if number > 1 else ""))
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if not parent.is_dir():
                raise RunError(f"cannot make the run folder: {parent} is not a folder") from None
            continue
        except OSError as error:
            raise RunError(f"cannot make the run folder {folder}: {error.strerror}") from error
        return folder
    raise RunError(f"cannot find a free name for the run folder in {parent}")


def _recorded_scenario(
    folder: Path, manifest: Mapping[str, Any], plugins: Sequence[str | Path]
) -> Scenario:
    given = {file_hash(Path(file)) for file in plugins if Path(file).is_file()}
    missing = [plugin for plugin in manifest["plugins"] if plugin["sha256"] not in given]
    if missing:
        raise ScenarioError(
            Problem(
                str(folder),
                f"the run used plugin {plugin['file']}; give --plugin with that very file "
                f"(a copy is {folder / 'plugins' / plugin['file']})",
            )
            for plugin in missing
        )
    return scenario_type(load_plugins(plugins)).load(folder / "scenario.yaml")


def _copied(plugins: Iterable[str | Path], folder: Path) -> list[dict[str, str]]:
    copied = []
    for file in map(Path, plugins):
        (folder / "plugins").mkdir(exist_ok=True)
        shutil.copyfile(file, folder / "plugins" / file.name)
        copied.append({"file": file.name, "sha256": file_hash(file)})
    return copied


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    write_text(folder / "manifest.json", json.dumps(manifest, indent=2) + "\n")


def _git_commit() -> str | None:
    """The commit of the checkout this code runs from, `+` when changed; None elsewhere."""
    root = Path(__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return described.stdout.strip()


def _difference(first: Path, second: Path) -> str:
    """How two tables differ, in words."""
    import numpy as np
    import pandas as pd

    a, b = pd.read_parquet(first), pd.read_parquet(second)
    if a.shape != b.shape or list(a) != list(b):
        return f"differs: {a.shape[0]} rows against {b.shape[0]}"
    worst, where = 0.0, ""
    for column in a:
        if a[column].dtype.kind != "f":
            if not (a[column].astype(str) == b[column].astype(str)).all():
                return f"differs in column {column}"
            continue
        x, y = a[column].to_numpy(), b[column].to_numpy()
        if (np.isnan(x) != np.isnan(y)).any():
            return f"differs in column {column}"
        scale = max(float(np.nanmax(np.abs(x), initial=0.0)), 1e-300)
        distance = float(np.nanmax(np.abs(x - y), initial=0.0)) / scale
        if distance > worst:
            worst, where = distance, str(column)
    size = "within" if worst <= TOLERANCE else "beyond"
    return f"{size} {TOLERANCE:g}: {worst:.2g} of the largest value, in column {where}"


class _Log(logging.Logger):
    """The run's own log file."""

    def __init__(self, file: Path) -> None:
        super().__init__("simulator.run", logging.INFO)
        handler = logging.FileHandler(file, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self.addHandler(handler)

    def close(self) -> None:
        """Close the file."""
        for handler in self.handlers:
            handler.close()
