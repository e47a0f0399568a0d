"""The stage: the initial scenario of a server's pages, other scenarios, and the output folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from simulator.dashboard import overview
from simulator.dashboard.choosing import Choice
from simulator.dashboard.showing import Live, Recorded
from simulator.errors import ComponentError, RunError, ScenarioError
from simulator.reading import placed
from simulator.recording import read_table
from simulator.running import run
from simulator.scenario import Scenario
from simulator.scenario.loading import OPTION, load_with_entries
from simulator.scenario.shipped import SCENARIOS, find_scenario

__all__ = ["Stage"]


@dataclass(frozen=True)
class Stage:
    """A scenario by `name` with `overrides`, or a `recorded` run; `out` is the output folder."""

    scenario_type: type[Scenario]
    name: str
    overrides: Mapping[str, Any]
    plugins: tuple[str, ...] = ()
    out: Path = Path("outputs")
    recorded: Recorded | None = None

    @property
    def shipped(self) -> list[str]:
        """Names of the shipped scenarios."""
        return list(SCENARIOS.files())

    @cached_property
    def initial_choice(self) -> Choice:
        """The initial choice. Raises ScenarioError if the scenario is invalid."""
        return self.open(self.name, self.overrides)

    def rehearse(self) -> None:
        """Import and compile code ahead of the first visit."""
        show = Live(lambda _: self.initial_choice, "")
        overview.charts(show.frames, show.cast)

    def open(self, name: str, overrides: Mapping[str, Any] | None = None) -> Choice:
        """The scenario in a file, or a shipped one by name. Raises ScenarioError."""
        path = find_scenario(name)

        def load(changes: Mapping[str, Any]) -> Scenario:
            reading = load_with_entries(self.scenario_type, path, changes, option=OPTION)
            try:
                with placed(reading.root):
                    reading.settings.check_data()
            except ComponentError as error:
                raise ScenarioError(str(error)) from error
            return reading.settings

        return Choice.of(load, overrides or {})

    def save(self, show: Live) -> Path:
        """Compute the run so far again and write it to a run folder.

        Raises RunError if the numbers differ or the folder cannot be written.
        """
        newest = show.all_frames[-1]
        if newest.period == 0:
            raise RunError("there is nothing to save yet: step or play first")
        settings = show.settings.model_copy(update={"periods": newest.period})
        folder = run(settings, self.out, plugins=self.plugins)
        recomputed = read_table(folder, "periods").slice(newest.period).to_pylist()
        if recomputed != [dict(newest.row)]:
            raise RunError(f"{folder} has other numbers than the page shows")
        return folder
