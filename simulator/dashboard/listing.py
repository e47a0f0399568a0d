"""Listing: the part of a table that one looks at, so that no more than it is sent to the page."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from simulator.dashboard.charts import CellValue, Option, Table

__all__ = ["PAGE_SIZES", "Leaf", "Listed", "listed"]

PAGE_SIZES = (15, 50, 200)
"""Rows that a page may have."""
DIGITS = 5  # of the largest number in a column
PENCE, FINEST = 2, 8  # decimals, at least and at most


@dataclass(frozen=True)
class Leaf:
    """Which page, of how many rows, sorted by which column, with which words in it."""

    page: int = 1
    size: int = PAGE_SIZES[0]
    by: int | None = None
    descending: bool = False
    sought: str = ""

    def turned(self, options: Mapping[str, Any]) -> Self:
        """As somebody asks for by the controls of a DataTable of Vuetify, in its words."""
        by = options.get("sortBy") or [None]
        descending = options.get("sortDesc") or [False]
        size = int(options["itemsPerPage"])
        column = None if by[0] is None else int(by[0])
        return type(self)(int(options["page"]), size, column, bool(descending[0]), self.sought)


@dataclass(frozen=True)
class Listed:
    """What a DataTable of Vuetify shows: its `headers` and `items`; `found` rows there are."""

    headers: list[Option]
    items: list[dict[str, str]]
    found: int
    page: int


def listed(table: Table, leaf: Leaf) -> Listed:
    """The leaf of the table, with its numbers written alike in each column.

    >>> listed(Table("", ("who", "has"), [("b", 0.5), ("a", 1234.0)]), Leaf(by=0)).items
    [{'0': 'a', '1': '1,234.00'}, {'0': 'b', '1': '0.50'}]
    """
    rows = _found(table.rows, leaf.sought)
    page = max(min(leaf.page, math.ceil(len(rows) / leaf.size)), 1)
    some = _ordered(rows, leaf)[leaf.size * (page - 1) : leaf.size * page]
    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
    decimals = [_decimals(column) for column in columns]
    headers: list[Option] = [
        {"text": name, "value": str(place), "align": "start" if decimals[place] is None else "end"}
        for place, name in enumerate(table.columns)
    ]
    items = [
        {str(place): _written(cell, decimals[place]) for place, cell in enumerate(row)}
        for row in some
    ]
    return Listed(headers, items, len(rows), page)


def _found(rows: Sequence[tuple[CellValue, ...]], sought: str) -> Sequence[tuple[CellValue, ...]]:
    """Those whose text has all the words."""
    words = sought.lower().split()
    if not words:
        return rows
    texts = (" ".join(cell for cell in row if isinstance(cell, str)).lower() for row in rows)
    return [
        row for row, text in zip(rows, texts, strict=True) if all(word in text for word in words)
    ]


def _ordered(rows: Sequence[tuple[CellValue, ...]], leaf: Leaf) -> Sequence[tuple[CellValue, ...]]:
    """Numbers by size, names by their words and the numbers in them; what is unknown last."""
    by = leaf.by
    if by is None:
        return rows
    known = [row for row in rows if row[by] is not None]
    unknown = [row for row in rows if row[by] is None]
    return sorted(known, key=lambda row: _rank(row[by]), reverse=leaf.descending) + unknown


def _rank(cell: CellValue) -> tuple[Any, ...]:
    if not isinstance(cell, str):
        return (0, cell)
    parts = re.split(r"(\d+)", cell.lower())
    return (1, [int(part) if part.isdecimal() else part for part in parts])


def _decimals(column: Sequence[CellValue]) -> int | None:
    """Decimals of the numbers of a column; None where there is text."""
    if any(isinstance(cell, str) for cell in column):
        return None
    known = [cell for cell in column if not isinstance(cell, str) and cell is not None]
    if all(isinstance(cell, int) for cell in known):
        return 0
    largest = max(map(abs, known))
    before = math.floor(math.log10(largest)) if largest else DIGITS
    return min(max(DIGITS - 1 - before, PENCE), FINEST)


def _written(cell: CellValue, decimals: int | None) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, str) or decimals is None:
        return str(cell)
    if cell == 0:
        return "0"  # and not 0.00, which may be a little more or less
    return f"{round(cell, decimals) + 0.0:,.{decimals}f}"  # no zero below zero
