"""The tab Market: its numbers are those of the tables, for every sort of pool."""

import json
import time

import numpy as np
import pytest

from simulator.dashboard.charts import Chart, Table
from simulator.dashboard.market import drawings, pickers

ALL = "of all tokens"
FILLS, POSITIONS = 4, 5


def picks(show, token=0, rows="of this token"):
    tokens = pickers(show.cast)
    return {"Token": tokens[0].words[token], "Fills and positions": rows} if tokens else {}


def texts(charts_and_tables):
    """The drawings as JSON; NaN is refused."""
    return [
        json.dumps(
            each.option
            if isinstance(each, Chart)
            else [each.title, each.columns, each.rows, each.subtitle],
            allow_nan=False,
        )
        for each in charts_and_tables
    ]


def test_a_replay_is_drawn_as_the_run_was_and_all_of_it_is_json(variant):
    for period in range(5):
        live, replay = variant.at(period)
        for token in range(max(len(live.cast.tokens), 1)):
            for rows in ("of this token", ALL):
                live_texts = texts(drawings(live, picks(live, token, rows)))
                replay_texts = texts(drawings(replay, picks(replay, token, rows)))
                if period < 4 and live.cast.tokens:  # a run that goes on forgets its old fills
                    assert "keeps its fills" in live_texts.pop(FILLS)
                    assert "keeps its fills" not in replay_texts.pop(FILLS)
                assert live_texts == replay_texts


def test_depth_is_what_the_pools_would_pay(variant):
    """Independent swaps in the pools as they are at the end."""
    live, _ = variant.at(4)
    for token in range(len(live.cast.tokens)):
        pool, depth = live.economy.pools[token], drawings(live, picks(live, token))[1]
        assert isinstance(depth, Chart)
        source = depth.option["dataset"]["source"]
        price, spot = source["price"], source["spot price afterwards"]
        middle = source["into the pool"].index(None)
        for place in (middle + 1, middle + 20, len(price) - 1):
            paid = source["into the pool"][place]
            if price[place] is not None:
                assert paid / pool.quote_in("numeraire", paid) == pytest.approx(
                    price[place], rel=1e-4
                )
        for place in (0, middle - 20):
            if price[place] is not None:
                got = -source["into the pool"][place]
                assert pool.quote_in("token", got / price[place]) == pytest.approx(got, rel=1e-3)
        now = float(live.economy.spot_price[token])
        assert spot[middle - 1] == pytest.approx(now, rel=1e-4)
        assert spot[middle + 1] == pytest.approx(now, rel=1e-4)
        fee = live.economy.pools.fees[token]
        assert price[middle + 1] == pytest.approx(now / (1 - fee), rel=1e-4)
        assert price[middle - 1] == pytest.approx(now * (1 - fee), rel=1e-4)
        assert f"its fee of {100 * fee:.3g}% included" in depth.option["title"]["subtext"]


def test_there_are_swaps_on_both_sides_in_pools_that_are_full(variant):
    live, _ = variant.at(4)
    if live.cast.tokens:
        source = drawings(live, picks(live))[1].option["dataset"]["source"]
        assert sum(value is not None for value in source["price"]) > 80


def test_prices_volume_fees_and_reserves_are_those_of_the_table(play):
    show = play({})
    price, _, volume, reserves, *_ = (
        each.option["dataset"]["source"] for each in drawings(show, picks(show))[:4]
    )
    table = show.economy.tables["pools"]
    rows = {name: table[name][0] for name in table if name != "period"}
    assert price["spot price"][-1] == pytest.approx(rows["spot_price"], rel=1e-4)
    assert price["fundamental value"][-1] == pytest.approx(rows["fundamental_value"], rel=1e-4)
    assert volume["volume"][-1] == pytest.approx(rows["volume"], rel=1e-4)
    assert volume["fees"][-1] == pytest.approx(rows["fees"], rel=1e-4)
    assert reserves["numeraire"][-1] == pytest.approx(rows["reserve_numeraire"], rel=1e-4)
    assert reserves["tokens"][-1] == pytest.approx(rows["reserve_token"], rel=1e-4)
    assert price["period"] == [0, 1, 2, 3, 4]


def test_a_token_that_is_not_launched_has_no_price_yet(play):
    show = play({}, 1)
    price, depth, *_ = drawings(show, picks(show, 3))
    assert price.option["dataset"]["source"]["spot price"] == [None, None]
    assert isinstance(depth, Table) and depth.subtitle == "The token is not launched yet."
    show.step()
    assert isinstance(drawings(show, picks(show, 3))[1], Chart)


def test_fills_are_those_of_the_table_the_last_first(play):
    show = play({})
    fills, rows = show.economy.tables["fills"], drawings(show, picks(show, 0, ALL))[FILLS].rows
    assert len(rows) == len(fills["amount_in"])
    filled = [row for row in rows if row[-1] == "filled"]
    last, place = filled[0], np.flatnonzero(fills["status"] == 0)[-1]
    assert rows[0][0] == fills["sequence"][-1] == max(fills["sequence"])
    assert last[1] == show.cast.names["agent"][fills["agent"][place]].replace("_", " ")
    assert last[4] == ("buy", "sell")[fills["side"][place]]
    amounts = [fills[name][place] for name in ("amount_in", "amount_out", "price")]
    assert list(last[5:8]) == amounts
    paid, got = amounts[:2]
    assert last[7] == pytest.approx(paid / got if last[4] == "buy" else got / paid)
    assert last[8] == 100 * fills["slippage"][place]
    assert all(row[7:9] == (None, None) for row in rows if row[-1] != "filled")
    of_one = drawings(show, picks(show, 1))[FILLS].rows
    assert [row for row in rows if row[3] == "token 1"] == of_one


def test_no_more_than_200_fills_are_listed(play):
    show = play({"market.passes": 40}, 1)
    table = drawings(show, picks(show, 0, ALL))[FILLS]
    assert len(table.rows) == 200
    count = len(show.economy.tables["fills"]["amount_in"])
    assert table.subtitle.startswith(f"200 of {count} in period 1")


def test_sums_of_fills_say_how_many_orders_they_stand_for(play):
    show = play({"record.fills": "summary"})
    table = drawings(show, picks(show, 0, ALL))[FILLS]
    assert table.columns[-1] == "orders"
    assert sum(row[-1] for row in table.rows) == show.economy.tables["fills"]["orders"].sum()


def test_positions_by_hand(play):
    show = play({})
    rows = show.economy.tables["positions"]
    table = drawings(show, picks(show, 1))[POSITIONS].rows
    place = np.flatnonzero(rows["token"] == 1)[0]
    value, held = rows["value"][place], rows["holding_value"][place]
    assert [row[0] for row in table] == ["lp 0", "lp 1"]
    assert table[0][2] == pytest.approx(50.0)
    assert table[0][3:5] == (value, held)
    assert table[0][5] == pytest.approx(100 * (value / held - 1))
    for column, name in ((6, "fees"), (7, "lvr")):
        earned = 0.0
        for frame in show.frames:
            positions = frame.positions
            mask = (positions["agent"] == rows["agent"][place]) & (positions["token"] == 1)
            earned += positions[name][mask].sum()
        assert table[0][column] == pytest.approx(earned)


def test_without_tokens_there_is_a_sentence(play):
    show = play({"tokens.mechanism.kind": "cash"}, 1)
    (only,) = drawings(show, {})
    assert only.columns == () and only.subtitle.startswith("Clients are paid in cash")
    assert pickers(show.cast) == ()


def test_it_is_drawn_quickly(play):
    show = play({"periods": 500}, 1)
    first = show.frames[-1]
    show.all_frames += [first._replace(row={**first.row, "period": 2 + n}) for n in range(498)]
    show.go_to(499)
    took = []
    for _ in range(5):
        start = time.thread_time()
        drawings(show, picks(show))
        took.append(time.thread_time() - start)
    assert min(took) < 0.03
