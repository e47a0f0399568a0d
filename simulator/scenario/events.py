"""Events that change a run at the beginning of a period, from its scenario or from the page."""

from typing import Annotated, Literal

from pydantic import Field

from simulator.components import Component, Family
from simulator.federation import BEHAVIOURS, Behaviour, FreeRider
from simulator.market import CLEARING_RULES, Clearing, RandomOrder

__all__ = ["EVENTS", "BehaviourEvent", "ClearingEvent", "Event", "LiquidityEvent", "RevenueEvent"]


class Event(Component):
    """Something that changes the course of a run from one period on."""

    period: int = Field(ge=1, le=1_000_000, description="Period at whose beginning it happens.")


class BehaviourEvent(Event):
    """Some clients begin to behave in another way."""

    kind: Literal["behaviour"] = "behaviour"
    clients: tuple[Annotated[int, Field(ge=0, le=100_000)], ...] = Field(
        strict=False, min_length=1, description="Numbers of the clients, the first being 0."
    )
    behaviour: Annotated[Behaviour, Family(BEHAVIOURS)] = Field(
        FreeRider(), validate_default=True, description="What they do from then on."
    )


class LiquidityEvent(Event):
    """A provider is given money and puts it into all open pools, with tokens minted for it.

    Equal parts of the money for each, tokens at the ratio of the pool, so that prices stay.
    """

    kind: Literal["liquidity"] = "liquidity"
    amount: float = Field(
        1000.0, gt=0, le=1e12, description="Numeraire from outside, all pools together."
    )
    provider: int = Field(
        0, ge=0, le=100_000, description="Number of the provider, the first being 0."
    )


class RevenueEvent(Event):
    """For some periods customers pay more or less than they would."""

    kind: Literal["revenue"] = "revenue"
    factor: float = Field(0.5, ge=0, le=1e6, description="What revenue is multiplied by.")
    periods: int = Field(10, ge=1, le=1_000_000, description="For how many periods.")

    def at(self, period: int) -> float:
        """The factor of a period."""
        return self.factor if self.period <= period < self.period + self.periods else 1.0


class ClearingEvent(Event):
    """Orders settle by another rule from then on."""

    kind: Literal["clearing"] = "clearing"
    clearing: Annotated[Clearing, Family(CLEARING_RULES)] = Field(
        RandomOrder(), description="How a trading pass's orders settle."
    )


EVENTS: tuple[type[Event], ...] = (BehaviourEvent, LiquidityEvent, RevenueEvent, ClearingEvent)
