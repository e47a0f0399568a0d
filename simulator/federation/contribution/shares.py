"""Contributions without any model evaluation."""

from typing import Literal

import numpy as np

from simulator.components import Floats, Memory
from simulator.federation.contribution.base import Contribution, Evidence

__all__ = ["DataSize", "EqualContribution"]


class DataSize(Contribution):
    """A participant's part of the round's examples, n_i / sum n: what FedAvg weighs it by.

    Needs no validation set, and takes every client's word for its data.
    """

    kind: Literal["data_size"] = "data_size"

    def assess(
        self, evidence: Evidence, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        return evidence.of_clients(evidence.examples / evidence.examples.sum()), memory


class EqualContribution(Contribution):
    """The same for every participant, 1 / N, whatever it does."""

    kind: Literal["equal"] = "equal"

    def assess(
        self, evidence: Evidence, memory: Memory, draws: np.random.Generator
    ) -> tuple[Floats, Memory]:
        return evidence.present / evidence.present.sum(), memory
