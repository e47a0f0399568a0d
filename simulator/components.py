"""Components: the base of everything a scenario can name, and of the sections that hold them.

A component is a frozen pydantic model with a literal `kind`, its parameters, and the one or two
pure methods that do the work. A family is the tuple of components that may stand in the same place.
"""

import functools
import math
import operator
import types
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
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
    "as_python",
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
"""State of a component between periods: named arrays, stored in checkpoints."""


def as_python(value: Any) -> Any:
    """A value with Python's own numbers in place of numpy's, Fraction and Decimal.

    Whole numbers become int, others float; arrays become lists, and containers are converted item
    by item. Everything else is returned unchanged.

    >>> as_python([np.int64(3), np.bool_(True), Decimal("0.5"), Fraction(4, 2)])
    [3, True, 0.5, 2]
    """
    if isinstance(value, np.ndarray):
        return as_python(value.tolist())
    if isinstance(value, np.generic):
        return float(value) if isinstance(value, np.longdouble) else value.item()
    if isinstance(value, Fraction | Decimal):
        is_whole = math.isfinite(value) and value == int(value)
        return int(value) if is_whole else float(value)
    if isinstance(value, dict):
        return {name: as_python(inner) for name, inner in value.items()}
    if type(value) in (list, tuple):
        return type(value)(as_python(inner) for inner in value)
    return value


def prefixed(prefix: str, memory: Memory) -> Memory:
    """A component's memory with prefixed names, to be stored within the memory of another."""
    return {prefix + name: array for name, array in memory.items()}


def without_prefix(prefix: str, memory: Memory) -> Memory:
    """The arrays that `prefixed` stored under this prefix, by their original names."""
    return {
        name.removeprefix(prefix): array
        for name, array in memory.items()
        if name.startswith(prefix)
    }


class Section(BaseModel):
    """A named group of settings: immutable, strictly typed, no unknown keys, finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    extended_from: ClassVar[tuple[type["Section"], tuple[type["Component"], ...]] | None] = None
    """The type that this one was `extended` from, and the added components."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle an extended type by its original and components: no module contains it."""
        if self.extended_from is None:
            return super().__reduce_ex__(protocol)
        return _blank, self.extended_from, self.__getstate__()

    @model_validator(mode="before")
    @classmethod
    def _accept_original(cls, value: Any) -> Any:
        """Accept numpy's numbers, and a section of the type that this one was `extended` from."""
        if isinstance(value, Section) and type(value) is not cls and issubclass(cls, type(value)):
            return {name: getattr(value, name) for name in type(value).model_fields}
        return as_python(value) if isinstance(value, dict) else value


class Component(Section):
    """Something a scenario can name by its `kind`."""

    kind: str


@dataclass(frozen=True)
class Family:
    """Annotation of a field that holds one component of a family, chosen by `kind`.

    The first member is the default: a mapping without `kind` means that one. Raises ValueError when
    two members have the same kind.
    """

    members: tuple[type[Component], ...]

    def __post_init__(self) -> None:
        kinds = [member.model_fields["kind"].default for member in self.members]
        if duplicates := sorted({kind for kind in kinds if kinds.count(kind) > 1}):
            raise ValueError(
                f"two components of kind {', '.join(duplicates)} in one place: rename one of them"
            )

    @property
    def kinds(self) -> dict[str, type[Component]]:
        """The members by their kind."""
        return {member.model_fields["kind"].default: member for member in self.members}

    def kind_of(self, value: Any) -> str | None:
        """The kind of a mapping or component; the default kind for a mapping without `kind`."""
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
        """`kind` is required for all members but the default."""
        json_schema = handler(schema)
        default, *others = json_schema["oneOf"]
        json_schema["oneOf"] = [default, *({**other, "required": ["kind"]} for other in others)]
        return json_schema


def check_each(items: Iterable[T], check: Callable[[T], object], *within: str) -> None:
    """Run a list validator's `check` on every item.

    Raises one pydantic ValidationError that reports each ValueError at its item, or at the setting
    `within` the item.
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
    """`model` with each `extra` component added to every family of its base class, at any depth.

    Equal arguments return the identical type. Raises ValueError when a kind is already taken.
    """
    return cast(type[S], _extended(model, tuple(extra)))


@functools.cache
def _extended(model: type[Section], extra: tuple[type[Component], ...]) -> type[Section]:
    new_fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        annotation: Any = (
            Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        )
        new_annotation = _extended_annotation(annotation, extra)
        if new_annotation is not annotation:
            new_field = copy(field)
            new_field.metadata = []  # the annotation already contains it
            if not field.is_required():  # its default is of the original type
                new_field.default = TypeAdapter(new_annotation).validate_python(field.default)
            new_fields[name] = (new_annotation, new_field)
    if not new_fields:
        return model
    new_type = create_model(model.__name__, __base__=model, __doc__=model.__doc__, **new_fields)
    new_type.extended_from = model, extra
    return new_type


def _blank(model: type[Section], extra: tuple[type[Component], ...]) -> Section:
    new_type = extended(model, extra)
    return new_type.__new__(new_type)


def _extended_annotation(annotation: Any, extra: Sequence[type[Component]]) -> Any:
    """The annotation with extended types; the identical object when nothing in it changes."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return extended(annotation, extra)
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        base, *metadata = arguments
        new = [base if _is_family(metadata) else _extended_annotation(base, extra)]
        new += [_extended_metadata(item, base, extra) for item in metadata]
    else:
        new = [_extended_annotation(argument, extra) for argument in arguments]
    if all(after is before for after, before in zip(new, arguments, strict=True)):
        return annotation
    if get_origin(annotation) is Annotated:
        return Annotated[new[0], *new[1:]]
    if isinstance(annotation, types.UnionType):
        return functools.reduce(operator.or_, new)
    return get_origin(annotation)[tuple(new)]


def _is_family(metadata: Sequence[Any]) -> bool:
    return any(isinstance(item, Family) for item in metadata)


def _extended_metadata(item: Any, base: Any, extra: Sequence[type[Component]]) -> Any:
    if not isinstance(item, Family):
        return item
    members = tuple(extended(member, extra) for member in item.members)
    members += tuple(component for component in extra if issubclass(component, base))
    return item if members == item.members else Family(members)
