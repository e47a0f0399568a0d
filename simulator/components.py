"""Components: the base of everything a scenario can name, and of the sections that hold them.

A component is a frozen pydantic model with a literal `kind`, its parameters, and the one or two
pure methods that do the work. A family is the tuple of components that may stand in the same place.
"""

import types
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, TypeAdapter, create_model
from pydantic_core import CoreSchema, core_schema

__all__ = ["Booleans", "Component", "Family", "Floats", "Integers", "Memory", "Section", "extended"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Memory = dict[str, NDArray[Any]]
"""What a stateful component remembers between periods: named arrays, stored in checkpoints."""


class Section(BaseModel):
    """A named group of settings: immutable, strictly typed, no unknown keys, finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Component(Section):
    """Something a scenario can name by its `kind`."""

    kind: str


@dataclass(frozen=True)
class Family:
    """Annotation of a field that holds one component of a family, told apart by `kind`.

    The first member is the default: a mapping without `kind` means that one. Raises ValueError when
    two members have the same kind.
    """

    members: tuple[type[Component], ...]

    def __post_init__(self) -> None:
        kinds = [member.model_fields["kind"].default for member in self.members]
        if twice := sorted({kind for kind in kinds if kinds.count(kind) > 1}):
            raise ValueError(f"two components of kind {', '.join(twice)} in one place")

    @property
    def kinds(self) -> dict[str, type[Component]]:
        """The members by their kind."""
        return {member.model_fields["kind"].default: member for member in self.members}

    def kind_of(self, value: Any) -> str | None:
        """The kind that a mapping or a component states; the default kind for a mapping without."""
        if isinstance(value, Component):
            return value.kind
        if isinstance(value, dict):
            return str(value.get("kind", next(iter(self.kinds))))
        return None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        choices = {kind: handler.generate_schema(member) for kind, member in self.kinds.items()}
        return core_schema.tagged_union_schema(choices, discriminator=self.kind_of)


def extended(model: type[Section], extra: Sequence[type[Component]]) -> type[Section]:
    """`model` with `extra` components joined to every family, at any depth, of the same base."""
    changed: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        annotation: Any = (
            Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        )
        wider = _widened(annotation, extra)
        if wider is not annotation:
            bare = copy(field)
            bare.metadata = []  # it stands in the annotation already
            if not field.is_required():  # its default is of the narrow type
                settings = TypeAdapter(annotation).dump_python(field.default)
                bare.default = TypeAdapter(wider).validate_python(settings)
            changed[name] = (wider, bare)
    return create_model(model.__name__, __base__=model, **changed) if changed else model


def _widened(annotation: Any, extra: Sequence[type[Component]]) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return extended(annotation, extra)
    if not get_args(annotation) or isinstance(annotation, types.UnionType):
        return annotation
    if get_origin(annotation) is Annotated:
        base, *metadata = get_args(annotation)
        if any(isinstance(item, Family) for item in metadata):
            joining = tuple(component for component in extra if issubclass(component, base))
            return (
                Annotated[base, *(_joined(item, joining) for item in metadata)]
                if joining
                else annotation
            )
        inner = _widened(base, extra)
        return annotation if inner is base else Annotated[inner, *metadata]
    arguments = tuple(_widened(item, extra) for item in get_args(annotation))
    return annotation if arguments == get_args(annotation) else get_origin(annotation)[arguments]


def _joined(item: Any, joining: tuple[type[Component], ...]) -> Any:
    return Family(item.members + joining) if isinstance(item, Family) else item
