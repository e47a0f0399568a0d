"""The cast: the Mesa agents of a run, including those of user-defined classes."""

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
"""Agent classes with a method `decide`, by group, such as `investors/0`."""

KINDS: dict[str, type[Trader]] = {
    "clients": Client,
    "liquidity_providers": LiquidityProvider,
    "investors": Investor,
}


def check_types(types: AgentTypes, settings: Scenario) -> dict[str, str]:
    """Names of the classes by group. Raises ScenarioError for an unknown group or unfit class."""
    for group, agent_type in types.items():
        if message := _problem_with(group, agent_type, settings.groups):
            raise ScenarioError([Problem(f"agent_types[{group!r}]", message)])
    return {group: agent_type.__name__ for group, agent_type in types.items()}


def _problem_with(name: Any, agent_type: Any, groups: Mapping[str, Group]) -> str:
    """Why a class cannot decide for a group; empty when it can."""
    if name not in groups:
        return f"the scenario's groups are {', '.join(groups)}{suggestion(str(name), groups)}"
    kind, group = name.partition("/")[0], groups[name]
    if not (inspect.isclass(agent_type) and issubclass(agent_type, KINDS[kind])):
        return f"must be a subclass of {KINDS[kind].__name__}"
    if agent_type.decide is Trader.decide or not callable(agent_type.decide):
        return f"{agent_type.__name__} has no method decide(self, view) that returns Orders"
    if isinstance(group, InvestorGroup) and group.accounts_per_agent > 1:
        return (
            "an agent that decides for itself has one account: set "
            f"{name.replace('/', '.')}.accounts_per_agent=1"
        )
    return ""


def create_agents(model: mesa.Model, world: World, types: AgentTypes) -> None:
    """Create all agents of the model, and add them to their groups."""
    register, agent = world.register, 1
    Aggregator(model, AgentPlace("aggregator", TREASURY))
    numbers = dict.fromkeys(KINDS, 0)
    for group in world.groups.all:
        kind = group.name.partition("/")[0]
        agent_type, last = types.get(group.name, KINDS[kind]), group.accounts[-1]
        while agent < len(register.agents) and register.first_accounts[agent] <= last:
            first, size = int(register.first_accounts[agent]), int(register.sizes[agent])
            place = AgentPlace(register.agents[agent], first, size, numbers[kind], group.name)
            group.agents.append(agent_type(model, place))
            numbers[kind] += 1
            agent += 1


class _Ids(WeakKeyDictionary[mesa.Model, Any]):
    """The next agent number by model; an entry disappears with its model."""

    def __getitem__(self, model: mesa.Model) -> Any:
        return self.setdefault(model, count(1))


if hasattr(mesa.Agent, "_ids"):  # until Mesa 3.3, where this kept every model alive
    mesa.Agent._ids = _Ids(mesa.Agent._ids)


def number_from(model: mesa.Model, number: int) -> None:
    """Number the next agents of a copied model from `number` on."""
    if hasattr(mesa.Agent, "_ids"):
        mesa.Agent._ids[model] = count(number)
