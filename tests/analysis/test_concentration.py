"""How concentrated ownership is: by hand, and over time in a study."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from simulator import Scenario
from simulator.analysis import load_run, load_sweep, ownership
from simulator.analysis.reports import REPORTS
from simulator.cli import cli
from tests.analysis.by_hand import Ran

Rows = dict[str, list[tuple[Any, ...]]]

STUDY = """\
name: owned
base: ownership
report: ownership
periods: 40
seeds: 2
settings:
  federation.task: {kind: wine}
  clients: [{count: 3, cash: 40}]
  liquidity_providers: [{count: 1, deposit: 300}]
cases:
  unequal: {}
  equal: {investors.0.wealth.sigma: 0, investors.1.wealth.sigma: 0, investors.2.wealth.sigma: 0}
"""


def test_concentration_by_hand(finished: Callable[..., Path], owned: Rows) -> None:
    results = ownership(load_run(finished(owned))).loc[0]
    squares = 60**2 + 20**2 + 30**2 + 9 * 10**2
    assert results["token_herfindahl"] == pytest.approx(squares / 200**2)
    assert results["token_largest"] == pytest.approx(30)
    assert results["gini"] == pytest.approx(0.15)
    assert results["herfindahl"] == pytest.approx(0.125)
    assert results[["top_tenth", "wealth_top_tenth"]].tolist() == pytest.approx([25, 25])
    kinds = ["clients", "liquidity_providers", "investors", "treasury"]
    assert results[kinds].tolist() == pytest.approx([30, 10, 60, 0])
    assert results[["fundamentalist", "noise"]].tolist() == pytest.approx([15, 45])


def test_cash_has_no_tokens_to_own(ran: Ran) -> None:
    changes = {"periods": 2, "tokens.mechanism.kind": "cash", "clients.0.cash": 9}
    run = ran(Scenario.load("scenarios/quickstart.yaml", changes))
    with pytest.raises(ValueError, match="no tokens"):
        ownership(run)


@pytest.mark.slow
def test_the_report_follows_ownership_over_time(tmp_path: Path) -> None:
    (tmp_path / "owned.yaml").write_text(STUDY)
    words = ["sweep", "run", str(tmp_path / "owned.yaml"), "--out", str(tmp_path), "--workers", "1"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    table, figure = REPORTS["ownership"](load_sweep(tmp_path / "owned"))
    means = table.set_index(["case", "period", "measure"])["mean"]
    assert means["equal", 0, "gini"] == pytest.approx(0, abs=1e-12)
    assert means["unequal", 0, "gini"] > 0.4
    for period in (0, 20, 40):
        difference = means["equal", period, "gini"] - means["unequal", period, "gini"]
        assert means["equal - unequal", period, "gini"] == pytest.approx(difference)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert "top tenth" in titles and "treasury" not in titles


# NEEDIMPORT
