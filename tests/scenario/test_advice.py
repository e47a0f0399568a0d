"""Every doubt and refusal names a way out, and the way out is one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import Economy, Scenario
from simulator.scenario import doubts
from simulator.scenario.loading import load
from simulator.scenario.shipped import SCENARIOS
from tests.scenario.advised import advice_in, complaints, essence, left_out, without

Changes = dict[str, Any]
SMALL: Changes = {
    "periods": 4,
    "federation.task": {"kind": "synthetic", "examples": 300},
    "federation.contribution": {"kind": "leave_one_out"},
}
"""What makes a shipped scenario quick."""
CASH = {"tokens.mechanism.kind": "cash"}
LBP = {"kind": "weighted", "weight": 0.9, "last_weight": 0.5, "periods": 3}


def payout(**uses: float) -> Changes:
    parts = dict.fromkeys(("dividend", "buyback", "direct", "liquidity", "treasury"), 0.0) | uses
    return {f"tokens.payout.{use}": part for use, part in parts.items()}


IDLE: dict[str, tuple[Changes, str]] = {
    "cash with investors": (CASH, "investors"),
    "cash with vesting": (CASH | {"tokens.vesting.kind": "linear"}, "tokens.vesting"),
    "cash with a fee": (CASH | {"market.fee": 0.003}, "market.fee"),
    "cash with a market": (
        CASH | {"market.fee": 0.003, "market.passes": 2, "market.gas": 1.0},
        "market",
    ),
    "cash with providers": (
        CASH | {"liquidity_providers": [{"count": 3}]},
        "liquidity_providers",
    ),
    "cash with buyback terms": (
        CASH | {"tokens.payout.buybacks.then": "to_client"},
        "tokens.payout.buybacks.then",
    ),
    "cash with issuance": (CASH | {"tokens.issuance.by": "equal"}, "tokens.issuance.by"),
    "cash with a policy": (CASH | {"clients.0.policy.kind": "hold"}, "clients.0.policy"),
    "cash with an offering": (
        CASH | {"clients.0.offering.kind": "for_data", "clients.0.locked.fraction": 0.5},
        "clients.0.offering",
    ),
    "cash with valuation": (CASH | {"tokens.valuation.discount": 0.1}, "tokens.valuation.discount"),
    "cash with liquidity": (
        CASH | {"events": [{"kind": "liquidity", "period": 2}]},
        "events.0",
    ),
    "cash with a rule": (
        CASH | {"events": [{"kind": "clearing", "period": 2, "clearing": {"kind": "fifo"}}]},
        "events.0",
    ),
    "terms of no buyback": (
        payout(dividend=0.9, treasury=0.1) | {"tokens.payout.buybacks.then": "to_client"},
        "tokens.payout.buybacks.then",
    ),
    "limits of no buyback": (
        payout(dividend=1) | {"tokens.payout.buybacks.twap_limit": 2.0},
        "tokens.payout.buybacks.twap_limit",
    ),
    "earning pools without dividends": (
        payout(direct=1) | {"tokens.payout.pools_earn": False},
        "tokens.payout.pools_earn",
    ),
    "a discount of nothing": (
        payout(direct=1) | {"tokens.valuation.discount": 0.1},
        "tokens.valuation.discount",
    ),
    "an average that nobody uses": (
        payout(dividend=1) | {"market.oracle.window": 3},
        "market.oracle.window",
    ),
    "nothing unearned by the treasury": (
        payout(treasury=1) | {"tokens.payout.unearned": "burn"},
        "tokens.payout.unearned",
    ),
    "a fee of empty pools": (
        {"liquidity_providers": [], "investors": [], "market.fee": 0.003},
        "market.fee",
    ),
    "rules of empty pools": (
        {
            "liquidity_providers": [],
            "market.clearing.kind": "fifo",
            "market.passes": 2,
            "market.oracle.window": 3,
        },
        "market",
    ),
    "invested in nothing": (
        {
            "market.launch.kind": "lbp",
            "market.curve": LBP,
            "liquidity_providers": [],
            "investors.0.invested": 0.1,
        },
        "investors.0.invested",
    ),
    "training costs of free riders": (
        {"clients.1.training_cost": 0.5},
        "clients.1.training_cost",
    ),
    "data of free riders": (
        {"clients.1.locked": {"fraction": 0.5, "price": 2.0}},
        "clients.1.locked.price",
    ),
    "volatility without sensitivity": (
        {"market.volatility_fee.memory": 0.5},
        "market.volatility_fee.memory",
    ),
    "a volatility fee below the fee": (
        {"market.volatility_fee": {"sensitivity": 1.0, "most": 0.01}},
        "market.volatility_fee",
    ),
    "a delay that nobody minds": (
        {
            "market.information_delay": 1,
            "investors": [{"strategy": {"kind": "wash_trader"}}],
            "clients": [{"count": 10, "policy": {"kind": "cover_costs"}}],
        },
        "market.information_delay",
    ),
    "a price at which nobody trades": (
        {"market.outside_price.kind": "gbm"},
        "market.outside_price",
    ),
    "coalitions of no game": (
        {"federation.contribution": {"kind": "data_size"}, "federation.normalisation": "all"},
        "federation.normalisation",
    ),
    "aggregation of a mean": (
        {"federation.reconstruction": "aggregation"},
        "federation.reconstruction",
    ),
    "nearly everybody": (
        {"federation.participation": 0.97},
        "federation.participation",
    ),
    "contributions that nobody is paid for": (
        {"tokens.allocation.kind": "equal", "federation.normalisation": "all"},
        "federation.normalisation",
    ),
    "credit that nobody is paid for": (
        {"tokens.allocation.kind": "equal", "tokens.credit.memory": 0.5},
        "tokens.credit.memory",
    ),
    "nothing unearned": (
        {"tokens.allocation.kind": "equal", "tokens.issuance.unearned": "burn"},
        "tokens.issuance.unearned",
    ),
    "demand that stays": (
        {"tokens.revenue": {"kind": "stochastic", "sigma": 0.0, "persistence": 0.5}},
        "tokens.revenue.persistence",
    ),
    "vesting of nothing": (
        {"tokens.issuance.first": 0.0, "tokens.vesting": {"kind": "linear", "periods": 2}},
        "tokens.vesting",
    ),
    "a sample of no table": ({"record.sample": 3}, "record.sample"),
    "records of nobody": ({"investors": [], "record.fills": "summary"}, "record.fills"),
    "a tolerance of who holds": (
        {"clients": [{"count": 10, "policy": {"kind": "hold"}, "tolerance": 0.1}]},
        "clients.0.tolerance",
    ),
    "a tolerance of passive providers": (
        {"liquidity_providers.0.tolerance": 0.1},
        "liquidity_providers.0.tolerance",
    ),
    "a tolerance of who keeps what is left": (
        {
            "liquidity_providers": [
                {"strategy": {"kind": "exit_on_loss", "sell": False}, "tolerance": 0.1}
            ]
        },
        "liquidity_providers.0.tolerance",
    ),
    "a tolerance of the idle": (
        {"investors.0.activity": 0.0, "investors.0.tolerance": 0.1},
        "investors.0.tolerance",
    ),
    "a choice of one token": (
        {
            "tokens.mechanism.kind": "shared_token",
            "investors.1.strategy": {"kind": "wash_trader", "token": "lowest_share"},
        },
        "investors.1.strategy.token",
    ),
    "a choice of one rule": (
        {"investors.1.strategy": {"kind": "adaptive", "rules": [{"kind": "noise"}], "beta": 1.0}},
        "investors.1.strategy.beta",
    ),
    "prices of no locked data": (
        {"clients": [{"count": 10, "locked": {"price": 2.0}}]},
        "clients.0.locked.price",
    ),
    "prices of what is never bought": (
        {"clients": [{"count": 10, "locked": {"fraction": 0.5, "spends": 0.0, "price": 2.0}}]},
        "clients.0.locked.price",
    ),
    "an offering for nothing": (
        {"clients": [{"count": 10, "offering": {"kind": "for_data"}}]},
        "clients.0.offering",
    ),
    "participation at no cost": (
        {"clients": [{"count": 10, "training_cost": 0.0, "participation": {"kind": "by_profit"}}]},
        "clients.0.participation",
    ),
    "revenue times one": (
        {"events": [{"kind": "revenue", "period": 2, "factor": 1.0}]},
        "events.0",
    ),
    "the rule there is": (
        {"events": [{"kind": "clearing", "period": 2, "clearing": {"kind": "random"}}]},
        "events.0",
    ),
    "the behaviour there is": (
        {
            "events": [
                {"kind": "behaviour", "period": 2, "clients": [1], "behaviour": {"kind": "honest"}}
            ]
        },
        "events.0",
    ),
}
"""Settings without effect: what is changed in quickstart, and the path that the doubt names."""

OTHER: dict[str, tuple[Changes, str]] = {
    "buybacks of no token": (
        CASH | payout(buyback=0.5, direct=0.5),
        "tokens.payout.buyback: paid to the clients directly",
    ),
    "holders of no token": (
        CASH | payout(dividend=0.2, liquidity=0.2, treasury=0.6),
        "tokens.payout.dividend, tokens.payout.liquidity: paid to the clients directly",
    ),
    "overshoot": ({"investors.0.strategy.gain": 5.0}, "overshoot"),
    "two groups overshoot": (
        {"investors.0.strategy.gain": 2.0, "investors.1.strategy": {"kind": "fundamentalist"}},
        "overshoot",
    ),
    "hardly follow": ({"investors.0.strategy.gain": 0.01}, "hardly follow"),
    "hardly follow on a flat curve": ({"market.curve": {"kind": "stableswap"}}, "hardly follow"),
    "empty pools": ({"liquidity_providers": []}, "pools stay empty"),
    "few tokens": ({"market.launch.supply": 600.0}, "investors can buy about"),
    "few tokens, late": ({"market.launch.client": 0.79}, "investors can buy about"),
    "poor clients": (CASH, "cannot pay for training"),
    "dear training": (CASH | {"clients.0.training_cost": 1.0}, "cannot pay for training"),
    "cancelled shares": ({"tokens.issuance.first": 2000.0}, "cancels reward by share"),
    "smoothed twice": ({"federation.contribution": {"kind": "multi_round"}}, "smooths them again"),
    "many coalitions": (
        {"clients": [{"count": 18}], "federation.contribution": {"kind": "shapley"}},
        "coalitions a period",
    ),
    "many orders": (
        {
            "clients": [{"count": 30}],
            "federation.contribution": {
                "kind": "permutation_shapley",
                "permutations": 9000,
                "antithetic": True,
            },
        },
        "coalitions a period",
    ),
    "tips": ({"investors.0.tip": 0.1, "clients.0.tip": 0.1}, "tips buy nothing"),
    "tips by an event": (
        {
            "investors.0.tip": 0.1,
            "events": [{"kind": "clearing", "period": 1, "clearing": {"kind": "fifo"}}],
        },
        "tips buy nothing",
    ),
    "sandwich": ({"investors.1.strategy": {"kind": "sandwich"}}, "sandwiches need"),
    "one sybil": (
        {"clients": [{"count": 10}, {"count": 1, "behaviour": {"kind": "sybil"}}]},
        "sybil changes nothing",
    ),
    "late weights": (
        {"market.curve": {"kind": "weighted", "last_weight": 0.4, "periods": 9}},
        "market.curve.periods is 9",
    ),
    "late news": ({"market.information_delay": 4}, "the public learns nothing"),
    "late vesting": ({"tokens.vesting": {"kind": "cliff", "periods": 4}}, "no issued token vests"),
    "late pump": ({"investors.1.strategy": {"kind": "pump_and_dump"}}, "start is 5, after"),
    "late event": ({"events": [{"kind": "revenue", "period": 9}]}, "events.0.period is 9, after"),
    "late client": ({"clients": [{"count": 10}, {"joins": 9}]}, "clients.1.joins is 9, after"),
    "late sybil": (
        {"clients": [{"count": 10}, {"count": 2, "behaviour": {"kind": "sybil", "poses_from": 9}}]},
        "poses_from is 9, after",
    ),
    "late leaving": (
        {"clients": [{"count": 10, "participation": {"kind": "by_profit", "patience": 4}}]},
        "never changes anything: patience is 4",
    ),
    "late search": (
        {"clients": [{"count": 10, "effort": {"kind": "by_profit", "every": 4}}]},
        "never changes anything: every is 4",
    ),
}
"""Other doubts: what is changed in quickstart, and what the doubt says."""

REFUSED: dict[str, tuple[Changes, str]] = {
    "few tokens to deposit": ({"clients": [{"count": 3}]}, "but a client sells at most"),
    "far too few tokens": ({"market.launch.supply": 1.0}, "but a client sells at most"),
    "no deposits": (
        {"market.launch.kind": "bonding_curve", "market.curve.kind": "bonding_curve"},
        "takes no deposits",
    ),
    "lbp of another curve": ({"market.launch.kind": "lbp"}, "launch lbp needs a weighted curve"),
    "lbp of a bonding curve": (
        {"market.launch.kind": "lbp", "market.curve.kind": "bonding_curve"},
        "launch lbp needs",
    ),
    "a bonding curve opened otherwise": ({"market.curve.kind": "bonding_curve"}, "only market."),
    "a bonding launch": ({"market.launch.kind": "bonding_curve"}, "needs a bonding_curve"),
    "weights until nothing": (
        {"market.curve": {"kind": "weighted", "periods": 5}},
        "periods count until last_weight",
    ),
    "batch": (
        {"market.clearing.kind": "batch", "market.curve.kind": "stableswap"},
        "clearing batch needs",
    ),
    "batch by an event": (
        {
            "market.curve.kind": "stableswap",
            "events": [{"kind": "clearing", "period": 2, "clearing": {"kind": "batch"}}],
        },
        "clearing batch needs",
    ),
    "small parts": (payout(dividend=0.5, buyback=0.2), "must sum to 1"),
    "large parts": (payout(dividend=0.9, buyback=0.9, treasury=0.1), "must sum to 1"),
    "liquidity of no shares": (
        payout(liquidity=0.5, direct=0.5) | {"market.curve.kind": "concentrated"},
        "needs pools with LP shares",
    ),
    "too many for exact values": (
        {"clients": [{"count": 21}], "federation.contribution.kind": "shapley"},
        "at most 20 clients",
    ),
    "nobody at genesis": ({"clients": [{"count": 9, "joins": 2}]}, "somebody must be there"),
    "late with moving weights": (
        {
            "clients": [{"count": 9}, {"joins": 2}],
            "market.curve": {"kind": "weighted", "last_weight": 0.4},
        },
        "pools of clients who join later",
    ),
    "insider": ({"investors.1.strategy": {"kind": "insider"}}, "knows no more than others"),
    "arbitrage at no price": (
        {"investors.1.strategy": {"kind": "arbitrageur"}},
        "needs an outside price",
    ),
    "arbitrage in other pools": (
        {
            "investors.1.strategy": {"kind": "arbitrageur"},
            "market.outside_price.kind": "gbm",
            "market.curve.kind": "weighted",
        },
        "needs constant_product pools, not weighted",
    ),
    "sandwich on a bonding curve": (
        {
            "investors.1.strategy": {"kind": "sandwich"},
            "market.curve.kind": "bonding_curve",
            "market.launch.kind": "bonding_curve",
            "liquidity_providers": [],
        },
        "a sandwich needs constant_product pools",
    ),
    "ranges of no range": (
        {"liquidity_providers.0.strategy": {"kind": "range_keeper"}},
        "needs concentrated pools",
    ),
    "krum": (
        {"clients": [{"count": 10}], "federation.aggregation": {"kind": "krum", "attackers": 5}},
        "krum against 5 attackers needs at least 13",
    ),
    "krum of two": (
        {"federation.aggregation.kind": "multi_krum", "federation.participation": 0.2},
        "a round has 2",
    ),
    "trimmed mean": (
        {
            "federation.aggregation": {"kind": "trimmed_mean", "trim": 0.45},
            "federation.participation": 0.6,
        },
        "trimmed_mean leaves out 3 at each end",
    ),
    "trimmed mean of one": (
        {"federation.aggregation.kind": "trimmed_mean", "federation.participation": 0.1},
        "a round has 1",
    ),
    "copy of nobody": (
        {"clients.1.behaviour": {"kind": "duplicate", "original": 30}},
        "no client 30 to copy",
    ),
    "copy of itself": (
        {"clients.0.behaviour": {"kind": "duplicate", "original": 3}},
        "client 3 cannot copy itself",
    ),
    "copies alone": (
        {"clients": [{"count": 10, "behaviour": {"kind": "duplicate"}}]},
        "client 0 cannot copy itself",
    ),
    "copy by an event": (
        {
            "events": [
                {"period": 2, "clients": [0, 1], "behaviour": {"kind": "duplicate", "original": 1}}
            ]
        },
        "client 1 cannot copy itself",
    ),
    "sybil by an event": (
        {"events": [{"period": 2, "clients": [1], "behaviour": {"kind": "sybil"}}]},
        "neither create nor change a Sybil",
    ),
    "event of nobody": ({"events": [{"period": 2, "clients": [3, 70]}]}, "no client 70"),
    "event of one twice": ({"events": [{"period": 2, "clients": [3, 3]}]}, "listed twice"),
    "liquidity of nobody": (
        {"events": [{"kind": "liquidity", "period": 2, "provider": 7}]},
        "no liquidity provider 7",
    ),
    "liquidity of no provider": (
        {"events": [{"kind": "liquidity", "period": 2}], "liquidity_providers": []},
        "no liquidity provider 0",
    ),
    "liquidity without shares": (
        {"events": [{"kind": "liquidity", "period": 2}], "market.curve.kind": "concentrated"},
        "not to concentrated",
    ),
    "power of another schedule": ({"federation.learner.power_t": 0.3}, "for schedule invscaling"),
    "rate of schedule optimal": (
        {"federation.learner": {"schedule": "optimal", "learning_rate": 0.3}},
        "not from learning_rate",
    ),
    "schedule optimal without l2": (
        {"federation.learner": {"schedule": "optimal", "l2": 0.0}},
        "must not be 0",
    ),
    "all for tests": (
        {"federation.task.validation": 0.6, "federation.task.test": 0.6},
        "must be less than 1",
    ),
    "informative features": ({"federation.task.informative": 50}, "more than the 20 features"),
    "classes": (
        {"federation.task.classes": 40, "federation.task.informative": 6},
        "need at least 400 examples",
    ),
    "corners": (
        {"federation.task.classes": 20, "federation.task.clusters": 3},
        "20 classes x 3 clusters",
    ),
    "corners of few features": (
        {
            "federation.task": {"kind": "synthetic", "features": 2, "informative": 2},
            "federation.task.classes": 5,
        },
        "5 classes x 1 clusters",
    ),
}
"""Refusals: what is changed in quickstart, and what the problem says."""

OF_DATA: dict[str, tuple[Changes, str]] = {
    "min_examples": ({"federation.partition.min_examples": 30}, "with at least 30 examples each"),
    "shards": (
        {"federation.partition": {"kind": "shards", "shards": 40, "min_examples": 1}},
        "with 40 shards each",
    ),
    "sybils": (
        {"clients": [{"count": 2}, {"count": 170, "behaviour": {"kind": "sybil"}}]},
        "170 sybil clients have only",
    ),
    "no test": ({"federation.task.test": 0.001}, "no examples for test"),
}
"""Refusals once the data are read."""

CASES = IDLE | OTHER | REFUSED | OF_DATA
BARE = "bare"
"""A scenario that lists no groups."""


@pytest.fixture
def scenario_file(tmp_path: Path) -> dict[str, Path]:
    bare = tmp_path / "bare.yaml"
    bare.write_text("name: bare\n")
    return {**SCENARIOS.files(), BARE: bare}


def solved(file: Path, changes: Changes, message: str, folder: Path, gather: bool = False) -> int:
    """The number of ways out that a message offers, each of which was taken and led out."""
    alternatives, paths = advice_in(message), left_out(message)
    for advice in alternatives:
        left = complaints(file, changes, advice, gather=gather)
        assert essence(message) not in map(essence, left), (advice, left)
    if paths:
        leave = without if ": no effect" in message else _without_event
        changed, _ = leave(file, changes, paths, folder)
        assert essence(message) not in map(essence, complaints(changed, gather=gather))
    return len(alternatives) + len(paths)


def _without_event(
    file: Path, changes: Changes, paths: list[str], folder: Path
) -> tuple[Path, Changes]:
    """As `without`, for an event that makes the scenario impossible."""
    (path,) = paths
    kept = list(changes["events"])
    del kept[int(path.removeprefix("events."))]
    return without(file, changes | {"events": kept}, [], folder)


def said(file: Path, changes: Changes, case: str) -> list[str]:
    """The complaints of a case about the scenario with these changes."""
    text, found = CASES[case][1], complaints(file, changes, gather=case in OF_DATA)
    if case in IDLE:
        return [each for each in found if text in left_out(each)]
    return [each for each in found if text in each]


@pytest.mark.parametrize("case", CASES)
def test_every_way_out_of_a_complaint_leads_out(case, scenario_file, tmp_path):
    changes, file = SMALL | CASES[case][0], scenario_file["quickstart"]
    (message,) = said(file, changes, case)
    assert solved(file, changes, message, tmp_path, case in OF_DATA)
    for advice in advice_in(message):
        load(Scenario, file, changes, advice)  # raises nothing else


@pytest.mark.parametrize("name", ["late_joiner", "late_attack", "ownership", "breast_cancer"])
def test_ways_out_of_other_scenarios_lead_out(name, scenario_file, tmp_path):
    """Whatever complaints the same changes of another scenario bring about."""
    found = 0
    for case, (changes, _) in CASES.items():
        changes = (SMALL if name != "breast_cancer" or case in OF_DATA else {}) | changes
        if "federation.task.classes" in changes or "federation.task.informative" in changes:
            changes = SMALL | changes
        for message in said(scenario_file[name], changes, case):
            found += solved(scenario_file[name], changes, message, tmp_path, case in OF_DATA)
    assert found > 60


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"market.launch.kind": "lbp", "market.curve": LBP}, "overshoot"),
        ({"market.curve.kind": "stableswap"}, "hardly follow"),
        ({"market.launch.kind": "lbp", "market.curve": LBP}, "cannot pay for training"),
        (CASH, "cannot pay for training"),
        ({"liquidity_providers": [{"deposit": 300}]}, "overshoot"),
    ],
)
def test_groups_that_no_file_lists_are_advised_of_as_a_list(changes, text, scenario_file, tmp_path):
    changes = {"liquidity_providers": []} | changes if "lbp" in changes.values() else changes
    (message,) = (each for each in complaints(scenario_file[BARE], changes) if text in each)
    assert "=[{count: " in message
    assert solved(scenario_file[BARE], changes, message, tmp_path)


TABLES = ("periods", "clients", "pools", "fills")
MEASURED = ("contribution", "credit")
"""Columns that show what is measured, whether or not anybody is paid by it."""


def tables_of(file: Path, overrides: Changes) -> dict[str, np.ndarray]:
    """All columns of a run."""
    economy = Economy(Scenario.load(file, overrides))
    columns: dict[str, list[np.ndarray]] = {}
    for period in range(economy.settings.periods + 1):
        if period:
            economy.step()
        for name in TABLES:
            for column, values in economy.tables[name].items():
                if column not in MEASURED:
                    columns.setdefault(f"{name}.{column}", []).append(np.ravel(values))
    return {name: np.concatenate(values).astype(float) for name, values in columns.items()}


@pytest.mark.parametrize("case", IDLE)
def test_settings_said_to_be_without_effect_have_none(case, scenario_file, tmp_path):
    """A run with them is a run without them, but for the last bits of another way to compute."""
    changes, text = SMALL | IDLE[case][0], IDLE[case][1]
    file = scenario_file["quickstart"]
    (message,) = said(file, changes, case)
    changed, _ = without(file, changes, left_out(message), tmp_path)
    with_them, without_them = tables_of(file, changes), tables_of(changed, {})
    assert with_them.keys() == without_them.keys()
    for name, values in with_them.items():
        if name == "pools.fee" and text == "market.fee":
            continue  # the setting itself
        if not name.startswith("fills.") or "record" not in text:
            np.testing.assert_allclose(values, without_them[name], rtol=1e-9, atol=1e-12)


def test_free_riders_who_turn_honest_pay_for_training(scenario_file):
    honest = {"kind": "behaviour", "period": 3, "behaviour": {"kind": "honest"}}
    cost = SMALL | {"clients.1.training_cost": 0.5}
    for clients, is_idle in (([8], False), ([7], True)):
        changes = cost | {"events": [honest | {"clients": clients}]}
        lines = complaints(scenario_file["quickstart"], changes)
        assert any("clients.1.training_cost" in line for line in lines) == is_idle


@pytest.mark.parametrize("name", [*SCENARIOS.files(), BARE])
def test_shipped_scenarios_have_no_settings_without_effect(name, scenario_file, tmp_path):
    """Nor does the complete scenario of a run, which repeats every default."""
    from simulator.reading import dump

    scenario = Scenario.load(scenario_file[name])
    assert not [line for line in doubts(scenario) if "no effect" in line]
    complete = tmp_path / "complete.yaml"
    complete.write_text(dump(scenario.model_dump(mode="json")))
    assert doubts(Scenario.load(complete)) == doubts(scenario)


@pytest.mark.parametrize("case", IDLE)
def test_a_complete_scenario_is_complained_of_as_its_original(case, scenario_file, tmp_path):
    from simulator.reading import dump

    scenario = Scenario.load(scenario_file["quickstart"], SMALL | IDLE[case][0])
    complete = tmp_path / "complete.yaml"
    complete.write_text(dump(scenario.model_dump(mode="json")))
    again = Scenario.load(complete)
    assert doubts(again) == doubts(scenario)
