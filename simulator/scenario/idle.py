"""Settings without effect, because another setting leaves them nothing to do.

Only settings that differ from their defaults are reported: nobody needs to hear of those that
nobody wrote, or that a run folder's complete scenario repeats.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from simulator.advice import conjoined, rounded_down, setting
from simulator.agents.engagement import ByProfit, NoOffering
from simulator.agents.groups import ClientGroup, Group, InvestorGroup, strategy_of
from simulator.agents.strategies import (
    Adaptive,
    Arbitrageur,
    CoverCosts,
    ExitOnLoss,
    FeeChaser,
    Hold,
    Insider,
    Passive,
    PumpAndDump,
    RangeKeeper,
    Sandwich,
    SellFraction,
    TargetHolder,
    WashTrader,
)
from simulator.components import Section
from simulator.federation import (
    Aggregation,
    ClassCosine,
    Cosine,
    DataSize,
    EqualContribution,
    Sybil,
)
from simulator.market import BootstrappingPool, SeededPool
from simulator.scenario.events import BehaviourEvent, ClearingEvent, LiquidityEvent, RevenueEvent
from simulator.scenario.fits import numbered_groups, seller_count
from simulator.scenario.schema import Scenario
from simulator.tokens import EqualAllocation, Issuance, Payout, PerImprovement, StochasticRevenue

__all__ = ["filling", "idle_settings", "stay_empty"]

MOST_NAMED = 2  # settings of one section: more are named by their section
WITHOUT_GAME = (ClassCosine, Cosine, DataSize, EqualContribution)
UNAWARE = (
    Arbitrageur,
    CoverCosts,
    ExitOnLoss,
    FeeChaser,
    Hold,
    Insider,
    Passive,
    RangeKeeper,
    Sandwich,
    SellFraction,
)
"""Strategies for which it makes no difference when news becomes public."""


class Idle(NamedTuple):
    """Settings without effect, why they have none, and what would give them one."""

    settings: list[str]
    reason: str
    advice: str = ""

    def __str__(self) -> str:
        advice = f"set {self.advice}, or leave this out" if self.advice else "leave this out"
        return f"{', '.join(self.settings)}: no effect, since {self.reason}; {advice}"


def idle_settings(scenario: Scenario) -> Iterator[str]:
    """A line for each reason for which settings have no effect."""
    rules = (_without_tokens, _payout, _market, _federation, _rewards, _record)
    idle = chain.from_iterable(rule(scenario) for rule in rules)
    groups = chain.from_iterable(
        _group(scenario, group, name.replace("/", ".")) for name, group in scenario.groups.items()
    )
    for each in chain(idle, groups, _events(scenario)):
        if each.settings:
            yield str(each)
    yield from _paid_directly(scenario)
    yield from _pointless(scenario)


def _without_tokens(scenario: Scenario) -> Iterator[Idle]:
    """What a mechanism without tokens leaves idle."""
    if scenario.tokens.mechanism.has_tokens:
        return
    tokens, market = scenario.tokens, scenario.market
    settings = _by_section(_changed(market, "market"), "market")
    default = type(scenario).model_fields
    for kind, groups in (
        ("liquidity_providers", scenario.liquidity_providers),
        ("investors", scenario.investors),
    ):
        settings += [kind] if groups and groups != default[kind].default else []
    for number, group in enumerate(scenario.clients):
        settings += _changed(group, f"clients.{number}", "policy", "tolerance", "tip", "offering")
    settings += _changed(tokens, "tokens", "issuance", "vesting", "valuation")
    settings += _changed(tokens.payout, "tokens.payout", "pools_earn", "buybacks")
    settings += _changed(scenario.record, "record", "fills")
    settings += [
        f"events.{number}"
        for number, event in enumerate(scenario.events)
        if isinstance(event, LiquidityEvent | ClearingEvent)
    ]
    yield Idle(settings, "mechanism cash has no tokens", "tokens.mechanism.kind=client_tokens")


def _paid_directly(scenario: Scenario) -> Iterator[str]:
    """Uses of revenue that mechanism cash turns into direct pay."""
    payout = scenario.tokens.payout
    uses = {"dividend": payout.dividend, "buyback": payout.buyback, "liquidity": payout.liquidity}
    changed = _changed(payout, "tokens.payout", *(use for use, part in uses.items() if part))
    if changed and not scenario.tokens.mechanism.has_tokens:
        settings = {f"tokens.payout.{use}": 0.0 for use, part in uses.items() if part}
        settings["tokens.payout.direct"] = payout.direct + sum(uses.values())
        yield (
            f"{', '.join(changed)}: paid to the clients directly, since mechanism cash has no "
            f"token holders; set {conjoined(settings)}"
        )


def _payout(scenario: Scenario) -> Iterator[Idle]:
    """Terms of uses to which no revenue goes."""
    payout, tokens = scenario.tokens.payout, scenario.tokens
    if not scenario.tokens.mechanism.has_tokens:
        return
    if not payout.buyback:
        settings = _changed(payout.buybacks, "tokens.payout.buybacks")
        reason = "tokens.payout.buyback is 0"
        yield Idle(settings, reason, _with_part(payout, "buyback"))
    if not payout.to_holders:
        settings = _changed(payout, "tokens.payout", "pools_earn")
        settings += _changed(tokens.valuation, "tokens.valuation")
        reason = "token holders are paid nothing"
        yield Idle(settings, reason, _with_part(payout, "dividend"))

    if payout.treasury == 1:
        settings = _changed(payout, "tokens.payout", "unearned")
        reason = "all revenue goes to the treasury"
        yield Idle(settings, reason, _with_part(payout, "direct"))


def _with_part(payout: Payout, use: str) -> str:
    """Settings that give half of the largest part of revenue to this `use`."""
    parts = {name: part for name, part in payout if name in ("dividend", "direct", "treasury")}
    largest = max(parts, key=lambda name: parts[name])
    half = round(parts[largest] / 2, 12)
    return conjoined(
        {f"tokens.payout.{use}": half, f"tokens.payout.{largest}": parts[largest] - half}
    )


def _market(scenario: Scenario) -> Iterator[Idle]:
    if not scenario.tokens.mechanism.has_tokens:
        return
    market = scenario.market
    if stay_empty(scenario):
        settings = [path for path in _changed(market, "market") if "launch" not in path]
        yield Idle(_by_section(settings, "market"), "pools stay empty", filling(scenario))
        return
    fees = market.volatility_fee
    if not fees.sensitivity:
        settings = _changed(fees, "market.volatility_fee", "memory", "most")
        reason = "market.volatility_fee.sensitivity is 0"
        yield Idle(settings, reason, "market.volatility_fee.sensitivity=1")
    elif fees.most <= market.fee:
        most = setting("market.volatility_fee.most", round((1 + market.fee) / 2, 12))
        reason = f"its most, {fees.most:g}, is not above market.fee, {market.fee:g}"
        yield Idle(["market.volatility_fee"], reason, most)
    offers = any(not isinstance(group.offering, NoOffering) for group in scenario.clients)
    plugins = any(not _is_built_in(strategy) for strategy in _strategies(scenario))
    if not (scenario.tokens.payout.buyback or offers or plugins):
        settings = _changed(market.oracle, "market.oracle")
        reason = "nobody uses average prices: there are no buybacks and no offerings"
        yield Idle(settings, reason, _with_part(scenario.tokens.payout, "buyback"))
    if market.information_delay and not any(_reads_news(each) for each in _active(scenario)):
        reason = "nobody trades on what is delayed: shares, issuance, dividends and values"
        yield Idle(["market.information_delay"], reason)
    kind = market.outside_price.kind
    if kind != "none" and not any(each.trades_outside for each in _strategies(scenario)):
        reason = f"nobody trades at outside_price {kind}, only investors with strategy arbitrageur"
        yield Idle(["market.outside_price"], reason, "market.outside_price.kind=none")


def stay_empty(scenario: Scenario) -> bool:
    """Whether there are tokens, but no pool ever opens."""
    is_filled = scenario.liquidity_providers or not isinstance(scenario.market.launch, SeededPool)
    return scenario.tokens.mechanism.has_tokens and not is_filled


def filling(scenario: Scenario) -> str:
    """Providers who would fill pools with half of what clients sell at genesis."""
    launch, clients = scenario.market.launch, seller_count(scenario.clients, scenario.tokens)
    sold = 1 - launch.client if isinstance(launch, SeededPool) else 1.0
    deposit = clients * sold * launch.supply * launch.price / scenario.market.seed_worth / 2
    return f"liquidity_providers=[{{deposit: {rounded_down(deposit):g}}}]"


def _federation(scenario: Scenario) -> Iterator[Idle]:
    federation, clients = scenario.federation, len(scenario.behaviours)
    if isinstance(federation.contribution, WITHOUT_GAME):
        settings = _changed(federation, "federation", "normalisation", "reconstruction")
        reason = f"contribution {federation.contribution.kind} evaluates no coalitions"
        yield Idle(settings, reason, "federation.contribution.kind=shapley")
    elif type(federation.aggregation).combine is Aggregation.combine:
        settings = _changed(federation, "federation", "reconstruction")
        reason = f"aggregation {federation.aggregation.kind} combines by the weighted mean, too"
        yield Idle(settings, reason, "federation.aggregation.kind=median")
    drawn = max(round(federation.participation * clients), 1)
    if federation.participation < 1 and drawn == clients:
        reason = f"it still draws all of {clients} clients"
        fewer = round((clients - 1) / clients, 2) if clients > 1 else 1
        advice = setting("federation.participation", fewer)
        yield Idle(["federation.participation"], reason, advice)


def _rewards(scenario: Scenario) -> Iterator[Idle]:
    """What equal shares, or no emission, leave idle."""
    tokens, federation = scenario.tokens, scenario.federation
    if isinstance(tokens.allocation, EqualAllocation):
        settings = _changed(federation, "federation", "contribution", "normalisation")
        settings += _changed(federation, "federation", "reconstruction")
        settings += _changed(tokens.credit, "tokens.credit")
        reason = "allocation equal pays all clients alike, whatever contribution is measured"
        yield Idle(settings, reason, "tokens.allocation.kind=proportional")
        settings = _changed(tokens.payout, "tokens.payout", "unearned")
        if scenario.tokens.mechanism.has_tokens:
            settings += _changed(tokens.issuance, "tokens.issuance", "unearned")
        reason = "allocation equal leaves nothing unearned"
        yield Idle(settings, reason, "tokens.allocation.kind=proportional")
    if isinstance(tokens.revenue, StochasticRevenue) and not tokens.revenue.sigma:
        settings = _changed(tokens.revenue, "tokens.revenue", "persistence")
        yield Idle(settings, "tokens.revenue.sigma is 0", "tokens.revenue.sigma=0.1")
    issuance = tokens.issuance
    if (
        scenario.tokens.mechanism.has_tokens
        and not isinstance(issuance, PerImprovement)
        and not _emits(scenario)
    ):
        settings = _changed(tokens, "tokens", "vesting")
        settings += _changed(issuance, "tokens.issuance", "by", "unearned")
        yield Idle(settings, "no tokens are issued", _emission(issuance))


def _emission(issuance: Issuance) -> str:
    """Settings of the issuance that are 0, with their defaults."""
    fields = type(issuance).model_fields
    nothing = [name for name, value in issuance if isinstance(value, float) and not value]
    return conjoined({f"tokens.issuance.{name}": fields[name].default for name in nothing})


def _emits(scenario: Scenario) -> bool:
    """Whether the schedule issues any token within the run."""
    issuance, periods = scenario.tokens.issuance, np.arange(1, scenario.periods + 1)
    return bool(issuance.schedule(issuance.initial(0.0), periods).any())


def _record(scenario: Scenario) -> Iterator[Idle]:
    record = scenario.record
    if not scenario.investors:
        settings, reason = _changed(record, "record"), "it is about investors, and there are none"
        yield Idle(settings, reason, "investors=[{count: 10}]")
    elif "sample" not in (record.agents, record.fills):
        settings = _changed(record, "record", "sample")
        yield Idle(settings, "no table is sampled", "record.agents=sample")


def _group(scenario: Scenario, group: Group, path: str) -> Iterator[Idle]:
    """What has no effect in one group."""
    if isinstance(group, ClientGroup):
        yield from _engagement(scenario, group, path)
    if not scenario.tokens.mechanism.has_tokens:
        return
    strategy = strategy_of(group)
    if advice := _trading(strategy):
        settings = _changed(group, path, "tolerance", "tip")
        yield Idle(settings, f"{strategy.kind} never trades", f"{path}.{advice}")
    if isinstance(group, InvestorGroup) and not group.activity:
        settings = _changed(group, path, "strategy", "tolerance", "tip")
        yield Idle(settings, f"{path}.activity is 0", setting(f"{path}.activity", 1))
    if isinstance(scenario.market.launch, BootstrappingPool) and _wants_no_target(strategy):
        settings = _changed(group, path, "invested")
        yield Idle(settings, "launch lbp sells investors nothing at genesis")
    if isinstance(strategy, PumpAndDump | WashTrader) and len(scenario.token_names) == 1:
        settings = _changed(strategy, f"{path}.strategy", "token")
        yield Idle(settings, "there is only one token")
    if isinstance(strategy, Adaptive) and len(strategy.rules) == 1:
        settings = _changed(strategy, f"{path}.strategy", "beta", "memory")
        yield Idle(settings, f"{path}.strategy.rules has only one rule")


def _wants_no_target(strategy: Any) -> bool:
    """Whether a strategy of this package does without target holdings, which are invested."""
    return _is_built_in(strategy) and not isinstance(strategy, Adaptive | TargetHolder)


def _trading(strategy: Any) -> str:
    """The setting within a group with which a strategy that never trades would; else empty."""
    match strategy:
        case Hold():
            return "policy.kind=value_seller"
        case Passive():
            return "strategy.kind=exit_on_loss"
        case ExitOnLoss(sell=False):
            return "strategy.sell=true"
    return ""


def _never_trains(scenario: Scenario, group: ClientGroup, path: str) -> Iterator[Idle]:
    """What it costs to train, and what it takes, for those who never do."""
    settings = _changed(group, path, "training_cost") if group.training_cost else []
    settings += _changed(group.locked, f"{path}.locked", "price", "sigma", "spends")
    settings += _changed(group, path, "offering") if scenario.tokens.mechanism.has_tokens else []
    reason = f"{path}.behaviour {group.behaviour.kind} never trains"
    yield Idle(settings, reason, f"{path}.behaviour.kind=honest")


def _engagement(scenario: Scenario, group: ClientGroup, path: str) -> Iterator[Idle]:
    locked, offering = group.locked, f"{path}.offering"
    if not _trains(scenario, group):
        yield from _never_trains(scenario, group, path)
        return
    if not locked.fraction:
        settings = _changed(locked, f"{path}.locked", "price", "sigma", "spends")
        yield Idle(settings, f"{path}.locked.fraction is 0", f"{path}.locked.fraction=0.5")
    elif not locked.spends:
        settings = _changed(locked, f"{path}.locked", "price", "sigma")
        yield Idle(settings, f"{path}.locked.spends is 0", f"{path}.locked.spends=0.5")
    if not isinstance(group.offering, NoOffering) and scenario.tokens.mechanism.has_tokens:
        needed = {f"{path}.locked.fraction": 0.5} if not locked.fraction else {}
        needed |= {f"{path}.locked.spends": 0.5} if not locked.spends else {}
        if needed:
            yield Idle([offering], "there is nothing to buy", conjoined(needed))
    if isinstance(group.participation, ByProfit) and not group.training_cost:
        reason = f"{path}.training_cost is 0, so that training never costs more than its pay"
        yield Idle([f"{path}.participation"], reason, f"{path}.training_cost=0.01")


def _trains(scenario: Scenario, group: ClientGroup) -> bool:
    """Whether any of the group's clients ever trains."""
    first = next(first for first, each in numbered_groups(scenario.clients) if each is group)
    members = scenario.behaviours[first : first + group.count]
    starts = [event.period for event in scenario.events if isinstance(event, BehaviourEvent)]
    return any(member.at(period).trains for member in members for period in {1, *starts})


def _events(scenario: Scenario) -> Iterator[Idle]:
    for number, event in enumerate(scenario.events):
        path = f"events.{number}"
        if isinstance(event, RevenueEvent) and event.factor == 1:
            yield Idle([path], "it multiplies revenue by 1", f"{path}.factor=0.5")
        if isinstance(event, ClearingEvent) and scenario.tokens.mechanism.has_tokens:
            before = scenario.clearing(event.period - 1) if event.period > 1 else None
            if before == event.clearing:
                yield Idle([path], f"orders settle by {event.clearing.kind} already")
        if isinstance(event, BehaviourEvent):
            before_it = [
                scenario.behaviours[client].at(event.period - 1) for client in event.clients
            ]
            if event.period > 1 and all(each == event.behaviour for each in before_it):
                yield Idle([path], f"these clients are {event.behaviour.kind} already")


def _pointless(scenario: Scenario) -> Iterator[str]:
    """What does not do what it is for."""
    for number, group in enumerate(scenario.clients):
        if isinstance(group.behaviour, Sybil) and group.count == 1:
            yield (
                f"clients.{number}.behaviour sybil changes nothing, since the group's count is 1: "
                f"set clients.{number}.count=2 or clients.{number}.behaviour.kind=honest"
            )
    if not scenario.tokens.mechanism.has_tokens:
        return
    rules = _clearing_kinds(scenario)
    if "priority" in rules:
        return
    under = " and ".join(rules)
    tips = {
        f"{name.replace('/', '.')}.tip": 0 for name, group in scenario.groups.items() if group.tip
    }
    if tips:
        yield (
            f"tips buy nothing under clearing {under}: they are paid, but only priority settles by "
            f"them; set {_priority(scenario)} or {conjoined(tips)}"
        )
    if any(isinstance(each, Sandwich) for each in _strategies(scenario)):
        yield (
            f"sandwiches need clearing priority to get around their victim: under {under} they do "
            f"so by accident or never; set {_priority(scenario)}"
        )


def _priority(scenario: Scenario) -> str:
    """The setting with which orders of period 1 settle by tips."""
    first = [
        number
        for number, event in enumerate(scenario.events)
        if isinstance(event, ClearingEvent) and event.period == 1
    ]
    return (
        f"events.{first[-1]}.clearing.kind=priority" if first else "market.clearing.kind=priority"
    )


def _clearing_kinds(scenario: Scenario) -> list[str]:
    """Kinds of the run's clearing rules, in the order in which they take effect."""
    changes = {event.period for event in scenario.events if isinstance(event, ClearingEvent)}
    periods = sorted({1} | {period for period in changes if period <= scenario.periods})
    return list(dict.fromkeys(scenario.clearing(period).kind for period in periods))


def _strategies(scenario: Scenario) -> list[Any]:
    return [strategy_of(group) for group in scenario.groups.values()]


def _active(scenario: Scenario) -> Iterator[Any]:
    """Strategies of groups that trade."""
    for group in scenario.groups.values():
        if not isinstance(group, InvestorGroup) or group.activity:
            yield strategy_of(group)


def _is_built_in(strategy: Any) -> bool:
    return type(strategy).__module__.startswith("simulator.")


def _reads_news(strategy: Any) -> bool:
    """Whether a strategy trades on news, and only once it is public."""
    if isinstance(strategy, PumpAndDump | WashTrader):
        return strategy.token == "lowest_share"
    return not isinstance(strategy, UNAWARE)


def _changed(section: Section, path: str, *names: str) -> list[str]:
    """Paths of settings that differ from their defaults: all of a section, or those named."""
    default = dict(type(section)())
    return [
        changed
        for name, value in section
        if not names or name in names
        for changed in _differing(value, default[name], f"{path}.{name}")
    ]


def _differing(value: Any, default: Any, path: str) -> Iterable[str]:
    if value == default:
        return []
    if isinstance(value, Section) and type(value) is type(default):
        before = dict(default)
        inner = (_differing(each, before[name], f"{path}.{name}") for name, each in value)
        return chain.from_iterable(inner)
    return [path]


def _by_section(settings: list[str], section: str) -> list[str]:
    """The settings, or their section if they are many."""
    return [section] if len(settings) > MOST_NAMED else settings
