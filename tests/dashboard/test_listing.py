"""Listing: the rows of a table that are looked at."""

import pytest

from simulator.dashboard.charts import Table
from simulator.dashboard.listing import TableView, table_page

ROWS = [
    ("client 10", 3, 1234.5678, None),
    ("client 9", 20, 0.05, -0.25),
    ("lp 0", 1, 0.0, 12.0),
    ("client 0", 3, -0.0001, 0.5),
]
TABLE = Table("", ("who", "count", "money", "gain"), ROWS)


def column(place, **view):
    return [item[str(place)] for item in table_page(TABLE, TableView(**view)).items]


def test_numbers_of_a_column_have_as_many_decimals_and_stand_to_the_right():
    assert column(1) == ["3", "20", "1", "3"]
    assert column(2) == ["1,234.57", "0.05", "0", "0.00"]
    assert column(3) == ["–", "-0.250", "12.000", "0.500"]
    headers = table_page(TABLE, TableView()).headers
    assert [header["align"] for header in headers] == ["start", "end", "end", "end"]


def test_numbers_are_sorted_as_numbers_and_what_is_unknown_is_last():
    assert column(1, sort_column=1) == ["1", "3", "3", "20"]
    assert column(0, sort_column=0) == ["client 0", "client 9", "client 10", "lp 0"]
    assert column(3, sort_column=3)[-1] == column(3, sort_column=3, descending=True)[-1] == "–"
    assert column(0, sort_column=2, descending=True) == [
        "client 10",
        "client 9",
        "lp 0",
        "client 0",
    ]


def test_all_words_are_sought():
    assert column(0, filter_text="CLI 9") == ["client 9"]
    assert table_page(TABLE, TableView(filter_text="client")).matches == 3
    assert column(0, filter_text="nobody") == []


@pytest.mark.parametrize(("page", "rows"), [(1, 15), (3, 10), (9, 10)])
def test_a_page_at_a_time_and_the_last_where_there_are_fewer(page, rows):
    many = Table("", ("who",), [(f"client {number}",) for number in range(40)])
    view = table_page(many, TableView(page=page))
    assert (len(view.items), view.matches, view.page) == (rows, 40, min(page, 3))


def test_controls_of_the_table_turn_the_leaf():
    options = {"page": 2, "itemsPerPage": 50, "sortBy": ["3"], "sortDesc": [True]}
    assert TableView(filter_text="x").with_options(options) == TableView(2, 50, 3, True, "x")
    defaults = {"page": 1, "itemsPerPage": 15, "sortBy": [], "sortDesc": []}
    assert TableView().with_options(defaults) == TableView()


def test_a_table_without_rows():
    assert table_page(Table("", ("who",), []), TableView(sort_column=0)).items == []
