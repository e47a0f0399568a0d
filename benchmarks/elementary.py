"""What exponentials, logarithms and likelihoods cost: ours and numpy's.

    python benchmarks/elementary.py
    python benchmarks/avx2.py python benchmarks/elementary.py

4,096 numbers, and the likelihood of 500 rows of 10 classes by scores of one against the rest. They
take turns in one process; medians.
"""

import time
from collections.abc import Callable
from statistics import median

import numpy as np
from machine import processor
from threadpoolctl import threadpool_limits

from simulator import elementary
from simulator.components import Floats

TURNS, RUNS = 50, 20
NUMBERS, CLASSES, ROWS = 4096, 10, 500


def main() -> None:
    """Print what each takes."""
    draws = np.random.default_rng(0)
    numbers, results = draws.normal(0, 5, NUMBERS), np.empty(NUMBERS)
    positive = np.exp(numbers)
    scores = draws.normal(0, 3, (1, CLASSES, ROWS))
    labels = draws.integers(0, CLASSES, ROWS)

    def by_numpy() -> Floats:
        shares = 1 / (1 + np.exp(-scores))
        likelihood = (shares / shares.sum(axis=1, keepdims=True))[0, labels, np.arange(ROWS)]
        mean: Floats = np.log(likelihood).mean(keepdims=True)
        return mean

    def ours() -> Floats:
        return elementary.log_likelihood(elementary.logistic(scores), labels)

    assert np.allclose(ours(), by_numpy(), rtol=1e-14, atol=0)
    pairs: dict[str, tuple[float, Callable[[], Floats], Callable[[], Floats]]] = {
        "exp, ns": (
            NUMBERS,
            lambda: elementary.exp(numbers, out=results),
            lambda: np.exp(numbers, out=results),
        ),
        "log, ns": (
            NUMBERS,
            lambda: elementary.log(positive, out=results),
            lambda: np.log(positive, out=results),
        ),
        f"likelihood of {ROWS} rows, {CLASSES} classes, us": (1e3, ours, by_numpy),
    }
    print(f"{processor()}\n{'':<40}    ours   numpy")
    with threadpool_limits(1):
        for name, (units, *functions) in pairs.items():
            seconds: list[list[float]] = [[], []]
            for _ in range(TURNS):
                for function, its_seconds in zip(functions, seconds, strict=True):
                    start = time.perf_counter()
                    for _ in range(RUNS):
                        function()
                    its_seconds.append((time.perf_counter() - start) / RUNS)
            ns, numpys = (median(each) * 1e9 / units for each in seconds)
            print(f"{name:<40} {ns:7.1f} {numpys:7.1f}")


if __name__ == "__main__":
    main()
