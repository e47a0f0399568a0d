"""The federation section of a scenario, and the round it describes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from simulator.advice import setting
from simulator.answers import Answers, answers_of, check_of
from simulator.components import (
    Booleans,
    Family,
    Floats,
    Memory,
    Section,
    prefixed,
    without_prefix,
)
from simulator.errors import ModelError, ScenarioError, blaming, fitting
from simulator.federation.aggregation import AGGREGATIONS, Aggregation, FedAvg
from simulator.federation.behaviours import Behaviour
from simulator.federation.cohort import Cohort
from simulator.federation.contribution import CONTRIBUTIONS, Contribution, Evidence, Shapley
from simulator.federation.game import CoalitionGame
from simulator.federation.learners import LEARNERS, SLOW_DOWN, Learner, SgdClassifier
from simulator.federation.linear_game import LinearGame
from simulator.federation.partition import PARTITIONS, Dirichlet, Partition
from simulator.federation.tasks import TASKS, DataClient, Dataset, Digits, Split, Task
from simulator.federation.utilities import (
    UTILITIES,
    NegativeLogLoss,
    Utility,
)
from simulator.randomness import Streams

__all__ = ["Federation", "Quality", "Round"]

DIVISION = ("clients", "partition", "task.kind", "task.file", "task.client", "task.examples")
"""Settings that decide whether a partition is possible."""
ROUNDING = 1e-9  # of a probability
MOST_ORIGINS = 1_000_000_000
LARGEST_PARAMETER = 1e30  # beyond it a deep network's scores may not be finite


@dataclass(frozen=True)
class Round:
    """Results of a federated round; `updates` `[clients, params]` are 0 for absent clients.

    `examples` `[clients]` are the numbers of training examples that clients report, or the sums of
    their weights.
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

    @field_validator("learner", "utility")
    @classmethod
    def _weights_are_honoured(
        cls, component: Learner | Utility, info: ValidationInfo
    ) -> Learner | Utility:
        if "task" in info.data and info.data["task"].weighted:
            component.check_weights()
        return component

    def check(self, clients: int) -> None:
        """Raise ValueError when so many clients cannot have a round."""
        among = (".", "federation.aggregation", "federation.participation")
        with fitting(*among), check_of(self.aggregation):
            self.aggregation.check(self._invitations(clients))

    @property
    def clients_in_data(self) -> tuple[DataClient, ...]:
        """The clients, if the partition takes them from the data; else empty."""
        return self.partition.clients_in_data(self.task)

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
        with blaming("task"), answers_of(self.task, "load") as answers:
            dataset = self.task.load(streams["split"])
            _check_dataset(answers, dataset)
        owner = np.arange(len(behaviours)) if owners is None else np.array(owners)
        _, identities = np.unique(owner, return_counts=True)
        draws = streams["partition"]
        with (
            blaming("partition", among=DIVISION),
            answers_of(self.partition, "share_out") as answers,
        ):
            owner_data = self.partition.share_out(dataset, len(identities), draws)
            if len(owner_data) != len(identities):
                raise answers.error(
                    f"returned data of {len(owner_data)} clients, not of {len(identities)}"
                )
            for examples in owner_data:
                _check_examples(answers, examples, dataset)
        names = [f" of {each.name}" for each in self.clients_in_data] or [""] * len(identities)
        data = [
            client_data
            for examples, count, name in zip(owner_data, identities.tolist(), names, strict=True)
            for client_data in _divide(examples, count, name, streams)
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
        with answers_of(self.learner, "initial") as answers:
            parameters = self.learner.initial(features, classes, streams["model"])
            parameters = answers.numbers(parameters, (np.size(parameters),))
        with answers_of(self.aggregation, "initial") as answers:
            server = answers.memory(self.aggregation.initial(parameters.size))
        return {
            "parameters": parameters,
            "last_step": np.zeros_like(parameters),
            "steps": np.ones(len(cohort.data)),
            **prefixed("server_", server),
        }

    def learn(
        self, memory: Memory, cohort: Cohort, participates: Booleans, period: int, streams: Streams
    ) -> tuple[Round, Memory]:
        """One round: participating clients train and send updates, the aggregator combines them."""
        previous, steps = memory["parameters"], memory["steps"].copy()
        training = np.flatnonzero(participates & cohort.trains(period))
        data = [cohort.training_data(client, period, streams) for client in training.tolist()]
        seeds = [streams.integer("train", period, client) for client in training.tolist()]
        with answers_of(self.learner, "train_all") as answers:
            models, new_steps = self.learner.train_all(
                previous, steps[training], data, cohort.dataset.classes, seeds
            )
            models = answers.floats(models, (len(training), previous.size))
            steps[training] = answers.numbers(new_steps, training.shape, least=0)
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
            server = answers.memory(server)
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
        dataset, labels = cohort.dataset, cohort.dataset.test.labels
        test, validation = (
            self._scores(parameters[None], split, dataset.classes)
            for split in (dataset.test, dataset.validation)
        )
        weights = dataset.test.weights
        with answers_of(self.learner, "predictions") as answers:
            predictions = self.learner.predictions(test)
            shape, last = (1, len(labels)), dataset.classes - 1
            hits = answers.integers(predictions, shape, 0, last)[0] == labels
        with answers_of(self.learner, "probabilities") as answers:  # which utilities may ask for
            probabilities = self.learner.probabilities(test.copy())
            each = (1, dataset.classes, len(labels))
            answers.numbers(probabilities, each, least=0, most=1 + ROUNDING)
        with answers_of(self.learner, "log_likelihood") as answers:
            log_likelihood = self.learner.log_likelihood(test, labels, weights)
            loss = -answers.numbers(log_likelihood, (1,), most=0)[0]
        utility = self._worth(validation, dataset)
        accuracy = np.average(hits, weights=weights)
        return Quality(float(accuracy), float(loss), float(utility[0]))

    def _scores(self, parameters: Floats, split: Split, classes: int) -> Floats:
        """Raw scores `[models, outputs, rows]` of models `[models, params]`."""
        with answers_of(self.learner, "scores") as answers:
            scores = self.learner.scores(parameters, split.features, classes)
            outputs = 1 if classes == 2 and np.shape(scores)[1:2] == (1,) else classes
            return answers.numbers(scores, (len(parameters), outputs, len(split)))

    def _worth(self, scores: Floats, dataset: Dataset) -> Floats:
        """The utility of models by their validation `scores` `[models]`."""
        with answers_of(self.utility, "value") as answers:
            validation = dataset.validation
            weights = () if validation.weights is None else (validation.weights,)
            values = self.utility.value(self.learner, scores, validation.labels, *weights)
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
        validation, classes = dataset.validation, dataset.classes

        def worth(scores: Floats) -> Floats:
            return self._worth(scores, dataset)

        if self.reconstruction == "weighted" and self.learner.linear:
            scores = self._scores(updates, validation, classes)
            with answers_of(self.utility, "binary_hit_rate"):
                counts_hits = classes == 2 and validation.weights is None
                hit_rate = self.utility.binary_hit_rate(validation.labels) if counts_hits else None
            return LinearGame(
                self._scores(previous[None], validation, classes)[0],
                scores * examples[:, None, None],
                examples,
                divide_by_all=self.normalisation == "all",
                worth=worth,
                labels=validation.labels,
                hit_rate=hit_rate,
            )
        by_rule = self.reconstruction == "aggregation"
        combined = self._aggregated_updates if by_rule else self._mean_updates
        return CoalitionGame(
            len(updates),
            lambda members: worth(
                self._scores(previous + combined(members, updates, examples), validation, classes)
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
        with answers_of(self.aggregation, "combine_each") as answers:
            each = self.aggregation.combine_each(updates, weights[nonempty])
            combined[nonempty] = answers.numbers(each, combined[nonempty].shape)
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
            class_rows=lambda models: self._class_rows(models, features, dataset.classes),
        )
        with answers_of(self.contribution, "assess") as answers:
            values, memory = self.contribution.assess(evidence, memory, streams["contribution"])
            return answers.numbers(values, (len(present),)), answers.memory(memory)

    def _class_rows(self, models: Floats, features: int, classes: int) -> Floats:
        """Weights of the last layer of models `[models, outputs, inputs]`."""
        with answers_of(self.learner, "class_rows") as answers:
            rows = self.learner.class_rows(models, features, classes)
            return answers.numbers(rows, (len(models), *np.shape(rows)[1:3]))


def _check_dataset(answers: Answers, dataset: Dataset) -> None:
    """Raise ComponentError unless all examples have finite features and classes of the task."""
    answers.instance(dataset, Dataset)
    for part in (dataset.train, dataset.validation, dataset.test):
        _check_examples(answers, part, dataset)
    if dataset.origins is not None:
        answers.integers(dataset.origins, (len(dataset.train),), 0, MOST_ORIGINS)


def _check_examples(answers: Answers, examples: Split, dataset: Dataset) -> None:
    answers.instance(examples, Split)
    if not len(examples):
        raise answers.error("returned no examples")
    features = dataset.train.features.shape[1:]
    answers.numbers(examples.features, (len(examples), *features))
    answers.integers(examples.labels, (len(examples),), 0, dataset.classes - 1)


def _divide(examples: Split, count: int, name: str, streams: Streams) -> list[Split]:
    """Divide an owner's examples at random among its `count` clients; `name` is for messages."""
    if count == 1:
        return [examples]
    if len(examples) < count:
        raise ScenarioError(
            f"{count} sybil clients{name} have only {len(examples)} examples to divide: set "
            f"{setting('federation.partition.min_examples', count)}"
        )
    shuffled = streams["identities"].permutation(len(examples))
    return [examples.take(rows) for rows in np.array_split(shuffled, count)]
