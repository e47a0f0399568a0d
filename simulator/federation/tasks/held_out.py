"""The test set that a user gives in a file of its own, beside the table to learn from."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulator.components import Integers, as_python
from simulator.errors import suggestion
from simulator.federation.tasks.base import Split
from simulator.federation.tasks.columns import text_levels
from simulator.federation.tasks.table import closest, line_of, listed, refuse, with_lines

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_same_columns", "class_numbers", "in_both", "of_same_types", "unseen_texts"]


def check_same_columns(
    path: str, names: Iterable[str], needed: Sequence[str], may_have: Sequence[str] | None
) -> None:
    """Refuse a test table of columns `names` without what is `needed`, or with more.

    `may_have` are columns that it may have besides; None allows any.
    """
    names = list(names)
    for name in needed:
        if name not in names:
            hint = closest(name, names, "columns")
            refuse(path, f"no column {name!r}, which `file` has{hint}")
    if may_have is not None and (extra := set(names) - {*needed, *may_have}):
        first = next(name for name in names if name in extra)
        hint = suggestion(first, needed) or "; remove it, or name what to learn from by `features`"
        refuse(path, f"column {first!r} is not in `file`{hint}")


def of_same_types(path: str, frame: "pd.DataFrame", like: "pd.DataFrame") -> "pd.DataFrame":
    """The columns of `like` in its order, numbers and texts as there.

    Refuses a column of texts where `like` has numbers, and the other way round.
    """
    import pandas as pd

    return pd.DataFrame({name: _of_same_type(path, frame[name], like[name]) for name in like})


def _of_same_type(path: str, column: "pd.Series", like: "pd.Series") -> "pd.Series":
    import pandas as pd
    from pandas.api.types import is_numeric_dtype

    values, to_numbers = column.dropna(), is_numeric_dtype(like)
    if is_numeric_dtype(column) == to_numbers and len(values):
        return column
    if all(isinstance(value, bool | np.bool_) for value in values):  # also if there are none
        return column.astype(float) if to_numbers else column.map(str, "ignore").astype(object)
    if to_numbers:
        odd = values[pd.to_numeric(values.astype(str), errors="coerce").isna()]
        refuse(
            path,
            f"column {column.name!r} holds numbers in `file`, but here {with_lines(odd)}; mend "
            "them, or set na_values or `decimal`",
        )
    known, first = like.dropna(), values.index[0]
    refuse(
        path,
        f"column {column.name!r} holds numbers, such as {values[first]} in line {line_of(first)}, "
        f"but `file` has texts there, such as {known.iloc[0]!r} in line {line_of(known.index[0])}",
    )


def class_numbers(path: str, target: "pd.Series", classes: Sequence[object]) -> Integers:
    """Number of each row's class `[rows]`; refuses one that is not among `classes`."""
    number = {as_python(name): place for place, name in enumerate(classes)}
    labels = [number.get(value, -1) for value in target.tolist()]
    if -1 in labels:
        place = labels.index(-1)
        refuse(
            path,
            f"class {target.tolist()[place]!r} in line {line_of(target.index[place])} is not in "
            f"`file`, whose classes are {listed(map(str, number))}",
        )
    return np.array(labels, dtype=np.int64)


def unseen_texts(frame: "pd.DataFrame", like: "pd.DataFrame") -> list[str]:
    """The texts that `like` does not have, each with its column and first line."""
    from pandas.api.types import is_numeric_dtype

    found = []
    for name in frame:
        if not is_numeric_dtype(frame[name]):
            texts = frame[name].dropna().astype(str)
            new = texts[~texts.isin(text_levels(like[name]))].drop_duplicates()
            found += [f"{name} {new[row]!r} in line {line_of(row)}" for row in new.index]
    return found


def in_both(first: Split, second: Split) -> int:
    """Number of examples in `second` that equal one of `first` in all features and class."""
    one, other = (
        [row.tobytes() for row in np.column_stack([split.features, split.labels])]
        for split in (first, second)
    )
    known = set(one)
    return sum(row in known for row in other)
