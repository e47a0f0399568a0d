"""Settings that come into force only after the last period."""

from collections.abc import Iterator

from simulator.advice import setting
from simulator.agents.engagement import ByProfit, SearchingEffort
from simulator.agents.strategies import PumpAndDump
from simulator.federation import Sybil
from simulator.market import Weighted
from simulator.scenario.schema import Scenario
from simulator.tokens import CliffVesting

__all__ = ["late_settings"]


def late_settings(scenario: Scenario) -> Iterator[str]:
    """A line for each setting that has no effect within the run, or not all of it."""
    yield from _market(scenario)
    yield from _clients(scenario)
    for number, group in enumerate(scenario.investors):
        if isinstance(group.strategy, PumpAndDump):
            path = f"investors.{number}.strategy.start"
            yield from _late(scenario, path, group.strategy.start)
    for number, event in enumerate(scenario.events):
        yield from _late(scenario, f"events.{number}.period", event.period)


def _market(scenario: Scenario) -> Iterator[str]:
    curve, delay, last = scenario.market.curve, scenario.market.information_delay, scenario.periods
    has_tokens = scenario.tokens.mechanism.has_tokens
    if has_tokens and isinstance(curve, Weighted) and curve.last_weight:
        yield from _late(scenario, "market.curve.periods", curve.periods)
    if has_tokens and delay >= last:
        yield (
            f"market.information_delay is {delay}, and the run has {last} periods: the public "
            f"learns nothing of any; set {_shorter('market.information_delay', delay, last)}"
        )
    vesting = scenario.tokens.vesting
    if has_tokens and isinstance(vesting, CliffVesting) and vesting.periods >= last:
        shorter = _shorter("tokens.vesting.periods", vesting.periods, last)
        if last == 1:
            shorter = f"tokens.vesting.kind=none or {setting('periods', vesting.periods + 1)}"
        yield (
            f"no issued token vests within the run: tokens.vesting.periods is {vesting.periods}, "
            f"and the run has {last}; set {shorter}"
        )


def _clients(scenario: Scenario) -> Iterator[str]:
    last = scenario.periods
    for number, group in enumerate(scenario.clients):
        path = f"clients.{number}"
        yield from _late(scenario, f"{path}.joins", group.joins)
        if isinstance(group.behaviour, Sybil):
            yield from _late(scenario, f"{path}.behaviour.poses_from", group.behaviour.poses_from)
        participation, effort = group.participation, group.effort
        if isinstance(participation, ByProfit) and participation.patience >= last:
            patience = participation.patience
            yield _never(f"{path}.participation", "patience", patience, "always", last)
        if isinstance(effort, SearchingEffort) and effort.every >= last:
            yield _never(f"{path}.effort", "every", effort.every, "full", last)


def _late(scenario: Scenario, path: str, period: int) -> Iterator[str]:
    """A line when a period is after the last one."""
    if period > (last := scenario.periods):
        yield (
            f"{path} is {period}, after the last period, {last}; set {setting(path, last)} or "
            f"{setting('periods', period)}"
        )


def _never(path: str, name: str, value: int, other: str, last: int) -> str:
    """The line about clients who never decide anew."""
    advice = _shorter(f"{path}.{name}", value, last)
    if last == 1:
        advice = f"{path}.kind={other} or {setting('periods', value + 1)}"
    return (
        f"{path} by_profit never changes anything: {name} is {value}, and the run has {last} "
        f"periods; set {advice}"
    )


def _shorter(path: str, value: int, last: int) -> str:
    """Half of the run for the setting at `path`, or a longer run."""
    return f"{setting(path, last // 2)} or {setting('periods', value + 1)}"
