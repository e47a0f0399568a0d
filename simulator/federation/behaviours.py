"""Behaviours: how clients train, which updates they send and which sizes they report."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, SerializeAsAny

from simulator.components import Component, Floats, Integers

__all__ = [
    "BEHAVIOURS",
    "Behaviour",
    "Changing",
    "DisguisedFreeRider",
    "Duplicate",
    "FreeRider",
    "GaussianNoise",
    "Honest",
    "InflateSize",
    "Intermittent",
    "LabelFlip",
    "LabelNoise",
    "ModelReplacement",
    "SignFlip",
    "StaleFreeRider",
    "Sybil",
]


class Behaviour(Component):
    """How a client takes part. The base trains on what it has, at all times, and tells the truth.

    Whatever is drawn is drawn anew in each period, from a stream of the behaviour, period and
    client alone.
    """

    trains: ClassVar[bool] = True
    """Whether the client trains; a client that does not returns the global model unchanged."""
    one_owner: ClassVar[bool] = False
    """Whether a group's clients are identities of one owner, who divides its examples."""

    def takes_part(self, age: int) -> bool:
        """Whether the client is present in period `age` of this behaviour, counted from 1."""
        now = self.at(age)
        return now is self or now.takes_part(age)

    def source(self, client: int) -> int:
        """Number of the client whose examples `client` trains on."""
        return client

    def labels(self, labels: Integers, classes: int, draws: np.random.Generator) -> Integers:
        """The labels `[rows]` the client trains on."""
        return labels

    def report(
        self, update: Floats, last_step: Floats, period: int, draws: np.random.Generator
    ) -> Floats:
        """The update that the client sends `[params]`; `update` is the trained one, 0 if untrained.

        `last_step` is the change of the global model in the last round, 0 in the first.
        """
        return update

    def examples_reported(self, examples: float) -> float:
        """Number of examples that the client reports when it trained on `examples`.

        Where examples have weights, their weights' sum stands for their number.
        """
        return examples

    def at(self, period: int) -> "Behaviour":
        """What the client does in a period."""
        return self

    def check(self, client: int, clients: int) -> None:
        """Raise ValueError when client number `client` of `clients` cannot behave like this."""


class Honest(Behaviour):
    """Trains on its own examples and reports what it learned."""

    kind: Literal["honest"] = "honest"


HONEST = Honest()


class Changing(Behaviour):
    """One behaviour before period `start` and another from then on: what an event leads to."""

    kind: Literal["changing"] = "changing"
    first: SerializeAsAny[Behaviour]
    then: SerializeAsAny[Behaviour]
    start: int

    def takes_part(self, age: int) -> bool:
        if age >= self.start:
            return self.then.takes_part(age - self.start + 1)
        return self.first.takes_part(age)

    def at(self, period: int) -> Behaviour:
        return (self.then if max(period, 1) >= self.start else self.first).at(period)

    def check(self, client: int, clients: int) -> None:
        if self.first.one_owner or self.then.one_owner:
            raise ValueError("an event can neither create nor change a Sybil identity")
        self.first.check(client, clients)
        self.then.check(client, clients)


class FreeRider(Behaviour):
    """Trains nothing and reports the model it was given: an update of zero at no cost."""

    kind: Literal["free_rider"] = "free_rider"
    trains: ClassVar[bool] = False


class StaleFreeRider(Behaviour):
    """Trains nothing and sends the last step of the global model again; zero in the first round."""

    kind: Literal["stale_free_rider"] = "stale_free_rider"
    trains: ClassVar[bool] = False

    def report(
        self, update: Floats, last_step: Floats, period: int, draws: np.random.Generator
    ) -> Floats:
        return last_step


class DisguisedFreeRider(Behaviour):
    """Trains nothing and sends the last step of the global model with noise that fades.

    The noise has deviation `sigma` t^(-decay) in period t (Fraboni et al. 2021), as the changes of
    a client that trains would, so that no two such clients send the same.
    """

    kind: Literal["disguised_free_rider"] = "disguised_free_rider"
    trains: ClassVar[bool] = False
    sigma: float = Field(0.01, gt=0, le=1e6, description="Deviation of the noise in period 1.")
    decay: float = Field(1.0, ge=0, le=10, description="How fast it fades; 0 for never.")

    def report(
        self, update: Floats, last_step: Floats, period: int, draws: np.random.Generator
    ) -> Floats:
        deviation = self.sigma * max(period, 1) ** -self.decay
        noise: Floats = deviation * draws.standard_normal(last_step.size)
        return last_step + noise


class LabelFlip(Behaviour):
    """Poisons the model by training on label `classes - 1 - label` (Fang et al. 2020).

    With an odd number of classes the middle one keeps its label.
    """

    kind: Literal["label_flip"] = "label_flip"

    def labels(self, labels: Integers, classes: int, draws: np.random.Generator) -> Integers:
        return _mirrored(labels, classes)


class LabelNoise(Behaviour):
    """Has careless labels: a fraction of its examples get a random one of the other classes."""

    kind: Literal["label_noise"] = "label_noise"
    fraction: float = Field(0.3, gt=0, le=1, description="Fraction of labels that are wrong.")

    def labels(self, labels: Integers, classes: int, draws: np.random.Generator) -> Integers:
        wrong = draws.permutation(len(labels))[: round(self.fraction * len(labels))]
        noisy = labels.copy()
        noisy[wrong] = (labels[wrong] + draws.integers(1, classes, len(wrong))) % classes
        return noisy


class SignFlip(Behaviour):
    """Pushes the model back: sends minus its update, times a factor (Li et al. 2019)."""

    kind: Literal["sign_flip"] = "sign_flip"
    factor: float = Field(1.0, gt=0, le=1e6, description="Length of what it sends, in updates.")

    def report(
        self, update: Floats, last_step: Floats, period: int, draws: np.random.Generator
    ) -> Floats:
        return -self.factor * update


class GaussianNoise(Behaviour):
    """Adds normal noise to its update, of the update's own size times a factor."""

    kind: Literal["gaussian_noise"] = "gaussian_noise"
    factor: float = Field(
        1.0, gt=0, le=1e6, description="Root mean square of the noise, in that of the update."
    )

    def report(
        self, update: Floats, last_step: Floats, period: int, draws: np.random.Generator
    ) -> Floats:
        size = np.sqrt(np.mean(update**2))
        noise: Floats = self.factor * size * draws.standard_normal(update.size)
        return update + noise


class ModelReplacement(Behaviour):
    """Puts a model of its own in the place of the global one (Bagdasaryan et al. 2020).

    Trains on label `classes - 1 - label` and sends its update times a factor: the number of clients
    of equal size would make the mean its own model, were the others to send nothing.
    """

    kind: Literal["model_replacement"] = "model_replacement"
    factor: float = Field(10.0, gt=0, le=1e6, description="What the update is multiplied by.")

    def labels(self, labels: Integers, classes: int, draws: np.random.Generator) -> Integers:
        return _mirrored(labels, classes)

    def report(
        self, update: Floats, last_step: Floats, period: int, draws: np.random.Generator
    ) -> Floats:
        return self.factor * update


class Duplicate(Behaviour):
    """Trains on a copy of another client's examples; those it has itself lie idle."""

    kind: Literal["duplicate"] = "duplicate"
    original: int = Field(0, ge=0, description="Number of the client whose examples it copies.")

    def source(self, client: int) -> int:
        return self.original

    def check(self, client: int, clients: int) -> None:
        if self.original >= clients:
            raise ValueError(
                f"duplicate: there is no client {self.original} to copy, the last is {clients - 1}"
            )
        if self.original == client:
            raise ValueError(f"duplicate: client {client} cannot copy itself")


class Sybil(Behaviour):
    """One owner poses as all clients of the group, which divide one client's examples evenly.

    The partition gives the group what one client gets. Before period `poses_from` its first client
    takes part honestly with all of that and the others do not take part.
    """

    kind: Literal["sybil"] = "sybil"
    one_owner: ClassVar[bool] = True
    poses_from: int = Field(
        1, ge=1, le=1_000_000, description="First period in which it poses as all of them."
    )

    def at(self, period: int) -> Behaviour:
        return self if max(period, 1) >= self.poses_from else HONEST


class InflateSize(Behaviour):
    """Claims to have trained on more examples than it has, to weigh more."""

    kind: Literal["inflate_size"] = "inflate_size"
    factor: float = Field(10.0, ge=1, le=1e6, description="Examples claimed for each it has.")

    def examples_reported(self, examples: float) -> float:
        return self.factor * examples


class Intermittent(Behaviour):
    """Comes and goes: is there for some periods, then away for some, and so on.

    Where an event makes a client intermittent, it counts from the period of the event on.
    """

    kind: Literal["intermittent"] = "intermittent"
    there: int = Field(1, ge=1, le=1_000_000, description="Periods in a row it takes part in.")
    away: int = Field(1, ge=1, le=1_000_000, description="Periods in a row it misses.")

    def takes_part(self, age: int) -> bool:
        return (age - 1) % (self.there + self.away) < self.there


def _mirrored(labels: Integers, classes: int) -> Integers:
    return classes - 1 - labels


BEHAVIOURS: tuple[type[Behaviour], ...] = (
    Honest,
    FreeRider,
    StaleFreeRider,
    DisguisedFreeRider,
    LabelFlip,
    LabelNoise,
    SignFlip,
    GaussianNoise,
    ModelReplacement,
    Duplicate,
    Sybil,
    InflateSize,
    Intermittent,
)
