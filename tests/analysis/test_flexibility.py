"""What clients make of tokens, against arithmetic on real runs."""

import pytest
from click.testing import CliRunner

from analysis import flexibility_results, load_sweep
from analysis.reports import REPORTS
from analysis.sweeps import Sweep
from simulator.cli import cli

STUDY = """\
name: kept
base: quickstart
report: flexibility
periods: 8
seeds: 2
settings:
  federation.task: {kind: wine}
  clients: [{count: 3, cash: 40}, {cash: 40, behaviour: {kind: label_flip, start: 5}}]
  liquidity_providers: [{count: 1, deposit: 300}]
  investors: [{count: 6}]
cases:
  cash: {tokens.mechanism.kind: cash}
  kept: {clients.0.policy: {kind: hold}, clients.1.policy: {kind: hold}}
"""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("flexibility")
    (folder / "kept.yaml").write_text(STUDY)
    words = ["sweep", "run", str(folder / "kept.yaml"), "--out", str(folder), "--workers", "1"]
    found = CliRunner().invoke(cli, words)
    assert found.exit_code == 0, found.output
    return load_sweep(folder / "kept")


def test_what_is_unsold_when_a_client_turns_is_a_bond(sweep: Sweep) -> None:
    """At the quote of period 4: y g a / (x + g a) with g = .99; lost as the price falls to 8."""
    run = sweep.load(next(sweep.complete[sweep.complete["case"] == "kept"].itertuples()))
    found = flexibility_results(run)
    last = run.clients[run.clients["client"] == "client_3"].set_index("period")
    pool = run.pools[run.pools["token"] == "token_3"].set_index("period")
    kept = 0.99 * last["tokens"][4]
    quote = pool["reserve_numeraire"][4] * kept / (pool["reserve_token"][4] + kept)
    owned = quote + last["numeraire"][4] - 40
    fallen = 1 - pool["spot_price"][8] / pool["spot_price"][4]
    assert found["stake_percent"] == pytest.approx(100 * quote / owned)
    assert found["lost_percent"] == pytest.approx(100 * quote * fallen / owned)


def test_who_is_paid_in_cash_has_nothing_to_lose(sweep: Sweep) -> None:
    run = sweep.load(next(sweep.complete[sweep.complete["case"] == "cash"].itertuples()))
    found = flexibility_results(run)
    honest = run.clients[run.clients["client"] != "client_3"]
    money = honest.pivot(index="period", columns="client", values="numeraire")
    money = money[["client_0", "client_1", "client_2"]] - 40
    assert found["reward"] == pytest.approx(money.loc[8].mean())
    early = money.loc[2].mean() / money.loc[8].mean()
    assert found["early_percent"] == pytest.approx(100 * early)
    income = money.diff().loc[1:]
    unsteady = (income.std() / income.mean()).mean()
    assert found["unsteadiness"] == pytest.approx(unsteady)
    assert found[["stake_percent", "lost_percent"]].tolist() == [0, 0]
    table = REPORTS["flexibility"](sweep)[0].set_index(["case", "measure"])["mean"]
    assert table["kept", "stake_percent"] > 0
