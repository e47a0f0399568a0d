"""Clients who join later: their tokens are launched then, as the others' were at genesis."""

import numpy as np
import pytest

from simulator import Economy, Scenario
from simulator.economy import trading
from simulator.economy.register import TREASURY
from simulator.errors import ScenarioError
from simulator.ledger import NUMERAIRE
from simulator.scenario import doubts
from tests.economy.saving import alike, saved

HOLD = {"kind": "hold"}


def scenario(*clients, mechanism="client_tokens", tokens=None, **changed):
    settings = {
        "federation": {"contribution": {"kind": "data_size"}, "partition": {"kind": "iid"}},
        "clients": list(clients) or [{"count": 3}, {"count": 1, "joins": 3}],
        "liquidity_providers": [{"deposit": 400}],
        "investors": [{"count": 4, "wealth": {"mean": 600, "sigma": 0}, "activity": 0}],
        "tokens": {"mechanism": {"kind": mechanism}} | (tokens or {}),
    }
    return Scenario.model_validate(settings | changed)


def run(periods, *clients, **changed):
    economy = Economy(scenario(*clients, **changed))
    for _ in range(periods):
        economy.step()
    return economy


def flows(economy, *names):
    """(flow, asset, payer, payee) -> amount of this period."""
    table, register = economy.tables["flows"], economy.ledger
    result = {}
    columns = (table[name] for name in ("flow", "asset", "payer", "payee", "amount"))
    for flow, asset, payer, payee, amount in zip(*columns, strict=True):
        if flow in names:
            key = flow, register.assets[asset], register.kinds[payer], register.kinds[payee]
            result[key] = pytest.approx(amount, rel=1e-13)
    return result


def test_a_token_is_launched_when_its_client_joins_as_the_others_were():
    """A deposit of 400 for four tokens: 100 for each, and as much to buy tokens, 200 in escrow.

    At genesis investors want tokens for 4 x 600/3 = 800: 267 of three tokens each. Later a fourth
    of that for the fourth: 200 at price 1, to the client, beside the provider's 100.
    """
    economy = run(0)
    escrow, late = int(economy.register.escrow_accounts[0]), 3
    assert economy.ledger.balances[escrow, NUMERAIRE] == 200
    assert len(economy.tables["pools"]["token"]) == 3
    wealth = economy.wealth[economy.register.provider_accounts[0]]
    assert wealth == pytest.approx(800)  # what waits in escrow is the provider's

    economy.step()
    economy.step()
    assert economy.ledger.supply(economy.register.token_numbers)[late] == 0
    assert economy.spot_price[late] == economy.fundamental_value[late] == 1
    assert not economy.tables["clients"]["participated"][late]
    assert economy.ledger.balances[economy.register.client_accounts[late]].sum() == 0
    investors = economy.register.investor_accounts
    expected = (economy.wealth[investors] / 3 / 4).sum()

    economy.step()
    assert economy.ledger.balances[escrow].sum() == 0
    assert len(economy.tables["pools"]["token"]) == 4
    assert economy.tables["clients"]["participated"][late]
    assert flows(economy, "escrow", "genesis", "genesis_sale", "deposit", "lp_mint") == {
        ("escrow", "numeraire", "escrow", "liquidity_provider"): 200,
        ("genesis", "token_3", "outside", "client"): 1000,
        ("genesis_sale", "token_3", "client", "liquidity_provider"): 100,
        ("genesis_sale", "token_3", "client", "investor"): expected,
        ("genesis_sale", "numeraire", "liquidity_provider", "client"): 100,
        ("genesis_sale", "numeraire", "investor", "client"): expected,
        ("deposit", "token_3", "liquidity_provider", "pool"): 100,
        ("deposit", "numeraire", "liquidity_provider", "pool"): 100,
        ("lp_mint", "lp_token_3", "outside", "liquidity_provider"): 100,
    }


def test_investors_pay_for_a_late_token_with_what_money_they_have():
    """Two hundred wanted of each investor, who has put all it had into the first three tokens."""
    investors = [{"count": 2, "wealth": {"mean": 300, "sigma": 0}, "invested": 1, "activity": 0}]
    tokens = {"payout": {"dividend": 0, "buyback": 0, "direct": 0, "treasury": 1}}
    tokens |= {"issuance": {"kind": "constant", "amount": 0}}
    clients = {"count": 3, "policy": HOLD}, {"joins": 3, "policy": HOLD}
    economy = run(3, *clients, investors=investors, tokens=tokens)
    assert economy.ledger.balances[economy.register.investor_accounts, 4].tolist() == [0, 0]
    assert economy.ledger.balances[economy.register.client_accounts[3], 4] == 900


@pytest.mark.parametrize("by", ["share", "equal"])
def test_rewards_are_divided_among_those_who_have_joined(by):
    tokens = {
        "allocation": {"kind": "equal"},
        "issuance": {"kind": "constant", "amount": 12, "by": by},
    }
    economy = run(2, tokens=tokens)
    assert economy.shares.tolist() == pytest.approx([1 / 3] * 3 + [0])
    assert economy.tables["clients"]["issued"].tolist() == pytest.approx([4, 4, 4, 0])
    assert economy.ledger.supply(economy.register.token_numbers)[3] == 0
    economy.step()
    assert economy.shares.tolist() == pytest.approx([1 / 4] * 4)
    assert economy.tables["clients"]["issued"].tolist() == pytest.approx([3, 3, 3, 3])


def test_what_nobody_earned_is_minted_to_the_treasury_in_tokens_that_exist(monkeypatch):
    tokens = {"issuance": {"kind": "constant", "amount": 12, "unearned": "treasury"}}
    economy = Economy(scenario(tokens=tokens))
    nothing = np.zeros(4), {}
    monkeypatch.setattr(type(economy.settings.federation), "assess", lambda *_: nothing)
    economy.step()
    held = economy.ledger.balances[TREASURY, economy.register.token_assets]
    assert held.tolist() == pytest.approx([4, 4, 4, 0])


def test_the_average_of_cash_starts_when_a_token_does():
    """V of a token whose supply and cash stay: .5 x R x share / (r x supply)."""
    tokens = {
        "revenue": {"kind": "constant", "value": 100},
        "payout": {"dividend": 0.5, "buyback": 0, "direct": 0.5, "treasury": 0},
        "allocation": {"kind": "equal"},
        "issuance": {"kind": "constant", "amount": 0},
    }
    economy = run(3, tokens=tokens)
    assert economy.fundamental_value[3] == pytest.approx(50 / 4 / (0.01 * 1000), rel=1e-12)
    before = 0.8 * 50 / 3 + 0.2 * 50 / 4  # of the others, in whose average three periods are
    assert economy.fundamental_value[0] == pytest.approx(before / (0.01 * 1000), rel=1e-12)


@pytest.mark.parametrize("kind", ["shared_token", "cash"])
def test_without_a_token_of_its_own_who_joins_brings_only_cash(kind):
    clients = {"count": 3, "cash": 50}, {"count": 1, "joins": 3, "cash": 50}
    economy = run(2, *clients, mechanism=kind)
    assert not economy.register.escrow_accounts.size
    assert economy.ledger.balances[economy.register.client_accounts[3]].sum() == 0
    supply = economy.ledger.supply(economy.register.token_numbers).sum()
    economy.step()
    assert flows(economy, "endowment", "genesis", "genesis_sale", "deposit") == {
        ("endowment", "numeraire", "outside", "client"): 50
    }
    assert economy.tables["clients"]["participated"][3]
    if kind == "shared_token":
        issued, bought = economy.history[-1]["issued"], economy.tables["fills"]["amount_out"][0]
        now = economy.ledger.supply(economy.register.token_numbers).sum()
        assert now == pytest.approx(supply + issued - bought)
        assert run(0, *clients, mechanism=kind).ledger.supply(np.array([1]))[0] == 3000


@pytest.mark.parametrize(
    "market",
    [
        {"curve": {"kind": "concentrated"}},
        {"curve": {"kind": "stableswap"}, "passes": 2},
        {"curve": {"kind": "weighted", "weight": 0.8}, "information_delay": 2},
        {"outside_price": {"kind": "gbm"}, "volatility_fee": {"sensitivity": 1}},
        {"curve": {"kind": "bonding_curve"}, "launch": {"kind": "bonding_curve"}},
    ],
    ids=lambda market: "-".join(market),
)
def test_a_run_goes_on_where_it_was_saved_before_and_after_a_launch(market):
    clients = (
        {"count": 2, "cash": 30, "locked": {"fraction": 0.5}, "effort": {"kind": "by_profit"}},
        {"joins": 3, "cash": 30, "participation": {"kind": "by_profit", "patience": 1}},
        {"joins": 5, "cash": 30, "locked": {"fraction": 0.5}},
    )
    investors = [
        {"count": 5, "strategy": {"kind": kind}}
        for kind in ("fundamentalist", "momentum", "index", "adaptive")
    ]
    mints = market.get("curve", {}).get("kind") == "bonding_curve"
    providers = [] if mints else [{"deposit": 60, "strategy": {"kind": "fee_chaser"}}]
    vesting = {"vesting": {"kind": "linear", "periods": 3}}
    settings = scenario(
        *clients, market=market, investors=investors, liquidity_providers=providers, tokens=vesting
    )
    whole, resumed = Economy(settings), Economy(settings)
    taken = []
    for _ in range(8):
        taken.append(saved(whole))
        whole.step()
    for start in (1, 3, 6):
        resumed.restore(taken[start])
        for _ in range(start, 8):
            resumed.step()
        alike(resumed, whole)
    assert len(whole.tables["pools"]["token"]) == 4
    assert (whole.tables["fills"]["token"] == 3).any()


def test_everybody_knows_the_supply_of_a_token_at_once():
    market = {"information_delay": 4}
    investors = [{"count": 5, "activity": 1, "strategy": {"kind": "index"}}]
    economy = run(3, market=market, investors=investors)
    assert economy.world.memory.news["supply"][:, 3].tolist() == pytest.approx([1000] * 5, rel=0.01)
    fills = economy.tables["fills"]
    sold = (fills["token"] == 3) & (fills["side"] == 1) & (fills["agent"] > 5)
    assert not fills["amount_in"][sold].sum() > 100  # nobody takes it for worthless


def test_outside_prices_start_at_the_launch():
    economy = run(3, market={"outside_price": {"kind": "gbm", "sigma": 0.0, "drift": 0.1}})
    price = economy.world.memory.outside_price["price"]
    assert price.tolist() == pytest.approx([np.exp(0.3)] * 3 + [np.exp(0.1)])


def test_who_has_not_joined_buys_no_data_and_is_patient_from_then_on():
    """Revenue pays nobody, so who decides by profit leaves when its patience ends."""
    profit = {"participation": {"kind": "by_profit", "patience": 2}, "cash": 100, "policy": HOLD}
    tokens = {"payout": {"dividend": 0, "buyback": 0, "direct": 0, "treasury": 1}}
    tokens |= {"issuance": {"kind": "constant", "amount": 0}}
    late = {"joins": 3, "locked": {"fraction": 0.5}} | profit
    seen, economy = [], Economy(scenario({"count": 2} | profit, late, tokens=tokens))
    for _ in range(6):
        economy.step()
        seen.append(economy.participated.tolist())
        if economy.period < 3:
            assert economy.world.memory.engagement["unlocked"][2] == economy.cohort.examples[2]
            assert economy.ledger.balances[economy.register.client_accounts[2]].sum() == 0
    assert seen == [
        [True, True, False],
        [True, True, False],
        [False, False, True],
        [False, False, True],
        [False] * 3,
        [False] * 3,
    ]


def test_a_position_that_is_opened_later_adds_up():
    """Change of value = x (q - p) - lvr + fees + what was put in, from the first period on."""
    investors = [{"count": 12, "activity": 1, "strategy": {"kind": "noise"}}]
    economy = Economy(scenario(investors=investors, market={"fee": 0.0}))
    for _ in range(5):
        economy.step()
        rows = economy.tables["positions"]
        late = rows["token"] == 3
        assert late.any() == (economy.period >= 3)
        if economy.period == 3:
            assert rows["moved"][late] == pytest.approx(100 + 100 * economy.spot_price[3])
            assert rows["holding_value"][late] == pytest.approx(rows["moved"][late])
            lost = rows["moved"][late] - rows["value"][late]
            assert rows["lvr"][late] == pytest.approx(lost, abs=1e-9)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"clients": [{"count": 3, "joins": 2}]}, "somebody must be there from genesis on"),
        (
            {"market": {"curve": {"kind": "weighted", "last_weight": 0.4}}},
            "set clients.1.joins=1",
        ),
        (
            {
                "clients": [{"count": 1}, {"count": 9, "joins": 2}],
                "tokens": {"mechanism": {"kind": "shared_token"}},
                "liquidity_providers": [{"deposit": 500}],
                "market": {"launch": {"supply": 1000.0}},
            },
            "a client sells at most 400",
        ),
    ],
)
def test_what_cannot_be_is_refused(changed, message):
    with pytest.raises((ScenarioError, ValueError), match=message):
        scenario(**changed) if "clients" in changed else scenario(
            {"count": 2}, {"joins": 2}, **changed
        )


def test_what_is_odd_is_said():
    warned = doubts(scenario({"count": 2}, {"joins": 90}))
    assert any("clients.1.joins is 90, after the last period, 60" in line for line in warned)
    shared = doubts(scenario({"count": 2}, {"joins": 9}, mechanism="shared_token"))
    assert any("clients.1.cash=100" in line for line in shared)
    assert not any("cash=100" in line for line in doubts(scenario({"count": 2}, {"joins": 9})))


def test_who_has_not_joined_offers_no_tokens(monkeypatch):
    clients = {"count": 2}, {"joins": 3, "locked": {"fraction": 0.5, "price": 50}}
    clients[1]["offering"] = {"kind": "for_data"}
    economy = Economy(scenario(*clients))
    asks, exchange = [], trading.exchange

    def watching(world, reward):
        traded = exchange(world, reward)
        asks.append((traded.offers.target + traded.offers.raised)[2] > 0)
        return traded

    monkeypatch.setattr(trading, "exchange", watching)
    for _ in range(4):
        economy.step()
    assert asks == [False, False, True, True]
