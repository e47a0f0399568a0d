"""The scenarios that come with the package."""

import os
from importlib.resources import files
from pathlib import Path

from simulator.errors import Problem, ScenarioError
from simulator.scenario.words import choices, short

__all__ = ["FOLDER", "found", "shipped_scenarios"]

FOLDER = Path(str(files("simulator.shipped")))


def shipped_scenarios() -> dict[str, Path]:
    """Their files by name."""
    return {file.stem: file for file in sorted(FOLDER.glob("*.yaml"))}


def found(name: str) -> str | Path:
    """The shipped scenario of this name, unless there is such a file.

    Raises ScenarioError when a word that can only be a name is none.
    """
    if os.path.isfile(name):  # unlike Path.is_file, it takes any text for a name
        return name
    shipped = shipped_scenarios()
    if name not in shipped and not {"/", os.sep, "."} & set(name):
        what = f"no such file or shipped scenario{choices(name, sorted(shipped))}"
        raise ScenarioError([Problem(short(name), what)])
    return shipped.get(name, name)
