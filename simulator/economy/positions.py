"""Positions: deposits and withdrawals of providers and treasury, and the fees they earn."""

from dataclasses import replace
from typing import Any

import numpy as np

from simulator.components import Floats, Integers
from simulator.economy.records import Book
from simulator.economy.register import CLEARING_ACCOUNT, TREASURY
from simulator.economy.world import World
from simulator.ledger import NUMERAIRE, OUTSIDE
from simulator.market import ConcentratedPool, LiquidityOrders, Pool, Pools, Positions
from simulator.market.fees import fees_earned

__all__ = ["change", "deepen", "inject", "record_launch", "rows"]

LEAST_DEPOSIT = 1e-12  # of a pool's reserves: smaller deposits are left out


def record_launch(world: World, new: Integers) -> None:
    """Record the positions that a launch opened in the pools of `new` tokens.

    They earn fees within this period.
    """
    book, amounts, fractions = _writable(world.book), world.claims[:2], world.pool_fractions
    book.deposited[:, :, new] = book.moved[:, :, new] = amounts[:, :, new]
    book.part[:, new] = fractions[:, new]
    world.book = book


def change(world: World, orders: LiquidityOrders) -> None:
    """Execute `orders` one after the other; orders of accounts that cannot pay gas are left out.

    An empty pool reopens at its last price. A deposit in a concentrated pool is left out while its
    account has a position for other prices there.
    """
    ledger, register, gas = world.ledger, world.register, world.settings.market.gas
    book, price = _writable(world.book), world.prices.spot
    for row in range(len(orders)):
        account, number = int(orders.account[row]), int(orders.token[row])
        if ledger.balances[account, NUMERAIRE] < gas:
            continue
        ledger.transfer("gas", NUMERAIRE, account, OUTSIDE, gas)
        place = slice(None), account - int(register.provider_accounts[0]), number
        fraction, pool = float(orders.withdraw[row]), world.pools[number]
        if isinstance(pool, ConcentratedPool) and fraction > 0:
            book.collected[place] += pool.claims(register.provider_accounts)[2:4, place[1]]
        withdrawn = np.array(_withdraw(pool, account, fraction))
        most = float(orders.deposit_token[row]), float(orders.deposit_numeraire[row])
        bounds = float(orders.lower[row]), float(orders.upper[row])
        deposited = np.array(_deposit(pool, account, most, float(price[number]), bounds))
        book.deposited[place] *= 1.0 - fraction
        book.deposited[place] += deposited
        book.moved[place] += deposited - withdrawn
    world.book = book


def deepen(world: World, budget: Floats, arrived: float) -> None:
    """The treasury deposits `budget` `[tokens]` in pools, with tokens minted at each pool's ratio.

    Prices do not change, and the treasury owns the LP shares. It retains the budget of empty pools
    and amounts too small to deposit. `arrived` is all the money of this period's clearing.
    """
    if not budget.any():
        return
    ledger, book = world.ledger, _writable(world.book)
    for number, pool in enumerate(world.pools):
        money = float(budget[number])
        if pool.empty or not pool.shares or money / pool.reserve_numeraire < LEAST_DEPOSIT:
            ledger.transfer("retained", NUMERAIRE, CLEARING_ACCOUNT, TREASURY, money, arrived)
            continue
        ledger.transfer("liquidity", NUMERAIRE, CLEARING_ACCOUNT, TREASURY, money, arrived)
        _deposit_with_minted(pool, TREASURY, money, book, (-1, number), arrived)
    world.book = book


def inject(world: World, account: int, amount: float) -> None:
    """Give `amount` to a provider's `account`, deposited in pools with tokens minted for it.

    All open pools get equal amounts; prices do not change. Without open pools nothing happens.
    """
    ledger, pools, book = world.ledger, world.pools, _writable(world.book)
    numbers = [number for number, pool in enumerate(pools) if not pool.empty and pool.shares]
    row = account - int(world.register.provider_accounts[0])
    for number in numbers:
        money = amount / len(numbers)
        ledger.transfer("endowment", NUMERAIRE, OUTSIDE, account, money)
        _deposit_with_minted(pools[number], account, money, book, (row, number), amount)
    world.book = book


def _writable(book: Book) -> Book:
    """A writable copy."""
    return Book(**{name: array.copy() for name, array in vars(book).items()})


def _deposit_with_minted(
    pool: Pool, account: int, money: float, book: Book, place: tuple[int, int], scale: float
) -> None:
    """Deposit `money` of `account` in a pool, with minted tokens at the pool's ratio.

    Records it in `book` at `place`; `scale` is as in `Ledger.move`.
    """
    tokens = money / pool.reserve_numeraire * pool.reserve_token
    pool.ledger.transfer("liquidity", pool.token, OUTSIDE, account, tokens)
    pool.add_liquidity(tokens, money, account=account, scale=scale)
    book.deposited[:, *place] += (tokens, money)
    book.moved[:, *place] += (tokens, money)


def rows(
    world: World, now: Positions, bought_back: Floats, turnover: Floats
) -> tuple[dict[str, Any], Book]:
    """The rows of table positions, for positions `now`, and the book for the next period.

    `turnover` `[tokens, sides, 2]` are the amounts in and out of all buys and sells of the period;
    those `bought_back` are part of it and came before positions were changed.
    The loss-versus-rebalancing of a period is the price gain of the tokens held at its start, plus
    net deposits, minus the position's gain without fees (Milionis et al. 2022):
    x (p' - p) + dx p' + dy - (v' - v - fees).
    """
    book, pools, price = world.book, world.pools, world.prices.spot
    fractions = world.pool_fractions
    value, collected, uncollected = now.value(price), book.collected, book.uncollected
    buyback_fees, pool_fees = _fees(pools, bought_back, price), _fees(pools, turnover, price)
    fees = book.part * buyback_fees + fractions * (pool_fees - buyback_fees)
    if pools.any_concentrated:
        uncollected = world.claims[2:4]
        tokens, numeraire = uncollected + book.collected - book.uncollected
        fees, collected = numeraire + tokens * price, np.zeros_like(collected)
    moved_tokens, moved_numeraire = book.moved
    moved = moved_tokens * price + moved_numeraire
    rebalanced = book.value + book.tokens * (price - book.price) + moved
    cells = np.flatnonzero((now.shares > 0) | (book.part > 0))
    owner, pool = np.divmod(cells, len(pools))
    columns = {
        "shares": now.shares,
        "lower": now.lower,
        "upper": now.upper,
        "tokens": now.tokens,
        "numeraire": now.numeraire,
        "value": value,
        "deposited_tokens": now.deposited_tokens,
        "deposited_numeraire": now.deposited_numeraire,
        "holding_value": now.holding_value(price),
        "moved_tokens": moved_tokens,
        "moved_numeraire": moved_numeraire,
        "moved": moved,
        "fees": fees,
        "lvr": rebalanced - value + fees,
    }
    rows = {"agent": world.register.position_accounts[owner] - TREASURY, "token": pool}
    rows |= {name: column.ravel()[cells] for name, column in columns.items()}
    return rows, replace(
        book,
        moved=np.zeros_like(book.moved),
        collected=collected,
        uncollected=uncollected,
        part=fractions,
        tokens=now.tokens,
        value=value,
        price=price,
        fees=pool_fees,
    )


def _fees(pools: Pools, turnover: Floats, price: Floats) -> Floats:
    """Value at `price` of the fees `[tokens]` in a `turnover` `[tokens, sides, 2]`."""
    (bought_for, bought), (sold, sold_for) = np.moveaxis(turnover, 0, -1)
    paid_in, paid_out = bought_for + sold * price, bought * price + sold_for
    fee_in, fee_out = fees_earned(pools.fees, pools.fee_on_output, paid_in, paid_out)
    return fee_in + fee_out


def _withdraw(pool: Pool, account: int, fraction: float) -> tuple[float, float]:
    """Withdraw a fraction of the account's shares; returns (tokens, numeraire)."""
    shares = min(fraction, 1.0) * float(pool.ledger.balances[account, pool.share])
    return pool.remove_liquidity(shares, account=account) if shares > 0 else (0.0, 0.0)


def _deposit(
    pool: Pool,
    account: int,
    most: tuple[float, float],
    price: float,
    bounds: tuple[float, float],
) -> tuple[float, float]:
    """Deposit up to `most`, within the balances of `account`; returns (tokens, numeraire)."""
    balances = pool.ledger.balances[account, [pool.token, NUMERAIRE]]
    token, numeraire = np.minimum(most, balances).tolist()
    if isinstance(pool, ConcentratedPool):
        accepted = (token or numeraire) and pool.accepts(account, token, numeraire, *bounds)
    else:
        if not pool.shares:
            ratio = pool.curve.balanced(price)
            token = min(token, numeraire * ratio)
            numeraire = token / ratio
        token_fraction = token / (pool.reserve_token or 1.0)
        numeraire_fraction = numeraire / (pool.reserve_numeraire or 1.0)
        accepted = min(token_fraction, numeraire_fraction) >= LEAST_DEPOSIT
    if not accepted:
        return 0.0, 0.0
    pool.add_liquidity(token, numeraire, account=account, lower=bounds[0], upper=bounds[1])
    left = pool.ledger.balances[account, [pool.token, NUMERAIRE]]
    token, numeraire = (balances - left).tolist()
    return token, numeraire
