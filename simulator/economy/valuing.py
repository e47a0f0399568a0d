"""Valuing: what a token is worth by what it will be paid, and what a share of rewards brings."""

from typing import TYPE_CHECKING

import numpy as np

from simulator.components import Floats
from simulator.economy.rewarding import earning_supply
from simulator.tokens import HORIZON, Split

if TYPE_CHECKING:
    from simulator.economy.model import Economy

__all__ = ["pay_of_a_share", "value_tokens"]


def value_tokens(economy: "Economy", cash: Floats) -> Floats:
    """Fundamental value of each token after `cash` was paid to its holders; both `[tokens]`.

    What is expected is remembered. A token that is not launched yet has the price of its launch.
    """
    tokens, register, memory = economy.settings.tokens, economy.register, economy.memory
    exist = register.exist(economy.period)
    expected, memory["valuation"] = tokens.valuation.expect(memory["valuation"], cash, exist)
    supply = earning_supply(economy.ledger, register, tokens.payout.pools_earn)
    pooled = tokens.mechanism.pooled
    parts = pooled(economy.of_joined(tokens.issuance.parts, economy.shares))
    periods = economy.period + np.arange(1, HORIZON + 1)
    emissions, unlocked = tokens.issuance.scheduled(memory["issuance"], periods), None
    if tokens.vesting.locks:
        emissions = tokens.vesting.delayed(emissions)
        unlocked = pooled(tokens.vesting.unlocked(memory["vesting"], HORIZON))
    value = tokens.valuation.value(expected, supply, parts, emissions, unlocked)
    value[~exist] = economy.settings.market.launch.price
    return value


def pay_of_a_share(economy: "Economy", split: Split, issued: Floats) -> Floats:
    """What a share of 1 would bring each client of a period's rewards `[clients]`, numeraire.

    Tokens at the spot price; of what is paid to holders, the part of its own holdings, where its
    share decides that.
    """
    tokens, register = economy.settings.tokens, economy.register
    pay = np.full(len(register.clients), split.direct.sum())
    if not register.tokens:
        return pay
    own, accounts = register.token_of, register.client_accounts
    if tokens.issuance.by == "share":
        pay += issued.sum() * economy.spot_price[own]
    if tokens.payout.buybacks.then == "to_client":
        pay += split.buyback.sum()
    if tokens.mechanism.by_client:
        supply = earning_supply(economy.ledger, register, tokens.payout.pools_earn)[own]
        held = economy.ledger.balances[accounts, 1 + own]
        burned = split.buyback.sum() * (tokens.payout.buybacks.then == "burn")
        part = np.divide(held, supply, out=np.zeros_like(held), where=supply > 0)
        pay += (split.dividend.sum() + burned) * part
    return pay
