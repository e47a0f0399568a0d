"""Rewarding: revenue arrives and is paid out; tokens are issued, vest and are revalued."""

from collections.abc import Sequence

import numpy as np

from simulator.answers import Answers, answers_of
from simulator.components import Booleans, Floats, Integers, Memory
from simulator.economy import positions
from simulator.economy.publishing import advance, news
from simulator.economy.records import Prices, Reward
from simulator.economy.register import CLEARING_ACCOUNT, TREASURY, Register
from simulator.economy.world import World, pool_fractions
from simulator.errors import LedgerError
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import Fills, Orders, Pool, settle
from simulator.tokens import HORIZON, Mechanism, PayoutSplit

__all__ = ["earning_supply", "earning_tokens", "reward"]


def reward(world: World) -> Reward:
    """Revenue arrives and is paid out by its uses; tokens are issued and revalued."""
    tokens, register, memory = world.settings.tokens, world.register, world.memory
    shares, revenue = world.assessment.shares, _revenue(world)
    split, memory.payout = tokens.payout.split(memory.payout, revenue, shares)
    split = _adjusted(tokens.mechanism, split)
    received, dividend, has_holders, fills = _pay_out(world, revenue, split)
    issued, vested, treasury = _issue(world)
    world.note_prices()
    if world.engagement is not None:
        memory.engagement = world.engagement.observe(
            memory.engagement,
            world.assessment.participated,
            shares,
            _pay_of_a_share(world, split, issued),
        )
    cash = tokens.payout.to_holders * revenue * world.by_token(shares)
    world.prices = Prices(world.prices.spot, _value_tokens(world, cash))
    paid = split.dividend * np.append(has_holders, True)[register.token_of]
    memory.news = advance(memory.news, news(world, dividend))
    return Reward(revenue, issued, vested, treasury, received, paid, dividend, split.direct, fills)


def _revenue(world: World) -> float:
    """Revenue of this period, numeraire."""
    rule, draws = world.settings.tokens.revenue, world.streams["revenue"]
    with answers_of(rule, "amount") as answers:
        revenue, world.memory.revenue = rule.amount(
            world.memory.revenue,
            world.period,
            world.quality.accuracy,
            world.cohort.dataset.majority_share,
            draws,
        )
        revenue = answers.number(revenue, least=0)
        world.memory.revenue = answers.memory(world.memory.revenue)
    return revenue * world.settings.demand(world.period)


def _adjusted(mechanism: Mechanism, split: PayoutSplit) -> PayoutSplit:
    """The split as the mechanism pays it."""
    with answers_of(mechanism, "adjust") as answers:
        adjusted: PayoutSplit = answers.instance(mechanism.adjust(split), PayoutSplit)
        for name, amount in vars(split).items():
            answers.numbers(vars(adjusted)[name], np.shape(amount), least=0)
        return adjusted


def _pay_out(
    world: World, revenue: float, split: PayoutSplit
) -> tuple[Floats, Floats, Booleans, Fills]:
    """Pay revenue through clearing to all its uses; returns the results of `_pay_dividends`, and
    the fills of the buyback.
    """
    ledger, payout = world.ledger, world.settings.tokens.payout
    by_token = world.by_token
    arrived = revenue + split.released
    ledger.transfer("revenue", NUMERAIRE, OUTSIDE, CLEARING_ACCOUNT, revenue)
    ledger.transfer("released", NUMERAIRE, TREASURY, CLEARING_ACCOUNT, split.released)
    in_pools = world.positions.tokens if payout.pools_earn else None
    earning = earning_tokens(ledger, world.register, in_pools)
    dividends = _pay_dividends(ledger, earning, by_token(split.dividend))
    clients = world.register.client_accounts
    ledger.transfer("direct", NUMERAIRE, CLEARING_ACCOUNT, clients, split.direct, arrived)
    ledger.transfer("retained", NUMERAIRE, CLEARING_ACCOUNT, TREASURY, split.carried, arrived)
    ledger.transfer("burn", NUMERAIRE, CLEARING_ACCOUNT, OUTSIDE, split.burned, arrived)
    fills = _buy_back(world, by_token(split.buyback), arrived)
    positions.deepen(world, by_token(split.liquidity), arrived)
    _empty_clearing(ledger, split.treasury, arrived)
    return *dividends, fills


def _buy_back(world: World, budget: Floats, arrived: float) -> Fills:
    terms, market = world.settings.tokens.payout.buybacks, world.settings.market
    twap = market.oracle.twap(world.memory.oracle)
    eligible = terms.buys(world.prices.spot, world.prices.value, twap)
    eligible &= world.pools.reserves[1] > 0
    receivers = _receivers(world) if terms.then == "to_client" and world.pools else None
    return buy_back(world.ledger, world.pools, budget, eligible, receivers, arrived)


def _receivers(world: World) -> tuple[Integers, Integers, Floats]:
    """Clients' accounts, their tokens, and their fractions of the rewards of these tokens."""
    register, shares = world.register, world.assessment.shares
    total = world.by_token(shares)[register.token_of]
    fraction = np.divide(shares, total, out=np.zeros_like(total), where=total > 0)
    return register.client_accounts, register.token_of, fraction


def _issue(world: World) -> tuple[Floats, Floats, Floats]:
    """Mint tokens; returns those issued and vested `[clients]` and the treasury's `[tokens]`."""
    issued, unearned = _issuance(world)
    vested = _vested(world, issued)
    treasury = world.by_token(unearned)
    locked = world.by_token(world.memory.vesting["locked"].sum(axis=1))
    _mint(world.ledger, world.register, issued, vested, locked, treasury)
    return issued, vested, treasury


def _vested(world: World, issued: Floats) -> Floats:
    """Tokens that vest now, of those `issued` now and earlier `[clients]`."""
    rule, memory = world.settings.tokens.vesting, world.memory
    with answers_of(rule, "vest") as answers:
        due = memory.vesting["locked"].sum(axis=1) + issued
        vested, after = rule.vest(memory.vesting, issued)
        vested, memory.vesting = answers.numbers(vested, due.shape, least=0), answers.memory(after)
        _check_locked(answers, due, vested, memory.vesting)
    return vested


def _check_locked(answers: Answers, due: Floats, vested: Floats, memory: Memory) -> None:
    """Raise ComponentError unless all tokens `due` `[clients]` are `vested` or stay locked."""
    if "locked" not in memory or memory["locked"].ndim != 2:
        raise answers.error("returned a memory without the `locked` tokens `[clients, periods]`")
    locked = answers.numbers(memory["locked"], (len(due), memory["locked"].shape[1]), least=0)
    kept = vested + locked.sum(axis=1)
    if (wrong := ~np.isclose(kept, due, rtol=1e-9, atol=1e-9 * due.max(initial=0.0))).any():
        client = int(wrong.argmax())
        raise answers.error(
            f"returned {kept[client]:g} vested and locked tokens of client {client}, "
            f"who has {due[client]:g}"
        )


def _issuance(world: World) -> tuple[Floats, Floats]:
    """Tokens for each client, and for the treasury in the client's stead `[clients]`."""
    shares, joined = world.assessment.shares, world.register.joined(world.period)
    issued, unearned = np.zeros_like(shares), np.zeros_like(shares)
    rule, memory = world.settings.tokens.issuance, world.memory
    with answers_of(rule, "issue") as answers:
        tokens, to_treasury, memory.issuance = rule.issue(
            memory.issuance, world.period, shares[joined], world.quality.utility
        )
        issued[joined] = answers.numbers(tokens, shares[joined].shape, least=0)
        unearned[joined] = answers.number(to_treasury, least=0)
        memory.issuance = answers.memory(memory.issuance)
    return (issued, unearned) if world.pools else (0 * issued, 0 * unearned)


def earning_tokens(ledger: Ledger, register: Register, pooled: Floats | None) -> Floats:
    """Tokens on which each account earns dividends `[accounts, tokens]`.

    These are the account's own tokens and, if pools earn, those it has `pooled` in positions
    (`[position_accounts, tokens]`). Treasury, pools, escrow, clearing and the outside earn nothing.
    """
    tokens = np.where(register.earns[:, None], ledger.balances[:, register.token_assets], 0.0)
    if pooled is not None:
        providers = register.provider_accounts
        tokens[providers] += pooled[: len(providers)]
    return tokens


def earning_supply(ledger: Ledger, register: Register, pools_earn: bool) -> Floats:
    """The sum of `earning_tokens` over all accounts `[tokens]`: supply minus idle tokens."""
    token = register.token_numbers
    idle: Floats = ledger.balances[CLEARING_ACCOUNT, token] + ledger.balances[TREASURY, token]
    if register.escrow_accounts.size:
        idle += ledger.balances[register.escrow_accounts[0], token]
    if not pools_earn:
        idle += register.reserves(ledger.balances)[0]
        if register.fee_accounts.size:
            idle += ledger.balances[register.fee_accounts, token]
    elif register.treasury_provides:
        idle += pool_fractions(ledger, register)[-1] * register.reserves(ledger.balances)[0]
    return ledger.supply(token) - idle


def _pay_dividends(
    ledger: Ledger, tokens: Floats, dividend: Floats
) -> tuple[Floats, Floats, Booleans]:
    """Pay `dividend` `[tokens]` to accounts by their earning `tokens` `[accounts, tokens]`.

    Returns the money received `[accounts]`, the payment per token held `[tokens]`, and which tokens
    have earning holders `[tokens]`; the treasury retains the dividend of the others.
    """
    earning = tokens.sum(axis=0)
    has_holders = earning > 0
    per_token = np.divide(dividend, earning, out=np.zeros_like(dividend), where=has_holders)
    received = tokens @ per_token
    ledger.transfer("dividend", NUMERAIRE, CLEARING_ACCOUNT, np.arange(len(received)), received)
    unpaid = np.where(has_holders, 0.0, dividend)
    ledger.transfer("retained", NUMERAIRE, CLEARING_ACCOUNT, TREASURY, float(unpaid.sum()))
    return received, per_token, has_holders


def buy_back(
    ledger: Ledger,
    pools: Sequence[Pool],
    budget: Floats,
    eligible: Booleans,
    receivers: tuple[Integers, Integers, Floats] | None,
    arrived: float,
) -> Fills:
    """Spend `budget` `[tokens]` on the `eligible` tokens; the treasury retains the rest.

    The treasury's orders settle at once. The tokens bought go to `receivers` (accounts, their
    tokens, and their fractions of the tokens bought), or are burned if that is None. `arrived` is
    all the money of this period's clearing.
    """
    bought = np.flatnonzero(eligible & (budget > 0))
    unspent = max(float(budget.sum() - budget[bought].sum()), 0.0)
    ledger.transfer("buyback", NUMERAIRE, CLEARING_ACCOUNT, TREASURY, budget[bought], arrived)
    ledger.transfer("retained", NUMERAIRE, CLEARING_ACCOUNT, TREASURY, unspent, arrived)
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
        accounts, token, fraction = receivers
        amount = np.zeros(len(pools))
        amount[bought] = fills.amount_out
        ledger.transfer("buyback", 1 + token, TREASURY, accounts, fraction * amount[token])
    return fills


def _empty_clearing(ledger: Ledger, treasury: float, arrived: float) -> None:
    """Pay the rest in clearing to the treasury; it must equal `treasury` up to rounding."""
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

    If tokens vest, the issued ones go to escrow and clients get those `vested` `[clients]`; once no
    token stays `locked` `[tokens]`, the last client also gets the rounding rest in escrow.
    """
    if not register.tokens:
        return
    token, own, clients = register.token_numbers, 1 + register.token_of, register.client_accounts
    if register.vests:
        escrow = int(register.escrow_accounts[0])
        ledger.transfer("grant", own, OUTSIDE, escrow, issued)
        most = float(ledger.supply(token).max())
        ledger.transfer("vesting", own, escrow, clients, vested, most)
        last = np.zeros(len(token), dtype=np.int64)  # last client with vested tokens
        last[register.token_of[vested > 0]] = clients[vested > 0]
        rest = np.where((locked > 0) | (last == 0), 0.0, ledger.balances[escrow, token])
        ledger.transfer("vesting", token, escrow, last, rest)
    else:
        ledger.transfer("issuance", own, OUTSIDE, clients, issued)
    ledger.transfer("issuance", token, OUTSIDE, TREASURY, treasury)


def _value_tokens(world: World, cash: Floats) -> Floats:
    """Fundamental value of each token after `cash` was paid to its holders; both `[tokens]`.

    Updates the expected cash. A token that is not launched yet is valued at its launch price.
    """
    tokens, register, memory = world.settings.tokens, world.register, world.memory
    exist = register.exist(world.period)
    expected, memory.valuation = tokens.valuation.expect(memory.valuation, cash, exist)
    supply = earning_supply(world.ledger, register, tokens.payout.pools_earn)
    issuance, shares = tokens.issuance, world.assessment.shares
    with answers_of(issuance, "client_fractions") as answers:
        fractions = world.for_joined_clients(answers, issuance.client_fractions, shares)
    emissions, unlocked = _upcoming(world)
    value = tokens.valuation.value(expected, supply, world.by_token(fractions), emissions, unlocked)
    value[~exist] = world.settings.market.launch.price
    return value


def _upcoming(world: World) -> tuple[Floats, Floats | None]:
    """Tokens that the schedule issues and that vest in each of the next periods.

    The first are all clients' together `[periods]`, the second by token `[tokens, periods]`, None
    without vesting.
    """
    tokens, memory = world.settings.tokens, world.memory
    periods = world.period + np.arange(1, HORIZON + 1)
    with answers_of(tokens.issuance, "schedule") as answers:
        emissions = tokens.issuance.schedule(memory.issuance, periods)
        emissions = answers.numbers(emissions, periods.shape, least=0)
    if not tokens.vesting.locks:
        return emissions, None
    with answers_of(tokens.vesting, "vested") as answers:
        emissions = answers.numbers(tokens.vesting.vested(emissions), periods.shape, least=0)
    with answers_of(tokens.vesting, "upcoming") as answers:
        unlocked = tokens.vesting.upcoming(memory.vesting, HORIZON)
        shape = (len(world.register.clients), HORIZON)
        return emissions, world.by_token(answers.numbers(unlocked, shape, least=0))


def _pay_of_a_share(world: World, split: PayoutSplit, issued: Floats) -> Floats:
    """Pay of each client for a share of 1 in this period's rewards `[clients]`, numeraire.

    Tokens count at the spot price. Payments to token holders count for the client's own holdings,
    if they depend on its share.
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
        fraction = np.divide(held, supply, out=np.zeros_like(held), where=supply > 0)
        pay += (split.dividend.sum() + burned) * fraction
    return pay
