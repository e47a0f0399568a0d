"""Realised values of tokens, and the distance of prices from them."""

import numpy as np
import pandas as pd

from .load import Run
from .prices import price_gap
from .tables import ROUNDING_TOLERANCE

WITHOUT_DIVIDENDS = ("outside", "clearing", "treasury", "escrow")
"""Kinds of accounts whose tokens never earn dividends."""
POOLS = ("pool", "pool_fees")
"""Kinds of accounts whose tokens earn dividends where the scenario says so (`pools_earn`)."""
VALUES = ["spot_price", "fundamental_value", "realised_value"]


def realised_values(run: Run, ahead: int = 20) -> pd.DataFrame:
    """Numeraire earned by a token from the end of a period on.

    One row per (period, token) with `spot_price`, `fundamental_value` V and `realised_value`

        sum over k = t+1..T of h_k (D_k + B_k) / S_k (1 + r)^-(k-t) + h_(T+1) V_T (1 + r)^-(T-t)

    where D_k is paid to the token's holders as dividends in period k, B_k is spent on tokens that
    were bought back and burned, S_k is the supply that earned those dividends, and r is
    `valuation.discount`. S_k is the amount held at the end of period k - 1, before the purchase and
    issuance of k, without treasury (and its fraction of pools), escrow and, unless `pools_earn`,
    pools. B_k counts per earning token, as in V: every holder sells pro rata into the purchase of
    the b_k tokens burned, and h_k, the product of 1 - b_j/S_j over j = t+1..k-1, is the fraction of
    a token that remains.
    Without h a burned token would count twice: as money, and in later dividends on fewer tokens.

    NaN in the last `ahead` periods, where V_T would dominate, and before a launch. Without
    buybacks, dividends of c per token in each period and V_T = c/r make it c/r; with burned ones,
    cash C in each period and V_T = C/(r S) make it C/(r S).
    """
    rows, names = run.pools.astype({"token": str}), ("spot_price", "fundamental_value", "supply")
    price, value, supply = (
        rows.pivot(index="period", columns="token", values=name) for name in names
    )
    cash, left = (each.to_numpy() for each in _cash_and_rest(run, supply))
    worth, rate = value.tail(1).to_numpy().ravel(), run.scenario["tokens"]["valuation"]["discount"]
    values = [worth]
    for period in range(len(value) - 1, 0, -1):
        worth = (cash[period] + left[period] * worth) / (1 + rate)
        values.append(worth)
    realised = pd.DataFrame(values[::-1][: len(value)], value.index, value.columns)
    realised = realised[realised.index <= realised.index.max() - ahead].reindex(value.index)
    realised = realised.where(value.notna())  # not launched yet
    columns = (each.T.unstack() for each in (price, value, realised))
    return pd.DataFrame(dict(zip(VALUES, columns, strict=True)))


def price_errors(run: Run, ahead: int = 20, floor: float = 0.05) -> pd.DataFrame:
    """Mean absolute log ratios of price p, fundamental value V and realised value, by token.

    `fundamental` is the mean of |log(p/V)|, `realised` of |log(p / realised)| and `forecast` of
    |log(V / realised)|, all over the same `periods`: those from 1 (the V of genesis is the
    launch price) to T - `ahead` in which `price_gap` counts the token (V at least `floor` times the
    median, a pool that is not empty) and the realised value is above 0. The last row, `all`, is
    over all tokens and periods together.

    A price of 2, V of 1 and realised value of 4 give log 2, log 2 and log 4.
    """
    table = realised_values(run, ahead)
    gap, period = price_gap(run, floor).T.unstack(), table.index.get_level_values("period")
    counted = table[gap.notna() & (table["realised_value"] > 0) & (period > 0)]
    price, value, realised = (counted[name] for name in VALUES)
    ratios = pd.DataFrame(
        {
            "fundamental": price / value,
            "realised": price / realised,
            "forecast": value / realised,
        }
    )
    errors = ratios.apply(np.log).abs()
    by_token = errors.groupby(level="token")
    means = by_token.mean().assign(periods=by_token.size())
    means = means.reindex(table.index.unique("token"))
    means.loc["all"] = [*errors.mean(), len(errors)]
    return means.fillna({"periods": 0}).astype({"periods": int})


def _cash_and_rest(run: Run, supply: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cash per token in each period, and the fraction of it that remains `[periods, tokens]`."""
    spent, burned = buybacks(run)
    earned = _earning_supply(run, supply)
    earning = earned.where(earned > ROUNDING_TOLERANCE * supply).shift()
    spent, burned = (each.reindex_like(supply).fillna(0.0) for each in (spent, burned))
    cash = _dividends(run).reindex_like(supply).fillna(0.0) + spent.where(burned > 0, 0.0)
    return (cash / earning).fillna(0.0), (1 - burned / earning).clip(lower=0.0).fillna(1.0)


def _earning_supply(run: Run, supply: pd.DataFrame) -> pd.DataFrame:
    """Supply that earns dividends at the end of each period `[periods, tokens]`."""
    held = _earning_changes(run).reindex_like(supply).fillna(0.0).cumsum()
    rows = run.positions[run.positions["agent"].astype(str) == "aggregator"]
    if rows.empty or not run.scenario["tokens"]["payout"]["pools_earn"]:
        return held
    treasury = rows.astype({"token": str}).pivot(index="period", columns="token", values="tokens")
    return held - treasury.reindex_like(supply).fillna(0.0)


def _dividends(run: Run) -> pd.DataFrame:
    """Numeraire paid to the holders of each token `[periods, tokens]`."""
    rows = run.clients.assign(token=run.clients["client"].astype(str).map(run.token_of))
    return rows.groupby(["period", "token"])["dividends_paid"].sum().unstack()


def buybacks(run: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Numeraire that the treasury spent on each token, and tokens burned `[periods, tokens]`."""
    is_buyback = run.fills["status"].eq("filled") & run.fills["strategy"].eq("buyback")
    fills = run.fills[is_buyback].astype({"token": str})
    flows = run.flows.astype({"asset": str})
    burn = (flows["flow"] == "burn") & (flows["payer"] == "treasury")
    spent = fills.groupby(["period", "token"])["amount_in"].sum().unstack()
    burned = flows[burn].groupby(["period", "asset"])["amount"].sum().unstack()
    return spent, burned


def _earning_changes(run: Run) -> pd.DataFrame:
    """Change of each token's earning supply `[periods, tokens]`, from the flows."""
    pools_earn = run.scenario["tokens"]["payout"]["pools_earn"]
    idle = WITHOUT_DIVIDENDS if pools_earn else WITHOUT_DIVIDENDS + POOLS
    flows = run.flows.astype({"asset": str})
    got, gave = (
        flows[~flows[side].isin(idle)].groupby(["period", "asset"])["amount"].sum()
        for side in ("payee", "payer")
    )
    return got.sub(gave, fill_value=0.0).unstack()
