"""Whether the parts of a scenario fit each other: groups, their strategies, and events."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulator.advice import alternatively
from simulator.agents.groups import ClientGroup, InvestorGroup, LiquidityProviderGroup
from simulator.answers import check_of
from simulator.errors import Misfit, fitting
from simulator.federation import Behaviour, Changing, Duplicate, Honest
from simulator.market import Curve, Market, RandomOrder
from simulator.scenario.events import (
    EVENTS,
    BehaviourEvent,
    ClearingEvent,
    Event,
    LiquidityEvent,
)
from simulator.tokens import Tokens

__all__ = [
    "behaviours_of",
    "check_event",
    "check_members",
    "check_strategy",
    "numbered_groups",
    "seller_count",
]


def seller_count(clients: tuple[ClientGroup, ...], tokens: Tokens) -> int:
    """Number of clients whose tokens launches sell; a shared token has no late launch."""
    by_client = tokens.mechanism.by_client
    return sum(group.count for group in clients if by_client or group.joins <= 1)


def behaviours_of(clients: tuple[ClientGroup, ...], events: tuple[Event, ...]) -> list[Behaviour]:
    """Behaviour of each client, changed by events in their sequence."""
    behaviours: list[Behaviour] = [each.behaviour for each in clients for _ in range(each.count)]
    changes = (event for event in events if isinstance(event, BehaviourEvent))
    for event in sorted(changes, key=lambda event: event.period):
        for client in event.clients:
            before = behaviours[client]
            behaviours[client] = Changing(first=before, then=event.behaviour, start=event.period)
    return behaviours


def numbered_groups(clients: Sequence[ClientGroup]) -> Iterator[tuple[int, ClientGroup]]:
    """The number of its first client, and the group, of each group."""
    first = 0
    for group in clients:
        yield first, group
        first += group.count


def check_strategy(
    group: LiquidityProviderGroup | InvestorGroup, market: Market, path: str
) -> None:
    """Raise Misfit when a group's strategy, the setting at `path`, cannot trade in the market."""
    default = type(group).model_fields["strategy"].default.kind
    with fitting("."):
        try:
            with check_of(group.strategy):
                group.strategy.check(market)
        except ValueError as error:
            raise _with_advice(error, f"{path}.kind={default}") from error


def _with_advice(error: ValueError, advice: str) -> Misfit:
    """The error with one more setting that would do."""
    among = error.among if isinstance(error, Misfit) else (".",)
    return Misfit(alternatively(str(error), advice), *among)


def check_members(behaviour: Behaviour, members: Sequence[int], clients: int, path: str) -> None:
    """Raise Misfit when `members` cannot all behave like this, the setting at `path`."""
    try:
        with check_of(behaviour):
            for client in members:
                behaviour.check(client, clients)
    except ValueError as error:
        advice = f"{path}.kind={Honest().kind}"
        others = (client for client in range(clients) if client not in members)
        if isinstance(behaviour, Duplicate) and (original := next(others, None)) is not None:
            advice = f"{path}.original={original}"
        raise _with_advice(error, advice) from error


def check_event(event: Event, valid: Mapping[str, Any], path: str) -> None:
    """Raise ValueError when an event does not fit the `valid` settings of the scenario, by name."""
    match event:
        case BehaviourEvent() if "clients" in valid:
            with fitting(".", "clients"):
                _check_behaviour(event, valid["clients"], path)
        case LiquidityEvent() if {"liquidity_providers", "market"} <= valid.keys():
            with fitting(".", "liquidity_providers", "market.curve"):
                _check_provider(event, valid["liquidity_providers"], valid["market"].curve, path)
        case ClearingEvent() if "market" in valid:
            with fitting(".", "market.curve"):
                try:
                    with check_of(event.clearing):
                        event.clearing.check(valid["market"].curve)
                except ValueError as error:
                    default = f"{path}.clearing.kind={RandomOrder().kind}"
                    raise _with_advice(error, default) from error
    if not isinstance(event, EVENTS):
        kinds = " or ".join(f"{path}.kind={each.model_fields['kind'].default}" for each in EVENTS)
        raise ValueError(f"nothing happens by {event.kind}, plugins cannot add events: set {kinds}")


def _check_behaviour(event: BehaviourEvent, clients: tuple[ClientGroup, ...], path: str) -> None:
    count = sum(group.count for group in clients)
    if unknown := [client for client in event.clients if client >= count]:
        known = [client for client in event.clients if client < count] or [count - 1]
        raise ValueError(
            f"there is no client {unknown[0]}: the last is {count - 1}; set {path}.clients={known}"
        )
    if len(set(event.clients)) < len(event.clients):
        once = list(dict.fromkeys(event.clients))
        raise ValueError(f"a client is listed twice: set {path}.clients={once}")
    before = behaviours_of(clients, ())
    if event.behaviour.one_owner or any(before[client].one_owner for client in event.clients):
        raise ValueError(
            f"an event can neither create nor change a Sybil identity: leave out {path}"
        )
    check_members(event.behaviour, event.clients, count, f"{path}.behaviour")


def _check_provider(
    event: LiquidityEvent, providers: tuple[LiquidityProviderGroup, ...], curve: Curve, path: str
) -> None:
    count = sum(group.count for group in providers)
    if not curve.full_range:
        raise ValueError(
            f"liquidity comes to pools with LP shares, not to {curve.kind}: leave out {path}"
        )
    if not count:
        raise ValueError(
            f"there is no liquidity provider {event.provider}: leave out {path}, or add "
            "liquidity_providers"
        )
    if event.provider >= count:
        raise ValueError(
            f"there is no liquidity provider {event.provider}: the last is {count - 1}; set "
            f"{path}.provider={count - 1}"
        )
