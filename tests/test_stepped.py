"""The tables of an economy that somebody steps are those that a run of its scenario writes."""

import copy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from simulator import Economy, Scenario, recorded, run
from simulator.analysis import Run, client_rewards, load_run, overview_figure, ownership, summarise
from simulator.errors import RunError
from simulator.tables import TABLES
from tests.scenario.test_python import small

SCENARIOS: dict[str, Any] = {
    "quickstart": lambda: Scenario.load("quickstart", {"periods": 5}),
    "sums by strategy": lambda: small(record={"agents": "summary", "fills": "summary"}),
    "a sample": lambda: small(record={"agents": "sample", "fills": "sample", "sample": 1}),
    "late joiners": lambda: small(periods=3, clients=[{"count": 2}, {"joins": 2}]),
    "nobody trades": lambda: small(investors=[], clients=[{"policy": {"kind": "hold"}}]),
    "concentrated": lambda: small(market={"curve": {"kind": "concentrated"}}),
}


def stepped(scenario: Scenario, periods: int | None = None) -> Economy:
    economy = Economy(scenario, keep=True)
    for _ in range(scenario.periods if periods is None else periods):
        economy.step()
    return economy


def check_equal(one: Run, other: Run) -> None:
    """All tables have the same values, types and names."""
    for name in TABLES:
        frames = [getattr(each, name) for each in (one, other)]
        pd.testing.assert_frame_equal(*frames, check_exact=True)


@pytest.mark.parametrize("make", SCENARIOS.values(), ids=SCENARIOS)
def test_all_tables_are_those_of_a_run(make: Any, tmp_path: Path) -> None:
    scenario = make()
    economy, loaded = stepped(scenario), load_run(run(scenario, tmp_path))
    now = recorded(economy)
    check_equal(now, loaded)
    assert now.scenario == loaded.scenario
    assert summarise(now) == summarise(loaded) == loaded.summary
    assert now.periods["period"].tolist() == list(range(scenario.periods + 1))


def test_measures_and_figures_take_it(tmp_path: Path) -> None:
    scenario = small()
    now, loaded = recorded(stepped(scenario)), load_run(run(scenario, tmp_path))
    pd.testing.assert_frame_equal(client_rewards(now), client_rewards(loaded))
    pd.testing.assert_frame_equal(ownership(now), ownership(loaded))
    titles = [overview_figure(each).get_suptitle() for each in (now, loaded)]
    assert titles[0] == titles[1] != ""


def test_it_is_what_was_recorded_when_it_was_asked_for() -> None:
    economy = stepped(small(periods=4), 1)
    early = recorded(economy)
    branch = copy.deepcopy(economy)
    economy.step()
    assert early.periods["period"].tolist() == [0, 1]
    assert recorded(economy).periods["period"].tolist() == [0, 1, 2]
    assert (early.manifest["status"], early.behaviours["client_2"]) == ("running", "free_rider")
    for each in (branch, economy):
        each.run_model()
    check_equal(recorded(branch), recorded(economy))
    assert recorded(economy).manifest["status"] == "complete"


def test_nothing_is_kept_unless_asked_for() -> None:
    economy = Economy(small())
    economy.step()
    assert economy.kept is None
    with pytest.raises(RunError, match=r"^only the last .* write Economy\(.*, keep=True\)"):
        recorded(economy)


def test_a_restored_economy_keeps_what_follows() -> None:
    economy = stepped(small(periods=3), 2)
    saved, before = economy.save(), recorded(economy)
    economy.restore(saved)
    with pytest.raises(RunError, match="nothing is kept yet"):
        recorded(economy)
    economy.step()
    after = recorded(economy)
    assert after.periods["period"].tolist() == [3]
    again = recorded(stepped(small(periods=3)))
    for name in TABLES:
        parts = pd.concat([getattr(before, name), getattr(after, name)], ignore_index=True)
        whole = getattr(again, name)
        pd.testing.assert_frame_equal(parts.astype(whole.dtypes), whole)


def test_what_is_no_economy_is_told() -> None:
    with pytest.raises(RunError, match="recorded needs an Economy, not a Scenario; "):
        recorded(Scenario.load("quickstart"))
