"""The examples: they run on a short run and print what its tables say."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import Scenario, run
from simulator.analysis import client_rewards, load_run

EXAMPLE = Path(__file__).parents[1] / "examples" / "who_was_paid.py"
SCENARIO = """\
name: paid
periods: 4
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 2}, {count: 1, behaviour: {kind: free_rider}}]
liquidity_providers: [{count: 1, deposit: 300}]
investors: [{count: 3, activity: 1}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("examples")
    (place / "paid.yaml").write_text(SCENARIO)
    return run(Scenario.load(place / "paid.yaml"), place / "outputs")


def test_an_agent_of_ones_own(tmp_path: Path) -> None:
    done = example(tmp_path, file="own_agent.py")
    assert (done.stderr, done.returncode) == ("", 0)
    assert re.search(r"^DipBuyer +12 agents, wealth [+-]\d", done.stdout, re.M)
    assert re.search(r"^Investor +48 agents, wealth [+-]\d", done.stdout, re.M)


def test_a_scenario_wholly_in_python(tmp_path: Path) -> None:
    done = example(tmp_path, file="in_python.py")
    assert (done.stderr, done.returncode) == ("", 0)
    rows = re.findall(
        r"^fee +(\S+)%: providers earn +(\S+), followers gain [+-]\S+%$", done.stdout, re.M
    )
    fees, earned = zip(*((float(fee), float(earned)) for fee, earned in rows), strict=True)
    assert fees == (0.0, 0.3, 3.0)
    assert earned[0] == 0 < earned[1] < earned[2] / 5  # nearly in proportion to the fee
    assert "strategy=Follower(fraction=0.5)" in done.stdout
    assert not any(tmp_path.iterdir())


def example(
    place: Path, *arguments: str, file: str = EXAMPLE.name
) -> subprocess.CompletedProcess[str]:
    """Run an example in folder `place`; a warning is an error."""
    command = [sys.executable, "-W", "error", str(EXAMPLE.with_name(file)), *arguments]
    environment = os.environ | {"MPLBACKEND": "Agg", "PYTHONPATH": str(EXAMPLE.parents[1])}
    return subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, check=False
    )


def test_it_tells_who_was_paid_in_the_newest_run(folder: Path) -> None:
    place = folder.parents[2]
    older = folder.with_name("20010101T000000Z-00000000")
    shutil.copytree(folder, older)
    done = example(place)
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.startswith(f"{folder.relative_to(place)}: 3 clients, 4 periods\n")
    assert (folder / "who_was_paid.png").read_bytes().startswith(b"\x89PNG")
    assert not (older / "who_was_paid.png").exists()
    for client, reward in client_rewards(load_run(folder)).iterrows():
        row = re.search(rf"^{client} +{reward['behaviour']} .* (\d+)$", done.stdout, re.M)
        assert row is not None
        assert int(row[1]) == round(reward["total"])
    assert re.search(r"^client_2 \(free rider\): paid \d+% of an equal share$", done.stdout, re.M)


def test_it_takes_a_run_by_name(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    done = example(tmp_path, "copy")
    assert done.returncode == 0
    assert f"drawn: {Path('copy') / 'who_was_paid.png'}" in done.stdout
    assert (copy / "who_was_paid.png").exists()


def test_without_a_run_it_says_how_to_make_one(tmp_path: Path) -> None:
    done = example(tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "no run in outputs/: make one with `wallstreetfeds run scenarios/quickstart.yaml`\n"
    )


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    done = example(tmp_path, "nowhere")
    assert (done.returncode, done.stderr) == (1, "error: nowhere: no such folder\n")


def test_it_reads_as_a_notebook() -> None:
    """Cells of prose are comments alone, each followed by a cell of code that compiles."""
    _, *cells = re.split(r"^# %%", EXAMPLE.read_text("utf-8"), flags=re.M)
    assert len(cells) == 10
    for prose, code in zip(cells[::2], cells[1::2], strict=True):
        kind, *lines = prose.strip().splitlines()
        assert kind == "[markdown]"
        assert all(line.startswith("#") for line in lines)
        compile(code, str(EXAMPLE), "exec")
