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

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from simulator.foreign import described_error


class SimulatorError(Exception):
    """Base of every error this simulator raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One problem with an input: where it is and what is wrong.

    If only the setting is known, not its place, `setting` is its path. If others may be at fault
    instead, `among` are the dotted paths of all of them, as in `Misfit`.
    """

    where: str
    what: str
    setting: tuple[str | int, ...] = ()
    among: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = self.where or ".".join(map(str, self.setting))
        return f"{where}: {self.what}" if where else self.what


class ScenarioError(SimulatorError, ValueError):
    """Settings cannot be used; `problems` lists all their problems, one line each."""

    def __init__(self, problems: str | Iterable[Problem]) -> None:
        self.problems = (Problem("", problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Misfit(ValueError):
    """Settings that do not fit each other: the one that was last changed `among` them is at fault.

    They are dotted paths within the section of the validated setting or a section around it; "."
    is the validated setting itself.
    """

    def __init__(self, what: str, *among: str) -> None:
        super().__init__(what)
        self.among = among


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
    """The end of a message that suggests the closest of `names`; empty when none is close.

    Compares letters and digits without case. Initials and single words count too.

    >>> suggestion("LOO", ["data_size", "leave_one_out"])
    "; did you mean 'leave_one_out'?"
    """
    from difflib import get_close_matches

    plain = {each: _letters(each) for each in names}
    wanted = _letters(name)
    words = {each: re.split(r"[\s_-]+", each.casefold()) for each in plain}
    likely = [
        *(each for each, text in plain.items() if text == wanted),
        *(each for each, parts in words.items() if len(parts) > 1 and _initials(parts) == wanted),
    ]
    if not likely:
        close = get_close_matches(wanted, plain.values(), n=1)
        likely = [each for each, text in plain.items() if text in close]
    likely += [each for each, parts in words.items() if wanted in parts]
    return f"; did you mean '{likely[0]}'?" if wanted and likely else ""


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _initials(words: Iterable[str]) -> str:
    return "".join(word[:1] for word in words)


@contextmanager
def blaming(*setting: str | int, among: tuple[str, ...] = ()) -> Iterator[None]:
    """Note in each ScenarioError raised inside that it is about this setting, or one within it."""
    try:
        yield
    except ScenarioError as error:
        raise ScenarioError(
            replace(each, setting=(*setting, *each.setting), among=each.among or among)
            for each in error.problems
        ) from error


@contextmanager
def fitting(*among: str) -> Iterator[None]:
    """Turn a ValueError raised inside into a Misfit `among` these; a Misfit keeps its own too."""
    try:
        yield
    except ValueError as error:
        others = error.among if isinstance(error, Misfit) else ()
        what = str(error) or f"cannot be used: {described_error(error)}"
        raise Misfit(what, *among, *others) from error
