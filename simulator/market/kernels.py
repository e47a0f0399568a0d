"""Compiled loops of the market. They draw nothing and know no component."""

import numba

from simulator.components import Booleans, Floats, Integers

NUMERAIRE = 0  # as in the ledger; the compiled code's cache does not notice changes elsewhere
FILLED, UNAFFORDABLE, SLIPPAGE, EMPTY_POOL, EXHAUSTED = range(5)


@numba.njit(cache=True, inline="always")
def _constant_product(reserve_in, reserve_out, amount, fee):  # type: ignore[no-untyped-def]
    kept = (1.0 - fee) * amount
    return reserve_out * kept / (reserve_in + kept)


@numba.njit(cache=True)
def settle(
    balances: Floats,
    shortfall_tolerance: float,
    fees: Floats,
    pool_accounts: Integers,
    pool_tokens: Integers,
    accounts: Integers,
    tokens: Integers,
    buys: Booleans,
    amounts: Floats,
    min_outs: Floats,
    amounts_out: Floats,
    status: Integers,
) -> None:
    """Settle orders one after the other on `balances` `[accounts, assets]`.

    Order k swaps `amounts[k]` in pool `tokens[k]` and fills in `amounts_out[k]` and `status[k]`; an
    amount that the account is short of by rounding only is reduced to its balance.
    """
    for k in range(accounts.size):
        account, token, amount = accounts[k], tokens[k], amounts[k]
        pool = pool_accounts[token]
        asset_in = NUMERAIRE if buys[k] else pool_tokens[token]
        asset_out = pool_tokens[token] if buys[k] else NUMERAIRE
        balance = balances[account, asset_in]
        if amount > balance:
            if amount > balance * (1.0 + shortfall_tolerance):
                status[k] = UNAFFORDABLE
                continue
            amount = balance
        reserve_in, reserve_out = balances[pool, asset_in], balances[pool, asset_out]
        if reserve_in <= 0.0 or reserve_out <= 0.0:
            status[k] = EMPTY_POOL
            continue
        payout = _constant_product(reserve_in, reserve_out, amount, fees[token])
        if not 0.0 < payout < reserve_out:
            status[k] = EXHAUSTED
            continue
        if payout < min_outs[k]:
            status[k] = SLIPPAGE
            continue
        balances[account, asset_in] = balance - amount
        balances[pool, asset_in] = reserve_in + amount
        balances[pool, asset_out] = reserve_out - payout
        balances[account, asset_out] += payout
        amounts[k] = amount
        amounts_out[k] = payout
        status[k] = FILLED
