"""The base of strategies: pure decisions for many accounts at once."""

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from simulator.components import Booleans, Component, Floats, Integers, Memory
from simulator.market import Curve, LiquidityOrders, Market, MarketView, Orders, Positions

__all__ = [
    "NEWS",
    "Portfolio",
    "SingleAccountStrategy",
    "Strategy",
    "only_in",
    "orders_by",
    "orders_for",
    "purchases",
    "sales",
]

ACCOUNTS_AT_ONCE = 4096  # accounts valued together: their values stay in the cache
LEAST_ORDER = 1e-14  # of an account's wealth: smaller orders are dropped


NEWS = ("supply", "fundamental_value", "share", "dividend")
"""Fields of a view that follow from contributions: public after `information_delay` periods."""


def _zero() -> Floats:
    return np.zeros(())


@dataclass(frozen=True)
class Portfolio:
    """Holdings of the accounts of one strategy when they decide."""

    numeraire: Floats  # [accounts]
    tokens: Floats  # [accounts, tokens]
    own_token: Integers  # [accounts], number of the client's token, -1 without one
    invested: float  # target fraction of wealth in tokens
    awake: Booleans | None = None  # [accounts], whether its orders count; None: all count
    positions: Positions | None = None  # of the accounts, if they may provide liquidity
    issued: Floats = field(default_factory=_zero)  # [clients], of `own_token` in this period
    training_cost: Floats = field(default_factory=_zero)  # [clients], numeraire, if it trains

    def __post_init__(self) -> None:
        for column in (self.numeraire, self.tokens, self.own_token):
            column.setflags(write=False)

    @property
    def trading(self) -> Integers:
        """The accounts that are awake, ascending."""
        if self.awake is None:
            return np.arange(len(self.numeraire))
        return np.flatnonzero(self.awake)

    def wealth(self, view: MarketView) -> Floats:
        """Numeraire plus tokens at spot prices `[accounts]`."""
        return self.numeraire + self.tokens @ view.spot_price


class Strategy(Component):
    """Decides for all accounts of a group in one call. Strategies decide, the market acts.

    A strategy sees the frozen view and its own accounts, and may keep a memory. It draws from
    `draws` only, so that the same stream gives the same orders.
    """

    knows: ClassVar[tuple[str, ...]] = ()
    """The `NEWS` that it knows before they are public."""

    wave: ClassVar[int] = 1
    """When it decides: wave 2 sees the pending orders of wave 1; 3 comes after both settled."""

    trades_outside: ClassVar[bool] = False
    """Whether its orders, in wave 3, are arbitrage: it buys outside the tokens that it sells to a
    pool, and sells outside those that it bought from one."""

    provides: ClassVar[bool] = False
    """Whether it changes its positions in pools, at the start of a period's trading."""

    def check(self, market: Market) -> None:
        """Raise ValueError when the strategy cannot trade in this market."""

    def initial(self, accounts: int, draws: np.random.Generator) -> Memory:
        """The accounts' memory before the first period."""
        return {}

    @abstractmethod
    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        """Orders of the accounts (numbered from 0 within `portfolio`) and the new memory.

        Afterwards `min_out` and `tip` are raised to at least the group's tolerance and tip.
        """

    def reach(self) -> float:
        """Factor by which prices may fall or rise before a genesis deposit is out of range."""
        return math.inf

    def provide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[LiquidityOrders, Memory]:
        """Liquidity orders of the accounts, if the strategy `provides`, and the new memory."""
        return LiquidityOrders.none(), memory


class SingleAccountStrategy(Strategy):
    """Base for strategies that are easier to write for one account at a time, at Python's speed."""

    @abstractmethod
    def trades(
        self, view: MarketView, numeraire: float, tokens: Floats, draws: np.random.Generator
    ) -> Floats:
        """Value of each token to trade `[tokens]` (numeraire): positive buys, negative sells."""

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        values = np.zeros(portfolio.tokens.shape)
        for account, tokens in enumerate(portfolio.tokens):
            try:
                numeraire = float(portfolio.numeraire[account])
                worth = self.trades(view, numeraire, tokens, draws)
                if np.shape(worth) != tokens.shape:
                    raise ValueError(f"trades of shape {np.shape(worth)}, not {tokens.shape}")
                if np.iscomplexobj(worth):
                    raise ValueError("trades are complex numbers")
                values[account] = worth
            except (Exception, SystemExit) as error:
                error.add_note(f"deciding for account {account} of the group")
                raise
        return orders_for(values, view, portfolio), memory


def only_in(curve: Curve, market: Market) -> str:
    """The end of a message about a strategy that trades only in pools with this curve."""
    message = f"needs {curve.kind} pools, not {market.curve.kind}"
    fits = market.launch.opens(curve)
    return f"{message}: set market.curve.kind={curve.kind}" if fits else message


def orders_for(values: Floats, view: MarketView, portfolio: Portfolio) -> Orders:
    """Affordable orders worth `values` `[accounts, tokens]` at spot: positive buys, negative sells.

    See `orders_by`.
    """
    return orders_by(lambda accounts: values[accounts], view, portfolio)


def orders_by(
    values_of: Callable[[Integers], Floats], view: MarketView, portfolio: Portfolio
) -> Orders:
    """Affordable orders of awake accounts, for `values_of(accounts)` `[accounts, tokens]` at spot.

    `values_of` is called for blocks of accounts. Positive values buy, negative ones sell. Purchases
    beyond an account's numeraire are scaled down together, sales are capped by holdings.
    """
    from simulator.agents.strategies.kernels import affordable

    accounts, tokens = portfolio.trading, len(view.spot_price)
    size, is_open, count = len(accounts) * tokens, view.open, 0
    account, token = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    buy, amount = np.empty(size, dtype=bool), np.empty(size)
    for first in range(0, len(accounts), ACCOUNTS_AT_ONCE):
        block = accounts[first : first + ACCOUNTS_AT_ONCE]
        count = affordable(
            np.ascontiguousarray(values_of(block)),
            view.spot_price,
            is_open,
            block,
            portfolio.numeraire[block],
            portfolio.tokens[block],
            LEAST_ORDER,
            (account, token, buy, amount),
            count,
        )
    return Orders(account[:count], token[:count], buy[:count], amount[:count], np.zeros(count))


def purchases(token: int, worth: Floats, view: MarketView, portfolio: Portfolio) -> Orders:
    """Orders of each account spending `worth` `[accounts]`, or all its cash, on one token."""
    amount = np.minimum(worth, portfolio.numeraire)
    return _token_orders(np.full(len(amount), token), True, amount, amount, view, portfolio)


def sales(token: Integers, amount: Floats, view: MarketView, portfolio: Portfolio) -> Orders:
    """Orders of each account selling `amount` `[accounts]` of its `token` `[accounts]`."""
    return _token_orders(token, False, amount, amount * view.spot_price[token], view, portfolio)


def _token_orders(
    token: Integers, buy: bool, amount: Floats, worth: Floats, view: MarketView, owned: Portfolio
) -> Orders:
    account = np.flatnonzero((worth > LEAST_ORDER * owned.wealth(view)) & view.open[token])
    side, min_out = np.full(len(account), buy), np.zeros(len(account))
    return Orders(account, token[account], side, amount[account], min_out)
