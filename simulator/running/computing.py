"""Computing a run in one process, from its current period to the last."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Self

from simulator.economy import Economy
from simulator.errors import RunError, SimulatorError
from simulator.foreign import described_error
from simulator.recording import Recorder, write_manifest

__all__ = ["Progress", "compute", "noting_folder"]

Progress = Callable[[Economy], None]
"""Called after genesis and after every period."""


def compute(
    economy: Economy, recorder: Recorder, manifest: dict[str, Any], progress: Progress | None
) -> None:
    """Step and record to the last period; leaves a readable folder even after a failure."""
    started = time.perf_counter()
    log = _Log(recorder.folder / "run.log")
    log.info("%s, seed %d: from period %d", manifest["name"], manifest["seed"], economy.period)
    log.info("clients train %s", economy.settings.federation.learner.training)
    manifest["status"] = "failed"
    try:
        with _Interrupts() as interrupts:
            _advance(economy, recorder, progress, interrupts)
        manifest["status"] = "complete"
    except KeyboardInterrupt:
        manifest["status"] = "interrupted"
        raise
    except SimulatorError as error:
        manifest["error"] = f"{type(error).__name__}: {error}"
        log.exception("period %d failed", economy.period)
        raise
    except (Exception, SystemExit) as error:
        log.exception("period %d failed", economy.period)
        manifest["error"] = f"period {economy.period}: {described_error(error)}"
        raise RunError(f"{manifest['error']} (details: {recorder.folder / 'run.log'})") from error
    finally:
        seconds = manifest["timings"].get("periods_seconds", 0.0) + time.perf_counter() - started
        manifest["timings"]["periods_seconds"] = round(seconds, 3)
        log.info("%s at period %d", manifest["status"], economy.period)
        log.close()
        manifest["tables"] = recorder.compact()
        write_manifest(recorder.folder, manifest)
        recorder.remove_parts()


@contextmanager
def noting_folder(folder: Path) -> Iterator[None]:
    """Add the folder to the notes of any exception; wrap foreign exceptions in RunError."""
    try:
        yield
    except (KeyboardInterrupt, SimulatorError) as error:
        error.add_note(str(folder))
        raise
    except Exception as error:
        failure = RunError(described_error(error))
        failure.add_note(str(folder))
        raise failure from error


def _advance(
    economy: Economy, recorder: Recorder, progress: Progress | None, interrupts: "_Interrupts"
) -> None:
    if progress and economy.history:
        progress(economy)
    while economy.period < economy.settings.periods:
        economy.step()
        recorder.append(economy.period, economy.tables)
        if recorder.is_commit_due:
            recorder.checkpoint(economy.period, economy.save())
        if progress:
            progress(economy)
        interrupts.check()


class _Interrupts:
    """Turns SIGINT and SIGTERM into KeyboardInterrupt, even where Python swallows exceptions.

    Python swallows exceptions in destructors and callbacks of weak references, so a signal that
    arrives there is remembered and raised by `check`, after the period. An error after a signal
    counts as an interrupt that a library has converted.
    """

    def __init__(self) -> None:
        self._signalled = False
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:  # ignored in background jobs
                self._handlers[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self._signalled and isinstance(error, Exception):
            raise KeyboardInterrupt from error

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._signalled = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has arrived."""
        if self._signalled:
            raise KeyboardInterrupt


class _Log(logging.Logger):
    """The run's own log file."""

    def __init__(self, file: Path) -> None:
        super().__init__("simulator.run", logging.INFO)
        handler = logging.FileHandler(file, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self.addHandler(handler)

    def close(self) -> None:
        """Close the file."""
        for handler in self.handlers:
            handler.close()
