import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.components import Floats, Integers
from simulator.errors import ScenarioError
from simulator.federation import (
    BEHAVIOURS,
    Behaviour,
    Changing,
    DisguisedFreeRider,
    Duplicate,
    FreeRider,
    GaussianNoise,
    Honest,
    InflateSize,
    Intermittent,
    LabelFlip,
    LabelNoise,
    ModelReplacement,
    SignFlip,
    StaleFreeRider,
    Sybil,
)

UPDATE, LAST_STEP = np.array([3.0, -4.0]), np.array([0.5, 1.0])


def draws(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def labels_of(behaviour: Behaviour, labels: Integers, classes: int) -> Integers:
    return behaviour.labels(labels, classes, draws())


def sent_by(behaviour: Behaviour, update: Floats = UPDATE, period: int = 1) -> Floats:
    return behaviour.report(update, np.resize(LAST_STEP, update.size), period, draws())


# Labels


@pytest.mark.parametrize("behaviour", [LabelFlip(), ModelReplacement()])
@pytest.mark.parametrize(
    ("classes", "flipped"),
    # Fang et al. 2020: label l becomes L - l - 1; the middle one of an odd number stays.
    [(2, [1, 0]), (3, [2, 1, 0]), (10, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])],
)
def test_label_flip_mirrors_the_classes(
    behaviour: Behaviour, classes: int, flipped: list[int]
) -> None:
    labels = np.arange(classes)
    assert labels_of(behaviour, labels, classes).tolist() == flipped
    assert labels.tolist() == list(range(classes))


@given(
    st.integers(2, 12),
    st.floats(0.01, 1),
    st.lists(st.integers(0, 11), max_size=60),
    st.integers(0, 99),
)
def test_label_noise_gives_that_many_examples_another_class(
    classes: int, fraction: float, given_labels: list[int], seed: int
) -> None:
    labels = np.array(given_labels, dtype=np.int64) % classes
    before = labels.copy()
    noisy = LabelNoise(fraction=fraction).labels(labels, classes, draws(seed))
    assert np.array_equal(labels, before)
    assert (noisy != labels).sum() == round(fraction * len(labels))
    assert ((noisy >= 0) & (noisy < classes)).all()


def test_label_noise_hits_every_example_and_class_alike() -> None:
    labels = np.repeat([0, 1, 2, 3], 2500)
    noisy = LabelNoise(fraction=0.6).labels(labels, 4, draws())
    # Of each class 40% stay and 20% go to each other one: 4 x sqrt(2500 x .6 x .4) = 98.
    table = np.array([np.bincount(noisy[labels == label], minlength=4) for label in range(4)])
    assert np.abs(table - 500 - 500 * np.eye(4)).max() < 98


OTHERS = [kind for kind in BEHAVIOURS if kind not in (LabelFlip, LabelNoise, ModelReplacement)]


@pytest.mark.parametrize("kind", OTHERS)
def test_the_others_keep_their_labels(kind: type[Behaviour]) -> None:
    assert labels_of(kind(), np.array([3, 1, 2]), 5).tolist() == [3, 1, 2]


# Reports


def test_only_free_riders_do_not_train() -> None:
    riders = [behaviour for behaviour in BEHAVIOURS if not behaviour.trains]
    assert riders == [FreeRider, StaleFreeRider, DisguisedFreeRider]


REPORTS = [
    (StaleFreeRider(), [0.5, 1.0]),
    (SignFlip(), [-3.0, 4.0]),
    (SignFlip(factor=2.5), [-7.5, 10.0]),
    (ModelReplacement(factor=4.0), [12.0, -16.0]),
]


@pytest.mark.parametrize(("behaviour", "sent"), REPORTS)
def test_what_is_sent_instead_of_an_update(behaviour: Behaviour, sent: list[float]) -> None:
    update, last = UPDATE.copy(), LAST_STEP.copy()
    assert behaviour.report(update, last, 3, draws()).tolist() == sent
    assert np.array_equal(update, UPDATE) and np.array_equal(last, LAST_STEP)


TRUTHFUL = [Honest, FreeRider, LabelFlip, LabelNoise, Duplicate, Sybil, InflateSize, Intermittent]


@pytest.mark.parametrize("kind", TRUTHFUL)
def test_the_others_send_what_they_have_trained(kind: type[Behaviour]) -> None:
    assert sent_by(kind()).tolist() == UPDATE.tolist()


@pytest.mark.parametrize(
    ("period", "decay", "deviation"), [(1, 1.0, 0.1), (4, 1.0, 0.025), (4, 0.5, 0.05), (9, 0, 0.1)]
)
def test_the_disguise_is_noise_that_fades(period: int, decay: float, deviation: float) -> None:
    behaviour, nothing = DisguisedFreeRider(sigma=0.1, decay=decay), np.zeros(10_000)
    noise = sent_by(behaviour, nothing, period) - np.resize(LAST_STEP, 10_000)
    # The standard error of a deviation from n draws is 1 / sqrt(2 n) of it: 4 x .7%.
    assert noise.std() == pytest.approx(deviation, rel=0.03)
    assert abs(noise.mean()) < 4 * deviation / 100


@pytest.mark.parametrize("factor", [0.1, 1.0, 7.0])
def test_gaussian_noise_is_as_large_as_the_update_times_the_factor(factor: float) -> None:
    update = np.resize(UPDATE, 10_000)
    noise = sent_by(GaussianNoise(factor=factor), update) - update
    assert noise.std() == pytest.approx(factor * np.sqrt(12.5), rel=0.03)
    assert abs(noise.mean()) < 4 * factor * np.sqrt(12.5) / 100
    assert not sent_by(GaussianNoise(), np.zeros(3)).any()


# Sizes, sources, presence


def test_only_inflated_sizes_are_not_the_true_ones() -> None:
    assert InflateSize(factor=2.5).examples_reported(30) == 75
    others = [kind().examples_reported(30) for kind in BEHAVIOURS if kind is not InflateSize]
    assert set(others) == {30}


def test_only_a_duplicate_trains_on_what_is_anothers() -> None:
    assert Duplicate(original=3).source(7) == 3
    assert {kind().source(7) for kind in BEHAVIOURS if kind is not Duplicate} == {7}


@pytest.mark.parametrize(
    ("client", "original", "message"),
    [(2, 4, "no client 4 to copy, the last is 3"), (2, 2, "client 2 cannot copy itself")],
)
def test_a_duplicate_copies_another_client_that_exists(
    client: int, original: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Duplicate(original=original).check(client, 4)
    Duplicate(original=3).check(2, 4)


def there(behaviour: Behaviour, periods: int) -> list[int]:
    """The periods, of the first `periods`, in which a client means to take part."""
    return [period for period in range(1, periods + 1) if behaviour.takes_part(period)]


def test_intermittent_clients_come_and_go() -> None:
    assert there(Intermittent(there=2, away=3), 12) == [1, 2, 6, 7, 11, 12]
    assert there(Intermittent(there=1, away=1), 5) == [1, 3, 5]
    others = [kind() for kind in BEHAVIOURS if kind is not Intermittent]
    assert all(there(behaviour, 9) == list(range(1, 10)) for behaviour in others)


def test_by_an_event_they_count_from_its_period_on_until_the_next() -> None:
    """Had it counted from period 1 of the run, it would be away in 3 to 5 and in 8 to 10."""
    coming = Intermittent(there=2, away=3)
    late = changing(Honest(), (4, coming))
    assert there(late, 13) == [1, 2, 3, 4, 5, 9, 10]
    assert there(changing(coming, (4, Honest())), 8) == [1, 2, 4, 5, 6, 7, 8]
    ended = changing(Honest(), (4, coming), (7, LabelFlip()))
    assert there(ended, 9) == [1, 2, 3, 4, 5, 7, 8, 9]
    anew = changing(coming, (4, coming))
    assert there(anew, 9) == [1, 2, 4, 5, 9]


# Changes


def changing(first: Behaviour, *changes: tuple[int, Behaviour]) -> Behaviour:
    """What events of some periods, in their sequence, make of a client."""
    for period, then in changes:
        first = Changing(first=first, then=then, start=period)
    return first


DEVIATIONS = [kind for kind in BEHAVIOURS if kind is not Honest]


@pytest.mark.parametrize("kind", DEVIATIONS)
def test_a_client_is_honest_before_it_deviates(kind: type[Behaviour]) -> None:
    late = changing(Honest(), (4, kind()))
    assert [late.at(period) for period in (0, 1, 3)] == [Honest()] * 3
    assert [late.at(period) for period in (4, 5, 100)] == [kind()] * 3


@pytest.mark.parametrize("kind", DEVIATIONS)
def test_what_changes_in_period_1_is_changed_at_genesis(kind: type[Behaviour]) -> None:
    early = changing(Honest(), (1, kind()))
    assert [early.at(period) for period in (0, 1, 2)] == [kind()] * 3


@pytest.mark.parametrize("kind", BEHAVIOURS)
def test_the_behaviour_of_a_group_holds_from_genesis_on(kind: type[Behaviour]) -> None:
    assert [kind().at(period) for period in (0, 1, 2)] == [kind()] * 3


def test_of_two_changes_in_one_period_the_last_one_holds() -> None:
    twice = changing(Honest(), (3, FreeRider()), (3, SignFlip()))
    assert [twice.at(period) for period in (2, 3, 9)] == [Honest(), SignFlip(), SignFlip()]


def test_an_owner_is_honest_until_it_poses_as_several() -> None:
    late = Sybil(poses_from=4)
    assert [late.at(period) for period in (0, 1, 3)] == [Honest()] * 3
    assert [late.at(period) for period in (4, 5, 100)] == [late] * 3
    with pytest.raises(ScenarioError, match="it must be at least 1"):
        Sybil(poses_from=0)


@pytest.mark.parametrize("kind", BEHAVIOURS)
def test_no_behaviour_says_when_it_starts(kind: type[Behaviour]) -> None:
    with pytest.raises(ScenarioError, match="unknown setting 'start'"):
        kind.model_validate({"start": 2})
