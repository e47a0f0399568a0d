"""Run folders made by hand, in the layout of format 1, written with pyarrow alone."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simulator.analysis import Run, load_run
from simulator.running import start
from simulator.scenario import Scenario
from simulator.tables import TABLES
from tests.analysis import by_hand
from tests.sweep.here import in_this_process

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="session", autouse=True)
def _sweeps_in_this_process() -> Iterator[None]:
    """Here sweeps are read and not tested, so that their runs need no processes of their own."""
    with pytest.MonkeyPatch.context() as patched:
        in_this_process(patched)
        yield


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
    return (period, token, 100.0, 100 * price, price, 100 * fees, fees, 1000.0, value, 0.0025)


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


@pytest.fixture
def hand() -> Rows:
    """Two clients, of whom one rides for free in period 2; two pools, two providers."""
    return {
        "clients": [
            by_hand.client(0, "client_0", "honest", 0.0, 0, 0, 0, 600, 40),
            by_hand.client(0, "client_1", "honest", 0.0, 0, 0, 0, 600, 40),
            by_hand.client(1, "client_0", "honest", 0.6, 10, 4, 6, 120, 54),  # sold for 7, cost 3
            by_hand.client(1, "client_1", "honest", 0.4, 0, 0, 4, 600, 43),  # cost 1
            by_hand.client(2, "client_0", "honest", 1.0, 2, 1, 8, 125, 58),  # bought for 2, cost 3
            by_hand.client(2, "client_1", "free_rider", 0.0, 4, 0, 0, 0, 43),
        ],
        "pools": [
            by_hand.pool(0, "token_0", 100, 100, 1.0),
            by_hand.pool(0, "token_1", 100, 100, 1.0),
            by_hand.pool(1, "token_0", 75, 150, 1.0),
            by_hand.pool(1, "token_1", 100, 100, 2.0),
            by_hand.pool(2, "token_0", 100, 150, 0.0),
            by_hand.pool(2, "token_1", 100, 50, 1.0),
        ],
        "fills": [
            by_hand.fill("client_0", "sell", 5, 7),
            by_hand.fill("client_0", "buy", 2, 1),
            by_hand.fill("client_1", "sell", 9, 9, "slippage"),
            by_hand.fill("lp_1", "sell", 3, 4),
        ],
        "flows": [
            (0, "genesis_sale", "numeraire", "investor", "client", 80.0),
            (0, "genesis_sale", "token_0", "client", "investor", 80.0),
            (0, "deposit", "numeraire", "liquidity_provider", "pool", 200.0),
            (1, "training_cost", "numeraire", "client", "outside", 4.0),
            (2, "training_cost", "numeraire", "client", "outside", 3.0),
            (2, "direct", "numeraire", "clearing", "client", 8.0),
        ],
    }


@pytest.fixture
def provided(hand: Rows) -> Rows:
    """One pool grows to a price of 4 and earns fees, the other stays."""
    positions = []
    for who, part in (("lp_0", 75.0), ("lp_1", 25.0)):
        sides = (part, part)
        for token in ("token_0", "token_1"):
            opened = {"price": 1.0, "owns": sides, "put_in": sides, "moved": sides}
            positions.append(by_hand.position(0, who, token, **opened))
        earned = {"owns": (0.6 * part, 2.4 * part), "fees": 0.8 * part, "lvr": 0.5 * part}
        positions.append(by_hand.position(1, who, "token_0", price=4.0, put_in=sides, **earned))
        positions.append(by_hand.position(1, who, "token_1", price=1.0, put_in=sides, owns=sides))
    return hand | {
        "pools": [
            by_hand.pool(0, "token_0", 100, 100, 1.0),
            by_hand.pool(0, "token_1", 100, 100, 1.0),
            by_hand.pool(1, "token_0", 60, 240, 1.0),
            by_hand.pool(1, "token_1", 100, 100, 1.0),
        ],
        "positions": positions,
        "agents": [
            by_hand.agent(0, "lp_0", "liquidity_provider", 5, 300, 305),
            by_hand.agent(0, "lp_1", "liquidity_provider", 0, 100, 100),
            by_hand.agent(0, "investor_0", "investor", 50, 0, 100),
            by_hand.agent(0, "investor_1", "investor", 50, 0, 50),
            by_hand.agent(0, "investor_2", "investor", 50, 0, 50),
            by_hand.agent(1, "lp_0", "liquidity_provider", 12, 510, 522),
            by_hand.agent(1, "lp_1", "liquidity_provider", 9, 170, 179),
            by_hand.agent(1, "investor_0", "investor", 50, 0, 90),
            by_hand.agent(1, "investor_1", "investor", 50, 0, 70),
            by_hand.agent(1, "investor_2", "investor", 50, 0, 80),
        ],
    }


@pytest.fixture
def made(finished: Callable[..., Path]) -> Callable[..., Run]:
    def make(rows: Rows, market: str = by_hand.MARKET) -> Run:
        folder = finished(rows)
        (folder / "scenario.yaml").write_text(market or "{}\n")
        return load_run(folder)

    return make


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> by_hand.Ran:
    """The run of a scenario. It is computed once for all tests, which only read its folder."""
    folders: dict[str, Path] = {}

    def of(scenario: Scenario) -> Run:
        settings = scenario.model_dump_json()
        if settings not in folders:
            folders[settings] = start(scenario, tmp_path_factory.mktemp("runs"))
        return load_run(folders[settings])

    return of


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return by_hand.simulated(tmp_path_factory.mktemp("measured"), 0.01)


@pytest.fixture
def owned() -> Rows:
    """Of 200 tokens at a price of 1 a client has 60, a pool 20, and ten investors have 120."""
    owned = [30.0] + [10.0] * 9
    strategies = ["fundamentalist"] + ["noise"] * 9
    position = (0, "provider", "token_0", 20.0, 0.0, math.inf, 20.0, 20.0, 40.0)
    return {
        "clients": [by_hand.client(0, "client_0", "honest", 1.0, 0, 0, 0, 60.0, 0)],
        "pools": [(0, "token_0", 20.0, 20.0, 1.0, 0.0, 0.0, 200.0, 1.0, 0.2)],
        "flows": [(0, "genesis_sale", "token_0", "client", "investor", 120.0)],
        "positions": [(*position, 20.0, 20.0, 40.0, 0.0, 0.0, 0.0, 0.0, 0.0)],
        "agents": [
            (0, "client_0", "client", "hold", 1, 0.0, 60.0, 0.0, 60.0),
            (0, "provider", "liquidity_provider", "passive", 1, 0.0, 0.0, 0.0, 0.0),
            *(
                (0, f"investor_{number}", "investor", strategy, 1, 0.0, tokens, 0.0, tokens)
                for number, (strategy, tokens) in enumerate(zip(strategies, owned, strict=True))
            ),
        ],
    }
