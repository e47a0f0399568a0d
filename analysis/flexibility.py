"""When clients have their pay as money, and what a client loses by turning dishonest."""

import math
from typing import Any

import pandas as pd

from .clients import brought_cash, client_rows, join_periods, member_rows
from .load import Run
from .quotes import pool_quote
from .rewards import client_rewards
from .tables import wide


def flexibility_results(run: Run, outlay: float = 500.0) -> pd.Series:
    """Clients' pay, the time when they had it as money, and the loss of those who turn dishonest.

    All but the last two are means over the clients that have joined and stayed honest.

    | name | meaning |
    |---|---|
    | `reward` | `total` of `client_rewards`, numeraire |
    | `early_percent` | money after a quarter of the periods, % of the reward |
    | `half_time` | periods until a client's money reached half of its reward |
    | `payback` | periods until a client's money covered an `outlay` (numeraire) |
    | `unpaid_percent` | clients whose money never covered it, % |
    | `unsteadiness` | standard deviation over mean of a period's net money |
    | `drawdown_percent` | largest fall of money and tokens from a previous maximum, % of that |
    | `stake_percent` | tokens of clients who turn, before they do, % of all they had |
    | `lost_percent` | price loss of these tokens until the end, % of all they had |

    Money is what a client received, net of training costs and of the cash it brought. A time is the
    first period at whose end the money suffices, 0 at genesis; late joiners count from the period
    before they joined. If the money never suffices, the number of periods counts, a lower bound:
    see `unpaid_percent`. The outlay is a sunk cost from before the run, such as collecting data; it
    is not paid in the run. Launch proceeds arrive at once, so only larger outlays distinguish
    mechanisms further. Money of 400, 450, 520 and 600 at the ends of periods 0 to 3, of a reward of
    1000, covers 500 after 2 periods, which is half of the reward too.

    Tokens count at spot prices for the drawdown, else at the quote of their pool; unvested tokens
    are left out. The last two are NaN unless clients turn after having joined.
    """
    rows, joiners = client_rows(run), member_rows(run)["client"].unique()
    rewards, cash = client_rewards(run).loc[joiners], brought_cash(run, pd.Index(run.behaviours))
    money = wide(rows, "client", "numeraire") - cash
    turned = rewards.index[(rewards["behaviour"].astype(str) != "honest").to_numpy()]
    honest = rewards.index.difference(turned)
    absent = join_periods(run)[honest] - 1
    present = money[honest].where(money.index.to_numpy()[:, None] >= absent.to_numpy())
    total = rewards["total"][honest]
    wealth = (wide(rows, "client", "wealth") - cash)[honest]
    income = present.diff().iloc[1:]
    early = money[honest].loc[len(income) // 4]
    results = {
        "reward": total.mean(),
        "early_percent": 100 * early.mean() / (total.mean() or math.nan),
        "half_time": (_first_periods(present, total / 2) - absent).mean(),
        "payback": (_first_periods(present, outlay) - absent).mean(),
        "unpaid_percent": 100 * (present.max() < outlay).mean(),
        "unsteadiness": (income.std() / income.mean()).mean(),
        "drawdown_percent": 100 * _drawdown(wealth).mean(),
    }
    return pd.Series(results | _stake(run, rows[rows["client"].isin(turned)], money[turned]))


def _first_periods(money: pd.DataFrame, target: pd.Series | float) -> pd.Series:
    """First period at whose end each client's money reaches the target; the last if never."""
    reached = money >= target
    first: pd.Series = reached.idxmax().where(reached.any(), money.index[-1])
    return first


def _drawdown(wealth: pd.DataFrame) -> pd.Series:
    """Largest fall of each column from a previous maximum, as a fraction of that.

    Periods before the first positive value do not count. Source: Magdon-Ismail & Atiya (2004).

    >>> _drawdown(pd.DataFrame({"a": [0.0, 4.0, 3.0, 5.0], "b": [1.0, 1.0, 2.0, 2.0]})).to_list()
    [0.25, 0.0]
    """
    highest = wealth.cummax()
    largest: pd.Series = (1 - wealth / highest.where(highest > 0)).max().fillna(0.0)
    return largest


def _stake(run: Run, rows: pd.DataFrame, money: pd.DataFrame) -> dict[str, Any]:
    """Tokens that clients who turn had in the period before, and their later loss in price."""
    dishonest = rows[(rows["behaviour"] != "honest") & (rows["period"] > 0)]
    joining = join_periods(run)[money.columns].max()
    if dishonest.empty or (before := int(dishonest["period"].min()) - 1) < joining:
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
