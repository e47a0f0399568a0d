"""Shows: runs as the page plays them, one that is computed and one that was recorded."""

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
from simulator.scenario import Scenario
from simulator.tables import TABLES

__all__ = ["Live", "Recorded", "Replay", "Show", "Utilities"]

SECONDS_TO_DRAW = 5.0
"""Seconds that a step waits at most while the page is drawn."""
COALITIONS_OF = 20
"""Utilities are told of the coalitions of so many clients."""


class Utilities(NamedTuple):
    """Worth of some coalitions of the participants of a round, as contributions are made of."""

    clients: Integers
    """Numbers of the participants with most examples, ascending."""
    nobody: float
    everyone: float
    alone: Floats
    """Of each of `clients` by itself."""
    without: Floats
    """Of everyone but that client."""

    @classmethod
    def of(cls, federation: Federation, round_: Round, cohort: Cohort) -> Self | None:
        """Of a round; None where nobody took part."""
        present = np.flatnonzero(round_.participated)
        if not present.size:
            return None
        largest = np.argsort(-round_.examples[present], kind="stable")[:COALITIONS_OF]
        some = np.sort(largest)
        alone = np.eye(len(present), dtype=bool)[some]
        ends = np.array([[False], [True]]).repeat(len(present), axis=1)
        game = federation.game(round_, cohort)
        values = game.values(np.concatenate([ends, alone, ~alone]))
        nobody, everyone = values[:2].tolist()
        return cls(present[some], nobody, everyone, *np.split(values[2:], 2))


class Show(mesa.Model):
    """A sequence of frames, of which those up to `now` have been shown.

    Mesa's page steps it, in a thread that races with drawing: what is read is `frames`, and `now`
    moves on as the last act of a step.
    """

    running: bool
    settings: Scenario
    cast: Cast
    failure: str

    def __init__(self, settings: Scenario) -> None:
        super().__init__(rng=0)
        self.settings, self.cast = settings, Cast.of(settings)
        self.known: list[Frame] = []
        self.now, self.failure = 0, ""
        self.seen: tuple[int, int, str] | None = None
        self.drawing = Lock()  # that is locked while the page of this show is drawn
        # Mesa has put its count of steps around `step`; nothing is counted after the end.
        self._counted_step = self.step
        self.step = self._step_to_the_end  # type: ignore[method-assign]

    @property
    def frames(self) -> list[Frame]:
        """What has been shown: the frames of genesis to now."""
        return self.known[: self.now + 1]

    @property
    def ended(self) -> bool:
        """Whether nothing comes after now."""
        return bool(self.failure) or self.now >= self.settings.periods

    @property
    def state(self) -> tuple[int, int, str]:
        """What changes whenever there is something new to see."""
        return self.now, len(self.known), self.failure

    @property
    def complete(self) -> bool:
        """Whether there will never be a frame more."""
        return bool(self.failure) or len(self.known) > self.settings.periods

    def go_to(self, now: int) -> None:
        """Show the frames up to number `now`, as far as they are known."""
        self.now = min(max(now, 0), len(self.known) - 1)
        self.running = not self.ended

    def utilities(self) -> Utilities | None:
        """Of the round of the frame that is shown, where it is still known."""
        return None

    def _step_to_the_end(self) -> None:
        self._let_it_be_drawn()
        if self.running and not self.ended:
            self._counted_step()
        self.running = not self.ended

    def _let_it_be_drawn(self) -> None:
        """Wait while another thread draws: if it always found something new, it would not end.

        The lock is only looked at, as who draws does not wait for it.
        """
        last = time.monotonic() + SECONDS_TO_DRAW
        while self.drawing.locked() and time.monotonic() < last:
            time.sleep(0.002)

    def step(self) -> None:
        """Show one frame more."""
        self.now += 1


class Live(Show):
    """A run that is computed while it is watched.

    Mesa builds a new one at every reset, with the text typed as seed; `choose` makes a choice of
    it. A failure of the run stops it and is kept in `failure`.
    """

    def __init__(self, choose: Callable[[str], Choice], seed: str) -> None:
        self.choice = choose(seed)
        super().__init__(self.choice.settings)
        self.economy = Economy(self.settings)
        self._working = Lock()
        self._utilities: dict[int, Callable[[], Utilities | None]] = {}
        self._take()

    def step(self) -> None:
        """Show one frame more; it is computed when none is known."""
        with self._working:
            if self.ended:  # closed, while this waited for its turn
                return
            if self.now + 1 == len(self.known):
                try:
                    self.economy.step()
                except SimulatorError as error:
                    self.failure = str(error)
                    return
                self._take()
            self.now += 1

    def intervene(self, event: dict[str, Any]) -> None:
        """Let an event happen at the beginning of the period after the newest.

        The run goes on as that of the scenario with this event would. Raises ScenarioError when it
        cannot happen, and nothing has changed then.
        """
        with self._working:
            period = self.economy.period + 1
            choice = self.choice.with_event(event | {"period": period})
            economy = Economy(choice.settings)
            economy.restore(self.economy.save())
            self.choice, self.economy, self.settings = choice, economy, choice.settings
            self.cast = Cast.of(self.settings)

    def utilities(self) -> Utilities | None:
        found = self._utilities.get(self.frames[-1].period)
        return found() if found else None

    def close(self) -> None:
        """Let go of what takes memory: Mesa keeps every model there was."""
        with self._working:
            self.failure = "closed"  # so that nobody steps it
            self.known, self.now, self._utilities = self.known[-1:], 0, {}
            self.__dict__.pop("economy", None)

    def _take(self) -> None:
        before = self.known[-1] if self.known else None
        frame = Frame.of(self.economy.tables, self.cast, before)
        if before is not None:
            self.known[-1] = before._replace(fills=None)
        self._keep_round()
        self.known.append(frame)

    def _keep_round(self) -> None:
        """The round of the newest frame, and of that before it, which is still shown."""
        period, round_ = self.economy.period, self.economy.round
        before = self._utilities.get(period - 1)
        self._utilities = {period - 1: before} if before else {}
        if round_ is not None:
            of = self.settings.federation, round_, self.economy.cohort
            self._utilities[period] = cache(lambda: Utilities.of(*of))


class Recorded(NamedTuple):
    """A run folder, the scenario that it is a run of, and all its frames."""

    folder: Path
    settings: Scenario
    frames: list[Frame]

    @classmethod
    def of(cls, folder: Path, settings: Scenario) -> Self:
        """Read the folder. Raises what `load_run` raises."""
        cast, frames = Cast.of(settings), list[Frame]()
        for tables in _recorded(folder, cast):
            frames.append(Frame.of(tables, cast, frames[-1] if frames else None))
        return cls(folder, settings, frames)


class Replay(Show):
    """A recorded run, shown up to its frame number `now` at first."""

    def __init__(self, recorded: Recorded, now: int = 0) -> None:
        super().__init__(recorded.settings)
        self.known = recorded.frames
        self.go_to(now)

    @property
    def ended(self) -> bool:
        return self.now >= len(self.known) - 1


def _recorded(folder: Path, cast: Cast) -> Iterator[Tables]:
    """The tables of each period of a run folder, as an economy has them."""
    run = load_run(folder)
    whole = {name: _coded(getattr(run, name), cast) for name in TABLES}
    ends = {
        name: np.searchsorted(rows["period"], np.arange(len(run.periods) + 1))
        for name, rows in whole.items()
    }
    for period in run.periods["period"].tolist():
        tables = {
            name: {
                column: values[slice(*ends[name][period : period + 2])]
                for column, values in rows.items()
            }
            for name, rows in whole.items()
        }
        row = {column: values[0] for column, values in tables["periods"].items()}
        yield tables | {"periods": row}


def _coded(rows: pd.DataFrame, cast: Cast) -> dict[str, Any]:
    """Columns as arrays, names that the cast knows as its codes."""
    found = {}
    for column, values in rows.items():
        name = str(column)
        if name not in cast.names:
            found[name] = values.to_numpy()
        elif values.empty:  # names that are none are no categories
            found[name] = np.zeros(0, dtype=np.int64)
        else:
            codes = {of: number for number, of in enumerate(cast.names[name])}
            known = np.array([codes[str(of)] for of in values.cat.categories], dtype=np.int64)
            found[name] = known[values.cat.codes.to_numpy()]
    return found
