"""Whether what somebody gives is a scenario, and a valid one."""

import inspect
from pathlib import Path
from typing import Any

from simulator.errors import ScenarioError
from simulator.reading import short
from simulator.scenario.schema import Scenario

__all__ = ["checked_scenario"]


def checked_scenario(given: Any, taker: str) -> Scenario:
    """A scenario that somebody gave to `taker`, validated again at every depth.

    Raises ScenarioError when it is invalid, or something else.
    """
    if isinstance(given, Scenario):
        return given.revalidated()
    shown, remedy = f"a {type(given).__name__}", ""
    if isinstance(given, str | Path):
        shown = short(repr(str(given)))
        remedy = f"Scenario.load({shown})"
    elif isinstance(given, dict):
        remedy = "Scenario(**settings)"
    elif inspect.isclass(given):
        shown = f"the class {given.__name__}"
        remedy = "Scenario()"
    hint = f"; write {taker}({remedy})" if remedy else ""
    raise ScenarioError(f"{taker} needs a Scenario, not {shown}{hint}")
