"""Pools: exact swaps, LP shares in proportion, and refusals that move nothing."""

import math
from math import fsum, nextafter, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import LedgerError, MarketError
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import ConstantProduct, Pool
from tests.laws import law

TOKEN, SHARE = 1, 2
OWNERS = (2, 3, 4)

sides = st.sampled_from(["token", "numeraire"])
fees = st.sampled_from([0.0, 0.003, 0.01, 0.3])


def pool_of(token: float = 1000, numeraire: float = 1000, fee: float = 0.003) -> Pool:
    return Pool(ConstantProduct(), token, numeraire, fee)


def empty_pool(fee: float = 0.003, money: float = 1e12) -> Pool:
    """A pool without reserves, and three owners of `money` in either asset."""
    ledger = Ledger(["outside", "pool", *("owner" for _ in OWNERS)], ["numeraire", "token", "lp"])
    for asset in (NUMERAIRE, TOKEN):
        ledger.transfer("endowment", asset, OUTSIDE, np.array(OWNERS), money)
    return Pool.on(ledger, ConstantProduct(), fee, account=1, token=TOKEN, share=SHARE)


def emptied() -> Pool:
    pool = pool_of()
    pool.remove_liquidity(1000)
    return pool


# Swaps


@pytest.mark.parametrize("side", ["token", "numeraire"])
def test_a_swap_pays_the_exact_amount_and_not_a_hair_more(side):
    # MODEL.md section 4, Uniswap v2
    exact = pool_of().quote_in(side, 10)
    assert exact == pytest.approx(9.871580343970612988, rel=1e-12)
    assert pool_of().swap_in(side, 10, min_out=exact) == exact
    refusing = pool_of()
    before = refusing.ledger.balances.tobytes()
    with pytest.raises(MarketError, match=r"would pay 9\.87.*, less than min_out 9\.87"):
        refusing.swap_in(side, 10, min_out=nextafter(exact, math.inf))
    assert refusing.ledger.balances.tobytes() == before


def test_a_swap_behind_another_pays_less():
    # MODEL.md section 4, Uniswap v2
    pool = pool_of()
    pool.swap_in("numeraire", 20)
    assert pool.swap_in("numeraire", 10) == pytest.approx(9.490650027583646182, rel=1e-12)


def test_a_swap_moves_what_was_paid_and_what_came_out():
    pool = pool_of(400, 1600, fee=0.25)
    pool.ledger.transfer("endowment", TOKEN, OUTSIDE, 2, 70)
    pool.ledger.take_flows()
    assert pool.swap_in("token", 40, account=2) == pytest.approx(1600 * 30 / 430, rel=1e-15)
    assert pool.reserve_token == 440
    assert pool.reserve_numeraire == pytest.approx(1600 * 400 / 430, rel=1e-15)
    assert pool.spot_price == pytest.approx(1600 * 400 / 430 / 440, rel=1e-15)
    assert pool.ledger.balances[2, :2].tolist() == [pytest.approx(1600 * 30 / 430), 30]
    flow, asset, payer, payee, amount = pool.ledger.take_flows()
    assert dict(zip(zip(flow, asset.tolist(), strict=True), amount, strict=True)) == {
        ("swap", TOKEN): 30,
        ("fee", TOKEN): 10,
        ("swap", NUMERAIRE): pytest.approx(1600 * 30 / 430),
    }
    assert pool.ledger.kinds == ("outside", "pool", "owner")
    assert (payer.tolist(), payee.tolist()) == ([1, 2, 2], [2, 1, 1])


def test_a_whole_balance_can_be_swapped_at_any_fee():
    for fee in (0, 1e-6, 1e-4, 0.003, 0.5, 0.999):
        for amount in np.random.default_rng(1).uniform(0.1, 100, 50).tolist():
            pool = pool_of(fee=fee)
            pool.ledger.transfer("endowment", NUMERAIRE, OUTSIDE, 2, amount)
            pool.swap_in("numeraire", amount, account=2)
            assert abs(pool.ledger.balances[2, NUMERAIRE]) <= 1e-14 * amount


@law(100)
@given(
    st.floats(1e-3, 1e9), st.floats(1e-3, 1e9), fees,
    st.lists(st.tuples(sides, st.floats(1e-9, 1e2)), min_size=1, max_size=10),
)  # fmt: skip
def test_quotes_are_kept_the_invariant_never_falls_and_nothing_is_lost(token, money, fee, swaps):
    pool = pool_of(token, money, fee)
    for side, part in swaps:
        amount = part * (pool.reserve_token if side == "token" else pool.reserve_numeraire)
        size = pool.curve.invariant(pool.reserve_token, pool.reserve_numeraire)
        quote, before = pool.quote_in(side, amount), pool.ledger.balances.copy()
        assert pool.swap_in(side, amount) == quote
        assert pool.curve.invariant(pool.reserve_token, pool.reserve_numeraire) >= size * (
            1 - 1e-12
        )
        paid, got = (TOKEN, NUMERAIRE) if side == "token" else (NUMERAIRE, TOKEN)
        change = pool.ledger.balances[1] - before[1]
        assert change[paid] == pytest.approx(amount, rel=1e-12, abs=1e-12 * before[1, paid])
        assert change[got] == pytest.approx(-quote, rel=1e-12, abs=1e-12 * before[1, got])
    pool.ledger.audit()


@law(100)
@given(st.floats(1e-3, 1e9), st.floats(1e-3, 1e9), fees, sides, st.floats(1e-9, 1e3))
def test_a_round_trip_never_profits(token, money, fee, side, part):
    pool = pool_of(token, money, fee)
    amount = part * (token if side == "token" else money)
    other = "numeraire" if side == "token" else "token"
    assert pool.swap_in(other, pool.swap_in(side, amount)) <= amount * (1 + 1e-12)


@pytest.mark.parametrize("part", [1e-6, 0.01, 0.5, 1.0, 20.0])
def test_a_sale_at_fee_0_moves_the_price_by_its_part_of_the_reserve(part):
    # MODEL.md section 4: (1 + z)^-2
    pool = pool_of(400, 1600, fee=0)
    pool.swap_in("token", part * 400)
    assert pool.spot_price == pytest.approx(4 * (1 + part) ** -2, rel=1e-12)


# Ratio of the new price to the old, and what an LP has lost against holding: 2 sqrt(r)/(1 + r) - 1,
# MODEL.md section 4; r = 4, 9, 1/4 are exact fractions.
@pytest.mark.parametrize(
    "ratio, loss",
    [
        *[(1.0, 0), (1.25, -0.0061920100), (2, -0.0571909584), (0.5, -0.0571909584)],
        *[(4, -1 / 5), (9, -2 / 5), (0.25, -1 / 5)],
    ],
)
def test_impermanent_loss_at_fee_0(ratio, loss):
    pool = pool_of(400, 1600, fee=0)
    if ratio > 1:
        pool.swap_in("numeraire", 1600 * (sqrt(ratio) - 1))
    elif ratio < 1:
        pool.swap_in("token", 400 * (1 / sqrt(ratio) - 1))
    assert pool.spot_price == pytest.approx(4 * ratio, rel=1e-12)
    token, numeraire = pool.remove_liquidity(pool.shares)
    price = 4 * ratio
    kept, held = token * price + numeraire, 400 * price + 1600
    assert kept / held - 1 == pytest.approx(loss, abs=1e-9)
    assert kept / held - 1 == pytest.approx(2 * sqrt(ratio) / (1 + ratio) - 1, abs=1e-12)


@law(300)
@given(
    st.floats(-12, 15), st.floats(-12, 15), st.floats(-12, 15),
    st.sampled_from([0.0, 0.003, 1 - 1e-12]), sides,
)  # fmt: skip
def test_extreme_sizes_are_paid_or_refused_in_order(token, money, amount, fee, side):
    token, money, amount = 10**token, 10**money, 10**amount
    pool = pool_of(token, money, fee)
    reserve_in, reserve_out = (token, money) if side == "token" else (money, token)
    before, size = pool.ledger.balances.tobytes(), pool.curve.invariant(token, money)
    try:
        payout = pool.swap_in(side, amount)
    except MarketError:
        assert amount > 9e5 * reserve_in  # so much that less than a millionth would be left
        assert pool.ledger.balances.tobytes() == before
        return
    assert 0 < payout < reserve_out
    assert min(pool.reserve_token, pool.reserve_numeraire) > 0
    after = pool.curve.invariant(pool.reserve_token, pool.reserve_numeraire)
    rounding = 4e-16 * (2 + amount / reserve_in)  # of the remainder that rounding of the payout is
    assert after >= size * (1 - rounding)
    pool.ledger.audit()


# LP shares


def test_the_first_deposit_mints_the_geometric_mean_and_later_ones_in_proportion():
    pool = empty_pool()
    assert pool.add_liquidity(4, 9, account=2) == 6
    assert pool.add_liquidity(2, 100, account=3) == 3  # as little as the tokens are enough for
    assert pool.add_liquidity(100, 4.5, account=4) == 3
    assert (pool.reserve_token, pool.reserve_numeraire, pool.shares) == (8, 18, 12)
    assert pool.ledger.balances[OWNERS, SHARE].tolist() == [6, 3, 3]
    assert pool.ledger.balances[3, :2].tolist() == [1e12 - 4.5, 1e12 - 2]


def test_burning_pays_the_same_part_of_both_reserves():
    pool = pool_of(400, 1600)
    assert pool.shares == 800
    assert pool.remove_liquidity(200) == (100, 400)
    assert (pool.reserve_token, pool.reserve_numeraire, pool.shares) == (300, 1200, 600)
    assert pool.ledger.balances[2].tolist() == [400, 100, 600]


def test_fees_belong_to_lps_by_their_shares():
    pool = empty_pool(fee=0.1)
    pool.add_liquidity(300, 300, account=2)
    pool.add_liquidity(100, 100, account=3)
    pool.swap_in("token", pool.swap_in("numeraire", 40))
    # By hand: 40 in, of which 36 buy; then all that was bought back, nine tenths of which sell.
    bought = 400 * 36 / 436
    numeraire = 440 - 440 * 0.9 * bought / (400 - bought + 0.9 * bought)
    assert numeraire > 400
    removed = pool.remove_liquidity(100, account=3), pool.remove_liquidity(300, account=2)
    assert removed[0] == pytest.approx((100, numeraire / 4), rel=1e-12)
    assert removed[1] == pytest.approx((300, numeraire * 3 / 4), rel=1e-12)


@law(100)
@given(
    st.floats(1e-3, 1e6), st.floats(1e-3, 1e6), st.floats(1e-3, 1e6), st.floats(1e-3, 1e6),
    st.floats(0, 10),
)  # fmt: skip
def test_depositing_and_removing_returns_no_more(token, money, more_token, more_money, traded):
    pool = empty_pool()
    pool.add_liquidity(token, money, account=2)
    if traded > 1e-6:
        pool.swap_in("token", traded * token, account=4)
    shares = pool.add_liquidity(more_token, more_money, account=3)
    back = pool.remove_liquidity(shares, account=3)
    assert back[0] <= more_token * (1 + 1e-12)
    assert back[1] <= more_money * (1 + 1e-12)
    ends = pool.ledger.balances[3, [TOKEN, NUMERAIRE]]
    assert (ends <= 1e12 * (1 + 1e-15)).all()


actions = st.lists(
    st.tuples(
        st.sampled_from(["token", "numeraire", "add", "remove"]),
        st.sampled_from(OWNERS),
        st.floats(1e-6, 10),
    ),
    max_size=15,
)


@law(100)
@given(st.floats(1e-2, 1e6), st.floats(1e-2, 1e6), fees, actions)
def test_the_invariant_per_lp_share_never_falls(token, money, fee, several):
    pool = empty_pool(fee, money=1e6)
    pool.add_liquidity(token, money, account=2)
    per_share = 0.0
    for what, owner, part in several:
        reserves = pool.reserve_token, pool.reserve_numeraire
        if what == "add":
            deposit = part * reserves[0], 2 * part * reserves[1]
            for asset, amount in zip((TOKEN, NUMERAIRE), deposit, strict=True):
                pool.ledger.transfer("endowment", asset, OUTSIDE, owner, amount)
            pool.add_liquidity(*deposit, account=owner)
        elif what == "remove":
            shares = float(pool.ledger.balances[owner, SHARE]) * part / 11
            if shares > 0:
                pool.remove_liquidity(shares, account=owner)
        else:
            amount = part * reserves[0 if what == "token" else 1]
            pool.swap_in(what, amount, account=OUTSIDE)
        before, per_share = per_share, _size_per_share(pool)
        assert per_share >= before * (1 - 1e-12)
    pool.ledger.audit()
    held = fsum(pool.ledger.balances[OWNERS, SHARE])
    assert pool.shares == pytest.approx(held, rel=1e-12)


def _size_per_share(pool: Pool) -> float:
    return float(pool.curve.invariant(pool.reserve_token, pool.reserve_numeraire)) / pool.shares


def test_a_pool_can_be_emptied_and_filled_again_at_another_price():
    pool = emptied()
    assert (pool.reserve_token, pool.reserve_numeraire, pool.shares) == (0, 0, 0)
    assert pool.add_liquidity(4, 9) == 6
    assert pool.spot_price == 9 / 4


@pytest.mark.parametrize("seed", range(5))
def test_nothing_stays_behind_when_the_last_lp_leaves(seed):
    pool, draws = empty_pool(), np.random.default_rng(seed)
    for _ in range(3):
        for owner in OWNERS:
            pool.add_liquidity(*draws.uniform(1, 1000, 2), account=owner)
            pool.swap_in("token", draws.uniform(0.1, 50), account=OUTSIDE)
    for owner in OWNERS:
        pool.remove_liquidity(float(pool.ledger.balances[owner, SHARE]), account=owner)
    assert (pool.reserve_token, pool.reserve_numeraire, pool.shares) == (0, 0, 0)
    pool.ledger.audit()
    assert pool.add_liquidity(4, 9, account=3) == 6
    assert pool.remove_liquidity(6, account=3) == (4, 9)


# Refusals


@pytest.mark.parametrize("wrong", [0, -1, -0.0, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "attempt",
    [
        lambda pool, amount: pool.quote_in("token", amount),
        lambda pool, amount: pool.swap_in("token", amount),
        lambda pool, amount: pool.swap_in("numeraire", amount),
        lambda pool, amount: pool.add_liquidity(amount, 1.0),
        lambda pool, amount: pool.add_liquidity(1.0, amount),
        lambda pool, amount: pool.remove_liquidity(amount),
        lambda pool, amount: pool_of(token=amount),
        lambda pool, amount: pool_of(numeraire=amount),
    ],
    ids=["quote", "sell", "buy", "deposit", "deposit'", "remove", "reserve", "reserve'"],
)
def test_amounts_must_be_positive_and_finite(attempt, wrong):
    pool = pool_of()
    before = pool.ledger.balances.tobytes()
    with pytest.raises(MarketError, match="must be positive and finite"):
        attempt(pool, wrong)
    assert pool.ledger.balances.tobytes() == before


@pytest.mark.parametrize("fee", [1, 1.5, -1e-9, math.nan, math.inf])
def test_a_fee_is_at_least_0_and_less_than_1(fee):
    with pytest.raises(MarketError, match="fee must be at least 0 and less than 1"):
        pool_of(fee=fee)


@pytest.mark.parametrize("side", ["token", "numeraire"])
def test_an_empty_pool_quotes_nothing_and_swaps_nothing(side):
    pool = emptied()
    assert pool.quote_in(side, 1) == 0
    with pytest.raises(MarketError, match="empty or too small"):
        pool.swap_in(side, 1)


def test_an_empty_pool_has_no_price():
    with pytest.raises(MarketError):
        _ = emptied().spot_price


def test_a_pool_never_pays_its_last():
    pool = pool_of(1, 1, fee=0)
    with pytest.raises(MarketError, match="empty or too small"):
        pool.swap_in("token", 1e17)


@pytest.mark.parametrize("shares", [1000 * (1 + 1e-12), 2000])
def test_nobody_burns_more_shares_than_it_has(shares):
    pool = pool_of()
    with pytest.raises(MarketError, match=r"cannot burn .* the account has 1000"):
        pool.remove_liquidity(shares)
    assert pool.remove_liquidity(1000) == (1000, 1000)


def one_asset_only(asset: int, amount: float) -> Pool:
    pool = pool_of()
    pool.ledger.transfer("endowment", asset, OUTSIDE, 2, amount)
    return pool


@pytest.mark.parametrize(
    "pool, attempt",
    [
        (one_asset_only(NUMERAIRE, 9.98), lambda pool: pool.swap_in("numeraire", 10, account=2)),
        (one_asset_only(TOKEN, 10), lambda pool: pool.add_liquidity(10, 10)),
    ],
    ids=["swap", "deposit"],
)
def test_one_who_cannot_pay_moves_nothing(pool, attempt):
    before = pool.ledger.balances.copy()
    with pytest.raises((MarketError, LedgerError)):
        attempt(pool)
    assert pool.ledger.balances.tolist() == before.tolist()


def test_one_who_has_nothing_gets_nothing():
    pool = pool_of()
    with pytest.raises((MarketError, LedgerError)):
        pool.swap_in("numeraire", 5e-10, account=2)


@pytest.mark.parametrize("fee", [-0.1, 1, 2.0, float("nan")])
def test_a_fee_is_a_fraction_also_later(fee):
    pool = Pool(ConstantProduct(), 100, 100, 0.01)
    with pytest.raises(MarketError, match="fee must be at least 0 and less than 1"):
        pool.set_fee(fee)
    assert pool.fee == 0.01


def test_a_bound_that_is_no_number_is_refused():
    pool = Pool(ConstantProduct(), 100, 100, 0.01)
    with pytest.raises(MarketError, match="less than min_out nan"):
        pool.swap_in("token", 1.0, min_out=float("nan"))
    assert pool.reserve_token == 100
