"""Groups of like agents, as a scenario lists them."""

from abc import abstractmethod
from typing import Annotated, Literal

import numpy as np
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
    Strategy,
    ValueSeller,
)
from simulator.components import Component, Family, Floats, Section
from simulator.elementary import exp
from simulator.federation import BEHAVIOURS, Behaviour, Honest

__all__ = [
    "WEALTHS",
    "ClientGroup",
    "Group",
    "InvestorGroup",
    "LiquidityProviderGroup",
    "Lognormal",
    "Wealth",
    "strategy_of",
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
        return self.mean * exp(self.sigma * normal - self.sigma**2 / 2)


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
        full_agents, rest = divmod(self.count, self.accounts_per_agent)
        return [self.accounts_per_agent] * full_agents + [rest] * (rest > 0)


Group = ClientGroup | LiquidityProviderGroup | InvestorGroup


def strategy_of(group: Group) -> Strategy:
    """The strategy of a group; a client's strategy is its token policy."""
    return group.policy if isinstance(group, ClientGroup) else group.strategy
