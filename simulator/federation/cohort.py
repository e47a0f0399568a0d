"""The cohort: the clients of a run, what they do in a period and on which examples."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.federation.behaviours import Behaviour
from simulator.federation.tasks import Dataset, Split
from simulator.randomness import Streams

__all__ = ["Cohort"]


@dataclass(frozen=True)
class Cohort:
    """The clients, what they do and the examples they own; arrays are `[clients]`."""

    dataset: Dataset
    data: tuple[Split, ...]
    behaviours: tuple[Behaviour, ...]
    owners: Integers
    """Number of the first client of each client's owner: its own but for identities of one."""

    def using(self, rows: Sequence[Integers]) -> "Cohort":
        """The same clients with only some of their examples: `rows` of each."""
        data = [own.take(some) for own, some in zip(self.data, rows, strict=True)]
        return replace(self, data=tuple(data))

    @cached_property
    def examples(self) -> Integers:
        """Training examples of each client."""
        return np.array([len(data) for data in self.data])

    def trains(self, period: int) -> Booleans:
        """Which clients train in a period, if they take part."""
        return np.array([behaviour.at(period).trains for behaviour in self.behaviours])

    def present(self, period: int) -> Booleans:
        """Which clients mean to take part; of one owner's only the first until it poses as all."""
        now = [behaviour.at(period) for behaviour in self.behaviours]
        age = max(period, 1)  # genesis is as the first period
        there = np.array([behaviour.takes_part(age) for behaviour in self.behaviours])
        posing = np.array([behaviour.one_owner for behaviour in now])
        present: Booleans = there & (posing | (self.owners == np.arange(len(now))))
        return present

    def trained_on(self, period: int) -> Integers:
        """How many examples each client trains on in a period, if it does."""
        held = self.examples.copy()
        for client in np.flatnonzero(self.deviates).tolist():
            held[client] = len(self._held(client, period))
        return held

    def claimed(self, period: int) -> Floats:
        """How many examples each client says that it trains on in a period."""
        held = self.trained_on(period)
        claimed = held.astype(float)
        for client in np.flatnonzero(self.deviates).tolist():
            claimed[client] = self.behaviours[client].at(period).claimed(int(held[client]))
        return claimed

    def training_data(self, client: int, period: int, streams: Streams) -> Split:
        """What a client trains on in a period, labelled as it behaves then."""
        held, behaviour = self._held(client, period), self.behaviours[client].at(period)
        if not self.deviates[client]:
            return held
        draws = _draws(behaviour, "labels", period, client, streams)
        return Split(held.features, behaviour.labels(held.labels, self.dataset.classes, draws))

    def report(
        self, client: int, update: Floats, last_step: Floats, period: int, streams: Streams
    ) -> Floats:
        """What a client sends `[params]` in a period for the update it has trained."""
        behaviour = self.behaviours[client].at(period)
        draws = _draws(behaviour, "report", period, client, streams)
        return behaviour.report(update, last_step, period, draws)

    @cached_property
    def deviates(self) -> Booleans:
        """Which clients are not plainly honest at all times."""
        return np.array([behaviour.kind != "honest" for behaviour in self.behaviours])

    def _held(self, client: int, period: int) -> Split:
        """The examples of a client's source, or all of its owner's until that poses as several."""
        source = self.behaviours[client].at(period).source(client)
        behaviour = self.behaviours[source]
        if behaviour.at(period).one_owner or not behaviour.one_owner:
            return self.data[source]
        held = [self.data[own] for own in np.flatnonzero(self.owners == self.owners[source])]
        return Split(
            np.concatenate([own.features for own in held]),
            np.concatenate([own.labels for own in held]),
        )


def _draws(
    behaviour: Behaviour, purpose: str, period: int, client: int, streams: Streams
) -> np.random.Generator:
    seed = streams.integer(f"behaviour/{behaviour.kind}/{purpose}", period, client)
    return np.random.default_rng(seed)
