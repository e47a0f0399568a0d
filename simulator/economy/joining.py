"""Joining: genesis, and clients who join later and launch new tokens."""

import numpy as np

from simulator.agents.groups import InvestorGroup
from simulator.answers import answers_of
from simulator.components import Booleans, Floats
from simulator.economy import positions
from simulator.economy.publishing import add_launch
from simulator.economy.register import TREASURY, group_of_each
from simulator.economy.world import World
from simulator.ledger import NUMERAIRE, OUTSIDE
from simulator.market import Opening

__all__ = ["begin", "welcome"]


def begin(world: World) -> None:
    """Genesis: the initial agents bring their money, and the first tokens are launched."""
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
    """Providers and investors bring their money; deposits for later launches go to escrow."""
    register, ledger, settings = world.register, world.ledger, world.settings
    cash = np.array([group.cash for group in group_of_each(settings.liquidity_providers)])
    wealth = [_wealth(world, *numbered) for numbered in enumerate(settings.investors)]
    money = np.concatenate([register.seeds + cash, *wealth])
    accounts = np.concatenate([register.provider_accounts, register.investor_accounts])
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, accounts, money)
    escrowed = register.escrowed_money(0)
    if escrowed.any():
        escrow = int(register.escrow_accounts[0])
        ledger.transfer("escrow", NUMERAIRE, register.provider_accounts, escrow, escrowed)


def _wealth(world: World, number: int, group: InvestorGroup) -> Floats:
    """Wealth of each investor of a group."""
    with answers_of(group.wealth, "draw") as answers:
        wealth = group.wealth.draw(group.count, world.streams[f"wealth/{number}"])
        return answers.numbers(wealth, (group.count,), least=0)


def _launch(world: World, clients: Booleans) -> None:
    """`clients` `[clients]` bring their cash, and their tokens are launched."""
    settings, register, ledger = world.settings, world.register, world.ledger
    accounts, market = register.client_accounts[clients], settings.market
    cash = np.array([group.cash for group in group_of_each(settings.clients)])[clients]
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, accounts, cash)
    new = register.tokens_launched_by(clients)
    if not new.size:
        return
    fraction = len(new) / len(register.tokens)
    if world.period and len(register.seeds):
        providers, escrow = register.provider_accounts, int(register.escrow_accounts[0])
        ledger.transfer("escrow", NUMERAIRE, escrow, providers, fraction * register.seeds)
    investors = register.investor_accounts
    demand = register.invested * world.worth[investors]
    demand *= len(new) / np.count_nonzero(register.exist(world.period))
    opening = Opening(
        ledger,
        [world.pools[number] for number in new.tolist()],
        clients=accounts,
        token_of=register.token_of[clients],
        providers=register.provider_accounts,
        deposits=fraction * register.deposits,
        reach=register.reach,
        seed_worth=market.seed_worth,
        investors=investors,
        demand=np.minimum(demand, ledger.balances[investors, NUMERAIRE]),
        treasury=TREASURY,
    )
    with answers_of(market.launch, "open"):
        market.launch.open(opening)
    positions.record_launch(world, new)
    memory = world.memory
    outside, before = market.outside_price, memory.outside_price
    memory.outside_price = world.outside_memory(
        "launch_tokens", lambda: outside.launch_tokens(before, new, market.launch.price)
    )
    memory.news = add_launch(memory.news, new, ledger.supply(register.token_numbers)[new])
    world.note_prices()
