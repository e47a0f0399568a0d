"""Traders: the groups that trade in a run. Each decides for all its accounts in one call."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulator.agents.strategies import Portfolio, Strategy
from simulator.answers import as_memory
from simulator.components import Booleans, Floats, Integers, Memory
from simulator.errors import StrategyError
from simulator.foreign import described_error
from simulator.ledger import NUMERAIRE, Ledger
from simulator.market import LiquidityOrders, MarketView, Orders, Positions

__all__ = ["AgentStrategy", "AgentTraders", "ClientFigures", "Traders"]


@dataclass(frozen=True)
class ClientFigures:
    """Clients' private figures; arrays are `[clients]`."""

    issued: Floats  # own tokens vested in this period, visible in its first trading pass
    training_cost: Floats  # per period of training, numeraire

    def of(self, clients: slice) -> dict[str, Floats]:
        """The figures of these clients, by name."""
        return {name: column[clients] for name, column in vars(self).items()}


@dataclass(frozen=True, eq=False)
class Traders:
    """The accounts of one group in a run, which decide together; arrays are `[accounts]`."""

    name: str  # of the group; also of its random stream and memory
    strategy: Strategy
    accounts: Integers  # consecutive
    own_token: Integers
    activity: float = 1.0
    tolerance: float = 0.0
    invested: float = 0.0
    tip: float = 0.0
    clients: slice | None = None  # their client numbers, if they are clients
    agents: list[Any] = field(default_factory=list, repr=False)  # Mesa agents, in order

    def __iter__(self) -> Iterator[Any]:
        return iter(self.agents)

    def provide(
        self,
        view: MarketView,
        ledger: Ledger,
        memory: Memory,
        draws: np.random.Generator,
        positions: Positions,
        figures: ClientFigures,
    ) -> tuple[LiquidityOrders, Memory]:
        """Liquidity orders of the accounts, by ledger account, and the new memory.

        Raises StrategyError when the strategy raises or returns invalid orders.
        """
        portfolio = self._portfolio(view, ledger, None, positions, figures)
        with self._strategy_errors(view):
            orders, memory = self.strategy.provide(view, portfolio, memory, draws)
            if not isinstance(orders, LiquidityOrders):
                raise TypeError(f"returned {type(orders).__name__}, not LiquidityOrders")
            orders = orders.by(self.accounts[0] + orders.account)
            orders.check(self._range, len(view.spot_price))
            return orders, _own_memory(memory, ledger.balances)

    def decide(
        self,
        view: MarketView,
        ledger: Ledger,
        memory: Memory,
        draws: np.random.Generator,
        positions: Positions | None = None,
        figures: ClientFigures | None = None,
    ) -> tuple[Orders, Memory]:
        """Orders of the group's active accounts, by ledger account, and the new memory.

        Raises StrategyError when the strategy raises or returns invalid orders.
        """
        always, size = self.activity >= 1, len(self.accounts)
        awake = None if always else draws.random(size) < self.activity
        portfolio = self._portfolio(view, ledger, awake, positions, figures)
        with self._strategy_errors(view):
            orders, memory = self._valid_orders(view, portfolio, memory, draws)
            memory = _own_memory(memory, ledger.balances)
        if awake is not None and not (active := awake[orders.account - self._range.start]).all():
            orders = orders.take(np.flatnonzero(active))
        return orders, memory

    @property
    def _range(self) -> range:
        """The range of ledger accounts."""
        return range(int(self.accounts[0]), int(self.accounts[-1]) + 1)

    def _valid_orders(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        """Valid orders by ledger account, and the new memory."""
        orders, memory = self.strategy.decide(view, portfolio, memory, draws)
        orders = _checked_type(orders)
        orders = orders.by(self.accounts[0] + orders.account)
        orders.check(self._range, len(view.spot_price))
        return orders, memory

    def _portfolio(
        self,
        view: MarketView,
        ledger: Ledger,
        awake: Booleans | None,
        positions: Positions | None,
        figures: ClientFigures | None,
    ) -> Portfolio:
        by_name = figures.of(self.clients) if figures and self.clients else {}
        balances = ledger.balances[self.accounts[0] : self.accounts[-1] + 1]
        return Portfolio(
            numeraire=self._spendable(balances[:, NUMERAIRE], view),
            tokens=balances[:, 1 : 1 + len(view.spot_price)],
            own_token=self.own_token,
            invested=self.invested,
            awake=awake,
            positions=positions,
            **by_name,
        )

    @contextmanager
    def _strategy_errors(self, view: MarketView) -> Iterator[None]:
        """Wrap a strategy's exceptions in a StrategyError that names its group and the period."""
        try:
            yield
        except StrategyError:
            raise
        except (Exception, SystemExit) as error:
            notes = getattr(error, "__notes__", ())
            error_text = ", ".join([described_error(error), *notes])
            raise StrategyError(f"{self._failure(view)}: {error_text}") from error

    def _spendable(self, numeraire: Floats, view: MarketView) -> Floats:
        """Numeraire left after gas and tip of one order per token."""
        cost = (view.gas + self.tip) * len(view.spot_price)
        return np.maximum(numeraire - cost, 0.0) if cost else numeraire

    def _failure(self, view: MarketView) -> str:
        first, last = self.accounts[0], self.accounts[-1]
        return (
            f"strategy {self.strategy.kind} of {self.name} (accounts {first} to {last}) "
            f"failed in period {view.period}"
        )


class AgentStrategy(Strategy):
    """Stands in for agents that decide one by one; `kind` is the name of their class."""

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        raise NotImplementedError


class AgentTraders(Traders):
    """Accounts whose agents decide one by one, at Python's speed."""

    def _valid_orders(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, _: np.random.Generator
    ) -> tuple[Orders, Memory]:
        """The orders of agents that have joined and are awake. Each has one account."""
        order_list, first = [Orders.none()], self._range.start
        for agent in self.agents:
            account = agent.account
            if agent.joined and (portfolio.awake is None or portfolio.awake[account - first]):
                try:
                    orders = _checked_type(agent.decide(view))
                    orders.check(range(account, account + 1), len(view.spot_price))
                except (Exception, SystemExit) as error:
                    error.add_note(f"deciding for {agent.name}")
                    raise
                order_list.append(orders)
        return Orders.join(order_list), memory


def _checked_type(orders: Orders) -> Orders:
    if not isinstance(orders, Orders):
        raise TypeError(f"returned {type(orders).__name__}, not Orders")
    return orders


def _own_memory(memory: Memory, balances: Floats) -> Memory:
    """The memory as arrays that do not share `balances`; raises if no checkpoint could store it."""
    return {
        name: value.copy() if np.may_share_memory(value, balances) else value
        for name, value in as_memory(memory).items()
    }
