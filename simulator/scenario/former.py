"""Scenarios in run folders that an earlier version wrote, in the words of this one."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

__all__ = ["in_current_words"]

Settings = dict[str, Any]


def in_current_words(scenario: Settings) -> Settings:
    """The same scenario, as this version writes it.

    Behaviours had a `start`, before which clients were honest, events of behaviour named one
    `client`, and contribution `fedsv` was another name of `shapley`.
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
            kept = [client for client in members if not _changed(changes, client, 0, start)]
            added += _begins(start, kept, behaviour)
            group["behaviour"] = {"kind": "honest"}
    for event in changes:
        client, period = event["client"], event["period"]
        start = event["behaviour"].pop("start", 1)
        if start > period:
            if not _changed(changes, client, period, start):
                added += _begins(start, [client], event["behaviour"])
            event["behaviour"] = {"kind": "honest"}
    for event in changes:
        event["clients"] = [event.pop("client")]
    if added:
        scenario["events"] = added + events
    return scenario


def _numbered(groups: Iterable[Settings]) -> Iterable[tuple[int, Settings]]:
    """Each group after the number of its first client."""
    first = 0
    for group in groups:
        yield first, group
        first += int(group.get("count", 1))


def _changed(changes: list[Settings], client: int, after: int, before: int) -> bool:
    """Whether an event changes the client between two periods, so that it never begins."""
    return any(each["client"] == client and after < each["period"] < before for each in changes)


def _begins(period: int, clients: list[int], behaviour: Settings) -> list[Settings]:
    event = {"period": period, "kind": "behaviour", "clients": clients, "behaviour": behaviour}
    return [event] if clients else []
