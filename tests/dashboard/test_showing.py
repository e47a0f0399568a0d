"""Shows: the same numbers as any other run, an end, and interventions that can be repeated."""

from threading import Event

import numpy as np
import pytest

from simulator.dashboard.choosing import Choice
from simulator.dashboard.flows import Flows
from simulator.dashboard.frames import Cast
from simulator.dashboard.showing import Live, Recorded, Replay
from simulator.economy import Economy
from simulator.errors import RunError, ScenarioError
from simulator.running import start
from simulator.scenario import Scenario

TEXT = """\
name: small
periods: 5
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 3}, {joins: 3}]
liquidity_providers: [{count: 1, deposit: 300}]
investors: [{count: 4}]
"""
FLIP = {"kind": "behaviour", "clients": [1], "behaviour": {"kind": "label_flip"}}


@pytest.fixture
def choice(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(TEXT)
    return Choice.of(lambda changes: Scenario.load(file, changes), {})


def live(choice, periods=0):
    show = Live(lambda _: choice, "")
    for _ in range(periods):
        show.step()
    return show


def assert_same_numbers(first, second):
    """Assert that two frames have equal numbers."""
    for one, other in zip(first, second, strict=True):
        if isinstance(one, dict):
            assert one.keys() == other.keys()
            for name in one:
                np.testing.assert_array_equal(one[name], other[name], err_msg=name)
        elif isinstance(one, Flows):
            assert one.of_period == other.of_period and one.so_far == other.so_far
            assert one.spent_by_flow == other.spent_by_flow
        elif one is not None and other is not None:
            np.testing.assert_array_equal(one, other)


def test_frames_are_those_of_an_economy_that_nobody_watches(choice):
    show, other = live(choice), Economy(choice.settings)
    for _ in range(4):
        show.step()
        other.step()
        frame = show.frames[-1]
        assert frame.row == other.history[-1]
        np.testing.assert_array_equal(frame.clients["share"], other.shares)
        exists = other.register.exist(other.period)
        np.testing.assert_array_equal(frame.pools["spot_price"][exists], other.spot_price[exists])
        assert np.isnan(frame.pools["spot_price"][~exists]).all()
        holdings = frame.holdings(show.cast)
        balances = np.zeros_like(holdings)
        np.add.at(balances, other.ledger.kind_of, other.ledger.balances)
        np.testing.assert_allclose(holdings, balances, rtol=1e-9, atol=1e-7)
    assert [frame.period for frame in show.frames] == [0, 1, 2, 3, 4]
    assert all(frame.fills is None for frame in show.frames[:-1])
    assert len(show.frames[-1].fills["amount_in"]) == len(other.tables["fills"]["amount_in"])


def test_it_stops_at_the_last_period(choice):
    show, running = live(choice), []
    for _ in range(7):  # as Mesa does with a render interval of 7
        show.step()
        running.append(show.running)
    assert running == [True] * 4 + [False] * 3
    assert show.economy.period == show.steps == 5
    assert len(show.frames) == 6


def test_a_failure_stops_it_and_is_told(choice):
    choice = choice.with_setting("federation.learner.learning_rate", 1e150)
    show = live(choice, 1)
    assert not show.running
    assert "learning_rate" in show.failure
    with pytest.raises(RunError, match="period 1 was not finished"):
        show.intervene({"kind": "revenue"})
    assert [frame.period for frame in show.frames] == [0]
    show.step()
    assert show.steps == 1


def test_one_looks_back_and_goes_on_from_there(choice):
    show = live(choice, 4)
    show.go_to(1)
    assert [frame.period for frame in show.frames] == [0, 1] and show.running
    show.step()
    assert [frame.period for frame in show.frames] == [0, 1, 2]
    assert show.economy.period == 4  # nothing is computed again
    for _ in range(3):
        show.step()
    assert show.frames[-1].period == show.economy.period == 5
    show.go_to(99)
    assert show.now == 5 and not show.running


def test_what_happens_to_a_watched_run_happens_in_its_scenario(choice):
    show = live(choice, 2)
    show.intervene(FLIP)
    show.step()
    show.intervene({"kind": "liquidity", "amount": 50.0})
    show.intervene({"kind": "clearing", "clearing": {"kind": "fifo"}})
    show.step()
    show.intervene({"kind": "revenue", "factor": 0.1, "periods": 1})
    show.step()
    periods = [event.period for event in show.settings.events]
    assert periods == [3, 4, 4, 5]
    again = Economy(show.settings)
    for frame in show.frames[1:]:
        again.step()
        assert frame.row == again.history[-1]
    names = show.cast.names["behaviour"]
    kinds = [names[frame.clients["behaviour"][1]] for frame in show.frames]
    assert kinds == ["honest"] * 3 + ["label_flip"] * 3


def test_what_cannot_happen_is_told_and_changes_nothing(choice):
    show = live(choice, 1)
    before, economy = show.settings, show.economy
    with pytest.raises(ScenarioError, match="there is no client 9"):
        show.intervene(FLIP | {"clients": [9]})
    assert show.settings is before and show.economy is economy


def test_an_event_does_not_take_what_is_chosen_for_the_next_reset(choice):
    show = live(choice, 1)
    show.choice = show.choice.with_setting("market.fee", 2.0)  # invalid, and reported elsewhere
    show.intervene(FLIP)
    assert show.settings.market.fee == choice.settings.market.fee


def test_a_closed_show_keeps_next_to_nothing(choice):
    show = live(choice, 3)
    show.close()
    show.close()
    assert len(show.all_frames) == 1 and not hasattr(show, "economy")
    show.step()
    assert len(show.all_frames) == 1 and not show.running


def test_a_show_can_be_closed_while_a_step_waits_for_its_turn(choice):
    show, closed = live(choice, 2), Event()

    class Turns:  # the step has seen that there is one to come
        def __enter__(self):
            if not closed.is_set():
                closed.set()
                show.close()

        def __exit__(self, *_):
            pass

    show._lock = Turns()
    show.step()
    assert closed.is_set() and len(show.all_frames) == 1 and not show.running


@pytest.mark.parametrize("record", ["all", "summary", "sample"])
def test_a_recorded_run_has_the_frames_it_had_when_it_was_computed(choice, tmp_path, record):
    settings = choice.with_setting("record.agents", record).with_setting("record.fills", record)
    folder = start(settings.settings, out=tmp_path)
    recorded = Recorded.of(folder, settings.settings)
    show, replay = live(settings, 5), Replay(recorded, len(recorded.frames) - 1)
    assert len(replay.frames) == 6
    for computed, recorded_frame in zip(show.frames, replay.frames, strict=True):
        assert_same_numbers(computed, recorded_frame)
    assert not replay.running
    replay.go_to(2)
    assert replay.running and len(replay.frames) == 3
    replay.step()
    assert replay.frames[-1].period == 3


def test_the_cast_of_a_run(choice):
    cast = Cast.of(choice.settings)
    assert cast.clients == ("client_0", "client_1", "client_2", "client_3")
    assert set(cast.behaviours.values()) == {"honest"}
    assert cast.behaviour_by_token["token_0"] == "honest"
    shared = Cast.of(choice.with_setting("tokens.mechanism.kind", "shared_token").settings)
    assert shared.behaviour_by_token == {"token": ""}
