"""The stage: what every page of a process begins with, what it can open, and where it saves."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from simulator.dashboard import overview
from simulator.dashboard.choosing import Choice
from simulator.dashboard.showing import Live, Recorded
from simulator.errors import RunError
from simulator.recording import read_table
from simulator.running import run
from simulator.scenario import Scenario
from simulator.scenario.shipped import scenario_file, shipped_scenarios

__all__ = ["Stage"]


@dataclass(frozen=True)
class Stage:
    """A scenario by `name` with `overrides`, or a `recorded` run, and its surroundings."""

    kind: type[Scenario]
    name: str
    overrides: Mapping[str, Any]
    plugins: tuple[str, ...] = ()
    out: Path = Path("outputs")
    recorded: Recorded | None = None

    @property
    def shipped(self) -> list[str]:
        """Names of the scenarios that can always be opened."""
        return list(shipped_scenarios())

    @cached_property
    def first(self) -> Choice:
        """The choice to begin with. Raises ScenarioError when the scenario is not valid."""
        return self.open(self.name, self.overrides)

    def rehearse(self) -> None:
        """Do once what the first visitor would wait for: imports and compiled code."""
        show = Live(lambda _: self.first, "")
        overview.charts(show.frames, show.cast)

    def open(self, name: str, overrides: Mapping[str, Any] | None = None) -> Choice:
        """The scenario in a file or, by name, a shipped one. Raises ScenarioError."""
        path = scenario_file(name)
        return Choice.of(lambda changes: self.kind.load(path, changes), overrides or {})

    def save(self, show: Live) -> Path:
        """The run so far as a run folder: it is computed again, from what it is determined by.

        Raises RunError when that does not give the same numbers, or the folder cannot be written.
        """
        newest = show.known[-1]
        if newest.period == 0:
            raise RunError("there is nothing to save yet: step or play first")
        settings = show.settings.model_copy(update={"periods": newest.period})
        folder = run(settings, self.out, plugins=self.plugins)
        again = read_table(folder, "periods").slice(newest.period).to_pylist()
        if again != [dict(newest.row)]:
            raise RunError(f"{folder} has other numbers than the page shows")
        return folder
