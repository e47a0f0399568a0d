"""The run folder: tables, checkpoints and manifest, written so that a kill loses at most a second.

While a run goes on, rows are committed in parts: `parts/<first>-<last>/<table>.parquet`, a folder
that appears by one rename. An orderly end compacts them to one file per table.
"""

import hashlib
import io
import itertools
import json
import os
import shutil
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from simulator.arrow import Rows, arrow_table
from simulator.datafiles import file_hash
from simulator.errors import Problem, RunError, ScenarioError
from simulator.foreign import described_error
from simulator.tables import RUN_FORMAT

__all__ = [
    "Recorder",
    "locked",
    "read_manifest",
    "read_table",
    "table_hash",
    "write_manifest",
    "write_text",
    "writer_of",
]

ROW_GROUP = 65_536
COMMIT_SECONDS = 1.0
CHECKPOINT_FRACTION = 0.05  # of the time, at most

MANIFEST_KEYS = {
    "format",
    "status",
    "name",
    "seed",
    "periods",
    "versions",
    "plugins",
    "scenario_sha256",
    "timings",
}

Contents = dict[str, dict[str, Any]]
"""What the manifest says of each table."""


class Recorder:
    """Writes the tables, checkpoints and manifest of one run folder.

    `tables` maps table to column to type, `categories` a category column to the names of its codes;
    a category column without an entry takes names as values.
    """

    def __init__(
        self,
        folder: Path,
        tables: Mapping[str, Mapping[str, str]],
        categories: Mapping[str, Sequence[str]],
    ) -> None:
        self.folder = folder
        self._tables = tables
        self._names = categories
        self._buffer: list[tuple[int, Mapping[str, Rows]]] = []
        self._committed = time.monotonic()
        self._checkpointed = time.monotonic()
        self._checkpoint_cost = 0.0
        (folder / "parts").mkdir(exist_ok=True)
        (folder / "checkpoints").mkdir(exist_ok=True)

    def append(self, period: int, rows: Mapping[str, Rows]) -> None:
        """Buffer the rows of one period; the next commit writes them."""
        self._buffer.append((period, rows))

    @property
    def is_commit_due(self) -> bool:
        """Whether a second has passed since the last commit."""
        return time.monotonic() - self._committed >= COMMIT_SECONDS

    def commit(self) -> None:
        """Write the rows buffered since the last commit as one part."""
        if self._buffer:
            first, last = self._buffer[0][0], self._buffer[-1][0]
            part = self.folder / "parts" / f"{first:08d}-{last:08d}"
            if not part.exists():  # it does when an interrupt came right after the rename
                tables = {name: self._table(name) for name in self._tables}
                _write_part(part, tables)
            self._buffer.clear()
        self._committed = time.monotonic()

    def checkpoint(self, period: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Commit, and store the state after `period` unless checkpoints exceed 5% of the time.

        Keeps the last two checkpoints.
        """
        self.commit()
        start = time.monotonic()
        if start - self._checkpointed < self._checkpoint_cost / CHECKPOINT_FRACTION:
            return
        folder = self.folder / "checkpoints"
        temporary = folder / ".writing.npz"
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        temporary.rename(self._checkpoint_file(period))
        for old in self._checkpoint_files()[:-2]:
            old.unlink()
        self._checkpointed = time.monotonic()
        self._checkpoint_cost = self._checkpointed - start

    @property
    def checkpoints(self) -> list[int]:
        """Periods of the checkpoints, the newest first."""
        return [int(file.stem) for file in reversed(self._checkpoint_files())]

    def read_checkpoint(self, period: int) -> dict[str, np.ndarray]:
        """The state after `period`. Raises RunError when it cannot be read."""
        file = self._checkpoint_file(period)
        try:  # read first: numpy leaves a damaged file open
            with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as arrays:
                return dict(arrays)
        except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise RunError(f"cannot be read: {described_error(error)}") from error

    def check_rows(self, period: int, tables: Mapping[str, Any] | None) -> None:
        """Raise RunError unless the rows up to a period are as they were recorded.

        `tables` is what `compact` returned; None for a run that was killed, which left parts.
        """
        if tables is None:
            whole = itertools.takewhile(self._is_whole, self._parts())
            if max(map(_last, whole), default=-1) < period:
                raise RunError(f"the rows up to period {period} are missing or damaged")
            return
        for name in self._tables:
            if table_hash(read_table(self.folder, name)) != tables[name]["sha256"]:
                raise RunError(f"{name}.parquet was changed after the run")

    def rewind(self, period: int, *, compacted: bool) -> None:
        """Go back to the checkpoint of a period, dropping all later rows and checkpoints.

        -1 drops everything. `compacted`: whether the rows are in tables, which become parts again.
        """
        for file in self._checkpoint_files():
            if int(file.stem) > period:
                file.unlink()
        if compacted:
            self._split_up(period)
        for part in reversed(self._parts()):  # so that a kill in between leaves no gap
            if _last(part) > period:
                _remove(part)

    def compact(self) -> Contents:
        """Turn the parts into one file per table.

        Returns each table's rows, the hash of its contents, and that of its file.
        """
        self.commit()
        contents = {}
        for name in self._tables:
            parts = [_read_file(part / f"{name}.parquet") for part in self._parts()]
            table = pa.concat_tables(parts).unify_dictionaries() if parts else self._table(name)
            file = self.folder / f"{name}.parquet"
            _write_table(table, file)
            contents[name] = {
                "rows": table.num_rows,
                "sha256": table_hash(table),
                "file_sha256": file_hash(file),
            }
        return contents

    def remove_parts(self) -> None:
        """Remove the parts after compacting; the manifest must already list the tables."""
        shutil.rmtree(self.folder / "parts", ignore_errors=True)

    def _checkpoint_file(self, period: int) -> Path:
        return self.folder / "checkpoints" / f"{period:08d}.npz"

    def _checkpoint_files(self) -> list[Path]:
        return sorted((self.folder / "checkpoints").glob("[0-9]*.npz"))

    def _is_whole(self, part: Path) -> bool:
        """Whether all tables of a part can be read."""
        try:
            return all(pq.read_metadata(part / f"{name}.parquet") for name in self._tables)
        except (OSError, pa.ArrowInvalid):
            return False

    def _parts(self) -> list[Path]:
        return sorted((self.folder / "parts").glob("[0-9]*-[0-9]*"))

    def _table(self, name: str) -> pa.Table:
        periods = [rows[name] for _, rows in self._buffer]
        return arrow_table(self._tables[name], self._names, periods)

    def _split_up(self, period: int) -> None:
        """Turn the compacted tables of a stopped run back into one part that ends at `period`."""
        shutil.rmtree(self.folder / "parts", ignore_errors=True)
        (self.folder / "parts").mkdir()
        if period < 0:
            return
        tables = {}
        for name in self._tables:
            table = read_table(self.folder, name)
            tables[name] = table.filter(pc.field("period") <= period)
        _write_part(self.folder / "parts" / f"{0:08d}-{period:08d}", tables)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a run folder: two processes writing at once would ruin it.

    Raises RunError, naming the process, when another one holds the lock.
    """
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    try:
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise RunError(f"{folder} is no run folder: {error}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    except BlockingIOError as error:
        raise RunError(f"{folder} is being written by {_process_in(descriptor)}") from error
    finally:
        os.close(descriptor)


def writer_of(folder: Path) -> str:
    """The process that writes to a run folder now, such as `another process (pid 12)`; or ''."""
    try:
        import fcntl

        descriptor = os.open(folder / ".lock", os.O_RDONLY)
    except (ImportError, OSError):
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process_in(descriptor)
    finally:
        os.close(descriptor)
    return ""


def _process_in(lock: int) -> str:
    """The process whose number is in the opened lock file."""
    number = os.pread(lock, 20, 0).decode(errors="replace")
    return f"another process (pid {number})" if number.isdecimal() else "another process"


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run folder. Raises ScenarioError when it is missing or unusable."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    except OSError:
        what = "no run folder: it has no manifest.json" if folder.is_dir() else "no such folder"
        raise ScenarioError([Problem(str(folder), what)]) from None
    except ValueError as error:
        what = f"no run folder: manifest.json is no JSON: {error}"
        raise ScenarioError([Problem(str(folder), what)]) from error
    if not isinstance(manifest, dict) or (missing := MANIFEST_KEYS - manifest.keys()):
        lack = ", ".join(sorted(missing)) if isinstance(manifest, dict) else "an object"
        raise ScenarioError([Problem(str(folder), f"no run folder: manifest.json lacks {lack}")])
    if not isinstance(manifest["format"], int) or manifest["format"] > RUN_FORMAT:
        what = f"has format {manifest['format']}, this version reads up to {RUN_FORMAT}"
        raise ScenarioError([Problem(str(folder), what)])
    return manifest


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a run folder."""
    write_text(folder / "manifest.json", json.dumps(manifest, indent=2) + "\n")


def read_table(folder: Path, name: str) -> pa.Table:
    """A compacted table of a run folder. Raises RunError when it is missing or damaged."""
    try:
        return _read_file(folder / f"{name}.parquet")
    except (OSError, pa.ArrowInvalid) as error:
        raise RunError(f"{folder}: table {name} cannot be read: {error}") from error


def _read_file(file: Path) -> pa.Table:
    """The table in a file; `pq.read_table` takes several times as long, as it looks for many."""
    with pq.ParquetFile(file) as opened:
        return opened.read()


def write_text(path: Path, text: str) -> None:
    """Write a text file completely or not at all."""
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)


def table_hash(table: pa.Table) -> str:
    """SHA-256 of a table's column names, types and values, however the table is stored.

    Category names are sorted first, so that the order of their first use does not matter.
    """
    digest = hashlib.sha256()
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        digest.update(f"{name}:{column.type}:{len(column)}\n".encode())
        if pa.types.is_dictionary(column.type):
            names = np.array(column.dictionary.to_pylist(), dtype=object)
            used, codes = np.unique(
                column.indices.to_numpy(zero_copy_only=False), return_inverse=True
            )
            order = np.argsort(names[used]) if len(used) else np.zeros(0, dtype=int)
            digest.update("\n".join(names[used[order]]).encode())
            digest.update(np.argsort(order)[codes].astype("<i4").tobytes())
        else:
            digest.update(column.to_numpy(zero_copy_only=False).tobytes())
    return digest.hexdigest()


def _last(part: Path) -> int:
    return int(part.name.split("-")[1])


def _remove(part: Path) -> None:
    """Remove a part atomically: once renamed, it no longer counts."""
    doomed = part.with_name(f".{part.name}")
    shutil.rmtree(doomed, ignore_errors=True)
    part.rename(doomed)
    shutil.rmtree(doomed)


def _write_part(part: Path, tables: Mapping[str, pa.Table]) -> None:
    temporary = part.with_name(f".{part.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    for name, table in tables.items():
        _write_table(table, temporary / f"{name}.parquet")
    temporary.rename(part)


def _write_table(table: pa.Table, path: Path) -> None:
    temporary = path.with_name(f".{path.name}")
    pq.write_table(table, temporary, row_group_size=ROW_GROUP)
    temporary.replace(path)
