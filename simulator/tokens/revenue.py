"""Revenue: what customers pay for the model in a period."""

from abc import abstractmethod
from typing import Literal

from pydantic import Field

from simulator.components import Component

__all__ = ["REVENUES", "AccuracyLinked", "Revenue"]


class Revenue(Component):
    """A rule for the revenue of one period, in numeraire."""

    @abstractmethod
    def amount(self, accuracy: float, majority_share: float) -> float:
        """Revenue of a period whose model has this test accuracy.

        `majority_share` is the accuracy of always naming the most frequent class.
        """


class AccuracyLinked(Revenue):
    """Customers pay above a floor: maximum max(0, (accuracy - floor)/(1 - floor))^exponent."""

    kind: Literal["accuracy_linked"] = "accuracy_linked"
    maximum: float = Field(
        200.0, ge=0, le=1e12, description="Revenue at accuracy 1 (numeraire per period)."
    )
    floor: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="Accuracy worth nothing; by default the majority class's share.",
    )
    exponent: float = Field(
        1.0, gt=0, description="Above 1, customers pay mostly for the last bit."
    )

    def amount(self, accuracy: float, majority_share: float) -> float:
        floor = majority_share if self.floor is None else self.floor
        excess = max(0.0, (accuracy - floor) / (1 - floor)) if floor < 1 else 0.0
        return float(self.maximum * excess**self.exponent)


REVENUES: tuple[type[Revenue], ...] = (AccuracyLinked,)
