"""Who has not is_member yet does not count as absent: in runs of the scenario late_joiner."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator import Scenario
from simulator.analysis import (
    Run,
    flexibility_results,
    information_results,
    load_run,
    mechanism_results,
    outside_money_results,
    overview_figure,
    participation_results,
    scalability_results,
)
from simulator.analysis.clients import is_member, member_rows
from simulator.running import start


def recorded(folder: Path, joins: int) -> Run:
    """Nine clients who always take part, and one who joins."""
    changes = {"periods": 8, "clients.3.joins": joins, "clients.3.availability": 0.5}
    return load_run(start(Scenario.load("scenarios/late_joiner.yaml", changes), out=folder))


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return recorded(tmp_path_factory.mktemp("late"), 5)


@pytest.fixture(scope="module")
def never(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return recorded(tmp_path_factory.mktemp("never"), 9)


def test_members_are_those_who_have_joined(late: Run) -> None:
    assert member_rows(late).groupby("period").size().to_dict() == {
        period: 9 + (period >= 5) for period in range(1, 9)
    }
    genesis = late.clients[late.clients["period"] == 0]
    assert is_member(late, genesis).sum() == 9


def test_who_has_not_joined_is_not_absent(late: Run) -> None:
    """Of ten clients from period 5 on, nine take part, and the tenth when it is there."""
    present = late.clients.query("client == 'client_9' and period >= 5")["participated"].mean()
    assert 0 < present < 1
    expected = 100 * (1 + (9 + present) / 10) / 2
    for results in (mechanism_results, participation_results, outside_money_results):
        assert results(late)["participation"] == pytest.approx(expected)
    honest = participation_results(late)["participation_honest"]
    assert honest == pytest.approx(100 * (7 + present) / 8)


def test_who_never_joins_counts_nowhere(never: Run) -> None:
    alone = never.clients[never.clients["client"] != "client_9"]
    rewards = mechanism_results(never)
    assert rewards["participation"] == 100
    assert participation_results(never)["honest_end"] == 100
    examples = alone.query("period == 8")["examples"].sum()
    assert outside_money_results(never)["examples"] == examples
    assert flexibility_results(never, outlay=300)["unpaid_percent"] == 0  # all have sold tokens
    assert scalability_results(never)["inequality"] == rewards["inequality"]
    assert rewards["reward"] == pytest.approx(participation_results(never)["reward"])


def test_results_are_those_of_tables_without_who_never_joins(never: Run) -> None:
    without = replace(never, scenario=never.scenario | {"clients": never.scenario["clients"][:3]})
    vars(without)["clients"] = never.clients[never.clients["client"] != "client_9"]
    for results in (mechanism_results, participation_results, information_results):
        expected = results(without).to_dict()
        assert results(never).to_dict() == pytest.approx(expected, nan_ok=True)


def test_an_equal_share_is_drawn_among_those_who_have_joined(late: Run, never: Run) -> None:
    for run, clients in ((late, 10), (never, 9)):
        axes = overview_figure(run).axes[1]
        lines = {line.get_label(): np.asarray(line.get_ydata()) for line in axes.lines}
        expected = [100 / (clients if period >= 5 else 9) for period in range(9)]
        assert lines["_equal"].tolist() == pytest.approx(expected)
    assert "client_9" not in lines
