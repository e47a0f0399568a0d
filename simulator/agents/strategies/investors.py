"""Strategies of investors."""

from typing import Literal

import numpy as np
from pydantic import Field

from simulator.agents.strategies.base import Portfolio, Strategy, orders_for
from simulator.components import Memory
from simulator.market import MarketView, Orders

__all__ = ["INVESTOR_STRATEGIES", "Fundamentalist", "Noise"]


class Fundamentalist(Strategy):
    """Buys below value and sells above it, each investor with a lasting opinion of its own.

    An order is worth gain x wealth/tokens x clip(log(value x bias / price), -1, 1): a flow that
    pushes the price towards the value, not a target holding.
    """

    kind: Literal["fundamentalist"] = "fundamentalist"
    gain: float = Field(0.5, gt=0, description="Strength of the reaction to a mispricing.")
    bias_sigma: float = Field(
        0.2, ge=0, description="Deviation of the log of the investors' lasting opinions on value."
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


class Noise(Strategy):
    """Trades towards holdings that are drawn anew each period: activity without information.

    The target for each token is neutral x weight, neutral = invested x wealth/tokens and weight
    lognormal with mean 1, within [0, 3].
    """

    kind: Literal["noise"] = "noise"
    sigma: float = Field(0.5, ge=0, description="Deviation of the log of the weights.")
    adjust: float = Field(
        0.5, gt=0, le=1, description="Part of the distance to the target traded per period."
    )

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        normal = draws.standard_normal(portfolio.tokens.shape)
        weight = np.minimum(np.exp(self.sigma * normal - self.sigma**2 / 2), 3.0)
        neutral = portfolio.invested * portfolio.wealth(view) / len(view.spot_price)
        distance = neutral[:, None] * weight - portfolio.tokens * view.spot_price
        return orders_for(self.adjust * distance, view, portfolio), memory


INVESTOR_STRATEGIES: tuple[type[Strategy], ...] = (Fundamentalist, Noise)
