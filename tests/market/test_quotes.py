"""Quotes: what the view says an order alone would be paid is what it is paid, to the last bit."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import (
    ConstantProduct,
    Curve,
    MarketView,
    Orders,
    Pool,
    StableSwap,
    Weighted,
    settle,
)
from tests.laws import law

CURVES = [
    ConstantProduct(),
    *(Weighted(weight=weight) for weight in (0.01, 0.2, 0.99)),
    *(StableSwap(amplification=a, peg=peg) for a in (1, 100, 1e6) for peg in (1e-12, 1, 1e12)),
]
TRADER, POOL = 1, 2


def view_of(curve: Curve, token: float, numeraire: float, fee: float) -> MarketView:
    one = np.ones(1)
    reserves = np.array([token]), np.array([numeraire])
    return MarketView(1, curve, one * fee, *reserves, one, one, one, one, one, one, one, one)


def market(curve: Curve, token: float, numeraire: float, fee: float) -> tuple[Ledger, Pool]:
    ledger = Ledger(["outside", "trader", "pool"], ["numeraire", "token", "lp"])
    pool = Pool.on(ledger, curve, fee, POOL, 1, 2)
    ledger.transfer("endowment", 1, OUTSIDE, POOL, token)
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, POOL, numeraire)
    return ledger, pool


@pytest.mark.parametrize("curve", CURVES, ids=str)
def test_an_order_bounded_by_its_exact_quote_is_filled(curve):
    """Also those that ask for all that the quote says: no tolerance forgives a rounding."""
    draws, count = np.random.default_rng(1), 400
    for _ in range(5):
        token, numeraire = 10 ** draws.uniform(0, 6, 2)
        buy = draws.random(count) < 0.5
        amount = np.where(buy, numeraire, token) * 10 ** draws.uniform(-9, 1, count)
        quote = view_of(curve, token, numeraire, 0.003).quote(
            np.zeros(count, dtype=np.int64), buy, amount
        )
        reserve_out = np.where(buy, token, numeraire)
        for k in np.flatnonzero(quote < 0.999 * reserve_out):
            ledger, pool = market(curve, token, numeraire, 0.003)
            ledger.transfer("endowment", 0 if buy[k] else 1, OUTSIDE, TRADER, amount[k])
            one = slice(k, k + 1)
            order = Orders(np.ones(1, int), np.zeros(1, int), buy[one], amount[one], quote[one])
            fills = settle(ledger, [pool], order)
            assert (fills.status[0], fills.amount_out[0]) == (0, quote[k])


sizes = st.floats(-9, 9).map(lambda power: 10.0**power)
parts = st.floats(-15, 4).map(lambda power: 10.0**power)
fees = st.sampled_from([0.0, 0.003, 0.5])


@law(300)
@given(st.sampled_from(CURVES), sizes, sizes, parts, fees, st.booleans())
def test_payouts_agree_with_eighty_digits(curve, token, numeraire, part, fee, buy):
    """Reserves of 1e-9 to 1e9, amounts of 1e-15 to 1e4 of them, the most bent of curves."""
    amount = part * (numeraire if buy else token)
    quote = view_of(curve, token, numeraire, fee).quote(
        np.zeros(1, dtype=np.int64), np.array([buy]), np.array([amount])
    )
    with localcontext(prec=80):
        exact = exactly(curve, Decimal(token), Decimal(numeraire), Decimal(amount), fee, buy)
        assert abs(Decimal(float(quote[0])) / exact - 1) < Decimal("1e-13")


def exactly(
    curve: Curve, token: Decimal, numeraire: Decimal, amount: Decimal, fee: float, buy: bool
) -> Decimal:
    """What the curve pays by its defining formula."""
    kept = (1 - Decimal(fee)) * amount
    reserve_in, reserve_out = (numeraire, token) if buy else (token, numeraire)
    if isinstance(curve, StableSwap):
        peg, straight = Decimal(curve.peg), 2 * Decimal(curve.amplification)
        scale_in, scale_out = (1, peg) if buy else (peg, 1)
        x, y, paid = reserve_in * scale_in, reserve_out * scale_out, amount * scale_in
        total = size(x, y, straight)
        # 2 A (x' + y') + D = 2 A D + D^3 / (4 x' y') with y' = y - out, a quadratic in out
        bend, sloped = total**3 / (4 * x * y), straight * (x + paid)
        linear, constant = sloped * (paid + y) + bend * (x + paid), paid * y * (sloped + bend)
        root = (linear**2 - 4 * sloped * constant).sqrt()
        return (1 - Decimal(fee)) * 2 * constant / (linear + root) / scale_out
    weight = Decimal(getattr(curve, "weight", 0.5))
    odds = (1 - weight) / weight if buy else weight / (1 - weight)
    return reserve_out * (1 - ((reserve_in / (reserve_in + kept)).ln() * odds).exp())


def size(x: Decimal, y: Decimal, straight: Decimal) -> Decimal:
    """D of stableswap, by halving between its bounds: with A >= 1 it is within [0, x + y]."""
    low, high = Decimal(0), x + y
    for _ in range(400):
        total = (low + high) / 2
        above = straight * total + total**3 / (4 * x * y) > straight * (x + y) + total
        low, high = (low, total) if above else (total, high)
    return low


@law(300)
@given(
    st.sampled_from(CURVES), sizes, sizes, st.floats(-15, 8).map(lambda p: 10.0**p), st.booleans()
)
def test_no_swap_and_its_opposite_earn_anything_without_a_fee(curve, token, numeraire, part, buy):
    """However little a swap leaves in the pool, selling back what it paid does not pay."""
    ledger, pool = market(curve, token, numeraire, 0.0)
    amount = part * (numeraire if buy else token)
    ledger.transfer("endowment", 0 if buy else 1, OUTSIDE, TRADER, amount)
    one, at = np.ones(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for side in (buy, not buy):
        owned = ledger.balances[TRADER, [0 if side else 1]]
        fills = settle(ledger, [pool], Orders(one, at, np.array([side]), owned, np.zeros(1)))
        if not fills.filled:
            return
    got, reserve = ledger.balances[TRADER, 0 if buy else 1], numeraire if buy else token
    assert got - amount <= 2e-9 * amount + 4e-16 * reserve
