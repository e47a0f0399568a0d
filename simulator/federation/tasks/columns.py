"""Columns of a table as features."""

from typing import TYPE_CHECKING

import numpy as np

from simulator.components import Floats

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["encode"]


def encode(frame: "pd.DataFrame") -> Floats:
    """Features `[rows, features]`: numbers unchanged, text columns one-hot encoded.

    A column's features are adjacent, texts in sorted order. Missing values are NaN.
    """
    from pandas.api.types import is_numeric_dtype

    columns = []
    for name in frame:
        if is_numeric_dtype(frame[name]):
            columns.append(frame[name].to_numpy(float)[:, None])
        else:
            is_missing = frame[name].isna().to_numpy()
            texts = frame[name].astype(str).to_numpy(object)
            indicators = (texts[:, None] == np.unique(texts[~is_missing])).astype(float)
            indicators[is_missing] = np.nan
            columns.append(indicators)
    return np.concatenate(columns, axis=1)
