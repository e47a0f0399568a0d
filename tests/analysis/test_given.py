"""What agents are given in a run is no gain of theirs."""

from pathlib import Path

import pytest

from analysis import growth_by_kind, load_run, summarise
from simulator import Scenario, run


def test_what_a_provider_is_given_is_no_gain_of_its_own(tmp_path: Path) -> None:
    """500 numeraire and as much in tokens from an event: the base of its growth."""
    event = {"kind": "liquidity", "period": 2, "amount": 500.0}
    small = {"periods": 4, "federation": {"task": {"kind": "wine"}}, "clients": [{"count": 3}]}
    settings = small | {"events": [event], "liquidity_providers": [{"deposit": 300}]}
    found = load_run(run(Scenario.model_validate(settings), out=tmp_path))
    rows = found.positions.query("period == 2")
    tokens = (
        rows["moved_tokens"].to_numpy() * found.pools.query("period == 2")["spot_price"]
    ).sum()
    wealth = found.agents.query("kind == 'liquidity_provider'").set_index("period")["wealth"]
    expected = 100 * (wealth[4] / (600 + 500 + tokens) - 1)
    assert growth_by_kind(found)["liquidity_provider"] == pytest.approx(expected)
    told = summarise(found)["liquidity_providers"]
    assert told["return_percent"] == pytest.approx(expected)
