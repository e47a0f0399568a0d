"""Entries: the values of a file with the places where they stand, and what is wrong there."""

from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from simulator.errors import Problem, ScenarioError

__all__ = ["FIRST_OVERRIDE", "Entry", "Findings", "Keys", "Place", "error_of", "stop"]

Keys = tuple[str | int, ...]
"""The names and indices that lead from the root to an entry."""

FIRST_OVERRIDE = 1_000_000
"""The rank of the first layer of overrides. Files have lower ones, in the order of reading."""


class Place(NamedTuple):
    """Where something stands, sorted in reading order; line 0 is a source as a whole.

    `rank` numbers the sources in the order in which they were read.
    """

    rank: int
    line: int
    column: int
    source: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


Findings = list[tuple[Place, str]]
"""Everything found wrong so far: where, and what."""


@dataclass
class Entry:
    """A value, which is a mapping or list of entries or a leaf, and where it and its key stand."""

    value: Any
    place: Place
    key: Place

    def plain(self) -> Any:
        """The value without places, as plain data."""
        if isinstance(self.value, dict):
            return {name: entry.plain() for name, entry in self.value.items()}
        if isinstance(self.value, list):
            return [entry.plain() for entry in self.value]
        return self.value

    def child(self, part: str | int) -> "Entry | None":
        """The entry inside at a name or an index; None where there is none."""
        child: Entry | None = None
        if isinstance(self.value, dict):
            child = self.value.get(part)
        elif isinstance(self.value, list) and isinstance(part, int) and part < len(self.value):
            child = self.value[part]
        return child


def error_of(findings: Findings) -> ScenarioError:
    """The error that reports all findings, each once, in reading order."""
    return ScenarioError(Problem(str(place), what) for place, what in sorted(set(findings)))


def stop(findings: Findings, place: Place, what: str) -> NoReturn:
    """Add a last finding, after which reading cannot go on, and raise the error."""
    findings.append((place, what))
    raise error_of(findings)
