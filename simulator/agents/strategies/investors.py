"""Strategies of investors."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from simulator.agents.strategies.arbitrage import Arbitrageur
from simulator.agents.strategies.base import NEWS, Portfolio, Strategy, orders_by
from simulator.agents.strategies.manipulators import PumpAndDump, WashTrader
from simulator.agents.strategies.sandwich import Sandwich
from simulator.components import (
    Family,
    Floats,
    Integers,
    Memory,
    prefixed,
    without_prefix,
)
from simulator.elementary import exp, log
from simulator.errors import Misfit
from simulator.market import Market, MarketView, Orders

__all__ = [
    "INVESTOR_STRATEGIES",
    "Adaptive",
    "Contrarian",
    "Fundamentalist",
    "Index",
    "Insider",
    "Momentum",
    "NoiseTrader",
    "TargetHolder",
    "TrendFollower",
]

HIGHEST_WEIGHT = 3.0  # of a target, in units of the neutral holding


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
        return {"bias": exp(self.bias_sigma * draws.standard_normal(accounts))}

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        with np.errstate(divide="ignore", invalid="ignore"):
            mispricing = log(view.fundamental_value / view.spot_price)
        budget = self.gain * portfolio.wealth(view) / len(view.spot_price)

        def values_of(accounts: Integers) -> Floats:
            opinion = log(memory["bias"][accounts])[:, None] + mispricing
            values: Floats = budget[accounts, None] * np.clip(opinion, -1.0, 1.0)
            return values

        return orders_by(values_of, view, portfolio), memory


class Insider(Fundamentalist):
    """A fundamentalist who knows this period's shares and values while others wait for them."""

    kind: Literal["insider"] = "insider"  # type: ignore[assignment]
    knows: ClassVar[tuple[str, ...]] = NEWS

    def check(self, market: Market) -> None:
        if not market.information_delay:
            what = "an insider knows no more than others: set market.information_delay=1"
            raise Misfit(what, "market.information_delay")


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
    ) -> tuple[Callable[[Integers], Floats], Memory]:
        """Target holdings, in units of neutral, and the new memory.

        Targets are a function of accounts that returns `[tokens]` or `[accounts, tokens]`.
        """

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        weights, memory = self.weights(view, portfolio, memory, draws)
        market_value = view.spot_price * view.supply
        neutral = market_value / market_value.sum()
        money = portfolio.invested * portfolio.wealth(view)

        def values_of(accounts: Integers) -> Floats:
            targets = np.minimum(weights(accounts), HIGHEST_WEIGHT) * neutral
            targets /= np.maximum(targets.sum(axis=-1, keepdims=True), 1.0)
            holdings = portfolio.tokens[accounts] * view.spot_price
            values: Floats = self.adjust * (money[accounts, None] * targets - holdings)
            return values

        return orders_by(values_of, view, portfolio), memory


class NoiseTrader(TargetHolder):
    """Wants holdings that are drawn anew each period: activity without information.

    Weights are lognormal with mean 1.
    """

    kind: Literal["noise"] = "noise"
    sigma: float = Field(0.5, ge=0, le=10, description="Deviation of the log of the weights.")

    def weights(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Callable[[Integers], Floats], Memory]:
        normal = draws.standard_normal(portfolio.tokens.shape)

        def weights(accounts: Integers) -> Floats:
            lognormal: Floats = exp(self.sigma * normal[accounts] - self.sigma**2 / 2)
            return lognormal

        return weights, memory


class Index(TargetHolder):
    """Holds all tokens by their market value and trades back to that: a pick of none."""

    kind: Literal["index"] = "index"

    def weights(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Callable[[Integers], Floats], Memory]:
        return lambda accounts: np.ones_like(view.spot_price), memory


class TrendFollower(TargetHolder):
    """Takes the trend, a moving average of a token's returns, as a reason to hold more or less."""

    direction: ClassVar[float]
    """1 to hold more of rising tokens, -1 to hold less of them."""
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
        """Average return per decision `[tokens]`, 0 at the first one, and the new memory."""
        last_price = np.where(np.isnan(memory["price"]), view.spot_price, memory["price"])
        returns = view.spot_price / last_price - 1
        trend = self.memory * memory["trend"] + (1 - self.memory) * returns
        return trend, {"price": view.spot_price, "trend": trend}

    def weights(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Callable[[Integers], Floats], Memory]:
        trend, memory = self.trend(view, memory)
        weight = np.maximum(1 + self.direction * self.reaction * trend, 0.0)
        return lambda accounts: weight, memory


class Momentum(TrendFollower):
    """Holds more of what has risen: weight 1 + reaction x trend, within [0, 3]."""

    kind: Literal["momentum"] = "momentum"
    direction: ClassVar[float] = 1.0


class Contrarian(TrendFollower):
    """Holds more of what has fallen: weight 1 - reaction x trend, within [0, 3]."""

    kind: Literal["contrarian"] = "contrarian"
    direction: ClassVar[float] = -1.0


RULES: tuple[type[Strategy], ...] = (Fundamentalist, Momentum, Contrarian, NoiseTrader, Index)


class Adaptive(Strategy):
    """Follows one of several rules, more likely one that would have paid (Brock & Hommes 1998).

    What a rule would have everybody order changes holdings by z (tokens at their price p, less fee)
    for the money m, both as parts of the group's wealth. One period later that has paid
    pi = sum z (p' + dividend) / p - m. Its fitness is U <- pi + memory U, and each account picks
    its rule anew each period, rule h with probability exp(beta U_h) / sum exp(beta U).

    Source: Brock & Hommes, Heterogeneous beliefs and routes to chaos in a simple asset pricing
    model, Journal of Economic Dynamics and Control 22 (1998), where cash also earns interest.
    """

    kind: Literal["adaptive"] = "adaptive"
    rules: tuple[Annotated[Strategy, Family(RULES)], ...] = Field(
        tuple(rule() for rule in RULES),  # type: ignore[call-arg]
        strict=False,
        min_length=1,
        description="What they choose from.",
    )
    beta: float = Field(
        300.0, ge=0, le=1e12, description="Intensity of choice; 0 makes all rules equally likely."
    )
    memory: float = Field(0.8, ge=0, le=1, description="Weight of the past in a rule's fitness.")

    def initial(self, accounts: int, draws: np.random.Generator) -> Memory:
        memory: Memory = {
            "fitness": np.zeros(len(self.rules)),
            "price": np.array(np.nan),
            "period": np.array(0),
        }
        for number, rule in enumerate(self.rules):
            memory |= prefixed(f"{number}.", rule.initial(accounts, draws))
        return memory

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        fitness = self.fitness(view, memory)
        limits = np.cumsum(self.fractions(fitness))[:-1]
        rule_of = np.searchsorted(limits, draws.random(len(portfolio.numeraire)), side="right")
        wealth = portfolio.wealth(view)[portfolio.trading].sum()
        held, paid = np.zeros((len(self.rules), len(view.spot_price))), np.zeros(len(self.rules))
        new_memory: Memory = {
            "fitness": fitness,
            "price": view.spot_price,
            "period": np.array(view.period),
        }
        order_list = []
        for number, rule in enumerate(self.rules):
            rule_memory = without_prefix(f"{number}.", memory)
            orders, rule_memory = rule.decide(view, portfolio, rule_memory, draws)
            held[number], paid[number] = _position(orders, view)
            order_list.append(orders.take(rule_of[orders.account] == number))
            new_memory |= prefixed(f"{number}.", rule_memory)
        scale = wealth if wealth > 0 else 1.0
        return Orders.join(order_list), new_memory | {"held": held / scale, "paid": paid / scale}

    def fitness(self, view: MarketView, memory: Memory) -> Floats:
        """Fitness of each rule, including the profit of its last orders `[rules]`."""
        if np.isnan(memory["price"]).any():
            return np.asarray(memory["fitness"])
        dividend = view.dividend * (view.period > memory["period"])  # only in a period's first pass
        profit = memory["held"] @ ((view.spot_price + dividend) / memory["price"])
        fitness: Floats = profit - memory["paid"] + self.memory * memory["fitness"]
        return fitness

    def fractions(self, fitness: Floats) -> Floats:
        """Probability that an account follows each rule `[rules]`."""
        odds = exp(self.beta * (fitness - fitness.max()))
        fractions: Floats = odds / odds.sum()
        return fractions


def _position(orders: Orders, view: MarketView) -> tuple[NDArray[Any], float]:
    """Change in holdings at spot `[tokens]` and money spent by orders, without price impact.

    The fee is taken from the input.
    """
    rate, price = (1 - view.fee)[orders.token], view.spot_price[orders.token]
    change = np.where(orders.buy, rate * orders.amount, -orders.amount * price)
    money = np.where(orders.buy, orders.amount, -rate * orders.amount * price)
    return np.bincount(orders.token, change, len(view.spot_price)), float(money.sum())


INVESTOR_STRATEGIES: tuple[type[Strategy], ...] = (
    Fundamentalist,
    Momentum,
    Contrarian,
    NoiseTrader,
    Index,
    Adaptive,
    Insider,
    PumpAndDump,
    WashTrader,
    Sandwich,
    Arbitrageur,
)
