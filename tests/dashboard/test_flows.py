"""Flows of frames: those of the run folder's table, and their sums at any period."""

import time

import numpy as np
import pytest

from simulator.dashboard.books import drawings as books
from simulator.dashboard.flows import Flows

COLUMNS = ["flow", "asset", "payer", "payee"]


def columns(*rows):
    """Table columns from rows of flow, asset, payer, payee and amount."""
    flow, *codes, amount = zip(*rows, strict=True)
    names = ("asset", "payer", "payee")
    numbers = dict(zip(names, map(np.array, codes), strict=True))
    return {"flow": list(flow), **numbers, "amount": np.array(amount)}


def test_sums_by_hand():
    genesis = Flows.of(columns(("gift", 0, 1, 2, 5.0), ("mint", 1, 0, 2, 7.0)), 1, None)
    first = Flows.of(columns(("mint", 1, 0, 2, 1.0), ("tax", 0, 1, 0, 0.5)), 1, genesis)
    second = Flows.of(columns(("gift", 0, 1, 2, 0.25), ("gift", 0, 1, 0, 0.5)), 1, first)
    assert second.of_period == [(("gift", 0, 1, 2), 0.25), (("gift", 0, 1, 0), 0.5)]
    assert second.so_far == [
        (("gift", 0, 1, 2), 5.25),
        (("mint", 1, 0, 2), 8.0),
        (("tax", 0, 1, 0), 0.5),
        (("gift", 0, 1, 0), 0.5),
    ]
    assert first.so_far == [*zip(list(second.numbers)[:3], (5.0, 8.0, 0.5), strict=True)]
    assert genesis.so_far == genesis.of_period
    assert [each.spent_by_flow for each in (genesis, first, second)] == [
        {"gift": 5.0},
        {"tax": 0.5},
        {"gift": 0.75},
    ]


def test_a_period_may_have_no_flows():
    nothing = {name: np.zeros(0, dtype=np.int64) for name in ("asset", "payer", "payee", "amount")}
    first = Flows.of(columns(("gift", 0, 1, 2, 5.0)), 1, None)
    after = Flows.of({"flow": [], **nothing}, 1, first)
    assert after.of_period == [] and after.so_far == first.so_far


@pytest.mark.parametrize("sort", ["plain", "late", "concentrated", "cash"])
def test_at_every_period_they_are_sums_of_the_table(shows_of, sort):
    """Live, recorded, and looked back at."""
    live, replay, run = shows_of(sort)
    table = run.flows.astype(dict.fromkeys(COLUMNS, str))
    for frames in (live.all_frames, replay.all_frames):
        for frame in reversed(frames):
            for flows, rows in (
                (frame.flows.of_period, table["period"] == frame.period),
                (frame.flows.so_far, table["period"] <= frame.period),
            ):
                sums = table[rows].groupby(COLUMNS, sort=False)["amount"].sum()
                keys = [
                    (flow, live.cast.assets[asset], live.cast.kinds[payer], live.cast.kinds[payee])
                    for (flow, asset, payer, payee), _ in flows
                ]
                assert list(sums.index) == keys
                amounts = [amount for _, amount in flows]
                np.testing.assert_allclose(amounts, sums, rtol=1e-12)


def test_one_mapping_of_ways_serves_all_frames(shows_of):
    frames = shows_of("late").live.all_frames
    assert len({id(frame.flows.numbers) for frame in frames}) == 1
    assert len(frames[0].flows.total) < len(frames[-1].flows.total) == len(frames[-1].flows.numbers)


def test_what_has_moved_so_far_is_drawn_as_quickly_late_as_early(play):
    show = play({"periods": 5000}, 1)
    last = show.frames[-1]
    show.all_frames += [last._replace(row={**last.row, "period": 2 + n}) for n in range(4998)]
    took = {4: 1.0, 4999: 1.0}
    for now in 5 * list(took):
        show.go_to(now)
        start = time.thread_time()
        books(show, {"Flows": "so far"})
        took[now] = min(took[now], time.thread_time() - start)
    assert took[4999] < 3 * took[4]
