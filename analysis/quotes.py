"""Payments of pools for tokens sold all at once."""

import math
from typing import Any

import pandas as pd

from .load import Run


def liquidation_quote(
    tokens: pd.Series,
    reserve_token: pd.Series,
    reserve_numeraire: pd.Series,
    fee: float | pd.Series,
) -> pd.Series:
    """Numeraire paid by constant-product pools for all `tokens` sold at once: y g a/(x + g a).

    g = 1 - `fee`; a is the amount sold, x and y are the reserves in tokens and numeraire. Source:
    Uniswap v2.

    >>> one = pd.Series([1.0])
    >>> liquidation_quote(10 * one, 1000 * one, 1000 * one, 0.003).round(6).tolist()
    [9.87158]
    """
    net = (1 - fee) * tokens
    return (reserve_numeraire * net / (reserve_token + net)).where(tokens > 0, 0.0)


def pool_quote(run: Run, tokens: pd.Series, pools: pd.DataFrame, period: int) -> pd.Series:
    """Numeraire that the run's pools pay for all `tokens` sold at once at the end of a period.

    `pools` has `reserve_token` x, `reserve_numeraire` y and `fee` beside each amount a. With
    g = 1 - fee: constant product as `liquidation_quote`, a weighted pool
    y (1 - (1 + g a/x)^-(w/(1 - w))), w the token's weight then (Balancer), a bonding curve
    y (1 - (1 - g a/x)^(1/w)), w its reserve ratio and x the supply (Bancor). NaN for curves without
    a closed form in the reserves alone (stableswap, concentrated, plugins).
    """
    curve = run.scenario.get("market", {}).get("curve", {})
    x, y, sold = pools["reserve_token"], pools["reserve_numeraire"], (1 - pools["fee"]) * tokens
    if curve.get("kind") == "constant_product":
        return liquidation_quote(tokens, x, y, pools["fee"])
    if curve.get("kind") == "weighted":
        weight = _weight(curve, period)
        quote = y * (1 - (1 + sold / x) ** -(weight / (1 - weight)))
    elif curve.get("kind") == "bonding_curve":
        left = (1 - sold / x).clip(lower=0.0)
        quote = y * (1 - left ** (1 / float(curve.get("reserve_ratio", math.nan))))
    else:
        quote = math.nan * y
    return quote.where(tokens > 0, 0.0)


def _weight(curve: dict[str, Any], period: int) -> float:
    """The token's weight in a period, on its way to the last weight if one is set."""
    first, last = float(curve.get("weight", math.nan)), curve.get("last_weight")
    progress = min(period / curve.get("periods", 1), 1.0)
    return first if last is None else first + progress * (float(last) - first)
