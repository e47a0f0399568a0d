"""Trading: agents decide on one view of the market, and their orders settle."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from simulator.agents.traders import ClientFigures, Traders
from simulator.components import Floats, Memory
from simulator.economy import positions
from simulator.economy.arbitrage import bring_in, take_out
from simulator.economy.offering import Offers, sell
from simulator.economy.publishing import news, seen_by, unannounced
from simulator.economy.records import Reward, Traded
from simulator.economy.world import World
from simulator.ledger import NUMERAIRE
from simulator.market import Fills, LiquidityOrders, MarketView, Orders, Positions, settle

__all__ = ["decide", "exchange", "genesis", "intervene", "provide", "trade", "trade_last", "view"]

Answer = TypeVar("Answer")

SECOND_WAVE, LAST_WAVE = 2, 3


def intervene(world: World) -> None:
    """What events change at the beginning of a period, besides behaviours and revenue."""
    settings = world.settings
    for event in settings.injections(world.period):
        account = int(world.register.provider_accounts[event.provider])
        positions.inject(world, account, event.amount)
    if world.clearing is not settings.clearing(world.period - 1):
        world.begin_clearing()


def genesis(world: World, nothing: Reward) -> Traded:
    """Nobody trades at genesis, when everybody knows all there is to know."""
    delay = world.settings.market.information_delay
    world.memory.news = unannounced(news(world, nothing.dividend), delay)
    seen = [(view(world, nothing.dividend), nothing.buybacks)] if world.pools else []
    return Traded(seen, Offers.none(len(world.register.clients)))


def exchange(world: World, reward: Reward) -> Traded:
    """Providers change their positions; then, pass after pass, all decide on a fresh view.

    Whoever buys is served from clients' offers first, and trades for the rest. Those of the last
    wave see what the others have left, and trade after them.
    """
    market, memory, passes = world.settings.market, world.memory, list[tuple[MarketView, Fills]]()
    if not world.pools:
        return Traded(passes, Offers.none(len(world.register.clients)))
    memory.outside_price = market.outside_price.move(
        memory.outside_price, world.period, world.streams["outside_price"]
    )
    own = ClientFigures(reward.vested, world.training_cost)
    if world.groups.changing:
        provide(world, view(world, reward.dividend), own)
    offers, accounts = _offer(world), world.register.client_accounts
    for _ in range(market.passes):
        now = view(world, reward.dividend)
        offers, orders, bought = sell(world.ledger, accounts, offers, decide(world, now, own))
        passes += [(now, fills) for fills in [*bought, trade(world, orders)]]
        if LAST_WAVE in world.groups.waves:
            now = view(world, reward.dividend)
            passes.append((now, trade_last(world, _placed(world, now, own, LAST_WAVE), now)))
        own = replace(own, issued=np.zeros_like(own.issued))  # seen once
    memory.volatility_fee = market.volatility_fee.observe(memory.volatility_fee, world.prices.spot)
    return Traded(passes, offers)


def provide(world: World, view: MarketView, own: ClientFigures) -> None:
    """Liquidity providers decide on one view what to change of their positions, and do it."""
    placed = _asked(world, world.groups.changing, Traders.provide, view, own)
    positions.change(world, LiquidityOrders.join(placed))


def _offer(world: World) -> Offers:
    """Clients who lack money for data say how many new tokens they sell, and at what price."""
    register, token = world.register, world.register.token_of
    if world.engagement is None:
        return Offers.none(len(token))
    behind = np.bincount(token, minlength=len(register.tokens))
    asked, price = world.engagement.offer(
        world.memory.engagement,
        world.period,
        world.ledger.balances[register.client_accounts, NUMERAIRE],
        (world.ledger.supply(register.token_numbers) / behind)[token],
        world.settings.market.oracle.twap(world.memory.oracle)[token],
    )
    return Offers(token, price, asked, np.zeros(len(token)))


def view(world: World, dividend: Floats) -> MarketView:
    """The market before trading begins, after a `dividend` per token `[tokens]`.

    What follows from contributions is known later to those who have to wait for it.
    """
    market, pools, public = world.settings.market, world.pools, news(world, dividend)
    reserve_token, reserve_numeraire = pools.reserves
    return MarketView(
        period=world.period,
        curve=pools[0].curve,
        fee=pools.fees,
        reserve_token=reserve_token,
        reserve_numeraire=reserve_numeraire,
        spot_price=world.prices.spot,
        twap=market.oracle.twap(world.memory.oracle),
        gas=market.gas,
        outside_price=world.memory.outside_price.get("price"),
        fees_earned=world.book.fees,
        segments=pools.segments,
        supply=public["supply"],
        fundamental_value=public["fundamental_value"],
        share=public["share"],
        dividend=public["dividend"],
    )


def decide(world: World, view: MarketView, own: ClientFigures) -> Orders:
    """All place their orders on the same view; the second wave sees those of the first."""
    orders = _placed(world, view, own, 1)
    if SECOND_WAVE in world.groups.waves:
        seeing = replace(view, pending=orders.frozen())
        orders = Orders.join([orders, _placed(world, seeing, own, SECOND_WAVE)])
    return orders


def _placed(world: World, view: MarketView, own: ClientFigures, wave: int) -> Orders:
    """Orders of a wave, bounded in their slippage."""
    groups = world.groups
    orders = Orders.join(_asked(world, groups.waves[wave], Traders.decide, view, own))
    bounded = view.bounded(orders, groups.tolerance)
    return bounded.tipped(groups.tip[orders.account]) if groups.tips else bounded


def _asked(
    world: World,
    groups: tuple[Traders, ...],
    ask: Callable[..., tuple[Answer, Memory]],
    view: MarketView,
    own: ClientFigures,
) -> list[Answer]:
    """What each group answers, having seen what it may of `view`; it remembers that it did."""
    answers = []
    for group in groups:
        answer, world.trader_memory[group.name] = ask(
            group,
            seen_by(group.strategy, view, world.memory.news),
            world.ledger,
            world.trader_memory[group.name],
            world.streams[group.name],
            _positions_of(world, group) if group.strategy.provides else None,
            own,
        )
        answers.append(answer)
    return answers


def _positions_of(world: World, group: Traders) -> Positions:
    first = group.accounts[0] - world.register.provider_accounts[0]
    return world.positions.rows(slice(first, first + len(group.accounts)))


def trade(world: World, orders: Orders) -> Fills:
    """Orders settle by the clearing rule."""
    market, memory = world.settings.market, world.memory
    memory.oracle = market.oracle.observe(memory.oracle, world.prices.spot)
    draws = world.streams["clearing"]
    fills = world.clearing.clear(
        memory.clearing, world.ledger, world.pools, orders, market.gas, draws
    )
    world.note_prices()
    return fills


def trade_last(world: World, orders: Orders, view: MarketView) -> Fills:
    """Orders of the last wave settle one by one, in the sequence of the clearing rule.

    Those against the outside buy there what they sell and sell there what they have bought.
    """
    market, draws = world.settings.market, world.streams["clearing"]
    orders = world.clearing.arrange(world.memory.clearing, orders, draws)
    against = world.groups.trades_outside[orders.account]
    price = np.zeros(len(view.spot_price)) if view.outside_price is None else view.outside_price
    orders_outside = orders.take(against)
    brought_in = np.zeros(len(orders), dtype=bool)
    brought_in[against] = bring_in(world.ledger, orders_outside, price)
    fills = settle(world.ledger, world.pools, orders, market.gas)
    take_out(world.ledger, fills.take(against), brought_in[against], price)
    world.note_prices()
    return fills
