"""Run folders made by hand, in the layout of format 1, written with pyarrow alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simulator.tables import TABLES

Rows = list[tuple[Any, ...]]


def column(kind: str, cells: list[Any], index: pa.DataType) -> pa.Array:
    if kind == "category":
        encoded = pa.array(cells, pa.string()).dictionary_encode()
        return encoded.cast(pa.dictionary(index, pa.string()))
    return pa.array(cells, {"int32": pa.int32(), "float64": pa.float64()}[kind])


def write_tables(folder: Path, rows: dict[str, Rows], index: pa.DataType) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for table, kinds in TABLES.items():
        columns = {
            name: column(kind, [row[place] for row in rows.get(table, [])], index)
            for place, (name, kind) in enumerate(kinds.items())
        }
        pq.write_table(pa.table(columns), folder / f"{table}.parquet")


def write_head(folder: Path, **manifest: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    head = {"format": 1, "status": "complete", "name": "toy", "seed": 7} | manifest
    (folder / "manifest.json").write_text(json.dumps(head))
    (folder / "scenario.yaml").write_text("name: toy\nperiods: 4\n")
    return folder


def between(rows: dict[str, Rows], first: int, last: int) -> dict[str, Rows]:
    return {name: [row for row in table if first <= row[0] <= last] for name, table in rows.items()}


@pytest.fixture
def finished(tmp_path: Path) -> Callable[..., Path]:
    """Write a run that ended: one file per table."""

    def write(rows: dict[str, Rows], **manifest: Any) -> Path:
        folder = write_head(tmp_path / "finished", **manifest)
        write_tables(folder, rows, pa.int32())
        (folder / "summary.json").write_text('{"accuracy": 0.5}')
        return folder

    return write


@pytest.fixture
def running(tmp_path: Path) -> Callable[..., Path]:
    """Write a run still going on: parts of the given periods, each with dictionaries of its own."""

    def write(rows: dict[str, Rows], *ranges: tuple[int, int]) -> Path:
        folder = write_head(tmp_path / "running", status="running")
        for number, (first, last) in enumerate(ranges):
            part = folder / "parts" / f"{first:08d}-{last:08d}"
            write_tables(part, between(rows, first, last), [pa.int32(), pa.int16()][number % 2])
        return folder

    return write


def client(
    period: int, name: str, behaviour: str, share: float, wealth: float = 10.0
) -> tuple[Any, ...]:
    paid = (1.0, 2.0, 2.0, 1.0, 0.0, 5.0, 3.0, wealth)
    return (period, name, behaviour, 50, 1, 0.1, 0.1, share, *paid, name)


def pool(
    period: int, token: str, price: float, fees: float = 0.0, value: float = 1.0
) -> tuple[Any, ...]:
    return (period, token, 100.0, 100 * price, price, 100 * fees, fees, 1000.0, value)


def agent(period: int, name: str, kind: str, strategy: str, wealth: float) -> tuple[Any, ...]:
    return (period, name, kind, strategy, 1, wealth, 0.0, 0.0, wealth)


def fill(period: int, sequence: int, status: str) -> tuple[Any, ...]:
    place = (period, sequence, "investor-1", 9, "noise", "token-1", "buy")
    return (*place, 1.0, 0.9, 1.1, 0.01, status, 1)


@pytest.fixture
def toy() -> dict[str, Rows]:
    """Two clients over four periods; every number of the summary can be had by hand."""
    prices = {"token-1": [1.0, 1.2, 1.4, 1.6, 1.8], "token-2": [1.0, 0.9, 0.8, 0.7, 0.6]}
    shares = [0.5, 0.6, 0.7, 0.8, 0.9]
    periods = range(5)
    return {
        "periods": [
            (t, 0.1 + 0.2 * t, 2.0 - 0.4 * t, -1.0, 100.0 * (t > 0), 10.0 * (t > 0), 50.0, 20.0, v)
            for t, v in zip(periods, [0.0, 5.0, 6.0, 7.0, 8.0], strict=True)
        ],
        "clients": [
            row
            for t, share in zip(periods, shares, strict=True)
            for row in (
                client(t, "client-1", "honest", share),
                client(t, "client-2", "free_rider", 1 - share),
            )
        ],
        "pools": [
            pool(t, token, prices[token][t], 0.25 * (t > 0), 0.5 * prices[token][t])
            for t in periods
            for token in prices
        ],
        "agents": [
            row
            for t in periods
            for row in (
                agent(t, "client-1", "client", "value_seller", 100.0 + t),
                agent(t, "client-2", "client", "value_seller", 100.0 - t),
                agent(t, "aggregator", "aggregator", "none", 7.0 * t),
                agent(t, "provider-1", "liquidity_provider", "passive", 300.0 + 10 * t),
                agent(t, "provider-2", "liquidity_provider", "passive", 100.0),
                agent(t, "investor-1", "investor", "fundamentalist", 40.0 + 3 * t),
                agent(t, "investor-2", "investor", "fundamentalist", 60.0),
                agent(t, "investor-3", "investor", "noise", 80.0 - t),
            )
        ],
        "fills": [fill(1, 0, "filled"), fill(1, 1, "slippage"), fill(3, 0, "filled")],
        "flows": [
            (0, "endowment", "numeraire", "outside", "investor", 180.0),
            (1, "revenue", "numeraire", "outside", "clearing", 200.0),
            (1, "dividend", "numeraire", "clearing", "client", 60.0),
            (1, "dividend", "numeraire", "clearing", "investor", 30.0),
            (1, "retained", "numeraire", "clearing", "treasury", 50.0),
            (1, "buyback", "numeraire", "clearing", "treasury", 60.0),
            (2, "revenue", "numeraire", "outside", "clearing", 200.0),
            (2, "released", "numeraire", "treasury", "clearing", 30.0),
            (2, "buyback", "numeraire", "treasury", "clearing", 10.0),
            (2, "direct", "numeraire", "clearing", "client", 240.0),
            (2, "swap", "token-1", "pool", "treasury", 30.0),
            (2, "burn", "token-1", "treasury", "outside", 12.0),
            (3, "burn", "token-2", "treasury", "outside", 3.0),
            (3, "lp_burn", "LP-1", "liquidity_provider", "outside", 99.0),
            (3, "swap", "token-2", "investor", "outside", 98.0),
        ],
    }
