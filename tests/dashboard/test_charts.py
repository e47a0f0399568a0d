"""Charts and the sentence about a period, from frames made by hand."""

import json

import numpy as np
import pytest

from analysis.looks import client_looks
from simulator.dashboard.charts import HEIGHT, Cast, charts, story, thinned
from simulator.dashboard.watching import Frame, Watched
from simulator.scenario import Scenario

CAST = Cast({"client_0": "honest", "client_1": "free_rider"}, ("token_0", "token_1"))
GENESIS = Frame(
    {"period": 0, "accuracy": 0.1, "revenue": 0.0, "volume": 0.0},
    np.ones(2), np.ones(2), np.zeros(2),
)  # fmt: skip
FIRST = Frame(
    {"period": 1, "accuracy": 0.75, "revenue": 120.04, "volume": 31.26},
    np.array([1.23456789, 0.9]), np.array([2.0, 0.0]), np.array([0.8, 0.2]),
)  # fmt: skip


def at(period: int) -> Frame:
    return FIRST._replace(row=FIRST.row | {"period": period})


def test_the_sentence_about_a_period():
    assert story([GENESIS, FIRST], CAST, 60) == (
        "Period 1 of 60: accuracy 0.750, revenue 120.0, volume 31.3; "
        "client 0 (honest) earned most, 80.0% of the rewards."
    )


def test_the_sentence_when_nobody_earned():
    frame = FIRST._replace(share=np.zeros(2))
    assert story([GENESIS, frame], CAST, 60).endswith("; nobody earned rewards.")


def test_the_sentence_at_genesis():
    assert story([GENESIS], CAST, 60).startswith("Genesis: accuracy 0.100")


def test_charts_hold_the_numbers_of_the_frames():
    accuracy, shares, prices = (chart.option for chart in charts([GENESIS, FIRST], CAST))
    source = accuracy["dataset"]["source"]
    assert source == {"period": [0, 1], "accuracy": [0.1, 0.75], "revenue": [0.0, 120.04]}
    assert shares["dataset"]["source"]["client 0"] == [0.0, 80.0]
    lines = prices["dataset"]["source"]
    assert lines["token 0"] == [1.0, 1.2346]
    assert lines["token 0, fundamental value"] == [1.0, 2.0]
    assert [chart.wide for chart in charts([GENESIS, FIRST], CAST)] == [False, False, True]


def test_every_line_has_data_of_its_own_name():
    for chart in charts([GENESIS, FIRST], CAST):
        json.dumps(chart.option, allow_nan=False)
        assert chart.option["animation"] is False
        for series in chart.option["series"]:
            assert series["encode"] == {"x": "period", "y": series["name"]}
            assert len(chart.option["dataset"]["source"][series["name"]]) == 2


def test_a_client_has_one_colour_in_all_charts_that_of_the_figures():
    _, shares, prices = (chart.option["series"] for chart in charts([GENESIS, FIRST], CAST))
    colours = [look.colour for look in client_looks(CAST.behaviours).values()]
    assert [series["itemStyle"]["color"] for series in shares] == colours
    assert [series["itemStyle"]["color"] for series in prices] == colours * 2  # dashed, then solid
    assert [series["lineStyle"].get("type") for series in prices] == ["dashed"] * 2 + [None] * 2


def test_names_at_the_ends_do_not_overlap():
    equal = Frame(FIRST.row, np.ones(8), np.ones(8), np.full(8, 0.125))
    cast = Cast({f"client_{n}": "honest" for n in range(8)}, tuple(f"token_{n}" for n in range(8)))
    _, shares, _ = charts([equal], cast)
    moves = sorted(series["endLabel"]["offset"][1] for series in shares.option["series"])
    assert min(np.diff(moves)) >= 12
    assert moves[-1] - moves[0] < HEIGHT


def test_scales_end_at_round_numbers_above_the_data():
    accuracy, shares, prices = (chart.option for chart in charts([GENESIS, FIRST], CAST))
    assert [axis["max"] for axis in accuracy["yAxis"]] == [1.0, 250.0]
    assert (shares["yAxis"]["max"], prices["yAxis"]["max"]) == (100.0, 2.5)


@pytest.mark.parametrize("count", [1, 2, 299, 300, 301, 5000])
def test_long_runs_are_thinned_to_300_points_with_both_ends(count):
    periods = [frame.row["period"] for frame in thinned([at(n) for n in range(count)])]
    assert len(periods) == min(count, 300)
    assert (periods[0], periods[-1]) == (0, count - 1)
    assert len(set(periods)) == len(periods)
    assert max(np.diff(periods), default=1) <= -(-count // 299)


def test_a_crowd_is_drawn_as_medians_by_behaviour():
    behaviours = {f"client_{n:02}": "honest" if n < 15 else "label_flip" for n in range(20)}
    cast = Cast(behaviours, tuple(f"token_{n:02}" for n in range(20)))
    frame = Frame(FIRST.row, np.arange(20.0), np.arange(20.0), np.arange(20) / 190)
    _, shares, prices = (chart.option for chart in charts([frame], cast))
    assert prices["dataset"]["source"]["honest"] == [7.0]
    assert prices["dataset"]["source"]["label flip"] == [17.0]
    assert [series["name"] for series in shares["series"]] == ["honest", "label flip"]
    assert "medians by behaviour" in shares["title"]["subtext"]


def test_without_tokens_there_is_no_chart_of_prices():
    frame = FIRST._replace(spot_price=np.zeros(0), fundamental_value=np.zeros(0))
    assert len(charts([frame], Cast(CAST.behaviours, ()))) == 2


def test_a_token_that_belongs_to_no_client_has_a_colour_of_its_own():
    frame = FIRST._replace(spot_price=np.ones(1), fundamental_value=np.ones(1))
    _, _, prices = charts([frame], Cast(CAST.behaviours, ("shared",)))
    assert prices.option["dataset"]["source"]["shared"] == [1.0]


def test_the_cast_of_a_run():
    cast = Cast.of(Watched(lambda _: Scenario(periods=1), ""))
    assert list(cast.behaviours)[:2] == ["client_0", "client_1"]
    assert set(cast.behaviours.values()) == {"honest"}
    assert cast.issuers["token_0"] == "honest"
