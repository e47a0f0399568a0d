"""A ledger with a pool of each curve, and books of orders for them."""

import numpy as np
from hypothesis import strategies as st

from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import (
    BondingCurve,
    Concentrated,
    ConcentratedPool,
    ConstantProduct,
    Orders,
    Pool,
    StableSwap,
    Weighted,
)

CURVES = (
    ConstantProduct(),
    Weighted(weight=0.2),
    Weighted(weight=0.8),
    StableSwap(amplification=50),
    StableSwap(amplification=5, peg=2),
    Concentrated(),  # with the ranges of RANGES, as the next
    Concentrated(spacing=1),
    BondingCurve(reserve_ratio=0.4),
)
RANGES = {
    5: ((0.0, np.inf), (1.0, 2.0), (1.45, 1.55)),  # all prices, and more the nearer to 1.5
    6: ((1.3, 1.6), (1.7, 2.2), (0.5, 1.3)),  # a gap above, and an end on either side
}
TRADERS, PROVIDERS, FIRST_POOL = (1, 2, 3), (4, 5, 6), 7
PROVIDER, PRICE = 4, 1.5


def market(fee: float, deposit: float = 1000.0) -> tuple[Ledger, list[Pool]]:
    """One pool of each curve with `deposit` numeraire, and traders with 500 of everything."""
    tokens = len(CURVES)
    names = [f"token_{k}" for k in range(tokens)] + [f"lp_{k}" for k in range(tokens)]
    kinds = ["outside", *["investor"] * 3, *["provider"] * 3]
    kinds += [*["pool"] * tokens, *["pool_fees"] * len(RANGES)]
    ledger = Ledger(kinds, ["numeraire", *names])
    for asset in range(1 + tokens):
        ledger.transfer("endowment", asset, OUTSIDE, np.array(TRADERS), 500.0)
        ledger.transfer("endowment", asset, OUTSIDE, np.array(PROVIDERS), 20 * deposit)
    pools = [pool_of(ledger, number, fee) for number in range(tokens)]
    for number, pool in enumerate(pools):
        if pool.curve.mints:
            ledger.transfer("deposit", NUMERAIRE, PROVIDER, pool.account, deposit)
        elif number in RANGES:
            for account, (lower, upper) in zip(PROVIDERS, RANGES[number], strict=True):
                pool.add_liquidity(
                    deposit / PRICE, deposit, account=account, lower=lower, upper=upper
                )
        else:
            pool.add_liquidity(pool.curve.balanced(PRICE) * deposit, deposit, account=PROVIDER)
    return ledger, pools


def pool_of(ledger: Ledger, number: int, fee: float) -> Pool:
    place = FIRST_POOL + number, 1 + number, 1 + len(CURVES) + number
    if number not in RANGES:
        return Pool.on(ledger, CURVES[number], fee, *place)
    keeps = FIRST_POOL + len(CURVES) + list(RANGES).index(number)
    return ConcentratedPool(ledger, CURVES[number], fee, *place, keeps, PRICE)


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


def named(ledger: Ledger) -> list[tuple]:
    """Flows by name, asset, payer and payee."""
    names, assets, payers, payees, amount = ledger.take_flows()
    keys = zip(names, assets.tolist(), payers.tolist(), payees.tolist(), strict=True)
    return list(zip(keys, amount.tolist(), strict=True))
