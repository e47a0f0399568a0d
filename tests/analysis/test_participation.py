"""Who stays in the federation, by hand and in a study whose clients leave at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from simulator.analysis import load_run, load_sweep, participation_results
from simulator.analysis.reports import REPORTS
from simulator.cli import cli

STUDY = """\
name: kept
base: quickstart
report: participation
periods: 8
seeds: 2
settings:
  federation.task: {kind: wine}
  liquidity_providers: [{count: 1, deposit: 300}]
  investors: [{count: 6}]
  clients:
    - {count: 3, cash: 1e4, training_cost: 10, participation: {kind: by_profit, patience: 3}}
    - {cash: 1e4, participation: {kind: by_profit, patience: 3}, behaviour: {kind: free_rider}}
cases:
  cash: {tokens.mechanism.kind: cash}
  client_tokens: {tokens.mechanism.kind: client_tokens}
  always: {clients.0.participation: {kind: always}}
"""


def row(period: int, name: str, behaviour: str, there: int, numeraire: float) -> tuple[Any, ...]:
    paid = (0.0, 0.0, 0.0, 10.0 * (period > 0), 0.0, 0.0, numeraire, numeraire, name)
    return (period, name, behaviour, 50, there, 0.1, 0.1, 0.5, *paid)


def test_participation_and_rewards_by_behaviour(finished: Callable[..., Path]) -> None:
    """Paid 10 a period each; of two honest clients one trains twice for 4, the other four times."""
    money = {"a": [0, 6, 12, 22, 32], "b": [0, 6, 12, 18, 24], "c": [0, 10, 20, 30, 40]}
    took_part = {"a": [0, 1, 1, 0, 0], "b": [0, 1, 1, 1, 1], "c": [0, 1, 1, 1, 1]}
    kinds = {"a": "honest", "b": "honest", "c": "free_rider"}
    costs = [0, 8, 8, 4, 4]
    flows = [
        (t, flow, "numeraire", payer, payee, amount)
        for t in range(1, 5)
        for flow, payer, payee, amount in (
            ("training_cost", "client", "outside", float(costs[t])),
            ("direct", "clearing", "client", 30.0),
        )
    ]
    clients = [row(t, k, kinds[k], took_part[k][t], money[k][t]) for t in range(5) for k in kinds]
    periods = [(t, 0.5 + 0.1 * t, 1.0, -1.0, 50.0 * (t > 0), 0.0, 0.0, 0.0, 0.0) for t in range(5)]
    agents = [
        (t, k, "client", "hold", 1, money[k][t], 0.0, 0.0, money[k][t])
        for t in range(5)
        for k in kinds
    ]
    rows = {"clients": clients, "flows": flows, "periods": periods, "agents": agents}
    results = participation_results(load_run(finished(rows)))
    assert results["participation"] == pytest.approx(100 * 10 / 12)
    assert results["participation_honest"] == pytest.approx(75)
    assert results["participation_free_rider"] == 100
    assert results["honest_end"] == 50
    assert results[["accuracy_quarter", "accuracy"]].tolist() == pytest.approx([0.6, 0.9])
    assert results[["revenue", "training"]].tolist() == [200, 24]
    assert results["reward_honest"] == pytest.approx((32 + 24) / 2)
    assert results["reward_free_rider"] == pytest.approx(40)
    assert results["reward"] == pytest.approx((32 + 24 + 40) / 3)


@pytest.mark.slow
def test_who_is_paid_too_little_leaves_and_who_has_no_cost_stays(tmp_path: Path) -> None:
    """Training costs 10 an example, more than all revenue: honest clients leave after period 3."""
    (tmp_path / "kept.yaml").write_text(STUDY)
    words = ["sweep", "run", str(tmp_path / "kept.yaml"), "--out", str(tmp_path), "--workers", "1"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    table = REPORTS["participation"](load_sweep(tmp_path / "kept"))[0]
    means = table.set_index(["case", "measure"])["mean"]
    for case in ("cash", "client_tokens"):
        assert means[case, "participation_honest"] == pytest.approx(100 * 3 / 8)
        assert means[case, "honest_end"] == 0
        assert means[case, "participation_free_rider"] == 100
        assert means[case, "reward_honest"] < 0
    assert np.isnan(means["cash", "distance"]) and means["cash", "inequality"] == 0
    assert means["always", "participation"] == 100
    pairs = {"client_tokens - cash", "always - cash", "always - client_tokens"}
    assert {case for case in table["case"] if " - " in case} == pairs
    assert means["always - client_tokens", "honest_end"] == 100
