"""Entries: the values of a file with their places, and the problems found there."""

from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from simulator.errors import Problem, ScenarioError

__all__ = ["FIRST_OVERRIDE", "Entry", "Findings", "Keys", "Place", "error_of", "stop"]

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
