"""Settings in messages: what is rounded stays on the right side, and reads back as it was meant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.advice import alternatively, conjoined, rounded_down, rounded_up, setting
from simulator.reading import parse_overrides
from tests.laws import law

AMOUNTS = st.floats(1e-9, 1e12)


@law(300)
@given(AMOUNTS)
def test_rounding_stays_on_its_side_and_within_a_tenth(value: float) -> None:
    above, below = rounded_up(value), rounded_down(value)
    assert value * (1 - 1e-9) <= above <= 1.1 * value * (1 + 1e-9)
    assert 0.9 * value * (1 - 1e-9) <= below <= value * (1 + 1e-9)
    for rounded in (above, below):
        assert len(f"{rounded:.12g}".split("e")[0].replace(".", "").strip("0")) <= 2
        assert parse_overrides([setting("a.b", rounded)]) == {"a.b": rounded}


@pytest.mark.parametrize(
    ("value", "up", "down"),
    [(1234.5, 1300, 1200), (0.3, 0.3, 0.3), (0.0666, 0.067, 0.066), (99.5, 100, 99), (0.0, 0, 0)],
)
def test_rounding_by_hand(value: float, up: float, down: float) -> None:
    assert (rounded_up(value), rounded_down(value)) == (up, down)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (3, "3"), (0.25, "0.25"), (2500.0, "2500"), ("[{count: 2}]", "[{count: 2}]")],
)
def test_a_setting_is_written_as_it_is_read(value: Any, text: str) -> None:
    assert setting("market.x", value) == f"market.x={text}"


def test_alternatives_are_added_to_what_a_message_says() -> None:
    assert alternatively("too thin", "a=1") == "too thin: set a=1"
    assert alternatively("too thin: set a=1", "b=2") == "too thin: set a=1 or b=2"
    assert conjoined({"a": 1, "b": 0.5}) == "a=1 and b=0.5"
