"""Files of settings, from YAML to a validated model, with the place of every mistake."""

from simulator.reading.entries import Entry, placed
from simulator.reading.files import Reading, read
from simulator.reading.overrides import parse_overrides
from simulator.reading.settings import Options, fields_of, options_of
from simulator.reading.shelves import Named, Shelf
from simulator.reading.text import dump
from simulator.reading.words import as_yaml, choices, dotted, rounded, short

__all__ = [
    "Entry",
    "Named",
    "Options",
    "Reading",
    "Shelf",
    "as_yaml",
    "choices",
    "dotted",
    "dump",
    "fields_of",
    "options_of",
    "parse_overrides",
    "placed",
    "read",
    "rounded",
    "short",
]
