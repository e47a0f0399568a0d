"""The errors of pydantic in our words, each at the entry that is meant."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from pydantic import ValidationError

from simulator.components import Family, Section
from simulator.errors import suggestion
from simulator.reading.entries import FIRST_OVERRIDE, Entry, Findings, Keys, Place
from simulator.reading.settings import (
    Options,
    fields_of,
    kind_of,
    member_of,
    options_inside,
    options_of,
)
from simulator.reading.words import (
    as_yaml,
    choices,
    described,
    dotted,
    path_prefix,
    quoted,
    rounded,
    short,
)

__all__ = ["translated"]

WANTED = {
    "float_type": "a number",
    "int_type": "a whole number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "none_required": "null",
}
LIMITS = {
    "greater_than": ("small", "greater than", "gt"),
    "greater_than_equal": ("small", "at least", "ge"),
    "less_than": ("large", "less than", "lt"),
    "less_than_equal": ("large", "at most", "le"),
}

_Located = tuple[Keys, Entry, Options]


@dataclass(frozen=True)
class _Fault:
    """One error of pydantic's in our words; of a wrong type, what was `wanted` and `given`."""

    path: Keys
    place: Place
    words: str = ""
    wanted: str = ""
    given: Any = None


def translated(
    error: ValidationError, model: type[Section], root: Entry, refused: Mapping[str, str]
) -> Findings:
    """What validating the values of `root` as `model` found, one finding for each mistake.

    `refused` has messages for names at the root that are deliberately no settings.
    """
    errors = error.errors(include_url=False)
    # A list whose items are all wrong is also said to be too short.
    inside = {each["loc"][:length] for each in errors for length in range(len(each["loc"]))}
    distinct = [each for each in errors if each["type"] != "too_short" or each["loc"] not in inside]
    faults = [_fault(each, model, root, refused) for each in distinct]
    # Each member of a union complains; a wrong type says nothing where another came further.
    reached = {fault.path[:length] for fault in faults for length in range(len(fault.path))}
    reached |= {fault.path for fault in faults if fault.words}
    findings = [(fault.place, fault.words) for fault in faults if fault.words]
    mistyped: dict[Keys, list[_Fault]] = {}
    for fault in faults:
        if fault.wanted and fault.path not in reached:
            mistyped.setdefault(fault.path, []).append(fault)
    return findings + [(group[0].place, _mistyped(group)) for group in mistyped.values()]


def _mistyped(faults: list[_Fault]) -> str:
    """The message about one value that has none of the types it may have."""
    path, given = faults[0].path, faults[0].given
    wanted = " or ".join(dict.fromkeys(fault.wanted for fault in faults))
    hint = suggestion(given, re.findall("'([^']*)'", wanted)) if isinstance(given, str) else ""
    return f"{path_prefix(path)}expected {wanted}, got {described(given)}{hint}"


def _fault(error: Any, model: type[Section], root: Entry, refused: Mapping[str, str]) -> _Fault:
    kind, loc, given, context = error["type"], error["loc"], error["input"], error.get("ctx", {})
    if kind in ("missing", "extra_forbidden"):
        return _misnamed(kind, _located(loc[:-1], model, root), loc[-1], refused)
    path, entry, options = _located(loc, model, root)
    if kind == "union_tag_invalid":
        return _unknown_kind(path, entry, options)
    if kind == "union_tag_not_found":
        wanted = f"a mapping (like {{kind: {kind_of(entry, options)}}})"
        return _Fault(path, entry.place, wanted=wanted, given=given)
    if kind in WANTED or kind in ("literal_error", "enum"):
        wanted = WANTED.get(kind) or context["expected"]
        return _Fault(path, entry.place, wanted=wanted, given=given)
    return _Fault(path, _blamed(entry), path_prefix(path) + _broken_rule(error, given, context))


def _blamed(entry: Entry) -> Place:
    """Where the entry stands or, if overrides changed something inside it, the last of them."""
    newest = max(_places(entry), key=attrgetter("rank"))
    return newest if newest.rank >= FIRST_OVERRIDE else entry.place


def _places(entry: Entry) -> Iterator[Place]:
    """The places of an entry and of everything inside it."""
    yield entry.place
    inside = entry.value.values() if isinstance(entry.value, dict) else entry.value
    for child in inside if isinstance(entry.value, dict | list) else ():
        yield from _places(child)


def _broken_rule(error: Any, given: Any, context: Mapping[str, Any]) -> str:
    kind = error["type"]
    if kind in LIMITS:
        size, rule, limit = LIMITS[kind]
        return f"{short(as_yaml(given))} is too {size}; it must be {rule} {rounded(context[limit])}"
    if kind in ("too_short", "too_long"):
        least = "at least" if kind == "too_short" else "at most"
        size = context.get("min_length", context.get("max_length"))
        items = "item" if size == 1 else "items"
        return f"expected {least} {size} {items}, got {context['actual_length']}"
    if kind in ("value_error", "assertion_error"):
        return " ".join(str(context["error"]).split())
    return str(error["msg"])


def _misnamed(kind: str, located: _Located, name: str | int, refused: Mapping[str, str]) -> _Fault:
    """A required setting that is missing, or a name that is no setting."""
    (path, entry, options), whole = located, (*located[0], name)
    if kind == "missing":
        return _Fault(whole, entry.place, f"{path_prefix(whole)}missing; this setting is required")
    allowed = [field for option in options for field in fields_of(member_of(option, entry))]
    if not path:
        allowed = ["extends", *allowed]
    kinds = f" ({short(of)})" if (of := kind_of(entry, options)) else ""
    where = f" in {dotted(path)}{kinds}" if path else ""
    words = f"unknown setting {quoted(str(name))}{where}{choices(str(name), allowed)}"
    if not path and (why := refused.get(str(name))):
        words = f"{name}: {why}"
    child = entry.child(name)
    return _Fault(whole, child.key if child else entry.place, words)


def _unknown_kind(path: Keys, entry: Entry, options: Options) -> _Fault:
    stated = entry.child("kind") or entry
    kinds = [kind for option in options if isinstance(option, Family) for kind in option.kinds]
    kind = as_yaml(stated.value)
    words = f"unknown kind {quoted(kind)} for {dotted(path)}{choices(kind, kinds)}"
    return _Fault((*path, "kind"), stated.place, words)


def _located(loc: Keys, model: type[Section], root: Entry) -> _Located:
    """The entry that pydantic means, its path, and what it may be."""
    path: Keys = ()
    entry, options = root, options_of(model)
    inside_member = False
    for part in loc:
        chosen = len(options) > 1 or any(isinstance(option, Family) for option in options)
        if chosen and not inside_member:  # pydantic names the member of the union or family
            inside_member = True
        elif (child := entry.child(part)) is not None:
            path, options = (*path, part), options_inside(options, part, entry)
            entry, inside_member = child, False
    return path, entry, options
