"""The tab Ledger: balances that sum to zero, and flows that explain them."""

import json
from collections import Counter

import numpy as np
import pytest

from simulator.dashboard.books import drawings, pickers

NOW, SO_FAR = {"Flows": "of this period"}, {"Flows": "so far"}


def texts(tables):
    return [json.dumps([t.title, t.columns, t.rows, t.subtitle], allow_nan=False) for t in tables]


def test_a_replay_is_drawn_as_the_run_was_and_all_of_it_is_json(variant):
    for period in range(5):
        live, replay = variant.at(period)
        assets = dict.fromkeys(pickers(live.cast)[-1].words)
        for picks in (NOW, SO_FAR, *({"Assets of flows": word} for word in assets)):
            assert texts(drawings(live, picks)) == texts(drawings(replay, picks))


def test_every_asset_sums_to_zero_and_flows_explain_what_is_held(variant):
    live, _ = variant.at(4)
    _, kinds, flows = drawings(live, SO_FAR)
    balances = Counter()
    for _, asset, payer, payee, amount in flows.rows:
        balances[payer, asset] -= amount
        balances[payee, asset] += amount
    assert kinds.columns[-1] == "sum" and len(kinds.rows) == 1 + len(live.cast.tokens)
    for asset, *held, total in kinds.rows:
        assert total == 0.0
        for kind, amount in zip(kinds.columns[1:-1], held, strict=True):
            assert amount == pytest.approx(balances[kind, asset], rel=1e-9, abs=1e-6)


def test_balances_of_kinds_are_those_of_the_ledger(variant):
    live, _ = variant.at(4)
    ledger, kinds = live.economy.ledger, drawings(live, NOW)[1]
    balances = np.zeros((len(live.cast.kinds), len(live.cast.assets)))
    np.add.at(balances, ledger.kind_of, ledger.balances)
    for asset, (_, *amounts, _) in enumerate(kinds.rows):
        np.testing.assert_allclose(amounts, balances[:, asset], rtol=1e-9, atol=1e-6)


def test_wealth_is_the_sum_of_its_parts_and_that_of_the_table(variant):
    live, _ = variant.at(4)
    rows, table = live.economy.tables["agents"], drawings(live, NOW)[0]
    assert [row[-1] for row in table.rows] == rows["wealth"].tolist()
    for *_, numeraire, tokens, positions, wealth in table.rows:
        assert numeraire + tokens + positions == pytest.approx(wealth)
    first = table.rows[0]
    assert first[:4] == ("aggregator", "aggregator", "buyback", 1)
    if live.settings.record.agents == "summary":
        assert table.rows[-1][0] == "investors noise" and table.rows[-1][3] == 3


def test_flows_of_a_period_are_the_table(play):
    show = play({})
    table, rows = drawings(show, NOW)[2], show.economy.tables["flows"]
    assert len(table.rows) == len(rows["amount"])
    assert [row[-1] for row in table.rows] == rows["amount"].tolist()
    assert [row[0] for row in table.rows] == [name.replace("_", " ") for name in rows["flow"]]
    assert table.title == "Flows, period 4"


def test_flows_so_far_are_sums_over_all_periods(play):
    show = play({})
    paid = [row[-1] for row in drawings(show, SO_FAR)[2].rows if row[0] == "revenue"]
    assert paid == [pytest.approx(sum(row["revenue"] for row in show.economy.history))]


@pytest.mark.parametrize(
    ("word", "prefix"),
    [("numeraire", "numeraire"), ("tokens", "token "), ("LP shares", "lp token")],
)
def test_flows_of_one_sort_of_assets(play, word, prefix):
    show = play({}, 1)
    rows = drawings(show, SO_FAR | {"Assets of flows": word})[2].rows
    assert rows and all(row[1].startswith(prefix) for row in rows)


def test_genesis_has_flows_and_balances(play):
    agents, kinds, flows = drawings(play({}, 0), SO_FAR)
    assert flows.title == "Flows, genesis"
    assert all(row[-1] == 0 for row in kinds.rows)
    assert agents.subtitle.startswith("period 0")
