"""The overview: charts and the sentence about a period, from a run that goes on."""

import json

import numpy as np
import pytest

from simulator.analysis.looks import client_looks
from simulator.dashboard.charts import HEIGHT, lines_of, thinned
from simulator.dashboard.choosing import Choice
from simulator.dashboard.overview import charts, story
from simulator.dashboard.showing import Live
from simulator.scenario import Scenario

TEXT = """\
name: small
periods: 9
federation: {contribution: {kind: leave_one_out}, task: {kind: wine}}
clients: [{count: 2}, {behaviour: {kind: free_rider}}, {joins: 2}]
liquidity_providers: [{count: 1, deposit: 300}]
investors: [{count: 4}]
"""


def play(tmp_path, periods=3, **changes):
    file = tmp_path / "small.yaml"
    file.write_text(TEXT)
    overrides = {name.replace("__", "."): value for name, value in changes.items()}
    choice = Choice.of(lambda changes: Scenario.load(file, changes), overrides)
    show = Live(lambda _: choice, "")
    for _ in range(periods):
        show.step()
    return show


def test_the_sentence_about_a_period(tmp_path):
    show = play(tmp_path)
    row, share = show.economy.history[-1], show.economy.shares
    best = int(share.argmax())
    assert story(show.frames, show.cast) == (
        f"Period 3 of 9: accuracy {row['accuracy']:.3f}, revenue {row['revenue']:.1f}, "
        f"volume {row['volume']:.1f}; client {best} (honest) earned most, "
        f"{100 * share.max():.1f}% of the rewards."
    )
    assert story(show.frames[:1], show.cast).startswith("Genesis: accuracy 0.")


def test_the_sentence_when_nobody_earned(tmp_path):
    show = play(tmp_path, 1)
    frame = show.frames[-1]
    none = frame._replace(clients={**frame.clients, "share": np.zeros(4)})
    assert story([none], show.cast).endswith("; nobody earned rewards.")


def test_charts_hold_the_numbers_of_the_run(tmp_path):
    show = play(tmp_path)
    accuracy, shares, prices, wealth = (each.option for each in charts(show.frames, show.cast))
    history = show.economy.history
    source = accuracy["dataset"]["source"]
    assert source["period"] == [0, 1, 2, 3]
    assert source["accuracy"] == pytest.approx([row["accuracy"] for row in history], rel=1e-4)
    assert source["revenue"] == pytest.approx([row["revenue"] for row in history], rel=1e-4)
    last = 100 * show.economy.shares
    assert shares["dataset"]["source"]["client 0"][-1] == pytest.approx(last[0], rel=1e-4)
    lines = prices["dataset"]["source"]
    assert lines["token 0"][-1] == pytest.approx(show.economy.spot_price[0], rel=1e-4)
    assert lines["token 3"][:2] == [None, None] and lines["token 3"][2] > 0  # launched in 2
    assert lines["token 0, fundamental value"][-1] == pytest.approx(
        show.economy.fundamental_value[0], rel=1e-4
    )
    rows = show.economy.tables["agents"]
    investors = rows["wealth"][np.arange(len(rows["kind"])) >= 6].sum()
    first = show.frames[0].agents["wealth"][6:].sum()
    assert wealth["dataset"]["source"]["fundamentalist"][-1] == pytest.approx(
        100 * investors / first, rel=1e-4
    )


@pytest.mark.parametrize("mechanism", ["client_tokens", "shared_token", "cash"])
def test_every_line_has_data_of_its_own_name_and_is_json(tmp_path, mechanism):
    show = play(tmp_path, tokens__mechanism__kind=mechanism)
    for frames in (show.frames[:1], show.frames):
        for chart in charts(frames, show.cast):
            json.dumps(chart.option, allow_nan=False)
            assert chart.option["animation"] is False
            for series in chart.option["series"]:
                assert series["encode"] == {"x": "period", "y": series["name"]}
                values = chart.option["dataset"]["source"][series["name"]]
                assert len(values) == len(frames)
    assert len(charts(show.frames, show.cast)) == (3 if mechanism == "cash" else 4)


def test_a_client_has_one_colour_in_all_charts_that_of_the_figures(tmp_path):
    show = play(tmp_path)
    _, shares, prices, _ = (each.option["series"] for each in charts(show.frames, show.cast))
    colours = [look.colour for look in client_looks(show.cast.behaviours).values()]
    assert [series["itemStyle"]["color"] for series in shares] == colours
    assert [series["itemStyle"]["color"] for series in prices] == colours * 2  # dashed, then solid


def test_names_at_the_ends_do_not_overlap(tmp_path):
    show = play(tmp_path, 0, clients__0__count=8)
    _, shares, *_ = charts(show.frames, show.cast)
    moves = sorted(series["endLabel"]["offset"][1] for series in shares.option["series"])
    assert min(np.diff(moves)) >= 12
    assert moves[-1] - moves[0] < HEIGHT


@pytest.mark.parametrize("count", [1, 2, 299, 300, 301, 5000])
def test_long_runs_are_thinned_to_300_points_with_both_ends(tmp_path, count):
    (frame,) = play(tmp_path, 0).frames
    frames = [frame._replace(row={**frame.row, "period": number}) for number in range(count)]
    periods = [frame.period for frame in thinned(frames)]
    assert len(periods) == min(count, 300)
    assert (periods[0], periods[-1]) == (0, count - 1)
    assert len(set(periods)) == len(periods)
    assert max(np.diff(periods), default=1) <= -(-count // 299)


def test_a_crowd_is_drawn_as_medians_by_behaviour():
    names = {f"client_{n:02}": "honest" if n < 15 else "label_flip" for n in range(20)}
    values = np.array([np.full(20, np.nan), np.arange(20.0)])
    honest, flippers = lines_of(values, names)
    assert (honest.name, flippers.name) == ("honest", "label flip")
    assert honest.values[1] == 7.0 and flippers.values[1] == 17.0
    assert np.isnan(honest.values[0])
