"""The page: Mesa's controls and the scenario's settings at the side, the run in the middle."""

from collections.abc import Callable
from typing import Any

import solara
from mesa.visualization import SolaraViz
from mesa.visualization.utils import update_counter

from simulator.dashboard.charts import HEIGHT, Cast, charts, story
from simulator.dashboard.choosing import Choice
from simulator.dashboard.controls import Choices, Control, Slider, Switch
from simulator.dashboard.watching import Watched
from simulator.scenario import Scenario

__all__ = ["Page", "begin_with"]

_beginning: list[Choice] = []


def begin_with(choice: Choice) -> None:
    """Set what every page of this process begins with."""
    _beginning[:] = [choice]


@solara.component
def Page() -> None:
    """One visitor's page, with a model of its own."""
    beginning = _beginning[-1]
    choice = solara.use_reactive(beginning)

    def choose(seed: str) -> Scenario:
        chosen: Choice = choice.value.seeded(seed)
        choice.value = chosen
        return chosen.settings

    seed = str(beginning.settings.seed)
    first = solara.use_memo(lambda: Watched(lambda _: beginning.settings, seed), [])
    model: solara.Reactive[Watched] = solara.use_reactive(first)
    name = choice.value.settings.name
    solara.Title(f"{name} · wallstreetfeds")
    typed = {"type": "InputText", "label": "Seed of all random streams", "value": seed}
    SolaraViz(
        model,
        components=[],
        model_params={"choose": choose, "seed": typed},
        play_interval=1,
        name=f"WallStreetFeds: {name}",
    )
    Run(model.value, choice)


@solara.component
def Run(economy: Watched, choice: solara.Reactive[Choice]) -> None:
    """What has happened so far; at the side what happens from the next reset."""
    update_counter.get()
    Settings(choice)  # one component deeper than Mesa's controls, so it stands below them
    frames, settings = economy.frames[:], economy.settings
    cast = Cast.of(economy)
    with solara.Column(gap="8px", classes=["run"], style={"padding": "0 20px 20px"}):
        if settings.description:
            solara.Text(settings.description, style={"opacity": "0.75"})
        for problem in choice.value.problems:
            solara.Error(f"error: {problem}", dense=True)
        if economy.failure:
            solara.Error(f"error: {economy.failure}; Reset starts again", dense=True)
        elif not economy.running:
            solara.Info(
                "The last period of the scenario is reached; Reset starts again.", dense=True
            )
        solara.Text(
            story(frames, cast, settings.periods),
            classes=["story"],
            style={"font-size": "1.15rem", "font-weight": "500"},
        )
        columns = "repeat(auto-fit, minmax(min(460px, 100%), 1fr))"
        with solara.Div(style={"display": "grid", "grid-template-columns": columns, "gap": "12px"}):
            for chart in charts(frames, cast):
                across = "; grid-column: 1 / -1" if chart.wide else ""
                style = f"height: {HEIGHT}px{across}"
                solara.FigureEcharts(chart.option, attributes={"style": style}, responsive=True)


@solara.component
def Settings(choice: solara.Reactive[Choice]) -> None:
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
    value = choice.value.value(control)

    def change(new: Any) -> None:
        choice.value = choice.value.changed(control.path, new)

    with solara.Tooltip(control.description), solara.Column(gap="0px", classes=["setting"]):
        match control:
            case Slider():
                _slide(control, value, change)
            case Choices():
                solara.Select(control.label, list(control.words), value, on_value=change)
            case Switch():
                solara.Switch(label=control.label, value=value, on_value=change)


def _slide(control: Slider, value: float, change: Callable[[float], None]) -> None:
    """A slider under its name and value; it may not move by less than its step."""

    def moved(new: float) -> None:
        if abs(new - value) > control.step / 2:
            change(new)

    slider = solara.SliderInt if isinstance(control.value, int) else solara.SliderFloat
    solara.Text(f"{control.label}: {value:.4g}", style={"font-size": "0.9rem"})
    slider(
        "",
        value=value,
        on_value=moved,
        min=control.low,
        max=control.high,
        step=control.step,
        thumb_label=False,
    )
