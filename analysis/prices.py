"""Prices of tokens compared with fundamental values and with clients' shares."""

import math

import pandas as pd

from .clients import client_rows
from .load import Run
from .tables import wide


def price_gap(run: Run, floor: float = 0.05) -> pd.DataFrame:
    """Ratio of each token's spot price p and fundamental value V: max(p/V, V/p), at least 1.

    `[periods, tokens]`. NaN where V is zero or less than `floor` times the median V of that
    period's tokens, as a ratio to almost 0 means little, and where the pool is empty, as its price
    is then outdated.

    >>> from types import SimpleNamespace
    >>> pools = {"period": 1, "token": ["a", "b"], "spot_price": [1.0, 3.0]}
    >>> pools = pd.DataFrame(pools | {"fundamental_value": [2.0, 3.0], "reserve_token": 9.0})
    >>> price_gap(SimpleNamespace(pools=pools)).loc[1].to_dict()
    {'a': 2.0, 'b': 1.0}
    """
    price, value, reserve = (
        wide(run.pools, "token", name)
        for name in ("spot_price", "fundamental_value", "reserve_token")
    )
    counts = value.ge(floor * value.median(axis=1), axis=0) & (value > 0) & (reserve > 0)
    ratio = price / value.where(counts)
    return ratio.where(ratio >= 1, 1 / ratio)


def largest_gap(run: Run, after: int = 20, floor: float = 0.05) -> pd.Series:
    """The largest `price_gap` of each token after period `after`, when prices had time to settle.

    NaN for a token that never counts then.

    >>> from types import SimpleNamespace
    >>> pools = {"period": [20, 21, 22], "token": "a", "spot_price": [9.0, 1.0, 1.5]}
    >>> pools = pd.DataFrame(pools | {"fundamental_value": 1.0, "reserve_token": 9.0})
    >>> largest_gap(SimpleNamespace(pools=pools)).to_dict()
    {'a': 1.5}
    """
    gaps = price_gap(run, floor)
    return gaps[gaps.index > after].max()


def price_share_correlation(run: Run, last: float = 1 / 4) -> float:
    """Spearman correlation of clients' spot price and share, means over the end of the run.

    From -1 to 1: do dearer tokens belong to larger contributors? `last` is the fraction of the
    periods (rounded up) over which both are averaged. Pearson correlation of ranks, ties at their
    average rank; NaN when all prices or all shares are equal, or no client has a token.
    Source: Spearman (1904).

    Prices 1, 2, 4 and shares .1, .6, .3 have ranks 1, 2, 3 and 1, 3, 2: correlation .5.
    """
    if not 0 < last <= 1:
        raise ValueError(f"last must be above 0 and at most 1, got {last}")
    prices, shares = _prices_and_shares(run)
    is_late = prices.index > prices.index.max() - max(1, math.ceil(last * prices.index.max()))
    price, share = prices[is_late].mean(), shares[is_late].mean()
    return float(price.rank().corr(share.rank()))


def price_share_correlations(run: Run) -> pd.Series:
    """Spearman correlation of clients' spot price and share in every period, by period.

    As `price_share_correlation`, for single periods; NaN at genesis, before any shares.
    """
    prices, shares = _prices_and_shares(run)
    return prices.rank(axis=1).corrwith(shares.rank(axis=1), axis=1)


def _prices_and_shares(run: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Prices and shares `[periods, clients]`; a share without a price is NaN."""
    rows = client_rows(run)
    prices, shares = (wide(rows, "client", name) for name in ("spot_price", "share"))
    return prices, shares.where(prices.notna())
