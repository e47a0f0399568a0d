"""Accounts that switch between rules (Brock & Hommes 1998), against known answers."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.agents.strategies import (
    Adaptive,
    Contrarian,
    Fundamentalist,
    Index,
    Momentum,
    NoiseTrader,
    Portfolio,
)
from simulator.market import ConstantProduct, MarketView

BUYER = Fundamentalist(bias_sigma=0.0, gain=0.5)
INDEX = Index(adjust=1.0)


def a_view(price=1.0, value=2.0, dividend=0.0, fee=0.0, period=3):
    """One token of 1000, in a pool of 100 and 100 times the price."""
    one = np.ones(1)
    return MarketView(
        period, ConstantProduct(), fee * one, 100 * one, 100 * price * one, price * one, 1000 * one,
        price * one, value * one, one, dividend * one,
    )  # fmt: skip


def owners(accounts, numeraire=80.0, tokens=20.0):
    return Portfolio(
        np.full(accounts, numeraire),
        np.full((accounts, 1), tokens),
        np.full(accounts, -1),
        invested=0.5,
    )


def after(strategy, *views, accounts=4, seed=1):
    draws = np.random.default_rng(seed)
    memory = strategy.initial(accounts, draws)
    for view in views:
        orders, memory = strategy.decide(view, owners(accounts), memory, draws)
    return orders, memory


def test_without_intensity_all_rules_are_followed_equally():
    adaptive = Adaptive(beta=0.0)
    assert adaptive.fractions(np.array([9.0, 1.0, 0.0, -5.0, 2.0])).tolist() == [0.2] * 5


def test_fractions_are_those_of_the_discrete_choice():
    """exp(beta U) / sum: for U of 0 and log 3 / beta one in four follows the first."""
    adaptive = Adaptive(rules=(BUYER, INDEX), beta=50.0)
    assert adaptive.fractions(np.array([0.0, np.log(3) / 50])) == pytest.approx([0.25, 0.75])


def test_with_great_intensity_all_follow_the_best_rule_however_small_its_lead():
    fitness = np.array([0.1, 0.1 + 1e-9, -3.0, 0.0, 0.1 - 1e-9])
    assert Adaptive(beta=1e12).fractions(fitness).tolist() == [0, 1, 0, 0, 0]


def test_fitness_is_what_the_last_orders_would_have_paid():
    """Wealth 100, half of log 2 of it is bought: 34.657; an index wants 50 and buys 30.

    The price rises by a tenth and each token pays .05: .15 on what was bought, and twice that
    fades by memory .8.
    """
    adaptive = Adaptive(rules=(BUYER, INDEX), memory=0.8)
    _, first = after(adaptive, a_view())
    assert first["fitness"].tolist() == [0.0, 0.0]
    fitness = adaptive.fitness(a_view(price=1.1, dividend=0.05, period=4), first)
    assert fitness == pytest.approx([0.5 * np.log(2) * 0.15, 0.30 * 0.15])
    later = a_view(price=1.1, dividend=0.05, period=4)
    again = adaptive.fitness(later, first | {"fitness": fitness})
    assert again == pytest.approx(1.8 * fitness)
    same = adaptive.fitness(a_view(price=1.1, dividend=0.05), first)  # a second pass of the period
    assert same == pytest.approx([0.5 * np.log(2) * 0.1, 0.30 * 0.1])


def test_fees_are_taken_off_purchases_and_sales():
    """Buy 30 at 1 and a fee of .1: worth 27 x 1.1. Sell 34.657 of value at half the price."""
    adaptive = Adaptive(rules=(INDEX,))
    _, memory = after(adaptive, a_view(fee=0.1))
    fitness = adaptive.fitness(a_view(price=1.1), memory)
    assert fitness == pytest.approx([(27 * 1.1 - 30) / 100])
    seller = Adaptive(rules=(BUYER,))
    _, memory = after(seller, a_view(value=0.9, fee=0.1))
    sold = -0.5 * np.log(0.9)  # of wealth 100; the rest would have risen
    fitness = seller.fitness(a_view(price=1.1), memory)
    assert fitness == pytest.approx([0.9 * sold - 1.1 * sold])


def test_the_fitness_of_a_rule_does_not_depend_on_how_many_follow_it():
    """Nobody follows the index, and what it would have paid is known all the same."""
    best = Adaptive(rules=(BUYER, INDEX), beta=1e12)
    _, memory = after(best, a_view(), a_view(price=1.2), a_view(price=1.2), a_view(price=1.3))
    assert memory["fitness"][0] > memory["fitness"][1] > 0
    orders, _ = after(best, a_view(), a_view(price=1.2))
    wealth = 80 + 20 * 1.2
    assert orders.amount == pytest.approx([0.5 * wealth * np.log(2 / 1.2)] * 4)


@pytest.mark.parametrize(("beta", "expected"), [(0.0, 0.5), (40.0, None), (1e12, 1.0)])
def test_accounts_follow_rules_by_their_fractions(beta, expected):
    """The index buys and, at a price above value, fundamentalists sell: sides tell them apart."""
    adaptive = Adaptive(rules=(BUYER, INDEX), beta=beta)
    views = [a_view(), a_view(price=1.1), a_view(price=1.1, value=0.5)]
    orders, memory = after(adaptive, *views, accounts=20_000)
    followers = np.mean(~orders.buy)
    fraction = adaptive.fractions(memory["fitness"])[0]
    assert followers == pytest.approx(fraction if expected is None else expected, abs=0.015)
    assert 0.5 <= fraction <= 1


def test_each_rule_is_the_strategy_itself():
    """Alone among the rules, a strategy orders what it orders on its own."""
    views = [a_view(), a_view(price=1.1), a_view(price=1.05)]
    for rule in (BUYER, INDEX, Momentum(), Contrarian()):
        draws, memory = np.random.default_rng(1), rule.initial(4, np.random.default_rng(1))
        for view in views:
            alone, memory = rule.decide(view, owners(4), memory, draws)
        among, _ = after(Adaptive(rules=(rule,)), *views)
        assert [c.tolist() for c in vars(among).values()] == [
            c.tolist() for c in vars(alone).values()
        ]


def test_rules_keep_the_opinions_of_their_accounts():
    adaptive = Adaptive(rules=(Fundamentalist(bias_sigma=0.5), NoiseTrader()), beta=0.0)
    _, memory = after(adaptive, a_view())
    _, later = after(adaptive, a_view(), a_view(), a_view())
    assert memory["0.bias"].tolist() == later["0.bias"].tolist()
    assert memory["0.bias"].std() > 0


def test_a_group_without_wealth_has_no_profit():
    adaptive = Adaptive()
    draws = np.random.default_rng(1)
    memory = adaptive.initial(3, draws)
    for price in (1.0, 2.0):
        poor = replace(owners(3), numeraire=np.zeros(3), tokens=np.zeros((3, 1)))
        orders, memory = adaptive.decide(a_view(price=price), poor, memory, draws)
    assert len(orders) == 0
    assert memory["fitness"].tolist() == [0.0] * 5
