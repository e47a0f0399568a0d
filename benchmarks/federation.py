"""What a round of training costs: compiled, by estimators kept alive, and by the plain adapter.

    python benchmarks/federation.py

All three train the same clients for one epoch on one thread, taking turns in one process, and
learn the same numbers. `compiled` is what a run does: it stacks the clients' examples anew each
round. `estimators` are scikit-learn's `SGDClassifier`s that only call `partial_fit`.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from sklearn.linear_model import SGDClassifier
from threadpoolctl import threadpool_limits

from simulator.components import Floats
from simulator.federation import Digits, Iid, Learner, SgdClassifier, Split

ROUNDS = 25
LEARNER = SgdClassifier()


def main() -> None:
    """Print medians in milliseconds, and how often as long the others take."""
    print(f"median of {ROUNDS} rounds               compiled   estimators          plain adapter")
    with threadpool_limits(limits=1):
        _compare("10 clients, digits", _digits(10), 10, ROUNDS)
        _compare("100 clients x 100 x 20", _made_up(100), 2, ROUNDS)
        _compare("1,000 clients x 100 x 20", _made_up(1000), 2, ROUNDS)


def _digits(clients: int) -> list[Split]:
    draws = np.random.default_rng(0)
    train = Digits().load(draws).train
    parts = Iid().split(train.labels, clients, draws)
    return [Split(train.features[rows], train.labels[rows]) for rows in parts]


def _made_up(clients: int) -> list[Split]:
    draws = np.random.default_rng(0)
    return [
        Split(draws.normal(size=(100, 20)), draws.integers(0, 2, size=100)) for _ in range(clients)
    ]


def _compare(name: str, data: list[Split], classes: int, rounds: int) -> None:
    start = LEARNER.initial(data[0].features.shape[1], classes, np.random.default_rng(0))
    task = start, np.ones(len(data)), data, classes, list(range(len(data)))
    alive = [LEARNER.estimator(start, 1.0, own, classes, seed) for seed, own in enumerate(data)]
    ways: list[Callable[[], Any]] = [
        lambda: LEARNER.train_all(*task),
        lambda: _partial_fit(alive, data),
        lambda: Learner.train_all(LEARNER, *task),
    ]
    first = [way() for way in ways]
    assert np.array_equal(first[0][0], first[2][0]) and np.array_equal(first[0][0], first[1])
    seconds = [[_seconds(way) for way in ways] for _ in range(rounds)]
    compiled, estimators, adapter = (1e3 * median(times) for times in zip(*seconds, strict=True))
    print(
        f"{name:<30} {compiled:8.2f} ms {estimators:9.1f} ms {estimators / compiled:5.0f}x "
        f"{adapter:11.1f} ms {adapter / compiled:5.0f}x"
    )


def _partial_fit(alive: list[SGDClassifier], data: list[Split]) -> Floats:
    for estimator, own in zip(alive, data, strict=True):
        estimator.partial_fit(own.features, own.labels)
    return np.array([LEARNER.parameters(estimator) for estimator in alive])


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
