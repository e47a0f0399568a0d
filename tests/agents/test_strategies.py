"""What each strategy is for, in known answers; what all of them obey is in `test_laws`."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.agents.groups import Lognormal
from simulator.agents.strategies import (
    Contrarian,
    CoverCosts,
    Fundamentalist,
    Hold,
    Index,
    Momentum,
    NoiseTrader,
    Portfolio,
    SellFraction,
    SingleAccountStrategy,
    ValueSeller,
    orders_for,
)
from simulator.agents.traders import Traders
from simulator.errors import StrategyError
from simulator.ledger import NUMERAIRE, Ledger
from simulator.market import ConstantProduct, MarketView, Orders
from tests.laws import law


def a_view(
    spot=(1.0, 2.0, 0.5),
    value=(2.0, 1.0, 0.5),
    depth=100.0,
):
    spot = np.array(spot, dtype=float)
    return MarketView(
        period=3,
        curve=ConstantProduct(),
        fee=np.full(3, 0.01),
        reserve_token=np.full(3, float(depth)),
        reserve_numeraire=depth * spot,
        spot_price=spot,
        supply=np.array([100.0, 100.0, 400.0]),  # worth 100, 200 and 200 at the prices above
        twap=spot,
        fundamental_value=np.array(value, dtype=float),
        share=np.array([0.5, 0.3, 0.2]),
        dividend=np.array([0.1, 0.2, 0.0]),
    )


def a_portfolio(
    numeraire=(100.0, 50.0, 0.0),
    tokens=None,
    invested=1 / 3,
    issued=(4.0, 2.0, 0.0),
    training_cost=(1.5, 0.5, 0.0),
):
    return Portfolio(
        np.array(numeraire, dtype=float),
        np.full((3, 3), 10.0) if tokens is None else np.array(tokens, dtype=float),
        np.arange(3),
        invested,
        issued=np.array(issued, dtype=float),
        training_cost=np.array(training_cost, dtype=float),
    )


def decide(strategy, view, portfolio, seed=1):
    draws = np.random.default_rng(seed)
    memory = strategy.initial(len(portfolio.numeraire), draws)
    return strategy.decide(view, portfolio, memory, draws)[0]


amounts = st.one_of(st.just(0.0), st.floats(1e-9, 1e9))
worlds = st.fixed_dictionaries(
    {
        "spot": st.lists(st.floats(1e-6, 1e6), min_size=3, max_size=3),
        "value": st.lists(amounts, min_size=3, max_size=3),
        "depth": st.floats(1e-3, 1e9),
    }
)
portfolios = st.fixed_dictionaries(
    {
        "numeraire": st.lists(amounts, min_size=3, max_size=3),
        "tokens": st.lists(st.lists(amounts, min_size=3, max_size=3), min_size=3, max_size=3),
        "invested": st.floats(0, 1),
        "issued": st.lists(amounts, min_size=3, max_size=3),
        "training_cost": st.lists(amounts, min_size=3, max_size=3),
    }
)


def test_fundamentalists_trade_by_the_formula():
    """Order value = gain wealth/N clip(log(value/price), -1, 1), without bias."""
    strategy = Fundamentalist(gain=0.5, bias_sigma=0.0)
    portfolio = a_portfolio(numeraire=(100.0, 50.0, 0.0))
    orders = decide(strategy, a_view(), portfolio)
    wealth = np.array([135.0, 85.0, 35.0])  # cash + 10 (1 + 2 + .5)
    budget = 0.5 * wealth / 3
    bought = orders.buy & (orders.token == 0)
    sold = ~orders.buy & (orders.token == 1)
    # Value 2, price 1: log 2 of the budget; account 2 has no cash to buy with.
    assert orders.account[bought].tolist() == [0, 1]
    assert orders.amount[bought] == pytest.approx(budget[:2] * np.log(2))
    # Value 1, price 2: sells for the same worth, in tokens.
    assert orders.amount[sold] == pytest.approx(budget * np.log(2) / 2)
    # Value = price: no order.
    assert not (orders.token == 2).any()


def test_a_worthless_token_is_sold_and_bias_moves_opinions():
    view = a_view(value=(0.0, 2.0, 0.5))
    orders = decide(Fundamentalist(bias_sigma=0.0), view, a_portfolio())
    assert not orders.buy[orders.token == 0].any()
    opinions = decide(
        Fundamentalist(bias_sigma=0.5), a_view(value=(1.0, 2.0, 0.5)), a_portfolio(), 3
    )
    assert opinions.buy.any() and not opinions.buy.all()


def test_noise_traders_go_half_way_to_their_targets():
    view, portfolio = a_view(), a_portfolio(tokens=np.zeros((3, 3)))
    orders = decide(NoiseTrader(sigma=0.0, adjust=0.5), view, portfolio)
    # Wealth is cash, a third of it is invested by market value (1 : 2 : 2), half of that now.
    parts = np.array([0.2, 0.4, 0.4])
    assert orders.amount == pytest.approx([*100 / 6 * parts, *50 / 6 * parts])
    assert orders.buy.all()


def test_noise_invests_up_to_what_the_group_does():
    portfolio = Portfolio(
        np.full(20_000, 100.0), np.zeros((20_000, 3)), np.full(20_000, -1), invested=0.3
    )
    orders = decide(NoiseTrader(sigma=0.5, adjust=1.0), a_view(depth=1e9), portfolio)
    # .3 x 100 x min(sum of weight x part, 1), by numerical integration of its own.
    weights = np.exp(0.5 * np.random.default_rng(9).standard_normal((400_000, 3)) - 0.125)
    parts = np.minimum(np.minimum(weights, 3) @ [0.2, 0.4, 0.4], 1).mean()
    assert orders.amount.sum() / 20_000 == pytest.approx(30.0 * parts, rel=0.01)
    assert 0.8 < parts < 0.95


def test_value_sellers_sell_issuance_and_stock_above_value():
    orders = decide(ValueSeller(sell_fraction=0.5, stock_fraction=0.1), a_view(), a_portfolio())
    # Token 0 is below its value: half of 4 issued. Token 1 at twice its value: half of 2 and
    # log 2 x 10% of 10.
    assert orders.token.tolist() == [0, 1]
    assert orders.account.tolist() == [0, 1]
    assert orders.amount == pytest.approx([2.0, 1.0 + np.log(2)])
    assert not orders.buy.any()


@pytest.mark.parametrize("value", [0.0, 1e-3, 1 / np.e])
def test_value_sellers_sell_no_more_than_a_part_of_stock_at_any_price(value):
    view, owned = a_view(value=(value, 2.0, 0.5)), a_portfolio(issued=(0.0, 0.0, 0.0))
    orders = decide(ValueSeller(stock_fraction=0.1), view, owned)
    assert (orders.token.tolist(), orders.amount) == ([0], pytest.approx([1.0]))


def prices(*several):
    """Views of the same market at these prices of the first token, the others steady."""
    return [a_view(spot=(price, 2.0, 0.5)) for price in several]


def later(strategy, views, portfolio):
    """Orders on the last of several views seen in turn."""
    draws, memory = np.random.default_rng(1), strategy.initial(3, np.random.default_rng(1))
    for view in views:
        orders, memory = strategy.decide(view, portfolio, memory, draws)
    return orders


def weight_of_first_token(strategy, views):
    """Target of account 0, which has 100 in cash and invests a third, in units of neutral."""
    bought = later(strategy, views, a_portfolio(tokens=np.zeros((3, 3))))
    mine = bought.amount[(bought.account == 0) & (bought.token == 0)]
    market_value = views[-1].spot_price * views[-1].supply
    neutral = 100 / 3 * market_value[0] / market_value.sum()
    return float(mine.sum()) / strategy.adjust / neutral


@pytest.mark.parametrize(
    ("seen", "trend"),
    [
        ([1.0], 0.0),
        ([1.0, 1.0], 0.0),
        ([1.0, 1.02], 0.2 * 0.02),
        ([1.0, 1.02, 1.02], 0.8 * 0.2 * 0.02),
        ([1.0, 0.98], -0.2 * 0.02),
        ([1.0, 4.0], 0.2 * 3.0),
        ([1.0, 0.5], 0.2 * -0.5),
    ],
)
def test_chartists_weigh_by_the_trend(seen, trend):
    views = prices(*seen)
    market_value = views[-1].spot_price * views[-1].supply
    part = market_value[0] / market_value.sum()
    for strategy, weight in ((Momentum(), 1 + 60 * trend), (Contrarian(), 1 - 60 * trend)):
        weight = np.clip(weight, 0, 3)  # the other tokens' is 1
        scaled = weight / max(weight * part + 1 - part, 1)
        assert weight_of_first_token(strategy, views) == pytest.approx(scaled)


def test_an_index_holds_tokens_by_market_value():
    """Account 0: wealth 121, a third in tokens worth 1 : 2 : 2; it holds 20, 1 and 0."""
    tokens = [[20.0, 0.5, 0.0]] + [[0.0] * 3] * 2
    orders = decide(Index(adjust=1.0), a_view(), a_portfolio(tokens=tokens))
    mine, third = orders.account == 0, 121 / 3
    assert orders.buy[mine].tolist() == [False, True, True]
    assert orders.amount[mine] == pytest.approx([20 - third / 5, 2 * third / 5 - 1, 2 * third / 5])


def test_an_index_leaves_a_market_alone_that_moved_as_a_whole():
    """It holds its part of every token's supply: whatever the price of one, none is traded."""
    supply, part = np.array([100.0, 100.0, 400.0]), 0.01
    for spot in ((1.0, 2.0, 0.5), (0.01, 2.0, 0.5), (1.0, 8.0, 0.5)):
        worth = part * supply @ spot
        owned = a_portfolio(numeraire=[2 * worth] * 3, tokens=[part * supply] * 3)
        orders = decide(Index(), a_view(spot=spot, depth=1e6), owned)
        assert (orders.amount < 1e-9).all()


def test_holders_of_their_tokens_sell_none():
    assert len(decide(Hold(), a_view(), a_portfolio())) == 0


def test_a_fraction_of_issuance_is_sold_at_any_price():
    orders = decide(SellFraction(fraction=0.25), a_view(), a_portfolio())
    assert orders.token.tolist() == [0, 1]
    assert orders.amount == pytest.approx([1.0, 0.5])


def test_costs_are_covered_by_sales_and_nothing_more():
    """Reserve 2 periods of 1.5, .5 and 0; money 1, 2 and 0: only client 0 lacks 2 numeraire.

    A pool of 100 and 100 pays 2 for a tokens when 100 x .99 a/(100 + .99 a) = 2.
    """
    orders = decide(CoverCosts(reserve=2.0), a_view(), a_portfolio(numeraire=(1.0, 2.0, 0.0)))
    assert (orders.token.tolist(), orders.buy.tolist()) == ([0], [False])
    assert orders.amount == pytest.approx([2 * 100 / 0.99 / (100 - 2)], rel=1e-6)


def test_who_cannot_cover_its_costs_sells_all_it_has():
    owned = a_portfolio(numeraire=(1.0, 2.0, 0.0), training_cost=(500.0, 0.0, 0.0))
    orders = decide(CoverCosts(), a_view(), owned)
    assert orders.amount.tolist() == [10.0]


@pytest.mark.parametrize(
    "strategy", [Momentum(adjust=1.0), NoiseTrader(adjust=1.0), Index(adjust=1.0)]
)
def test_targets_together_are_no_more_than_the_group_invests(strategy):
    """However much all prices rose, a third of wealth is the most that is in tokens."""
    views = [a_view(spot=rise * np.array([1.0, 2.0, 0.5]), depth=1e6) for rise in (1, 2, 4)]
    bought = later(strategy, views, a_portfolio(tokens=np.zeros((3, 3))))
    spent = np.bincount(bought.account, bought.amount, minlength=3)
    assert (spent <= np.array([100.0, 50.0, 0.0]) / 3 * (1 + 1e-12)).all()
    assert spent[0] > 25


def test_purchases_are_scaled_to_the_cash_at_hand():
    values = np.array([[30.0, 60.0, -1e9], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    orders = orders_for(values, a_view(), a_portfolio(numeraire=(45.0, 50.0, 0.0)))
    assert orders.amount == pytest.approx([15.0, 30.0, 10.0])
    assert orders.buy.tolist() == [True, True, False]


def plain_orders(values, view, portfolio):
    """`orders_for` in numpy, one operation after the other."""
    buys = np.where(values > 0, values, 0.0)
    wanted = buys.sum(axis=1)
    scale = np.ones_like(wanted)
    np.divide(portfolio.numeraire, wanted, out=scale, where=wanted > portfolio.numeraire)
    sells = np.minimum(-values / view.spot_price, portfolio.tokens)
    amount = np.where(values > 0, buys * scale[:, None], sells)
    worth = np.where(values > 0, amount, amount * view.spot_price)
    amount[worth <= 1e-14 * portfolio.wealth(view)[:, None]] = 0.0
    amount[:, (view.reserve_token <= 0) | (view.reserve_numeraire <= 0)] = 0.0
    account, token = np.nonzero(amount)
    return account, token, (values > 0)[account, token], amount[account, token]


@law(100)
@given(
    values=st.lists(
        st.lists(st.one_of(st.just(0.0), st.floats(-1e9, 1e9)), min_size=3, max_size=3),
        min_size=3,
        max_size=3,
    ),
    world=worlds,
    owned=portfolios,
    empty=st.integers(0, 3),
)
def test_the_compiled_orders_are_the_plain_ones(values, world, owned, empty):
    view, portfolio = a_view(**world), a_portfolio(**owned)
    reserves = np.where(np.arange(3) == empty, 0.0, view.reserve_token)
    view = replace(view, reserve_token=reserves)
    orders = orders_for(np.array(values), view, portfolio)
    plain = plain_orders(np.array(values), view, portfolio)
    for column, expected in zip(vars(orders).values(), plain, strict=False):
        assert column.tolist() == pytest.approx(expected.tolist(), rel=1e-15)


class BuyOne(SingleAccountStrategy):
    """Spends one numeraire on the first token."""

    kind: str = "buy_one"

    def trades(self, view, numeraire, tokens, draws):
        return np.array([1.0, 0.0, 0.0])


def traders(strategy, activity=1.0):
    return Traders("investors/0", strategy, np.array([2, 3, 4]), np.full(3, -1), activity)


def a_ledger():
    ledger = Ledger(["outside", "pool", *["investor"] * 3], ["numeraire", "a", "b", "c"])
    ledger.transfer("endowment", NUMERAIRE, 0, np.array([2, 3, 4]), np.array([5.0, 5.0, 0.0]))
    return ledger


def test_a_group_orders_by_ledger_account():
    orders, _ = traders(BuyOne()).decide(a_view(), a_ledger(), {}, np.random.default_rng(1))
    assert orders.account.tolist() == [2, 3]
    assert orders.amount.tolist() == [1.0, 1.0]


def test_activity_is_the_chance_to_trade():
    draws, placed = np.random.default_rng(1), 0
    group = traders(BuyOne(), activity=0.3)
    for _ in range(2000):
        placed += len(group.decide(a_view(), a_ledger(), {}, draws)[0])
    assert placed / 4000 == pytest.approx(0.3, abs=0.02)


class Returns(NoiseTrader):
    """Returns whatever the test puts in."""

    kind: str = "returns"
    answer: object

    def decide(self, view, portfolio, memory, draws):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer, memory


def an_order(account=0, token=0, amount=1.0):
    columns = (np.array([account]), np.array([token]), np.array([True]))
    return Orders(*columns, np.array([amount]), np.zeros(1))


def an_order_rest():
    return np.array([True]), np.zeros(1), np.zeros(1)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (an_order(amount=np.nan), "account 2 ordered an amount of nan"),
        (an_order(amount=-1.0), "account 2 ordered an amount of -1.0"),
        (replace(an_order(), min_out=np.array([np.nan])), "ordered with a min_out of nan"),
        (an_order(account=1, amount=np.inf), "account 3 ordered an amount of inf"),
        (an_order(account=3), "ordered for account 5, not one of 2 to 4"),
        (an_order(token=-1), "account 2 ordered for token -1, not one of 0 to 2"),
        ("buy!", "returned str, not Orders"),
        (ZeroDivisionError("oh"), "ZeroDivisionError: oh"),
        (Orders(*[np.zeros(n, dtype=int) for n in (1, 2)], *an_order_rest()), "different lengths"),
    ],
)
def test_what_is_no_order_fails_the_run(answer, message):
    group = traders(Returns(answer=answer))
    with pytest.raises(StrategyError, match="strategy returns of investors/0") as caught:
        group.decide(a_view(), a_ledger(), {}, np.random.default_rng(1))
    assert message in str(caught.value)
    assert "period 3" in str(caught.value)


def test_an_account_by_account_strategy_names_the_account_that_failed():
    class Fails(BuyOne):
        """Fails for the poor."""

        def trades(self, view, numeraire, tokens, draws):
            return np.array([1 / numeraire, 0.0, 0.0])

    with pytest.raises(StrategyError, match="for account 2 of the group"):
        traders(Fails()).decide(a_view(), a_ledger(), {}, np.random.default_rng(1))


def test_wealth_is_lognormal_with_the_stated_mean():
    wealth = Lognormal(mean=100, sigma=0.5).draw(200_000, np.random.default_rng(1))
    assert wealth.mean() == pytest.approx(100, rel=0.01)
    assert np.log(wealth).std() == pytest.approx(0.5, rel=0.01)
    assert (Lognormal(sigma=0).draw(3, np.random.default_rng(1)) == 100).all()
