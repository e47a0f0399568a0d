"""Doubts: allowed settings that make a run hard to interpret. Each names settings that would do."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from simulator.advice import conjoined, rounded_down, rounded_up, setting
from simulator.agents.strategies import Fundamentalist
from simulator.federation import PermutationShapley
from simulator.market import CURVES, Concentrated, SeededPool, StableSwap
from simulator.reading import as_yaml
from simulator.scenario.fits import seller_count
from simulator.scenario.idle import filling, idle_settings, stay_empty
from simulator.scenario.late import late_settings
from simulator.scenario.schema import Scenario

__all__ = ["doubts", "market_gain"]

LEAST_GAIN, MOST_GAIN = 0.05, 0.8
LEAST_SERVED = 0.8
MANY_COALITIONS = 2**16
MANY_EXAMPLES = 10_000  # of a client, in a round that its cash should pay for


def doubts(scenario: Scenario) -> list[str]:
    """A line for each doubt about a scenario."""
    return [
        *_gain(scenario),
        *idle_settings(scenario),
        *late_settings(scenario),
        *_contributions(scenario),
        *_empty_pools(scenario),
        *_genesis(scenario),
        *_clients_without_money(scenario),
        *_cancelled_shares(scenario),
    ]


def _gain(scenario: Scenario) -> Iterator[str]:
    gain, passes = market_gain(scenario), scenario.market.passes
    if gain is None or (gain * passes >= LEAST_GAIN and gain <= MOST_GAIN):
        return
    if gain > MOST_GAIN:
        how, factor, rounded = "overshoot", MOST_GAIN / gain, rounded_down
    else:
        how, factor, rounded = "hardly follow", LEAST_GAIN / (gain * passes), rounded_up
    gains = {
        number: rounded(group.strategy.gain * factor)
        for number, group in enumerate(scenario.investors)
        if isinstance(group.strategy, Fundamentalist) and group.activity
    }
    advice = [_of_groups(scenario, "investors", "strategy.gain", gains)]
    if factor > 1:
        advice += _shallower(scenario, factor)
    yield (
        f"prices will {how} fundamental value: in a trading pass investors close {gain:.2g} of the "
        f"gap, best between {LEAST_GAIN:g} and {MOST_GAIN:g}; set {' or '.join(advice)}"
    )


def _shallower(scenario: Scenario, factor: float) -> Iterator[str]:
    """Settings with which the same money moves prices `factor` times as far."""
    if amplification := _steep_enough(scenario, factor):
        yield setting("market.curve.amplification", amplification)
    deposits = {
        number: rounded_down(group.deposit / factor)
        for number, group in enumerate(scenario.liquidity_providers)
    }
    market = scenario.market
    if not market.launch.endowment(len(scenario.behaviours), market.seed_worth):
        yield _of_groups(scenario, "liquidity_providers", "deposit", deposits)


def _steep_enough(scenario: Scenario, factor: float) -> float:
    """Amplification at which a stableswap is `factor` times as steep; 0 if there is none."""
    curve, price = scenario.market.curve, scenario.market.launch.price
    if not isinstance(curve, StableSwap):
        return 0.0
    wanted, amplification = factor * curve.steepness(price), curve.amplification
    while amplification >= 1:
        if curve.model_copy(update={"amplification": amplification}).steepness(price) >= wanted:
            return rounded_down(amplification)
        amplification /= 2
    return 0.0


def market_gain(scenario: Scenario) -> float | None:
    """Steepness x gain x activity x wealth / (tokens x pool numeraire), see `Curve.steepness`.

    The fraction of its gap to value that a price closes in a trading pass. Concentrated deposits
    between p / k and p k are 1 / (1 - k^-1/2) times as deep.
    """
    fundamentalists = [
        (group, group.strategy)
        for group in scenario.investors
        if isinstance(group.strategy, Fundamentalist) and group.activity
    ]
    market, providers = scenario.market, scenario.liquidity_providers
    shallow = 1.0 if isinstance(market.curve, Concentrated) else 0.0
    pool = sum(
        group.count * group.deposit / (1 - shallow / math.sqrt(group.strategy.reach()))
        for group in providers
    )
    pool += market.launch.endowment(len(scenario.behaviours), market.seed_worth)
    if not scenario.tokens.mechanism.has_tokens:
        return None
    if not fundamentalists or not pool or type(market.curve) not in CURVES:
        return None
    steepness = market.curve.at(1).steepness(market.launch.price)
    return sum(
        steepness * strategy.gain * group.activity * group.count * group.wealth.mean / pool
        for group, strategy in fundamentalists
    )


def _of_groups(scenario: Scenario, kind: str, name: str, values: Mapping[int, Any]) -> str:
    """The setting `name` of groups with new `values`, by number.

    Groups that no file lists have no numbers to name: then it is the whole list.
    """
    if kind in scenario.model_fields_set:
        return conjoined({f"{kind}.{number}.{name}": value for number, value in values.items()})
    groups = []
    for number, value in values.items():
        inner: Any = int(value) if float(value).is_integer() else float(f"{value:.12g}")
        for part in reversed(name.split(".")):
            inner = {part: inner}
        groups.append({"count": scenario.groups[f"{kind}/{number}"].count} | inner)
    return setting(kind, as_yaml(groups))


def _contributions(scenario: Scenario) -> Iterator[str]:
    method, clients = scenario.federation.contribution, len(scenario.behaviours)
    if (coalitions := method.coalitions(clients)) > MANY_COALITIONS:
        yield (
            f"contributions of {clients} clients by {method.kind} take up to {coalitions:,} "
            "coalitions a period, seconds to minutes each; set "
            f"{_fewer_coalitions(method, clients)}"
        )
    if method.accumulates and scenario.tokens.credit.memory > 0:
        yield (
            f"{method.kind} adds up rounds itself and credit smooths them again; set "
            "tokens.credit.memory=0"
        )


def _fewer_coalitions(method: Any, clients: int) -> str:
    reverses = isinstance(method, PermutationShapley) and method.antithetic
    orders = (MANY_COALITIONS - 2) // (clients - 1) // (2 if reverses else 1)
    if not orders:
        return "federation.contribution.kind=data_size"
    name = "federation.contribution"
    kind = PermutationShapley().kind
    return f"{name}.kind={kind} and {name}.permutations={min(orders, 100)}"


def _empty_pools(scenario: Scenario) -> Iterator[str]:
    """Pools that nobody fills, though somebody would trade in them or deepen them."""
    liquidity = scenario.tokens.payout.liquidity
    if stay_empty(scenario) and (scenario.investors or liquidity):
        retained = "; the treasury retains tokens.payout.liquidity" if liquidity else ""
        yield (
            f"pools stay empty and nobody can trade, since there are no liquidity_providers"
            f"{retained}; set {filling(scenario)}"
        )


def _genesis(scenario: Scenario) -> Iterator[str]:
    served, launch = _served_fraction(scenario), scenario.market.launch
    if not scenario.tokens.mechanism.has_tokens or served >= LEAST_SERVED:
        return
    clients = seller_count(scenario.clients, scenario.tokens)
    needed = scenario.seed_value + scenario.demand_at_genesis
    fraction = needed / clients / launch.price / launch.supply  # of the supply, to be sold
    advice = "investors=[]"
    if isinstance(launch, SeededPool):
        supply = rounded_up(launch.supply * fraction / (1 - launch.client))
        advice = setting("market.launch.supply", supply)
        if fraction < 1:
            advice += f" or {setting('market.launch.client', rounded_down(1 - fraction))}"
    yield (
        f"investors can buy about {served:.0%} of what they want at genesis: liquidity providers "
        f"and clients keep the rest of the supply; set {advice}"
    )


def _clients_without_money(scenario: Scenario) -> Iterator[str]:
    """Clients who cannot pay for training before their first income."""
    mechanism, launch = scenario.tokens.mechanism, scenario.market.launch
    bought = scenario.seed_value + _served_fraction(scenario) * scenario.demand_at_genesis
    can_sell = mechanism.has_tokens and launch.clients_sell and bought > 0
    poor = {
        number: rounded_up(group.training_cost * scenario.federation.learner.epochs * MANY_EXAMPLES)
        for number, group in enumerate(scenario.clients)
        if group.training_cost
        and group.behaviour.trains
        and not group.cash
        and not (can_sell and (mechanism.by_client or group.joins == 1))
    }
    if poor:
        costs = dict.fromkeys(poor, 0.0)
        yield (
            "without tokens that liquidity providers and investors buy when they join "
            "clients get no money at first and cannot pay for training; set "
            f"{_of_groups(scenario, 'clients', 'cash', poor)} or "
            f"{_of_groups(scenario, 'clients', 'training_cost', costs)}"
        )


def _cancelled_shares(scenario: Scenario) -> Iterator[str]:
    issuance, clients = scenario.tokens.issuance, len(scenario.behaviours)
    periods = np.arange(1, scenario.periods + 1)
    emitted = float(issuance.schedule(issuance.initial(0.0), periods).sum())
    supply = clients * scenario.market.launch.supply
    by_share = issuance.by == "share" and scenario.tokens.mechanism.kind == "client_tokens"
    if by_share and emitted > 0.5 * supply:
        enough = setting("market.launch.supply", rounded_up(2 * emitted / clients))
        yield (
            f"emission of {emitted:.4g} tokens by share is {emitted / supply:.2g} times the "
            "genesis supply: issuance by share then cancels reward by share, since a client that "
            "earns more divides it among more tokens; set tokens.issuance.by=equal or "
            f"{enough}"
        )


def _served_fraction(scenario: Scenario) -> float:
    """Fraction of the demand at genesis for which there are tokens."""
    market, clients = scenario.market, seller_count(scenario.clients, scenario.tokens)
    return market.launch.served_fraction(clients, scenario.seed_value, scenario.demand_at_genesis)
