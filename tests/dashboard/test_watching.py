"""The watched economy: the same numbers as any other, and an end."""

import numpy as np

from simulator.dashboard.watching import Watched
from simulator.economy import Economy
from simulator.federation import Federation, LeaveOneOut, SgdClassifier
from simulator.scenario import Scenario

SETTINGS = Scenario(periods=3, federation=Federation(contribution=LeaveOneOut()))


def watched(settings: Scenario = SETTINGS) -> Watched:
    return Watched(lambda _: settings, "")


def test_frames_are_those_of_an_economy_that_nobody_watches():
    seen, other = watched(), Economy(SETTINGS)
    for _ in range(3):
        seen.step()
        other.step()
        frame = seen.frames[-1]
        assert frame.row == other.history[-1]
        np.testing.assert_array_equal(frame.spot_price, other.spot_price)
        np.testing.assert_array_equal(frame.fundamental_value, other.fundamental_value)
        np.testing.assert_array_equal(frame.share, other.shares)
    assert [frame.row["period"] for frame in seen.frames] == [0, 1, 2, 3]
    first = Economy(SETTINGS)
    np.testing.assert_array_equal(seen.frames[0].spot_price, first.spot_price)


def test_it_stops_at_the_last_period():
    economy = watched()
    running = []
    for _ in range(5):  # as Mesa does with a render interval of 5
        economy.step()
        running.append(economy.running)
    assert running == [True, True, False, False, False]
    assert economy.period == economy.steps == 3
    assert len(economy.frames) == 4


def test_a_failure_stops_it_and_is_told():
    quick = SgdClassifier(learning_rate=1e150)
    federation = Federation(contribution=LeaveOneOut(), learner=quick)
    economy = watched(Scenario(periods=3, federation=federation))
    economy.step()
    assert not economy.running
    assert "learning_rate" in economy.failure
    assert [frame.row["period"] for frame in economy.frames] == [0]
    economy.step()
    assert economy.steps == 1


def test_the_seed_as_typed_reaches_who_chooses():
    economy = Watched(lambda text: SETTINGS.model_copy(update={"seed": int(text)}), "12")
    assert economy.settings.seed == 12
