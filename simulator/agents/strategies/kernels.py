"""Compiled loops of the strategies. They draw nothing and know no component."""

import numba

from simulator.components import Booleans, Floats, Integers


@numba.njit(cache=True)
def affordable(
    values: Floats,
    price: Floats,
    opened: Booleans,
    accounts: Integers,
    cash: Floats,
    holdings: Floats,
    dust: float,
    found: tuple[Integers, Integers, Booleans, Floats],
    count: int,
) -> int:
    """Write orders for `values` `[accounts, tokens]` to `found` after its first `count`.

    `found` is account, token, side and amount `[orders]`; returns the new count. Purchases are
    scaled down to an account's `cash`, sales are capped by its `holdings`, and what is worth no
    more than the fraction `dust` of its wealth is left out.
    """
    account, token, buy, amount = found
    for a in range(accounts.size):
        wanted, wealth = 0.0, cash[a]
        for k in range(price.size):
            wanted += max(values[a, k], 0.0)
            wealth += holdings[a, k] * price[k]
        scale = cash[a] / wanted if wanted > cash[a] else 1.0
        for k in range(price.size):
            value = values[a, k]
            ordered = value * scale if value > 0 else min(-value / price[k], holdings[a, k])
            worth = ordered if value > 0 else ordered * price[k]
            if opened[k] and not worth <= dust * wealth:  # NaN is for others to refuse
                account[count], token[count] = accounts[a], k
                buy[count], amount[count] = value > 0, ordered
                count += 1
    return count
