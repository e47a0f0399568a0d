"""The run folder's writer, on toy tables: parts, checkpoints, rewinding, compacting, hashing."""

import hashlib
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import recording
from simulator.errors import RunError, ScenarioError
from simulator.recording import (
    ROW_GROUP,
    Recorder,
    locked,
    read_manifest,
    table_hash,
    write_text,
    writer_of,
)

TABLES = {
    "things": {"period": "int32", "who": "category", "what": "category", "amount": "float64"},
    "totals": {"period": "int32", "total": "float64"},
}
NAMES = {"who": ["ann", "bob", "cid"]}


@pytest.fixture(autouse=True)
def _checkpoints_at_any_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "CHECKPOINT_FRACTION", 1e9)


def recorder(folder: Path) -> Recorder:
    folder.mkdir(exist_ok=True)
    return Recorder(folder, TABLES, NAMES)


def rows(period: int) -> dict[str, dict[str, Any]]:
    """Period n has n + 1 things; what they are called is new every period."""
    count = period + 1
    return {
        "things": {
            "period": period,
            "who": np.arange(count) % 3,
            "what": [f"what_{period}"] * count,
            "amount": np.arange(count) / 3 + period,
        },
        "totals": {"period": period, "total": period * 1.5},
    }


def recorded(folder: Path, periods: range, each: int = 2) -> Recorder:
    """A folder with a part every `each` periods and a checkpoint with every part."""
    writing = recorder(folder)
    for period in periods:
        writing.append(period, rows(period))
        if period % each == each - 1:
            writing.checkpoint(period, {"period": np.array(period)})
    return writing


def parts(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "parts").iterdir())


def read(folder: Path, table: str = "things") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return rows


def expected(periods: int) -> list[dict[str, Any]]:
    return [
        {
            "period": period,
            "who": NAMES["who"][thing % 3],
            "what": f"what_{period}",
            "amount": thing / 3 + period,
        }
        for period in range(periods)
        for thing in range(period + 1)
    ]


def test_rows_come_back_as_they_were_given(tmp_path: Path) -> None:
    writing = recorded(tmp_path, range(5))
    described = writing.compact()
    assert read(tmp_path) == expected(5)
    assert read(tmp_path, "totals") == [{"period": n, "total": n * 1.5} for n in range(5)]
    assert {name: each["rows"] for name, each in described.items()} == {"things": 15, "totals": 5}


def test_columns_have_the_types_that_the_tables_say(tmp_path: Path) -> None:
    writing = recorded(tmp_path, range(3))
    writing.compact()
    schema = pq.read_schema(tmp_path / "things.parquet")
    name = pa.dictionary(pa.int32(), pa.string())
    assert schema.types == [pa.int32(), name, name, pa.float64()]
    assert schema.names == list(TABLES["things"])


def test_a_period_without_rows_is_no_problem(tmp_path: Path) -> None:
    writing = recorder(tmp_path)
    nothing: dict[str, Any] = {"period": 0, "who": np.zeros(0, int), "what": [], "amount": []}
    writing.append(0, {"things": nothing, "totals": {"period": 0, "total": 1.0}})
    writing.append(1, rows(1))
    described = writing.compact()
    assert [row["period"] for row in read(tmp_path)] == [1, 1]
    assert described["totals"]["rows"] == 2


def test_a_run_that_recorded_nothing_has_empty_tables(tmp_path: Path) -> None:
    assert recorder(tmp_path).compact()["things"]["rows"] == 0
    assert pq.read_schema(tmp_path / "things.parquet").names == list(TABLES["things"])


def test_a_commit_is_one_part_with_all_tables(tmp_path: Path) -> None:
    writing = recorder(tmp_path)
    for period in range(3):
        writing.append(period, rows(period))
    assert parts(tmp_path) == []
    writing.commit()
    assert parts(tmp_path) == ["00000000-00000002"]
    part = tmp_path / "parts" / "00000000-00000002"
    assert sorted(file.name for file in part.iterdir()) == ["things.parquet", "totals.parquet"]
    writing.commit()
    assert parts(tmp_path) == ["00000000-00000002"]


def test_a_commit_that_breaks_off_leaves_no_part_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = recorder(tmp_path)
    writing.append(0, rows(0))
    write, calls = pq.write_table, itertools.count()

    def breaking(table: pa.Table, where: Path, **options: Any) -> None:
        if next(calls) == 1:  # the second table of the part
            raise KeyboardInterrupt
        write(table, where, **options)

    monkeypatch.setattr(pq, "write_table", breaking)
    with pytest.raises(KeyboardInterrupt):
        writing.commit()
    assert [name for name in parts(tmp_path) if not name.startswith(".")] == []
    writing.commit()
    assert parts(tmp_path) == ["00000000-00000000"]


def test_an_interrupt_right_after_the_rename_does_not_write_the_rows_twice(tmp_path: Path) -> None:
    writing = recorder(tmp_path)
    writing.append(0, rows(0))
    buffered = list(writing._buffer)
    writing.commit()
    writing._buffer[:] = buffered  # as if the interrupt had come before they were cleared
    writing.compact()
    assert read(tmp_path) == expected(1)


def test_due_after_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(recording.time, "monotonic", lambda: now)
    writing = recorder(tmp_path)
    now = 100.9
    assert not writing.is_commit_due
    now = 101.0
    assert writing.is_commit_due
    writing.commit()
    assert not writing.is_commit_due


def test_the_last_two_checkpoints_are_kept(tmp_path: Path) -> None:
    recorded(tmp_path, range(8))
    names = sorted(file.name for file in (tmp_path / "checkpoints").iterdir())
    assert names == ["00000005.npz", "00000007.npz"]


def test_dear_checkpoints_are_written_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "CHECKPOINT_FRACTION", 0.05)
    now = [0.0]
    monkeypatch.setattr(recording.time, "monotonic", lambda: now[0])
    save = np.savez

    def slow(file: Any, **arrays: Any) -> None:
        save(file, **arrays)
        now[0] += 1.0

    monkeypatch.setattr(np, "savez", slow)
    writing = recorder(tmp_path)
    written = []
    for period in range(60):
        now[0] += 1.0
        writing.append(period, rows(period))
        writing.checkpoint(period, {"period": np.array(period)})
        if (tmp_path / "checkpoints" / f"{period:08d}.npz").exists():
            written.append(period)
    assert written == [0, 20, 40]
    assert len(parts(tmp_path)) == 60  # rows are committed all the same


def test_rewind_without_a_checkpoint_drops_all_rows(tmp_path: Path) -> None:
    writing = recorded(tmp_path, range(3), each=100)
    writing.commit()
    again = recorder(tmp_path)
    assert again.checkpoints == []
    again.rewind(-1, compacted=False)
    assert parts(tmp_path) == []


@pytest.mark.parametrize("compacted", [False, True])
def test_rewind_goes_to_the_last_checkpoint(tmp_path: Path, compacted: bool) -> None:
    writing = recorded(tmp_path, range(7))  # checkpoints at 3 and 5
    writing.commit()
    if compacted:
        writing.compact()
        writing.remove_parts()
        assert not (tmp_path / "parts").exists()
    again = recorder(tmp_path)
    assert again.checkpoints == [5, 3]
    assert int(again.read_checkpoint(5)["period"]) == 5
    again.rewind(5, compacted=compacted)
    for period in (6, 7):
        again.append(period, rows(period))
    again.compact()
    assert read(tmp_path) == expected(8)


def test_rewind_of_a_compacted_folder_without_a_checkpoint(tmp_path: Path) -> None:
    writing = recorded(tmp_path, range(3), each=100)
    writing.compact()
    writing.remove_parts()
    again = recorder(tmp_path)
    again.rewind(-1, compacted=True)
    for period in range(4):
        again.append(period, rows(period))
    again.compact()
    assert read(tmp_path) == expected(4)


def test_the_hash_is_the_same_with_and_without_a_rewind(tmp_path: Path) -> None:
    whole = recorded(tmp_path / "a", range(9)).compact()
    broken = recorded(tmp_path / "b", range(7), each=3)
    broken.compact()
    broken.remove_parts()
    again = recorder(tmp_path / "b")
    again.rewind(5, compacted=True)
    for period in range(6, 9):
        again.append(period, rows(period))
    hashes = [
        {name: each["sha256"] for name, each in of.items()} for of in (again.compact(), whole)
    ]
    assert hashes[0] == hashes[1]


def test_a_checkpoint_holds_no_pickles(tmp_path: Path) -> None:
    writing = recorder(tmp_path)
    with pytest.raises(ValueError, match="allow_pickle"):
        writing.checkpoint(0, {"thing": np.array([object()])})
    assert not list((tmp_path / "checkpoints").glob("[0-9]*"))


def test_a_second_writer_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    refused = pytest.raises(
        RunError, match=rf"being written by another process \(pid {os.getpid()}"
    )
    with locked(tmp_path), refused, locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_a_writer_in_another_process_is_refused_and_its_death_frees_the_folder(
    tmp_path: Path,
) -> None:
    code = "import sys, pathlib; from simulator.recording import locked\n"
    code += "with locked(pathlib.Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()"
    holding = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    )
    with holding:
        assert holding.stdout is not None and holding.stdout.readline() == b"in\n"
        writer = f"another process (pid {holding.pid})"
        assert writer_of(tmp_path) == writer
        refused = pytest.raises(RunError, match=re.escape(f"being written by {writer}"))
        with refused, locked(tmp_path):
            pass
        holding.kill()
        holding.wait()
        assert writer_of(tmp_path) == ""
        with locked(tmp_path):
            pass


def test_a_folder_that_nobody_locked_has_no_writer_and_stays_as_it_is(tmp_path: Path) -> None:
    assert writer_of(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_a_later_checkpoint_goes_with_the_rows_that_are_dropped(tmp_path: Path) -> None:
    """It would stay as the newest, and every earlier one would be removed for it."""
    recorded(tmp_path, range(7))  # checkpoints at 3 and 5
    again = recorder(tmp_path)
    again.rewind(3, compacted=False)
    assert again.checkpoints == [3]
    for period in range(4, 6):
        again.append(period, rows(period))
    again.compact()
    assert read(tmp_path) == expected(6)


def damage(file: Path, left: int) -> None:
    file.write_bytes(file.read_bytes()[:left])


@pytest.mark.parametrize("left", [0, 100])
def test_a_damaged_checkpoint_cannot_be_read(tmp_path: Path, left: int) -> None:
    writing = recorded(tmp_path, range(4))
    damage(tmp_path / "checkpoints" / "00000003.npz", left)
    with pytest.raises(RunError, match="cannot be read: "):
        writing.read_checkpoint(3)


def test_rows_of_parts_are_checked_up_to_the_first_damage(tmp_path: Path) -> None:
    writing = recorded(tmp_path, range(6))
    writing.check_rows(5, None)
    damage(tmp_path / "parts" / "00000002-00000003" / "totals.parquet", 50)
    writing.check_rows(1, None)
    with pytest.raises(RunError, match="rows up to period 3 are missing or damaged"):
        writing.check_rows(3, None)
    shutil.rmtree(tmp_path / "parts")
    with pytest.raises(RunError, match="rows up to period 1 are missing or damaged"):
        writing.check_rows(1, None)


def test_rows_of_tables_are_checked_by_their_hashes(tmp_path: Path) -> None:
    writing = recorded(tmp_path, range(4))
    contents = writing.compact()
    writing.check_rows(3, contents)
    file = tmp_path / "totals.parquet"
    pq.write_table(pq.read_table(file).slice(1), file)
    with pytest.raises(RunError, match=r"totals\.parquet was changed after the run"):
        writing.check_rows(3, contents)


def test_each_file_of_a_table_has_its_hash(tmp_path: Path) -> None:
    for name, described in recorded(tmp_path, range(4)).compact().items():
        content = (tmp_path / f"{name}.parquet").read_bytes()
        assert described["file_sha256"] == hashlib.sha256(content).hexdigest()


def test_row_groups_have_a_fixed_size(tmp_path: Path) -> None:
    writing, count = recorder(tmp_path), ROW_GROUP + 5
    for period in range(2):
        many = rows(period)
        many["things"] |= {"who": np.zeros(count, int), "what": ["x"] * count, "amount": 1.0}
        writing.append(period, many)
        writing.commit()
    writing.compact()
    file = pq.ParquetFile(tmp_path / "things.parquet").metadata
    sizes = [file.row_group(number).num_rows for number in range(file.num_row_groups)]
    assert sizes == [ROW_GROUP, ROW_GROUP, 10]


def test_closing_leaves_tables_and_checkpoints_only(tmp_path: Path) -> None:
    writing = recorded(tmp_path, range(4))
    writing.compact()
    writing.remove_parts()
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert left == {"things.parquet", "totals.parquet", "checkpoints"}


@pytest.mark.parametrize(
    "content",
    [None, "", "{", b"\xff", "[]", "3", '"x"', "{}"],
)
def test_what_is_no_manifest_is_reported(tmp_path: Path, content: str | bytes | None) -> None:
    if content is not None:
        file = tmp_path / "manifest.json"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ScenarioError, match="no run folder"):
        read_manifest(tmp_path)


def test_write_text_writes_all_or_nothing(tmp_path: Path) -> None:
    write_text(tmp_path / "x", "one")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "x", "tw\ud800o")
    assert (tmp_path / "x").read_text() == "one"


def table_of(columns: Mapping[str, Any]) -> pa.Table:
    return pa.table(
        {
            "period": pa.array(columns["period"], pa.int32()),
            "who": pa.array(columns["who"], pa.string()).dictionary_encode(),
            "amount": pa.array(columns["amount"], pa.float64()),
        }
    )


COLUMNS: dict[str, list[Any]] = {
    "period": [0, 0, 1],
    "who": ["bob", "ann", "bob"],
    "amount": [1.0, 2.0, 3.0],
}


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=12), st.data())
def test_the_hash_does_not_depend_on_storage(who: list[str], data: st.DataObject) -> None:
    columns = {
        "period": list(range(len(who))),
        "who": who,
        "amount": [n / 7 for n in range(len(who))],
    }
    whole = table_of(columns)
    cut = data.draw(st.integers(0, len(who)))
    chunks = pa.concat_tables(
        [
            table_of({name: values[:cut] for name, values in columns.items()}),
            table_of({name: values[cut:] for name, values in columns.items()}),
        ]
    ).unify_dictionaries()
    assert table_hash(chunks) == table_hash(whole)
    names = data.draw(st.permutations([*"abcdefg"]))  # another order, and names that nobody has
    codes = pa.array([names.index(name) for name in who], pa.int32())
    coded = pa.DictionaryArray.from_arrays(codes, pa.array(names))
    assert table_hash(whole.set_column(1, "who", coded)) == table_hash(whole)


def changes() -> Iterator[tuple[str, pa.Table]]:
    whole = table_of(COLUMNS)
    yield "number", table_of(COLUMNS | {"amount": [1.0, 2.0, np.nextafter(3.0, 4)]})
    yield "whole number", table_of(COLUMNS | {"period": [0, 1, 1]})
    yield "name", table_of(COLUMNS | {"who": ["bob", "amm", "bob"]})
    yield "names exchanged", table_of(COLUMNS | {"who": ["ann", "bob", "ann"]})
    yield "another's name", table_of(COLUMNS | {"who": ["bob", "ann", "ann"]})
    yield "order of rows", whole.take([1, 0, 2])
    yield "row missing", whole.slice(0, 2)
    yield "column missing", whole.drop_columns(["amount"])
    yield "column renamed", whole.rename_columns(["period", "who", "price"])
    yield "order of columns", whole.select(["who", "period", "amount"])
    yield "type", whole.set_column(0, "period", pa.array([0, 0, 1], pa.int64()))
    yield "sign of zero", table_of(COLUMNS | {"amount": [1.0, -0.0, 3.0]})
    yield "zero", table_of(COLUMNS | {"amount": [1.0, 0.0, 3.0]})
    yield "not a number", table_of(COLUMNS | {"amount": [1.0, np.nan, 3.0]})


def test_the_hash_notices_any_change() -> None:
    hashes = {"as it was": table_hash(table_of(COLUMNS))}
    hashes |= {what: table_hash(table) for what, table in changes()}
    assert len(set(hashes.values())) == len(hashes)


def test_the_hash_is_the_same_after_reading_the_file(tmp_path: Path) -> None:
    described = recorded(tmp_path, range(6)).compact()
    stored = pq.read_table(tmp_path / "things.parquet")
    assert table_hash(stored) == described["things"]["sha256"]
