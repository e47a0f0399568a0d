"""Settings from YAML or Python to a validated model, with the place of every mistake."""

from simulator.reading.entries import Entry, placed
from simulator.reading.files import Reading, read
from simulator.reading.numbers import as_python
from simulator.reading.overrides import parse_overrides
from simulator.reading.settings import Options, fields_of, options_of
from simulator.reading.shelves import Named, Shelf
from simulator.reading.text import dump
from simulator.reading.validating import error_of_arguments, with_changes
from simulator.reading.words import as_yaml, choices, described, dotted, rounded, short

__all__ = [
    "Entry",
    "Named",
    "Options",
    "Reading",
    "Shelf",
    "as_python",
    "as_yaml",
    "choices",
    "described",
    "dotted",
    "dump",
    "error_of_arguments",
    "fields_of",
    "options_of",
    "parse_overrides",
    "placed",
    "read",
    "rounded",
    "short",
    "with_changes",
]
