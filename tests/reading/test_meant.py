"""Values of a wrong type: what they were probably meant to be."""

import pytest

from simulator.reading.meant import hint_at, numbers_meant

NUMBERS = {
    "0,3": [0.3],
    "-0,05": [-0.05],
    "3,5e-2": [0.035],
    "1.000,5": [1000.5],
    "1,000.5": [1000.5],
    "1,000,000": [1000000],
    "1.000.000": [1000000],
    "1,000": [1000, 1],
    "1,234": [1234, 1.234],
    "0,300": [0.3],
    "1_000": [1000],
    "12_34": [1234],
    "1 000": [1000],
    "1\N{NO-BREAK SPACE}000,5": [1000.5],
    "1'000.5": [1000.5],
    "5%": [0.05],
    "0,3 %": [0.003],
    "1/3": [0.333333],
    "½": [0.5],
    "\N{MINUS SIGN}0.3": [-0.3],
    "1e-3": [0.001],
    " 0.3 ": [0.3],
    "1/0": [],
    "2020-01-01": [],
    "12:30": [],
    "many": [],
    "1,2,3": [],
    "": [],
}


@pytest.mark.parametrize(("text", "numbers"), NUMBERS.items())
def test_numbers_are_found_in_other_spellings(text: str, numbers: list[float]) -> None:
    found = numbers_meant(text)
    assert (found, [type(each) for each in found]) == (numbers, [type(each) for each in numbers])


@pytest.mark.parametrize(
    ("value", "expected", "hint"),
    [
        ("0,3", "a number", "; write 0.3"),
        ("1,000", "a number", "; write 1000 or 1"),
        ("1,000", "a whole number", "; write 1000"),
        ("3,5", "a whole number", ""),
        (60.0, "a whole number", "; write 60"),
        (60.5, "a whole number", ""),
        ("60", "a whole number", "; write 60 without quotes"),
        ("on", "true or false", "; write true"),
        ("No", "true or false", "; write false"),
        (0, "true or false", "; write false"),
        ("maybe", "true or false", ""),
        (12, "text", "; put it in quotes"),
        (True, "text", "; put it in quotes"),
        (None, "text", "; write '' for none"),
        ("0,3", "a list", ""),
    ],
)
def test_a_hint_is_a_value_of_the_expected_type(value: object, expected: str, hint: str) -> None:
    assert hint_at(value, [expected]) == hint


@pytest.mark.parametrize(
    ("expected", "hint"),
    [
        ("a list", "; write [] for none"),
        ("text", "; write '' for none"),
        ("a mapping", "; write {} for none"),
        ("a number", ""),
    ],
)
def test_null_is_not_how_nothing_is_written(expected: str, hint: str) -> None:
    assert hint_at(None, [expected]) == hint
