"""Compiled loops of the market, without randomness or components."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from simulator.components import Booleans, Floats, Integers
from simulator.market.statuses import Status

Unsigned = NDArray[np.uint64]

OUTSIDE = NUMERAIRE = np.uint64(0)  # copied from the ledger: numba would not notice a change there
CONSTANT_PRODUCT, WEIGHTED, STABLESWAP, BONDING_CURVE, CONCENTRATED = range(5)
PAYABLE = 1.0 - 1e-6  # of a reserve: a smaller rest, being rounded, could be exploited for a gain
AHEAD = 128  # orders whose balances are read together before they settle, which is quick
BEYOND_CACHES = 1 << 17  # if there are more balances than this, too many for the caches
BUY, SELL = range(2)
CURVE, POOL, HOLDER, ASSET = np.arange(4, dtype=np.uint64)
"""Columns of `places` `[pools, 4]`: the curve, the accounts of money and of tokens, the token."""


@numba.njit(cache=True)
def _product_payout(reserve_in, reserve_out, amount, fee):  # type: ignore[no-untyped-def]
    """Payout of a constant product."""
    after_fee = (1.0 - fee) * amount
    return reserve_out * after_fee / (reserve_in + after_fee)


@numba.njit(cache=True)
def _curve_payout(curve, first, second, reserve_in, reserve_out, amount, fee, pays_token):  # type: ignore[no-untyped-def]
    """Payout of the other curves; `curve`, `first` and `second` as in `kernel_parameters`."""
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
    after_fee = (1.0 - fee) * amount
    if curve == WEIGHTED:
        ratio = first if pays_token else 1.0 / first
        return -reserve_out * np.expm1(-ratio * np.log1p(after_fee / reserve_in))
    if pays_token:
        if after_fee >= reserve_in:
            return reserve_out
        return -reserve_out * np.expm1(np.log1p(-after_fee / reserve_in) / first)
    return reserve_out * np.expm1(first * np.log1p(after_fee / reserve_in))


@numba.njit(cache=True, inline="always")
def _quote(curve, numbers, market, token, buy, amount):  # type: ignore[no-untyped-def]
    """Payout of an order if it settled first, equal to the last bit; 0 if the pool is empty.

    `market` is (token reserves, numeraire reserves, fees), `[tokens]` each, for pools of one curve.
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
    return _curve_payout(curve, first, second, reserve_in, reserve_out, amount, fee, not buy)


@numba.njit(cache=True)
def quotes(curve, numbers, market, tokens, buys, amounts):  # type: ignore[no-untyped-def]
    """Payout of each order if it settled first `[orders]`, see `_quote`."""
    payouts = np.empty(tokens.size)
    for k in range(tokens.size):
        payouts[k] = _quote(curve, numbers, market, np.uint64(tokens[k]), buys[k], amounts[k])
    return payouts


@numba.njit(cache=True)
def bounds(curve, numbers, market, tolerance, accounts, tokens, buys, amounts, min_outs):  # type: ignore[no-untyped-def]
    """`min_outs` raised to (1 - `tolerance[account]`) x quote where that is more `[orders]`."""
    raised = np.empty(accounts.size)
    for k in range(accounts.size):
        quote = _quote(curve, numbers, market, np.uint64(tokens[k]), buys[k], amounts[k])
        least = (1.0 - tolerance[np.uint64(accounts[k])]) * quote
        suffices = min_outs[k] >= least or least != least  # a quote that overflows may be NaN
        raised[k] = min_outs[k] if suffices else least
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
    """Swap `amount` in across segments; returns (unspent, payout, segment, height).

    Segment k of `[segments]` has `liquidity[k]` and covers roots of the price from `floor[k]` to
    `floor[k]` + `width[k]`; the price stands `height` above the floor of `segment`. Within a
    segment the swap is one of constant product on the virtual reserves liquidity / root and
    liquidity x root; `fees[k]` grows by the fee per unit of liquidity. The unspent amount met no
    liquidity. Numbers and arrays only, and in this file, so that numba can compile it unchanged
    and recompiles it when it changes.
    """
    payout, after_fee_rate = 0.0, 1.0 - fee
    while amount > 0.0 and 0 <= segment < liquidity.size:
        depth, low, net = liquidity[segment], floor[segment], after_fee_rate * amount
        root, rest = low + height, width[segment] - height
        room = depth * height / (root * low) if pays_token else depth * rest
        if net < room:
            fees[segment] += fee * amount / depth
            reserve_in, reserve_out = depth / root, depth * root
            if not pays_token:
                reserve_in, reserve_out = reserve_out, reserve_in
            out = reserve_out * net / (reserve_in + net)
            if pays_token:  # height - out / depth, rearranged to subtract no large numbers, and no
                # bare product either: compiled, that might be rounded once instead of twice
                height = max((height - low * net / reserve_in) / (1.0 + net / reserve_in), 0.0)
            else:
                height += net / depth
            return 0.0, payout + out, segment, height
        if depth > 0.0:
            fees[segment] += fee / after_fee_rate * room / depth
            amount -= room / after_fee_rate
            payout += depth * height if pays_token else depth * rest / (root * (root + rest))
        segment += -1 if pays_token else 1
        height = width[segment] if pays_token else 0.0
    return amount, payout, segment, height


# Inlined: a call would count references to all arrays and take 3 x as long.
INLINED: Any = {"cache": True, "inline": "always"}

_walk: Any = numba.njit(**INLINED)(walk)


@numba.njit(**INLINED)
def _ranged_payout(token, buy, amount, fee, segments):  # type: ignore[no-untyped-def]
    """A concentrated pool's (payout or 0, segment of the price after it, height in the segment).

    `segments` are the columns of `concentrated.Segments`; its `swap_fees` receive the fees.
    """
    start, floor, width, liquidity, _, fees, segment, height = segments
    first, end = start[token], start[np.int64(token) + 1]
    unspent, payout, end_segment, end_height = _walk(
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
    if unspent > 0.0 or not 0 <= end_segment < end - first:
        payout = 0.0
    return payout, end_segment, end_height


@numba.njit(**INLINED)
def _finish_swap(token, side, end_segment, end_height, segments, filled):  # type: ignore[no-untyped-def]
    """Clear a swap's fees in its segments; if `filled`, count them and move the price."""
    start, _, _, _, growth, fees, segment, height = segments
    last = start[np.int64(token) + 1] - start[token] - 1
    low, high = min(segment[token], end_segment), max(segment[token], end_segment)
    for k in range(start[token] + max(low, 0), start[token] + min(high, last) + 1):
        if filled:
            growth[k, side] += fees[k]
        fees[k] = 0.0
    if filled:
        segment[token], height[token] = end_segment, end_height


@numba.njit(cache=True)
def ranged_quotes(tokens, buys, amounts, fees, segments):  # type: ignore[no-untyped-def]
    """Payout of each order from concentrated pools if it settled first `[orders]`."""
    payouts = np.zeros(tokens.size)
    for k in range(tokens.size):
        if amounts[k] > 0.0:
            token, fee = tokens[k], fees[tokens[k]]
            payouts[k], end_segment, end_height = _ranged_payout(
                token, buys[k], amounts[k], fee, segments
            )
            _finish_swap(token, 0, end_segment, end_height, segments, False)
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

    Order k swaps `amounts[k]` in pool `tokens[k]` and writes `amounts_out[k]` and `status[k]`; an
    amount above the account's balance by rounding only is reduced to the balance. `costs`
    (numeraire, one for all orders or one for each) go to `OUTSIDE` for every order, filled or
    failed, that is not unaffordable.

    `pools` are `settling.Pools.terms`, `segments` the columns of `concentrated.Segments`. With None
    for `segments` or `costs` the loop is compiled without them and takes half as long. Accounts,
    assets and orders are unsigned: numbers that may be negative take longer to index. What is known
    of a pool stands in one row of `places`, as the loop has too few registers for more arrays.
    Returns the sum of the balances read ahead, only so that the reads are compiled.
    """
    places, numbers, fees = pools
    touched = 0.0
    ahead = AHEAD if balances.size > BEYOND_CACHES else max(accounts.size, 1)
    for first_order in range(0, accounts.size, ahead):
        begin = np.uint64(first_order)
        end = np.uint64(min(first_order + ahead, accounts.size))
        for k in range(begin, end if balances.size > BEYOND_CACHES else begin):
            row = balances[accounts[k]]
            touched += row[NUMERAIRE] + row[places[tokens[k], ASSET]]
        for k in range(begin, end):
            account, token, amount, buy = accounts[k], tokens[k], amounts[k], buys[k]
            cost = 0.0
            if costs is not None:
                cost = costs[k if costs.size > 1 else np.uint64(0)]
            curve, pool = places[token, CURVE], places[token, POOL]
            holder, asset = places[token, HOLDER], places[token, ASSET]
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
            paid_to, paid_from = (pool, holder) if buy else (holder, pool)
            reserve_in, reserve_out = balances[paid_to, asset_in], balances[paid_from, asset_out]
            most, end_segment, end_height = PAYABLE * reserve_out, 0, 0.0
            if holder == OUTSIDE:  # its balance is minus the tokens in existence
                if buy:
                    reserve_out, most = -reserve_out, np.inf
                else:
                    reserve_in = -reserve_in
            ranged, payout = False, 0.0
            if segments is not None and curve == CONCENTRATED:
                ranged = reserve_in > 0.0 or reserve_out > 0.0
            if segments is not None and ranged:
                payout, end_segment, end_height = _ranged_payout(
                    token, buy, amount, fees[token], segments
                )
            if ranged:
                most = reserve_out
            elif reserve_in <= 0.0 or reserve_out <= 0.0:
                verdict = Status.EMPTY_POOL
            elif curve == CONSTANT_PRODUCT:
                payout = _product_payout(reserve_in, reserve_out, amount, fees[token])
            else:
                first, second = numbers[token, 0], numbers[token, 1]
                terms = reserve_in, reserve_out, amount, fees[token], not buy
                payout = _curve_payout(curve, first, second, *terms)
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
                side, filled = 1 if buy else 0, verdict == Status.FILLED
                _finish_swap(token, side, end_segment, end_height, segments, filled)
    return touched


@numba.njit(cache=True)
def are_valid(
    accounts: Integers,
    tokens: Integers,
    amounts: Floats,
    min_outs: Floats,
    tips: Floats,
    first_account: int,
    account_end: int,
    token_end: int,
) -> bool:
    """Whether all orders pass `Orders.check`."""
    valid = True
    for k in range(accounts.size):
        valid &= (accounts[k] >= first_account) & (accounts[k] < account_end) & (tokens[k] >= 0)
        valid &= (tokens[k] < token_end) & (amounts[k] >= 0.0) & (amounts[k] < np.inf)
        valid &= min_outs[k] == min_outs[k]  # not NaN
    for k in range(tips.size):
        valid &= (tips[k] >= 0.0) & (tips[k] < np.inf)
    return valid


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
    """Add amounts in and out of filled orders to `totals` `[pools, kinds, sides, 2]`."""
    flat, kinds = totals.reshape(-1), np.uint64(totals.shape[1])
    for k in range(accounts.size):
        if status[k] == Status.FILLED:
            pair = np.uint64(tokens[k]) * kinds + np.uint64(kind_of[np.uint64(accounts[k])])
            cell = np.uint64(4) * pair + (np.uint64(2) if buys[k] else np.uint64(0))
            flat[cell] += amounts[k]
            flat[cell + np.uint64(1)] += amounts_out[k]


@numba.njit(cache=True)
def add_turnover(
    tokens: Integers,
    buys: Booleans,
    amounts: Floats,
    amounts_out: Floats,
    status: Integers,
    totals: Floats,
) -> None:
    """Add amounts in and out of filled orders to `totals` `[tokens, sides, 2]`."""
    for k in range(tokens.size):
        if status[k] == Status.FILLED:
            side = BUY if buys[k] else SELL
            totals[tokens[k], side, 0] += amounts[k]
            totals[tokens[k], side, 1] += amounts_out[k]


@numba.njit(cache=True)
def add_by_group(
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
    """Add count, amounts in and out and `quotes` of orders to `totals`.

    `totals` are `[groups, tokens, sides, statuses, 4]`; accounts of a negative group are left out.
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
def pack(places, integers, floats, accounts, tokens, buys, amounts, min_outs):  # type: ignore[no-untyped-def]
    """Write order k to row `places[k]` of `integers` and `floats` `[orders, 4]`, one memory."""
    for k in range(accounts.size):
        row = np.uint64(places[k])
        integers[row, 0], integers[row, 1] = accounts[k], 2 * tokens[k] + buys[k]
        floats[row, 2], floats[row, 3] = amounts[k], min_outs[k]


@numba.njit(cache=True)
def gather(rows, integers, floats, accounts, tokens, buys, amounts, min_outs):  # type: ignore[no-untyped-def]
    """Read `rows` of the memory that `pack` wrote into the columns; False if a row is unknown."""
    for k in range(rows.size):
        row = rows[k] if rows[k] >= 0 else rows[k] + integers.shape[0]
        if not 0 <= row < integers.shape[0]:
            return False
        accounts[k], code = integers[row, 0], integers[row, 1]
        tokens[k], buys[k] = code >> 1, code & 1 == 1
        amounts[k], min_outs[k] = floats[row, 2], floats[row, 3]
    return True


@numba.njit(cache=True)
def pile_places(pile, ends):  # type: ignore[no-untyped-def]
    """Place of each item when piles lie one after the other, `pile` by item, `ends` by pile."""
    places, next_place = np.empty(pile.size, dtype=np.int32), np.zeros_like(ends)
    next_place[1:] = ends[:-1]
    for k in range(pile.size):
        places[k] = next_place[pile[k]]
        next_place[pile[k]] += 1
    return places


@numba.njit(cache=True)
def shuffled_piles(ends, uniforms):  # type: ignore[no-untyped-def]
    """Places shuffled within each pile, by `uniforms` from [0, 1)."""
    rows, first = np.empty(uniforms.size, dtype=np.int32), 0
    for end in ends:
        for k in range(first, end):  # Fisher & Yates, from the inside out
            other = first + np.int64(uniforms[k] * (k - first + 1))
            rows[k], rows[other] = rows[other], k
        first = end
    return rows
