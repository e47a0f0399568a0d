"""Data files of installed packages, found without importing the packages."""

import io
import os
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from simulator.caching import user_cache_folder
from simulator.components import Floats
from simulator.datafiles import file_hash

__all__ = ["kept_table", "package_file"]


def package_file(package: str, file: str) -> Path | None:
    """A file of an installed package; None without the package or the file."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    paths = (Path(folder) / file for folder in folders or ())
    return next((path for path in paths if path.is_file()), None)


def kept_table(file: Path, header: int) -> Floats:
    """The comma-separated numbers of a text file `[rows, columns]`, after `header` lines.

    They are kept as an array in the user's cache folder, under the hash of the file, so that later
    runs need not read the text. Whatever is wrong with the kept array or the folder, the numbers
    come from the file.
    """
    folder, name = user_cache_folder(), f"{file.name}-{header}-{file_hash(file)[:16]}.npz"
    kept = Path(folder, "data", name) if folder else None
    if kept:
        with suppress(Exception):
            return _read(kept)
    table = np.loadtxt(file, delimiter=",", skiprows=header, ndmin=2)
    if kept:
        with suppress(OSError):
            _write(kept, table)
    return table


def _read(kept: Path) -> Floats:
    """A kept array. Raises an exception, of many types, if the file is missing or damaged."""
    with ZipFile(kept) as archive:
        content = archive.read("table.npy")  # all of it, which checks the sum of the bytes
    table: Floats = np.load(io.BytesIO(content), allow_pickle=False)
    return table


def _write(kept: Path, table: Floats) -> None:
    """Keep an array: the file appears complete or not at all."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    temporary = kept.with_name(f".{kept.name}-{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, table=table)
        temporary.replace(kept)
    finally:
        temporary.unlink(missing_ok=True)
