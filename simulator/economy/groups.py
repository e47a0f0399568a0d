"""Groups: the acting sets of a run, in the order in which they decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from simulator.agents.groups import Traders
from simulator.agents.strategies import Strategy
from simulator.components import Booleans, Floats
from simulator.economy.register import TREASURY, Register

__all__ = ["Groups"]


class _Plan(NamedTuple):
    """All that an agent's decisions depend on."""

    strategy: Strategy
    tolerance: float = 0.0
    activity: float = 1.0
    invested: float = 0.0
    tip: float = 0.0


@dataclass(frozen=True)
class Groups:
    """The groups of agents that place orders, and what their orders have in common."""

    register: Register

    @cached_property
    def all(self) -> tuple[Traders, ...]:
        """All groups, in the order of the scenario."""
        return tuple(self._traders())

    @cached_property
    def waves(self) -> dict[int, tuple[Traders, ...]]:
        """The groups by the wave in which they decide."""
        numbers = {1, *(group.strategy.wave for group in self.all)}
        return {
            number: tuple(group for group in self.all if group.strategy.wave == number)
            for number in sorted(numbers)
        }

    @cached_property
    def changing(self) -> tuple[Traders, ...]:
        """The groups of liquidity providers that change their positions."""
        return tuple(group for group in self.all if group.strategy.provides)

    @cached_property
    def tolerance(self) -> Floats:
        """Slippage that each account accepts against the quote when deciding `[accounts]`."""
        tolerance = self._zeros
        for group in self.all:
            tolerance[group.accounts] = group.tolerance
        return tolerance

    @cached_property
    def tip(self) -> Floats:
        """Numeraire that each account offers with an order for settling early `[accounts]`."""
        tip = self._zeros
        for group in self.all:
            tip[group.accounts] = group.tip
        return tip

    @cached_property
    def tips(self) -> bool:
        """Whether anybody offers a tip."""
        return bool(self.tip.any())

    @cached_property
    def trades_outside(self) -> Booleans:
        """Which accounts trade pools against the outside `[accounts]`."""
        outside = np.zeros(len(self.register.account_kinds), dtype=bool)
        for group in self.all:
            outside[group.accounts] = group.strategy.trades_outside
        return outside

    @property
    def _zeros(self) -> Floats:
        return np.zeros(len(self.register.account_kinds))

    def _traders(self) -> Iterator[Traders]:
        """Neighbouring groups that decide alike are one group of traders: one call for all."""
        register = self.register
        settings, clients = register.settings, len(register.clients)
        own_token = np.append(register.token_of, -1)
        plans = {
            "clients": [
                (_Plan(group.policy, group.tolerance, tip=group.tip), group.count)
                for group in settings.clients
            ],
            "liquidity_providers": [
                (_Plan(group.strategy, group.tolerance, tip=group.tip), group.count)
                for group in settings.liquidity_providers
            ],
            "investors": [
                (
                    _Plan(
                        group.strategy, group.tolerance, group.activity, group.invested, group.tip
                    ),
                    group.count,
                )
                for group in settings.investors
            ],
        }
        first = TREASURY + 1
        for kind, planned in plans.items():
            for number, (plan, alike) in enumerate(groupby(planned, key=itemgetter(0))):
                accounts = np.arange(first, first + sum(count for _, count in alike))
                numbers = accounts - TREASURY - 1
                yield Traders(
                    name=f"{kind}/{number}",
                    strategy=plan.strategy,
                    accounts=accounts,
                    own_token=own_token[np.minimum(numbers, clients)],
                    clients=slice(numbers[0], numbers[-1] + 1) if kind == "clients" else None,
                    activity=plan.activity,
                    tolerance=plan.tolerance,
                    invested=plan.invested,
                    tip=plan.tip,
                )
                first += len(accounts)
