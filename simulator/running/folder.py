"""Contents of a run folder besides tables: scenario, data, plugins, manifest, summary, figure."""

import errno
import json
import os
import platform
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from simulator.components import as_python
from simulator.datafiles import PORTABLE, data_files, file_hash
from simulator.errors import Problem, RunError, ScenarioError
from simulator.reading import dump
from simulator.recording import read_manifest, write_manifest, write_text
from simulator.scenario import Scenario, scenario_type
from simulator.scenario.former import with_current_settings
from simulator.scenario.plugins import load_plugins
from simulator.tables import RUN_FORMAT

if TYPE_CHECKING:
    from simulator.analysis import Run

__all__ = [
    "check_scenario",
    "git_commit",
    "has_summary",
    "new_folder",
    "recorded_scenario",
    "runs_in",
    "scenario_yaml",
    "versions",
    "write_results",
    "write_summary",
]

FORMAT_OF_EVENTS = 3
"""Format of run folders from which on behaviours begin by events."""


def scenario_yaml(scenario: Scenario) -> str:
    """A scenario with all settings, as YAML that loads to an equal scenario.

    Data files are named as in a run folder.
    """
    return dump(scenario.model_dump(mode="json", context=PORTABLE))


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that determine the numbers of a run."""
    packages = ("wallstreetfeds", "mesa", "numpy", "numba", "pandas", "scikit-learn", "pyarrow")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def runs_in(folder: Path) -> list[Path]:
    """Run folders at most three levels inside a folder, such as `outputs`, the newest last."""
    started: dict[Path, str] = {}
    for depth in range(1, 4):
        for file in folder.glob("*/" * depth + "manifest.json"):
            with suppress(ScenarioError):
                started[file.parent] = str(read_manifest(file.parent).get("started", ""))
    return sorted(started, key=lambda run: (started[run], run))


def new_folder(
    out: Path,
    scenario: Scenario,
    overrides: Mapping[str, Any],
    plugins: Sequence[str | Path],
    setup_seconds: float,
    name: str | None = None,
) -> tuple[Path, dict[str, Any]]:
    """A new folder `out/<name>/<UTC time>-<hash of the scenario>` and its manifest.

    `name` replaces the last part. The folder appears complete with scenario, data, plugins and
    manifest, or not at all. Raises RunError when it cannot be created.
    """
    moment, text = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"), scenario_yaml(scenario)
    parent = out / scenario.name
    name = name or f"{moment}-{sha256(text.encode()).hexdigest()[:8]}"
    temporary = parent / f".{name}-{os.getpid()}"
    try:
        temporary.mkdir(parents=True)
        manifest = _write_inputs(temporary, scenario, text, overrides, plugins, setup_seconds)
        return _rename_to_new(temporary, parent / name), manifest
    except OSError as error:
        file = f"{error.filename}: " if error.filename else ""
        raise RunError(f"cannot make the run folder in {parent}: {file}{error.strerror}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _rename_to_new(temporary: Path, folder: Path) -> Path:
    """Rename to `folder` or, if it exists, to `folder-<number>` with the first free number."""
    number, new = 1, folder
    while True:
        try:
            return temporary.rename(new)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        number += 1
        new = folder.with_name(f"{folder.name}-{number}")


def _write_inputs(
    folder: Path,
    scenario: Scenario,
    text: str,
    overrides: Mapping[str, Any],
    plugins: Sequence[str | Path],
    setup_seconds: float,
) -> dict[str, Any]:
    """Write scenario, data, plugins and manifest of a new run; return the manifest."""
    write_text(folder / "scenario.yaml", text)
    manifest = {
        "format": RUN_FORMAT,
        "status": "running",
        "name": scenario.name,
        "seed": scenario.seed,
        "periods": scenario.periods,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "git_commit": git_commit(),
        "overrides": as_python(dict(overrides)),
        "plugins": _copy_plugins(plugins, folder),
        "data": _copy_data_files(scenario, folder),
        "scenario_sha256": sha256(text.encode()).hexdigest(),
        "timings": {"setup_seconds": round(setup_seconds, 3)},
    }
    write_manifest(folder, manifest)
    return manifest


def check_scenario(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raise ScenarioError unless the scenario in a run folder is the one that was run."""
    file = folder / "scenario.yaml"
    try:
        unchanged = file_hash(file) == manifest["scenario_sha256"]
    except OSError as error:
        raise ScenarioError([Problem(str(file), f"cannot be read: {error.strerror}")]) from error
    if not unchanged:
        what = (
            "was changed since the run, whose numbers are those of the scenario before; undo the "
            f"change, or start a new run of it: wallstreetfeds run {shlex.quote(str(file))}"
        )
        raise ScenarioError([Problem(str(file), what)])


def recorded_scenario(
    folder: Path, manifest: Mapping[str, Any], plugins: Sequence[str | Path]
) -> Scenario:
    """The scenario of a run folder.

    Raises ScenarioError when the file has changed since the run, or a plugin is missing.
    """
    hashes = {file_hash(Path(file)) for file in plugins if Path(file).is_file()}
    if missing := [plugin for plugin in manifest["plugins"] if plugin["sha256"] not in hashes]:
        raise ScenarioError(
            Problem(
                str(folder),
                f"the run used plugin {plugin['file']}; give --plugin with that very file "
                f"(a copy is {folder / 'plugins' / plugin['file']})",
            )
            for plugin in missing
        )
    check_scenario(folder, manifest)
    file, model = folder / "scenario.yaml", scenario_type(load_plugins(plugins))
    if manifest["format"] < FORMAT_OF_EVENTS:
        return _of_former_version(file, model)
    return model.load(file)


def _of_former_version(file: Path, model: type[Scenario]) -> Scenario:
    """The scenario that a version wrote before behaviours began by events."""
    settings = with_current_settings(yaml.safe_load(file.read_text("utf-8")))
    try:
        return model.model_validate(settings, context={"folders": [str(file.parent)]})
    except ScenarioError as error:
        raise ScenarioError(Problem(str(file), each.what) for each in error.problems) from error


def write_results(folder: Path, *, figure: bool) -> None:
    """Write summary and, if wanted, figure of a finished run, from the folder's files alone."""
    from simulator.analysis import load_run

    finished = load_run(folder)
    if figure:
        from simulator.analysis.figures import save_overview

        save_overview(finished, svg=False)
    write_summary(finished)


def write_summary(finished: "Run") -> None:
    """Write the summary of a finished run into its folder, and its hash into the manifest."""
    from simulator.analysis import summarise

    text = json.dumps(summarise(finished), indent=2) + "\n"
    write_text(finished.folder / "summary.json", text)
    digest = sha256(text.encode()).hexdigest()
    write_manifest(finished.folder, finished.manifest | {"summary_sha256": digest})


def has_summary(folder: Path) -> bool:
    """Whether the summary, which is written last, exists and is readable."""
    try:
        return isinstance(json.loads((folder / "summary.json").read_text("utf-8")), dict)
    except (OSError, ValueError):
        return False


def _copy_plugins(plugins: Sequence[str | Path], folder: Path) -> list[dict[str, str]]:
    copied = []
    for file in map(Path, plugins):
        (folder / "plugins").mkdir(exist_ok=True)
        shutil.copyfile(file, folder / "plugins" / file.name)
        copied.append({"file": file.name, "sha256": file_hash(file)})
    return copied


def _copy_data_files(scenario: Scenario, folder: Path) -> list[dict[str, str]]:
    """Copy the scenario's data files to where the written scenario names them."""
    copied = {}
    for file in data_files(scenario):
        copy = folder / file.copy_path
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(file.path, copy)
        if file_hash(copy) != file.sha256:
            raise RunError(f"{file.path} was changed since the scenario was read")
        copied[file.copy_path] = {"file": Path(file.path).name, "sha256": file.sha256}
    return [{"copy": copy, **described} for copy, described in copied.items()]


def git_commit() -> str | None:
    """The commit of this code's checkout, `+` if changed; None outside a checkout."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        result = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()
