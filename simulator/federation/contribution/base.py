"""The base of contribution methods and the evidence of a round that they see."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from simulator.components import Booleans, Component, Floats, Memory
from simulator.federation.game import CoalitionGame

__all__ = ["Contribution", "Evidence", "GameValue", "without_rounding"]

NEGLIGIBLE = 1e-12  # relative to the largest utility; smaller contributions are rounding


@dataclass(frozen=True)
class Evidence:
    """A round's evidence about its participants; the game is set up on first use."""

    present: Booleans
    """Which clients participated `[clients]`; other arrays are by participant."""
    examples: Floats
    """Number of training examples, or sum of their weights, that each participant reports
    `[participants]`."""
    previous: Floats
    """The global model before the round `[params]`."""
    updates: Floats
    """The update that each participant sent `[participants, params]`."""
    play: Callable[[Floats, Floats], CoalitionGame]
    """Sets up the participants' game from a global model and one update per participant."""
    class_rows: Callable[[Floats], Floats]
    """Last-layer weights `[models, outputs, weights]` of models `[models, params]`."""

    @cached_property
    def game(self) -> CoalitionGame:
        """The round as a game of its participants."""
        return self.play(self.previous, self.updates)

    def of_clients(self, values: Floats) -> Floats:
        """Values by client `[clients]` from values by participant; 0 for absent clients."""
        by_client = np.zeros(len(self.present))
        by_client[self.present] = values
        return by_client


class Contribution(Component):
    """A method to credit the participants of a round."""

    max_clients: ClassVar[int | None] = None
    """Most clients the method can handle, None for any number."""
    accumulates: ClassVar[bool] = False
    """Whether contributions already sum or average over rounds: smoothing would do so twice."""
    everybody_first: ClassVar[bool] = False
    """Whether all able clients must join round 1, whatever `participation` is."""

    def coalitions(self, clients: int) -> int:
        """Upper bound on the coalitions evaluated in a round of `clients` participants."""
        return 0

    def initial(self, clients: int) -> Memory:
        """The method's memory before the first round."""
        return {}

    @abstractmethod
    def assess(
        self, evidence: Evidence, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        """One value per client `[clients]`, and the new memory; at least one participated."""


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
    """The values, with 0 for those that are only rounding relative to the largest worth."""
    return np.where(np.abs(values) < NEGLIGIBLE * np.abs(worth).max(), 0.0, values)
