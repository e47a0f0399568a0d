"""What a strategy is: a pure decision about many accounts at once."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from simulator.components import Booleans, Component, Floats, Integers, Memory
from simulator.market import MarketView, Orders

__all__ = ["Portfolio", "SingleAccountStrategy", "Strategy", "orders_for", "sales"]


@dataclass(frozen=True)
class Portfolio:
    """What the accounts of one strategy own when they decide."""

    numeraire: Floats  # [accounts]
    tokens: Floats  # [accounts, tokens]
    own_token: Integers  # [accounts], the token that stands for the account's client, -1 for none
    invested: float  # fraction of wealth in tokens that the accounts hold as a rule

    def __post_init__(self) -> None:
        for column in (self.numeraire, self.tokens, self.own_token):
            column.setflags(write=False)

    def wealth(self, view: MarketView) -> Floats:
        """Numeraire plus tokens at spot prices `[accounts]`."""
        return self.numeraire + self.tokens @ view.spot_price


class Strategy(Component):
    """Decides for all accounts of a group in one call. Strategies decide, the market acts.

    A strategy sees the frozen view and its own accounts, and may keep a memory. It draws from
    `draws` only, so that the same stream gives the same orders.
    """

    def initial(self, accounts: int, draws: np.random.Generator) -> Memory:
        """What the accounts remember before the first period."""
        return {}

    @abstractmethod
    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        """Orders of the accounts (numbered from 0 within `portfolio`) and the new memory.

        `min_out` of the orders is set afterwards from the slippage tolerance of the group.
        """


class SingleAccountStrategy(Strategy):
    """Base for strategies that are easier to write for one account at a time, at Python's speed."""

    @abstractmethod
    def trades(
        self, view: MarketView, numeraire: float, tokens: Floats, draws: np.random.Generator
    ) -> Floats:
        """Worth of each token to trade `[tokens]`, in numeraire: positive buys, negative sells."""

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
                values[account] = worth
            except (Exception, SystemExit) as error:
                error.add_note(f"deciding for account {account} of the group")
                raise
        return orders_for(values, view, portfolio), memory


def orders_for(values: Floats, view: MarketView, portfolio: Portfolio) -> Orders:
    """Affordable orders worth `values` `[accounts, tokens]` at spot: positive buys, negative sells.

    Purchases beyond an account's numeraire are scaled down together, sales are capped by holdings.
    """
    from simulator.agents.strategies.kernels import affordable

    columns = affordable(
        np.ascontiguousarray(values),
        view.spot_price,
        _open(view),
        np.ascontiguousarray(portfolio.numeraire),
        np.ascontiguousarray(portfolio.tokens),
    )
    return Orders(*columns, np.zeros(len(columns[0])))


def sales(token: Integers, amount: Floats, view: MarketView) -> Orders:
    """Orders of each account selling `amount` `[accounts]` of its `token` `[accounts]`."""
    account = np.flatnonzero((amount > 0) & _open(view)[token])
    none = np.zeros(len(account))
    return Orders(account, token[account], none.astype(bool), amount[account], none)


def _open(view: MarketView) -> Booleans:
    return (view.reserve_token > 0) & (view.reserve_numeraire > 0)
