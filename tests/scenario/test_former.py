"""Run folders of an earlier version are read as what they were."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from simulator.errors import ScenarioError
from simulator.recording import read_manifest
from simulator.running import recorded_scenario, start, verify
from simulator.scenario import Scenario, scenario_type
from simulator.scenario.former import FORMER_METHODS, with_current_settings
from simulator.scenario.plugins import load_plugins
from tests.own_component import own_component

FLIP = {"kind": "label_flip"}


def event(period, clients, behaviour):
    return {"period": period, "kind": "behaviour", "clients": clients, "behaviour": behaviour}


def before(period, client, behaviour):
    return {"period": period, "kind": "behaviour", "client": client, "behaviour": behaviour}


CASES = {
    "begins later": (
        {"clients": [{"count": 2}, {"count": 2, "behaviour": FLIP | {"start": 4}}]},
        {
            "clients": [{"count": 2}, {"count": 2, "behaviour": {"kind": "honest"}}],
            "events": [event(4, [2, 3], FLIP)],
        },
    ),
    "at once": (
        {"clients": [{"behaviour": FLIP | {"start": 1}}]},
        {"clients": [{"behaviour": FLIP}]},
    ),
    "sybil": (
        {"clients": [{"count": 2, "behaviour": {"kind": "sybil", "start": 3}}]},
        {"clients": [{"count": 2, "behaviour": {"kind": "sybil", "poses_from": 3}}]},
    ),
    "an event comes first": (
        {
            "clients": [{"count": 2, "behaviour": FLIP | {"start": 9}}],
            "events": [before(5, 0, {"kind": "free_rider", "start": 1})],
        },
        {
            "clients": [{"count": 2, "behaviour": {"kind": "honest"}}],
            "events": [event(9, [1], FLIP), event(5, [0], {"kind": "free_rider"})],
        },
    ),
    "an event waits": (
        {"clients": [{}], "events": [before(2, 0, FLIP | {"start": 6})]},
        {"clients": [{}], "events": [event(6, [0], FLIP), event(2, [0], {"kind": "honest"})]},
    ),
    "an event waits in vain": (
        {"clients": [{}], "events": [before(2, 0, FLIP | {"start": 6}), before(4, 0, FLIP)]},
        {"clients": [{}], "events": [event(2, [0], {"kind": "honest"}), event(4, [0], FLIP)]},
    ),
    "fedsv": (
        {"federation": {"contribution": {"kind": "fedsv"}}},
        {"federation": {"contribution": {"kind": "shapley"}}},
    ),
}


@pytest.mark.parametrize(("written", "expected"), CASES.values(), ids=CASES)
def test_what_was_written_is_put_into_the_words_of_today(written, expected):
    copy = json.loads(json.dumps(written))
    assert with_current_settings(written) == expected
    assert written == copy
    assert with_current_settings(expected) == expected


SCENARIO = """\
name: small
periods: 7
federation: {task: {kind: wine}}
clients: [{count: 2}, {count: 2}, {count: 2, behaviour: {kind: sybil, poses_from: 3}}]
liquidity_providers: [{deposit: 200}]
investors: [{count: 3}]
events:
  - {kind: behaviour, period: 4, clients: [2, 3], behaviour: {kind: label_flip}}
  - {kind: behaviour, period: 6, clients: [0], behaviour: {kind: free_rider}}
"""


def test_a_run_of_an_earlier_version_is_verified(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(SCENARIO)
    folder = start(Scenario.load(file), tmp_path / "out")
    scenario = yaml.safe_load((folder / "scenario.yaml").read_text())
    scenario["federation"]["contribution"]["kind"] = "fedsv"
    for group, begins in zip(scenario["clients"], (None, 4, 3), strict=True):
        if begins:
            group["behaviour"] = {"kind": "sybil" if begins == 3 else "label_flip", "start": begins}
    scenario["events"] = [before(6, 0, {"kind": "free_rider", "start": 1})]
    text = yaml.safe_dump(scenario)
    (folder / "scenario.yaml").write_text(text)
    manifest = read_manifest(folder) | {"format": 2}
    manifest["scenario_sha256"] = sha256(text.encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    behaviours = recorded_scenario(folder, manifest, ()).behaviours
    kinds = [behaviour.at(period).kind for behaviour in behaviours for period in (2, 7)]
    assert kinds == [
        *("honest", "free_rider", "honest", "honest"),
        *("honest", "label_flip") * 2,
        *("honest", "sybil") * 2,
    ]
    assert set(verify(folder).values()) == {"identical"}
    text = text.replace("periods: 7", "periods: -7")
    (folder / "scenario.yaml").write_text(text)
    manifest["scenario_sha256"] = sha256(text.encode()).hexdigest()
    with pytest.raises(ScenarioError, match=r"scenario\.yaml: periods: ") as caught:
        recorded_scenario(folder, manifest, ())
    assert "\n" not in str(caught.value)


RAMP = """\
from typing import Literal
from simulator.federation import Behaviour
class Ramp(Behaviour):
    "Reports less of its update at first."
    kind: Literal["ramp"] = "ramp"
    start: int = 3
    def report(self, update, last_step, period, draws):
        return update if period >= self.start else update / 2
"""


def test_settings_of_a_users_own_are_left_as_they_are(tmp_path: Path) -> None:
    plugin = tmp_path / "ramp.py"
    plugin.write_text(RAMP)
    own = scenario_type(load_plugins([plugin]))
    scenario = own.model_validate(
        {
            "periods": 4,
            "federation": {"task": {"kind": "wine"}},
            "clients": [{"count": 2}, {"behaviour": {"kind": "ramp", "start": 2}}],
            "liquidity_providers": [{"deposit": 100}],
        }
    )
    folder = start(scenario, tmp_path / "out", plugins=[plugin])
    assert set(verify(folder, plugins=[plugin]).values()) == {"identical"}
    written = {"clients": [{"behaviour": {"kind": "ramp", "start": 2}}]}
    assert with_current_settings(written) == written


@pytest.mark.parametrize(
    ("base", "method", "message"),
    [
        ("federation.Behaviour", "claimed", "Mine.claimed is called examples_reported now"),
        ("market.ConstantProduct", "has_shares", "Mine.has_shares is called full_range now"),
        ("tokens.LinearVesting", "parts", "Mine.parts is called fractions now"),
        ("federation.SgdClassifier", "of_outputs", "Mine.of_outputs is called shares now"),
        ("federation.Learner", "multiclass_probabilities", "probabilities is called shares now"),
        ("federation.SgdClassifier", "likelihood", "Mine.likelihood is called log_likelihood now"),
    ],
)
def test_a_method_that_would_be_ignored_is_refused(
    tmp_path: Path, base: str, method: str, message: str
) -> None:
    plugin = own_component(tmp_path, base, f"{method}(self, *_)", "return 1")
    with pytest.raises(ScenarioError, match=message):
        load_plugins([plugin])
    if base != "federation.Learner":  # which has methods to be defined
        plugin.write_text(plugin.read_text().replace(method, "anything"))
        assert len(load_plugins([plugin])) == 1


def test_current_names_are_methods() -> None:
    for base, names in FORMER_METHODS.items():
        assert all(hasattr(base, new) and not hasattr(base, old) for old, new in names.items())
