"""How long a federated round takes, estimated from the scenario."""

import numpy as np

from simulator.federation.cohort import Cohort
from simulator.federation.federation import Federation

__all__ = ["round_seconds"]

SECONDS_PER_COMBINED = 2e-8  # per parameter of each update that an aggregation rule combines


def round_seconds(federation: Federation, cohort: Cohort) -> float:
    """Rough duration of a round in which everybody participates, with its contributions.

    Leaves out what components of the user's own do.
    """
    learner, clients, dataset = federation.learner, len(cohort.data), cohort.dataset
    features, classes = dataset.train.features.shape[1], dataset.classes
    training = sum(learner.training_seconds(len(data), features, classes) for data in cohort.data)
    by_rule = federation.reconstruction == "aggregation"
    coalition = learner.scoring_seconds(len(dataset.validation), features, classes)
    if by_rule:
        parameters = learner.initial(features, classes, np.random.default_rng(0)).size
        coalition += clients * parameters * SECONDS_PER_COMBINED
    return training + federation.contribution.coalitions(clients) * coalition
