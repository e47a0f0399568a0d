"""Compiled loops of the market. They draw nothing and know no component."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from simulator.components import Booleans, Floats, Integers
from simulator.market.statuses import Status

Unsigned = NDArray[np.uint64]

OUTSIDE = NUMERAIRE = np.uint64(0)  # as in the ledger, whose changes the compiled code cannot see
CONSTANT_PRODUCT, WEIGHTED, STABLESWAP, BONDING_CURVE, CONCENTRATED = range(5)
PAYABLE = 1.0 - 1e-6  # of a reserve: rounding of what would then be left can be sold back at a gain
AHEAD = 64  # orders whose balances are read before they settle: many reads at once are quick,
BEYOND_CACHES = 1 << 17  # where there are more balances than the caches hold
BUY, SELL = range(2)


@numba.njit(cache=True)
def _product_payout(reserve_in, reserve_out, amount, fee):  # type: ignore[no-untyped-def]
    """What constant product pays."""
    kept = (1.0 - fee) * amount
    return reserve_out * kept / (reserve_in + kept)


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
        split = sloped * (paid - other) + bend * paid
        rest = bend * before * (2.0 * sloped * (paid + other) + bend * (before + 2.0 * paid))
        root = np.sqrt(split**2 + rest)
        return (1.0 - fee) * (2.0 * constant / (linear + root)) / scale_out
    kept = (1.0 - fee) * amount
    if curve == WEIGHTED:
        ratio = first if pays_token else 1.0 / first
        return -reserve_out * np.expm1(-ratio * np.log1p(kept / reserve_in))
    if pays_token:
        if kept >= reserve_in:
            return reserve_out
        return -reserve_out * np.expm1(np.log1p(-kept / reserve_in) / first)
    return reserve_out * np.expm1(first * np.log1p(kept / reserve_in))


@numba.njit(cache=True, inline="always")
def _quote(curve, numbers, market, token, buy, amount):  # type: ignore[no-untyped-def]
    """What `settle` pays for an order alone, to the last bit; nothing where a pool is empty.

    `market` is reserves of tokens and of numeraire and fee `[tokens]`, for pools of one curve.
    """
    reserve_token, reserve_numeraire, fees = market
    reserve_in, reserve_out, fee = reserve_token[token], reserve_numeraire[token], fees[token]
    if buy:
        reserve_in, reserve_out = reserve_out, reserve_in
    if reserve_in <= 0.0 or reserve_out <= 0.0:
        return 0.0
    if curve == CONSTANT_PRODUCT:
        return _product_payout(reserve_in, reserve_out, amount, fee)
    first, second = numbers
    return _bent_payout(curve, first, second, reserve_in, reserve_out, amount, fee, not buy)


@numba.njit(cache=True)
def quotes(curve, numbers, market, tokens, buys, amounts):  # type: ignore[no-untyped-def]
    """What orders alone would be paid `[orders]`, see `_quote`."""
    paid = np.empty(tokens.size)
    for k in range(tokens.size):
        paid[k] = _quote(curve, numbers, market, np.uint64(tokens[k]), buys[k], amounts[k])
    return paid


@numba.njit(cache=True)
def bounds(curve, numbers, market, tolerance, accounts, tokens, buys, amounts, min_outs):  # type: ignore[no-untyped-def]
    """`min_outs`, or quotes less the accounts' `tolerance` where that is more `[orders]`."""
    raised = np.empty(accounts.size)
    for k in range(accounts.size):
        quote = _quote(curve, numbers, market, np.uint64(tokens[k]), buys[k], amounts[k])
        least = (1.0 - tolerance[np.uint64(accounts[k])]) * quote
        kept = min_outs[k] >= least or least != least  # a quote that overflows may be NaN
        raised[k] = min_outs[k] if kept else least
    return raised


def walk(
    pays_token: bool,
    amount: float,
    fee: float,
    floor: Floats,
    width: Floats,
    liquidity: Floats,
    segment: int,
    height: float,
    fees: Floats,
) -> tuple[float, float, int, float]:
    """Swap `amount` in through the segments it takes: (unspent, payout, segment, height).

    Segment k of `[segments]` has `liquidity[k]` and reaches, in the root of the price, from
    `floor[k]` over `width[k]`; the price stands `height` above the floor of `segment`. Within a
    segment a swap is one of constant product on the virtual reserves liquidity / root and
    liquidity x root; `fees[k]` grows by the fee per unit of liquidity. What is unspent found no
    liquidity. Numbers and arrays only, and in this file, so that numba can compile it as it stands
    and notices a change.
    """
    payout, kept = 0.0, 1.0 - fee
    while amount > 0.0 and 0 <= segment < liquidity.size:
        depth, low, net = liquidity[segment], floor[segment], kept * amount
        root, rest = low + height, width[segment] - height
        room = depth * height / (root * low) if pays_token else depth * rest
        if net < room:
            fees[segment] += fee * amount / depth
            paying, paid = depth / root, depth * root
            if not pays_token:
                paying, paid = paid, paying
            out = paid * net / (paying + net)
            if pays_token:  # height - out / depth, with no difference of large numbers, nor a
                # product in one: compiled, it might be rounded once and not twice
                height = max((height - low * net / paying) / (1.0 + net / paying), 0.0)
            else:
                height += net / depth
            return 0.0, payout + out, segment, height
        if depth > 0.0:
            fees[segment] += fee / kept * room / depth
            amount -= room / kept
            payout += depth * height if pays_token else depth * rest / (root * (root + rest))
        segment += -1 if pays_token else 1
        height = width[segment] if pays_token else 0.0
    return amount, payout, segment, height


# A call would count references to all arrays: concentrated pools would take 3 x as long.
INLINED: Any = {"cache": True, "inline": "always"}

_walk: Any = numba.njit(**INLINED)(walk)


@numba.njit(**INLINED)
def _ranged_payout(token, buy, amount, fee, segments):  # type: ignore[no-untyped-def]
    """What a concentrated pool pays (0 if it cannot), and where that leaves the price.

    `segments` are the columns of `concentrated.Segments`, of which `unused` takes the fees.
    """
    start, floor, width, liquidity, _, fees, segment, height = segments
    first, end = start[token], start[np.int64(token) + 1]
    left, payout, reached, above = _walk(
        not buy,
        amount,
        fee,
        floor[first:end],
        width[first:end],
        liquidity[first:end],
        segment[token],
        height[token],
        fees[first:end],
    )
    if left > 0.0 or not 0 <= reached < end - first:
        payout = 0.0
    return payout, reached, above


@numba.njit(**INLINED)
def _passed(token, side, reached, above, segments, counts):  # type: ignore[no-untyped-def]
    """Clear the fees of the segments that a swap went through, counting them if it `counts`."""
    start, _, _, _, growth, fees, segment, height = segments
    last = start[np.int64(token) + 1] - start[token] - 1
    low, high = min(segment[token], reached), max(segment[token], reached)
    for k in range(start[token] + max(low, 0), start[token] + min(high, last) + 1):
        if counts:
            growth[k, side] += fees[k]
        fees[k] = 0.0
    if counts:
        segment[token], height[token] = reached, above


@numba.njit(cache=True)
def ranged_quotes(tokens, buys, amounts, fees, segments):  # type: ignore[no-untyped-def]
    """What orders alone would be paid by concentrated pools `[orders]`."""
    payouts = np.zeros(tokens.size)
    for k in range(tokens.size):
        if amounts[k] > 0.0:
            token, fee = tokens[k], fees[tokens[k]]
            payouts[k], reached, above = _ranged_payout(token, buys[k], amounts[k], fee, segments)
            _passed(token, 0, reached, above, segments, False)
    return payouts


@numba.njit(cache=True)
def settle_compiled(
    balances: Floats,
    shortfall_tolerance: float,
    pools: Any,
    segments: Any,
    accounts: Unsigned,
    tokens: Unsigned,
    buys: Booleans,
    amounts: Floats,
    min_outs: Floats,
    costs: Floats | None,
    amounts_out: Floats,
    status: Integers,
) -> float:
    """Settle orders one after the other on `balances` `[accounts, assets]`.

    Order k swaps `amounts[k]` in pool `tokens[k]` and fills in `amounts_out[k]` and `status[k]`; an
    amount that the account is short of by rounding only is reduced to its balance. `costs`, in
    numeraire, one for all or one for each, go to `OUTSIDE` whether it fills or not, unless it is
    unaffordable.

    `pools` are `settling.Pools.terms`, `segments` the columns of `concentrated.Segments`. Where
    there are no `segments` or `costs`, None has the loop compiled without them: it takes half as
    long. Accounts and assets are unsigned, as an index that may be negative takes twice as long.
    Returns a sum of what was read ahead, which is for nothing else.
    """
    curves, numbers, fees, pool_accounts, token_accounts, pool_tokens = pools
    touched = 0.0
    ahead = AHEAD if balances.size > BEYOND_CACHES else max(accounts.size, 1)
    for begin in range(0, accounts.size, ahead):
        end = min(begin + ahead, accounts.size)
        for k in range(begin, end if balances.size > BEYOND_CACHES else begin):
            row = balances[accounts[k]]
            touched += row[NUMERAIRE] + row[pool_tokens[tokens[k]]]
        for k in range(begin, end):
            account, token, amount, buy = accounts[k], tokens[k], amounts[k], buys[k]
            cost = 0.0
            if costs is not None:
                cost = costs[min(k, costs.size - 1)]
            pool, asset = pool_accounts[token], pool_tokens[token]
            asset_in = NUMERAIRE if buy else asset
            balance, verdict = balances[account, asset_in], Status.FILLED
            if cost > 0.0:
                if cost > balances[account, NUMERAIRE]:
                    verdict = Status.UNAFFORDABLE
                if buy:
                    balance -= cost
            if amount > balance:
                if amount > balance * (1.0 + shortfall_tolerance):
                    verdict = Status.UNAFFORDABLE
                amount = balance
            if verdict == Status.UNAFFORDABLE:
                status[k], amounts_out[k] = verdict, 0.0
                continue
            if cost > 0.0:
                balances[account, NUMERAIRE] -= cost
                balances[OUTSIDE, NUMERAIRE] += cost
            asset_out = asset if buy else NUMERAIRE
            holder, curve = token_accounts[token], curves[token]
            paid_to, paid_from = (pool, holder) if buy else (holder, pool)
            reserve_in, reserve_out = balances[paid_to, asset_in], balances[paid_from, asset_out]
            most, reached, above = PAYABLE * reserve_out, 0, 0.0
            if holder == OUTSIDE:  # which owes the tokens in existence
                if buy:
                    reserve_out, most = -reserve_out, np.inf
                else:
                    reserve_in = -reserve_in
            ranged, payout = False, 0.0
            if segments is not None and curve == CONCENTRATED:
                ranged = reserve_in > 0.0 or reserve_out > 0.0
            if segments is not None and ranged:
                fee = fees[token]
                payout, reached, above = _ranged_payout(token, buy, amount, fee, segments)
            if ranged:
                most = reserve_out
            elif reserve_in <= 0.0 or reserve_out <= 0.0:
                verdict = Status.EMPTY_POOL
            elif curve == CONSTANT_PRODUCT:
                payout = _product_payout(reserve_in, reserve_out, amount, fees[token])
            else:
                first, second = numbers[token, 0], numbers[token, 1]
                terms = reserve_in, reserve_out, amount, fees[token], not buy
                payout = _bent_payout(curve, first, second, *terms)
            if verdict == Status.FILLED:
                if not 0.0 < payout < most:
                    verdict = Status.EXHAUSTED
                elif payout < min_outs[k]:
                    verdict = Status.SLIPPAGE
            if verdict == Status.FILLED:
                balances[account, asset_in] = balance - amount
                balances[paid_to, asset_in] += amount
                balances[paid_from, asset_out] -= payout
                balances[account, asset_out] += payout
                amounts[k] = amount
            status[k], amounts_out[k] = verdict, payout if verdict == Status.FILLED else 0.0
            if segments is not None and ranged:
                _passed(token, 1 if buy else 0, reached, above, segments, verdict == Status.FILLED)
    return touched


@numba.njit(cache=True)
def acceptable(
    accounts: Integers,
    tokens: Integers,
    amounts: Floats,
    min_outs: Floats,
    tips: Floats,
    first_account: int,
    account_end: int,
    token_end: int,
) -> bool:
    """Whether `Orders.check` has nothing against any order."""
    fine = True
    for k in range(accounts.size):
        fine &= (accounts[k] >= first_account) & (accounts[k] < account_end) & (tokens[k] >= 0)
        fine &= (tokens[k] < token_end) & (amounts[k] >= 0.0) & (amounts[k] < np.inf)
        fine &= min_outs[k] == min_outs[k]  # not NaN
    for k in range(tips.size):
        fine &= (tips[k] >= 0.0) & (tips[k] < np.inf)
    return fine


@numba.njit(cache=True)
def tally(
    kind_of: NDArray[np.int8],
    accounts: Integers,
    tokens: Integers,
    buys: Booleans,
    amounts: Floats,
    amounts_out: Floats,
    status: Integers,
    totals: Floats,
) -> None:
    """Add what filled orders paid in and were paid to `totals` `[pools, kinds, sides, 2]`."""
    flat, kinds = totals.reshape(-1), np.uint64(totals.shape[1])
    for k in range(accounts.size):
        if status[k] == Status.FILLED:
            pair = np.uint64(tokens[k]) * kinds + np.uint64(kind_of[np.uint64(accounts[k])])
            cell = np.uint64(4) * pair + (np.uint64(2) if buys[k] else np.uint64(0))
            flat[cell] += amounts[k]
            flat[cell + np.uint64(1)] += amounts_out[k]


@numba.njit(cache=True)
def turned_over(
    tokens: Integers,
    buys: Booleans,
    amounts: Floats,
    amounts_out: Floats,
    status: Integers,
    totals: Floats,
) -> None:
    """Add what filled orders paid in and were paid to `totals` `[tokens, sides, 2]`."""
    for k in range(tokens.size):
        if status[k] == Status.FILLED:
            side = BUY if buys[k] else SELL
            totals[tokens[k], side, 0] += amounts[k]
            totals[tokens[k], side, 1] += amounts_out[k]


@numba.njit(cache=True)
def summed(
    groups: NDArray[np.int8],
    accounts: Integers,
    tokens: Integers,
    buys: Booleans,
    amounts: Floats,
    amounts_out: Floats,
    status: Integers,
    quotes: Floats,
    totals: Floats,
) -> None:
    """Add number, amounts in and out and `quotes` of orders to `totals`.

    These are `[groups, tokens, sides, statuses, 4]`, of the group of each account; those of a
    negative one are left out.
    """
    for k in range(accounts.size):
        group, side = groups[accounts[k]], BUY if buys[k] else SELL
        if group >= 0:
            cell = totals[group, tokens[k], side, status[k]]
            cell[0] += 1.0
            cell[1] += amounts[k]
            cell[2] += amounts_out[k]
            cell[3] += quotes[k]


@numba.njit(cache=True)
def packed(places, whole, real, accounts, tokens, buys, amounts, min_outs):  # type: ignore[no-untyped-def]
    """Write order k to row `places[k]` of `whole` and `real` `[orders, 4]`: one memory."""
    for k in range(accounts.size):
        row = np.uint64(places[k])
        whole[row, 0], whole[row, 1] = accounts[k], 2 * tokens[k] + buys[k]
        real[row, 2], real[row, 3] = amounts[k], min_outs[k]


@numba.njit(cache=True)
def gathered(rows, whole, real, accounts, tokens, buys, amounts, min_outs):  # type: ignore[no-untyped-def]
    """Fill the columns with some `rows` of what was `packed`; false when one is unknown."""
    for k in range(rows.size):
        row = rows[k] if rows[k] >= 0 else rows[k] + whole.shape[0]
        if not 0 <= row < whole.shape[0]:
            return False
        accounts[k], code = whole[row, 0], whole[row, 1]
        tokens[k], buys[k] = code >> 1, code & 1 == 1
        amounts[k], min_outs[k] = real[row, 2], real[row, 3]
    return True


@numba.njit(cache=True)
def dealt(pile, ends):  # type: ignore[no-untyped-def]
    """Places of what goes to the given `pile`, one after the other; piles reach to their `ends`."""
    places, free = np.empty(pile.size, dtype=np.int32), np.zeros_like(ends)
    free[1:] = ends[:-1]
    for k in range(pile.size):
        places[k] = free[pile[k]]
        free[pile[k]] += 1
    return places


@numba.njit(cache=True)
def mixed(ends, drawn):  # type: ignore[no-untyped-def]
    """Places in an order that is random within each pile, by numbers `drawn` from [0, 1)."""
    rows, first = np.empty(drawn.size, dtype=np.int32), 0
    for end in ends:
        for k in range(first, end):  # Fisher & Yates, from the inside out
            other = first + np.int64(drawn[k] * (k - first + 1))
            rows[k], rows[other] = rows[other], k
        first = end
    return rows
