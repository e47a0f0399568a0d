"""Profit of some investors and their effects on others, against a run in which they are idle."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from .load import Run
from .prices import price_gap
from .quotes import pool_quote
from .tables import executed_rows, first_rows, last_rows
from .wealth import AGENT_KINDS, investor_tokens, wealth_by_group


def manipulation(run: Run, control: Run, names: Sequence[str]) -> pd.Series:
    """Profit of some investors and their effects on others, against an idle `control` run.

    | name | meaning |
    |---|---|
    | `profit`, `profit_percent` | of their wealth at spot prices; in % of that at genesis |
    | `profit_at_quote` | with their tokens sold into the pools at once |
    | `account`, `investors`, `clients`, `liquidity_providers`, `treasury` | change of wealth, \
tokens at the control's last fundamental values, see `wealth_by_group` |
    | `gas_and_tips` | change of all agents' payments for them |
    | `investors_at_spot`, `clients_at_spot`, `liquidity_providers_at_spot` | change at spot |
    | `distortion` | change of 100 x mean abs. log(p/V), all tokens that `price_gap` counts |
    | `own_distortion` | distortion weighted by their own volume in each token |
    | `volume`, `own_volume` | change of volume; their own volume |
    | `orders`, `refused_percent` | their orders; % of these that were not executed |

    All amounts are in numeraire. The two runs must differ in nothing else. `own_distortion` is NaN
    without trades, `refused_percent` without orders.

    Buying 50 of a pool's 100 tokens for 100 numeraire, at a constant value of 1, loses 50 to the
    liquidity providers at that value, gains 100 at the spot price of 4, and nothing at the quote.
    """
    fills = run.fills.astype({"agent": str, "token": str, "status": str, "side": str})
    orders = fills[fills["agent"].isin(names)]
    filled = orders[orders["status"] == "filled"]
    paid = filled["amount_in"].where(filled["side"] == "buy", filled["amount_out"])
    volume = paid.groupby(filled["token"]).sum()
    gap = 100 * (np.log(price_gap(run)).mean() - np.log(price_gap(control)).mean())
    value = last_rows(control.pools, "token")["fundamental_value"]
    at_value = wealth_by_group(run, names, value) - wealth_by_group(control, names, value)
    spot, quote = (_wealth_of(run, names)[at] - _wealth_of(control, names)[at] for at in (0, 1))
    by_kind = (_spot_by_kind(run, names) - _spot_by_kind(control, names)).add_suffix("_at_spot")
    count, refused = orders["orders"].sum(), orders["orders"][~executed_rows(orders)].sum()
    genesis = first_rows(control.agents, "agent").loc[list(names), "wealth"].sum()
    return pd.Series(
        {
            "profit": spot,
            "profit_percent": 100 * spot / genesis,
            "profit_at_quote": quote,
            **at_value,
            "gas_and_tips": _gas_and_tips(run) - _gas_and_tips(control),
            **by_kind,
            "distortion": gap.mean(),
            "own_distortion": _weighted_mean(gap, volume),
            "volume": run.periods["volume"].sum() - control.periods["volume"].sum(),
            "own_volume": paid.sum(),
            "orders": count,
            "refused_percent": 100 * refused / count if len(orders) else math.nan,
        },
        dtype=float,
    )


def _wealth_of(run: Run, names: Sequence[str]) -> tuple[float, float]:
    """Wealth of some investors at the end: at spot, and with all their tokens sold at once."""
    end, pools = last_rows(run.agents, "agent").loc[list(names)], last_rows(run.pools, "token")
    quote = pool_quote(run, investor_tokens(run, names), pools, int(run.pools["period"].max()))
    sold = float(end["numeraire"].sum() + quote.sum(skipna=False))
    return float(end["wealth"].sum()), sold


def _spot_by_kind(run: Run, names: Sequence[str]) -> pd.Series:
    end = last_rows(run.agents, "agent").drop(index=list(names))
    wealth = end.groupby(end["kind"].astype(str))["wealth"].sum()
    kinds = {kind: name for name, kind in AGENT_KINDS.items() if name != "treasury"}
    return wealth.reindex(list(kinds), fill_value=0.0).rename(kinds)


def _gas_and_tips(run: Run) -> float:
    return float(run.flows["amount"][run.flows["flow"].isin(["gas", "tip"])].sum())


def _weighted_mean(values: pd.Series, weights: pd.Series) -> float:
    """Weighted mean of the values that are not NaN; NaN if their weights are 0."""
    weights = weights.reindex(values.index, fill_value=0.0).where(values.notna(), 0.0)
    return float((values * weights).sum() / weights.sum()) if weights.sum() > 0 else math.nan
