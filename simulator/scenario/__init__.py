"""Scenarios: the composed settings of a run, and how they are read from YAML."""

from simulator.scenario.record import Detail, Record
from simulator.scenario.schema import Scenario, numbered, scenario_type

__all__ = ["Detail", "Record", "Scenario", "numbered", "scenario_type"]
