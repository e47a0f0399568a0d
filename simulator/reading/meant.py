"""What values of a wrong type were probably meant to be, as hints for messages."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from simulator.reading.words import as_yaml

__all__ = ["hint_at", "numbers_meant"]

YES, NO = {"yes", "y", "on", "true", "1"}, {"no", "n", "off", "false", "0"}
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
COMMA = r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?"
GROUPED = (  # thousands apart, and decimals
    r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?",
    r"[-+]?[1-9]\d{0,2}(?:\.\d{3})+,\d+",
    r"[-+]?[1-9]\d{0,2}(?:\.\d{3}){2,}",
    r"[-+]?[1-9]\d{0,2}(?:[ '’_]\d{3})+(?:[.,]\d+)?",
    r"[-+]?\d+(?:_\d+)+",
)


def hint_at(value: Any, expected: Collection[str]) -> str:
    """The end of a message about a value that is none of the `expected` types; '' without a guess.

    >>> hint_at("0,3", ["a number"]), hint_at("1,000", ["a whole number"])
    ('; write 0.3', '; write 1000')
    """
    if "text" in expected and isinstance(value, bool | int | float):
        return "; put it in quotes"
    if value is None:
        empty = {"a list": "[]", "text": "''", "a mapping": "{}"}
        return next((f"; write {empty[each]} for none" for each in expected if each in empty), "")
    word = str(value).strip().lower()
    if "true or false" in expected and word in YES | NO:
        return f"; write {as_yaml(word in YES)}"
    numbers = numbers_meant(value) if isinstance(value, str | float) else []
    if "a number" not in expected:
        is_whole = "a whole number" in expected and isinstance(next(iter(numbers), None), int)
        numbers = numbers[:1] if is_whole else []
    quotes = " without quotes" if isinstance(value, str) and re.fullmatch(NUMBER, word) else ""
    return f"; write {' or '.join(map(as_yaml, numbers))}{quotes}" if numbers else ""


def numbers_meant(text: str | float) -> list[int | float]:
    """The numbers that a text may mean, likeliest first: decimal comma, percent, fraction, ...

    >>> numbers_meant("1.000,5"), numbers_meant("5 %"), numbers_meant("1,234"), numbers_meant("x")
    ([1000.5], [0.05], [1234, 1.234], [])
    """
    plain = unicodedata.normalize("NFKC", str(text)).replace("\N{MINUS SIGN}", "-").strip()
    if plain.endswith("%"):
        return [_short(number / 100) for number in _decimals(plain.removesuffix("%").rstrip())]
    return list(dict.fromkeys(map(_short, _decimals(plain))))


def _decimals(text: str) -> Iterator[Decimal]:
    if re.fullmatch(NUMBER, text):
        yield Decimal(text)
        return
    if fraction := re.fullmatch(rf"({NUMBER}) ?[/\N{{FRACTION SLASH}}] ?({NUMBER})", text):
        over, under = map(Decimal, fraction.groups())
        if under:
            yield Decimal(f"{over / under:.6g}")
    elif grouped := next((each for each in GROUPED if re.fullmatch(each, text)), None):
        # The last mark is a decimal one where another kind stands before it.
        marks = re.sub(r"[-+\d]", "", text)
        has_decimals = len(set(marks)) > 1 or grouped == GROUPED[1]
        whole, mark, rest = text.rpartition(marks[-1]) if has_decimals else (text, "", "")
        yield Decimal(re.sub(r"[^-+\d]", "", whole) + ("." if mark else "") + rest)
    if re.fullmatch(COMMA, text):
        yield Decimal(text.replace(",", "."))


def _short(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)
