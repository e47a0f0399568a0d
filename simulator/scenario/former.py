"""Conversion of scenarios in run folders that earlier versions wrote."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from simulator.agents.engagement import Participation
from simulator.components import Component
from simulator.federation import BEHAVIOURS, Behaviour, Learner, Partition, Utility
from simulator.market import Curve, Launch, OutsidePrice
from simulator.tokens import Issuance, Mechanism, Vesting

__all__ = ["former_method", "with_current_settings"]

Settings = dict[str, Any]
BUILT_IN = {str(behaviour.model_fields["kind"].default) for behaviour in BEHAVIOURS}
"""Kinds of behaviours that are not a plugin's."""
FORMER_METHODS: dict[type[Component], dict[str, str]] = {
    Behaviour: {"claimed": "examples_reported"},
    Curve: {"has_shares": "full_range"},
    Issuance: {"scheduled": "schedule", "parts": "client_fractions"},
    Launch: {"served": "served_fraction", "endowed": "endowment"},
    Learner: {
        "of_outputs": "shares",
        "multiclass_probabilities": "shares",
        "likelihood": "log_likelihood",
    },
    Mechanism: {"pooled": "sum_by_token", "paid": "adjust"},
    OutsidePrice: {"launched": "launch_tokens"},
    Participation: {"joins": "participates"},
    Partition: {"mark": "groups", "seen": "observed"},
    Utility: {"of_two": "binary_hit_rate"},
    Vesting: {"parts": "fractions", "unlocked": "upcoming", "delayed": "vested"},
}
"""What users' components overrode under another name in earlier versions."""


def former_method(component: type[Component]) -> str:
    """What is wrong with a component that defines a method by its former name; else empty."""
    for base, names in FORMER_METHODS.items():
        for old, new in names.items() if issubclass(component, base) else ():
            if old in vars(component):
                return f"{component.__name__}.{old} is called {new} now, and would not be used"
    return ""


def with_current_settings(scenario: Settings) -> Settings:
    """A scenario of an earlier version with the current settings of equal meaning.

    Behaviours had a `start`, before which clients were honest; behaviour events named one `client`;
    contribution `fedsv` was another name of `shapley`. An event's `intermittent` counted from its
    `start`, by default period 1, and counts from the event now.
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
        if behaviour.get("kind") not in BUILT_IN:
            continue
        start = behaviour.pop("start", 1)
        if behaviour.get("kind") == "sybil":
            behaviour.setdefault("poses_from", start)
        elif start > 1:
            members = range(first, first + int(group.get("count", 1)))
            clients = [n for n in members if not _is_changed(changes, n, 0, start)]
            added += _behaviour_events(start, clients, behaviour)
            group["behaviour"] = {"kind": "honest"}
    for event in changes:
        client, period, behaviour = event["client"], event["period"], event["behaviour"]
        start = behaviour.pop("start", 1) if behaviour["kind"] in BUILT_IN else 1
        if start > period:
            if not _is_changed(changes, client, period, start):
                added += _behaviour_events(start, [client], behaviour)
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
