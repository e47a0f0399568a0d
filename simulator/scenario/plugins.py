"""Users' own components, from Python files that users, but never a scenario, name."""

import importlib.util
import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast
from weakref import WeakKeyDictionary

from simulator.components import Component, Section, own_components
from simulator.datafiles import file_hash
from simulator.errors import Problem, ScenarioError
from simulator.foreign import PLUGIN_MODULE, described_error
from simulator.reading import dotted, short
from simulator.scenario.former import former_method

__all__ = ["Plugin", "load_plugins", "plugin_files"]

Plugin = str | Path | type[Component]
"""A Python file that defines users' own components, or one such class."""


class _File(NamedTuple):
    path: Path
    sha256: str


_FILE_OF: WeakKeyDictionary[type[Component], _File] = WeakKeyDictionary()
"""The file that each component was loaded from."""


def load_plugins(plugins: Iterable[Plugin]) -> tuple[type[Component], ...]:
    """The components that plugins define: subclasses with a `kind` of their own.

    Raises ScenarioError when a file cannot be run or defines no component, or a class is none.
    """
    _refuse_single(plugins)
    items = [Path(each) if isinstance(each, str) else each for each in plugins]
    _refuse_one_name([each for each in items if isinstance(each, Path)])
    found = [_components(each) if isinstance(each, Path) else [_checked(each)] for each in items]
    return tuple(component for components in found for component in components)


def plugin_files(scenario: Section, plugins: Sequence[str | Path] = ()) -> list[Path]:
    """The files that define a scenario's own components, and `plugins`.

    Raises ScenarioError for a component that is in none of them, and for a file that has changed
    since its components were loaded: a run could not be repeated from its folder.
    """
    files = {file.resolve(): file for file in _files(plugins)}
    for component in (type(scenario).extended_from or (None, ()))[1]:
        if (file := _FILE_OF.get(component)) is not None:
            files.setdefault(file.path, file.path)
            if not file.path.is_file() or file_hash(file.path) != file.sha256:
                what = "was changed since it was loaded; load the scenario again"
                raise ScenarioError([Problem(f"plugin {file.path}", what)])
    _refuse_one_name(list(files.values()))
    if missing := _without_file(scenario, plugins):
        raise ScenarioError(
            Problem(
                place,
                f"{component.__name__} is defined in no plugin, so the run could not be repeated "
                "from its folder; write the class to a file and give run(..., "
                "plugins=['FILE.py']), or step an Economy",
            )
            for place, component in missing.items()
        )
    return list(files.values())


def _files(plugins: Sequence[Any]) -> list[Path]:
    """Plugins that are files. Raises ScenarioError for any other, and for a missing file."""
    _refuse_single(plugins)
    for each in plugins:
        if not isinstance(each, str | Path):
            raise ScenarioError([Problem("plugins", f"expected a Python file, got {_shown(each)}")])
        if not Path(each).is_file():
            raise ScenarioError([Problem(f"plugin {each}", "no such file")])
    return [Path(each) for each in plugins]


def _without_file(scenario: Section, plugins: Sequence[str | Path]) -> dict[str, type[Component]]:
    """The users' components that a scenario uses and no file defines, by place."""
    missing: dict[str, type[Component]] = {}
    for place, component in _components_in(scenario, ()):
        original: Any = (type(component).extended_from or (type(component),))[0]
        if any(own_components(original)) and original not in _FILE_OF:
            missing[place] = original
    defined = {_name(component) for component in load_plugins(plugins)} if missing else set()
    return {place: each for place, each in missing.items() if _name(each) not in defined}


def _name(component: type[Component]) -> tuple[str, str]:
    return component.__qualname__, _kind(component)


def _refuse_single(plugins: Any) -> None:
    if isinstance(plugins, str | Path | type):
        raise ScenarioError(f"plugins are a list, such as [{_shown(plugins)}]")


def _refuse_one_name(files: Sequence[Path]) -> None:
    """Refuse several files of one name, which a run folder could not hold."""
    names = [file.name for file in files]
    if duplicates := sorted({name for name in names if names.count(name) > 1}):
        what = f"plugins: two files of the same name, {', '.join(duplicates)}: rename one"
        raise ScenarioError(what)


def _components_in(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str, Component]]:
    """All components inside a value, by dotted path."""
    if isinstance(value, Component):
        yield dotted(path), value
    if isinstance(value, Section):
        for name, inner in value:
            yield from _components_in(inner, (*path, name))
    elif isinstance(value, tuple):
        for number, inner in enumerate(value):
            yield from _components_in(inner, (*path, number))


def _components(file: Path) -> list[type[Component]]:
    where, name = f"plugin {file}", f"{PLUGIN_MODULE}{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if not file.is_file():
        raise ScenarioError([Problem(where, "no such file")])
    if spec is None or spec.loader is None:
        raise ScenarioError([Problem(where, "is not a Python file: its name must end in .py")])
    source = _File(file.resolve(), file_hash(file))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        problem = f"cannot be run: {described_error(error)}"
        raise ScenarioError([Problem(where, problem)]) from error
    found = [
        item
        for item in vars(module).values()
        if inspect.isclass(item)
        and issubclass(item, Component)
        and item.__module__ == name
        and _kind(item)
    ]
    if not found:
        what = "defines no component (a subclass of a family's base with a literal `kind`)"
        raise ScenarioError([Problem(where, what)])
    if former := [what for each in found if (what := former_method(each))]:
        raise ScenarioError(Problem(where, what) for what in former)
    components = [item for item in found if not inspect.isabstract(item)]
    bases = {base for item in found for base in item.__mro__[1:]}
    if unfinished := [each for each in found if each not in bases and each not in components]:
        raise ScenarioError(Problem(where, _lacking(each)) for each in unfinished)
    _FILE_OF.update(dict.fromkeys(components, source))
    return components


def _lacking(component: type[Component]) -> str:
    """The methods that an abstract component does not define, as a problem."""
    missing = ", ".join(sorted(component.__abstractmethods__))
    return f"{component.__name__} lacks a method: {missing}"


def _checked(component: Any) -> type[Component]:
    """A component class. Raises ScenarioError when it is none, or could not be named by a kind."""
    if not (inspect.isclass(component) and issubclass(component, Component)):
        what = f"expected a Python file or a component's class, got {_shown(component)}"
    elif not _kind(component):
        kind = component.__name__.lower()
        what = f"{component.__name__} has no kind; add the line kind: Literal['{kind}'] = '{kind}'"
    elif inspect.isabstract(component):
        what = _lacking(component)
    else:
        what = former_method(component)
    if what:
        raise ScenarioError([Problem("plugins", what)])
    return cast(type[Component], component)


def _kind(component: type[Component]) -> str:
    """The kind of a component; empty for a base class."""
    kind = component.model_fields["kind"].default
    return kind if isinstance(kind, str) else ""


def _shown(value: Any) -> str:
    return value.__name__ if inspect.isclass(value) else short(repr(value))
