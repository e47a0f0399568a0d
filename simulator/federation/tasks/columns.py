"""Columns of a table as features."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.components import Floats

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["encode", "text_levels"]


def encode(frame: "pd.DataFrame", like: "pd.DataFrame | None" = None) -> Floats:
    """Features `[rows, features]`: numbers unchanged, text columns one-hot encoded.

    A column's features are adjacent, texts in sorted order. Missing values are NaN. The features
    are those of `like`, by default of the frame itself: a text that is not in `like` is all zeros.
    """
    from pandas.api.types import is_numeric_dtype

    levels, columns = frame if like is None else like, []
    for name in frame:
        if is_numeric_dtype(frame[name]):
            columns.append(frame[name].to_numpy(float)[:, None])
        else:
            is_missing = frame[name].isna().to_numpy()
            texts = frame[name].astype(str).to_numpy(object)
            indicators = (texts[:, None] == text_levels(levels[name])).astype(float)
            indicators[is_missing] = np.nan
            columns.append(indicators)
    return np.concatenate(columns, axis=1)


def text_levels(column: "pd.Series") -> NDArray[np.object_]:
    """The different texts of a column, sorted."""
    return np.unique(column.dropna().astype(str).to_numpy(object))
