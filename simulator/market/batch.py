"""Batches: all orders of a period trade together in each pool, at one price."""

from collections.abc import Sequence

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.ledger import NUMERAIRE, OUTSIDE, SHORTFALL_TOLERANCE, Ledger
from simulator.market.orders import Fills, Orders
from simulator.market.pool import Pool
from simulator.market.settling import Pools, note_costs, note_swaps
from simulator.market.statuses import Status

__all__ = ["canonical_rows", "settle_together"]


def canonical_rows(orders: Orders) -> Integers:
    """Row numbers sorted by the orders' contents, whatever sequence they came in `[orders]`."""
    keys = (orders.tip, orders.min_out, orders.amount, orders.buy, orders.token, orders.account)
    return np.lexsort(keys)


def settle_together(
    ledger: Ledger, pools: Sequence[Pool], orders: Orders, gas: float = 0.0
) -> Fills:
    """Execute `orders` in constant-product `pools` `[tokens]`, at one price in each pool.

    A pool with x tokens and y numeraire trades at p = (y + 2 g B)/(x + 2 g A), for B numeraire of
    buyers, A tokens of sellers and a fee of 1 - g: b numeraire buy g b/p tokens, a tokens sell for
    g a p. Orders that would get less than their `min_out` are dropped together and p is computed
    again (Canidio & Fritsch 2023). Gas, tips and statuses are those of `settle`. No order comes
    first: when an account cannot pay for all its sales of a token, for the gas and tips of its
    sales, or for all its purchases, all orders of that group are unaffordable.
    """
    pools = pools if isinstance(pools, Pools) else Pools(pools)
    orders.check(range(len(ledger.balances)), len(pools))
    gas = float(gas)
    cost = gas + orders.tip
    status = np.where(_affordable(ledger, pools, orders, cost), Status.FILLED, Status.UNAFFORDABLE)
    token, held = orders.token, ledger.balances[pools.accounts]
    x, y = held[np.arange(len(pools)), pools.tokens], held[:, NUMERAIRE]
    status[(status == Status.FILLED) & ~((x > 0) & (y > 0))[token]] = Status.EMPTY_POOL
    amount_out, status = _match(orders, x, y, 1 - pools.fees, status)
    payer = np.flatnonzero(status != Status.UNAFFORDABLE)
    ledger.move("gas", NUMERAIRE, orders.account[payer], OUTSIDE, cost[payer])
    filled, amount = np.flatnonzero(status == Status.FILLED), orders.amount.copy()
    asset, buy = pools.tokens[token[filled]], orders.buy[filled]
    asset_in, asset_out = asset * ~buy, asset * buy  # the numeraire is number 0
    account, pool = orders.account[filled], pools.accounts[token[filled]]
    scale = float((amount + cost).max(initial=0.0))
    amount[filled] = ledger.move("swap", asset_in, account, pool, amount[filled], scale)
    ledger.move("swap", asset_out, pool, account, amount_out[filled])
    fills = Fills(orders.paying(amount), amount_out, status)
    note_costs(ledger, fills, gas)
    note_swaps(ledger, pools, fills)
    return fills


def _affordable(ledger: Ledger, pools: Pools, orders: Orders, cost: Floats) -> Booleans:
    """Which orders their accounts can afford `[orders]`: sales first, then purchases."""
    account, buy = orders.account, orders.buy
    asset, most = pools.tokens[orders.token], 1 + SHORTFALL_TOLERANCE
    money, tokens = ledger.balances[account, NUMERAIRE], ledger.balances[account, asset]
    sold = np.where(buy, 0.0, orders.amount)
    sells = ~buy & (_sum_by(account * len(ledger.assets) + asset, sold) <= tokens * most)
    due = _sum_by(account, np.where(sells, cost, 0.0))
    sells &= due <= np.maximum(money, 0.0)
    left = money - np.where(due <= money, due, 0.0)
    spent = _sum_by(account, np.where(buy, orders.amount + cost, 0.0))
    affordable: Booleans = sells | (buy & (spent <= left * most))
    return affordable


def _sum_by(key: Integers, amount: Floats) -> Floats:
    """Sum of `amount` over all orders with the order's `key` `[orders]`."""
    _, group = np.unique(key, return_inverse=True)
    total: Floats = np.bincount(group, amount, minlength=1).astype(np.float64)
    return total[group]


def _match(
    orders: Orders, x: Floats, y: Floats, after_fee_rate: Floats, status: Integers
) -> tuple[Floats, Integers]:
    """Payouts and statuses `[orders]` after dropping orders until all remaining bounds hold."""
    token, buy, status = orders.token, orders.buy, status.copy()
    after_fee = after_fee_rate[token] * orders.amount
    while True:
        live = status == Status.FILLED
        offered, sold = (
            np.bincount(token, np.where(live & side, after_fee, 0.0), len(x))
            for side in (buy, ~buy)
        )
        with np.errstate(divide="ignore", invalid="ignore"):  # empty pools have no live orders
            price = (y + 2 * offered) / (x + 2 * sold)
            payout = np.where(buy, after_fee / price[token], after_fee * price[token])
        unpaid, below_bound = live & ~(payout > 0), live & (payout < orders.min_out)
        if not (unpaid | below_bound).any():
            return np.where(live, payout, 0.0), status
        status[below_bound] = Status.SLIPPAGE
        status[unpaid] = Status.EXHAUSTED
