"""Users' own components, from Python files that users, but never a scenario, name."""

import importlib.util
import inspect
import sys
from collections.abc import Iterable
from pathlib import Path

from simulator.components import Component
from simulator.errors import Problem, ScenarioError
from simulator.scenario.former import former_method

__all__ = ["load_plugins"]


def load_plugins(files: Iterable[str | Path]) -> tuple[type[Component], ...]:
    """The components that Python files define: subclasses with a `kind` of their own.

    Raises ScenarioError when a file cannot be run or defines no component.
    """
    paths = [Path(file) for file in files]
    names = [path.name for path in paths]
    if duplicates := sorted({name for name in names if names.count(name) > 1}):
        raise ScenarioError(
            f"--plugin: two files of the same name, {', '.join(duplicates)}: rename one"
        )
    return tuple(component for path in paths for component in _components(path))


def _components(file: Path) -> list[type[Component]]:
    name = f"wallstreetfeds_plugin_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if not file.is_file():
        raise ScenarioError([Problem(f"--plugin {file}", "no such file")])
    if spec is None or spec.loader is None:
        raise ScenarioError(
            [Problem(f"--plugin {file}", "is not a Python file: its name must end in .py")]
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        problem = f"cannot be run: {type(error).__name__}: {error}"
        raise ScenarioError([Problem(f"--plugin {file}", problem)]) from error
    components = [
        item
        for item in vars(module).values()
        if inspect.isclass(item)
        and issubclass(item, Component)
        and item.__module__ == name
        and isinstance(item.model_fields["kind"].default, str)
        and not inspect.isabstract(item)
    ]
    if not components:
        what = "defines no component (a subclass of a family's base with a literal `kind`)"
        raise ScenarioError([Problem(f"--plugin {file}", what)])
    if former := [what for each in components if (what := former_method(each))]:
        raise ScenarioError(Problem(f"--plugin {file}", what) for what in former)
    return components
