"""Wealth of agents and its growth, in numeraire."""

from collections.abc import Sequence

import pandas as pd

from .load import Run
from .owners import tokens_of
from .tables import first_rows, last_rows

AGENT_KINDS = {
    "investors": "investor",
    "clients": "client",
    "liquidity_providers": "liquidity_provider",
    "treasury": "aggregator",
}
"""Kinds of agents by the names that measures give their groups."""


def returns_by_strategy(run: Run) -> pd.DataFrame:
    """Growth of investors' wealth from genesis to the end, by strategy.

    `accounts`, `genesis` and `end` (total wealth, numeraire, tokens at spot prices), `return` (of
    the totals) and `median` (of single accounts' returns; NaN where rows are sums of accounts, see
    `record.agents`). Recorded investors only.

    >>> from types import SimpleNamespace
    >>> agents = {"period": [0, 0, 5, 5], "agent": ["a", "b"] * 2, "kind": "investor"}
    >>> agents |= {"strategy": "noise", "accounts": 1, "wealth": [50.0, 50.0, 60.0, 80.0]}
    >>> returns = returns_by_strategy(SimpleNamespace(agents=pd.DataFrame(agents)))
    >>> returns.round(6).loc["noise"].to_dict()
    {'accounts': 2.0, 'genesis': 100.0, 'end': 140.0, 'return': 0.4, 'median': 0.4}
    """
    investors = run.agents[run.agents["kind"] == "investor"]
    columns = ["strategy", "accounts", "wealth"]
    wealth = first_rows(investors, "agent")[columns].astype({"strategy": str})
    wealth["end"] = last_rows(investors, "agent")["wealth"]
    is_single = wealth["accounts"] == 1
    wealth["return"] = _growth(wealth["wealth"], wealth["end"]).where(is_single)
    table = wealth.groupby("strategy", sort=False).agg(
        accounts=("accounts", "sum"),
        genesis=("wealth", "sum"),
        end=("end", "sum"),
        median=("return", "median"),
    )
    table.insert(3, "return", _growth(table["genesis"], table["end"]))
    return table


def growth_by_kind(run: Run) -> pd.Series:
    """Growth of each kind of agent's wealth over its wealth at genesis and `gifts`, %."""
    kinds = run.agents.astype({"kind": str})
    wealth = kinds.groupby(["period", "kind"])["wealth"].sum().unstack()
    return 100 * _growth(wealth.iloc[0].add(gifts(run), fill_value=0.0), wealth.iloc[-1])


def gifts(run: Run) -> pd.Series:
    """Value that each kind of agent got from outside for nothing after genesis; in numeraire.

    Money, and tokens minted to match it (`liquidity`) at the spot price at the end of their period.
    """
    rows = run.flows.astype({"asset": str, "payer": str, "payee": str})
    rows = rows[rows["flow"].isin(["endowment", "liquidity"]) & (rows["payer"] == "outside")]
    rows = rows[(rows["period"] > 0) & (rows["payee"] != "treasury")]
    price = run.pools.astype({"token": str}).rename(columns={"token": "asset"})
    worth = rows.merge(price[["period", "asset", "spot_price"]], "left", on=["period", "asset"])
    worth["amount"] *= worth["spot_price"].where(worth["asset"] != "numeraire", 1.0)
    total: pd.Series = worth.groupby("payee")["amount"].sum()
    return total


def wealth_by_group(run: Run, names: Sequence[str], price: pd.Series) -> pd.Series:
    """Wealth of all groups at the end, tokens at a `price` each `[tokens]`; in numeraire.

    `account` (the investors in `names`), `investors` (all other investors), `clients` (with their
    unvested tokens), `liquidity_providers` (with the pools or reserves of bonding curves, without
    the treasury's fraction, and with deposits that await launches) and `treasury` (with its
    fraction of pools). Their sum is the net inflow from outside: at equal prices, a group's gain
    over another run is a loss of other groups or paid from outside.
    """
    held = _held_by_kind(run).reindex(columns=["numeraire", *price.index], fill_value=0.0)
    tokens = held[price.index].mul(price).sum(axis=1)
    wealth = _by_owner(held["numeraire"], escrow="liquidity_provider")
    wealth = wealth.add(_by_owner(tokens, escrow="client"), fill_value=0.0)
    wealth = wealth.reindex(list(AGENT_KINDS.values()), fill_value=0.0)
    provided = _provided_by_treasury(run, price)
    wealth["aggregator"] += provided
    wealth["liquidity_provider"] -= provided
    account = (investor_tokens(run, names) * price).sum()
    account += last_rows(run.agents, "agent").loc[list(names), "numeraire"].sum()
    wealth["investor"] -= account
    groups = {name: wealth[kind] for name, kind in AGENT_KINDS.items()}
    return pd.Series({"account": account} | groups, dtype=float)


def investor_tokens(run: Run, names: Sequence[str]) -> pd.Series:
    """Total holding of the named investors at the end, by token.

    Needs only their own fills and rows of table `agents`. Raises ValueError if these disagree, no
    table says who got which tokens (see `holdings`), or a name is not an investor's.
    """
    if run.pools.empty:
        return pd.Series(dtype=float)
    together = tokens_of(run, "investor", names).sum(axis=1).clip(lower=0.0)
    last: pd.Series = together.loc[int(run.pools["period"].max())]
    return last


def _held_by_kind(run: Run) -> pd.DataFrame:
    """Balances of each kind of account at the end `[kinds, assets]`, from the flows."""
    rows = run.flows.astype({"payer": str, "payee": str, "asset": str})
    got, gave = (rows.groupby([side, "asset"])["amount"].sum() for side in ("payee", "payer"))
    held = got.rename_axis(["kind", "asset"]).sub(
        gave.rename_axis(["kind", "asset"]), fill_value=0.0
    )
    return held.unstack().fillna(0.0)


def _provided_by_treasury(run: Run, price: pd.Series) -> float:
    """Value of the treasury's pool positions at the end, tokens at a `price` each `[tokens]`."""
    rows = run.positions[run.positions["period"] == run.periods["period"].max()]
    rows = rows[rows["agent"] == "aggregator"].astype({"token": str})
    tokens = rows["tokens"].to_numpy() @ price.reindex(rows["token"]).to_numpy()
    return float(tokens + rows["numeraire"].sum())


def _by_owner(amounts: pd.Series, escrow: str) -> pd.Series:
    """Amounts of kinds of accounts, summed by the kind of agent that owns them."""
    owners = {"treasury": "aggregator", "escrow": escrow}
    owners |= dict.fromkeys(["pool", "pool_fees"], "liquidity_provider")
    return amounts.rename(owners).groupby(level=0).sum()


def _growth(before: pd.Series, after: pd.Series) -> pd.Series:
    return after / before.where(before > 0) - 1
