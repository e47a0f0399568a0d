"""Answers of components: checked, so that nothing wrong passes as a result."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from simulator.components import Component, Floats
from simulator.errors import ComponentError, SimulatorError

__all__ = ["Answers", "answers_of"]


class Answers:
    """Checks of what one method of a component returns."""

    def __init__(self, component: Component, method: str) -> None:
        self._name = f"{_family(component)} {component.kind}: {method}"

    def numbers(self, values: Any, shape: tuple[int, ...], least: float = -np.inf) -> Floats:
        """`values` as an array of floats of this shape, finite and at least `least`.

        Raises ComponentError otherwise.
        """
        numbers = self.floats(values, shape)
        wrong = ~(np.isfinite(numbers) & (numbers >= least))
        if wrong.any():
            place = tuple(int(index) for index in np.argwhere(wrong)[0])
            where = f" at {', '.join(map(str, place))}" if place else ""
            rule = "a finite number"
            if not np.isinf(least):
                rule += f" of at least {least:g}"
            raise self.error(f"returned {numbers[place]}{where}, not {rule}")
        return numbers

    def floats(self, values: Any, shape: tuple[int, ...]) -> Floats:
        """`values` as an array of floats of this shape. Raises ComponentError otherwise."""
        try:
            numbers = np.asarray(values, dtype=float)
        except (TypeError, ValueError) as error:
            raise self.error(f"returned {type(values).__name__}, not numbers") from error
        if numbers.shape != shape:
            raise self.error(f"returned shape {numbers.shape}, not {shape}")
        return numbers

    def number(self, value: Any, least: float = -np.inf) -> float:
        """`value` as a finite float of at least `least`. Raises ComponentError otherwise."""
        return float(self.numbers(value, (), least))

    def error(self, what: str) -> ComponentError:
        """The error for what the method did."""
        return ComponentError(f"{self._name} {what}")


@contextmanager
def answers_of(component: Component, method: str) -> Iterator[Answers]:
    """Checks for what the method returns; names the component in whatever it raises."""
    answers = Answers(component, method)
    try:
        yield answers
    except SimulatorError:
        raise
    except (Exception, SystemExit) as error:
        raise answers.error(f"failed: {type(error).__name__}: {error}") from error


def _family(component: Component) -> str:
    """The name of the component's family, such as `contribution`."""
    families = [kind for kind in type(component).__mro__ if Component in kind.__bases__]
    return families[0].__name__.lower() if families else "component"
