"""What outside money did, against the money on the ledger."""

import pytest

from simulator.analysis import outside_money_results
from simulator.analysis.reports import REPORTS
from simulator.analysis.sweeps import Sweep
from tests.analysis.by_hand import swept

STUDY = """\
name: bought
base: quickstart
report: outside_money
periods: 8
seeds: 2
settings:
  federation.task: {kind: wine}
  clients: [{count: 3, cash: 4, locked: {fraction: 0.6, price: 2}}]
  liquidity_providers: [{count: 1, deposit: 300}]
  investors: [{count: 6}]
cases:
  cash: {tokens.mechanism.kind: cash}
  pools: {investors: []}
  pools_and_investors: {}
"""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return swept(tmp_path_factory.mktemp("outside_money"), STUDY)


@pytest.mark.parametrize("case", ["cash", "pools", "pools_and_investors"])
def test_what_clients_received_is_what_they_spent_and_have(sweep: Sweep, case: str) -> None:
    run = sweep.load(next(sweep.complete[sweep.complete["case"] == case].itertuples()))
    results = outside_money_results(run)
    received = results[["from_providers", "from_investors", "from_pools", "from_revenue"]].sum()
    spent = results[["data", "training"]].sum()
    money = run.clients[run.clients["period"] == 8]["numeraire"].sum()
    assert results["data"] > 0
    assert money - 3 * 4 == pytest.approx(received - spent)
    first = run.clients[run.clients["period"] == 0]["examples"].sum()
    assert results["examples"] > first
    assert results["revenue_quarter"] == pytest.approx(run.periods["revenue"][:3].sum())
    assert results["accuracy_quarter"] == run.periods["accuracy"][2]
    if case == "cash":
        assert results["clients"] == pytest.approx(money - 3 * 4)
        assert results["third_parties"] == pytest.approx(0)
        assert results[["from_providers", "from_investors", "from_pools"]].tolist() == [0, 0, 0]
    else:
        assert results["from_providers"] == pytest.approx(300)
        assert (results["from_investors"] > 0) == (case == "pools_and_investors")


def test_the_report_takes_differences_from_cash(sweep: Sweep) -> None:
    table = REPORTS["outside_money"](sweep)[0].set_index(["case", "measure"])["mean"]
    for name in ("pools", "pools_and_investors"):
        difference = table[name, "data"] - table["cash", "data"]
        assert table[f"{name} - cash", "data"] == pytest.approx(difference)
        assert table[f"{name} - cash", "from_providers"] == pytest.approx(300)
