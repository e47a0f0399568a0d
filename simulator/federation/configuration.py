"""The federation section of a scenario, and the round it describes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from simulator.components import Booleans, Family, Floats, Integers, Memory, Section
from simulator.errors import ModelError
from simulator.federation.aggregation import AGGREGATIONS, Aggregation, FedAvg
from simulator.federation.behaviours import Behaviour
from simulator.federation.contribution import CONTRIBUTIONS, Contribution, Evidence, Shapley
from simulator.federation.game import CoalitionGame
from simulator.federation.learners import LEARNERS, SLOW_DOWN, Learner, SgdClassifier
from simulator.federation.partition import PARTITIONS, Dirichlet, Partition
from simulator.federation.tasks import TASKS, Dataset, Digits, Split, Task
from simulator.federation.utilities import (
    UTILITIES,
    NegativeLogLoss,
    Utility,
    negative_log_loss,
)
from simulator.randomness import Streams

__all__ = ["Cohort", "Federation", "Quality", "Round"]

LARGEST_PARAMETER = 1e30  # above it, or at NaN, a deep network's scores may not be finite


@dataclass(frozen=True)
class Cohort:
    """The clients, what they do and the examples they own; arrays are `[clients]`."""

    dataset: Dataset
    data: tuple[Split, ...]
    behaviours: tuple[Behaviour, ...]

    @property
    def examples(self) -> Integers:
        """Training examples of each client."""
        return np.array([len(data) for data in self.data])

    def trains(self, period: int) -> Booleans:
        """Which clients train in a period, if they take part."""
        return np.array([behaviour.at(period).trains for behaviour in self.behaviours])

    def training_data(self, client: int, period: int) -> Split:
        """What a client trains on in a period: its own examples, labelled as it behaves then."""
        own, behaviour = self.data[client], self.behaviours[client].at(period)
        return Split(own.features, behaviour.labels(own.labels, self.dataset.classes))


@dataclass(frozen=True)
class Round:
    """What a federated round produced; `updates` `[clients, params]`, 0 for absent clients.

    `examples` is what every client says that it trained on `[clients]`.
    """

    participated: Booleans
    examples: Floats
    previous: Floats
    updates: Floats
    parameters: Floats


@dataclass(frozen=True)
class Quality:
    """How good a global model is: accuracy and loss on test data, utility on validation data."""

    accuracy: float
    loss: float
    utility: float


class Federation(Section):
    """Who learns what from which data, and how contributions are measured."""

    task: Annotated[Task, Family(TASKS)] = Field(Digits(), description="The data to learn from.")
    partition: Annotated[Partition, Family(PARTITIONS)] = Field(
        Dirichlet(), description="How examples are divided among clients."
    )
    learner: Annotated[Learner, Family(LEARNERS)] = Field(
        SgdClassifier(), description="The model and its local training."
    )
    aggregation: Annotated[Aggregation, Family(AGGREGATIONS)] = Field(
        FedAvg(), description="How updates become the next global model."
    )
    utility: Annotated[Utility, Family(UTILITIES)] = Field(
        NegativeLogLoss(), description="What a model is worth on the validation set."
    )
    contribution: Annotated[Contribution, Family(CONTRIBUTIONS)] = Field(
        Shapley(), description="How a round's result is credited to clients."
    )

    def gather(self, behaviours: Sequence[Behaviour], streams: Streams) -> Cohort:
        """Load the task and divide it among clients with these behaviours."""
        dataset = self.task.load(streams["split"])
        train = dataset.train
        parts = self.partition.split(train.labels, len(behaviours), streams["partition"])
        data = tuple(Split(train.features[rows], train.labels[rows]) for rows in parts)
        return Cohort(dataset, data, tuple(behaviours))

    def initial(self, cohort: Cohort, streams: Streams) -> Memory:
        """The untrained model and each client's count of training steps."""
        features, classes = cohort.dataset.train.features.shape[1], cohort.dataset.classes
        parameters = self.learner.initial(features, classes, streams["model"])
        return {"parameters": parameters, "steps": np.ones(len(cohort.data))}

    def learn(
        self, memory: Memory, cohort: Cohort, participates: Booleans, period: int, streams: Streams
    ) -> tuple[Round, Memory]:
        """One round: participating clients train, the aggregator combines their updates."""
        previous, steps = memory["parameters"], memory["steps"].copy()
        training = np.flatnonzero(participates & cohort.trains(period))
        data = [cohort.training_data(client, period) for client in training.tolist()]
        seeds = [streams.integer("train", period, client) for client in training.tolist()]
        trained, steps[training] = self.learner.train_all(
            previous, steps[training], data, cohort.dataset.classes, seeds
        )
        updates = np.zeros((len(cohort.data), previous.size))
        updates[training] = trained - previous
        examples = cohort.examples.astype(float)
        parameters = self.aggregation.aggregate(previous, updates, examples * participates)
        if not max(np.abs(parameters).max(), np.abs(updates).max()) < LARGEST_PARAMETER:
            raise ModelError(f"the model's parameters overflow in period {period}; {SLOW_DOWN}")
        return (
            Round(participates, examples, previous, updates, parameters),
            {"parameters": parameters, "steps": steps},
        )

    def evaluate(self, parameters: Floats, cohort: Cohort) -> Quality:
        """Quality of a global model `[params]`."""
        dataset, learner = cohort.dataset, self.learner
        test, validation = (
            learner.scores(parameters[None], part.features, dataset.classes)
            for part in (dataset.test, dataset.validation)
        )
        hits = learner.predictions(test)[0] == dataset.test.labels
        loss = -negative_log_loss(learner.probabilities(test), dataset.test.labels)[0]
        utility = self.utility.value(learner.probabilities(validation), dataset.validation.labels)
        return Quality(float(hits.mean()), float(loss), float(utility[0]))

    def game(self, round_: Round, cohort: Cohort) -> CoalitionGame:
        """The round as a game of its participants.

        A coalition's model adds the mean update of its members, weighted by their examples, to the
        previous global model; nobody's is the previous global model itself.
        """
        present = np.flatnonzero(round_.participated)
        examples = round_.examples[present]
        validation = cohort.dataset.validation
        scores = self.learner.combined_scores(
            round_.previous, round_.updates[present], validation.features, cohort.dataset.classes
        )

        def utility(members: Booleans) -> Floats:
            weights = members * examples
            weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
            probabilities = self.learner.probabilities(scores(weights))
            return self.utility.value(probabilities, validation.labels)

        return CoalitionGame(len(present), utility)

    def assess(self, round_: Round, cohort: Cohort, streams: Streams) -> Floats:
        """Contribution of every client `[clients]`, 0 for those absent."""
        present, contributions = round_.participated, np.zeros(len(cohort.data))
        if present.any():
            evidence = Evidence(
                round_.examples[present],
                round_.updates[present],
                play=lambda: self.game(round_, cohort),
            )
            draws = streams["contribution"]
            contributions[present] = self.contribution.assess(evidence, draws)
        return contributions
