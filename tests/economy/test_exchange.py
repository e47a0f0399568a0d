"""Trading passes: waves, costs, arbitrage against the outside, and what is recorded of them."""

import numpy as np
import pytest

from simulator.economy import Economy
from simulator.errors import ScenarioError
from simulator.ledger import NUMERAIRE
from simulator.scenario import Scenario, doubts

QUICK = {
    "federation": {"contribution": {"kind": "data_size"}},
    "clients": [{"count": 3}],
    "liquidity_providers": [{"count": 2, "deposit": 300}],
    "investors": [{"count": 8}, {"count": 6, "strategy": {"kind": "noise"}}],
}
ARBITRAGEUR = {
    "strategy": {"kind": "arbitrageur"},
    "activity": 1.0,
    "invested": 0.0,
    "wealth": {"mean": 1e6, "sigma": 0.0},
}
SANDWICH = {"strategy": {"kind": "sandwich"}, "activity": 1.0, "invested": 0.0}


def an_economy(**changes):
    return Economy(Scenario.model_validate(QUICK | changes))


def flows(economy, name):
    table = economy.tables["flows"]
    rows = [k for k, flow in enumerate(table["flow"]) if flow == name]
    return [(int(table["asset"][k]), float(table["amount"][k])) for k in rows]


@pytest.mark.parametrize("clearing", ["random", "priority", "fifo", "batch"])
def test_conservation_with_every_cost_and_everybody(clearing):
    economy = an_economy(
        investors=[*QUICK["investors"], SANDWICH, ARBITRAGEUR, {"count": 3, "tip": 0.5}],
        market={
            "clearing": {"kind": clearing},
            "gas": 0.05,
            "passes": 2,
            "outside_price": {"kind": "gbm", "sigma": 0.05},
        },
    )
    for _ in range(6):
        before = economy.ledger.balances.copy()
        economy.step()
        fills, change = economy.tables["fills"], economy.ledger.balances - before
        assert abs(change.sum(axis=0)).max() <= 1e-9 * np.abs(before).max()
        traded = fills["agent"] > 0
        included = traded & (fills["status"] != 1)
        [(_, gas)] = [(a, v) for a, v in flows(economy, "gas") if a == NUMERAIRE][:1] or [(0, 0.0)]
        paid = sum(amount for _, amount in flows(economy, "gas"))
        assert paid == pytest.approx(0.05 * included.sum(), rel=1e-9) and gas <= paid
        assert flows(economy, "tip")


def test_passes_are_decided_anew_and_the_sequence_goes_on():
    one, three = an_economy(), an_economy(market={"passes": 3})
    for economy in (one, three):
        economy.step()
    first, table = one.tables["fills"], three.tables["fills"]
    count = len(first["sequence"])
    assert table["sequence"].tolist() == list(range(len(table["sequence"])))
    assert table["amount_out"][:count].tolist() == first["amount_out"].tolist()
    assert len(table["sequence"]) > count
    # One observation per pass: of the price before its first trade.
    assert len(one.world.memory.oracle["cumulative"]) == 3
    assert len(three.world.memory.oracle["cumulative"]) == 5
    orders = np.flatnonzero((table["status"] == 0) & (table["agent"] > 0))
    assert np.isfinite(table["slippage"][orders]).all()


def test_clients_sell_of_their_issuance_in_one_pass_only():
    clients = [{"count": 3, "policy": {"kind": "sell_fraction"}, "tolerance": 0.9}]
    economy = an_economy(clients=clients, investors=[], market={"passes": 4})
    economy.step()
    issued = economy.tables["clients"]["issued"]
    fills = economy.tables["fills"]
    sold = np.bincount(fills["token"], fills["amount_in"] * (fills["side"] == 1), minlength=3)
    assert sold == pytest.approx(issued, rel=1e-12)


@pytest.mark.parametrize("clearing", ["random", "batch"])
def test_the_arbitrageur_comes_last_and_leaves_no_arbitrage(clearing):
    economy = an_economy(
        investors=[*QUICK["investors"], ARBITRAGEUR],
        market={
            "clearing": {"kind": clearing},
            "outside_price": {"kind": "gbm", "sigma": 0.1},
            "fee": 0.003,
        },
    )
    arbitrageur = economy.register.investor_accounts[-1]
    start = economy.ledger.balances[arbitrageur, NUMERAIRE]
    traded = 0
    for _ in range(8):
        money = economy.ledger.balances[arbitrageur, NUMERAIRE]
        economy.step()
        price = economy.world.memory.outside_price["price"]
        assert (0.997 * price <= economy.spot_price * (1 + 1e-9)).all()
        assert (economy.spot_price <= price / 0.997 * (1 + 1e-9)).all()
        assert not economy.ledger.balances[arbitrageur, 1:].any()
        fills = economy.tables["fills"]
        own = fills["account"] == arbitrageur
        assert own.tolist() == sorted(own.tolist())  # nobody comes after it
        assert (fills["status"][own] == 0).all()
        assert fills["slippage"][own] == pytest.approx(np.zeros(own.sum()), abs=1e-12)
        bought = fills["side"] == 0
        token_in, money_in = fills["amount_in"] * ~bought, fills["amount_in"] * bought
        token_out, money_out = fills["amount_out"] * bought, fills["amount_out"] * ~bought
        worth = (token_out - token_in) * price[fills["token"]]
        profit = (worth + money_out - money_in)[own].sum()
        assert economy.ledger.balances[arbitrageur, NUMERAIRE] - money == pytest.approx(
            profit, rel=1e-6, abs=1e-6
        )
        assert profit >= 0
        traded += own.sum()
        assert bool(flows(economy, "outside_sale")) == bool((own & bought).any())
        assert bool(flows(economy, "outside_purchase")) == bool((own & ~bought).any())
    assert traded and economy.ledger.balances[arbitrageur, NUMERAIRE] > start


def test_of_several_arbitrageurs_one_trades_and_none_loses():
    economy = an_economy(
        investors=[ARBITRAGEUR | {"count": 3}],
        market={"outside_price": {"kind": "gbm", "sigma": 0.1}},
    )
    for _ in range(5):
        before = economy.ledger.balances[economy.register.investor_accounts, NUMERAIRE]
        economy.step()
        after = economy.ledger.balances[economy.register.investor_accounts, NUMERAIRE]
        assert (after >= before * (1 - 1e-12)).all()
        fills = economy.tables["fills"]
        own = np.isin(fills["account"], economy.register.investor_accounts)
        filled = own & (fills["status"] == 0)
        assert (np.bincount(fills["token"][filled], minlength=3) <= 1).all()
        assert (fills["status"][own & ~filled] == 2).all()


def test_an_arbitrageur_spends_no_more_than_it_has():
    poor = ARBITRAGEUR | {"wealth": {"mean": 1.0, "sigma": 0.0}, "count": 2}
    economy = an_economy(
        investors=[poor], market={"outside_price": {"kind": "gbm", "sigma": 0.3}, "gas": 0.01}
    )
    for _ in range(10):
        economy.step()
    assert (economy.ledger.balances[1:] >= 0).all()


@pytest.mark.parametrize("clearing", ["priority", "random"])
def test_the_sandwich_lives_on_tolerance(clearing):
    gained = {}
    for tolerance in (0.0, 0.2):
        victims = {"count": 30, "tip": 0.01, "tolerance": tolerance, "activity": 0.05}
        economy = an_economy(
            clients=[{"count": 3, "policy": {"kind": "hold"}}],
            investors=[victims, SANDWICH | {"wealth": {"mean": 500.0, "sigma": 0.0}}],
            market={"clearing": {"kind": clearing}, "fee": 0.0005},
        )
        attacker = economy.register.investor_accounts[-1]
        for _ in range(25):
            economy.step()
        gained[tolerance] = economy.wealth[attacker] - 500
    assert gained[0.0] == pytest.approx(0, abs=1e-9)
    if clearing == "priority":
        assert gained[0.2] > 0.5


def test_tips_and_gas_change_nothing_when_they_are_nothing():
    economies = [an_economy(), an_economy(market={"gas": 0.0, "clearing": {"kind": "random"}})]
    for economy in economies:
        economy.step()
    assert (economies[0].ledger.balances == economies[1].ledger.balances).all()
    assert not flows(economies[0], "gas") and not flows(economies[0], "tip")


def test_money_for_gas_is_kept_back():
    # They want to spend all they have, and all of it: gas and tips are not what stops them.
    eager = {"count": 5, "strategy": {"gain": 1000.0}, "activity": 1.0, "tolerance": 0.99, "tip": 1}
    economy = an_economy(investors=[eager | {"tip": 1.0}], market={"gas": 1.0})
    economy.step()
    own = np.isin(economy.tables["fills"]["account"], economy.register.investor_accounts)
    assert own.any() and (economy.tables["fills"]["status"][own] != 1).all()


@pytest.mark.parametrize(
    ("market", "strategy", "message"),
    [
        ({}, "arbitrageur", "needs an outside price: set market.outside_price.kind=gbm"),
        (
            {"curve": {"kind": "weighted"}, "outside_price": {"kind": "gbm"}},
            "arbitrageur",
            "constant_product pools, not weighted",
        ),
        ({"curve": {"kind": "weighted"}}, "sandwich", "constant_product pools, not weighted"),
    ],
)
def test_markets_that_a_strategy_cannot_trade_in(market, strategy, message):
    with pytest.raises(ScenarioError, match=message):
        Scenario.model_validate({"market": market, "investors": [{"strategy": {"kind": strategy}}]})


def test_tips_that_buy_nothing_are_warned_of():
    tipping = {"investors": [{"count": 60, "tip": 0.1}]}
    assert any("tips" in each for each in doubts(Scenario.model_validate(tipping)))
    tipping["market"] = {"clearing": {"kind": "priority"}}
    assert not any("tips" in each for each in doubts(Scenario.model_validate(tipping)))
