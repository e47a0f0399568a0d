"""The money and the tokens of the reward step, as they move on the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.components import Booleans, Floats, Integers
from simulator.economy.providing import parts
from simulator.economy.register import CLEARING, TREASURY, Register
from simulator.errors import LedgerError
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import Fills, Orders, Pool, settle

__all__ = [
    "Reward",
    "buy_back",
    "earning_supply",
    "earning_tokens",
    "empty_clearing",
    "issue",
    "pay_dividends",
]


@dataclass(frozen=True)
class Reward:
    """What a period brought; money in numeraire, tokens in tokens."""

    revenue: float
    issued: Floats  # [clients]
    treasury_issued: Floats  # [tokens]
    dividends: Floats  # received by each account
    dividends_paid: Floats  # to holders of its token, for each client's share [clients]
    dividend: Floats  # for each token held [tokens]
    direct: Floats  # [clients]
    buybacks: Fills

    @staticmethod
    def nothing(clients: int, tokens: int, accounts: int) -> "Reward":
        """Genesis brings nothing."""
        none = Fills(Orders.none(), np.zeros(0), np.zeros(0, dtype=np.int64))
        of_clients, of_tokens, of_accounts = map(np.zeros, (clients, tokens, accounts))
        return Reward(
            revenue=0.0,
            issued=of_clients,
            treasury_issued=np.zeros(0),
            dividends=of_accounts,
            dividends_paid=of_clients,
            dividend=of_tokens,
            direct=of_clients,
            buybacks=none,
        )


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
    idle: Floats = ledger.balances[CLEARING, token] + ledger.balances[TREASURY, token]
    if register.escrow_accounts.size:
        idle += ledger.balances[register.escrow_accounts[0], token]
    if not pools_earn:
        idle += register.reserves(ledger.balances)[0]
        if register.fee_accounts.size:
            idle += ledger.balances[register.fee_accounts, token]
    elif register.treasury_provides:
        idle += parts(ledger, register)[-1] * register.reserves(ledger.balances)[0]
    return ledger.supply(token) - idle


def pay_dividends(
    ledger: Ledger, tokens: Floats, dividend: Floats
) -> tuple[Floats, Floats, Booleans]:
    """Pay `dividend` `[tokens]` to accounts by their earning `tokens` `[accounts, tokens]`.

    Returns what each account received, what was paid for each token held, and which tokens anybody
    earns on; the dividend of others is retained by the treasury.
    """
    eligible = tokens.sum(axis=0)
    rate = np.divide(dividend, eligible, out=np.zeros_like(dividend), where=eligible > 0)
    received = tokens @ rate
    ledger.transfer("dividend", NUMERAIRE, CLEARING, np.arange(len(received)), received)
    claimed = eligible > 0
    unclaimed = np.where(claimed, 0.0, dividend)
    ledger.transfer("retained", NUMERAIRE, CLEARING, TREASURY, float(unclaimed.sum()))
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
    ledger.transfer("buyback", NUMERAIRE, CLEARING, TREASURY, budget[bought], arrived)
    ledger.transfer("retained", NUMERAIRE, CLEARING, TREASURY, max(float(kept), 0.0), arrived)
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


def empty_clearing(ledger: Ledger, treasury: float, arrived: float) -> None:
    """Give the treasury what is left in clearing, which must be `treasury` up to rounding."""
    left = float(ledger.balances[CLEARING, NUMERAIRE])
    if abs(left - treasury) > 1e-9 * max(arrived, 1.0):
        raise LedgerError(f"clearing holds {left!r} for the treasury, which is due {treasury!r}")
    ledger.transfer("treasury", NUMERAIRE, CLEARING, TREASURY, left)


def issue(
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
