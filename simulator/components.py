"""Components: the base of everything a scenario can name, and of the sections that hold them.

A component is a frozen pydantic model with a literal `kind`, its parameters, and the one or two
pure methods that do the work. A family is the tuple of components that may stand in the same place.
"""

import functools
import operator
import types
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar, cast, get_args, get_origin

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, core_schema

__all__ = [
    "Booleans",
    "Component",
    "Family",
    "Floats",
    "Integers",
    "Memory",
    "Section",
    "check_each",
    "extended",
    "prefixed",
    "without_prefix",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
S = TypeVar("S", bound="Section")
T = TypeVar("T")
Memory = dict[str, NDArray[Any]]
"""What a stateful component remembers between periods: named arrays, stored in checkpoints."""


def prefixed(prefix: str, memory: Memory) -> Memory:
    """A component's memory with names that tell it apart within that of another."""
    return {prefix + name: array for name, array in memory.items()}


def without_prefix(prefix: str, memory: Memory) -> Memory:
    """The part of a memory that `prefixed` has put there."""
    return {
        name.removeprefix(prefix): array
        for name, array in memory.items()
        if name.startswith(prefix)
    }


class Section(BaseModel):
    """A named group of settings: immutable, strictly typed, no unknown keys, finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    made_of: ClassVar[tuple[type["Section"], tuple[type["Component"], ...]] | None] = None
    """What this type was `extended` from, and with which components."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        """A pickle of an extended type names what it was made of, as no module has it."""
        if self.made_of is None:
            return super().__reduce_ex__(protocol)
        return _blank, self.made_of, self.__getstate__()

    @model_validator(mode="before")
    @classmethod
    def _take_narrower(cls, value: Any) -> Any:
        """A section of the type that this one was `extended` from is as good as its settings."""
        if isinstance(value, Section) and type(value) is not cls and issubclass(cls, type(value)):
            return {name: getattr(value, name) for name in type(value).model_fields}
        return value


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

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Only the default member goes without `kind`."""
        found = handler(schema)
        default, *others = found["oneOf"]
        found["oneOf"] = [default, *({**other, "required": ["kind"]} for other in others)]
        return found


def check_each(items: Iterable[T], check: Callable[[T], object], *within: str) -> None:
    """Let a validator `check` each of the items of its list.

    A ValueError is told of the item it was raised for, or of a setting `within` it. Raises
    pydantic's ValidationError with all there are.
    """
    errors: list[InitErrorDetails] = []
    for number, item in enumerate(items):
        try:
            check(item)
        except ValueError as error:
            place: tuple[int | str, ...] = (number, *within)
            errors.append(
                InitErrorDetails(type="value_error", loc=place, input=item, ctx={"error": error})
            )
    if errors:
        raise ValidationError.from_exception_data("", errors)


def extended(model: type[S], extra: Sequence[type[Component]]) -> type[S]:
    """`model` with `extra` components joined to every family, at any depth, of the same base.

    The same type for the same arguments. Raises ValueError when a kind is taken.
    """
    return cast(type[S], _extended(model, tuple(extra)))


@functools.cache
def _extended(model: type[Section], extra: tuple[type[Component], ...]) -> type[Section]:
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
                bare.default = TypeAdapter(wider).validate_python(field.default)
            changed[name] = (wider, bare)
    if not changed:
        return model
    made = create_model(model.__name__, __base__=model, __doc__=model.__doc__, **changed)
    made.made_of = model, extra
    return made


def _blank(model: type[Section], extra: tuple[type[Component], ...]) -> Section:
    made = extended(model, extra)
    return made.__new__(made)


def _widened(annotation: Any, extra: Sequence[type[Component]]) -> Any:
    """The same annotation object when nothing in it is wider."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return extended(annotation, extra)
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        base, *metadata = arguments
        inner = [base if _is_family(metadata) else _widened(base, extra)]
        wider = inner + [_joined(item, base, extra) for item in metadata]
    else:
        wider = [_widened(argument, extra) for argument in arguments]
    if all(new is old for new, old in zip(wider, arguments, strict=True)):
        return annotation
    if get_origin(annotation) is Annotated:
        return Annotated[wider[0], *wider[1:]]
    if isinstance(annotation, types.UnionType):
        return functools.reduce(operator.or_, wider)
    return get_origin(annotation)[tuple(wider)]


def _is_family(metadata: Sequence[Any]) -> bool:
    return any(isinstance(item, Family) for item in metadata)


def _joined(item: Any, base: Any, extra: Sequence[type[Component]]) -> Any:
    if not isinstance(item, Family):
        return item
    members = tuple(extended(member, extra) for member in item.members)
    members += tuple(component for component in extra if issubclass(component, base))
    return item if members == item.members else Family(members)
