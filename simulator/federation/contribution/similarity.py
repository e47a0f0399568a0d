"""Contributions by the direction of updates: no model is evaluated, no validation set needed."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulator.components import Floats, Memory
from simulator.federation.contribution.base import Contribution, Evidence

__all__ = ["ClassCosine", "Cosine"]

LEAST_IMPORTANCE = 1e-3  # of a participant, before normalisation to sum 1


class Cosine(Contribution):
    """Importance by cosine to the weighted sum of all updates (CGSV: Xu et al. 2021).

    With u_i = D_i / ||D_i|| and phi_i = cos(u_i, sum r_j u_j), importance r_i becomes
    max(alpha r_i + (1 - alpha) phi_i, 0.001), divided by the sum over clients; the client is
    credited r_i. It starts as the part of the examples of those in the first round, 0 for others.
    The cosine of an update of zero is 0. CGSV's scale Gamma of all u_i changes no cosine. Its
    program starts at 0, so that its first importance is that of the cosines alone.
    """

    kind: Literal["cosine"] = "cosine"
    accumulates: ClassVar[bool] = True
    alpha: float = Field(0.95, ge=0, lt=1, description="Weight of the past importance.")

    def initial(self, clients: int) -> Memory:
        return {"importance": np.zeros(clients)}

    def assess(
        self, evidence: Evidence, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        importance, present = memory["importance"].copy(), evidence.present
        if not importance.any():
            importance[present] = evidence.examples / evidence.examples.sum()
        directions = _directions(evidence.updates)
        cosines = directions @ _directions(importance[present] @ directions)
        smoothed = self.alpha * importance[present] + (1 - self.alpha) * cosines
        importance[present] = np.maximum(smoothed, LEAST_IMPORTANCE)
        importance /= importance.sum()
        return np.where(present, importance, 0.0), {"importance": importance}


class ClassCosine(Contribution):
    """Cosine of a client's last layer to the mean one's, class by class (ShapFed: Tastan 2024).

    phi_i is the mean over classes of the cosine of update i's weights for the class and the mean
    update's, weighted by examples. With one output, classes have weights w and -w, whose cosines
    are equal. The cosine of zero is 0. ShapFed also smooths over rounds, which credit does here.
    """

    kind: Literal["class_cosine"] = "class_cosine"

    def assess(
        self, evidence: Evidence, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        rows = evidence.class_rows(evidence.updates)
        mean = np.tensordot(evidence.examples, rows, axes=1)
        cosines = (_directions(rows) * _directions(mean)).sum(axis=2)
        return evidence.of_clients(cosines.mean(axis=1)), memory


def _directions(vectors: Floats) -> Floats:
    """Vectors `[..., params]` divided by their length; zero vectors stay zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    directions: Floats = vectors / np.where(lengths > 0, lengths, 1.0)
    return directions
