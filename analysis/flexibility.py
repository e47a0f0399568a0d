"""When clients have their pay, and what one that turns has to lose."""

import math
from typing import Any

import pandas as pd

from .clients import brought, client_rows, joins, members
from .load import Run
from .quotes import pool_quote
from .rewards import client_rewards
from .tables import wide


def flexibility_results(run: Run, outlay: float = 500.0) -> pd.Series:
    """What clients made of their pay, when they had it, and what one that turns had to lose.

    All but the last two are means over the clients that have joined and stayed honest.

    | name | meaning |
    |---|---|
    | `reward` | `total` of `client_rewards`, numeraire |
    | `early_percent` | of that, what they had in money after a quarter of the periods, % |
    | `half_time` | periods until half of its reward was there in money |
    | `payback` | periods until a client's money covered an `outlay` (numeraire) |
    | `unpaid_percent` | clients whose money never did, % |
    | `unsteadiness` | deviation of a period's net money by its mean |
    | `drawdown_percent` | largest fall of money and tokens from their highest before, % of that |
    | `stake_percent` | tokens of those who turn, of all they had before they did, % |
    | `lost_percent` | what those tokens lost in price until the end, % of all they had before |

    Money is what a client got until then, net of training and of what it brought along, and a time
    is the first period at whose end it suffices, 0 at genesis; a late joiner's count from the
    period before it joined. Whoever never gets there counts with the number of periods, which is a
    lower bound: see `unpaid_percent`. The outlay is a sunk cost
    that a client is thought to have had before, such as collecting its data; it is paid to nobody.
    A launch pays at once, so only outlays that it does not cover tell mechanisms apart by more than
    that they have one. Money of 400, 450, 520 and 600 at the ends of periods 0 to 3, of a reward of
    1000, covers 500 after 2 periods, which is half of the reward too.

    Tokens count at spot prices for the fall, else at the quote of their pool; those that have not
    vested are left out. The last two are NaN where nobody turns
    who was there before.
    """
    rows, joiners = client_rows(run), members(run)["client"].unique()
    rewards, own_cash = client_rewards(run).loc[joiners], brought(run, pd.Index(run.behaviours))
    money = wide(rows, "client", "numeraire") - own_cash
    turned = rewards.index[(rewards["behaviour"].astype(str) != "honest").to_numpy()]
    honest = rewards.index.difference(turned)
    missed = joins(run)[honest] - 1
    own = money[honest].where(money.index.to_numpy()[:, None] >= missed.to_numpy())
    total = rewards["total"][honest]
    wealth = (wide(rows, "client", "wealth") - own_cash)[honest]
    income = own.diff().iloc[1:]
    early = money[honest].loc[len(income) // 4]
    found = {
        "reward": total.mean(),
        "early_percent": 100 * early.mean() / (total.mean() or math.nan),
        "half_time": (_times(own, total / 2) - missed).mean(),
        "payback": (_times(own, outlay) - missed).mean(),
        "unpaid_percent": 100 * (own.max() < outlay).mean(),
        "unsteadiness": (income.std() / income.mean()).mean(),
        "drawdown_percent": 100 * _drawdown(wealth).mean(),
    }
    return pd.Series(found | _bond(run, rows[rows["client"].isin(turned)], money[turned]))


def _times(money: pd.DataFrame, wanted: pd.Series | float) -> pd.Series:
    """The first period at whose end each client has what is wanted; the last where none has."""
    reached = money >= wanted
    first: pd.Series = reached.idxmax().where(reached.any(), money.index[-1])
    return first


def _drawdown(wealth: pd.DataFrame) -> pd.Series:
    """Largest fall of each column from its highest value before, as a part of that.

    Nothing can fall before there is something. Source: Magdon-Ismail & Atiya (2004).

    >>> _drawdown(pd.DataFrame({"a": [0.0, 4.0, 3.0, 5.0], "b": [1.0, 1.0, 2.0, 2.0]})).to_list()
    [0.25, 0.0]
    """
    highest = wealth.cummax()
    fallen: pd.Series = (1 - wealth / highest.where(highest > 0)).max().fillna(0.0)
    return fallen


def _bond(run: Run, rows: pd.DataFrame, money: pd.DataFrame) -> dict[str, Any]:
    """What clients who turned still had in tokens the period before, and what it lost."""
    deviant = rows[(rows["behaviour"] != "honest") & (rows["period"] > 0)]
    there = joins(run)[money.columns].max()
    if deviant.empty or (before := int(deviant["period"].min()) - 1) < there:
        return {"stake_percent": math.nan, "lost_percent": math.nan}
    then, end = (rows[rows["period"] == at].set_index("client") for at in (before, money.index[-1]))
    if then["spot_price"].isna().all():
        return {"stake_percent": 0.0, "lost_percent": 0.0}
    stake = pool_quote(run, then["tokens"], then, before)
    owned = stake + money.loc[before]
    lost = stake * (1 - end["spot_price"] / then["spot_price"])
    return {
        "stake_percent": 100 * stake.sum() / (owned.sum() or math.nan),
        "lost_percent": 100 * lost.sum() / (owned.sum() or math.nan),
    }
