"""The drawings of a tab, and what one can pick there."""

from collections.abc import Callable
from dataclasses import replace

import solara

from simulator.dashboard.charts import Chart, Drawing, Table
from simulator.dashboard.figure import Figure
from simulator.dashboard.listing import PAGE_SIZES, TableView, table_page
from simulator.dashboard.pace import redraw_on_change
from simulator.dashboard.showing import Show
from simulator.dashboard.tabs import Tab

__all__ = ["TabDrawings"]

DENSE = """
.table td, .table th { padding: 0 5px !important; white-space: nowrap; }
.table td { font-size: 0.8rem !important; }
.table th:not(.active) .v-data-table-header__icon { display: none; }
"""


@solara.component
def TabDrawings(tab: Tab, show: Show) -> None:
    """The drawings of a tab, below its pickers."""
    redraw_on_change(show)
    pickers = tab.pickers(show.cast)
    selection, set_selection = solara.use_state(dict[str, str]())
    picks = {
        picker.label: word
        if (word := selection.get(picker.label)) in picker.words
        else picker.words[0]
        for picker in pickers
    }
    if pickers:
        with solara.Row(gap="16px", style={"max-width": "900px"}):
            for picker in pickers:
                solara.Select(
                    picker.label,
                    list(picker.words),
                    picks[picker.label],
                    on_value=lambda word, label=picker.label: set_selection(
                        lambda selection: selection | {label: word}
                    ),
                )
    columns = "repeat(auto-fit, minmax(min(440px, 100%), 1fr))"
    solara.Style(DENSE)
    with solara.Div(style={"display": "grid", "grid-template-columns": columns, "gap": "12px"}):
        for drawing in tab.drawings(show, picks):
            _drawing(drawing)


def _drawing(drawing: Drawing) -> None:
    if isinstance(drawing, Chart):
        Figure(drawing)
    else:
        across = "; grid-column: 1 / -1" if drawing.wide else ""
        with solara.Div(style=f"min-width: 0{across}", classes=["table"]):
            TableDrawing(drawing).key(" ".join(drawing.columns))


@solara.component
def TableDrawing(table: Table) -> None:
    """A table that can be sorted and filtered; the browser receives one page of rows at a time."""
    view, set_view = solara.use_state(TableView())
    with solara.Row(style={"align-items": "end", "justify-content": "space-between"}):
        with solara.Column(gap="0px"):
            solara.Text(table.title, style={"font-weight": "600"})
            solara.Text(table.subtitle, style={"font-size": "0.8rem", "opacity": "0.75"})
        if len(table.rows) > PAGE_SIZES[0]:
            with solara.Div(style={"max-width": "220px"}):
                solara.InputText(
                    "Filter",
                    view.filter_text,
                    on_value=lambda filter_text: set_view(
                        lambda view: replace(view, filter_text=filter_text, page=1)
                    ),
                    continuous_update=True,
                )
    if table.columns:
        _data_table(table, view, set_view)


def _data_table(table: Table, view: TableView, set_view: Callable[..., None]) -> None:
    rows = table_page(table, view)
    widget = solara.v.DataTable(
        headers=rows.headers,
        items=rows.items,
        server_items_length=rows.matches,
        page=rows.page,
        items_per_page=view.size,
        dense=True,
        mobile_breakpoint=0,
        hide_default_footer=len(table.rows) <= PAGE_SIZES[0],
        footer_props={"items-per-page-options": list(PAGE_SIZES)},
        style_="font-variant-numeric: tabular-nums",
    )
    solara.v.use_event(
        widget,
        "update:options",
        lambda *args: set_view(lambda view: view.with_options(args[-1])),
    )
