"""Shows: the runs that the page plays, computed live or read from a run folder."""

import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Self

import mesa
import numpy as np
import pandas as pd

from simulator.analysis import load_run
from simulator.components import Floats, Integers
from simulator.dashboard.choosing import Choice
from simulator.dashboard.frames import Cast, Frame, Tables
from simulator.economy import Economy
from simulator.errors import SimulatorError
from simulator.federation import Cohort, Federation, Round
from simulator.foreign import described_error
from simulator.scenario import Scenario
from simulator.tables import TABLES

__all__ = ["Live", "Recorded", "Replay", "Show", "Utilities"]

SECONDS_TO_DRAW = 5.0
"""Maximum seconds that a step waits while the page is drawn."""
COALITION_CLIENTS = 20
"""Maximum number of clients whose coalitions are evaluated."""


class Utilities(NamedTuple):
    """Utility of some coalitions of a round's participants, in the game behind contributions."""

    clients: Integers
    """Numbers of the participants with most examples, ascending."""
    empty: float
    grand: float
    alone: Floats
    """Utility of each client alone `[clients]`."""
    without: Floats
    """Utility of all participants except each client `[clients]`."""

    @classmethod
    def of(cls, federation: Federation, round_: Round, cohort: Cohort) -> Self | None:
        """The utilities of a round, or None if it had no participants."""
        present = np.flatnonzero(round_.participated)
        if not present.size:
            return None
        largest = np.argsort(-round_.examples[present], kind="stable")[:COALITION_CLIENTS]
        selected = np.sort(largest)
        alone = np.eye(len(present), dtype=bool)[selected]
        ends = np.array([[False], [True]]).repeat(len(present), axis=1)
        game = federation.game(round_, cohort)
        values = game.values(np.concatenate([ends, alone, ~alone]))
        empty, grand = values[:2].tolist()
        return cls(present[selected], empty, grand, *np.split(values[2:], 2))


class Show(mesa.Model):
    """A sequence of frames; the page shows those up to index `now`.

    Mesa's page steps it in one thread and draws it in another: drawing reads only `frames`, and a
    step increases `now` as its last action.
    """

    running: bool
    settings: Scenario
    cast: Cast
    failure: str

    def __init__(self, settings: Scenario) -> None:
        super().__init__(rng=0)
        self.settings, self.cast = settings, Cast.of(settings)
        self.all_frames: list[Frame] = []
        self.now, self.failure = 0, ""
        self.drawn_state: tuple[int, int, str] | None = None
        self.drawing = Lock()  # locked while the page of this show is drawn
        # Mesa has wrapped `step` to count steps; steps after the end are not counted.
        self._counted_step = self.step
        self.step = self._step_unless_ended  # type: ignore[method-assign]

    @property
    def frames(self) -> list[Frame]:
        """The frames from genesis to `now`."""
        return self.all_frames[: self.now + 1]

    @property
    def ended(self) -> bool:
        """Whether no step is possible from `now`."""
        return bool(self.failure) or self.now >= self.settings.periods

    @property
    def state(self) -> tuple[int, int, str]:
        """A value that changes whenever the page must be drawn anew."""
        return self.now, len(self.all_frames), self.failure

    @property
    def complete(self) -> bool:
        """Whether no further frame can be added."""
        return bool(self.failure) or len(self.all_frames) > self.settings.periods

    def go_to(self, now: int) -> None:
        """Show the frames up to index `now`, clipped to the available ones."""
        self.now = min(max(now, 0), len(self.all_frames) - 1)
        self.running = not self.ended

    def utilities(self) -> Utilities | None:
        """Utilities of the round of the newest shown frame, None if no longer available."""
        return None

    def _step_unless_ended(self) -> None:
        self._wait_for_drawing()
        if self.running and not self.ended:
            self._counted_step()
        self.running = not self.ended

    def _wait_for_drawing(self) -> None:
        """Wait while another thread draws, which would never finish if changes kept arriving.

        Only polls the lock, as the drawing thread does not wait for it.
        """
        deadline = time.monotonic() + SECONDS_TO_DRAW
        while self.drawing.locked() and time.monotonic() < deadline:
            time.sleep(0.002)

    def step(self) -> None:
        """Show one more frame."""
        self.now += 1


class Live(Show):
    """A run that is computed while it is watched.

    Mesa builds a new one at every reset, with the typed text as `seed`; `choose` turns that into
    a choice. An error in the run stops the show; its message is in `failure`.
    """

    def __init__(self, choose: Callable[[str], Choice], seed: str) -> None:
        self.choice = choose(seed)
        super().__init__(self.choice.settings)
        self.economy = Economy(self.settings)
        self._lock = Lock()
        self._utilities: dict[int, Callable[[], Utilities | None]] = {}
        self._append_frame()

    def step(self) -> None:
        """Show one more frame, computing it if necessary."""
        with self._lock:
            if self.ended:  # closed while this step waited for the lock
                return
            if self.now + 1 == len(self.all_frames):
                try:
                    self.economy.step()
                except SimulatorError as error:
                    self.failure = str(error)
                    return
                except (Exception, SystemExit) as error:
                    self.failure = described_error(error)
                    return
                self._append_frame()
            self.now += 1

    def intervene(self, event: dict[str, Any]) -> None:
        """Add an event at the start of the period after the newest computed one.

        The run continues as a run of the scenario with this event would. Raises ScenarioError,
        without changing anything, if the event is invalid.
        """
        with self._lock:
            period = self.economy.period + 1
            choice = self.choice.with_event(event | {"period": period})
            economy = Economy(choice.settings)
            economy.restore(self.economy.save())
            self.choice, self.economy, self.settings = choice, economy, choice.settings
            self.cast = Cast.of(self.settings)

    def utilities(self) -> Utilities | None:
        compute = self._utilities.get(self.frames[-1].period)
        return compute() if compute else None

    def close(self) -> None:
        """Free memory, as Mesa keeps every model; the show cannot be stepped any more."""
        with self._lock:
            self.failure = "closed"
            self.all_frames, self.now, self._utilities = self.all_frames[-1:], 0, {}
            self.__dict__.pop("economy", None)

    def _append_frame(self) -> None:
        previous = self.all_frames[-1] if self.all_frames else None
        frame = Frame.of(self.economy.tables, self.cast, previous)
        if previous is not None:
            self.all_frames[-1] = previous._replace(fills=None)
        self._keep_round()
        self.all_frames.append(frame)

    def _keep_round(self) -> None:
        """Keep the utilities of the newest frame, and of the previous one, which is still shown."""
        period, round_ = self.economy.period, self.economy.round
        previous = self._utilities.get(period - 1)
        self._utilities = {period - 1: previous} if previous else {}
        if round_ is not None:
            inputs = self.settings.federation, round_, self.economy.cohort
            self._utilities[period] = cache(lambda: Utilities.of(*inputs))


class Recorded(NamedTuple):
    """A run folder, its scenario and all its frames."""

    folder: Path
    settings: Scenario
    frames: list[Frame]

    @classmethod
    def of(cls, folder: Path, settings: Scenario) -> Self:
        """Read the folder. Raises what `load_run` raises."""
        cast, frames = Cast.of(settings), list[Frame]()
        for tables in _recorded_tables(folder, cast):
            frames.append(Frame.of(tables, cast, frames[-1] if frames else None))
        return cls(folder, settings, frames)


class Replay(Show):
    """A recorded run, at first shown up to frame `now`."""

    def __init__(self, recorded: Recorded, now: int = 0) -> None:
        super().__init__(recorded.settings)
        self.all_frames = recorded.frames
        self.go_to(now)

    @property
    def ended(self) -> bool:
        return self.now >= len(self.all_frames) - 1


def _recorded_tables(folder: Path, cast: Cast) -> Iterator[Tables]:
    """The tables of each period of a run folder, in the form of `Economy.tables`."""
    run = load_run(folder)
    run_tables = {name: _encoded(getattr(run, name), cast) for name in TABLES}
    ends = {
        name: np.searchsorted(rows["period"], np.arange(len(run.periods) + 1))
        for name, rows in run_tables.items()
    }
    for period in run.periods["period"].tolist():
        tables = {
            name: {
                column: values[slice(*ends[name][period : period + 2])]
                for column, values in rows.items()
            }
            for name, rows in run_tables.items()
        }
        row = {column: values[0] for column, values in tables["periods"].items()}
        yield tables | {"periods": row}


def _encoded(rows: pd.DataFrame, cast: Cast) -> dict[str, Any]:
    """Columns as arrays; category columns as the codes of the cast."""
    columns = {}
    for column, values in rows.items():
        name = str(column)
        if name not in cast.names:
            columns[name] = values.to_numpy()
        elif values.empty:  # an empty column is not categorical
            columns[name] = np.zeros(0, dtype=np.int64)
        else:
            codes = {text: number for number, text in enumerate(cast.names[name])}
            categories = np.array([codes[str(each)] for each in values.cat.categories], dtype=int)
            columns[name] = categories[values.cat.codes.to_numpy()]
    return columns
