"""Scenarios: the composed settings of a run, and how they are read from YAML."""

from simulator.scenario.checking import needs_scenario
from simulator.scenario.doubts import doubts
from simulator.scenario.events import (
    BehaviourEvent,
    ClearingEvent,
    Event,
    LiquidityEvent,
    RevenueEvent,
)
from simulator.scenario.forecasting import Forecast, forecast
from simulator.scenario.record import Detail, Record
from simulator.scenario.schema import Scenario, numbered, scenario_type

__all__ = [
    "BehaviourEvent",
    "ClearingEvent",
    "Detail",
    "Event",
    "Forecast",
    "LiquidityEvent",
    "Record",
    "RevenueEvent",
    "Scenario",
    "doubts",
    "forecast",
    "needs_scenario",
    "numbered",
    "scenario_type",
]
