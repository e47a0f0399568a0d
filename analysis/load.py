"""Reading a run folder: its scenario, its manifest and its tables as pandas DataFrames."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

READABLE_RUN_FORMAT = 3
"""Newest layout of a run folder that this module reads."""

RUN_STATUSES = ("running", "complete", "interrupted", "failed")

_PART = re.compile(r"(\d+)-(\d+)")
_NAME = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Run:
    """One run. Its tables are read on first use; rows are in time order, period 0 is genesis.

    `sources` are the folders that hold the tables: the run folder itself after an orderly end,
    otherwise the parts committed when the run was loaded.
    """

    folder: Path
    manifest: dict[str, Any]
    scenario: dict[str, Any]
    summary: dict[str, Any] | None
    sources: tuple[Path, ...]

    @cached_property
    def periods(self) -> pd.DataFrame:
        """One row per period: the model, and totals."""
        return self._table("periods")

    @cached_property
    def clients(self) -> pd.DataFrame:
        """One row per period and client."""
        return self._table("clients")

    @cached_property
    def pools(self) -> pd.DataFrame:
        """One row per period and token."""
        rows = self._table("pools")
        if "fee" not in rows:  # older runs lack the column
            rows["fee"] = float(self.scenario.get("market", {}).get("fee", "nan"))
        return rows

    @cached_property
    def positions(self) -> pd.DataFrame:
        """One row per period and position of a liquidity provider in a pool."""
        return self._table("positions")

    @cached_property
    def agents(self) -> pd.DataFrame:
        """One row per period and agent: its wealth."""
        return self._table("agents")

    @cached_property
    def fills(self) -> pd.DataFrame:
        """A row for each order, two for one that an offering served in part."""
        return self._table("fills")

    @cached_property
    def flows(self) -> pd.DataFrame:
        """Transfers summed by period, flow, asset, payer kind and payee kind."""
        return self._table("flows")

    @cached_property
    def behaviours(self) -> dict[str, str]:
        """Behaviour of each client in its last recorded period, in the order of the clients."""
        rows = self.clients.drop_duplicates("client", keep="first")["client"].astype(str)
        last = self.clients.drop_duplicates("client", keep="last").set_index("client")["behaviour"]
        return {client: str(last[client]) for client in rows}

    @cached_property
    def issuers(self) -> dict[str, str]:
        """Client of each token, by name, else by rank.

        `client-3` has `client-3` or `token-3`; among clients of other names, `A` has `token_A`.

        Empty unless each token belongs to one client.
        """
        clients = list(self.behaviours)
        tokens = list(self.pools["token"].astype(str).unique())
        if all(client.startswith("client") for client in clients):
            by_name = {token: token.replace("token", "client", 1) for token in tokens}
        else:
            by_name = {token: token.removeprefix("token_") for token in tokens}
        if set(by_name.values()) <= set(clients):
            return by_name
        return dict(zip(tokens, clients, strict=True)) if len(tokens) == len(clients) else {}

    @cached_property
    def token_of(self) -> dict[str, str]:
        """The token of each client, its own or the shared one; empty without tokens."""
        tokens = self.pools["token"].astype(str).unique()
        if len(tokens) == 1:
            return dict.fromkeys(self.behaviours, str(tokens[0]))
        return {client: token for token, client in self.issuers.items()}

    def record_detail(self, table: str) -> str:
        """How investors are recorded in table agents or fills: `all`, `sample` or `summary`."""
        return str(self.scenario.get("record", {}).get(table, "all"))

    def _table(self, table: str) -> pd.DataFrame:
        if not self.sources:
            raise ValueError(f"{self.folder}: nothing is recorded yet, the run has just started")
        if not all(source.is_dir() for source in self.sources):
            raise ValueError(f"{self.folder} changed while it was read; load it again")
        files = [source / f"{table}.parquet" for source in self.sources]
        self._check_unchanged(table, files)
        existing = [file for file in files if file.exists()]
        if not existing:
            raise FileNotFoundError(
                f"{self.folder}: table '{table}' is missing (no {table}.parquet,"
                f" although the run's status is '{self.manifest['status']}')"
            )
        return _frame(_read(file) for file in existing)

    def _check_unchanged(self, table: str, files: Sequence[Path]) -> None:
        """Raise ValueError if the table's file is not the one that the run wrote.

        Runs that are still computed, and those of earlier versions, do not tell.
        """
        recorded = self.manifest.get("tables", {}).get(table, {}).get("file_sha256")
        if self.manifest["status"] == "running" or recorded is None or not files[0].exists():
            return
        if _sha256(files[0]) != recorded:
            if _manifest(self.folder) != self.manifest:  # it was resumed meanwhile
                raise ValueError(f"{self.folder} changed while it was read; load it again")
            raise ValueError(
                f"{files[0]} is not the file that the run wrote: it was changed, cut short or "
                f"exchanged; `wallstreetfeds verify {self.folder}` says how it differs, "
                f"`wallstreetfeds run {self.folder / 'scenario.yaml'}` computes it again"
            )


@dataclass(frozen=True)
class _ComputedRun(Run):
    """A run whose tables are in memory."""

    tables: Mapping[str, pa.Table]

    def _table(self, table: str) -> pd.DataFrame:
        return _frame([self.tables[table]])


def run_of(
    tables: Mapping[str, pa.Table], manifest: dict[str, Any], scenario: dict[str, Any]
) -> Run:
    """The run with these tables in memory; its folder is the working directory."""
    return _ComputedRun(Path(), manifest, scenario, summary=None, sources=(), tables=tables)


def load_run(folder: str | Path) -> Run:
    """The run recorded in `folder`, finished or not.

    An unfinished run is read up to its last committed part.

    Raises:
        FileNotFoundError: `folder` is not a run folder.
        ValueError: a file in it is damaged or was changed since the run, or its layout is newer
            than this package. Tables are checked when they are first used.
    """
    folder = Path(folder)
    manifest = _manifest(folder)
    _check_bytes(folder / "scenario.yaml", manifest.get("scenario_sha256"))
    summary = folder / "summary.json"
    if summary.exists():
        _check_bytes(summary, manifest.get("summary_sha256"))
    return Run(
        folder=folder,
        manifest=manifest,
        scenario=_scenario(folder / "scenario.yaml"),
        summary=_json(summary) if summary.exists() else None,
        sources=_parts(folder) if manifest["status"] == "running" else (folder,),
    )


def _manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    for name in ("manifest.json", "scenario.yaml"):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"{folder} is not a run folder: it has no {name}"
                " (a run folder is outputs/<name>/<time>-<id>)"
            )
    manifest = _json(folder / "manifest.json")
    version, status = manifest.get("format"), manifest.get("status")
    if not isinstance(version, int):
        raise ValueError(f"{folder / 'manifest.json'}: 'format' is {version!r}, not a number")
    if version > READABLE_RUN_FORMAT:
        raise ValueError(
            f"{folder} is in format {version}, newer than the format {READABLE_RUN_FORMAT} "
            "understood here: read it with the version of the simulator that wrote it, or a newer "
            "one"
        )
    if status not in RUN_STATUSES:
        raise ValueError(
            f"{folder / 'manifest.json'}: 'status' is {status!r}, not one of "
            f"{', '.join(RUN_STATUSES)}"
        )
    return manifest


def _check_bytes(file: Path, recorded: str | None) -> None:
    """Raise ValueError if a small file of the run was changed; earlier versions do not tell."""
    if recorded is not None and hashlib.sha256(file.read_bytes()).hexdigest() != recorded:
        raise ValueError(
            f"{file} was changed since the run; undo the change, or compute the run again: "
            f"wallstreetfeds run {file.with_name('scenario.yaml')}"
        )


def _sha256(file: Path) -> str:
    """SHA-256 of a file's bytes, read once for each state of the file."""
    state = file.stat()
    return _sha256_of_state(str(file.resolve()), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4096)
def _sha256_of_state(path: str, mtime: int, size: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file} is damaged: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{file} is damaged: not a JSON object")
    return content


def _scenario(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is damaged: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{file} is damaged: not a mapping")
    return content


def _parts(folder: Path) -> tuple[Path, ...]:
    """Committed parts in time order; names of uncommitted ones start with a dot."""
    ranges = {
        part: (int(match[1]), int(match[2]))
        for part in (folder / "parts").glob("*")
        if part.is_dir() and (match := _PART.fullmatch(part.name))
    }
    parts = sorted(ranges, key=ranges.__getitem__)
    for part, following in pairwise(parts):
        if ranges[following][0] <= ranges[part][1]:
            raise ValueError(f"{folder}: parts {part.name} and {following.name} overlap")
    return tuple(parts)


def _read(file: Path) -> pa.Table:
    try:
        return pq.ParquetFile(file).read()
    except pa.ArrowInvalid as error:
        raise ValueError(f"{file} is damaged: {error}") from error


def _frame(tables: Iterable[pa.Table]) -> pd.DataFrame:
    """The concatenated tables, with one common encoding of names."""
    table = pa.concat_tables(table.cast(_common_schema(table.schema)) for table in tables)
    frame: pd.DataFrame = table.unify_dictionaries().to_pandas()
    return frame


def _common_schema(schema: pa.Schema) -> pa.Schema:
    fields = [f.with_type(_NAME) if pa.types.is_dictionary(f.type) else f for f in schema]
    return pa.schema(fields)
