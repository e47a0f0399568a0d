"""What a run will take: estimates that grow as the work does, and are told when they are large."""

from pathlib import Path
from typing import Any

import pytest

import simulator
from simulator import Economy, Scenario
from simulator.federation import Cohort, round_seconds
from simulator.randomness import Streams
from simulator.scenario import Forecast, forecast

QUICKSTART = Path(simulator.__file__).parent.parent / "scenarios" / "quickstart.yaml"


def scenario_with(**changes: Any) -> Scenario:
    return Scenario.load(QUICKSTART, {name.replace("__", "."): changes[name] for name in changes})


def cohort_of(scenario: Scenario) -> Cohort:
    streams = Streams(scenario.seed)
    return scenario.federation.gather(scenario.behaviours, streams, scenario.owners)


def expected(**changes: Any) -> Forecast:
    scenario = scenario_with(**changes)
    return forecast(scenario, cohort_of(scenario))


def seconds_of_round(**changes: Any) -> float:
    scenario = scenario_with(**changes)
    return round_seconds(scenario.federation, cohort_of(scenario))


@pytest.mark.parametrize(
    ("takes", "words"),
    [
        (Forecast(59, 9e8, 9e8), ""),
        (Forecast(61, 0, 0), "about 61 s"),
        (Forecast(200, 0, 0), "about 3.3 min"),
        (Forecast(5 * 3600, 0, 0), "about 5 h"),
        (Forecast(1e6, 0, 0), "about 12 days"),
        (Forecast(0, 1.26e9, 123.4e9), "1.3 GB of memory, 120 GB on disk"),
        (Forecast(600, 2e9, 0), "about 10 min, 2 GB of memory"),
    ],
)
def test_what_is_told_is_more_than_a_minute_or_a_gigabyte(takes: Forecast, words: str) -> None:
    assert str(takes) == words


def test_small_worlds_are_nothing_to_tell() -> None:
    assert str(expected()) == ""


def test_time_and_disk_grow_with_periods() -> None:
    once, ten_times = expected(periods=1000), expected(periods=10_000)
    assert ten_times.seconds == pytest.approx(10 * once.seconds)
    assert ten_times.disk == pytest.approx(10 * once.disk, rel=0.01)


def test_exact_values_double_with_every_client() -> None:
    """Of 2^n coalitions nearly all the time is spent on."""
    rounds = [seconds_of_round(clients=[{"count": clients}]) for clients in (15, 16)]
    assert rounds[1] == pytest.approx(2 * rounds[0], rel=0.02)
    sampled = seconds_of_round(
        clients=[{"count": 16}], federation__contribution={"kind": "permutation_shapley"}
    )
    assert sampled < rounds[1] / 30  # 1,502 coalitions, not 65,536


def test_training_grows_with_epochs_and_examples() -> None:
    cheap = {"federation__contribution": {"kind": "equal"}}
    once = seconds_of_round(**cheap)
    assert once > 0
    assert seconds_of_round(**cheap, federation__learner__epochs=7) == pytest.approx(7 * once)


def test_a_network_costs_more_than_a_linear_model_and_rules_more_than_means() -> None:
    linear = seconds_of_round()
    assert seconds_of_round(federation__learner={"kind": "mlp_classifier"}) > 2 * linear
    assert seconds_of_round(federation__reconstruction="aggregation") > 2 * linear


def test_fills_of_many_investors_need_memory_and_disk_unless_they_are_summed() -> None:
    many = {"investors__0__count": 1_000_000, "periods": 100}
    detailed, summed = expected(**many), expected(**many, record__fills="summary")
    assert "GB of memory" in str(detailed)
    assert "GB on disk" in str(detailed)
    assert summed.disk < detailed.disk / 3
    assert expected(**many, record={"fills": "summary", "agents": "summary"}).disk < 1e9


@pytest.mark.parametrize("fills", ["all", "summary"])
def test_the_balances_of_a_large_population_count(fills: str) -> None:
    """A million accounts with 21 assets are 168 MB, held several times."""
    takes = expected(investors__0__count=1_000_000, record__fills=fills, periods=1)
    assert takes.memory > 4 * 168e6


def test_the_rows_estimated_are_about_those_recorded() -> None:
    scenario = scenario_with(periods=20)
    economy, rows = Economy(scenario), 0
    while economy.period < scenario.periods:
        economy.step()
        tables = economy.tables
        rows += sum(len(tables[name]["agent"]) for name in ("fills", "agents"))
    estimated = forecast(scenario, economy.cohort).disk / 30
    assert rows / 2 < estimated < rows * 2
