"""The catalogue: every component that a scenario type knows, by the place that can hold it."""

from typing import Annotated, Any, get_args, get_origin

from simulator.components import Component, Family, Section

__all__ = ["components", "defaults"]


def components(model: type[Section], path: str = "") -> dict[str, tuple[type[Component], ...]]:
    """Families of components by dotted path; `[]` stands for each item of a list."""
    found: dict[str, tuple[type[Component], ...]] = {}
    for name, field in model.model_fields.items():
        annotation: Any = field.annotation
        if field.metadata:
            annotation = Annotated[annotation, *field.metadata]
        found |= _within(annotation, f"{path}.{name}".lstrip("."))
    return found


def _within(annotation: Any, path: str) -> dict[str, tuple[type[Component], ...]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return components(annotation, path)
    if get_origin(annotation) is Annotated:
        base, *metadata = get_args(annotation)
        families = [item for item in metadata if isinstance(item, Family)]
        return {path: families[0].members} if families else _within(base, path)
    if get_origin(annotation) is tuple:
        return _within(get_args(annotation)[0], f"{path}[]")
    return {}


def defaults(component: type[Component]) -> dict[str, tuple[Any, str]]:
    """A component's parameters: default and description by name."""
    return {
        name: (field.default, field.description or "")
        for name, field in component.model_fields.items()
        if name != "kind"
    }
