"""What prices tell of contributions, against a regression on real runs."""

import numpy as np
import pytest

from simulator.analysis import information_results, returns_by_strategy
from simulator.analysis.reports import REPORTS
from simulator.analysis.sweeps import Sweep
from tests.analysis.by_hand import swept

STUDY = """\
name: known
base: quickstart
report: information
periods: 12
seeds: 2
settings:
  federation.task: {kind: wine}
  clients: [{count: 5}]
  events: [{kind: behaviour, period: 5, clients: [4], behaviour: {kind: label_flip}}]
  investors: [{count: 6}, {count: 3, strategy: {kind: index}}]
cases:
  public: {}
  late: {market.information_delay: 2}
"""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return swept(tmp_path_factory.mktemp("information"), STUDY)


@pytest.mark.parametrize(("case", "delay"), [("public", 0), ("late", 2)])
def test_price_beyond_credit_is_what_a_regression_leaves(
    sweep: Sweep, case: str, delay: int
) -> None:
    """Correlation of what regressions on credit leave of contributions to come and of log price."""
    run = sweep.load(next(sweep.complete[sweep.complete["case"] == case].itertuples()))
    results, columns = information_results(run), ([], [], [])
    for end in (3, 6, 9):
        later = run.clients[run.clients["period"].between(end + 1, end + 3)]
        parts = later.groupby("period")["contribution"].transform(lambda phi: phi / phi.abs().sum())
        to_come = parts.groupby(later["client"].astype(str)).mean().to_numpy()
        credit = run.clients[run.clients["period"] == end - delay]["credit"].to_numpy()
        price = np.log(run.pools[run.pools["period"] == end]["spot_price"].to_numpy())
        for column, values in zip(columns, (to_come, credit, price), strict=True):
            column.extend((values - values.mean()) / values.std(ddof=1))
    to_come, credit, price = map(np.array, columns)
    left = [each - np.polyval(np.polyfit(credit, each, 1), credit) for each in (to_come, price)]
    assert results["beyond_credit"] == pytest.approx(np.corrcoef(*left)[0, 1])
    assert results["by_credit"] == pytest.approx(np.corrcoef(to_come, credit)[0, 1])
    assert results["by_price"] == pytest.approx(np.corrcoef(to_come, price)[0, 1])
    returns = 100 * returns_by_strategy(run)["return"]
    assert results["return_index"] == pytest.approx(returns["index"])


def test_the_report_takes_differences_seed_by_seed(sweep: Sweep) -> None:
    table = REPORTS["information"](sweep)[0].set_index(["case", "measure"])["mean"]
    difference = table["late", "by_price"] - table["public", "by_price"]
    assert table["late - public", "by_price"] == pytest.approx(difference)
