"""What a contribution method is and what it sees of a round."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from simulator.components import Booleans, Component, Floats, Memory
from simulator.federation.game import CoalitionGame

__all__ = ["Contribution", "Evidence", "GameValue", "without_rounding"]

NEGLIGIBLE = 1e-12  # relative to the largest utility; below it a contribution's sign is rounding


@dataclass(frozen=True)
class Evidence:
    """What a round shows about its participants; the game is set up when first asked for."""

    present: Booleans
    """Who took part `[clients]`: the only place where participants have the clients' numbers."""
    examples: Floats
    """Training examples that each participant claims `[participants]`."""
    previous: Floats
    """The global model before the round `[params]`."""
    updates: Floats
    """What each reported `[participants, params]`."""
    play: Callable[[Floats, Floats], CoalitionGame]
    """Sets up the game of the participants from a global model and an update of each."""
    class_rows: Callable[[Floats], Floats]
    """The last layer of models `[models, params]`, a row of weights per output, as
    `[models, outputs, weights]`."""

    @cached_property
    def game(self) -> CoalitionGame:
        """The round as a game of its participants."""
        return self.play(self.previous, self.updates)

    def of_clients(self, values: Floats) -> Floats:
        """Values of all clients `[clients]` from those of the participants; 0 for the absent."""
        spread = np.zeros(len(self.present))
        spread[self.present] = values
        return spread


class Contribution(Component):
    """A method to credit the participants of a round."""

    max_clients: ClassVar[int | None] = None
    """Most clients the method can handle, None for any number."""
    accumulates: ClassVar[bool] = False
    """Whether what it credits sums up or averages rounds, so that smoothing would do so twice."""
    everybody_first: ClassVar[bool] = False
    """Whether the first round is to be of everybody who is able, however many are drawn later."""

    def coalitions(self, clients: int) -> int:
        """Most coalitions that are evaluated in a round of so many clients."""
        return 0

    def initial(self, clients: int) -> Memory:
        """What the method remembers before the first round."""
        return {}

    @abstractmethod
    def assess(
        self, evidence: Evidence, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        """One value per client `[clients]`, at least one of whom took part, and the next memory."""


class GameValue(Contribution):
    """A value of each player of a coalition game."""

    @abstractmethod
    def contributions(self, game: CoalitionGame, draws: np.random.Generator) -> Floats:
        """One value per player `[players]`; exact methods need no draws."""

    def assess(
        self, evidence: Evidence, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        return evidence.of_clients(self.contributions(evidence.game, draws)), memory


def without_rounding(values: Floats, worth: Floats) -> Floats:
    """Values, 0 where they are rounding relative to the largest worth."""
    return np.where(np.abs(values) < NEGLIGIBLE * np.abs(worth).max(), 0.0, values)
