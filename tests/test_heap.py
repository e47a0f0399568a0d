"""Freed memory is kept where arrays are large, and only there; what lasts is no garbage."""

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


LASTING = """
import gc
import weakref
from simulator.heap import lasting_objects

class Node:
    pass

def cycle():
    node = Node()
    node.itself = node
    return weakref.ref(node)

with lasting_objects():
    lasting = cycle()
    during = gc.isenabled()
later = cycle()
with lasting_objects():
    in_second = cycle()
gc.collect()
print(during, gc.isenabled(), lasting() is None, later() is None, in_second() is None)
"""


def test_only_the_first_lasting_objects_are_not_collected() -> None:
    words = [sys.executable, "-c", LASTING]
    output = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert output.split() == ["False", "True", "False", "True", "True"]
