"""Sweeps as a user runs them: what is computed, what is left alone, and what survives what."""

import contextlib
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from simulator.cli import cli
from simulator.recording import locked, read_manifest, write_manifest
from simulator.running import start
from simulator.scenario import Scenario
from tests.patience import patience
from tests.sweep.here import in_this_process

pytestmark = pytest.mark.slow

BASE = """\
name: tiny
periods: 2
federation: {task: {kind: wine}, contribution: {kind: equal}}
clients: [{count: 2}, {count: 1, behaviour: {kind: free_rider}}]
liquidity_providers: [{count: 1, deposit: 300}]
investors: [{count: 2}]
"""
FEES = "name: fees\nbase: tiny.yaml\nseeds: 2\ngrid: {market.fee: [0.01, 0.02]}\n"
SPLIT = "name: split\nbase: tiny.yaml\nseeds: 1\ncases:\n"
LONG = "  long: {periods: 1000000}\n"
SHORT = "  short: {}\n"
SICK = "  sick: {federation.learner.learning_rate: 1.0e+300}\n"

Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(BASE)
    Path("fees.yaml").write_text(FEES)


@pytest.fixture
def call(call: Call) -> Call:
    return lambda *words: call("sweep", *words)


@pytest.fixture
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_process(monkeypatch)


here = pytest.mark.usefixtures("_here")


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep `fees`, computed by two processes."""
    place = tmp_path_factory.mktemp("sweep")
    (place / "tiny.yaml").write_text(BASE)
    (place / "fees.yaml").write_text(FEES)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(place)
        words = ["sweep", "run", "fees.yaml", "--workers", "2", "-q"]
        assert CliRunner().invoke(cli, words, catch_exceptions=False).exit_code == 0
    return place / "outputs" / "fees"


@pytest.fixture
def fees(computed: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(computed, Path("outputs/fees")))


def hashes(folder: Path) -> dict[str, str]:
    return {name: table["sha256"] for name, table in read_manifest(folder)["tables"].items()}


def by_place(sweep: Path) -> dict[str, dict[str, str]]:
    runs = json.loads((sweep / "cells.json").read_text())["runs"]
    return {run["folder"]: hashes(sweep / run["folder"]) for run in runs}


def written(sweep: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in sweep.glob("*/*/manifest.json")}


def test_every_cell_has_a_folder_of_runs_without_figures(computed: Path) -> None:
    cells = sorted(file.parent.parent.name for file in computed.glob("*/*/summary.json"))
    assert cells == ["fee-0.01", "fee-0.01", "fee-0.02", "fee-0.02"]
    seeds = [read_manifest(file.parent)["seed"] for file in written(computed)]
    assert sorted(seeds) == [1, 1, 2, 2]
    assert {read_manifest(file.parent)["status"] for file in written(computed)} == {"complete"}
    assert not list(computed.rglob("*.png"))
    assert (computed / "study.yaml").read_text() == FEES


def test_cells_json_tells_settings_scenarios_and_runs(computed: Path) -> None:
    described = json.loads((computed / "cells.json").read_text())
    assert described["study"] == "fees"
    assert described["cells"]["fee-0.02"]["settings"] == {"market.fee": 0.02}
    assert described["cells"]["fee-0.02"]["scenario"]["market"]["fee"] == 0.02
    assert [(run["cell"], run["seed"]) for run in described["runs"]] == [
        ("fee-0.01", 1),
        ("fee-0.01", 2),
        ("fee-0.02", 1),
        ("fee-0.02", 2),
    ]


def test_the_number_of_processes_changes_no_number(call: Call, computed: Path) -> None:
    code, _, _ = call("run", "fees.yaml", "--workers", "1", "--out", "one")
    assert code == 0
    assert by_place(Path("one/fees")) == by_place(computed)


def test_a_run_of_a_sweep_is_that_of_its_scenario(computed: Path) -> None:
    described = json.loads((computed / "cells.json").read_text())
    scenario = Scenario.load("tiny.yaml", {"market.fee": 0.02, "seed": 2})
    alone = start(scenario, "alone")
    assert hashes(alone) == hashes(computed / described["runs"][3]["folder"])
    assert hashes(alone) != hashes(computed / described["runs"][2]["folder"])


def test_what_is_complete_is_never_computed_again(call: Call, fees: Path) -> None:
    before = written(fees)
    code, out, err = call("run", "fees.yaml")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "fees: 4 runs, 4 complete, 0 failed, 0 missing"
    assert written(fees) == before


@here
def test_a_changed_study_computes_only_what_changed(call: Call, fees: Path) -> None:
    before = written(fees)
    Path("fees.yaml").write_text(FEES.replace("0.02", "0.03").replace("fees\n", "fees\n\n"))
    code, out, _ = call("run", "fees.yaml", "--workers", "1")
    assert (code, out.splitlines()[0]) == (0, "fees: 4 runs, 4 complete, 0 failed, 0 missing")
    after = written(fees)
    assert before.items() <= after.items()
    assert [file.parts[-3] for file in after.keys() - before] == ["fee-0.03"] * 2
    cells = [run["cell"] for run in json.loads((fees / "cells.json").read_text())["runs"]]
    assert cells == ["fee-0.01"] * 2 + ["fee-0.03"] * 2


@here
def test_what_stopped_on_the_way_is_started_anew(call: Call, fees: Path) -> None:
    expected, before = by_place(fees), written(fees)
    stopped, gone, *_ = (file.parent for file in before)
    write_manifest(stopped, read_manifest(stopped) | {"status": "running"})
    (stopped / "pools.parquet").write_bytes(b"half a file")
    shutil.rmtree(gone)
    assert call("status", str(fees))[1].startswith("fees: 4 runs, 2 complete, 0 failed, 2 missing")
    assert call("run", "fees.yaml", "--workers", "1")[0] == 0
    assert by_place(fees) == expected
    changed = {file.parent for file, moment in written(fees).items() if before[file] != moment}
    assert changed == {stopped, gone}


@here
def test_more_seeds_and_overrides(call: Call, fees: Path) -> None:
    before = written(fees)
    assert call("run", "fees.yaml", "--seeds", "3", "--workers", "1")[0] == 0
    assert sorted(file.parts[-3] for file in written(fees).keys() - before) == [
        "fee-0.01",
        "fee-0.02",
    ]
    words = ("--seeds", "1", "--set", "periods=1", "--workers", "1", "-q")
    code, out, err = call("run", "fees.yaml", *words)
    assert (code, out, err) == (0, "outputs/fees\n", "")
    runs = json.loads((fees / "cells.json").read_text())["runs"]
    assert [read_manifest(fees / run["folder"])["periods"] for run in runs] == [1, 1]


@here
def test_a_failing_run_does_not_stop_the_others(call: Call) -> None:
    Path("split.yaml").write_text(SPLIT + SICK + SHORT)
    code, out, err = call("run", "split.yaml", "--workers", "1")
    assert code == 3
    assert "failed: sick, seed 1: ModelError: " in err
    assert out.splitlines()[0] == "split: 2 runs, 1 complete, 1 failed, 0 missing"
    code, out, _ = call("status", "split.yaml", "--json")
    answer = json.loads(out)
    assert (code, answer["complete"], answer["failed"], answer["missing"]) == (0, 1, 1, 0)
    (failure,) = answer["failures"]
    assert failure["folder"].startswith("outputs/split/sick/")
    assert failure["error"].startswith("ModelError: ")
    before = written(Path("outputs/split"))
    assert call("run", "split.yaml", "--workers", "1")[0] == 3
    changed = [
        file for file, moment in written(Path("outputs/split")).items() if before[file] != moment
    ]
    assert [file.parts[-3] for file in changed] == ["sick"]


def test_collect_writes_a_row_per_complete_run(call: Call, fees: Path) -> None:
    shutil.rmtree(next(fees.glob("fee-0.01/*")))
    code, out, err = call("collect", str(fees))
    assert (code, out) == (0, f"{Path('outputs/fees.csv').resolve()}\n")
    assert err == "1 of 4 runs are not complete and left out\n"
    table = pd.read_csv("outputs/fees.csv")
    assert table["market.fee"].tolist() == [0.01, 0.02, 0.02]
    assert table["seed"].tolist()[1:] == [1, 2]
    assert table["share_honest"].tolist() == pytest.approx([1 / 3] * 3)
    assert call("collect", str(fees), "--csv", "own.csv")[:2] == (0, "own.csv\n")
    assert Path("own.csv").read_text() == Path("outputs/fees.csv").read_text()


def test_nothing_is_written_for_a_wrong_study(call: Call) -> None:
    Path("fees.yaml").write_text(FEES.replace("0.02", "2").replace("seeds", "seads"))
    code, out, err = call("run", "fees.yaml")
    assert (code, out) == (2, "")
    assert "error: fees.yaml:3:1: unknown setting 'seads'; did you mean 'seeds'?" in err
    Path("fees.yaml").write_text(FEES.replace("0.02", "2"))
    code, _, err = call("run", "fees.yaml")
    assert code == 2
    assert err.startswith("error: fees.yaml:4:27: market.fee: 2 is too large")
    assert not Path("outputs").exists()


RUNS = [{"cell": "x", "seed": 1, "folder": "x/1"}]
DAMAGED = [
    {},
    [],
    {"format": 1, "study": "a", "cells": {}, "runs": [{"cell": 1, "seed": 2, "folder": 3}]},
    {"format": 9, "study": "a", "cells": {"x": {"case": "", "settings": {}}}, "runs": RUNS},
]


@pytest.mark.parametrize("described", DAMAGED)
@pytest.mark.parametrize("command", ["status", "collect"])
def test_a_damaged_list_of_cells_is_reported(call: Call, command: str, described: Any) -> None:
    Path("odd").mkdir()
    Path("odd/cells.json").write_text(json.dumps(described))
    code, _, err = call(command, "odd")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("error: odd: ")


@pytest.mark.parametrize("cells", [5, {}, {"x": {}}, {"x": {"case": "", "settings": 5}}])
def test_collect_tells_cells_that_are_damaged(call: Call, cells: Any) -> None:
    Path("odd").mkdir()
    described = {"format": 1, "study": "a", "cells": cells, "runs": RUNS}
    Path("odd/cells.json").write_text(json.dumps(described))
    assert call("collect", "odd")[::2] == (
        1,
        "error: odd/cells.json is damaged: it lists no runs of its cells\n",
    )


def test_collect_tells_damaged_tables_and_targets(call: Call, fees: Path) -> None:
    table = next(fees.glob("fee-0.01/*")) / "clients.parquet"
    table.write_text("x")
    code, _, err = call("collect", str(fees))
    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith(f"error: {table} is not the file that the run wrote: ")
    assert "is a directory" in call("collect", str(fees), "--csv", ".")[2]


def test_status_tells_a_failure_without_its_reason(call: Call, fees: Path) -> None:
    folder = next(fees.glob("fee-0.01/*"))
    write_manifest(folder, read_manifest(folder) | {"status": "failed"})
    code, out, _ = call("status", str(fees))
    assert code == 0
    assert f"failed   {folder}" in out


@here
def test_a_run_without_its_summary_is_computed_again(call: Call, fees: Path) -> None:
    folder = next(fees.glob("fee-0.01/*"))
    before = hashes(folder)
    (folder / "summary.json").unlink()
    assert "3 complete, 0 failed, 1 missing" in call("status", str(fees))[1]
    assert call("run", "fees.yaml", "--workers", "1")[0] == 0
    assert (folder / "summary.json").is_file()
    assert hashes(folder) == before


@here
def test_a_run_that_another_process_writes_is_left_alone(call: Call, fees: Path) -> None:
    folder = next(fees.glob("fee-0.01/*"))
    write_manifest(folder, read_manifest(folder) | {"status": "running"})
    with locked(folder):
        code, _, err = call("run", "fees.yaml", "--workers", "1")
    assert code == 3
    assert f"{folder} is being written by another process" in err
    assert call("run", "fees.yaml", "--workers", "1")[0] == 0


TABLE = "size,good\n" + "".join(f"{2 * n},{'yes' if n % 2 else 'no'}\n" for n in range(60))
OF_DATA = (
    "name: data\nbase: tiny.yaml\nseeds: 1\n"
    "settings: {federation.task: {kind: csv, file: loans.csv, target: good}}\n"
)


@here
def test_runs_are_known_by_the_bytes_of_their_data(call: Call) -> None:
    for place in ("one", "other"):
        Path(place).mkdir()
        Path(place, "loans.csv").write_text(TABLE)
        Path(place, "data.yaml").write_text(OF_DATA.replace("tiny", "../tiny"))
    assert call("run", "one/data.yaml", "--workers", "1")[0] == 0
    before = written(Path("outputs/data"))
    (folder,) = (file.parent for file in before)
    shutil.rmtree("one")
    assert call("run", "other/data.yaml", "--workers", "1")[0] == 0
    assert written(Path("outputs/data")) == before
    (copy,) = (folder / "data").iterdir()
    assert copy.read_text() == TABLE
    assert CliRunner().invoke(cli, ["verify", str(folder)]).exit_code == 0
    Path("other/loans.csv").write_text(TABLE + "60,no\n")
    code, _, err = call("run", "other/data.yaml", "--workers", "1")
    assert code == 0 and err.count("data: ") == 1 and "61 rows; classes no (31), yes (30)" in err
    assert len(written(Path("outputs/data"))) == 2


def test_a_table_that_cannot_be_learned_from_is_refused_before_anything_runs(call: Call) -> None:
    Path("loans.csv").write_text(TABLE + "?,no\n")
    Path("data.yaml").write_text(OF_DATA)
    code, _, err = call("run", "data.yaml", "--workers", "1")
    assert code == 2 and "column 'size' holds numbers, except for '?' in line 62" in err
    assert not Path("outputs/data").exists()


@pytest.mark.parametrize("command", ["status", "collect"])
def test_a_folder_without_a_sweep_is_reported(call: Call, command: str) -> None:
    Path("empty").mkdir()
    code, _, err = call(command, "empty")
    assert code == 2
    assert err == "error: empty: no folder of a sweep: it has no cells.json that can be read\n"


def test_two_drivers_do_not_write_one_sweep(call: Call, fees: Path) -> None:
    with locked(fees):
        code, _, err = call("run", "fees.yaml")
    assert code == 1
    assert "is being written by another process" in err


def test_components_of_ones_own(call: Call) -> None:
    Path("mine.py").write_text(
        "from typing import Literal\n"
        "from simulator.federation.contribution import EqualContribution\n"
        "class Mine(EqualContribution):\n"
        "    'Everybody the same.'\n"
        "    kind: Literal['mine'] = 'mine'\n"
    )
    text = FEES.replace("grid: {market.fee: [0.01, 0.02]}", "settings: {market.fee: 0.01}")
    Path("fees.yaml").write_text(text + "cases: {own: {federation.contribution.kind: mine}}\n")
    words = ("run", "fees.yaml", "--seeds", "1", "--workers", "1")
    assert call(*words)[0] == 2
    code, out, _ = call(*words, "--plugin", "mine.py")
    assert (code, out.splitlines()[0]) == (0, "fees: 1 runs, 1 complete, 0 failed, 0 missing")
    Path("mine.py").write_text(Path("mine.py").read_text() + "# another file\n")
    assert call(*words, "--plugin", "mine.py")[0] == 0
    assert len(written(Path("outputs/fees"))) == 2


def test_the_schema_is_json(call: Call) -> None:
    code, out, _ = call("schema")
    assert (code, json.loads(out)["title"]) == (0, "Study")


def test_progress_shows_on_a_terminal() -> None:
    screen, terminal = pty.openpty()
    words = [sys.executable, "-m", "simulator", "sweep", "run", "fees.yaml", "--seeds", "1"]
    with subprocess.Popen(words, stderr=terminal, stdout=subprocess.PIPE) as process:
        os.close(terminal)
        text = all_of(screen)  # meanwhile: a terminal that nobody reads stops who writes to it
        out, _ = process.communicate()
    os.close(screen)
    assert process.returncode == 0
    assert "0 of 2 done, 0 failed" in text
    assert "\x1b" not in out.decode()


def all_of(screen: int) -> str:
    """What is written to a terminal until nobody has it open."""
    text = b""
    with contextlib.suppress(OSError):  # EIO is the end
        while more := os.read(screen, 4096):
            text += more
    return text.decode(errors="replace")


@pytest.fixture
def driver(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A driver with one worker, which is computing a run that takes an hour."""
    Path("split.yaml").write_text(SPLIT + LONG + SHORT)
    words = [sys.executable, "-m", "simulator", "sweep", "run", "split.yaml", "--workers", "1"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            wait_for(lambda: list(Path("outputs/split/long").glob("[0-9a-f]*/parts/[0-9]*")))
            yield process
        finally:  # or leaving `with` would wait for an hour
            process.kill()


def wait_for(happens: Callable[[], object]) -> None:
    deadline = time.monotonic() + patience(60)
    while not happens():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.05)


def workers_of(driver: subprocess.Popen[str]) -> list[int]:
    listing = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(driver.pid)],
        capture_output=True,
        text=True,
    )
    lines = [line.split(maxsplit=1) for line in listing.stdout.splitlines()]
    return [int(number) for number, command in lines if "spawn_main" in command]


def alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_worker_fails_its_run_only(driver: subprocess.Popen[str]) -> None:
    (worker,) = workers_of(driver)
    os.kill(worker, signal.SIGKILL)
    out, err = driver.communicate(timeout=patience(60))
    assert driver.returncode == 3
    assert "failed: long, seed 1: its process was killed by SIGKILL" in err
    assert out.splitlines()[0] == "split: 2 runs, 1 complete, 0 failed, 1 missing"


def test_a_killed_driver_leaves_no_workers_who_heard_nothing_of_ctrl_c(
    driver: subprocess.Popen[str],
) -> None:
    (worker,) = workers_of(driver)
    status = Path(f"/proc/{worker}/status").read_text()
    blocked = int(status.partition("SigBlk:")[2].split()[0], base=16)
    assert blocked & 1 << signal.SIGINT - 1
    assert alive(worker)
    driver.kill()
    wait_for(lambda: not alive(worker))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupts_end_workers_promptly(driver: subprocess.Popen[str], number: int) -> None:
    (worker,) = workers_of(driver)
    began = time.monotonic()
    if number == signal.SIGINT:
        os.killpg(driver.pid, number)  # as a terminal does
    else:
        driver.send_signal(number)
    _, err = driver.communicate(timeout=patience(30))
    assert time.monotonic() - began < patience(15)
    assert (driver.returncode, err.strip()) == (130, "interrupted")
    assert not alive(worker)
    (folder,) = Path("outputs/split/long").iterdir()
    assert read_manifest(folder)["status"] == "interrupted"
