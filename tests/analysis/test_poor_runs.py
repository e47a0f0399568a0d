"""Every measure of a run in which next to nothing happens: numbers or NaN, without a warning."""

from typing import Any

import pandas as pd
import pytest

from simulator import Scenario
from simulator.analysis import (
    client_rewards,
    flexibility_results,
    information_results,
    mechanism_results,
    outside_money_results,
    participation_results,
    scalability_results,
    wealth_by_group,
)
from tests.analysis.by_hand import Ran

MEASURES = (
    client_rewards,
    flexibility_results,
    information_results,
    mechanism_results,
    outside_money_results,
    participation_results,
    scalability_results,
)
FREE = {"count": 2, "training_cost": 0, "policy": {"kind": "hold"}}
POOR: dict[str, Any] = {
    "federation.contribution.kind": "data_size",
    "clients": [FREE, FREE],
    "events": [
        {"kind": "behaviour", "period": 4, "clients": [2, 3], "behaviour": {"kind": "free_rider"}}
    ],
    "tokens.revenue": {"kind": "constant", "value": 0},
    "liquidity_providers": [],
    "investors": [],
}
CASH = {"tokens.mechanism.kind": "cash"}


@pytest.mark.parametrize(
    "changes",
    [
        POOR,
        POOR | CASH,
        POOR | {"clients": [FREE | {"count": 1}], "events": []},
        POOR | {"clients": [FREE, FREE | {"joins": 99}], "events": []},
        POOR | {"liquidity_providers": [{"deposit": 100}]},
        POOR | {"investors": [{"count": 2, "wealth": {"mean": 50.0}}]},
    ],
    ids=["tokens", "cash", "alone", "never", "providers", "investors"],
)
def test_measures_are_numbers_or_nan(ran: Ran, changes: dict[str, Any]) -> None:
    scenario = Scenario.load("scenarios/no_investors.yaml", {"periods": 8} | changes)
    run = ran(scenario)
    for measure in MEASURES:
        values = measure(run)
        numbers = values.select_dtypes("number") if isinstance(values, pd.DataFrame) else values
        assert not numbers.isin([float("inf"), float("-inf")]).to_numpy().any()
    prices = run.pools.query("period == 8").astype({"token": str}).set_index("token")
    groups = wealth_by_group(run, [], prices["spot_price"])
    by_kind = run.agents.query("period == 8").groupby("kind", observed=True)["wealth"].sum()
    assert groups["clients"] == pytest.approx(by_kind["client"])
    assert groups["liquidity_providers"] == pytest.approx(by_kind.get("liquidity_provider", 0.0))
    assert groups["investors"] == pytest.approx(by_kind.get("investor", 0.0))


# NEEDIMPORT
