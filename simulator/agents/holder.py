"""The base of all agents: read-only access to their ledger accounts."""

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

import mesa
import numpy as np

from simulator.agents.traders import AgentTraders, Traders
from simulator.components import Memory
from simulator.errors import RunError
from simulator.ledger import NUMERAIRE
from simulator.market import MarketView, Orders

__all__ = ["AccountHolder", "AgentPlace", "Trader"]


@dataclass(frozen=True)
class AgentPlace:
    """An agent's name, accounts, number and group in a run."""

    name: str
    account: int  # the first of its accounts
    accounts: int = 1
    number: int = 0  # among the agents of its kind
    group: str = ""  # such as investors/0; empty for the aggregator


class AccountHolder(mesa.Agent):
    """An agent that owns accounts of the model's ledger. It decides; the ledger moves money.

    Its properties show the current state of the run and cannot be set.
    """

    def __init__(self, model: Any, place: AgentPlace) -> None:
        super().__init__(model)
        self._place = place

    @property
    def name(self) -> str:
        """Its name in the tables."""
        return self._place.name

    @property
    def account(self) -> int:
        """The first of its accounts."""
        return self._place.account

    @property
    def accounts(self) -> slice:
        """Its accounts, one after the other."""
        return slice(self._place.account, self._place.account + self._place.accounts)

    @property
    def numeraire(self) -> float:
        """Cash."""
        return float(self.model.ledger.balances[self.accounts, NUMERAIRE].sum())

    @property
    def holdings(self) -> dict[str, float]:
        """Tokens by name."""
        register = self.model.register
        balances = self.model.ledger.balances[self.accounts, register.token_assets].sum(axis=0)
        return dict(zip(register.tokens, balances.tolist(), strict=True))

    @property
    def wealth(self) -> float:
        """Numeraire, tokens and positions at spot prices, at the end of the last period."""
        return float(self.model.wealth[self.accounts].sum())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, wealth={self.wealth:.2f})"


class Trader(AccountHolder):
    """An agent of a group that places orders.

    To use a subclass with its own `decide`, pass it to
    `Economy(scenario, agent_types={"investors/0": MyInvestor})`. It must keep its state in `memory`
    and draw from `draws`: then the run can be saved and copied. Such agents are created at the end
    of genesis, by `__init__(self, model, place)`.
    """

    @property
    def group(self) -> Traders:
        """The group it belongs to."""
        group: Traders = self.model.groups[self._place.group]
        return group

    @property
    def joined(self) -> bool:
        """Whether it has joined by this period."""
        return True

    @property
    def memory(self) -> MutableMapping[str, Any]:
        """The agent's own named arrays, saved with the run. They are read-only: to change one,
        assign a new value to its name.

        Raises RunError for an agent that decides with its group.
        """
        if not isinstance(self.group, AgentTraders):
            raise RunError(f"{self.name} decides with its group and has no memory of its own")
        return _AgentMemory(self.model.world.agent_memory[self._place.group], self._place.name)

    @property
    def draws(self) -> np.random.Generator:
        """The random stream of its group; the group's agents draw from it in turn."""
        stream: np.random.Generator = self.model.world.streams[self._place.group]
        return stream

    def purchase(self, token: int, numeraire: float) -> Orders:
        """An order that spends `numeraire` on the token with this number."""
        return self._order(token, True, numeraire)

    def sale(self, token: int, amount: float) -> Orders:
        """An order that sells `amount` of the token with this number."""
        return self._order(token, False, amount)

    def _order(self, token: int, buy: bool, amount: float) -> Orders:
        account, tokens = np.array([self.account]), np.array([token])
        return Orders(account, tokens, np.array([buy]), np.array([float(amount)]), np.zeros(1))

    def decide(self, view: MarketView) -> Orders:
        """Orders for its own account; all agents see the same view of the market.

        Called only for classes passed as `agent_types`; other agents decide as a group, by the
        strategy in the scenario.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class _AgentMemory(MutableMapping[str, Any]):
    """One agent's arrays within its group's memory; a 0-d array reads as a number."""

    group: dict[str, Memory]
    owner: str

    @property
    def arrays(self) -> Memory:
        return self.group.get(self.owner, {})

    def __getitem__(self, name: str) -> Any:
        array = self.arrays[name].view()
        array.setflags(write=False)  # a saved state may hold it
        return array[()]

    def __setitem__(self, name: Any, value: Any) -> None:
        array = np.array(value)
        if not isinstance(name, str) or "/" in name or array.dtype.hasobject:
            raise TypeError(f"memory {name!r} must be an array of numbers, its name without slash")
        self.group[self.owner] = self.arrays | {name: array}

    def __delitem__(self, name: str) -> None:
        remaining = dict(self.arrays)
        del remaining[name]
        self.group[self.owner] = remaining

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.arrays))

    def __len__(self) -> int:
        return len(self.arrays)
