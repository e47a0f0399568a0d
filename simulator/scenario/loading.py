"""Scenario files, which `simulator.reading` reads, and what they may not contain."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from simulator.components import Section
from simulator.reading import Entry, read

__all__ = ["NO_CODE", "load", "load_with_entries"]

S = TypeVar("S", bound=Section)

NO_CODE = (
    "a scenario cannot name code; step an Economy(scenario, agent_types=...) in Python "
    "(docs/mesa.md), or write a strategy and give its file by --plugin"
)


def load(model: type[S], path: str | Path, *layers: Mapping[str, Any]) -> S:
    """The scenario in the file at `path`, after `extends` and then `layers`, as a `model`.

    A layer overrides all before it, by dotted path. Raises ScenarioError with every problem found,
    in the order of the file.
    """
    return load_with_entries(model, path, *layers)[0]


def load_with_entries(
    model: type[S], path: str | Path, *layers: Mapping[str, Any]
) -> tuple[S, Entry]:
    """What `load` returns, and the entries that it was made of, which know where they stand."""
    return read(model, path, *layers, noun="scenario", refused={"agent_types": NO_CODE})
