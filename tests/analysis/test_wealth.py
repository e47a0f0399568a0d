"""Wealth and its growth: by hand, and in a simulated run."""

from collections.abc import Callable

import pytest

from analysis import Run, returns_by_strategy, summarise
from tests.analysis.by_hand import Rows


def test_returns_by_strategy(made: Callable[..., Run], provided: Rows) -> None:
    returns = returns_by_strategy(made(provided))
    assert returns.loc["noise"].to_dict() == pytest.approx(
        {"accounts": 3, "genesis": 200, "end": 240, "return": 0.2, "median": 0.4}
    )


def test_real_returns_are_those_of_the_summary(real: Run) -> None:
    returns, summary = returns_by_strategy(real), summarise(real)["investors"]
    percent = {name: group["return_percent"] for name, group in summary.items()}
    assert (100 * returns["return"]).to_dict() == pytest.approx(percent)
    assert returns["accounts"].tolist() == [4, 4]
