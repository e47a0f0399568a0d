"""Resuming: from which checkpoint a run goes on, what it says of others, and who may write."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from simulator import recording
from simulator.cli import main
from simulator.errors import RunError
from simulator.recording import read_manifest
from simulator.running import resume, verify


def messages_of_resuming(folder: Path) -> list[str]:
    messages: list[str] = []
    assert resume(folder, notify=messages.append)
    assert set(verify(folder).values()) == {"identical"}
    return messages


def checkpoints(folder: Path) -> list[Path]:
    return sorted((folder / "checkpoints").iterdir())


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def test_a_checkpoint_that_is_used_is_not_worth_a_word(interrupted: Path) -> None:
    assert messages_of_resuming(interrupted) == []
    assert "problem" not in read_manifest(interrupted)["resumed"][0]


@pytest.mark.parametrize("damage", [truncate, lambda file: file.write_bytes(b"")])
def test_resume_says_which_checkpoint_it_cannot_use(
    interrupted: Path, damage: Callable[[Path], object]
) -> None:
    damage(checkpoints(interrupted)[-1])
    (message,) = messages_of_resuming(interrupted)
    assert message.startswith("the checkpoint of period 6 cannot be used: cannot be read: ")
    assert message.endswith("; the run goes on from the checkpoint of period 5")
    assert "\n" not in message
    (resumed,) = read_manifest(interrupted)["resumed"]
    assert (resumed["period"], resumed["problem"]) == (5, message)


def test_resume_says_when_no_checkpoint_can_be_used(interrupted: Path) -> None:
    for file in checkpoints(interrupted):
        truncate(file)
    (message,) = messages_of_resuming(interrupted)
    assert "period 6 cannot be used" in message and "period 5 cannot be used" in message
    assert message.endswith("; the run starts again from the beginning")
    assert read_manifest(interrupted)["resumed"][0]["period"] == 0


def test_resume_says_when_there_is_no_checkpoint(interrupted: Path) -> None:
    shutil.rmtree(interrupted / "checkpoints")
    (message,) = messages_of_resuming(interrupted)
    assert message == "there is no checkpoint; the run starts again from the beginning"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": np.array(2)}, "the state has format 2, this version goes on from 3"),
        ({"balances": np.zeros((2, 2))}, "that of a scenario with other accounts or tokens"),
        ({"events": np.array("[1]")}, "that of a run with other events"),
    ],
)
def test_a_checkpoint_of_another_version_or_run_is_passed_over(
    interrupted: Path, change: dict[str, Any], reason: str
) -> None:
    newest = checkpoints(interrupted)[-1]
    with np.load(newest) as arrays:
        state = dict(arrays) | change
    np.savez(newest, allow_pickle=False, **state)
    (message,) = messages_of_resuming(interrupted)
    assert reason in message and message.endswith("goes on from the checkpoint of period 5")


def test_a_checkpoint_that_lacks_something_is_passed_over(interrupted: Path) -> None:
    newest = checkpoints(interrupted)[-1]
    with np.load(newest) as arrays:
        state = {name: array for name, array in arrays.items() if name != "fees"}
    np.savez(newest, allow_pickle=False, **state)
    (message,) = messages_of_resuming(interrupted)
    assert "period 6 cannot be used: KeyError: 'fees'; " in message


def test_tables_that_were_changed_are_not_continued(interrupted: Path) -> None:
    file = interrupted / "pools.parquet"
    pq.write_table(pq.read_table(file).slice(1), file)
    (message,) = messages_of_resuming(interrupted)
    assert "pools.parquet was changed after the run" in message
    assert message.endswith("; the run starts again from the beginning")


def test_a_table_that_is_gone_is_computed_again(interrupted: Path) -> None:
    (interrupted / "fills.parquet").unlink()
    (message,) = messages_of_resuming(interrupted)
    assert "table fills cannot be read" in message and "from the beginning" in message


def test_the_command_line_warns_of_it(
    interrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truncate(checkpoints(interrupted)[-1])
    with pytest.raises(SystemExit) as end:
        main(["resume", str(interrupted)])
    assert end.value.code == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if "warning: " in line]
    assert len(warnings) == 1 and "goes on from the checkpoint of period 5" in warnings[0]


@pytest.mark.parametrize("command", ["resume", "verify"])
def test_a_folder_that_is_being_written_is_left_to_its_writer(
    interrupted: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with recording.locked(interrupted), pytest.raises(SystemExit) as end:
        main([command, str(interrupted)])
    error = capsys.readouterr().err
    assert end.value.code == 1
    assert f"being written by another process (pid {os.getpid()})" in error
    assert "resume" not in error


def test_a_killed_run_is_no_running_one(interrupted: Path) -> None:
    manifest = read_manifest(interrupted)
    recording.write_manifest(interrupted, manifest | {"status": "running"})
    with pytest.raises(RunError, match="the run was killed; resume it before verifying"):
        verify(interrupted)
