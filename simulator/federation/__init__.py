"""Federated learning: tasks, clients' data and behaviour, rounds, and who contributed what."""

from simulator.federation.aggregation import AGGREGATIONS, Aggregation, FedAvg
from simulator.federation.behaviours import (
    BEHAVIOURS,
    Behaviour,
    Deviation,
    FreeRider,
    Honest,
    LabelFlip,
)
from simulator.federation.configuration import Cohort, Federation, Quality, Round
from simulator.federation.contribution import (
    CONTRIBUTIONS,
    Contribution,
    DataSize,
    Equal,
    Evidence,
    GameValue,
    LeaveOneOut,
    PermutationShapley,
    Shapley,
)
from simulator.federation.game import CoalitionGame
from simulator.federation.learners import LEARNERS, Learner, MlpClassifier, SgdClassifier
from simulator.federation.partition import PARTITIONS, Dirichlet, Iid, Partition, Quantity
from simulator.federation.tasks import (
    TASKS,
    BreastCancer,
    Dataset,
    Digits,
    Split,
    Synthetic,
    Task,
    Wine,
)
from simulator.federation.utilities import UTILITIES, NegativeLogLoss, Utility

__all__ = [
    "AGGREGATIONS",
    "BEHAVIOURS",
    "CONTRIBUTIONS",
    "LEARNERS",
    "PARTITIONS",
    "TASKS",
    "UTILITIES",
    "Aggregation",
    "Behaviour",
    "BreastCancer",
    "CoalitionGame",
    "Cohort",
    "Contribution",
    "DataSize",
    "Dataset",
    "Deviation",
    "Digits",
    "Dirichlet",
    "Equal",
    "Evidence",
    "FedAvg",
    "Federation",
    "FreeRider",
    "GameValue",
    "Honest",
    "Iid",
    "LabelFlip",
    "Learner",
    "LeaveOneOut",
    "MlpClassifier",
    "NegativeLogLoss",
    "Partition",
    "PermutationShapley",
    "Quality",
    "Quantity",
    "Round",
    "SgdClassifier",
    "Shapley",
    "Split",
    "Synthetic",
    "Task",
    "Utility",
    "Wine",
]
