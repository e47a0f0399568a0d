"""Who owns tokens: concentration by hand, and holdings of real runs against other tables."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from analysis import holdings, load_run, load_sweep, ownership
from analysis.reports import REPORTS
from simulator import Scenario, run
from simulator.cli import cli

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


def client(tokens: float) -> tuple[Any, ...]:
    amounts = (0.0, 0.0, 0.0, 0.0, 0.0, tokens, 0.0, tokens)
    return (0, "client_0", "honest", 50, 1, 0.1, 0.1, 1.0, *amounts, "client_0")


def agent(name: str, kind: str, strategy: str, tokens: float) -> tuple[Any, ...]:
    return (0, name, kind, strategy, 1, 0.0, tokens, 0.0, tokens)


@pytest.fixture
def rows() -> Rows:
    """Of 200 tokens at a price of 1 a client has 60, a pool 20, and ten investors have 120."""
    owned = [30.0] + [10.0] * 9
    strategies = ["fundamentalist"] + ["noise"] * 9
    position = (0, "provider", "token_0", 20.0, 0.0, np.inf, 20.0, 20.0, 40.0)
    return {
        "clients": [client(60.0)],
        "pools": [(0, "token_0", 20.0, 20.0, 1.0, 0.0, 0.0, 200.0, 1.0)],
        "positions": [(*position, 20.0, 20.0, 40.0, 0.0, 0.0, 0.0, 0.0, 0.0)],
        "agents": [
            agent("client_0", "client", "hold", 60.0),
            agent("provider", "liquidity_provider", "passive", 0.0),
            *(
                agent(f"investor_{number}", "investor", strategy, tokens)
                for number, (strategy, tokens) in enumerate(zip(strategies, owned, strict=True))
            ),
        ],
    }


def test_concentration_by_hand(finished: Callable[..., Path], rows: Rows) -> None:
    found = ownership(load_run(finished(rows))).loc[0]
    squares = 60**2 + 20**2 + 30**2 + 9 * 10**2
    assert found["token_herfindahl"] == pytest.approx(squares / 200**2)
    assert found["token_largest"] == pytest.approx(30)
    assert found["gini"] == pytest.approx(0.15)
    assert found["herfindahl"] == pytest.approx(0.125)
    assert found[["top_tenth", "wealth_top_tenth"]].tolist() == pytest.approx([25, 25])
    kinds = ["clients", "liquidity_providers", "investors", "treasury"]
    assert found[kinds].tolist() == pytest.approx([30, 10, 60, 0])
    assert found[["fundamentalist", "noise"]].tolist() == pytest.approx([15, 45])


def test_holdings_that_do_not_add_up_are_refused(finished: Callable[..., Path], rows: Rows) -> None:
    rows["agents"].pop()  # an investor that was not recorded
    with pytest.raises(ValueError, match="owners of 190 are known: not all fills and investors"):
        holdings(load_run(finished(rows)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tokens.mechanism.kind": "shared_token"},
        {"tokens.payout.buybacks.then": "to_client", "tokens.vesting": {"kind": "cliff"}},
        {"tokens.payout.liquidity": 0.1, "tokens.payout.treasury": 0},
        {"market.curve": {"kind": "concentrated"}, "investors.0.accounts_per_agent": 7},
    ],
)
def test_holdings_are_worth_what_other_tables_say(tmp_path: Path, changes: dict[str, Any]) -> None:
    """At every period, of every agent; what has not vested and what lies in pools has no agent."""
    scenario = Scenario.load("scenarios/quickstart.yaml", {"periods": 12} | changes)
    found = load_run(run(scenario, out=tmp_path))
    held, pools = holdings(found), found.pools.astype({"token": str})
    price = pools.set_index(["period", "token"])["spot_price"].sort_index()
    worth = held.mul(price, axis=0).groupby(level="period").sum()
    agents = found.agents.astype({"agent": str, "kind": str})
    holds = agents[agents["kind"].isin(["investor", "client"])]
    booked = holds.pivot(index="period", columns="agent", values="token_value")
    assert worth[booked.columns].to_numpy() == pytest.approx(booked.to_numpy(), abs=1e-6)
    assert not found.fills.empty and held.shape[1] > 70 * (not changes)
    parts = ownership(found)[["clients", "liquidity_providers", "investors", "treasury"]]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(100)


def test_cash_has_no_tokens_to_own(tmp_path: Path) -> None:
    changes = {"periods": 2, "tokens.mechanism.kind": "cash", "clients.0.cash": 9}
    found = load_run(run(Scenario.load("scenarios/quickstart.yaml", changes), out=tmp_path))
    with pytest.raises(ValueError, match="no tokens"):
        ownership(found)


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
