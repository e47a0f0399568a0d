"""Liquidity providers' strategies: what they move, when they leave, and what it is for."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from simulator.agents.strategies import ExitOnLoss, FeeChaser, Passive, Portfolio, RangeKeeper
from simulator.economy import Economy, trading
from simulator.errors import ScenarioError
from simulator.market import ConstantProduct, MarketView, Positions
from simulator.scenario import Scenario

DRAWS = np.random.default_rng(1)


def a_view(x=(100.0, 100.0), y=(100.0, 100.0), fees=(3.0, 1.0), **changes):
    x, y = np.array(x, dtype=float), np.array(y, dtype=float)
    spot = np.divide(y, x, out=np.ones_like(y), where=x > 0)
    none = np.zeros(len(x))
    return MarketView(
        1, ConstantProduct(), none, x, y, spot, 1000 + none, spot, spot, none, none,
        fees_earned=np.array(fees), **changes,
    )  # fmt: skip


def owning(numeraire=0.0, tokens=(0.0, 0.0), behind=(50.0, 50.0), put_in=None, **ranges):
    """One account; `behind` and `put_in` are as many tokens as numeraire in each pool."""
    sides = np.array([behind])
    given = sides if put_in is None else np.array([put_in])
    lower, upper = (np.full_like(sides, ranges.get(side, 0.0)) for side in ("lower", "upper"))
    return Portfolio(
        np.array([numeraire]),
        np.array([tokens]),
        np.array([-1]),
        0.0,
        positions=Positions(sides, sides, sides, given, given, lower, upper),
    )


def provided(strategy, view, owned, memory=None):
    memory = strategy.initial(1, DRAWS) if memory is None else memory
    return strategy.provide(view, owned, memory, DRAWS)


class TestFeeChaser:
    def test_takes_a_part_of_what_is_above_target_out(self):
        """Yields 3 to 1: of 200 in all, 150 and 50 are the targets, and 100 is 50 too much."""
        orders, memory = provided(FeeChaser(speed=0.2), a_view(), owning())
        assert orders.token.tolist() == [1]
        assert orders.withdraw == pytest.approx([0.2 * 50 / 100])
        assert memory["yield"] == pytest.approx([0.2 * 3 / 200, 0.2 * 1 / 200])

    @pytest.mark.parametrize(("intensity", "target"), [(0, 100), (1, 50), (2, 20)])
    def test_intensity_is_the_power_of_the_yield(self, intensity, target):
        chaser = FeeChaser(intensity=intensity, speed=1)
        orders, _ = provided(chaser, a_view(), owning())
        out = np.zeros(2)
        out[orders.token] = orders.withdraw
        assert out == pytest.approx([0, 1 - target / 100])

    def test_yields_are_per_worth_of_the_pool(self):
        """3 of fees on 600 and 1 on 200 are alike."""
        view = a_view(x=(300, 100), y=(300, 100))
        orders, _ = provided(FeeChaser(), view, owning())
        assert len(orders) == 0

    def test_yields_are_an_average_over_periods(self):
        chaser = FeeChaser(memory=0.5)
        _, memory = provided(chaser, a_view(fees=(4.0, 0.0)), owning())
        _, memory = provided(chaser, a_view(fees=(0.0, 2.0)), owning(), memory)
        assert memory["yield"] == pytest.approx([0.25 * 4 / 200, 0.5 * 2 / 200])

    @pytest.mark.parametrize(("band", "moves"), [(0.49, True), (0.51, False)])
    def test_leaves_what_is_within_the_band(self, band, moves):
        """50 from the target is half of an equal part of 200."""
        assert (len(provided(FeeChaser(band=band), a_view(), owning())[0]) > 0) == moves

    def test_does_nothing_until_something_was_earned(self):
        for fees in ((0.0, 0.0), None):
            view = replace(a_view(), fees_earned=None if fees is None else np.array(fees))
            orders, memory = provided(FeeChaser(), view, owning(50.0, (5.0, 5.0)))
            assert len(orders) == 0
            assert len(FeeChaser().decide(view, owning(50.0, (5.0, 5.0)), memory, DRAWS)[0]) == 0

    def test_sells_what_it_took_out_and_buys_what_belongs_to_the_deposit(self):
        """It holds 20 and 20 tokens of the pool above target: all 40 go into the other one."""
        owned, memory = owning(20.0, (0.0, 20.0), (50.0, 30.0)), {"yield": np.array([3.0, 1.0])}
        orders, _ = FeeChaser().decide(a_view(), owned, memory, DRAWS)
        assert orders.buy.tolist() == [True, False]
        assert orders.token.tolist() == [0, 1]
        assert orders.amount == pytest.approx([20, 20])

    def test_buys_for_half_of_what_it_can_deposit(self):
        """Of 100 in all 55 are lacking, but only 20 are at hand: 10 become tokens."""
        owned, memory = owning(20.0, behind=(10.0, 30.0)), {"yield": np.array([3.0, 1.0])}
        orders, _ = FeeChaser().decide(a_view(), owned, memory, DRAWS)
        assert (orders.token.tolist(), orders.buy.tolist()) == ([0], [True])
        assert orders.amount == pytest.approx([10])

    def test_deposits_what_it_has_of_both(self):
        memory, chaser = {"yield": np.array([3.0, 1.0])}, FeeChaser(memory=0)
        orders, _ = provided(chaser, a_view(), owning(18.0, (15.0, 0.0), (50.0, 25.0)), memory)
        assert orders.token.tolist() == [0]
        assert orders.withdraw.tolist() == [0]
        assert orders.deposit_token == pytest.approx([15])
        assert orders.deposit_numeraire == pytest.approx([15])

    def test_an_empty_pool_gets_nothing(self):
        view = a_view(x=(0.0, 100.0), y=(0.0, 100.0))
        memory = {"yield": np.array([9.0, 1.0])}
        owned = owning(30.0, (30.0, 0.0), (0.0, 50.0))
        orders, _ = provided(FeeChaser(), view, owned, memory)
        assert 0 not in orders.token
        bought, _ = FeeChaser().decide(view, owned, memory, DRAWS)
        assert bought.token.tolist() == [1]


class TestExitOnLoss:
    @pytest.mark.parametrize(("behind", "leaves"), [(90.1, False), (89.9, True)])
    def test_leaves_when_the_rule_says(self, behind, leaves):
        owned = owning(behind=(behind, 100.0), put_in=(100.0, 100.0))
        orders, _ = provided(ExitOnLoss(loss=0.1), a_view(), owned)
        assert orders.token.tolist() == [0] * leaves
        assert orders.withdraw.tolist() == [1.0] * leaves

    def test_sells_the_tokens_of_pools_it_is_not_in(self):
        owned = owning(tokens=(30.0, 7.0), behind=(0.0, 50.0))
        orders, _ = ExitOnLoss().decide(a_view(), owned, {}, DRAWS)
        assert (orders.token.tolist(), orders.buy.tolist(), orders.amount.tolist()) == (
            [0],
            [False],
            [30.0],
        )
        assert len(ExitOnLoss(sell=False).decide(a_view(), owned, {}, DRAWS)[0]) == 0

    def test_never_returns(self):
        owned = owning(500.0, (30.0, 7.0), behind=(0.0, 0.0))
        assert len(provided(ExitOnLoss(), a_view(), owned)[0]) == 0


class TestRangeKeeper:
    @pytest.mark.parametrize(("price", "leaves"), [(0.79, 2), (0.81, 0), (1.19, 0), (1.21, 2)])
    def test_leaves_a_range_that_the_price_has_left(self, price, leaves):
        view = a_view(y=(100 * price, 100 * price))
        orders, _ = provided(RangeKeeper(), view, owning(lower=0.8, upper=1.2))
        assert orders.withdraw.tolist() == [1.0] * leaves

    def test_stays_where_nobody_else_serves(self):
        view = a_view(x=(0.0, 100.0), y=(0.0, 100.0))
        orders, _ = provided(RangeKeeper(), view, owning(lower=2.0, upper=3.0))
        assert orders.token.tolist() == [1]

    def test_makes_it_half_and_half(self):
        """60 in tokens, 140 of them in a pool it still serves: a half of the 60 is sold."""
        owned = owning(0.0, (60.0, 0.0), behind=(0.0, 70.0), lower=0.5, upper=2.0)
        orders, _ = RangeKeeper().decide(a_view(), owned, {}, DRAWS)
        assert (orders.token.tolist(), orders.buy.tolist()) == ([0], [False])
        assert orders.amount == pytest.approx([30])

    def test_deposits_around_the_price(self):
        owned = owning(32.0, (28.0, 0.0), behind=(0.0, 70.0), lower=0.5, upper=2.0)
        orders, _ = provided(RangeKeeper(width=0.25), a_view(), owned)
        assert orders.token.tolist() == [0]
        assert orders.deposit_token == pytest.approx([28])
        assert orders.deposit_numeraire == pytest.approx([28])
        assert (orders.lower.tolist(), orders.upper.tolist()) == ([0.8], [1.25])

    def test_waits_until_it_has_both(self):
        owned = owning(60.0, (0.0, 0.0), behind=(0.0, 70.0), lower=0.5, upper=2.0)
        assert len(provided(RangeKeeper(), a_view(), owned)[0]) == 0
        orders, _ = RangeKeeper().decide(a_view(), owned, {}, DRAWS)
        assert (orders.buy.tolist(), orders.amount.tolist()) == ([True], [30.0])

    def test_reaches_as_far_as_its_width(self):
        assert RangeKeeper(width=0.25).reach() == 1.25
        assert FeeChaser().reach() == Passive().reach() == math.inf

    def test_needs_ranges(self, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_text("liquidity_providers: [{strategy: {kind: range_keeper}}]\n")
        with pytest.raises(ScenarioError, match=r"needs concentrated pools"):
            Scenario.load(path)
        assert Scenario.load(path, {"market.curve.kind": "concentrated"})


QUICK = {
    "federation": {"contribution": {"kind": "data_size"}},
    "clients": [{"count": 4, "policy": {"kind": "hold"}}],
    "market": {"launch": {"client": 0.1}},
    "tokens": {"payout": {"dividend": 0.0, "buyback": 0.0, "direct": 1.0, "treasury": 0.0}},
}


def with_providers(*strategies, **changes):
    groups = [{"deposit": 300, "strategy": strategy} for strategy in strategies]
    return Economy(Scenario.model_validate(QUICK | {"liquidity_providers": groups} | changes))


def watched(economy, periods):
    """Rows of table positions, period by period."""
    result = [economy.tables["positions"]]
    for _ in range(periods):
        economy.step()
        result.append(economy.tables["positions"])
    return result


def total(rows, agent, column):
    return sum(period[column][period["agent"] == agent].sum() for period in rows)


def test_a_fee_chaser_goes_where_the_fees_are_and_earns_more_of_them():
    """Washing makes volume in one of four pools of equal size; nothing else tells them apart."""
    washing = {"kind": "wash_trader", "turnover": 0.2}
    investors = [
        {"count": 1, "strategy": washing, "wealth": {"mean": 300, "sigma": 0}, "activity": 1},
        {"count": 10, "strategy": {"kind": "noise"}},
    ]
    chaser = {"kind": "fee_chaser"}
    economy = with_providers({"kind": "passive"}, chaser, investors=investors)
    passive, chasing = economy.register.provider_accounts - 2
    rows = watched(economy, 40)
    last = rows[-1]
    busy = np.argmax(sum(period["fees"][period["agent"] == passive] for period in rows[1:]))
    held = {agent: last["value"][last["agent"] == agent] for agent in (int(passive), int(chasing))}
    share = {agent: worth[busy] / worth.sum() for agent, worth in held.items()}
    assert share[int(chasing)] > 1.5 * share[int(passive)]
    assert total(rows, chasing, "fees") > 1.1 * total(rows, passive, "fees")


def test_an_exit_is_in_the_period_in_which_the_rule_first_holds(monkeypatch):
    investors = [{"count": 20, "strategy": {"kind": "momentum"}}, {"count": 20}]
    economy = with_providers(
        {"kind": "passive"}, {"kind": "exit_on_loss", "loss": 0.01}, investors=investors
    )
    account = economy.register.provider_accounts[1]
    left, due, provide = np.zeros(4, dtype=bool), [], trading.provide

    def watching(world, view, own):
        at = economy.positions.rows(slice(1, 2))
        lost = at.value(view.spot_price) < 0.99 * at.holding_value(view.spot_price)
        due.append(((at.shares > 0) & lost)[0])
        provide(world, view, own)

    monkeypatch.setattr(trading, "provide", watching)
    for _ in range(40):
        economy.step()
        left |= due[-1]
        assert ((economy.positions.shares[1] == 0) == left).all()
        kept = economy.ledger.balances[account, economy.register.token_assets][left]
        assert (kept >= 0).all()
    assert left.any()


def test_a_range_keeper_follows_the_price(monkeypatch):
    """It leaves when the price is outside, and opens around the price of the next periods."""
    keeper = {"kind": "range_keeper", "width": 0.1}
    economy = with_providers(
        {"kind": "passive"},
        keeper,
        market={"curve": {"kind": "concentrated"}, "launch": {"client": 0.1}},
        investors=[{"count": 20}, {"count": 10, "strategy": {"kind": "noise"}}],
    )
    opened, provide = [], trading.provide

    def watching(world, view, own):
        before, price = economy.positions.rows(slice(1, 2)), view.spot_price
        outside = (price < before.lower[0]) | (price > before.upper[0])
        provide(world, view, own)
        now = economy.positions.rows(slice(1, 2))
        served = before.shares[0] > 0
        assert ((now.shares[0] == 0) == outside)[served].all()
        new = ~served & (now.shares[0] > 0)
        middle = np.sqrt(now.lower[0] * now.upper[0])
        assert middle[new] == pytest.approx(price[new], rel=0.006)  # ticks are .6% apart
        assert now.upper[0][new] / now.lower[0][new] == pytest.approx(1.21, rel=0.013)
        halves = now.tokens[0][new] * price[new] / now.numeraire[0][new]
        assert halves == pytest.approx(1, abs=0.15)
        opened.extend(new)

    monkeypatch.setattr(trading, "provide", watching)
    for _ in range(40):
        economy.step()
    assert sum(opened) >= 5
    lasting = economy.positions.value(economy.spot_price)[1].sum()
    assert lasting > 0.5 * economy.wealth[economy.register.provider_accounts[1]]


@pytest.mark.parametrize(
    ("kind", "curve"),
    [
        *product(
            ["fee_chaser", "exit_on_loss"],
            ["constant_product", "weighted", "stableswap", "concentrated"],
        ),
        ("range_keeper", "concentrated"),
    ],
)
def test_one_provider_alone_may_empty_the_pools(kind, curve):
    """Everybody else finds empty pools then: nothing fills, nothing breaks, prices stay."""
    strategy = {"kind": kind} | {
        "fee_chaser": {"speed": 1.0, "memory": 0.0, "intensity": 100, "band": 0.001},
        "exit_on_loss": {"loss": 1e-6},
        "range_keeper": {"width": 0.05},
    }[kind]
    payout = {"dividend": 0.2, "buyback": 0.6, "direct": 0.2, "treasury": 0.0}
    economy = with_providers(
        strategy,
        market={"curve": {"kind": curve}, "launch": {"client": 0.1}},
        tokens={"payout": payout},
        investors=[{"count": 10}, {"count": 10, "strategy": {"kind": "noise"}}],
    )
    empty = np.zeros(4, dtype=bool)
    for _ in range(25):
        before, was_empty = economy.spot_price.copy(), empty.copy()
        economy.step()
        tokens, numeraire = economy.register.reserves(economy.ledger.balances)
        empty = (tokens == 0) & (numeraire == 0)
        assert np.isfinite(economy.spot_price).all() and (economy.spot_price > 0).all()
        still = was_empty & empty
        assert economy.spot_price[still].tolist() == before[still].tolist()
        rows = economy.tables["positions"]
        assert np.isfinite([rows[name] for name in ("value", "fees", "lvr", "moved")]).all()
        fills = economy.tables["fills"]
        assert not np.isin(fills["token"][fills["status"] == 0], np.flatnonzero(still)).any()
        if kind == "range_keeper":  # orders that would leave its range are refused
            assert rows["moved"].tolist() == [0, 0, 0, 0]
    assert empty.any() == (kind != "range_keeper")
