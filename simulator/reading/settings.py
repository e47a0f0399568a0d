"""The settings that a model allows at each place, given the kinds that entries name."""

import types
from collections.abc import Iterable
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simulator.families import Family
from simulator.reading.entries import Entry
from simulator.reading.words import as_yaml

__all__ = ["Options", "fields_of", "kind_of", "member_of", "options_inside", "options_of"]

Options = tuple[Any, ...]
"""The families, sections and other types that a value may be."""


def options_of(annotation: Any, metadata: Iterable[Any] = ()) -> Options:
    """The options that an annotation, with the metadata of its field, allows."""
    if families := tuple(item for item in metadata if isinstance(item, Family)):
        return families
    if get_origin(annotation) is Annotated:
        base, *metadata = get_args(annotation)
        return options_of(base, metadata)
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(option for member in get_args(annotation) for option in options_of(member))
    return () if annotation is type(None) else (annotation,)


def fields_of(option: Any) -> dict[str, FieldInfo]:
    """The fields of a section; empty for any other option."""
    is_section = isinstance(option, type) and issubclass(option, BaseModel)
    return option.model_fields if is_section else {}


def member_of(option: Any, entry: Entry) -> Any:
    """The member of a family that `entry` names, None if unknown; any other option itself."""
    if isinstance(option, Family):
        return option.kinds.get(kind_of(entry, (option,)) or "")
    return option


def kind_of(entry: Entry, options: Options) -> str | None:
    """The stated or else the default kind of a mapping; None where options have no kinds."""
    if kind_entry := entry.child("kind"):
        return as_yaml(kind_entry.value)
    for option in options:
        if isinstance(option, Family):
            return next(iter(option.kinds))
        if kind := fields_of(option).get("kind"):
            return str(kind.default)
    return None


def options_inside(options: Options, part: str | int, entry: Entry) -> Options:
    """The options at `part` of `entry`, which is itself one of `options`."""
    for option in options:
        if field := fields_of(member_of(option, entry)).get(str(part)):
            return options_of(field.annotation, field.metadata)
        origin: Any = get_origin(option)
        arguments = [argument for argument in get_args(option) if argument is not Ellipsis]
        if arguments and isinstance(part, int) == (origin is not dict):
            return options_of(
                arguments[min(part, len(arguments) - 1) if isinstance(part, int) else -1]
            )
    return ()
