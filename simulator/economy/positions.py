"""Positions: what providers and the treasury put in and take out, and what positions earn."""

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

__all__ = ["change", "deepen", "inject", "opened", "rows"]

LEAST_DEPOSIT = 1e-12  # of a pool's reserves: less is not deposited


def opened(world: World, new: Integers) -> None:
    """Take down the positions that a launch has opened in the pools of `new` tokens.

    They earn fees at once, within the same period.
    """
    book, sides, part = _writable(world.book), world.claims[:2], world.parts
    book.deposited[:, :, new] = book.moved[:, :, new] = sides[:, :, new]
    book.part[:, new] = part[:, new]
    world.book = book


def change(world: World, orders: LiquidityOrders) -> None:
    """Execute `orders` one after the other; each costs gas and is left out if that is not there.

    An empty pool opens at the last price known. A deposit in a concentrated pool is left out while
    its account has a position for other prices there.
    """
    ledger, register, gas = world.ledger, world.register, world.settings.market.gas
    book, price = _writable(world.book), world.prices.spot
    for row in range(len(orders)):
        account, number = int(orders.account[row]), int(orders.token[row])
        if ledger.balances[account, NUMERAIRE] < gas:
            continue
        ledger.transfer("gas", NUMERAIRE, account, OUTSIDE, gas)
        place = slice(None), account - int(register.provider_accounts[0]), number
        part, pool = float(orders.withdraw[row]), world.pools[number]
        if isinstance(pool, ConcentratedPool) and part > 0:
            book.collected[place] += pool.claims(register.provider_accounts)[2:4, place[1]]
        out = np.array(_withdrawn(pool, account, part))
        offered = float(orders.deposit_token[row]), float(orders.deposit_numeraire[row])
        bounds = float(orders.lower[row]), float(orders.upper[row])
        put_in = np.array(_deposited(pool, account, offered, float(price[number]), bounds))
        book.deposited[place] *= 1.0 - part
        book.deposited[place] += put_in
        book.moved[place] += put_in - out
    world.book = book


def deepen(world: World, budget: Floats, arrived: float) -> None:
    """The treasury puts `budget` `[tokens]` into pools, with tokens minted at the ratio of each.

    Prices stay, and the treasury has the LP shares. It retains what is for a pool that is empty or
    that so little does not change. `arrived` is all the money of this period's clearing.
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
    """A provider's `account` is given `amount` and puts it into pools, with tokens minted for it.

    Equal parts for all pools that are open. Prices stay. Nothing comes where all are empty.
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
    """A copy to change."""
    return Book(**{name: array.copy() for name, array in vars(book).items()})


def _deposit_with_minted(
    pool: Pool, account: int, money: float, book: Book, place: tuple[int, int], scale: float
) -> None:
    """Put `money` of `account` into a pool, with as many minted tokens as keep the price.

    `book` takes it down at `place`; `scale` is as in `Ledger.move`.
    """
    tokens = money / pool.reserve_numeraire * pool.reserve_token
    pool.ledger.transfer("liquidity", pool.token, OUTSIDE, account, tokens)
    pool.add_liquidity(tokens, money, account=account, scale=scale)
    book.deposited[:, *place] += (tokens, money)
    book.moved[:, *place] += (tokens, money)


def rows(
    world: World, now: Positions, bought_back: Floats, turnover: Floats
) -> tuple[dict[str, Any], Book]:
    """The rows of table positions, which are `now`, and the book that the next period begins with.

    What was `bought_back` came before positions were changed, and is in the `turnover` of the
    period too: what buys and sells paid in and were paid `[tokens, sides, 2]`.
    Loss-versus-rebalancing of a period is what the tokens at its beginning and those put in have
    gained in price, less what the position has gained without fees (Milionis et al. 2022):
    x (p' - p) + dx p' + dy - (v' - v - fees).
    """
    book, pools, price = world.book, world.pools, world.prices.spot
    part = world.parts
    value, collected, uncollected = now.value(price), book.collected, book.uncollected
    early, paid = _fees(pools, bought_back, price), _fees(pools, turnover, price)
    fees = book.part * early + part * (paid - early)
    if pools.any_concentrated:
        uncollected = world.claims[2:4]
        tokens, numeraire = uncollected + book.collected - book.uncollected
        fees, collected = numeraire + tokens * price, np.zeros_like(collected)
    moved_tokens, moved_numeraire = book.moved
    moved = moved_tokens * price + moved_numeraire
    rebalanced = book.value + book.tokens * (price - book.price) + moved
    some = np.flatnonzero((now.shares > 0) | (book.part > 0))
    owner, pool = np.divmod(some, len(pools))
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
    found = {"agent": world.register.position_accounts[owner] - TREASURY, "token": pool}
    found |= {name: column.ravel()[some] for name, column in columns.items()}
    return found, replace(
        book,
        moved=np.zeros_like(book.moved),
        collected=collected,
        uncollected=uncollected,
        part=part,
        tokens=now.tokens,
        value=value,
        price=price,
        fees=paid,
    )


def _fees(pools: Pools, turnover: Floats, price: Floats) -> Floats:
    """Worth at `price` of the fees in a `turnover` `[tokens, sides, 2]`: `[tokens]`."""
    (bought_for, bought), (sold, sold_for) = np.moveaxis(turnover, 0, -1)
    paid_in, paid_out = bought_for + sold * price, bought * price + sold_for
    fee_in, fee_out = fees_earned(pools.fees, pools.fee_on_output, paid_in, paid_out)
    return fee_in + fee_out


def _withdrawn(pool: Pool, account: int, part: float) -> tuple[float, float]:
    """What `account` is paid for a part of its shares: (tokens, numeraire)."""
    shares = min(part, 1.0) * float(pool.ledger.balances[account, pool.share])
    return pool.remove_liquidity(shares, account=account) if shares > 0 else (0.0, 0.0)


def _deposited(
    pool: Pool,
    account: int,
    offered: tuple[float, float],
    price: float,
    bounds: tuple[float, float],
) -> tuple[float, float]:
    """What `account` puts in of what it offers and has: (tokens, numeraire)."""
    owned = pool.ledger.balances[account, [pool.token, NUMERAIRE]]
    token, numeraire = np.minimum(offered, owned).tolist()
    if isinstance(pool, ConcentratedPool):
        taken = (token or numeraire) and pool.accepts(account, token, numeraire, *bounds)
    else:
        if not pool.shares:
            ratio = pool.curve.balanced(price)
            token = min(token, numeraire * ratio)
            numeraire = token / ratio
        parts = token / (pool.reserve_token or 1.0), numeraire / (pool.reserve_numeraire or 1.0)
        taken = min(parts) >= LEAST_DEPOSIT
    if not taken:
        return 0.0, 0.0
    pool.add_liquidity(token, numeraire, account=account, lower=bounds[0], upper=bounds[1])
    token, numeraire = (owned - pool.ledger.balances[account, [pool.token, NUMERAIRE]]).tolist()
    return token, numeraire
