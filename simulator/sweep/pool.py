"""A pool of processes in which the death of a process loses only its own job.

Processes are spawned, ignore Ctrl-C (the driver ends them), and end when the driver ends, even if
it is killed.
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

__all__ = ["ProcessFailure", "job_results"]

J = TypeVar("J")
R = TypeVar("R")

SECONDS_TO_END = 5.0  # for a process to end by itself, before it is killed


@dataclass(frozen=True)
class ProcessFailure:
    """Result of a job whose process ended before the job was done."""

    reason: str

    def __str__(self) -> str:
        return self.reason


def job_results(
    jobs: Iterable[J], work: Callable[[J], R], workers: int
) -> Generator[tuple[J, R | ProcessFailure]]:
    """Each job and its result of `work`, in order of completion, from `workers` processes.

    `work` is a module-level function; an exception in it ends its process. Closing the iterator, or
    any exception in it, ends all processes: SIGTERM first, SIGKILL for those that do not heed it.

    Only the driver and one process hold the ends of each pipe, so that when either ends, the other
    reads the end of the stream instead of waiting forever.
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
        _end_all(worker.process for worker in crew.values())


class _Worker(Generic[J, R]):
    """One process and the driver's end of the pipe to it."""

    job: J

    def __init__(self, work: Callable[[J], R]) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, far_end = context.Pipe()
        self.process = context.Process(target=_serve, args=(far_end, work), daemon=True)
        with _interrupts_blocked():
            self.process.start()
        far_end.close()
        self.alive = True

    def give(self, job: J) -> None:
        self.job = job
        with suppress(OSError):  # `result` notices when the process is dead
            self.connection.send(job)

    def result(self) -> R | ProcessFailure:
        try:
            result: R = self.connection.recv()
        except (EOFError, OSError):
            self.alive = False
            self.process.join()
            return ProcessFailure(_exit_reason(self.process.exitcode))
        return result

    def dismiss(self) -> None:
        """Close the pipe: the process reads its end and exits."""
        self.connection.close()


def _serve(connection: Connection, work: Callable[[Any], Any]) -> None:
    """Work on jobs until the driver closes the pipe."""
    threading.Thread(target=_end_with_driver, daemon=True).start()
    try:
        while True:
            connection.send(work(connection.recv()))
    except (EOFError, ConnectionError, KeyboardInterrupt):
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # at once: the driver waits, and threads of libraries may never end


def _end_with_driver() -> None:
    driver = multiprocessing.parent_process()
    assert driver is not None
    driver.join()
    os._exit(1)


def _exit_reason(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"its process was killed by {signal.Signals(-code).name} (out of memory?)"
    return f"its process ended with exit code {code}"


def _end_all(processes: Iterable[Any]) -> None:
    ending = list(processes)
    deadline = time.monotonic() + SECONDS_TO_END
    try:
        for process in ending:
            process.terminate()
        for process in ending:
            process.join(max(0.0, deadline - time.monotonic()))
    finally:  # also after a second Ctrl-C
        for process in ending:
            process.kill()
        for process in ending:
            process.join()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block Ctrl-C in processes started meanwhile: terminals send it to a whole group."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    ensure_running()  # else the first process would start it, and that unblocks the signal
    old_mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old_mask)
