"""Clients that a table defines by the values of a column: their order and their names."""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from simulator.components import as_python
from simulator.federation.tasks.table import closest, refuse

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "in_natural_order",
    "names_of_clients",
    "rows_of_clients",
    "text_of_value",
    "texts_of_column",
]

TAKEN = re.compile(r"(aggregator|numeraire|outside|treasury|(lp|investors?)_.*)", re.IGNORECASE)
"""Names of other agents and of what else holds or is money."""


def text_of_value(value: Any) -> Any:
    """The text of a number or of true or false, as `clients` names it; other values unchanged.

    >>> text_of_value(10.0), text_of_value(1.5), text_of_value(True), text_of_value("A")
    ('10', '1.5', 'True', 'A')
    """
    value = as_python(value)
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if is_whole else value) if isinstance(value, int | float) else value


def texts_of_column(column: "pd.Series") -> list[str]:
    """The text of each value of a column, which lacks none."""
    return [str(text_of_value(value)) for value in column.tolist()]


def rows_of_clients(
    path: str, frame: "pd.DataFrame", client: str, clients: Sequence[str]
) -> "pd.DataFrame":
    """The rows of `clients` by column `client`, and those that lack a value of it.

    Refuses a client that no row is of, or whose name looks like that of another.
    """
    texts = frame[client].map(text_of_value, "ignore").astype(object).map(str, "ignore")
    values = in_natural_order(texts.dropna())
    for value in clients:
        if value not in values:
            hint = closest(value, values, "values")
            refuse(path, f"column {client!r} has no value {value!r}{hint}", "clients")
    chosen = {_as_read(value): value for value in clients}
    for value in values:
        alike = chosen.get(_as_read(value), value)
        if value not in clients and alike != value:
            what = f"column {client!r} holds {alike!r} and {value!r}, which look alike"
            refuse(path, f"{what}; write them alike")
    return frame[texts.isin(clients) | texts.isna()]


def in_natural_order(texts: Iterable[str]) -> list[str]:
    """Distinct texts, by number if all are numbers; else with the numbers inside them in order.

    Case and accents decide only between texts that are otherwise equal.

    >>> in_natural_order(["hosp10", "hosp2", "hosp2"]), in_natural_order(["10", "-1", "2.5"])
    (['hosp2', 'hosp10'], ['-1', '2.5', '10'])
    """
    distinct = sorted(set(texts))
    try:
        numbers = {text: float(text) for text in distinct}
    except ValueError:
        return sorted(distinct, key=_natural_key)
    is_finite = all(map(math.isfinite, numbers.values()))
    return sorted(distinct, key=numbers.__getitem__ if is_finite else _natural_key)


def _natural_key(text: str) -> list[Any]:
    """Texts and numbers in turn."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )
    return [
        int(part) if place % 2 else part for place, part in enumerate(re.split(r"(\d+)", plain))
    ]


def names_of_clients(column: str, values: Sequence[str]) -> list[str]:
    """Names of the clients with these different values of a column.

    A value is a name unless one of them says nothing alone, as 10 and True do, or is the name of
    another agent, as `aggregator` is: then all names are `<column>_<value>`. Raises ValueError
    when names are missing, equal for a reader, or still another agent's.

    >>> names_of_clients("site", ["Rome", " Oslo "]), names_of_clients("site", ["1", "2"])
    (['Rome', 'Oslo'], ['site_1', 'site_2'])
    """
    names = [_tidy(value) for value in values]
    if "" in names:
        raise ValueError("holds a text of spaces only; name it in na_values")
    if not all(map(_can_stand_alone, names)):
        names = [f"{_tidy(column).replace(' ', '_')}_{name}" for name in names]
    value_by_reading: dict[str, str] = {}
    for name, value in zip(names, values, strict=True):
        if TAKEN.fullmatch(name):
            raise ValueError(
                f"would give a client the name {name!r} of another agent; rename the column"
            )
        other = value_by_reading.setdefault(_as_read(name), value)
        if other != value:
            raise ValueError(f"holds {other!r} and {value!r}, which look alike; write them alike")
    return names


def _as_read(name: str) -> str:
    """What a reader sees of a name."""
    return _tidy(name.replace("_", " "))


def _tidy(text: str) -> str:
    """The text in one line, without spaces at its ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _can_stand_alone(name: str) -> bool:
    is_word = any(map(str.isalpha, name)) and name.casefold() not in ("true", "false")
    return is_word and not TAKEN.fullmatch(name)
