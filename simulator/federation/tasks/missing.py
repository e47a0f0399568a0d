"""Missing values of a user's table: refused, dropped or imputed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from simulator.components import Component
from simulator.federation.tasks.table import line_of, refuse

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MISSING", "Drop", "Impute", "Missing", "Refuse", "without_missing"]


class Missing(Component):
    """What happens to rows that lack a value."""


class Refuse(Missing):
    """The table is refused, naming the first line that lacks a value."""

    kind: Literal["refuse"] = "refuse"


class Drop(Missing):
    """Rows that lack a value of target, client or a feature are left out."""

    kind: Literal["drop"] = "drop"


class Impute(Missing):
    """Missing features are filled in from the training part (scikit-learn's SimpleImputer).

    A missing text is a missing value in each of the features that its column becomes. Target and
    client must not be missing.
    """

    kind: Literal["impute"] = "impute"
    strategy: Literal["mean", "median", "most_frequent"] = Field(
        "mean", description="What stands in for a missing value of a feature."
    )


MISSING: tuple[type[Missing], ...] = (Refuse, Drop, Impute)


def without_missing(
    path: str, frame: "pd.DataFrame", missing: Missing, always: Sequence[str]
) -> "tuple[pd.DataFrame, int]":
    """The rows that remain by `missing`, and how many it drops; refuses others.

    The columns `always` must not lack a value, whatever an imputer does.
    """
    lacks = frame.isna()
    if isinstance(missing, Drop):
        lacking = lacks.any(axis=1)
        return frame[~lacking], int(lacking.sum())
    for name in lacks.columns[lacks.any()]:
        if not isinstance(missing, Impute) or name in always:
            _refuse_missing(path, frame, name, can_impute=name not in always)
    return frame, 0


def _refuse_missing(path: str, frame: "pd.DataFrame", name: str, can_impute: bool) -> None:
    rows = frame.index[frame[name].isna()]
    hint = "set `missing`: {kind: drop}" + " or {kind: impute}" * can_impute
    if len(rows) == 1 and rows[0] == frame.index[-1]:
        hint = f"if that is a row of totals, remove it; otherwise {hint}"
    refuse(path, f"column {name!r} has no value in line {line_of(int(rows[0]))}; {hint}")
