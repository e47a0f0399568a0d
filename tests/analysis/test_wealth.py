"""Wealth and its growth: by hand, and in a simulated run."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from simulator import Scenario
from simulator.analysis import Run, returns_by_strategy, summarise, wealth_by_group
from simulator.analysis.wealth import AGENT_KINDS
from tests.analysis.by_hand import Ran, Rows


def test_returns_by_strategy(made: Callable[..., Run], provided: Rows) -> None:
    returns = returns_by_strategy(made(provided))
    assert returns.loc["noise"].to_dict() == pytest.approx(
        {"accounts": 3, "genesis": 200, "end": 240, "return": 0.2, "median": 0.4}
    )


def test_real_returns_are_those_of_the_summary(real: Run) -> None:
    returns, summary = returns_by_strategy(real), summarise(real)["investors"]
    percent = {name: group["return_percent"] for name, group in summary.items()}
    assert (100 * returns["return"]).to_dict() == pytest.approx(percent)
    assert returns["accounts"].tolist() == [4, 4]


@pytest.mark.parametrize(
    ("changes", "flow"),
    [
        ({}, "genesis_sale"),
        ({"clients.2.joins": 99}, "escrow"),  # the deposits for its pool wait to the end
        ({"clients.2.joins": 99, "tokens.mechanism.kind": "shared_token"}, "swap"),
        ({"clients.2.joins": 3}, "escrow"),
        ({"tokens.vesting": {"kind": "cliff", "periods": 9}}, "grant"),
        ({"market.curve": {"kind": "concentrated"}}, "fee"),
        ({"tokens.payout.liquidity": 0.1, "tokens.payout.treasury": 0}, "liquidity"),
    ],
)
def test_wealth_of_all_groups_is_all_that_came_in(
    ran: Ran, changes: dict[str, Any], flow: str
) -> None:
    scenario = Scenario.load("scenarios/quickstart.yaml", {"periods": 6} | changes)
    run = ran(scenario)
    assert flow in run.flows["flow"].to_list()
    money = run.flows[run.flows["asset"] == "numeraire"].astype({"payer": str, "payee": str})
    came = money["amount"][money["payer"] == "outside"].sum()
    left = money["amount"][money["payee"] == "outside"].sum()
    supply = run.pools.query("period == 6").astype({"token": str}).set_index("token")["supply"]
    price = pd.Series({token: 1.0 + number for number, token in enumerate(supply.index)})
    for prices in (0 * price, price):
        groups = wealth_by_group(run, ["investor_00", "investor_01"], prices)
        assert groups.sum() == pytest.approx(came - left + float(supply @ prices))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"market.curve": {"kind": "concentrated"}},
        {"tokens.payout.liquidity": 0.1, "tokens.payout.treasury": 0},
        {
            "market.curve": {"kind": "weighted", "weight": 0.9, "last_weight": 0.5, "periods": 4},
            "market.launch.kind": "lbp",
            "liquidity_providers": [],
        },
    ],
    ids=["plain", "concentrated", "payout", "lbp"],
)
def test_at_spot_prices_groups_have_what_their_agents_have(
    ran: Ran, changes: dict[str, Any]
) -> None:
    scenario = Scenario.load("scenarios/quickstart.yaml", {"periods": 6} | changes)
    run = ran(scenario)
    price = run.pools.query("period == 6").astype({"token": str}).set_index("token")["spot_price"]
    groups = wealth_by_group(run, [], price)
    last = run.agents.query("period == 6").astype({"kind": str})
    wealth = last.groupby("kind")["wealth"].sum()
    for name, kind in AGENT_KINDS.items():
        assert groups[name] == pytest.approx(wealth.get(kind, 0.0)), name
    assert groups["treasury"] > 0 and groups["account"] == 0


def test_deposits_that_wait_are_their_providers(ran: Ran) -> None:
    """Nobody trades or trains: providers have what they brought, in two pools and for a third."""
    changes = {
        "clients": [{"count": 2}, {"joins": 99}],
        "liquidity_providers": [{"deposit": 300, "cash": 40}],
        "investors": [{"count": 1, "activity": 0}],
        "periods": 2,
    }
    run = ran(Scenario.load("scenarios/no_investors.yaml", changes))
    money = wealth_by_group(run, [], pd.Series({"token_0": 0.0, "token_1": 0.0}))
    waiting = run.flows.query("flow == 'escrow'")["amount"].sum()
    assert waiting == pytest.approx(600 / 3)  # half for the pool, half for its tokens
    pools = run.pools.query("period == 2")["reserve_numeraire"].sum()
    own = run.agents.query("period == 2 and kind == 'liquidity_provider'")["numeraire"].sum()
    assert money["liquidity_providers"] == pytest.approx(own + pools + waiting)


def test_without_tokens_all_wealth_is_money(ran: Ran) -> None:
    changes = {"periods": 2, "tokens.mechanism.kind": "cash", "clients.0.cash": 9}
    run = ran(Scenario.load("scenarios/quickstart.yaml", changes))
    groups = wealth_by_group(run, [], pd.Series(dtype=float))
    cash = run.agents.query("period == 2").groupby("kind", observed=True)["numeraire"].sum()
    assert groups["clients"] == pytest.approx(cash["client"])
    assert groups.sum() == pytest.approx(cash.sum())
    with pytest.raises(ValueError, match="no investor named 'lp_0'"):
        wealth_by_group(ran(Scenario(periods=1)), ["lp_0"], pd.Series(dtype=float))
