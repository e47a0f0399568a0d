"""Data files: found, known by their bytes, copied into run folders, and the same runs anywhere."""

import gzip
import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import Economy, Scenario, run
from simulator.cli import main
from simulator.datafiles import DataFile, data_files
from simulator.errors import RunError, ScenarioError
from simulator.federation import Csv
from simulator.recording import read_manifest
from simulator.running import resume, scenario_yaml, verify
from simulator.running.folder import new_folder
from simulator.tables import TABLES

ROWS = [f"{n},{'red' if n % 3 else 'blue'},{'yes' if n % 2 else 'no'}\n" for n in range(60)]
TABLE = "size,colour,good\n" + "".join(ROWS)
OTHER = TABLE.replace("yes", "maybe")
SCENARIO = """\
name: own
periods: 2
federation: {task: {kind: csv, file: loans.csv, target: good}, contribution: {kind: equal}}
clients: [{count: 2}]
liquidity_providers: []
investors: []
"""


def placed(folder: Path, table: str = TABLE, scenario: str = SCENARIO) -> Path:
    """A scenario, and the data that it names, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "loans.csv").write_text(table)
    (folder / "own.yaml").write_text(scenario)
    return folder / "own.yaml"


def file_of(scenario: Scenario) -> DataFile:
    (file,) = data_files(scenario)
    return file


def hashes(folder: Path) -> dict[str, str]:
    return {name: table["sha256"] for name, table in read_manifest(folder)["tables"].items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run whose scenario and data are gone since."""
    run_folder = run(Scenario.load(placed(tmp_path / "gone")), tmp_path / "out")
    shutil.rmtree(tmp_path / "gone")
    return run_folder


def test_a_path_is_enough(tmp_path: Path) -> None:
    placed(tmp_path)
    file = Csv.model_validate({"file": str(tmp_path / "loans.csv"), "target": "good"}).file
    assert file.path == os.path.realpath(tmp_path / "loans.csv")
    assert file.sha256 == sha256(TABLE.encode()).hexdigest()


def test_a_file_is_found_beside_the_scenario_then_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = placed(tmp_path / "beside", OTHER)
    placed(tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    assert file_of(Scenario.load(scenario)).path == str(scenario.parent / "loans.csv")
    (scenario.parent / "loans.csv").unlink()
    assert file_of(Scenario.load(scenario)).path == str(tmp_path / "here" / "loans.csv")


def test_a_file_is_found_beside_what_the_scenario_extends(tmp_path: Path) -> None:
    base = placed(tmp_path / "base")
    child = tmp_path / "deep" / "child.yaml"
    child.parent.mkdir()
    child.write_text("extends: ../base/own.yaml\n")
    assert file_of(Scenario.load(child)).path == str(base.parent / "loans.csv")
    placed(child.parent)
    assert file_of(Scenario.load(child)).path == str(child.parent / "loans.csv")


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("loan.csv", "own.yaml:3:38: federation.task.file: no such file: 'loan.csv'; did you mean"),
        (".", "'.' is a folder; name a file"),
        ("''", "file: "),
        ("5", "expected text, got 5"),
        ("[loans.csv]", "expected text, got a list"),
        ("'nowhere/loans.csv'", "no such file"),
        (f"'{'x' * 5000}'", "no such file"),
        (r'"a\0b"', "no such file"),
        ("{path: loans.csv, sha256: abc}", "file.sha256: String should match pattern"),
        ("{sha256: ''}", "federation.task.file.path: missing"),
        ("{path: loans.csv, hash: ''}", "unknown setting 'hash' in federation.task.file"),
        (f"{{path: loans.csv, sha256: '{'0' * 64}'}}", "was changed: its SHA-256 is now"),
    ],
)
def test_what_is_no_file_is_reported(tmp_path: Path, file: str, message: str) -> None:
    scenario = placed(tmp_path, scenario=SCENARIO.replace("loans.csv", file))
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(scenario)
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1


def test_the_schema_takes_a_path_or_a_path_and_a_hash() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    accepts = jsonschema.Draft202012Validator(Csv.model_json_schema()).is_valid
    for file in ("loans.csv", {"path": "loans.csv"}, {"path": "loans.csv", "sha256": "0" * 64}):
        assert accepts({"file": file, "target": "good"})
    for file in (5, "", {}, {"path": "loans.csv", "sha256": "0"}):
        assert not accepts({"file": file, "target": "good"})


def test_settings_written_out_are_refused_when_their_data_have_changed(tmp_path: Path) -> None:
    settings = Scenario.load(placed(tmp_path)).model_dump(mode="json")
    assert Scenario.model_validate(settings).model_dump(mode="json") == settings
    placed(tmp_path, OTHER)
    with pytest.raises(ScenarioError, match=r"loans\.csv was changed: its SHA-256 is now"):
        Scenario.model_validate(settings)


def test_a_run_folder_has_a_copy_and_names_it_alone(folder: Path) -> None:
    (copy,) = (folder / "data").iterdir()
    assert copy.read_text() == TABLE
    digest = sha256(TABLE.encode()).hexdigest()
    described = {"copy": f"data/{copy.name}", "file": "loans.csv", "sha256": digest}
    assert read_manifest(folder)["data"] == [described]
    text = (folder / "scenario.yaml").read_text()
    assert f"path: data/{copy.name}" in text
    assert str(folder.parents[2]) not in text + (folder / "manifest.json").read_text()


def test_a_run_folder_is_enough_to_run_verify_and_resume(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Path(shutil.copytree(folder, tmp_path / "another" / "machine"))
    monkeypatch.chdir(tmp_path)
    assert verify(elsewhere) == dict.fromkeys(TABLES, "identical")
    again = run(Scenario.load(elsewhere / "scenario.yaml"), "again")
    assert hashes(again) == hashes(folder)
    assert (again / "scenario.yaml").read_bytes() == (folder / "scenario.yaml").read_bytes()
    assert verify(again) == dict.fromkeys(TABLES, "identical")


def test_an_interrupted_run_goes_on_without_its_first_data(folder: Path, tmp_path: Path) -> None:
    def interrupt(economy: Economy) -> None:
        if economy.period == 1:
            raise KeyboardInterrupt

    scenario = Scenario.load(placed(tmp_path / "soon_gone"))
    with pytest.raises(KeyboardInterrupt) as caught:
        run(scenario, tmp_path / "stopped", progress=interrupt)
    shutil.rmtree(tmp_path / "soon_gone")
    stopped = Path(caught.value.__notes__[0])
    assert resume(stopped)
    assert hashes(stopped) == hashes(folder)


@pytest.mark.parametrize("command", ["verify", "run"])
def test_changed_bytes_in_a_run_folder_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (copy,) = (folder / "data").iterdir()
    copy.write_text(OTHER)
    target = folder / "scenario.yaml" if command == "run" else folder
    with pytest.raises(SystemExit) as end:
        main([command, str(target)])
    message = capsys.readouterr().err
    assert end.value.code == 2
    assert message.count("\n") == 1
    assert f"data/{copy.name} was changed: its SHA-256 is now" in message


def test_bytes_that_change_before_they_are_copied_are_refused(tmp_path: Path) -> None:
    scenario = Scenario.load(placed(tmp_path))
    placed(tmp_path, OTHER)
    with pytest.raises(ScenarioError, match=r"loans\.csv was changed: its SHA-256 is now"):
        run(scenario, tmp_path / "out")
    with pytest.raises(RunError, match=r"loans\.csv was changed since the scenario was read"):
        new_folder(tmp_path / "out", scenario, {}, (), 0.0)
    assert not list((tmp_path / "out").rglob("manifest.json"))
    (tmp_path / "loans.csv").unlink()
    with pytest.raises((RunError, ScenarioError), match=r"loans\.csv"):
        run(scenario, tmp_path / "out")


def test_a_written_scenario_knows_bytes_not_places(tmp_path: Path) -> None:
    one, other = placed(tmp_path / "one"), placed(tmp_path / "other")
    renamed = placed(tmp_path / "renamed", scenario=SCENARIO.replace("loans", "own"))
    (renamed.parent / "loans.csv").rename(renamed.parent / "own.csv")
    texts = {scenario_yaml(Scenario.load(file)) for file in (one, other, renamed)}
    assert len(texts) == 1
    placed(tmp_path / "other", OTHER)
    assert scenario_yaml(Scenario.load(other)) not in texts


def a_file(folder: Path, table: bytes, name: str = "loans.csv") -> DataFile:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(table)
    return DataFile.model_validate(str(folder / name))


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_copies_are_one_where_bytes_are(
    tmp_path_factory: pytest.TempPathFactory, one: bytes, other: bytes
) -> None:
    place = tmp_path_factory.mktemp("copies")
    first, second = a_file(place / "a", one), a_file(place / "b", other)
    assert (first.copy_path == second.copy_path) == (one == other)


def test_files_are_found_wherever_they_stand(tmp_path: Path) -> None:
    file = a_file(tmp_path, b"x")
    nested: Any = ({"deep": [file, 3, "text"]}, (file,), None)
    assert list(data_files(nested)) == [file, file]
    assert list(data_files(Scenario())) == []


def folder_at(file: Path) -> None:
    file.mkdir()


def loop_at(file: Path) -> None:
    file.symlink_to(file)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (folder_at, "'loans.csv' is a folder; name a file"),
        (loop_at, "'loans.csv' is no file that can be read; name a file"),
        (os.mkfifo, "'loans.csv' is no file that can be read; name a file"),
    ],
)
def test_what_is_no_file_is_not_said_to_be_missing(
    tmp_path: Path, make: Callable[[Path], None], message: str
) -> None:
    scenario = placed(tmp_path)
    (tmp_path / "loans.csv").unlink()
    make(tmp_path / "loans.csv")
    with pytest.raises(ScenarioError) as error:
        Scenario.load(scenario)
    (problem,) = error.value.problems
    assert (problem.where, problem.what) == (f"{scenario}:3:38", f"federation.task.file: {message}")


TRUNCATED = gzip.compress(TABLE.encode())[:-20]
PARQUET = b"PAR1" + bytes(range(256)) * 4 + b"PAR1"


@pytest.mark.parametrize("command", ["validate", "run"])
@pytest.mark.parametrize("place", ["task", "outside_price"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("own.csv", b""),
        ("own.csv", b"\n\n"),
        ("own.csv", bytes(range(256)) * 9),
        ("own.csv", b"size,good\n"),
        ("own.csv.gz", TRUNCATED),
        ("own.csv.gz", b"no gzip"),
        ("own.csv.xz", b"no xz"),
        ("own.csv.zip", b"no zip"),
        ("own.csv.tar.gz", b"no tar"),
        ("own.parquet", b""),
        ("own.parquet", PARQUET),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_line(
    tmp_path: Path, call: Any, command: str, place: str, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    scenario = placed(tmp_path, scenario=SCENARIO.replace("loans.csv", name))
    if place == "outside_price":
        prices = f"market: {{outside_price: {{kind: csv, file: {name}}}}}\n"
        task = "kind: csv, file: loans.csv, target: good"
        scenario.write_text(SCENARIO.replace(task, "kind: wine") + prices)
    answer = call(command, scenario, *(["--out", tmp_path / "out"] * (command == "run")))
    errors = [line for line in answer.err.splitlines() if line.startswith("error: ")]
    assert (answer.code, len(errors)) == (2, 1)
    assert f": {place} csv: {tmp_path / name}: " in errors[0] and "own.yaml:" in errors[0]
    assert not (tmp_path / "out").exists()


def test_a_sweep_refuses_a_series_before_it_runs_anything(tmp_path: Path, call: Any) -> None:
    (tmp_path / "own.csv").write_text("revenue\n1\nmany\n")
    revenue = "tokens: {revenue: {kind: csv, file: own.csv}}\n"
    placed(tmp_path, scenario=SCENARIO + revenue)
    (tmp_path / "study.yaml").write_text("name: study\nbase: own.yaml\nseeds: 2\n")
    answer = call("sweep", "run", tmp_path / "study.yaml", "--out", tmp_path / "out")
    message = f"revenue csv: {tmp_path / 'own.csv'}: line 3: revenue must be a number"
    assert answer.code == 2 and message in answer.err
    assert not (tmp_path / "out").exists()
