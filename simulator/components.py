"""Components: the base of everything a scenario can name, and of the sections that hold them.

A component is a frozen pydantic model with a literal `kind`, its parameters, and the one or two
pure methods that do the work. A family is the tuple of components that may stand in the same place.
"""

import functools
import inspect
import operator
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import Annotated, Any, ClassVar, Self, TypeVar, cast, get_args, get_origin

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails

from simulator.errors import Problem, ScenarioError
from simulator.families import Family
from simulator.reading import as_python, error_of_arguments, short, with_changes

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
    "own_components",
    "prefixed",
    "with_components",
    "without_prefix",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
S = TypeVar("S", bound="Section")
T = TypeVar("T")
Memory = dict[str, NDArray[Any]]
"""State of a component between periods: named arrays, stored in checkpoints."""
_PACKAGE = __name__.split(".")[0]


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

    refused_names: ClassVar[Mapping[str, str]] = {}
    """Messages for names that are deliberately not settings, see `reading.read`."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Show plain types in `help` and completion: descriptions have the ranges."""
        only_named, empty = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty
        parameters = [
            inspect.Parameter(
                name,
                only_named,
                default=empty if field.is_required() else field.default,
                annotation=field.annotation,
            )
            for name, field in cls.model_fields.items()
        ]
        others = inspect.signature(cls.__init__).parameters.values()
        parameters += [parameter for parameter in others if parameter.kind is only_named]
        cls.__signature__ = inspect.Signature(parameters)

    def __new__(cls, /, *values: Any, **settings: Any) -> Self:
        """An object whose type knows the users' own components among the settings."""
        if values:
            what = f"settings are given by name, not as {short(repr(values[0]))}"
            raise ScenarioError([Problem(cls.__name__, what)])
        model = with_components(cls, own_components(settings))
        if not issubclass(model, cls):  # Python initialises only what is a `cls`
            return model(**settings)
        return super().__new__(model)

    def __init__(self, /, **settings: Any) -> None:
        """Raises ScenarioError with all problems of the settings."""
        try:
            self.__pydantic_validator__.validate_python(settings, self_instance=self)
        except ValidationError as error:
            raise error_of_arguments(error, type(self), settings, self.refused_names) from None

    # To pydantic this is its own: nested sections are validated without it, in their context.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """As pydantic's, but raises ScenarioError with all problems."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise error_of_arguments(error, cls, obj, cls.refused_names) from None

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, but validated with its `update`. Raises ScenarioError."""
        return type(self)(**dict(self) | dict(update)) if update else super().model_copy(deep=deep)

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """A copy with other values by dotted path, such as `{"market.fee": 0.01}`.

        A value is a number, a text, a list, a mapping or a component, and replaces all of the old
        one. Raises ScenarioError with all problems, each at its path.

        >>> from simulator.market import Market
        >>> Market().changed({"fee": 0.003, "curve.kind": "stableswap"})
        Market(curve=StableSwap(), fee=0.003)
        """
        model = with_components(type(self), own_components(changes))
        return with_changes(self, model, changes, self.refused_names)

    def revalidated(self) -> Self:
        """An equal copy, validated at every depth. Raises ScenarioError with all problems.

        Only pydantic's `model_construct` and the like make sections that are invalid.
        """
        return type(self)(**self.model_dump(warnings=False))

    def __setattr__(self, name: str, value: Any) -> None:
        what = f"{name} cannot be set; make a copy with another: .changed({{'{name}': ...}})"
        raise ScenarioError([Problem(type(self).__name__, what)])

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """The settings that differ from their defaults."""
        for name, value in super().__repr_args__():
            field = type(self).model_fields.get(name or "")
            if field is None or repr(field.default) != repr(value):
                yield name, value

    def __dir__(self) -> list[str]:
        """The names of settings and methods, without those of pydantic."""
        return [name for name in super().__dir__() if name not in _PYDANTIC]

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle an extended type by its original and components: no module contains it."""
        if self.extended_from is None:
            return super().__reduce_ex__(protocol)
        return _blank, self.extended_from, self.__getstate__()

    @model_validator(mode="before")
    @classmethod
    def _accept_original(cls, value: Any) -> Any:
        """Accept numpy's numbers, and a section that is extended otherwise than this one."""
        if isinstance(value, Section) and not isinstance(value, cls):
            return dict(value) if _original(type(value)) is _original(cls) else value
        return as_python(value) if isinstance(value, dict) else value


_PYDANTIC = frozenset(name for name in dir(BaseModel) if not name.startswith("_"))


class Component(Section):
    """Something a scenario can name by its `kind`."""

    kind: str


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


def with_components(model: type[S], added: Iterable[type[Component]]) -> type[S]:
    """`model`, extended or not, with further components of users in its families.

    A component replaces an earlier one that was defined under its name, as when a cell of a
    notebook is run again. Raises ScenarioError when another component has its kind.
    """
    original, present = model.extended_from or (model, ())
    new = (each for each in added if each not in _members(original))
    newest = {(each.__module__, each.__qualname__): each for each in (*present, *new)}
    if tuple(newest.values()) == present:
        return model
    try:
        return cast(type[S], extended(original, tuple(newest.values())))
    except ValueError as error:
        raise ScenarioError([Problem(model.__name__, str(error))]) from None


def own_components(value: Any) -> Iterator[type[Component]]:
    """The components of users, not of this package, among objects and types at any depth."""
    if isinstance(value, Section):
        yield from own_components(type(value))
    elif inspect.isclass(value) and issubclass(value, Section):
        yield from (value.extended_from or (None, ()))[1]
        original = _original(value)
        if issubclass(original, Component) and original.__module__.split(".")[0] != _PACKAGE:
            yield original
    elif isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from own_components(inner)


@functools.cache
def _members(model: type[Section]) -> frozenset[type[Section]]:
    """The members of all families of a section, at any depth."""
    annotations = [part for field in model.model_fields.values() for part in _parts(field)]
    return frozenset(each for part in annotations for each in _members_in(part))


def _members_in(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, Family):
        yield from annotation.members
        annotation = annotation.members
    elif inspect.isclass(annotation) and issubclass(annotation, Section):
        yield from _members(annotation)
    for inner in annotation if isinstance(annotation, tuple) else get_args(annotation):
        yield from _members_in(inner)


def _parts(field: FieldInfo) -> tuple[Any, ...]:
    return (field.annotation, *field.metadata)


def _original(model: type[Section]) -> type[Section]:
    """The type that a type was `extended` from, itself if from none."""
    return model.extended_from[0] if model.extended_from else model


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
