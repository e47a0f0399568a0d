"""Pydantic's errors as messages of our own, each at the entry that it concerns."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, get_origin

from pydantic import BaseModel, ValidationError

from simulator.errors import Misfit, suggestion
from simulator.families import Family
from simulator.foreign import described_error
from simulator.reading.entries import Entry, Findings, Keys, Place, place_at_fault
from simulator.reading.meant import hint_at
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

__all__ = ["findings_of"]

EXPECTED = {
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


class _Located(NamedTuple):
    """The entry at `path` and its options; `missing` is what pydantic found inside by default."""

    path: Keys
    entry: Entry
    options: Options
    missing: Keys


@dataclass(frozen=True)
class _Fault:
    """One error of pydantic: our `message` or, for a wrong type, the `expected` type."""

    path: Keys
    place: Place
    message: str = ""
    expected: str = ""
    value: Any = None


def findings_of(
    error: ValidationError, model: type[BaseModel], root: Entry, refused_names: Mapping[str, str]
) -> Findings:
    """Findings of validating `root` as a `model`, one for each mistake.

    `refused_names` has messages for names that are deliberately not settings: `name` at the root,
    `section.name` anywhere, and `section=kind` for kinds.
    """
    errors = error.errors(include_url=False)
    # Pydantic also calls a list too short when all of its items are invalid.
    inside = {each["loc"][:length] for each in errors for length in range(len(each["loc"]))}
    distinct = [each for each in errors if each["type"] != "too_short" or each["loc"] not in inside]
    faults = [_fault(each, model, root, refused_names) for each in distinct]
    # Each member of a union reports errors; drop type errors where another member got further.
    reached_paths = {fault.path[:length] for fault in faults for length in range(len(fault.path))}
    reached_paths |= {fault.path for fault in faults if fault.message}
    findings = [(fault.place, fault.message) for fault in faults if fault.message]
    type_faults: dict[Keys, list[_Fault]] = {}
    for fault in faults:
        if fault.expected and fault.path not in reached_paths:
            type_faults.setdefault(fault.path, []).append(fault)
    return findings + [(group[0].place, _type_message(group)) for group in type_faults.values()]


def _type_message(faults: list[_Fault]) -> str:
    """The message about one value that has none of its allowed types."""
    path, value = faults[0].path, faults[0].value
    allowed = list(dict.fromkeys(fault.expected for fault in faults))
    expected = " or ".join(allowed)
    hint = suggestion(value, re.findall("'([^']*)'", expected)) if isinstance(value, str) else ""
    hint = hint or hint_at(value, allowed)
    return f"{path_prefix(path)}expected {expected}, got {described(value)}{hint}"


def _fault(error: Any, model: type[BaseModel], root: Entry, refused: Mapping[str, str]) -> _Fault:
    kind, loc, value, context = error["type"], error["loc"], error["input"], error.get("ctx", {})
    if kind in ("missing", "extra_forbidden"):
        return _name_fault(kind, _locate(loc[:-1], model, root), loc[-1], refused)
    path, entry, options, missing = _locate(loc, model, root)
    origins: list[Any] = [get_origin(option) for option in options]
    if isinstance(entry.value, dict) and tuple in origins:
        return _Fault(path, entry.place, expected="a list", value=entry.value)
    if kind == "union_tag_invalid":
        return _kind_fault(path, entry, options, refused)
    if kind == "union_tag_not_found":
        kinds = {kind for each in options if isinstance(each, Family) for kind in each.kinds}
        named = value if isinstance(value, str) and value in kinds else kind_of(entry, options)
        expected = f"a mapping (like {{kind: {named}}})"
        return _Fault(path, entry.place, expected=expected, value=value)
    if kind in EXPECTED or kind in ("literal_error", "enum"):
        expected = EXPECTED.get(kind) or context["expected"]
        return _Fault(path, entry.place, expected=expected, value=value)
    message = path_prefix(path) + _rule_message(error, value, context)
    misfit = context.get("error")
    among = misfit.among if isinstance(misfit, Misfit) else ()
    return _Fault(path, place_at_fault(root, (*path, *missing), among), message)


def _rule_message(error: Any, value: Any, context: Mapping[str, Any]) -> str:
    kind = error["type"]
    if kind in LIMITS:
        size, rule, limit = LIMITS[kind]
        return f"{short(as_yaml(value))} is too {size}; it must be {rule} {rounded(context[limit])}"
    if kind in ("too_short", "too_long"):
        least = "at least" if kind == "too_short" else "at most"
        size = context.get("min_length", context.get("max_length"))
        items = "item" if size == 1 else "items"
        return f"expected {least} {size} {items}, got {context['actual_length']}"
    if kind in ("value_error", "assertion_error"):
        error_text = " ".join(str(context["error"]).split())
        return error_text or f"cannot be used: {described_error(context['error'])}"
    return str(error["msg"])


def _name_fault(kind: str, parent: _Located, name: str | int, refused: Mapping[str, str]) -> _Fault:
    """A missing required setting, or an unknown name, inside `parent`."""
    (path, entry, options, _), full_path = parent, (*parent.path, name)
    if kind == "missing":
        rule = "this setting is required"
        if name == "kind":
            rule = "write one into the class: kind: Literal['mine'] = 'mine'"
        message = f"{path_prefix(full_path)}missing; {rule}"
        return _Fault(full_path, entry.place, message)
    allowed = [field for option in options for field in fields_of(member_of(option, entry))]
    if not path and entry.place.line:  # in a file
        allowed = ["extends", *allowed]
    of_kind = f" ({short(stated)})" if (stated := kind_of(entry, options)) else ""
    where = f" in {dotted(path)}{of_kind}" if path else ""
    message = f"unknown setting {quoted(str(name))}{where}{choices(str(name), allowed)}"
    if reason := refused.get(f"{path[-1]}.{name}" if path else str(name)):
        message = f"{dotted(full_path)}: {reason}"
    child = entry.child(name)
    return _Fault(full_path, child.key if child else entry.place, message)


def _kind_fault(path: Keys, entry: Entry, options: Options, refused: Mapping[str, str]) -> _Fault:
    kind_entry = entry.child("kind") or entry
    kinds: dict[str, type[BaseModel]] = {}
    for option in options:
        kinds |= option.kinds if isinstance(option, Family) else {}
    kind = as_yaml(kind_entry.value)
    hint = suggestion(kind, kinds) or _described_as(kind, kinds)
    allowed = f"{hint or '.'} Allowed: {', '.join(kinds)}"
    message = f"unknown kind {quoted(kind)} for {dotted(path)}{allowed}"
    if path and (reason := refused.get(f"{path[-1]}={kind}")):
        message = f"{dotted(path)}: {reason}"
    return _Fault((*path, "kind"), kind_entry.place, message)


def _described_as(name: str, kinds: Mapping[str, type[BaseModel]]) -> str:
    """The end of a message that suggests the kinds whose descriptions contain a name."""
    words = r"\W+".join(map(re.escape, re.findall(r"\w+", name.replace("_", " "))))
    found = [
        f"'{kind}'"
        for kind, member in kinds.items()
        if re.search(rf"(?i)\b{words}\b", member.__doc__ or "")
    ]
    return f"; did you mean {' or '.join(found)}?" if len(name) > 2 and found else ""


def _locate(loc: Keys, model: type[BaseModel], root: Entry) -> _Located:
    """The path, entry and options at pydantic's location `loc`."""
    path: Keys = ()
    missing: Keys = ()
    entry, options = root, options_of(model)
    inside_member = False
    for part in loc:
        is_choice = len(options) > 1 or any(isinstance(option, Family) for option in options)
        if is_choice and not inside_member:  # pydantic names the member of the union or family
            inside_member = True
        elif (child := entry.child(part)) is not None:
            path, options = (*path, part), options_inside(options, part, entry)
            entry, inside_member = child, False
        else:
            missing = (*missing, part)
    return _Located(path, entry, options, missing)
