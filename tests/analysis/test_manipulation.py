"""What a manipulator wins and others lose: by hand, and as laws of real runs."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from simulator.analysis import investor_tokens, load_run, manipulation, wealth_by_group
from simulator.analysis.reports import REPORTS, save_report
from simulator.analysis.sweeps import Sweep, load_sweep
from simulator.cli import cli

STUDY = """\
name: known
base: quickstart
report: manipulation
periods: 6
seeds: 2
settings:
  federation.task: {kind: wine}
  clients: [{count: 3, training_cost: 0, policy: {kind: hold}}]
  liquidity_providers: [{count: 2, deposit: 300}]
  tokens.payout: {dividend: 0, buyback: 0, direct: 0, treasury: 1}
  investors: [{count: 1}]
"""
ACCOUNT = "wealth: {mean: 100, sigma: 0}, invested: 0, activity: "
WASH = f"{{{ACCOUNT} 1, strategy: {{kind: wash_trader}}}}"
GRID = f"grid:\n  investors.0:\n    - {{{ACCOUNT} 0}}\n    - {WASH}\n"

POSITIONS = ["period", "agent", "token", "tokens", "numeraire", "moved_tokens"]


def made(bought: float, paid: float) -> Any:
    """A pool of 100 and 100 without fee, of which an account buys something in period 1."""
    agents = [
        (0, "client_0", "client", 0.0, 100.0),
        (0, "lp_0", "liquidity_provider", 0.0, 0.0),
        (0, "account", "investor", 100.0, 0.0),
        (0, "other", "investor", 50.0, 0.0),
    ]
    price = (100 + paid) / (100 - bought)
    last = {"client_0": (0.0, 100 * price), "account": (100 - paid, bought * price)}
    agents += [(1, name, kind, *last.get(name, (m, t))) for _, name, kind, m, t in agents]
    columns = ["period", "agent", "kind", "numeraire", "token_value"]
    table = pd.DataFrame(agents, columns=columns)
    flows = [
        (0, "genesis", "a", "outside", "client", 200.0),
        (0, "deposit", "a", "client", "pool", 100.0),
        (0, "endowment", "numeraire", "outside", "investor", 150.0),
        (0, "endowment", "numeraire", "outside", "liquidity_provider", 100.0),
        (0, "deposit", "numeraire", "liquidity_provider", "pool", 100.0),
        (1, "swap", "a", "pool", "investor", bought),
        (1, "swap", "numeraire", "investor", "pool", paid),
        (1, "tip", "numeraire", "investor", "outside", 0.0),
    ]
    fill = {"period": 1, "agent": "account", "token": "a", "side": "buy", "amount_in": paid}
    fill |= {"strategy": "noise", "amount_out": bought, "status": "filled", "orders": 1}
    refused = fill | {"status": "slippage", "amount_out": 0.0}
    fills = pd.DataFrame([fill, refused])[: 2 if bought else 0]
    pools = {"period": [0, 1], "token": "a", "reserve_token": [100.0, 100 - bought]}
    pools |= {"reserve_numeraire": [100.0, 100 + paid], "spot_price": [1.0, price], "fee": 0.0}
    return SimpleNamespace(
        folder="made",
        scenario={"market": {"curve": {"kind": "constant_product"}}},
        agents=table.assign(wealth=table["numeraire"] + table["token_value"]),
        flows=pd.DataFrame(flows, columns=["period", "flow", "asset", "payer", "payee", "amount"]),
        fills=fills,
        positions=pd.DataFrame(columns=POSITIONS, dtype=float),
        pools=pd.DataFrame(pools | {"fundamental_value": 1.0, "supply": 200.0}),
        periods=pd.DataFrame({"period": [0, 1], "volume": [0.0, paid]}),
    )


def test_who_gains_by_hand() -> None:
    # 100 numeraire buy 50 of 100 tokens: the price goes from 1 to 4, the value stays 1.
    results = manipulation(made(50, 100), made(0, 0), ["account"])
    assert results[["profit", "profit_percent", "profit_at_quote"]].tolist() == [100, 100, 0]
    others = ["account", "investors", "clients", "liquidity_providers", "treasury"]
    assert results[others].tolist() == [-50, 0, 0, 50, 0]
    assert results[["clients_at_spot", "investors_at_spot"]].tolist() == [300, 0]
    assert results["distortion"] == pytest.approx(100 * math.log(4) / 2)  # over periods 0 and 1
    assert results["own_distortion"] == pytest.approx(100 * math.log(4) / 2)
    assert results[["volume", "own_volume", "orders"]].tolist() == [100, 100, 2]
    assert results["refused_percent"] == 50


def test_who_does_nothing_changes_nothing() -> None:
    results = manipulation(made(0, 0), made(0, 0), ["account"])
    assert results[["own_distortion", "refused_percent"]].isna().all()
    assert (results.drop(["own_distortion", "refused_percent"]) == 0).all()


def test_wealth_by_group_at_any_price() -> None:
    results = wealth_by_group(made(50, 100), ["account"], pd.Series({"a": 2.0}))
    assert results["account"] == 100 and results["investors"] == 50
    assert results["clients"] == 200 and results["liquidity_providers"] == 200 + 2 * 50


def test_fills_that_are_not_recorded_are_missed() -> None:
    run = made(50, 100)
    run.fills = run.fills[:0]
    with pytest.raises(ValueError, match="not all its fills are recorded"):
        investor_tokens(run, ["account"])
    with pytest.raises(ValueError, match="no investor named 'client_0'"):
        investor_tokens(run, ["client_0"])


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("manipulation")
    swept(folder, STUDY + GRID)
    return load_sweep(folder / "known")


def swept(folder: Path, study: str) -> str:
    (folder / "known.yaml").write_text(study)
    words = ["sweep", "run", str(folder / "known.yaml"), "--out", str(folder), "--workers", "1"]
    answer = CliRunner().invoke(cli, words)
    return f"{answer.exit_code} {answer.output}{answer.exception}"


def test_a_wash_trader_alone_loses_what_the_pools_gain(sweep: Sweep) -> None:
    table = REPORTS["manipulation"](sweep)[0].set_index("measure")["mean"]
    assert table["account"] < -0.1
    assert table["liquidity_providers"] == pytest.approx(-table["account"])
    assert table[["investors", "clients", "treasury"]].tolist() == pytest.approx([0] * 3, abs=1e-9)
    assert table["own_volume"] == pytest.approx(table["volume"])


def test_its_report_is_a_table_and_a_picture(sweep: Sweep) -> None:
    csv, png = save_report(sweep, "manipulation")
    table = pd.read_csv(csv)
    assert set(table["strategy"]) == {"wash_trader"} and table["count"].max() == 2
    assert png.read_bytes().startswith(b"\x89PNG")


def test_provided_liquidity_by_deposit_and_fee(tmp_path: Path) -> None:
    # The wash trader brings the price back, so that holding is beaten by the fees, about.
    grid = f"  investors.0: {WASH}\ngrid:\n  market.fee: [0, 0.01]\n"
    liquidity = swept(tmp_path, (STUDY + grid).replace("report: manipulation", "report: liquidity"))
    assert liquidity.startswith("0 "), liquidity
    table = pd.read_csv(tmp_path / "known/report.csv").set_index(["measure", "fee"])["mean"]
    assert table["deposited"].tolist() == pytest.approx([1200, 1200])
    assert table["fees", 0] == 0 and table["impermanent_loss", 0] <= 0
    run = load_sweep(tmp_path / "known").runs["folder"].iloc[-1]
    fees = load_run(run).pools["fees"].sum()
    assert table["fees", 0.01] == pytest.approx(100 * fees / 1200, rel=0.05)
    gained = table["fees"] + table["impermanent_loss"]
    assert table["against_holding"].tolist() == pytest.approx(gained.tolist())


def refusal(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = STUDY + GRID
    for old, new in changes:
        text = text.replace(old, new)
    return swept(tmp_path, text)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (("activity:  0", "activity: 0.5"), "needs a cell whose last investors have activity 0"),
        (("settings:", "settings:\n  record.fills: summary"), "needs all fills"),
        (
            ("  investors: [{count: 1}]\n" + GRID, "  investors: []\n"),
            "compares the last group of investors: set investors",
        ),
    ],
)
def test_what_has_no_answer_is_refused(tmp_path: Path, change: tuple[str, str], text: str) -> None:
    assert text in refusal(tmp_path, change)
