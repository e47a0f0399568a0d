"""Reading sweeps, their headline numbers, and statistics over seeds against known answers."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simulator.analysis import (
    Run,
    Sweep,
    by_cell,
    headline,
    interval,
    load_run,
    load_sweep,
    paired_difference,
)
from simulator.running import start
from simulator.scenario import Scenario

BASE = """\
name: tiny
periods: 6
federation: {task: {kind: wine}}
clients: [{count: 2}, {count: 1, behaviour: {kind: free_rider}}]
liquidity_providers: [{count: 1, deposit: 300}]
investors: [{count: 2}, {count: 1, strategy: {kind: noise}}]
"""
CELLS = {
    "format": 1,
    "study": "fees",
    "cells": {
        "plain": {"case": "plain", "settings": {}},
        "dear": {"case": "dear", "settings": {"market.fee": 0.1, "clients": [{"count": 2}]}},
    },
    "runs": [
        {"cell": cell, "seed": seed, "folder": f"{cell}/{seed}"}
        for cell in ("plain", "dear")
        for seed in (1, 2)
    ],
}
SCORES = pd.DataFrame(
    {
        "cell": ["a", "a", "a", "b", "b", "b"],
        "seed": [1, 2, 3, 4, 3, 2],
        "score": [1.0, 2.0, 3.0, 9.0, 2.5, 1.0],
    }
)


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """A sweep folder of heads: three complete runs, and one that never began."""
    (tmp_path / "cells.json").write_text(json.dumps(CELLS))
    for place in ("plain/1", "plain/2", "dear/2"):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        head = {"format": 1, "status": "complete", "seed": int(place[-1])}
        (folder / "manifest.json").write_text(json.dumps(head))
        (folder / "scenario.yaml").write_text("name: toy\n")
    return tmp_path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("one")
    (place / "tiny.yaml").write_text(BASE)
    return load_run(start(Scenario.load(place / "tiny.yaml"), place / "out"))


def test_runs_are_listed_with_settings_seeds_and_status(sweep: Path) -> None:
    swept = load_sweep(sweep)
    assert swept.name == "fees"
    assert list(swept.runs) == ["cell", "case", "market.fee", "clients", "seed", "folder", "status"]
    assert swept.runs["cell"].tolist() == ["plain", "plain", "dear", "dear"]
    assert swept.runs["seed"].tolist() == [1, 2, 1, 2]
    assert swept.runs["status"].tolist() == ["complete", "complete", "missing", "complete"]
    assert swept.runs["market.fee"].isna().tolist() == [True, True, False, False]
    assert swept.runs["clients"].iloc[3] == [{"count": 2}]
    assert swept.runs["folder"].iloc[3] == sweep / "dear" / "2"


def test_runs_are_loaded_by_row_and_one_after_the_other(sweep: Path) -> None:
    swept = load_sweep(sweep)
    for rows in (swept.runs.itertuples(), (row for _, row in swept.runs.iterrows())):
        assert swept.load(list(rows)[1]).folder == sweep / "plain" / "2"
    assert [run.folder for run in swept] == [
        sweep / place for place in ("plain/1", "plain/2", "dear/2")
    ]


def test_a_function_of_runs_makes_a_table(sweep: Path) -> None:
    table = load_sweep(sweep).table(lambda run: {"twice": 2 * run.manifest["seed"]})
    assert list(table) == ["cell", "case", "market.fee", "clients", "seed", "twice"]
    assert table["twice"].tolist() == [2, 4, 4]
    assert table["cell"].tolist() == ["plain", "plain", "dear"]


def test_a_sweep_that_has_just_begun_has_an_empty_table(sweep: Path) -> None:
    for file in sweep.glob("*/*/manifest.json"):
        file.unlink()
    swept: Sweep = load_sweep(sweep)
    assert set(swept.runs["status"]) == {"missing"}
    assert swept.table(lambda run: {"one": 1}).empty


def test_what_is_no_sweep_is_reported(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"not the folder of a sweep: it has no cells\.json"
    ):
        load_sweep(tmp_path)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{", "is damaged"),
        ("[]", "lacks format, study, cells or runs"),
        (json.dumps(CELLS | {"runs": []}), "lists no runs of its cells"),
        (json.dumps(CELLS | {"cells": {}}), "lists no runs of its cells"),
        (json.dumps(CELLS | {"format": 2}), "in format 2; this version reads 1"),
    ],
)
def test_an_unusable_list_of_cells_is_reported(tmp_path: Path, text: str, error: str) -> None:
    (tmp_path / "cells.json").write_text(text)
    with pytest.raises(ValueError, match=error):
        load_sweep(tmp_path)


def test_headline_numbers_are_those_of_the_tables(run: Run) -> None:
    numbers = headline(run)
    last = run.periods.iloc[-1]
    assert (numbers["accuracy"], numbers["loss"]) == (last["accuracy"], last["loss"])
    assert numbers["revenue"] == pytest.approx(run.periods["revenue"].sum())
    assert numbers["volume"] == pytest.approx(run.periods["volume"].sum())
    assert numbers["fees"] == pytest.approx(run.pools["fees"].sum())
    assert numbers["issued"] == pytest.approx(run.periods["issued"].sum())
    rows = run.clients[run.clients["period"] > 4]  # the last quarter of 6 periods, rounded up
    for kind in ("honest", "free_rider"):
        mean = rows.loc[rows["behaviour"] == kind, "share"].mean()
        assert numbers[f"share_{kind}"] == pytest.approx(mean)
    assert 2 * numbers["share_honest"] + numbers["share_free_rider"] == pytest.approx(1)
    assert "pay_honest" not in numbers
    assert 0 <= numbers["pay_free_rider"] < 100
    noise = run.agents[run.agents["strategy"] == "noise"].set_index("period")["wealth"]
    assert numbers["return_noise"] == pytest.approx(100 * (noise[6] / noise[0] - 1))
    assert {"return_fundamentalist", "return_liquidity_providers"} < numbers.keys()


# Student's t at 97.5%: 2 degrees of freedom 4.30265, 3 degrees 3.18245 (tables of Fisher and Yates)
@pytest.mark.parametrize(
    ("values", "mean", "width"),
    [
        ([1, 2, 3], 2, 4.30265 / np.sqrt(3)),
        ([1, 2, np.nan, 3], 2, 4.30265 / np.sqrt(3)),
        ([0, 0, 0, 4], 1, 3.18245),  # standard deviation 2
        ([5, 5], 5, 0),
    ],
)
def test_intervals_of_published_quantiles(values: list[float], mean: float, width: float) -> None:
    results = interval(values)
    assert results["mean"] == mean
    assert results["high"] - mean == pytest.approx(width, abs=1e-4)
    assert mean - results["low"] == pytest.approx(width, abs=1e-4)
    assert results["count"] == np.isfinite(values).sum()


def test_one_value_has_no_interval_and_none_has_no_mean() -> None:
    one, none = interval([4.0]), interval([np.nan])
    assert one["mean"] == 4
    assert (one["count"], none["count"]) == (1, 0)
    assert np.isnan([one["low"], one["high"], none["mean"], none["low"]]).all()


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20), st.floats(0.5, 0.999))
def test_the_interval_is_that_of_scipy(values: list[float], level: float) -> None:
    results = interval(values, level)
    assert results["low"] <= results["mean"] <= results["high"]
    if np.std(values) > 1e-6:
        expected = stats.ttest_1samp(values, 0).confidence_interval(level)
        assert (results["low"], results["high"]) == pytest.approx(
            (expected.low, expected.high), rel=1e-9, abs=1e-9
        )


def test_cells_one_by_one() -> None:
    results = by_cell(SCORES, "score")
    assert results.index.tolist() == ["a", "b"]
    assert results.loc["a"].to_dict() == interval([1, 2, 3]).to_dict()
    assert results.loc["b", "mean"] == pytest.approx(12.5 / 3)


def test_differences_are_taken_between_common_seeds() -> None:
    results = paired_difference(SCORES, "score", "a", "b")  # seeds 2 and 3: 1 and 0.5
    assert (results["mean"], results["count"]) == (0.75, 2)
    expected = stats.ttest_rel([2.0, 3.0], [1.0, 2.5]).confidence_interval(0.95)
    assert (results["low"], results["high"]) == pytest.approx((expected.low, expected.high))
    other = paired_difference(SCORES, "score", "b", "a")
    assert (other["low"], other["high"]) == pytest.approx((-results["high"], -results["low"]))


def test_an_unknown_cell_is_reported() -> None:
    with pytest.raises(ValueError, match="no cell 'c' in the table; it has a, b"):
        paired_difference(SCORES, "score", "a", "c")
