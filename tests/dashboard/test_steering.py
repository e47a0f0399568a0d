"""Steering: events as the page drafts them, with the kinds of plugins among the choices."""

import numpy as np
import pytest

from simulator.dashboard.controls import Choices, controls
from simulator.dashboard.showing import Live
from simulator.dashboard.stage import Stage
from simulator.dashboard.steering import draft_event, event_text
from simulator.running import verify
from simulator.scenario import BehaviourEvent, Scenario, scenario_type
from simulator.scenario.plugins import load_plugins

SCENARIO = """\
name: own
periods: 5
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 3}]
liquidity_providers: [{count: 1, deposit: 300}]
investors: [{count: 4}]
"""
PLUGIN = '''
from typing import Literal

import numpy as np
from pydantic import Field
from simulator.agents.strategies import SingleAccountStrategy
from simulator.federation.behaviours import Behaviour
from simulator.market import Clearing


class Sleepy(Behaviour):
    """Sends a part of its update only."""

    kind: Literal["sleepy"] = "sleepy"
    part: float = Field(0.5, ge=0, le=1, description="Part that is sent.")

    def report(self, update, last_step, period, draws):
        return self.part * update


class Reversed(Clearing):
    """The last order settles first."""

    kind: Literal["reversed"] = "reversed"

    def sequence(self, memory, orders, draws):
        return np.arange(len(orders))[::-1]


class Idle(SingleAccountStrategy):
    """Trades nothing."""

    kind: Literal["idle"] = "idle"

    def trades(self, view, numeraire, tokens, draws):
        return np.zeros(len(tokens))
'''


@pytest.fixture
def stage(tmp_path):
    """What `view own.yaml --plugin mine.py` opens."""
    scenario, plugin = tmp_path / "own.yaml", tmp_path / "mine.py"
    scenario.write_text(SCENARIO)
    plugin.write_text(PLUGIN)
    kind = scenario_type(load_plugins([plugin]))
    return Stage(kind, str(scenario), {}, (str(plugin),), tmp_path / "out")


def words_of(settings, path):
    (control,) = [each for each in controls(settings) if each.path == path]
    assert isinstance(control, Choices)
    return control.words


def test_interventions_offer_the_kinds_of_plugins(stage):
    kind = type(stage.initial_choice.settings)
    assert "sleepy" in words_of(draft_event(kind, "behaviour", {}), "behaviour.kind")
    assert "reversed" in words_of(draft_event(kind, "clearing", {}), "clearing.kind")
    slept = draft_event(kind, "behaviour", {"behaviour.kind": "sleepy"})
    assert "behaviour.part" in {control.path for control in controls(slept)}
    assert "sleepy" not in words_of(draft_event(Scenario, "behaviour", {}), "behaviour.kind")


def test_an_event_is_drafted_for_one_client():
    first = draft_event(Scenario, "behaviour", {})
    second = draft_event(Scenario, "behaviour", {"client": 1, "behaviour.kind": "label_flip"})
    for event, clients, kind in ((first, (0,), "free_rider"), (second, (1,), "label_flip")):
        assert isinstance(event, BehaviourEvent)
        assert (event.clients, event.behaviour.kind) == (clients, kind)
        assert "clients" not in {control.path for control in controls(event)}
    # A choice that is just going means nothing to another kind of event.
    revenue = draft_event(Scenario, "revenue", {"client": 1})
    assert revenue == draft_event(Scenario, "revenue", {})


def test_an_event_of_a_scenario_tells_of_all_its_clients(stage):
    values = {"period": 2, "clients": [2, 0], "behaviour": {"kind": "sign_flip"}}
    event = BehaviourEvent.model_validate(values)
    cast = Live(lambda _: stage.initial_choice, "").cast
    assert event_text(event, cast) == "client 2, client 0 turn sign flip"


def test_settings_offer_the_kinds_of_plugins(stage):
    first = stage.initial_choice
    for path, own in (
        ("clients.0.behaviour.kind", "sleepy"),
        ("market.clearing.kind", "reversed"),
        ("investors.0.strategy.kind", "idle"),
    ):
        assert own in words_of(first.settings, path)
        changed = first.with_setting(path, own)
        assert changed.problems == ()
        show = Live(lambda _, changed=changed: changed, "")
        show.step()
        assert not show.failure and show.now == 1


def test_a_plugin_behaviour_happens_to_a_watched_run(stage):
    show = Live(lambda _: stage.initial_choice, "")
    show.step()
    kind = type(show.settings)
    sleepy = draft_event(
        kind, "behaviour", {"client": 1, "behaviour.kind": "sleepy", "behaviour.part": 0.0}
    )
    assert isinstance(sleepy, BehaviourEvent)
    assert event_text(sleepy, show.cast) == "client 1 turns sleepy"
    show.intervene(sleepy.model_dump(mode="json"))
    reverse = draft_event(kind, "clearing", {"clearing.kind": "reversed"})
    show.intervene(reverse.model_dump(mode="json"))
    show.step()
    names = show.cast.names["behaviour"]
    kinds = [names[frame.clients["behaviour"][1]] for frame in show.frames]
    assert kinds == ["honest", "honest", "sleepy"]
    np.testing.assert_array_equal(show.economy.round.updates[1], 0.0)
    assert show.settings.clearing(2).kind == "reversed"
    assert set(verify(stage.save(show), plugins=stage.plugins).values()) == {"identical"}
