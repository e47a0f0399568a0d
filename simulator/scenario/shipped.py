"""The scenarios that come with the package."""

import os
from importlib.resources import files
from pathlib import Path

from simulator.errors import Problem, ScenarioError
from simulator.reading import choices, short

__all__ = ["FOLDER", "scenario_file", "shipped_scenarios"]

FOLDER = Path(str(files("simulator.shipped")))


def shipped_scenarios() -> dict[str, Path]:
    """Their files by name."""
    return {file.stem: file for file in sorted(FOLDER.glob("*.yaml"))}


def scenario_file(name: str) -> str | Path:
    """The file of this name or, if there is none, of the shipped scenario of this name.

    Raises ScenarioError when the name, which cannot be a path, is that of no shipped scenario.
    """
    if os.path.isfile(name):  # unlike Path.is_file, it takes any text for a name
        return name
    shipped = shipped_scenarios()
    if name not in shipped and not {"/", os.sep, "."} & set(name):
        what = f"no such file or shipped scenario{choices(name, sorted(shipped))}"
        raise ScenarioError([Problem(short(name), what)])
    return shipped.get(name, name)
