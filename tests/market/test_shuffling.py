"""Shuffling is numpy's, faster: the same rows from the same draws."""

import numpy as np
import pytest

from simulator.market import shuffling
from simulator.market.shuffling import shuffled


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 255, 256, 257, 1000, 1025, 140_001])
def test_it_is_the_permutation_of_numpy(
    count: int, begun: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shuffling, "MANY", 2)
    ours, theirs = np.random.default_rng(count), np.random.default_rng(count)
    for draws in (ours, theirs) if begun else ():
        draws.integers(0, 10, dtype=np.uint32)  # leaves half of what is drawn at once for later
    for _ in range(3):
        rows, expected = shuffled(count, ours), theirs.permutation(count)
        assert rows.dtype == expected.dtype
        assert rows.tolist() == expected.tolist()
        assert ours.bit_generator.state == theirs.bit_generator.state
