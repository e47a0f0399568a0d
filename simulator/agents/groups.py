"""Groups of like agents, as a scenario lists them, and how a group decides in a run."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from simulator.agents.engagement import (
    EFFORTS,
    OFFERINGS,
    PARTICIPATIONS,
    Always,
    Effort,
    Full,
    LockedData,
    NoOffering,
    Offering,
    Participation,
)
from simulator.agents.strategies import (
    CLIENT_POLICIES,
    INVESTOR_STRATEGIES,
    LIQUIDITY_STRATEGIES,
    Fundamentalist,
    Passive,
    Portfolio,
    Strategy,
    ValueSeller,
)
from simulator.components import Booleans, Component, Family, Floats, Integers, Memory, Section
from simulator.errors import StrategyError
from simulator.federation import BEHAVIOURS, Behaviour, Honest
from simulator.ledger import NUMERAIRE, Ledger
from simulator.market import LiquidityOrders, MarketView, Orders, Positions

__all__ = [
    "WEALTHS",
    "ClientGroup",
    "InvestorGroup",
    "LiquidityProviderGroup",
    "Lognormal",
    "Own",
    "Traders",
    "Wealth",
]


Tip = Annotated[
    float,
    Field(
        ge=0,
        le=1e9,
        description="Numeraire that each order offers for settling early, see clearing priority.",
    ),
]
Tolerance = Annotated[
    float, Field(ge=0, lt=1, description="Slippage accepted against the quote when deciding.")
]


class Wealth(Component):
    """A distribution of wealth among investors."""

    mean: float = Field(100.0, gt=0, le=1e12, description="Mean wealth (numeraire).")

    @abstractmethod
    def draw(self, accounts: int, draws: np.random.Generator) -> Floats:
        """Wealth of each account `[accounts]`, numeraire."""


class Lognormal(Wealth):
    """Lognormal wealth: few are much richer than most."""

    kind: Literal["lognormal"] = "lognormal"
    sigma: float = Field(
        0.5, ge=0, le=10, description="Deviation of the log of wealth; 0 makes all equal."
    )

    def draw(self, accounts: int, draws: np.random.Generator) -> Floats:
        normal = draws.standard_normal(accounts)
        return self.mean * np.exp(self.sigma * normal - self.sigma**2 / 2)


WEALTHS: tuple[type[Wealth], ...] = (Lognormal,)


class ClientGroup(Section):
    """Clients of one behaviour and policy."""

    count: int = Field(1, ge=1, le=100_000, description="Number of clients.")
    behaviour: Annotated[Behaviour, Family(BEHAVIOURS)] = Field(
        Honest(), description="What they do in the federation."
    )
    policy: Annotated[Strategy, Family(CLIENT_POLICIES)] = Field(
        ValueSeller(), description="What they do with their tokens."
    )
    joins: int = Field(
        1, ge=1, le=1_000_000, description="Period in which they join, and their tokens launch."
    )
    cash: float = Field(0.0, ge=0, le=1e12, description="Numeraire each brings along, joining.")
    training_cost: float = Field(
        0.01, ge=0, le=1e9, description="Cost of training on one example for one epoch (numeraire)."
    )
    tolerance: Tolerance = 0.03
    availability: float = Field(
        1.0, gt=0, le=1, description="Probability of being there to take part in a period."
    )
    participation: Annotated[Participation, Family(PARTICIPATIONS)] = Field(
        Always(), description="Whether they mean to take part."
    )
    effort: Annotated[Effort, Family(EFFORTS)] = Field(
        Full(), description="Fraction of their examples that they train on."
    )
    locked: LockedData = Field(LockedData(), description="Examples that they can buy.")
    offering: Annotated[Offering, Family(OFFERINGS)] = Field(
        NoOffering(), description="New tokens that they sell to buy examples."
    )
    tip: Tip = 0.0


class LiquidityProviderGroup(Section):
    """Liquidity providers of one strategy."""

    count: int = Field(1, ge=1, le=100_000, description="Number of providers.")
    deposit: float = Field(
        1000.0,
        gt=0,
        le=1e12,
        description="Numeraire each puts into pools at genesis, all pools together.",
    )
    cash: float = Field(
        0.0, ge=0, le=1e12, description="Numeraire each keeps besides the deposit and its tokens."
    )
    strategy: Annotated[Strategy, Family(LIQUIDITY_STRATEGIES)] = Field(
        Passive(), description="What they do with their deposits."
    )
    tolerance: Tolerance = 0.03
    tip: Tip = 0.0


class InvestorGroup(Section):
    """Investors of one strategy."""

    count: int = Field(1, ge=1, le=10_000_000, description="Number of investors.")
    accounts_per_agent: int = Field(
        1,
        ge=1,
        le=10_000_000,
        description="Investors that are one agent and one row of the tables; the rest is the last.",
    )
    strategy: Annotated[Strategy, Family(INVESTOR_STRATEGIES)] = Field(
        Fundamentalist(), description="How they decide."
    )
    wealth: Annotated[Wealth, Family(WEALTHS)] = Field(
        Lognormal(), description="What they own at genesis."
    )
    invested: float = Field(
        1 / 3, ge=0, le=1, description="Fraction of wealth they put into tokens at genesis."
    )
    activity: float = Field(0.3, ge=0, le=1, description="Probability of trading in a period.")
    tolerance: Tolerance = 0.03
    tip: Tip = 0.0

    @property
    def sizes(self) -> list[int]:
        """Number of investors of each agent."""
        whole, rest = divmod(self.count, self.accounts_per_agent)
        return [self.accounts_per_agent] * whole + [rest] * (rest > 0)


@dataclass(frozen=True)
class Own:
    """What clients know of themselves; arrays are `[clients]`."""

    issued: Floats  # of their token, vested in this period, seen in its first trading pass
    training_cost: Floats  # of a period in which they train, numeraire

    def of(self, clients: slice) -> dict[str, Floats]:
        """The same of some clients, by name."""
        return {name: column[clients] for name, column in vars(self).items()}


@dataclass(frozen=True)
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

    def provide(
        self,
        view: MarketView,
        ledger: Ledger,
        memory: Memory,
        draws: np.random.Generator,
        positions: Positions,
        own: Own,
    ) -> tuple[LiquidityOrders, Memory]:
        """What the accounts change of their `positions`, by ledger account, and the new memory.

        Raises StrategyError when the strategy raises or returns something that is no such order.
        """
        portfolio = self._portfolio(view, ledger, None, positions, own)
        with self._blamed(view):
            orders, memory = self.strategy.provide(view, portfolio, memory, draws)
            if not isinstance(orders, LiquidityOrders):
                raise TypeError(f"returned {type(orders).__name__}, not LiquidityOrders")
            orders.check(*portfolio.tokens.shape)
            memory = _as_memory(memory, ledger.balances)
        return orders.by(self.accounts[0] + orders.account), memory

    def decide(
        self,
        view: MarketView,
        ledger: Ledger,
        memory: Memory,
        draws: np.random.Generator,
        positions: Positions | None = None,
        own: Own | None = None,
    ) -> tuple[Orders, Memory]:
        """Orders of the group's active accounts, by ledger account, and the new memory.

        Raises StrategyError when the strategy raises or returns something that is no order.
        """
        size, everybody = len(self.accounts), self.activity >= 1
        awake = None if everybody else draws.random(size) < self.activity
        portfolio = self._portfolio(view, ledger, awake, positions, own)
        with self._blamed(view):
            orders, memory = self.strategy.decide(view, portfolio, memory, draws)
            orders, memory = _as_orders(orders), _as_memory(memory, ledger.balances)
        if not len(orders):
            return orders, memory
        self._check(orders, view)
        if awake is not None and not (wanted := awake[orders.account]).all():
            orders = orders.take(np.flatnonzero(wanted))
        return orders.by(self.accounts[0] + orders.account), memory

    def _portfolio(
        self,
        view: MarketView,
        ledger: Ledger,
        awake: Booleans | None,
        positions: Positions | None,
        own: Own | None,
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
        """Say of whatever the strategy raises whose it is, and when."""
        try:
            yield
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

    def _check(self, orders: Orders, view: MarketView) -> None:
        from simulator.market.kernels import acceptable

        with self._blamed(view):
            orders.check_routes()
        columns = orders.account, orders.token, orders.amount, orders.tips
        if acceptable(*columns, len(self.accounts), len(view.spot_price)):
            return
        for what, column, end in (
            ("account", orders.account, len(self.accounts)),
            ("token", orders.token, len(view.spot_price)),
        ):
            if not (column.min() >= 0 and column.max() < end):
                wrong = column[(column < 0) | (column >= end)][0]
                raise StrategyError(f"{self._blame(view)}: ordered for {what} {wrong} of {end}")
        for what, amount in (("amount", orders.amount), ("tip", orders.tip)):
            if not (amount.min() >= 0 and amount.max() < np.inf):
                first = np.flatnonzero(~((amount >= 0) & (amount < np.inf)))[0]
                raise StrategyError(
                    f"{self._blame(view)}: account {self.accounts[orders.account[first]]} ordered "
                    f"a{'n' * (what == 'amount')} {what} of {amount[first]}; {what}s must be "
                    "finite and not negative"
                )


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
        _column(orders.routed, np.bool_),
    )
    lengths = [column.size for name, column in vars(checked).items() if name != "routed"]
    lengths += [checked.routed.size] if checked.routed.size else []
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
