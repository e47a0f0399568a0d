"""The scenarios and studies that come with the package, and what their names mean."""

from importlib.resources import files
from pathlib import Path

from simulator.errors import Problem, ScenarioError
from simulator.reading import Named, Shelf, described, short

__all__ = ["FOLDER", "SCENARIOS", "STUDIES", "find_named", "find_scenario", "find_study"]

FOLDER = Path(str(files("simulator.shipped")))
SCENARIOS = Shelf("scenario", FOLDER)
STUDIES = Shelf("study", FOLDER / "studies")


def find_scenario(name: object) -> Path:
    """The file of a scenario: a shipped one by its bare name, or the path of a file, see `Shelf`.

    Raises ScenarioError when there is no such scenario; a path may lead nowhere.
    """
    return Path(find_named(name, SCENARIOS).path)


def find_study(name: object) -> Path:
    """The file of a study, as `find_scenario` finds that of a scenario."""
    return Path(find_named(name, STUDIES).path)


def find_named(name: object, shelf: Shelf) -> Named:
    """What a name means, see `Shelf`. Raises ScenarioError as `find_scenario` does."""
    if isinstance(name, Path):  # a Path is a path, whatever its name
        return Named(str(name), str(name))
    if not isinstance(name, str):
        what = f"expected a file or the name of a shipped {shelf.noun}, got {described(name)}"
        raise ScenarioError(f"{what}; settings in Python are Scenario(...)")
    try:
        return shelf.find(name)
    except ScenarioError as error:
        raise ScenarioError([Problem(short(name), str(error))]) from None
