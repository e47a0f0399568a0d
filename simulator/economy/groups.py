"""Groups: the groups of agents that trade in a run, in the order in which they decide."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.agents.groups import ClientGroup, InvestorGroup, strategy_of
from simulator.agents.traders import AgentStrategy, AgentTraders, Traders
from simulator.components import Booleans, Floats
from simulator.economy.register import TREASURY, Register
from simulator.errors import ComponentError

__all__ = ["Groups"]

WAVES = (1, 2, 3)


@dataclass(frozen=True)
class Groups:
    """The groups of agents that place orders, and their tolerances and tips."""

    register: Register

    @cached_property
    def all(self) -> tuple[Traders, ...]:
        """All groups, in the order of the scenario."""
        groups = tuple(self._traders())
        for strategy in (group.strategy for group in groups):
            if strategy.wave not in WAVES:
                what = f"wave is {strategy.wave!r}, not 1, 2 or 3"
                raise ComponentError(f"strategy {strategy.kind}: {what}")
        return groups

    @cached_property
    def by_name(self) -> dict[str, Traders]:
        """The groups by their names: `investors/0` is the first of `investors` in the scenario."""
        return {group.name: group for group in self.all}

    @cached_property
    def waves(self) -> dict[int, tuple[Traders, ...]]:
        """The groups by the wave in which they decide."""
        numbers = {1, *(group.strategy.wave for group in self.all)}
        return {
            number: tuple(group for group in self.all if group.strategy.wave == number)
            for number in sorted(numbers)
        }

    @cached_property
    def providing(self) -> tuple[Traders, ...]:
        """The groups of liquidity providers that change their positions."""
        return tuple(group for group in self.all if group.strategy.provides)

    @cached_property
    def tolerance(self) -> Floats:
        """Slippage that each account accepts against its quote `[accounts]`."""
        return self._by_account(lambda group: group.tolerance)

    @cached_property
    def tip(self) -> Floats:
        """Numeraire that each account offers per order for settling early `[accounts]`."""
        return self._by_account(lambda group: group.tip)

    @cached_property
    def tips(self) -> bool:
        """Whether any account offers a tip."""
        return bool(self.tip.any())

    @cached_property
    def trades_outside(self) -> Booleans:
        """Which accounts do arbitrage against the outside market `[accounts]`."""
        return self._by_account(lambda group: group.strategy.trades_outside) > 0

    def _by_account(self, value: Callable[[Traders], float]) -> Floats:
        """The value of each account's group; 0 for accounts without a group `[accounts]`."""
        values = np.zeros(len(self.register.account_kinds))
        for group in self.all:
            values[group.accounts] = value(group)
        return values

    def _traders(self) -> Iterator[Traders]:
        register, account = self.register, TREASURY + 1
        own_token = np.append(register.token_of, -1)
        for name, group in register.settings.groups.items():
            accounts = np.arange(account, account + group.count)
            numbers = accounts - TREASURY - 1
            agent_type = register.agent_types.get(name)
            yield (AgentTraders if agent_type else Traders)(
                name=name,
                strategy=AgentStrategy(kind=agent_type) if agent_type else strategy_of(group),
                accounts=accounts,
                own_token=own_token[np.minimum(numbers, len(register.clients))],
                clients=(
                    slice(numbers[0], numbers[-1] + 1) if isinstance(group, ClientGroup) else None
                ),
                activity=group.activity if isinstance(group, InvestorGroup) else 1.0,
                tolerance=group.tolerance,
                invested=group.invested if isinstance(group, InvestorGroup) else 0.0,
                tip=group.tip,
            )
            account += group.count
