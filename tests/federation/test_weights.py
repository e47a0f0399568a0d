"""Weights of examples: they follow their rows, and count wherever examples are counted."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from simulator import Scenario
from simulator.cli import main
from simulator.components import Floats, Integers, Memory, extended
from simulator.errors import ScenarioError
from simulator.federation import (
    PARTITIONS,
    UTILITIES,
    Behaviour,
    Cohort,
    Csv,
    Dataset,
    DataSize,
    Duplicate,
    Federation,
    Honest,
    Iid,
    InflateSize,
    LabelFlip,
    LabelNoise,
    Learner,
    MlpClassifier,
    NegativeLogLoss,
    Partition,
    SgdClassifier,
    Split,
    Sybil,
    Task,
    Utility,
    Wine,
)
from simulator.federation.tasks.imputation import WeightedImputer
from simulator.randomness import Streams
from simulator.recording import read_manifest
from simulator.running import start
from tests.laws import law

ROWS = 300


class Survey(Task):
    """The first feature of an example is its weight, a whole number."""

    kind: Literal["survey"] = "survey"
    classes: int = 2

    def collect(self, draws: np.random.Generator) -> tuple[Floats, Integers]:
        numbers = np.random.default_rng(8)
        labels = np.arange(ROWS) % self.classes
        features = numbers.normal(size=(ROWS, 4)) + labels[:, None] * [0, 1, -1, 0]
        features[:, 0] = self.weights()
        return features, labels

    def weights(self) -> Floats:
        return np.random.default_rng(5).integers(1, 7, ROWS).astype(float)

    def origins(self) -> Integers:
        return np.arange(ROWS) // 2 % 4


OpenFederation = extended(Federation, [Survey])


def gathered(
    behaviours: Sequence[Behaviour] = (Honest(),) * 4,
    owners: Sequence[int] | None = None,
    **parts: object,
) -> tuple[Federation, Cohort]:
    settings = OpenFederation.model_validate({"task": {"kind": "survey"}} | parts)
    return settings, settings.gather(behaviours, Streams(3), owners)


def own_weights(features: Floats, train: Split) -> Floats:
    """What the first feature says of the weights, after scaling."""
    assert train.weights is not None
    mean = np.average(train.weights, weights=train.weights)
    deviation = np.sqrt(np.average((train.weights - mean) ** 2, weights=train.weights))
    told: Floats = mean + deviation * features[:, 0]
    return told


def follow(data: Split, train: Split, within: float = 1e-12) -> bool:
    """Whether each row has its own weight."""
    assert data.weights is not None
    told = own_weights(data.features, train)
    return len(data) > 1 and bool(np.abs(told - data.weights).max() < within)


# Weights follow their rows


def test_weights_follow_their_rows_into_every_part_and_are_1_in_the_mean() -> None:
    dataset = Survey().load(np.random.default_rng(1))
    for part in (dataset.train, dataset.validation, dataset.test):
        assert follow(part, dataset.train)
    assert dataset.train.weights is not None
    assert dataset.train.weights.mean() == pytest.approx(1, rel=1e-14)
    assert len(np.unique(dataset.train.weights)) == 6


@pytest.mark.parametrize("partition", PARTITIONS)
def test_weights_follow_their_rows_to_the_clients(partition: type[Partition]) -> None:
    kind, noise = partition.model_fields["kind"].default, {"sigma": 1e-9}
    _, cohort = gathered(partition={"kind": kind} | (noise if kind == "noise" else {}))
    train = cohort.dataset.train
    assert all(follow(own, train, 1e-7) for own in cohort.data)
    assert sum(own.size for own in cohort.data) == pytest.approx(train.size) == len(train)


def test_weights_follow_their_rows_when_a_client_uses_some() -> None:
    _, cohort = gathered()
    some = cohort.with_rows([np.arange(5), np.arange(9, 2, -3), np.arange(4), np.arange(2, 8)])
    assert [len(own) for own in some.data] == [5, 3, 4, 6]
    assert all(follow(own, cohort.dataset.train) for own in some.data)
    assert some.examples_reported(1).tolist() == [own.size for own in some.data]


@pytest.mark.parametrize("behaviour", [LabelFlip(), LabelNoise(fraction=0.5), Duplicate()])
def test_a_behaviour_that_changes_data_leaves_weights_to_their_rows(behaviour: Behaviour) -> None:
    _, cohort = gathered([Honest(), behaviour])
    data = cohort.training_data(1, 1, Streams(1))
    assert follow(data, cohort.dataset.train)
    same = (data.labels == cohort.data[1].labels).all() if len(data) == cohort.examples[1] else None
    assert same is not True or behaviour.kind == "duplicate"


def test_identities_of_one_owner_divide_the_weights_and_have_all_before() -> None:
    sybil = Sybil(poses_from=3)
    _, cohort = gathered([Honest(), sybil, sybil, sybil], owners=[0, 1, 1, 1])
    train = cohort.dataset.train
    assert all(follow(own, train) for own in cohort.data)
    together = cohort.training_data(1, 1, Streams(1))
    assert follow(together, train) and len(together) == cohort.examples[1:].sum()
    assert cohort.examples_reported(1)[1] == pytest.approx(sum(own.size for own in cohort.data[1:]))
    assert cohort.examples_reported(3)[1] == cohort.data[1].size


def test_splits_with_and_without_weights_join() -> None:
    plain = Split(np.zeros((2, 1)), np.zeros(2, int))
    weighed = Split(np.ones((1, 1)), np.ones(1, int), np.array([3.0]))
    joined = Split.joined([plain, weighed])
    assert joined.weights is not None and joined.weights.tolist() == [1, 1, 3]
    assert (joined.labels.tolist(), joined.size, plain.size) == ([0, 0, 1], 5.0, 2)
    assert Split.joined([plain, plain]).weights is None
    with pytest.raises(ValueError, match="read-only"):
        joined.weights[0] = 2


# Weights count


def test_a_client_reports_the_sum_of_its_weights_and_costs_its_rows() -> None:
    _, cohort = gathered([Honest(), InflateSize(factor=10), LabelFlip(), Honest()])
    sizes = np.array([own.weights.sum() for own in cohort.data if own.weights is not None])
    reported = cohort.examples_reported(1)
    assert reported == pytest.approx(sizes * [1, 10, 1, 1], rel=1e-14)
    assert cohort.examples_used(1).tolist() == [len(own) for own in cohort.data]
    assert (np.abs(sizes - cohort.examples) > 0.5).any()


def learned(settings: Federation, cohort: Cohort, rounds: int = 3) -> tuple[Any, Memory]:
    streams, everyone = Streams(3), np.ones(len(cohort.data), dtype=bool)
    memory = settings.initial(cohort, streams)
    for period in range(1, rounds + 1):
        round_, memory = settings.learn(memory, cohort, everyone, period, streams)
    return round_, memory


def test_the_aggregate_and_data_size_weigh_clients_by_their_weights() -> None:
    settings, cohort = gathered(contribution=DataSize())
    round_, _ = learned(settings, cohort)
    parts = np.array([own.size for own in cohort.data]) / cohort.dataset.train.size
    assert round_.parameters == pytest.approx(round_.previous + parts @ round_.updates, rel=1e-12)
    credited, _ = settings.assess({}, round_, cohort, Streams(1))
    assert credited == pytest.approx(parts, rel=1e-12)
    by_rows = cohort.examples / cohort.examples.sum()
    assert np.abs(parts - by_rows).max() > 0.01


def repeated(split: Split, unit: float) -> Split:
    """Each row as many times as its weight is of the unit."""
    assert split.weights is not None
    times = np.rint(split.weights / unit).astype(int)
    assert times.min() > 0 and np.ptp(times) > 0
    return replace(split, weights=None).take(np.repeat(np.arange(len(split)), times))


def with_repeated_rows(cohort: Cohort) -> Cohort:
    dataset = cohort.dataset
    assert dataset.train.weights is not None
    unit = float(dataset.train.weights.min())  # the smallest weight was 1
    parts = [repeated(part, unit) for part in (dataset.train, dataset.validation, dataset.test)]
    return replace(
        cohort,
        dataset=Dataset(*parts, classes=dataset.classes),
        data=tuple(repeated(own, unit) for own in cohort.data),
    )


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("utility", UTILITIES)
def test_a_row_that_stands_for_n_is_worth_n_rows(classes: int, utility: type[Utility]) -> None:
    """In batches of everything, training, measures and contributions are those of repeated rows."""
    settings, cohort = gathered(
        [Honest(), Honest(), LabelFlip(), InflateSize()],
        task={"kind": "survey", "classes": classes},
        learner=MlpClassifier(hidden=(5,), batch_size=10_000, epochs=3, l2=0.0),
        utility=utility(),
    )
    many = with_repeated_rows(cohort)
    assert len(many.dataset.train) > 3 * len(cohort.dataset.train)
    (few_round, _), (many_round, _) = (learned(settings, each) for each in (cohort, many))
    assert few_round.parameters == pytest.approx(many_round.parameters, rel=0, abs=1e-9)
    assert not np.allclose(few_round.parameters, few_round.previous)
    ratio = many_round.examples / few_round.examples
    assert ratio == pytest.approx(ratio[0])
    for quality, expected in zip(
        vars(settings.evaluate(few_round.parameters, cohort)).values(),
        vars(settings.evaluate(few_round.parameters, many)).values(),
        strict=True,
    ):
        assert quality == pytest.approx(expected, rel=0, abs=1e-12)
    credit, expected = (settings.game(few_round, each).all_values() for each in (cohort, many))
    assert credit == pytest.approx(expected, rel=0, abs=1e-12)
    assert cohort.dataset.majority_share == pytest.approx(many.dataset.majority_share, rel=1e-12)


def test_the_majority_is_by_weight() -> None:
    nothing, labels = np.zeros((4, 1)), np.array([2, 0, 2, 1])
    test = Split(nothing, labels, np.array([1.0, 7.0, 2.0, 4.0]))
    assert Dataset(test, test, test, classes=3).majority_share == 0.5


def test_quality_by_weight_is_that_of_scikit_learn() -> None:
    settings, cohort = gathered(task={"kind": "survey", "classes": 3})
    round_, _ = learned(settings, cohort)
    model, test = SGDClassifier(loss="log_loss"), cohort.dataset.test
    model.classes_ = np.arange(3)
    model.coef_, model.intercept_ = round_.parameters[:-3].reshape(3, -1), round_.parameters[-3:]
    quality, by = settings.evaluate(round_.parameters, cohort), {"sample_weight": test.weights}
    predicted, likely = model.predict(test.features), model.predict_proba(test.features)
    assert quality.accuracy == pytest.approx(accuracy_score(test.labels, predicted, **by))
    assert quality.loss == pytest.approx(log_loss(test.labels, likely, **by), rel=1e-12)
    assert quality.accuracy != pytest.approx(accuracy_score(test.labels, predicted), abs=1e-6)


@pytest.mark.parametrize("batch_size", [2, 7, 1000])
def test_a_network_trains_by_weight_as_scikit_learn_does(batch_size: int) -> None:
    """One epoch at a time, each by a call with `sample_weight`."""
    train = Survey(classes=3).load(np.random.default_rng(0)).train
    learner = MlpClassifier(hidden=(6,), batch_size=batch_size, epochs=2)
    first = learner.initial(4, 3, np.random.default_rng(1))
    alive = learner.estimator(first, 1.0, train, 3, 9)
    for _ in range(2):
        alive.partial_fit(train.features, train.labels, sample_weight=train.weights)
    trained, _ = learner.train(first, 1.0, train, 3, 9)
    assert trained.tobytes() == learner.parameters(alive).tobytes()
    without, _ = learner.train(first, 1.0, replace(train, weights=None), 3, 9)
    assert not np.allclose(trained, without, atol=1e-4)


# What prepares the data knows weights


def test_features_are_scaled_by_weight() -> None:
    task, draws = Survey(), np.random.default_rng(7)
    features, labels = task.collect(draws)
    rows = task._parts(labels, np.random.default_rng(7))  # as `load` draws them
    times = task.weights()[rows[0]].astype(int)
    scaler = StandardScaler().fit(np.repeat(features[rows[0]], times, axis=0))
    dataset = task.load(np.random.default_rng(7))
    for part, expected in zip((dataset.train, dataset.validation, dataset.test), rows, strict=True):
        assert part.features == pytest.approx(scaler.transform(features[expected]), abs=1e-12)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent"])
@law(60)
@given(given_=st.data())
def test_what_is_missing_is_filled_in_as_from_repeated_rows(
    strategy: str, given_: st.DataObject
) -> None:
    numbers = st.one_of(st.integers(-3, 3).map(float), st.just(np.nan))
    rows = given_.draw(st.integers(1, 12))
    column = st.lists(numbers, min_size=rows, max_size=rows)
    features = np.array([given_.draw(column), given_.draw(column)]).T
    times = np.array(given_.draw(st.lists(st.integers(1, 4), min_size=rows, max_size=rows)))
    settings: dict[str, Any] = {"strategy": strategy, "keep_empty_features": True}
    expected = SimpleImputer(**settings).fit(np.repeat(features, times, axis=0))
    scale = given_.draw(st.sampled_from([1.0, 0.1, 1 / 3]))  # weights are relative
    imputer = WeightedImputer(**settings).fit(features, sample_weight=scale * times)
    filled = imputer.transform(features)
    assert filled == pytest.approx(expected.transform(features), rel=0, abs=1e-12)
    plain = WeightedImputer(**settings).fit(features).statistics_
    assert plain.tobytes() == SimpleImputer(**settings).fit(features).statistics_.tobytes()


# A table of a user's


def table(rows: int = 120, weights: Sequence[object] | None = None, header: str = "w") -> str:
    draws = np.random.default_rng(4)
    x, noise = draws.normal(size=(2, rows))
    told = draws.integers(1, 9, rows).tolist() if weights is None else weights
    lines = [
        f"{a:.3f},{w},{'AB'[n % 2]},{['no', 'yes'][int(a + b > 0)]}"
        for n, (a, b, w) in enumerate(zip(x, noise, told, strict=True))
    ]
    return f"x,{header},bank,y\n" + "\n".join(lines) + "\n"


def a_table(folder: Path, text: str, name: str = "own.csv", **fields: object) -> Csv:
    (folder / name).write_text(text)
    given_: dict[str, object] = {"file": str(folder / name), "target": "y", "weight": "w"}
    return Csv.model_validate(given_ | fields)


def test_a_column_of_weights_is_no_feature(tmp_path: Path) -> None:
    task = a_table(tmp_path, table())
    features, _ = task.collect(np.random.default_rng())
    assert features.shape == (120, 3)  # x and two banks
    assert task.summary().endswith("numbers x; texts bank (2); weights w (1 to 8)")
    weights = task.weights()
    assert weights is not None
    assert (
        weights.tolist()
        == np.loadtxt(tmp_path / "own.csv", delimiter=",", skiprows=1, usecols=1).tolist()
    )
    dataset = task.load(np.random.default_rng(2))
    _, labels = task.collect(np.random.default_rng())
    rows = task._parts(labels, np.random.default_rng(2))
    assert dataset.test.weights == pytest.approx(weights[rows[2]] / weights[rows[0]].mean())


@pytest.mark.parametrize("missing", ["drop", "impute"])
def test_rows_without_a_weight_are_dropped_and_never_imputed(tmp_path: Path, missing: str) -> None:
    weights: list[object] = [2.0 + n % 3 for n in range(120)]
    weights[4] = ""
    task = a_table(tmp_path, table(weights=weights), missing={"kind": missing})
    if missing == "drop":
        assert "119 rows" in task.summary()
        assert len(task.load(np.random.default_rng(0)).train) < 73
        return
    with pytest.raises(
        ScenarioError,
        match=r"column 'w' has no value in line 6; set `missing`: "
        r"\{kind: drop\}$",
    ):
        task.load(np.random.default_rng(0))


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent"])
def test_features_are_imputed_by_weight(tmp_path: Path, strategy: str) -> None:
    lines = table().splitlines()
    lines[1:5] = ["," + line.split(",", 1)[1] for line in lines[1:5]]
    task = a_table(
        tmp_path,
        "\n".join(lines),
        missing={"kind": "impute", "strategy": strategy},
        features=["x"],
    )
    features, labels = task.collect(np.random.default_rng())
    weights, draws = task.weights(), np.random.default_rng(7)
    assert weights is not None and np.isnan(features).sum() == 4
    rows = task._parts(labels, np.random.default_rng(7))
    many = np.repeat(features[rows[0]], weights[rows[0]].astype(int), axis=0)
    imputer = SimpleImputer(strategy=strategy).fit(many)
    scaler = StandardScaler().fit(imputer.transform(many))
    expected = scaler.transform(imputer.transform(features[rows[0]]))
    assert task.load(draws).train.features == pytest.approx(expected, abs=1e-12)


def weights_with(odd: object) -> list[object]:
    weights: list[object] = [2.0 + n % 3 for n in range(120)]
    weights[4] = odd
    return weights


RANGE = "not a number from 1e-100 to 1e+100"


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (weights_with(0), f"weight 'w' is 0.0 in line 6, {RANGE}; remove rows that do not count"),
        (weights_with(-1.5), f"weight 'w' is -1.5 in line 6, {RANGE}"),
        (weights_with("inf"), f"weight 'w' is inf in line 6, {RANGE}"),
        (weights_with("1e200"), f"weight 'w' is 1e+200 in line 6, {RANGE}"),
        (weights_with("1e-200"), f"weight 'w' is 1e-200 in line 6, {RANGE}"),
        (weights_with(""), "column 'w' has no value in line 6; set `missing`: {kind: drop}"),
        (weights_with("much"), "column 'w' holds numbers, except for 'much' in line 6"),
        (["high", "low"] * 60, f"weight 'w' is 'high' in line 2, {RANGE}"),
        ([True, False] * 60, f"weight 'w' is True in line 2, {RANGE}"),
        ([1, 2, 0, 3] * 30, f"weight 'w' is 0 in line 4, {RANGE}; remove"),
    ],
)
@pytest.mark.parametrize("features", [[], ["x"]])
def test_weights_that_are_none_are_refused_with_their_line(
    tmp_path: Path, weights: list[object], message: str, features: list[str]
) -> None:
    task = a_table(tmp_path, table(weights=weights), features=features)
    for reading in (task.summary, lambda: task.load(np.random.default_rng(0))):
        with pytest.raises(ScenarioError) as caught:
            reading()
        assert message in str(caught.value)
        assert "\n" not in str(caught.value) and "own.csv" in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [{"weight": "y"}, {"client": "bank", "weight": "bank"}, {"features": ["x", "w"]}],
)
def test_a_column_of_weights_is_nothing_else(tmp_path: Path, fields: dict[str, object]) -> None:
    with pytest.raises(ScenarioError, match=r"weight: .*is target, client or a feature"):
        a_table(tmp_path, table(), **fields)


def test_a_column_of_weights_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"no column 'weigth'; did you mean 'weight'\?"):
        a_table(tmp_path, table(header="weight"), weight="weigth").summary()


def test_weights_that_count_the_rows_are_not_left_out(tmp_path: Path) -> None:
    lines = table().splitlines()
    text = "\n".join(["n," + lines[0], *(f"{n},{line}" for n, line in enumerate(lines[1:], 1))])
    task = a_table(tmp_path, text, weight="n")
    assert "weights n (1 to 120)" in task.summary() and "left out" not in task.summary()


# Runs


def scenario(task: Csv, **federation: object) -> Scenario:
    return Scenario.model_validate(
        {
            "periods": 4,
            "federation": {
                "task": task,
                "partition": {"kind": "natural"},
                "learner": {"learning_rate": 0.1},
            }
            | federation,
            "clients": [{"count": 1}, {"count": 1, "behaviour": {"kind": "inflate_size"}}],
            "liquidity_providers": [{"count": 1, "deposit": 300}],
            "investors": [{"count": 5}],
        }
    )


def hashes(folder: Path) -> list[str]:
    tables = read_manifest(folder)["tables"]
    return [described["sha256"] for _, described in sorted(tables.items())]


@pytest.mark.parametrize("learner", ["sgd_classifier", "mlp_classifier"])
@pytest.mark.parametrize("utility", ["neg_log_loss", "accuracy"])
def test_runs_know_only_the_relation_of_weights(tmp_path: Path, learner: str, utility: str) -> None:
    """Equal weights change nothing to the last bit, nor does a factor of all weights."""
    draws = np.random.default_rng(6).integers(1, 9, 120)
    columns = {
        "none": None,
        "ones": np.ones(120),
        "equal": np.full(120, 0.1),
        "some": draws,
        "scaled": draws * 1024,
    }
    ran = {}
    for name, weights in columns.items():
        text = table(weights=(draws if weights is None else weights).tolist())
        task = a_table(
            tmp_path,
            text,
            f"{name}.csv",
            client="bank",
            features=["x"],
            weight="" if weights is None else "w",
        )
        parts = {"learner": {"kind": learner}, "utility": {"kind": utility}}
        ran[name] = hashes(start(scenario(task, **parts), tmp_path / name))
    assert ran["none"] == ran["ones"] == ran["equal"]
    assert ran["some"] == ran["scaled"] != ran["none"]


def test_the_compiled_run_by_weight_is_that_of_scikit_learn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = scenario(a_table(tmp_path, table(), client="bank", features=["x"]))
    compiled = hashes(start(settings, tmp_path / "compiled"))
    monkeypatch.setattr(SgdClassifier, "train_all", Learner.train_all)
    assert hashes(start(settings, tmp_path / "plain")) == compiled


# What cannot honour weights is refused


class OwnLearner(MlpClassifier):
    """As a plugin's, of which nobody knows whether it looks at weights."""

    kind: Literal["own"] = "own"  # type: ignore[assignment]
    takes_weights = False


class OwnUtility(Utility):
    """Of an earlier version: without weights."""

    kind: Literal["own"] = "own"

    def value(self, learner: Learner, scores: Floats, labels: Integers) -> Floats:  # type: ignore[override]
        return NegativeLogLoss().value(learner, scores, labels)


@pytest.mark.parametrize(("part", "component"), [("learner", OwnLearner), ("utility", OwnUtility)])
def test_a_component_that_does_not_take_weights_is_refused(part: str, component: type) -> None:
    own = extended(Federation, [Survey, component])
    with pytest.raises(ScenarioError, match=f"{part} own does not honour the task's weights"):
        own.model_validate({"task": {"kind": "survey"}, part: {"kind": "own"}})
    settings = own.model_validate({"task": Wine(), part: {"kind": "own"}})
    cohort = settings.gather([Honest()] * 2, Streams(1))
    round_, _ = learned(settings, cohort, 1)  # without weights it works as ever
    assert np.isfinite(settings.evaluate(round_.parameters, cohort).utility)


def test_a_network_in_batches_of_one_example_is_refused() -> None:
    with pytest.raises(ScenarioError, match="set batch_size above 1"):
        OpenFederation.model_validate(
            {"task": {"kind": "survey"}, "learner": {"kind": "mlp_classifier", "batch_size": 1}}
        )
    Federation(learner=MlpClassifier(batch_size=1), partition=Iid())


def test_a_scikit_learn_whose_networks_take_no_weights_is_told_to_be_renewed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def partial_fit(self: object, X: object, y: object, classes: object = None) -> None:
        """As in scikit-learn 1.6."""

    monkeypatch.setattr(MLPClassifier, "partial_fit", partial_fit)
    monkeypatch.chdir(tmp_path)
    a_table(tmp_path, table())
    Path("mine.yaml").write_text(
        "federation:\n  task: {kind: csv, file: own.csv, target: y, weight: w}\n"
        "  learner: {kind: mlp_classifier}\n"
    )
    with pytest.raises(SystemExit) as left:
        main(["validate", "mine.yaml"])
    message = capsys.readouterr().err
    assert left.value.code == 2
    assert message.startswith("error: mine.yaml:3:12: federation.learner: scikit-learn ")
    assert "install scikit-learn 1.7 or newer, or choose learner sgd_classifier" in message
    assert message.count("\n") == 1
