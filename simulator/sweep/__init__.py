"""Sweeps: one scenario in many variants and seeds, on all cores."""

from simulator.sweep.study import Cell, Study, cells_of, read_study, study_file, study_schema
from simulator.sweep.sweeping import Sweep, SweepRun, read_cells, state_of

__all__ = [
    "Cell",
    "Study",
    "Sweep",
    "SweepRun",
    "cells_of",
    "read_cells",
    "read_study",
    "state_of",
    "study_file",
    "study_schema",
]
