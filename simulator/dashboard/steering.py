"""Steering: events that happen to a run while it is watched."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from typing import Any, NamedTuple

import solara
from pydantic import ValidationError

from simulator.analysis.looks import words
from simulator.components import Family
from simulator.dashboard.asking import SettingInput
from simulator.dashboard.choosing import with_change
from simulator.dashboard.controls import Control, controls
from simulator.dashboard.frames import Cast
from simulator.dashboard.pace import drawn, redraw
from simulator.dashboard.showing import Live
from simulator.errors import RunError, ScenarioError
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
DECIDED = ("period", "behaviour.poses_from")
"""Settings of events that nobody is asked for: it is the next period."""
CLIENT = Control("client", 0, "Which client it is.")
"""On the page an event changes the behaviour of one client."""


class Wanted(NamedTuple):
    """The kind of event that is asked for, and changes to it by dotted path."""

    kind: str
    changes: Mapping[str, Any]


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
        values["clients"] = [changes.get(CLIENT.path, CLIENT.value)]
    for path, value in changes.items():
        if path == CLIENT.path:
            continue
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
            who = ", ".join(words(cast.clients[client]) for client in event.clients)
            verb = "turns" if len(event.clients) == 1 else "turn"
            return f"{who} {verb} {words(event.behaviour.kind)}"
        case LiquidityEvent():
            return f"{event.amount:g} of liquidity by {words(cast.providers[event.provider])}"
        case RevenueEvent():
            return f"revenue x {event.factor:g} for {event.periods} periods"
        case ClearingEvent():
            return f"clearing {event.clearing.kind}"
    return event.kind


@solara.component
def Interventions(show: solara.Reactive[Live]) -> None:
    """What is to happen at the beginning of the next period."""
    shown = show.value
    drawn(shown)
    wanted: solara.Reactive[Wanted] = solara.use_reactive(Wanted("behaviour", {}))
    problem, set_problem = solara.use_state("")

    def draft() -> Event:
        return drafted(type(show.value.settings), *wanted.value)

    def value(control: Control) -> Any:
        return wanted.value.changes.get(control.path, control.value)

    def change(path: str, new: Any) -> None:
        kind, changes = wanted.value
        changed = Wanted(kind, with_change(changes, path, new))
        with suppress(ValidationError):  # of a control that is just going
            drafted(type(show.value.settings), *changed)
            wanted.value = changed

    def begin(title: str) -> None:
        wanted.value = Wanted(next(kind for kind, told in TITLES.items() if told == title), {})

    def happen() -> None:
        try:
            show.value.intervene(draft().model_dump(mode="json"))
        except (ScenarioError, RunError) as error:
            set_problem(str(error))
        else:
            set_problem("")
            redraw()

    with (
        solara.Sidebar(),
        solara.Card("Intervene", "From the period after the newest on."),
        solara.Column(gap="8px"),
    ):
        title = TITLES[wanted.value.kind]
        solara.Select("What happens", list(TITLES.values()), title, on_value=begin)
        first = [CLIENT] if wanted.value.kind == "behaviour" else []
        for control in [*first, *controls(draft())]:
            if control.path not in DECIDED:
                _asked(control, show, partial(value, control), partial(change, control.path))
        # With a key the button stays the same one where there are more or fewer controls above it:
        # a click on one that is just being replaced is lost.
        solara.Button(
            "Let it happen", on_click=happen, color="primary", disabled=shown.complete
        ).key("happen")
        for line in problem.splitlines():
            solara.Error(f"error: {line}", dense=True)
        for event in shown.settings.events:
            solara.Text(f"period {event.period}: {told(event, shown.cast)}", classes=["event"])


def _asked(
    control: Control,
    show: solara.Reactive[Live],
    value: Callable[[], Any],
    change: Callable[[Any], None],
) -> None:
    """The control; clients and providers are chosen by name."""
    key = f"event {control.path}"

    def names() -> list[str]:
        several = {"client": show.value.cast.clients, "provider": show.value.cast.providers}
        return [words(name) for name in several.get(control.path, ())]

    def chosen(name: str) -> None:
        if name in names():  # and not one of the scenario that was open before
            change(names().index(name))

    if known := names():
        now = known[min(int(value()), len(known) - 1)]
        solara.Select(control.label, known, now, on_value=chosen).key(key)
    else:
        SettingInput(control, value, change).key(key)
