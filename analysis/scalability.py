"""How well markets for tokens work as federations grow."""

import math

import pandas as pd

from .load import Run
from .mechanisms import mechanism_results
from .prices import price_gap
from .tables import executed_rows


def scalability_results(run: Run, buy: float = 20.0) -> pd.Series:
    """How well markets for tokens work, and how they pay; NaN without a market.

    | name | meaning |
    |---|---|
    | `impact_percent` | price impact of a purchase for `buy` numeraire at genesis, no fee, % |
    | `slippage_percent` | of filled orders against the quote when deciding, by numeraire, % |
    | `refused_percent` | orders that were not executed, for slippage or otherwise, % of all |
    | `error_percent` | median of max(p/V, V/p) - 1 in the second half of the run, % |
    | `untraded_percent` | periods in which only the treasury, if any, traded a token, % |
    | `inequality` | `gini` of clients' rewards |
    | `distance` | of rewards and contributions, as in `mechanism_results` |

    In a constant-product pool with y numeraire the price impact is (1 + buy / y)^2 - 1. Prices are
    compared as in `price_gap`.
    """
    rewards: pd.Series = mechanism_results(run)[["inequality", "distance"]]
    names = ("impact", "slippage", "refused", "error", "untraded")
    if run.pools.empty:
        return rewards.reindex([*(f"{name}_percent" for name in names), *rewards.index])
    first = run.pools[run.pools["period"] == 0]["reserve_numeraire"]
    first = first.where(first > 0)
    orders = run.fills[run.fills["strategy"].astype(str) != "buyback"]
    refused = orders["orders"][~executed_rows(orders)].sum()
    filled = orders[orders["status"].astype(str) == "filled"]
    money = filled["amount_in"].where(filled["side"].astype(str) == "buy", filled["amount_out"])
    gaps = price_gap(run)
    late_gaps = gaps[gaps.index > gaps.index.max() / 2]
    markets = int((run.pools["period"] > 0).sum())
    traded = len(filled[["period", "token"]].drop_duplicates())
    fractions = {
        "impact": ((1 + buy / first) ** 2 - 1).mean(),
        "slippage": (filled["slippage"] * money).sum() / (money.sum() or math.nan),
        "refused": refused / (orders["orders"].sum() or math.nan),
        "error": pd.Series(late_gaps.to_numpy().ravel()).median() - 1,
        "untraded": 1 - traded / markets,
    }
    percents = {f"{name}_percent": 100 * fractions[name] for name in names}
    return pd.Series(percents | rewards.to_dict())
