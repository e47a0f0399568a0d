"""One scenario over another: a file over the file that it extends, overrides over both."""

from collections.abc import Mapping
from typing import Any

from simulator.components import Section
from simulator.errors import ScenarioError
from simulator.scenario.entries import Entry, Findings, Place
from simulator.scenario.options import Options, kind_of, options_inside
from simulator.scenario.words import dotted, got, quoted, short, shown

__all__ = ["AFTER_FILES", "merged", "override"]

AFTER_FILES = 1_000_000  # the rank of the first overrides


def merged(base: Entry, child: Entry, options: Options) -> Entry:
    """`child` over `base`: maps merge, everything else and a component of another kind replaces."""
    if not (isinstance(base.value, dict) and isinstance(child.value, dict)):
        return child
    if "kind" in child.value and kind_of(child, options) != kind_of(base, options):
        return child
    entries = dict(base.value)
    for name, entry in child.value.items():
        below = options_inside(options, name, child if "kind" in child.value else base)
        entries[name] = merged(entries[name], entry, below) if name in entries else entry
    return Entry(entries, child.place, child.key)


def override(
    root: Entry,
    model: type[Section],
    overrides: Mapping[str, Any],
    rank: int,
    findings: Findings,
) -> None:
    """Set each value by its dotted path, wholes before their parts; note those that cannot be.

    A value may be an entry that stands elsewhere, in a study; `rank` puts it after what is there.
    """
    changes = [(path.split("."), value) for path, value in overrides.items()]
    for names, value in sorted(changes, key=lambda change: len(change[0])):
        place = Place(rank, 0, 0, f"--set {dotted(names)}={short(shown(value))}")
        if isinstance(value, Entry):
            place = value.key._replace(rank=rank)
        try:
            _set(root, (model,), names, _entry_of(value, place))
        except ScenarioError as error:
            findings.append((place, str(error)))


def _set(entry: Entry, options: Options, names: list[str], new: Entry) -> None:
    for depth in range(len(names) - 1):
        part = _part(entry, names, depth)
        options, entry = (
            options_inside(options, part, entry),
            _opened(entry, part, names, depth, new.place),
        )
    part = _part(entry, names, len(names) - 1)
    if part == "kind" and shown(new.value) != kind_of(entry, options):
        # What these overrides have set already is meant for the new kind.
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
        raise ScenarioError(f"{where} is {got(entry.value)}; there is nothing inside to set")
    if name not in map(str, range(len(entry.value))):
        size = len(entry.value)
        raise ScenarioError(f"{where} has no item {quoted(name)}; it has {size}, numbered from 0")
    return int(name)


def _opened(entry: Entry, part: str | int, names: list[str], depth: int, place: Place) -> Entry:
    """What `entry` holds at `part`; an empty mapping where the file has nothing or null."""
    inner = entry.child(part)
    if inner is not None and inner.value is not None:
        return inner
    if names[depth + 1].isdecimal():
        where = dotted(names[: depth + 1])
        raise ScenarioError(f"{where} is not a list in the file; set the whole list: {where}=[...]")
    inner = entry.value[part] = Entry({}, place, place)
    return inner


def _entry_of(value: Any, place: Place) -> Entry:
    if isinstance(value, Entry):
        key, own = (each._replace(rank=place.rank) for each in (value.key, value.place))
        return Entry(_entry_of(value.value, own).value, own, key)
    if isinstance(value, Mapping):
        if strange := [name for name in value if not isinstance(name, str)]:
            raise ScenarioError(f"the name of a setting must be text, got {got(strange[0])}")
        value = {name: _entry_of(inner, place) for name, inner in value.items()}
    elif isinstance(value, list | tuple):
        value = [_entry_of(item, place) for item in value]
    return Entry(value, place, place)
