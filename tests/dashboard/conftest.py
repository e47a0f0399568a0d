"""Runs of every sort, live and recorded, for the tests of the tabs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from simulator.analysis import Run, load_run
from simulator.dashboard.choosing import Choice
from simulator.dashboard.showing import Live, Recorded, Replay
from simulator.running import start
from simulator.scenario import Scenario

TEXT = """\
name: small
periods: 4
federation: {contribution: {kind: leave_one_out}, task: {kind: wine}}
clients: [{count: 2}, {behaviour: {kind: free_rider}}, {joins: 2}]
liquidity_providers: [{count: 2, deposit: 200}]
investors: [{count: 9}, {count: 3, strategy: {kind: noise}}]
"""
CURVE, LAUNCH, PROVIDERS = "market.curve", "market.launch", "liquidity_providers"
VARIANTS = {
    "client_tokens": {},
    "two_clients": {"clients": [{"count": 2}]},
    "cash": {"tokens.mechanism.kind": "cash"},
    "shared_token": {"tokens.mechanism.kind": "shared_token"},
    "bonding_curve": {
        LAUNCH: {"kind": "bonding_curve"},
        CURVE: {"kind": "bonding_curve", "reserve_ratio": 0.4},
        PROVIDERS: [],
    },
    "concentrated": {
        CURVE: {"kind": "concentrated"},
        PROVIDERS: [
            {"deposit": 200},
            {"deposit": 100, "strategy": {"kind": "range_keeper", "width": 0.3}},
        ],
    },
    "moving_weights": {
        LAUNCH: {"kind": "lbp"},
        "clients": [{"count": 3}],  # whose weights move may not join late
        CURVE: {"kind": "weighted", "weight": 0.9, "last_weight": 0.5, "periods": 3},
        PROVIDERS: [],
    },
    "stableswap": {CURVE: {"kind": "stableswap"}},
    "batch": {"market.clearing.kind": "batch"},
    "volatility_fee": {"market.volatility_fee": {"sensitivity": 0.3, "memory": 0.5}},
    "vesting": {"tokens.vesting.kind": "cliff"},
    "summary": {"record": {"agents": "summary", "fills": "summary"}},
    "sample": {"record": {"agents": "sample", "fills": "sample", "sample": 4}},
}


@dataclass(frozen=True)
class Variant:
    """A live run at its end and its recording."""

    name: str
    live: Live
    replay: Replay

    def at(self, period):
        """Both shows at a period."""
        self.live.go_to(period)
        self.replay.go_to(period)
        return self.live, self.replay


@pytest.fixture(scope="session")
def choices(tmp_path_factory):
    """A function from changes to a small scenario to a choice."""
    file = tmp_path_factory.mktemp("scenarios") / "small.yaml"
    file.write_text(TEXT)
    return lambda overrides: Choice.of(lambda changes: Scenario.load(file, changes), overrides)


@pytest.fixture(scope="session")
def play(choices):
    """A function from changes to a small scenario to a show that has run for some periods."""

    def played(changes, periods=4):
        show = Live(lambda _: choices(changes), "")
        for _ in range(periods):
            show.step()
        return show

    return played


@pytest.fixture(scope="session", params=VARIANTS)
def variant(request, play, tmp_path_factory):
    live = play(VARIANTS[request.param])
    folder = start(live.settings, out=tmp_path_factory.mktemp("runs"))
    recorded = Recorded.of(folder, live.settings)
    return Variant(request.param, live, Replay(recorded, len(recorded.frames) - 1))


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


class Shows(NamedTuple):
    """A run, live and recorded; `tables` are read from its folder."""

    live: Live
    replay: Replay
    tables: Run


@pytest.fixture(scope="session")
def shows_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Shows]:
    """The run of a sort, at its end."""
    cache: dict[str, Shows] = {}

    def run_at_end(sort: str) -> Shows:
        if sort not in cache:
            cache[sort] = run_of_sort(sort, tmp_path_factory.mktemp("runs"))
        return cache[sort]

    return run_at_end


def run_of_sort(sort: str, out: Any) -> Shows:
    periods = SORTS[sort].get("periods", QUICK["periods"])
    settings = Scenario.model_validate(QUICK | SORTS[sort] | {"periods": max(periods, 1)})
    live = Live(lambda _: Choice(lambda _: settings, {}, {}, settings, ()), "")
    for _ in range(periods):
        live.step()
    assert not live.failure
    folder = start(settings, out)
    recorded = Recorded.of(folder, settings)
    return Shows(live, Replay(recorded, periods), load_run(folder))


@pytest.fixture(params=SORTS)
def each_sort(request: pytest.FixtureRequest, shows_of: Callable[[str], Shows]) -> Shows:
    """A run of every sort."""
    run: Shows = shows_of(request.param)
    return run
