"""The federation section of a scenario, and the round it describes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from simulator.advice import setting
from simulator.answers import answers_of
from simulator.components import (
    Booleans,
    Family,
    Floats,
    Memory,
    Section,
    prefixed,
    without_prefix,
)
from simulator.errors import ModelError, ScenarioError
from simulator.federation.aggregation import AGGREGATIONS, Aggregation, FedAvg
from simulator.federation.behaviours import Behaviour
from simulator.federation.cohort import Cohort
from simulator.federation.contribution import CONTRIBUTIONS, Contribution, Evidence, Shapley
from simulator.federation.game import CoalitionGame
from simulator.federation.learners import LEARNERS, SLOW_DOWN, Learner, SgdClassifier
from simulator.federation.linear_game import LinearGame
from simulator.federation.partition import PARTITIONS, Dirichlet, Partition
from simulator.federation.tasks import TASKS, Dataset, Digits, Split, Task
from simulator.federation.utilities import (
    UTILITIES,
    NegativeLogLoss,
    Utility,
    negative_log_loss,
)
from simulator.randomness import Streams

__all__ = ["Federation", "Quality", "Round"]

LARGEST_PARAMETER = 1e30  # beyond it a deep network's scores may not be finite


@dataclass(frozen=True)
class Round:
    """Results of a federated round; `updates` `[clients, params]` are 0 for absent clients.

    `examples` `[clients]` are the numbers of training examples that clients report.
    """

    participated: Booleans
    examples: Floats
    previous: Floats
    updates: Floats
    parameters: Floats


@dataclass(frozen=True)
class Quality:
    """A global model's accuracy and loss on test data, and its utility on validation data."""

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
    normalisation: Literal["coalition", "all"] = Field(
        "coalition",
        description="Whose examples divide a coalition's update: its own, or all participants'. "
        "By its own, an update of zero dilutes the others'; by all, it changes nothing.",
    )
    reconstruction: Literal["weighted", "aggregation"] = Field(
        "weighted",
        description="A coalition's model: the mean update weighted by examples, or what the "
        "aggregation rule combines, without the server's momentum.",
    )
    participation: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Fraction of the clients drawn for each round, at least one of those there.",
    )

    def check(self, behaviours: Sequence[Behaviour]) -> None:
        """Raise ValueError when clients with these behaviours cannot have a round."""
        for client, behaviour in enumerate(behaviours):
            behaviour.check(client, len(behaviours))
        self.aggregation.check(self._invitations(len(behaviours)))

    def gather(
        self,
        behaviours: Sequence[Behaviour],
        streams: Streams,
        owners: Sequence[int] | None = None,
    ) -> Cohort:
        """Load the task and divide it among clients with these behaviours.

        `owners` `[clients]` is the number of the first client of each client's owner, ascending; by
        default every client owns itself. The partition gives each owner one share, which its
        clients divide evenly.
        """
        dataset = self.task.load(streams["split"])
        owner = np.arange(len(behaviours)) if owners is None else np.array(owners)
        _, identities = np.unique(owner, return_counts=True)
        owner_data = self.partition.share_out(dataset, len(identities), streams["partition"])
        data = [
            client_data
            for examples, count in zip(owner_data, identities.tolist(), strict=True)
            for client_data in _divide(examples, count, streams)
        ]
        return Cohort(dataset, tuple(data), tuple(behaviours), owner)

    def invite(self, able: Booleans, period: int, streams: Streams) -> Booleans:
        """Which of the `able` clients the aggregator draws for a period `[clients]`.

        Some contribution methods need all of them in the first.
        """
        invites_all = period == 1 and self.contribution.everybody_first
        count = len(able) if invites_all else self._invitations(len(able))
        lots = np.where(able, streams["participation"].random(len(able)), np.inf)
        invited = np.zeros_like(able)
        invited[np.argsort(lots, kind="stable")[:count]] = True
        return invited & able

    def _invitations(self, clients: int) -> int:
        return max(round(self.participation * clients), 1)

    def initial(self, cohort: Cohort, streams: Streams) -> Memory:
        """Untrained model, its last step, the clients' training steps and the server's memory."""
        features, classes = cohort.dataset.train.features.shape[1], cohort.dataset.classes
        parameters = self.learner.initial(features, classes, streams["model"])
        return {
            "parameters": parameters,
            "last_step": np.zeros_like(parameters),
            "steps": np.ones(len(cohort.data)),
            **prefixed("server_", self.aggregation.initial(parameters.size)),
        }

    def learn(
        self, memory: Memory, cohort: Cohort, participates: Booleans, period: int, streams: Streams
    ) -> tuple[Round, Memory]:
        """One round: participating clients train and send updates, the aggregator combines them."""
        previous, steps = memory["parameters"], memory["steps"].copy()
        training = np.flatnonzero(participates & cohort.trains(period))
        data = [cohort.training_data(client, period, streams) for client in training.tolist()]
        seeds = [streams.integer("train", period, client) for client in training.tolist()]
        models, steps[training] = self.learner.train_all(
            previous, steps[training], data, cohort.dataset.classes, seeds
        )
        updates = np.zeros((len(cohort.data), previous.size))
        updates[training] = models - previous
        for client in np.flatnonzero(participates & cohort.deviates).tolist():
            updates[client] = cohort.report(
                client, updates[client], memory["last_step"], period, streams
            )
        examples = cohort.examples_reported(period)
        with answers_of(self.aggregation, "apply") as answers:
            step, server = self.aggregation.apply(
                without_prefix("server_", memory), updates, examples * participates
            )
            if (np.abs(updates) < LARGEST_PARAMETER).all():  # else the model is at fault
                step = answers.numbers(step, previous.shape)
        parameters = previous + step
        if not (np.abs(np.vstack([parameters, updates])) < LARGEST_PARAMETER).all():
            is_stepping = type(self.aggregation).step is not Aggregation.step
            advice = SLOW_DOWN
            if is_stepping and (np.abs(updates) < LARGEST_PARAMETER).all():
                advice = "try a smaller federation.aggregation.rate"
            raise ModelError(f"the model's parameters overflow in period {period}; {advice}")
        return (
            Round(participates, examples, previous, updates, parameters),
            {
                "parameters": parameters,
                "last_step": step,
                "steps": steps,
                **prefixed("server_", server),
            },
        )

    def evaluate(self, parameters: Floats, cohort: Cohort) -> Quality:
        """Quality of a global model `[params]`."""
        dataset, learner = cohort.dataset, self.learner
        test, validation = (
            learner.scores(parameters[None], split.features, dataset.classes)
            for split in (dataset.test, dataset.validation)
        )
        hits = learner.predictions(test)[0] == dataset.test.labels
        loss = -negative_log_loss(learner.likelihood(test, dataset.test.labels))[0]
        utility = self._worth(validation, dataset)
        return Quality(float(hits.mean()), float(loss), float(utility[0]))

    def _worth(self, scores: Floats, dataset: Dataset) -> Floats:
        """The utility of models by their validation `scores` `[models]`."""
        with answers_of(self.utility, "value") as answers:
            values = self.utility.value(self.learner, scores, dataset.validation.labels)
            return answers.numbers(values, (len(scores),))

    def game(self, round_: Round, cohort: Cohort) -> CoalitionGame:
        """The round as a game of its participants.

        A coalition's model is the previous global model plus its members' updates, combined by
        `reconstruction` and `normalisation`; the empty coalition's is the previous model itself.
        All clients together are worth the new model if the rule combines by the mean or
        `reconstruction` is by aggregation, except for a server optimiser's extra step, which is
        credited to no client.
        """
        present = round_.participated
        return self._game_of(
            round_.previous, round_.updates[present], round_.examples[present], cohort.dataset
        )

    def _game_of(
        self, previous: Floats, updates: Floats, examples: Floats, dataset: Dataset
    ) -> CoalitionGame:
        learner, validation, classes = self.learner, dataset.validation, dataset.classes

        def worth(scores: Floats) -> Floats:
            return self._worth(scores, dataset)

        if self.reconstruction == "weighted" and learner.linear:
            scores = learner.scores(updates, validation.features, classes)
            return LinearGame(
                learner.scores(previous[None], validation.features, classes)[0],
                scores * examples[:, None, None],
                examples,
                divide_by_all=self.normalisation == "all",
                worth=worth,
                labels=validation.labels,
                hit_rate=self.utility.binary_hit_rate(validation.labels) if classes == 2 else None,
            )
        by_rule = self.reconstruction == "aggregation"
        combined = self._aggregated_updates if by_rule else self._mean_updates
        return CoalitionGame(
            len(updates),
            lambda members: worth(
                learner.scores(
                    previous + combined(members, updates, examples), validation.features, classes
                )
            ),
        )

    def _mean_updates(self, members: Booleans, updates: Floats, examples: Floats) -> Floats:
        """Mean update of coalitions `[coalitions, params]`, weighted by examples; 0 without any."""
        weights = members * examples
        total = examples.sum() if self.normalisation == "all" else weights.sum(axis=1)[:, None]
        mean: Floats = weights / np.where(total > 0, total, 1.0) @ updates
        return mean

    def _aggregated_updates(self, members: Booleans, updates: Floats, examples: Floats) -> Floats:
        """Updates of coalitions combined by the aggregation rule `[coalitions, params]`."""
        weights = examples * members
        if self.normalisation == "all":  # the other clients participate with updates of zero
            updates = np.vstack([updates, np.zeros_like(updates)])
            weights = np.hstack([weights, examples * ~members])
        combined = np.zeros((len(members), updates.shape[1]))
        nonempty = weights.any(axis=1)
        combined[nonempty] = self.aggregation.combine_each(updates, weights[nonempty])
        return combined

    def assess(
        self, memory: Memory, round_: Round, cohort: Cohort, streams: Streams
    ) -> tuple[Floats, Memory]:
        """Contribution of every client `[clients]`, and the method's new memory."""
        present, dataset = round_.participated, cohort.dataset
        if not present.any():
            return np.zeros(len(present)), memory
        examples, features = round_.examples[present], dataset.train.features.shape[1]
        evidence = Evidence(
            present,
            examples,
            round_.previous,
            round_.updates[present],
            play=lambda previous, updates: self._game_of(previous, updates, examples, dataset),
            class_rows=lambda models: self.learner.class_rows(models, features, dataset.classes),
        )
        with answers_of(self.contribution, "assess") as answers:
            values, memory = self.contribution.assess(evidence, memory, streams["contribution"])
            return answers.numbers(values, (len(present),)), memory


def _divide(examples: Split, count: int, streams: Streams) -> list[Split]:
    """Divide an owner's examples at random among its `count` clients."""
    if count == 1:
        return [examples]
    if len(examples) < count:
        raise ScenarioError(
            f"{count} sybil clients have only {len(examples)} examples to divide: set "
            f"{setting('federation.partition.min_examples', count)}"
        )
    shuffled = streams["identities"].permutation(len(examples))
    return [examples.take(rows) for rows in np.array_split(shuffled, count)]
