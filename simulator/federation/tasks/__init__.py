"""Tasks: the data the federation learns from."""

from simulator.federation.tasks.base import DataClient, Dataset, Split, Task
from simulator.federation.tasks.bundled import BreastCancer, Digits, Wine
from simulator.federation.tasks.credit import GermanCredit, LoanApproval
from simulator.federation.tasks.csv import Csv
from simulator.federation.tasks.synthetic import Synthetic

__all__ = [
    "TASKS",
    "BreastCancer",
    "Csv",
    "DataClient",
    "Dataset",
    "Digits",
    "GermanCredit",
    "LoanApproval",
    "Split",
    "Synthetic",
    "Task",
    "Wine",
]

TASKS: tuple[type[Task], ...] = (
    Digits,
    BreastCancer,
    Wine,
    Synthetic,
    GermanCredit,
    LoanApproval,
    Csv,
)
