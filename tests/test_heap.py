"""Freed memory is kept where arrays are large, and only there."""

import platform
import subprocess
import sys

import pytest

from tests.patience import patience

FAULTS = """
import resource
import numpy as np
from simulator import heap

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(8_000_000)  # 64 MB, more than glibc keeps by itself
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
without = faults()
heap.keep_freed_memory()
faults()
print(without, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps memory")
def test_kept_memory_is_not_asked_for_again() -> None:
    words = [sys.executable, "-c", FAULTS]
    output = subprocess.run(
        words, capture_output=True, text=True, check=True, timeout=patience(60)
    ).stdout
    without, with_keeping = map(int, output.split())
    assert without > 10
    assert with_keeping == 0
