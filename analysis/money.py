"""Which money reached clients, and who financed whom."""

import pandas as pd

from .hindsight import buybacks
from .load import Run

CHANNELS = (
    "endowment",
    "genesis_sale",
    "offering",
    "sales",
    "direct",
    "dividends",
    "other",
    "buyback_tokens",
)
"""Ways in which money, or tokens (`buyback_tokens`), reach clients."""
EARNED = ("genesis_sale", "offering", "sales", "direct", "dividends", "other")
"""Channels of money that clients did not bring in themselves."""
PAYERS = (
    "customers",
    "outside",
    "treasury",
    "client",
    "liquidity_provider",
    "investor",
    "pool",
)
"""Kinds of payers and payees of numeraire."""

_CHANNEL_OF = {name: name for name in CHANNELS} | {"dividend": "dividends"}
_CHANNEL = ["channel", "payer"]
_KIND_OF = {"clearing": "customers", "pool_fees": "pool"}


def proceeds(run: Run) -> pd.DataFrame:
    """Numeraire that clients received in each period, by channel and payer.

    A row per period, a column per (channel, payer):

    | channel | meaning |
    |---|---|
    | `endowment` | cash that clients bring in |
    | `genesis_sale` | paid for their tokens at the launch, by investors and liquidity providers |
    | `offering` | paid by any buyer for new tokens that they sold to buy data |
    | `sales` | paid by pools for tokens, net of fees |
    | `direct`, `dividends` | paid from revenue, by customers |
    | `other` | any other money |
    | `buyback_tokens` | paid by the treasury for tokens that it gave them (`to_client`) |

    All but `buyback_tokens` is money. Those tokens count at their price when handed over; clients'
    later sales of them are in `sales`. Clients' spending is not subtracted. For the money behind
    payments of pools see `financing` and `pool_money`.
    """
    money = _money(run)
    paid = money[(money["payee"] == "client") & (money["flow"] != "swap")]
    paid = paid.assign(channel=paid["flow"].map(_CHANNEL_OF).fillna("other"))
    rows = pd.concat([paid, _sales(run), _buyback_tokens(run)])
    sums = rows.groupby(["period", *_CHANNEL], sort=False)["amount"].sum().unstack(_CHANNEL)
    sums = sums.reindex(columns=CHANNELS, level="channel")
    return sums.reindex(run.periods["period"]).fillna(0.0)


def proceeds_by_channel(run: Run) -> pd.Series:
    """`proceeds` of the whole run by channel, and `total`: all money but the endowment.

    10 for tokens at the launch, 5 for tokens later and 20 from revenue, on 100 of its own: 35.
    """
    sums = proceeds(run).sum().groupby(level="channel").sum()
    sums = sums.reindex(CHANNELS, fill_value=0.0)
    return pd.Series(sums.to_dict() | {"total": sums[[*EARNED]].sum()})


def financing(run: Run) -> pd.DataFrame:
    """Net numeraire from each kind (rows) to each other kind (columns), over the whole run.

    If two kinds paid each other, the difference is in the row of the one that paid more. What a
    kind received less what it paid is its money at the end, since no kind has any before genesis.

    Revenue counts as paid by `customers` to the recipients of the clearing account; all else from
    and to the outside (endowments, training, gas) is `outside`. Pools, with their fee accounts, are
    one kind: purchases, deposits and buybacks put money there, and clients receive it from there;
    as a pool's money is one sum, its origin is unknown. `pool_money` has the sums by flow.
    """
    money = _money(run)
    gross = money.groupby(["payer", "payee"])["amount"].sum().unstack()
    gross = gross.reindex(index=PAYERS, columns=PAYERS).fillna(0.0)
    net: pd.DataFrame = (gross - gross.T).clip(lower=0.0)
    return net.rename_axis(index="payer", columns="payee")


def pool_money(run: Run) -> pd.DataFrame:
    """Numeraire `paid_in` to pools and `taken_out` of them over the run, by kind and flow.

    All pools together, from the accounts' flows, not from fills. The pools hold the difference at
    the end.
    """
    money = _money(run)
    money = money[money["payer"] != money["payee"]]
    into, out = money[money["payee"] == "pool"], money[money["payer"] == "pool"]
    sides = {
        "paid_in": into.groupby(["payer", "flow"])["amount"].sum(),
        "taken_out": out.groupby(["payee", "flow"])["amount"].sum(),
    }
    return pd.DataFrame(sides).fillna(0.0).rename_axis(["kind", "flow"])


def money_flows(run: Run) -> pd.DataFrame:
    """Numeraire paid in the whole run: a row per flow and payer kind, a column per payee kind.

    Rows are in the order of the flows' first occurrence. Tokens are left out.

    >>> from types import SimpleNamespace
    >>> flow = {"flow": ["revenue", "direct"], "asset": "numeraire", "amount": [10.0, 10.0]}
    >>> flow |= {"payer": ["outside", "clearing"], "payee": ["clearing", "client"]}
    >>> table = money_flows(SimpleNamespace(flows=pd.DataFrame(flow)))
    >>> float(table.loc[("direct", "clearing"), "client"])
    10.0
    """
    money = run.flows[run.flows["asset"] == "numeraire"]
    names = money[["flow", "payer", "payee"]].astype(str).assign(amount=money["amount"])
    sums = names.groupby(["flow", "payer", "payee"], sort=False)["amount"].sum()
    return sums.unstack().fillna(0.0)


def _money(run: Run) -> pd.DataFrame:
    """Flows of numeraire, with payers and payees of `KINDS`."""
    rows = run.flows[run.flows["asset"] == "numeraire"]
    rows = rows.astype({"flow": str, "payer": str, "payee": str})
    rows = rows.replace({"payer": _KIND_OF, "payee": _KIND_OF})
    rows["payer"] = rows["payer"].where(rows["flow"] != "revenue", "customers")
    return rows


def _sales(run: Run) -> pd.DataFrame:
    """Filled sales of clients, as rows of `proceeds`; clients' fills are always recorded."""
    fills = run.fills.astype({"agent": str})
    is_sale = fills["agent"].isin(run.behaviours) & (fills["side"] == "sell")
    rows = fills[is_sale & (fills["status"] == "filled")]
    return rows[["period"]].assign(channel="sales", payer="pool", amount=rows["amount_out"])


def _buyback_tokens(run: Run) -> pd.DataFrame:
    """Treasury spending on tokens that it did not burn, as rows of `proceeds`."""
    spent, burned = buybacks(run)
    costs = spent.where(~(burned.reindex_like(spent) > 0)).sum(axis=1).rename("amount")
    rows = costs[costs > 0].reset_index()
    return rows.assign(channel="buyback_tokens", payer="treasury")
