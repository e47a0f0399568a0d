"""Settling: orders are executed, each at the reserves it meets."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.ledger import NUMERAIRE, OUTSIDE, SHORTFALL_TOLERANCE, Ledger
from simulator.market.concentrated import ConcentratedPool, Segments
from simulator.market.curves import (
    BondingCurve,
    Concentrated,
    ConstantProduct,
    Curve,
    Side,
    StableSwap,
    Weighted,
)
from simulator.market.fees import fees_earned
from simulator.market.orders import Fills, Orders
from simulator.market.pool import Pool
from simulator.market.statuses import Status

__all__ = [
    "Pools",
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
    if type(curve) is Concentrated:
        return kernels.CONCENTRATED, 0.0, 0.0
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
    def terms(self) -> tuple[Any, ...]:
        """What the kernel needs to know, if it knows all curves: columns `[tokens]`."""
        assert self.numbers is not None
        accounts = self.accounts, self.token_accounts, self.tokens
        return *self.numbers, self.fees, *(column.view(np.uint64) for column in accounts)

    @cached_property
    def ranged(self) -> bool:
        """Whether there are concentrated pools."""
        return any(isinstance(pool, ConcentratedPool) for pool in self)

    @property
    def reserves(self) -> tuple[Floats, Floats]:
        """Tokens and numeraire that the curves price by `[tokens]`, see `Pool.virtual_reserves`."""
        if not self:
            return np.zeros(0), np.zeros(0)
        if self.ranged:
            virtual = np.array([pool.virtual_reserves for pool in self])
            # Contiguous, which is the layout that kernels are compiled for.
            token, numeraire = np.ascontiguousarray(virtual.T)
            return token, numeraire
        balances = self[0].ledger.balances
        held = balances[self.token_accounts, self.tokens]
        minted = self.token_accounts == OUTSIDE
        return np.where(minted, -held, held), balances[self.accounts, NUMERAIRE]

    def charge(self, fees: Floats) -> None:
        """Set the fee of each pool for swaps to come `[tokens]`."""
        for pool, fee in zip(self, fees.tolist(), strict=True):
            pool.charge(fee)
        for derived in ("fees", "terms"):
            self.__dict__.pop(derived, None)

    @property
    def segments(self) -> Segments | None:
        """Those of the concentrated pools as they are now, if there are any."""
        return Segments.of(self) if self.ranged else None

    @cached_property
    def fee_accounts(self) -> Integers:
        """Account of each pool that keeps its fees, -1 where they stay in its own `[tokens]`."""
        return np.array([getattr(pool, "fee_account", -1) for pool in self], dtype=np.int64)

    @cached_property
    def fees(self) -> Floats:
        """Fee of each pool `[tokens]`, always read-only, so that one kernel is compiled."""
        fees = np.array([pool.fee for pool in self], dtype=np.float64)
        fees.setflags(write=False)
        return fees

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
    orders.check(range(len(ledger.balances)), len(pools))
    from simulator.market.kernels import settle_compiled

    amount, amount_out = orders.amount.copy(), np.empty(len(orders))
    status, segments = np.empty(len(orders), dtype=np.int64), pools.segments
    settle_compiled(
        ledger.balances,
        SHORTFALL_TOLERANCE,
        pools.terms,
        segments and segments.columns,
        orders.account.view(np.uint64),
        orders.token.view(np.uint64),
        orders.buy,
        amount,
        orders.min_out,
        orders.tip + gas if orders.tips.any() else np.array([gas]) if gas else None,
        amount_out,
        status,
    )
    if segments:
        segments.settled(pools)
    fills = Fills(orders.paying(amount), amount_out, status)
    note_costs(ledger, fills, gas)
    note_swaps(ledger, pools, fills)
    return fills


def note_costs(ledger: Ledger, fills: Fills, gas: float) -> None:
    """Count gas and tips of the orders that were not left out as unaffordable."""
    orders = fills.orders
    if gas or orders.tips.any():
        settled = np.flatnonzero(fills.status != Status.UNAFFORDABLE)
        account, tip = orders.account[settled], orders.tip[settled]
        for flow, amount in (("gas", np.full(len(tip), gas)), ("tip", tip)):
            ledger.note(flow, NUMERAIRE, account, OUTSIDE, amount)


def note_swaps(ledger: Ledger, pools: Pools, fills: Fills) -> None:
    """Count what went in and out of pools, and the fees within it."""
    from simulator.market.kernels import tally

    orders = fills.orders
    totals = np.zeros((len(pools), len(ledger.kinds), 2, 2))
    columns = orders.account, orders.token, orders.buy, orders.amount
    kinds = ledger.kind_of.astype(np.int8)  # so that they stay in the cache
    tally(kinds, *columns, fills.amount_out, fills.status, totals)
    number, kind, side = np.nonzero(totals[..., 0])
    if not number.size:
        return
    amount, paid = totals[number, kind, side].T
    buy, account = side == 1, ledger.first_of[kind]
    token, fee, late = pools.tokens[number], pools.fees[number], pools.fee_on_output[number]
    asset_in, asset_out = np.where(buy, NUMERAIRE, token), np.where(buy, token, NUMERAIRE)
    money, tokens = pools.accounts[number], pools.token_accounts[number]
    payee, payer = np.where(buy, money, tokens), np.where(buy, tokens, money)
    fee_in, fee_out = fees_earned(fee, late, amount, paid)
    ledger.note("swap", asset_in, account, payee, amount - fee_in)
    kept_by = pools.fee_accounts[number]
    ledger.note("fee", asset_in, account, np.where(kept_by < 0, payee, kept_by), fee_in)
    ledger.note("swap", asset_out, payer, account, paid + fee_out)
    if late.any():
        ledger.note("fee", asset_out, account, payer, fee_out)


def settle_plain(ledger: Ledger, pools: Sequence[Pool], orders: Orders, gas: float = 0.0) -> Fills:
    """`settle` in plain Python, pool by pool: the oracle that the kernel is tested against."""
    orders.check(range(len(ledger.balances)), len(pools))
    amount, amount_out = orders.amount.copy(), np.zeros(len(orders))
    status = np.zeros(len(orders), dtype=np.int64)
    for k in range(len(orders)):
        account, cost = int(orders.account[k]), gas + float(orders.tip[k])
        status[k] = Status.UNAFFORDABLE
        money = float(ledger.balances[account, NUMERAIRE])
        if cost <= max(money, 0.0):
            balance = money - cost if orders.buy[k] else _owned(ledger, pools, orders, k)
            status[k] = _verdict(pools, orders, k, balance)
        if status[k] != Status.UNAFFORDABLE:
            ledger.move("gas", NUMERAIRE, account, OUTSIDE, cost)
        if status[k] == Status.FILLED:
            amount[k] = min(amount[k], balance)
            pool = pools[orders.token[k]]
            amount_out[k] = pool.swap_in(_side(orders, k), float(amount[k]), account=account)
    fills = Fills(orders.paying(amount), amount_out, status)
    note_costs(ledger, fills, gas)
    return fills


def _side(orders: Orders, row: int) -> Side:
    return "numeraire" if orders.buy[row] else "token"


def _owned(ledger: Ledger, pools: Sequence[Pool], orders: Orders, row: int) -> float:
    return float(ledger.balances[orders.account[row], pools[orders.token[row]].token])


def _verdict(pools: Sequence[Pool], orders: Orders, row: int, balance: float) -> Status:
    pool, side, amount = pools[orders.token[row]], _side(orders, row), float(orders.amount[row])
    if amount > balance * (1 + SHORTFALL_TOLERANCE):
        return Status.UNAFFORDABLE
    if pool.empty:
        return Status.EMPTY_POOL
    amount = min(amount, balance)
    payout = pool.quote_in(side, amount) if amount > 0 else 0.0
    if not 0 < payout < pool.payout_bound(side):
        return Status.EXHAUSTED
    return Status.SLIPPAGE if payout < orders.min_out[row] else Status.FILLED
