"""Compiled loops of the ledger: many payments at once, all debits and then all credits."""

import numba
import numpy as np

from simulator.components import Floats, Integers

MOVED, BAD_AMOUNT, BAD_NUMBER, SHORT = range(4)


@numba.njit(cache=True, inline="always")
def _add_to(total, lost, amount):  # type: ignore[no-untyped-def]
    """Add to a sum, and update the amount that it lost to rounding (Neumaier 1974)."""
    new_total = total + amount
    if abs(total) >= abs(amount):
        return new_total, lost + ((total - new_total) + amount)
    return new_total, lost + ((amount - new_total) + total)


@numba.njit(cache=True)
def move(
    balances: Floats,
    asset: Integers,
    payer: Integers,
    payee: Integers,
    amount: Floats,
    tolerance: float,
    scale: float,
    paid: Floats,
) -> tuple[int, int, float]:
    """Move amounts on `balances` `[accounts, assets]`; all arrays are of one length or of length 1.

    Writes the amounts paid to `paid` `[rows]`. Returns a verdict and, for `SHORT`, a row of the
    payer and its total payment; no balance has changed then.
    """
    accounts, assets = balances.shape
    for k in range(amount.size):
        if not 0.0 <= amount[k] < np.inf:
            return BAD_AMOUNT, k, 0.0
    for numbers, end in ((asset, assets), (payer, accounts), (payee, accounts)):
        for k in range(numbers.size):
            if not 0 <= numbers[k] < end:
                return BAD_NUMBER, k, 0.0

    rows, ascending = paid.size, True
    cells = np.empty(rows, dtype=np.int64)
    for k in range(rows):
        cells[k] = payer[min(k, payer.size - 1)] * assets + asset[min(k, asset.size - 1)]
        paid[k] = amount[min(k, amount.size - 1)]
        ascending &= k == 0 or cells[k] >= cells[k - 1]
    order = np.arange(rows) if ascending else np.argsort(cells, kind="mergesort")

    flat, left, first = balances.reshape(-1), np.empty(rows), 0
    while first < rows:  # what each payer would have left; changes no balance
        cell, last, total, lost = cells[order[first]], first, 0.0, 0.0
        while last < rows and cells[order[last]] == cell:
            total, lost = _add_to(total, lost, paid[order[last]])
            last += 1
        total += lost
        left[first] = flat[cell] - total
        if left[first] < 0.0 and cell >= assets:  # the cells of `OUTSIDE` come first
            if -left[first] > tolerance * max(total, scale):
                return SHORT, order[first], total
            for k in range(first, last):
                paid[order[k]] *= flat[cell] / total
            left[first] = 0.0
        for k in range(first + 1, last):
            left[k] = left[first]
        first = last

    for k in range(rows):
        flat[cells[order[k]]] = left[k]
    for k in range(rows):
        cells[k] = payee[min(k, payee.size - 1)] * assets + asset[min(k, asset.size - 1)]
    add(flat, cells, paid)
    return MOVED, 0, 0.0


@numba.njit(cache=True)
def count(
    flows: Floats,
    kind_of: Integers,
    kinds: int,
    asset: Integers,
    payer: Integers,
    payee: Integers,
    amount: Floats,
) -> None:
    """Add `amount` `[rows]` to `flows`, numbered by asset, payer's kind and payee's kind."""
    codes = np.empty(amount.size, dtype=np.int64)
    for k in range(codes.size):
        pair = asset[min(k, asset.size - 1)] * kinds + kind_of[payer[min(k, payer.size - 1)]]
        codes[k] = pair * kinds + kind_of[payee[min(k, payee.size - 1)]]
    add(flows, codes, amount)


@numba.njit(cache=True)
def add(flat: Floats, cells: Integers, amount: Floats) -> None:
    """Add `amount` to the `cells`; amounts for one cell in a row are summed first."""
    first = 0
    while first < cells.size:
        last, total, lost = first, 0.0, 0.0
        while last < cells.size and cells[last] == cells[first]:
            total, lost = _add_to(total, lost, amount[last])
            last += 1
        flat[cells[first]] += total + lost
        first = last


@numba.njit(cache=True)
def totals(balances: Floats) -> tuple[Floats, Floats, bool]:
    """Sums of `balances` and of their sizes `[assets]`, and whether any but `OUTSIDE`'s is < 0."""
    accounts, assets = balances.shape
    total, scale, below = np.zeros(assets), np.zeros(assets), False
    for account in range(accounts):
        for asset in range(assets):
            balance = balances[account, asset]
            total[asset] += balance
            scale[asset] += abs(balance)
            below |= (balance < 0.0) & (account > 0)
    return total, scale, below
