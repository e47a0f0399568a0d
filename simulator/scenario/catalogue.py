"""The catalogue: every setting of a scenario type, and every component it knows, by place."""

from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from simulator.components import Component, Family, Section
from simulator.reading import Options, fields_of, options_of

__all__ = ["PlaceContent", "defaults", "places"]

PlaceContent = tuple[type[Component], ...] | dict[str, FieldInfo]
"""What stands at a place: a family of components, or a section's plain settings by name."""


def places(model: type[Section]) -> dict[str, PlaceContent]:
    """Families and sections by dotted path; `[]` stands for each item of a list."""
    return _within((model,), "")


def _within(options: Options, path: str) -> dict[str, PlaceContent]:
    found: dict[str, PlaceContent] = {}
    for option in options:
        origin: Any = get_origin(option)
        if isinstance(option, Family):
            found[path] = option.members
        elif origin is tuple:
            found |= _within(options_of(get_args(option)[0]), f"{path}[]")
        plain: dict[str, FieldInfo] = {}
        deeper: dict[str, PlaceContent] = {}
        for name, field in fields_of(option).items():
            inside = _within(
                options_of(field.annotation, field.metadata), f"{path}.{name}".lstrip(".")
            )
            if inside:
                deeper |= inside
            else:
                plain[name] = field
        if plain:
            found[path] = plain
        found |= deeper
    return found


def defaults(fields: dict[str, FieldInfo]) -> dict[str, tuple[Any, str]]:
    """Default (None when one must be given) and description of settings by name.

    Components are shown by their kinds.
    """
    return {
        name: (None if field.is_required() else _kinds(field.default), field.description or "")
        for name, field in fields.items()
        if name != "kind"
    }


def _kinds(default: Any) -> Any:
    if isinstance(default, tuple):
        return [_kinds(item) for item in default]
    return default.kind if isinstance(default, Component) else default
