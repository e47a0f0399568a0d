"""The page: Mesa's controls and the scenario's settings at the side, the run in the middle."""

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
from simulator.dashboard.listing import PAGE_SIZES, Leaf, listed
from simulator.dashboard.overview import story
from simulator.dashboard.pace import Pace, drawn, redraw
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
LOOKING = "32px"  # kept free, as tabs that move or are made anew miss a click
LOOK_EVERY = 0.2  # seconds between drawings while periods are run
CODE = {"font-family": "monospace", "font-size": "0.75rem", "word-break": "break-all"}


def begin_with(stage: Stage) -> None:
    """Set what every page of this process begins with."""
    _stages[:] = [stage]


@solara.component
def Page() -> None:
    """One visitor's page, with a model of its own."""
    stage = _stages[-1]
    if stage.recorded:
        RecordedRun(stage)
    else:
        LiveRun(stage)


@solara.component
def RecordedRun(stage: Stage) -> None:
    """A run folder, to be played and looked through."""
    recorded = stage.recorded
    assert recorded is not None
    first = solara.use_memo(lambda: Replay(recorded, len(recorded.frames) - 1), [])
    show: solara.Reactive[Show] = solara.use_reactive(first)
    mounted = solara.use_reactive(0)
    name = recorded.settings.name
    solara.Title(f"{name} · wallstreetfeds")
    with solara.Div():
        _viz(show, {"recorded": recorded}, f"{name}: {recorded.folder}", mounted.value)
        Controls(show.value)
        Shown(show.value, (), mounted)


@solara.component
def LiveRun(stage: Stage) -> None:
    """A run that is computed as it is watched, and that can be steered."""
    beginning = stage.first
    choice = solara.use_reactive(beginning)
    mounted = solara.use_reactive(0)

    def choose(seed: str) -> Choice:
        chosen: Choice = choice.value.seeded(seed)
        choice.value = chosen
        return chosen

    seed = str(beginning.settings.seed)
    first = solara.use_memo(lambda: Live(lambda _: beginning, seed), [])
    show: solara.Reactive[Live] = solara.use_reactive(first)

    def opened(new: Choice) -> None:
        show.value = Live(lambda _: new, "")
        choice.value = new
        mounted.value += 1

    shown: Live = show.value  # and not what is shown by the time that the effect begins
    solara.use_effect(lambda: shown.close, [id(shown)])  # once another one has taken its place

    name = choice.value.settings.name
    solara.Title(f"{name} · wallstreetfeds")
    now = str(choice.value.settings.seed)
    typed = {"type": "InputText", "label": "Seed of all random streams", "value": now}
    with solara.Div():
        _viz(show, {"choose": choose, "seed": typed}, f"WallStreetFeds: {name}", mounted.value)
        Controls(show.value, lambda: _steering(stage, show, choice, opened))
        Shown(show.value, choice.value.problems, mounted)


def _steering(
    stage: Stage,
    show: solara.Reactive[Live],
    choice: solara.Reactive[Choice],
    opened: Callable[[Choice], None],
) -> None:
    Interventions(show)
    OtherScenario(stage, opened)
    ScenarioSettings(choice)
    Saving(stage, show.value)


@solara.component
def Controls(show: Show, more: Callable[[], None] = lambda: None) -> None:
    """What stands below Mesa's controls, being components deeper than they are."""
    with solara.Div():
        Pace(show)
        Stepping(show)
        more()


def _viz(show: solara.Reactive[Any], params: dict[str, Any], name: str, mounted: int) -> None:
    """Mesa's controls; where `mounted` is another, they begin anew, in a box of another sort."""
    with solara.Div() if mounted % 2 else solara.v.Html(tag="div"):
        SolaraViz(
            show,
            components=[],
            model_params=params,
            play_interval=1,
            name=name,
        )


@solara.component
def Shown(show: Show, problems: tuple[str, ...], mounted: solara.Reactive[int]) -> None:
    """What has happened up to the period that is shown."""
    drawn(show)
    tab, set_tab = solara.use_state(0)
    settings, frames = show.settings, show.frames
    with solara.Column(gap="8px", classes=["run"], style={"padding": "0 20px 20px"}):
        if settings.description:
            solara.Text(settings.description, style={"opacity": "0.75"})
        with solara.Div(style={"display": "contents"}):
            _told(show, problems)
        solara.Text(
            story(frames, show.cast),
            classes=["story"],
            style={"font-size": "1.15rem", "font-weight": "500"},
        )
        with solara.Div(style={"min-height": LOOKING}):
            if len(show.known) > 1:
                Looking(show, mounted)
        with solara.lab.Tabs(value=tab, on_value=set_tab, lazy=True):
            for each in TABS:
                solara.lab.Tab(each.title)
        Drawn(TABS[tab], show).key(f"tab {tab}")


def _told(show: Show, problems: tuple[str, ...]) -> None:
    for problem in problems:
        solara.Error(f"error: {problem}", dense=True)
    if show.failure:
        solara.Error(f"error: {show.failure}; Reset starts again", dense=True)
    elif isinstance(show, Live) and show.ended:
        solara.Info("The last period of the scenario is reached; Reset starts again.", dense=True)


@solara.component
def Looking(show: Show, mounted: solara.Reactive[int]) -> None:
    """A slider over the periods that are known: back to any of them, and on from there."""
    drawn(show)

    def looked(now: int) -> None:
        if now != show.now:
            ended = show.ended
            show.go_to(now)
            mounted.value += ended != show.ended  # Mesa's buttons do not notice
            redraw()

    last = len(show.known) - 1
    with solara.Row(gap="16px", style={"align-items": "center", "max-width": "720px"}):
        solara.Text(
            f"period {show.now} of {last}", classes=["shown"], style={"white-space": "nowrap"}
        )
        solara.SliderInt("", value=show.now, min=0, max=last, on_value=looked, thumb_label=False)


@solara.component
def Drawn(tab: Tab, show: Show) -> None:
    """The drawings of a tab, and what one can pick there."""
    drawn(show)
    pickers = tab.pickers(show.cast)
    picked, set_picked = solara.use_state(dict[str, str]())
    picks = {
        picker.label: word
        if (word := picked.get(picker.label)) in picker.words
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
                    on_value=lambda word, label=picker.label: set_picked(
                        lambda picked: picked | {label: word}
                    ),
                )
    columns = "repeat(auto-fit, minmax(min(440px, 100%), 1fr))"
    solara.Style(DENSE)
    with solara.Div(style={"display": "grid", "grid-template-columns": columns, "gap": "12px"}):
        for drawing in tab.drawn(show, picks):
            _drawing(drawing)


def _drawing(drawing: Drawing) -> None:
    if isinstance(drawing, Chart):
        Figure(drawing)
    else:
        across = "; grid-column: 1 / -1" if drawing.wide else ""
        with solara.Div(style=f"min-width: 0{across}", classes=["table"]):
            TableOf(drawing).key(" ".join(drawing.columns))


@solara.component
def TableOf(table: Table) -> None:
    """A table that can be sorted and searched; of its rows one page is sent at a time."""
    leaf, set_leaf = solara.use_state(Leaf())
    with solara.Row(style={"align-items": "end", "justify-content": "space-between"}):
        with solara.Column(gap="0px"):
            solara.Text(table.title, style={"font-weight": "600"})
            solara.Text(table.below, style={"font-size": "0.8rem", "opacity": "0.75"})
        if len(table.rows) > PAGE_SIZES[0]:
            with solara.Div(style={"max-width": "220px"}):
                solara.InputText(
                    "Filter",
                    leaf.sought,
                    on_value=lambda sought: set_leaf(
                        lambda leaf: replace(leaf, sought=sought, page=1)
                    ),
                    continuous_update=True,
                )
    if table.columns:
        _leaf_of(table, leaf, set_leaf)


def _leaf_of(table: Table, leaf: Leaf, set_leaf: Callable[[Callable[[Leaf], Leaf]], None]) -> None:
    shown = listed(table, leaf)
    drawn = solara.v.DataTable(
        headers=shown.headers,
        items=shown.items,
        server_items_length=shown.found,
        page=shown.page,
        items_per_page=leaf.size,
        dense=True,
        mobile_breakpoint=0,
        hide_default_footer=len(table.rows) <= PAGE_SIZES[0],
        footer_props={"items-per-page-options": list(PAGE_SIZES)},
        style_="font-variant-numeric: tabular-nums",
    )
    solara.v.use_event(
        drawn,
        "update:options",
        lambda *args: set_leaf(lambda leaf: leaf.turned(args[-1])),
    )


@solara.component
def Stepping(show: Show) -> None:
    """Running some periods at once."""
    count, set_count = solara.use_state(10)
    asked, set_asked = solara.use_state(0)

    def run() -> None:
        looked = time.monotonic()
        for _ in range(count if asked else 0):
            if show.ended:
                break
            show.step()
            if time.monotonic() - looked > LOOK_EVERY:
                redraw()
                looked = time.monotonic()

    task = solara.lab.use_task(run, dependencies=[asked], prefer_threaded=True)
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
            on_click=lambda: set_asked(asked + 1),
        )


@solara.component
def OtherScenario(stage: Stage, opened: Callable[[Choice], None]) -> None:
    """Another scenario: one that comes with the package, or a file."""
    problem, set_problem = solara.use_state("")
    file = solara.use_reactive("")
    name, set_name = solara.use_state(stage.name)

    def take(new: str) -> None:
        try:
            opened(stage.open(new))
        except SimulatorError as error:
            set_problem(str(error))
        else:
            set_problem("")
            set_name(new)

    with solara.Sidebar(), solara.Card("Open"):
        words = [*dict.fromkeys([name, *stage.shipped])]
        solara.Select("Scenario", words, name, on_value=take)
        solara.InputText("or a scenario file", file, continuous_update=True)
        if file.value:
            solara.Button("Open file", on_click=lambda: take(file.value), small=True)
        for line in problem.splitlines():
            solara.Error(f"error: {line}", dense=True)


@solara.component
def ScenarioSettings(choice: solara.Reactive[Choice]) -> None:
    """Everything that one can change of the scenario, by section."""
    opened, set_opened = solara.use_state(None)
    sections: dict[str, list[Control]] = {}
    for control in choice.value.controls:
        sections.setdefault(control.section, []).append(control)
    with (
        solara.Sidebar(),
        solara.Card("Scenario", "Changes count from the next Reset."),
        solara.v.ExpansionPanels(v_model=opened, on_v_model=set_opened, flat=True, accordion=True),
    ):
        for number, (title, members) in enumerate(sections.items()):
            with solara.v.ExpansionPanel():
                solara.v.ExpansionPanelHeader(children=[title], class_="px-0")
                with solara.v.ExpansionPanelContent():
                    for control in members if number == opened else ():
                        Setting(choice, control).key(control.path)


@solara.component
def Setting(choice: solara.Reactive[Choice], control: Control) -> None:
    """One setting, with its meaning where the mouse rests on it."""

    def change(new: Any) -> None:
        if control.path in {each.path for each in choice.value.controls}:  # still
            choice.value = choice.value.changed(control.path, new)

    SettingInput(control, lambda: choice.value.value(control), change)


@solara.component
def Saving(stage: Stage, show: Live) -> None:
    """The run so far as a run folder, and its scenario as a file."""
    asked, set_asked = solara.use_state(0)

    def save() -> Path | SimulatorError | None:
        try:
            return stage.save(show) if asked else None
        except SimulatorError as error:  # raised in a task it would take the place of the page
            return error

    task = solara.lab.use_task(save, dependencies=[asked], prefer_threaded=True)
    with solara.Sidebar(), solara.Card("Save"):
        with solara.Row():
            solara.Button(
                "Save run",
                disabled=task.pending,
                on_click=lambda: set_asked(asked + 1),
            )
            solara.FileDownload(
                lambda: scenario_yaml(show.settings), f"{show.settings.name}.yaml", "Scenario"
            )
        with solara.Column(gap="4px", style={"padding-top": "8px"}):
            if task.pending and asked:
                solara.Text("computing it again …")
            elif isinstance(task.value, SimulatorError):
                solara.Error(f"error: {task.value}", dense=True)
            elif task.value:
                solara.Text(f"saved {task.value}", classes=["saved"])
                solara.Text("Look at it again, or compare it with a new run, with")
                for command in ("view", "verify"):
                    solara.Text(f"wallstreetfeds {command} {task.value}", style=CODE)
