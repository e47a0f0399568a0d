"""What a run will take: time, memory and disk, estimated before it starts."""

from dataclasses import dataclass

from simulator.federation import Cohort, round_seconds
from simulator.scenario.schema import Scenario

__all__ = ["Forecast", "forecast"]

# Measured by benchmarks/forecast.py.
SECONDS_PER_PERIOD = 0.006
SECONDS_PER_ACCOUNT = 1e-6  # in each trading pass
SECONDS_PER_ROW = 2e-6  # computing, writing and compacting
BYTES_TO_BEGIN = 350e6  # Python and libraries
COPIES = 10  # of balances: ledger, views, orders, checkpoint
BYTES_PER_ROW = 150  # while all parts become one file
BYTES_PER_ROW_ON_DISK = 30

MINUTE, GIGABYTE = 60.0, 1e9  # less is not worth telling


@dataclass(frozen=True)
class Forecast:
    """Rough estimates of a run: seconds, and bytes of memory and disk."""

    seconds: float
    memory: float
    disk: float

    def __str__(self) -> str:
        """What is more than a minute or a gigabyte, in words; empty if nothing is."""
        parts = []
        if self.seconds > MINUTE:
            parts.append(in_words(self.seconds))
        if self.memory > GIGABYTE:
            parts.append(f"{_two_digits(self.memory / 1e9)} GB of memory")
        if self.disk > GIGABYTE:
            parts.append(f"{_two_digits(self.disk / 1e9)} GB on disk")
        return ", ".join(parts)


def forecast(scenario: Scenario, cohort: Cohort) -> Forecast:
    """Estimate what a run of the scenario takes on a laptop, with kernels already compiled.

    Most estimates are within a factor of three. The time that strategies and components of the
    user's own take is unknown and left out.
    """
    tokens, record = len(scenario.token_names), scenario.record
    accounts = sum(group.count for group in scenario.groups.values())
    balances = accounts * (1 + 2 * tokens) * 8
    detailed = record.sample
    if record.agents == "all":
        detailed = sum(len(group.sizes) for group in scenario.investors)
    orders = scenario.market.passes * tokens
    fills = orders * sum(group.count * group.activity for group in scenario.investors)
    agents_rows = detailed if record.agents != "summary" else 0
    fills_rows = fills if record.fills == "all" else 0
    rows = scenario.periods * (agents_rows + fills_rows)
    period = (
        SECONDS_PER_PERIOD
        + round_seconds(scenario.federation, cohort)
        + scenario.market.passes * accounts * SECONDS_PER_ACCOUNT
    )
    return Forecast(
        scenario.periods * period + rows * SECONDS_PER_ROW,
        BYTES_TO_BEGIN + COPIES * balances + rows * BYTES_PER_ROW,
        2 * balances + rows * BYTES_PER_ROW_ON_DISK,
    )


def in_words(seconds: float) -> str:
    """A duration to two digits: `about 4 min`."""
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"about {_two_digits(seconds / length)} {unit}"
    return f"about {_two_digits(seconds)} s"


def _two_digits(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{float(f'{number:.2g}'):,.0f}"
