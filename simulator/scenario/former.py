"""Conversion of scenarios in run folders that earlier versions wrote."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

__all__ = ["with_current_settings"]

Settings = dict[str, Any]


def with_current_settings(scenario: Settings) -> Settings:
    """A scenario of an earlier version with the current settings of equal meaning.

    Behaviours had a `start`, before which clients were honest; behaviour events named one `client`;
    contribution `fedsv` was another name of `shapley`.
    """
    scenario = deepcopy(scenario)
    contribution = scenario.get("federation", {}).get("contribution", {})
    if contribution.get("kind") == "fedsv":
        contribution["kind"] = "shapley"
    events = scenario.get("events", [])
    changes = [event for event in events if event.get("kind") == "behaviour" and "client" in event]
    added: list[Settings] = []
    for first, group in _numbered(scenario.get("clients", [])):
        behaviour = group.get("behaviour", {})
        start = behaviour.pop("start", 1)
        if behaviour.get("kind") == "sybil":
            behaviour.setdefault("poses_from", start)
        elif start > 1:
            members = range(first, first + int(group.get("count", 1)))
            clients = [n for n in members if not _is_changed(changes, n, 0, start)]
            added += _behaviour_events(start, clients, behaviour)
            group["behaviour"] = {"kind": "honest"}
    for event in changes:
        client, period = event["client"], event["period"]
        start = event["behaviour"].pop("start", 1)
        if start > period:
            if not _is_changed(changes, client, period, start):
                added += _behaviour_events(start, [client], event["behaviour"])
            event["behaviour"] = {"kind": "honest"}
    for event in changes:
        event["clients"] = [event.pop("client")]
    if added:
        scenario["events"] = added + events
    return scenario


def _numbered(groups: Iterable[Settings]) -> Iterable[tuple[int, Settings]]:
    """(number of its first client, group) of each group."""
    first = 0
    for group in groups:
        yield first, group
        first += int(group.get("count", 1))


def _is_changed(changes: list[Settings], client: int, after: int, before: int) -> bool:
    """Whether an event changes the client's behaviour between two periods."""
    return any(each["client"] == client and after < each["period"] < before for each in changes)


def _behaviour_events(period: int, clients: list[int], behaviour: Settings) -> list[Settings]:
    event = {"period": period, "kind": "behaviour", "clients": clients, "behaviour": behaviour}
    return [event] if clients else []
