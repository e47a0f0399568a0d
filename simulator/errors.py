"""The errors a user can meet.

SimulatorError
├── ScenarioError    a scenario, an override or an argument is wrong   (exit code 2)
├── RunError         a run could not go on                             (exit code 1)
│   ├── StrategyError    a strategy raised, or ordered something impossible
│   ├── ComponentError   another component raised, or returned something invalid
│   └── ModelError       the learned model stopped being finite
├── LedgerError      a transfer or an audit broke the book-keeping
└── MarketError      a pool was asked for something impossible
"""

from collections.abc import Iterable
from dataclasses import dataclass


class SimulatorError(Exception):
    """Base of every error this simulator raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One problem with an input: where it is and what is wrong."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class ScenarioError(SimulatorError, ValueError):
    """Settings cannot be used; `problems` lists all their problems, one line each."""

    def __init__(self, problems: str | Iterable[Problem]) -> None:
        self.problems = (Problem("", problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RunError(SimulatorError):
    """A run could not go on."""


class StrategyError(RunError):
    """A strategy raised or returned an invalid order; names kind, period and account."""


class ComponentError(RunError):
    """A component raised or returned something invalid; names family, kind, method and period."""


class ModelError(RunError):
    """Model parameters are no longer finite."""


class LedgerError(SimulatorError):
    """A transfer is impossible or the audit found the books out of balance."""


class MarketError(SimulatorError):
    """A pool was asked for something impossible, such as a negative amount."""


def suggestion(name: str, names: Iterable[str]) -> str:
    """The end of a message that suggests the closest of `names`; empty when none is close."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(names), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
