"""Verify a run: compute it again and compare every table."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simulator.errors import RunError
from simulator.recording import read_manifest, read_table, table_hash
from simulator.running.computing import Progress
from simulator.running.folder import git_commit, recorded_scenario, versions
from simulator.running.runs import start
from simulator.tables import TABLES

__all__ = ["as_expected", "changed_versions", "verify"]

TOLERANCE = 1e-6  # relative; what other versions of Python and numpy may differ by


def verify(
    folder: str | Path, *, plugins: Sequence[str | Path] = (), progress: Progress | None = None
) -> dict[str, str]:
    """Run a complete folder's scenario again and compare all tables.

    Returns what was found by table: `identical`, or how far the tables differ. Raises RunError when
    the run is not complete or a table cannot be read.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest["status"] != "complete":
        raise RunError(f"{folder}: the run is {manifest['status']}; resume it before verifying")
    scenario = recorded_scenario(folder, manifest, plugins)
    found = {name: table_hash(read_table(folder, name)) for name in TABLES}
    with tempfile.TemporaryDirectory() as temporary:
        try:
            again = start(scenario, temporary, plugins=plugins, progress=progress)
        except BaseException as error:
            error.__notes__ = []  # they name a folder that is about to go
            raise
        recorded, computed = manifest["tables"], read_manifest(again)["tables"]
        for name in TABLES:
            if found[name] == computed[name]["sha256"]:
                found[name] = "identical"
            else:
                changed = found[name] != recorded[name]["sha256"]
                difference = _difference(folder / f"{name}.parquet", again / f"{name}.parquet")
                found[name] = f"changed after the run, {difference}" if changed else difference
    return found


def changed_versions(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What the numbers depend on that has changed since the run was made, by name."""
    then = manifest["versions"] | {"git_commit": manifest.get("git_commit")}
    now = versions() | {"git_commit": git_commit()}
    return {
        name: f"{value} then, {now.get(name)} now"
        for name, value in then.items()
        if now.get(name) != value
    }


def as_expected(difference: str, *, other_versions: bool) -> bool:
    """Whether what `verify` says of a table is as it should be.

    The same installation gives identical tables; others may differ in the last digits.
    """
    return difference == "identical" or (other_versions and difference.startswith("within"))


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
        return f"within {TOLERANCE:g}: equal numbers in another representation"
    size = "within" if worst <= TOLERANCE else "beyond"
    return f"{size} {TOLERANCE:g}: {worst:.2g} of the largest value, in column {where}"
