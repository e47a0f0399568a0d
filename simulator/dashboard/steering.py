"""Steering: events that a visitor adds to a live run."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from typing import Any, NamedTuple

import solara

from simulator.analysis.looks import words
from simulator.components import Family
from simulator.dashboard.asking import SettingInput
from simulator.dashboard.choosing import with_change
from simulator.dashboard.controls import Control, controls
from simulator.dashboard.frames import Cast
from simulator.dashboard.pace import redraw, redraw_on_change
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

__all__ = ["Interventions", "draft_event", "event_text"]

TITLES = {
    "behaviour": "a client behaves otherwise",
    "liquidity": "liquidity comes",
    "revenue": "revenue is shocked",
    "clearing": "clearing changes",
}
"""Title of each kind of event."""
WITHOUT_INPUT = ("period", "behaviour.poses_from")
"""Settings of events without an input on the page: an event starts with the next period."""
CLIENT = Control("client", 0, "Which client it is.")
"""Client of a behaviour event, which on the page has one client only."""


class Draft(NamedTuple):
    """The kind of event being edited, and changes to its defaults by dotted path."""

    kind: str
    changes: Mapping[str, Any]


@cache
def _event_types(scenario: type[Scenario]) -> dict[str, type[Event]]:
    """Event classes by kind, whose families include the kinds that plugins have added."""
    members: Any = places(scenario)["events[]"]
    kinds = Family(members).kinds.items()
    return {kind: member for kind, member in kinds if issubclass(member, Event)}


def draft_event(scenario: type[Scenario], kind: str, changes: Mapping[str, Any]) -> Event:
    """An event of a kind with `changes` by dotted path; its period is a placeholder."""
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
    return _event_types(scenario)[kind].model_validate(values)


def event_text(event: Event, cast: Cast) -> str:
    """A short description of an event, such as `client 1 turns free rider`."""
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
    """A form for an event at the start of the next period, and a list of all events."""
    live = show.value
    redraw_on_change(live)
    draft: solara.Reactive[Draft] = solara.use_reactive(Draft("behaviour", {}))
    problem, set_problem = solara.use_state("")

    def next_event() -> Event:
        return draft_event(type(show.value.settings), *draft.value)

    def value(control: Control) -> Any:
        return draft.value.changes.get(control.path, control.value)

    def change(path: str, new: Any) -> None:
        kind, changes = draft.value
        new_draft = Draft(kind, with_change(changes, path, new))
        with suppress(ScenarioError):  # from an input that is about to disappear
            draft_event(type(show.value.settings), *new_draft)
            draft.value = new_draft

    def change_kind(title: str) -> None:
        draft.value = Draft(next(kind for kind in TITLES if TITLES[kind] == title), {})

    def intervene() -> None:
        try:
            show.value.intervene(next_event().model_dump(mode="json"))
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
        title = TITLES[draft.value.kind]
        solara.Select("What happens", list(TITLES.values()), title, on_value=change_kind)
        client = [CLIENT] if draft.value.kind == "behaviour" else []
        for control in [*client, *controls(next_event())]:
            if control.path not in WITHOUT_INPUT:
                _event_input(control, show, partial(value, control), partial(change, control.path))
        # The key keeps the button when the number of inputs above it changes: a click on a button
        # that is being replaced is lost.
        solara.Button(
            "Let it happen", on_click=intervene, color="primary", disabled=live.complete
        ).key("happen")
        for line in problem.splitlines():
            solara.Error(f"error: {line}", dense=True)
        for event in live.settings.events:
            text = f"period {event.period}: {event_text(event, live.cast)}"
            solara.Text(text, classes=["event"])


def _event_input(
    control: Control,
    show: solara.Reactive[Live],
    value: Callable[[], Any],
    change: Callable[[Any], None],
) -> None:
    """An input for a setting of an event; clients and providers are selected by name."""
    key = f"event {control.path}"

    def names() -> list[str]:
        by_setting = {"client": show.value.cast.clients, "provider": show.value.cast.providers}
        return [words(name) for name in by_setting.get(control.path, ())]

    def change_by_name(name: str) -> None:
        if name in names():  # it may belong to the scenario open before
            change(names().index(name))

    if options := names():
        selected = options[min(int(value()), len(options) - 1)]
        solara.Select(control.label, options, selected, on_value=change_by_name).key(key)
    else:
        SettingInput(control, value, change).key(key)
