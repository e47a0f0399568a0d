"""Answers of components: checked, so that nothing wrong passes as a result."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from simulator.components import Booleans, Component, Floats, Integers, Memory
from simulator.errors import ComponentError, LedgerError, MarketError, SimulatorError
from simulator.foreign import described_error

__all__ = ["Answers", "answers_of", "as_memory", "check_of"]

Shape = tuple[int, ...]
BROKEN = (LedgerError, MarketError)
"""Errors of ours that the component's method has caused."""


class Answers:
    """Checks of what one method of a component returns. All raise ComponentError.

    As a context it names the component in whatever the method raises. (A class, as it is entered
    many times per period: a generator costs several times as much.)
    """

    __slots__ = ("_component", "_method")

    def __init__(self, component: Component, method: str) -> None:
        self._component, self._method = component, method

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None or (isinstance(error, SimulatorError) and not isinstance(error, BROKEN)):
            return
        if isinstance(error, BROKEN):
            raise self.error(f"failed: {error}") from error
        if isinstance(error, Exception | SystemExit):
            raise self.error(f"failed: {described_error(error)}") from error

    def numbers(
        self, values: Any, shape: Shape, least: float = -np.inf, most: float = np.inf
    ) -> Floats:
        """`values` as an array of floats of this shape, finite and from `least` to `most`."""
        numbers = self.floats(values, shape)
        right = np.isfinite(numbers)
        if not np.isinf(least):
            right &= numbers >= least
        if not np.isinf(most):
            right &= numbers <= most
        if not right.all():
            bounds = "" if np.isinf(least) else f" of at least {least:g}"
            bounds += "" if np.isinf(most) else f" and at most {most:g}"
            raise self._wrong(numbers, right, f"a finite number{bounds}")
        return numbers

    def positive(self, values: Any, shape: Shape) -> Floats:
        """`values` as an array of floats of this shape, finite and above 0."""
        numbers = self.floats(values, shape)
        right = (numbers > 0) & (numbers < np.inf)
        if not right.all():
            raise self._wrong(numbers, right, "a finite number above 0")
        return numbers

    def floats(self, values: Any, shape: Shape) -> Floats:
        """`values` as an array of floats of this shape, finite or not."""
        array = self._array(values, "numbers")
        if array.dtype.kind not in "biufO":
            raise self.error(f"returned {_named(values, array)}, not numbers")
        try:
            numbers = array.astype(np.float64, copy=False)
        except (TypeError, ValueError) as error:
            raise self.error(f"returned {_named(values, array)}, not numbers") from error
        self._check_shape(numbers, shape)
        return numbers

    def number(self, value: Any, least: float = -np.inf) -> float:
        """`value` as a finite float of at least `least`."""
        if type(value) is float and least <= value < np.inf and value > -np.inf:
            return value
        return float(self.numbers(value, (), least))

    def integers(self, values: Any, shape: Shape | None, least: int, most: int) -> Integers:
        """`values` as an array of whole numbers from `least` to `most`.

        It has this shape; None: one dimension of any length.
        """
        what = f"whole numbers from {least} to {most}"
        array = self._array(values, what)
        if array.size and array.dtype.kind not in "iu":
            raise self.error(f"returned {_named(values, array)}, not {what}")
        self._check_shape(array, (array.size,) if shape is None else shape)
        right = (array >= least) & (array <= most)
        if not right.all():
            raise self._wrong(array, right, f"a whole number from {least} to {most}")
        return array.astype(np.int64, copy=False)

    def integer(self, value: Any, least: int, most: int) -> int:
        """`value` as a whole number from `least` to `most`."""
        if type(value) is int and least <= value <= most:
            return value
        return int(self.integers(value, (), least, most))

    def booleans(self, values: Any, shape: Shape) -> Booleans:
        """`values` as an array of true and false of this shape."""
        array = self._array(values, "true or false")
        if array.dtype.kind != "b":
            raise self.error(f"returned {_named(values, array)}, not true or false")
        self._check_shape(array, shape)
        return array

    def truth(self, value: Any) -> bool:
        """`value`, which must be true or false."""
        return value if type(value) is bool else bool(self.booleans(value, ()))

    def memory(self, memory: Any) -> Memory:
        """`memory` as a dict of named arrays that a checkpoint can store."""
        try:
            return as_memory(memory)
        except TypeError as error:
            raise self.error(str(error)) from error

    def instance(self, value: Any, kind: type) -> Any:
        """`value`, which must be of this type."""
        if not isinstance(value, kind):
            raise self.error(f"returned {type(value).__name__}, not {kind.__name__}")
        return value

    def error(self, what: str) -> ComponentError:
        """The error for what the method did."""
        return ComponentError(f"{_name(self._component)}: {self._method} {what}")

    def _array(self, values: Any, what: str) -> NDArray[Any]:
        try:
            return np.asarray(values)
        except ValueError as error:  # rows of different lengths
            raise self.error(f"returned {type(values).__name__}, not {what}") from error

    def _check_shape(self, array: NDArray[Any], shape: Shape) -> None:
        if array.shape != shape:
            raise self.error(f"returned shape {array.shape}, not {shape}")

    def _wrong(self, numbers: NDArray[Any], right: Booleans, rule: str) -> ComponentError:
        """The error for the first number that is not right."""
        place = tuple(int(index) for index in np.argwhere(~right)[0])
        where = f" at {', '.join(map(str, place))}" if place else ""
        return self.error(f"returned {numbers[place]}{where}, not {rule}")


def answers_of(component: Component, method: str) -> Answers:
    """Checks for what the method returns; names the component in whatever it raises."""
    return Answers(component, method)


@contextmanager
def check_of(component: Component) -> Iterator[None]:
    """Raise only ValueError, as a validator may: other errors become one that names the component.

    For what validators ask of components, such as whether they fit together.
    """
    try:
        yield
    except ComponentError as error:
        raise ValueError(str(error)) from error
    except (Exception, SystemExit) as error:
        if isinstance(error, ValueError) and str(error):
            raise
        raise ValueError(f"{_name(component)}: check failed: {described_error(error)}") from error


def as_memory(memory: Any) -> Memory:
    """The memory as arrays. Raises TypeError unless a checkpoint can store it."""
    if not isinstance(memory, dict):
        raise TypeError(f"returned {type(memory).__name__} for a memory, not a dict")
    arrays = dict[str, NDArray[Any]]()
    for name, value in memory.items():
        if not isinstance(name, str) or "/" in name:
            reason = "has a slash in its name" if isinstance(name, str) else "is no text"
            raise TypeError(f"returned a memory whose {name!r} {reason}")
        try:
            arrays[name] = np.asarray(value)
        except ValueError as error:  # rows of different lengths
            raise TypeError(f"returned a memory whose {name!r} is no array: {error}") from error
        if arrays[name].dtype.hasobject:
            raise TypeError(f"returned a memory whose {name!r} holds objects")
    return arrays


def _named(values: Any, array: NDArray[Any]) -> str:
    """What was returned: the type of its elements, or of the value itself."""
    return str(array.dtype) if isinstance(values, np.ndarray) else type(values).__name__


def _name(component: Component) -> str:
    """Family and kind of a component, such as `contribution shapley`."""
    families = [kind for kind in type(component).__mro__ if Component in kind.__bases__]
    family = families[0].__name__ if families else "Component"
    return f"{re.sub('(?<=.)(?=[A-Z])', '_', family).lower()} {component.kind}"
