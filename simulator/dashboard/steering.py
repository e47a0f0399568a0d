"""Steering: events that happen to a run while it is watched."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import solara

from analysis.looks import words
from simulator.components import Family
from simulator.dashboard.asking import Asked
from simulator.dashboard.choosing import with_change
from simulator.dashboard.controls import Control, controls
from simulator.dashboard.frames import Cast
from simulator.dashboard.pace import drawn, redraw
from simulator.dashboard.showing import Live
from simulator.errors import ScenarioError
from simulator.scenario import (
    BehaviourEvent,
    ClearingEvent,
    Event,
    LiquidityEvent,
    RevenueEvent,
    Scenario,
)
from simulator.scenario.catalogue import places

__all__ = ["Interventions", "drafted", "told"]

TITLES = {
    "behaviour": "a client behaves otherwise",
    "liquidity": "liquidity comes",
    "revenue": "revenue is shocked",
    "clearing": "clearing changes",
}
"""What the kinds of events are called."""
DECIDED = ("period", "behaviour.start")
"""Settings of events that nobody is asked for: it is the next period."""


@cache
def _events(scenario: type[Scenario]) -> dict[str, type[Event]]:
    """Events by their kind; what plugins have added to the scenario's families is in theirs."""
    members: Any = places(scenario)["events[]"]
    kinds = Family(members).kinds.items()
    return {kind: member for kind, member in kinds if issubclass(member, Event)}


def drafted(scenario: type[Scenario], kind: str, changes: Mapping[str, Any]) -> Event:
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
    return _events(scenario)[kind].model_validate(values)


def told(event: Event, cast: Cast) -> str:
    """What an event does, in a few words."""
    match event:
        case BehaviourEvent():
            return f"{words(cast.clients[event.client])} turns {words(event.behaviour.kind)}"
        case LiquidityEvent():
            return f"{event.amount:g} of liquidity by {words(cast.providers[event.provider])}"
        case RevenueEvent():
            return f"revenue x {event.factor:g} for {event.periods} periods"
        case ClearingEvent():
            return f"clearing {event.clearing.kind}"
    return event.kind


@solara.component
def Interventions(show: Live) -> None:
    """What is to happen at the beginning of the next period."""
    drawn(show)
    # in one, so that what is asked of a control that is just going does not mix with another kind
    wanted, want = solara.use_state(("behaviour", dict[str, Any]()))
    problem, set_problem = solara.use_state("")
    kind, changes = wanted
    draft, over = drafted(type(show.settings), kind, changes), show.complete

    def change(path: str, value: Any) -> None:
        want((kind, with_change(changes, path, value)))

    def begin(title: str) -> None:
        want((next(name for name, told in TITLES.items() if told == title), {}))

    def happen() -> None:
        try:
            show.intervene(draft.model_dump(mode="json"))
        except ScenarioError as error:
            set_problem(str(error))
        else:
            set_problem("")
            redraw()

    with (
        solara.Sidebar(),
        solara.Card("Intervene", "From the period after the newest on."),
        solara.Column(gap="8px"),
    ):
        solara.Select("What happens", list(TITLES.values()), TITLES[kind], on_value=begin)
        for control in controls(draft):
            if control.path not in DECIDED:
                _asked(control, show.cast, partial(change, control.path))
        solara.Button("Let it happen", on_click=happen, color="primary", disabled=over)
        for line in problem.splitlines():
            solara.Error(f"error: {line}", dense=True)
        for event in show.settings.events:
            solara.Text(f"period {event.period}: {told(event, show.cast)}", classes=["event"])


def _asked(control: Control, cast: Cast, change: Callable[[Any], None]) -> None:
    """The control; clients and providers are chosen by name."""
    several = {"client": cast.clients, "provider": cast.providers}
    names = [words(name) for name in several.get(control.path, ())]
    if not names:
        Asked(control, control.value, change).key(f"event {control.path}")
        return
    place = min(int(control.value), len(names) - 1)

    def chosen(name: str) -> None:
        if name in names:  # and not one of the scenario that was open before
            change(names.index(name))

    solara.Select(control.label, names, names[place], on_value=chosen).key(f"event {control.path}")
