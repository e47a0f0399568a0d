"""Owners of the tokens of a run, period by period, computed from its tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .load import Run
from .tables import ROUNDING_TOLERANCE, executed_rows, first_rows, wide

OUTSIDE_TRADERS = ("arbitrageur",)
"""Strategies that trade the same amounts outside as in pools, in the opposite direction."""

PROPORTIONAL = ("genesis_sale", "liquidity")
"""Flows of which an agent gets an equal fraction of every token."""

RUN_TOLERANCE = 1000 * ROUNDING_TOLERANCE
"""Tolerance of sums over all periods and agents, relative to a supply or its value."""


def holdings(run: Run) -> pd.DataFrame:
    """Tokens of each agent at the end of each period `[periods x tokens, agents]`.

    Clients have their own tokens; investors their purchases at launches, in offerings and in pools,
    less sales; liquidity providers and the treasury their fractions of pools and their tokens
    outside pools. Column `escrow` has unvested tokens.

    Fills give each agent's trades. For tokens that come without a fill (at a launch, or from an
    event), the flows give the total of each kind of agent, and the remainder of each agent's
    `token_value` in table `agents` gives its fraction, which is equal for every token.

    Every row sums to the supply, and tokens outside pools are worth their owners' `token_value`.
    Raises ValueError if not, as when fills or agents are not all recorded or a plugin transfers
    tokens; when several providers get tokens of a launch and of an event in one period, since no
    table says who got which; and when the run has no tokens.
    """
    if run.pools.empty:
        raise ValueError(f"{run.folder}: there are no tokens to own in this run")
    supply = _by_token(run.pools, "supply")
    traders = [tokens_of(run, kind) for kind in ("investor", "liquidity_provider")]
    parts = [_of_clients(run), _in_pools(run), *traders, _by_flows(run, supply)]
    held = pd.concat([part.reindex(supply.index).fillna(0.0) for part in parts], axis=1)
    held = held.T.groupby(level=0, sort=False).sum().T
    missing = (held.sum(axis=1) - supply).abs() > RUN_TOLERANCE * supply.max()
    if missing.any():
        period, token = missing.idxmax()
        raise ValueError(
            f"{run.folder}: of {supply[period, token]:g} {token} in period {period} owners of"
            f" {held.loc[(period, token)].sum():g} are known: not all fills and agents are"
            " recorded, or tokens changed hands in a way unknown here"
        )
    return held.clip(lower=0.0)


def tokens_of(run: Run, kind: str, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Tokens outside pools of all or the named traders of a kind `[periods x tokens, names]`.

    Needs only their own fills and rows of table `agents`. Raises ValueError if these disagree, if
    no table says who got which tokens (see `holdings`), or if a name is unknown.
    """
    owners = _owners(run, kind, names)
    price = wide(run.pools, "token", "spot_price").fillna(0.0)
    value = wide(run.agents, "agent", "token_value").reindex(price.index, columns=owners)
    grid = pd.MultiIndex.from_product([price.index, price.columns], names=["period", "token"])
    trades = _trades(run).reindex(grid, columns=owners).fillna(0.0).to_numpy()
    held = np.cumsum(trades.reshape(*price.shape, len(owners)), axis=0)
    arrivals = _arrivals(run, kind).reindex(grid).fillna(0.0)
    for at, period in enumerate(price.index):
        if arrivals.loc[period].any(axis=None):
            missing = value.loc[period] - price.loc[period].to_numpy() @ held[at]
            held[at:] += _divided(run, arrivals.loc[period], price.loc[period], missing)
    tokens = pd.DataFrame(held.reshape(len(grid), len(owners)), index=grid, columns=owners)
    _check_values(run, tokens, price, value)
    return tokens


def _owners(run: Run, kind: str, names: Sequence[str] | None) -> pd.Index:
    """The recorded agents of a kind, or only the named ones."""
    agents = first_rows(run.agents, "agent")
    owners = agents.index[agents["kind"] == kind]
    if names is None:
        return owners
    if unknown := [name for name in names if name not in owners]:
        raise ValueError(f"{run.folder}: table agents has no {kind} named {unknown[0]!r}")
    return pd.Index(names)


def _divided(run: Run, arrivals: pd.DataFrame, price: pd.Series, missing: pd.Series) -> np.ndarray:
    """Arrivals `[tokens, flows]` divided among agents `[tokens, agents]`.

    In proportion to each agent's token value that is `missing` from its fills `[agents]`.
    """
    flows = arrivals.columns[arrivals.any()]
    amounts = arrivals.sum(axis=1).reindex(price.index).to_numpy()
    worth = float(amounts @ price.to_numpy())
    buyers = missing.abs() > ROUNDING_TOLERANCE * worth
    alone = buyers.sum() == 1 and abs(missing.sum() - worth) <= RUN_TOLERANCE * worth
    if buyers.any() and len(flows) > 1 and not alone and (amounts > 0).sum() > 1:
        raise ValueError(
            f"{run.folder}: in period {price.name} several agents got several tokens without a fill"
            f" ({', '.join(flows)} of {', '.join(price.index[amounts > 0])}): tables say how much"
            " of each came and what the tokens of each agent are worth, but not who got which"
        )
    return np.outer(amounts, missing / worth)


def _check_values(run: Run, held: pd.DataFrame, price: pd.DataFrame, value: pd.DataFrame) -> None:
    """Raise ValueError unless tokens are worth the `token_value` of table `agents`."""
    worth = held.mul(price.stack(), axis=0).groupby(level="period").sum().to_numpy()
    booked = value.to_numpy()
    market = float((price * wide(run.pools, "token", "supply")).sum(axis=1).max())
    wrong = np.abs(worth - booked) > ROUNDING_TOLERANCE * market
    for at, number in np.argwhere(wrong)[:1]:
        raise ValueError(
            f"{run.folder}: tokens of {held.columns[number]} in period {price.index[at]} are worth"
            f" {worth[at, number]:g} by its fills and {booked[at, number]:g} by table agents: not"
            " all its fills are recorded, or tokens came or went in a way unknown here"
        )


def _by_token(rows: pd.DataFrame, value: str) -> pd.Series:
    """A column of rows as `[periods x tokens]`."""
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


def _trades(run: Run) -> pd.DataFrame:
    """Tokens bought and withdrawn from pools, less sold and deposited `[periods x tokens, agents]`.

    Without `OUTSIDE_TRADERS`, whose trades outside cancel those in pools.
    """
    fills = run.fills[executed_rows(run.fills)].astype({"agent": str, "token": str})
    fills = fills[~fills["strategy"].isin(OUTSIDE_TRADERS)]
    net = fills["amount_out"].where(fills["side"] == "buy", -fills["amount_in"])
    keys = [fills[name] for name in ("period", "token", "agent")]
    bought = net.groupby(keys).sum().unstack()
    return bought.sub(_of_positions(run, "moved_tokens"), fill_value=0.0)


def _arrivals(run: Run, kind: str) -> pd.DataFrame:
    """Tokens that agents of a kind together got without a fill `[periods x tokens, flows]`."""
    rows = run.flows.astype({"flow": str, "asset": str, "payee": str})
    rows = rows[rows["flow"].isin(PROPORTIONAL) & (rows["payee"] == kind)]
    rows = rows[rows["asset"] != "numeraire"].rename(columns={"asset": "token"})
    return rows.groupby(["period", "token", "flow"])["amount"].sum().unstack()


def _by_flows(run: Run, supply: pd.Series) -> pd.DataFrame:
    """Tokens of the treasury outside pools, and unvested tokens."""
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
