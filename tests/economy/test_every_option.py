"""Markets with every option on: killed, resumed, verified and repeated to the last bit."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simulator import Economy, Scenario
from simulator.analysis import load_run
from simulator.ledger import NUMERAIRE, OUTSIDE
from simulator.recording import read_manifest
from simulator.running import resume, start, verify

OPTIONS = """\
name: options
periods: 9
federation: {contribution: {kind: data_size}, participation: 0.8}
clients: [{count: 2, tip: 0.1, cash: 50}, {count: 2, cash: 50, policy: {kind: cover_costs}}]
liquidity_providers: %s
market:
  fee: 0.01
  passes: 2
  gas: 0.02
  information_delay: 2
  volatility_fee: {sensitivity: 0.5, memory: 0.6, most: 0.05}
  oracle: {window: 3}
%s
investors:
- {count: 20, activity: 0.6, tip: 0.05, tolerance: 0.1, accounts_per_agent: 7}
- {count: 5, strategy: {kind: insider}}
- {count: 5, strategy: {kind: adaptive}}
- {count: 5, strategy: {kind: momentum}, tip: 0.2}
- strategy: {kind: pump_and_dump, start: 2, accumulate: 3}
  invested: 0
  activity: 1
  tolerance: 0.5
- {strategy: {kind: wash_trader}, activity: 1}
- {count: 2, wealth: {mean: 0.05}}
"""

EXCHANGES = """\
- {strategy: {kind: sandwich}, invested: 0, activity: 1, tip: 0.0}
- {count: 2, strategy: {kind: arbitrageur}, invested: 0, activity: 1}
"""

CSV = "  outside_price: {kind: csv, file: prices.csv}"
MARKETS = {
    "priority": ("  clearing: {kind: priority}\n" + CSV, EXCHANGES),
    "batch": ("  clearing: {kind: batch}\n" + CSV, EXCHANGES),
    "gbm": ("  clearing: {kind: fifo}\n  outside_price: {kind: gbm, sigma: 0.1}", EXCHANGES),
    "weighted": (
        "  clearing: {kind: priority}\n"
        "  curve: {kind: weighted, weight: 0.4, last_weight: 0.2, periods: 6}",
        "",
    ),
    "stableswap": ("  clearing: {kind: fifo}\n  curve: {kind: stableswap}", ""),
    "lbp": (
        "  launch: {kind: lbp, price: 12}\n"
        "  curve: {kind: weighted, weight: 0.9, last_weight: 0.5, periods: 6}",
        "",
    ),
    "bonding_curve": (
        "  launch: {kind: bonding_curve}\n  curve: {kind: bonding_curve, reserve_ratio: 0.4}",
        "",
    ),
}

every_market = pytest.mark.parametrize("market", MARKETS)


@pytest.fixture
def scenario(tmp_path: Path, market: str) -> Path:
    terms, traders = MARKETS[market]
    providers = "[]" if "launch" in terms else "[{deposit: 400}]"
    (tmp_path / "options.yaml").write_text(OPTIONS % (providers, terms) + traders)
    rows = [f"{1 + 0.1 * k},{1 - 0.05 * k},Mon,1,{1 + k}" for k in range(7)]
    names = "token_0,token_1,day,token_2,token_3\n"
    (tmp_path / "prices.csv").write_text(names + "\n".join(rows) + "\n")
    return tmp_path / "options.yaml"


def hashes(folder: Path) -> dict[str, str]:
    return {name: table["sha256"] for name, table in read_manifest(folder)["tables"].items()}


KILLED = """\
import os, signal, sys
from simulator import Scenario, run
def stop(economy):
    if economy.period == 6:
        os.kill(os.getpid(), signal.SIGKILL)
run(Scenario.load(sys.argv[1]), sys.argv[2], progress=stop)
"""


@pytest.mark.slow
@every_market
def test_a_killed_run_goes_on_without_its_files_and_is_verified(scenario: Path) -> None:
    """A run folder has its own copy of the prices, so that the file itself may go."""
    whole = start(Scenario.load(scenario), scenario.parent / "whole")
    command = [sys.executable, "-c", KILLED, str(scenario), str(scenario.parent / "cut")]
    killed = subprocess.run(command, check=False, env=os.environ | {"PYTHONHASHSEED": "7"})
    assert killed.returncode == -signal.SIGKILL
    (cut,) = (scenario.parent / "cut" / "options").iterdir()
    for file in (scenario, scenario.parent / "prices.csv"):
        file.unlink()
    assert read_manifest(cut)["status"] != "complete"
    assert resume(cut)
    assert hashes(cut) == hashes(whole)
    assert set(verify(cut).values()) == {"identical"}


@every_market
def test_all_options_at_once_keep_the_books(scenario: Path, market: str) -> None:
    """Money comes from outside and goes there by name only; nobody is below zero."""
    economy = Economy(Scenario.load(scenario))
    strategies, outside = set[str](), economy.ledger.balances[OUTSIDE, NUMERAIRE]
    for _ in range(economy.settings.periods):
        economy.step()
        flows, kinds = economy.tables["flows"], economy.register.categories["payer"]
        money = flows["asset"] == NUMERAIRE
        for column, sign in (("payer", -1), ("payee", 1)):
            at_outside = money & (flows[column] == kinds.index("outside"))
            outside += sign * flows["amount"][at_outside].sum()
        assert economy.ledger.balances[1:].min() >= 0
        assert economy.ledger.balances[OUTSIDE, NUMERAIRE] == pytest.approx(outside, rel=1e-12)
        fills = economy.tables["fills"]
        done = np.asarray(fills["status"]) == 0
        codes = np.asarray(fills["strategy"])[done]
        strategies |= {economy.register.categories["strategy"][code] for code in codes}
    expected = {"fundamentalist", "insider", "adaptive", "momentum", "pump_and_dump", "wash_trader"}
    assert expected <= strategies
    assert ("arbitrageur" in strategies) == ("outside" in MARKETS[market][0])


@pytest.mark.parametrize("market", ["priority"])
def test_a_csv_price_is_that_of_its_period_and_stays_after_the_last(scenario: Path) -> None:
    economy, seen = Economy(Scenario.load(scenario)), []
    for _ in range(9):
        economy.step()
        seen.append(economy.world.memory.outside_price["price"][[0, 3]].tolist())
    assert seen[0] == [1.1, 2.0] and seen[4] == [1.5, 6.0]
    assert seen[5:] == [[1.6, 7.0]] * 4


@pytest.mark.parametrize("market", ["priority"])
def test_a_wrong_price_is_told_in_a_line_and_nothing_is_written(call, scenario: Path) -> None:
    (scenario.parent / "prices.csv").write_text("token_0,token_1\n1,2\n")
    answer = call("run", scenario, "--out", scenario.parent / "out")
    assert answer.code == 2
    (error,) = (line for line in answer.err.splitlines() if not line.startswith("warning"))
    assert error.startswith("error: ") and "no column for token_2" in error
    assert not (scenario.parent / "out").exists()


@pytest.mark.parametrize("market", ["priority"])
def test_a_run_reads_back(scenario: Path) -> None:
    folder = start(Scenario.load(scenario), scenario.parent / "out")
    flows = load_run(folder).flows
    assert {"gas", "tip", "outside_purchase", "outside_sale"} <= set(flows["flow"])
