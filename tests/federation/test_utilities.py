import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from simulator.components import Floats, Integers
from simulator.federation import NegativeLogLoss
from simulator.federation.utilities import negative_log_loss

law = settings(deadline=None)
LABELS = np.array([0, 1])
EPSILON = np.finfo(float).eps  # where scikit-learn's log_loss clips


def binary(*first_class: float) -> Floats:
    """One model's probabilities `[1, 2, rows]` from those of class 0."""
    return np.array([[first_class, [1 - p for p in first_class]]])


@pytest.mark.parametrize(
    ("probabilities", "loss"),
    [
        (binary(0.5, 0.5), np.log(2)),
        (binary(0.25, 0.5), 1.5 * np.log(2)),
        (binary(1.0, 0.0), -np.log(1 - EPSILON)),  # certain and right
        (binary(0.0, 1.0), -np.log(EPSILON)),  # certain and wrong: 36, not infinite
    ],
)
def test_log_loss_by_hand(probabilities: Floats, loss: float) -> None:
    found = NegativeLogLoss().value(probabilities, LABELS)
    assert found == pytest.approx([-loss], rel=1e-15, abs=0)


@st.composite
def judged(draw: st.DrawFn) -> tuple[Floats, Integers]:
    """Probabilities `[models, classes, rows]`, some of them 0 or 1, and true classes."""
    models, classes = draw(st.integers(1, 3)), draw(st.integers(2, 5))
    rows, seed = draw(st.integers(1, 12)), draw(st.integers(0, 10_000))
    draws = np.random.default_rng(seed)
    sharp = draws.exponential(size=(models, classes, rows)) ** draw(st.sampled_from([1, 5, 60]))
    return sharp / sharp.sum(axis=1, keepdims=True), draws.integers(0, classes, rows)


@law
@given(judged())
def test_log_loss_is_that_of_scikit_learn(judged: tuple[Floats, Integers]) -> None:
    probabilities, labels = judged
    classes = np.arange(probabilities.shape[1])
    losses = [-log_loss(labels, model.T, labels=classes) for model in probabilities]
    assert negative_log_loss(probabilities, labels) == pytest.approx(losses, rel=0, abs=1e-12)


def test_each_model_is_judged_on_its_own() -> None:
    draws = np.random.default_rng(0)
    probabilities, labels = draws.dirichlet([1, 1, 1], (4, 20)).swapaxes(1, 2), np.arange(20) % 3
    alone = [negative_log_loss(model[None], labels)[0] for model in probabilities]
    assert negative_log_loss(probabilities, labels).tolist() == alone
    assert len(set(alone)) == 4
