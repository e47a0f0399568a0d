"""Offerings: what buyers pay, what clients get and what is left to the market, done by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import Economy, Scenario
from simulator.agents.engagement import ForData, LockedData, NoOffering
from simulator.economy.offering import Offers, sell
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import Orders, Status
from simulator.scenario import doubts
from tests.economy.saving import alike, restored
from tests.laws import law

CLIENTS = np.array([1, 2])
"""Their accounts. 3, 4 and 5 are investors."""


def a_ledger(*cash):
    """Two clients, investors with `cash`, two tokens of which each client has 100 of its own."""
    ledger = Ledger(
        ["outside", "client", "client", *["investor"] * 3],
        ["numeraire", "token_0", "token_1", "lp_token_0", "lp_token_1"],
    )
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, np.array([3, 4, 5]), np.array(cash))
    ledger.transfer("genesis", np.array([1, 2]), OUTSIDE, CLIENTS, 100.0)
    return ledger


def offers(*asked, price=(2.0, 4.0), token=(0, 1)):
    return Offers(np.array(token), np.array(price), np.array(asked), np.zeros(2))


def orders(*rows, **columns):
    """Rows of (account, token, buy, amount, min_out)."""
    account, token, buy, amount, bound = (np.array(column) for column in zip(*rows, strict=True))
    result = Orders(account, token, buy, amount.astype(float), bound.astype(float))
    return replace(result, **columns)


def left_of(orders):
    columns = orders.account, orders.token, orders.amount, orders.min_out
    return [tuple(row) for row in np.column_stack(columns).tolist()]


def summary(bought):
    """What fills of an offering say: account, token, paid, bound, got and price."""
    orders, got = bought.orders, bought.amount_out
    assert (bought.status == Status.OFFERING).all() and not orders.tip.any()
    columns = orders.account, orders.token, orders.amount, orders.min_out, got, bought.price
    return [tuple(row) for row in np.column_stack(columns).tolist()]


def flows_of(ledger):
    names, assets, payers, payees, amounts = ledger.take_flows()
    return {
        (name, ledger.assets[asset], ledger.kinds[payer], ledger.kinds[payee]): amount
        for name, asset, payer, payee, amount in zip(
            names, assets, payers, payees, amounts, strict=True
        )
        if name == "offering"
    }


def test_one_client_and_one_buyer_who_wants_less_than_is_offered():
    """6 numeraire buy 3 tokens at 2, all that the order was for; 4 of 10 are still asked."""
    ledger = a_ledger(50.0, 0.0, 0.0)
    left, rest, (bought,) = sell(ledger, CLIENTS, offers(10.0, 0.0), orders((3, 0, True, 6, 2.5)))
    assert len(rest) == 0
    assert summary(bought) == [(3, 0, 6, 2.5, 3, 2)]
    assert (left.target.tolist(), left.raised.tolist()) == ([4.0, 0.0], [6.0, 0.0])
    assert ledger.balances[1].tolist() == [6.0, 100.0, 0.0, 0.0, 0.0]
    assert ledger.balances[3].tolist() == [44.0, 3.0, 0.0, 0.0, 0.0]
    assert ledger.supply(np.array([1, 2])).tolist() == [103.0, 100.0]
    ledger.audit()
    assert flows_of(ledger) == {
        ("offering", "numeraire", "investor", "client"): 6.0,
        ("offering", "token_0", "outside", "investor"): 3.0,
    }


def test_buyers_are_served_by_the_same_part_of_their_amounts_and_buy_the_rest_in_the_market():
    """12 asked of 16 and 32: a quarter of each, 2 and 4 tokens at 2; bounds fall by a quarter."""
    ledger = a_ledger(20.0, 40.0, 0.0)
    placed = orders((3, 0, True, 16, 4), (5, 0, False, 9, 1), (4, 0, True, 32, 8))
    left, rest, (bought,) = sell(ledger, CLIENTS, offers(12.0, 0.0), placed)
    assert summary(bought) == [(3, 0, 4, 1, 2, 2), (4, 0, 8, 2, 4, 2)]
    assert left_of(rest) == [(3, 0, 12, 3), (5, 0, 9, 1), (4, 0, 24, 6)]
    assert rest.buy.tolist() == [True, False, True]
    assert (left.target.tolist(), left.raised.tolist()) == ([0.0, 0.0], [12.0, 0.0])
    assert ledger.balances[3:, 1].tolist() == [2.0, 4.0, 0.0]
    assert ledger.balances[3:, NUMERAIRE].tolist() == [16.0, 32.0, 0.0]


def test_a_bound_above_what_the_price_gives_is_not_served():
    """10 numeraire buy 5 tokens at 2: enough for who wants 5, not for who wants a hair more."""
    more = np.nextafter(5.0, 6.0)
    placed = orders((3, 0, True, 10, 5.0), (4, 0, True, 10, more))
    ledger = a_ledger(10.0, 10.0, 0.0)
    _, rest, _ = sell(ledger, CLIENTS, offers(100.0, 0.0), placed)
    assert left_of(rest) == [(4, 0, 10, more)]
    assert ledger.balances[3:, 1].tolist() == [5.0, 0.0, 0.0]


def test_an_account_spends_its_cash_once():
    """Orders for 8 and 24 with cash for 16: half of each is served, 2 of token 0 and 3 of 1."""
    ledger = a_ledger(16.0, 0.0, 0.0)
    placed = orders((3, 0, True, 8, 0), (3, 1, True, 24, 0))
    left, rest, (bought,) = sell(ledger, CLIENTS, offers(100.0, 100.0), placed)
    assert summary(bought) == [(3, 0, 4, 0, 2, 2), (3, 1, 12, 0, 3, 4)]
    assert ledger.balances[3].tolist() == [0.0, 2.0, 3.0, 0.0, 0.0]
    assert left.raised.tolist() == [4.0, 12.0]
    assert left_of(rest) == [(3, 0, 4, 0), (3, 1, 12, 0)]


def test_sales_and_orders_of_clients_are_not_served():
    placed = orders((3, 0, False, 5, 0), (4, 1, False, 5, 0), (2, 0, True, 5, 0))
    ledger, offered = a_ledger(9.0, 9.0, 9.0), offers(10.0, 10.0)
    ledger.transfer("gift", NUMERAIRE, OUTSIDE, 2, 9.0)
    left, rest, bought = sell(ledger, CLIENTS, offered, placed)
    assert (left, rest, bought) == (offered, placed, [])
    assert not flows_of(ledger)


def test_of_one_token_the_cheapest_is_sold_first_and_equals_share():
    """Both clients ask 6 at 2: 8 numeraire come to 4 each. At 2 and 1.6, 6 buy 3.75 and 2 buy 1."""
    placed, asked = orders((3, 0, True, 8, 0)), (6.0, 6.0)
    together = offers(*asked, price=(2.0, 2.0), token=(0, 0))
    assert sell(a_ledger(8.0, 0.0, 0.0), CLIENTS, together, placed)[0].raised.tolist() == [4.0, 4.0]
    ledger, apart = a_ledger(8.0, 0.0, 0.0), offers(*asked, price=(2.0, 1.6), token=(0, 0))
    left, rest, bought = sell(ledger, CLIENTS, apart, placed)
    assert list(map(summary, bought)) == [[(3, 0, 6, 0, 3.75, 1.6)], [(3, 0, 2, 0, 1, 2)]]
    assert (left.raised.tolist(), len(rest)) == ([2.0, 6.0], 0)
    assert ledger.balances[3, 1] == 4.75


def test_what_is_not_sold_is_still_offered_in_a_later_pass():
    ledger, offered = a_ledger(50.0, 0.0, 0.0), offers(10.0, 0.0)
    for paid in (6.0, 10.0, 10.0):
        offered, _, _ = sell(ledger, CLIENTS, offered, orders((3, 0, True, 6, 0)))
        assert offered.raised[0] == paid
    assert offered.target[0] == 0


def test_no_more_is_asked_than_the_supply_or_the_examples_allow():
    """2% of 1000 tokens at 1.5 less a tenth are 27; who lacks 20 asks for 20."""
    rule, one = ForData(dilution=0.02, discount=0.1), np.ones(2)
    asked, price = rule.terms(1000 * one, 1.5 * one, np.array([50.0, 20.0]))
    assert asked.tolist() == pytest.approx([27.0, 20.0])
    assert price.tolist() == pytest.approx([1.35, 1.35])
    assert not NoOffering().terms(one, one, one)[0].any()


def test_what_a_client_lacks_is_what_its_own_money_cannot_pay():
    """Examples for 7: 10 less a cost of 4 leave 6, of which it spends half in this period."""
    prices = np.array([1.0, 2.0, 4.0])
    assert LockedData(spends=0.5).funding_gap(prices, 10.0, 4.0) == 1.0
    assert LockedData(spends=0.5).funding_gap(prices, 3.0, 4.0) == 7.0
    assert LockedData(spends=0.5).funding_gap(prices, 11.0, 4.0) == 0.0
    assert LockedData(spends=0.0).funding_gap(prices, 0.0, 4.0) == 0.0
    assert LockedData().funding_gap(prices[:0], 0.0, 4.0) == 0.0


CLIENT = {
    "count": 3,
    "locked": {"fraction": 0.8, "price": 5.0},
    "offering": {"kind": "for_data", "dilution": 0.05},
}
EAGER = {"count": 12, "activity": 1.0, "tolerance": 0.2, "invested": 0.1}


def economy(*clients, mechanism="client_tokens", **changed):
    scenario = {
        "federation": {"contribution": {"kind": "data_size"}},
        "clients": list(clients) or [CLIENT],
        "liquidity_providers": [{"deposit": 300}],
        "investors": [EAGER],
        "market": {"launch": {"supply": 1000.0}},
        "tokens": {"mechanism": {"kind": mechanism}},
    }
    return Economy(Scenario.model_validate(scenario | changed))


def offered(run):
    return run.tables["clients"]["offering"]


def minted(run, flow="offering"):
    table = run.tables["flows"]
    rows = zip(table["flow"], table["asset"], table["amount"], strict=True)
    return sum(amount for name, asset, amount in rows if name == flow and asset > 0)


@pytest.mark.parametrize("mechanism", ["client_tokens", "shared_token"])
def test_one_period_by_hand(mechanism):
    """Clients ask 5% of the supply at the launch price, investors want more and pay just that.

    Nothing is issued. Dividends make tokens worth more than their price, which is 1 as before.
    """
    tokens = {
        "mechanism": {"kind": mechanism},
        "revenue": {"kind": "constant", "value": 300},
        "issuance": {"kind": "constant", "amount": 0},
        "payout": {"dividend": 1.0, "buyback": 0.0, "direct": 0.0, "treasury": 0.0},
    }
    run = economy(CLIENT | {"locked": {"fraction": 0.8, "price": 50.0}}, tokens=tokens)
    supply, asked = 1000.0, 0.05 * 1000.0
    run.step()
    assert offered(run).tolist() == pytest.approx([asked] * 3, rel=1e-12)
    assert minted(run) == pytest.approx(3 * asked, rel=1e-12)
    grown = run.ledger.supply(run.register.token_numbers).sum()
    assert grown == pytest.approx(3 * (supply + asked), rel=1e-12)


def test_money_from_an_offering_buys_data_in_the_next_period():
    plain = {name: value for name, value in CLIENT.items() if name != "offering"}
    runs = economy(), economy(plain)
    owned = [run.cohort.examples.sum() for run in runs]
    assert owned[0] == owned[1]
    for run in runs:
        run.step()
    assert runs[0].cohort.examples.tolist() == runs[1].cohort.examples.tolist()
    raised, before = offered(runs[0]), runs[0].cohort.examples.copy()
    assert (raised > 0).all() and not offered(runs[1]).any()
    for run in runs:
        run.step()
    assert (runs[0].cohort.examples > before).all()
    assert (runs[0].cohort.examples > runs[1].cohort.examples).all()


def test_no_more_is_raised_than_the_data_cost():
    """Examples cost 2 each; who trains for nothing raises at most what it lacked at genesis."""
    rich = [{**EAGER, "wealth": {"mean": 5000.0}}]
    locked = {"fraction": 0.8, "price": 2.0, "sigma": 0.0}
    run = economy(CLIENT | {"training_cost": 0.0, "locked": locked}, investors=rich)
    prices = 2.0 * np.rint(0.8 * economy({"count": 3}).cohort.examples)
    lacked = prices - run.ledger.balances[run.register.client_accounts, NUMERAIRE]
    assert (lacked > 0).tolist() == [True, True, False]
    raised = np.zeros(3)
    for _ in range(25):
        run.step()
        raised += offered(run)
    assert (raised[:2] <= lacked[:2]).all() and (raised > 0).tolist() == [True, True, False]
    assert not offered(run).any()


def test_who_has_left_or_does_not_train_offers_nothing():
    """Pay for a share is not known before a reward: whoever is not patient leaves at once."""
    leaves = {"participation": {"kind": "by_profit", "patience": 1, "margin": 100.0}}
    dear = CLIENT | leaves | {"count": 1, "training_cost": 100.0, "cash": 1e4}
    rider = CLIENT | {"count": 1, "behaviour": {"kind": "free_rider"}}
    run = economy(CLIENT | {"count": 1}, dear | {"locked": {"fraction": 0.8, "price": 1e4}}, rider)
    run.step()
    assert (offered(run) > 0).tolist() == [True, True, False]
    run.step()
    assert (offered(run) > 0).tolist() == [True, False, False]


def test_an_offering_is_none_under_cash():
    run = economy(CLIENT | {"cash": 50.0}, mechanism="cash")
    run.step()
    assert not offered(run).any()


def test_gas_is_paid_for_what_reaches_the_market_only():
    gas = {"market": {"gas": 0.5}}
    run = economy(CLIENT | {"offering": {"kind": "for_data", "dilution": 1.0}}, **gas)
    run.step()
    fills = run.tables["fills"]
    investors = np.isin(fills["account"], run.register.investor_accounts)
    served = fills["status"] == Status.OFFERING
    bought = investors & (fills["side"] == 0)
    assert served.any() and (served == bought).all()  # none was left for the market
    table = run.tables["flows"]
    paid = sum(
        amount for name, amount in zip(table["flow"], table["amount"], strict=True) if name == "gas"
    )
    assert paid == pytest.approx(0.5 * ((fills["agent"] > 0) & ~served).sum())


def test_idle_offerings_are_warned_of():
    def warnings_for(client, mechanism="client_tokens"):
        tokens = {"mechanism": {"kind": mechanism}}
        terms = {"clients": [{}, client], "tokens": tokens, "liquidity_providers": []}
        result = doubts(Scenario.model_validate(terms))
        return " ".join(line for line in result if "offering" in line)

    assert (
        not warnings_for(CLIENT)
        and not warnings_for({})
        and not warnings_for(CLIENT, "shared_token")
    )
    assert "clients.1.offering: no effect, since mechanism cash has no tokens" in warnings_for(
        CLIENT, "cash"
    )
    for locked in ({}, {"fraction": 0.5, "spends": 0.0}):
        assert "clients.1.offering: no effect, since there is nothing to buy" in warnings_for(
            CLIENT | {"locked": locked}
        )


MARKETS = {
    "constant_product": {},
    "batch": {"clearing": {"kind": "batch"}},
    "concentrated": {"curve": {"kind": "concentrated"}},
    "bonding_curve": {"curve": {"kind": "bonding_curve"}, "launch": {"kind": "bonding_curve"}},
}


@law(20)
@given(
    market=st.sampled_from(list(MARKETS)),
    mechanism=st.sampled_from(["client_tokens", "shared_token"]),
    passes=st.integers(1, 2),
    gas=st.sampled_from([0.0, 0.1]),
    first=st.fixed_dictionaries({"dilution": st.floats(1e-6, 1), "discount": st.floats(0, 0.99)}),
    discount=st.floats(0, 0.5),
    price=st.floats(0.01, 1e3),
    spends=st.floats(0, 1),
    seed=st.integers(0, 2**32),
)
def test_books_hold_and_a_run_goes_on_where_it_was_saved(
    market, mechanism, passes, gas, first, discount, price, spends, seed
):
    """Supply moves by what was minted and burned; money moves to clients and nowhere else."""
    locked = {"fraction": 0.8, "price": price, "spends": spends}
    second = CLIENT | {"offering": {"kind": "for_data", "discount": discount}}
    groups = [
        CLIENT
        | {"count": 2, "cash": 20.0, "locked": locked, "offering": {"kind": "for_data"} | first},
        second | {"cash": 20.0, "locked": locked},
    ]
    terms = {"market": MARKETS[market] | {"passes": passes, "gas": gas}, "seed": seed}
    if market == "bonding_curve":
        terms["liquidity_providers"] = []

    def begun():
        return economy(*groups, mechanism=mechanism, **terms)

    whole, resumed = begun(), begun()
    token = whole.register.token_numbers
    for period in range(4):
        before = whole.ledger.supply(token)
        whole.step()
        assert (whole.ledger.balances[1:] >= 0).all()
        table = whole.tables["flows"]
        named = list(zip(*(table[name] for name in ("flow", "asset", "amount")), strict=True))
        money = sum(amount for flow, asset, amount in named if (flow, asset) == ("offering", 0))
        assert offered(whole).sum() == pytest.approx(money, rel=1e-9, abs=1e-12)
        fills = whole.tables["fills"]
        served = fills["status"] == Status.OFFERING
        assert fills["amount_in"][served].sum() == pytest.approx(money, rel=1e-9, abs=1e-12)
        assert fills["amount_out"][served].sum() == pytest.approx(minted(whole), rel=1e-9)
        if market != "bonding_curve":  # which mints what it sells
            grown = (whole.ledger.supply(token) - before).sum()
            made = minted(whole) + minted(whole, "issuance") - minted(whole, "burn")
            assert grown == pytest.approx(made, abs=1e-8)
        if period == 1:
            restored(whole, resumed)
        elif period > 1:
            resumed.step()
            alike(resumed, whole)
    assert offered(resumed).tolist() == offered(whole).tolist()


def test_tokens_of_an_offering_move_the_price_of_a_bonding_curve_as_issuance_does():
    """At a supply of S and a reserve of R the price is R/(S w): 5% more tokens make it 1/1.05."""
    terms = {"curve": {"kind": "bonding_curve"}, "launch": {"kind": "bonding_curve"}}
    group = CLIENT | {"cash": 50.0, "count": 1}
    run = economy(group, market=terms, liquidity_providers=[])
    price, supply = run.spot_price[0], run.ledger.supply(np.array([1]))[0]
    account = run.register.investor_accounts[:1]
    share = np.array([0.05 * supply * price])
    only = Offers(np.zeros(1, dtype=int), run.spot_price, share, np.zeros(1))
    wanted = Orders(account, np.zeros(1, dtype=int), np.array([True]), share, np.zeros(1))
    run.ledger.transfer("gift", NUMERAIRE, OUTSIDE, account, share)
    sell(run.ledger, run.register.client_accounts, only, wanted)
    (now,) = run.pools[0].curve.spot_price(*run.pools.reserves)
    assert now == pytest.approx(price / 1.05, rel=1e-12)
    run.ledger.audit()
