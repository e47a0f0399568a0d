"""Rewards of clients in a run, in numeraire."""

import pandas as pd

from .clients import brought_cash, client_rows, client_settings, join_periods, token_value
from .load import Run
from .quotes import pool_quote
from .tables import ROUNDING_TOLERANCE, first_rows, last_rows, purchase_costs, sale_proceeds


def client_rewards(run: Run) -> pd.DataFrame:
    """Reward of each client from the run, by channel; one row per client, in numeraire.

    | column | meaning |
    |---|---|
    | `behaviour` | in the last period |
    | `issued` | own tokens minted to it as a contributor, in tokens |
    | `issuance` | those tokens at the spot price at the end of their period; not in `total` |
    | `genesis_sale` | money for its tokens at their launch |
    | `offering` | money for new tokens that it sold of its own to buy data |
    | `direct`, `dividends` | paid to it from revenue |
    | `sales`, `purchases` | numeraire received and spent in the market, after genesis |
    | `costs` | paid to outside: the above less its balance |
    | `tokens` | own tokens at the end |
    | `at_spot` | those at the last spot price |
    | `at_quote` | those sold into the pool at once, together with other clients' equal tokens |
    | `total` | all money above, less purchases and costs, + at_quote |

    All of `total` but `at_quote` (see `pool_quote`) is the client's numeraire at the end, without
    the cash that it brought. A client that was paid 30, got 20 for tokens, paid 5 for training and
    still has 100 tokens, beside a pool of 100 tokens and 50 numeraire without a fee,
    made 30 + 20 - 5 + 25 = 70.

    Other clients' tokens and LP shares do not count. `at_quote` and `total` are NaN for curves that
    `pool_quote` does not support. Raises ValueError when the flows show clients' income or payments
    that are not in any column.
    """
    rows = client_rows(run)
    genesis, end = first_rows(rows, "client"), last_rows(rows, "client")
    columns = ["issued", "issuance", "offering", "direct", "dividends"]
    sums = rows.groupby("client", sort=False)[columns].sum()
    table = pd.DataFrame(
        {
            "behaviour": end["behaviour"],
            "issued": sums["issued"],
            "issuance": sums["issuance"],
            "genesis_sale": _launch_sales(run, genesis["numeraire"]),
            "offering": sums["offering"],
            "direct": sums["direct"],
            "dividends": sums["dividends"],
            "sales": sale_proceeds(run).reindex(end.index, fill_value=0.0),
            "purchases": purchase_costs(run).reindex(end.index, fill_value=0.0),
        }
    )
    income = table[["genesis_sale", "offering", "direct", "dividends", "sales"]].sum(axis=1)
    end["numeraire"] -= brought_cash(run, end.index).iloc[-1]
    costs = income - table["purchases"] - end["numeraire"]
    table["costs"] = costs.where(costs.abs() > ROUNDING_TOLERANCE * income, 0.0)
    _check_against_flows(run, table)
    table["tokens"] = end["tokens"]
    table["at_spot"] = token_value(end["tokens"], end["spot_price"])
    together = end.groupby("token")["tokens"].transform("sum").reindex(end.index)
    quote = pool_quote(run, together, end, int(run.clients["period"].max()))
    table["at_quote"] = (quote * end["tokens"] / together).where(end["tokens"] > 0, 0.0)
    table["total"] = end["numeraire"] + table["at_quote"]
    return table


def _launch_sales(run: Run, money: pd.Series) -> pd.Series:
    """Money for each client's tokens at their launch; `money` is its balance at genesis.

    Later joiners of one period receive equal amounts, which the flows contain.
    """
    periods = join_periods(run)
    flows = run.flows.astype({"payee": str})
    sales = flows[(flows["flow"] == "genesis_sale") & (flows["asset"] == "numeraire")]
    paid = sales[sales["payee"] == "client"].groupby("period")["amount"].sum()
    together = periods.groupby(periods).transform("size")
    later = paid.reindex(periods).fillna(0.0).to_numpy() / together
    cash = client_settings(run, money.index, "cash", 0.0)
    sold: pd.Series = later.where(periods > 1, money - cash)
    return sold


def _check_against_flows(run: Run, rewards: pd.DataFrame) -> None:
    """Raise ValueError unless sums over clients agree with the flows of all clients."""
    money = run.flows[run.flows["asset"] == "numeraire"]
    paid = money[money["payee"] == "client"]
    sold, new = (paid[paid["flow"] == flow] for flow in ("genesis_sale", "offering"))
    costs = money[(money["payer"] == "client") & (money["payee"] == "outside")]
    tolerance = ROUNDING_TOLERANCE * money["amount"].sum()
    for what, flows in (("genesis_sale", sold), ("offering", new), ("costs", costs)):
        total, booked = float(rewards[what].sum()), float(flows["amount"].sum())
        if abs(total - booked) > tolerance:
            raise ValueError(
                f"{run.folder}: the clients' {what} come to {total:g} by their balances and to"
                f" {booked:g} by the flows: money reached or left them in a way unknown here, or"
                " not all fills are recorded"
            )
