"""Loading of scenario files, and the settings they may not contain."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from simulator.components import Section
from simulator.reading import Reading, Shelf, read
from simulator.scenario.shipped import SCENARIOS

__all__ = ["NO_CODE", "OPTION", "REFUSED", "load", "load_with_entries"]

S = TypeVar("S", bound=Section)

OPTION = "--set"
"""The option of the command line that gives overrides, for their messages."""
NO_CODE = (
    "a scenario cannot name code; step an Economy(scenario, agent_types=...) in Python "
    "(docs/mesa.md), or write a strategy and give its file by --plugin"
)
REFUSED = {
    "agent_types": NO_CODE,
    "behaviour.start": "behaviours have no start; an event changes clients later, such as "
    "{kind: behaviour, period: 30, clients: [9], behaviour: {kind: label_flip}}, and a sybil has "
    "poses_from",
    "contribution=fedsv": "fedsv was another name of shapley; write {kind: shapley}",
}
"""Messages for what is deliberately not a setting, or no longer one."""


def load(model: type[S], path: str | Path, *layers: Mapping[str, Any], option: str = "") -> S:
    """The scenario file at `path` as a `model`, with `extends` and then `layers` applied.

    A layer overrides all settings before it, by dotted path; `option` gave them, if any. Raises
    ScenarioError with all problems, in the order of the file.
    """
    return load_with_entries(model, path, *layers, option=option).settings


def load_with_entries(
    model: type[S],
    path: str | Path,
    *layers: Mapping[str, Any],
    shelf: Shelf = SCENARIOS,
    option: str = "",
) -> Reading[S]:
    """The result of `load`, with the places of its entries; `extends` may name one of `shelf`."""
    return read(model, path, *layers, shelf=shelf, refused_names=REFUSED, option=option)
