"""Federated learning: tasks, clients' data and behaviour, rounds, and who contributed what."""

from simulator.federation.aggregation import AGGREGATIONS, Aggregation, FedAvg
from simulator.federation.behaviours import BEHAVIOURS, Behaviour, FreeRider, Honest, LabelFlip
from simulator.federation.configuration import Cohort, Federation, Quality, Round
from simulator.federation.contribution import CONTRIBUTIONS, Contribution, LeaveOneOut, Shapley
from simulator.federation.game import CoalitionGame
from simulator.federation.learners import LEARNERS, Learner, SgdClassifier
from simulator.federation.partition import PARTITIONS, Dirichlet, Partition
from simulator.federation.tasks import TASKS, Dataset, Digits, Split, Task
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
    "CoalitionGame",
    "Cohort",
    "Contribution",
    "Dataset",
    "Digits",
    "Dirichlet",
    "FedAvg",
    "Federation",
    "FreeRider",
    "Honest",
    "LabelFlip",
    "Learner",
    "LeaveOneOut",
    "NegativeLogLoss",
    "Partition",
    "Quality",
    "Round",
    "SgdClassifier",
    "Shapley",
    "Split",
    "Task",
    "Utility",
]
