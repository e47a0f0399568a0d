"""Reports of a study whose answers are known: equal pay, and pay by data size."""

from pathlib import Path

import pandas as pd
import pytest

from simulator.analysis import attackers_pay, headline, relative_pay
from simulator.analysis.reports import REPORTS, save_report
from simulator.analysis.sweeps import Sweep
from tests.analysis.by_hand import swept

STUDY = """\
name: known
base: quickstart
periods: 3
seeds: 2
settings:
  federation.task: {kind: wine}
  federation.partition: {kind: quantity, alpha: 2}
  clients: [{count: 3, training_cost: 0}, {count: 2, training_cost: 0, behaviour: {kind: sybil}}]
  tokens.credit.memory: 0
  investors: []
  liquidity_providers: []
cases:
  equal: {federation.contribution: {kind: equal}}
  data_size: {federation.contribution: {kind: data_size}}
"""


OF_PAY = ("reward_by_client", "volatility", "attackers_pay")
UNPAID = """\
  tokens.payout: {dividend: 1, buyback: 0, direct: 0, treasury: 0}
  tokens.issuance: {kind: constant, amount: 0}
cases:
"""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return swept(tmp_path_factory.mktemp("reports"), STUDY)


def examples(sweep: Sweep) -> list[pd.Series]:
    """Examples of each owner, by seed: three clients and the owner of two identities."""
    runs = [sweep.load(row) for row in sweep.complete.query("case == 'equal'").itertuples()]
    rows = [run.clients.query("period == 1").astype({"owner": str}) for run in runs]
    return [each.groupby("owner", sort=False)["examples"].sum() for each in rows]


def test_pay_is_relative_to_that_of_an_equal_owner(sweep: Sweep) -> None:
    for run in sweep:
        pay = relative_pay(run)
        assert pay.shape == (3, 4)
        assert pay.mean(axis=1).tolist() == pytest.approx([100] * 3)


def test_reward_by_client(sweep: Sweep) -> None:
    table, _ = REPORTS["reward_by_client"](sweep)
    equal = table[table["case"] == "equal"]["mean"]
    # Of five clients paid alike, two are one owner of four: 400/5 for each, twice that for it.
    assert equal.tolist() == pytest.approx([160, 80, 80, 80])
    by_size = table[table["case"] == "data_size"].set_index("rank")
    sizes = [400 * example / example.sum() for example in examples(sweep)]
    assert by_size["mean"].sum() == pytest.approx(400)
    assert by_size.loc[1, "mean"] == pytest.approx(sum(size.iloc[3] for size in sizes) / 2)
    assert table["count"].eq(2).all()


def test_volatility(sweep: Sweep) -> None:
    table, _ = REPORTS["volatility"](sweep)
    assert table["case"].tolist() == ["equal", "data_size"]
    assert table["mean"].tolist() == pytest.approx([0, 0], abs=1e-9)


def test_attackers_pay(sweep: Sweep) -> None:
    table, _ = REPORTS["attackers_pay"](sweep)
    assert table["behaviour"].tolist() == ["sybil", "sybil"]
    sizes = [400 * example / example.sum() for example in examples(sweep)]
    by_size = sum(size.iloc[3] for size in sizes) / 2
    assert table["mean"].tolist() == pytest.approx([160, by_size])


def test_every_place_that_tells_attackers_pay_tells_the_same(sweep: Sweep) -> None:
    report, _ = REPORTS["attackers_pay"](sweep)
    for case in ("equal", "data_size"):
        runs = [sweep.load(row) for row in sweep.complete.query(f"case == '{case}'").itertuples()]
        percents = [attackers_pay(run).loc[("client_3", "sybil"), "percent"] for run in runs]
        assert [headline(run)["pay_sybil"] for run in runs] == percents
        assert report.set_index("case").loc[case, "mean"] == pytest.approx(sum(percents) / 2)


def test_reports_of_runs_in_which_nobody_is_paid_have_no_numbers(tmp_path: Path) -> None:
    unpaid = swept(tmp_path, STUDY.replace("cases:\n", UNPAID))
    for report in OF_PAY:
        csv, _ = save_report(unpaid, report)
        table = pd.read_csv(csv)
        assert len(table) and table["mean"].isna().all() and (table["count"] == 0).all()


@pytest.mark.parametrize("report", OF_PAY)
def test_a_report_is_a_table_and_a_picture(sweep: Sweep, report: str) -> None:
    csv, png = save_report(sweep, report)
    assert len(pd.read_csv(csv)) == len(REPORTS[report](sweep)[0])
    assert png.read_bytes().startswith(b"\x89PNG")
    assert isinstance(csv, Path)
