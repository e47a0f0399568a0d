"""What liquidity providers gain and lose."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .load import Run
from .tables import first_rows, last_rows, received, spent


def impermanent_loss(ratio: ArrayLike) -> np.ndarray:
    """A constant-product deposit without fees against holding it, after the price moved by `ratio`.

    2 sqrt(r)/(1 + r) - 1: never above 0. Raises ValueError for a ratio below 0. Source: Pintail
    (2019).

    >>> impermanent_loss([1, 2]).round(5).tolist()
    [0.0, -0.05719]
    """
    moved = np.asarray(ratio, dtype=float)
    if (moved < 0).any():
        raise ValueError(f"a price ratio must not be negative, got {ratio!r}")
    return np.asarray(2 * np.sqrt(moved) / (1 + moved) - 1)


def lp_returns(run: Run) -> pd.DataFrame:
    """Each liquidity provider's positions against holding what it put in; one row each, numeraire.

    | column | meaning |
    |---|---|
    | `deposited` | put into pools at genesis, at genesis prices |
    | `moved` | put in less taken out later, at later launches and by events too, at the prices \
at the end of each period |
    | `held` | deposited + moved + what that would have gained in price outside the pools |
    | `value` | its positions at the last prices |
    | `impermanent_loss` | the difference of both without fees: value - held - fees |
    | `fees` | that its positions earned, at the prices at the end of each period |
    | `lvr` | loss against rebalancing, summed |
    | `dividends` | what else its numeraire changed by: dividends, less gas and tips |
    | `return_against_holding` | value / held - 1, chained over periods where liquidity moved |

    All from table `positions`, for any curve. Dividends stand aside: whoever held the tokens would
    have been paid for them too. Of a period with prices p before and q after it, a position gained
    v' - v - m, m the worth at q of what was put in less what was taken out, while x tokens and y
    numeraire that had been put into it before (`deposited_*`) gained x (q - p). When a part of a
    position is taken out, as large a part of x and y is taken for ended with it. Over all positions
    of a provider the return is

        product over periods of (1 + sum (v' - v - m) / b) / (1 + sum x (q - p) / c) - 1

    where b = sum v and c = sum (x p + y), each with what is put in in the period on top: it counts
    from the period's beginning, and what is taken out until its end. A period without either
    counts 1. Where nothing moved the product is value / held.

    100 tokens and 100 numeraire put in at price 1 without fees are worth 400 at price 4 and 500 if
    held: a loss of 100, or 20%. Half is then taken out and the price returns to 1: there are 100
    left, on 50 and 50 put in, so the return is 0; the loss is 50, of the half that left at 4.

    Against one who holds at any time the tokens that the position then holds, a provider gained
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

    def total(column: str, some: pd.Series | slice = slice(None)) -> pd.Series:
        return rows[some].groupby("agent")[column].sum().reindex(providers, fill_value=0.0)

    table = pd.DataFrame({"deposited": total("moved", opening), "moved": total("moved", ~opening)})
    table["held"] = table["deposited"] + table["moved"] + total("held_gained")
    table["value"] = total("value", last)
    table["impermanent_loss"] = table["value"] - table["held"] - total("fees")
    table["fees"], table["lvr"] = total("fees"), total("lvr")
    traded = received(run).sub(spent(run), fill_value=0.0).reindex(providers, fill_value=0.0)
    money = (end["numeraire"] - genesis["numeraire"]).reindex(providers)
    own = total("moved_numeraire", ~opening) - _put_in_for(run, providers)
    table["dividends"] = money - traded + own
    table["return_against_holding"] = _chained(rows).reindex(providers)
    return table


def lp_results(run: Run) -> pd.Series:
    """All liquidity providers together against holding, in % of what they deposited at genesis.

    | name | meaning |
    |---|---|
    | `against_holding` | fees + impermanent_loss: what their positions gained beyond holding |
    | `fees`, `impermanent_loss`, `lvr` | sums of those of `lp_returns` |
    | `held_percent` | what holding gained |
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
    """Table `positions`, with what each has `gained` in its period and what holding would have."""
    names = {"agent": str, "token": str}
    rows = run.positions.astype(names)
    price = run.pools.astype({"token": str})[["period", "token", "spot_price"]]
    before = rows[["period", "agent", "token", "value", "holding_value"]].copy()
    before[["tokens", "numeraire"]] = rows[["deposited_tokens", "deposited_numeraire"]]
    before["period"] += 1
    rows = rows.merge(price, on=["period", "token"])
    rows = rows.merge(before, "left", on=["period", "agent", "token"], suffixes=("", "_before"))
    rows = rows.fillna(0.0)
    kept = rows["tokens_before"] * rows["spot_price"] + rows["numeraire_before"]
    rows["gained"] = rows["value"] - rows["value_before"] - rows["moved"]
    rows["held_gained"] = kept - rows["holding_value_before"]
    rows["put_in"] = rows["moved"].clip(lower=0)
    return rows


def _put_in_for(run: Run, providers: pd.Index) -> pd.Series:
    """Numeraire put into pools after genesis that a provider's account did not hold until then.

    At later launches it waited in escrow, and with an event it came from outside.
    """
    groups = run.scenario.get("liquidity_providers", [])
    deposits = [group["deposit"] for group in groups for _ in range(group["count"])] or 0.0
    late = len(last_rows(run.pools, "token")) - len(first_rows(run.pools, "token"))
    found = pd.Series(deposits, providers, dtype=float) * late / max(len(run.behaviours), 1)
    flows = run.flows.astype({"payee": str})
    given = flows[(flows["flow"] == "endowment") & (flows["payee"] == "liquidity_provider")]
    for event in run.scenario.get("events", []):
        if event["kind"] == "liquidity" and (given["period"] == event["period"]).any():
            found.iloc[event["provider"]] += event["amount"]
    return found


def _chained(rows: pd.DataFrame) -> pd.Series:
    """Return of each agent's positions over that of holding, period after period, less 1."""
    columns = ["gained", "held_gained", "put_in", "value_before", "holding_value_before"]
    sums = rows.groupby(["agent", "period"])[columns].sum()
    gained = sums["gained"] / (sums["value_before"] + sums["put_in"])
    held = sums["held_gained"] / (sums["holding_value_before"] + sums["put_in"])
    grown: pd.Series = ((1 + gained) / (1 + held)).fillna(1.0).groupby("agent").prod()
    return grown - 1
