"""Partitions: how the training examples are divided among the clients."""

from abc import abstractmethod
from typing import Literal

import numpy as np
from pydantic import Field

from simulator.components import Component, Integers
from simulator.errors import ScenarioError

__all__ = ["PARTITIONS", "Dirichlet", "Iid", "Partition", "Quantity"]


class Partition(Component):
    """A rule that gives every training example to one client."""

    min_examples: int = Field(10, ge=1, description="Least number of examples of a client.")

    def split(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        """Row numbers of each client's examples, for `labels` `[rows]`.

        Raises ScenarioError when there are too few examples to give each client `min_examples`.
        """
        if clients * self.min_examples > len(labels):
            raise ScenarioError(
                f"{clients} clients with at least {self.min_examples} examples each need "
                f"{clients * self.min_examples} training examples, the task has {len(labels)}"
            )
        return self.divide(labels, clients, draws)

    @abstractmethod
    def divide(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        """The work of `split`, for a request that is possible."""


class Dirichlet(Partition):
    """Label skew: the clients' parts of each class are drawn from Dirichlet(alpha, ..., alpha).

    Small `alpha` gives clients few classes, large `alpha` gives all the same mixture (Hsu et al.
    2019). Clients below `min_examples` then receive random examples of whoever has most.
    """

    kind: Literal["dirichlet"] = "dirichlet"
    alpha: float = Field(2.0, gt=0, le=1e9, description="Concentration; smaller is more skewed.")

    def divide(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        owner = np.empty(len(labels), dtype=np.int64)
        for label in np.unique(labels):
            rows = draws.permutation(np.flatnonzero(labels == label))
            bounds = np.cumsum(draws.dirichlet(np.full(clients, self.alpha))) * len(rows)
            place = np.arange(len(rows)) + draws.random()  # so that rounding favours nobody
            owner[rows] = np.searchsorted(bounds[:-1], place, side="right")
        self._fill_up(owner, clients, draws)
        return [np.flatnonzero(owner == client) for client in range(clients)]

    def _fill_up(self, owner: Integers, clients: int, draws: np.random.Generator) -> None:
        counts = np.bincount(owner, minlength=clients)
        while counts.min() < self.min_examples:
            poorest, richest = counts.argmin(), counts.argmax()
            given = draws.choice(np.flatnonzero(owner == richest))
            owner[given] = poorest
            counts = np.bincount(owner, minlength=clients)


class Iid(Partition):
    """No skew: every client has the same number of random examples, give or take one."""

    kind: Literal["iid"] = "iid"

    def divide(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        return np.array_split(draws.permutation(len(labels)), clients)


class Quantity(Partition):
    """Size skew: the clients' parts of all examples are drawn from Dirichlet(alpha, ..., alpha).

    Which examples is random, so that only sizes differ (Li et al. 2022); small `alpha` leaves most
    examples to few clients. Those below `min_examples` are helped as in `dirichlet`.
    """

    kind: Literal["quantity"] = "quantity"
    alpha: float = Field(0.5, gt=0, le=1e9, description="Concentration; smaller is more skewed.")

    def divide(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        by_label = Dirichlet(alpha=self.alpha, min_examples=self.min_examples)
        return by_label.divide(np.zeros_like(labels), clients, draws)  # as if of one class


PARTITIONS: tuple[type[Partition], ...] = (Dirichlet, Iid, Quantity)
