"""Choices: valid changes to a scenario apply, others are reported."""

import pytest

from simulator.dashboard.choosing import Choice
from simulator.dashboard.stage import Stage
from simulator.errors import ScenarioError
from simulator.scenario import Scenario

TEXT = """\
name: small
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 3}]
liquidity_providers: [{count: 1, deposit: 300}]
"""


@pytest.fixture
def choice(tmp_path) -> Choice:
    file = tmp_path / "small.yaml"
    file.write_text(TEXT)
    return Stage(Scenario, str(file), {"market.fee": 0.02}).initial_choice


def value_of(choice: Choice, path: str) -> object:
    return next(choice.value(control) for control in choice.controls if control.path == path)


def test_it_begins_with_the_overrides_of_the_command_line(choice):
    assert choice.settings.market.fee == value_of(choice, "market.fee") == 0.02
    assert choice.problems == ()


def test_wrong_overrides_are_refused_at_once(tmp_path):
    (tmp_path / "small.yaml").write_text(TEXT)
    with pytest.raises(ScenarioError, match="must be less than 1"):
        _ = Stage(Scenario, str(tmp_path / "small.yaml"), {"market.fee": 2}).initial_choice


def test_a_change_is_taken(choice):
    changed = choice.with_setting("clients.0.count", 5).with_setting("periods", 7)
    assert len(changed.settings.behaviours) == 5
    assert changed.settings.periods == 7
    assert choice.settings.periods == 60  # a choice is a value
    assert changed.settings.market.fee == 0.02


def test_parts_of_a_list_that_the_file_leaves_out_can_be_changed(choice):
    assert choice.with_setting("investors.0.count", 7).settings.investors[0].count == 7


def test_a_wrong_change_is_told_as_on_the_command_line_and_changes_nothing(choice):
    wrong = choice.with_setting("market.fee", 1.5)
    assert wrong.problems == (
        "--set market.fee=1.5: market.fee: 1.5 is too large; it must be less than 1",
    )
    assert wrong.settings == choice.settings
    assert value_of(wrong, "market.fee") == 1.5
    assert wrong.with_setting("market.fee", 0.5).problems == ()


def test_coupled_changes_are_taken_once_they_fit(choice):
    """Fractions of a payout sum to 1."""
    half = choice.with_setting("tokens.payout.dividend", 0.3)
    (problem,) = half.problems
    assert "sum to 1" in problem
    assert half.settings.tokens.payout.dividend == 0.5
    both = half.with_setting("tokens.payout.buyback", 0.4)
    assert both.problems == ()
    payout = both.settings.tokens.payout
    assert (payout.dividend, payout.buyback) == (0.3, 0.4)


def test_data_that_cannot_be_divided_is_told_before_a_run_begins(choice):
    wrong = choice.with_setting("clients.0.count", 5000)
    (problem,) = wrong.problems
    assert "5000" in problem
    assert wrong.settings == choice.settings


def test_a_new_kind_brings_its_own_controls_and_drops_old_changes(choice):
    first = choice.with_setting("tokens.issuance.half_life", 7.0)
    constant = first.with_setting("tokens.issuance.kind", "constant")
    assert constant.problems == ()
    assert constant.settings.tokens.issuance.kind == "constant"
    paths = {control.path for control in constant.controls}
    assert "tokens.issuance.half_life" not in paths and "tokens.issuance.kind" in paths
    back = constant.with_setting("tokens.issuance.kind", "halving")
    assert back.settings == choice.settings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abc", "expected a whole number, got text 'abc'"),
        ("1.5", "whole number"),
        ("-1", "at least 0"),
        ("", "whole number"),
        ("[1", "--set seed=[1"),
        ("!!python/name:os.system", "tags"),
        ("9" * 40, "seed"),
    ],
)
def test_a_seed_that_is_none_is_told(choice, text, message):
    wrong = choice.with_seed(text)
    (problem,) = wrong.problems
    assert message in problem
    assert wrong.settings == choice.settings
    assert wrong.with_setting("periods", 3).settings.periods == 3


def test_a_typed_seed_is_taken(choice):
    assert choice.with_seed("41").settings.seed == 41
    assert choice.with_seed("x").with_seed(" 41 ").problems == ()
