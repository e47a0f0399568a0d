"""Joining: genesis, and clients who come later with tokens that are new to the market."""

import numpy as np

from simulator.components import Booleans
from simulator.economy import positions
from simulator.economy.publishing import known
from simulator.economy.register import TREASURY, each
from simulator.economy.world import World
from simulator.ledger import NUMERAIRE, OUTSIDE
from simulator.market import Opening

__all__ = ["begin", "welcome"]


def begin(world: World) -> None:
    """Genesis: those who are there at first bring their money, and their tokens are launched."""
    settings = world.settings
    _endow(world)
    _launch(world, world.register.joined(0))
    world.memory.oracle = settings.market.oracle.initial(world.prices.spot)
    parameters = world.memory.model["parameters"]
    world.quality = settings.federation.evaluate(parameters, world.cohort)
    world.memory.issuance = settings.tokens.issuance.initial(world.quality.utility)


def welcome(world: World) -> None:
    """Clients who join in this period bring their cash and launch their tokens."""
    new = world.register.join_period == world.period
    if world.period > 1 and new.any():
        _launch(world, new)


def _endow(world: World) -> None:
    """Providers and investors bring their money; what is for late launches waits in escrow."""
    register, ledger, settings = world.register, world.ledger, world.settings
    cash = np.array([group.cash for group in each(settings.liquidity_providers)])
    wealth = [
        group.wealth.draw(group.count, world.streams[f"wealth/{number}"])
        for number, group in enumerate(settings.investors)
    ]
    money = np.concatenate([register.seeds + cash, *wealth])
    accounts = np.concatenate([register.provider_accounts, register.investor_accounts])
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, accounts, money)
    waiting = register.waiting(0)
    if waiting.any():
        escrow = int(register.escrow_accounts[0])
        ledger.transfer("escrow", NUMERAIRE, register.provider_accounts, escrow, waiting)


def _launch(world: World, clients: Booleans) -> None:
    """`clients` `[clients]` bring their cash, and their tokens come into the market."""
    settings, register, ledger = world.settings, world.register, world.ledger
    accounts, market = register.client_accounts[clients], settings.market
    cash = np.array([group.cash for group in each(settings.clients)])[clients]
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, accounts, cash)
    new = register.launched(clients)
    if not new.size:
        return
    part = len(new) / len(register.tokens)
    if world.period and len(register.seeds):
        providers, escrow = register.provider_accounts, int(register.escrow_accounts[0])
        ledger.transfer("escrow", NUMERAIRE, escrow, providers, part * register.seeds)
    investors = register.investor_accounts
    wanted = register.invested * world.worth[investors]
    wanted *= len(new) / np.count_nonzero(register.exist(world.period))
    opening = Opening(
        ledger,
        [world.pools[number] for number in new.tolist()],
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
    market.launch.open(opening)
    positions.opened(world, new)
    memory = world.memory
    memory.outside_price = market.outside_price.launch_tokens(
        memory.outside_price, new, market.launch.price
    )
    memory.news = known(memory.news, new, ledger.supply(register.token_numbers)[new])
    world.note_prices()
