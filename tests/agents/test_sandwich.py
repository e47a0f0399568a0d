"""Sandwiches: the victim still fills, and the profit has a bound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.agents.strategies import Portfolio, Sandwich
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import ConstantProduct, MarketView, Orders, Pool, Priority
from tests.laws import law

ATTACKER, VICTIM, OTHER, PROVIDER, POOL = range(1, 6)


def a_market(x, y, fee, cash):
    kinds = ["outside", "investor", "investor", "investor", "provider", "pool"]
    ledger = Ledger(kinds, ["numeraire", "token", "lp"])
    for account, money in ((ATTACKER, cash), (VICTIM, 1e9), (OTHER, 1e9), (PROVIDER, y)):
        ledger.transfer("endowment", NUMERAIRE, OUTSIDE, account, money)
    ledger.transfer("endowment", 1, OUTSIDE, PROVIDER, x)
    pool = Pool.on(ledger, ConstantProduct(), fee, POOL, 1, 2)
    pool.add_liquidity(x, y, account=PROVIDER)
    return ledger, pool


def a_view(pool, pending, gas=0.0):
    one = np.ones(1)
    return MarketView(
        period=3,
        curve=pool.curve,
        fee=np.array([pool.fee]),
        reserve_token=np.array([pool.reserve_token]),
        reserve_numeraire=np.array([pool.reserve_numeraire]),
        spot_price=np.array([pool.spot_price]),
        supply=one,
        twap=one,
        fundamental_value=one,
        share=one,
        dividend=one,
        gas=gas,
        pending=pending,
    )


def a_victim(pool, amount, tolerance, tip=1.0, account=VICTIM):
    return Orders(
        np.array([account]),
        np.array([0]),
        np.array([True]),
        np.array([amount]),
        np.array([(1 - tolerance) * pool.quote_in("numeraire", amount)]),
        np.array([tip]),
    )


def attack(view, cash, tokens=0.0):
    portfolio = Portfolio(np.array([cash]), np.array([[tokens]]), np.array([-1]), 0.0)
    strategy = Sandwich(outbid=1e-9)
    orders, _ = strategy.decide(view, portfolio, {}, np.random.default_rng(1))
    return orders.by(np.full(len(orders), ATTACKER))


def settled(ledger, pool, *several, gas=0.0):
    draws = np.random.default_rng(1)
    return Priority().clear({}, ledger, [pool], Orders.join(several), gas, draws)


@law(200)
@given(
    x=st.floats(10, 1e5),
    y=st.floats(10, 1e5),
    fee=st.floats(0, 0.01),
    size=st.floats(1e-3, 2),
    tolerance=st.floats(0, 0.5),
    cash=st.floats(0.01, 10),
)
def test_the_victim_fills_and_the_profit_is_bounded(x, y, fee, size, tolerance, cash):
    ledger, pool = a_market(x, y, fee, cash * y)
    victim = a_victim(pool, size * y, tolerance)
    undisturbed = pool.quote_in("numeraire", size * y)
    spot_after = (y + size * y) / (x - undisturbed)
    orders = attack(a_view(pool, victim.frozen()), cash * y)
    fills = settled(ledger, pool, victim, orders)
    assert fills.filled.all()
    if len(orders):
        assert fills.orders.account.tolist() == [ATTACKER, VICTIM, ATTACKER]
    assert ledger.balances[VICTIM, 1] >= victim.min_out[0]
    tips = orders.tip.sum()
    profit = ledger.balances[ATTACKER, NUMERAIRE] - cash * y + tips
    assert ledger.balances[ATTACKER, 1] <= 1e-9 * x  # all is sold again
    most = (undisturbed - victim.min_out[0]) * spot_after
    assert -1e-9 * y <= profit <= most * (1 + 1e-9) + 1e-9 * y
    ledger.audit()


def test_the_largest_front_run_leaves_the_victim_its_bound():
    # x = y = 1000, no fee, 100 numeraire with 10% tolerance: 81.8181.. for 90.9090.., so
    # (1000 + b)(1100 + b) = 1e8/81.8181..
    ledger, pool = a_market(1000.0, 1000.0, 0.0, 1e6)
    victim = a_victim(pool, 100.0, 0.1)
    front, back = attack(a_view(pool, victim), 1e6).amount
    exact = -1050 + np.sqrt(50**2 + 1e8 / (90 / 1.1))
    assert front == pytest.approx(exact, rel=1e-8)
    assert back == pytest.approx(1000 * front / (1000 + front), rel=1e-14)
    settled(ledger, pool, victim, attack(a_view(pool, victim), 1e6))
    assert ledger.balances[VICTIM, 1] == pytest.approx(90 / 1.1, rel=1e-8)
    # By hand: with b in, the victim's 100 in, and the bought tokens sold.
    y, x = 1100 + exact, 1e6 / (1000 + exact) - 90 / 1.1
    sold = 1000 * exact / (1000 + exact)
    earned = y * sold / (x + sold) - exact - 2.0
    assert ledger.balances[ATTACKER, NUMERAIRE] - 1e6 == pytest.approx(earned, rel=1e-6)


def test_an_exact_live_quote_leaves_nothing():
    _, pool = a_market(1000.0, 1000.0, 0.0, 1e6)
    assert len(attack(a_view(pool, a_victim(pool, 100.0, 0.0)), 1e6)) == 0


def test_what_does_not_pay_is_left_alone():
    _, pool = a_market(1000.0, 1000.0, 0.0, 1e6)
    victim = a_victim(pool, 100.0, 0.03)
    assert len(attack(a_view(pool, victim), 1e6)) == 2
    assert len(attack(a_view(pool, victim, gas=5.0), 1e6)) == 0
    _, dear = a_market(1000.0, 1000.0, 0.2, 1e6)
    assert len(attack(a_view(dear, a_victim(dear, 100.0, 0.03)), 1e6)) == 0
    assert len(attack(a_view(pool, victim), 0.0)) == 0


def test_only_those_first_in_line_are_victims():
    _, pool = a_market(1000.0, 1000.0, 0.0, 1e6)
    small, large = a_victim(pool, 20.0, 0.1, tip=0.03), a_victim(pool, 100.0, 0.1, 0.02, OTHER)
    orders = attack(a_view(pool, Orders.join([small, large])), 1e6)
    assert orders.tip.tolist() == pytest.approx([0.03 + 1e-9, 0.03 - 1e-9], abs=1e-12)
    assert orders.tip[0] > 0.03 > orders.tip[1] > 0.02


def test_a_front_run_that_would_buy_less_than_planned_is_refused():
    ledger, pool = a_market(1000.0, 1000.0, 0.0, 1e6)
    victim = a_victim(pool, 100.0, 0.1)
    orders = attack(a_view(pool, victim), 1e6)
    unseen = a_victim(pool, 1.0, 0.1, tip=9.0, account=OTHER)
    fills = settled(ledger, pool, unseen, victim, orders)
    assert ledger.balances[ATTACKER, 1] == 0
    assert ledger.balances[ATTACKER, NUMERAIRE] == pytest.approx(1e6 - orders.tip[0], abs=1e-6)
    assert fills.status.tolist()[:2] == [0, 2]


def test_leftover_tokens_are_sold():
    _, pool = a_market(1000.0, 1000.0, 0.0, 1e6)
    orders = attack(a_view(pool, Orders.none()), 10.0, tokens=7.0)
    assert (orders.buy.tolist(), orders.amount.tolist()) == ([False], [7.0])
