"""Runs that are killed or interrupted at any moment: what was committed is there, and the end is
the same as if nothing had happened.

Starting Python costs more than such a run, so one process that has imported everything forks
every run that is to die (`storm`). What they are compared with is computed once (`undisturbed`).
"""

import errno
import gc
import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pytest

from simulator import Scenario, recording
from simulator.analysis import load_run
from simulator.cli import main
from simulator.recording import read_manifest
from simulator.running import resume, run, verify
from tests.patience import patience

pytestmark = pytest.mark.slow

SCENARIO = """\
name: fast
periods: 300
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 3}]
liquidity_providers: [{count: 1, deposit: 300}]
investors: [{count: 2}]
"""

OFTEN = 0.02, 0.5
"""Seconds between commits, and the part of the time that checkpoints may take."""

COMMON = '''
import gc, json, os, random, signal, sys, time, warnings
from pathlib import Path

import matplotlib.pyplot  # what the end of a run needs
import pandas as pd

import simulator.recording as recording
from simulator.analysis import load_run
from simulator.cli import main
from simulator.running import resume, run
from simulator.scenario import Scenario
from simulator.tables import TABLES

scenario_file, out, lives, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
undisturbed = load_run(sys.argv[5])
chance = random.Random(seed)
usual = recording.COMMIT_SECONDS, recording.CHECKPOINT_FRACTION
recording.COMMIT_SECONDS, recording.CHECKPOINT_FRACTION = OFTEN  # so that there is much to break
scenario = Scenario.load(scenario_file)


def started(number):
    return next((out / str(number)).glob("fast/*"), None)


def fork(number, work):
    """A child that does the work; its messages go to a file."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        log = os.open(out / f"{number}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1), os.dup2(log, 2)
        work()
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(code)


def hashes(folder):
    tables = json.loads((folder / "manifest.json").read_text())["tables"]
    return {name: table["sha256"] for name, table in tables.items()}


def text(frame):
    return frame.astype({c: str for c in frame if isinstance(frame[c].dtype, pd.CategoricalDtype)})


def committed(folder):
    """Number of periods that can be read; all that is read must be as in the undisturbed run."""
    if folder is None or not (folder / "manifest.json").exists():
        assert folder is None or not list(folder.glob("parts/[0-9]*")), "rows but no manifest"
        return 0
    found = load_run(folder)
    if not found.sources:
        return 0
    periods = found.periods["period"].tolist()
    assert periods == list(range(len(periods))), f"not without gaps: {periods}"
    for name in TABLES:
        rows, whole = getattr(found, name), getattr(undisturbed, name)
        whole = whole[whole["period"] < len(periods)]
        pd.testing.assert_frame_equal(text(rows), text(whole), check_exact=True, obj=name)
    return len(periods)


def status(folder):
    if folder is None or not (folder / "manifest.json").exists():
        return None
    return json.loads((folder / "manifest.json").read_text())["status"]


touched = 0


def dying(at, event, arguments):
    """An audit hook: counts what is done to files and kills the process before one of these."""
    global touched
    if event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate") or (
        event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    ):
        touched += 1
        if touched == at:
            os.kill(os.getpid(), signal.SIGKILL)


def to_the_end(folder):
    """No more is to break."""
    recording.COMMIT_SECONDS, recording.CHECKPOINT_FRACTION = usual
    resume(folder)


out.mkdir()
right = hashes(undisturbed.folder)
run(Scenario.load(scenario_file, {"periods": 3}), out / "warm")  # all that runs load is loaded
gc.freeze()
'''.replace("OFTEN", repr(OFTEN))

KILLING = (
    COMMON
    + '''
def life(number, at):
    """One run or resumption, which is killed at the `at`th change of files, if it gets so far."""
    folder = started(number)
    sys.addaudithook(lambda event, arguments: dying(at, event, arguments))
    if status(folder) is None:
        run(scenario, out / str(number))
    else:
        resume(folder)


kills, moments, number = 0, [], 0
while kills < lives:
    if status(started(number)) == "complete":
        number += 1
    folder = started(number)
    if folder is not None and status(folder) is None:  # it died before there was a manifest
        number += 1
    at = chance.randrange(1, 200) if kills % 2 else 0
    child = fork(number, lambda: life(number, at))
    if not at:
        time.sleep(chance.random() * 0.9)
        os.kill(child, signal.SIGKILL)
    how = os.waitpid(child, 0)[1]
    assert how in (0, signal.SIGKILL), (out / f"{number}.log").read_text()
    if how:
        kills += 1
        folder = started(number)
        moments.append([number, at, status(folder), committed(folder)])

ends = {}
for folder in (started(number) for number in range(number + 1)):
    if status(folder) is not None:
        to_the_end(folder)
        assert committed(folder) == 301
        left = [path.name for path in folder.rglob(".*") if path.name != ".lock"]
        ends[str(folder)] = {"identical": hashes(folder) == right, "left": left}
print(json.dumps({"moments": moments, "ends": ends}))
'''
)

INTERRUPTING = (
    COMMON
    + """
def life(number, ready):
    folder = started(number)
    end = ["resume", str(folder)] if status(folder) else ["run", scenario_file]
    end += [] if status(folder) else ["--out", str(out / str(number))]
    sys.argv = ["wallstreetfeds", *end]
    watch = signal.signal  # main() sets up SIGTERM first of all: from then on all is in its hands
    def tell(*setting):
        watch(*setting)
        os.write(ready, b"!")
        signal.signal = watch
    signal.signal = tell
    main(end)


interrupts = []
for number in range(lives):
    read, write = os.pipe()
    child = fork(number, lambda: life(number, write))
    os.close(write)
    os.read(read, 1), os.close(read)
    time.sleep(chance.random() * 0.7)
    sent = time.monotonic()
    os.kill(child, chance.choice([signal.SIGINT, signal.SIGTERM]))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    folder = started(number)
    interrupts.append({
        "seconds": time.monotonic() - sent,
        "code": code,
        "status": status(folder),
        "summary": folder is not None and (folder / "summary.json").exists(),
        "periods": committed(folder),
        "log": (out / f"{number}.log").read_text(),
        "folder": str(folder),
    })
ends = {}
for number in range(lives):
    folder = started(number)
    if status(folder) == "interrupted" and len(ends) < 2:
        to_the_end(folder)
        ends[str(folder)] = hashes(folder) == right
print(json.dumps({"interrupts": interrupts, "ends": ends}))
"""
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What nobody killed, committed as often as what is killed."""
    place = tmp_path_factory.mktemp("undisturbed")
    (place / "fast.yaml").write_text(SCENARIO)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(recording, "COMMIT_SECONDS", OFTEN[0])
        patched.setattr(recording, "CHECKPOINT_FRACTION", OFTEN[1])
        return run(Scenario.load(place / "fast.yaml"), place / "out")


def storm(
    code: str, folder: Path, undisturbed: Path, lives: int, seed: int
) -> subprocess.Popen[str]:
    (folder / "storm.py").write_text(code)
    (folder / "fast.yaml").write_text(SCENARIO)
    arguments = [folder / "storm.py", folder / "fast.yaml", folder / f"out{seed}", lives, seed]
    arguments.append(undisturbed)
    return subprocess.Popen(
        [sys.executable, "-W", "ignore::DeprecationWarning", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def outcome(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, messages = process.communicate(timeout=patience(120))
    assert process.returncode == 0, messages
    report: dict[str, Any] = json.loads(output.splitlines()[-1])
    return report


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_a_kill_at_any_moment_loses_nothing_that_was_committed(
    tmp_path: Path, undisturbed: Path
) -> None:
    storms = [storm(KILLING, tmp_path, undisturbed, lives=10, seed=seed) for seed in (1, 2)]
    for report in map(outcome, storms):
        assert len(report["moments"]) == 10
        assert any(periods > 0 for *_, periods in report["moments"])
        assert report["ends"] and all(end["identical"] for end in report["ends"].values())


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and signals")
def test_an_interrupt_ends_within_two_seconds_and_can_be_resumed(
    tmp_path: Path, undisturbed: Path
) -> None:
    report = outcome(storm(INTERRUPTING, tmp_path, undisturbed, lives=6, seed=3))
    for end in report["interrupts"]:
        if "Exception ignored in" in end["log"]:
            continue  # known: Python drops an interrupt that meets a destructor (ParquetWriter)
        assert end["code"] == 130, end
        assert end["seconds"] < patience(2.0)
        assert "Traceback" not in end["log"]
        assert "interrupted" in end["log"].splitlines()
        assert end["status"] in (None, "interrupted", "complete"), end
        if end["status"] == "interrupted":
            assert end["periods"] > 0
            assert f"wallstreetfeds resume {end['folder']}" in end["log"]
    assert any(end["status"] == "interrupted" for end in report["interrupts"])
    assert report["ends"] and all(report["ends"].values())


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_starting_is_no_traceback(tmp_path: Path, sign: signal.Signals) -> None:
    (tmp_path / "fast.yaml").write_text(SCENARIO)
    arguments = ["run", "fast.yaml", "--periods", "1000000", "--out", "out", "-v"]
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "simulator", *arguments],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        for line in process.stderr:  # numpy has been imported: well before the first period
            if line.rstrip().endswith(" numpy"):
                break
        sent = time.monotonic()
        process.send_signal(sign)
        watchdog = threading.Timer(patience(20), process.kill)
        watchdog.start()
        messages = process.stderr.read()
        process.wait()
        watchdog.cancel()
    assert time.monotonic() - sent < patience(2.0)
    assert process.returncode == 130, messages
    assert "Traceback" not in messages and "interrupted\n" in messages
    assert not (tmp_path / "out").exists()


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A complete run."""
    (tmp_path / "fast.yaml").write_text(SCENARIO)
    return run(Scenario.load(tmp_path / "fast.yaml", {"periods": 6}), tmp_path / "out")


def test_a_kill_while_the_summary_is_made_can_be_resumed(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (finished / "summary.json").unlink()
    with pytest.raises(SystemExit) as end:
        main(["resume", str(finished)])
    assert end.value.code == 0
    assert (finished / "summary.json").exists()
    assert "Model" in capsys.readouterr().out


def test_an_interrupted_run_resumes_from_its_checkpoint(interrupted: Path) -> None:
    assert read_manifest(interrupted)["status"] == "interrupted"
    assert load_run(interrupted).periods["period"].tolist() == list(range(7))
    assert resume(interrupted)
    manifest = read_manifest(interrupted)
    (resumed,) = manifest["resumed"]
    assert (manifest["status"], resumed["period"]) == ("complete", 6)
    assert resumed["versions"] == manifest["versions"]
    assert set(verify(interrupted).values()) == {"identical"}
    assert not resume(interrupted)


def test_resume_tells_every_period_when_asked(
    interrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["resume", str(interrupted), "-v"])
    assert end.value.code == 0
    lines = [line.split(":")[0] for line in capsys.readouterr().err.splitlines()]
    assert lines[-3:] == ["period 7", "period 8", "period 9"]


@pytest.mark.parametrize("left", [0, 100])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_damaged_checkpoint_is_passed_over(interrupted: Path, left: int) -> None:
    newest = max((interrupted / "checkpoints").iterdir())
    newest.write_bytes(newest.read_bytes()[:left])
    try:
        resumed = resume(interrupted)
    except (EOFError, BadZipFile):
        resumed = False
    gc.collect()  # numpy leaves the file open
    assert resumed
    assert set(verify(interrupted).values()) == {"identical"}


def test_a_run_that_goes_on_elsewhere_is_left_alone(
    interrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with recording.locked(interrupted), pytest.raises(SystemExit) as end:
        main(["resume", str(interrupted)])
    assert end.value.code == 1
    assert "being written by another process" in capsys.readouterr().err
    assert read_manifest(interrupted)["status"] == "interrupted"


def test_a_full_disk_is_reported_and_the_run_can_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fast.yaml").write_text(SCENARIO)
    monkeypatch.setattr(recording, "COMMIT_SECONDS", 0.0)
    write, out = recording.pq.write_table, tmp_path / "out"

    def full(table: object, where: Path, **options: object) -> None:
        if len(list(out.glob("fast/*/parts/[0-9]*"))) >= 3:
            raise OSError(errno.ENOSPC, "No space left on device", str(where))
        write(table, where, **options)

    monkeypatch.setattr(recording.pq, "write_table", full)
    with pytest.raises(SystemExit) as end:
        main(["run", str(tmp_path / "fast.yaml"), "--periods", "6", "--out", str(out), "-q"])
    assert end.value.code == 1
    assert "No space left on device" in capsys.readouterr().err
    monkeypatch.undo()
    (folder,) = out.glob("fast/*")
    assert load_run(folder).periods["period"].tolist() == [0, 1, 2, 3]
    assert resume(folder)
    assert set(verify(folder).values()) == {"identical"}
