"""Sweeps: one scenario in many variants and seeds, on all cores."""

from simulator.sweep.cells import Cell, base_of, cells_of
from simulator.sweep.study import Study, read_study, study_schema
from simulator.sweep.sweeping import StudyRuns, SweepRun, read_cells, state_of

__all__ = [
    "Cell",
    "Study",
    "StudyRuns",
    "SweepRun",
    "base_of",
    "cells_of",
    "read_cells",
    "read_study",
    "state_of",
    "study_schema",
]
