"""A test part in a file of its own, beside the table to learn from."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from simulator.errors import ScenarioError
from simulator.federation import Csv

COLOURS = np.array(["red", "blue", "green"])


def people(rows: int, seed: int) -> pd.DataFrame:
    draws = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": draws.integers(20, 80, rows),
            "colour": COLOURS[draws.integers(0, 3, rows)],
            "income": draws.normal(0, 1, rows).round(3),
            "y": np.array(["no", "yes"])[draws.integers(0, 2, rows)],
        }
    )


LEARN, TEST = people(100, 1), people(30, 2)


def with_value(column: str, value: Any, row: int = 5) -> pd.DataFrame:
    frame = TEST.astype({column: object})
    frame.loc[row, column] = value
    return frame


def a_task(
    folder: Path, rows: pd.DataFrame = TEST, learn: pd.DataFrame = LEARN, **fields: Any
) -> Csv:
    learn.to_csv(folder / "learn.csv", index=False)
    rows.to_csv(folder / "test.csv", index=False)
    files = {"file": str(folder / "learn.csv"), "test_file": str(folder / "test.csv")}
    return Csv.model_validate(files | {"target": "y"} | fields)


def plain(frame: pd.DataFrame) -> Any:
    """Features by scikit-learn, unscaled, in the order of the columns of `LEARN`."""
    encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore").fit(LEARN[["colour"]])
    return np.column_stack(
        [frame["age"], encoder.transform(frame[["colour"]]), frame["income"]]
    ).astype(float)


def test_the_rows_of_the_test_file_are_the_test_part_and_no_other(tmp_path: Path) -> None:
    task = a_task(tmp_path)
    dataset = task.load(np.random.default_rng(0))
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (80, 20, 30)
    assert dataset.test.labels.tolist() == (TEST["y"] == "yes").astype(int).tolist()
    shift = np.concatenate([dataset.train.features, dataset.validation.features])
    slopes = plain(LEARN).std(axis=0) / shift.std(axis=0)  # undo the scaling
    means = plain(LEARN).mean(axis=0) - shift.mean(axis=0) * slopes
    assert dataset.test.features * slopes + means == pytest.approx(plain(TEST), abs=1e-9)
    assert np.allclose(dataset.train.features.mean(axis=0), 0, atol=1e-12)
    assert np.allclose(dataset.train.features.std(axis=0), 1)


def test_columns_may_have_another_order_and_dialect(tmp_path: Path) -> None:
    expected = a_task(tmp_path).load(np.random.default_rng(0)).test.features
    turned = TEST[["y", "income", "colour", "age"]].assign(site="A")
    turned.to_csv(tmp_path / "other.csv", sep=";", decimal=",", encoding="utf-16")
    learn = LEARN.assign(site=[*"AB"] * 50)
    learn.to_csv(tmp_path / "sites.csv", index=False)
    task = a_task(tmp_path, client="site", file=str(tmp_path / "sites.csv"))
    task = task.model_validate(
        task.model_dump(mode="json") | {"test_file": str(tmp_path / "other.csv")}
    )
    assert np.array_equal(task.load(np.random.default_rng(0)).test.features, expected)
    TEST.to_parquet(tmp_path / "other.parquet")
    task = Csv.model_validate(
        task.model_dump(mode="json") | {"test_file": str(tmp_path / "other.parquet")}
    )
    assert np.array_equal(task.load(np.random.default_rng(0)).test.features, expected)


def test_chosen_features_are_all_that_the_test_file_needs(tmp_path: Path) -> None:
    test = TEST[["y", "age"]].assign(remark="none")
    dataset = a_task(tmp_path, test, features=["age"]).load(np.random.default_rng(0))
    assert dataset.test.features.shape == (30, 1)


def test_a_test_file_is_not_divided_among_the_clients(tmp_path: Path) -> None:
    learn = LEARN.assign(site=[*"ABCD"] * 25)
    task = a_task(tmp_path, TEST.assign(site="E"), learn, client="site", clients=["A", "C"])
    dataset = task.load(np.random.default_rng(0))
    assert len(dataset.train) + len(dataset.validation) == 50 and len(dataset.test) == 30
    assert dataset.origins is not None and set(dataset.origins) == {0, 1}


# Missing values and texts that are new


def test_what_the_test_part_lacks_is_imputed_from_the_training_part(tmp_path: Path) -> None:
    learn = LEARN.astype({"age": float})
    learn.loc[:9, "age"] = np.nan
    impute = {"kind": "impute", "strategy": "median"}
    task = a_task(tmp_path, with_value("age", ""), learn, missing=impute)
    dataset = task.load(np.random.default_rng(0))
    features, labels = task.collect(np.random.default_rng(0))
    draws = np.random.default_rng(0)
    rows = task._parts(labels, draws)[0]
    imputer = SimpleImputer(strategy="median").fit(features[rows])
    scaler = StandardScaler().fit(imputer.transform(features[rows]))
    expected = (imputer.statistics_[0] - scaler.mean_[0]) / scaler.scale_[0]
    assert dataset.test.features[5, 0] == pytest.approx(expected, rel=1e-12)


def test_a_column_without_any_value_is_imputed(tmp_path: Path) -> None:
    for column in ("colour", "age"):
        task = a_task(tmp_path, TEST.assign(**{column: ""}), missing={"kind": "impute"})
        test = task.load(np.random.default_rng(0)).test.features
        places = [1, 2, 3] if column == "colour" else [0]
        assert test[:, places] == pytest.approx(np.zeros((30, len(places))), abs=1e-12)


def test_rows_that_lack_a_value_are_dropped_and_counted(tmp_path: Path) -> None:
    task = a_task(tmp_path, with_value("age", ""), missing={"kind": "drop"})
    assert len(task.load(np.random.default_rng(0)).test) == 29
    assert "test.csv: 29 rows" in task.summary()
    assert "left out of it: 1 rows that lack a value" in task.summary()


def test_a_new_text_is_zeros_and_said(tmp_path: Path) -> None:
    frame = with_value("colour", "violet")
    task = a_task(tmp_path, frame)
    examples = task.test_examples()
    assert examples is not None
    assert np.array_equal(examples.features, plain(frame))
    assert not examples.features[5, 1:4].any()
    assert "zeros in it for texts that `file` lacks: colour 'violet' in line 7" in task.summary()


def test_true_and_false_are_the_same_with_and_without_gaps(tmp_path: Path) -> None:
    learn = LEARN.assign(member=[True, False] * 50)
    test = TEST.assign(member=["", *[True, False] * 14, True])
    task = a_task(tmp_path, test, learn, missing={"kind": "drop"})
    examples = task.test_examples()
    assert examples is not None and examples.features[:, -1].tolist() == [1, 0] * 14 + [1]
    gaps = LEARN.assign(member=["", *[True, False] * 49, True])
    task = a_task(tmp_path, TEST.assign(member=True), gaps, missing={"kind": "impute"})
    examples = task.test_examples()
    assert examples is not None and examples.features[:, -2:].tolist() == [[0, 1]] * 30


# The line that says what was read


def test_the_summary_says_what_is_tested_on(tmp_path: Path) -> None:
    no = int((TEST["y"] == "no").sum())
    assert (
        a_task(tmp_path)
        .summary()
        .endswith(
            f"; test part {tmp_path / 'test.csv'}: 30 rows, classes no ({no}), yes ({30 - no})"
        )
    )


def test_rows_in_both_files_are_counted(tmp_path: Path) -> None:
    test = pd.concat([TEST, LEARN[["y", "income", "age", "colour"]][:7]])
    assert a_task(tmp_path, test).summary().endswith("; 7 of its rows are in `file` too")
    resaved = LEARN.sample(frac=1, random_state=0)
    assert "; 100 of its rows are in `file` too" in a_task(tmp_path, resaved).summary()


# Refusals


@pytest.mark.parametrize(
    ("test", "fields", "message"),
    [
        (TEST.drop(columns="age"), {}, "no column 'age', which `file` has; the columns are"),
        (TEST.drop(columns="y"), {}, "no column 'y', which `file` has"),
        (
            TEST.rename(columns={"colour": "color"}),
            {},
            "no column 'colour', which `file` has; did you mean 'color'?",
        ),
        (TEST.assign(zip=7), {}, "column 'zip' is not in `file`; remove it, or name what to"),
        (TEST.assign(agee=7), {}, "column 'agee' is not in `file`; did you mean 'age'?"),
        (TEST.assign(agee=7), {"features": ["ages"]}, "no column 'ages'; did you mean 'age'?"),
        (
            with_value("y", "perhaps"),
            {},
            "class 'perhaps' in line 7 is not in `file`, whose classes are no, yes",
        ),
        (TEST.assign(y=1), {}, "class 1 in line 2 is not in `file`, whose classes are no, yes"),
        (
            with_value("age", "old"),
            {},
            "column 'age' holds numbers in `file`, but here 'old' in line 7",
        ),
        (
            TEST.assign(colour=3),
            {},
            "column 'colour' holds numbers, such as 3 in line 2, but `file` has texts there, "
            "such as '",
        ),
        (with_value("age", ""), {}, "column 'age' has no value in line 7; set `missing`: {kind"),
        (
            with_value("y", ""),
            {"missing": {"kind": "impute"}},
            "column 'y' has no value in line 7; set `missing`: {kind: drop}",
        ),
        (with_value("age", 1e160), {}, "column 'age' has infinite values or some beyond 1e+100"),
        (TEST[:0], {}, "has no rows"),
        (TEST.assign(age=""), {"missing": {"kind": "drop"}}, "every row lacks a value"),
    ],
)
def test_a_test_file_that_does_not_fit_is_refused_on_one_line(
    tmp_path: Path, test: pd.DataFrame, fields: dict[str, Any], message: str
) -> None:
    task = a_task(tmp_path, test, **fields)
    for refusing in (task.summary, lambda: task.load(np.random.default_rng(0))):
        with pytest.raises(ScenarioError) as caught:
            refusing()
        assert message in str(caught.value) and "\n" not in str(caught.value)
        is_about_learning = "ages" in message
        name = "learn.csv" if is_about_learning else "test.csv"
        setting = "features" if is_about_learning else "test_file"
        assert str(caught.value).startswith(f"{setting}: task csv: {tmp_path / name}: ")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"test": 0.3}, r"either the rows of test_file or a fraction of file, test=0\.3"),
        ({"test_file": None, "test": 0.0}, "must be greater than 0 where there is no test_file"),
    ],
)
def test_there_is_one_test_part(tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        a_task(tmp_path, **fields)


def test_the_settings_that_were_written_out_are_the_same(tmp_path: Path) -> None:
    task = a_task(tmp_path)
    assert task.test == 0
    assert Csv.model_validate(task.model_dump(mode="json")) == task
    without = a_task(tmp_path, test_file=None)
    assert without.test == 0.2 and Csv.model_validate(without.model_dump(mode="json")) == without


def test_nobody_tests_on_what_was_learned_from(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"test\.csv has the same contents as file"):
        a_task(tmp_path, LEARN)


def weighed(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    return frame.assign(w=np.random.default_rng(seed).integers(1, 5, len(frame)))


def test_rows_of_a_test_file_have_weights_by_the_same_column_and_unit(tmp_path: Path) -> None:
    test, learn = weighed(TEST, 3), weighed(LEARN, 4)
    task = a_task(tmp_path, test, learn, weight="w")
    dataset = task.load(np.random.default_rng(0))
    assert dataset.train.weights is not None and dataset.test.weights is not None
    assert dataset.train.weights.mean() == pytest.approx(1)
    unit = dataset.test.weights / test["w"]
    assert np.allclose(unit, unit.iloc[0])
    train = {*np.round(dataset.train.weights / unit.iloc[0], 9)}
    assert train <= {1, 2, 3, 4}  # divided by the same mean
    assert dataset.train.features.shape[1] == 5  # the weight is no feature


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (TEST, "test_file: .*test.csv: no column 'w', which `file` has"),
        (weighed(TEST, 3).replace({"w": {1: 0}}), r"test_file: .*weight 'w' is 0 in line \d+"),
    ],
)
def test_a_test_file_without_proper_weights_is_refused(
    tmp_path: Path, test: pd.DataFrame, message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        a_task(tmp_path, test, weighed(LEARN, 4), weight="w").summary()
