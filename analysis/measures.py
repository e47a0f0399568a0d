"""What a run says about fairness, prices, liquidity and money, as numbers and tables.

Amounts of money are in numeraire. Period 0 is genesis; nobody is paid for anything in it.
"""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.load import Run

ROUNDING = 1e-9  # what sums over a run may differ by, relative to the money moved


def gini(values: ArrayLike) -> float:
    """Inequality of non-negative amounts: 0 when all are equal, (n - 1)/n when one has all.

    The sample formula sum_i sum_j |x_i - x_j| / (2 n^2 mean), computed from the sorted amounts as
    2 sum_i i x_i / (n sum x) - (n + 1)/n. All zero is 0: nobody has more than another. Raises
    ValueError without amounts, or when one is negative or not finite. Source: Gini (1912).

    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 8]), gini([1, 3])
    (0.0, 0.75, 0.25)
    """
    amounts = np.sort(_amounts(values))
    count, total = len(amounts), amounts.sum()
    if total == 0:
        return 0.0
    weights = 2 * np.arange(1, count + 1) - count - 1
    return float(weights @ (amounts / total) / count)


def herfindahl(values: ArrayLike) -> float:
    """Concentration of non-negative amounts: the sum of squared shares, from 1/n (equal) to 1.

    NaN when all are zero, as there are no shares then. Raises ValueError like `gini`. Source:
    Herfindahl (1950), Hirschman (1945).

    >>> herfindahl([5, 5]), herfindahl([0, 7])
    (0.5, 1.0)
    """
    amounts = _amounts(values)
    if not amounts.any():
        return math.nan
    return float(np.square(amounts / amounts.sum()).sum())


def liquidation_quote(
    tokens: pd.Series, reserve_token: pd.Series, reserve_numeraire: pd.Series, fee: float
) -> pd.Series:
    """Numeraire paid by constant-product pools for all `tokens` sold at once: y g a/(x + g a).

    g = 1 - `fee`; a is what is sold, x and y are the reserves in tokens and numeraire. Source:
    Uniswap v2.

    >>> one = pd.Series([1.0])
    >>> liquidation_quote(10 * one, 1000 * one, 1000 * one, 0.003).round(6).tolist()
    [9.87158]
    """
    kept = (1 - fee) * tokens
    return (reserve_numeraire * kept / (reserve_token + kept)).where(tokens > 0, 0.0)


def client_rewards(run: Run) -> pd.DataFrame:
    """What each client got out of the run, by channel; one row per client, in numeraire.

    | column | meaning |
    |---|---|
    | `behaviour` | in the last period |
    | `issued` | own tokens minted to it as a contributor, in tokens |
    | `issuance` | those tokens at the spot price at the end of their period; not in `total` |
    | `genesis_sale` | money for its tokens at the launch |
    | `direct`, `dividends` | paid to it from revenue |
    | `sales`, `purchases` | numeraire got and spent in the market, after genesis |
    | `costs` | paid to outside: what its balance lacks of the above |
    | `tokens` | own tokens at the end |
    | `at_spot` | those at the last spot price |
    | `at_quote` | those sold into the pool at once, see `liquidation_quote` |
    | `total` | genesis_sale + direct + dividends + sales - purchases - costs + at_quote |

    All of `total` but `at_quote` is the client's numeraire at the end. A client that was paid 30,
    got 20 for tokens, paid 5 for training and still has 100 tokens, beside a pool of 100 tokens and
    50 numeraire without a fee, made 30 + 20 - 5 + 25 = 70.

    Others' tokens and LP shares that a client holds are not in it. `at_quote` and `total` are NaN
    for tokens under a curve other than constant product. Raises ValueError when the flows show that
    clients got or paid money in a way that is not one of the columns.
    """
    rows = _client_rows(run)
    genesis, end = _first(rows, "client"), _last(rows, "client")
    sums = rows.groupby("client", sort=False)[["issued", "issuance", "direct", "dividends"]].sum()
    table = pd.DataFrame(
        {
            "behaviour": end["behaviour"],
            "issued": sums["issued"],
            "issuance": sums["issuance"],
            "genesis_sale": genesis["numeraire"],
            "direct": sums["direct"],
            "dividends": sums["dividends"],
            "sales": _received(run).reindex(end.index, fill_value=0.0),
            "purchases": _spent(run).reindex(end.index, fill_value=0.0),
        }
    )
    income = table[["genesis_sale", "direct", "dividends", "sales"]].sum(axis=1)
    costs = income - table["purchases"] - end["numeraire"]
    table["costs"] = costs.where(costs.abs() > ROUNDING * income, 0.0)
    _check_against_flows(run, table)
    table["tokens"] = end["tokens"]
    table["at_spot"] = _worth(end["tokens"], end["spot_price"])
    table["at_quote"] = liquidation_quote(
        end["tokens"], end["reserve_token"], end["reserve_numeraire"], _fee(run)
    )
    table["total"] = end["numeraire"] + table["at_quote"]
    return table


def relative_pay(run: Run) -> pd.DataFrame:
    """Pay of each owner in each period in % of an equal share, `[periods, owners]`.

    Pay is issuance (at the spot price at the end of its period) and direct pay, in numeraire.
    Clients of one owner are paid together, and stand under the name of the first; an equal share is
    all pay / number of owners. 100 is what all get equally; periods without pay are left out.

    One owner of two identities gets 5 + 3 and two others get 4 and 0: 200%, 100% and 0%.
    """
    rows = _owner_rows(run)
    pay = _wide(rows, "owner", "pay")[rows["owner"].unique()]
    paid = pay[pay.sum(axis=1) > 0]
    return 100 * paid.div(paid.mean(axis=1), axis=0)


def attackers_pay(run: Run) -> pd.DataFrame:
    """Pay of the owners that are not honest, in % of an equal share; 100 is what all get equally.

    Pay and equal share are those of `relative_pay`. Only the periods count in which the owner has
    the behaviour: `percent` = 100 sum_t pay_it / sum_t (all pay_t / number of owners). One row per
    (owner, behaviour) with `periods`, `pay`, `equal` (the equal share) and `percent`, which is NaN
    when nobody was paid.

    Two clients together are paid 20 in each of periods 3 and 4, of which one that rides for free
    in just these two gets 10 and 0: its equal share is 20, its pay 10, or 50%.
    """
    rows = _owner_rows(run)
    rows["equal"] = rows.groupby("period")["pay"].transform("mean")
    others = rows[rows["behaviour"] != "honest"]
    table = others.groupby(["owner", "behaviour"], sort=False).agg(
        periods=("period", "size"), pay=("pay", "sum"), equal=("equal", "sum")
    )
    table["percent"] = 100 * table["pay"] / table["equal"].where(table["equal"] > 0)
    return table


def price_share_correlation(run: Run, last: float = 1 / 4) -> float:
    """Spearman correlation of clients' spot price and share, means over the last part of the run.

    From -1 to 1: do dearer tokens belong to those who contribute more? `last` is the part of the
    periods (rounded up) over which both are averaged. Pearson correlation of ranks, ties at their
    average rank; NaN when all prices or all shares are equal, or no client has a token.
    Source: Spearman (1904).

    Prices 1, 2, 4 and shares .1, .6, .3 have ranks 1, 2, 3 and 1, 3, 2: correlation .5.
    """
    if not 0 < last <= 1:
        raise ValueError(f"last must be above 0 and at most 1, got {last}")
    prices, shares = _prices_and_shares(run)
    late = prices.index > prices.index.max() - max(1, math.ceil(last * prices.index.max()))
    price, share = prices[late].mean(), shares[late].mean()
    return float(price.rank().corr(share.rank()))


def price_share_correlations(run: Run) -> pd.Series:
    """Spearman correlation of clients' spot price and share in every period, by period.

    As `price_share_correlation`, of one period each; NaN at genesis, when nobody has a share.
    """
    prices, shares = _prices_and_shares(run)
    return prices.rank(axis=1).corrwith(shares.rank(axis=1), axis=1)


def price_gap(run: Run, floor: float = 0.05) -> pd.DataFrame:
    """How far each token's spot price p is from its fundamental value V: max(p/V, V/p).

    At least 1, where they agree; `[periods, tokens]`. NaN where V is zero or less than `floor`
    times the median V of that period's tokens (the ratio of a price to next to nothing tells
    little), and where the pool is empty: the price is then the last one known.

    >>> from types import SimpleNamespace
    >>> pools = {"period": 1, "token": ["a", "b"], "spot_price": [1.0, 3.0]}
    >>> pools = pd.DataFrame(pools | {"fundamental_value": [2.0, 3.0], "reserve_token": 9.0})
    >>> price_gap(SimpleNamespace(pools=pools)).loc[1].to_dict()
    {'a': 2.0, 'b': 1.0}
    """
    price, value, reserve = (
        _wide(run.pools, "token", name)
        for name in ("spot_price", "fundamental_value", "reserve_token")
    )
    counts = value.ge(floor * value.median(axis=1), axis=0) & (value > 0) & (reserve > 0)
    ratio = price / value.where(counts)
    return ratio.where(ratio >= 1, 1 / ratio)


def largest_gap(run: Run, after: int = 20, floor: float = 0.05) -> pd.Series:
    """The largest `price_gap` of each token after period `after`, when prices had time to settle.

    NaN for a token that never counts then.

    >>> from types import SimpleNamespace
    >>> pools = {"period": [20, 21, 22], "token": "a", "spot_price": [9.0, 1.0, 1.5]}
    >>> pools = pd.DataFrame(pools | {"fundamental_value": 1.0, "reserve_token": 9.0})
    >>> largest_gap(SimpleNamespace(pools=pools)).to_dict()
    {'a': 1.5}
    """
    gaps = price_gap(run, floor)
    return gaps[gaps.index > after].max()


def impermanent_loss(ratio: ArrayLike) -> np.ndarray:
    """A constant-product deposit without fees against holding it, after the price moved by `ratio`.

    2 sqrt(r)/(1 + r) - 1: never above 0. Source: Pintail (2019).

    >>> impermanent_loss([1, 2]).round(5).tolist()
    [0.0, -0.05719]
    """
    moved = np.asarray(ratio, dtype=float)
    return np.asarray(2 * np.sqrt(moved) / (1 + moved) - 1)


def lp_returns(run: Run) -> pd.DataFrame:
    """Each liquidity provider's position at the end against holding what it put in; in numeraire.

    | column | meaning |
    |---|---|
    | `deposited` | tokens and numeraire deposited at genesis, at genesis prices |
    | `held` | the same tokens and numeraire at the last prices |
    | `value` | its part of the pools at the last prices |
    | `impermanent_loss` | what the deposit would be worth without fees, less `held` |
    | `fees` | the rest of the difference: what fees added to its part of the pools |
    | `dividends` | money it was paid besides |
    | `return_against_holding` | value / held - 1 |

    value = held + impermanent_loss + fees. Without fees a constant-product pool of x tokens and y
    numeraire is worth 2 sqrt(x y p) at price p; under another curve the two are NaN. Dividends
    stand aside, on neither side of the return: whoever held the tokens would have been paid for
    them too. A deposit of 100 and 100 at price 1 is worth 500 if held until price 4, and 400 in a
    pool without fees; if the pool is worth 480, fees added 80 and the return is -4%.

    A provider's part of each pool at genesis is taken as its part of all LP shares by worth, which
    is exact when everybody spreads alike, as at the launch. Raises ValueError when providers moved
    liquidity later: whose it was is not in the tables.
    """
    _check_deposits_stayed(run)
    genesis, end = _first(run.agents, "agent"), _last(run.agents, "agent")
    opened, closed = _first(run.pools, "token"), _last(run.pools, "token")
    price = closed["spot_price"]
    held = opened["reserve_token"] * price + opened["reserve_numeraire"]
    loss = held * impermanent_loss(price / opened["spot_price"])
    part = (genesis["lp_value"] / genesis["lp_value"].sum())[
        genesis["kind"] == "liquidity_provider"
    ]
    table = pd.DataFrame({"deposited": genesis["lp_value"].reindex(part.index)})
    table["held"] = part * held.sum()
    table["value"] = end["lp_value"]
    table["impermanent_loss"] = part * (loss.sum() if _is_constant_product(run) else math.nan)
    table["fees"] = table["value"] - table["held"] - table["impermanent_loss"]
    traded = _received(run).sub(_spent(run), fill_value=0.0)
    table["dividends"] = (end["numeraire"] - genesis["numeraire"]).sub(traded, fill_value=0.0)
    table["return_against_holding"] = _growth(table["held"], table["value"])
    return table


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
    wealth = _first(investors, "agent")[columns].astype({"strategy": str})
    wealth["end"] = _last(investors, "agent")["wealth"]
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


def money_flows(run: Run) -> pd.DataFrame:
    """Numeraire moved in the whole run: a row per flow and payer kind, a column per payee kind.

    Rows are in the order in which the flows first happen. Tokens are left out.

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


def _amounts(values: ArrayLike) -> np.ndarray:
    amounts = np.asarray(values, dtype=float)
    if amounts.ndim != 1 or not amounts.size:
        raise ValueError(f"amounts must be a list of at least one number, got {values!r}")
    if not (np.isfinite(amounts) & (amounts >= 0)).all():
        raise ValueError(f"amounts must be finite and not negative, got {values!r}")
    return amounts


def _client_rows(run: Run) -> pd.DataFrame:
    """Table `clients` with the pool of each client's token beside it, and `issuance` as money."""
    token = run.clients["client"].astype(str).map(_tokens(run)).astype(object)
    rows = run.clients.astype({"client": str, "behaviour": str}).assign(token=token)
    pools = run.pools[["period", "token", "reserve_token", "reserve_numeraire", "spot_price"]]
    rows = rows.merge(pools.astype({"token": object}), on=["period", "token"], how="left")
    return rows.assign(issuance=_worth(rows["issued"], rows["spot_price"]))


def _owner_rows(run: Run) -> pd.DataFrame:
    """`pay` and `behaviour` of each owner in each period but genesis; one row each."""
    rows = _client_rows(run).query("period > 0").astype({"owner": str})
    rows["pay"] = rows["issuance"] + rows["direct"]
    owners = rows.groupby(["period", "owner"], sort=False, as_index=False)
    return owners.agg(behaviour=("behaviour", "first"), pay=("pay", "sum"))


def _tokens(run: Run) -> dict[str, str]:
    """The token of each client: its own, or the one that all share."""
    tokens = run.pools["token"].astype(str).unique()
    if len(tokens) == 1:
        return dict.fromkeys(run.behaviours, tokens[0])
    return {client: token for token, client in run.issuers.items()}


def _worth(tokens: pd.Series, price: pd.Series) -> pd.Series:
    """At a price, which need not exist for no tokens."""
    return (tokens * price).where(tokens > 0, 0.0)


def _prices_and_shares(run: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`[periods, clients]`; a share without a price is left out."""
    rows = _client_rows(run)
    prices, shares = (_wide(rows, "client", name) for name in ("spot_price", "share"))
    return prices, shares.where(prices.notna())


def _wide(rows: pd.DataFrame, name: str, value: str) -> pd.DataFrame:
    """`[periods, names]`."""
    return rows.astype({name: str}).pivot(index="period", columns=name, values=value)


def _received(run: Run) -> pd.Series:
    """Numeraire each agent got for tokens in the market."""
    return _filled(run, "sell").groupby("agent")["amount_out"].sum()


def _spent(run: Run) -> pd.Series:
    """Numeraire each agent paid for tokens in the market."""
    return _filled(run, "buy").groupby("agent")["amount_in"].sum()


def _filled(run: Run, side: str) -> pd.DataFrame:
    done = (run.fills["status"] == "filled") & (run.fills["side"] == side)
    return run.fills[done].astype({"agent": str})


def _first(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of the first period, by `name`."""
    return _of_period(rows, rows["period"].min(), name)


def _last(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of the last period, by `name`."""
    return _of_period(rows, rows["period"].max(), name)


def _of_period(rows: pd.DataFrame, period: int, name: str) -> pd.DataFrame:
    found: pd.DataFrame = rows[rows["period"] == period]
    return found.astype({name: str}).set_index(name)


def _growth(before: pd.Series, after: pd.Series) -> pd.Series:
    return after / before.where(before > 0) - 1


def _is_constant_product(run: Run) -> bool:
    curve = run.scenario.get("market", {}).get("curve", {})
    return bool(curve.get("kind") == "constant_product")


def _fee(run: Run) -> float:
    """The fee of every constant-product pool; NaN where pools are of another kind."""
    fee = run.scenario.get("market", {}).get("fee")
    return float(fee) if _is_constant_product(run) and isinstance(fee, int | float) else math.nan


def _check_against_flows(run: Run, rewards: pd.DataFrame) -> None:
    """What was found client by client must be what the flows say of all clients."""
    money = run.flows[run.flows["asset"] == "numeraire"]
    sold = money[(money["flow"] == "genesis_sale") & (money["payee"] == "client")]
    costs = money[(money["payer"] == "client") & (money["payee"] == "outside")]
    tolerance = ROUNDING * money["amount"].sum()
    for what, flows in (("genesis_sale", sold), ("costs", costs)):
        found, booked = float(rewards[what].sum()), float(flows["amount"].sum())
        if abs(found - booked) > tolerance:
            raise ValueError(
                f"{run.folder}: the clients' {what} come to {found:g} by their balances and to"
                f" {booked:g} by the flows: money reached or left them in a way unknown here, or"
                " not all fills are recorded"
            )


def _check_deposits_stayed(run: Run) -> None:
    later = run.flows[run.flows["period"] > 0]
    moved = later["flow"].isin(["deposit", "withdrawal"])
    by_provider = (later["payer"] == "liquidity_provider") | (
        later["payee"] == "liquidity_provider"
    )
    if (moved & by_provider).any():
        raise ValueError(
            f"{run.folder}: liquidity providers moved liquidity after genesis; the tables do not"
            " tell whose it was"
        )
