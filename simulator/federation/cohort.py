"""The cohort: the clients of a run, their behaviour in each period and their examples."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from simulator.answers import answers_of
from simulator.components import Booleans, Floats, Integers
from simulator.federation.behaviours import Behaviour
from simulator.federation.tasks import Dataset, Split
from simulator.randomness import Streams

__all__ = ["Cohort"]


@dataclass(frozen=True)
class Cohort:
    """The clients, their behaviours and their examples; arrays are `[clients]`."""

    dataset: Dataset
    data: tuple[Split, ...]
    behaviours: tuple[Behaviour, ...]
    owners: Integers
    """Number of the first client of each client's owner: its own, except for Sybil identities."""

    def with_rows(self, rows: Sequence[Integers]) -> "Cohort":
        """The clients with only `rows` of each one's examples."""
        data = [examples.take(taken) for examples, taken in zip(self.data, rows, strict=True)]
        return replace(self, data=tuple(data))

    @cached_property
    def examples(self) -> Integers:
        """Number of training examples of each client."""
        return np.array([len(data) for data in self.data])

    def trains(self, period: int) -> Booleans:
        """Which clients train in a period when they participate."""
        return np.array([behaviour.at(period).trains for behaviour in self.behaviours])

    def clients_present(self, period: int) -> Booleans:
        """Which clients are present; a Sybil owner is one client until its attack starts."""
        current = [behaviour.at(period) for behaviour in self.behaviours]
        age = max(period, 1)  # genesis counts as the first period
        willing = np.array([_takes_part(behaviour, age) for behaviour in self.behaviours])
        attacking = np.array([behaviour.one_owner for behaviour in current])
        present: Booleans = willing & (attacking | (self.owners == np.arange(len(current))))
        return present

    def examples_used(self, period: int) -> Integers:
        """Number of examples that each client trains on in a period when it trains."""
        counts = self.examples.copy()
        for client in np.flatnonzero(self.deviates).tolist():
            counts[client] = len(self._source_data(client, period))
        return counts

    def examples_reported(self, period: int) -> Floats:
        """Number of examples that each client reports in a period, each counted by its weight."""
        reported = self._sizes.copy()
        for client in np.flatnonzero(self.deviates).tolist():
            behaviour = self.behaviours[client].at(period)
            with answers_of(behaviour, "examples_reported") as answers:
                examples = behaviour.examples_reported(self._source_data(client, period).size)
                reported[client] = answers.number(examples, least=0)
        return reported

    def training_data(self, client: int, period: int, streams: Streams) -> Split:
        """A client's training examples in a period, with the labels of its behaviour."""
        data, behaviour = self._source_data(client, period), self.behaviours[client].at(period)
        if not self.deviates[client]:
            return data
        draws = _draws(behaviour, "labels", period, client, streams)
        with answers_of(behaviour, "labels") as answers:
            labels = np.asarray(behaviour.labels(data.labels, self.dataset.classes, draws))
            answers.numbers(labels, data.labels.shape, least=0)
            if labels.dtype.kind not in "iu" or labels.max(initial=0) >= self.dataset.classes:
                raise answers.error(f"returned labels that are not 0 to {self.dataset.classes - 1}")
        return replace(data, labels=labels)

    def report(
        self, client: int, update: Floats, last_step: Floats, period: int, streams: Streams
    ) -> Floats:
        """The update that a client sends `[params]` in a period when it trained `update`."""
        behaviour = self.behaviours[client].at(period)
        draws = _draws(behaviour, "report", period, client, streams)
        with answers_of(behaviour, "report") as answers:
            sent = behaviour.report(update, last_step, period, draws)
            return answers.numbers(sent, update.shape)

    @cached_property
    def deviates(self) -> Booleans:
        """Which clients are not of the honest kind."""
        return np.array([behaviour.kind != "honest" for behaviour in self.behaviours])

    @cached_property
    def _sizes(self) -> Floats:
        """Sum of the weights of each client's training examples."""
        return np.array([data.size for data in self.data], dtype=float)

    def _source_data(self, client: int, period: int) -> Split:
        """Examples of the client's source; all of its Sybil owner's until the attack starts."""
        present = self.behaviours[client].at(period)
        with answers_of(present, "source") as answers:
            source = answers.integer(present.source(client), 0, len(self.behaviours) - 1)
        behaviour = self.behaviours[source]
        if behaviour.at(period).one_owner or not behaviour.one_owner:
            return self.data[source]
        identities = np.flatnonzero(self.owners == self.owners[source])
        return Split.joined([self.data[identity] for identity in identities])


def _takes_part(behaviour: Behaviour, age: int) -> bool:
    with answers_of(behaviour, "takes_part") as answers:
        return answers.truth(behaviour.takes_part(age))


def _draws(
    behaviour: Behaviour, purpose: str, period: int, client: int, streams: Streams
) -> np.random.Generator:
    seed = streams.integer(f"behaviour/{behaviour.kind}/{purpose}", period, client)
    return np.random.default_rng(seed)
