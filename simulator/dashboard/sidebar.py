"""The sidebar: running periods, opening a scenario, its settings, and saving a run."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import solara

from simulator.dashboard.asking import SettingInput
from simulator.dashboard.choosing import Choice
from simulator.dashboard.controls import Control
from simulator.dashboard.pace import redraw
from simulator.dashboard.showing import Live, Show
from simulator.dashboard.stage import Stage
from simulator.errors import SimulatorError
from simulator.running import scenario_yaml

__all__ = ["OpenScenario", "RunPeriods", "SaveRun", "ScenarioSettings"]

REDRAW_EVERY = 0.2  # seconds, while periods are run
CODE = {"font-family": "monospace", "font-size": "0.75rem", "word-break": "break-all"}


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
