"""Holdings: by hand, and of real runs against the ledger and other tables."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import Economy, Scenario
from simulator.analysis import holdings, load_run, ownership
from tests.analysis.by_hand import Ran

Rows = dict[str, list[tuple[Any, ...]]]


def test_holdings_that_do_not_add_up_are_refused(
    finished: Callable[..., Path], owned: Rows
) -> None:
    owned["agents"].pop()  # an investor that was not recorded
    with pytest.raises(ValueError, match="owners of 190 are known: not all fills and agents"):
        holdings(load_run(finished(owned)))


OFFERING = {"offering": {"kind": "for_data"}, "locked": {"fraction": 0.8, "price": 20}}
ONE_OFFERS = [{"count": 3}, {"count": 1} | OFFERING]
ALL_OFFER = [{"count": 3} | OFFERING]
ARBITRAGE = {"strategy": {"kind": "arbitrageur"}, "count": 3}
LEAVING = {"strategy": {"kind": "exit_on_loss", "loss": 1e-4}, "deposit": 200}
SMALL = {"liquidity_providers": [{"deposit": 300}]}
FOLLOWING = {"strategy": {"kind": "range_keeper", "width": 0.01}}
LATE = {"clients.2.joins": 4}
CONCENTRATED = {"market.curve": {"kind": "concentrated"}}
BONDING = {
    "market.curve": {"kind": "bonding_curve"},
    "market.launch": {"kind": "bonding_curve"},
    "liquidity_providers": [],
}


@pytest.mark.parametrize(
    ("changes", "flow"),
    [
        ({}, "genesis_sale"),
        ({"tokens.mechanism.kind": "shared_token"}, "swap"),
        (
            {"tokens.payout.buybacks.then": "to_client", "tokens.vesting": {"kind": "cliff"}},
            "vesting",
        ),
        ({"tokens.payout.liquidity": 0.1, "tokens.payout.treasury": 0}, "liquidity"),
        (CONCENTRATED | {"investors.0.accounts_per_agent": 7}, "fee"),
        (LATE | {"clients.1.joins": 4, "investors.0.accounts_per_agent": 7}, "escrow"),
        (LATE | {"clients.1.joins": 7, "tokens.vesting": {"kind": "cliff"}}, "escrow"),
        (LATE | {"tokens.mechanism.kind": "shared_token"}, "swap"),
        (LATE | BONDING, "genesis_sale"),
        (LATE | {"events": [{"kind": "liquidity", "period": 6, "amount": 90}]}, "liquidity"),
        ({"clients.2.joins": 99, "liquidity_providers.0.count": 2}, "escrow"),
        (SMALL | {"clients": ONE_OFFERS}, "offering"),
        (SMALL | {"clients": ALL_OFFER, "tokens.mechanism.kind": "shared_token"}, "offering"),
        (SMALL | {"clients": ALL_OFFER}, "offering"),
        (SMALL | {"clients": ALL_OFFER, "market.passes": 2, "record.fills": "all"}, "offering"),
        ({"investors.1": ARBITRAGE, "market.outside_price.kind": "gbm"}, "outside_sale"),
        ({"liquidity_providers": [{"deposit": 300}, LEAVING]}, "withdrawal"),
        (CONCENTRATED | {"liquidity_providers": [{"deposit": 300}, FOLLOWING]}, "withdrawal"),
    ],
)
def test_holdings_are_what_the_books_and_other_tables_say(
    ran: Ran, changes: dict[str, Any], flow: str
) -> None:
    """Of every agent: worth `token_value` in each period, and at the end what the ledger has."""
    quick = {"periods": 12, "federation.contribution.kind": "leave_one_out"}
    scenario = Scenario.load("scenarios/quickstart.yaml", quick | changes)
    run = ran(scenario)
    held, pools = holdings(run), run.pools.astype({"token": str})
    price = pools.set_index(["period", "token"])["spot_price"].sort_index()
    supply = pools.set_index(["period", "token"])["supply"].sort_index()
    assert held.sum(axis=1).to_numpy() == pytest.approx(supply.to_numpy(), rel=1e-9)
    worth = held.mul(price, axis=0).groupby(level="period").sum()
    agents = run.agents.astype({"agent": str, "kind": str})
    holds = agents[agents["kind"].isin(["investor", "client"])]
    booked = holds.pivot(index="period", columns="agent", values="token_value")
    assert worth[booked.columns].to_numpy() == pytest.approx(booked.to_numpy(), abs=1e-6)
    flows = run.flows["flow"].to_list()
    assert flow in flows and ("offering" in flows) == ("offering" in set(run.fills["status"]))
    assert held.shape[1] > 70 * (not changes)
    parts = ownership(run)[["clients", "liquidity_providers", "investors", "treasury"]]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(100)
    for name, tokens in in_the_ledger(scenario).items():
        own = held.loc[12][name] if name in held else 0 * price.loc[12]
        assert own.to_numpy() == pytest.approx(tokens[: len(own)], rel=1e-9, abs=1e-6)


def in_the_ledger(scenario: Scenario) -> dict[str, Any]:
    """Tokens of every agent at the end `[tokens]`, its parts of pools with them."""
    economy = Economy(scenario)
    for _ in range(scenario.periods):
        economy.step()
    register = economy.register
    balances = economy.ledger.balances[:, register.token_assets].copy()
    balances[register.position_accounts] += economy.positions.tokens
    own = np.add.reduceat(balances[register.agent_accounts], register.first_accounts - 2)
    return dict(zip(register.agents, own, strict=True))


def test_fills_that_are_not_recorded_are_missed(ran: Ran) -> None:
    changes = {"periods": 3, "record.fills": "summary"}
    run = ran(Scenario.load("scenarios/quickstart.yaml", changes))
    with pytest.raises(ValueError, match="by table agents: not all its fills are recorded"):
        holdings(run)


@pytest.mark.parametrize("changes", [{}, SMALL | {"clients": ALL_OFFER}], ids=["", "offerings"])
def test_sums_over_investors_can_be_followed_as_well(ran: Ran, changes: dict[str, Any]) -> None:
    recorded = {"periods": 3, "record.fills": "summary", "record.agents": "summary"}
    scenario = Scenario.load("scenarios/quickstart.yaml", recorded | changes)
    held = holdings(ran(scenario)).loc[3]
    everybody = in_the_ledger(scenario)
    investors = sum(own for name, own in everybody.items() if name.startswith("investor"))
    sums = held.filter(like="investors_").sum(axis=1)
    assert sums.to_numpy() == pytest.approx(investors)


# NEEDIMPORT
