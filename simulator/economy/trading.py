"""Trading: agents decide on one view of the market, and their orders settle."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from simulator.agents.traders import ClientFigures, Traders
from simulator.answers import Answers, answers_of
from simulator.components import Floats, Memory
from simulator.economy import positions
from simulator.economy.arbitrage import buy_outside, sell_outside
from simulator.economy.offering import Offers, sell
from simulator.economy.publishing import initial_queue, news, view_for
from simulator.economy.records import Reward, Trades
from simulator.economy.world import World
from simulator.ledger import NUMERAIRE
from simulator.market import Fills, LiquidityOrders, MarketView, Orders, Positions, settle
from simulator.market.statuses import Status

__all__ = ["decide", "exchange", "genesis", "intervene", "provide", "trade", "trade_last", "view"]

Answer = TypeVar("Answer")

SECOND_WAVE, LAST_WAVE = 2, 3


def intervene(world: World) -> None:
    """Apply a period's events, except for behaviours and revenue."""
    settings = world.settings
    for event in settings.injections(world.period):
        account = int(world.register.provider_accounts[event.provider])
        positions.inject(world, account, event.amount)
    if world.clearing is not settings.clearing(world.period - 1):
        world.begin_clearing()


def genesis(world: World, no_reward: Reward) -> Trades:
    """Genesis has no trades, and all its news is public."""
    delay = world.settings.market.information_delay
    world.memory.news = initial_queue(news(world, no_reward.dividend), delay)
    passes = [(view(world, no_reward.dividend), no_reward.buybacks)] if world.pools else []
    return Trades(passes, Offers.none(len(world.register.clients)))


def exchange(world: World, reward: Reward) -> Trades:
    """Providers change their positions; then, pass after pass, all groups decide on a fresh view.

    Purchases are served from the clients' offers first; the rest trades in pools. The last wave
    decides on the market after all other orders have settled, and trades last.
    """
    market, memory, passes = world.settings.market, world.memory, list[tuple[MarketView, Fills]]()
    if not world.pools:
        return Trades(passes, Offers.none(len(world.register.clients)))
    memory.outside_price = _moved_outside_price(world)
    figures = ClientFigures(reward.vested, world.training_cost)
    if world.groups.providing:
        provide(world, view(world, reward.dividend), figures)
    offers, accounts = _offer(world), world.register.client_accounts
    for _ in range(market.passes):
        now = view(world, reward.dividend)
        orders = decide(world, now, figures)
        offers, orders, offering_fills = sell(world.ledger, accounts, offers, orders)
        passes += [(now, fills) for fills in [*offering_fills, trade(world, orders)]]
        if LAST_WAVE in world.groups.waves:
            now = view(world, reward.dividend)
            orders = _wave_orders(world, now, figures, LAST_WAVE)
            passes.append((now, trade_last(world, orders, now)))
        figures = replace(figures, issued=np.zeros_like(figures.issued))  # shown in one pass only
    memory.volatility_fee = market.volatility_fee.observe(memory.volatility_fee, world.prices.spot)
    return Trades(passes, offers)


def _moved_outside_price(world: World) -> Memory:
    """The outside price's memory of this period."""
    rule, memory = world.settings.market.outside_price, world.memory.outside_price
    draws = world.streams["outside_price"]
    return world.outside_memory("move", lambda: rule.move(memory, world.period, draws))


def provide(world: World, view: MarketView, figures: ClientFigures) -> None:
    """Liquidity providers decide on one view how to change their positions; then they change."""
    orders = _answers(world, world.groups.providing, Traders.provide, view, figures)
    positions.change(world, LiquidityOrders.join(orders))


def _offer(world: World) -> Offers:
    """New tokens that clients sell to raise money for data, and their prices."""
    register, token = world.register, world.register.token_of
    if world.engagement is None:
        return Offers.none(len(token))
    clients_per_token = np.bincount(token, minlength=len(register.tokens))
    target, price = world.engagement.offer(
        world.memory.engagement,
        world.period,
        world.ledger.balances[register.client_accounts, NUMERAIRE],
        (world.ledger.supply(register.token_numbers) / clients_per_token)[token],
        world.settings.market.oracle.twap(world.memory.oracle)[token],
    )
    return Offers(token, price, target, np.zeros(len(token)))


def view(world: World, dividend: Floats) -> MarketView:
    """The market before trading begins, after a `dividend` per token `[tokens]`.

    It has the latest news; `publishing.view_for` replaces it for strategies that must wait.
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


def decide(world: World, view: MarketView, figures: ClientFigures) -> Orders:
    """All groups decide on the same view; the second wave also sees the first wave's orders."""
    orders = _wave_orders(world, view, figures, 1)
    if SECOND_WAVE in world.groups.waves:
        with_pending = replace(view, pending=orders.frozen())
        orders = Orders.join([orders, _wave_orders(world, with_pending, figures, SECOND_WAVE)])
    return orders


def _wave_orders(world: World, view: MarketView, figures: ClientFigures, wave: int) -> Orders:
    """Orders of a wave, with the groups' slippage bounds and tips."""
    groups = world.groups
    orders = Orders.join(_answers(world, groups.waves[wave], Traders.decide, view, figures))
    bounded = view.bounded(orders, groups.tolerance)
    return bounded.tipped(groups.tip[orders.account]) if groups.tips else bounded


def _answers(
    world: World,
    groups: tuple[Traders, ...],
    method: Callable[..., tuple[Answer, Memory]],
    view: MarketView,
    figures: ClientFigures,
) -> list[Answer]:
    """Results of `method` of each group on the `view` that it may see; updates their memories."""
    answers = []
    for group in groups:
        answer, world.trader_memory[group.name] = method(
            group,
            view_for(group.strategy, view, world.memory.news),
            world.ledger,
            world.trader_memory[group.name],
            world.streams[group.name],
            _positions_of(world, group) if group.strategy.provides else None,
            figures,
        )
        answers.append(answer)
    return answers


def _positions_of(world: World, group: Traders) -> Positions:
    first = group.accounts[0] - world.register.provider_accounts[0]
    return world.positions.rows(slice(first, first + len(group.accounts)))


def trade(world: World, orders: Orders) -> Fills:
    """Settle orders by the clearing rule, after observing prices for the oracle."""
    market, memory = world.settings.market, world.memory
    memory.oracle = market.oracle.observe(memory.oracle, world.prices.spot)
    draws = world.streams["clearing"]
    with answers_of(world.clearing, "clear") as answers:
        fills = world.clearing.clear(
            memory.clearing, world.ledger, world.pools, orders, market.gas, draws
        )
        _check_fills(answers, fills, orders)
    world.note_prices()
    return fills


def _check_fills(answers: Answers, fills: Fills, orders: Orders) -> None:
    """Raise ComponentError unless each order has one outcome."""
    answers.instance(fills, Fills)
    _check_orders(answers, fills.orders, len(orders))
    answers.numbers(fills.amount_out, (len(orders),), least=0)
    answers.integers(fills.status, (len(orders),), 0, len(Status) - 1)


def _check_orders(answers: Answers, orders: Orders, count: int) -> None:
    answers.instance(orders, Orders)
    if len(orders) != count:
        raise answers.error(f"returned {len(orders)} orders of {count}")


def trade_last(world: World, orders: Orders, view: MarketView) -> Fills:
    """Settle the last wave's orders one by one, in the sequence of the clearing rule.

    Arbitrageurs buy outside the tokens that they sell, and sell outside those that they bought.
    """
    market, draws = world.settings.market, world.streams["clearing"]
    with answers_of(world.clearing, "arrange") as answers:
        arranged = world.clearing.arrange(world.memory.clearing, orders, draws)
        _check_orders(answers, arranged, len(orders))
        orders = arranged
    arbitrage = world.groups.trades_outside[orders.account]
    price = np.zeros(len(view.spot_price)) if view.outside_price is None else view.outside_price
    bought_outside = buy_outside(world.ledger, orders.take(arbitrage), price)
    fills = settle(world.ledger, world.pools, orders, market.gas)
    sell_outside(world.ledger, fills.take(arbitrage), bought_outside, price)
    world.note_prices()
    return fills
