"""A laboratory for tokenised federated learning.

>>> from simulator import Scenario, Economy, recorded, run
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from simulator.caching import set_cache_folder

if TYPE_CHECKING:
    from simulator.economy import Economy as Economy
    from simulator.running import recorded as recorded
    from simulator.running import run as run
    from simulator.scenario import Scenario as Scenario

__all__ = ["Economy", "Scenario", "recorded", "run"]

set_cache_folder()  # before any module imports numba

_HOME = {
    "Economy": "simulator.economy",
    "Scenario": "simulator.scenario",
    "recorded": "simulator.running",
    "run": "simulator.running",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that light commands start fast (PEP 562)."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
