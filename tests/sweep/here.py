"""Sweeps whose runs are computed in the process of the test: starting others takes seconds."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

__all__ = ["in_this_process"]


def in_this_process(patched: pytest.MonkeyPatch) -> None:
    """For tests that ask what a sweep computes, not who does it."""

    def job_results(jobs: Iterable[Any], work: Callable[[Any], str], _: int) -> Iterator[Any]:
        yield from ((job, work(job)) for job in jobs)

    patched.setattr("simulator.sweep.sweeping.job_results", job_results)
