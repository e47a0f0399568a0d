"""Aggregations: how the clients' updates become the next global model."""

from abc import abstractmethod
from typing import Literal

from simulator.components import Component, Floats

__all__ = ["AGGREGATIONS", "Aggregation", "FedAvg"]


class Aggregation(Component):
    """A rule that combines client updates."""

    @abstractmethod
    def aggregate(self, previous: Floats, updates: Floats, examples: Floats) -> Floats:
        """The next parameters `[params]` from updates `[clients, params]`.

        `examples` `[clients]` are the weights, 0 for absent clients.
        """


class FedAvg(Aggregation):
    """Adds the updates' mean, weighted by the clients' examples (McMahan et al. 2017)."""

    kind: Literal["fedavg"] = "fedavg"

    def aggregate(self, previous: Floats, updates: Floats, examples: Floats) -> Floats:
        if examples.sum() == 0:
            return previous
        mean: Floats = (examples / examples.sum()) @ updates
        return previous + mean


AGGREGATIONS: tuple[type[Aggregation], ...] = (FedAvg,)
