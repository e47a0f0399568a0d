"""What providers and the treasury change of their positions, and what these earn and lose."""

from typing import Any

import numpy as np

from simulator.components import Floats, Integers, Memory
from simulator.economy.register import CLEARING, TREASURY, Register
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import LiquidityOrders, Pool, Pools, Positions, RangePool

__all__ = [
    "change",
    "fill",
    "initial",
    "inject",
    "opened",
    "parts",
    "position_rows",
    "positions",
]

DUST = 1e-12  # of a pool's reserves: less is not deposited


def initial(register: Register, price: Floats) -> Memory:
    """What is remembered of positions before any is opened `[position_accounts, tokens]`.

    What was put in for the shares there are (`deposited_*`), what has been put in less taken out in
    the period (`moved_*`), the fees collected in it (`collected_*`), and what there was when it
    began: `part` of the pool, `tokens`, `value` and `uncollected_*` fees; and of pools `[tokens]`
    the `price` and the `fees` of the last period.
    """
    nothing = np.zeros((len(register.position_accounts), len(price)))
    return {
        "deposited_tokens": nothing,
        "deposited_numeraire": nothing,
        "moved_tokens": nothing,
        "moved_numeraire": nothing,
        "part": nothing,
        "tokens": nothing,
        "value": nothing,
        "collected_tokens": nothing,
        "collected_numeraire": nothing,
        "uncollected_tokens": nothing,
        "uncollected_numeraire": nothing,
        "price": price,
        "fees": np.zeros_like(price),
    }


def opened(
    ledger: Ledger, register: Register, pools: Pools, memory: Memory, new: Integers
) -> Memory:
    """The memory when a launch has opened positions in the pools of `new` tokens.

    They earn fees from then on, be it in the same period.
    """
    tokens, numeraire, *_ = _claims(ledger, register, pools)
    found = {"tokens": tokens, "numeraire": numeraire}
    here = {f"{what}_{name}": found[name] for what in ("deposited", "moved") for name in found}
    changed = {name: array.copy() for name, array in memory.items()}
    for name, claims in (here | {"part": parts(ledger, register)}).items():
        changed[name][:, new] = claims[:, new]
    return changed


def positions(ledger: Ledger, register: Register, pools: Pools, memory: Memory) -> Positions:
    """All positions as they are now `[position_accounts, tokens]`."""
    tokens, numeraire, fee_tokens, fee_numeraire, lower, upper = _claims(ledger, register, pools)
    return Positions(
        ledger.balances[register.position_accounts, register.share_assets],
        tokens + fee_tokens,
        numeraire + fee_numeraire,
        memory["deposited_tokens"],
        memory["deposited_numeraire"],
        lower,
        upper,
    )


def change(
    ledger: Ledger,
    register: Register,
    pools: Pools,
    memory: Memory,
    orders: LiquidityOrders,
    price: Floats,
    gas: float,
) -> Memory:
    """Execute `orders` one after the other; each costs `gas` and is left out if that is not there.

    An empty pool opens at `price`. A deposit in a concentrated pool is left out while its account
    has a position for other prices there.
    """
    changed = {name: array.copy() for name, array in memory.items()}
    for row in range(len(orders)):
        account, number = int(orders.account[row]), int(orders.token[row])
        if ledger.balances[account, NUMERAIRE] < gas:
            continue
        ledger.transfer("gas", NUMERAIRE, account, OUTSIDE, gas)
        place = account - register.provider_accounts[0], number
        part, pool = float(orders.withdraw[row]), pools[number]
        if isinstance(pool, RangePool) and part > 0:
            _, _, *fees, _, _ = pool.claims(register.provider_accounts)[:, place[0]]
            for asset, name in enumerate(("tokens", "numeraire")):
                changed[f"collected_{name}"][place] += fees[asset]
        out = _withdrawn(pool, account, part)
        offered = float(orders.deposit_token[row]), float(orders.deposit_numeraire[row])
        bounds = float(orders.lower[row]), float(orders.upper[row])
        put_in = _deposited(pool, account, offered, float(price[number]), bounds)
        for asset, name in enumerate(("tokens", "numeraire")):
            changed[f"deposited_{name}"][place] *= 1.0 - part
            changed[f"deposited_{name}"][place] += put_in[asset]
            changed[f"moved_{name}"][place] += put_in[asset] - out[asset]
    return changed


def fill(ledger: Ledger, pools: Pools, memory: Memory, budget: Floats, arrived: float) -> Memory:
    """The treasury puts `budget` `[tokens]` into pools, with tokens minted at the ratio of each.

    Prices stay, and the treasury has the LP shares. It retains what is for a pool that is empty or
    that so little does not change. `arrived` is all the money of this period's clearing.
    """
    if not budget.any():
        return memory
    changed = {name: array.copy() for name, array in memory.items()}
    for number, pool in enumerate(pools):
        money = float(budget[number])
        if pool.empty or not pool.shares or money / pool.reserve_numeraire < DUST:
            ledger.transfer("retained", NUMERAIRE, CLEARING, TREASURY, money, arrived)
            continue
        ledger.transfer("liquidity", NUMERAIRE, CLEARING, TREASURY, money, arrived)
        _deepen(ledger, pool, TREASURY, money, changed, (-1, number), arrived)
    return changed


def inject(
    ledger: Ledger, register: Register, pools: Pools, memory: Memory, account: int, amount: float
) -> Memory:
    """A provider's `account` is given `amount` and puts it into pools, with tokens minted for it.

    Equal parts for all pools that are open. Prices stay. Nothing comes where all are empty.
    """
    changed = {name: array.copy() for name, array in memory.items()}
    numbers = [number for number, pool in enumerate(pools) if not pool.empty and pool.shares]
    row = account - int(register.provider_accounts[0])
    for number in numbers:
        money = amount / len(numbers)
        ledger.transfer("endowment", NUMERAIRE, OUTSIDE, account, money)
        _deepen(ledger, pools[number], account, money, changed, (row, number), amount)
    return changed


def _deepen(
    ledger: Ledger,
    pool: Pool,
    account: int,
    money: float,
    memory: Memory,
    place: tuple[int, int],
    scale: float,
) -> None:
    """Put `money` of `account` into a pool, with as many minted tokens as keep the price.

    `memory` takes it down at `place`; `scale` is as in `Ledger.move`.
    """
    tokens = money / pool.reserve_numeraire * pool.reserve_token
    ledger.transfer("liquidity", pool.token, OUTSIDE, account, tokens)
    pool.add_liquidity(tokens, money, account=account, scale=scale)
    for name, amount in (("tokens", tokens), ("numeraire", money)):
        memory[f"deposited_{name}"][place] += amount
        memory[f"moved_{name}"][place] += amount


def position_rows(
    ledger: Ledger,
    register: Register,
    pools: Pools,
    memory: Memory,
    now: Positions,
    price: Floats,
    bought_back: Floats,
    turnover: Floats,
) -> tuple[dict[str, Any], Memory]:
    """The rows of table positions, which are `now`, and what to remember for the next period's.

    What was `bought_back` came before positions were changed, and is in the `turnover` of the
    period too: what buys and sells paid in and were paid `[tokens, sides, 2]`.
    Loss-versus-rebalancing of a period is what the tokens at its beginning and those put in have
    gained in price, less what the position has gained without fees (Milionis et al. 2022):
    x (p' - p) + dx p' + dy - (v' - v - fees).
    """
    part, value, changes = parts(ledger, register), now.value(price), memory
    early, paid = _fees(pools, bought_back, price), _fees(pools, turnover, price)
    fees = memory["part"] * early + part * (paid - early)
    if pools.ranged:
        fees, changes = _uncollected(ledger, register, pools, memory, price)
    moved = memory["moved_tokens"] * price + memory["moved_numeraire"]
    rebalanced = memory["value"] + memory["tokens"] * (price - memory["price"]) + moved
    some = np.flatnonzero((now.shares > 0) | (memory["part"] > 0))
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
        "moved_tokens": memory["moved_tokens"],
        "moved_numeraire": memory["moved_numeraire"],
        "moved": moved,
        "fees": fees,
        "lvr": rebalanced - value + fees,
    }
    rows = {"agent": register.position_accounts[owner] - TREASURY, "token": pool}
    rows |= {name: column.ravel()[some] for name, column in columns.items()}
    nothing = np.zeros_like(part)
    return rows, changes | {
        "moved_tokens": nothing,
        "moved_numeraire": nothing,
        "part": part,
        "tokens": now.tokens,
        "value": value,
        "price": price,
        "fees": paid,
    }


def _uncollected(
    ledger: Ledger, register: Register, pools: Pools, memory: Memory, price: Floats
) -> tuple[Floats, Memory]:
    """Worth of the fees that positions in concentrated pools earned, and what to remember."""
    _, _, tokens, numeraire, _, _ = _claims(ledger, register, pools)
    earned_tokens = tokens + memory["collected_tokens"] - memory["uncollected_tokens"]
    earned = numeraire + memory["collected_numeraire"] - memory["uncollected_numeraire"]
    nothing = np.zeros_like(tokens)
    return earned + earned_tokens * price, memory | {
        "collected_tokens": nothing,
        "collected_numeraire": nothing,
        "uncollected_tokens": tokens,
        "uncollected_numeraire": numeraire,
    }


def _claims(ledger: Ledger, register: Register, pools: Pools) -> list[Floats]:
    """Tokens and numeraire behind positions, uncollected fees in both, and the prices served.

    Each `[position_accounts, tokens]`.
    """
    if pools.ranged:
        found = [
            pool.claims(register.position_accounts) for pool in pools if isinstance(pool, RangePool)
        ]
        return list(np.stack(found, axis=-1))
    part = parts(ledger, register)
    tokens, numeraire = register.reserves(ledger.balances)
    nothing = np.zeros_like(part)
    return [part * tokens, part * numeraire, nothing, nothing, nothing, np.full_like(part, np.inf)]


def parts(ledger: Ledger, register: Register) -> Floats:
    """Part of each pool that each account has `[position_accounts, tokens]`."""
    shares = ledger.balances[register.position_accounts, register.share_assets]
    supply = -ledger.balances[OUTSIDE, register.share_assets]
    part: Floats = np.divide(shares, supply, out=np.zeros_like(shares), where=supply > 0)
    return part


def _fees(pools: Pools, turnover: Floats, price: Floats) -> Floats:
    """Worth at `price` of the fees in a `turnover` `[tokens, sides, 2]`: `[tokens]`."""
    (bought_for, bought), (sold, sold_for) = np.moveaxis(turnover, 0, -1)
    fee, late = pools.fees, pools.fee_on_output
    paid_in, paid_out = bought_for + sold * price, bought * price + sold_for
    fees: Floats = np.where(late, paid_out * fee / (1 - fee), paid_in * fee)
    return fees


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
    if isinstance(pool, RangePool):
        taken = (token or numeraire) and pool.takes(account, token, numeraire, *bounds)
    else:
        if not pool.shares:
            ratio = pool.curve.balanced(price)
            token = min(token, numeraire * ratio)
            numeraire = token / ratio
        parts = token / (pool.reserve_token or 1.0), numeraire / (pool.reserve_numeraire or 1.0)
        taken = min(parts) >= DUST
    if not taken:
        return 0.0, 0.0
    pool.add_liquidity(token, numeraire, account=account, lower=bounds[0], upper=bounds[1])
    token, numeraire = (owned - pool.ledger.balances[account, [pool.token, NUMERAIRE]]).tolist()
    return token, numeraire
