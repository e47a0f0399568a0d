"""Quotes for all tokens sold at once, against the market's own curves."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator import Economy, Scenario
from simulator.analysis import client_rewards, liquidation_quote, mechanism_results
from simulator.analysis.quotes import pool_quote
from tests.analysis.by_hand import Ran

BONDING = {"market.launch.kind": "bonding_curve", "liquidity_providers": []}
MOVING = {"kind": "weighted", "weight": 0.9, "last_weight": 0.6, "periods": 10}


def test_of_constant_product_by_hand() -> None:
    """Selling as much as there is without a fee pays half of the money; nothing pays nothing."""
    tokens, reserve = pd.Series([100.0, 0.0]), pd.Series([100.0, 0.0])
    assert liquidation_quote(tokens, reserve, pd.Series([50.0, 0.0]), 0.0).tolist() == [25, 0]


@pytest.mark.parametrize(
    "changes",
    [
        {"market.curve.kind": "constant_product"},
        {"market.curve": {"kind": "weighted", "weight": 0.6}},
        {"market.curve": MOVING, "market.launch.kind": "lbp", "liquidity_providers": []},
        {"market.curve": {"kind": "bonding_curve", "reserve_ratio": 0.4}} | BONDING,
    ],
)
def test_it_is_what_the_curve_pays(ran: Ran, changes: dict[str, Any]) -> None:
    settings = {"periods": 4, "market.fee": 0.02} | changes
    scenario = Scenario.load("scenarios/quickstart.yaml", settings)
    run = ran(scenario)
    for period in (0, 4):
        pools = run.pools[run.pools["period"] == period]
        tokens = pd.Series(np.linspace(0, 600, len(pools)), pools.index)
        expected = scenario.market.curve.at(period).payout(
            pools["reserve_token"].to_numpy(),
            pools["reserve_numeraire"].to_numpy(),
            tokens.to_numpy(),
            0.02,
            True,
        )
        quotes = pool_quote(run, tokens, pools, period)
        assert quotes.tolist() == pytest.approx(expected.tolist(), rel=1e-9)
    rewards = client_rewards(run)
    assert (rewards["at_quote"] > 0).all() and (rewards["at_quote"] < rewards["at_spot"]).all()
    assert np.isfinite(mechanism_results(run).drop("liquidity_providers")).all()


def test_fees_that_follow_volatility_are_those_of_the_period(ran: Ran) -> None:
    terms = {"sensitivity": 0.3, "memory": 0.5}
    settings = {"periods": 4, "market.volatility_fee": terms}
    scenario = Scenario.load("scenarios/quickstart.yaml", settings)
    economy = Economy(scenario)
    for _ in range(4):
        economy.step()
    expected = [pool.quote_in("token", 100.0) for pool in economy.pools]
    run = ran(scenario)
    pools = run.pools[run.pools["period"] == 4]
    quotes = pool_quote(run, pd.Series(100.0, pools.index), pools, 4)
    assert quotes.tolist() == pytest.approx(expected, rel=1e-9)
    assert (pools["fee"] > scenario.market.fee).all()


@pytest.mark.parametrize("kind", ["stableswap", "concentrated"])
def test_what_reserves_do_not_say_is_not_made_up(ran: Ran, kind: str) -> None:
    settings = {"periods": 1, "market.curve.kind": kind}
    run = ran(Scenario.load("scenarios/quickstart.yaml", settings))
    assert client_rewards(run)["total"].isna().all()


# NEEDIMPORT
