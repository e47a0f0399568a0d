"""YAML text: what is written reads the same, here and as YAML 1.1, and stays legible."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.reading.entries import Findings
from simulator.reading.text import Source, dump
from tests.laws import law

LONGEST_NUMBER = 300


def read(text: str) -> Any:
    findings: Findings = []
    entry = Source("x.yaml", 0, findings).parse(text)
    assert entry is not None and not findings
    return entry.plain_value()


def typed(value: Any) -> Any:
    """The value such that equal means of the same types, too: 1 is not true, nan is nan."""
    if isinstance(value, Mapping):
        return {name: typed(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [typed(item) for item in value]
    return type(value), repr(value)


WORDS = """\
1 -1 +7 007 1_000 1. .5 1.e5 1e3 1E3 -.5e-2 +.5 1e400 0x1F 0o17 017 0b11 .inf -.INF +.Inf .nan .NaN
null Null NULL ~ true True TRUE false yes no on off y n = << - ? : --- ... 12:30 1:2:3 2020-01-01
2001-12-14t21:59:43.10-05:00 @a &a *a !a %a `a |a >a [a {a #a 'a' "a" a:b a#b a,b"""
AMBIGUOUS = ["", " ", "\n", "a: b", "a #b", " a", "a ", "- a", "a\nb", "a\n b\n", "\ta", "a\x85b"]
AMBIGUOUS += ["\u2028", "\u2029 ", "\ufeff", "\r\n", "\x00\x1b", "é", "😀", "word " * 60, "1" * 301]
AMBIGUOUS += WORDS.split()

texts = st.one_of(
    st.sampled_from(AMBIGUOUS),
    st.text(),
    st.text("0123456789+-.eExXobInfaAtrue~_:"),
    st.text("ab:#-?,[]{}&*!|>%@`'\"\\ \n\t\r\x85\u2028\u2029\ufeff"),
    st.text("ab \n'", min_size=90, max_size=150),
)
whole = st.integers(-(10**LONGEST_NUMBER) // 10 + 1, 10**LONGEST_NUMBER - 1)
values = st.recursive(
    st.none() | st.booleans() | whole | st.floats() | texts,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(texts, inner),
    max_leaves=8,
)


@law(150)
@given(st.dictionaries(texts, values))
@example({text: text for text in AMBIGUOUS})
@example({"all": AMBIGUOUS, "numbers": [1e16, 1e-5, -0.0, 5e-324, 10**299, True, None]})
@example({"same": [shared := {"a": [1]}, shared]})
def test_what_is_written_reads_the_same(written: dict[str, Any]) -> None:
    assert typed(read(dump(written))) == typed(written)


@law(50)
@given(st.dictionaries(texts, values))
def test_readers_of_yaml_1_1_see_the_same(written: dict[str, Any]) -> None:
    assert typed(yaml.safe_load(dump(written))) == typed(written)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("plain words, and - such", "x: plain words, and - such\n"),
        ("café ≤ 3σ", "x: café ≤ 3σ\n"),
        ("1e3", "x: '1e3'\n"),
        ("0o17", "x: '0o17'\n"),
        ("1.e5", "x: '1.e5'\n"),
        ("true", "x: 'true'\n"),
        ("on", "x: 'on'\n"),
        ("", "x: ''\n"),
        (1000.0, "x: 1000.0\n"),
        (1e16, "x: 1.0e+16\n"),
        (15, "x: 15\n"),
        (True, "x: true\n"),
        (None, "x: null\n"),
        ([], "x: []\n"),
        ([{"kind": "a", "b": 1}], "x:\n- kind: a\n  b: 1\n"),
    ],
)
def test_only_what_needs_quotes_has_them(value: object, line: str) -> None:
    assert dump({"x": value}) == line


def test_names_are_quoted_too_and_keep_their_order() -> None:
    assert dump({"b": 1, "1e3": 2, "<<": 3, "a": 4}) == "b: 1\n'1e3': 2\n'<<': 3\na: 4\n"
