"""How markets work with many clients, against arithmetic on real runs."""

import numpy as np
import pytest

from simulator import Scenario
from simulator.analysis import scalability_results
from simulator.analysis.reports import REPORTS
from simulator.analysis.sweeps import Sweep
from tests.analysis.by_hand import Ran, swept

STUDY = """\
name: many
base: quickstart
report: scalability
periods: 8
seeds: 2
settings:
  federation.task: {kind: wine}
  federation.partition: {kind: iid, min_examples: 2}
  federation.contribution: {kind: data_size}
  liquidity_providers: [{count: 1, deposit: 2000}]
cases:
  tokens_1: {clients: [{count: 1, cash: 40}], market.launch.supply: 10000}
  tokens_10: {clients: [{count: 10, cash: 40}], market.launch.supply: 1000}
  cash_10: {clients: [{count: 10, cash: 40}], tokens.mechanism.kind: cash}
"""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return swept(tmp_path_factory.mktemp("scalability"), STUDY)


def test_the_same_purchase_moves_a_tenth_of_the_liquidity_further(sweep: Sweep) -> None:
    """20 on 2,000 numeraire: 1.01^2 - 1, on 200: 1.1^2 - 1."""
    table = REPORTS["scalability"](sweep)[0].set_index(["mechanism", "clients", "measure"])["mean"]
    table = table.sort_index()
    assert table["client_tokens", 1, "impact_percent"] == pytest.approx(2.01)
    assert table["client_tokens", 10, "impact_percent"] == pytest.approx(21.0)
    assert set(table["cash", 10].index) == {"inequality", "distance"}


@pytest.mark.parametrize("recorded", ["all", "summary"])
def test_orders_that_offerings_served_were_not_refused(ran: Ran, recorded: str) -> None:
    terms = {"locked": {"fraction": 0.8, "price": 20}, "offering": {"kind": "for_data"}}
    settings = {"periods": 6, "clients": [{"count": 3} | terms], "record.fills": recorded}
    settings |= {"liquidity_providers": [{"deposit": 300}]}
    run = ran(Scenario.load("scenarios/quickstart.yaml", settings))
    orders = run.fills[run.fills["strategy"] != "buyback"]
    counts = orders.groupby("status", observed=True)["orders"].sum()
    assert counts["offering"] > 0
    refused = 1 - (counts["filled"] + counts["offering"]) / counts.sum()
    assert scalability_results(run)["refused_percent"] == pytest.approx(100 * refused)


def test_measures_of_a_market_are_those_of_its_fills(sweep: Sweep) -> None:
    run = sweep.load(next(sweep.complete[sweep.complete["case"] == "tokens_10"].itertuples()))
    results = scalability_results(run)
    orders = run.fills[run.fills["strategy"] != "buyback"]
    filled = orders[orders["status"] == "filled"]
    assert results["refused_percent"] == pytest.approx(100 * (1 - len(filled) / len(orders)))
    traded = {(row.period, row.token) for row in filled.itertuples()}
    assert results["untraded_percent"] == pytest.approx(100 * (1 - len(traded) / 80))
    money = [row.amount_in if row.side == "buy" else row.amount_out for row in filled.itertuples()]
    slippage = np.average(filled["slippage"], weights=money)
    assert results["slippage_percent"] == pytest.approx(100 * slippage)
    last_pools = run.pools[run.pools["period"] > 4]
    ratio = (last_pools["spot_price"] / last_pools["fundamental_value"]).to_numpy()
    error = np.median(np.maximum(ratio, 1 / ratio)) - 1
    assert results["error_percent"] == pytest.approx(100 * error)
