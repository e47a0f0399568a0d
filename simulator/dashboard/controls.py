"""Controls of the scenario's settings on the page, derived from the scenario's fields."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from simulator.components import Family, Section

__all__ = ["Choices", "Control", "Slider", "Switch", "controls", "round_number"]

_WITHOUT_CONTROL = {"name", "description", "record", "seed"}  # the seed has a field of Mesa's


@dataclass(frozen=True)
class Control:
    """One setting: its dotted path, its value and its field's description."""

    path: str
    value: Any
    description: str

    @property
    def section(self) -> str:
        """Title of the scenario's section with this setting."""
        first, dot, _ = self.path.partition(".")
        return _readable(first).capitalize() if dot else "Run"

    @property
    def label(self) -> str:
        """Name of the setting within the section, such as `strategy gain (group 2)`."""
        section, *inside = self.path.removesuffix(".kind").split(".")
        names = inside or [section]
        groups = [f" (group {int(name) + 1})" for name in names if name.isdecimal()]
        setting = " ".join(_readable(name) for name in names if not name.isdecimal())
        return setting + "".join(groups)


@dataclass(frozen=True)
class Slider(Control):
    """A number between `low` and `high`."""

    low: float
    high: float
    step: float


@dataclass(frozen=True)
class Choices(Control):
    """A choice of one word: a component's kind, or a literal."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Switch(Control):
    """A boolean setting."""


def controls(settings: Section, path: str = "") -> Iterator[Control]:
    """A control for each number, choice and boolean in `settings`."""
    for name, field in type(settings).model_fields.items():
        value, place = getattr(settings, name), f"{path}{name}"
        if place in _WITHOUT_CONTROL:
            continue
        if isinstance(value, tuple):
            for number, item in enumerate(value):
                if isinstance(item, Section):
                    yield from controls(item, f"{place}.{number}.")
        elif isinstance(value, Section):
            yield from _kind_choices(place, value, field)
            yield from controls(value, f"{place}.")
        elif control := _control(place, value, field):
            yield control


def _kind_choices(path: str, value: Section, field: FieldInfo) -> Iterator[Control]:
    for family in field.metadata:
        if isinstance(family, Family):
            kind = str(family.kind_of(value))
            kinds = tuple(
                name
                for name, member in family.kinds.items()
                if name == kind or _has_defaults(member)
            )
            if len(kinds) > 1:
                yield Choices(f"{path}.kind", kind, _description(field), kinds)


def _has_defaults(member: type[Section]) -> bool:
    """Whether the component is valid without any setting but its kind."""
    return not any(field.is_required() for field in member.model_fields.values())


def _control(path: str, value: Any, field: FieldInfo) -> Control | None:
    description = _description(field)
    if isinstance(value, bool):
        return Switch(path, value, description)
    if isinstance(value, int | float):
        return Slider(path, value, description, *_range(value, field))
    if get_origin(field.annotation) is Literal and len(words := get_args(field.annotation)) > 1:
        return Choices(path, value, description, words)
    return None


def _range(value: float, field: FieldInfo) -> tuple[float, float, float]:
    """Low, high and step of a slider, within the field's bounds, up to about four times `value`."""
    low, high, low_excluded, high_excluded = _bounds(field)
    whole = isinstance(value, int)
    top = min(high, round_number(max(4 * value, 10) if whole else 4 * value or 100))
    step = round_number((top - low) / 120)
    if whole:
        step = max(1, int(step)) if top > 1000 else 1
        return int(low) + low_excluded, int(top) - (high_excluded and top == high), step
    bottom = low + step if low_excluded else step * math.ceil(low / step - 1e-9)
    top = top - step if high_excluded and top == high else top
    return min(bottom, value), max(top, value), step


def _bounds(field: FieldInfo) -> tuple[float, float, bool, bool]:
    """Lower and upper bound, and whether each is excluded."""
    low: Any = 0.0
    high: Any = math.inf
    low_excluded = high_excluded = False
    for limit in field.metadata:
        match limit:
            case Ge():
                low = limit.ge
            case Gt():
                low, low_excluded = limit.gt, True
            case Le():
                high = limit.le
            case Lt():
                high, high_excluded = limit.lt, True
    return low, high, low_excluded, high_excluded


def round_number(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, ..., 0.1, 0.2, ... not below `least`, which is above 0."""
    power = math.floor(math.log10(least))
    candidates = (
        float(f"{digit}e{exponent}") for exponent in (power, power + 1) for digit in "125"
    )
    return next(number for number in candidates if number >= least * (1 - 1e-9))


def _description(field: FieldInfo) -> str:
    return field.description or ""


def _readable(name: str) -> str:
    return name.replace("_", " ")
