"""Genesis: who there is, what they bring, and what components remember before the first period."""

from typing import TYPE_CHECKING

import numpy as np

from simulator.agents.aggregator import Aggregator
from simulator.agents.client import Client
from simulator.agents.investor import Investor
from simulator.agents.liquidity_provider import LiquidityProvider
from simulator.components import Memory
from simulator.economy import providing
from simulator.economy.register import TREASURY, Register, each
from simulator.federation import Cohort
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.randomness import Streams
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from simulator.economy.model import Economy

__all__ = ["create_agents", "endow", "memories"]


def create_agents(economy: "Economy") -> None:
    """Everybody there will be, as agents of the model."""
    register, settings = economy.register, economy.settings
    Aggregator(economy, "aggregator", TREASURY)
    for number, group in enumerate(each(settings.clients)):
        name, account = register.clients[number], int(register.client_accounts[number])
        Client(economy, name, account, number, group)
    for name, account, group in zip(
        register.providers,
        register.provider_accounts.tolist(),
        each(settings.liquidity_providers),
        strict=True,
    ):
        LiquidityProvider(economy, name, account, group)
    several = [(group, size) for group in settings.investors for size in group.sizes]
    firsts = register.first_accounts[register.first_investor :].tolist()
    for name, account, (group, size) in zip(register.investors, firsts, several, strict=True):
        Investor(economy, name, account, size, group)


def memories(
    settings: Scenario, register: Register, cohort: Cohort, streams: Streams
) -> dict[str, Memory]:
    """What components remember at first, by owner; some do once there are pools."""
    tokens, market, clients = settings.tokens, settings.market, len(register.clients)
    nothing, price = np.zeros(clients), np.full(len(register.tokens), market.launch.price)
    traders = {
        group.name: group.strategy.initial(len(group.accounts), streams[group.name])
        for group in register.traders
    }
    return traders | {
        "model": settings.federation.initial(cohort, streams),
        "contribution": settings.federation.contribution.initial(clients),
        "credit": tokens.credit.initial(clients),
        "payout": tokens.payout.initial(),
        "revenue": tokens.revenue.initial(),
        "vesting": tokens.vesting.initial(clients),
        "valuation": tokens.valuation.initial(len(register.tokens)),
        "outside_price": market.outside_price.initial(register.tokens, market.launch.price),
        "prices": {"spot": price, "value": price},
        "fees": market.volatility_fee.initial(price),
        "positions": providing.initial(register, price),
        "news": {},
        "assessment": {
            "participated": np.zeros(clients, dtype=bool),
            "contributions": nothing,
            "credit": nothing,
            "shares": nothing,
        },
    }


def endow(ledger: Ledger, register: Register, settings: Scenario, streams: Streams) -> None:
    """Providers and investors bring their money; what is for late launches waits in escrow."""
    cash = np.array([group.cash for group in each(settings.liquidity_providers)])
    wealth = [
        group.wealth.draw(group.count, streams[f"wealth/{number}"])
        for number, group in enumerate(settings.investors)
    ]
    money = np.concatenate([register.seeds + cash, *wealth])
    accounts = np.concatenate([register.provider_accounts, register.investor_accounts])
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, accounts, money)
    waiting = register.waiting(0)
    if waiting.any():
        escrow = int(register.escrow_accounts[0])
        ledger.transfer("escrow", NUMERAIRE, register.provider_accounts, escrow, waiting)
