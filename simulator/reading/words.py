"""Wording of values, paths and suggestions in messages: always one short line."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from simulator.errors import suggestion

__all__ = ["as_yaml", "choices", "described", "dotted", "path_prefix", "quoted", "rounded", "short"]

LONGEST_TEXT = 60  # characters


def short(text: str) -> str:
    """The text on one line of at most 60 characters."""
    if not text.isprintable():
        text = text.encode("unicode_escape").decode("ascii")
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 3]}..."


def quoted(text: str) -> str:
    """The text, shortened, in quotes."""
    return f"'{short(text)}'"


def as_yaml(value: Any) -> str:
    """A value in YAML notation."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {as_yaml(inner)}' for name, inner in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_yaml, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else f"{'-' if value < 0 else ''}.inf"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value)


def described(value: Any) -> str:
    """A short description of an unexpected value."""
    if isinstance(value, str):
        return f"text {quoted(value)}"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, type):
        return f"the class {value.__name__}; write {value.__name__}(...)"
    if isinstance(value, list | tuple):
        return "a list"
    plain = value is None or isinstance(value, bool | int | float)
    return short(as_yaml(value) if plain else repr(value))


def rounded(limit: Any) -> str:
    """A limit, without `.0` where it is a whole number."""
    whole = isinstance(limit, float) and limit.is_integer() and abs(limit) < 1e15
    return str(int(limit)) if whole else str(limit)


def dotted(path: Iterable[str | int]) -> str:
    """A path in dotted form, such as `market.curve.fee`."""
    return ".".join(short(str(part)) for part in path)


def path_prefix(path: Sequence[str | int]) -> str:
    """The beginning of a message about `path`; empty at the root."""
    return f"{dotted(path)}: " if path else ""


def choices(name: str, names: Sequence[str]) -> str:
    """The end of a message: the closest of `names`, then all of them."""
    hint = suggestion(name, names) or "."
    return f"{hint} Allowed: {', '.join(names)}"
