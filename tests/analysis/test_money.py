"""Proceeds and financing: sums by hand, and the balances of real runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from simulator import Scenario
from simulator.analysis import (
    Run,
    client_rewards,
    financing,
    load_run,
    money_flows,
    pool_money,
    proceeds,
    proceeds_by_channel,
    proceeds_figure,
)
from simulator.analysis.figures import save_proceeds
from simulator.running import start

Rows = dict[str, list[tuple[Any, ...]]]


def fill(period: int, agent: str, strategy: str, side: str, *paid: float) -> tuple[Any, ...]:
    place = (period, 0, agent, 3, strategy, "token_0", side)
    return (*place, *paid, 1.0, 0.0, "filled", 1)


def money(period: int, flow: str, payer: str, payee: str, amount: float) -> tuple[Any, ...]:
    return (period, flow, "numeraire", payer, payee, amount)


@pytest.fixture
def hand(finished: Callable[..., Path], toy: Rows) -> Run:
    """Of 100 of revenue 20 are paid directly, 30 are dividends, 25 spent on tokens, 25 kept."""
    toy["fills"] = [
        fill(1, "aggregator", "buyback", "buy", 25.0, 20.0),
        fill(2, "client-1", "value_seller", "sell", 9.0, 8.0),
        fill(2, "client-1", "value_seller", "buy", 3.0, 3.0),
        fill(2, "investor-1", "noise", "sell", 4.0, 4.0),
        (*fill(2, "client-2", "value_seller", "sell", 9.0, 8.0)[:-2], "slippage", 1),
    ]
    toy["flows"] = [
        money(0, "endowment", "outside", "client", 40.0),
        money(0, "endowment", "outside", "investor", 200.0),
        money(0, "genesis_sale", "investor", "client", 90.0),
        money(0, "deposit", "liquidity_provider", "pool", 60.0),
        money(1, "revenue", "outside", "clearing", 100.0),
        money(1, "released", "treasury", "clearing", 5.0),
        money(1, "direct", "clearing", "client", 20.0),
        money(1, "dividend", "clearing", "client", 10.0),
        money(1, "dividend", "clearing", "investor", 20.0),
        money(1, "buyback", "clearing", "treasury", 25.0),
        money(1, "retained", "clearing", "treasury", 30.0),
        money(1, "swap", "treasury", "pool", 24.0),
        money(1, "fee", "treasury", "pool_fees", 1.0),
        (1, "buyback", "token_0", "treasury", "client", 20.0),
        money(2, "training_cost", "client", "outside", 7.0),
        money(2, "swap", "pool", "client", 8.0),
        money(2, "offering", "investor", "client", 11.0),
        money(2, "swap", "client", "pool", 3.0),
        money(2, "swap", "pool", "investor", 4.0),
        money(2, "fee", "pool", "pool_fees", 2.0),
        money(2, "outside_sale", "outside", "client", 6.0),
    ]
    return load_run(finished(toy))


def test_proceeds_by_period(hand: Run) -> None:
    table = proceeds(hand)
    assert table.index.tolist() == [0, 1, 2, 3, 4]
    assert table.loc[0][table.loc[0] > 0].to_dict() == {
        ("endowment", "outside"): 40,
        ("genesis_sale", "investor"): 90,
    }
    assert table.loc[1][table.loc[1] > 0].to_dict() == {
        ("direct", "customers"): 20,
        ("dividends", "customers"): 10,
        ("buyback_tokens", "treasury"): 25,
    }
    assert table.loc[2][table.loc[2] > 0].to_dict() == {
        ("offering", "investor"): 11,
        ("sales", "pool"): 8,
        ("other", "outside"): 6,
    }
    assert (table.loc[3:] == 0).all(axis=None)


def test_proceeds_by_channel(hand: Run) -> None:
    assert proceeds_by_channel(hand).to_dict() == {
        "endowment": 40,
        "genesis_sale": 90,
        "offering": 11,
        "sales": 8,
        "direct": 20,
        "dividends": 10,
        "other": 6,
        "buyback_tokens": 25,
        "total": 145,
    }


def test_financing(hand: Run) -> None:
    net = financing(hand)
    assert net.stack()[lambda amount: amount > 0].to_dict() == {
        ("customers", "client"): 30,
        ("customers", "investor"): 20,
        ("customers", "treasury"): 50,  # 25 and 30, of which 5 came back
        ("outside", "investor"): 200,
        ("outside", "client"): 39,  # 40 and 6 less 7
        ("investor", "client"): 101,
        ("liquidity_provider", "pool"): 60,
        ("treasury", "pool"): 25,
        ("pool", "client"): 5,
        ("pool", "investor"): 4,
    }


def test_pool_money(hand: Run) -> None:
    table = pool_money(hand)
    assert table["paid_in"][table["paid_in"] > 0].to_dict() == {
        ("client", "swap"): 3,
        ("liquidity_provider", "deposit"): 60,
        ("treasury", "swap"): 24,
        ("treasury", "fee"): 1,
    }
    taken = table["taken_out"]
    assert taken[taken > 0].to_dict() == {("client", "swap"): 8, ("investor", "swap"): 4}


def test_money_flows(hand: Run) -> None:
    flows = money_flows(hand)
    assert flows.index.tolist()[:4] == [
        ("endowment", "outside"),
        ("genesis_sale", "investor"),
        ("deposit", "liquidity_provider"),
        ("revenue", "outside"),
    ]
    assert flows.loc[("endowment", "outside"), ["client", "investor"]].tolist() == [40, 200]
    assert flows.loc[("swap", "pool"), ["client", "investor"]].tolist() == [8, 4]
    assert flows.to_numpy().sum() == hand.flows.query("asset == 'numeraire'")["amount"].sum()


def bars(axes: Axes) -> list[float]:
    return [patch.get_height() for patch in axes.patches if isinstance(patch, Rectangle)]


def test_the_figure_draws_what_was_earned(hand: Run) -> None:
    whole, by_period = proceeds_figure(hand).axes
    widths = [patch.get_width() for patch in whole.patches if isinstance(patch, Rectangle)]
    assert widths == [90, 11, 8, 20, 10, 6]  # genesis, offering, sales, direct, dividends, other
    heights = np.reshape(bars(by_period), (6, 4))
    assert heights[:, 0].tolist() == [0, 0, 0, 20, 10, 0]
    assert heights[:, 1].tolist() == [0, 11, 8, 0, 0, 6]
    tops = [patch.get_y() for patch in by_period.patches if isinstance(patch, Rectangle)]
    assert np.reshape(tops, (6, 4))[:, 1].tolist() == [0, 0, 11, 19, 19, 19]


def test_a_long_run_is_drawn_in_means(finished: Callable[..., Path], toy: Rows) -> None:
    toy["flows"] = [money(t, "direct", "clearing", "client", float(t)) for t in range(1, 122)]
    toy["periods"] = [(t, *toy["periods"][0][1:]) for t in range(122)]
    figure = proceeds_figure(load_run(finished(toy | {"fills": []})))
    direct = np.reshape(bars(figure.axes[1]), (6, -1))[3]
    assert direct[:2].tolist() == [2, 5]  # of 1 to 3 and of 4 to 6
    assert (len(direct), direct[-1]) == (41, 121)
    assert "means of 3 periods" in " ".join(text.get_text() for text in figure.axes[1].texts)


def test_nobody_paid_is_a_figure_too(finished: Callable[..., Path], toy: Rows) -> None:
    folder = finished(toy | {"fills": [], "flows": []})
    file = save_proceeds(load_run(folder))
    assert file == folder / "proceeds.png"
    assert file.read_bytes().startswith(b"\x89PNG")
    assert proceeds_by_channel(load_run(folder)).eq(0).all()


SCENARIO = """\
name: financed
periods: 8
seed: 4
federation: {task: {kind: wine}}
clients: [{count: 3, cash: 40}, {count: 1, cash: 40, policy: {kind: sell_fraction, fraction: 1}}]
liquidity_providers: [{count: 2, deposit: 300, cash: 10}]
investors: [{count: 8, activity: 1}, {count: 4, activity: 1, strategy: {kind: noise}}]
"""
CASES: dict[str, dict[str, Any]] = {
    "client_tokens": {},
    "shared_token": {"tokens.mechanism.kind": "shared_token"},
    "cash": {"tokens.mechanism.kind": "cash"},
    "stableswap": {"market.curve.kind": "stableswap"},  # its fee is kept from what it pays out
    "concentrated": {"market.curve.kind": "concentrated"},
    "to_client": {"tokens.payout.buybacks.then": "to_client", "market.gas": 0.01},
    "offering": {
        "clients.0.offering.kind": "for_data",
        "clients.0.locked": {"fraction": 0.8, "price": 20.0},
    },
}


@pytest.fixture(scope="module", params=list(CASES))
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "financed.yaml").write_text(SCENARIO)
    scenario = Scenario.load(folder / "financed.yaml", CASES[request.param])
    return load_run(start(scenario, folder / "out"))


def owned(run: Run, kind: str) -> float:
    last = run.agents[run.agents["period"] == 8]
    return float(last.loc[last["kind"] == kind, "numeraire"].sum())


def test_what_came_in_less_what_went_out_is_there_at_the_end(real: Run) -> None:
    net = financing(real)
    change = net.sum() - net.sum(axis=1)
    for kind in ("client", "liquidity_provider", "investor"):
        assert change[kind] == pytest.approx(owned(real, kind), rel=1e-9, abs=1e-9)
    assert change["treasury"] == pytest.approx(owned(real, "aggregator"))
    assert change["customers"] == pytest.approx(-real.periods["revenue"].sum())
    assert change.sum() == pytest.approx(0, abs=1e-8)
    assert (net.to_numpy() * net.to_numpy().T == 0).all()


def test_pools_hold_what_was_paid_in_and_not_taken_out(real: Run) -> None:
    table, net = pool_money(real), financing(real)
    left = table["paid_in"].sum() - table["taken_out"].sum()
    assert left == pytest.approx(net["pool"].sum() - net.loc["pool"].sum())
    if real.scenario["market"]["curve"]["kind"] != "concentrated":  # fees are in no table there
        reserves = real.pools.loc[real.pools["period"] == 8, "reserve_numeraire"].sum()
        assert left == pytest.approx(reserves)


def test_proceeds_less_spending_are_what_clients_have_each_period(real: Run) -> None:
    """Spending from the fills (of purchases) and from the flows (of costs)."""
    got = proceeds(real).drop(columns="buyback_tokens", level="channel", errors="ignore")
    fills = real.fills.astype({"agent": str})
    bought = (fills["side"] == "buy") & (fills["status"] == "filled")
    bought &= fills["agent"].isin(real.behaviours)
    flows = real.flows[real.flows["payer"] == "client"].astype({"flow": str})
    costs = flows["flow"].isin(["training_cost", "data_purchase", "gas", "tip"])
    spent = fills[bought].groupby("period")["amount_in"].sum()
    spent = spent.add(flows[costs].groupby("period")["amount"].sum(), fill_value=0.0)
    left = got.sum(axis=1).sub(spent, fill_value=0.0).cumsum()
    numeraire = real.clients.groupby("period")["numeraire"].sum()
    assert left.tolist() == pytest.approx(numeraire.tolist(), rel=1e-9)


def test_channels_are_those_of_client_rewards(real: Run) -> None:
    rewards, results = client_rewards(real).sum(numeric_only=True), proceeds_by_channel(real)
    names = ["genesis_sale", "offering", "sales", "direct", "dividends"]
    assert results[names].tolist() == pytest.approx(rewards[names].tolist())
    offers = real.scenario["clients"][0]["offering"]["kind"] == "for_data"
    assert (results["offering"] > 0) == offers
    assert (results["endowment"], results["other"]) == (160, 0)


def test_tokens_given_are_worth_what_the_treasury_paid(real: Run) -> None:
    gives = real.scenario["tokens"]["payout"]["buybacks"]["then"] == "to_client"
    spent = float(real.periods["buybacks"].sum()) if gives else 0.0
    assert proceeds_by_channel(real)["buyback_tokens"] == pytest.approx(spent)
    assert not gives or spent > 0


def test_periods_without_proceeds_are_there(real: Run) -> None:
    assert proceeds(real).index.tolist() == pd.RangeIndex(9).tolist()


def test_clearing_pays_out_what_it_gets(real: Run) -> None:
    flows = money_flows(real)
    revenue = real.periods["revenue"].sum()
    assert flows.loc[("revenue", "outside"), "clearing"] == pytest.approx(revenue)
    paid = flows.xs("clearing", level="payer").to_numpy().sum()
    assert paid == pytest.approx(flows["clearing"].sum())
