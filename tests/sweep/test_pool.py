"""The pool: a process that dies takes its own job with it, and none outlives the driver."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from simulator.sweep import pool
from simulator.sweep.pool import ProcessFailure, job_results
from tests.patience import patience

pytestmark = pytest.mark.slow


def double(number: int) -> int:
    return 2 * number


def odd_ones_die(number: int) -> int:
    if number % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def leave(number: int) -> int:
    os._exit(number)


def leave_politely(number: int) -> int:
    threading.Thread(target=time.sleep, args=(600,)).start()  # Python would wait for it
    sys.exit(number)


def process(_: int) -> int:
    return os.getpid()


def deaf(_: int) -> bool:
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def sleep(marker: str) -> None:
    Path(marker).touch()
    time.sleep(600)


def sleep_through(marker: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sleep(marker)


@pytest.fixture(autouse=True)
def _none_is_left() -> Iterator[None]:
    yield
    deadline = time.monotonic() + patience(10)
    while multiprocessing.active_children():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("workers", [1, 3])
def test_every_job_is_done_once(workers: int) -> None:
    results = sorted(job_results(range(5), double, workers))
    assert results == [(0, 0), (1, 2), (2, 4), (3, 6), (4, 8)]


def test_without_jobs_nothing_happens() -> None:
    assert list(job_results([], double, 2)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_process_fails_its_job_only(workers: int) -> None:
    results = dict(job_results(range(5), odd_ones_die, workers))
    died = ProcessFailure("its process was killed by SIGKILL (out of memory?)")
    assert results == {0: 0, 1: died, 2: 4, 3: died, 4: 8}


def test_an_exit_code_is_reported() -> None:
    assert dict(job_results([7], leave, 1)) == {
        7: ProcessFailure("its process ended with exit code 7")
    }


def test_a_process_that_leaves_threads_behind_ends_at_once() -> None:
    began = time.monotonic()
    assert dict(job_results([7], leave_politely, 1)) == {
        7: ProcessFailure("its process ended with exit code 1")
    }
    assert time.monotonic() - began < patience(60)


def test_a_second_interrupt_ends_patience(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "SECONDS_TO_END", 300)
    marker = tmp_path / "begun"
    began = time.monotonic()
    with (
        pytest.raises(KeyboardInterrupt),
        closing(job_results([str(marker)], sleep_through, 1)) as it,
    ):
        interrupt_when(marker.exists, times=2)
        next(it)
    assert time.monotonic() - began < patience(100)
    assert not multiprocessing.active_children()


def test_a_process_does_one_job_after_the_other() -> None:
    assert len({result for _, result in job_results(range(5), process, 1)}) == 1


def test_processes_do_not_hear_what_the_terminal_sends_to_all() -> None:
    assert dict(job_results([0], deaf, 1)) == {0: True}
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.parametrize("work", [sleep, sleep_through])
def test_closing_ends_what_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: object
) -> None:
    monkeypatch.setattr(pool, "SECONDS_TO_END", 0.5)
    marker = tmp_path / "begun"
    jobs = [str(tmp_path / "quick"), str(marker)]
    with closing(job_results(jobs, _first_returns, 2)) as results:
        assert next(results)[0] == jobs[0]
    with closing(job_results([str(marker)], work, 1)) as results, pytest.raises(KeyboardInterrupt):
        interrupt_when(marker.exists)
        next(results)
    assert not multiprocessing.active_children()


def _first_returns(marker: str) -> None:
    if not marker.endswith("quick"):
        time.sleep(600)


def interrupt_when(happens: Callable[[], bool], times: int = 1) -> None:
    def look(*_: object) -> None:
        nonlocal times
        if happens():
            times -= 1
            if not times:
                signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
