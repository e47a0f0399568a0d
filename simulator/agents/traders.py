"""Traders: the acting sets of a run. Each decides for all its accounts in one call."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.agents.strategies import Portfolio, Strategy
from simulator.components import Booleans, Floats, Integers, Memory
from simulator.errors import StrategyError
from simulator.ledger import NUMERAIRE, Ledger
from simulator.market import LiquidityOrders, MarketView, Orders, Positions

__all__ = ["AgentStrategy", "AgentTraders", "ClientFigures", "Traders"]


@dataclass(frozen=True)
class ClientFigures:
    """What clients know of themselves; arrays are `[clients]`."""

    issued: Floats  # of their token, vested in this period, seen in its first trading pass
    training_cost: Floats  # of a period in which they train, numeraire

    def of(self, clients: slice) -> dict[str, Floats]:
        """The same of some clients, by name."""
        return {name: column[clients] for name, column in vars(self).items()}


@dataclass(frozen=True, eq=False)
class Traders:
    """The accounts of one group in a run, which decide together; arrays are `[accounts]`."""

    name: str  # of the group; also of its random stream and memory
    strategy: Strategy
    accounts: Integers  # one after the other
    own_token: Integers
    activity: float = 1.0
    tolerance: float = 0.0
    invested: float = 0.0
    tip: float = 0.0
    clients: slice | None = None  # numbers of the clients that they are
    agents: list[Any] = field(default_factory=list, repr=False)  # Mesa's, in order

    def __iter__(self) -> Iterator[Any]:
        return iter(self.agents)

    def provide(
        self,
        view: MarketView,
        ledger: Ledger,
        memory: Memory,
        draws: np.random.Generator,
        positions: Positions,
        own: ClientFigures,
    ) -> tuple[LiquidityOrders, Memory]:
        """What the accounts change of their `positions`, by ledger account, and the new memory.

        Raises StrategyError when the strategy raises or returns something that is no such order.
        """
        portfolio = self._portfolio(view, ledger, None, positions, own)
        with self._blamed(view):
            orders, memory = self.strategy.provide(view, portfolio, memory, draws)
            if not isinstance(orders, LiquidityOrders):
                raise TypeError(f"returned {type(orders).__name__}, not LiquidityOrders")
            orders = orders.by(self.accounts[0] + orders.account)
            orders.check(self._range, len(view.spot_price))
            return orders, _as_memory(memory, ledger.balances)

    def decide(
        self,
        view: MarketView,
        ledger: Ledger,
        memory: Memory,
        draws: np.random.Generator,
        positions: Positions | None = None,
        own: ClientFigures | None = None,
    ) -> tuple[Orders, Memory]:
        """Orders of the group's active accounts, by ledger account, and the new memory.

        Raises StrategyError when the strategy raises or returns something that is no order.
        """
        size, everybody = len(self.accounts), self.activity >= 1
        awake = None if everybody else draws.random(size) < self.activity
        portfolio = self._portfolio(view, ledger, awake, positions, own)
        with self._blamed(view):
            orders, memory = self._ordered(view, portfolio, memory, draws)
            memory = _as_memory(memory, ledger.balances)
        if awake is not None and not (wanted := awake[orders.account - self._range.start]).all():
            orders = orders.take(np.flatnonzero(wanted))
        return orders, memory

    @property
    def _range(self) -> range:
        """The ledger accounts."""
        return range(int(self.accounts[0]), int(self.accounts[-1]) + 1)

    def _ordered(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        """Valid orders by ledger account, and the new memory."""
        orders, memory = self.strategy.decide(view, portfolio, memory, draws)
        orders = _as_orders(orders)
        orders = orders.by(self.accounts[0] + orders.account)
        orders.check(self._range, len(view.spot_price))
        return orders, memory

    def _portfolio(
        self,
        view: MarketView,
        ledger: Ledger,
        awake: Booleans | None,
        positions: Positions | None,
        own: ClientFigures | None,
    ) -> Portfolio:
        of_clients = own.of(self.clients) if own and self.clients else {}
        balances = ledger.balances[self.accounts[0] : self.accounts[-1] + 1]
        return Portfolio(
            numeraire=self._spendable(balances[:, NUMERAIRE], view),
            tokens=balances[:, 1 : 1 + len(view.spot_price)],
            own_token=self.own_token,
            invested=self.invested,
            awake=awake,
            positions=positions,
            **of_clients,
        )

    @contextmanager
    def _blamed(self, view: MarketView) -> Iterator[None]:
        """Turn what a strategy raises into a StrategyError that names its group and the period."""
        try:
            yield
        except StrategyError:
            raise
        except (Exception, SystemExit) as error:
            said = ", ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
            raise StrategyError(f"{self._blame(view)}: {said}") from error

    def _spendable(self, numeraire: Floats, view: MarketView) -> Floats:
        """What is left when an order for each token has paid its gas and tip."""
        cost = (view.gas + self.tip) * len(view.spot_price)
        return np.maximum(numeraire - cost, 0.0) if cost else numeraire

    def _blame(self, view: MarketView) -> str:
        first, last = self.accounts[0], self.accounts[-1]
        return (
            f"strategy {self.strategy.kind} of {self.name} (accounts {first} to {last}) "
            f"failed in period {view.period}"
        )


class AgentStrategy(Strategy):
    """Agents decide for themselves; `kind` is the name of their class."""

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        raise NotImplementedError


class AgentTraders(Traders):
    """Accounts whose agents are asked one by one, at Python's speed."""

    def _ordered(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, _: np.random.Generator
    ) -> tuple[Orders, Memory]:
        """The orders of agents that have joined and are awake. Each has one account."""
        placed, first = [Orders.none()], self._range.start
        for agent in self.agents:
            own = agent.account
            if agent.joined and (portfolio.awake is None or portfolio.awake[own - first]):
                try:
                    orders = _as_orders(agent.decide(view))
                    orders.check(range(own, own + 1), len(view.spot_price))
                except (Exception, SystemExit) as error:
                    error.add_note(f"deciding for {agent.name}")
                    raise
                placed.append(orders)
        return Orders.join(placed), memory


def _as_orders(orders: Orders) -> Orders:
    """The same orders as arrays of the right types; raises when that loses anything."""
    if not isinstance(orders, Orders):
        raise TypeError(f"returned {type(orders).__name__}, not Orders")
    checked = Orders(
        _column(orders.account, np.int64),
        _column(orders.token, np.int64),
        _column(orders.buy, np.bool_),
        _column(orders.amount, np.float64),
        _column(orders.min_out, np.float64),
        _column(orders.tip, np.float64),
    )
    lengths = [column.size for column in vars(checked).values()]
    if lengths.count(lengths[0]) != len(lengths):
        raise ValueError(f"order columns of different lengths: {lengths}")
    return checked


def _column(values: object, kind: type[np.generic]) -> NDArray[Any]:
    if isinstance(values, np.ndarray) and values.dtype == kind and values.ndim == 1:
        return values
    column = np.asarray(values)
    if column.size == 0:
        column = column.astype(kind)
    if column.ndim != 1 or not np.can_cast(column.dtype, kind, "same_kind"):
        raise TypeError(f"order column of {column.dtype} and shape {column.shape}")
    return column.astype(kind, copy=False)


def _as_memory(memory: Memory, balances: Floats) -> Memory:
    """The same memory, of its own; raises unless it is a dictionary that a checkpoint can store."""
    if not isinstance(memory, dict):
        raise TypeError(f"returned {type(memory).__name__} for a memory, not a dict")
    arrays = {name: np.asarray(value) for name, value in memory.items()}
    if wrong := [name for name, value in arrays.items() if "/" in name or value.dtype.hasobject]:
        raise TypeError(f"memory {wrong[0]!r} has a slash in its name or holds objects")
    return {
        name: value.copy() if np.may_share_memory(value, balances) else value
        for name, value in arrays.items()
    }
