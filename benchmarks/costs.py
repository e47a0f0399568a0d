"""How the cost of contributions grows with clients, rows, classes and permutations, as a picture.

    python benchmarks/costs.py docs/costs.png

One thread, linear models on random data. The loop of scikit-learn scores is what as many coalitions
as ours values would take by `score` of `contribution.py`, of which some are timed. The numbers are
written beside the picture, as CSV.
"""

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from contribution import Models
from federation import LEARNER, made_up, partial_fit
from matplotlib.axes import Axes
from threadpoolctl import threadpool_limits

from simulator.federation import Accuracy, NegativeLogLoss, PermutationShapley, Shapley

REPEATS, SCORES = 5, 40
Point = tuple[str, int, str, float]


def main() -> None:
    """Measure, and write the picture and the table."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path, help="where to write it; the table goes beside it")
    picture = parser.parse_args().picture
    with threadpool_limits(1):
        table = pd.DataFrame(_points(), columns=["panel", "size", "line", "milliseconds"])
    table.round(4).to_csv(picture.with_suffix(".csv"), index=False)
    figure, axes = plt.subplots(2, 3, figsize=(13, 7), layout="constrained")
    for (panel, points), plot in zip(table.groupby("panel", sort=False), axes.flat, strict=True):
        _draw(str(panel), points, plot)
    figure.savefig(picture, dpi=110)


def _points() -> Iterator[Point]:
    for clients in (10, 30, 100, 300, 1000):
        yield from _trained("Clients: a round of training (100 x 20 each)", clients)
    for utility in (Accuracy(), NegativeLogLoss()):
        for clients in (4, 6, 8, 10, 12, 14, 16):
            models = Models(clients, 1000, utility)
            yield from _valued("Clients: exact Shapley, 1,000 rows", clients, models)
        for rows in (100, 300, 1000, 3000, 10_000):
            yield from _valued("Rows: exact Shapley, 10 clients", rows, Models(10, rows, utility))
        for classes in (2, 3, 5, 10, 20):
            models = Models(10, 1000, utility, classes)
            yield from _valued("Classes: exact Shapley, 10 clients, 1,000 rows", classes, models)
        for clients in (10, 30, 100, 300, 1000):
            models = Models(clients, 500, utility)
            yield from _valued("Clients: 200 permutations, 500 rows", clients, models, 200)
        for drawn in (10, 30, 100, 300, 1000):
            models = Models(100, 500, utility)
            yield from _valued("Permutations: 100 clients, 500 rows", drawn, models, drawn)


def _trained(panel: str, clients: int) -> Iterator[Point]:
    data = made_up(clients)
    start = LEARNER.initial(20, 2, np.random.default_rng(0))
    seeds = list(range(clients))
    alive = [
        LEARNER.estimator(start, 1.0, own, 2, seed) for own, seed in zip(data, seeds, strict=True)
    ]
    ours = _milliseconds(lambda: LEARNER.train_all(start, np.ones(clients), data, 2, seeds))
    yield panel, clients, "ours", ours
    yield panel, clients, "scikit-learn", _milliseconds(lambda: partial_fit(alive, data))


def _valued(panel: str, size: int, models: Models, permutations: int = 0) -> Iterator[Point]:
    kind, clients = models.utility.kind, len(models.updates)
    if permutations:
        coalitions, draws = permutations * clients, np.random.default_rng(2)
        method = PermutationShapley(permutations=permutations)
        ours = _milliseconds(lambda: method.contributions(models.game(), draws))
    else:
        coalitions = 1 << clients
        ours = _milliseconds(lambda: Shapley().contributions(models.game()))
    yield panel, size, f"ours, {kind}", ours
    plain = _milliseconds(lambda: models.loop(SCORES)) / SCORES * coalitions
    yield panel, size, f"scikit-learn, {kind}", plain


def _milliseconds(work: Callable[[], Any]) -> float:
    """The median of some runs after one that compiles and fills caches."""
    work()
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return 1e3 * median(seconds)


def _draw(panel: str, points: pd.DataFrame, plot: Axes) -> None:
    for line, own in points.groupby("line", sort=False):
        ours, colour = str(line).startswith("ours"), "C1" if "loss" in str(line) else "C0"
        style = "o-" if ours else "o:"
        plot.plot(own["size"], own["milliseconds"], style, color=colour, label=line, markersize=4)
    what, _, rest = panel.partition(": ")
    plot.set(xscale="log", yscale="log", xlabel=what.lower(), ylabel="milliseconds", title=rest)
    plot.set_xticks(
        sorted(set(points["size"])), labels=[f"{n:,}" for n in sorted(set(points["size"]))]
    )
    plot.minorticks_off()
    plot.grid(alpha=0.3)
    plot.legend(fontsize=8)


if __name__ == "__main__":
    main()
