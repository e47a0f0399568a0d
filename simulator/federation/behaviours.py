"""Behaviours: what a client does with its data and its update."""

from typing import ClassVar, Literal

from pydantic import Field

from simulator.components import Component, Integers

__all__ = ["BEHAVIOURS", "Behaviour", "Deviation", "FreeRider", "Honest", "LabelFlip"]


class Behaviour(Component):
    """How a client takes part. The base trains on what it has, at all times."""

    trains: ClassVar[bool] = True
    """Whether the client trains at all; one that does not returns the model it was given."""

    def labels(self, labels: Integers, classes: int) -> Integers:
        """The labels `[rows]` the client trains on."""
        return labels

    def at(self, period: int) -> "Behaviour":
        """What the client does in a period."""
        return self


class Honest(Behaviour):
    """Trains on its own examples and reports what it learned."""

    kind: Literal["honest"] = "honest"


HONEST = Honest()


class Deviation(Behaviour):
    """A behaviour that is not honest, from some period on; period 0 counts as the first."""

    start: int = Field(1, ge=1, description="First period of it; honest before.")

    def at(self, period: int) -> Behaviour:
        return self if max(period, 1) >= self.start else HONEST


class FreeRider(Deviation):
    """Trains nothing and reports the model it was given: an update of zero at no cost."""

    kind: Literal["free_rider"] = "free_rider"
    trains: ClassVar[bool] = False


class LabelFlip(Deviation):
    """Poisons the model by training on label `classes - 1 - label` (Fang et al. 2020).

    With an odd number of classes the middle one keeps its label.
    """

    kind: Literal["label_flip"] = "label_flip"

    def labels(self, labels: Integers, classes: int) -> Integers:
        return classes - 1 - labels


BEHAVIOURS: tuple[type[Behaviour], ...] = (Honest, FreeRider, LabelFlip)
