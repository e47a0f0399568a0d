"""Runs: computing a scenario into a run folder, resuming and verifying it."""

from simulator.running.computing import Progress
from simulator.running.folder import (
    recorded_scenario,
    runs_in,
    scenario_yaml,
    versions,
    write_summary,
)
from simulator.running.runs import resume, run, set_up, start
from simulator.running.stepped import recorded
from simulator.running.verifying import as_expected, changed_versions, verify

__all__ = [
    "Progress",
    "as_expected",
    "changed_versions",
    "recorded",
    "recorded_scenario",
    "resume",
    "run",
    "runs_in",
    "scenario_yaml",
    "set_up",
    "start",
    "verify",
    "versions",
    "write_summary",
]
