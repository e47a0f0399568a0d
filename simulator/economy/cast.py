"""The cast: the Mesa agents of a run, some of them of classes of the user's own."""

import inspect
from collections.abc import Mapping
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import mesa

from simulator.agents.aggregator import Aggregator
from simulator.agents.client import Client
from simulator.agents.groups import Group, InvestorGroup
from simulator.agents.holder import AgentPlace, Trader
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
    for group, made in types.items():
        if what := _unfit(group, made, settings.groups):
            raise ScenarioError([Problem(f"agent_types[{group!r}]", what)])
    return {group: made.__name__ for group, made in types.items()}


def _unfit(name: Any, made: Any, groups: Mapping[str, Group]) -> str:
    """Why a class cannot decide for a group; nothing when it can."""
    if name not in groups:
        return f"the scenario's groups are {', '.join(groups)}{suggestion(str(name), groups)}"
    kind, group = name.partition("/")[0], groups[name]
    if not (inspect.isclass(made) and issubclass(made, KINDS[kind])):
        return f"must be a subclass of {KINDS[kind].__name__}"
    if made.decide is Trader.decide or not callable(made.decide):
        return f"{made.__name__} has no method decide(self, view) that returns Orders"
    if isinstance(group, InvestorGroup) and group.accounts_per_agent > 1:
        return "an agent that decides for itself has one account: set accounts_per_agent to 1"
    return ""


def create_agents(model: mesa.Model, world: World, types: AgentTypes) -> None:
    """Everybody there will be, as agents of the model and of their groups."""
    register, agent = world.register, 1
    Aggregator(model, AgentPlace("aggregator", TREASURY))
    numbers = dict.fromkeys(KINDS, 0)
    for group in world.groups.all:
        kind = group.name.partition("/")[0]
        made, last = types.get(group.name, KINDS[kind]), group.accounts[-1]
        while agent < len(register.agents) and register.first_accounts[agent] <= last:
            first, size = int(register.first_accounts[agent]), int(register.sizes[agent])
            place = AgentPlace(register.agents[agent], first, size, numbers[kind], group.name)
            group.agents.append(made(model, place))
            numbers[kind] += 1
            agent += 1


class _Ids(WeakKeyDictionary[mesa.Model, Any]):
    """The next number of an agent by model, forgotten with the model."""

    def __getitem__(self, model: mesa.Model) -> Any:
        return self.setdefault(model, count(1))


if hasattr(mesa.Agent, "_ids"):  # until Mesa 3.3, where this kept every model alive
    mesa.Agent._ids = _Ids(mesa.Agent._ids)


def number_from(model: mesa.Model, number: int) -> None:
    """Give the next agents of a copied model numbers from `number` on."""
    if hasattr(mesa.Agent, "_ids"):
        mesa.Agent._ids[model] = count(number)
