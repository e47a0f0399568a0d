"""Listing: one page of a table's rows, so that the browser receives no more than it shows."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from simulator.dashboard.charts import CellValue, Option, Table

__all__ = ["PAGE_SIZES", "TablePage", "TableView", "table_page"]

PAGE_SIZES = (15, 50, 200)
"""Allowed numbers of rows on a page."""
TableRow = tuple[CellValue, ...]
DIGITS = 5  # of the largest number in a column
MIN_DECIMALS, MAX_DECIMALS = 2, 8


@dataclass(frozen=True)
class TableView:
    """Page number, rows per page, sort order and filter that the user has set for a table."""

    page: int = 1
    size: int = PAGE_SIZES[0]
    sort_column: int | None = None
    descending: bool = False
    filter_text: str = ""

    def with_options(self, options: Mapping[str, Any]) -> Self:
        """The view after an `update:options` event of Vuetify's DataTable."""
        columns = options.get("sortBy") or [None]
        descending = options.get("sortDesc") or [False]
        size = int(options["itemsPerPage"])
        column = None if columns[0] is None else int(columns[0])
        return type(self)(int(options["page"]), size, column, bool(descending[0]), self.filter_text)


@dataclass(frozen=True)
class TablePage:
    """Data for Vuetify's DataTable; `matches` counts the rows that pass the filter."""

    headers: list[Option]
    items: list[dict[str, str]]
    matches: int
    page: int


def table_page(table: Table, view: TableView) -> TablePage:
    """One page of the table, with equally many decimals for all numbers of a column.

    >>> table = Table("", ("who", "has"), [("b", 0.5), ("a", 1234.0)])
    >>> table_page(table, TableView(sort_column=0)).items
    [{'0': 'a', '1': '1,234.00'}, {'0': 'b', '1': '0.50'}]
    """
    rows = _matching_rows(table.rows, view.filter_text)
    page = max(min(view.page, math.ceil(len(rows) / view.size)), 1)
    visible = _sorted_rows(rows, view)[view.size * (page - 1) : view.size * page]
    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
    decimals = [_decimals(column) for column in columns]
    headers: list[Option] = [
        {"text": name, "value": str(place), "align": "start" if decimals[place] is None else "end"}
        for place, name in enumerate(table.columns)
    ]
    items = [
        {str(place): _cell_text(cell, decimals[place]) for place, cell in enumerate(row)}
        for row in visible
    ]
    return TablePage(headers, items, len(rows), page)


def _matching_rows(rows: Sequence[TableRow], filter_text: str) -> Sequence[TableRow]:
    """The rows whose text contains all words of the filter."""
    words = filter_text.lower().split()
    if not words:
        return rows
    texts = (" ".join(cell for cell in row if isinstance(cell, str)).lower() for row in rows)
    return [
        row for row, text in zip(rows, texts, strict=True) if all(word in text for word in words)
    ]


def _sorted_rows(rows: Sequence[TableRow], view: TableView) -> Sequence[TableRow]:
    """Sort numbers by size and names by their words and embedded numbers; empty cells last."""
    column = view.sort_column
    if column is None:
        return rows
    filled = [row for row in rows if row[column] is not None]
    empty = [row for row in rows if row[column] is None]
    return sorted(filled, key=lambda row: _sort_key(row[column]), reverse=view.descending) + empty


def _sort_key(cell: CellValue) -> tuple[Any, ...]:
    if not isinstance(cell, str):
        return (0, cell)
    parts = re.split(r"(\d+)", cell.lower())
    return (1, [int(part) if part.isdecimal() else part for part in parts])


def _decimals(column: Sequence[CellValue]) -> int | None:
    """Number of decimals of a column; None if it contains text."""
    if any(isinstance(cell, str) for cell in column):
        return None
    numbers = [cell for cell in column if not isinstance(cell, str) and cell is not None]
    if all(isinstance(cell, int) for cell in numbers):
        return 0
    largest = max(map(abs, numbers))
    magnitude = math.floor(math.log10(largest)) if largest else DIGITS
    return min(max(DIGITS - 1 - magnitude, MIN_DECIMALS), MAX_DECIMALS)


def _cell_text(cell: CellValue, decimals: int | None) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, str) or decimals is None:
        return str(cell)
    if cell == 0:
        return "0"  # exact; 0.00 may be a rounded value
    return f"{round(cell, decimals) + 0.0:,.{decimals}f}"  # + 0.0 turns -0.0 into 0.0
