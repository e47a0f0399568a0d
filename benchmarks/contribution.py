"""What contributions cost: ours, a loop of scikit-learn scores, and pyDVL if it is installed.

    python benchmarks/contribution.py

Linear models of two classes on random data, one thread. They take turns, ours for a few runs; a
slow one does part of the work, its time multiplied. Medians and ratios are printed.
"""

import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np
from machine import processor
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, log_loss
from threadpoolctl import threadpool_limits

from simulator.components import Booleans, Floats, Integers
from simulator.federation import (
    Accuracy,
    CoalitionGame,
    LinearGame,
    NegativeLogLoss,
    PermutationShapley,
    SgdClassifier,
    Shapley,
    Utility,
)

TURNS, RUNS = 5, 20
FEATURES = 20
PERMUTATIONS = 200
Timed = tuple[str, int, Callable[[], Any]]


class Models:
    """Random updates of clients, and what scikit-learn makes of their weighted means."""

    def __init__(self, clients: int, rows: int, utility: Utility, classes: int = 2) -> None:
        draws = np.random.default_rng(0)
        self.utility, self.classes, self.outputs = utility, classes, 1 if classes == 2 else classes
        params = self.outputs * (FEATURES + 1)
        self.previous = draws.normal(size=params)
        self.updates: Floats = draws.normal(size=(clients, params))
        self.examples = draws.integers(20, 200, clients).astype(float)
        self.features = draws.normal(size=(rows, FEATURES))
        self.labels: Integers = draws.integers(0, classes, rows)
        self.model = SGDClassifier(loss="log_loss")
        self.model.classes_ = np.arange(classes)

    def game(self) -> CoalitionGame:
        """The game as a simulation sets it up."""
        learner = SgdClassifier()
        parts = learner.scores(self.updates, self.features, self.classes)
        return LinearGame(
            learner.scores(self.previous[None], self.features, self.classes)[0],
            parts * self.examples[:, None, None],
            self.examples,
            divide_by_all=False,
            worth=lambda scores: self.utility.value(learner, scores, self.labels),
            labels=self.labels,
            hit_rate=self.utility.binary_hit_rate(self.labels) if self.classes == 2 else None,
        )

    def score(self, members: Booleans) -> float:
        """Worth of one coalition `[clients]` by scikit-learn."""
        weights = members * self.examples
        parameters = self.previous + weights / max(weights.sum(), 1.0) @ self.updates
        self.model.coef_ = parameters[: -self.outputs].reshape(self.outputs, FEATURES)
        self.model.intercept_ = parameters[-self.outputs :]
        if isinstance(self.utility, Accuracy):
            return float(accuracy_score(self.labels, self.model.predict(self.features)))
        return -float(log_loss(self.labels, self.model.predict_proba(self.features)))

    def loop(self, coalitions: int) -> list[float]:
        """`score` of so many coalitions."""
        members = np.random.default_rng(1).random((coalitions, len(self.updates))) < 0.5
        return [self.score(row) for row in members]


def main() -> None:
    """Time exact values of 10 and 16 clients and sampled ones of 100."""
    print(processor())
    with threadpool_limits(1):
        for utility in (Accuracy(), NegativeLogLoss()):
            for clients, rows, asked in ((10, 500, 1024), (16, 1000, 512)):
                _exact(Models(clients, rows, utility), asked)
            _sampled(Models(100, 500, utility))


def _exact(models: Models, asked: int) -> None:
    clients, rows = len(models.updates), len(models.labels)
    whole = 1 << clients
    check = models.game().all_values()[[1, whole - 1]]
    alone, everybody = np.arange(clients) == 0, np.ones(clients, dtype=bool)
    # scikit-learn's probability of class 0 is 1 - p, which rounds.
    assert np.allclose(check, [models.score(alone), models.score(everybody)], rtol=0, atol=1e-9)
    timed: list[Timed] = [
        ("ours", 1, lambda: Shapley().contributions(models.game())),
        ("scikit-learn", whole // asked, lambda: models.loop(asked)),
    ]
    if whole == asked and find_spec("pydvl"):
        timed.append(("pyDVL", clients, partial(_pydvl_exact, models, whole // 2)))
    _report(f"exact Shapley, {clients} clients x {rows} rows, {models.utility.kind}", timed)


def _sampled(models: Models) -> None:
    clients, rows, part = len(models.updates), len(models.labels), PERMUTATIONS // 2
    method, draws = PermutationShapley(permutations=PERMUTATIONS), np.random.default_rng(2)
    timed: list[Timed] = [
        ("ours", 1, lambda: method.contributions(models.game(), draws)),
        ("scikit-learn", part, lambda: models.loop(clients * PERMUTATIONS // part)),
    ]
    if find_spec("pydvl"):
        timed.append(("pyDVL", part, partial(_pydvl_sampled, models, PERMUTATIONS // part)))
    title = f"{PERMUTATIONS} permutations, {clients} clients x {rows} rows, {models.utility.kind}"
    _report(title, timed)


def _pydvl_exact(models: Models, coalitions: int) -> None:
    """The value of one client by pyDVL, from all coalitions of the others."""
    from pydvl.valuation import MaxUpdates
    from pydvl.valuation.samplers import DeterministicUniformSampler

    _pydvl(models, DeterministicUniformSampler(), MaxUpdates(coalitions))


def _pydvl_sampled(models: Models, permutations: int) -> None:
    """As many permutations by pyDVL."""
    from pydvl.valuation import MinUpdates
    from pydvl.valuation.samplers import PermutationSampler

    _pydvl(models, PermutationSampler(seed=0), MinUpdates(permutations))


def _pydvl(models: Models, sampler: Any, stop: Any) -> Any:
    """Shapley values by pyDVL: a client is a row of data, to fit is to combine updates."""
    from pydvl.valuation import Dataset, ModelUtility, ShapleyValuation
    from pydvl.valuation.scorers import SupervisedScorer

    clients = len(models.updates)

    class Combined:
        def fit(self, x: Any, y: Any) -> "Combined":
            self.members = np.zeros(clients, dtype=bool)
            self.members[x[:, 0].astype(int)] = True
            return self

        def get_params(self, deep: bool = False) -> dict[str, Any]:
            return {}

        def set_params(self, **parameters: Any) -> "Combined":
            return self

    ids = np.arange(clients)
    data = Dataset(ids[:, None].astype(float), np.zeros(clients))
    scorer = SupervisedScorer(
        lambda model, x, y: models.score(model.members), data, default=models.score(ids < 0)
    )
    utility = ModelUtility(Combined(), scorer, catch_errors=False)
    return ShapleyValuation(utility, sampler, stop, progress=False).fit(data)


def _report(title: str, timed: list[Timed]) -> None:
    seconds: dict[str, list[float]] = {name: [] for name, _, _ in timed}
    for turn in range(TURNS + 1):
        for name, times, work in timed:
            for _ in range(RUNS if name == "ours" else 1):
                start = time.perf_counter()
                work()
                if turn:  # the first compiles
                    seconds[name].append((time.perf_counter() - start) * times)
    ours = median(seconds["ours"])
    print(title)
    for name, found in seconds.items():
        print(f"  {name:<12} {median(found) * 1e3:12,.2f} ms {median(found) / ours:10,.0f} x")


if __name__ == "__main__":
    main()
