"""Settling: orders are executed, each at the reserves it meets."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.errors import MarketError
from simulator.ledger import NUMERAIRE, OUTSIDE, SHORTFALL_TOLERANCE, Ledger
from simulator.market.curves import BondingCurve, ConstantProduct, Curve, StableSwap, Weighted
from simulator.market.orders import STATUSES, Fills, Orders
from simulator.market.pool import Pool, Side

__all__ = [
    "Pools",
    "check",
    "note_costs",
    "note_swaps",
    "settle",
    "settle_plain",
]


def numbers(curve: Curve) -> tuple[int, float, float] | None:
    """The kernel's code and two numbers of a curve, if it is one of its own and no subclass."""
    from simulator.market import kernels

    if type(curve) is ConstantProduct:
        return kernels.CONSTANT_PRODUCT, 0.0, 0.0
    if type(curve) is Weighted:
        return kernels.WEIGHTED, curve.weight / (1.0 - curve.weight), 0.0
    if type(curve) is StableSwap:
        return kernels.STABLESWAP, 2.0 * curve.amplification, curve.peg
    if type(curve) is BondingCurve:
        return kernels.BONDING_CURVE, curve.reserve_ratio, 0.0
    return None


class Pools(tuple[Pool, ...]):
    """Pools by token, and what settling needs of them as arrays, made once."""

    @cached_property
    def numbers(self) -> tuple[Integers, Floats] | None:
        """Codes `[tokens]` and numbers `[tokens, 2]` of the curves, if the kernel knows all."""
        known = [numbers(pool.curve) for pool in self]
        if None in known:
            return None
        table = np.array(known, dtype=np.float64).reshape(-1, 3)
        return table[:, 0].astype(np.int64), np.ascontiguousarray(table[:, 1:])

    @cached_property
    def fees(self) -> Floats:
        """Fee of each pool `[tokens]`."""
        return np.array([pool.fee for pool in self], dtype=np.float64)

    @cached_property
    def accounts(self) -> Integers:
        """Account of each pool `[tokens]`."""
        return np.array([pool.account for pool in self], dtype=np.int64)

    @cached_property
    def token_accounts(self) -> Integers:
        """Account that each pool's tokens come from `[tokens]`."""
        return np.array([pool.token_account for pool in self], dtype=np.int64)

    @cached_property
    def fee_on_output(self) -> Booleans:
        """Which pools keep their fee from what they pay out `[tokens]`."""
        return np.array([pool.curve.fee_on_output for pool in self], dtype=bool)

    @cached_property
    def tokens(self) -> Integers:
        """Asset number of each pool's token `[tokens]`."""
        return np.array([pool.token for pool in self], dtype=np.int64)


def settle(ledger: Ledger, pools: Sequence[Pool], orders: Orders, gas: float = 0.0) -> Fills:
    """Execute `orders` one after the other, each at the reserves it meets; `pools` `[tokens]`.

    An order that cannot be executed swaps nothing and its status says why: `unaffordable` (the
    account has less), `slippage` (the pool would pay less than `min_out`), `empty_pool`, or
    `exhausted` (the pool cannot pay for so much, or so little).

    Each order costs its account `gas` and its tip, numeraire that goes outside. As in a block, an
    order that fails when it is executed has taken its place and pays for it; one whose account
    cannot pay for amount, gas and tip is left out as `unaffordable` and pays nothing.

    Curves that the kernel does not know settle plainly. Raises MarketError, moving nothing, when an
    order has an unknown account or pool, or an amount or tip that is negative or not finite.
    """
    if not isinstance(pools, Pools):
        pools = Pools(pools)
    if pools.numbers is None:
        return settle_plain(ledger, pools, orders, gas)
    check(ledger, pools, orders)
    from simulator.market.kernels import settle as kernel

    amount, amount_out = orders.amount.copy(), np.empty(len(orders))
    status = np.empty(len(orders), dtype=np.int64)
    kernel(
        ledger.balances,
        SHORTFALL_TOLERANCE,
        *pools.numbers,
        pools.fees,
        pools.accounts.view(np.uint64),
        pools.token_accounts.view(np.uint64),
        pools.tokens.view(np.uint64),
        orders.account.view(np.uint64),
        orders.token.view(np.uint64),
        orders.buy,
        amount,
        orders.min_out,
        orders.tip + gas if orders.tip.any() else np.array([gas]),
        amount_out,
        status,
    )
    fills = Fills(orders.paying(amount), amount_out, status)
    note_costs(ledger, fills, gas)
    note_swaps(ledger, pools, fills)
    return fills


def check(ledger: Ledger, pools: Sequence[Pool], orders: Orders) -> None:
    """Raise MarketError when an order is for nobody or nothing, or an amount or tip is none."""
    from simulator.market.kernels import acceptable

    ends = len(ledger.balances), len(pools)
    if acceptable(orders.account, orders.token, orders.amount, orders.tip, *ends):
        return
    for numbers, end in zip((orders.account, orders.token), ends, strict=True):
        if not ((numbers >= 0) & (numbers < end)).all():
            raise MarketError(f"orders for an unknown account or pool among {numbers}")
    for what, amounts in (("amounts", orders.amount), ("tips", orders.tip)):
        if not ((amounts >= 0) & (amounts < np.inf)).all():
            raise MarketError(f"{what} of orders must be finite and not negative")


def note_costs(ledger: Ledger, fills: Fills, gas: float) -> None:
    """Count gas and tips of the orders that were not left out as unaffordable."""
    orders = fills.orders
    if gas or orders.tip.any():
        settled = np.flatnonzero(fills.status != STATUSES.index("unaffordable"))
        account, tip = orders.account[settled], orders.tip[settled]
        for flow, amount in (("gas", np.full(len(tip), gas)), ("tip", tip)):
            ledger.note(flow, NUMERAIRE, account, OUTSIDE, amount)


def note_swaps(ledger: Ledger, pools: Pools, fills: Fills) -> None:
    """Count what went in and out of pools, and the fees within it."""
    from simulator.market.kernels import tally

    orders = fills.orders
    totals = np.zeros((len(pools), len(ledger.kinds), 2, 2))
    columns = orders.account, orders.token, orders.buy, orders.amount
    tally(ledger.kind_of, *columns, fills.amount_out, fills.status, totals)
    number, kind, side = np.nonzero(totals[..., 0])
    if not number.size:
        return
    amount, paid = totals[number, kind, side].T
    buy, account = side == 1, ledger.first_of[kind]
    token, fee, late = pools.tokens[number], pools.fees[number], pools.fee_on_output[number]
    asset_in, asset_out = np.where(buy, NUMERAIRE, token), np.where(buy, token, NUMERAIRE)
    money, tokens = pools.accounts[number], pools.token_accounts[number]
    payee, payer = np.where(buy, money, tokens), np.where(buy, tokens, money)
    fee_in, fee_out = np.where(late, 0.0, fee * amount), np.where(late, paid * fee / (1 - fee), 0.0)
    ledger.note("swap", asset_in, account, payee, amount - fee_in)
    ledger.note("fee", asset_in, account, payee, fee_in)
    ledger.note("swap", asset_out, payer, account, paid + fee_out)
    if late.any():
        ledger.note("fee", asset_out, account, payer, fee_out)


def settle_plain(ledger: Ledger, pools: Sequence[Pool], orders: Orders, gas: float = 0.0) -> Fills:
    """`settle` in plain Python, pool by pool: the oracle that the kernel is tested against."""
    check(ledger, pools, orders)
    amount, amount_out = orders.amount.copy(), np.zeros(len(orders))
    status = np.zeros(len(orders), dtype=np.int64)
    for k in range(len(orders)):
        pool, account = pools[orders.token[k]], int(orders.account[k])
        side: Side = "numeraire" if orders.buy[k] else "token"
        paid = NUMERAIRE if orders.buy[k] else pool.token
        money, cost = float(ledger.balances[account, NUMERAIRE]), gas + float(orders.tip[k])
        balance = money - cost if orders.buy[k] else float(ledger.balances[account, paid])
        bound = float(orders.min_out[k])
        verdict = "unaffordable"
        if cost <= max(money, 0.0):
            verdict = _verdict(pool, side, float(amount[k]), balance, bound)
        if verdict != "unaffordable":
            ledger.move("gas", NUMERAIRE, account, OUTSIDE, cost)
        status[k] = STATUSES.index(verdict)
        if verdict == "filled":
            amount[k] = min(amount[k], balance)
            amount_out[k] = pool.swap_in(side, float(amount[k]), account=account)
    fills = Fills(orders.paying(amount), amount_out, status)
    note_costs(ledger, fills, gas)
    return fills


def _verdict(pool: Pool, side: Side, amount: float, balance: float, min_out: float) -> str:
    if amount > balance * (1 + SHORTFALL_TOLERANCE):
        return "unaffordable"
    if pool.reserve_token <= 0 or pool.reserve_numeraire <= 0:
        return "empty_pool"
    amount = min(amount, balance)
    payout = pool.quote_in(side, amount) if amount > 0 else 0.0
    if not 0 < payout < pool.most(side):
        return "exhausted"
    return "slippage" if payout < min_out else "filled"
