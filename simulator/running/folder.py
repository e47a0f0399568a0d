"""What a run folder holds besides tables: scenario, data, plugins, manifest, summary and figure."""

import errno
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from simulator.datafiles import PORTABLE, data_files, file_hash
from simulator.errors import Problem, RunError, ScenarioError
from simulator.reading import dump
from simulator.recording import write_manifest, write_text
from simulator.scenario import Scenario, scenario_type
from simulator.scenario.former import with_current_settings
from simulator.scenario.plugins import load_plugins
from simulator.tables import RUN_FORMAT

if TYPE_CHECKING:
    from simulator.analysis import Run

__all__ = [
    "git_commit",
    "has_summary",
    "new_folder",
    "recorded_scenario",
    "scenario_yaml",
    "summarise",
    "versions",
    "write_summary",
]


def scenario_yaml(scenario: Scenario) -> str:
    """A scenario with every setting written out, as YAML that loads to the same scenario.

    Data files are named as in a run folder.
    """
    return dump(scenario.model_dump(mode="json", context=PORTABLE))


def versions() -> dict[str, str]:
    """Versions of what the numbers of a run depend on."""
    packages = ("wallstreetfeds", "mesa", "numpy", "numba", "pandas", "scikit-learn", "pyarrow")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


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
    manifest, or not at all. Raises RunError when it cannot be made.
    """
    moment, text = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"), scenario_yaml(scenario)
    parent = out / scenario.name
    name = name or f"{moment}-{sha256(text.encode()).hexdigest()[:8]}"
    making = parent / f".{name}-{os.getpid()}"
    try:
        making.mkdir(parents=True)
        manifest = _written(making, scenario, text, overrides, plugins, setup_seconds)
        return _placed(making, parent / name), manifest
    except OSError as error:
        raise RunError(f"cannot make the run folder in {parent}: {error.strerror}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _placed(making: Path, folder: Path) -> Path:
    """Rename to `folder`, or to that with the first number that makes it new."""
    number, new = 1, folder
    while True:
        try:
            return making.rename(new)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        number += 1
        new = folder.with_name(f"{folder.name}-{number}")


def _written(
    folder: Path,
    scenario: Scenario,
    text: str,
    overrides: Mapping[str, Any],
    plugins: Sequence[str | Path],
    setup_seconds: float,
) -> dict[str, Any]:
    """Write what is known before the first period, and return the manifest."""
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
        "overrides": dict(overrides),
        "plugins": _copied(plugins, folder),
        "data": _data_copied(scenario, folder),
        "scenario_sha256": sha256(text.encode()).hexdigest(),
        "timings": {"setup_seconds": round(setup_seconds, 3)},
    }
    write_manifest(folder, manifest)
    return manifest


def recorded_scenario(
    folder: Path, manifest: Mapping[str, Any], plugins: Sequence[str | Path]
) -> Scenario:
    """The scenario of a run folder.

    Raises ScenarioError when the file was changed since or the run's plugins are not given.
    """
    given = {file_hash(Path(file)) for file in plugins if Path(file).is_file()}
    if missing := [plugin for plugin in manifest["plugins"] if plugin["sha256"] not in given]:
        raise ScenarioError(
            Problem(
                str(folder),
                f"the run used plugin {plugin['file']}; give --plugin with that very file "
                f"(a copy is {folder / 'plugins' / plugin['file']})",
            )
            for plugin in missing
        )
    file, kind = folder / "scenario.yaml", scenario_type(load_plugins(plugins))
    if file_hash(file) != manifest["scenario_sha256"]:
        kind.load(file)  # says what is wrong with it, if anything is
        raise ScenarioError(
            [Problem(str(file), "was changed since the run; start a new run of it")]
        )
    written = yaml.safe_load(file.read_text("utf-8"))
    if (current := with_current_settings(written)) != written:
        return kind.model_validate(current, context={"folders": [str(folder)]})
    return kind.load(file)


def summarise(folder: Path) -> None:
    """Summary and figure of a finished run, made from the folder's files alone."""
    from simulator.analysis import load_run
    from simulator.analysis.figures import save_overview

    finished = load_run(folder)
    save_overview(finished)
    write_summary(finished)


def write_summary(finished: "Run") -> None:
    """Summary of a finished run, into its folder."""
    from simulator.analysis import summarise

    text = json.dumps(summarise(finished), indent=2)
    write_text(finished.folder / "summary.json", text + "\n")


def has_summary(folder: Path) -> bool:
    """Whether the summary, which is written last of all, is there and can be read."""
    try:
        return isinstance(json.loads((folder / "summary.json").read_text("utf-8")), dict)
    except (OSError, ValueError):
        return False


def _copied(plugins: Sequence[str | Path], folder: Path) -> list[dict[str, str]]:
    copied = []
    for file in map(Path, plugins):
        (folder / "plugins").mkdir(exist_ok=True)
        shutil.copyfile(file, folder / "plugins" / file.name)
        copied.append({"file": file.name, "sha256": file_hash(file)})
    return copied


def _data_copied(scenario: Scenario, folder: Path) -> list[dict[str, str]]:
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
    """The commit of the checkout this code runs from, `+` when changed; None elsewhere."""
    root = Path(__file__).parents[2]
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
