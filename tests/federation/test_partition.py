import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simulator.components import Floats, Integers
from simulator.errors import ScenarioError
from simulator.federation import (
    PARTITIONS,
    Dataset,
    Dirichlet,
    Iid,
    Natural,
    NoisePartition,
    Partition,
    Quantity,
    Shards,
    Split,
)

DIVIDING = [kind for kind in PARTITIONS if kind is not Natural]
DIGITS = np.repeat(np.arange(10), 108)  # as many as the digits' training part has, nearly


def split(
    partition: Partition, labels: Integers, clients: int, seed: int = 0
) -> list[frozenset[int]]:
    parts = partition.split(labels, clients, np.random.default_rng(seed))
    return [frozenset(part.tolist()) for part in parts]


def sizes(
    partition: Partition, labels: Integers, clients: int, draws: np.random.Generator
) -> Integers:
    return np.array([len(part) for part in partition.split(labels, clients, draws)])


@pytest.mark.parametrize("kind", DIVIDING)
@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=200),
    clients=st.integers(1, 40),
    least=st.integers(1, 10),
    power=st.floats(-3, 6),
    seed=st.integers(0, 9),
)
def test_every_example_goes_to_one_client_and_each_gets_enough(
    kind: type[Partition], labels: list[int], clients: int, least: int, power: float, seed: int
) -> None:
    fields = {"min_examples": least, "alpha": 10**power, "shards": max(int(power), 1)}
    partition = kind.model_validate({k: v for k, v in fields.items() if k in kind.model_fields})
    generator = np.random.default_rng(seed)
    shards = clients * (partition.shards if isinstance(partition, Shards) else 0)
    if (needed := clients * least) > len(labels) or (needed := shards) > len(labels):
        with pytest.raises(ScenarioError, match=f"need {needed} .* has {len(labels)}"):
            partition.split(np.array(labels), clients, generator)
        return
    parts = partition.split(np.array(labels), clients, generator)
    assert len(parts) == clients
    assert min(len(part) for part in parts) >= least
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))


@pytest.mark.parametrize("alpha", [1e-3, 0.5, 2.0, 1e6])
def test_when_there_are_just_enough_all_get_the_same(alpha: float) -> None:
    parts = split(Dirichlet(alpha=alpha, min_examples=10), DIGITS, 108)
    assert [len(part) for part in parts] == [10] * 108


def test_small_alpha_gives_classes_away_whole() -> None:
    parts = split(Dirichlet(alpha=1e-3, min_examples=1), DIGITS, 10)
    counts = np.array([np.bincount(DIGITS[list(part)], minlength=10) for part in parts])
    assert counts.max(axis=0).mean() > 0.95 * 108


@pytest.mark.parametrize("clients", [3, 10, 100])
def test_large_alpha_gives_everybody_the_same_mixture(clients: int) -> None:
    for part in split(Dirichlet(alpha=1e9, min_examples=1), DIGITS, clients):
        counts = np.bincount(DIGITS[list(part)], minlength=10)
        assert np.abs(counts - 108 / clients).max() <= 1


@pytest.mark.parametrize("alpha", [0.5, 2.0, 50.0])
@pytest.mark.parametrize("kind", [Dirichlet, Quantity])
def test_a_clients_part_follows_its_distribution(
    kind: type[Dirichlet | Quantity], alpha: float
) -> None:
    # One coordinate of Dirichlet(alpha, ..., alpha) over 5 clients is Beta(alpha, 4 alpha); by
    # label skew of each class (here there is one), by size skew of all examples together.
    classes = 1 if kind is Dirichlet else 10
    draws, labels = np.random.default_rng(3), np.arange(10_000) % classes
    partition = kind(alpha=alpha, min_examples=1)
    shares = np.array([sizes(partition, labels, 5, draws) for _ in range(400)]) / len(labels)
    for client in range(5):
        assert stats.kstest(shares[:, client], stats.beta(alpha, 4 * alpha).cdf).pvalue > 1e-3


def test_classes_are_divided_independently() -> None:
    draws, labels = np.random.default_rng(4), np.repeat([0, 1], 1000)
    partition = Dirichlet(alpha=1.0, min_examples=1)
    first = [partition.split(labels, 4, draws)[0] for _ in range(400)]
    parts = np.array([np.bincount(labels[part], minlength=2) for part in first])
    assert abs(np.corrcoef(parts.T)[0, 1]) < 4 / np.sqrt(400)


def test_the_examples_of_a_class_are_divided_at_random() -> None:
    parts = split(Dirichlet(alpha=10.0), np.zeros(10_000, dtype=np.int64), 4)
    for part in parts:  # rows 0 to 9,999: mean 5,000 and deviation 2,887
        assert abs(np.mean(list(part)) - 5000) < 4 * 2887 / np.sqrt(len(part))


def test_what_the_richest_give_is_drawn_at_random() -> None:
    poor, rich = sorted(
        split(Dirichlet(alpha=1e-3, min_examples=400), np.zeros(1000, dtype=np.int64), 2), key=len
    )
    assert (len(poor), len(rich)) == (400, 600)
    # 400 drawn from rows 0 to 999 without replacement: mean 499.5 and deviation 288.7.
    assert abs(np.mean(list(poor)) - 499.5) < 4 * 288.7 * np.sqrt(0.6 / 400)


def mean_sizes(clients: int, alpha: float) -> Floats:
    draws, partition = np.random.default_rng(5), Dirichlet(alpha=alpha, min_examples=1)
    mean: Floats = np.mean([sizes(partition, DIGITS, clients, draws) for _ in range(300)], axis=0)
    return mean


@pytest.mark.parametrize(("clients", "alpha", "error"), [(10, 50.0, 1.5), (100, 2.0, 0.8)])
def test_no_place_among_the_clients_is_better_than_another(
    clients: int, alpha: float, error: float
) -> None:
    assert np.abs(mean_sizes(clients, alpha) - 1080 / clients).max() < error


@pytest.mark.parametrize("kind", [Iid, Shards, NoisePartition])
@pytest.mark.parametrize(("rows", "clients"), [(1080, 7), (20, 10), (25, 10), (7, 1)])
def test_parts_without_size_skew_have_equal_sizes(
    kind: type[Partition], rows: int, clients: int
) -> None:
    parts = split(kind(min_examples=1), np.zeros(rows, dtype=np.int64), clients)
    assert {len(part) for part in parts} <= {rows // clients, -(-rows // clients)}


@pytest.mark.parametrize("partition", [Iid(), NoisePartition(), Quantity(alpha=2.0)])
def test_without_label_skew_every_client_has_the_classes_of_all(partition: Partition) -> None:
    labels, expected = np.repeat([0, 1, 2], [6000, 3000, 1000]), np.array([0.6, 0.3, 0.1])
    for part in split(partition, labels, 5):
        counts, examples = np.bincount(labels[list(part)], minlength=3), len(part)
        # Drawn without replacement: the deviation is at most that of the binomial.
        error = 4 * np.sqrt(examples * expected * (1 - expected))
        assert (np.abs(counts - examples * expected) < error).all()


def test_small_alpha_leaves_most_examples_to_few_clients() -> None:
    counts = sorted(map(len, split(Quantity(alpha=0.01), DIGITS, 10)))
    assert counts[:8] == [10] * 8
    even = [len(part) for part in split(Quantity(alpha=1e9), DIGITS, 10)]
    assert np.abs(np.array(even) - 108).max() <= 1


@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_only_the_richest_give_to_those_below_the_minimum(alpha: float) -> None:
    before = split(Dirichlet(alpha=alpha, min_examples=1), DIGITS, 20)
    after = split(Dirichlet(alpha=alpha, min_examples=30), DIGITS, 20)
    most = max(len(part) for part in after)
    assert min(len(part) for part in before) < 30 < most
    for old, new in zip(before, after, strict=True):
        if len(old) < 30:
            assert len(new) == 30
            assert old <= new
        elif len(old) < most:
            assert new == old
        else:
            assert new <= old
            assert len(new) >= most - 1


@pytest.mark.parametrize("kind", DIVIDING)
def test_the_stream_alone_decides(kind: type[Partition]) -> None:
    assert split(kind(), DIGITS, 10, seed=1) == split(kind(), DIGITS, 10, seed=1)
    assert split(kind(), DIGITS, 10, seed=1) != split(kind(), DIGITS, 10, seed=2)


# Shards


@pytest.mark.parametrize("shards", [1, 2, 4])
def test_of_equal_classes_clients_have_as_many_as_shards(shards: int) -> None:
    labels = np.random.default_rng(0).permutation(DIGITS)
    for part in split(Shards(shards=shards), labels, 10):
        # 108 of each class; with 10 clients of k shards, each is 108 / k of one class.
        counts = np.bincount(labels[list(part)], minlength=10)
        assert (counts > 0).sum() <= shards
        assert (counts % (108 // shards) == 0).all()


def test_no_shard_is_empty() -> None:
    assert [len(part) for part in split(Shards(shards=108), DIGITS, 10)] == [108] * 10
    with pytest.raises(
        ScenarioError, match=r"10 clients with 109 shards each need 1090 .* has 1080"
    ):
        split(Shards(shards=109), DIGITS, 10)


def test_who_gets_which_shards_is_drawn() -> None:
    first = [
        DIGITS[Shards(shards=1).split(DIGITS, 10, np.random.default_rng(seed))[0]][0]
        for seed in range(300)
    ]
    counts = np.bincount(first, minlength=10)
    assert np.abs(counts - 30).max() < 4 * np.sqrt(300 * 0.1 * 0.9)


# What clients see


def a_dataset(rows: int = 1000, features: int = 4, origins: Integers | None = None) -> Dataset:
    numbers = np.arange(rows * features, dtype=float).reshape(rows, features)
    held_out = Split(-1.0 - numbers[:20], np.zeros(20, dtype=np.int64))
    train = Split(numbers, np.arange(rows) % 3)
    return Dataset(train, held_out, held_out, classes=3, origins=origins)


@pytest.mark.parametrize("kind", PARTITIONS)
@given(clients=st.integers(1, 12), seed=st.integers(0, 99))
def test_clients_get_training_examples_alone_and_their_labels_with_them(
    kind: type[Partition], clients: int, seed: int
) -> None:
    dataset = a_dataset(origins=np.arange(1000) % clients)
    quiet = {"sigma": 1e-9} if kind is NoisePartition else {}
    partition = kind.model_validate(quiet)
    parts = partition.share_out(dataset, clients, np.random.default_rng(seed))
    rows = [(part.features[:, 0] / 4).round().astype(int) for part in parts]
    assert sorted(np.concatenate(rows).tolist()) == list(range(1000))
    for part, own in zip(parts, rows, strict=True):
        assert part.features == pytest.approx(dataset.train.features[own], abs=1e-6)
        assert np.array_equal(part.labels, dataset.train.labels[own])


def test_noise_grows_from_client_to_client() -> None:
    dataset = a_dataset(4000, 10)
    parts = NoisePartition(sigma=0.4).share_out(dataset, 5, np.random.default_rng(0))
    rows = [((part.features.mean(axis=1) - 4.5) / 10).round().astype(int) for part in parts]
    noise = [
        part.features - dataset.train.features[own] for part, own in zip(parts, rows, strict=True)
    ]
    assert not noise[0].any()
    # 8,000 draws each: the standard error of a deviation is 0.8% of it.
    assert [part.std() for part in noise] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], rel=0.032)
    assert abs(np.corrcoef(noise[1].ravel(), noise[4].ravel())[0, 1]) < 4 / np.sqrt(8000)
    assert np.array_equal(dataset.train.features, a_dataset(4000, 10).train.features)


def test_the_only_client_has_no_noise() -> None:
    (part,) = NoisePartition().share_out(a_dataset(), 1, np.random.default_rng(0))
    assert np.array_equal(np.sort(part.features[:, 0]), np.arange(1000) * 4)


# Natural


def test_naturally_everybody_has_its_own_examples() -> None:
    origins = np.random.default_rng(0).integers(0, 7, 1000)
    parts = Natural().share_out(a_dataset(origins=origins), 7, np.random.default_rng(0))
    for client, part in enumerate(parts):
        rows = (part.features[:, 0] / 4).astype(int)
        assert rows.tolist() == np.flatnonzero(origins == client).tolist()


@pytest.mark.parametrize(
    ("origins", "clients", "message"),
    [
        (None, 4, "needs a task that knows whose its examples are: csv with `client`"),
        (np.arange(1000) % 4, 3, "the examples are of 4 clients, the scenario has 3"),
        (np.arange(1000) % 4, 5, "too few training examples: client 4 has 0; min_examples is 10"),
        (
            np.minimum(np.arange(1000), 995) // 995,
            2,
            "client 1 has 5; min_examples is 10",
        ),
    ],
)
def test_an_impossible_natural_partition_is_refused(
    origins: Integers | None, clients: int, message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        Natural().share_out(a_dataset(origins=origins), clients, np.random.default_rng(0))
