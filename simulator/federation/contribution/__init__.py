"""Contribution methods: how much of a round's result each client is credited with."""

from simulator.federation.contribution.accumulated import ComFedSv, MultiRound, OrShapley
from simulator.federation.contribution.base import Contribution, Evidence, GameValue
from simulator.federation.contribution.sampled import GtgShapley, PermutationShapley
from simulator.federation.contribution.semivalues import (
    Banzhaf,
    BetaShapley,
    LeaveOneOut,
    SemiValue,
    Shapley,
)
from simulator.federation.contribution.shares import DataSize, EqualContribution
from simulator.federation.contribution.similarity import ClassCosine, Cosine

__all__ = [
    "CONTRIBUTIONS",
    "Banzhaf",
    "BetaShapley",
    "ClassCosine",
    "ComFedSv",
    "Contribution",
    "Cosine",
    "DataSize",
    "EqualContribution",
    "Evidence",
    "GameValue",
    "GtgShapley",
    "LeaveOneOut",
    "MultiRound",
    "OrShapley",
    "PermutationShapley",
    "SemiValue",
    "Shapley",
]

CONTRIBUTIONS: tuple[type[Contribution], ...] = (
    Shapley,
    PermutationShapley,
    LeaveOneOut,
    Banzhaf,
    BetaShapley,
    MultiRound,
    OrShapley,
    GtgShapley,
    ComFedSv,
    Cosine,
    ClassCosine,
    DataSize,
    EqualContribution,
)
