"""Pools of all curves on one ledger: the kernel against plain Python, and what must never break."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import MarketError
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import (
    BondingCurve,
    ConstantProduct,
    Orders,
    Pool,
    StableSwap,
    Weighted,
    settle,
    settle_plain,
)

CURVES = (
    ConstantProduct(),
    Weighted(weight=0.2),
    Weighted(weight=0.8),
    StableSwap(amplification=50),
    StableSwap(amplification=5, peg=2),
    BondingCurve(reserve_ratio=0.4),
)
TRADERS, PROVIDER, FIRST_POOL = (1, 2, 3), 4, 5
law = settings(deadline=None, max_examples=150)


def market(fee: float, deposit: float = 1000.0) -> tuple[Ledger, list[Pool]]:
    """One pool of each curve with `deposit` numeraire, and traders with 500 of everything."""
    tokens = len(CURVES)
    names = [f"token_{k}" for k in range(tokens)] + [f"lp_{k}" for k in range(tokens)]
    kinds = ["outside", *["investor"] * 3, "provider", *["pool"] * tokens]
    ledger = Ledger(kinds, ["numeraire", *names])
    for asset in range(1 + tokens):
        ledger.transfer("endowment", asset, OUTSIDE, np.array(TRADERS), 500.0)
        ledger.transfer("endowment", asset, OUTSIDE, PROVIDER, 20 * deposit)
    pools = [
        Pool.on(ledger, curve, fee, FIRST_POOL + k, 1 + k, 1 + tokens + k)
        for k, curve in enumerate(CURVES)
    ]
    for pool in pools:
        if pool.curve.mints:
            ledger.transfer("deposit", NUMERAIRE, PROVIDER, pool.account, deposit)
        else:
            pool.add_liquidity(pool.curve.balanced(1.5) * deposit, deposit, account=PROVIDER)
    return ledger, pools


amounts = st.one_of(st.floats(1e-9, 1e-3), st.floats(1e-3, 600))
rows = st.tuples(
    st.sampled_from(TRADERS),
    st.integers(0, len(CURVES) - 1),
    st.booleans(),
    amounts,
    st.sampled_from([0.0, 0.1, 1e3]),
)
books = st.lists(rows, min_size=1, max_size=40)
fees = st.sampled_from([0.0, 0.003, 0.3])


def orders_of(book: list[tuple]) -> Orders:
    account, token, buy, amount, least = (np.array(column) for column in zip(*book, strict=True))
    return Orders(account, token, buy, amount, least * amount)


@law
@given(books, fees)
def test_the_kernel_does_what_plain_python_does(book, fee):
    fast, pools = market(fee)
    plain, same = market(fee)
    found, expected = (
        settle(fast, pools, orders_of(book)),
        settle_plain(plain, same, orders_of(book)),
    )
    assert found.status.tolist() == expected.status.tolist()
    assert found.amount_out == pytest.approx(expected.amount_out, rel=1e-11, abs=0)
    assert fast.balances == pytest.approx(plain.balances, rel=1e-11, abs=1e-9)
    flows = [dict(named(ledger)) for ledger in (fast, plain)]
    assert flows[0].keys() == flows[1].keys()
    assert list(flows[0].values()) == pytest.approx([flows[1][key] for key in flows[0]], rel=1e-9)


def named(ledger: Ledger) -> list[tuple]:
    names, assets, payers, payees, amount = ledger.take_flows()
    keys = zip(names, assets.tolist(), payers.tolist(), payees.tolist(), strict=True)
    return list(zip(keys, amount.tolist(), strict=True))


@law
@given(books, fees)
def test_nothing_is_made_or_lost_and_flows_tell_where_it_went(book, fee):
    ledger, pools = market(fee)
    ledger.take_flows()
    before = ledger.balances.copy()
    settle(ledger, pools, orders_of(book))
    ledger.audit()
    assert (ledger.balances[1:] >= 0).all()
    change = np.zeros((len(ledger.kinds), ledger.balances.shape[1]))
    for (_, asset, payer, payee), amount in named(ledger):
        change[payer, asset] -= amount
        change[payee, asset] += amount
    moved = np.zeros_like(change)
    np.add.at(moved, ledger.kind_of, ledger.balances - before)
    assert moved == pytest.approx(change, rel=1e-9, abs=1e-7)


steps = st.tuples(
    st.sampled_from(["buy", "sell", "add", "remove", "dust", "empty"]), st.floats(1e-6, 0.99)
)


@law
@given(st.integers(0, len(CURVES) - 2), st.lists(steps, max_size=30), fees)
def test_the_invariant_per_share_never_falls(number, book, fee):
    """Deposits and withdrawals of any part of the pool, of dust and of all of it in between."""
    ledger, pools = market(fee)
    pool = pools[number]
    size, least = per_share(pool), 0.0
    for what, part in book:
        do(pool, what, part)
        ledger.audit()
        assert (ledger.balances[1:] >= 0).all()
        if what == "empty":
            least = 0.0
        if pool.shares > 0:
            size = per_share(pool)
            assert size >= least * (1 - 1e-11)
            least = max(size, least)


def per_share(pool: Pool) -> float:
    return pool.curve.invariant(pool.reserve_token, pool.reserve_numeraire) / pool.shares


def do(pool: Pool, what: str, part: float) -> None:
    owned = pool.ledger.balances[PROVIDER, pool.share]
    try:
        if what == "buy":
            pool.swap_in("numeraire", part * 300, account=1)
        elif what == "sell":
            pool.swap_in("token", part * 300, account=1)
        elif what == "dust":
            pool.swap_in("token", part * 1e-9, account=2)
        elif what == "add":
            pool.add_liquidity(part * 500, part * 500, account=PROVIDER)
        elif owned > 0:
            pool.remove_liquidity(owned if what == "empty" else part * owned, account=PROVIDER)
    except MarketError:
        pass  # unaffordable, or an empty pool


@pytest.mark.parametrize("curve", CURVES[:-1], ids=lambda curve: curve.kind)
def test_deposits_and_withdrawals_are_pro_rata_and_a_round_trip_gains_nothing(curve):
    pool = Pool(curve, reserve_token=curve.balanced(1.5) * 1000, reserve_numeraire=1000)
    pool.ledger.transfer("endowment", 1, OUTSIDE, 2, 400.0)
    pool.ledger.transfer("endowment", NUMERAIRE, OUTSIDE, 2, 400.0)
    before, price = pool.ledger.balances[2].copy(), pool.spot_price
    minted = pool.add_liquidity(200, 200)
    assert minted / (pool.shares - minted) == pytest.approx(
        min(200 / (curve.balanced(1.5) * 1000), 0.2)
    )
    assert pool.spot_price == pytest.approx(price, rel=1e-12)
    pool.remove_liquidity(minted)
    assert pool.ledger.balances[2] == pytest.approx(before, rel=1e-12)
