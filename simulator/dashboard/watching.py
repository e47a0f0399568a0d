"""An economy as the page watches it."""

from collections.abc import Callable
from typing import NamedTuple, Self

from simulator.components import Floats
from simulator.economy import Economy
from simulator.economy.rows import Row
from simulator.errors import SimulatorError
from simulator.scenario import Scenario

__all__ = ["Frame", "Watched"]


class Frame(NamedTuple):
    """What the page shows of a period: its row of table `periods`, and arrays by token or client.

    Prices are `[tokens]` in numeraire, shares `[clients]`.
    """

    row: Row
    spot_price: Floats
    fundamental_value: Floats
    share: Floats

    @classmethod
    def of(cls, economy: Economy) -> Self:
        """The period at which the economy stands."""
        row = economy.tables["periods"]
        return cls(row, economy.spot_price, economy.fundamental_value, economy.shares)


class Watched(Economy):
    """An economy that keeps a frame of every period and stops at the last period of its scenario.

    A failure stops it too and is kept in `failure`. Mesa builds a new one at every reset, with the
    text typed as seed; `choose` makes a scenario of it.
    """

    running: bool

    def __init__(self, choose: Callable[[str], Scenario], seed: str) -> None:
        super().__init__(choose(seed))
        self.frames = [Frame.of(self)]
        self.failure = ""
        # Mesa has put its count of steps around `step`; nothing is counted after the end.
        self._counted_step = self.step
        self.step = self._watched_step  # type: ignore[method-assign]

    def _watched_step(self) -> None:
        if not self.running:
            return
        try:
            self._counted_step()
        except SimulatorError as error:
            self.failure = str(error)
        else:
            self.frames.append(Frame.of(self))  # last: the page may read while this runs
        self.running = not self.failure and self.period < self.settings.periods
