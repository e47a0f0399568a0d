"""The scenarios that come with the package."""

import os
from importlib.resources import files
from pathlib import Path

from simulator.errors import Problem, ScenarioError
from simulator.reading import choices, described, short

__all__ = ["FOLDER", "scenario_file", "shipped_scenarios"]

FOLDER = Path(str(files("simulator.shipped")))


def shipped_scenarios() -> dict[str, Path]:
    """Files of the shipped scenarios, by name."""
    return {file.stem: file for file in sorted(FOLDER.glob("*.yaml"))}


def scenario_file(name: object) -> str | Path:
    """The file `name` if it exists, else the file of the shipped scenario of this name.

    Raises ScenarioError when there is no such scenario, unless `name` looks like a path.
    """
    if not isinstance(name, str | Path):
        what = f"expected a file or the name of a shipped scenario, got {described(name)}"
        raise ScenarioError(f"{what}; settings in Python are Scenario(...)")
    name = str(name)
    if os.path.isfile(name):  # unlike Path.is_file, accepts any text
        return name
    shipped = shipped_scenarios()
    if name not in shipped and not {"/", os.sep, "."} & set(name):
        what = f"no such file or shipped scenario{choices(name, sorted(shipped))}"
        raise ScenarioError([Problem(short(name), what)])
    return shipped.get(name, name)
