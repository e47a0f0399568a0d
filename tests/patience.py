"""Time limits that hold on a busy machine as well."""

import os

__all__ = ["patience"]


def patience(seconds: float) -> float:
    """Scale a time limit for an idle machine by the load per processor."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
