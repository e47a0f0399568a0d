"""Run folders made by hand, in the layout of format 1, written with pyarrow alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Rows = list[tuple[Any, ...]]

COLUMNS = {
    "periods": "period accuracy loss utility revenue issued dividends buybacks volume",
    "clients": "period client behaviour examples participated contribution credit share issued"
    " dividends dividends_paid direct tokens numeraire wealth",
    "pools": "period token reserve_token reserve_numeraire spot_price volume fees supply"
    " fundamental_value",
    "agents": "period agent kind strategy accounts numeraire token_value lp_value wealth",
    "fills": "period sequence agent account strategy token side amount_in amount_out price slippage"
    " status",
    "flows": "period flow asset payer payee amount",
}
NAMES = {"client", "behaviour", "token", "agent", "kind", "strategy", "side", "status"} | {
    "flow",
    "asset",
    "payer",
    "payee",
}
COUNTS = {"period", "examples", "participated", "accounts", "sequence", "account"}


def table(name: str, rows: Rows, index: pa.DataType | None = None) -> pa.Table:
    columns = COLUMNS[name].split()
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return pa.table(
        {
            column: pa.array(cells, pa.string()).dictionary_encode().cast(
                pa.dictionary(index or pa.int32(), pa.string())
            )
            if column in NAMES
            else pa.array(cells, pa.int32() if column in COUNTS else pa.float64())
            for column, cells in zip(columns, map(list, values), strict=True)
        }
    )  # fmt: skip


def write_tables(folder: Path, rows: dict[str, Rows], index: pa.DataType | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in COLUMNS:
        pq.write_table(table(name, rows.get(name, []), index), folder / f"{name}.parquet")


def write_head(folder: Path, **manifest: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    head = {"format": 1, "status": "complete", "name": "toy", "seed": 7} | manifest
    (folder / "manifest.json").write_text(json.dumps(head))
    (folder / "scenario.yaml").write_text("name: toy\nperiods: 4\n")
    return folder


def in_periods(rows: dict[str, Rows], first: int, last: int) -> dict[str, Rows]:
    return {name: [row for row in table if first <= row[0] <= last] for name, table in rows.items()}


@pytest.fixture
def finished(tmp_path: Path) -> Callable[..., Path]:
    """Write a run that ended: one file per table."""

    def write(rows: dict[str, Rows], **manifest: Any) -> Path:
        folder = write_head(tmp_path / "finished", **manifest)
        write_tables(folder, rows)
        (folder / "summary.json").write_text('{"accuracy": 0.5}')
        return folder

    return write


@pytest.fixture
def running(tmp_path: Path) -> Callable[..., Path]:
    """Write a run still going on: parts of the given period ranges, dictionaries of their own."""

    def write(rows: dict[str, Rows], *ranges: tuple[int, int]) -> Path:
        folder = write_head(tmp_path / "running", status="running")
        for number, (first, last) in enumerate(ranges):
            part = folder / "parts" / f"{first:08d}-{last:08d}"
            index = pa.int16() if number % 2 else pa.int32()
            write_tables(part, in_periods(rows, first, last), index)
        return folder

    return write
