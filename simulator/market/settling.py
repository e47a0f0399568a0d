"""Settling: orders execute one by one, each at the reserves left by the one before."""

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


def kernel_parameters(curve: Curve) -> tuple[int, float, float] | None:
    """The kernel's code and two parameters of a curve; None without a kernel, as for subclasses."""
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
    """Pools by token, with cached arrays for settling."""

    @cached_property
    def kernel_parameters(self) -> tuple[Integers, Floats] | None:
        """Codes `[tokens]` and parameters `[tokens, 2]`; None if any curve has no kernel."""
        rows = [kernel_parameters(pool.curve) for pool in self]
        if None in rows:
            return None
        table = np.array(rows, dtype=np.float64).reshape(-1, 3)
        return table[:, 0].astype(np.int64), np.ascontiguousarray(table[:, 1:])

    @cached_property
    def terms(self) -> tuple[Any, ...]:
        """What the kernel needs to know; every curve must have one.

        Places `[tokens, 4]` (curve, account of the money, of the tokens, asset), parameters
        `[tokens, 2]` and fees `[tokens]`.
        """
        assert self.kernel_parameters is not None
        curves, numbers = self.kernel_parameters
        places = np.stack([curves, self.accounts, self.token_accounts, self.tokens], axis=1)
        return places.astype(np.uint64), numbers, self.fees

    @cached_property
    def any_concentrated(self) -> bool:
        """Whether any pool is concentrated."""
        return any(isinstance(pool, ConcentratedPool) for pool in self)

    @property
    def reserves(self) -> tuple[Floats, Floats]:
        """Tokens and numeraire that the curves price by `[tokens]`, see `Pool.virtual_reserves`."""
        if not self:
            return np.zeros(0), np.zeros(0)
        if self.any_concentrated:
            virtual = np.array([pool.virtual_reserves for pool in self])
            # Kernels are compiled for contiguous arrays.
            token, numeraire = np.ascontiguousarray(virtual.T)
            return token, numeraire
        balances = self[0].ledger.balances
        held = balances[self.token_accounts, self.tokens]
        minted = self.token_accounts == OUTSIDE
        return np.where(minted, -held, held), balances[self.accounts, NUMERAIRE]

    def set_fees(self, fees: Floats) -> None:
        """Set the fee of each pool for future swaps `[tokens]`."""
        for pool, fee in zip(self, fees.tolist(), strict=True):
            pool.set_fee(fee)
        for cached in ("fees", "terms"):
            self.__dict__.pop(cached, None)

    @property
    def segments(self) -> Segments | None:
        """Segments of the concentrated pools as they are now; None without such pools."""
        return Segments.of(self) if self.any_concentrated else None

    @cached_property
    def fee_accounts(self) -> Integers:
        """Account that keeps each pool's fees, -1 where they stay in the pool `[tokens]`."""
        return np.array([getattr(pool, "fee_account", -1) for pool in self], dtype=np.int64)

    @cached_property
    def fees(self) -> Floats:
        """Fee of each pool `[tokens]`; always read-only, so that only one kernel is compiled."""
        fees = np.array([pool.fee for pool in self], dtype=np.float64)
        fees.setflags(write=False)
        return fees

    @cached_property
    def accounts(self) -> Integers:
        """Account of each pool `[tokens]`."""
        return np.array([pool.account for pool in self], dtype=np.int64)

    @cached_property
    def token_accounts(self) -> Integers:
        """Account that each pool sells tokens from `[tokens]`."""
        return np.array([pool.token_account for pool in self], dtype=np.int64)

    @cached_property
    def fee_on_output(self) -> Booleans:
        """Which pools take their fee from the output `[tokens]`."""
        return np.array([pool.curve.fee_on_output for pool in self], dtype=bool)

    @cached_property
    def tokens(self) -> Integers:
        """Asset number of each pool's token `[tokens]`."""
        return np.array([pool.token for pool in self], dtype=np.int64)


def settle(ledger: Ledger, pools: Sequence[Pool], orders: Orders, gas: float = 0.0) -> Fills:
    """Execute `orders` one by one, each at the reserves left by the one before; `pools` `[tokens]`.

    An order that fails swaps nothing and its status says why: `unaffordable` (the account has
    less), `slippage` (the pool would pay less than `min_out`), `empty_pool`, or `exhausted` (the
    amount is too large or too small for the pool).

    Each order costs its account `gas` and its tip (numeraire), paid to the outside. As in a block,
    an order that fails has still taken its place and pays for it; an `unaffordable` one, whose
    account cannot pay amount, gas and tip, is left out and pays nothing.

    Curves without a kernel settle by `settle_plain`. Raises MarketError, moving nothing, when an
    order is invalid, see `Orders.check`.
    """
    if not isinstance(pools, Pools):
        pools = Pools(pools)
    if pools.kernel_parameters is None:
        return settle_plain(ledger, pools, orders, gas)
    orders.check(range(len(ledger.balances)), len(pools))
    gas = float(gas)
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
        segments.update(pools)
    fills = Fills(orders.paying(amount), amount_out, status)
    note_costs(ledger, fills, gas)
    note_swaps(ledger, pools, fills)
    return fills


def note_costs(ledger: Ledger, fills: Fills, gas: float) -> None:
    """Record gas and tips of all orders except the unaffordable."""
    orders = fills.orders
    if gas or orders.tips.any():
        settled = np.flatnonzero(fills.status != Status.UNAFFORDABLE)
        account, tip = orders.account[settled], orders.tip[settled]
        for flow, amount in (("gas", np.full(len(tip), gas)), ("tip", tip)):
            ledger.note(flow, NUMERAIRE, account, OUTSIDE, amount)


def note_swaps(ledger: Ledger, pools: Pools, fills: Fills) -> None:
    """Record what swaps paid into and out of pools, and the fees included."""
    from simulator.market.kernels import tally

    orders = fills.orders
    totals = np.zeros((len(pools), len(ledger.kinds), 2, 2))
    columns = orders.account, orders.token, orders.buy, orders.amount
    kinds = ledger.kind_of.astype(np.int8)  # small enough for the cache
    tally(kinds, *columns, fills.amount_out, fills.status, totals)
    number, kind, side = np.nonzero(totals[..., 0])
    if not number.size:
        return
    amount, payout = totals[number, kind, side].T
    buy, account = side == 1, ledger.first_of[kind]
    token, fee, on_output = pools.tokens[number], pools.fees[number], pools.fee_on_output[number]
    asset_in, asset_out = np.where(buy, NUMERAIRE, token), np.where(buy, token, NUMERAIRE)
    money_account, token_account = pools.accounts[number], pools.token_accounts[number]
    payee = np.where(buy, money_account, token_account)
    payer = np.where(buy, token_account, money_account)
    fee_in, fee_out = fees_earned(fee, on_output, amount, payout)
    ledger.note("swap", asset_in, account, payee, amount - fee_in)
    fee_account = pools.fee_accounts[number]
    fee_account = np.where(fee_account < 0, payee, fee_account)
    ledger.note("fee", asset_in, account, fee_account, fee_in)
    ledger.note("swap", asset_out, payer, account, payout + fee_out)
    if on_output.any():
        ledger.note("fee", asset_out, account, payer, fee_out)


def settle_plain(ledger: Ledger, pools: Sequence[Pool], orders: Orders, gas: float = 0.0) -> Fills:
    """`settle` in plain Python, order by order: the reference that the kernel is tested against."""
    orders.check(range(len(ledger.balances)), len(pools))
    gas = float(gas)
    amount, amount_out = orders.amount.copy(), np.zeros(len(orders))
    status = np.zeros(len(orders), dtype=np.int64)
    for k in range(len(orders)):
        account, cost = int(orders.account[k]), gas + float(orders.tip[k])
        status[k] = Status.UNAFFORDABLE
        money = float(ledger.balances[account, NUMERAIRE])
        if cost <= max(money, 0.0):
            balance = money - cost if orders.buy[k] else _balance_to_sell(ledger, pools, orders, k)
            status[k] = _status_of(pools, orders, k, balance)
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


def _balance_to_sell(ledger: Ledger, pools: Sequence[Pool], orders: Orders, row: int) -> float:
    return float(ledger.balances[orders.account[row], pools[orders.token[row]].token])


def _status_of(pools: Sequence[Pool], orders: Orders, row: int, balance: float) -> Status:
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
