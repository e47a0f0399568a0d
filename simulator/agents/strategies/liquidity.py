"""Strategies of liquidity providers for their deposits."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulator.agents.strategies.base import Portfolio, Strategy, only_in, orders_for
from simulator.components import Floats, Memory
from simulator.errors import Misfit
from simulator.market import Concentrated, LiquidityOrders, Market, MarketView, Orders

__all__ = ["LIQUIDITY_STRATEGIES", "ExitOnLoss", "FeeChaser", "Passive", "RangeKeeper"]

LEAST_TRADE = 0.2  # of a band: smaller trades and deposits are left out
WHOLE_POSITION = 1 - 1e-6  # of a position: larger withdrawals take everything
LEAST_DIFFERENCE = 0.1  # of a planned deposit: smaller differences are not traded
READY = 0.7  # of a planned deposit: from this fraction on it is made


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
        deficit, band = self._deficits(view, portfolio, memory["yield"])
        account, token = np.nonzero(deficit < -band)
        fraction = -self.speed * deficit[account, token] / _worth(view, portfolio)[account, token]
        withdrawals = LiquidityOrders.withdrawals(
            account, token, np.where(fraction < WHOLE_POSITION, fraction, 1.0)
        )
        tokens, numeraire = self._deposits(view, portfolio, deficit, band)
        account, token = np.nonzero(tokens)
        amounts = tokens[account, token], numeraire[account, token]
        deposits = LiquidityOrders.deposits(account, token, *amounts)
        return LiquidityOrders.join([withdrawals, deposits]), memory

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        deficit, band = self._deficits(view, portfolio, memory["yield"])
        needed = _token_fraction(view) * _planned_deposits(view, portfolio, deficit, band)
        missing = needed - portfolio.tokens * view.spot_price
        values = np.where((np.abs(missing) > LEAST_TRADE * band) & view.open, missing, 0.0)
        return orders_for(values, view, portfolio), memory

    def _deficits(
        self, view: MarketView, portfolio: Portfolio, fee_yield: Floats
    ) -> tuple[Floats, Floats]:
        """Target minus value of each position `[accounts, tokens]`, and the band `[accounts, 1]`.

        Both in numeraire; without any yield the band is infinite.
        """
        worth = _worth(view, portfolio)
        total = (worth.sum(axis=1) + portfolio.wealth(view))[:, None]
        fee_yield = np.where(view.open, fee_yield, 0.0)
        if not fee_yield.any():
            return np.zeros_like(worth), np.full_like(total, np.inf)
        weights = np.where(view.open, (fee_yield / fee_yield.max()) ** self.intensity, 0.0)
        return total * weights / weights.sum() - worth, self.band * total / len(weights)

    def _deposits(
        self, view: MarketView, portfolio: Portfolio, deficit: Floats, band: Floats
    ) -> tuple[Floats, Floats]:
        """Tokens and numeraire to deposit now, out of holdings `[accounts, tokens]`."""
        fraction = _token_fraction(view)
        planned = _planned_deposits(view, portfolio, deficit, band)
        worth = np.minimum(planned, portfolio.tokens * view.spot_price / fraction)
        worth = _scaled_to_cash(worth, (1 - fraction) * worth, portfolio)
        worth = np.where(worth > LEAST_TRADE * band, worth, 0.0)
        return fraction * worth / view.spot_price, (1 - fraction) * worth


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
        has_left = portfolio.positions.shares == 0
        values = np.where(has_left, -portfolio.tokens * view.spot_price, 0.0)
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
        if not isinstance(market.curve, Concentrated):
            raise Misfit(f"a range_keeper {only_in(Concentrated(), market)}", "market.curve")

    def reach(self) -> float:
        return 1.0 + self.width

    def provide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[LiquidityOrders, Memory]:
        if portfolio.positions is None:
            return LiquidityOrders.none(), memory
        positions, price = portfolio.positions, view.spot_price
        out_of_range = (price < positions.lower) | (price > positions.upper)
        account, token = np.nonzero((positions.shares > 0) & out_of_range & view.open)
        withdrawals = LiquidityOrders.withdrawals(account, token, np.ones(len(token)))
        worth = self._deposits(view, portfolio)
        account, token = np.nonzero(worth > 0)
        half, price = worth[account, token] / 2, price[token]
        lower, upper = price / self.reach(), price * self.reach()
        deposits = LiquidityOrders.deposits(account, token, half / price, half, lower, upper)
        return LiquidityOrders.join([withdrawals, deposits]), memory

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        planned, least = self._planned_deposits(view, portfolio)
        missing = planned / 2 - portfolio.tokens * view.spot_price
        least = np.where(planned > 0, LEAST_DIFFERENCE * planned, least)
        return orders_for(np.where(np.abs(missing) > least, missing, 0.0), view, portfolio), memory

    def _planned_deposits(self, view: MarketView, portfolio: Portfolio) -> tuple[Floats, Floats]:
        """Value of new positions to open `[accounts, tokens]`, and the least `[accounts, 1]`."""
        if portfolio.positions is None:
            return np.zeros_like(portfolio.tokens), np.full((len(portfolio.numeraire), 1), np.inf)
        held, worth = portfolio.wealth(view), _worth(view, portfolio)
        target = (held + worth.sum(axis=1))[:, None] / worth.shape[1]
        vacant = (portfolio.positions.shares == 0) & view.open
        per_pool = held / np.maximum(vacant.sum(axis=1), 1)
        planned = np.where(vacant, np.minimum(per_pool[:, None], target), 0.0)
        least = LEAST_DIFFERENCE * target
        return np.where(planned > least, planned, 0.0), least

    def _deposits(self, view: MarketView, portfolio: Portfolio) -> Floats:
        """Value to deposit now, half tokens and half numeraire `[accounts, tokens]`."""
        planned, _ = self._planned_deposits(view, portfolio)
        worth = np.minimum(planned, 2 * portfolio.tokens * view.spot_price)
        worth = np.where(worth >= READY * planned, worth, 0.0)
        return _scaled_to_cash(worth, worth / 2, portfolio)


def _token_fraction(view: MarketView) -> Floats:
    """Fraction of each pool's value that is in tokens `[tokens]`; 0.5 if the pool is empty."""
    tokens, worth = view.reserve_token * view.spot_price, _pool_worth(view)
    fraction: Floats = np.divide(tokens, worth, out=np.full_like(worth, 0.5), where=view.open)
    return fraction


def _pool_worth(view: MarketView) -> Floats:
    return view.reserve_token * view.spot_price + view.reserve_numeraire


def _fee_yield(view: MarketView) -> Floats:
    """Fees of the last period over each pool's value `[tokens]`."""
    fee_yield = np.zeros(len(view.spot_price))
    if view.fees_earned is not None:
        np.divide(view.fees_earned, _pool_worth(view), out=fee_yield, where=view.open)
    return fee_yield


def _worth(view: MarketView, portfolio: Portfolio) -> Floats:
    """Value of each position `[accounts, tokens]`, numeraire."""
    if portfolio.positions is None:
        return np.zeros_like(portfolio.tokens)
    return portfolio.positions.value(view.spot_price)


def _planned_deposits(
    view: MarketView, portfolio: Portfolio, deficit: Floats, band: Floats
) -> Floats:
    """Value to deposit in pools below target `[accounts, tokens]`, within the accounts' wealth."""
    deposit = np.where(deficit > band, deficit, 0.0)
    total, held = deposit.sum(axis=1), portfolio.wealth(view)
    scale: Floats = np.divide(held, total, out=np.ones_like(total), where=total > held)
    return deposit * scale[:, None]


def _scaled_to_cash(worth: Floats, money: Floats, portfolio: Portfolio) -> Floats:
    """`worth`, scaled down for all tokens alike if its `money` exceeds the account's numeraire."""
    total, cash = money.sum(axis=1), portfolio.numeraire
    scale: Floats = np.divide(cash, total, out=np.ones_like(total), where=total > cash)
    return worth * scale[:, None]


LIQUIDITY_STRATEGIES: tuple[type[Strategy], ...] = (
    Passive,
    FeeChaser,
    ExitOnLoss,
    RangeKeeper,
)
