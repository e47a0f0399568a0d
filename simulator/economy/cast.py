"""The cast: the Mesa agents of a run, some of them of classes of the user's own."""

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import mesa

from simulator.agents.aggregator import Aggregator
from simulator.agents.client import Client
from simulator.agents.holder import Place, Trader
from simulator.agents.investor import Investor
from simulator.agents.liquidity_provider import LiquidityProvider
from simulator.economy.register import TREASURY
from simulator.economy.world import World
from simulator.errors import Problem, ScenarioError, suggestion
from simulator.scenario import Scenario

__all__ = ["AgentTypes", "check_types", "create_agents", "number_from"]

AgentTypes = Mapping[str, type[Trader]]
"""Classes with a method `decide` by the groups whose agents they are, such as `investors/0`."""

KINDS: dict[str, type[Trader]] = {
    "clients": Client,
    "liquidity_providers": LiquidityProvider,
    "investors": Investor,
}


def check_types(types: AgentTypes, settings: Scenario) -> dict[str, str]:
    """Names of the classes by group. Raises ScenarioError when one is for no group, or unfit."""
    return {group: made.__name__ for group, made in _checked(types, settings)}


def _checked(types: AgentTypes, settings: Scenario) -> Iterable[tuple[str, type[Trader]]]:
    counts = {
        "clients": len(settings.clients),
        "liquidity_providers": len(settings.liquidity_providers),
        "investors": len(settings.investors),
    }
    groups = [f"{kind}/{number}" for kind, count in counts.items() for number in range(count)]
    for group, made in types.items():
        where = f"agent_types[{group!r}]"
        if group not in groups:
            what = f"the scenario's groups are {', '.join(groups)}{suggestion(group, groups)}"
            raise ScenarioError([Problem(where, what)])
        base = KINDS[group.partition("/")[0]]
        if not issubclass(made, base):
            raise ScenarioError([Problem(where, f"must be a subclass of {base.__name__}")])
        if made.decide is Trader.decide:
            what = f"{made.__name__} has no method decide(self, view) that returns Orders"
            raise ScenarioError([Problem(where, what)])
        yield group, made


def create_agents(model: mesa.Model, world: World, types: AgentTypes) -> None:
    """Everybody there will be, as agents of the model and of their groups."""
    register, agent = world.register, 1
    Aggregator(model, Place("aggregator", TREASURY))
    numbers = dict.fromkeys(KINDS, 0)
    for group in world.groups.all:
        kind = group.name.partition("/")[0]
        made, last = types.get(group.name, KINDS[kind]), group.accounts[-1]
        while agent < len(register.agents) and register.first_accounts[agent] <= last:
            first, size = int(register.first_accounts[agent]), int(register.sizes[agent])
            place = Place(register.agents[agent], first, size, numbers[kind], group.name)
            group.agents.append(made(model, place))
            numbers[kind] += 1
            agent += 1


class _Ids(WeakKeyDictionary[mesa.Model, Any]):
    """The next number of an agent by model, forgotten with the model."""

    def __getitem__(self, model: mesa.Model) -> Any:
        return self.setdefault(model, count(1))


if hasattr(mesa.Agent, "_ids"):  # until Mesa 3.3, where this kept every model alive
    mesa.Agent._ids = _Ids()


def number_from(model: mesa.Model, number: int) -> None:
    """Give the next agents of a copied model numbers from `number` on."""
    if hasattr(mesa.Agent, "_ids"):
        mesa.Agent._ids[model] = count(number)
