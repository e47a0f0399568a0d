"""Strategies of liquidity providers: what they do with their deposits."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulator.agents.strategies.base import Portfolio, Strategy, orders_for
from simulator.components import Floats, Memory
from simulator.market import LiquidityOrders, Market, MarketView, Orders

__all__ = ["LIQUIDITY_STRATEGIES", "ExitOnLoss", "FeeChaser", "Passive", "RangeKeeper"]

LEAST_TRADE = 0.2  # of a band: what is traded or deposited is at least worth this
WHOLE_POSITION = 1 - 1e-6  # of a position: who takes out more takes out everything
LEAST_DIFFERENCE = 0.1  # of what is to be deposited: a difference that is not traded away
READY = 0.7  # of what is to be deposited: from here on it is


class Passive(Strategy):
    """Deposits at genesis and stays."""

    kind: Literal["passive"] = "passive"

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        return Orders.none(), memory


class FeeChaser(Strategy):
    """Moves its liquidity from pools that earn little to those that earn much.

    A pool's yield is a moving average of its fees per period over its worth at the spot price. Of
    all that an account owns (positions, tokens, numeraire) yield^`intensity`, over the sum of all
    pools', is a pool's target. Each period the account takes the part `speed` of what a position
    has above target out of it. With what it holds it fills pools below target: it sells tokens it
    has no use for, buys those it lacks with the numeraire that it has, and deposits them in the
    next period, dividends too. An empty pool gets nothing, and until a pool has earned something
    everything stays as it is. (The fees of all are shared by worth, so that liquidity that follows
    them evens out the yields.)
    """

    kind: Literal["fee_chaser"] = "fee_chaser"
    provides: ClassVar[bool] = True
    memory: float = Field(0.8, ge=0, lt=1, description="Weight of the past in a pool's yield.")
    intensity: float = Field(
        1.0, ge=0, le=100, description="Preference for high yields; at 0 all targets are equal."
    )
    speed: float = Field(
        0.2, gt=0, le=1, description="Part of what is above target that is taken out per period."
    )
    band: float = Field(
        0.05,
        gt=0,
        le=1,
        description="Distance to a target that is left alone, in equal parts of what it owns.",
    )

    def initial(self, accounts: int, draws: np.random.Generator) -> Memory:
        return {"yield": np.zeros(())}

    def provide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[LiquidityOrders, Memory]:
        past, now = memory["yield"], _fee_yield(view)
        memory = {"yield": self.memory * past + (1 - self.memory) * now}
        short, band = self._short(view, portfolio, memory["yield"])
        account, token = np.nonzero(short < -band)
        part = -self.speed * short[account, token] / _worth(view, portfolio)[account, token]
        withdrawals = LiquidityOrders.withdrawals(
            account, token, np.where(part < WHOLE_POSITION, part, 1.0)
        )
        tokens, numeraire = self._ready(view, portfolio, short, band)
        account, token = np.nonzero(tokens)
        put_in = tokens[account, token], numeraire[account, token]
        deposits = LiquidityOrders.deposits(account, token, *put_in)
        return LiquidityOrders.join([withdrawals, deposits]), memory

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        short, band = self._short(view, portfolio, memory["yield"])
        needed = _token_part(view) * _planned(view, portfolio, short, band)
        lacking = needed - portfolio.tokens * view.spot_price
        values = np.where((np.abs(lacking) > LEAST_TRADE * band) & view.open, lacking, 0.0)
        return orders_for(values, view, portfolio), memory

    def _short(
        self, view: MarketView, portfolio: Portfolio, earned: Floats
    ) -> tuple[Floats, Floats]:
        """What positions lack of their targets `[accounts, tokens]`, and the band `[accounts, 1]`.

        Both in numeraire; without any yield the band is infinite.
        """
        worth = _worth(view, portfolio)
        owned = (worth.sum(axis=1) + portfolio.wealth(view))[:, None]
        earning = np.where(view.open, earned, 0.0)
        if not earning.any():
            return np.zeros_like(worth), np.full_like(owned, np.inf)
        weights = np.where(view.open, (earning / earning.max()) ** self.intensity, 0.0)
        return owned * weights / weights.sum() - worth, self.band * owned / len(weights)

    def _ready(
        self, view: MarketView, portfolio: Portfolio, short: Floats, band: Floats
    ) -> tuple[Floats, Floats]:
        """Tokens and numeraire that are there to be deposited `[accounts, tokens]`."""
        part, planned = _token_part(view), _planned(view, portfolio, short, band)
        worth = np.minimum(planned, portfolio.tokens * view.spot_price / part)
        worth = _paid_for(worth, (1 - part) * worth, portfolio)
        worth = np.where(worth > LEAST_TRADE * band, worth, 0.0)
        return part * worth / view.spot_price, (1 - part) * worth


class ExitOnLoss(Strategy):
    """Leaves a pool for good when its position has lost too much against holding.

    It takes out all of a position that is worth less than (1 - `loss`) x what was put in would be
    had it been held, both at the spot price and fees counted, and never returns. What it got in
    tokens it then sells, all at once, as far as the market takes them, or keeps.
    """

    kind: Literal["exit_on_loss"] = "exit_on_loss"
    provides: ClassVar[bool] = True
    loss: float = Field(
        0.05, gt=0, lt=1, description="Loss against holding at which it leaves a pool."
    )
    sell: bool = Field(True, description="Whether it sells the tokens that it has taken out.")

    def provide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[LiquidityOrders, Memory]:
        if portfolio.positions is None:
            return LiquidityOrders.none(), memory
        positions, price = portfolio.positions, view.spot_price
        least = (1 - self.loss) * positions.holding_value(price)
        account, token = np.nonzero((positions.shares > 0) & (positions.value(price) < least))
        return LiquidityOrders.withdrawals(account, token, np.ones(len(token))), memory

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        if portfolio.positions is None or not self.sell:
            return Orders.none(), memory
        outside = portfolio.positions.shares == 0
        values = np.where(outside, -portfolio.tokens * view.spot_price, 0.0)
        return orders_for(values, view, portfolio), memory


class RangeKeeper(Strategy):
    """Serves prices around the spot price, and follows it when it has left them.

    A position serves prices from p / (1 + `width`) to p (1 + `width`), p the spot price when it is
    opened: for these it is as deep as one for all prices that is worth 1 / (1 - (1 + width)^-1/2)
    times as much (Adams et al. 2021, Uniswap v3). When the price is outside, it takes all out,
    makes it half tokens and half numeraire in the market, and opens a new position in the next
    period or as soon as it has both. What it holds besides, it adds then, up to an equal part of
    all it owns for each pool. It stays where nobody else serves the price: it could not swap.
    """

    kind: Literal["range_keeper"] = "range_keeper"
    provides: ClassVar[bool] = True
    width: float = Field(
        0.5, ge=0.001, le=1000, description="Half of its range: .5 is from p / 1.5 to 1.5 p."
    )

    def check(self, market: Market) -> None:
        if market.curve.kind != "concentrated":
            raise ValueError(
                f"a range_keeper needs market.curve concentrated, not {market.curve.kind}"
            )

    def reach(self) -> float:
        return 1.0 + self.width

    def provide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[LiquidityOrders, Memory]:
        if portfolio.positions is None:
            return LiquidityOrders.none(), memory
        positions, price = portfolio.positions, view.spot_price
        outside = (price < positions.lower) | (price > positions.upper)
        account, token = np.nonzero((positions.shares > 0) & outside & view.open)
        withdrawals = LiquidityOrders.withdrawals(account, token, np.ones(len(token)))
        worth = self._ready(view, portfolio)
        account, token = np.nonzero(worth > 0)
        half, price = worth[account, token] / 2, price[token]
        lower, upper = price / self.reach(), price * self.reach()
        deposits = LiquidityOrders.deposits(account, token, half / price, half, lower, upper)
        return LiquidityOrders.join([withdrawals, deposits]), memory

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        planned, least = self._planned(view, portfolio)
        lacking = planned / 2 - portfolio.tokens * view.spot_price
        least = np.where(planned > 0, LEAST_DIFFERENCE * planned, least)
        return orders_for(np.where(np.abs(lacking) > least, lacking, 0.0), view, portfolio), memory

    def _planned(self, view: MarketView, portfolio: Portfolio) -> tuple[Floats, Floats]:
        """Worth to deposit where there is no position, and the least that is worth it."""
        if portfolio.positions is None:
            return np.zeros_like(portfolio.tokens), np.full((len(portfolio.numeraire), 1), np.inf)
        held, worth = portfolio.wealth(view), _worth(view, portfolio)
        part = (held + worth.sum(axis=1))[:, None] / worth.shape[1]
        waiting = (portfolio.positions.shares == 0) & view.open
        each = held / np.maximum(waiting.sum(axis=1), 1)
        planned = np.where(waiting, np.minimum(each[:, None], part), 0.0)
        return np.where(planned > LEAST_DIFFERENCE * part, planned, 0.0), LEAST_DIFFERENCE * part

    def _ready(self, view: MarketView, portfolio: Portfolio) -> Floats:
        """Worth of what is there to be deposited, half tokens and half numeraire."""
        planned, _ = self._planned(view, portfolio)
        worth = np.minimum(planned, 2 * portfolio.tokens * view.spot_price)
        worth = np.where(worth >= READY * planned, worth, 0.0)
        return _paid_for(worth, worth / 2, portfolio)


def _token_part(view: MarketView) -> Floats:
    """Part of each pool's worth that is in tokens `[tokens]`; a half where it is empty."""
    tokens, worth = view.reserve_token * view.spot_price, _pool_worth(view)
    part: Floats = np.divide(tokens, worth, out=np.full_like(worth, 0.5), where=view.open)
    return part


def _pool_worth(view: MarketView) -> Floats:
    return view.reserve_token * view.spot_price + view.reserve_numeraire


def _fee_yield(view: MarketView) -> Floats:
    """Fees of the last period over each pool's worth `[tokens]`."""
    earned = np.zeros(len(view.spot_price))
    if view.fees_earned is not None:
        np.divide(view.fees_earned, _pool_worth(view), out=earned, where=view.open)
    return earned


def _worth(view: MarketView, portfolio: Portfolio) -> Floats:
    """Worth of each position `[accounts, tokens]`."""
    if portfolio.positions is None:
        return np.zeros_like(portfolio.tokens)
    return portfolio.positions.value(view.spot_price)


def _planned(view: MarketView, portfolio: Portfolio, short: Floats, band: Floats) -> Floats:
    """Worth of what is to be deposited `[accounts, tokens]`, out of what the accounts hold."""
    below = np.where(short > band, short, 0.0)
    lack, held = below.sum(axis=1), portfolio.wealth(view)
    part: Floats = np.divide(held, lack, out=np.ones_like(lack), where=lack > held)
    return below * part[:, None]


def _paid_for(worth: Floats, money: Floats, portfolio: Portfolio) -> Floats:
    """As much of `worth` as there is numeraire for, when it takes `money`, in equal parts."""
    total, owned = money.sum(axis=1), portfolio.numeraire
    part: Floats = np.divide(owned, total, out=np.ones_like(total), where=total > owned)
    return worth * part[:, None]


LIQUIDITY_STRATEGIES: tuple[type[Strategy], ...] = (
    Passive,
    FeeChaser,
    ExitOnLoss,
    RangeKeeper,
)
