"""Verify a run: compute it again and compare all tables."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simulator.datafiles import file_hash
from simulator.errors import RunError
from simulator.recording import read_manifest, read_table, table_hash, writer_of
from simulator.running.computing import Progress
from simulator.running.folder import git_commit, recorded_scenario, versions
from simulator.running.runs import start
from simulator.tables import TABLES

__all__ = ["as_expected", "changed_versions", "verify"]

VERSION_TOLERANCE = 1e-6  # relative; largest difference between versions of Python and numpy


def verify(
    folder: str | Path, *, plugins: Sequence[str | Path] = (), progress: Progress | None = None
) -> dict[str, str]:
    """Run a complete folder's scenario again and compare all tables.

    Returns a result by table: `identical`, how far the tables differ, or why a table cannot be
    read. Raises ScenarioError when the folder's scenario was changed, RunError when the run is not
    complete or another process writes it.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if writer := writer_of(folder):
        raise RunError(f"{folder} is being written by {writer}; verify it when the run has ended")
    if manifest["status"] != "complete":
        state = "was killed" if manifest["status"] == "running" else f"is {manifest['status']}"
        raise RunError(f"{folder}: the run {state}; resume it before verifying")
    scenario = recorded_scenario(folder, manifest, plugins)
    results: dict[str, str] = {}
    hashes, unreadable = _hashes(folder)
    with tempfile.TemporaryDirectory() as temporary:
        try:
            new_folder = start(scenario, temporary, plugins=plugins, progress=progress)
        except BaseException as error:
            error.__notes__ = []  # they name a temporary folder
            raise
        recorded, computed = manifest["tables"], read_manifest(new_folder)["tables"]
        for name in TABLES:
            if name in unreadable:
                results[name] = unreadable[name]
            elif hashes[name] == computed[name]["sha256"]:
                results[name] = _state_of_file(folder / f"{name}.parquet", recorded[name])
            else:
                changed = hashes[name] != recorded[name]["sha256"]
                difference = _difference(folder / f"{name}.parquet", new_folder / f"{name}.parquet")
                results[name] = f"changed after the run, {difference}" if changed else difference
    return results


def _hashes(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Hashes of the tables by name, and why the others cannot be read."""
    hashes, unreadable = dict[str, str](), dict[str, str]()
    for name in TABLES:
        try:
            hashes[name] = table_hash(read_table(folder, name))
        except RunError as error:
            unreadable[name] = str(error).removeprefix(f"{folder}: ")
    return hashes, unreadable


def changed_versions(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Versions that have changed since the run, by name: the old and the new one."""
    recorded = manifest["versions"] | {"git_commit": manifest.get("git_commit")}
    current = versions() | {"git_commit": git_commit()}
    return {
        name: f"{value} then, {current.get(name)} now"
        for name, value in recorded.items()
        if current.get(name) != value
    }


def as_expected(difference: str, *, other_versions: bool) -> bool:
    """Whether a table's result of `verify` is acceptable.

    One installation gives identical tables; other versions may differ in the last digits.
    """
    return difference == "identical" or (other_versions and difference.startswith("within"))


def _state_of_file(file: Path, recorded: Mapping[str, Any]) -> str:
    """`identical`, unless the file of equal values is not the one that the run wrote."""
    if recorded.get("file_sha256") in (None, file_hash(file)):  # None: an earlier version's
        return "identical"
    return "changed after the run, though not in its values"


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
    if not where:
        return f"within {VERSION_TOLERANCE:g}: equal numbers in another representation"
    size = "within" if worst <= VERSION_TOLERANCE else "beyond"
    return f"{size} {VERSION_TOLERANCE:g}: {worst:.2g} of the largest value, in column {where}"
