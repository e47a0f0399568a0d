"""Aggregations: how the clients' updates become the next global model."""

from abc import abstractmethod
from typing import Literal

from simulator.components import Component, Floats

__all__ = ["AGGREGATIONS", "Aggregation", "FedAvg"]


class Aggregation(Component):
    """A rule that combines client updates."""

    @abstractmethod
    def aggregate(self, previous: Floats, updates: Floats, examples: Floats) -> Floats:
        """The next parameters `[params]` from updates `[clients, params]`; absent clients have 0 examples."""


class FedAvg(Aggregation):
    """Adds the updates' mean, weighted by the clients' examples (McMahan et al. 2017)."""

    kind: Literal["fedavg"] = "fedavg"

    def aggregate(self, previous: Floats, updates: Floats, examples: Floats) -> Floats:
        if examples.sum() == 0:
            return previous
        return previous + (examples / examples.sum()) @ updates


AGGREGATIONS: tuple[type[Aggregation], ...] = (FedAvg,)
