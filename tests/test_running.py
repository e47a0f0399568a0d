"""Runs: the same numbers again whatever happens around them, and the folder that is left."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import Economy, Scenario, run
from simulator.analysis import load, load_run
from simulator.datafiles import file_hash
from simulator.errors import ModelError, RunError, ScenarioError
from simulator.recording import read_manifest, table_hash, write_manifest
from simulator.running import as_expected, resume, scenario_yaml, start, verify
from simulator.tables import TABLES
from tests.laws import law

SCENARIO = """\
name: fast
periods: 8
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 2}, {count: 1, behaviour: {kind: free_rider}}]
liquidity_providers: [{count: 1, deposit: 300}]
investors: [{count: 2, activity: 1}, {count: 2, activity: 1, strategy: {kind: noise}}]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("running")
    (folder / "fast.yaml").write_text(SCENARIO)
    return folder


@pytest.fixture(scope="module")
def folder(place: Path) -> Path:
    return run(Scenario.load(place / "fast.yaml"), place / "out")


def hashes(folder: Path) -> dict[str, str]:
    return {name: table["sha256"] for name, table in read_manifest(folder)["tables"].items()}


def differing(folder: Path, other: Path) -> set[str]:
    return {name for name in TABLES if hashes(folder)[name] != hashes(other)[name]}


def test_a_second_run_is_the_same(place: Path, folder: Path) -> None:
    again = start(Scenario.load(place / "fast.yaml"), place / "out")
    assert again != folder
    assert hashes(again) == hashes(folder)


@pytest.mark.slow
def test_another_process_with_other_hashes_is_the_same(place: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "simulator", "run", "fast.yaml", "--json", "--out", "other"]
    environment = os.environ | {"PYTHONHASHSEED": "4242"}
    result = subprocess.run(command, cwd=place, env=environment, capture_output=True, check=True)
    again = place / json.loads(result.stdout)["folder"]
    assert hashes(again) == hashes(folder)


def test_the_folders_own_scenario_gives_the_same(place: Path, folder: Path) -> None:
    assert hashes(start(Scenario.load(folder / "scenario.yaml"), place / "own")) == hashes(folder)


def test_another_seed_differs_in_every_table(place: Path, folder: Path) -> None:
    other = start(Scenario.load(place / "fast.yaml", {"seed": 2}), place / "seed")
    assert differing(folder, other) == set(TABLES)


def test_more_investors_leave_the_federation_as_it_is(place: Path, folder: Path) -> None:
    more = {"investors.0.count": 4, "investors.1.count": 4}
    other = load_run(start(Scenario.load(place / "fast.yaml", more), place / "more"))
    small = load_run(folder)
    federated = ["participated", "examples", "contribution", "credit", "share", "issued"]
    for column in federated:
        assert small.clients[column].tolist() == other.clients[column].tolist()
    for column in ("accuracy", "loss", "utility", "revenue"):
        assert small.periods[column].tolist() == other.periods[column].tolist()
    assert small.pools["spot_price"].tolist() != other.pools["spot_price"].tolist()


def test_the_manifest_hashes_are_those_of_the_files(folder: Path) -> None:
    for name, described in read_manifest(folder)["tables"].items():
        table = pq.read_table(folder / f"{name}.parquet")
        assert (table_hash(table), table.num_rows) == (described["sha256"], described["rows"])


def test_verify_finds_all_tables_identical(folder: Path) -> None:
    assert verify(folder) == dict.fromkeys(TABLES, "identical")


def test_the_manifest_has_the_hash_of_each_file(folder: Path) -> None:
    manifest = read_manifest(folder)
    for name, described in manifest["tables"].items():
        assert described["file_sha256"] == file_hash(folder / f"{name}.parquet")
    assert manifest["summary_sha256"] == file_hash(folder / "summary.json")
    assert manifest["scenario_sha256"] == file_hash(folder / "scenario.yaml")


def test_verify_notices_a_file_that_was_written_anew(folder: Path, tmp_path: Path) -> None:
    """Its values are the same, but nobody wrote it by running."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    file = copy / "agents.parquet"
    pq.write_table(pq.read_table(file), file, compression="gzip")
    tables = verify(copy)
    assert tables.pop("agents") == "changed after the run, though not in its values"
    assert set(tables.values()) == {"identical"}


def edited(folder: Path, copy: Path) -> Path:
    """A copy of a run folder with another fee in its scenario."""
    shutil.copytree(folder, copy)
    file = copy / "scenario.yaml"
    file.write_text(file.read_text().replace("fee: 0.01", "fee: 0.02"))
    return copy


@pytest.mark.parametrize("work", [resume, verify])
@pytest.mark.parametrize("status", ["complete", "interrupted"])
def test_a_scenario_that_was_edited_since_the_run_is_refused(
    folder: Path, tmp_path: Path, work: Any, status: str
) -> None:
    copy = edited(folder, tmp_path / "copy")
    write_manifest(copy, read_manifest(copy) | {"status": status})
    if work is verify and status == "interrupted":
        return
    match = r"scenario\.yaml: was changed since the run, .* new run of it: wallstreetfeds run "
    with pytest.raises(ScenarioError, match=match) as error:
        work(copy)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=r"scenario\.yaml was changed since the run"):
        load_run(copy)


def test_a_scenario_that_is_gone_is_reported(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "scenario.yaml").unlink()
    for work in (resume, verify):
        with pytest.raises(ScenarioError, match=r"scenario\.yaml: cannot be read: No such file"):
            work(copy)


def swap(file: Path) -> None:
    file.write_bytes(file.with_name("clients.parquet").read_bytes())


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", [swap, cut, flip])
def test_a_table_that_is_not_the_runs_is_refused(
    folder: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    damage(copy / "pools.parquet")
    before = sorted(path.name for path in copy.iterdir())
    run_of_copy = load_run(copy)
    match = rf"pools\.parquet is not the file that the run wrote: .*`wallstreetfeds verify {copy}`"
    with pytest.raises(ValueError, match=match):
        _ = run_of_copy.pools
    assert len(run_of_copy.clients) == len(load_run(folder).clients)
    assert sorted(path.name for path in copy.iterdir()) == before


def test_a_changed_summary_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    summary = copy / "summary.json"
    summary.write_text(summary.read_text().replace('"seed": 1', '"seed": 2'))
    with pytest.raises(ValueError, match=r"summary\.json was changed since the run"):
        load_run(copy)


def test_a_run_folder_without_hashes_of_files_is_read(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    manifest = read_manifest(copy)
    manifest.pop("summary_sha256")
    for described in manifest["tables"].values():
        described.pop("file_sha256")
    write_manifest(copy, manifest)
    assert load_run(copy).pools.equals(load_run(folder).pools)
    assert set(verify(copy).values()) == {"identical"}


def test_a_file_is_hashed_once_until_it_changes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, hashed = shutil.copytree(folder, tmp_path / "copy"), list[str]()
    digest = load.hashlib.file_digest

    def counting(file: Any, name: str) -> Any:
        hashed.append(Path(file.name).name)
        return digest(file, name)

    monkeypatch.setattr(load.hashlib, "file_digest", counting)
    for _ in range(2):
        _ = load_run(copy).fills, load_run(copy).pools
    assert hashed == ["fills.parquet", "pools.parquet"]
    flip(copy / "pools.parquet")
    os.utime(copy / "pools.parquet", ns=(1, 1))
    with pytest.raises(ValueError, match="not the file"):
        _ = load_run(copy).pools


def test_a_run_that_was_resumed_while_it_was_read_is_to_be_loaded_again(
    folder: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    loaded = load_run(copy)
    manifest = read_manifest(copy)
    file = copy / "pools.parquet"
    pq.write_table(pq.read_table(file).slice(0, 3), file)
    manifest["tables"]["pools"]["file_sha256"] = file_hash(file)
    write_manifest(copy, manifest)
    with pytest.raises(ValueError, match="changed while it was read; load it again"):
        _ = loaded.pools


def altered(folder: Path, table: str, column: str, factor: float) -> None:
    """One value of a column becomes `factor` times as much."""
    file = folder / f"{table}.parquet"
    whole = pq.read_table(file)
    values = whole[column].to_numpy().copy()
    values[np.argmax(np.abs(np.nan_to_num(values)))] *= factor
    place = whole.column_names.index(column)
    pq.write_table(whole.set_column(place, column, pa.array(values)), file)


@pytest.mark.parametrize("factor", [1.5, 1 + 1e-15])
def test_verify_notices_one_altered_value(place: Path, factor: float) -> None:
    folder = start(Scenario.load(place / "fast.yaml"), place / f"altered_{factor}")
    altered(folder, "pools", "supply", factor)
    tables = verify(folder)
    assert tables.pop("pools") != "identical"
    assert set(tables.values()) == {"identical"}


def test_verify_tells_how_far_tables_differ(place: Path) -> None:
    folder = start(Scenario.load(place / "fast.yaml"), place / "apart")
    altered(folder, "pools", "supply", 1.5)
    altered(folder, "fills", "amount_in", 1 + 1e-9)
    tables = verify(folder)
    assert "changed after the run, beyond 1e-06:" in tables["pools"] and "supply" in tables["pools"]
    manifest = read_manifest(folder)
    fills = table_hash(pq.read_table(folder / "fills.parquet"))
    manifest["tables"]["fills"]["sha256"] = fills  # as if it had been computed so
    (folder / "manifest.json").write_text(json.dumps(manifest))
    tables = verify(folder)
    assert tables["fills"].startswith("within 1e-06:") and "amount_in" in tables["fills"]


def test_only_other_versions_excuse_a_difference() -> None:
    assert as_expected("identical", other_versions=False)
    assert not as_expected("within 1e-06: 1e-9", other_versions=False)
    assert as_expected("within 1e-06: 1e-9", other_versions=True)
    assert not as_expected("beyond 1e-06: 1", other_versions=True)
    assert not as_expected("differs in column status", other_versions=True)


def test_only_complete_runs_are_verified(place: Path) -> None:
    def interrupt(economy: Economy) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        run(Scenario.load(place / "fast.yaml"), place / "early", progress=interrupt)
    folder = Path(caught.value.__notes__[0])
    with pytest.raises(RunError, match="the run is interrupted; resume it"):
        verify(folder)
    assert load_run(folder).periods["period"].tolist() == [0]


def test_an_interrupted_verification_names_no_folder(folder: Path) -> None:
    def interrupt(economy: Economy) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        verify(folder, progress=interrupt)
    assert not getattr(caught.value, "__notes__", [])


def test_the_folder_has_what_was_promised(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    tables = {f"{name}.parquet" for name in TABLES}
    files = {"scenario.yaml", "manifest.json", "summary.json", "run.log", "checkpoints"}
    assert names >= tables | files
    assert "parts" not in names
    manifest = read_manifest(folder)
    assert (manifest["format"], manifest["status"], manifest["seed"]) == (3, "complete", 1)
    assert manifest["periods"] == 8
    assert manifest["versions"]["numpy"] == np.__version__
    assert manifest["overrides"] == {} and manifest["plugins"] == []
    assert manifest["timings"]["periods_seconds"] > 0


KINDS = {"int32": "int32", "float64": "float64", "category": "category"}


@pytest.mark.parametrize("table", TABLES)
def test_tables_have_their_columns_and_types(folder: Path, table: str) -> None:
    frame: pd.DataFrame = getattr(load_run(folder), table)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        name: KINDS[kind] for name, kind in TABLES[table].items()
    }
    assert sorted(frame["period"].unique()) == list(range(0 if table != "fills" else 1, 9))


def test_genesis_is_row_0(folder: Path) -> None:
    loaded = load_run(folder)
    genesis = loaded.periods.iloc[0]
    assert genesis[["revenue", "issued", "dividends", "buybacks", "volume"]].tolist() == [0.0] * 5
    assert 0 < genesis["accuracy"] < 1 and genesis["loss"] > 0
    assert not loaded.clients[loaded.clients["period"] == 0]["participated"].any()


def net(flows: pd.DataFrame, kind: str) -> pd.Series:
    """What accounts of a kind received less what they paid, by period."""
    signs = (flows["payee"] == kind).astype(float) - (flows["payer"] == kind).astype(float)
    return (signs * flows["amount"]).groupby(flows["period"]).sum()


AGENT_OF = {
    "client": "client",
    "liquidity_provider": "liquidity_provider",
    "investor": "investor",
    "treasury": "aggregator",
}


@pytest.mark.parametrize("payer", AGENT_OF)
def test_flows_explain_the_money_of_agents(folder: Path, payer: str) -> None:
    loaded = load_run(folder)
    money = loaded.flows[loaded.flows["asset"] == "numeraire"]
    agents = loaded.agents[loaded.agents["kind"] == AGENT_OF[payer]]
    owned = agents.groupby("period")["numeraire"].sum()
    explained = net(money, payer).reindex(owned.index, fill_value=0.0).cumsum()
    np.testing.assert_allclose(explained, owned, rtol=1e-11, atol=1e-9)


def test_flows_explain_reserves_and_supply(folder: Path) -> None:
    loaded = load_run(folder)
    money = loaded.flows[loaded.flows["asset"] == "numeraire"]
    reserves = loaded.pools.groupby("period")["reserve_numeraire"].sum()
    np.testing.assert_allclose(net(money, "pool").cumsum(), reserves, rtol=1e-11)
    for token, rows in loaded.pools.groupby("token", observed=True):
        flows = loaded.flows[loaded.flows["asset"] == token]
        for kind, column, sign in (("pool", "reserve_token", 1), ("outside", "supply", -1)):
            total = net(flows, kind).reindex(rows["period"], fill_value=0.0).cumsum()
            np.testing.assert_allclose(sign * total, rows[column], rtol=1e-11)


def test_sums_of_tables_agree(folder: Path) -> None:
    loaded = load_run(folder)
    totals = loaded.periods.set_index("period")
    clients, pools = loaded.clients.groupby("period"), loaded.pools.groupby("period")
    np.testing.assert_allclose(clients["issued"].sum(), totals["issued"], rtol=1e-12)
    np.testing.assert_allclose(clients["dividends_paid"].sum(), totals["dividends"], rtol=1e-12)
    np.testing.assert_allclose(pools["volume"].sum(), totals["volume"], rtol=1e-12)
    filled = loaded.fills[loaded.fills["status"] == "filled"]
    paid = np.where(filled["side"] == "buy", filled["amount_in"], filled["amount_out"])
    volume = pd.Series(paid).groupby(filled["period"].to_numpy()).sum()
    np.testing.assert_allclose(volume, totals["volume"].iloc[1:], rtol=1e-12)
    agents = loaded.agents
    parts = agents["numeraire"] + agents["token_value"] + agents["lp_value"]
    np.testing.assert_allclose(parts, agents["wealth"], rtol=1e-12)


def test_overrides_are_noted(place: Path) -> None:
    overrides = {"periods": 2, "market.fee": 0.02}
    scenario = Scenario.load(place / "fast.yaml", overrides)
    folder = run(scenario, place / "noted", overrides=overrides)
    assert read_manifest(folder)["overrides"] == overrides
    assert Scenario.load(folder / "scenario.yaml") == scenario


@pytest.mark.slow
def test_runs_of_one_second_get_folders_of_their_own(place: Path) -> None:
    scenario = Scenario.load(place / "fast.yaml", {"periods": 1})
    folders = {run(scenario, place / "crowd") for _ in range(3)}
    assert len(folders) == 3
    assert {folder.parent for folder in folders} == {place / "crowd" / "fast"}


@pytest.mark.parametrize("out", ["file", "file/below", "/proc/nowhere"])
def test_a_folder_that_cannot_be_made_is_reported(place: Path, out: str) -> None:
    (place / "file").write_text("")
    with pytest.raises(RunError, match="cannot make the run folder"):
        run(Scenario.load(place / "fast.yaml"), place / out)


def test_nothing_is_written_when_the_data_do_not_suffice(place: Path) -> None:
    scenario = Scenario.load(place / "fast.yaml", {"clients.0.count": 5000})
    with pytest.raises(ScenarioError, match="5001"):
        run(scenario, place / "nothing")
    assert not (place / "nothing").exists()


def test_a_model_that_explodes_fails_the_run(place: Path) -> None:
    rate = {"federation.learner.learning_rate": 1e308}
    with pytest.raises(ModelError) as caught:
        run(Scenario.load(place / "fast.yaml", rate), place / "explodes")
    folder = Path(caught.value.__notes__[0])
    manifest = read_manifest(folder)
    assert manifest["status"] == "failed"
    assert manifest["error"] == f"ModelError: {caught.value}"
    assert load_run(folder).periods["period"].tolist() == [0]
    assert "Traceback" in (folder / "run.log").read_text()
    with pytest.raises(ModelError):
        resume(folder)
    assert read_manifest(folder)["status"] == "failed"


def test_a_model_that_explodes_comes_with_a_hint() -> None:
    economy = Economy(
        Scenario.model_validate({"federation": {"learner": {"learning_rate": 1e308}}})
    )
    with pytest.raises(ModelError, match="learning_rate"):
        economy.step()


def test_a_failure_of_the_caller_leaves_a_folder_that_resumes(place: Path, folder: Path) -> None:
    def fail(economy: Economy) -> None:
        if economy.period == 5:
            raise ZeroDivisionError("the bar broke")

    with pytest.raises(RunError, match="the bar broke") as caught:
        run(Scenario.load(place / "fast.yaml"), place / "broke", progress=fail)
    broken = Path(caught.value.__notes__[0])
    manifest = read_manifest(broken)
    assert (manifest["status"], manifest["error"]) == (
        "failed",
        "period 5: ZeroDivisionError: the bar broke",
    )
    assert load_run(broken).periods["period"].tolist() == list(range(6))
    assert resume(broken)
    manifest = read_manifest(broken)
    assert manifest["status"] == "complete" and "error" not in manifest
    assert hashes(broken) == hashes(folder)


def older(folder: Path, copy: Path, **changes: str) -> Path:
    """A copy of a run folder as a version with format 1 would have left it."""
    shutil.copytree(folder, copy)
    write_manifest(copy, read_manifest(copy) | {"format": 1} | changes)
    return copy


def test_a_finished_run_of_an_older_version_is_read_and_verified(
    folder: Path, tmp_path: Path
) -> None:
    old = older(folder, tmp_path / "old")
    assert load_run(old).periods.equals(load_run(folder).periods)
    assert set(verify(old).values()) == {"identical"}


def test_a_run_that_an_older_version_left_unfinished_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    old = older(folder, tmp_path / "old", status="interrupted")
    before = {file: file.stat().st_mtime_ns for file in old.rglob("*") if file.name != ".lock"}
    with pytest.raises(ScenarioError, match=r"format 1.*start it anew: wallstreetfeds run") as info:
        resume(old)
    assert "\n" not in str(info.value)
    assert all(file.stat().st_mtime_ns == then for file, then in before.items())


def test_a_state_of_an_older_version_is_refused(place: Path) -> None:
    economy = Economy(Scenario.load(place / "fast.yaml"))
    saved = economy.save()
    del saved["format"]
    with pytest.raises(RunError, match="the state has format 1, this version goes on from 3"):
        economy.restore(saved)


def test_an_interrupt_that_a_library_makes_an_error_of_stays_one(place: Path, folder: Path) -> None:
    def wrap(economy: Economy) -> None:
        if economy.period == 5:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                raise OSError("cannot be written") from None

    with pytest.raises(KeyboardInterrupt) as caught:
        run(Scenario.load(place / "fast.yaml"), place / "wrapped", progress=wrap)
    wrapped = Path(caught.value.__notes__[0])
    assert read_manifest(wrapped)["status"] == "interrupted"
    assert resume(wrapped)
    assert hashes(wrapped) == hashes(folder)


def test_progress_sees_every_period(place: Path) -> None:
    seen: list[int] = []
    scenario = Scenario.load(place / "fast.yaml", {"periods": 3})
    run(scenario, place / "seen", progress=lambda economy: seen.append(economy.period))
    assert seen == [0, 1, 2, 3]


@pytest.mark.parametrize("text", ["{}", '{"status": "complete"}', '{"status": "running"}'])
def test_a_manifest_that_lacks_something_is_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    for work in (resume, verify):
        with pytest.raises(ScenarioError, match="no run folder"):
            work(tmp_path)


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,12}", fullmatch=True)


@given(NAMES, st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.floats(1e-300, 1e300))
@law(60)
def test_a_written_scenario_reads_as_the_same(
    tmp_path_factory: pytest.TempPathFactory, name: str, description: str, rate: float
) -> None:
    file = tmp_path_factory.getbasetemp() / "written.yaml"
    learner: dict[str, Any] = {"learner": {"learning_rate": rate}}
    scenario = Scenario.model_validate(
        {"name": f"x{name}", "description": f"x{description}", "federation": learner}
    )
    file.write_text(scenario_yaml(scenario), "utf-8")
    assert Scenario.load(file) == scenario


@pytest.mark.parametrize("name", ["1e3", "0o17", "12e-3"])
def test_a_name_like_a_number_stays_a_name(tmp_path: Path, name: str) -> None:
    scenario = Scenario(name=name, description=name)
    (tmp_path / "written.yaml").write_text(scenario_yaml(scenario))
    assert Scenario.load(tmp_path / "written.yaml") == scenario


def test_verify_says_which_table_cannot_be_read_and_compares_the_others(tmp_path: Path) -> None:
    folder = run(Scenario.load("quickstart", {"periods": 2}), tmp_path)
    (folder / "pools.parquet").write_bytes((folder / "pools.parquet").read_bytes()[:2000])
    (folder / "flows.parquet").unlink()
    results = verify(folder)
    assert results.keys() == TABLES.keys()
    for name in ("pools", "flows"):
        assert results.pop(name).startswith(f"table {name} cannot be read: ")
    assert set(results.values()) == {"identical"}
