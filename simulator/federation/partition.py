"""Partitions: how the training examples are divided among the clients."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field

from simulator.advice import setting
from simulator.answers import Answers, answers_of
from simulator.components import Component, Floats, Integers
from simulator.errors import ScenarioError
from simulator.federation.tasks import DataClient, Dataset, Split, Task
from simulator.federation.tasks.table import listed

__all__ = [
    "PARTITIONS",
    "Dirichlet",
    "Iid",
    "Natural",
    "NoisePartition",
    "Partition",
    "Quantity",
    "Shards",
]


class Partition(Component):
    """A rule that gives every training example to one client."""

    min_examples: int = Field(10, ge=1, description="Least number of examples of a client.")

    def share_out(self, dataset: Dataset, clients: int, draws: np.random.Generator) -> list[Split]:
        """Each client's training examples, with its own view of the features.

        Raises ScenarioError when there are too few to give each client `min_examples`.
        """
        with answers_of(self, "divide") as answers:
            groups = self.groups(dataset)
            rows_by_client = self.split(groups, clients, draws)
            rows_by_client = self._checked_rows(answers, rows_by_client, len(groups), clients)
        splits = [dataset.train.take(rows) for rows in rows_by_client]
        with answers_of(self, "observed") as answers:
            return [
                replace(
                    split,
                    features=answers.numbers(
                        self.observed(split.features, client, clients, draws), split.features.shape
                    ),
                )
                for client, split in enumerate(splits)
            ]

    def _checked_rows(
        self, answers: Answers, rows: Sequence[Integers], examples: int, clients: int
    ) -> list[Integers]:
        """`rows` of each client, each given to one client at most.

        Raises ComponentError when they are not.
        """
        if len(rows) != clients:
            raise answers.error(f"returned rows for {len(rows)} clients, not for {clients}")
        by_client = [answers.integers(each, None, 0, examples - 1) for each in rows]
        given = np.bincount(np.concatenate(by_client), minlength=examples)
        if given.max() > 1:
            raise answers.error(f"gave row {given.argmax()} {given.max()} times")
        counts = [len(each) for each in by_client]
        if min(counts) < self.min_examples:
            raise answers.error(
                f"gave client {np.argmin(counts)} {min(counts)} examples, not at least "
                f"{self.min_examples} (min_examples)"
            )
        return by_client

    def split(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        """Row numbers of each client's examples, for `labels` `[rows]`.

        Raises ScenarioError when there are too few examples to give each client `min_examples`.
        """
        if clients * self.min_examples > len(labels):
            raise ScenarioError(
                f"{clients} clients with at least {self.min_examples} examples each need "
                f"{clients * self.min_examples} training examples, the task has {len(labels)}: "
                f"{_fewer('min_examples', len(labels), clients)}"
            )
        return self.divide(labels, clients, draws)

    @abstractmethod
    def divide(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        """Like `split`, when there are enough examples."""

    def groups(self, dataset: Dataset) -> Integers:
        """The group of each training example that `split` divides by `[rows]`: its class."""
        return dataset.train.labels

    def clients_in_data(self, task: Task) -> tuple[DataClient, ...]:
        """The clients, if the data define them; else empty, and there are as many as wanted."""
        return ()

    def observed(
        self, features: Floats, client: int, clients: int, draws: np.random.Generator
    ) -> Floats:
        """Features `[rows, features]` as client number `client` of `clients` observes them."""
        return features


class Dirichlet(Partition):
    """Label skew: the clients' parts of each class are drawn from Dirichlet(alpha, ..., alpha).

    Small `alpha` gives clients few classes, large `alpha` gives all the same mixture (Hsu et al.
    2019). Clients below `min_examples` then receive random examples of whoever has most.
    """

    kind: Literal["dirichlet"] = "dirichlet"
    alpha: float = Field(2.0, gt=0, le=1e9, description="Concentration; smaller is more skewed.")

    def divide(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        owner = np.empty(len(labels), dtype=np.int64)
        for label in np.unique(labels):
            rows = draws.permutation(np.flatnonzero(labels == label))
            bounds = np.cumsum(draws.dirichlet(np.full(clients, self.alpha))) * len(rows)
            place = np.arange(len(rows)) + draws.random()  # random: rounding favours no client
            owner[rows] = np.searchsorted(bounds[:-1], place, side="right")
        self._top_up(owner, clients, draws)
        return [np.flatnonzero(owner == client) for client in range(clients)]

    def _top_up(self, owner: Integers, clients: int, draws: np.random.Generator) -> None:
        counts = np.bincount(owner, minlength=clients)
        while counts.min() < self.min_examples:
            smallest, largest = counts.argmin(), counts.argmax()
            row = draws.choice(np.flatnonzero(owner == largest))
            owner[row] = smallest
            counts = np.bincount(owner, minlength=clients)


class Iid(Partition):
    """No skew: every client has the same number of random examples, give or take one."""

    kind: Literal["iid"] = "iid"

    def divide(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        return np.array_split(draws.permutation(len(labels)), clients)


class Quantity(Partition):
    """Size skew: the clients' parts of all examples are drawn from Dirichlet(alpha, ..., alpha).

    Which examples is random, so that only sizes differ (Li et al. 2022); small `alpha` leaves most
    examples to few clients. Those below `min_examples` are helped as in `dirichlet`.
    """

    kind: Literal["quantity"] = "quantity"
    alpha: float = Field(0.5, gt=0, le=1e9, description="Concentration; smaller is more skewed.")

    def divide(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        by_label = Dirichlet(alpha=self.alpha, min_examples=self.min_examples)
        return by_label.divide(np.zeros_like(labels), clients, draws)  # all as one class


class Shards(Partition):
    """Few classes each: examples sorted by class are cut into shards, dealt out at random.

    Every client gets `shards` of them (McMahan et al. 2017) and as many examples as any other, give
    or take one. A shard on the border of two classes has both, so a client has about as many
    classes as shards.
    """

    kind: Literal["shards"] = "shards"
    shards: int = Field(2, ge=1, le=1000, description="Shards of each client.")

    def divide(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        if self.shards * clients > len(labels):
            raise ScenarioError(
                f"partition shards: {clients} clients with {self.shards} shards each need "
                f"{self.shards * clients} training examples, the task has {len(labels)}: "
                f"{_fewer('shards', len(labels), clients)}"
            )
        shuffled = draws.permutation(len(labels))
        rows = shuffled[np.argsort(labels[shuffled], kind="stable")]
        totals = draws.permutation(_even_sizes(len(labels), clients))
        sizes = np.concatenate([_even_sizes(total, self.shards) for total in totals])
        shard_order = draws.permutation(len(sizes))
        owner = np.repeat(shard_order // self.shards, sizes[shard_order])
        return [rows[owner == client] for client in range(clients)]


class NoisePartition(Partition):
    """Feature skew: equal random parts, and normal noise on the features that grows by client.

    Features have deviation 1; the noise of client i of N has `sigma` i / (N - 1), none for the
    first. After Li et al. (2022), whose noise grows alike. It is drawn once; validation and test
    examples have none.
    """

    kind: Literal["noise"] = "noise"
    sigma: float = Field(1.0, gt=0, le=1e6, description="Deviation of the last client's noise.")

    def divide(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        return Iid().divide(labels, clients, draws)

    def observed(
        self, features: Floats, client: int, clients: int, draws: np.random.Generator
    ) -> Floats:
        deviation = self.sigma * client / max(clients - 1, 1)
        return features + deviation * draws.standard_normal(features.shape)


class Natural(Partition):
    """Every client has the examples that are its own, by the client column of a `csv` task.

    There must be as many clients as the column has values, or as the task's `clients` chooses.
    They have the values as names, and numbers in natural order (hosp2 before hosp10) or in that of
    `clients`. Where a value says nothing alone, as 10 does, all names are `<column>_<value>`.
    """

    kind: Literal["natural"] = "natural"

    def clients_in_data(self, task: Task) -> tuple[DataClient, ...]:
        return task.clients_in_data()

    def share_out(self, dataset: Dataset, clients: int, draws: np.random.Generator) -> list[Split]:
        counts = np.bincount(self.groups(dataset), minlength=max(clients, len(dataset.clients)))
        if len(counts) != clients:
            raise ScenarioError(
                f"partition natural: the examples are of {len(counts)} clients, the scenario has "
                f"{clients}"
            )
        names = [each.name for each in dataset.clients] or [f"client {n}" for n in range(clients)]
        too_few = [
            f"{name} has {count}"
            for name, count in zip(names, counts, strict=True)
            if count < self.min_examples
        ]
        if too_few:
            lower = f"lower it to {counts.min()}, or " if counts.min() else ""
            raise ScenarioError(
                f"partition natural: too few training examples: {listed(too_few)}; min_examples is "
                f"{self.min_examples}: {lower}choose others by federation.task.clients"
            )
        return super().share_out(dataset, clients, draws)

    def groups(self, dataset: Dataset) -> Integers:
        if dataset.origins is None:
            raise ScenarioError(
                "partition natural needs a task that knows whose its examples are: "
                "csv with `client`"
            )
        return dataset.origins

    def divide(self, labels: Integers, clients: int, draws: np.random.Generator) -> list[Integers]:
        return [np.flatnonzero(labels == client) for client in range(clients)]


def _fewer(name: str, examples: int, clients: int) -> str:
    """The setting of the partition with which the examples suffice for the clients."""
    if examples < clients:
        return f"have at most {examples} clients"
    return f"set {setting(f'federation.partition.{name}', examples // clients)}"


def _even_sizes(total: int, parts: int) -> Integers:
    """`total` as a sum of `parts` numbers that differ by at most one."""
    return total // parts + (np.arange(parts) < total % parts)


PARTITIONS: tuple[type[Partition], ...] = (
    Dirichlet,
    Iid,
    Quantity,
    Shards,
    NoisePartition,
    Natural,
)
