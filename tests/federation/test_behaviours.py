import numpy as np
import pytest
from pydantic import ValidationError

from simulator.federation import BEHAVIOURS, Deviation, FreeRider, Honest, LabelFlip


@pytest.mark.parametrize(
    ("classes", "flipped"),
    # Fang et al. 2020: label l becomes L - l - 1; the middle one of an odd number stays.
    [(2, [1, 0]), (3, [2, 1, 0]), (10, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])],
)
def test_label_flip_mirrors_the_classes(classes: int, flipped: list[int]) -> None:
    labels = np.arange(classes)
    assert LabelFlip().labels(labels, classes).tolist() == flipped
    assert labels.tolist() == list(range(classes))


def test_the_others_keep_their_labels() -> None:
    for behaviour in (Honest(), FreeRider()):
        assert behaviour.labels(np.array([3, 1, 2]), 5).tolist() == [3, 1, 2]


def test_only_the_free_rider_does_not_train() -> None:
    assert [behaviour for behaviour in BEHAVIOURS if not behaviour.trains] == [FreeRider]


DEVIATIONS = [kind for kind in BEHAVIOURS if kind is not Honest]


@pytest.mark.parametrize("kind", DEVIATIONS)
def test_a_deviation_is_honest_before_it_starts(kind: type[Deviation]) -> None:
    late = kind(start=4)
    assert [late.at(period) for period in (0, 1, 3)] == [Honest()] * 3
    assert [late.at(period) for period in (4, 5, 100)] == [late] * 3


@pytest.mark.parametrize("kind", BEHAVIOURS)
def test_what_does_not_say_when_it_starts_holds_from_genesis_on(kind: type[Deviation]) -> None:
    assert [kind().at(period) for period in (0, 1, 2)] == [kind()] * 3


def test_the_honest_do_not_start() -> None:
    with pytest.raises(ValidationError, match="start"):
        Honest.model_validate({"start": 2})
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        FreeRider(start=0)
