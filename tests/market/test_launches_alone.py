"""Launches without providers: a pool that the treasury fills, and a curve that mints."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import (
    BondingCurve,
    BondingLaunch,
    BootstrappingPool,
    Concentrated,
    ConstantProduct,
    Curve,
    Launch,
    Market,
    Opening,
    Orders,
    Pool,
    Pools,
    SeededPool,
    Weighted,
    settle,
)
from tests.laws import law

FALLING = Weighted(weight=0.96, last_weight=0.5, periods=20)
TREASURY, FIRST = 1, 2  # client


def opened(
    launch: Launch,
    curve: Curve,
    clients: int,
    demand: list[float],
    shared: bool = False,
    fee: float = 0.0,
) -> tuple[Ledger, Pools]:
    """Accounts: outside, treasury, clients, investors (with what they demand), pools."""
    tokens = 1 if shared else clients
    kinds = ["client"] * clients + ["investor"] * len(demand) + ["pool"] * tokens
    names = [*(f"token_{k}" for k in range(tokens)), *(f"lp_{k}" for k in range(tokens))]
    ledger = Ledger(["outside", "treasury", *kinds], ["numeraire", *names])
    last = FIRST + clients + len(demand)
    accounts, investors = np.split(np.arange(FIRST, last), [clients])
    pools = Pools(
        Pool.on(ledger, curve.at(0), fee, last + k, 1 + k, 1 + tokens + k) for k in range(tokens)
    )
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, investors, np.array(demand))
    ledger.take_flows()
    opening = Opening(
        ledger,
        pools,
        accounts,
        np.zeros(clients, dtype=np.int64) if shared else np.arange(clients),
        np.zeros(0, dtype=np.int64),
        np.zeros(0),
        np.zeros(0),
        curve.at(0).balanced(launch.price) * launch.price,
        investors,
        np.array(demand),
        TREASURY,
    )
    launch.open(opening)
    ledger.audit()
    return ledger, pools


def flows(ledger: Ledger, asset: str) -> dict[tuple[str, str, str], float]:
    """Amounts of an asset by flow, payer and payee."""
    rows = zip(*ledger.take_flows(), strict=True)
    return {
        (flow, ledger.kinds[payer], ledger.kinds[payee]): float(amount)
        for flow, number, payer, payee, amount in rows
        if ledger.assets[number] == asset
    }


@pytest.mark.parametrize("shared", [False, True])
def test_a_bootstrapping_pool_by_hand(shared: bool) -> None:
    """400 of 1000 tokens at price 3 and weight .96 take 400 x 3 x .04/.96 = 50 numeraire."""
    launch = BootstrappingPool(supply=1000.0, price=3.0, client=0.6)
    ledger, pools = opened(launch, FALLING, 2, [500.0], shared)
    size = 2 if shared else 1
    assert launch.endowment(2, 24.0) == pytest.approx(100)
    for pool in pools:
        assert pool.reserve_token == pytest.approx(400 * size)
        assert pool.reserve_numeraire == pytest.approx(50 * size)
        assert pool.spot_price == pytest.approx(3.0, rel=1e-12)
        minted = (400 * size) ** 0.96 * (50 * size) ** 0.04
        assert ledger.balances[TREASURY, pool.share] == pytest.approx(minted)
    assert ledger.balances[FIRST : FIRST + 2, 1:].sum() == 1200
    assert ledger.balances[FIRST : FIRST + 2, NUMERAIRE].tolist() == [0, 0]
    assert ledger.balances[FIRST + 2, NUMERAIRE] == 500  # they buy later
    assert flows(ledger, "numeraire") == pytest.approx(
        {("endowment", "outside", "treasury"): 100, ("deposit", "treasury", "pool"): 100}
    )


def test_without_trades_its_price_falls_24_times() -> None:
    _, pools = opened(BootstrappingPool(price=24.0), FALLING, 1, [])
    (pool,) = pools
    prices = [float(FALLING.at(t).spot_price(pool.reserve_token, pool.reserve_numeraire))
              for t in (0, 10, 20, 30)]  # fmt: skip
    assert prices == pytest.approx([24.0, 0.73 / 0.27, 1.0, 1.0], rel=1e-12)


def test_a_bonding_launch_by_hand() -> None:
    """Reserves of 2 x 1000/2 = 1000; 3000 double the supply, since (1 + 3)^(1/2) = 2."""
    launch = BondingLaunch(supply=1000.0, price=2.0)
    ledger, pools = opened(launch, BondingCurve(reserve_ratio=0.5), 2, [4000.0, 2000.0], fee=0.1)
    assert launch.endowment(2, 2.0) == 2000
    assert [pool.reserve_numeraire for pool in pools] == pytest.approx([4000, 4000])
    assert [pool.reserve_token for pool in pools] == pytest.approx([2000, 2000])
    assert [pool.spot_price for pool in pools] == pytest.approx([4, 4])
    by_hand = [[0, 1000, 0], [0, 0, 1000], [0, 2000 / 3, 2000 / 3], [0, 1000 / 3, 1000 / 3]]
    np.testing.assert_allclose(ledger.balances[FIRST : FIRST + 4, :3], by_hand, atol=1e-9)
    assert not ledger.balances[TREASURY].any()
    assert flows(ledger, "token_0") == pytest.approx(
        {("genesis", "outside", "client"): 1000, ("genesis_sale", "outside", "investor"): 1000}
    )


def test_a_shared_bonding_curve_has_all_clients_tokens() -> None:
    curve = BondingCurve(reserve_ratio=0.25)
    ledger, (pool,) = opened(BondingLaunch(), curve, 3, [750.0 * 15], shared=True)
    assert pool.reserve_token == pytest.approx(6000)  # (1 + 15)^(1/4) = 2
    assert pool.reserve_numeraire == pytest.approx(750 * 16)
    assert ledger.balances[FIRST : FIRST + 3, 1].tolist() == [1000, 1000, 1000]


@pytest.mark.parametrize("demand", [[], [0.0, 0.0]])
def test_without_buyers_a_curve_opens_at_the_launch_price(demand: list[float]) -> None:
    _, (pool,) = opened(BondingLaunch(price=7.0), BondingCurve(reserve_ratio=0.3), 1, demand)
    assert pool.spot_price == pytest.approx(7.0, rel=1e-13)
    assert (pool.reserve_token, pool.reserve_numeraire) == pytest.approx((1000, 2100))


@pytest.mark.parametrize("tokens", [193, 210, 302])
def test_demand_divided_among_many_curves_is_paid_to_the_last(tokens: int) -> None:
    ledger, pools = opened(BondingLaunch(), BondingCurve(), tokens, [1000.0, 1e-3])
    assert (ledger.balances[FIRST + tokens : FIRST + tokens + 2, NUMERAIRE] < 1e-9).all()
    assert [pool.reserve_numeraire for pool in pools] == pytest.approx(
        [500 + 1000.001 / tokens] * tokens
    )


@law(150)
@given(
    st.floats(0.05, 1.0),
    st.sampled_from([0.0, 0.003, 0.3]),
    st.floats(0.01, 100),
    st.lists(st.tuples(st.integers(0, 2), st.floats(1e-6, 1e4)), min_size=1, max_size=8),
    st.permutations(range(3)),
)
def test_those_who_buy_and_sell_gain_nothing_together(ratio, fee, price, purchases, leaving):
    """Whoever buys how much in what order, all tokens sold again pay at most what was paid."""
    launch, curve = BondingLaunch(price=price), BondingCurve(reserve_ratio=ratio)
    ledger, pools = opened(launch, curve, 1, [0.0] * 3, fee=fee)
    traders = np.arange(FIRST + 1, FIRST + 4)
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, traders, 1e5)
    backing = curve.invariant(pools[0].reserve_token, pools[0].reserve_numeraire)

    def trade(account: int, buy: bool, amount: float) -> None:
        one = np.array([traders[account]]), np.array([0]), np.array([buy]), np.array([amount])
        settle(ledger, pools, Orders(*one, np.zeros(1)))

    for account, amount in purchases:
        trade(account, True, amount)
    for account in leaving:
        trade(account, False, float(ledger.balances[traders[account], 1]))
    ledger.audit()
    assert not ledger.balances[traders, 1].any()
    reserve = max(pools[0].reserve_numeraire, 1.0)
    gain = float(ledger.balances[traders, NUMERAIRE].sum()) - 3e5
    rounding = 1e-9 + 1e-11 * reserve
    assert gain <= rounding
    if fee == 0:
        assert gain >= -rounding
    after = curve.invariant(pools[0].reserve_token, pools[0].reserve_numeraire)
    assert after >= backing * (1 - 1e-9)


@pytest.mark.parametrize(
    ("launch", "curve", "message"),
    [
        (SeededPool(), BondingCurve(), "only market.launch bonding_curve opens a"),
        (BondingLaunch(), ConstantProduct(), "needs a bonding_curve, not a constant_product"),
        (BondingLaunch(), FALLING, "needs a bonding_curve, not a weighted"),
        (BootstrappingPool(), ConstantProduct(), "launch lbp needs a weighted curve"),
        (BootstrappingPool(), BondingCurve(), "launch lbp needs a weighted curve"),
        (BootstrappingPool(), Weighted(weight=0.96), "launch lbp needs a weighted curve"),
        (BootstrappingPool(), Weighted(weight=0.5, last_weight=0.5), "last_weight below its"),
    ],
    ids=lambda part: part if isinstance(part, str) else part.kind,
)
def test_a_launch_and_a_curve_that_do_not_fit_are_refused(launch, curve, message) -> None:
    with pytest.raises(ValueError, match=message):
        Market(launch=launch, curve=curve)


def test_a_launch_and_a_curve_that_fit() -> None:
    for curve in (ConstantProduct(), FALLING, Weighted(), Concentrated()):
        assert Market(curve=curve).launch == SeededPool()
    assert Market(launch=BootstrappingPool(), curve=FALLING).seed_worth == pytest.approx(24)
    assert Market(launch=BondingLaunch(), curve=BondingCurve()).seed_worth == pytest.approx(2)


@pytest.mark.parametrize("launch", [BootstrappingPool(), BondingLaunch()])
def test_launches_without_providers_take_no_deposits(launch: Launch) -> None:
    launch.check(3, 0.0)
    with pytest.raises(ValueError, match=r"takes no deposits: set liquidity_providers=\[\]"):
        launch.check(3, 1.0)
    assert launch.served_fraction(3, 0.0, 100.0) == 1.0


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.9])
def test_steepness_of_a_bonding_curve(ratio: float) -> None:
    """The log of the price per part of the reserve paid in, by a small purchase."""
    curve, part = BondingCurve(reserve_ratio=ratio), 1e-6
    minted = curve.payout(1.0, 1.0, part, 0.0, False)
    rise = np.log(curve.spot_price(1.0 + minted, 1.0 + part) / curve.spot_price(1.0, 1.0))
    assert curve.steepness(1.0) == pytest.approx(float(rise) / part, rel=1e-5, abs=1e-9)
