"""Controls: every number, choice and switch of a scenario, as its fields say."""

import pytest
from pydantic import Field

from simulator.components import Section
from simulator.dashboard.controls import Choices, Control, Slider, Switch, controls, round_number
from simulator.market import CLEARING_RULES
from simulator.scenario import Scenario


class Fields(Section):
    fraction: float = Field(0.5, ge=0, le=1, description="A fraction.")
    fee: float = Field(0.01, ge=0, lt=1)
    full: float = Field(0.9, ge=0, lt=1)
    rate: float = Field(0.01, gt=0)
    tiny: float = Field(1000.0, ge=1e-6)
    cash: float = Field(0.0, ge=0)
    count: int = Field(3, ge=1)
    people: int = Field(30, ge=1, le=100_000)
    crowd: int = Field(10_000, ge=1, le=10_000_000)
    above: int = Field(5, gt=0, lt=12)
    nothing: float | None = Field(None, ge=0)
    text: str = "free"
    flag: bool = Field(True, description="Yes or no.")


RANGES = {
    "fraction": (0, 1, 0.01),
    "fee": (0, 0.05, 0.0005),
    "full": (0, 0.99, 0.01),
    "rate": (0.0005, 0.05, 0.0005),
    "tiny": (50, 5000, 50),
    "cash": (0, 100, 1),
    "count": (1, 20, 1),
    "people": (1, 200, 1),
    "crowd": (1, 50_000, 500),
    "above": (1, 11, 1),
}


def controls_by_path(settings: Section) -> dict[str, Control]:
    return {control.path: control for control in controls(settings)}


@pytest.mark.parametrize(("name", "expected"), RANGES.items())
def test_a_slider_stays_within_bounds_and_near_its_value(name, expected):
    slider = controls_by_path(Fields())[name]
    assert isinstance(slider, Slider)
    assert (slider.low, slider.high, slider.step) == pytest.approx(expected)


def test_what_is_no_number_and_no_choice_has_no_control():
    assert controls_by_path(Fields()).keys() == {*RANGES, "flag"}
    flag = controls_by_path(Fields())["flag"]
    assert isinstance(flag, Switch) and (flag.value, flag.description) == (True, "Yes or no.")


def test_a_slider_holds_every_value_that_its_field_allows():
    settings = Fields(fraction=1.0, fee=0.999, rate=1e-7, people=100_000, above=11)
    for control in controls(settings):
        if isinstance(control, Slider):
            assert control.low <= control.value <= control.high
            assert control.step > 0


def test_round_numbers():
    assert [round_number(least) for least in (1, 1.01, 3, 20, 21, 0.04, 0.3)] == [
        1, 2, 5, 20, 50, 0.05, 0.5
    ]  # fmt: skip


NEEDY = {  # kinds that something else must be set for
    "duplicate",  # another client than the first, which it is put in the place of
    "insider",  # a delay of information
    "arbitrageur",  # a price outside
    "range_keeper",  # concentrated pools
    "lbp",  # a weighted curve whose weight falls, and no providers
    "bonding_curve",  # both launch and curve, and no providers
}


def test_every_control_of_a_scenario_can_be_set_by_its_path(tmp_path):
    """The paths are those of --set, and the values at hand are valid."""
    file = tmp_path / "whole.yaml"
    file.write_text("clients: [{count: 8}]\nliquidity_providers: [{}]\ninvestors: [{count: 2}]\n")
    scenario = Scenario.load(file)
    for control in controls(scenario):
        assert Scenario.load(file, {control.path: control.value}) == scenario
        for word in control.words if isinstance(control, Choices) else ():
            if control.path.endswith(".kind") and word not in NEEDY:
                Scenario.load(file, {control.path: word})


def test_a_family_is_a_choice_of_its_kinds_described_by_its_field():
    clearing = controls_by_path(Scenario())["market.clearing.kind"]
    kinds = tuple(member.model_fields["kind"].default for member in CLEARING_RULES)
    assert clearing == Choices(
        "market.clearing.kind", "random", "How a trading pass's orders settle.", kinds
    )


def test_kinds_that_lack_a_setting_are_no_choice():
    """A csv task is nothing without its file, for which the page has no control."""
    assert "csv" not in controls_by_path(Scenario())["federation.task.kind"].words


def test_labels_tell_section_and_group():
    by_path = controls_by_path(Scenario())
    assert (by_path["periods"].section, by_path["periods"].label) == ("Run", "periods")
    gain = by_path["investors.0.strategy.gain"]
    assert (gain.section, gain.label) == ("Investors", "strategy gain (group 1)")
    deposit = by_path["liquidity_providers.0.deposit"]
    assert (deposit.section, deposit.label) == ("Liquidity providers", "deposit (group 1)")
    assert by_path["investors.0.strategy.kind"].label == "strategy (group 1)"
    assert "seed" not in by_path  # Mesa's own field has it
