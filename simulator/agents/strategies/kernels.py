"""Compiled loops of the strategies. They draw nothing and know no component."""

import numba
import numpy as np

from simulator.components import Booleans, Floats, Integers


@numba.njit(cache=True)
def affordable(
    values: Floats, price: Floats, opened: Booleans, cash: Floats, holdings: Floats
) -> tuple[Integers, Integers, Booleans, Floats]:
    """Account, token, side and amount of the orders for `values` `[accounts, tokens]`.

    Purchases are scaled down to an account's `cash`, sales are capped by its `holdings`.
    """
    accounts, tokens = values.shape
    account, token = np.empty(values.size, np.int64), np.empty(values.size, np.int64)
    buy, amount = np.empty(values.size, np.bool_), np.empty(values.size)
    count = 0
    for a in range(accounts):
        wanted = 0.0
        for k in range(tokens):
            wanted += max(values[a, k], 0.0)
        scale = cash[a] / wanted if wanted > cash[a] else 1.0
        for k in range(tokens):
            value = values[a, k]
            ordered = value * scale if value > 0 else min(-value / price[k], holdings[a, k])
            if opened[k] and ordered != 0:
                account[count], token[count] = a, k
                buy[count], amount[count] = value > 0, ordered
                count += 1
    return account[:count], token[:count], buy[:count], amount[:count]
