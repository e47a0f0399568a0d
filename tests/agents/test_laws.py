"""Laws that every strategy of every family obeys, whatever it sees."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.agents.strategies import (
    CLIENT_POLICIES,
    INVESTOR_STRATEGIES,
    LIQUIDITY_STRATEGIES,
    NEWS,
    Adaptive,
    NoiseTrader,
    Portfolio,
)
from simulator.economy.publishing import initial_queue, view_for
from simulator.market import ConstantProduct, MarketView, Positions
from tests.laws import law

FAMILIES = (CLIENT_POLICIES, INVESTOR_STRATEGIES, LIQUIDITY_STRATEGIES)
EVERY_STRATEGY = sorted(
    {strategy for family in FAMILIES for strategy in family}, key=lambda each: each.__name__
)
PROVIDING = [strategy for strategy in EVERY_STRATEGY if strategy.provides]
DRAWING = (Adaptive, NoiseTrader)
PERIODS = (3, 5, 6, 12, 15, 17, 30)  # before, in and after the phases of those who have some
DUST = 1e-14  # of wealth

amounts = st.one_of(st.just(0.0), st.floats(1e-9, 1e9))
prices = st.floats(1e-6, 1e6)


def arrays(draw, elements, *shape):
    size = int(np.prod(shape))
    return np.array(draw(st.lists(elements, min_size=size, max_size=size))).reshape(shape)


@st.composite
def worlds(draw, sizes=(1, 2, 3)):
    """Views of several periods, and what some accounts own in each of them."""
    tokens, accounts = draw(st.sampled_from(sizes)), draw(st.integers(1, 4))
    return [
        (a_view(draw, tokens, period), a_portfolio(draw, accounts, tokens)) for period in PERIODS
    ]


def a_view(draw, tokens, period):
    spot, depth = arrays(draw, prices, tokens), arrays(draw, amounts, tokens)
    return MarketView(
        period=period,
        curve=ConstantProduct(),
        fee=np.full(tokens, draw(st.sampled_from([0.0, 0.01, 0.5]))),
        reserve_token=depth,
        reserve_numeraire=depth * spot,
        spot_price=spot,
        supply=arrays(draw, st.floats(1e-3, 1e9), tokens),
        twap=spot,
        fundamental_value=arrays(draw, amounts, tokens),
        share=arrays(draw, st.floats(0, 1), tokens),
        dividend=arrays(draw, amounts, tokens),
        fees_earned=arrays(draw, amounts, tokens),
    )


def a_portfolio(draw, accounts, tokens):
    return Portfolio(
        numeraire=arrays(draw, amounts, accounts),
        tokens=arrays(draw, amounts, accounts, tokens),
        own_token=np.arange(accounts) % tokens,
        invested=draw(st.floats(0, 1)),
        positions=positions_of(arrays(draw, amounts, 6, accounts, tokens)),
        issued=arrays(draw, amounts, accounts),
        training_cost=arrays(draw, amounts, accounts),
    )


def positions_of(numbers):
    """Positions of five numbers each, and what the price from which they serve is of the last."""
    shares, *behind, upper = numbers
    there = shares > 0
    return Positions(shares, *(np.where(there, side, 0.0) for side in behind), upper / 2, upper)


def a_market(seed=1, accounts=7, tokens=3, period=7):
    """A view and a portfolio of numbers of ordinary size."""
    draws = np.random.default_rng(seed)
    some = draws.lognormal(sigma=0.4, size=(9, tokens))
    view = MarketView(
        period, ConstantProduct(), np.full(tokens, 0.01), 200 * some[0], 200 * some[0] * some[1],
        some[1], 1000 * some[2], some[3], some[4], some[5] / some[5].sum(), 0.01 * some[8],
        outside_price=1.5 * some[1], fees_earned=some[8],
    )  # fmt: skip
    owned = draws.lognormal(3.0, size=(accounts, 1 + tokens))
    behind = draws.lognormal(3.0, size=(6, accounts, tokens))
    behind[:, draws.random((accounts, tokens)) < 0.3] = 0.0
    return view, Portfolio(
        owned[:, 0],
        owned[:, 1:],
        np.arange(accounts) % tokens,
        0.4,
        positions=positions_of(behind),
        issued=draws.lognormal(size=accounts),
        training_cost=20 * draws.lognormal(size=accounts),
    )


def decisions(strategy, world, seed=1):
    """What a strategy orders on each view of a world in turn."""
    for view, portfolio, orders, _ in everything(strategy, world, seed):
        yield view, portfolio, orders


def changes(strategy, world, seed=1):
    """What a strategy changes of positions on each view of a world in turn."""
    for view, portfolio, _, provided in everything(strategy, world, seed):
        yield view, portfolio, provided


def everything(strategy, world, seed):
    draws = np.random.default_rng(seed)
    memory = strategy.initial(len(world[0][1].numeraire), draws)
    for view, portfolio in world:
        provided, memory = strategy.provide(view, portfolio, memory, draws)
        orders, memory = strategy.decide(view, portfolio, memory, draws)
        yield view, portfolio, orders, provided


def a_journey(**size):
    return [a_market(seed, period=period, **size) for seed, period in enumerate(PERIODS)]


def columns(orders):
    return [column.tolist() for column in vars(orders).values()]


def rows_of(orders):
    """One row per order, by account and token."""
    return np.array(sorted(zip(*columns(orders), strict=True))).reshape(len(orders), 7)


def by_account(orders, accounts):
    """Orders of each account, whatever the order they came in."""
    rows = list(
        zip(
            orders.account.tolist(),
            orders.token.tolist(),
            orders.buy.tolist(),
            orders.amount,
            strict=True,
        )
    )
    return [sorted(row[1:] for row in rows if row[0] == account) for account in accounts]


@pytest.mark.parametrize("strategy", EVERY_STRATEGY)
class TestEveryStrategy:
    @law(25)
    @given(world=worlds(), seed=st.integers(0, 99))
    def test_orders_only_what_it_owns_and_nothing_for_nothing(self, strategy, world, seed):
        for view, portfolio, orders in decisions(strategy(), world, seed):
            owns = np.column_stack([portfolio.numeraire, portfolio.tokens])
            paid = np.zeros_like(owns)
            asset = np.where(orders.buy, 0, 1 + orders.token)
            np.add.at(paid, (orders.account, asset), orders.amount)
            assert (paid <= owns * (1 + 1e-12)).all()
            worth = orders.amount * np.where(orders.buy, 1.0, view.spot_price[orders.token])
            least = DUST * portfolio.wealth(view)[orders.account]
            assert (worth > least).all()
            assert np.isfinite(orders.amount).all()
            filled = (view.reserve_token > 0) & (view.reserve_numeraire > 0)
            assert filled[orders.token].all()

    @pytest.mark.parametrize("tokens", [1, 3, 20])
    def test_does_nothing_without_anything(self, strategy, tokens):
        for view, owned in a_journey(tokens=tokens):
            nothing = replace(owned, numeraire=0 * owned.numeraire, tokens=0 * owned.tokens)
            for *_, orders in decisions(strategy(), [(view, nothing)]):
                assert len(orders) == 0

    def test_does_nothing_while_pools_are_empty(self, strategy):
        empty = [
            (replace(view, reserve_token=np.zeros(3), reserve_numeraire=np.zeros(3)), owned)
            for view, owned in a_journey()
        ]
        assert sum(len(orders) for *_, orders in decisions(strategy(), empty)) == 0

    @pytest.mark.parametrize("tokens", [1, 20])
    def test_trades_one_token_or_twenty(self, strategy, tokens):
        placed = 0
        for view, owned, orders in decisions(strategy(), a_journey(tokens=tokens)):
            assert ((orders.token >= 0) & (orders.token < len(view.spot_price))).all()
            assert ((orders.account >= 0) & (orders.account < len(owned.numeraire))).all()
            placed += len(orders)
        assert placed > 0 or strategy.__name__ in ("Hold", "Passive")

    def test_is_determined_by_its_stream(self, strategy):
        first, second = (
            [columns(orders) for *_, orders in decisions(strategy(), a_journey(), seed=5)]
            for _ in range(2)
        )
        assert first == second

    def test_draws_only_from_its_stream(self, strategy):
        np.random.seed(1)  # noqa: NPY002
        before = np.random.get_state()[1].tolist()  # noqa: NPY002
        list(decisions(strategy(), a_journey()))
        assert np.random.get_state()[1].tolist() == before  # noqa: NPY002

    def test_changes_nothing_that_it_sees(self, strategy):
        journey = a_journey()
        list(decisions(strategy(), journey))
        for seen, fresh in zip(journey, a_journey(), strict=True):
            for part, untouched in zip(seen, fresh, strict=True):
                for name, value in everything_in(untouched).items():
                    assert np.array_equal(everything_in(part)[name], value)

    def test_does_not_use_news_before_it_may(self, strategy):
        """Orders are the same whatever the news that are not public yet."""
        kept = initial_queue({name: getattr(a_market(8)[0], name) for name in NEWS}, delay=1)
        placed = []
        for factor in (1.0, 7.0):
            journey = [
                (replace(view, **{name: factor * getattr(view, name) for name in NEWS}), owned)
                for view, owned in a_journey()
            ]
            shown = [(view_for(strategy(), view, kept), owned) for view, owned in journey]
            hidden = [name for name in NEWS if name not in strategy.knows]
            for view, _ in shown:
                for name in hidden:
                    assert np.array_equal(getattr(view, name), kept[name][0])
            placed.append([columns(orders) for *_, orders in decisions(strategy(), shown)])
        if strategy.knows:
            assert placed[0] != placed[1]
        else:
            assert placed[0] == placed[1]

    def test_an_account_does_not_see_what_others_own(self, strategy):
        (view, owned), others = a_market(), np.arange(7) != 2
        richer = replace(
            owned,
            numeraire=np.where(others, 9.0, 1.0) * owned.numeraire,
            tokens=np.where(others, 5.0, 1.0)[:, None] * owned.tokens,
        )
        *_, orders = next(decisions(strategy(), [(view, owned)]))
        *_, again = next(decisions(strategy(), [(view, richer)]))
        mine, still = by_account(orders, [2])[0], by_account(again, [2])[0]
        assert mine == still

    def test_the_order_of_accounts_does_not_matter(self, strategy):
        """Where nothing is drawn; who draws is known here, and draws."""
        order, journey = np.random.default_rng(3).permutation(7), a_journey()
        draws = np.random.default_rng(1)
        memory = strategy().initial(7, draws)
        moved, state = shuffled(memory, order), draws.bit_generator.state
        for view, owned in journey:
            turned = Portfolio(
                owned.numeraire[order],
                owned.tokens[order],
                owned.own_token[order],
                owned.invested,
                positions=owned.positions.rows(order),
                issued=owned.issued[order],
                training_cost=owned.training_cost[order],
            )
            provided, memory = strategy().provide(view, owned, memory, draws)
            same, moved = strategy().provide(view, turned, moved, draws)
            assert rows_of(provided) == pytest.approx(rows_of(same.by(order[same.account])))
            orders, memory = strategy().decide(view, owned, memory, draws)
            again, moved = strategy().decide(view, turned, moved, draws)
            if strategy in DRAWING:
                assert draws.bit_generator.state != state
                return
            for mine, same in zip(
                by_account(orders, order), by_account(again, range(7)), strict=True
            ):
                assert np.array(mine) == pytest.approx(np.array(same), rel=1e-12)
        assert draws.bit_generator.state == state

    def test_those_asleep_change_nothing_for_others(self, strategy):
        """Who is awake orders the same whether the others are asleep or not."""
        view, owned = a_market()
        awake = np.array([True, False, True, True, False, False, True])
        *_, everybody = next(decisions(strategy(), [(view, owned)]))
        *_, some = next(decisions(strategy(), [(view, replace(owned, awake=awake))]))
        expected = everybody.take(np.flatnonzero(awake[everybody.account]))
        result = some.take(np.flatnonzero(awake[some.account]))
        assert columns(result) == columns(expected)

    def test_is_documented(self, strategy):
        assert strategy.__doc__
        for name, field in strategy.model_fields.items():
            assert name == "kind" or field.description


@pytest.mark.parametrize("strategy", PROVIDING)
class TestEveryProvider:
    @law(40)
    @given(world=worlds(), seed=st.integers(0, 99))
    def test_puts_in_only_what_it_owns_and_takes_out_only_what_is_there(
        self, strategy, world, seed
    ):
        for view, portfolio, orders in changes(strategy(), world, seed):
            orders.check(range(portfolio.tokens.shape[0]), portfolio.tokens.shape[1])
            tokens, numeraire = np.zeros_like(portfolio.tokens), np.zeros(len(portfolio.numeraire))
            np.add.at(tokens, (orders.account, orders.token), orders.deposit_token)
            np.add.at(numeraire, orders.account, orders.deposit_numeraire)
            assert (tokens <= portfolio.tokens * (1 + 1e-12)).all()
            assert (numeraire <= portfolio.numeraire * (1 + 1e-12)).all()
            assert (orders.withdraw >= 0).all() and (orders.withdraw <= 1).all()
            there = portfolio.positions.shares[orders.account, orders.token] > 0
            deposits = (orders.deposit_token > 0) & (orders.deposit_numeraire > 0)
            assert ((orders.withdraw > 0) & there | deposits).all()
            filled = (view.reserve_token > 0) & (view.reserve_numeraire > 0)
            assert filled[orders.token[deposits]].all()

    def test_changes_nothing_where_there_is_nothing(self, strategy):
        for view, owned in a_journey():
            empty = replace(
                owned,
                numeraire=0 * owned.numeraire,
                tokens=0 * owned.tokens,
                positions=positions_of(np.zeros((6, 7, 3))),
            )
            assert sum(len(orders) for *_, orders in changes(strategy(), [(view, empty)])) == 0

    @pytest.mark.parametrize("tokens", [2, 20])
    def test_changes_something_where_there_is_something(self, strategy, tokens):
        journey = [a_market(seed, tokens=tokens, period=seed) for seed in range(1, 30)]
        result = [orders for *_, orders in changes(strategy(), journey)]
        assert sum((orders.withdraw > 0).sum() for orders in result) > 0
        deposits = sum((orders.deposit_token > 0).sum() for orders in result)
        assert (deposits > 0) == (strategy.__name__ != "ExitOnLoss")

    def test_is_determined_by_its_stream(self, strategy):
        first, second = (
            [columns(orders) for *_, orders in changes(strategy(), a_journey(), seed=5)]
            for _ in range(2)
        )
        assert first == second

    def test_an_account_does_not_see_what_others_provide(self, strategy):
        (view, owned), others = a_market(), (np.arange(7) != 2)[:, None]
        richer = replace(
            owned,
            tokens=np.where(others, 5.0, 1.0) * owned.tokens,
            positions=Positions(
                **{
                    name: np.where(others, 3.0, 1.0) * column
                    for name, column in vars(owned.positions).items()
                }
            ),
        )
        mine, still = (
            [row for row in zip(*columns(orders), strict=True) if row[0] == 2]
            for orders in (
                next(changes(strategy(), [(view, portfolio)]))[2] for portfolio in (owned, richer)
            )
        )
        assert mine == still


def everything_in(part):
    """The arrays and numbers of a view or a portfolio, those of positions too."""
    result = dict(vars(part))
    positions = result.pop("positions", None)
    return result | (vars(positions) if positions else {})


def shuffled(memory, order):
    """A memory with what belongs to accounts, one of seven, in another order."""
    return {
        name: value[order] if value.ndim and len(value) == 7 else value
        for name, value in memory.items()
    }
