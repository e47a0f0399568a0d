"""Who has how much wealth, and how it grew; amounts of money are in numeraire."""

from collections.abc import Sequence

import pandas as pd

from .load import Run
from .owners import tokens_of
from .tables import first_rows, last_rows

GROUPS = {
    "investors": "investor",
    "clients": "client",
    "liquidity_providers": "liquidity_provider",
    "treasury": "aggregator",
}
"""Kinds of agents, as measures name them together."""


def returns_by_strategy(run: Run) -> pd.DataFrame:
    """Investors' wealth at the end over that at genesis, less 1, by strategy.

    `accounts`, `genesis` and `end` (wealth of all together, numeraire, tokens at spot prices),
    `return` (of all together) and `median` (the return of the account in the middle; NaN where
    rows are sums of several, see `record.agents`). Of the recorded investors only.

    >>> from types import SimpleNamespace
    >>> agents = {"period": [0, 0, 5, 5], "agent": ["a", "b"] * 2, "kind": "investor"}
    >>> agents |= {"strategy": "noise", "accounts": 1, "wealth": [50.0, 50.0, 60.0, 80.0]}
    >>> found = returns_by_strategy(SimpleNamespace(agents=pd.DataFrame(agents)))
    >>> found.round(6).loc["noise"].to_dict()
    {'accounts': 2.0, 'genesis': 100.0, 'end': 140.0, 'return': 0.4, 'median': 0.4}
    """
    investors = run.agents[run.agents["kind"] == "investor"]
    columns = ["strategy", "accounts", "wealth"]
    wealth = first_rows(investors, "agent")[columns].astype({"strategy": str})
    wealth["end"] = last_rows(investors, "agent")["wealth"]
    alone = wealth["accounts"] == 1
    wealth["return"] = _growth(wealth["wealth"], wealth["end"]).where(alone)
    table = wealth.groupby("strategy", sort=False).agg(
        accounts=("accounts", "sum"),
        genesis=("wealth", "sum"),
        end=("end", "sum"),
        median=("return", "median"),
    )
    table.insert(3, "return", _growth(table["genesis"], table["end"]))
    return table


def growth_by_kind(run: Run) -> pd.Series:
    """How much more wealth each kind of agent has at the end than it brought or was given, %."""
    kinds = run.agents.astype({"kind": str})
    wealth = kinds.groupby(["period", "kind"])["wealth"].sum().unstack()
    return 100 * _growth(wealth.iloc[0].add(given(run), fill_value=0.0), wealth.iloc[-1])


def given(run: Run) -> pd.Series:
    """What each kind of agent got from outside for nothing after genesis, by kind; in numeraire.

    Money, and tokens minted for it (`liquidity`) at the spot price at the end of their period.
    """
    gifts = run.flows.astype({"asset": str, "payer": str, "payee": str})
    gifts = gifts[gifts["flow"].isin(["endowment", "liquidity"]) & (gifts["payer"] == "outside")]
    gifts = gifts[(gifts["period"] > 0) & (gifts["payee"] != "treasury")]
    price = run.pools.astype({"token": str}).rename(columns={"token": "asset"})
    worth = gifts.merge(price[["period", "asset", "spot_price"]], "left", on=["period", "asset"])
    worth["amount"] *= worth["spot_price"].where(worth["asset"] != "numeraire", 1.0)
    total: pd.Series = worth.groupby("payee")["amount"].sum()
    return total


def wealth_by_group(run: Run, names: Sequence[str], price: pd.Series) -> pd.Series:
    """Wealth of everybody at the end, tokens at a `price` each `[tokens]`; in numeraire.

    `account` (the investors in `names`), `investors` (the others), `clients` (with their tokens
    that have not vested), `liquidity_providers` (with all that is in the pools, or in the reserves
    of bonding curves, but the treasury's part, and deposits that wait for launches) and `treasury`
    (with its part of the pools). All of them together have what came from outside and did not
    go back, so that at the same prices what one has gained over another run, others have lost or
    the outside has paid.
    """
    held = _held_by_kind(run).reindex(columns=["numeraire", *price.index], fill_value=0.0)
    tokens = held[price.index].mul(price).sum(axis=1)
    wealth = _by_owner(held["numeraire"], escrow="liquidity_provider")
    wealth = wealth.add(_by_owner(tokens, escrow="client"), fill_value=0.0)
    wealth = wealth.reindex(list(GROUPS.values()), fill_value=0.0)
    provided = _provided_by_treasury(run, price)
    wealth["aggregator"] += provided
    wealth["liquidity_provider"] -= provided
    own = (investor_tokens(run, names) * price).sum()
    own += last_rows(run.agents, "agent").loc[list(names), "numeraire"].sum()
    wealth["investor"] -= own
    found = {name: wealth[kind] for name, kind in GROUPS.items()}
    return pd.Series({"account": own} | found, dtype=float)


def investor_tokens(run: Run, names: Sequence[str]) -> pd.Series:
    """Tokens that some investors, by agent name, hold together at the end, by token.

    Only their own fills and rows of table `agents` need be recorded. Raises ValueError where these
    do not fit, no table says who got what (see `holdings`), or a name is not an investor's.
    """
    if run.pools.empty:
        return pd.Series(dtype=float)
    together = tokens_of(run, "investor", names).sum(axis=1).clip(lower=0.0)
    last: pd.Series = together.loc[int(run.pools["period"].max())]
    return last


def _held_by_kind(run: Run) -> pd.DataFrame:
    """What each kind of account holds at the end of each asset `[kinds, assets]`, by the flows."""
    rows = run.flows.astype({"payer": str, "payee": str, "asset": str})
    got, gave = (rows.groupby([side, "asset"])["amount"].sum() for side in ("payee", "payer"))
    held = got.rename_axis(["kind", "asset"]).sub(
        gave.rename_axis(["kind", "asset"]), fill_value=0.0
    )
    return held.unstack().fillna(0.0)


def _provided_by_treasury(run: Run, price: pd.Series) -> float:
    """What the treasury has in the pools at the end, tokens at a `price` each `[tokens]`."""
    rows = run.positions[run.positions["period"] == run.periods["period"].max()]
    own = rows[rows["agent"] == "aggregator"].astype({"token": str})
    tokens = own["tokens"].to_numpy() @ price.reindex(own["token"]).to_numpy()
    return float(tokens + own["numeraire"].sum())


def _by_owner(amounts: pd.Series, escrow: str) -> pd.Series:
    """Amounts of kinds of accounts, by the kinds of agents whose they are."""
    owners = {"treasury": "aggregator", "escrow": escrow}
    owners |= dict.fromkeys(["pool", "pool_fees"], "liquidity_provider")
    return amounts.rename(owners).groupby(level=0).sum()


def _growth(before: pd.Series, after: pd.Series) -> pd.Series:
    return after / before.where(before > 0) - 1
