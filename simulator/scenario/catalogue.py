"""The catalogue: all settings and components of a scenario type, by place."""

from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from simulator.components import Component, Family, Section
from simulator.reading import Options, fields_of, options_of

__all__ = ["PlaceContent", "defaults", "places"]

PlaceContent = tuple[type[Component], ...] | dict[str, FieldInfo]
"""Content of a place: a family of components, or a section's plain settings by name."""


def places(model: type[Section]) -> dict[str, PlaceContent]:
    """Families and sections by dotted path; `[]` means each item of a list."""
    return _places_within((model,), "")


def _places_within(options: Options, path: str) -> dict[str, PlaceContent]:
    contents: dict[str, PlaceContent] = {}
    for option in options:
        origin: Any = get_origin(option)
        if isinstance(option, Family):
            contents[path] = option.members
        elif origin is tuple:
            contents |= _places_within(options_of(get_args(option)[0]), f"{path}[]")
        plain: dict[str, FieldInfo] = {}
        nested: dict[str, PlaceContent] = {}
        for name, field in fields_of(option).items():
            inside = _places_within(
                options_of(field.annotation, field.metadata), f"{path}.{name}".lstrip(".")
            )
            if inside:
                nested |= inside
            else:
                plain[name] = field
        if plain:
            contents[path] = plain
        contents |= nested
    return contents


def defaults(fields: dict[str, FieldInfo]) -> dict[str, tuple[Any, str]]:
    """Default (None if required) and description of settings, by name; components by kind."""
    return {
        name: (None if field.is_required() else _kinds(field.default), field.description or "")
        for name, field in fields.items()
        if name != "kind"
    }


def _kinds(default: Any) -> Any:
    if isinstance(default, tuple):
        return [_kinds(item) for item in default]
    return default.kind if isinstance(default, Component) else default
