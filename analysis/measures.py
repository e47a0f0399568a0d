"""What a run says about fairness, prices, liquidity and money, as numbers and tables.

Amounts of money are in numeraire. Period 0 is genesis; nobody is paid for anything in it.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.load import Run

GROUPS = {
    "investors": "investor",
    "clients": "client",
    "liquidity_providers": "liquidity_provider",
    "treasury": "aggregator",
}
"""Kinds of agents, as measures name them together."""

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
    | `genesis_sale` | money for its tokens at their launch |
    | `offering` | money for new tokens that it sold of its own to buy data |
    | `direct`, `dividends` | paid to it from revenue |
    | `sales`, `purchases` | numeraire got and spent in the market, after genesis |
    | `costs` | paid to outside: what its balance lacks of the above |
    | `tokens` | own tokens at the end |
    | `at_spot` | those at the last spot price |
    | `at_quote` | those sold into the pool at once, with other clients' of the same token |
    | `total` | all money above, less purchases and costs, + at_quote |

    All of `total` but `at_quote` (see `liquidation_quote`) is the client's numeraire at the end,
    without what it brought along. A client that was paid 30, got 20 for tokens, paid 5 for training
    and still has 100 tokens, beside a pool of 100 tokens and 50 numeraire without a fee,
    made 30 + 20 - 5 + 25 = 70.

    Others' tokens and LP shares that a client holds are not in it. `at_quote` and `total` are NaN
    for tokens under a curve other than constant product. Raises ValueError when the flows show that
    clients got or paid money in a way that is not one of the columns.
    """
    rows = _client_rows(run)
    genesis, end = _first(rows, "client"), _last(rows, "client")
    summed = ["issued", "issuance", "offering", "direct", "dividends"]
    sums = rows.groupby("client", sort=False)[summed].sum()
    table = pd.DataFrame(
        {
            "behaviour": end["behaviour"],
            "issued": sums["issued"],
            "issuance": sums["issuance"],
            "genesis_sale": _launch_sales(run, genesis["numeraire"]),
            "offering": sums["offering"],
            "direct": sums["direct"],
            "dividends": sums["dividends"],
            "sales": _received(run).reindex(end.index, fill_value=0.0),
            "purchases": _spent(run).reindex(end.index, fill_value=0.0),
        }
    )
    income = table[["genesis_sale", "offering", "direct", "dividends", "sales"]].sum(axis=1)
    end["numeraire"] -= _brought(run, end.index).iloc[-1]
    costs = income - table["purchases"] - end["numeraire"]
    table["costs"] = costs.where(costs.abs() > ROUNDING * income, 0.0)
    _check_against_flows(run, table)
    table["tokens"] = end["tokens"]
    table["at_spot"] = _worth(end["tokens"], end["spot_price"])
    together = end.groupby("token")["tokens"].transform("sum").reindex(end.index)
    quote = liquidation_quote(together, end["reserve_token"], end["reserve_numeraire"], _fee(run))
    table["at_quote"] = (quote * end["tokens"] / together).where(end["tokens"] > 0, 0.0)
    table["total"] = end["numeraire"] + table["at_quote"]
    return table


def relative_pay(run: Run) -> pd.DataFrame:
    """Pay of each owner in each period in % of an equal share, `[periods, owners]`.

    Pay is issuance (at the spot price at the end of its period) and direct pay, in numeraire.
    Clients of one owner are paid together, and stand under the name of the first; an equal share is
    all pay / number of owners. 100 is what all get equally; periods without pay are left out.
    Whoever has not joined yet has no share and counts for none: NaN.

    One owner of two identities gets 5 + 3 and two others get 4 and 0: 200%, 100% and 0%.
    """
    rows = _owner_rows(run)
    pay = _wide(rows, "owner", "pay")[rows["owner"].unique()]
    paid = pay[pay.sum(axis=1) > 0]
    return 100 * paid.div(paid.mean(axis=1), axis=0)


def attackers_pay(run: Run) -> pd.DataFrame:
    """Pay of the owners that are not honest, in % of an equal share; 100 is what all get equally.

    Pay and equal share are those of `relative_pay`. Only the periods count in which the owner has
    the behaviour and has joined: `percent` = 100 sum_t pay_it / sum_t (all pay_t / number of owners
    who have joined). One row per (owner, behaviour) with `periods`, `pay`, `equal` (the equal
    share) and `percent`, which is NaN when nobody was paid.

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
    """Each liquidity provider's positions against holding what it put in; one row each, numeraire.

    | column | meaning |
    |---|---|
    | `deposited` | put into pools at genesis, at genesis prices |
    | `moved` | put in less taken out later, at later launches and by events too, at the prices \
at the end of each period |
    | `held` | deposited + moved + what that would have gained in price outside the pools |
    | `value` | its positions at the last prices |
    | `impermanent_loss` | the difference of both without fees: value - held - fees |
    | `fees` | that its positions earned, at the prices at the end of each period |
    | `lvr` | loss against rebalancing, summed |
    | `dividends` | what else its numeraire changed by: dividends, less gas, tips and what \
it paid for tokens that were offered |
    | `return_against_holding` | value / held - 1, chained over periods where liquidity moved |

    All from table `positions`, for any curve. Dividends stand aside: whoever held the tokens would
    have been paid for them too. Of a period with prices p before and q after it, a position gained
    v' - v - m, m the worth at q of what was put in less what was taken out, while x tokens and y
    numeraire that had been put into it before (`deposited_*`) gained x (q - p). When a part of a
    position is taken out, as large a part of x and y is taken for ended with it. Over all positions
    of a provider the return is

        product over periods of (1 + sum (v' - v - m) / b) / (1 + sum x (q - p) / c) - 1

    where b = sum v and c = sum (x p + y), each with what is put in in the period on top: it counts
    from the period's beginning, and what is taken out until its end. A period without either
    counts 1. Where nothing moved the product is value / held.

    100 tokens and 100 numeraire put in at price 1 without fees are worth 400 at price 4 and 500 if
    held: a loss of 100, or 20%. Half is then taken out and the price returns to 1: there are 100
    left, on 50 and 50 put in, so the return is 0; the loss is 50, of the half that left at 4.

    Against one who holds at any time the tokens that the position then holds, a provider gained
    fees - lvr: value = deposited + moved + sum x' (q - p) - lvr + fees, with x' tokens behind the
    position at the beginning of each period (Milionis et al. 2022).
    """
    rows, genesis, end = (
        _position_rows(run),
        _first(run.agents, "agent"),
        _last(run.agents, "agent"),
    )
    providers = end.index[end["kind"] == "liquidity_provider"]
    opening = rows["period"] == run.agents["period"].min()
    last = rows["period"] == run.agents["period"].max()

    def total(column: str, some: pd.Series | slice = slice(None)) -> pd.Series:
        return rows[some].groupby("agent")[column].sum().reindex(providers, fill_value=0.0)

    table = pd.DataFrame({"deposited": total("moved", opening), "moved": total("moved", ~opening)})
    table["held"] = table["deposited"] + table["moved"] + total("held_gained")
    table["value"] = total("value", last)
    table["impermanent_loss"] = table["value"] - table["held"] - total("fees")
    table["fees"], table["lvr"] = total("fees"), total("lvr")
    traded = _received(run).sub(_spent(run), fill_value=0.0).reindex(providers, fill_value=0.0)
    money = (end["numeraire"] - genesis["numeraire"]).reindex(providers)
    own = total("moved_numeraire", ~opening) - _put_in_for(run, providers)
    table["dividends"] = money - traded + own
    table["return_against_holding"] = _chained(rows).reindex(providers)
    return table


def lp_results(run: Run) -> pd.Series:
    """All liquidity providers together against holding, in % of what they deposited at genesis.

    | name | meaning |
    |---|---|
    | `against_holding` | fees + impermanent_loss: what their positions gained beyond holding |
    | `fees`, `impermanent_loss`, `lvr` | sums of those of `lp_returns` |
    | `held_percent` | what holding gained |
    | `deposited` | at genesis prices, numeraire |

    300 and 100 deposited, 525 and 175 if held, without fees 75 and 25 less, and 60 and 20 of fees:
    fees 20, impermanent loss -25, together -5 against holding, which gained 75.
    """
    names = ["deposited", "held", "moved", "impermanent_loss", "fees", "lvr"]
    sums = lp_returns(run)[names].sum()
    percent = 100 * sums / sums["deposited"]
    return pd.Series(
        {
            "against_holding": percent["fees"] + percent["impermanent_loss"],
            "fees": percent["fees"],
            "impermanent_loss": percent["impermanent_loss"],
            "lvr": percent["lvr"],
            "held_percent": percent["held"] - percent["moved"] - 100,
            "deposited": sums["deposited"],
        }
    )


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


def investor_tokens(run: Run, names: Sequence[str]) -> pd.Series:
    """Tokens that some investors, by agent name, hold together at the end, by token.

    What they got at genesis, spread evenly in worth, and bought less sold since. Raises ValueError
    when that is not worth what table `agents` says: not all their fills are recorded, or they got
    tokens without one, at a launch after genesis or in an offering.
    """
    opened = _first(run.pools, "token")["spot_price"]
    genesis, end = (each(run.agents, "agent").loc[list(names)] for each in (_first, _last))
    held = genesis["token_value"].sum() / len(opened) / opened
    for side, amount, sign in (("buy", "amount_out", 1), ("sell", "amount_in", -1)):
        rows = _filled(run, side).astype({"token": str})
        own = rows[rows["agent"].isin(names)]
        held = held.add(sign * own.groupby("token")[amount].sum(), fill_value=0.0)
    worth = float((held * _last(run.pools, "token")["spot_price"]).sum())
    booked = float(end["token_value"].sum())
    if abs(worth - booked) > ROUNDING * (abs(booked) + float(genesis["wealth"].sum())):
        raise ValueError(
            f"{run.folder}: tokens of {', '.join(names)} are worth {worth:g} by their fills and"
            f" {booked:g} by table agents: not all their fills are recorded, or they got tokens"
            " without one (at a launch after genesis, in an offering)"
        )
    return held.clip(lower=0.0)


def wealth_by_group(run: Run, names: Sequence[str], price: pd.Series) -> pd.Series:
    """Wealth of everybody at the end, tokens at a `price` each `[tokens]`; in numeraire.

    `account` (the investors in `names`), `investors` (the others), `clients`,
    `liquidity_providers` (with all that is in the pools) and `treasury`. All of them together have
    what came from outside and did not go back, so that at the same prices what one has gained over
    another run, others have lost or the outside has paid.
    """
    end = _last(run.agents, "agent")
    cash = end["numeraire"].groupby(end["kind"].astype(str)).sum()
    tokens = _tokens_by_kind(run).reindex(columns=price.index, fill_value=0.0)
    wealth = cash.add(tokens.mul(price).sum(axis=1), fill_value=0.0)
    wealth = wealth.reindex([*GROUPS.values(), "pool"], fill_value=0.0)
    wealth["pool"] += _last(run.pools, "token")["reserve_numeraire"].sum()
    wealth["liquidity_provider"] += wealth["pool"]
    own = end.loc[list(names), "numeraire"].sum() + (investor_tokens(run, names) * price).sum()
    wealth["investor"] -= own
    found = {name: wealth[kind] for name, kind in GROUPS.items()}
    return pd.Series({"account": own} | found, dtype=float)


def manipulation(run: Run, control: Run, names: Sequence[str]) -> pd.Series:
    """What some investors won and what they did to others, against `control`, where they are idle.

    | name | meaning |
    |---|---|
    | `profit`, `profit_percent` | of their wealth at spot prices; in % of that at genesis |
    | `profit_at_quote` | with their tokens sold into the pools at once |
    | `account`, `investors`, `clients`, `liquidity_providers`, `treasury` | change of wealth, \
tokens at the control's last fundamental values, see `wealth_by_group` |
    | `gas_and_tips` | change of what all paid for them |
    | `investors_at_spot`, `clients_at_spot`, `liquidity_providers_at_spot` | the same at spot |
    | `distortion` | change of 100 x mean abs. log(p/V), all tokens that `price_gap` counts |
    | `own_distortion` | of the tokens that they trade, by what they trade of each |
    | `volume`, `own_volume` | change of volume; what they traded themselves |
    | `orders`, `refused_percent` | of theirs |

    All amounts are in numeraire. The two runs must differ in nothing else. Without trades
    `own_distortion` is NaN, without orders `refused_percent`.

    Who buys 50 of 100 tokens in a pool for 100 numeraire, and the value stays 1, has lost 50 to the
    liquidity providers at that value, won 100 at the spot price of 4, and nothing at the quote.
    """
    fills = run.fills.astype({"agent": str, "token": str, "status": str, "side": str})
    own = fills[fills["agent"].isin(names)]
    done = own[own["status"] == "filled"]
    paid = done["amount_in"].where(done["side"] == "buy", done["amount_out"])
    traded = paid.groupby(done["token"]).sum()
    gap = 100 * (np.log(price_gap(run)).mean() - np.log(price_gap(control)).mean())
    value = _last(control.pools, "token")["fundamental_value"]
    at_value = wealth_by_group(run, names, value) - wealth_by_group(control, names, value)
    spot, quote = (_wealth_of(run, names)[at] - _wealth_of(control, names)[at] for at in (0, 1))
    by_kind = (_spot_by_kind(run, names) - _spot_by_kind(control, names)).add_suffix("_at_spot")
    refused = own["orders"][own["status"] != "filled"].sum()
    genesis = _first(control.agents, "agent").loc[list(names), "wealth"].sum()
    return pd.Series(
        {
            "profit": spot,
            "profit_percent": 100 * spot / genesis,
            "profit_at_quote": quote,
            **at_value,
            "gas_and_tips": _gas_and_tips(run) - _gas_and_tips(control),
            **by_kind,
            "distortion": gap.mean(),
            "own_distortion": _weighted(gap, traded),
            "volume": run.periods["volume"].sum() - control.periods["volume"].sum(),
            "own_volume": paid.sum(),
            "orders": own["orders"].sum(),
            "refused_percent": 100 * refused / own["orders"].sum() if len(own) else math.nan,
        },
        dtype=float,
    )


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


def mechanism_results(run: Run) -> pd.Series:
    """How a run's way of paying clients did: for the model, its clients and third parties.

    | name | meaning |
    |---|---|
    | `accuracy` | of the last period |
    | `participation` | mean part of the clients that took part, % |
    | `reward` | `total` of `client_rewards`, mean over clients, numeraire |
    | `correlation` | Pearson, of clients' rewards and what they contributed in all |
    | `distance` | half the sum of absolute differences between parts of rewards and contributions |
    | `inequality` | `gini` of rewards |
    | `others_percent` | reward of clients that were not honest to the end, % of the mean |
    | `from_third_parties` | numeraire that clients got for tokens, less what they paid for them |
    | `liquidity_providers`, `investors` | growth of their wealth, % |

    Rewards and contributions below 0 count as 0; `distance` and `correlation` are NaN where all do.
    Two clients who contributed 3 and 1 and are paid
    50 and 50 are 25% away: .25 = (|.5 - .75| + |.5 - .25|) / 2.
    """
    rewards, clients = client_rewards(run), run.clients[run.clients["period"] > 0]
    contributed = clients.astype({"client": str}).groupby("client")["contribution"].sum()
    paid, earned = (_parts(each.reindex(rewards.index)) for each in (rewards["total"], contributed))
    others = rewards["behaviour"].astype(str) != "honest"
    sold = rewards[["genesis_sale", "offering", "sales"]].sum().sum() - rewards["purchases"].sum()
    grown = growth_by_kind(run)
    return pd.Series(
        {
            "accuracy": run.periods["accuracy"].iloc[-1],
            "participation": 100 * clients["participated"].mean(),
            "reward": rewards["total"].mean(),
            "correlation": paid.corr(earned),
            "distance": (paid - earned).abs().sum(skipna=False) / 2,
            "inequality": _inequality(rewards["total"]),
            "others_percent": 100 * rewards["total"][others].mean() / rewards["total"].mean(),
            "from_third_parties": sold,
            "liquidity_providers": grown.get("liquidity_provider", math.nan),
            "investors": grown.get("investor", math.nan),
        }
    )


def participation_results(run: Run) -> pd.Series:
    """Whom a way of paying keeps in the federation, and what for.

    | name | meaning |
    |---|---|
    | `participation` | mean part of the clients that took part, % |
    | `participation_<behaviour>` | the same of the clients of a behaviour, that of the end |
    | `honest_end` | part of the honest clients that took part in the last period, % |
    | `accuracy_quarter`, `accuracy` | at the end of the first quarter, and at the end |
    | `revenue`, `training` | paid by customers, and by clients for training, numeraire |
    | `reward` | `total` of `client_rewards`, mean over clients, numeraire |
    | `reward_<behaviour>` | the same of the clients of a behaviour |
    | `distance`, `inequality` | of rewards, as in `mechanism_results` |

    Two honest clients of whom one leaves after half of the periods took part by 75%, and at the end
    by 50%.
    """
    rewards, quarter = client_rewards(run), int(run.periods["period"].max()) // 4
    rows = run.clients[run.clients["period"] > 0].astype({"client": str})
    there = 100 * _wide(rows, "client", "participated")[rewards.index]
    behaviour = rewards["behaviour"].astype(str)
    honest = behaviour.index[behaviour == "honest"]
    periods = run.periods.set_index("period")
    return pd.Series(
        {
            "participation": there.mean().mean(),
            **_by_behaviour("participation", there.mean(), behaviour),
            "honest_end": there[honest].iloc[-1].mean(),
            "accuracy_quarter": periods["accuracy"].loc[quarter],
            "accuracy": periods["accuracy"].iloc[-1],
            "revenue": periods["revenue"].sum(),
            "training": _paid(run, "training_cost"),
            "reward": rewards["total"].mean(),
            **_by_behaviour("reward", rewards["total"], behaviour),
            **mechanism_results(run)[["distance", "inequality"]],
        },
        dtype=float,
    )


def outside_money_results(run: Run) -> pd.Series:
    """What money does for a federation whose clients buy data, and who brought it.

    | name | meaning |
    |---|---|
    | `revenue_quarter`, `revenue` | of the first quarter of the periods, and of all, numeraire |
    | `accuracy_quarter`, `accuracy` | at the end of the first quarter, and at the end |
    | `participation` | mean part of the clients that took part, % |
    | `examples` | on which clients train at the end, all together |
    | `data`, `training` | what clients spent on examples and on training, numeraire |
    | `from_providers`, `from_investors` | what these paid clients at genesis and in offerings |
    | `from_pools` | what pools paid clients for tokens, less what clients paid in |
    | `from_revenue` | direct pay and dividends to clients |
    | `clients` | `total` of `client_rewards`, of all clients |
    | `third_parties` | growth of providers' and investors' wealth at spot prices, numeraire, \
less what they were `given` |

    What clients received is what they spent and what they have: from_* less data and training is
    the change of their money.
    """
    quarter, periods = int(run.periods["period"].max()) // 4, run.periods.set_index("period")
    clients = run.clients[run.clients["period"] > 0]
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
            "participation": 100 * clients["participated"].mean(),
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


def scalability_results(run: Run, buy: float = 20.0) -> pd.Series:
    """How well markets for tokens work, and how they pay; NaN where there is no market.

    | name | meaning |
    |---|---|
    | `impact_percent` | move of a price at genesis by a purchase for `buy` numeraire, no fee, % |
    | `slippage_percent` | of filled orders against the quote when deciding, by numeraire, % |
    | `refused_percent` | orders that were refused for slippage or otherwise, % of all |
    | `error_percent` | median of max(p/V, V/p) - 1 in the second half of the run, % |
    | `untraded_percent` | periods in which nobody but the treasury traded a token, % |
    | `inequality` | `gini` of clients' rewards |
    | `distance` | of parts of rewards to parts of contributions, as in `mechanism_results` |

    In a pool of constant product with y numeraire the price moves by (1 + buy / y)^2 - 1. Prices
    are compared as in `price_gap`.
    """
    found: pd.Series = mechanism_results(run)[["inequality", "distance"]]
    names = ("impact", "slippage", "refused", "error", "untraded")
    if run.pools.empty:
        return found.reindex([*(f"{name}_percent" for name in names), *found.index])
    first = run.pools[run.pools["period"] == 0]["reserve_numeraire"]
    orders = run.fills[run.fills["strategy"].astype(str) != "buyback"]
    filled = orders[orders["status"].astype(str) == "filled"]
    money = filled["amount_in"].where(filled["side"].astype(str) == "buy", filled["amount_out"])
    gaps = price_gap(run)
    late = gaps[gaps.index > gaps.index.max() / 2]
    markets = int((run.pools["period"] > 0).sum())
    traded = len(filled[["period", "token"]].drop_duplicates())
    parts = {
        "impact": ((1 + buy / first) ** 2 - 1).mean(),
        "slippage": (filled["slippage"] * money).sum() / money.sum(),
        "refused": 1 - len(filled) / len(orders),
        "error": float(np.nanmedian(late)) - 1,
        "untraded": 1 - traded / markets,
    }
    percents = {f"{name}_percent": 100 * parts[name] for name in names}
    return pd.Series(percents | found.to_dict())


def flexibility_results(run: Run, outlay: float = 500.0) -> pd.Series:
    """What clients made of their pay, when they had it, and what one that turns had to lose.

    All but the last two are means over the clients that stayed honest.

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
    is the first period at whose end it suffices, 0 at genesis. Whoever never gets there counts with
    the number of periods, which is a lower bound: see `unpaid_percent`. The outlay is a sunk cost
    that a client is thought to have had before, such as collecting its data; it is paid to nobody.
    A launch pays at once, so only outlays that it does not cover tell mechanisms apart by more than
    that they have one. Money of 400, 450, 520 and 600 at the ends of periods 0 to 3, of a reward of
    1000, covers 500 after 2 periods, which is half of the reward too.

    Tokens count at spot prices for the fall, else at the quote of their pool; those that have not
    vested are left out. The last two are NaN where nobody turns.
    """
    rewards, rows = client_rewards(run), _client_rows(run)
    brought = _brought(run, rewards.index)
    money = _wide(rows, "client", "numeraire") - brought
    turned = rewards.index[(rewards["behaviour"].astype(str) != "honest").to_numpy()]
    honest = rewards.index.difference(turned)
    own, total = money[honest], rewards["total"][honest]
    wealth = (_wide(rows, "client", "wealth") - brought)[honest]
    income = own.diff().iloc[1:]
    found = {
        "reward": total.mean(),
        "early_percent": 100 * own.loc[len(income) // 4].mean() / total.mean(),
        "half_time": _times(own, total / 2).mean(),
        "payback": _times(own, outlay).mean(),
        "unpaid_percent": 100 * (own.max() < outlay).mean(),
        "unsteadiness": (income.std() / income.mean()).mean(),
        "drawdown_percent": 100 * _drawdown(wealth).mean(),
    }
    return pd.Series(found | _bond(run, rows[rows["client"].isin(turned)], money[turned]))


def information_results(run: Run) -> pd.Series:
    """Whether prices tell more of contributions to come than the credit that is public.

    At the end of each quarter but the last, over clients: what they contribute in the next one
    (mean of phi_i / sum |phi_j|), their credit as it is public then, and the log of their token's
    price, each less its mean over clients and divided by its deviation.

    | name | meaning |
    |---|---|
    | `by_credit`, `by_price` | correlation of contributions to come with credit, and with price |
    | `beyond_credit` | partial correlation with price, given credit |
    | `return_*` | `return` of `returns_by_strategy`, % |
    """
    delay = int(run.scenario["market"]["information_delay"])
    rows = _client_rows(run)
    contribution, credit, price = (
        _wide(rows, "client", name) for name in ("contribution", "credit", "spot_price")
    )
    parts = contribution.div(contribution.abs().sum(axis=1), axis=0).fillna(0.0)
    quarter = int(contribution.index[-1]) // 4
    ends = [quarter, 2 * quarter, 3 * quarter]
    to_come = [parts.loc[end + 1 : end + quarter].mean() for end in ends]
    known = [credit.loc[max(end - delay, 0)] for end in ends]
    priced = [np.log(price.loc[end]) for end in ends]
    table = pd.DataFrame(
        {
            "to_come": _standardised(to_come),
            "credit": _standardised(known),
            "price": _standardised(priced),
        }
    )
    found = table.corr()["to_come"]
    across = table["credit"].corr(table["price"])
    free = math.sqrt((1 - found["credit"] ** 2) * (1 - across**2))
    grown = 100 * returns_by_strategy(run)["return"]
    results = {
        "by_credit": found["credit"],
        "by_price": found["price"],
        "beyond_credit": (found["price"] - found["credit"] * across) / free,
    }
    return pd.Series(results | {f"return_{name}": value for name, value in grown.items()})


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


def _standardised(several: Sequence[Any]) -> np.ndarray:
    """All of `several`, each less its mean and divided by its deviation."""
    return np.concatenate([((each - each.mean()) / each.std()).to_numpy() for each in several])


def _bond(run: Run, rows: pd.DataFrame, money: pd.DataFrame) -> dict[str, Any]:
    """What clients who turned still had in tokens the period before, and what it lost."""
    deviant = rows[(rows["behaviour"] != "honest") & (rows["period"] > 0)]
    if deviant.empty or (before := int(deviant["period"].min()) - 1) < 1:
        return {"stake_percent": math.nan, "lost_percent": math.nan}
    then, end = (rows[rows["period"] == at].set_index("client") for at in (before, money.index[-1]))
    if then["spot_price"].isna().all():
        return {"stake_percent": 0.0, "lost_percent": 0.0}
    reserves = then["reserve_token"], then["reserve_numeraire"]
    stake = liquidation_quote(then["tokens"], *reserves, _fee(run))
    owned = stake + money.loc[before]
    lost = stake * (1 - end["spot_price"] / then["spot_price"])
    return {
        "stake_percent": 100 * stake.sum() / owned.sum(),
        "lost_percent": 100 * lost.sum() / owned.sum(),
    }


def _by_behaviour(name: str, values: pd.Series, behaviour: pd.Series) -> dict[str, float]:
    """Means of clients' values by their behaviour."""
    means = values.groupby(behaviour, sort=False).mean()
    return {f"{name}_{kind}": float(mean) for kind, mean in means.items()}


def _paid(run: Run, flow: str) -> float:
    """Numeraire moved by a flow in the whole run."""
    rows = (run.flows["flow"] == flow) & (run.flows["asset"] == "numeraire")
    return float(run.flows["amount"][rows].sum())


def _inequality(rewards: pd.Series) -> float:
    """Gini of what is positive; NaN where rewards are not known, see `client_rewards`."""
    return math.nan if rewards.isna().any() else gini(rewards.clip(lower=0.0))


def _parts(amounts: pd.Series) -> pd.Series:
    """Parts of the sum of what is positive."""
    positive = amounts.clip(lower=0.0)
    return positive / positive.sum()


def _amounts(values: ArrayLike) -> np.ndarray:
    amounts = np.asarray(values, dtype=float)
    if amounts.ndim != 1 or not amounts.size:
        raise ValueError(f"amounts must be a list of at least one number, got {values!r}")
    if not (np.isfinite(amounts) & (amounts >= 0)).all():
        raise ValueError(f"amounts must be finite and not negative, got {values!r}")
    return amounts


def _client_rows(run: Run) -> pd.DataFrame:
    """Table `clients` with the pool of each client's token beside it, and `issuance` as money."""
    token = run.clients["client"].astype(str).map(run.token_of).astype(object)
    rows = run.clients.astype({"client": str, "behaviour": str}).assign(token=token)
    pools = run.pools[["period", "token", "reserve_token", "reserve_numeraire", "spot_price"]]
    rows = rows.merge(pools.astype({"token": object}), on=["period", "token"], how="left")
    raised = rows.get("offering", 0.0)  # runs from before there were offerings lack the column
    return rows.assign(issuance=_worth(rows["issued"], rows["spot_price"]), offering=raised)


def _brought(run: Run, clients: pd.Index) -> pd.DataFrame:
    """What each client has brought along by the end of each period `[periods, clients]`."""
    cash, joins = (
        told(run, clients, name, default).to_numpy()
        for name, default in (("cash", 0.0), ("joins", 1))
    )
    periods = run.clients["period"].unique()
    there = np.maximum(periods, 1)[:, None] >= joins
    return pd.DataFrame(np.where(there, cash, 0.0), pd.Index(periods, name="period"), clients)


def told(run: Run, clients: pd.Index, name: str, default: float) -> pd.Series:
    """What the scenario says of each client."""
    groups = run.scenario.get("clients", [])
    told = [group.get(name, default) for group in groups for _ in range(group.get("count", 1))]
    return pd.Series(told or default, clients)


def _launch_sales(run: Run, money: pd.Series) -> pd.Series:
    """Money for each client's tokens at their launch, who have `money` at genesis.

    Those who join together later sell alike; what they were paid is in the flows.
    """
    joins = told(run, money.index, "joins", 1)
    flows = run.flows.astype({"payee": str})
    sales = flows[(flows["flow"] == "genesis_sale") & (flows["asset"] == "numeraire")]
    paid = sales[sales["payee"] == "client"].groupby("period")["amount"].sum()
    together = joins.groupby(joins).transform("size")
    later = paid.reindex(joins).fillna(0.0).to_numpy() / together
    sold: pd.Series = later.where(joins > 1, money - told(run, money.index, "cash", 0.0))
    return sold


def _owner_rows(run: Run) -> pd.DataFrame:
    """`pay` and `behaviour` of each owner in each period since it joined, but genesis."""
    rows = _client_rows(run).query("period > 0").astype({"owner": str})
    joins = told(run, pd.Index(rows["client"].unique()), "joins", 1)
    rows = rows[rows["period"] >= rows["client"].map(joins)]
    rows["pay"] = rows["issuance"] + rows["direct"]
    owners = rows.groupby(["period", "owner"], sort=False, as_index=False)
    return owners.agg(behaviour=("behaviour", "first"), pay=("pay", "sum"))


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
    paid = money[money["payee"] == "client"]
    sold, new = (paid[paid["flow"] == flow] for flow in ("genesis_sale", "offering"))
    costs = money[(money["payer"] == "client") & (money["payee"] == "outside")]
    tolerance = ROUNDING * money["amount"].sum()
    for what, flows in (("genesis_sale", sold), ("offering", new), ("costs", costs)):
        found, booked = float(rewards[what].sum()), float(flows["amount"].sum())
        if abs(found - booked) > tolerance:
            raise ValueError(
                f"{run.folder}: the clients' {what} come to {found:g} by their balances and to"
                f" {booked:g} by the flows: money reached or left them in a way unknown here, or"
                " not all fills are recorded"
            )


def _position_rows(run: Run) -> pd.DataFrame:
    """Table `positions`, with what each has `gained` in its period and what holding would have."""
    names = {"agent": str, "token": str}
    rows = run.positions.astype(names)
    price = run.pools.astype({"token": str})[["period", "token", "spot_price"]]
    before = rows[["period", "agent", "token", "value", "holding_value"]].copy()
    before[["tokens", "numeraire"]] = rows[["deposited_tokens", "deposited_numeraire"]]
    before["period"] += 1
    rows = rows.merge(price, on=["period", "token"])
    rows = rows.merge(before, "left", on=["period", "agent", "token"], suffixes=("", "_before"))
    rows = rows.fillna(0.0)
    kept = rows["tokens_before"] * rows["spot_price"] + rows["numeraire_before"]
    rows["gained"] = rows["value"] - rows["value_before"] - rows["moved"]
    rows["held_gained"] = kept - rows["holding_value_before"]
    rows["put_in"] = rows["moved"].clip(lower=0)
    return rows


def _put_in_for(run: Run, providers: pd.Index) -> pd.Series:
    """Numeraire put into pools after genesis that a provider's account did not hold until then.

    At later launches it waited in escrow, and with an event it came from outside.
    """
    groups = run.scenario.get("liquidity_providers", [])
    deposits = [group["deposit"] for group in groups for _ in range(group["count"])] or 0.0
    late = len(_last(run.pools, "token")) - len(_first(run.pools, "token"))
    found = pd.Series(deposits, providers, dtype=float) * late / max(len(run.behaviours), 1)
    flows = run.flows.astype({"payee": str})
    given = flows[(flows["flow"] == "endowment") & (flows["payee"] == "liquidity_provider")]
    for event in run.scenario.get("events", []):
        if event["kind"] == "liquidity" and (given["period"] == event["period"]).any():
            found.iloc[event["provider"]] += event["amount"]
    return found


def _chained(rows: pd.DataFrame) -> pd.Series:
    """Return of each agent's positions over that of holding, period after period, less 1."""
    columns = ["gained", "held_gained", "put_in", "value_before", "holding_value_before"]
    sums = rows.groupby(["agent", "period"])[columns].sum()
    gained = sums["gained"] / (sums["value_before"] + sums["put_in"])
    held = sums["held_gained"] / (sums["holding_value_before"] + sums["put_in"])
    grown: pd.Series = ((1 + gained) / (1 + held)).fillna(1.0).groupby("agent").prod()
    return grown - 1


def _tokens_by_kind(run: Run) -> pd.DataFrame:
    """What each kind of account holds at the end of each asset `[kinds, assets]`, by the flows."""
    rows = run.flows.astype({"payer": str, "payee": str, "asset": str})
    got, gave = (rows.groupby([side, "asset"])["amount"].sum() for side in ("payee", "payer"))
    held = got.rename_axis(["kind", "asset"]).sub(
        gave.rename_axis(["kind", "asset"]), fill_value=0.0
    )
    return held.unstack().fillna(0.0)


def _wealth_of(run: Run, names: Sequence[str]) -> tuple[float, float]:
    """Of some investors at the end: at spot prices, and with all their tokens sold at once."""
    end, pools = _last(run.agents, "agent").loc[list(names)], _last(run.pools, "token")
    sides = pools["reserve_token"], pools["reserve_numeraire"]
    quote = liquidation_quote(investor_tokens(run, names), *sides, _fee(run))
    sold = float(end["numeraire"].sum() + quote.sum(skipna=False))
    return float(end["wealth"].sum()), sold


def _spot_by_kind(run: Run, names: Sequence[str]) -> pd.Series:
    end = _last(run.agents, "agent").drop(index=list(names))
    wealth = end.groupby(end["kind"].astype(str))["wealth"].sum()
    kinds = {kind: name for name, kind in GROUPS.items() if name != "treasury"}
    return wealth.reindex(list(kinds), fill_value=0.0).rename(kinds)


def _gas_and_tips(run: Run) -> float:
    return float(run.flows["amount"][run.flows["flow"].isin(["gas", "tip"])].sum())


def _weighted(values: pd.Series, weights: pd.Series) -> float:
    """Mean of the values that there are; NaN where they have no weight."""
    weights = weights.reindex(values.index, fill_value=0.0).where(values.notna(), 0.0)
    return float((values * weights).sum() / weights.sum()) if weights.sum() > 0 else math.nan
