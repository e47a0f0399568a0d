"""What money does for a federation whose clients buy data."""

import pandas as pd

from .clients import mean_participation, members
from .load import Run
from .rewards import client_rewards
from .wealth import given


def outside_money_results(run: Run) -> pd.Series:
    """What money does for a federation whose clients buy data, and who brought it.

    | name | meaning |
    |---|---|
    | `revenue_quarter`, `revenue` | of the first quarter of the periods, and of all, numeraire |
    | `accuracy_quarter`, `accuracy` | at the end of the first quarter, and at the end |
    | `participation` | part of the clients who have joined that took part, mean over periods, % |
    | `examples` | on which clients train at the end, all together |
    | `data`, `training` | what clients spent on examples and on training, numeraire |
    | `from_providers`, `from_investors` | what these paid clients at launches and in offerings |
    | `from_pools` | what pools paid clients for tokens, less what clients paid in |
    | `from_revenue` | direct pay and dividends to clients |
    | `clients` | `total` of `client_rewards`, of all clients |
    | `third_parties` | growth of providers' and investors' wealth at spot prices, numeraire, \
less what they were `given` |

    What clients received is what they spent and what they have: from_* less data and training is
    the change of their money.
    """
    quarter, periods = int(run.periods["period"].max()) // 4, run.periods.set_index("period")
    clients = members(run)
    money = run.flows[run.flows["asset"] == "numeraire"].astype(
        {"flow": str, "payer": str, "payee": str}
    )
    paid = money.groupby(["flow", "payer", "payee"])["amount"].sum()
    swapped = ("swap", "fee")
    invested = {
        kind: sum(paid.get((flow, kind, "client"), 0.0) for flow in ("genesis_sale", "offering"))
        for kind in ("liquidity_provider", "investor")
    }
    to_pools = sum(paid.get((flow, "client", "pool"), 0.0) for flow in swapped)
    from_pools = sum(paid.get((flow, "pool", "client"), 0.0) for flow in swapped)
    wealth = run.agents.astype({"kind": str}).groupby(["period", "kind"])["wealth"].sum().unstack()
    gained = wealth.iloc[-1].sub(wealth.iloc[0]).sub(given(run), fill_value=0.0)
    gained = gained.reindex(["liquidity_provider", "investor"])
    return pd.Series(
        {
            "revenue_quarter": periods["revenue"].loc[:quarter].sum(),
            "revenue": periods["revenue"].sum(),
            "accuracy_quarter": periods["accuracy"].loc[quarter],
            "accuracy": periods["accuracy"].iloc[-1],
            "participation": mean_participation(clients),
            "examples": clients.groupby("period")["examples"].sum().iloc[-1],
            "data": paid.get(("data_purchase", "client", "outside"), 0.0),
            "training": paid.get(("training_cost", "client", "outside"), 0.0),
            "from_providers": invested["liquidity_provider"],
            "from_investors": invested["investor"],
            "from_pools": from_pools - to_pools,
            "from_revenue": sum(
                paid.get((flow, "clearing", "client"), 0.0) for flow in ("direct", "dividend")
            ),
            "clients": client_rewards(run)["total"].sum(),
            "third_parties": gained.sum(),
        }
    )
