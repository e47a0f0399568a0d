"""Many orders are shuffled as fairly as few, and lose nothing."""

from collections import Counter

import numpy as np
import pytest

from simulator.market import Orders, shuffling
from simulator.market.clearing import RandomOrder
from simulator.market.shuffling import shuffled


def numbered(count: int, tip: bool = False) -> Orders:
    """Orders that are told apart by every one of their columns."""
    rows = np.arange(count)
    columns = rows, rows % 7, rows % 2 == 0, rows + 0.25, rows + 0.5
    return Orders(*columns, rows / 4) if tip else Orders(*columns)


@pytest.mark.parametrize("tip", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 255, 1000, 140_001])
def test_every_order_stays_what_it_is_and_is_there_once(count: int, tip: bool) -> None:
    mixed, again = (shuffled(numbered(count, tip), np.random.default_rng(7)) for _ in range(2))
    rows = mixed.account
    assert sorted(rows.tolist()) == list(range(count))
    for name, column in vars(numbered(count, tip)).items():
        expected = column[rows] if column.size else column
        np.testing.assert_array_equal(getattr(mixed, name), expected)
        assert getattr(mixed, name).dtype == column.dtype
        np.testing.assert_array_equal(getattr(again, name), getattr(mixed, name))


@pytest.mark.parametrize("piles", [1, 2, 256])
def test_all_sequences_are_equally_likely(piles: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shuffling, "PILES", piles)
    draws, several, times = np.random.default_rng(1), numbered(4), 24_000
    seen = Counter(tuple(shuffled(several, draws).account.tolist()) for _ in range(times))
    expected = times / 24
    assert len(seen) == 24
    squares = sum((count - expected) ** 2 / expected for count in seen.values())
    assert squares < 49.7  # chi-squared with 23 degrees of freedom: .1%


def test_a_place_depends_on_nothing_among_many() -> None:
    count = 200_000
    mixed = shuffled(numbered(count), np.random.default_rng(2)).account
    apart = np.corrcoef(np.arange(count), mixed)[0, 1], np.corrcoef(mixed[:-1], mixed[1:])[0, 1]
    assert np.abs(apart).max() < 4 / np.sqrt(count)
    table, _, _ = np.histogram2d(np.arange(count), mixed, bins=20)
    assert ((table - 500) ** 2 / 500).sum() < 361 + 4 * np.sqrt(2 * 361)


def test_the_rule_shuffles_many() -> None:
    count, draws = shuffling.MANY, np.random.default_rng(3)
    plain = RandomOrder().arrange({}, numbered(count), draws)
    assert not (plain.account[:-1] <= plain.account[1:]).all()
    assert sorted(plain.account.tolist()) == list(range(count))
