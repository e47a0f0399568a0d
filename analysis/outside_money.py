"""Effects of outside money on a federation whose clients buy data."""

import pandas as pd

from .clients import mean_participation, member_rows
from .load import Run
from .rewards import client_rewards
from .wealth import gifts


def outside_money_results(run: Run) -> pd.Series:
    """Effects of outside money on a federation whose clients buy data, and its sources.

    | name | meaning |
    |---|---|
    | `revenue_quarter`, `revenue` | of the first quarter of the periods, and of all, numeraire |
    | `accuracy_quarter`, `accuracy` | at the end of the first quarter, and at the end |
    | `participation` | fraction of joined clients that took part, mean over periods, % |
    | `examples` | total training examples of clients at the end |
    | `data`, `training` | spending of clients on examples and on training, numeraire |
    | `from_providers`, `from_investors` | their payments to clients at launches and in offerings |
    | `from_pools` | payments of pools to clients for tokens, less clients' payments to pools |
    | `from_revenue` | direct pay and dividends to clients |
    | `clients` | `total` of `client_rewards`, sum over all clients |
    | `third_parties` | growth of providers' and investors' wealth at spot prices, numeraire, \
less `gifts` to them |

    All from_* less data and training is the change of clients' money.
    """
    quarter, periods = int(run.periods["period"].max()) // 4, run.periods.set_index("period")
    clients = member_rows(run)
    money = run.flows[run.flows["asset"] == "numeraire"].astype(
        {"flow": str, "payer": str, "payee": str}
    )
    paid = money.groupby(["flow", "payer", "payee"])["amount"].sum()
    swap_flows = ("swap", "fee")
    invested = {
        kind: sum(paid.get((flow, kind, "client"), 0.0) for flow in ("genesis_sale", "offering"))
        for kind in ("liquidity_provider", "investor")
    }
    to_pools = sum(paid.get((flow, "client", "pool"), 0.0) for flow in swap_flows)
    from_pools = sum(paid.get((flow, "pool", "client"), 0.0) for flow in swap_flows)
    wealth = run.agents.astype({"kind": str}).groupby(["period", "kind"])["wealth"].sum().unstack()
    gained = wealth.iloc[-1].sub(wealth.iloc[0]).sub(gifts(run), fill_value=0.0)
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
