"""A pool of processes in which a process that dies takes only its own job with it.

Processes are spawned, hear nothing of Ctrl-C (the driver ends them), and end with the driver,
however it ends.
"""

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.resource_tracker import ensure_running
from typing import Any, Generic, TypeVar

__all__ = ["Died", "completed"]

J = TypeVar("J")
R = TypeVar("R")

SECONDS_TO_END = 5.0  # seconds that a process has to end by itself


@dataclass(frozen=True)
class Died:
    """What a job comes to whose process ended before it did."""

    how: str

    def __str__(self) -> str:
        return self.how


def completed(
    jobs: Iterable[J], work: Callable[[J], R], workers: int
) -> Generator[tuple[J, R | Died]]:
    """Each job with what `work` returned for it, as they end, computed by `workers` processes.

    `work` is a function of a module, and what it raises ends its process. Closing the iterator, or
    any exception in it, ends all processes: SIGTERM first, SIGKILL for those that do not heed it.

    Neither side waits in vain for the other: only these two hold the ends of their pipe, so that
    whoever ends, however, the other reads that nothing follows.
    """
    waiting = deque(jobs)
    crew: dict[Any, _Worker[J, R]] = {}
    try:
        while waiting or crew:
            while waiting and len(crew) < workers:
                worker = _Worker[J, R](work)
                crew[worker.connection] = worker
                worker.give(waiting.popleft())
            for connection in wait(list(crew)):
                worker = crew[connection]
                job, result = worker.job, worker.result()
                if waiting and worker.alive:
                    worker.give(waiting.popleft())
                else:
                    worker.dismiss()
                    del crew[connection]
                yield job, result
    finally:
        _end(worker.process for worker in crew.values())


class _Worker(Generic[J, R]):
    """One process and the driver's end of the pipe to it."""

    job: J

    def __init__(self, work: Callable[[J], R]) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        with _ignoring_interrupts():
            self.process.start()
        theirs.close()
        self.alive = True

    def give(self, job: J) -> None:
        self.job = job
        with suppress(OSError):  # a process that is dead already is noticed by `result`
            self.connection.send(job)

    def result(self) -> R | Died:
        try:
            result: R = self.connection.recv()
        except (EOFError, OSError):
            self.alive = False
            self.process.join()
            return Died(_ending(self.process.exitcode))
        return result

    def dismiss(self) -> None:
        """Let it end: it reads that nothing follows."""
        self.connection.close()


def _serve(connection: Connection, work: Callable[[Any], Any]) -> None:
    """Work on what comes until nothing more does."""
    threading.Thread(target=_end_with_driver, daemon=True).start()
    try:
        while True:
            connection.send(work(connection.recv()))
    except (EOFError, ConnectionError, KeyboardInterrupt):
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # at once: the driver waits for it, and threads of others may never end


def _end_with_driver() -> None:
    driver = multiprocessing.parent_process()
    assert driver is not None
    driver.join()
    os._exit(1)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"its process was killed by {signal.Signals(-code).name} (out of memory?)"
    return f"its process ended with exit code {code}"


def _end(processes: Iterable[Any]) -> None:
    ending = list(processes)
    deadline = time.monotonic() + SECONDS_TO_END
    try:
        for process in ending:
            process.terminate()
        for process in ending:
            process.join(max(0.0, deadline - time.monotonic()))
    finally:  # also when a second Ctrl-C shows that patience has ended
        for process in ending:
            process.kill()
        for process in ending:
            process.join()


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Processes started meanwhile never hear Ctrl-C, which a terminal sends to all of a group."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    ensure_running()  # or the first process to be started starts it, which ends the blocking
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
