"""Numbers of other libraries as Python's own, which settings are made of."""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["as_python"]


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
