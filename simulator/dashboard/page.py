"""The page: Mesa's controls and the scenario's settings in the sidebar, the run beside them."""

from collections.abc import Callable
from typing import Any

import solara
from mesa.visualization import SolaraViz

from simulator.dashboard.choosing import Choice
from simulator.dashboard.drawings import TabDrawings
from simulator.dashboard.overview import story
from simulator.dashboard.pace import Pace, redraw, redraw_on_change
from simulator.dashboard.showing import Live, Replay, Show
from simulator.dashboard.sidebar import OpenScenario, RunPeriods, SaveRun, ScenarioSettings
from simulator.dashboard.stage import Stage
from simulator.dashboard.steering import Interventions
from simulator.dashboard.tabs import TABS

__all__ = ["Page", "begin_with"]

_stages: list[Stage] = []

SLIDER_HEIGHT = "32px"  # reserved, as tabs that move or are replaced miss a click


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
