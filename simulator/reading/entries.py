"""Entries: the values of a file with their places, and the problems found there."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from simulator.errors import Problem, ScenarioError

__all__ = [
    "FIRST_OVERRIDE",
    "Entry",
    "Findings",
    "Keys",
    "Place",
    "error_of",
    "place_at_fault",
    "placed",
    "stop",
]

Keys = tuple[str | int, ...]
"""The names and indices that lead from the root to an entry."""

FIRST_OVERRIDE = 1_000_000
"""Rank of the first layer of overrides; files have lower ranks, in the order of reading."""


class Place(NamedTuple):
    """A position in a source, sorted in reading order; line 0 means the source as a whole.

    `rank` numbers the sources in the order in which they were read.
    """

    rank: int
    line: int
    column: int
    source: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


Findings = list[tuple[Place, str]]
"""All problems so far: place and message."""


@dataclass
class Entry:
    """A value (leaf, or mapping or list of entries), its place and that of its key."""

    value: Any
    place: Place
    key: Place

    def plain_value(self) -> Any:
        """The value as plain data, without places."""
        if isinstance(self.value, dict):
            return {name: entry.plain_value() for name, entry in self.value.items()}
        if isinstance(self.value, list):
            return [entry.plain_value() for entry in self.value]
        return self.value

    def child(self, part: str | int) -> "Entry | None":
        """The entry at a name or index of this one, or None."""
        child: Entry | None = None
        if isinstance(self.value, dict):
            child = self.value.get(part)
        elif isinstance(self.value, list) and isinstance(part, int) and part < len(self.value):
            child = self.value[part]
        return child


def place_at_fault(root: Entry, path: Keys, among: Iterable[str] = ()) -> Place:
    """The place of the setting at `path` or, if given, of the one last changed `among` others.

    Others have dotted paths within the section of that setting or a section around it; "." is the
    setting itself. If all are missing, and so have defaults, the section itself is at fault.
    """
    along = _along(root, path)
    sections = along[: len(path)] or along
    stated = []
    for names in among or (".",):
        keys = tuple(int(name) if name.isdecimal() else name for name in names.split("."))
        inside = [_along(section, keys) for section in reversed(sections)]
        if names == ".":
            stated += along[len(path) :]
        else:
            stated += [entries[-1] for entries in inside if len(entries) > len(keys)][:1]
    newest = [max(_places(entry), key=_precedence) for entry in stated or along[-1:]]
    return max(newest, key=_precedence)


def _along(root: Entry, path: Keys) -> list[Entry]:
    """The entries from `root` along `path`, as far as they exist."""
    entries = [root]
    for part in path:
        if (child := entries[-1].child(part)) is None:
            break
        entries.append(child)
    return entries


def _places(entry: Entry) -> Iterator[Place]:
    """The places of an entry and of everything inside it."""
    yield entry.place
    inside = entry.value.values() if isinstance(entry.value, dict) else entry.value
    for child in inside if isinstance(entry.value, dict | list) else ():
        yield from _places(child)


def _precedence(place: Place) -> int:
    """Higher for what overrides: later overrides, then files before those they extend."""
    return place.rank if place.rank >= FIRST_OVERRIDE else -place.rank


@contextmanager
def placed(root: Entry) -> Iterator[None]:
    """Give each ScenarioError raised inside the place of the settings that it is about."""
    try:
        yield
    except ScenarioError as error:
        if not any(problem.setting for problem in error.problems):
            raise
        raise ScenarioError(_placed(problem, root) for problem in error.problems) from error


def _placed(problem: Problem, root: Entry) -> Problem:
    if problem.where or not problem.setting:
        return problem
    place = place_at_fault(root, problem.setting, problem.among)
    return Problem(str(place), f"{'.'.join(map(str, problem.setting))}: {problem.what}")


def error_of(findings: Findings) -> ScenarioError:
    """The error that reports all findings, each once, in reading order."""
    return ScenarioError(
        Problem(str(place), what.removeprefix(f"{place}: "))
        for place, what in sorted(set(findings))
    )


def stop(findings: Findings, place: Place, what: str) -> NoReturn:
    """Add a finding after which reading cannot go on, and raise the error."""
    findings.append((place, what))
    raise error_of(findings)
