"""A run goes on where it was saved, whatever its settings are."""

import pytest

from simulator.economy import Economy
from simulator.ledger import NUMERAIRE, OUTSIDE
from simulator.scenario import Scenario
from tests.economy.saving import goes_on

BY_SIZE = {"contribution": {"kind": "data_size"}}
RIDER = {"behaviour": {"kind": "free_rider"}}
NOISE = {"strategy": {"kind": "noise"}}
TWO_PROVIDERS = [{"count": 2, "deposit": 300}]
INVESTORS = [{"count": 8}, {"count": 6} | NOISE]

MOVING = [
    {"deposit": 300, "cash": 20, "strategy": {"kind": "fee_chaser", "speed": 0.5, "band": 0.01}},
    {"deposit": 300, "strategy": {"kind": "exit_on_loss", "loss": 0.005}},
]
CLIENTS_OF_MOVING = [{"count": 3}, RIDER]
"""Clients of whom one rides for free, where providers move."""


def keeper(deposit, width):
    return {"deposit": deposit, "strategy": {"kind": "range_keeper", "width": width}}


def case(name, before=3, after=3, shows=lambda economy: True, **settings):
    """Settings; periods before and after saving; what there must have been at the end."""
    return pytest.param(settings, before, after, shows, id=name)


def plain(name, shows=lambda economy: True, before=3, after=3, **changes):
    settings = {
        "federation": {"contribution": {"kind": "leave_one_out"}},
        "clients": CLIENTS_OF_MOVING,
        "liquidity_providers": TWO_PROVIDERS,
        "investors": [{"count": 5}, {"count": 4} | NOISE],
    }
    return case(name, before, after, shows, **(settings | changes))


def launched(name, curve, **launch):
    """Nobody provides."""
    return case(
        name,
        shows=lambda economy: economy.history[-1]["volume"] > 0,
        federation=BY_SIZE,
        clients=[{"count": 4, "cash": 50}],
        liquidity_providers=[],
        investors=[{"count": 8}, {"count": 4, "strategy": {"kind": "momentum"}}],
        market={
            "launch": launch,
            "curve": curve,
            "passes": 2,
            "volatility_fee": {"sensitivity": 0.5},
        },
    )


def paid_in(mechanism, curve, clearing):
    """All sorts of clients that are not paid in tokens of their own."""
    return case(
        f"{mechanism}-{curve}-{clearing}",
        clients=[
            {"count": 3, "cash": 60},
            RIDER | {"cash": 60},
            {"behaviour": {"kind": "label_flip"}, "cash": 60},
        ],
        liquidity_providers=TWO_PROVIDERS,
        investors=[{"count": 6}, {"count": 4} | NOISE],
        tokens={"mechanism": {"kind": mechanism}},
        market={"curve": {"kind": curve}, "clearing": {"kind": clearing}, "passes": 2},
    )


def moving(curve):
    """Providers come, go and keep ranges."""
    ranged = [keeper(200, 0.1)] if curve == "concentrated" else []
    return case(
        f"positions-{curve}",
        before=6,
        after=6,
        federation=BY_SIZE,
        clients=CLIENTS_OF_MOVING,
        liquidity_providers=[*MOVING, {"deposit": 300}, *ranged],
        investors=INVESTORS,
        market={"curve": {"kind": curve}, "launch": {"client": 0.1}},
    )


def ranges(name, **market):
    return case(
        f"concentrated-{name}",
        before=4,
        after=4,
        federation=BY_SIZE,
        clients=[{"count": 3}],
        liquidity_providers=[*TWO_PROVIDERS, keeper(150, 0.2)],
        investors=INVESTORS,
        market={"curve": {"kind": "concentrated"}} | market,
    )


def vesting(mechanism):
    return case(
        f"vesting-{mechanism}",
        before=2,
        after=3,
        federation=BY_SIZE,
        clients=[{"training_cost": 0, "count": 2}],
        liquidity_providers=[{"deposit": 200}],
        investors=[{"count": 3}],
        tokens={
            "mechanism": {"kind": mechanism},
            "vesting": {"kind": "linear", "periods": 3},
            "issuance": {"first": 40.0, "half_life": 20},
        },
    )


def issuing(kind):
    return case(
        f"issuance-{kind}",
        before=2,
        after=2,
        clients=[{"count": 3, "training_cost": 0, "policy": {"kind": "hold"}}],
        liquidity_providers=[{"deposit": 300}],
        investors=[{"count": 1, "activity": 0}],
        tokens={"issuance": {"kind": kind, "amount": 60, "by": "equal"}},
    )


def earning(kind):
    return case(
        f"revenue-{kind}",
        before=2,
        after=2,
        federation={"contribution": {"kind": "equal"}},
        clients=[{"count": 3, "training_cost": 0}],
        liquidity_providers=[{"deposit": 300}],
        investors=[{"count": 4}],
        tokens={"revenue": {"kind": kind}},
    )


RICH = {"activity": 1.0, "invested": 0.0, "wealth": {"mean": 1e6, "sigma": 0.0}}
CASES = [
    plain("plain"),
    plain(
        "sampled orders",
        lambda economy: economy.contributions.any(),
        before=1,
        after=1,
        federation={"contribution": {"kind": "permutation_shapley", "permutations": 1}},
    ),
    launched(
        "lbp",
        {"kind": "weighted", "weight": 0.96, "last_weight": 0.5, "periods": 20},
        kind="lbp",
        price=24,
    ),
    launched("bonding_curve", {"kind": "bonding_curve"}, kind="bonding_curve"),
    *(
        paid_in(mechanism, curve, clearing)
        for mechanism in ("shared_token", "cash")
        for curve, clearing in (
            ("constant_product", "random"),
            ("constant_product", "batch"),
            ("concentrated", "random"),
            ("stableswap", "fifo"),
        )
    ),
    case(
        "liquidity payout",
        before=4,
        after=4,
        federation=BY_SIZE,
        clients=CLIENTS_OF_MOVING,
        liquidity_providers=MOVING,
        investors=INVESTORS,
        tokens={
            "payout": {
                "dividend": 0.4,
                "buyback": 0.0,
                "direct": 0.2,
                "liquidity": 0.3,
                "treasury": 0.1,
                "pools_earn": True,
            }
        },
        market={"launch": {"client": 0.1}, "fee": 0.02},
    ),
    *map(moving, ("constant_product", "weighted", "stableswap", "concentrated")),
    ranges("plain"),
    ranges("volatility fee", volatility_fee={"sensitivity": 0.5}, passes=2),
    case(
        "outside price",
        before=2,
        after=1,
        shows=lambda economy: economy.ledger.balances[OUTSIDE, NUMERAIRE] < 0,
        federation=BY_SIZE,
        clients=[{"count": 3}],
        liquidity_providers=TWO_PROVIDERS,
        investors=[
            *INVESTORS,
            {"strategy": {"kind": "arbitrageur"}} | RICH,
            {"strategy": {"kind": "sandwich"}, "activity": 1.0, "invested": 0.0},
        ],
        market={"outside_price": {"kind": "gbm"}, "passes": 2},
    ),
    case(
        "news kept back",
        seed=1,
        federation=BY_SIZE,
        clients=[{"count": 4}],
        events=[{"period": 4, "clients": [3], "behaviour": {"kind": "free_rider"}}],
        tokens={"credit": {"memory": 0.5}},
        liquidity_providers=TWO_PROVIDERS,
        investors=[
            {"count": 5, "strategy": {"kind": "insider", "bias_sigma": 0.0}},
            {"count": 5, "strategy": {"kind": "fundamentalist", "bias_sigma": 0.0}},
            {"count": 4, "strategy": {"kind": "adaptive"}},
            {"strategy": {"kind": "pump_and_dump"}},
            {"strategy": {"kind": "wash_trader"}},
        ],
        market={"information_delay": 2},
    ),
    *map(vesting, ("client_tokens", "shared_token")),
    *map(issuing, ("capped", "per_improvement")),
    *map(earning, ("accuracy_linked", "constant", "stochastic")),
]


@pytest.mark.parametrize(("settings", "before", "after", "shows"), CASES)
def test_a_run_goes_on_where_it_was_saved(settings, before, after, shows):
    scenario = Scenario.model_validate(settings)
    economy, fresh = Economy(scenario), Economy(scenario)
    for _ in range(before):
        economy.step()
    goes_on(economy, fresh, after)
    assert shows(economy)
