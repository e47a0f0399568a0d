"""Steering: events that happen to a run while it is watched."""

from collections.abc import Mapping
from typing import Any

import solara
from mesa.visualization.utils import force_update, update_counter

from simulator.components import Family
from simulator.dashboard.controls import Control, Slider, controls
from simulator.dashboard.showing import Live
from simulator.errors import ScenarioError
from simulator.scenario import Event
from simulator.scenario.events import EVENTS

__all__ = ["Interventions", "drafted"]

TITLES = {
    "behaviour": "a client behaves otherwise",
    "liquidity": "liquidity comes",
    "revenue": "revenue is shocked",
    "clearing": "clearing changes",
}
"""What the kinds of events are called."""


def drafted(kind: str, changes: Mapping[str, Any]) -> Event:
    """The event of a kind with `changes` by dotted path; its period is not decided yet."""
    values: dict[str, Any] = {"kind": kind, "period": 1}
    if kind == "behaviour":
        values["client"] = 0
    for path, value in changes.items():
        *parents, name = path.split(".")
        place = values
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = value
    event: Event = Family(EVENTS).kinds[kind].model_validate(values)  # type: ignore[assignment]
    return event


@solara.component
def Interventions(show: Live) -> None:
    """What is to happen at the beginning of the next period."""
    from simulator.dashboard.page import Asked

    update_counter.get()
    kind, set_kind = solara.use_state("behaviour")
    changes, set_changes = solara.use_state(dict[str, Any]())
    problem, set_problem = solara.use_state("")
    draft = drafted(kind, changes)

    def change(path: str, value: Any) -> None:
        dropped = path.removesuffix("kind") if path.endswith("kind") else None
        kept = {
            name: old
            for name, old in changes.items()
            if dropped is None or not name.startswith(dropped)
        }
        set_changes(kept | {path: value})

    def begin(title: str) -> None:
        set_changes({})
        set_kind(next(name for name, told in TITLES.items() if told == title))

    def happen() -> None:
        try:
            show.intervene(draft.model_dump(mode="json"))
        except ScenarioError as error:
            set_problem(str(error))
        else:
            set_problem("")
            force_update()

    with solara.Sidebar(), solara.Card("Intervene", "From the next period on."):
        solara.Select("What happens", list(TITLES.values()), TITLES[kind], on_value=begin)
        for control in controls(draft):
            if control.path != "period":
                limited = _limited(control, show)
                Asked(limited, control.value, lambda new, path=control.path: change(path, new)).key(
                    f"{kind} {control.path}"
                )
        solara.Button("Let it happen", on_click=happen, color="primary", disabled=show.ended)
        for line in problem.splitlines():
            solara.Error(f"error: {line}", dense=True)
        for event in show.settings.events:
            solara.Text(f"period {event.period}: {TITLES[event.kind]}", classes=["event"])


def _limited(control: Control, show: Live) -> Control:
    """The control with the numbers of clients and providers that there are."""
    several = {"client": show.cast.clients, "provider": show.cast.providers}
    if isinstance(control, Slider) and control.path in several:
        last = max(len(several[control.path]) - 1, 0)
        return Slider(control.path, control.value, control.description, 0, last, 1)
    return control
