"""Launching: clients join with their cash, and their tokens come into the market."""

from typing import TYPE_CHECKING

import numpy as np

from simulator.components import Booleans
from simulator.economy import providing
from simulator.economy.publishing import known
from simulator.economy.register import TREASURY, each
from simulator.ledger import NUMERAIRE, OUTSIDE

if TYPE_CHECKING:
    from simulator.economy.model import Economy

__all__ = ["launch"]


def launch(economy: "Economy", clients: Booleans) -> None:
    """`clients` `[clients]` bring their cash, and their tokens come into the market."""
    settings, register, ledger = economy.settings, economy.register, economy.ledger
    accounts, market = register.client_accounts[clients], settings.market
    cash = np.array([group.cash for group in each(settings.clients)])[clients]
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, accounts, cash)
    new = register.launched(clients)
    if not new.size:
        return
    part = len(new) / len(register.tokens)
    if economy.period and len(register.seeds):
        providers, escrow = register.provider_accounts, int(register.escrow_accounts[0])
        ledger.transfer("escrow", NUMERAIRE, escrow, providers, part * register.seeds)
    investors = register.investor_accounts
    wanted = register.invested * economy.wealth[investors]
    wanted *= len(new) / np.count_nonzero(register.exist(economy.period))
    market.launch.open(
        ledger,
        [economy.pools[number] for number in new.tolist()],
        clients=accounts,
        token_of=register.token_of[clients],
        providers=register.provider_accounts,
        deposits=part * register.deposits,
        reach=register.reach,
        seed_worth=market.seed_worth,
        investors=investors,
        demand=np.minimum(wanted, ledger.balances[investors, NUMERAIRE]),
        treasury=TREASURY,
    )
    memory = economy.memory
    memory["positions"] = providing.opened(
        ledger, register, economy.pools, memory["positions"], new
    )
    memory["outside_price"] = market.outside_price.launched(
        memory["outside_price"], new, market.launch.price
    )
    memory["news"] = known(memory["news"], new, ledger.supply(register.token_numbers)[new])
    economy.note_prices()
