from typing import Literal

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.datasets import load_digits

from simulator.components import Floats, Integers
from simulator.errors import ScenarioError
from simulator.federation import Dataset, Digits, Split, Task


class Numbered(Task):
    """Each example's only feature is its row number."""

    kind: Literal["numbered"] = "numbered"

    def examples(self) -> tuple[Floats, Integers]:
        labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [100, 50, 23]))
        return np.arange(173.0)[:, None], labels


def parts(dataset: Dataset) -> list[Split]:
    return [dataset.train, dataset.validation, dataset.test]


def load(task: Task, seed: int = 0) -> Dataset:
    return task.load(np.random.default_rng(seed))


def rows_of(dataset: Dataset) -> list[Integers]:
    """Row numbers of the parts of `Numbered`: scaling keeps the order of all 173."""
    features = np.concatenate([part.features[:, 0] for part in parts(dataset)])
    rank = np.argsort(np.argsort(features))
    return np.split(rank, np.cumsum([len(part) for part in parts(dataset)])[:-1])


def test_digits_are_those_of_scikit_learn() -> None:
    dataset, (features, labels) = load(Digits()), load_digits(return_X_y=True)
    assert dataset.classes == 10
    assert [part.features.shape for part in parts(dataset)] == [(1079, 64), (359, 64), (359, 64)]
    found = np.concatenate([part.labels for part in parts(dataset)])
    assert np.bincount(found).tolist() == np.bincount(labels).tolist()
    assert features.shape == (1797, 64)


def test_the_parts_of_the_digits_are_its_images_each_once() -> None:
    features, labels = load_digits(return_X_y=True)
    dataset = load(Digits())
    train = dataset.train.features
    used = train.std(axis=0) > 0.5  # the others are 0 in every training image
    # Undo the scaling from two of its images, which need no knowledge of mean and deviation.
    together = np.concatenate([part.features for part in parts(dataset)])[:, used]
    low, high = together.min(axis=0), together.max(axis=0)
    raw = (together - low) / (high - low) * np.ptp(features[:, used], axis=0)
    raw += features[:, used].min(axis=0)
    mine = np.column_stack([raw.round(), np.concatenate([part.labels for part in parts(dataset)])])
    theirs = np.column_stack([features[:, used], labels])
    assert np.allclose(raw, raw.round())
    assert sorted(map(tuple, mine)) == sorted(map(tuple, theirs))


@pytest.mark.parametrize(("validation", "test"), [(0.2, 0.2), (0.1, 0.4), (0.5, 0.25)])
def test_the_parts_are_disjoint_and_cover_everything(validation: float, test: float) -> None:
    dataset = load(Numbered(validation=validation, test=test))
    _, labels = Numbered().examples()
    rows = rows_of(dataset)
    together = np.concatenate([part.features[:, 0] for part in parts(dataset)])
    assert len(np.unique(together)) == len(together) == 173
    for part, numbers in zip(parts(dataset), rows, strict=True):
        assert part.labels.tolist() == labels[numbers].tolist()


@pytest.mark.parametrize(
    ("validation", "test", "counts"),
    # Classes of 100, 50 and 23 examples; fractions of each are rounded to whole examples.
    [
        (0.2, 0.2, [[60, 30, 13], [20, 10, 5], [20, 10, 5]]),
        (0.1, 0.4, [[50, 25, 12], [10, 5, 2], [40, 20, 9]]),
    ],
)
def test_every_part_has_the_classes_in_the_same_proportions(
    validation: float, test: float, counts: list[list[int]]
) -> None:
    dataset = load(Numbered(validation=validation, test=test))
    assert [np.bincount(part.labels).tolist() for part in parts(dataset)] == counts


def test_scaling_knows_the_training_part_only() -> None:
    dataset = load(Numbered())
    rows = rows_of(dataset)
    mean, deviation = rows[0].mean(), rows[0].std()
    for part, numbers in zip(parts(dataset), rows, strict=True):
        assert part.features[:, 0] == pytest.approx((numbers - mean) / deviation, abs=1e-12)


def test_scaled_digits_have_mean_0_and_deviation_1_in_training() -> None:
    features = load(Digits()).train.features
    assert np.abs(features.mean(axis=0)).max() < 1e-12
    deviations = features.std(axis=0)
    assert np.minimum(np.abs(deviations - 1), deviations).max() < 1e-12  # 0: an unused pixel


def test_the_stream_alone_decides() -> None:
    first, same, other = load(Digits(), 1), load(Digits(), 1), load(Digits(), 2)
    for one, two in zip(parts(first), parts(same), strict=True):
        assert np.array_equal(one.features, two.features)
        assert np.array_equal(one.labels, two.labels)
    assert not np.array_equal(first.train.labels, other.train.labels)
    chosen = [set(rows_of(load(Numbered(), seed))[0].tolist()) for seed in (1, 2)]
    assert chosen[0] != chosen[1]


@pytest.mark.parametrize(("validation", "test"), [(0.9, 0.9), (0.6, 0.6), (1e-4, 0.2), (0.2, 1e-4)])
def test_a_part_without_examples_is_refused(validation: float, test: float) -> None:
    with pytest.raises((ScenarioError, ValidationError)) as caught:
        load(Digits(validation=validation, test=test))
    assert "validation" in str(caught.value) or "test" in str(caught.value)


def test_majority_share_is_that_of_the_test_part() -> None:
    nothing = np.zeros((4, 1))
    train, test = Split(nothing, np.zeros(4, int)), Split(nothing, np.array([2, 0, 2, 1]))
    assert Dataset(train, train, test, classes=3).majority_share == 0.5
