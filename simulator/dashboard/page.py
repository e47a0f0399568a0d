"""The page: Mesa's controls and the scenario's settings in the sidebar, the run beside them."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import solara
from mesa.visualization import SolaraViz

from simulator.dashboard.asking import SettingInput
from simulator.dashboard.charts import Chart, Drawing, Table
from simulator.dashboard.choosing import Choice
from simulator.dashboard.controls import Control
from simulator.dashboard.figure import Figure
from simulator.dashboard.listing import PAGE_SIZES, TableView, table_page
from simulator.dashboard.overview import story
from simulator.dashboard.pace import Pace, redraw, redraw_on_change
from simulator.dashboard.showing import Live, Replay, Show
from simulator.dashboard.stage import Stage
from simulator.dashboard.steering import Interventions
from simulator.dashboard.tabs import TABS, Tab
from simulator.errors import SimulatorError
from simulator.running import scenario_yaml

__all__ = ["Page", "begin_with"]

_stages: list[Stage] = []

DENSE = """
.table td, .table th { padding: 0 5px !important; white-space: nowrap; }
.table td { font-size: 0.8rem !important; }
.table th:not(.active) .v-data-table-header__icon { display: none; }
"""
SLIDER_HEIGHT = "32px"  # reserved, as tabs that move or are replaced miss a click
REDRAW_EVERY = 0.2  # seconds, while periods are run
CODE = {"font-family": "monospace", "font-size": "0.75rem", "word-break": "break-all"}


def begin_with(stage: Stage) -> None:
    """Set the stage of every page of this process."""
    _stages[:] = [stage]


@solara.component
def Page() -> None:
    """The page of one visitor, with a separate model."""
    stage = _stages[-1]
    if stage.recorded:
        RecordedRun(stage)
    else:
        LiveRun(stage)


@solara.component
def RecordedRun(stage: Stage) -> None:
    """The page of a run folder, which can be played and browsed."""
    recorded = stage.recorded
    assert recorded is not None
    first = solara.use_memo(lambda: Replay(recorded, len(recorded.frames) - 1), [])
    show: solara.Reactive[Show] = solara.use_reactive(first)
    mounts = solara.use_reactive(0)
    name = recorded.settings.name
    solara.Title(f"{name} · wallstreetfeds")
    with solara.Div():
        _mesa(show, {"recorded": recorded}, f"{name}: {recorded.folder}", mounts.value)
        Controls(show.value)
        RunView(show.value, (), mounts)


@solara.component
def LiveRun(stage: Stage) -> None:
    """The page of a run that is computed while it is watched and can be steered."""
    initial = stage.initial_choice
    choice = solara.use_reactive(initial)
    mounts = solara.use_reactive(0)

    def choose(seed: str) -> Choice:
        new: Choice = choice.value.with_seed(seed)
        choice.value = new
        return new

    seed = str(initial.settings.seed)
    first = solara.use_memo(lambda: Live(lambda _: initial, seed), [])
    show: solara.Reactive[Live] = solara.use_reactive(first)

    def open_choice(new: Choice) -> None:
        show.value = Live(lambda _: new, "")
        choice.value = new
        mounts.value += 1

    live: Live = show.value  # bound now: `show` may change before the effect runs
    solara.use_effect(lambda: live.close, [id(live)])  # close the show when it is replaced

    name = choice.value.settings.name
    solara.Title(f"{name} · wallstreetfeds")
    seed_input = {"type": "InputText", "label": "Seed of all random streams"}
    seed_input["value"] = str(choice.value.settings.seed)
    with solara.Div():
        _mesa(show, {"choose": choose, "seed": seed_input}, f"WallStreetFeds: {name}", mounts.value)
        Controls(show.value, lambda: _steering(stage, show, choice, open_choice))
        RunView(show.value, choice.value.problems, mounts)


def _steering(
    stage: Stage,
    show: solara.Reactive[Live],
    choice: solara.Reactive[Choice],
    open_choice: Callable[[Choice], None],
) -> None:
    Interventions(show)
    OpenScenario(stage, open_choice)
    ScenarioSettings(choice)
    SaveRun(stage, show.value)


@solara.component
def Controls(show: Show, steering: Callable[[], None] = lambda: None) -> None:
    """The sidebar's contents below Mesa's controls, as they are nested more deeply."""
    with solara.Div():
        Pace(show)
        RunPeriods(show)
        steering()


def _mesa(show: solara.Reactive[Any], params: dict[str, Any], name: str, mounts: int) -> None:
    """Mesa's controls; a new value of `mounts` restarts them, as the type of their box changes."""
    with solara.Div() if mounts % 2 else solara.v.Html(tag="div"):
        SolaraViz(
            show,
            components=[],
            model_params=params,
            play_interval=1,
            name=name,
        )


@solara.component
def RunView(show: Show, problems: tuple[str, ...], mounts: solara.Reactive[int]) -> None:
    """The run up to the shown period: messages, summary, period slider and tabs."""
    redraw_on_change(show)
    tab, set_tab = solara.use_state(0)
    settings, frames = show.settings, show.frames
    with solara.Column(gap="8px", classes=["run"], style={"padding": "0 20px 20px"}):
        if settings.description:
            solara.Text(settings.description, style={"opacity": "0.75"})
        with solara.Div(style={"display": "contents"}):
            _messages(show, problems)
        solara.Text(
            story(frames, show.cast),
            classes=["story"],
            style={"font-size": "1.15rem", "font-weight": "500"},
        )
        with solara.Div(style={"min-height": SLIDER_HEIGHT}):
            if len(show.all_frames) > 1:
                PeriodSlider(show, mounts)
        with solara.lab.Tabs(value=tab, on_value=set_tab, lazy=True):
            for each in TABS:
                solara.lab.Tab(each.title)
        TabDrawings(TABS[tab], show).key(f"tab {tab}")


def _messages(show: Show, problems: tuple[str, ...]) -> None:
    for problem in problems:
        solara.Error(f"error: {problem}", dense=True)
    if show.failure:
        solara.Error(f"error: {show.failure}; Reset starts again", dense=True)
    elif isinstance(show, Live) and show.ended:
        solara.Info("The last period of the scenario is reached; Reset starts again.", dense=True)


@solara.component
def PeriodSlider(show: Show, mounts: solara.Reactive[int]) -> None:
    """A slider over the available periods; stepping goes on from the selected one."""
    redraw_on_change(show)

    def go_to(now: int) -> None:
        if now != show.now:
            ended = show.ended
            show.go_to(now)
            mounts.value += ended != show.ended  # Mesa's buttons do not update
            redraw()

    last = len(show.all_frames) - 1
    with solara.Row(gap="16px", style={"align-items": "center", "max-width": "720px"}):
        solara.Text(
            f"period {show.now} of {last}", classes=["shown"], style={"white-space": "nowrap"}
        )
        solara.SliderInt("", value=show.now, min=0, max=last, on_value=go_to, thumb_label=False)


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


@solara.component
def RunPeriods(show: Show) -> None:
    """An input and a button for running several periods at once."""
    count, set_count = solara.use_state(10)
    requests, set_requests = solara.use_state(0)

    def run() -> None:
        last_redraw = time.monotonic()
        for _ in range(count if requests else 0):
            if show.ended:
                break
            show.step()
            if time.monotonic() - last_redraw > REDRAW_EVERY:
                redraw()
                last_redraw = time.monotonic()

    task = solara.lab.use_task(run, dependencies=[requests], prefer_threaded=True)
    with solara.Sidebar(), solara.Card("Run"), solara.Row(style={"align-items": "center"}):
        solara.InputInt(
            "Periods",
            count,
            on_value=lambda new: set_count(max(int(new or 1), 1)),
            continuous_update=True,
        )
        solara.Button(
            f"Run {count}",
            color="primary",
            disabled=task.pending,
            on_click=lambda: set_requests(requests + 1),
        )


@solara.component
def OpenScenario(stage: Stage, open_choice: Callable[[Choice], None]) -> None:
    """Inputs for opening a shipped scenario or a file."""
    problem, set_problem = solara.use_state("")
    file = solara.use_reactive("")
    name, set_name = solara.use_state(stage.name)

    def open_scenario(new: str) -> None:
        try:
            open_choice(stage.open(new))
        except SimulatorError as error:
            set_problem(str(error))
        else:
            set_problem("")
            set_name(new)

    with solara.Sidebar(), solara.Card("Open"):
        words = [*dict.fromkeys([name, *stage.shipped])]
        solara.Select("Scenario", words, name, on_value=open_scenario)
        solara.InputText("or a scenario file", file, continuous_update=True)
        if file.value:
            solara.Button("Open file", on_click=lambda: open_scenario(file.value), small=True)
        for line in problem.splitlines():
            solara.Error(f"error: {line}", dense=True)


@solara.component
def ScenarioSettings(choice: solara.Reactive[Choice]) -> None:
    """Inputs for the scenario's settings, by section."""
    panel, set_panel = solara.use_state(None)
    sections: dict[str, list[Control]] = {}
    for control in choice.value.controls:
        sections.setdefault(control.section, []).append(control)
    with (
        solara.Sidebar(),
        solara.Card("Scenario", "Changes count from the next Reset."),
        solara.v.ExpansionPanels(v_model=panel, on_v_model=set_panel, flat=True, accordion=True),
    ):
        for number, (title, members) in enumerate(sections.items()):
            with solara.v.ExpansionPanel():
                solara.v.ExpansionPanelHeader(children=[title], class_="px-0")
                with solara.v.ExpansionPanelContent():
                    for control in members if number == panel else ():
                        Setting(choice, control).key(control.path)


@solara.component
def Setting(choice: solara.Reactive[Choice], control: Control) -> None:
    """The input of one setting, with its description as a tooltip."""

    def change(new: Any) -> None:
        if control.path in {each.path for each in choice.value.controls}:  # may be gone
            choice.value = choice.value.with_setting(control.path, new)

    SettingInput(control, lambda: choice.value.value(control), change)


@solara.component
def SaveRun(stage: Stage, show: Live) -> None:
    """Buttons for saving the run so far as a run folder and its scenario as a file."""
    requests, set_requests = solara.use_state(0)

    def save() -> Path | SimulatorError | None:
        try:
            return stage.save(show) if requests else None
        except SimulatorError as error:  # raised in a task, it would replace the page
            return error

    task = solara.lab.use_task(save, dependencies=[requests], prefer_threaded=True)
    with solara.Sidebar(), solara.Card("Save"):
        with solara.Row():
            solara.Button(
                "Save run",
                disabled=task.pending,
                on_click=lambda: set_requests(requests + 1),
            )
            solara.FileDownload(
                lambda: scenario_yaml(show.settings), f"{show.settings.name}.yaml", "Scenario"
            )
        with solara.Column(gap="4px", style={"padding-top": "8px"}):
            if task.pending and requests:
                solara.Text("computing it again …")
            elif isinstance(task.value, SimulatorError):
                solara.Error(f"error: {task.value}", dense=True)
            elif task.value:
                solara.Text(f"saved {task.value}", classes=["saved"])
                solara.Text("Look at it again, or compare it with a new run, with")
                for command in ("view", "verify"):
                    solara.Text(f"wallstreetfeds {command} {task.value}", style=CODE)
