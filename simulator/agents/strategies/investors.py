"""Strategies of investors."""

from abc import abstractmethod
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulator.agents.strategies.base import Portfolio, Strategy, orders_for
from simulator.components import Floats, Memory
from simulator.market import MarketView, Orders

__all__ = [
    "INVESTOR_STRATEGIES",
    "Contrarian",
    "Fundamentalist",
    "Index",
    "Momentum",
    "Noise",
    "TargetHolder",
    "TrendFollower",
]

HIGHEST_WEIGHT = 3.0  # of a target, in units of neutral


class Fundamentalist(Strategy):
    """Buys below value and sells above it, each investor with a lasting opinion of its own.

    An order is worth gain x wealth/tokens x clip(log(value x bias / price), -1, 1): a flow that
    pushes the price towards the value, not a target holding.
    """

    kind: Literal["fundamentalist"] = "fundamentalist"
    gain: float = Field(0.5, gt=0, le=1e6, description="Strength of the reaction to a mispricing.")
    bias_sigma: float = Field(
        0.2,
        ge=0,
        le=10,
        description="Deviation of the log of the investors' lasting opinions on value.",
    )

    def initial(self, accounts: int, draws: np.random.Generator) -> Memory:
        return {"bias": np.exp(self.bias_sigma * draws.standard_normal(accounts))}

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        with np.errstate(divide="ignore", invalid="ignore"):
            mispricing = np.log(view.fundamental_value / view.spot_price)
        signal = np.clip(np.log(memory["bias"])[:, None] + mispricing, -1.0, 1.0)
        budget = self.gain * portfolio.wealth(view) / len(view.spot_price)
        return orders_for(budget[:, None] * signal, view, portfolio), memory


class TargetHolder(Strategy):
    """Trades towards target holdings: neutral x weight of each token, weights within [0, 3].

    Neutral is the fraction of wealth that the group invests, divided among the tokens by their
    market value (spot price x supply); divided equally, the same money would stand behind every
    token, and a worthless one could not fall. All targets together are at most what the group
    invests: beyond that they are scaled down, so that no trend is bought with more and more money.
    """

    adjust: float = Field(
        0.5, gt=0, le=1, description="Part of the distance to the target traded per period."
    )

    @abstractmethod
    def weights(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        """Target holdings in units of neutral, `[tokens]` or `[accounts, tokens]`, and memory."""

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        weights, memory = self.weights(view, portfolio, memory, draws)
        market_value = view.spot_price * view.supply
        parts = np.minimum(weights, HIGHEST_WEIGHT) * (market_value / market_value.sum())
        parts /= np.maximum(parts.sum(axis=-1, keepdims=True), 1.0)
        target = (portfolio.invested * portfolio.wealth(view))[:, None] * parts
        distance = target - portfolio.tokens * view.spot_price
        return orders_for(self.adjust * distance, view, portfolio), memory


class Noise(TargetHolder):
    """Wants holdings that are drawn anew each period: activity without information.

    Weights are lognormal with mean 1.
    """

    kind: Literal["noise"] = "noise"
    sigma: float = Field(0.5, ge=0, le=10, description="Deviation of the log of the weights.")

    def weights(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        normal = draws.standard_normal(portfolio.tokens.shape)
        return np.exp(self.sigma * normal - self.sigma**2 / 2), memory


class Index(TargetHolder):
    """Holds all tokens by their market value and trades back to that: a pick of none."""

    kind: Literal["index"] = "index"

    def weights(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        return np.ones_like(view.spot_price), memory


class TrendFollower(TargetHolder):
    """Takes the trend, a moving average of a token's returns, as a reason to hold more or less."""

    direction: ClassVar[float]
    """1 to hold more of what rises, -1 to hold less of it."""
    memory: float = Field(0.8, ge=0, lt=1, description="Weight of the past in the trend.")
    reaction: float = Field(
        60.0,
        gt=0,
        le=1e6,
        description="Weight per unit of trend: 60 is 3 for a trend of 5% a period.",
    )

    def initial(self, accounts: int, draws: np.random.Generator) -> Memory:
        return {"price": np.array(np.nan), "trend": np.zeros(())}

    def trend(self, view: MarketView, memory: Memory) -> tuple[Floats, Memory]:
        """Average return per period of each token `[tokens]`, 0 before any return was seen."""
        seen = np.where(np.isnan(memory["price"]), view.spot_price, memory["price"])
        trend = self.memory * memory["trend"] + (1 - self.memory) * (view.spot_price / seen - 1)
        return trend, {"price": view.spot_price, "trend": trend}

    def weights(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        trend, memory = self.trend(view, memory)
        return np.maximum(1 + self.direction * self.reaction * trend, 0.0), memory


class Momentum(TrendFollower):
    """Holds more of what has risen: weight 1 + reaction x trend, within [0, 3]."""

    kind: Literal["momentum"] = "momentum"
    direction: ClassVar[float] = 1.0


class Contrarian(TrendFollower):
    """Holds more of what has fallen: weight 1 - reaction x trend, within [0, 3]."""

    kind: Literal["contrarian"] = "contrarian"
    direction: ClassVar[float] = -1.0


INVESTOR_STRATEGIES: tuple[type[Strategy], ...] = (
    Fundamentalist,
    Momentum,
    Contrarian,
    Noise,
    Index,
)
