"""What the other benchmarks were run on."""

import platform
from pathlib import Path

import numpy as np

__all__ = ["processor"]


def processor() -> str:
    """The processor's name, and the widest vectors that numpy uses on it."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    name = next(names, "") or platform.processor() or "unknown processor"
    extensions = np.show_config(mode="dicts")["SIMD Extensions"]
    return f"{name}, numpy with {(extensions['baseline'] + extensions.get('found', []))[-1]}"
