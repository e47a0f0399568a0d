"""Rows of periods as Arrow tables, typed as the columns of a run folder."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

__all__ = ["Rows", "arrow_table"]

TYPES = {
    "int32": pa.int32(),
    "float64": pa.float64(),
    "category": pa.dictionary(pa.int32(), pa.string()),
}

Rows = Mapping[str, Any]
"""A table's rows in one period, by column: arrays of one length, or scalars for every row."""


def arrow_table(
    columns: Mapping[str, str], names: Mapping[str, Sequence[str]], periods: Sequence[Rows]
) -> pa.Table:
    """The rows of several periods as one table with these columns, by type.

    A category column holds codes into its `names`, or names where it has none there.
    """
    lengths = [_length(rows) for rows in periods]
    return pa.table(
        {
            column: _array(kind, names.get(column), [rows[column] for rows in periods], lengths)
            for column, kind in columns.items()
        }
    )


def _array(
    kind: str, names: Sequence[str] | None, values: list[Any], lengths: list[int]
) -> pa.Array:
    if kind == "category" and names is None:
        texts = [name for value in values for name in value]
        return pa.array(texts, pa.string()).dictionary_encode()
    arrays = [
        np.broadcast_to(np.asarray(value), length)
        for value, length in zip(values, lengths, strict=True)
    ]
    joined = np.concatenate(arrays) if arrays else np.zeros(0)
    if kind == "category":
        codes = pa.array(joined.astype(np.int32), pa.int32())
        return pa.DictionaryArray.from_arrays(codes, pa.array(names))
    return pa.array(joined.astype(kind), TYPES[kind])


def _length(rows: Rows) -> int:
    return max((len(value) for value in rows.values() if np.ndim(value) == 1), default=1)
