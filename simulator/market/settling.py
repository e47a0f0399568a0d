"""Settling: orders are executed, each at the reserves it meets."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from simulator.components import Floats, Integers
from simulator.errors import MarketError
from simulator.ledger import NUMERAIRE, SHORTFALL_TOLERANCE, Ledger
from simulator.market.curves import ConstantProduct
from simulator.market.orders import STATUSES, Fills, Orders
from simulator.market.pool import Pool, Side

__all__ = [
    "Pools",
    "settle",
    "settle_plain",
]


COMPILED = (ConstantProduct,)  # by exact type: a subclass may pay differently


class Pools(tuple[Pool, ...]):
    """Pools by token, and what settling needs of them as arrays, made once."""

    @cached_property
    def compiled(self) -> bool:
        """Whether the kernel knows all curves."""
        return all(type(pool.curve) in COMPILED for pool in self)

    @cached_property
    def fees(self) -> Floats:
        """Fee of each pool `[tokens]`."""
        return np.array([pool.fee for pool in self], dtype=np.float64)

    @cached_property
    def accounts(self) -> Integers:
        """Account of each pool `[tokens]`."""
        return np.array([pool.account for pool in self], dtype=np.int64)

    @cached_property
    def tokens(self) -> Integers:
        """Asset number of each pool's token `[tokens]`."""
        return np.array([pool.token for pool in self], dtype=np.int64)


def settle(ledger: Ledger, pools: Sequence[Pool], orders: Orders) -> Fills:
    """Execute `orders` one after the other, each at the reserves it meets; `pools` `[tokens]`.

    An order that cannot be executed moves nothing and its status says why: `unaffordable` (the
    account has less), `slippage` (the pool would pay less than `min_out`), `empty_pool`, or
    `exhausted` (the pool cannot pay for so much, or so little). Curves that the kernel does not
    know settle plainly. Raises MarketError, moving nothing, when an order has an unknown account or
    pool, or an amount that is negative or not finite.
    """
    if not isinstance(pools, Pools):
        pools = Pools(pools)
    if not pools.compiled:
        return settle_plain(ledger, pools, orders)
    _check(ledger, pools, orders)
    from simulator.market.kernels import settle as kernel

    amount, amount_out = orders.amount.copy(), np.zeros(len(orders))
    status = np.zeros(len(orders), dtype=np.int64)
    kernel(
        ledger.balances,
        SHORTFALL_TOLERANCE,
        pools.fees,
        pools.accounts,
        pools.tokens,
        orders.account,
        orders.token,
        orders.buy,
        amount,
        orders.min_out,
        amount_out,
        status,
    )
    settled = Orders(orders.account, orders.token, orders.buy, amount, orders.min_out)
    fills = Fills(settled, amount_out, status)
    _note_flows(ledger, pools, fills)
    return fills


def _check(ledger: Ledger, pools: Sequence[Pool], orders: Orders) -> None:
    amount = orders.amount
    if not ((amount >= 0) & (amount < np.inf)).all():
        raise MarketError("amounts of orders must be finite and not negative")
    for numbers, most in ((orders.account, len(ledger.balances)), (orders.token, len(pools))):
        if numbers.size and not (numbers.min() >= 0 and numbers.max() < most):
            raise MarketError(f"orders for an unknown account or pool among {numbers}")


def _note_flows(ledger: Ledger, pools: Pools, fills: Fills) -> None:
    done = np.flatnonzero(fills.filled)
    if not done.size:
        return
    orders = fills.orders.take(done)
    pool, token = pools.accounts[orders.token], pools.tokens[orders.token]
    fee = pools.fees[orders.token] * orders.amount
    asset_in = np.where(orders.buy, NUMERAIRE, token)
    asset_out = np.where(orders.buy, token, NUMERAIRE)
    ledger.note("swap", asset_in, orders.account, pool, orders.amount - fee)
    ledger.note("fee", asset_in, orders.account, pool, fee)
    ledger.note("swap", asset_out, pool, orders.account, fills.amount_out[done])


def settle_plain(ledger: Ledger, pools: Sequence[Pool], orders: Orders) -> Fills:
    """`settle` in plain Python, pool by pool: the oracle that the kernel is tested against."""
    _check(ledger, pools, orders)
    amount, amount_out = orders.amount.copy(), np.zeros(len(orders))
    status = np.zeros(len(orders), dtype=np.int64)
    for k in range(len(orders)):
        pool, account = pools[orders.token[k]], int(orders.account[k])
        side: Side = "numeraire" if orders.buy[k] else "token"
        paid, received = (pool.token, NUMERAIRE)[:: -1 if orders.buy[k] else 1]
        balance = float(ledger.balances[account, paid])
        verdict = _verdict(
            pool, side, float(amount[k]), balance, float(orders.min_out[k]), received
        )
        status[k] = STATUSES.index(verdict)
        if verdict == "filled":
            amount[k] = min(amount[k], balance)
            amount_out[k] = pool.swap_in(side, float(amount[k]), account=account)
    settled = Orders(orders.account, orders.token, orders.buy, amount, orders.min_out)
    return Fills(settled, amount_out, status)


def _verdict(
    pool: Pool, side: Side, amount: float, balance: float, min_out: float, received: int
) -> str:
    if amount > balance * (1 + SHORTFALL_TOLERANCE):
        return "unaffordable"
    if pool.reserve_token <= 0 or pool.reserve_numeraire <= 0:
        return "empty_pool"
    amount = min(amount, balance)
    payout = pool.quote_in(side, amount) if amount > 0 else 0.0
    if not 0 < payout < pool.ledger.balances[pool.account, received]:
        return "exhausted"
    return "slippage" if payout < min_out else "filled"
