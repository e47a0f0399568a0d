"""The catalogue: every component that a scenario type knows, by the place that can hold it."""

from typing import Any, get_args, get_origin

from simulator.components import Component, Family, Section
from simulator.scenario.options import Options, fields_of, options_of

__all__ = ["components", "defaults"]

Families = dict[str, tuple[type[Component], ...]]


def components(model: type[Section]) -> Families:
    """Families of components by dotted path; `[]` stands for each item of a list."""
    return _within((model,), "")


def _within(options: Options, path: str) -> Families:
    found: Families = {}
    for option in options:
        origin: Any = get_origin(option)
        if isinstance(option, Family):
            found[path] = option.members
        elif origin is tuple:
            found |= _within(options_of(get_args(option)[0]), f"{path}[]")
        for name, field in fields_of(option).items():
            inside = options_of(field.annotation, field.metadata)
            found |= _within(inside, f"{path}.{name}".lstrip("."))
    return found


def defaults(component: type[Component]) -> dict[str, tuple[Any, str]]:
    """A component's parameters: default and description by name."""
    return {
        name: (field.default, field.description or "")
        for name, field in component.model_fields.items()
        if name != "kind"
    }
