"""Pump and dump, and wash trading: what they do to price and volume, and what it costs them."""

from functools import partial

import numpy as np
import pytest

from simulator.agents.strategies import PumpAndDump, WashTrader
from simulator.agents.traders import Traders
from simulator.economy import Economy
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import ConstantProduct, MarketView, Pool, Pools, settle
from simulator.scenario import Scenario

TRADER, FIRST_POOL = 1, 2


class Market:
    """One trader and two pools, the second the smaller; all LP shares are the outside's."""

    def __init__(self, strategy, tokens=(0.0, 0.0), fee=0.01):
        self.ledger = Ledger(
            ["outside", "investor", "pool", "pool"], ["numeraire", "a", "b", "lp_a", "lp_b"]
        )
        curve, give = ConstantProduct(), self.ledger.transfer
        self.pools = Pools(
            Pool.on(self.ledger, curve, fee, FIRST_POOL + k, 1 + k, 3 + k) for k in (0, 1)
        )
        for pool, size in enumerate((400.0, 100.0)):
            give("endowment", NUMERAIRE, OUTSIDE, FIRST_POOL + pool, size)
            give("endowment", 1 + pool, OUTSIDE, FIRST_POOL + pool, size)
        give("endowment", NUMERAIRE, OUTSIDE, TRADER, 100.0)
        for token, amount in enumerate(tokens):
            give("endowment", 1 + token, OUTSIDE, TRADER, amount)
        self.group = Traders("investors/0", strategy, np.array([TRADER]), np.array([-1]))
        self.memory, self.period = strategy.initial(1, np.random.default_rng(1)), 0
        self.fee = fee

    @property
    def price(self):
        return np.array([pool.spot_price for pool in self.pools])

    def worth(self, account):
        owned = self.ledger.balances[account]
        return owned[NUMERAIRE] + owned[1:3] @ self.price

    def step(self):
        self.period += 1
        token, numeraire = (
            self.ledger.balances[[2, 3], [1, 2]], self.ledger.balances[[2, 3], NUMERAIRE]
        )  # fmt: skip
        price, nothing = self.price, np.zeros(2)
        view = MarketView(
            self.period, ConstantProduct(), np.full(2, self.fee), token, numeraire, price,
            1000 + nothing, price, price, np.array([0.2, 0.8]), nothing,
        )  # fmt: skip
        orders, self.memory = self.group.decide(
            view, self.ledger, self.memory, np.random.default_rng(1)
        )
        return settle(self.ledger, self.pools, orders)


def test_a_pump_raises_the_price_and_the_dump_takes_it_back():
    market = Market(PumpAndDump(start=3, accumulate=4, dump=2, spend=0.5))
    prices, spent = [], []
    for _ in range(9):
        fills = market.step()
        prices.append(market.price[1])
        spent.append(fills.orders.amount[fills.orders.buy].sum())
    # Half of the cash that is left, four times, from period 3 on.
    assert spent == pytest.approx([0, 0, 50, 25, 12.5, 6.25, 0, 0, 0])
    # Alone with the pool of 100 and 100, it pays g a in and the price is (y + a) / x'.
    token = 100 * np.prod([1 - 0.99 * a / (y + 0.99 * a) for a, y in bought(spent)])
    assert prices[5] == pytest.approx(193.75 / token)
    assert prices[:2] == [1.0, 1.0]
    assert np.all(np.diff(prices[1:6]) > 0) and np.all(np.diff(prices[5:8]) < 0)
    assert market.ledger.balances[TRADER, 2] == 0.0  # all is sold, in two parts
    assert prices[8] == prices[7]
    assert (market.price[0], market.worth(TRADER) < 100.0) == (1.0, True)


def bought(spent):
    """Each purchase and the numeraire that it found in a pool of 100."""
    paid = [amount for amount in spent if amount]
    return zip(paid, 100 + np.concatenate([[0.0], np.cumsum(paid)[:-1]]), strict=True)


def test_a_dump_goes_on_until_all_is_sold():
    """What was refused in its time is offered again after it."""
    market = Market(PumpAndDump(start=1, accumulate=1, dump=1), tokens=(0.0, 10.0))
    market.period = 20
    fills = market.step()
    assert fills.orders.amount.tolist() == [10.0]
    assert not fills.orders.buy.any()


@pytest.mark.parametrize("strategy", [partial(PumpAndDump, start=1), WashTrader])
@pytest.mark.parametrize(("token", "number"), [("cheapest_pool", 1), ("lowest_share", 0)])
def test_a_manipulator_chooses_one_token_and_keeps_to_it(strategy, token, number):
    market = Market(strategy(token=token), tokens=(5.0, 5.0))
    for _ in range(12):
        fills = market.step()
        assert (fills.orders.token == number).all()
        market.ledger.transfer("endowment", NUMERAIRE, OUTSIDE, FIRST_POOL + 1, 100.0)
    assert market.memory["token"] == number


@pytest.mark.parametrize("fee", [0.0, 0.01, 0.3])
def test_a_wash_trader_alone_loses_exactly_what_the_pool_gains(fee):
    """It feigns volume of twice its turnover and owns ever less, the pool ever more."""
    market = Market(WashTrader(turnover=0.2), tokens=(0.0, 60.0), fee=fee)
    for _ in range(20):
        before = market.ledger.balances.copy()
        fills = market.step()
        assert fills.filled.all() and fills.orders.buy.tolist() == [True, False]
        change = market.ledger.balances - before
        assert change[TRADER] == pytest.approx(-change[FIRST_POOL + 1], rel=0, abs=1e-12)
        lost, gained = (
            value @ np.array([1.0, *market.price, 0.0, 0.0])
            for value in (-change[TRADER], change[FIRST_POOL + 1])
        )
        assert lost == pytest.approx(gained, rel=0, abs=1e-12)
        # The first trade moves the price, the second takes most of it back.
        size = np.sqrt(market.ledger.balances[3, NUMERAIRE] * market.ledger.balances[3, 2])
        grown = size - np.sqrt(before[3, NUMERAIRE] * before[3, 2])
        assert grown > 0 if fee else abs(grown) < 1e-12
        assert fills.numeraire.sum() > 0.25 * before[TRADER, NUMERAIRE] * 0.2
    total = market.ledger.balances.sum(axis=0)
    assert total == pytest.approx(np.zeros(5), abs=1e-10)


def test_a_wash_trader_without_tokens_buys_some_first():
    market = Market(WashTrader(turnover=0.1))
    assert market.step().orders.buy.tolist() == [True]
    fills = market.step()
    assert fills.orders.buy.tolist() == [True, False]
    assert fills.orders.amount[0] == pytest.approx(0.1 * 100, rel=0.02)


def economy_with(manipulator, seed, activity=1.0):
    """The quickstart's market over four clients, with momentum followers beside one manipulator."""
    return Economy(
        Scenario.model_validate(
            {
                "seed": seed,
                "federation": {"contribution": {"kind": "data_size"}},
                "clients": [{"count": 4}],
                "liquidity_providers": [{"deposit": 400}],
                "investors": [
                    {"count": 10},
                    {"count": 20, "strategy": {"kind": "momentum"}},
                    {
                        "strategy": manipulator,
                        "wealth": {"mean": 100, "sigma": 0},
                        "invested": 0.0 if manipulator["kind"] == "pump_and_dump" else 0.3,
                        "activity": activity,
                        "tolerance": 0.5,
                    },
                ],
            }
        )
    )


PUMP = {"kind": "pump_and_dump", "start": 4, "accumulate": 5, "dump": 3}


@pytest.fixture(scope="module")
def pumps():
    """Profit of the pump and, against a market without it, its token's price at the top."""
    result = []
    for seed in range(1, 7):
        economy, calm = economy_with(PUMP, seed), economy_with(PUMP, seed, activity=0.0)
        account = economy.register.investor_accounts[-1]
        for _ in range(8):
            economy.step(), calm.step()
        token = int(economy.world.trader_memory["investors/2"]["token"])
        rise = economy.spot_price[token] / calm.spot_price[token]
        for _ in range(8):
            economy.step()
        result.append((economy.wealth[account] - 100.0, rise, economy, account, token))
    return result


def test_a_pump_among_followers_of_trends(pumps, record_property):
    """Whether it pays depends on who follows: the profits are reported. The price rises."""
    profits = [profit for profit, *_ in pumps]
    record_property(
        "profit in % of wealth, by seed", [round(float(profit), 2) for profit in profits]
    )
    print(f"profit of the pump in % of its wealth, by seed: {np.round(profits, 2)}")
    assert np.mean([rise for _, rise, *_ in pumps]) > 1.05
    for profit, _, economy, account, token in pumps:
        assert -50 < profit < 50 and profit != 0
        assert economy.ledger.balances[account, 1 + token] < 1e-9


def test_wash_trading_multiplies_the_volume_of_its_token():
    volumes = []
    for activity in (0.0, 1.0):
        economy = economy_with({"kind": "wash_trader", "turnover": 0.3}, 1, activity)
        volume = np.zeros(4)
        for _ in range(6):
            economy.step()
            volume += economy.tables["pools"]["volume"]
        volumes.append(volume)
    token = int(economy.world.trader_memory["investors/2"]["token"])
    assert volumes[1][token] > 1.5 * volumes[0][token]
    assert volumes[1][token] > 1.5 * np.delete(volumes[1], token).max()
