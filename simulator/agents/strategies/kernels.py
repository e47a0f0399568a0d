"""Compiled loops of the strategies, without randomness or components."""

import numba

from simulator.components import Booleans, Floats, Integers


@numba.njit(cache=True)
def affordable(
    values: Floats,
    price: Floats,
    is_open: Booleans,
    accounts: Integers,
    cash: Floats,
    holdings: Floats,
    dust: float,
    columns: tuple[Integers, Integers, Booleans, Floats],
    count: int,
) -> int:
    """Append orders for `values` `[accounts, tokens]` to `columns` after the first `count` rows.

    `columns` are account, token, side and amount `[orders]`; returns the new count. Purchases are
    scaled down to an account's `cash`, sales are capped by its `holdings`, and orders worth no more
    than the fraction `dust` of its wealth are left out.
    """
    account, token, buy, amount = columns
    for a in range(accounts.size):
        spending, wealth = 0.0, cash[a]
        for k in range(price.size):
            spending += max(values[a, k], 0.0)
            wealth += holdings[a, k] * price[k]
        scale = cash[a] / spending if spending > cash[a] else 1.0
        for k in range(price.size):
            value = values[a, k]
            quantity = value * scale if value > 0 else min(-value / price[k], holdings[a, k])
            worth = quantity if value > 0 else quantity * price[k]
            if is_open[k] and not worth <= dust * wealth:  # keeps NaN, which `Orders.check` refuses
                account[count], token[count] = accounts[a], k
                buy[count], amount[count] = value > 0, quantity
                count += 1
    return count
