"""Runs of every sort, each of them as a live show, as a recorded one, and as its tables."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from analysis import Run, load_run
from simulator.dashboard.choosing import Choice
from simulator.dashboard.showing import Live, Recorded, Replay
from simulator.running import run
from simulator.scenario import Scenario

QUICK: dict[str, Any] = {
    "periods": 5,
    "federation": {"contribution": {"kind": "leave_one_out"}},
    "clients": [{"count": 4}, {"count": 1, "behaviour": {"kind": "label_flip"}}],
    "liquidity_providers": [{"count": 2, "deposit": 400}],
    "investors": [{"count": 6}, {"count": 3, "strategy": {"kind": "momentum"}}],
}
FEW_OF_MANY = QUICK["federation"] | {
    "task": {"kind": "synthetic", "examples": 6000},
    "participation": 0.5,
}
NO_TRADERS: dict[str, Any] = {"liquidity_providers": [], "investors": []}
SORTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "genesis": {"periods": 0},
    "two clients": {"clients": [{"count": 2}]},
    "300 clients": {
        "periods": 2,
        "federation": FEW_OF_MANY,
        "clients": [{"count": 280}, {"count": 20, "behaviour": {"kind": "free_rider"}, "joins": 2}],
    },
    "cash": {
        "tokens": {
            "mechanism": {"kind": "cash"},
            "payout": {"dividend": 0, "buyback": 0, "direct": 0.9, "treasury": 0.1},
        },
        "clients": [{"count": 30, "cash": 50, "availability": 0.7}],
        **NO_TRADERS,
    },
    "penniless": {"tokens": {"mechanism": {"kind": "cash"}}, **NO_TRADERS},
    "shared token": {"tokens": {"mechanism": {"kind": "shared_token"}}},
    "late": {"clients": [{"count": 3}, {"count": 1, "joins": 3}, {"count": 1, "joins": 6}]},
    "bonding curve": {
        "market": {"launch": {"kind": "bonding_curve"}, "curve": {"kind": "bonding_curve"}},
        "liquidity_providers": [],
    },
    "concentrated": {
        "market": {"curve": {"kind": "concentrated"}},
        "tokens": {"vesting": {"kind": "linear", "periods": 4}},
    },
    "summary": {"record": {"agents": "summary"}},
    "sample": {"record": {"agents": "sample", "sample": 4}},
}


class Shown(NamedTuple):
    """A run, live and recorded; `tables` are read from its folder."""

    live: Live
    replay: Replay
    tables: Run


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Shown]:
    """The run of a sort, at its end."""
    known: dict[str, Shown] = {}

    def of(sort: str) -> Shown:
        if sort not in known:
            known[sort] = played(sort, tmp_path_factory.mktemp("runs"))
        return known[sort]

    return of


def played(sort: str, out: Any) -> Shown:
    periods = SORTS[sort].get("periods", QUICK["periods"])
    settings = Scenario.model_validate(QUICK | SORTS[sort] | {"periods": max(periods, 1)})
    live = Live(lambda _: Choice(lambda _: settings, {}, {}, settings, ()), "")
    for _ in range(periods):
        live.step()
    assert not live.failure
    folder = run(settings, out)
    recorded = Recorded.of(folder, settings)
    return Shown(live, Replay(recorded, periods), load_run(folder))


@pytest.fixture(params=SORTS)
def each_sort(request: pytest.FixtureRequest, shown: Callable[[str], Shown]) -> Shown:
    """A run of every sort."""
    found: Shown = shown(request.param)
    return found
