"""Files of settings, from YAML to a validated model, with the place of every mistake."""

from simulator.reading.entries import Entry
from simulator.reading.files import read
from simulator.reading.overrides import parse_overrides
from simulator.reading.settings import Options, fields_of, options_of
from simulator.reading.text import dump
from simulator.reading.words import as_yaml, choices, dotted, short

__all__ = [
    "Entry",
    "Options",
    "as_yaml",
    "choices",
    "dotted",
    "dump",
    "fields_of",
    "options_of",
    "parse_overrides",
    "read",
    "short",
]
