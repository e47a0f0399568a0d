"""Aggregation rules: from client updates to the next global model."""

from abc import abstractmethod
from math import ceil
from typing import Literal

import numpy as np
from pydantic import Field

from simulator.advice import rounded_down
from simulator.components import Component, Floats, Memory

__all__ = [
    "AGGREGATIONS",
    "Aggregation",
    "FedAdagrad",
    "FedAdam",
    "FedAvg",
    "FedAvgM",
    "FedYogi",
    "GeometricMedian",
    "Krum",
    "Median",
    "MultiKrum",
    "NormClipping",
    "TrimmedMean",
]


class Aggregation(Component):
    """A rule that combines client updates, and the step the global model takes for it.

    Clients with 0 `examples` are absent: whatever their updates are, they do not count.
    """

    def combine(self, updates: Floats, examples: Floats) -> Floats:
        """Combine `updates` `[clients, params]` of clients with `examples` into one `[params]`.

        The base takes their mean, weighted by `examples` `[clients]` (McMahan et al. 2017).
        """
        mean: Floats = (examples / examples.sum()) @ updates
        return mean

    def combine_each(self, updates: Floats, examples: Floats) -> Floats:
        """`combine` `[coalitions, params]` for each row of `examples` `[coalitions, clients]`."""
        combined = [self.combine(updates[row > 0], row[row > 0]) for row in examples]
        return np.array(combined).reshape(len(examples), updates.shape[1])

    def initial(self, params: int) -> Memory:
        """The server's memory before the first round."""
        return {}

    def step(self, memory: Memory, update: Floats) -> tuple[Floats, Memory]:
        """Change of the global model `[params]` for a combined update, and the new memory."""
        return update, memory

    def apply(self, memory: Memory, updates: Floats, examples: Floats) -> tuple[Floats, Memory]:
        """`combine`, then `step`; without participants model and memory do not change."""
        if not examples.any():
            return np.zeros(updates.shape[1]), memory
        return self.step(memory, self.combine(updates, examples))

    def check(self, participants: int) -> None:
        """Raise ValueError when there are too few `participants` to combine."""


class FedAvg(Aggregation):
    """Adds the updates' mean, weighted by the clients' examples (McMahan et al. 2017)."""

    kind: Literal["fedavg"] = "fedavg"


class FedAvgM(Aggregation):
    """FedAvg with server momentum (Hsu et al. 2019): v <- momentum v + mean, w <- w + rate v."""

    kind: Literal["fedavgm"] = "fedavgm"
    momentum: float = Field(0.9, ge=0, lt=1, description="Part of a step repeated in the next.")
    rate: float = Field(1.0, gt=0, le=1e6, description="Server learning rate.")

    def initial(self, params: int) -> Memory:
        return {"momentum": np.zeros(params)}

    def step(self, memory: Memory, update: Floats) -> tuple[Floats, Memory]:
        momentum = self.momentum * memory["momentum"] + update
        return self.rate * momentum, {"momentum": momentum}


class AdaptiveAggregation(Aggregation):
    """Server steps of about `rate` in each parameter (Reddi et al. 2021, algorithm 2).

    m <- beta1 m + (1 - beta1) mean, w <- w + rate m / (sqrt(v) + tau); v starts at tau^2 and tells
    how large the means have been, in a way of each member's own.
    """

    rate: float = Field(0.01, gt=0, le=1e6, description="Server learning rate.")
    beta1: float = Field(0.9, ge=0, lt=1, description="Part of the old mean kept in the new.")
    tau: float = Field(1e-3, gt=0, le=1e6, description="Size below which means count less.")

    def initial(self, params: int) -> Memory:
        return {"mean": np.zeros(params), "square": np.full(params, self.tau**2)}

    def step(self, memory: Memory, update: Floats) -> tuple[Floats, Memory]:
        mean = self.beta1 * memory["mean"] + (1 - self.beta1) * update
        square = self.remember(memory["square"], update**2)
        return self.rate * mean / (np.sqrt(square) + self.tau), {"mean": mean, "square": square}

    @abstractmethod
    def remember(self, square: Floats, new: Floats) -> Floats:
        """The next v `[params]`, from the last v (`square`) and the squared mean update (`new`)."""


class FedAdam(AdaptiveAggregation):
    """Server steps by Adam (Reddi et al. 2021): v <- beta2 v + (1 - beta2) mean^2."""

    kind: Literal["fedadam"] = "fedadam"
    beta2: float = Field(0.99, ge=0, lt=1, description="Part of the old square kept in the new.")

    def remember(self, square: Floats, new: Floats) -> Floats:
        return self.beta2 * square + (1 - self.beta2) * new


class FedYogi(AdaptiveAggregation):
    """Server steps by Yogi (Reddi et al. 2021): v <- v - (1 - beta2) mean^2 sign(v - mean^2)."""

    kind: Literal["fedyogi"] = "fedyogi"
    beta2: float = Field(0.99, ge=0, lt=1, description="Part of the old square kept in the new.")

    def remember(self, square: Floats, new: Floats) -> Floats:
        return square - (1 - self.beta2) * new * np.sign(square - new)


class FedAdagrad(AdaptiveAggregation):
    """Server steps by Adagrad (Reddi et al. 2021): v <- v + mean^2."""

    kind: Literal["fedadagrad"] = "fedadagrad"
    beta1: float = Field(0.0, ge=0, lt=1, description="Part of the old mean kept in the new.")

    def remember(self, square: Floats, new: Floats) -> Floats:
        return square + new


class Median(Aggregation):
    """The median of each parameter, whatever the clients' sizes (Yin et al. 2018)."""

    kind: Literal["median"] = "median"

    def combine(self, updates: Floats, examples: Floats) -> Floats:
        ordered = np.sort(updates[examples > 0], axis=0)
        middle: Floats = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1].mean(axis=0)
        return middle


class TrimmedMean(Aggregation):
    """The mean of each parameter without its extremes, whatever the sizes (Yin et al. 2018).

    At each end `trim` times the participants are left out, rounded up. When so few take part that
    nobody would remain, the median is.
    """

    kind: Literal["trimmed_mean"] = "trimmed_mean"
    trim: float = Field(0.1, gt=0, lt=0.5, description="Fraction left out at each end.")

    def combine(self, updates: Floats, examples: Floats) -> Floats:
        ordered = np.sort(updates[examples > 0], axis=0)
        cut = min(self._cut(len(ordered)), (len(ordered) - 1) // 2)
        middle: Floats = ordered[cut : len(ordered) - cut].mean(axis=0)
        return middle

    def check(self, participants: int) -> None:
        if (cut := self._cut(participants)) * 2 >= participants:
            trim = rounded_down((participants - 1) // 2 / participants)
            advice = f"trim={trim:g}" if trim else "kind=median"
            raise ValueError(
                f"trimmed_mean leaves out {cut} at each end, which needs at least {2 * cut + 1} "
                f"participants, a round has {participants}: set federation.aggregation.{advice}"
            )

    def _cut(self, participants: int) -> int:
        return ceil(self.trim * participants - 1e-9)


class Krum(Aggregation):
    """The one update that is nearest to most others (Blanchard et al. 2017).

    An update's score is the sum of squared distances to its n - attackers - 2 nearest others; the
    smallest wins. With fewer than 2 attackers + 3 of the n clients present, at least one other
    counts.
    """

    kind: Literal["krum"] = "krum"
    attackers: int = Field(1, ge=0, le=100_000, description="Most clients that may be attackers.")

    def combine(self, updates: Floats, examples: Floats) -> Floats:
        present = updates[examples > 0]
        best: Floats = present[_krum_scores(present, self.attackers).argmin()]
        return best

    def check(self, participants: int) -> None:
        _check_majority(self.kind, self.attackers, participants)


class MultiKrum(Aggregation):
    """The mean of the n - attackers updates with the best Krum scores (Blanchard et al. 2017)."""

    kind: Literal["multi_krum"] = "multi_krum"
    attackers: int = Field(1, ge=0, le=100_000, description="Most clients that may be attackers.")

    def combine(self, updates: Floats, examples: Floats) -> Floats:
        present = updates[examples > 0]
        order = np.argsort(_krum_scores(present, self.attackers), kind="stable")
        chosen = np.sort(order[: max(len(present) - self.attackers, 1)])
        mean: Floats = present[chosen].mean(axis=0)
        return mean

    def check(self, participants: int) -> None:
        _check_majority(self.kind, self.attackers, participants)


class GeometricMedian(Aggregation):
    """The point with the least weighted sum of distances to the updates (Pillutla et al. 2022).

    RFA's smoothed Weiszfeld steps from the mean: v <- sum b_i D_i / sum b_i with
    b_i = n_i / max(smoothing, ||v - D_i||).
    """

    kind: Literal["geometric_median"] = "geometric_median"
    iterations: int = Field(10, ge=1, le=10_000, description="Weiszfeld steps in a round.")
    smoothing: float = Field(1e-6, gt=0, le=1e6, description="Least distance that is told apart.")

    def combine(self, updates: Floats, examples: Floats) -> Floats:
        median: Floats = self.combine_each(updates, examples[None])[0]
        return median

    def combine_each(self, updates: Floats, examples: Floats) -> Floats:
        # Points are means of updates: coordinates in the updates' span suffice for the distances.
        _, coordinates = np.linalg.qr(updates.T)
        weights = examples / examples.sum(axis=1, keepdims=True)
        for _ in range(self.iterations):
            distances = np.linalg.norm(coordinates.T - (weights @ coordinates.T)[:, None], axis=2)
            pull = examples / np.maximum(distances, self.smoothing)
            weights = pull / pull.sum(axis=1, keepdims=True)
        medians: Floats = weights @ updates
        return medians


class NormClipping(Aggregation):
    """FedAvg of updates that are shortened to `norm` where they are longer (Sun et al. 2019)."""

    kind: Literal["norm_clipping"] = "norm_clipping"
    norm: float = Field(1.0, gt=0, le=1e30, description="Greatest length of an update.")

    def combine(self, updates: Floats, examples: Floats) -> Floats:
        lengths = np.linalg.norm(updates, axis=1, keepdims=True)
        return super().combine(updates / np.maximum(lengths / self.norm, 1.0), examples)


def _krum_scores(updates: Floats, attackers: int) -> Floats:
    square = (updates**2).sum(axis=1)
    distances = np.maximum(square[:, None] + square - 2 * updates @ updates.T, 0.0)
    np.fill_diagonal(distances, 0.0)
    neighbours = max(len(updates) - attackers - 2, 1)
    scores: Floats = np.sort(distances, axis=1)[:, 1 : neighbours + 1].sum(axis=1)
    return scores


def _check_majority(kind: str, attackers: int, participants: int) -> None:
    if participants < 2 * attackers + 3:
        most = (participants - 3) // 2
        advice = f"attackers={most}" if most >= 0 else "kind=median"
        raise ValueError(
            f"{kind} against {attackers} attackers needs at least {2 * attackers + 3} "
            f"participants, a round has {participants}: set federation.aggregation.{advice}"
        )


AGGREGATIONS: tuple[type[Aggregation], ...] = (
    FedAvg,
    FedAvgM,
    FedAdam,
    FedYogi,
    FedAdagrad,
    Median,
    TrimmedMean,
    Krum,
    MultiKrum,
    GeometricMedian,
    NormClipping,
)
