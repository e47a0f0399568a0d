"""Who owns the tokens of a run, period by period, as far as its tables tell."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .load import Run
from .tables import ROUNDING, executed, first_rows, wide

OUTSIDE_TRADERS = ("arbitrageur",)
"""Strategies that buy outside what they sell in pools, and sell there what they buy in them."""

ALIKE = ("genesis_sale", "liquidity")
"""Flows of which an agent gets the same part of every token."""

TOLERANCE = 1000 * ROUNDING
"""What sums over all periods and agents may differ by, as a part of a supply or its worth."""


def holdings(run: Run) -> pd.DataFrame:
    """Tokens of each agent at the end of each period: a row per (period, token), a column each.

    A client has its own tokens, an investor what it was sold at launches and in offerings, bought
    and has not sold, a liquidity provider and the treasury their parts of the pools and what they
    keep beside. What has not vested stands in `escrow`.

    Fills say who traded what. What came without one (at a launch, or from an event) is known for
    all agents of a kind together by the flows, and for each agent by what its `token_value` in
    table `agents` leaves over, as each gets the same part of every token.

    Every row adds up to the supply, and what agents hold beside pools is worth their `token_value`.
    Raises ValueError where it does not, since not all fills or agents are recorded or a plugin
    moved tokens; where in one period several providers got tokens both of a launch and of an event,
    since no table says who got which; and where there are no tokens.
    """
    if run.pools.empty:
        raise ValueError(f"{run.folder}: there are no tokens to own in this run")
    supply = _by_token(run.pools, "supply")
    traders = [tokens_of(run, kind) for kind in ("investor", "liquidity_provider")]
    parts = [_of_clients(run), _in_pools(run), *traders, _by_flows(run, supply)]
    held = pd.concat([part.reindex(supply.index).fillna(0.0) for part in parts], axis=1)
    held = held.T.groupby(level=0, sort=False).sum().T
    missing = (held.sum(axis=1) - supply).abs() > TOLERANCE * supply.max()
    if missing.any():
        period, token = missing.idxmax()
        raise ValueError(
            f"{run.folder}: of {supply[period, token]:g} {token} in period {period} owners of"
            f" {held.loc[(period, token)].sum():g} are known: not all fills and agents are"
            " recorded, or tokens changed hands in a way unknown here"
        )
    return held.clip(lower=0.0)


def tokens_of(run: Run, kind: str, names: Sequence[str] | None = None) -> pd.DataFrame:
    """What traders of a kind, all or those of some names, hold beside pools; see `holdings`.

    `[periods x tokens, names]`. Only their own fills and rows of table `agents` need be recorded.
    Raises ValueError where these do not fit, no table says who got what, or a name is unknown.
    """
    owners = _owners(run, kind, names)
    price = wide(run.pools, "token", "spot_price").fillna(0.0)
    value = wide(run.agents, "agent", "token_value").reindex(price.index, columns=owners)
    grid = pd.MultiIndex.from_product([price.index, price.columns], names=["period", "token"])
    moves = _moves(run).reindex(grid, columns=owners).fillna(0.0).to_numpy()
    held = np.cumsum(moves.reshape(*price.shape, len(owners)), axis=0)
    came = _came(run, kind).reindex(grid).fillna(0.0)
    for at, period in enumerate(price.index):
        if came.loc[period].any(axis=None):
            lacking = value.loc[period] - price.loc[period].to_numpy() @ held[at]
            held[at:] += _divided(run, came.loc[period], price.loc[period], lacking)
    found = pd.DataFrame(held.reshape(len(grid), len(owners)), index=grid, columns=owners)
    _check_values(run, found, price, value)
    return found


def _owners(run: Run, kind: str, names: Sequence[str] | None) -> pd.Index:
    """Recorded agents of a kind, or those of them that are named."""
    agents = first_rows(run.agents, "agent")
    owners = agents.index[agents["kind"] == kind]
    if names is None:
        return owners
    if unknown := [name for name in names if name not in owners]:
        raise ValueError(f"{run.folder}: table agents has no {kind} named {unknown[0]!r}")
    return pd.Index(names)


def _divided(run: Run, came: pd.DataFrame, price: pd.Series, lacking: pd.Series) -> np.ndarray:
    """Each one's part of what `came` in some flows `[tokens, flows]`: `[tokens, agents]`.

    By what its tokens are worth more than is known otherwise: `lacking` `[agents]`.
    """
    flows = came.columns[came.any()]
    amounts = came.sum(axis=1).reindex(price.index).to_numpy()
    worth = float(amounts @ price.to_numpy())
    buyers = lacking.abs() > ROUNDING * worth
    alone = buyers.sum() == 1 and abs(lacking.sum() - worth) <= TOLERANCE * worth
    if buyers.any() and len(flows) > 1 and not alone and (amounts > 0).sum() > 1:
        raise ValueError(
            f"{run.folder}: in period {price.name} several agents got several tokens without a fill"
            f" ({', '.join(flows)} of {', '.join(price.index[amounts > 0])}): tables say how much"
            " of each came and what the tokens of each agent are worth, but not who got which"
        )
    return np.outer(amounts, lacking / worth)


def _check_values(run: Run, held: pd.DataFrame, price: pd.DataFrame, value: pd.DataFrame) -> None:
    """What is held must be worth what table `agents` says."""
    worth = held.mul(price.stack(), axis=0).groupby(level="period").sum().to_numpy()
    booked = value.to_numpy()
    market = float((price * wide(run.pools, "token", "supply")).sum(axis=1).max())
    wrong = np.abs(worth - booked) > ROUNDING * market
    for at, number in np.argwhere(wrong)[:1]:
        raise ValueError(
            f"{run.folder}: tokens of {held.columns[number]} in period {price.index[at]} are worth"
            f" {worth[at, number]:g} by its fills and {booked[at, number]:g} by table agents: not"
            " all its fills are recorded, or tokens came or went in a way unknown here"
        )


def _by_token(rows: pd.DataFrame, value: str) -> pd.Series:
    """`[periods x tokens]`."""
    return rows.astype({"token": str}).set_index(["period", "token"])[value].sort_index()


def _of_clients(run: Run) -> pd.DataFrame:
    rows = run.clients.astype({"client": str})
    rows["token"] = rows["client"].map(run.token_of)
    return rows.pivot(index=["period", "token"], columns="client", values="tokens")


def _in_pools(run: Run) -> pd.DataFrame:
    return _of_positions(run, "tokens")


def _of_positions(run: Run, value: str) -> pd.DataFrame:
    """Sums over positions `[periods x tokens, agents]`."""
    rows = run.positions.astype({"agent": str, "token": str})
    keys = ["period", "token", "agent"]
    return rows.groupby(keys)[value].sum().unstack().reindex(columns=rows["agent"].unique())


def _moves(run: Run) -> pd.DataFrame:
    """Tokens bought and withdrawn from pools, less sold and deposited `[periods x tokens, agents]`.

    Not of those who trade outside whatever they trade in pools.
    """
    done = run.fills[executed(run.fills)].astype({"agent": str, "token": str})
    done = done[~done["strategy"].isin(OUTSIDE_TRADERS)]
    net = done["amount_out"].where(done["side"] == "buy", -done["amount_in"])
    keys = [done[name] for name in ("period", "token", "agent")]
    bought = net.groupby(keys).sum().unstack()
    return bought.sub(_of_positions(run, "moved_tokens"), fill_value=0.0)


def _came(run: Run, kind: str) -> pd.DataFrame:
    """Tokens that all of a kind got without a fill `[periods x tokens, flows]`."""
    rows = run.flows.astype({"flow": str, "asset": str, "payee": str})
    rows = rows[rows["flow"].isin(ALIKE) & (rows["payee"] == kind)]
    rows = rows[rows["asset"] != "numeraire"].rename(columns={"asset": "token"})
    return rows.groupby(["period", "token", "flow"])["amount"].sum().unstack()


def _by_flows(run: Run, supply: pd.Series) -> pd.DataFrame:
    """What the treasury keeps beside pools, and what has not vested."""
    flows = run.flows.astype({"asset": str, "payer": str, "payee": str})
    flows = flows.rename(columns={"asset": "token"})
    sums = {}
    for name, kind in (("aggregator", "treasury"), ("escrow", "escrow")):
        got, gave = (
            flows[flows[side] == kind].groupby(["period", "token"])["amount"].sum()
            for side in ("payee", "payer")
        )
        sums[name] = got.sub(gave, fill_value=0.0).reindex(supply.index, fill_value=0.0)
    held: pd.DataFrame = pd.DataFrame(sums).fillna(0.0).groupby(level="token").cumsum()
    return held
