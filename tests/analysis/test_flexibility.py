"""What clients make of tokens, against arithmetic on real runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import Scenario
from simulator.analysis import client_rewards, flexibility_results, load_run
from simulator.analysis.reports import REPORTS
from simulator.analysis.sweeps import Sweep
from tests.analysis.by_hand import Ran, swept

STUDY = """\
name: kept
base: quickstart
report: flexibility
periods: 8
seeds: 2
settings:
  federation.task: {kind: wine}
  clients: [{count: 4, cash: 40}]
  events: [{kind: behaviour, period: 5, clients: [3], behaviour: {kind: label_flip}}]
  liquidity_providers: [{count: 1, deposit: 300}]
  investors: [{count: 6}]
cases:
  cash: {tokens.mechanism.kind: cash}
  kept: {clients.0.policy: {kind: hold}}
"""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return swept(tmp_path_factory.mktemp("flexibility"), STUDY)


def paid(period: int, name: str, numeraire: float, wealth: float) -> tuple[Any, ...]:
    """A client's row: `numeraire` at the end of the period, of which 100 are new since the last."""
    place = (period, name, "honest", 50, 1, 0.1, 0.1, 0.5)
    return (*place, 0.0, 0.0, 0.0, 100.0 * (period > 0), 0.0, 0.0, numeraire, wealth, name)


def test_times_and_falls_by_hand(finished: Callable[..., Path]) -> None:
    """Money of 100 a period, and 300 for tokens at genesis to the first of two clients.

    Half of its 700 is there in period 1, 500 are in period 2. Half of the other's 400 is there in
    period 2, 500 never: it counts with 4. Its wealth falls from 160 to 120 once, by a quarter.
    """
    money = {"client-1": [300, 400, 500, 600, 700], "client-2": [0, 100, 200, 300, 400]}
    wealth = {"client-1": money["client-1"], "client-2": [0, 160, 120, 300, 400]}
    rows = {
        "clients": [
            paid(t, name, money[name][t], wealth[name][t]) for t in range(5) for name in money
        ],
        "flows": [(0, "genesis_sale", "numeraire", "investor", "client", 300.0)]
        + [(t, "direct", "numeraire", "clearing", "client", 200.0) for t in range(1, 5)],
    }
    results = flexibility_results(load_run(finished(rows)))
    assert results["reward"] == pytest.approx(550)
    assert results["early_percent"] == pytest.approx(100 * 250 / 550)
    assert results["half_time"] == pytest.approx((1 + 2) / 2)
    assert results["payback"] == pytest.approx((2 + 4) / 2)
    assert results["unpaid_percent"] == pytest.approx(50)
    assert results["drawdown_percent"] == pytest.approx((0 + 25) / 2)
    assert results["unsteadiness"] == pytest.approx(0)
    assert flexibility_results(load_run(finished(rows)), outlay=300)["payback"] == 1.5
    assert results[["stake_percent", "lost_percent"]].isna().all()


def test_times_of_who_joins_late_count_from_then(ran: Ran) -> None:
    clients = [{"count": 2}, {"joins": 5}, {"joins": 99}, {"joins": 6}]
    flip = {"kind": "behaviour", "period": 3, "clients": [4], "behaviour": {"kind": "label_flip"}}
    changes = {"periods": 12, "clients": clients, "events": [flip]}
    scenario = Scenario.load("scenarios/late_joiner.yaml", changes)
    run = ran(scenario)
    reward = client_rewards(run)["total"]
    half, covered, unsteady = [], [], []
    for name, joins in (("client_0", 1), ("client_1", 1), ("client_2", 5)):
        money = run.clients[run.clients["client"] == name]["numeraire"].to_list()
        since = money[joins - 1 :]
        half.append(next(t for t, got in enumerate(since) if got >= reward[name] / 2))
        covered.append(next((t for t, got in enumerate(since) if got >= 500), len(since) - 1))
        income = np.diff(since)
        unsteady.append(income.std(ddof=1) / income.mean())
    results = flexibility_results(run)
    assert results["half_time"] == pytest.approx(np.mean(half))
    assert results["payback"] == pytest.approx(np.mean(covered))
    assert results["unsteadiness"] == pytest.approx(np.mean(unsteady))
    assert results[["stake_percent", "lost_percent"]].isna().all()  # it came as it is


def test_what_is_unsold_when_a_client_turns_is_a_bond(sweep: Sweep) -> None:
    """At the quote of period 4: y g a / (x + g a) with g = .99; lost as the price falls to 8."""
    run = sweep.load(next(sweep.complete[sweep.complete["case"] == "kept"].itertuples()))
    results = flexibility_results(run)
    last = run.clients[run.clients["client"] == "client_3"].set_index("period")
    pool = run.pools[run.pools["token"] == "token_3"].set_index("period")
    sold = 0.99 * last["tokens"][4]
    quote = pool["reserve_numeraire"][4] * sold / (pool["reserve_token"][4] + sold)
    owned = quote + last["numeraire"][4] - 40
    fallen = 1 - pool["spot_price"][8] / pool["spot_price"][4]
    assert results["stake_percent"] == pytest.approx(100 * quote / owned)
    assert results["lost_percent"] == pytest.approx(100 * quote * fallen / owned)


def test_who_is_paid_in_cash_has_nothing_to_lose(sweep: Sweep) -> None:
    run = sweep.load(next(sweep.complete[sweep.complete["case"] == "cash"].itertuples()))
    results = flexibility_results(run)
    honest = run.clients[run.clients["client"] != "client_3"]
    money = honest.pivot(index="period", columns="client", values="numeraire")
    money = money[["client_0", "client_1", "client_2"]] - 40
    assert results["reward"] == pytest.approx(money.loc[8].mean())
    early = money.loc[2].mean() / money.loc[8].mean()
    assert results["early_percent"] == pytest.approx(100 * early)
    income = money.diff().loc[1:]
    unsteady = (income.std() / income.mean()).mean()
    assert results["unsteadiness"] == pytest.approx(unsteady)
    assert results[["stake_percent", "lost_percent"]].tolist() == [0, 0]
    table = REPORTS["flexibility"](sweep)[0].set_index(["case", "measure"])["mean"]
    assert table["kept", "stake_percent"] > 0
