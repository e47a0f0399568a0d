"""Gains and losses of liquidity providers."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .load import Run
from .tables import first_rows, last_rows, purchase_costs, sale_proceeds


def impermanent_loss(ratio: ArrayLike) -> np.ndarray:
    """Return of a constant-product deposit against holding, without fees, for a price `ratio` r.

    2 sqrt(r)/(1 + r) - 1: never above 0. Raises ValueError for a ratio below 0. Source: Pintail
    (2019).

    >>> impermanent_loss([1, 2]).round(5).tolist()
    [0.0, -0.05719]
    """
    ratios = np.asarray(ratio, dtype=float)
    if (ratios < 0).any():
        raise ValueError(f"a price ratio must not be negative, got {ratio!r}")
    return np.asarray(2 * np.sqrt(ratios) / (1 + ratios) - 1)


def lp_returns(run: Run) -> pd.DataFrame:
    """Positions of each liquidity provider against holding its deposits; a row each, numeraire.

    | column | meaning |
    |---|---|
    | `deposited` | deposits at genesis, at genesis prices |
    | `moved` | later deposits (also at launches and by events) less withdrawals, at the prices \
at the end of each period |
    | `held` | deposited + moved + their price gains if held outside the pools |
    | `value` | its positions at the last prices |
    | `impermanent_loss` | value - held - fees |
    | `fees` | earned by its positions, at the prices at the end of each period |
    | `lvr` | loss against rebalancing, summed |
    | `dividends` | all other changes of its numeraire: dividends, less gas and tips |
    | `return_against_holding` | value / held - 1, chained over periods where liquidity moved |

    All from table `positions`, for any curve. Dividends do not count as a gain: holding the tokens
    would have earned them too. In a period with prices p before and q after, a position gained
    v' - v - m, where m is the value at q of deposits less withdrawals, while the x tokens and y
    numeraire deposited before (`deposited_*`) gained x (q - p). A withdrawn fraction of a position
    ends an equal fraction of x and y. Over all positions of a provider the return is

        product over periods of (1 + sum (v' - v - m) / b) / (1 + sum x (q - p) / c) - 1

    where b = sum v and c = sum (x p + y), each plus the deposits of the period: these count from
    the period's beginning, withdrawals until its end. A period without either counts 1. Without
    later deposits and withdrawals the product is value / held.

    100 tokens and 100 numeraire deposited at price 1 without fees are worth 400 at price 4 and 500
    if held: a loss of 100, or 20%. Then half is withdrawn and the price returns to 1: 100 are left
    of 50 and 50 deposited, so the return is 0; the loss is 50, of the half withdrawn at 4.

    Against always holding the tokens that the position holds at the time, a provider gained
    fees - lvr: value = deposited + moved + sum x' (q - p) - lvr + fees, with x' tokens behind the
    position at the beginning of each period (Milionis et al. 2022).
    """
    rows, genesis, end = (
        _position_rows(run),
        first_rows(run.agents, "agent"),
        last_rows(run.agents, "agent"),
    )
    providers = end.index[end["kind"] == "liquidity_provider"]
    opening = rows["period"] == run.agents["period"].min()
    last = rows["period"] == run.agents["period"].max()

    def total(column: str, selection: pd.Series | slice = slice(None)) -> pd.Series:
        return rows[selection].groupby("agent")[column].sum().reindex(providers, fill_value=0.0)

    table = pd.DataFrame({"deposited": total("moved", opening), "moved": total("moved", ~opening)})
    table["held"] = table["deposited"] + table["moved"] + total("held_gained")
    table["value"] = total("value", last)
    table["impermanent_loss"] = table["value"] - table["held"] - total("fees")
    table["fees"], table["lvr"] = total("fees"), total("lvr")
    traded = sale_proceeds(run).sub(purchase_costs(run), fill_value=0.0)
    traded = traded.reindex(providers, fill_value=0.0)
    money = (end["numeraire"] - genesis["numeraire"]).reindex(providers)
    deposits = total("moved_numeraire", ~opening) - _deposits_from_outside(run, providers)
    table["dividends"] = money - traded + deposits
    table["return_against_holding"] = _chained_return(rows).reindex(providers)
    return table


def lp_results(run: Run) -> pd.Series:
    """All liquidity providers together against holding, in % of their deposits at genesis.

    | name | meaning |
    |---|---|
    | `against_holding` | fees + impermanent_loss: gain of positions beyond holding |
    | `fees`, `impermanent_loss`, `lvr` | sums of those of `lp_returns` |
    | `held_percent` | gain of holding |
    | `deposited` | at genesis prices, numeraire |

    300 and 100 deposited, 525 and 175 if held, without fees 75 and 25 less, and 60 and 20 of fees:
    fees 20, impermanent loss -25, together -5 against holding, which gained 75.
    """
    names = ["deposited", "held", "moved", "impermanent_loss", "fees", "lvr"]
    sums = lp_returns(run)[names].sum()
    percent = 100 * sums / sums["deposited"]
    return pd.Series(
        {
            "against_holding": percent["fees"] + percent["impermanent_loss"],
            "fees": percent["fees"],
            "impermanent_loss": percent["impermanent_loss"],
            "lvr": percent["lvr"],
            "held_percent": percent["held"] - percent["moved"] - 100,
            "deposited": sums["deposited"],
        }
    )


def _position_rows(run: Run) -> pd.DataFrame:
    """Table `positions`, with each one's gain in its period (`gained`), and that of holding."""
    names = {"agent": str, "token": str}
    rows = run.positions.astype(names)
    price = run.pools.astype({"token": str})[["period", "token", "spot_price"]]
    before = rows[["period", "agent", "token", "value", "holding_value"]].copy()
    before[["tokens", "numeraire"]] = rows[["deposited_tokens", "deposited_numeraire"]]
    before["period"] += 1
    rows = rows.merge(price, on=["period", "token"])
    rows = rows.merge(before, "left", on=["period", "agent", "token"], suffixes=("", "_before"))
    rows = rows.fillna(0.0)
    holding = rows["tokens_before"] * rows["spot_price"] + rows["numeraire_before"]
    rows["gained"] = rows["value"] - rows["value_before"] - rows["moved"]
    rows["held_gained"] = holding - rows["holding_value_before"]
    rows["put_in"] = rows["moved"].clip(lower=0)
    return rows


def _deposits_from_outside(run: Run, providers: pd.Index) -> pd.Series:
    """Numeraire deposited after genesis that did not come from the provider's own account.

    It comes from escrow at later launches, and from outside with an event.
    """
    groups = run.scenario.get("liquidity_providers", [])
    deposits = [group["deposit"] for group in groups for _ in range(group["count"])] or 0.0
    launches = len(last_rows(run.pools, "token")) - len(first_rows(run.pools, "token"))
    total = pd.Series(deposits, providers, dtype=float) * launches / max(len(run.behaviours), 1)
    flows = run.flows.astype({"payee": str})
    endowments = flows[(flows["flow"] == "endowment") & (flows["payee"] == "liquidity_provider")]
    for event in run.scenario.get("events", []):
        if event["kind"] == "liquidity" and (endowments["period"] == event["period"]).any():
            total.iloc[event["provider"]] += event["amount"]
    return total


def _chained_return(rows: pd.DataFrame) -> pd.Series:
    """Product over periods of each agent's return relative to holding, less 1."""
    columns = ["gained", "held_gained", "put_in", "value_before", "holding_value_before"]
    sums = rows.groupby(["agent", "period"])[columns].sum()
    gained = sums["gained"] / (sums["value_before"] + sums["put_in"])
    held = sums["held_gained"] / (sums["holding_value_before"] + sums["put_in"])
    ratio: pd.Series = ((1 + gained) / (1 + held)).fillna(1.0).groupby("agent").prod()
    return ratio - 1
