"""Reading run folders: finished, running, killed and damaged ones."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from simulator import analysis
from simulator.analysis import load_run

TABLES = ("periods", "clients", "pools", "agents", "fills", "flows")
Write = Callable[..., Path]
Toy = dict[str, list[tuple[Any, ...]]]


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the order of the categories, which no value depends on."""
    names = frame.select_dtypes("category").columns
    return frame.astype(dict.fromkeys(names, str))


def test_a_finished_run(finished: Write, toy: Toy) -> None:
    run = load_run(finished(toy))
    assert run.manifest["seed"] == 7
    assert run.scenario == {"name": "toy", "periods": 4}
    assert run.summary == {"accuracy": 0.5}
    assert run.periods["volume"].tolist() == [0, 5, 6, 7, 8]
    assert run.clients["client"].dtype == "category"
    assert run.clients["period"].dtype == "int32"
    assert run.fills["status"].tolist() == ["filled", "slippage", "filled"]
    assert run.flows["amount"].dtype == "float64"


def test_a_table_is_read_once(finished: Write, toy: Toy) -> None:
    folder = finished(toy)
    run = load_run(folder)
    pools = run.pools
    (folder / "pools.parquet").unlink()
    assert run.pools is pools


@pytest.mark.parametrize("table", TABLES)
def test_parts_say_the_same_as_the_compacted_file(
    finished: Write, running: Write, toy: Toy, table: str
) -> None:
    whole = load_run(finished(toy))
    parted = load_run(running(toy, (0, 0), (1, 2), (3, 4)))
    assert parted.summary is None
    assert_frame_equal(plain(getattr(parted, table)), plain(getattr(whole, table)))
    dtypes = [getattr(run, table).dtypes.astype(str).tolist() for run in (whole, parted)]
    assert dtypes[0] == dtypes[1]


def test_parts_are_in_time_order_whatever_their_width(running: Write, toy: Toy) -> None:
    folder = running(toy, (0, 1), (2, 3), (4, 4))
    (folder / "parts/00000002-00000003").rename(folder / "parts/2-3")
    assert load_run(folder).periods["period"].tolist() == [0, 1, 2, 3, 4]


def test_an_uncommitted_part_is_ignored(running: Write, toy: Toy) -> None:
    folder = running(toy, (0, 1), (2, 3), (4, 4))
    (folder / "parts/00000004-00000004").rename(folder / "parts/.00000004-00000004")
    assert load_run(folder).periods["period"].tolist() == [0, 1, 2, 3]


def test_a_torn_compaction_is_ignored_while_running(running: Write, toy: Toy) -> None:
    folder = running(toy, (0, 4))
    (folder / "periods.parquet").write_bytes(b"PAR1 and then the power went")
    assert len(load_run(folder).periods) == 5


def test_leftover_parts_are_ignored_after_the_end(finished: Write, toy: Toy) -> None:
    folder = finished(toy, status="interrupted")
    (folder / "parts/00000000-00000004").mkdir(parents=True)
    assert len(load_run(folder).periods) == 5


def test_a_loaded_run_does_not_grow(running: Write, toy: Toy) -> None:
    folder = running(toy, (0, 1), (2, 3))
    run = load_run(folder)
    shutil.copytree(folder / "parts/00000002-00000003", folder / "parts/00000004-00000005")
    assert len(run.periods) == 4
    assert len(load_run(folder).periods) == 6


def test_parts_that_went_away_are_noticed(running: Write, toy: Toy) -> None:
    folder = running(toy, (0, 1), (2, 3))
    run = load_run(folder)
    shutil.rmtree(folder / "parts/00000002-00000003")
    with pytest.raises(ValueError, match="changed while it was read; load it again"):
        _ = run.periods


def test_overlapping_parts_are_refused(running: Write, toy: Toy) -> None:
    with pytest.raises(ValueError, match="00000000-00000002 and 00000002-00000004 overlap"):
        load_run(running(toy, (0, 2), (2, 4)))


def test_a_run_that_has_just_started(running: Write, toy: Toy) -> None:
    run = load_run(running(toy))
    with pytest.raises(ValueError, match="nothing is recorded yet"):
        _ = run.periods


def test_a_missing_table_is_named(finished: Write, toy: Toy) -> None:
    folder = finished(toy)
    (folder / "fills.parquet").unlink()
    with pytest.raises(FileNotFoundError, match=r"'fills' is missing \(no fills.parquet"):
        _ = load_run(folder).fills


def test_a_damaged_table_is_named(finished: Write, toy: Toy) -> None:
    folder = finished(toy)
    (folder / "pools.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"pools\.parquet is damaged"):
        _ = load_run(folder).pools


def test_what_is_no_run_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such folder"):
        load_run(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"not a run folder: it has no manifest\.json"):
        load_run(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match=r"it has no scenario\.yaml"):
        load_run(tmp_path)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ('{"format": 4, "status": "complete"}', "is in format 4, newer than the format 3"),
        ('{"status": "complete"}', "'format' is None"),
        ('{"format": 1, "status": "odd"}', "'status' is 'odd', not one of running, complete"),
        ('{"format": 1, "sta', r"manifest\.json is damaged"),
        ("[1]", "not a JSON object"),
    ],
)
def test_a_manifest_that_cannot_be_understood(
    finished: Write, toy: Toy, manifest: str, message: str
) -> None:
    folder = finished(toy)
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(ValueError, match=message):
        load_run(folder)


@pytest.mark.parametrize("scenario", ["a: [", "just text"])
def test_a_damaged_scenario(finished: Write, toy: Toy, scenario: str) -> None:
    folder = finished(toy)
    (folder / "scenario.yaml").write_text(scenario)
    with pytest.raises(ValueError, match=r"scenario\.yaml is damaged"):
        load_run(folder)


def test_clients_of_tokens(finished: Write, toy: Toy) -> None:
    assert load_run(finished(toy)).issuers == {"token-1": "client-1", "token-2": "client-2"}
    toy["pools"] = [(t, token.replace("token-", "T"), *rest) for t, token, *rest in toy["pools"]]
    assert load_run(finished(toy)).issuers == {"T1": "client-1", "T2": "client-2"}
    toy["pools"] = [(t, "shared", *rest) for t, token, *rest in toy["pools"] if token == "T1"]
    assert load_run(finished(toy)).issuers == {}
    toy["pools"] = []
    assert load_run(finished(toy)).issuers == {}


def test_a_behaviour_is_the_last_one(finished: Write, toy: Toy) -> None:
    first = toy["clients"][0]
    toy["clients"][0] = (*first[:2], "label_flip", *first[3:])
    assert load_run(finished(toy)).behaviours == {"client-1": "honest", "client-2": "free_rider"}


def test_every_public_name_can_be_imported_and_no_other() -> None:
    assert len(analysis.__all__) == 46
    assert set(analysis.__all__) <= set(dir(analysis))
    assert all(callable(getattr(analysis, name)) for name in analysis.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = analysis.nothing
