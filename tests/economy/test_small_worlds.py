"""Worlds of one to five clients: whatever a scenario can name fits them, or says what would."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from simulator import Economy, Scenario
from simulator.errors import ScenarioError
from simulator.scenario import doubts
from simulator.scenario.catalogue import places
from tests.scenario.advised import advice_in, complaints

Settings = dict[str, Any]
FILES = ("csv", "natural")  # kinds that read a file of the user's
FALLING = {"kind": "weighted", "weight": 0.96, "last_weight": 0.5, "periods": 2}
NEEDS: dict[str, Settings] = {
    "market.launch=lbp": {"market.curve": FALLING, "liquidity_providers": []},
    "market.launch=bonding_curve": {
        "market.curve": {"kind": "bonding_curve"},
        "liquidity_providers": [],
    },
    "market.curve=bonding_curve": {
        "market.launch": {"kind": "bonding_curve"},
        "liquidity_providers": [],
    },
    "liquidity_providers[].strategy=range_keeper": {"market.curve": {"kind": "concentrated"}},
    "investors[].strategy=insider": {"market.information_delay": 1},
    "investors[].strategy=arbitrageur": {"market.outside_price": {"kind": "gbm"}},
}
"""Settings elsewhere without which a kind cannot be."""
TOO_SMALL = {
    "federation.aggregation=krum": 5,
    "federation.aggregation=multi_krum": 5,
    "federation.aggregation=trimmed_mean": 3,
}
"""Kinds whose defaults need at least so many clients, and say what fewer can have."""
ALONE = ("clients[].behaviour=duplicate",)
"""Kinds that need a client of another behaviour."""
UNBOUNDED = ("positions.upper", "fills.price", "fills.slippage")
"""Columns in which infinity or no number means something: full range, an order not filled."""


def kinds() -> Iterator[str]:
    for place, members in places(Scenario).items():
        if isinstance(members, tuple) and not place.startswith("events") and "rules" not in place:
            for member in members:
                if (kind := member.model_fields["kind"].default) not in FILES:
                    yield f"{place}={kind}"


def settings_of(name: str, clients: int) -> Settings:
    """Overrides of an empty scenario: so many clients, and this kind at its place."""
    place, kind = name.split("=")
    list_name, inside, setting = place.partition("[].")
    component: Settings = {"kind": kind}
    settings = {"periods": 2, "clients": [{"count": clients}], **NEEDS.get(name, {})}
    if not inside:
        return settings | {place: component}
    for part in reversed(setting.split(".")):
        component = {part: component}
    count = {"clients": clients, "investors": 50, "liquidity_providers": 2}[list_name]
    return settings | {list_name: [{"count": count} | component]}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text("name: small\n")
    return path


def check_run(scenario: Scenario) -> None:
    """Two periods, in whose tables every number is one, and in its range."""
    economy = Economy(scenario)
    for period in range(3):
        if period:
            economy.step()
        for name, table in economy.tables.items():
            for column, values in table.items():
                if f"{name}.{column}" not in UNBOUNDED and np.asarray(values).dtype.kind == "f":
                    assert np.isfinite(values).all(), (name, column)
        row = economy.history[-1]
        assert 0 <= row["accuracy"] <= 1 and row["revenue"] >= 0 and row["issued"] >= 0
        assert (economy.spot_price > 0).all() and (economy.shares >= 0).all()
        assert economy.shares.sum() == pytest.approx(1) or not economy.shares.any()
    assert economy.tables["fills"]["sequence"].size or not economy.pools


@pytest.mark.parametrize("clients", [1, 2, 3, 4, 5, 10, 40])
def test_the_default_world_of_any_size_raises_no_doubt(clients):
    method = {"contribution": {"kind": "leave_one_out"}} if clients > 16 else {}
    scenario = Scenario.model_validate({"clients": [{"count": clients}], "federation": method})
    assert doubts(scenario) == []
    sold = scenario.market.launch.served_fraction(
        clients, scenario.seed_value, scenario.demand_at_genesis
    )
    assert sold == 1.0


@pytest.mark.parametrize(("clients", "supply"), [(1, 9200), (2, 4600), (5, 1900), (10, 1000)])
def test_a_supply_that_is_not_set_is_what_is_wanted(clients, supply):
    """2 x 1000 deposited, 50 x 100/3 invested, of which 4 tenths of each supply: 3667 / .4 N."""
    scenario = Scenario.model_validate({"clients": [{"count": clients}]})
    assert scenario.market.launch.supply == supply
    again = Scenario.model_validate(scenario.model_dump())
    assert again == scenario
    fewer = {"clients": [{"count": clients}], "market": {"launch": {"supply": 700.0}}}
    if clients == 10:
        assert Scenario.model_validate(fewer).market.launch.supply == 700
    else:
        with pytest.raises(ValueError, match=r"set market\.launch\.supply="):
            Scenario.model_validate(fewer)


@pytest.mark.parametrize("mechanism", ["client_tokens", "shared_token", "cash"])
def test_the_supply_is_for_those_whose_tokens_are_sold(mechanism):
    """Late clients sell theirs later, or none of a shared token; cash has no tokens to sell."""
    scenario = Scenario.model_validate(
        {
            "clients": [{"count": 2}, {"count": 2, "joins": 9}],
            "tokens": {"mechanism": {"kind": mechanism}},
        }
    )
    expected = {"client_tokens": 2300, "shared_token": 4600, "cash": 1000}
    assert scenario.market.launch.supply == expected[mechanism]


@pytest.mark.parametrize(
    "clients", [2, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 3, 4, 5))]
)
@pytest.mark.parametrize("name", list(kinds()))
def test_every_kind_fits_a_small_world_or_says_what_would(name, clients, file):
    settings = settings_of(name, clients)
    problem = ""
    try:
        scenario = Scenario.load(file, settings)
    except ScenarioError as error:
        (problem,) = (each.what for each in error.problems)
    assert bool(problem) == (clients < TOO_SMALL.get(name, 1) or name in ALONE)
    if problem:
        alternatives = advice_in(problem)
        assert alternatives
        for advice in alternatives:
            check_run(Scenario.load(file, settings | advice))
        return
    assert all(advice_in(doubt) or "leave this out" in doubt for doubt in doubts(scenario))
    check_run(scenario)


@pytest.mark.parametrize("clients", [2, 3, 4, 5])
@pytest.mark.parametrize("use", ["dividend", "buyback", "direct", "liquidity", "treasury"])
def test_every_use_of_revenue_fits_a_small_world(use, clients, file):
    parts = dict.fromkeys(("dividend", "buyback", "direct", "liquidity", "treasury"), 0.0)
    settings = {"periods": 2, "clients": [{"count": clients}], "tokens.payout": parts | {use: 1.0}}
    assert not complaints(file, settings)
    check_run(Scenario.load(file, settings))


@pytest.mark.parametrize("kind", ["krum", "multi_krum", "trimmed_mean"])
@pytest.mark.parametrize("clients", [2, 3, 4, 5, 6, 9])
@pytest.mark.parametrize("participation", [0.3, 0.5, 1.0])
def test_too_few_participants_are_told_what_they_can_have(kind, clients, participation, file):
    settings = {
        "periods": 2,
        "clients": [{"count": clients}],
        "federation.aggregation": {"kind": kind},
        "federation.participation": participation,
    }
    for problem in complaints(file, settings):
        for advice in advice_in(problem):
            assert not any("a round has" in each for each in complaints(file, settings, advice))
