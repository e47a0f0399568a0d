"""Clients that a table defines: which rows are theirs, their order and their names."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.errors import ScenarioError
from simulator.federation import Csv, Dataset, Federation, Honest, Natural, Sybil
from simulator.federation.tasks.clients import in_natural_order, names_of_clients
from simulator.randomness import Streams


def table(sites: list[str], rows: int = 20, column: str = "site") -> str:
    """A table with so many rows of each site; feature `x` is the number of the row's site."""
    lines = [
        f"{number},{n},{'ab'[n % 2]},{site}\n"
        for n in range(rows)
        for number, site in enumerate(sites)
    ]
    return f"x,n,y,{column}\n" + "".join(lines)


def a_task(folder: Path, text: str, **fields: Any) -> Csv:
    (folder / "own.csv").write_text(text, encoding="utf-8")
    given = {"file": str(folder / "own.csv"), "target": "y", "client": "site"}
    return Csv.model_validate(given | fields)


def names(task: Csv) -> list[str]:
    return [each.name for each in task.clients_in_data()]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["hosp10", "hosp2", "hosp1"], ["hosp1", "hosp2", "hosp10"]),
        (["10", "9", "-1", "2.5"], ["-1", "2.5", "9", "10"]),
        (["b", "A", "a", "B"], ["A", "a", "B", "b"]),
        (["Z", "Évreux", "F"], ["Évreux", "F", "Z"]),
        (["10", "9a", "9"], ["9", "9a", "10"]),
        (["nan", "2", "inf"], ["2", "inf", "nan"]),
        (["a1", "a01"], ["a01", "a1"]),
        (["ward 12, floor 2", "ward 3, floor 10", "ward 3, floor 9"],
         ["ward 3, floor 9", "ward 3, floor 10", "ward 12, floor 2"]),
        ([], []),
    ],
)  # fmt: skip
def test_numbers_inside_texts_are_in_order_of_size(texts: list[str], expected: list[str]) -> None:
    assert in_natural_order(texts * 2) == in_natural_order(texts[::-1]) == expected


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("site", ["Rome", "hosp_2", "São Paulo"], ["Rome", "hosp_2", "São Paulo"]),
        ("site", ["1", "2"], ["site_1", "site_2"]),
        ("site", ["A", "10"], ["site_A", "site_10"]),
        ("member", ["False", "True"], ["member_False", "member_True"]),
        ("site", ["aggregator", "A"], ["site_aggregator", "site_A"]),
        ("site", ["lp_0", "Investor_1"], ["site_lp_0", "site_Investor_1"]),
        ("day of\nentry", ["2024-01-01"], ["day_of_entry_2024-01-01"]),
        ("site", ["  Saint   Mary\n"], ["Saint Mary"]),
        ("client", ["0", "1"], ["client_0", "client_1"]),
        ("site", ["e\u0301"], ["é"]),
    ],
)
def test_a_name_says_something_alone_and_is_nobody_elses(
    column: str, values: list[str], expected: list[str]
) -> None:
    assert names_of_clients(column, values) == expected


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("site", ["A", " A"], "holds 'A' and ' A', which look alike"),
        ("site", ["A b", "A_b"], "'A b' and 'A_b'"),
        ("site", ["é", "e\u0301"], "which look alike"),
        ("site", ["A", "  "], "a text of spaces only"),
        ("investor", ["1", "2"], "name 'investor_1' of another agent; rename the column"),
    ],
)
def test_names_that_mislead_are_refused(column: str, values: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        names_of_clients(column, values)


@pytest.mark.parametrize(
    ("sites", "expected"),
    [
        (["hosp10", "hosp2"], ["hosp2", "hosp10"]),
        (["20", "3", "10"], ["site_3", "site_10", "site_20"]),
        (["True", "False"], ["site_False", "site_True"]),
        (["1.5", "-2"], ["site_-2", "site_1.5"]),
        (['"Rom, Süd"', "Évora"], ["Évora", "Rom, Süd"]),
        (["x" * 300, "x" * 301], ["x" * 300, "x" * 301]),
        (["client_1", "client_0"], ["client_0", "client_1"]),
    ],
)
def test_every_row_belongs_to_the_client_of_its_value(
    tmp_path: Path, sites: list[str], expected: list[str]
) -> None:
    task = a_task(tmp_path, table(sites))
    assert names(task) == expected
    assert [each.rows for each in task.clients_in_data()] == [20] * len(sites)
    features, _ = task.collect(np.random.default_rng(0))
    origins = task.origins()
    assert origins is not None
    texts = [sites[int(x)].strip('"') for x in features[:, 0]]
    named = {each.value: each.name for each in task.clients_in_data()}
    assert [expected[n] for n in origins] == [named[text] for text in texts]


def test_whole_numbers_stay_whole_where_a_value_was_missing(tmp_path: Path) -> None:
    text = table(["10", "20"]) + "0,1,a,\n"
    task = a_task(tmp_path, text, missing={"kind": "drop"})
    assert names(task) == ["site_10", "site_20"]
    for missing in ("refuse", "impute"):
        with pytest.raises(ScenarioError, match=r"column 'site' has no value in line 42; .*totals"):
            names(a_task(tmp_path, text, missing={"kind": missing}))


def test_categories_of_parquet_are_names(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": range(60), "y": [*"ab"] * 30, "site": [*"CAB"] * 20})
    frame.astype({"site": "category"}).to_parquet(tmp_path / "own.parquet")
    given = {"file": str(tmp_path / "own.parquet"), "target": "y", "client": "site"}
    task = Csv.model_validate(given)
    assert names(task) == ["A", "B", "C"]
    assert task.origins().tolist() == [2, 0, 1] * 20  # type: ignore[union-attr]


# Some clients alone


def test_chosen_clients_have_the_numbers_of_their_list(tmp_path: Path) -> None:
    task = a_task(tmp_path, table(["A", "B", "C"]), clients=["C", "A"], features=["x"])
    assert names(task) == ["C", "A"]
    features, labels = task.collect(np.random.default_rng(0))
    assert set(features[:, 0]) == {0.0, 2.0} and len(labels) == 40
    assert np.array_equal(task.origins(), features[:, 0] == 0)  # type: ignore[arg-type]


def test_rows_of_others_are_in_no_part_and_change_nothing(tmp_path: Path) -> None:
    alone = a_task(tmp_path, table(["A", "B"])).load(np.random.default_rng(0))
    text = table(["A", "B"]) + "9,1e90,a,C\n,,,D\nfar,,b,E\n"
    chosen = a_task(tmp_path, text, clients=["A", "B"])
    found = chosen.load(np.random.default_rng(0))
    for one, other in zip(_parts(alone), _parts(found), strict=True):
        assert np.array_equal(one, other)
    assert "left out: 3 rows of other clients" in chosen.summary()
    with pytest.raises(ScenarioError, match="has no value in line 43"):
        a_task(tmp_path, text).load(np.random.default_rng(0))


def _parts(dataset: Dataset) -> list[Any]:
    splits = dataset.train, dataset.validation, dataset.test
    return [array for split in splits for array in (split.features, split.labels)]


def test_rows_of_nobody_are_not_those_of_others(tmp_path: Path) -> None:
    text = table(["A", "B"]) + "1,1,a,\n"
    with pytest.raises(ScenarioError, match="column 'site' has no value in line 42"):
        a_task(tmp_path, text, clients=["A"]).summary()
    dropping = a_task(tmp_path, text, clients=["A"], missing={"kind": "drop"}).summary()
    assert "left out: 20 rows of other clients; left out: 1 rows that lack a value" in dropping


@pytest.mark.parametrize(
    ("sites", "clients"),
    [
        (["10", "20", "3"], [20, "3"]),
        (["1.5", "20", "-3"], [1.5, -3.0]),
        (["True", "False"], [True]),
    ],
)
def test_numbers_may_be_chosen_as_numbers(
    tmp_path: Path, sites: list[str], clients: list[Any]
) -> None:
    task = a_task(tmp_path, table(sites), clients=clients)
    assert names(task) == [f"site_{int(n) if n == -3.0 else n}" for n in clients]
    assert Csv.model_validate(task.model_dump(mode="json")) == task


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"clients": ["A"], "client": ""}, "needs `client`, the column"),
        ({"clients": ["A", "B", "A"]}, "client 'A' is named twice"),
        ({"clients": [["A"]]}, "expected text"),
    ],
)
def test_choices_that_cannot_be_are_refused(
    tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        a_task(tmp_path, table(["A"]), **fields)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ("Rom", "column 'site' has no value 'Rom'; did you mean 'Rome'?"),
        ("7", "column 'site' has no value '7'; the values are Oslo, Paris, Rome"),
    ],
)
def test_an_unknown_client_is_named_beside_the_known(
    tmp_path: Path, chosen: str, message: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        a_task(tmp_path, table(["Rome", "Paris", "Oslo"]), clients=[chosen]).summary()
    assert message in str(caught.value) and "\n" not in str(caught.value)


# The natural partition


def test_messages_about_clients_have_their_names(tmp_path: Path) -> None:
    text = table(["Rome", "Oslo"]) + table(["Bonn"], rows=12).partition("\n")[2]
    task = a_task(tmp_path, text)
    with pytest.raises(ScenarioError, match=r"Bonn has \d; min_examples is 10: lower it") as caught:
        Federation(task=task, partition=Natural()).gather([Honest()] * 3, Streams(1))
    assert "Rome" not in str(caught.value)
    with pytest.raises(ScenarioError, match="20 sybil clients of Oslo have only"):
        natural = Federation(task=task, partition=Natural(min_examples=1))
        natural.gather([Honest()] + [Sybil()] * 20 + [Honest()], Streams(1), [0] + [1] * 20 + [21])


def test_a_chosen_client_that_looks_like_another_is_refused(tmp_path: Path) -> None:
    """Rows of the other would be left out in silence."""
    rows = pd.DataFrame(
        {"site": ["A"] * 30 + ["A "] + ["B"] * 31, "x": range(62), "y": [0, 1] * 31}
    )
    rows.to_csv(tmp_path / "own.csv", index=False)
    given = {"kind": "csv", "file": str(tmp_path / "own.csv"), "target": "y", "client": "site"}
    task = Csv.model_validate(given | {"clients": ["A", "B"], "features": ["x"]})
    with pytest.raises(ScenarioError, match="holds 'A' and 'A ', which look alike"):
        task.summary()


def test_a_client_that_nobody_has_is_blamed_on_the_choice(tmp_path: Path) -> None:
    rows = pd.DataFrame({"site": ["A", "B"] * 30, "x": range(60), "y": [0, 1] * 30})
    rows.to_csv(tmp_path / "own.csv", index=False)
    given = {"kind": "csv", "file": str(tmp_path / "own.csv"), "target": "y", "client": "site"}
    with pytest.raises(ScenarioError, match=r"^clients: .* has no value 'C'"):
        Csv.model_validate(given | {"clients": ["A", "C"]}).summary()
