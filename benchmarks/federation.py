"""What a round of training costs: compiled, by estimators kept alive, and by the plain adapter.

    python benchmarks/federation.py

All three train the same clients for one epoch on one thread, in turns of a few rounds in one
process, and learn the same numbers. `compiled` is what a run does; `alone` is the first round of
its turn, which finds nothing in the processor's caches. `estimators` are scikit-learn's
`SGDClassifier`s that only call `partial_fit`.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import SGDClassifier
from threadpoolctl import threadpool_limits

from simulator.components import Floats
from simulator.federation import Digits, Iid, Learner, SgdClassifier, Split

TURNS, ROUNDS = 10, 5
LEARNER = SgdClassifier()


def main() -> None:
    """Print medians in milliseconds, and how often as long the others take."""
    print("median of a round               alone  compiled   estimators           plain adapter")
    with threadpool_limits(limits=1):
        _compare("10 clients, digits", _digits(10), 10)
        _compare("100 clients x 100 x 20", made_up(100), 2)
        _compare("1,000 clients x 100 x 20", made_up(1000), 2)


def _digits(clients: int) -> list[Split]:
    draws = np.random.default_rng(0)
    train = Digits().load(draws).train
    parts = Iid().split(train.labels, clients, draws)
    return [Split(train.features[rows], train.labels[rows]) for rows in parts]


def made_up(clients: int) -> list[Split]:
    draws = np.random.default_rng(0)
    return [
        Split(draws.normal(size=(100, 20)), draws.integers(0, 2, size=100)) for _ in range(clients)
    ]


def _compare(name: str, data: list[Split], classes: int) -> None:
    start = LEARNER.initial(data[0].features.shape[1], classes, np.random.default_rng(0))
    task = start, np.ones(len(data)), data, classes, list(range(len(data)))
    alive = [LEARNER.estimator(start, 1.0, own, classes, seed) for seed, own in enumerate(data)]
    ways: list[Callable[[], Any]] = [
        lambda: LEARNER.train_all(*task),
        lambda: partial_fit(alive, data),
        lambda: Learner.train_all(LEARNER, *task),
    ]
    first = [way() for way in ways]
    assert np.array_equal(first[0][0], first[2][0]) and np.array_equal(first[0][0], first[1])
    turns = [[[_seconds(way) for _ in range(ROUNDS)] for way in ways] for _ in range(TURNS)]
    alone, *_ = 1e3 * np.median(turns, axis=0)[0]
    compiled, estimators, adapter = 1e3 * np.median(turns, axis=(0, 2))
    print(
        f"{name:<26} {alone:7.2f} ms {compiled:6.2f} ms {estimators:9.1f} ms "
        f"{estimators / compiled:4.0f}x {adapter:9.1f} ms {adapter / compiled:4.0f}x"
    )


def partial_fit(alive: list[SGDClassifier], data: list[Split]) -> Floats:
    for estimator, own in zip(alive, data, strict=True):
        estimator.partial_fit(own.features, own.labels)
    return np.array([LEARNER.parameters(estimator) for estimator in alive])


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
