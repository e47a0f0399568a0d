"""Whether what somebody gives is a scenario."""

import inspect
from pathlib import Path
from typing import Any

from simulator.errors import ScenarioError
from simulator.reading import short
from simulator.scenario.schema import Scenario

__all__ = ["needs_scenario"]


def needs_scenario(taker: str, given: Any) -> None:
    """Raise ScenarioError when what somebody gave to `taker` is no scenario."""
    if isinstance(given, Scenario):
        return
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
