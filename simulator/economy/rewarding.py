"""Rewarding: revenue arrives and is paid out, tokens are issued, vest and are valued anew."""

from collections.abc import Sequence

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.economy import positions
from simulator.economy.publishing import announced, news
from simulator.economy.records import Prices, Reward
from simulator.economy.register import CLEARING_ACCOUNT, TREASURY, Register
from simulator.economy.world import World, parts
from simulator.errors import LedgerError
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import Fills, Orders, Pool, settle
from simulator.tokens import HORIZON, PayoutSplit

__all__ = ["earning_supply", "earning_tokens", "reward"]


def reward(world: World) -> Reward:
    """Revenue arrives and leaves again by its uses; tokens are issued and valued anew."""
    tokens, register, memory = world.settings.tokens, world.register, world.memory
    shares, revenue = world.assessment.shares, _revenue(world)
    split, memory.payout = tokens.payout.split(memory.payout, revenue, shares)
    split = tokens.mechanism.adjust(split)
    received, rate, claimed, fills = _pay_out(world, revenue, split)
    issued, vested, treasury = _issue(world)
    world.note_prices()
    if world.engagement is not None:
        memory.engagement = world.engagement.observe(
            memory.engagement,
            world.assessment.participated,
            shares,
            _pay_of_a_share(world, split, issued),
        )
    cash = tokens.payout.to_holders * revenue * tokens.mechanism.sum_by_token(shares)
    world.prices = Prices(world.prices.spot, _value_tokens(world, cash))
    paid = split.dividend * np.append(claimed, True)[register.token_of]
    memory.news = announced(memory.news, news(world, rate))
    return Reward(revenue, issued, vested, treasury, received, paid, rate, split.direct, fills)


def _revenue(world: World) -> float:
    """What customers pay in this period."""
    rule, draws = world.settings.tokens.revenue, world.streams["revenue"]
    revenue, world.memory.revenue = rule.amount(
        world.memory.revenue,
        world.period,
        world.quality.accuracy,
        world.cohort.dataset.majority_share,
        draws,
    )
    return revenue * world.settings.demand(world.period)


def _pay_out(
    world: World, revenue: float, split: PayoutSplit
) -> tuple[Floats, Floats, Booleans, Fills]:
    """Revenue goes through clearing to all its uses; returns what `_pay_dividends` does, and what
    was bought back.
    """
    ledger, payout = world.ledger, world.settings.tokens.payout
    pooled = world.settings.tokens.mechanism.sum_by_token
    arrived = revenue + split.released
    ledger.transfer("revenue", NUMERAIRE, OUTSIDE, CLEARING_ACCOUNT, revenue)
    ledger.transfer("released", NUMERAIRE, TREASURY, CLEARING_ACCOUNT, split.released)
    in_pools = world.positions.tokens if payout.pools_earn else None
    earning = earning_tokens(ledger, world.register, in_pools)
    dividends = _pay_dividends(ledger, earning, pooled(split.dividend))
    clients = world.register.client_accounts
    ledger.transfer("direct", NUMERAIRE, CLEARING_ACCOUNT, clients, split.direct, arrived)
    ledger.transfer("retained", NUMERAIRE, CLEARING_ACCOUNT, TREASURY, split.carried, arrived)
    ledger.transfer("burn", NUMERAIRE, CLEARING_ACCOUNT, OUTSIDE, split.burned, arrived)
    fills = _buy_back(world, pooled(split.buyback), arrived)
    positions.deepen(world, pooled(split.liquidity), arrived)
    _empty_clearing(ledger, split.treasury, arrived)
    return *dividends, fills


def _buy_back(world: World, budget: Floats, arrived: float) -> Fills:
    terms, market = world.settings.tokens.payout.buybacks, world.settings.market
    twap = market.oracle.twap(world.memory.oracle)
    wanted = terms.buys(world.prices.spot, world.prices.value, twap)
    wanted &= world.pools.reserves[1] > 0
    receivers = _earners(world) if terms.then == "to_client" and world.pools else None
    return buy_back(world.ledger, world.pools, budget, wanted, receivers, arrived)


def _earners(world: World) -> tuple[Integers, Integers, Floats]:
    """Clients' accounts, their tokens, and their parts of what is earned with these."""
    register, shares = world.register, world.assessment.shares
    whole = world.settings.tokens.mechanism.sum_by_token(shares)[register.token_of]
    part = np.divide(shares, whole, out=np.zeros_like(whole), where=whole > 0)
    return register.client_accounts, register.token_of, part


def _issue(world: World) -> tuple[Floats, Floats, Floats]:
    """Mint tokens: those issued and vested `[clients]`, and the treasury's `[tokens]`."""
    tokens, memory = world.settings.tokens, world.memory
    pooled = tokens.mechanism.sum_by_token
    issued, unearned = _issued(world)
    vested, memory.vesting = tokens.vesting.vest(memory.vesting, issued)
    treasury = pooled(unearned)
    locked = pooled(memory.vesting["locked"].sum(axis=1))
    _mint(world.ledger, world.register, issued, vested, locked, treasury)
    return issued, vested, treasury


def _issued(world: World) -> tuple[Floats, Floats]:
    """Tokens for each client, and for the treasury in its stead `[clients]`."""
    shares, joined = world.assessment.shares, world.register.joined(world.period)
    issued, unearned = np.zeros_like(shares), np.zeros_like(shares)
    issued[joined], unearned[joined], world.memory.issuance = world.settings.tokens.issuance.issue(
        world.memory.issuance, world.period, shares[joined], world.quality.utility
    )
    return (issued, unearned) if world.pools else (0 * issued, 0 * unearned)


def earning_tokens(ledger: Ledger, register: Register, pooled: Floats | None) -> Floats:
    """Tokens on which each account earns dividends `[accounts, tokens]`.

    What an account holds itself and, where pools earn, what it has `pooled` there (of
    `position_accounts`). Treasury, pools, escrow, clearing and the outside earn nothing.
    """
    tokens = np.where(register.earns[:, None], ledger.balances[:, register.token_assets], 0.0)
    if pooled is not None:
        providers = register.provider_accounts
        tokens[providers] += pooled[: len(providers)]
    return tokens


def earning_supply(ledger: Ledger, register: Register, pools_earn: bool) -> Floats:
    """The sum of `earning_tokens` over all accounts `[tokens]`, from the other side."""
    token = register.token_numbers
    idle: Floats = ledger.balances[CLEARING_ACCOUNT, token] + ledger.balances[TREASURY, token]
    if register.escrow_accounts.size:
        idle += ledger.balances[register.escrow_accounts[0], token]
    if not pools_earn:
        idle += register.reserves(ledger.balances)[0]
        if register.fee_accounts.size:
            idle += ledger.balances[register.fee_accounts, token]
    elif register.treasury_provides:
        idle += parts(ledger, register)[-1] * register.reserves(ledger.balances)[0]
    return ledger.supply(token) - idle


def _pay_dividends(
    ledger: Ledger, tokens: Floats, dividend: Floats
) -> tuple[Floats, Floats, Booleans]:
    """Pay `dividend` `[tokens]` to accounts by their earning `tokens` `[accounts, tokens]`.

    Returns what each account received, what was paid for each token held, and which tokens anybody
    earns on; the dividend of others is retained by the treasury.
    """
    eligible = tokens.sum(axis=0)
    rate = np.divide(dividend, eligible, out=np.zeros_like(dividend), where=eligible > 0)
    received = tokens @ rate
    ledger.transfer("dividend", NUMERAIRE, CLEARING_ACCOUNT, np.arange(len(received)), received)
    claimed = eligible > 0
    unclaimed = np.where(claimed, 0.0, dividend)
    ledger.transfer("retained", NUMERAIRE, CLEARING_ACCOUNT, TREASURY, float(unclaimed.sum()))
    return received, rate, claimed


def buy_back(
    ledger: Ledger,
    pools: Sequence[Pool],
    budget: Floats,
    wanted: Booleans,
    receivers: tuple[Integers, Integers, Floats] | None,
    arrived: float,
) -> Fills:
    """Spend `budget` `[tokens]` on the `wanted` tokens; the rest is retained by the treasury.

    The treasury's orders settle at once. What it buys goes to `receivers` (accounts, their tokens
    and their parts of what was bought of these), or is burned when that is None. `arrived` is all
    the money of this period's clearing.
    """
    bought = np.flatnonzero(wanted & (budget > 0))
    kept = budget.sum() - budget[bought].sum()
    ledger.transfer("buyback", NUMERAIRE, CLEARING_ACCOUNT, TREASURY, budget[bought], arrived)
    ledger.transfer(
        "retained", NUMERAIRE, CLEARING_ACCOUNT, TREASURY, max(float(kept), 0.0), arrived
    )
    orders = Orders(
        account=np.full(len(bought), TREASURY),
        token=bought,
        buy=np.ones(len(bought), dtype=bool),
        amount=budget[bought],
        min_out=np.zeros(len(bought)),
    )
    fills = settle(ledger, pools, orders)
    if receivers is None:
        ledger.transfer("burn", 1 + bought, TREASURY, OUTSIDE, fills.amount_out)
    else:
        accounts, token, part = receivers
        amount = np.zeros(len(pools))
        amount[bought] = fills.amount_out
        ledger.transfer("buyback", 1 + token, TREASURY, accounts, part * amount[token])
    return fills


def _empty_clearing(ledger: Ledger, treasury: float, arrived: float) -> None:
    """Give the treasury what is left in clearing, which must be `treasury` up to rounding."""
    left = float(ledger.balances[CLEARING_ACCOUNT, NUMERAIRE])
    if abs(left - treasury) > 1e-9 * max(arrived, 1.0):
        raise LedgerError(f"clearing holds {left!r} for the treasury, which is due {treasury!r}")
    ledger.transfer("treasury", NUMERAIRE, CLEARING_ACCOUNT, TREASURY, left)


def _mint(
    ledger: Ledger,
    register: Register,
    issued: Floats,
    vested: Floats,
    locked: Floats,
    treasury: Floats,
) -> None:
    """Mint `issued` `[clients]` to the clients and `treasury` `[tokens]` to the treasury.

    Where tokens vest, clients' tokens go there, and clients get what has `vested`
    `[clients]`, to the last unit of a token once nothing of it stays `locked` `[tokens]`.
    """
    if not register.tokens:
        return
    token, own, clients = register.token_numbers, 1 + register.token_of, register.client_accounts
    if register.vests:
        escrow = int(register.escrow_accounts[0])
        ledger.transfer("grant", own, OUTSIDE, escrow, issued)
        most = float(ledger.supply(token).max())
        ledger.transfer("vesting", own, escrow, clients, vested, most)
        last = np.zeros(len(token), dtype=np.int64)  # client to whom something has vested
        last[register.token_of[vested > 0]] = clients[vested > 0]
        rest = np.where((locked > 0) | (last == 0), 0.0, ledger.balances[escrow, token])
        ledger.transfer("vesting", token, escrow, last, rest)
    else:
        ledger.transfer("issuance", own, OUTSIDE, clients, issued)
    ledger.transfer("issuance", token, OUTSIDE, TREASURY, treasury)


def _value_tokens(world: World, cash: Floats) -> Floats:
    """Fundamental value of each token after `cash` was paid to its holders; both `[tokens]`.

    What is expected is remembered. A token that is not launched yet has the price of its launch.
    """
    tokens, register, memory = world.settings.tokens, world.register, world.memory
    exist = register.exist(world.period)
    expected, memory.valuation = tokens.valuation.expect(memory.valuation, cash, exist)
    supply = earning_supply(world.ledger, register, tokens.payout.pools_earn)
    pooled = tokens.mechanism.sum_by_token
    fractions = pooled(
        world.for_joined_clients(tokens.issuance.client_fractions, world.assessment.shares)
    )
    periods = world.period + np.arange(1, HORIZON + 1)
    emissions, unlocked = tokens.issuance.schedule(memory.issuance, periods), None
    if tokens.vesting.locks:
        emissions = tokens.vesting.vested(emissions)
        unlocked = pooled(tokens.vesting.upcoming(memory.vesting, HORIZON))
    value = tokens.valuation.value(expected, supply, fractions, emissions, unlocked)
    value[~exist] = world.settings.market.launch.price
    return value


def _pay_of_a_share(world: World, split: PayoutSplit, issued: Floats) -> Floats:
    """What a share of 1 would bring each client of a period's rewards `[clients]`, numeraire.

    Tokens at the spot price; of what is paid to holders, the part of its own holdings, where its
    share decides that.
    """
    tokens, register = world.settings.tokens, world.register
    pay = np.full(len(register.clients), split.direct.sum())
    if not register.tokens:
        return pay
    own, accounts = register.token_of, register.client_accounts
    if tokens.issuance.by == "share":
        pay += issued.sum() * world.prices.spot[own]
    if tokens.payout.buybacks.then == "to_client":
        pay += split.buyback.sum()
    if tokens.mechanism.by_client:
        supply = earning_supply(world.ledger, register, tokens.payout.pools_earn)[own]
        held = world.ledger.balances[accounts, 1 + own]
        burned = split.buyback.sum() * (tokens.payout.buybacks.then == "burn")
        part = np.divide(held, supply, out=np.zeros_like(held), where=supply > 0)
        pay += (split.dividend.sum() + burned) * part
    return pay
