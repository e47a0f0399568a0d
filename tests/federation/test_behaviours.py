import numpy as np
import pytest

from simulator.federation import BEHAVIOURS, FreeRider, Honest, LabelFlip


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
