"""Doubts: allowed settings that make a run hard to interpret or change nothing in it."""

import math
from collections.abc import Iterator

import numpy as np

from simulator.agents.engagement import NoOffering
from simulator.agents.strategies import Fundamentalist, PumpAndDump, Sandwich
from simulator.federation import Sybil
from simulator.market import CURVES, Concentrated, Weighted
from simulator.scenario.events import ClearingEvent, LiquidityEvent
from simulator.scenario.schema import Scenario, seller_count

__all__ = ["doubts", "market_gain"]

LEAST_GAIN, MOST_GAIN = 0.05, 0.8
MANY_COALITIONS = 2**16


def doubts(scenario: Scenario) -> list[str]:
    """A line for each doubt about a scenario."""
    cash = scenario.tokens.mechanism.kind == "cash"
    return [
        *_gain(scenario),
        *_tips(scenario),
        *_idle_market(scenario),
        *_idle_offerings(scenario),
        *_idle_strategies(scenario),
        *_idle_events(scenario),
        *_late_clients(scenario),
        *_contributions(scenario),
        *(() if cash else _genesis(scenario)),
        *_clients_without_money(scenario),
        *_cancelled_shares(scenario),
    ]


def _gain(scenario: Scenario) -> Iterator[str]:
    gain = market_gain(scenario)
    if gain is None:
        return
    if gain > MOST_GAIN or gain * scenario.market.passes < LEAST_GAIN:
        yield (
            f"market gain {gain:.2g} is outside [{LEAST_GAIN:g}, {MOST_GAIN:g}]: prices will "
            f"{'hardly follow' if gain < LEAST_GAIN else 'overshoot'} fundamental value"
        )


def market_gain(scenario: Scenario) -> float | None:
    """Steepness x gain x activity x wealth / (tokens x pool numeraire), see `Curve.steepness`.

    The fraction of its gap to value that a price closes in a trading pass. Concentrated deposits
    between p / k and p k are 1 / (1 - k^-1/2) times as deep.
    """
    fundamentalists = [
        (group, group.strategy)
        for group in scenario.investors
        if isinstance(group.strategy, Fundamentalist)
    ]
    market, providers = scenario.market, scenario.liquidity_providers
    shallow = 1.0 if isinstance(market.curve, Concentrated) else 0.0
    pool = sum(
        group.count * group.deposit / (1 - shallow / math.sqrt(group.strategy.reach()))
        for group in providers
    )
    pool += market.launch.endowment(len(scenario.behaviours), market.seed_worth)
    if scenario.tokens.mechanism.kind == "cash":
        return None
    if not fundamentalists or not pool or type(market.curve) not in CURVES:
        return None
    steepness = market.curve.at(1).steepness(market.launch.price)
    return sum(
        steepness * strategy.gain * group.activity * group.count * group.wealth.mean / pool
        for group, strategy in fundamentalists
    )


def _tips(scenario: Scenario) -> Iterator[str]:
    kinds = (scenario.clients, scenario.liquidity_providers, scenario.investors)
    rules = _clearing_kinds(scenario)
    if any(group.tip for groups in kinds for group in groups) and "priority" not in rules:
        yield (
            f"tips buy nothing under clearing {' and '.join(rules)}: they are paid, but only "
            "priority settles by them"
        )


def _clearing_kinds(scenario: Scenario) -> list[str]:
    """Kinds of the run's clearing rules, in the order in which they take effect."""
    changes = {event.period for event in scenario.events if isinstance(event, ClearingEvent)}
    periods = sorted({1} | {period for period in changes if period <= scenario.periods})
    return list(dict.fromkeys(scenario.clearing(period).kind for period in periods))


def _idle_market(scenario: Scenario) -> Iterator[str]:
    market, tokens = scenario.market, scenario.tokens
    fees, curve = market.volatility_fee, market.curve
    if fees.sensitivity and fees.most <= market.fee:
        yield (
            f"volatility_fee changes nothing: most, {fees.most:g}, is not above fee, {market.fee:g}"
        )
    if isinstance(curve, Weighted) and curve.last_weight and curve.periods > scenario.periods:
        yield (
            f"weights reach last_weight in period {curve.periods}, after the last, "
            f"{scenario.periods}"
        )
    is_provided = scenario.liquidity_providers or market.launch.treasury_provides
    if tokens.payout.liquidity and tokens.mechanism.kind != "cash" and not is_provided:
        yield (
            "tokens.payout.liquidity is retained by the treasury while pools are empty, and "
            "nobody fills them: add liquidity_providers"
        )


def _idle_offerings(scenario: Scenario) -> Iterator[str]:
    """Offerings that raise no money: no tokens to sell, or no data to buy."""
    for number, group in enumerate(scenario.clients):
        if isinstance(group.offering, NoOffering):
            continue
        message = f"clients.{number}.offering changes nothing: "
        if scenario.tokens.mechanism.kind == "cash":
            yield message + "there are no tokens under mechanism cash"
        elif not (group.locked.fraction and group.locked.spends):
            yield (
                f"{message}there is nothing to buy, set clients.{number}.locked.fraction and "
                "spends above 0"
            )


def _idle_strategies(scenario: Scenario) -> Iterator[str]:
    outside = scenario.market.outside_price.kind
    strategies = [group.strategy for group in scenario.investors]
    if outside != "none" and not any(each.trades_outside for each in strategies):
        yield f"nobody trades at outside_price {outside}: add investors with strategy arbitrageur"
    rules = _clearing_kinds(scenario)
    if "priority" not in rules and any(isinstance(each, Sandwich) for each in strategies):
        yield (
            f"sandwiches need clearing priority to get around their victim: under "
            f"{' and '.join(rules)} they do so by accident or never"
        )
    late = {
        each.kind
        for each in strategies
        if isinstance(each, PumpAndDump) and each.start > scenario.periods
    }
    yield from (f"{kind}: start is after the last period, {scenario.periods}" for kind in late)


def _idle_events(scenario: Scenario) -> Iterator[str]:
    for number, event in enumerate(scenario.events):
        if event.period > scenario.periods:
            yield (
                f"events.{number}: {event.kind} happens in period {event.period}, after the last, "
                f"{scenario.periods}"
            )
        if isinstance(event, LiquidityEvent) and scenario.tokens.mechanism.kind == "cash":
            yield f"events.{number}: no liquidity comes, there are no pools under mechanism cash"


def _late_clients(scenario: Scenario) -> Iterator[str]:
    """Clients who join, or whose attack starts, only after the last period."""
    last = scenario.periods
    for number, group in enumerate(scenario.clients):
        if isinstance(group.behaviour, Sybil) and group.behaviour.poses_from > last:
            yield (
                f"clients.{number}: poses from period {group.behaviour.poses_from} on, after the "
                f"last, {last}"
            )
        if group.joins > last:
            yield f"clients.{number}: joins in period {group.joins}, after the last, {last}"


def _contributions(scenario: Scenario) -> Iterator[str]:
    method, clients = scenario.federation.contribution, len(scenario.behaviours)
    if (coalitions := method.coalitions(clients)) > MANY_COALITIONS:
        yield (
            f"contributions of {clients} clients by {method.kind} take up to {coalitions:,} "
            "coalitions a period, seconds to minutes each"
        )
    if method.accumulates and scenario.tokens.credit.memory > 0:
        yield (
            f"{method.kind} adds up rounds itself and credit smooths them again; set "
            "tokens.credit.memory=0"
        )


def _genesis(scenario: Scenario) -> Iterator[str]:
    served = _served_fraction(scenario)
    if served < 0.8:
        yield (
            f"investors can buy about {served:.0%} of what they want at genesis: liquidity "
            "providers and clients keep the rest of the supply"
        )


def _clients_without_money(scenario: Scenario) -> Iterator[str]:
    """Clients who cannot pay for training before their first income."""
    mechanism, launch = scenario.tokens.mechanism, scenario.market.launch
    bought = _deposits(scenario) + _served_fraction(scenario) * _demand(scenario)
    can_sell = mechanism.kind != "cash" and launch.clients_sell and bought > 0
    for number, group in enumerate(scenario.clients):
        sells = can_sell and (mechanism.by_client or group.joins == 1)
        if group.training_cost and not group.cash and not sells:
            yield (
                "without tokens that liquidity providers and investors buy when they join "
                "clients get no money at first and cannot pay for training; give them some "
                f"(clients.{number}.cash=100) or set clients.{number}.training_cost=0"
            )
            return


def _cancelled_shares(scenario: Scenario) -> Iterator[str]:
    issuance = scenario.tokens.issuance
    periods = np.arange(1, scenario.periods + 1)
    emitted = issuance.schedule(issuance.initial(0.0), periods).sum()
    supply = len(scenario.behaviours) * scenario.market.launch.supply
    by_share = issuance.by == "share" and scenario.tokens.mechanism.kind == "client_tokens"
    if by_share and emitted > 0.5 * supply:
        yield (
            f"emission of {emitted:.4g} tokens by share is {emitted / supply:.2g} times the "
            "genesis supply: issuance by share then cancels reward by share, since who earns "
            "more divides it among more tokens; emit less or set tokens.issuance.by=equal"
        )


def _deposits(scenario: Scenario) -> float:
    return sum(group.count * group.deposit for group in scenario.liquidity_providers)


def _demand(scenario: Scenario) -> float:
    """Expected numeraire that investors want to spend at genesis."""
    return sum(group.count * group.invested * group.wealth.mean for group in scenario.investors)


def _served_fraction(scenario: Scenario) -> float:
    """Fraction of `_demand` for which there are tokens."""
    market, clients = scenario.market, seller_count(scenario.clients, scenario.tokens)
    seed = _deposits(scenario) * market.seed_worth
    return market.launch.served_fraction(clients, seed, _demand(scenario))
