"""The tab Wealth & flows: its numbers are those of the tables, live and recorded alike."""

import json

import numpy as np
import pytest

from simulator.analysis import gini
from simulator.dashboard.wealth import SPAN, drawings


def options(show, span="so far"):
    return [chart.option for chart in drawings(show, {SPAN.label: span})]


def titled(show, title, span="so far"):
    (option,) = [each for each in options(show, span) if each["title"]["text"].startswith(title)]
    return option


def supply_and_held(run, token, kind):
    """Supply of a token at the end, and its balance of a kind of account, from all flows."""
    flows = run.flows[run.flows["asset"] == token].astype({"payer": str, "payee": str})

    def balance(of):
        got = flows.loc[flows["payee"] == of, "amount"].sum()
        return got - flows.loc[flows["payer"] == of, "amount"].sum()

    return -balance("outside"), balance(kind)


@pytest.mark.parametrize("span", SPAN.words)
def test_every_sort_of_run_gives_plain_json_the_same_live_and_recorded(each_sort, span):
    live, recorded = options(each_sort.live, span), options(each_sort.replay, span)
    texts = [json.dumps(each, allow_nan=False) for each in live]
    assert texts == [json.dumps(each, allow_nan=False) for each in recorded]
    assert len(texts) == 3 + bool(each_sort.live.cast.tokens)


@pytest.mark.parametrize(
    ("sort", "kinds"),
    [
        ("plain", {"clients": "client", "investors": "investor", "pools": "pool"}),
        ("shared token", {"clients": "client", "investors": "investor", "pools": "pool"}),
        ("bonding curve", {"clients": "client", "investors": "investor"}),
        ("concentrated", {"pools": "pool", "pool fees": "pool_fees", "escrow": "escrow"}),
    ],
)
def test_holders_of_each_token_are_percent_of_its_supply(shows_of, sort, kinds):
    show, _, run = shows_of(sort)
    bars = {bar["name"]: bar["data"] for bar in titled(show, "Who holds")["series"]}
    for name, kind in kinds.items():
        for number, token in enumerate(show.cast.tokens):
            supply, held = supply_and_held(run, token, kind)
            expected = 100 * held / supply
            assert bars[name][number] == pytest.approx(expected, rel=1e-4, abs=1e-5)
    np.testing.assert_allclose(np.sum(list(bars.values()), axis=0), 100, atol=0.01)


def test_tokens_that_are_not_launched_have_no_holders(shows_of):
    option = titled(shows_of("late").live, "Who holds")
    for bars in option["series"]:
        assert [value is None for value in bars["data"]] == [False] * 4 + [True]
    assert option["legend"]["data"] == [bars["name"] for bars in reversed(option["series"])]


def lines(show):
    return {line["name"]: line["data"] for line in titled(show, "Lorenz")["series"]}


def test_gini_of_wealth_stands_in_the_legend_at_first_and_now(shows_of):
    show, _, run = shows_of("plain")
    labels = lines(show)
    for when, period in (("at first", 0), ("now", 5)):
        agents = run.agents[run.agents["period"] == period]
        investors = gini(agents.loc[agents["kind"] == "investor", "wealth"])
        clients = abs(gini(run.clients.loc[run.clients["period"] == period, "wealth"]))
        assert f"investors {when}, Gini {investors:.3f}" in labels
        assert f"clients {when}, Gini {clients:.3f}" in labels


def test_a_lorenz_curve_goes_through_the_parts_of_the_poorest(shows_of):
    show, _, run = shows_of("plain")
    (points,) = [data for name, data in lines(show).items() if name.startswith("clients now")]
    wealth = sorted(run.clients.loc[run.clients["period"] == 5, "wealth"])
    assert points[0] == [0, 0]
    assert points[2] == pytest.approx([40, 100 * sum(wealth[:2]) / sum(wealth)], abs=0.01)
    assert points[5] == [100, 100]


def test_a_row_counts_as_often_as_it_has_accounts(shows_of):
    show, _, run = shows_of("summary")
    rows = run.agents[(run.agents["period"] == 5) & (run.agents["kind"] == "investor")]
    assert sorted(rows["accounts"]) == [3, 6]
    each = np.repeat(rows["wealth"] / rows["accounts"], rows["accounts"])
    assert f"investors now, Gini {gini(each):.3f}" in lines(show)
    assert "count as equal" in titled(show, "Lorenz")["title"]["subtext"]
    assert "a sample of 4 of 9" in titled(shows_of("sample").live, "Lorenz")["title"]["subtext"]


def test_clients_count_from_when_they_join(shows_of):
    show, _, run = shows_of("late")
    for when, period, count in (("at first", 0, 3), ("now", 5, 4)):
        wealth = run.clients.loc[run.clients["period"] == period, "wealth"].iloc[:count]
        assert f"clients {when}, Gini {abs(gini(wealth)):.3f}" in lines(show)


def test_there_is_no_curve_of_those_who_own_nothing(shows_of):
    show = shows_of("penniless").live
    assert list(lines(show)) == ["all equal"]
    assert titled(show, "Lorenz")["title"]["subtext"].startswith("nobody owns")


@pytest.mark.parametrize("sort", ["plain", "cash"])
def test_uses_of_revenue_are_what_left_the_clearing_account(shows_of, sort):
    show, _, run = shows_of(sort)
    flows = run.flows[(run.flows["payer"] == "clearing") & (run.flows["asset"] == "numeraire")]
    for span in SPAN.words:
        option = titled(show, "Where", span)
        source = option["dataset"]["source"]
        by_use = {
            area["name"].rpartition(" ")[0]: source[area["name"]] for area in option["series"]
        }
        assert set(by_use) == set(flows["flow"])
        for use, values in by_use.items():
            amounts = flows[flows["flow"] == use].groupby("period")["amount"].sum()
            amounts = amounts.reindex(range(6), fill_value=0.0)
            expected = amounts.cumsum() if span == "so far" else amounts
            assert values == pytest.approx(expected.to_numpy(), rel=1e-4)
    everything = sum(values[5] for values in by_use.values())
    released = run.flows.loc[(run.flows["flow"] == "released") & (run.flows["period"] == 5)]
    revenue = run.periods["revenue"].iloc[5] + released["amount"].sum()
    assert everything == pytest.approx(revenue, rel=1e-3)


def test_areas_lie_above_each_other_on_an_axis_of_names(shows_of):
    option = titled(shows_of("plain").live, "Where")
    assert option["xAxis"]["type"] == "category"  # on one of numbers ECharts would add up periods
    assert option["xAxis"]["data"] == option["dataset"]["source"]["period"] == list(range(6))
    assert {area["stack"] for area in option["series"]} == {"all"}


READABLE = {"client": "clients", "liquidity_provider": "providers", "investor": "investors"}


@pytest.mark.parametrize("sort", ["plain", "late", "concentrated"])
@pytest.mark.parametrize("span", SPAN.words)
def test_payments_between_kinds_add_up_the_flows_of_numeraire(shows_of, sort, span):
    show, _, run = shows_of(sort)
    option = titled(show, "Who paid", span)
    names = option["xAxis"]["data"]
    assert names == option["yAxis"]["data"]
    text_by_pair = {(names[row], names[column]): text for column, row, _, _, text in data(option)}
    money = run.flows[run.flows["asset"] == "numeraire"].astype({"payer": str, "payee": str})
    if span == "this period":
        money = money[money["period"] == 5]
    sums = money.groupby(["payer", "payee"])["amount"].sum()
    assert len(text_by_pair) == len(sums)
    for (payer, payee), amount in sums.items():
        pair = tuple(readable(kind) for kind in (payer, payee))
        assert text_by_pair[pair] == f"{pair[0]} paid {pair[1]} {amount:,.2f}"


def readable(kind):
    return READABLE.get(kind) or {"pool": "pools", "pool_fees": "pool fees"}.get(kind, kind)


def data(option):
    return option["series"][0]["data"]


def test_the_largest_payment_is_the_darkest(shows_of):
    cells = data(titled(shows_of("plain").live, "Who paid"))
    amounts = [float(text.rpartition(" ")[2].replace(",", "")) for *_, text in cells]
    darkness = [dark for _, _, dark, _, _ in cells]
    assert max(darkness) == 1.0
    assert np.argmax(darkness) == np.argmax(amounts)
    assert darkness == pytest.approx(np.sqrt(np.array(amounts) / max(amounts)), abs=0.01)
