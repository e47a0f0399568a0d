"""Prices against shares and values: by hand, and in a simulated run."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from simulator.analysis import (
    Run,
    largest_gap,
    price_gap,
    price_share_correlation,
    price_share_correlations,
)
from tests.analysis.by_hand import Rows, client, pool


def ranked(prices: list[list[float]], shares: list[list[float]]) -> Rows:
    """Prices and shares `[periods][clients]`."""
    clients, pools = [], []
    for period, (price, share) in enumerate(zip(prices, shares, strict=True)):
        for number, (worth, part) in enumerate(zip(price, share, strict=True)):
            clients.append(client(period, f"client_{number}", "honest", part, 0, 0, 0, 0, 0))
            pools.append(pool(period, f"token_{number}", 1, worth, 1))
    return {"clients": clients, "pools": pools}


def test_correlation_has_average_ranks_for_ties(made: Callable[..., Run]) -> None:
    tied = made(ranked([[1, 1, 1], [1, 2, 2]], [[0, 0, 0], [0.1, 0.3, 0.6]]))
    # Ranks 1, 2.5, 2.5 and 1, 2, 3: covariance .75, variances .75 and 1.
    assert price_share_correlation(tied) == pytest.approx(0.75**0.5)
    series = price_share_correlations(tied)
    assert math.isnan(series[0])
    assert series[1] == pytest.approx(0.75**0.5)


def test_correlation_is_of_means_over_the_last_quarter(made: Callable[..., Run]) -> None:
    shares = [[0, 0, 0], [1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3]]
    prices = [[1, 1, 1], [9, 1, 1], [9, 1, 1], [9, 1, 1], [1, 2, 9], [1, 6, 3]]
    late = made(ranked(prices, shares))
    assert price_share_correlation(late) == 1  # means of 2 periods: 1, 4, 6
    assert price_share_correlation(late, last=0.2) == 0.5  # 1, 6, 3 have ranks 1, 3, 2
    assert price_share_correlation(late, last=1) == -0.5  # 29/5, 11/5, 15/5 have ranks 3, 1, 2
    assert price_share_correlations(late)[[4, 5]].tolist() == [1, 0.5]
    with pytest.raises(ValueError, match="last must be above 0"):
        price_share_correlation(late, last=0)


def test_price_gap(made: Callable[..., Run]) -> None:
    prices, values = [2, 1, 3, 1], [1, 2, 0, 0.04]
    rows = [
        pool(period, f"token_{number}", 1, price * (1 + period), value)
        for period in range(3)
        for number, (price, value) in enumerate(zip(prices, values, strict=True))
    ]
    gaps = price_gap(made({"pools": rows}))
    assert gaps.loc[0].tolist() == pytest.approx([2, 2, math.nan, 25], nan_ok=True)
    strict = price_gap(made({"pools": rows}), floor=0.1)  # the median is .52
    assert strict.loc[0].tolist() == pytest.approx([2, 2, math.nan, math.nan], nan_ok=True)
    largest = largest_gap(made({"pools": rows}), after=0)
    assert largest.tolist() == pytest.approx([6, 1.5, math.nan, 75], nan_ok=True)
    assert largest_gap(made({"pools": rows}), after=1)["token_1"] == 1.5
    assert largest_gap(made({"pools": rows})).isna().all()  # nothing after period 20


def test_there_is_no_gap_to_a_value_of_zero(made: Callable[..., Run]) -> None:
    worthless = [pool(1, f"token_{number}", 1, 1, 0.0) for number in range(3)]
    assert price_gap(made({"pools": worthless})).isna().all(axis=None)


def test_an_empty_pool_has_no_price_to_be_wrong(made: Callable[..., Run]) -> None:
    rows = [
        (1, f"token_{number}", tokens, 0.0, 3.0, 0.0, 0.0, 1000.0, 1.0, 0.01)
        for number, tokens in enumerate((0.0, 50.0))
    ]
    assert price_gap(made({"pools": rows})).loc[1].tolist() == pytest.approx(
        [math.nan, 3.0], nan_ok=True
    )


def test_real_correlation_is_that_of_scipy(real: Run) -> None:
    stats = pytest.importorskip("scipy.stats")
    prices = real.pools[real.pools["period"] > 4].groupby("token", observed=True)["spot_price"]
    shares = real.clients[real.clients["period"] > 4].groupby("client", observed=True)["share"]
    expected = stats.spearmanr(prices.mean().to_numpy(), shares.mean().to_numpy()).statistic
    assert price_share_correlation(real) == pytest.approx(expected)
    assert price_share_correlations(real).index.tolist() == list(range(7))


def test_real_gaps(real: Run) -> None:
    gaps = price_gap(real)
    assert gaps.loc[0].tolist() == [1, 1, 1, 1]  # value is the launch price
    last = real.pools.groupby("token", observed=True).last()
    ratio = last["spot_price"] / last["fundamental_value"].where(last["fundamental_value"] > 0)
    expected = np.exp(np.abs(np.log(ratio)))[gaps.loc[6].notna().to_numpy()]
    assert gaps.loc[6].dropna().to_dict() == pytest.approx(expected.to_dict())
    assert (largest_gap(real, after=3).dropna() >= 1).all()
