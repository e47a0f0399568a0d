"""Advice: settings that a message suggests, as a user writes them."""

import math
from collections.abc import Callable
from typing import Any

__all__ = ["alternatively", "conjoined", "rounded_down", "rounded_up", "setting"]


def setting(path: str, value: Any) -> str:
    """A setting as after `--set`, with its value in YAML.

    >>> setting("market.launch.supply", 2500.0)
    'market.launch.supply=2500'
    """
    if isinstance(value, bool):
        return f"{path}={str(value).lower()}"
    return f"{path}={value:.12g}" if isinstance(value, int | float) else f"{path}={value}"


def conjoined(settings: dict[str, Any]) -> str:
    """Settings that help only together."""
    return " and ".join(setting(path, value) for path, value in settings.items())


def alternatively(message: str, advice: str) -> str:
    """The message with one more setting that would do."""
    return f"{message} or {advice}" if ": set " in message else f"{message}: set {advice}"


def rounded_up(value: float) -> float:
    """The least number of two significant digits that is not below `value`, which is at least 0.

    >>> rounded_up(1234.5)
    1300.0
    """
    return _rounded(value, math.ceil)


def rounded_down(value: float) -> float:
    """The greatest number of two significant digits that is not above `value`, at least 0."""
    return _rounded(value, math.floor)


def _rounded(value: float, rule: Callable[[float], int]) -> float:
    if value <= 0:
        return 0.0
    exponent = math.floor(math.log10(value)) - 1
    digits = round(value / 10.0**exponent, 9)  # 0.3 is 30 hundredths, not 29.999999999999996
    return float(f"{rule(digits)}e{exponent}")
