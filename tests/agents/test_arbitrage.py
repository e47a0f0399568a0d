"""Arbitrage: the best amounts, where it leaves a pool, and what it costs the pool."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.agents.strategies import Arbitrageur, Portfolio
from simulator.agents.strategies.arbitrage import optimal_amounts
from simulator.market import ConstantProduct, MarketView, Orders, Pool
from tests.laws import law


def a_view(reserves, price, fee=0.003, gas=0.0):
    x, y = np.array(reserves, dtype=float).reshape(-1, 2).T
    same = np.ones(len(x))
    return MarketView(
        period=3,
        curve=ConstantProduct(),
        fee=fee * same,
        reserve_token=x,
        reserve_numeraire=y,
        spot_price=y / x,
        supply=same,
        twap=same,
        fundamental_value=same,
        share=same,
        dividend=same,
        gas=gas,
        outside_price=np.array(price, dtype=float).reshape(-1),
    )


def decide(view, *cash: float) -> Orders:
    tokens = np.zeros((len(cash), len(view.spot_price)))
    portfolio = Portfolio(np.array(cash), tokens, np.full(len(cash), -1), 0.0)
    return Arbitrageur().decide(view, portfolio, {}, np.random.default_rng(1))[0]


def test_the_known_answer():
    # MODEL.md section 4: x = y = 1000, g = .997, P = .9.
    orders = decide(a_view((1000, 1000), 0.9), 1000.0)
    assert orders.buy.tolist() == [False]
    assert orders.amount[0] == pytest.approx(52.668231617983444, rel=1e-12)
    pool = Pool(ConstantProduct(), 1000, 1000, fee=0.003)
    got = pool.swap_in("token", float(orders.amount[0]))
    assert got - 0.9 * orders.amount[0] == pytest.approx(2.48905871451052, rel=1e-11)


pools = st.floats(1, 1e6)


@law(300)
@given(x=pools, y=pools, off=st.floats(0.2, 5), fee=st.floats(0, 0.2), nudge=st.floats(-0.2, 0.2))
def test_no_other_amount_earns_more_and_the_price_is_brought_back(x, y, off, fee, nudge):
    price, g = y / x * off, 1 - fee
    orders = decide(a_view((x, y), price, fee), 1e12)
    inside = g * price / (y / x), y / x / (price / g)  # none above 1 within the bounds
    if not len(orders):
        assert max(inside) <= 1 + 1e-7
        return
    assert max(inside) >= 1 - 1e-12
    side = "numeraire" if orders.buy[0] else "token"
    amount = float(orders.amount[0])

    def profit(paid: float) -> float:
        got = Pool(ConstantProduct(), x, y, fee).quote_in(side, paid)
        return got * price - paid if orders.buy[0] else got - paid * price

    best = profit(amount)
    assert best > 0
    assert profit(amount * (1 + nudge)) <= best + 1e-9 * y * max(1, off)
    pool = Pool(ConstantProduct(), x, y, fee)
    pool.swap_in(side, amount)
    assert g * price * (1 - 1e-9) <= pool.spot_price <= price / g * (1 + 1e-9)


def test_money_is_shared_over_pools_and_never_exceeded():
    view = a_view([(1000, 1000), (1000, 1000), (1000, 1000)], [2.0, 0.4, 1.0])
    orders = decide(view, 10.0, 0.0, 1e6)
    paid = np.where(orders.buy, orders.amount, orders.amount * view.outside_price[orders.token])
    assert orders.token.tolist() == [0, 1, 0, 1]  # nothing to gain in the last
    assert paid[:2].sum() == pytest.approx(10, rel=1e-12)
    assert (orders.account != 1).all()
    assert orders.min_out == pytest.approx(
        np.where(orders.buy, orders.amount / view.outside_price[orders.token], paid), rel=1e-12
    )


def test_gas_that_is_more_than_the_profit_keeps_it_away():
    assert len(decide(a_view((1000, 1000), 0.9, gas=2.48), 1000.0)) == 1
    assert len(decide(a_view((1000, 1000), 0.9, gas=2.49), 1000.0)) == 0


def test_without_a_price_outside_there_is_nothing_to_do():
    assert len(decide(replace(a_view((1000, 1000), 0.9), outside_price=None), 1000.0)) == 0


def test_loss_versus_rebalancing():
    # Milionis et al. (2022), fee 0: per step a pool loses 1 - exp(-sigma^2/8) of its value.
    paths, steps, sigma = 1000, 1000, 0.02
    draws, curve = np.random.default_rng(2022), ConstantProduct()
    x, y = np.full(paths, 1000.0), np.full(paths, 1000.0)
    price, none, expected = np.ones(paths), np.zeros(paths), 1 - np.exp(-(sigma**2) / 8)
    lost, value, squares = 0.0, 0.0, 0.0
    for _ in range(steps):
        before = x * price + y
        price = price * np.exp(sigma * draws.standard_normal(paths) - sigma**2 / 2)
        buys, sells = optimal_amounts(x, y, price, none + 1)
        tokens = curve.payout(y, x, buys, 0.0, False)
        money = curve.payout(x, y, sells, 0.0, True)
        loss = (tokens - sells) * price + money - buys
        x, y = x + sells - tokens, y + buys - money
        lost, value = lost + loss.sum(), value + before.sum()
        squares += ((loss - expected * before) ** 2).sum()
    error = np.sqrt(squares) / value
    assert abs(lost / value - expected) <= 3 * error
    assert lost / value == pytest.approx(expected, rel=0.01)
    after = (x * price + y) / 2000
    spread = after.std() / np.sqrt(paths)
    assert abs(after.mean() - np.exp(-(sigma**2) * steps / 8)) <= 3 * spread
