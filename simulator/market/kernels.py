"""Compiled loops of the market. They draw nothing and know no component."""

import numba
import numpy as np
from numpy.typing import NDArray

from simulator.components import Booleans, Floats, Integers

Unsigned = NDArray[np.uint64]

OUTSIDE = NUMERAIRE = np.uint64(0)  # as in the ledger, whose changes the compiled code cannot see
CONSTANT_PRODUCT, WEIGHTED, STABLESWAP, BONDING_CURVE = range(4)
AHEAD = 256  # orders whose balances are read before they settle: many reads at once are quick,
LARGE = 1 << 22  # where there are more balances than the caches hold
FILLED, UNAFFORDABLE, SLIPPAGE, EMPTY_POOL, EXHAUSTED = range(5)


@numba.njit(cache=True)
def _bent_payout(curve, first, second, reserve_in, reserve_out, amount, fee, pays_token):  # type: ignore[no-untyped-def]
    """What curves other than constant product pay; the numbers are those of `settling.numbers`."""
    if curve == STABLESWAP:
        scale_in, scale_out = (second, 1.0) if pays_token else (1.0, second)
        before, other, paid = reserve_in * scale_in, reserve_out * scale_out, amount * scale_in
        total = before + other
        for _ in range(255):
            third = total * (total / (2.0 * before)) * (total / (2.0 * other))
            last = total
            total = (first * (before + other) + 2.0 * third) * total
            total /= (first - 1.0) * last + 3.0 * third
            if abs(total - last) <= 1e-15 * total:
                break
        bend = total * (total / (2.0 * before)) * (total / (2.0 * other))
        sloped = first * (before + paid)
        linear = sloped * (paid + other) + bend * (before + paid)
        constant = paid * other * (sloped + bend)
        root = np.sqrt(linear**2 - 4.0 * sloped * constant)
        return (1.0 - fee) * (2.0 * constant / (linear + root)) / scale_out
    kept = (1.0 - fee) * amount
    if curve == WEIGHTED:
        ratio = first if pays_token else 1.0 / first
        return -reserve_out * np.expm1(ratio * np.log1p(-kept / (reserve_in + kept)))
    if pays_token:
        if kept >= reserve_in:
            return reserve_out
        return -reserve_out * np.expm1(np.log1p(-kept / reserve_in) / first)
    return reserve_out * np.expm1(first * np.log1p(kept / reserve_in))


@numba.njit(cache=True)
def settle(
    balances: Floats,
    shortfall_tolerance: float,
    curves: Integers,
    numbers: Floats,
    fees: Floats,
    pool_accounts: Unsigned,
    token_accounts: Unsigned,
    pool_tokens: Unsigned,
    accounts: Unsigned,
    tokens: Unsigned,
    buys: Booleans,
    amounts: Floats,
    min_outs: Floats,
    costs: Floats,
    amounts_out: Floats,
    status: Integers,
) -> float:
    """Settle orders one after the other on `balances` `[accounts, assets]`.

    Order k swaps `amounts[k]` in pool `tokens[k]` and fills in `amounts_out[k]` and `status[k]`; an
    amount that the account is short of by rounding only is reduced to its balance. `costs`, in
    numeraire, one for all or one for each, go to `OUTSIDE` whether it fills or not, unless it is
    unaffordable. Pools have a curve with two `numbers` and hold tokens in `token_accounts`:
    `OUTSIDE` if they mint them. Returns a sum of what was read ahead, which is for nothing else.
    Accounts and assets are unsigned: an index that may be negative takes twice as long.
    """
    touched = 0.0
    ahead = AHEAD if balances.size > LARGE else max(accounts.size, 1)
    for begin in range(0, accounts.size, ahead):
        end = min(begin + ahead, accounts.size)
        for k in range(begin, end if balances.size > LARGE else begin):
            row = balances[accounts[k]]
            touched += row[NUMERAIRE] + row[pool_tokens[tokens[k]]]
        for k in range(begin, end):
            amounts_out[k] = 0.0
            account, token, amount, buy = accounts[k], tokens[k], amounts[k], buys[k]
            cost = costs[min(k, costs.size - 1)]
            pool, asset = pool_accounts[token], pool_tokens[token]
            asset_in = NUMERAIRE if buy else asset
            balance = balances[account, asset_in]
            if cost > 0.0:
                if cost > balances[account, NUMERAIRE]:
                    status[k] = UNAFFORDABLE
                    continue
                if buy:
                    balance -= cost
            if amount > balance:
                if amount > balance * (1.0 + shortfall_tolerance):
                    status[k] = UNAFFORDABLE
                    continue
                amount = balance
            if cost > 0.0:
                balances[account, NUMERAIRE] -= cost
                balances[OUTSIDE, NUMERAIRE] += cost
            asset_out = asset if buy else NUMERAIRE
            holder = token_accounts[token]
            paid_to, paid_from = (pool, holder) if buy else (holder, pool)
            reserve_in, reserve_out = balances[paid_to, asset_in], balances[paid_from, asset_out]
            most = reserve_out
            if holder == OUTSIDE:  # which owes the tokens in existence
                if buy:
                    reserve_out, most = -reserve_out, np.inf
                else:
                    reserve_in = -reserve_in
            if reserve_in <= 0.0 or reserve_out <= 0.0:
                status[k] = EMPTY_POOL
                continue
            if curves[token] == CONSTANT_PRODUCT:
                kept = (1.0 - fees[token]) * amount
                payout = reserve_out * kept / (reserve_in + kept)
            else:
                first, second = numbers[token, 0], numbers[token, 1]
                payout = _bent_payout(
                    curves[token],
                    first,
                    second,
                    reserve_in,
                    reserve_out,
                    amount,
                    fees[token],
                    not buy,
                )
            if not 0.0 < payout < most:
                status[k] = EXHAUSTED
                continue
            if payout < min_outs[k]:
                status[k] = SLIPPAGE
                continue
            balances[account, asset_in] = balance - amount
            balances[paid_to, asset_in] += amount
            balances[paid_from, asset_out] -= payout
            balances[account, asset_out] += payout
            amounts[k] = amount
            amounts_out[k] = payout
            status[k] = FILLED
    return touched


@numba.njit(cache=True)
def acceptable(
    accounts: Integers, tokens: Integers, amounts: Floats, tips: Floats, account_end: int, end: int
) -> bool:
    """Whether all orders name an account and a pool, and amounts and tips are some."""
    fine = True
    for k in range(accounts.size):
        fine &= (accounts[k] >= 0) & (accounts[k] < account_end) & (tokens[k] >= 0)
        fine &= (tokens[k] < end) & (amounts[k] >= 0.0) & (amounts[k] < np.inf)
        fine &= (tips[k] >= 0.0) & (tips[k] < np.inf)
    return fine


@numba.njit(cache=True)
def tally(
    kind_of: Integers,
    accounts: Integers,
    tokens: Integers,
    buys: Booleans,
    amounts: Floats,
    amounts_out: Floats,
    status: Integers,
    totals: Floats,
) -> None:
    """Add what filled orders paid in and were paid to `totals` `[pools, kinds, sides, 2]`."""
    for k in range(accounts.size):
        if status[k] == FILLED:
            side = 1 if buys[k] else 0
            own = totals[tokens[k], kind_of[accounts[k]], side]
            own[0] += amounts[k]
            own[1] += amounts_out[k]
