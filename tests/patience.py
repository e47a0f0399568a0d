"""Time limits that hold on a busy machine as well."""

import os

__all__ = ["patience"]


def patience(seconds: float) -> float:
    """How long on this machine takes at most what takes `seconds` where nothing else runs."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
