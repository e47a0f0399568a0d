"""Positions: what they gain and lose, by hand, and what remains true whoever moves what."""

import numpy as np
import pytest

from simulator.economy import Economy, positions, trading
from simulator.economy.world import World
from simulator.ledger import NUMERAIRE, OUTSIDE
from simulator.market import Fills, LiquidityOrders, Orders, Pool, Pools, settle
from simulator.market.curves import ConstantProduct, StableSwap, Weighted
from simulator.scenario import Scenario

NOTHING = Fills(Orders.none(), np.zeros(0), np.zeros(0, dtype=np.int64))
TRADER = -1  # the last of the accounts that are no pool's


class Bench:
    """One pool of 100 tokens and 100 numeraire, 3/4 of `lp_0` and 1/4 of `lp_1`; 200 each left."""

    def __init__(self, fee=0.0, curve=None, gas=0.0, ratio=1.0):
        settings = {
            "clients": [{"count": 1}],
            "liquidity_providers": [{"deposit": 75}, {"deposit": 25}],
            "investors": [{"count": 1}],
            "market": {"gas": gas},
        }
        self.world = World(Scenario.model_validate(settings))
        self.register, self.ledger = self.world.register, self.world.ledger
        self.trader = int(self.register.investor_accounts[0])
        self.first, self.second = (int(account) for account in self.register.provider_accounts)
        pool = Pool.on(
            self.ledger, curve or ConstantProduct(), fee, int(self.register.pool_accounts[0]), 1, 2
        )
        self.pools = self.world.pools = Pools([pool])
        for account, part in ((self.first, 0.75), (self.second, 0.25), (self.trader, 0.0)):
            for asset, size in ((1, 100 * ratio), (NUMERAIRE, 100)):
                owns = part * size + (200 if part else 1e6)
                self.ledger.transfer("endowment", asset, OUTSIDE, account, owns)
            if part:
                pool.add_liquidity(part * 100 * ratio, part * 100, account=account)
        positions.record_launch(self.world, np.arange(1))
        self.record()

    @property
    def price(self):
        return np.array([self.pools[0].spot_price])

    def order(self, buy, amount):
        """The fill of an order of the trader."""
        one = np.array([self.trader]), np.array([0]), np.array([buy]), np.array([float(amount)])
        return settle(self.ledger, self.pools, Orders(*one, np.zeros(1)))

    def change(self, orders):
        self.world.note_prices()
        positions.change(self.world, orders)

    def withdraw(self, account, part):
        self.change(
            LiquidityOrders.withdrawals(np.array([account]), np.array([0]), np.array([part]))
        )

    def deposit(self, account, tokens, numeraire):
        amounts = np.array([float(tokens)]), np.array([float(numeraire)])
        self.change(LiquidityOrders.deposits(np.array([account]), np.array([0]), *amounts))

    def record(self, traded=NOTHING, buybacks=NOTHING):
        """The period's rows; `buybacks` are the first of what has `traded`."""
        self.world.note_prices()
        rows, self.world.book = positions.rows(
            self.world, self.world.positions, buybacks.turnover(1), traded.turnover(1)
        )
        return rows


@pytest.mark.parametrize("ratio", [0.25, 0.5, 1.5, 2.0, 4.0])
def test_impermanent_loss(ratio):
    """2 sqrt(r)/(1 + r) - 1; of r = 4, -20%: x y = 10,000 leaves 50 tokens and 200."""
    bench = Bench()
    move = bench.order(True, 100 * (ratio**0.5 - 1)) if ratio > 1 else None
    move = move or bench.order(False, 100 * (ratio**-0.5 - 1))
    rows = bench.record(move)
    assert bench.price == pytest.approx([ratio])
    lost = rows["value"] / rows["holding_value"] - 1
    known = {0.25: -0.2, 0.5: -0.0571909584, 1.5: -0.0202041029, 2.0: -0.0571909584, 4.0: -0.2}
    assert lost == pytest.approx([known[ratio]] * 2)
    assert rows["holding_value"] == pytest.approx([75 * (1 + ratio), 25 * (1 + ratio)])
    assert rows["fees"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("curve", "ratio"), [(ConstantProduct(), 1), (Weighted(weight=0.8), 4), (StableSwap(), 1)]
)
def test_lvr_of_one_swap_is_what_the_trader_gains_at_the_new_price(curve, ratio):
    """A rebalancer sells at the new price what the pool sells on the way there."""
    bench = Bench(curve=curve, ratio=ratio)
    fill = bench.order(True, 25)
    rows, price = bench.record(fill), bench.price[0]
    bought = float(fill.amount_out[0])
    assert price > 1
    assert rows["lvr"].sum() == pytest.approx(bought * price - 25)
    assert rows["lvr"] == pytest.approx(rows["lvr"].sum() * np.array([0.75, 0.25]))


def test_lvr_by_hand():
    """25 more buy 20 of 100 tokens: at 125/80 they are worth 31.25, of which 6.25 is the loss."""
    bench = Bench()
    assert bench.record(bench.order(True, 25))["lvr"] == pytest.approx([0.75 * 6.25, 0.25 * 6.25])


def test_fees_are_shared_by_parts_and_worth_the_price_at_the_end():
    """10% of 50 numeraire, and then of 20 tokens at the price where that sale ends."""
    bench = Bench(fee=0.1)
    rows = bench.record(Fills.join([bench.order(True, 50), bench.order(False, 20)]))
    fees = 5 + 2 * bench.price[0]
    assert rows["fees"] == pytest.approx([0.75 * fees, 0.25 * fees])


def test_a_fee_kept_from_the_payout_is_counted_in_what_is_paid():
    """StableSwap keeps 10% of 40.x tokens: a ninth of what is paid."""
    bench = Bench(fee=0.1, curve=StableSwap())
    fill = bench.order(True, 40)
    assert bench.record(fill)["fees"].sum() == pytest.approx(
        fill.amount_out[0] / 9 * bench.price[0]
    )


def test_who_leaves_between_has_earned_until_then():
    """Buybacks come before positions change: of their fee lp_0 still gets 3/4, of the next none."""
    bench = Bench(fee=0.1)
    early = bench.order(True, 20)
    bench.withdraw(bench.first, 1.0)
    late = bench.order(True, 30)
    rows = bench.record(Fills.join([early, late]), early)
    assert rows["fees"] == pytest.approx([0.75 * 2, 0.25 * 2 + 3])
    assert rows["shares"][0] == rows["value"][0] == rows["holding_value"][0] == 0
    assert len(bench.record()["agent"]) == 1  # it is no row any more


def test_a_part_that_leaves_takes_its_part_of_the_deposit():
    """At price 4, lp_0 has 37.5 and 150 for 75 and 75 put in; a third of both leaves."""
    bench = Bench()
    rows = bench.record(bench.order(True, 100))
    assert (rows["tokens"][0], rows["numeraire"][0]) == pytest.approx((37.5, 150))
    bench.withdraw(bench.first, 1 / 3)
    rows = bench.record()
    assert (rows["tokens"][0], rows["numeraire"][0]) == pytest.approx((25, 100))
    assert (rows["deposited_tokens"][0], rows["deposited_numeraire"][0]) == pytest.approx((50, 50))
    assert (rows["moved_tokens"][0], rows["moved_numeraire"][0]) == pytest.approx((-12.5, -50))
    assert rows["moved"] == pytest.approx([-100, 0])
    assert rows["holding_value"][0] == pytest.approx(250)
    assert rows["lvr"] == pytest.approx([0, 0], abs=1e-12)


def test_a_deposit_adds_to_what_was_put_in():
    """At 50 tokens and 200 numeraire 10 tokens take 40 with them; the rest of 90 stays."""
    bench = Bench()
    bench.record(bench.order(True, 100))
    bench.deposit(bench.second, 10, 90)
    rows = bench.record()
    assert (rows["moved_tokens"][1], rows["moved_numeraire"][1]) == pytest.approx((10, 40))
    assert (rows["deposited_tokens"][1], rows["deposited_numeraire"][1]) == pytest.approx((35, 65))
    assert rows["value"] == pytest.approx([300, 180])
    assert bench.ledger.balances[bench.second, NUMERAIRE] == pytest.approx(160)


def test_an_order_takes_out_first_and_then_puts_in():
    bench = Bench()
    one = np.array([bench.first]), np.array([0]), *(np.array([v]) for v in (1.0, 30.0, 30.0, 0.0))
    bench.change(LiquidityOrders(*one, np.array([np.inf])))
    rows = bench.record()
    assert rows["deposited_tokens"].tolist() == pytest.approx([30, 25])
    assert rows["moved"] == pytest.approx([60 - 150, 0])


def test_nobody_puts_in_more_than_it_has():
    bench = Bench()
    bench.deposit(bench.first, 1e9, 1e9)
    assert bench.record()["moved_tokens"][0] == pytest.approx(200)
    assert (bench.ledger.balances[bench.first, [NUMERAIRE, 1]] >= 0).all()


def test_a_pool_that_was_emptied_opens_again_at_the_last_price():
    bench = Bench()
    bench.record(bench.order(True, 100))
    last = bench.price
    for account in (bench.first, bench.second):
        bench.withdraw(account, 1.0)
    assert bench.pools[0].reserve_token == bench.pools[0].reserve_numeraire == 0
    orders = LiquidityOrders.deposits(
        np.array([bench.first]), np.array([0]), np.array([30.0]), np.array([40.0])
    )
    bench.change(orders)
    assert bench.price == pytest.approx(last)
    assert bench.record()["moved_tokens"][0] == pytest.approx(10 - 37.5)


def test_gas_is_charged_for_each_order_and_without_it_nothing_happens():
    bench = Bench(gas=150.0)
    bench.withdraw(bench.second, 0.5)
    assert bench.ledger.balances[bench.second, NUMERAIRE] == pytest.approx(200 - 150 + 12.5)
    before = bench.ledger.balances.copy()
    bench.withdraw(bench.second, 0.5)
    assert (bench.ledger.balances == before).all()


MOVING = [
    {"deposit": 300, "cash": 20, "strategy": {"kind": "fee_chaser", "speed": 0.5, "band": 0.01}},
    {"deposit": 300, "strategy": {"kind": "exit_on_loss", "loss": 0.005}},
    {"deposit": 300},
]
KEEPER = {"deposit": 200, "strategy": {"kind": "range_keeper", "width": 0.1}}
QUICK = {
    "federation": {"contribution": {"kind": "data_size"}},
    "clients": [{"count": 3}, {"behaviour": {"kind": "free_rider"}}],
    "investors": [{"count": 8}, {"count": 6, "strategy": {"kind": "noise"}}],
}
CURVES = ["constant_product", "weighted", "stableswap", "concentrated"]


def an_economy(providers, curve="constant_product", **market):
    launch = {"client": 0.1}
    ranged = [KEEPER] if curve == "concentrated" else []
    return Economy(
        Scenario.model_validate(
            QUICK
            | {"liquidity_providers": [*providers, *ranged]}
            | {"market": {"curve": {"kind": curve}, "launch": launch, **market}}
        )
    )


def wide(economy, column):
    """A column of table positions as `[providers, tokens]`, 0 where there is no position."""
    rows, register = economy.tables["positions"], economy.register
    result = np.zeros((len(register.providers), len(register.tokens)))
    first = register.agents.index(register.providers[0])
    result[rows["agent"] - first, rows["token"]] = rows[column]
    return result


@pytest.mark.parametrize("fee", [0.0, 0.02])
@pytest.mark.parametrize("curve", CURVES)
def test_value_changes_by_rebalancing_less_lvr_plus_fees_and_what_moved(curve, fee):
    economy = an_economy(MOVING, curve, fee=fee)
    value, tokens, price = wide(economy, "value"), wide(economy, "tokens"), economy.spot_price
    summed, lvr, earned, moved = value.copy(), 0.0, 0.0, 0.0
    for _ in range(25):
        economy.step()
        summed += tokens * (economy.spot_price - price) + wide(economy, "moved")
        summed += wide(economy, "fees") - wide(economy, "lvr")
        assert wide(economy, "value") == pytest.approx(summed, rel=1e-9, abs=1e-7)
        held = wide(economy, "deposited_tokens") * economy.spot_price
        held += wide(economy, "deposited_numeraire")
        assert wide(economy, "holding_value") == pytest.approx(held)
        tokens, price = wide(economy, "tokens"), economy.spot_price
        lvr, earned = lvr + wide(economy, "lvr").sum(), earned + wide(economy, "fees").sum()
        moved += np.abs(wide(economy, "moved")).sum()
    assert lvr > 0 and moved > 50
    assert (earned > 0) == (fee > 0)


@pytest.mark.parametrize("curve", CURVES)
def test_positions_earn_what_the_flows_say_was_paid(curve):
    """Numeraire and tokens of flow `fee`, the latter at the prices at the end of the period."""
    economy = an_economy(MOVING, curve, fee=0.02)
    register = economy.register
    for _ in range(15):
        economy.step()
        flows, worth = economy.tables["flows"], np.concatenate([[1.0], economy.spot_price])
        for number, asset_price in enumerate(worth):
            assert register.assets[number] == ("numeraire", *register.tokens)[number]
            assert asset_price > 0
        paid = sum(
            amount * worth[asset]
            for flow, asset, amount in zip(
                flows["flow"], flows["asset"], flows["amount"], strict=True
            )
            if flow == "fee"
        )
        assert wide(economy, "fees").sum() == pytest.approx(paid, rel=1e-9)
        # Table pools counts each fee at the price of its own trade.
        assert wide(economy, "fees").sum() == pytest.approx(
            economy.tables["pools"]["fees"].sum(), rel=0.2
        )


@pytest.mark.parametrize("curve", CURVES)
def test_conservation_while_liquidity_moves(curve):
    economy = an_economy(MOVING, curve, gas=0.01)
    providers, moved = economy.register.provider_accounts, 0.0
    for _ in range(20):
        economy.step()
        balances = economy.ledger.balances
        assert (np.abs(balances.sum(axis=0)) <= 1e-11 * np.abs(balances).sum(axis=0)).all()
        assert (balances[1:] >= 0).all()
        worth = economy.positions.value(economy.spot_price).sum(axis=1)
        agents = economy.tables["agents"]["lp_value"][providers - 2]
        if curve != "concentrated":
            assert worth == pytest.approx(agents, rel=1e-9, abs=1e-9)
        assert wide(economy, "value").sum(axis=1) == pytest.approx(worth, rel=1e-12)
        moved += np.abs(wide(economy, "moved")).sum()
    assert moved > 50


def test_one_who_may_move_and_does_not_changes_nothing_for_anybody():
    """Bit for bit: neither the hook nor the accounts' memory touch what others do."""
    loss = {"kind": "exit_on_loss", "loss": 0.999}
    still = an_economy([{"count": 2, "deposit": 300}])
    ready = an_economy([{"count": 2, "deposit": 300, "strategy": loss}])
    assert not still.world.groups.providing and ready.world.groups.providing
    for _ in range(10):
        still.step()
        ready.step()
    assert still.ledger.balances.tobytes() == ready.ledger.balances.tobytes()
    for column, values in still.tables["positions"].items():
        assert np.array_equal(ready.tables["positions"][column], values)


def test_the_view_tells_what_pools_earned_in_the_last_period(monkeypatch):
    economy = an_economy(MOVING)
    seen = []
    provide = trading.provide

    def watching(world, view, own):
        seen.append(view.fees_earned.copy())
        provide(world, view, own)

    monkeypatch.setattr(trading, "provide", watching)
    earned = []
    for _ in range(5):
        economy.step()
        earned.append(wide(economy, "fees").sum(axis=0))
    assert seen[0].tolist() == [0, 0, 0, 0]
    assert np.array(seen[1:]) == pytest.approx(np.array(earned[:-1]))
    assert np.sum(earned) > 0


def test_there_are_positions_at_genesis():
    economy = an_economy([{"deposit": 300}, {"deposit": 100}])
    at = economy.positions
    assert at.value(economy.spot_price) == pytest.approx(np.outer([150, 50], np.ones(4)))
    rows = economy.tables["positions"]
    assert rows["moved"] == pytest.approx(rows["value"])
    assert rows["lvr"] == pytest.approx(np.zeros(8), abs=1e-12)


@pytest.mark.parametrize("curve", ["constant_product", "weighted", "concentrated"])
def test_a_run_goes_on_when_all_providers_have_left(curve):
    """What rounding leaves of LP shares that are all burned is nothing to fail over later."""
    terms = ((100.3, 0.002), (77.7, 0.004), (51.1, 0.003))
    leaving = [
        {"deposit": deposit, "strategy": {"kind": "exit_on_loss", "loss": loss}}
        for deposit, loss in terms
    ]
    settings = {
        "federation": {"contribution": {"kind": "data_size"}},
        "clients": [{"count": 3}],
        "liquidity_providers": leaving,
        "investors": [{"count": 10, "tolerance": 0.5}],
        "market": {"curve": {"kind": curve}},
    }
    economy = Economy(Scenario.model_validate(settings))
    shares = economy.register.share_assets
    for _ in range(12):
        economy.step()
    assert not economy.ledger.balances[:, shares].any()
