"""What a plugin's component answers wrongly fails the run: one case of every family."""

import re
from pathlib import Path

import pytest

from simulator.economy import Economy
from simulator.errors import ComponentError, StrategyError
from simulator.scenario import Scenario, scenario_type
from simulator.scenario.catalogue import places
from simulator.scenario.plugins import load_plugins
from tests.own_component import own_component

SMALL = {
    "periods": 3,
    "federation": {"task": {"kind": "wine"}, "contribution": {"kind": "leave_one_out"}},
    "clients": [{"count": 3}, {"count": 1}],
    "liquidity_providers": [{"deposit": 100}],
    "investors": [{"count": 3, "activity": 1}],
}
NAN = "float('nan')"
WRONG: dict[str, tuple[str, str, str, str]] = {
    # base class, method with its arguments, where the wrong value stands, beginning of the message
    "federation.contribution": (
        "federation.Contribution",
        "assess(self, evidence, memory, draws)",
        "np.full(len(evidence.present), {}), memory",
        "contribution mine: assess",
    ),
    "federation.aggregation": (
        "federation.FedAvg",
        "combine(self, updates, examples)",
        "np.full(updates.shape[1], {})",
        "aggregation mine: apply",
    ),
    "federation.utility": (
        "federation.Accuracy",
        "value(self, learner, scores, labels)",
        "np.full(len(scores), {})",
        "utility mine: value",
    ),
    "clients[].behaviour": (
        "federation.Behaviour",
        "report(self, update, last_step, period, draws)",
        "np.full(len(update), {})",
        "behaviour mine: report",
    ),
    "tokens.allocation": (
        "tokens.Allocation",
        "shares(self, credit)",
        "np.full(len(credit), {})",
        "allocation mine: shares",
    ),
    "tokens.issuance": (
        "tokens.Constant",
        "client_fractions(self, shares)",
        "np.full(len(shares), {})",
        "issuance mine: issue",
    ),
    "tokens.revenue": (
        "tokens.ConstantRevenue",
        "amount(self, memory, period, accuracy, majority_share, draws)",
        "{}, memory",
        "revenue mine: amount",
    ),
    "tokens.vesting": (
        "tokens.LinearVesting",
        "vest(self, memory, granted)",
        "(np.full(len(granted), {}), memory)",
        "vesting mine: vest",
    ),
    "market.curve": (
        "market.ConstantProduct",
        "payout(self, reserve_in, reserve_out, amount, fee, pays_token)",
        "{} * amount",
        "curve mine: payout",
    ),
}
PASSES: dict[str, str] = {
    "federation.task": "what it collects is checked when it is loaded",
    "federation.partition": "what it divides is checked when it is loaded",
    "federation.learner": "a model that is not finite is a ModelError",
    "clients[].policy": "a StrategyError: test_plugins.py",
    "liquidity_providers[].strategy": "a StrategyError: test_plugins.py",
    "investors[].strategy": "a StrategyError: test_plugins.py",
    "clients[].participation": "not checked yet",
    "clients[].effort": "not checked yet",
    "clients[].offering": "not checked yet",
    "tokens.mechanism": "not checked yet",
    "market.launch": "the ledger refuses amounts that are not finite",
    "market.clearing": "not checked yet",
    "market.outside_price": "not checked yet",
    "investors[].wealth": "the ledger refuses amounts that are not finite",
    "events[]": "plugins cannot add events",
}


def test_every_family_is_here() -> None:
    families = {place for place, content in places(Scenario).items() if isinstance(content, tuple)}
    assert families == WRONG.keys() | PASSES.keys()


def economy(folder: Path, place: str, body: str) -> Economy:
    base, method, *_ = WRONG[place]
    plugin = own_component(folder, base, method, body)
    own = scenario_type(load_plugins([plugin]))
    settings = {**SMALL}
    if place.startswith("clients"):
        settings["clients"] = [{"count": 3}, {"behaviour": {"kind": "mine"}}]
    else:
        section, setting = place.split(".")
        settings[section] = {**settings.get(section, {}), setting: {"kind": "mine"}}
    return Economy(own.model_validate(settings))


@pytest.mark.parametrize("place", WRONG)
@pytest.mark.parametrize("wrong", [NAN, "float('inf')"])
def test_what_is_no_number_fails_the_run(tmp_path: Path, place: str, wrong: str) -> None:
    _, _, value, message = WRONG[place]
    match = rf"{re.escape(message)} returned (nan|inf)"
    with pytest.raises(ComponentError, match=match):
        economy(tmp_path, place, f"return {value.format(wrong)}").step()


@pytest.mark.parametrize("place", [place for place in WRONG if "np.full" in WRONG[place][2]])
def test_a_wrong_length_fails_the_run(tmp_path: Path, place: str) -> None:
    _, _, value, message = WRONG[place]
    longer = re.sub(r"np\.full\((.*?), \{\}\)", r"np.full(1 + \1, 0.25)", value)
    with pytest.raises(ComponentError, match=rf"{re.escape(message)} (returned shape|failed: Val)"):
        economy(tmp_path, place, f"return {longer}").step()


@pytest.mark.parametrize("place", WRONG)
def test_an_exception_names_the_component_and_the_period(tmp_path: Path, place: str) -> None:
    message = WRONG[place][3]
    with pytest.raises(
        ComponentError, match=rf"{re.escape(message)} failed: KeyError: 'x'"
    ) as error:
        economy(tmp_path, place, "raise KeyError('x')").step()
    assert "in period 1" in str(error.value) or place in ("federation.utility", "market.curve")


@pytest.mark.parametrize("place", WRONG)
def test_text_is_no_number(tmp_path: Path, place: str) -> None:
    value = WRONG[place][2]
    text = "'text', memory" if value.endswith("memory") else "'text'"
    with pytest.raises((ComponentError, StrategyError), match=r"mine: \w+ (returned str|failed)"):
        economy(tmp_path, place, f"return {text}").step()
