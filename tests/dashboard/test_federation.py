"""The tab Federation: its numbers are those of the tables, live and recorded alike."""

import json

import numpy as np
import pytest

from simulator.analysis.looks import client_looks
from simulator.dashboard.charts import Chart, Table
from simulator.dashboard.federation import MEASURE, drawings
from simulator.dashboard.showing import Replay, Utilities
from simulator.economy import Economy


def drawings_of(show, measure="contribution"):
    return drawings(show, {MEASURE.label: measure})


def options(show, measure="contribution"):
    return [each.option for each in drawings_of(show, measure) if isinstance(each, Chart)]


def last(run):
    return run.clients[run.clients["period"] == run.clients["period"].max()]


def plain(drawing):
    return drawing.option if isinstance(drawing, Chart) else [drawing.title, drawing.rows]


@pytest.mark.parametrize("measure", MEASURE.words)
def test_every_sort_of_run_gives_plain_json_the_same_live_and_recorded(each_sort, measure):
    live, recorded = drawings_of(each_sort.live, measure), drawings_of(each_sort.replay, measure)
    texts = [[json.dumps(plain(each), allow_nan=False) for each in tab] for tab in (live, recorded)]
    assert len(texts[0]) == 5
    for place in (0, 1, 2, 4):  # coalitions are known of live runs alone
        assert texts[0][place] == texts[1][place]


def test_a_bar_for_the_contribution_of_each_client_with_its_sign_and_its_colour(shows_of):
    show, _, run = shows_of("plain")
    honest, flipped = options(show)[0]["series"]
    table = last(run)["contribution"].to_numpy()
    assert [bar["value"] for bar in honest["data"][:4]] == pytest.approx(table[:4], rel=1e-4)
    assert flipped["data"][4]["value"] == pytest.approx(table[4], rel=1e-4)
    assert table[4] < 0 < table[0]
    assert (honest["data"][4], flipped["data"][:4]) == ("-", ["-"] * 4)
    looks = client_looks(dict(zip("abcde", ["honest"] * 4 + ["label_flip"], strict=True)))
    bars = [*honest["data"][:4], flipped["data"][4]]
    assert [bar["itemStyle"]["color"] for bar in bars] == [look.colour for look in looks.values()]
    assert [honest["name"], flipped["name"]] == ["honest", "label flip"]


def test_scales_hold_the_bars_between_round_numbers(shows_of):
    option = options(shows_of("plain").live)[0]
    values = [bar["value"] for series in option["series"] for bar in series["data"] if bar != "-"]
    axis = option["yAxis"]
    assert axis["min"] <= min(values) < 0 < max(values) <= axis["max"]
    assert axis["min"] > min(values) - axis["interval"]
    assert axis["max"] < max(values) + axis["interval"]


def test_contributions_over_periods_are_percent_of_their_absolute_sum(shows_of):
    show, _, run = shows_of("plain")
    source = options(show)[1]["dataset"]["source"]
    wide = run.clients.astype({"client": str}).pivot(
        index="period", columns="client", values="contribution"
    )
    for period in (1, 5):
        fraction = 100 * wide.loc[period, "client_4"] / wide.loc[period].abs().sum()
        assert source["client 4, label flip"][period] == pytest.approx(fraction, rel=1e-4)
    assert source["client 0"][0] == 0.0


@pytest.mark.parametrize(("measure", "factor"), [("credit", 1), ("share", 100), ("examples", 1)])
def test_other_measures_over_periods(shows_of, measure, factor):
    show, _, run = shows_of("plain")
    source = options(show, measure)[1]["dataset"]["source"]
    of_client = run.clients[run.clients["client"] == "client_2"][measure]
    assert source["client 2"] == pytest.approx(factor * of_client.to_numpy(), rel=1e-4)


def test_lines_of_late_clients_begin_when_they_join(shows_of):
    source = options(shows_of("late").live, "examples")[1]["dataset"]["source"]
    assert [value is None for value in source["client 3"]] == [True] * 3 + [False] * 3
    assert source["client 4"] == [None] * 6
    ends = ["endLabel" in series for series in options(shows_of("late").live)[1]["series"]]
    assert ends == [True] * 4 + [False]  # ECharts cannot put a name at an end that is nowhere


def test_the_map_of_participation_has_a_cell_for_each_client_that_has_joined(shows_of):
    show, _, run = shows_of("cash")
    cells = options(show)[2]["series"][0]["data"]
    rows = run.clients[run.clients["period"] > 0]
    assert len(cells) == len(rows) == 150
    cell = {(column + 1, client): fraction for column, client, fraction in cells}
    numbers = rows["client"].astype(str).str.removeprefix("client_").astype(int)
    for period, client, fraction in zip(rows["period"], numbers, rows["participated"], strict=True):
        assert cell[period, client] == fraction
    assert 0 < rows["participated"].mean() < 1
    late = options(shows_of("late").live)[2]["series"][0]["data"]
    assert sorted(column + 1 for column, client, _ in late if client == 3) == [3, 4, 5]
    assert not any(client == 4 for _, client, _ in late)


def test_of_many_clients_the_part_that_took_part_is_drawn(shows_of):
    show, _, run = shows_of("300 clients")
    source = options(show)[2]["dataset"]["source"]
    rows = run.clients.astype({"client": str})
    rows = rows[rows["period"] == 2]
    first = rows["client"] < "client_280"
    assert source["period"] == [1, 2]
    assert source["honest"][1] == pytest.approx(100 * rows[first]["participated"].mean(), rel=1e-4)
    assert source["free rider"][0] is None  # they had not joined
    assert source["all"][1] == pytest.approx(50.0)


def test_utilities_of_coalitions_are_those_of_the_round(shows_of):
    show = shows_of("plain").live
    utilities, economy = show.utilities(), Economy(show.settings)
    for _ in range(5):
        economy.step()
    game = economy.settings.federation.game(economy.round, economy.cohort)
    everybody = np.ones(5, dtype=bool)
    for client in range(5):
        without = everybody & (np.arange(5) != client)
        assert utilities.alone[client] == pytest.approx(game.values(~without[None])[0])
        assert utilities.without[client] == pytest.approx(game.values(without[None])[0])
    assert (utilities.empty, utilities.grand) == pytest.approx((game.empty, game.grand))
    leave_one_out = utilities.grand - utilities.without
    np.testing.assert_allclose(leave_one_out, economy.contributions, atol=1e-12)


def test_dots_of_coalitions(shows_of):
    show = shows_of("two clients").live
    option, utilities = options(show)[3], show.utilities()
    alone, without = option["series"]
    assert [dot["value"][1] for dot in alone["data"]] == pytest.approx(utilities.alone, rel=1e-4)
    assert [dot["value"][1] for dot in without["data"]] == pytest.approx(
        utilities.without, rel=1e-4
    )
    lines = [line["yAxis"] for line in alone["markLine"]["data"]]
    assert lines == [utilities.empty, utilities.grand]


def test_a_client_far_off_the_scale_is_an_arrow_that_is_told(shows_of, monkeypatch):
    show, clients = shows_of("plain").live, np.arange(5)
    alone = np.array([0.5, 0.6, 0.55, 0.65, -40.0])
    worth = Utilities(clients, 0.1, 0.8, alone, np.full(5, 0.7))
    monkeypatch.setattr(show, "utilities", lambda: worth)
    option = options(show)[3]
    dot = option["series"][0]["data"][4]
    assert option["yAxis"]["min"] >= 0.0
    assert dot["value"] == [4, option["yAxis"]["min"]]
    assert (dot["symbol"], dot["label"]["formatter"]) == ("triangle", "-40")
    assert dot["name"] == "client 4, alone: -40"


def test_of_many_clients_coalitions_of_those_with_most_examples(shows_of):
    show, _, run = shows_of("300 clients")
    utilities, rows = show.utilities(), last(run)
    participants = rows[rows["participated"] == 1]["examples"].reset_index(drop=True)
    assert len(utilities.clients) == 20
    assert rows["participated"].to_numpy()[utilities.clients].all()
    examples = rows["examples"].to_numpy()[utilities.clients]
    assert examples.sum() == participants.nlargest(20).sum()


def test_utilities_are_not_known_of_genesis_of_recorded_and_of_earlier_periods(shows_of):
    assert "no round yet" in options(shows_of("genesis").live)[3]["title"]["subtext"]
    assert "Nobody took part" in options(shows_of("penniless").live)[3]["title"]["subtext"]
    assert "not recorded" in options(shows_of("plain").replay)[3]["title"]["subtext"]
    live = shows_of("plain").live
    try:
        live.go_to(2)
        assert live.utilities() is None
    finally:
        live.go_to(5)
    assert live.utilities() is not None


def test_the_round_is_left_behind_where_a_state_is_restored(shows_of):
    settings = shows_of("plain").live.settings
    economy, other = Economy(settings), Economy(settings)
    assert economy.round is None
    economy.step()
    assert economy.round.participated.sum() == 5
    other.step()
    other.restore(economy.save())
    assert other.round is None


def test_all_numbers_of_clients_stand_in_the_table(shows_of):
    show, _, run = shows_of("plain")
    table = drawings_of(show)[4]
    assert isinstance(table, Table)
    row = dict(zip(table.columns, table.rows[4], strict=True))
    of_client = last(run).iloc[4]
    assert (row["client"], row["behaviour"], row["took part"]) == (4, "label flip", "yes")
    assert row["share %"] == pytest.approx(100 * of_client["share"], rel=1e-4)
    for name in ("examples", "contribution", "credit", "issued", "direct", "numeraire", "wealth"):
        assert row[name] == pytest.approx(of_client[name], rel=1e-4, abs=1e-6), name
    assert row["own tokens"] == pytest.approx(of_client["tokens"], rel=1e-4)


def test_columns_of_the_map_stand_for_several_periods_when_there_are_many(shows_of):
    replay = shows_of("plain").replay
    long = Replay.__new__(Replay)
    long.settings, long.cast = replay.settings, replay.cast
    first, second = replay.all_frames[0], replay.all_frames[1]
    absent = second.clients | {"participated": np.zeros(5)}
    long.all_frames = [first] + [
        second._replace(
            row=second.row | {"period": period}, clients=absent if period % 2 else second.clients
        )
        for period in range(1, 301)
    ]
    long.now = 300
    option = options(long)[2]
    assert option["xAxis"]["data"] == list(range(1, 301, 2))
    cells = option["series"][0]["data"]
    assert len(cells) == 5 * 150
    assert {fraction for _, _, fraction in cells} == {0.5}
