"""Settings from YAML or Python to a validated model, with the place of every mistake."""

from simulator.reading.entries import Entry
from simulator.reading.files import read
from simulator.reading.numbers import as_python
from simulator.reading.overrides import parse_overrides
from simulator.reading.settings import Options, fields_of, options_of
from simulator.reading.text import dump
from simulator.reading.validating import error_of_arguments, with_changes
from simulator.reading.words import as_yaml, choices, described, dotted, short

__all__ = [
    "Entry",
    "Options",
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
    "read",
    "short",
    "with_changes",
]
