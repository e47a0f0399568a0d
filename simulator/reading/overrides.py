"""Overrides: values that replace settings of a file, by dotted path."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from simulator.errors import Problem, ScenarioError
from simulator.reading.entries import Entry, Findings, Place, error_of
from simulator.reading.numbers import as_python
from simulator.reading.settings import Options, kind_of, options_inside
from simulator.reading.text import Source
from simulator.reading.words import as_yaml, described, dotted, quoted, short

__all__ = ["entry_of", "override", "parse_overrides"]


def parse_overrides(settings: Iterable[str]) -> dict[str, Any]:
    """Overrides from texts like `market.fee=0.01`; values are YAML, the last one of a path counts.

    Raises ScenarioError that names every text of another form.
    """
    overrides: dict[str, Any] = {}
    problems: list[Problem] = []
    for text in settings:
        try:
            path, value = _parsed_override(text)
            overrides[path] = value
        except ScenarioError as error:
            where = f"--set {short(text)}"
            problems += [Problem(where, problem.what) for problem in error.problems]
    if problems:
        raise ScenarioError(problems)
    return overrides


def _parsed_override(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals:
        raise ScenarioError("has no '='; write it as path=value")
    if not all(path.strip().split(".")):
        raise ScenarioError("the path before '=' has an empty name; write it like market.fee=0.01")
    findings: Findings = []
    entry = Source("", 0, findings).parse(value)
    if findings:
        raise error_of(findings)
    return path.strip(), entry.plain_value() if entry else None


def override(
    root: Entry,
    model: type[BaseModel],
    overrides: Mapping[str, Any],
    rank: int,
    findings: Findings,
    option: str = "",
) -> None:
    """Set each value by its dotted path, sections before their settings; report impossible ones.

    A value may be an entry of another file, such as a study; `rank` sorts it after earlier entries.
    Messages name the path or, with an `option` of the command line, all of `--set path=value`.
    """
    changes = [(path.split("."), value) for path, value in _by_path(overrides)]
    for names, value in sorted(changes, key=lambda change: len(change[0])):
        written = f"{option} {dotted(names)}={short(as_yaml(value))}" if option else dotted(names)
        place = Place(rank, 0, 0, written)
        if isinstance(value, Entry):
            place = value.key._replace(rank=rank)
        try:
            _set(root, (model,), names, entry_of(value, place))
        except ScenarioError as error:
            findings.append((place, str(error)))


def _by_path(overrides: Any) -> Iterable[tuple[str, Any]]:
    """The overrides as pairs. Raises ScenarioError when they are no mapping of paths."""
    if not isinstance(overrides, Mapping):
        example = "{'market.fee': 0.01}"
        raise ScenarioError(f"expected values by path, {example}, got {described(overrides)}")
    for path in overrides:
        if not isinstance(path, str):
            raise ScenarioError(f"a path is text like 'market.fee', got {described(path)}")
    return overrides.items()


def _set(entry: Entry, options: Options, names: list[str], new: Entry) -> None:
    """Put `new` at the path `names` of `entry`, which is one of `options`."""
    for depth in range(len(names) - 1):
        part = _part(entry, names, depth)
        options, entry = (
            options_inside(options, part, entry),
            _entry_at(entry, part, names, depth, new.place),
        )
    part = _part(entry, names, len(names) - 1)
    if part == "kind" and as_yaml(new.value) != kind_of(entry, options):
        # Settings from these overrides are meant for the new kind.
        rank = new.place.rank
        entry.value = {name: old for name, old in entry.value.items() if old.place.rank == rank}
    entry.value[part] = new


def _part(entry: Entry, names: list[str], depth: int) -> str | int:
    """The name at `depth` as a key or an index of `entry`."""
    name, where = names[depth], dotted(names[:depth])
    if not name:
        raise ScenarioError("the path has an empty name; write it like market.fee")
    if isinstance(entry.value, dict):
        return name
    if not isinstance(entry.value, list):
        raise ScenarioError(f"{where} is {described(entry.value)}; there is nothing inside to set")
    if name not in map(str, range(len(entry.value))):
        size = len(entry.value)
        raise ScenarioError(f"{where} has no item {quoted(name)}; it has {size}, numbered from 0")
    return int(name)


def _entry_at(entry: Entry, part: str | int, names: list[str], depth: int, place: Place) -> Entry:
    """The entry at `part` of `entry`; a new empty mapping where the file has nothing or null."""
    inner = entry.child(part)
    if inner is not None and inner.value is not None:
        return inner
    if names[depth + 1].isdecimal():
        where = dotted(names[: depth + 1])
        raise ScenarioError(f"{where} is not a list in the file; set the whole list: {where}=[...]")
    inner = entry.value[part] = Entry({}, place, place)
    return inner


def _written(model: BaseModel) -> dict[str, Any]:
    """The settings of a model without those left to their defaults, which may depend on others."""
    return {
        name: value
        for name, value in model
        if name == "kind" or name in model.model_fields_set or isinstance(value, BaseModel | tuple)
    }


def entry_of(value: Any, place: Place) -> Entry:
    """A value as an entry at `place`; an entry keeps its own places, with the rank of `place`."""
    value = _written(value) if isinstance(value, BaseModel) else as_python(value)
    if isinstance(value, Entry):
        key, place = (each._replace(rank=place.rank) for each in (value.key, value.place))
        return Entry(entry_of(value.value, place).value, place, key)
    if isinstance(value, Mapping):
        if invalid := [name for name in value if not isinstance(name, str)]:
            raise ScenarioError(f"the name of a setting must be text, got {described(invalid[0])}")
        value = {name: entry_of(inner, place) for name, inner in value.items()}
    elif isinstance(value, list | tuple):
        value = [entry_of(item, place) for item in value]
    return Entry(value, place, place)
