"""Summary of a run in a few numbers, computed from its tables alone."""

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from .clients import is_member
from .load import Run
from .wealth import gifts

PROVIDER = "liquidity_provider"

Summary = dict[str, Any]

_REVERSED_USE = {"released": "retained"}
"""Flows into clearing that reverse a use of another name: retained money is released for use."""


def summarise(run: Run) -> Summary:
    """The run's result as a JSON-serialisable dict; missing values are None.

    Money is in numeraire, `*percent` in %, `share` a fraction of the reward (0 to 1).
    `recorded` is the record detail: numbers of a `sample` cover the sampled investors alone.
    `revenue.uses` are payments from the clearing account less refunds into it; their percentages
    sum to 100.
    """
    return {
        "run": {key: run.manifest.get(key) for key in ("name", "seed", "status")},
        "recorded": {table: run.record_detail(table) for table in ("agents", "fills")},
        "periods": int(run.periods["period"].max()),
        "accuracy": _first_and_last(run.periods["accuracy"]),
        "loss": _first_and_last(run.periods["loss"]),
        "clients": {
            "count": len(run.behaviours),
            "by_share": _clients_by_share(run),
            "by_price": _clients_by_price(run),
        },
        "liquidity_providers": _providers(run),
        "investors": _investors(run),
        "revenue": _revenue(run),
        "trading": _trading(run),
        "tokens": _tokens(run),
    }


def _first_and_last(column: pd.Series) -> Summary:
    return {"first": _number(column.iloc[0]), "last": _number(column.iloc[-1])}


def _clients_by_share(run: Run) -> Summary:
    """Best and worst client by mean share over the last quarter of the periods (rounded up).

    Newcomers count from their joining on; clients who have not joined do not count.
    """
    last = int(run.clients["period"].max())
    quarter = max(1, math.ceil(last / 4))
    rows = run.clients[is_member(run, run.clients) & (run.clients["period"] > last - quarter)]
    means = rows.groupby("client", observed=True)["share"].mean()
    return {"periods": quarter, **_extremes(means, {name: name for name in run.behaviours}, run)}


def _clients_by_price(run: Run) -> Summary:
    """Best and worst client by the final spot price of its token, in numeraire per token."""
    final = run.pools[run.pools["period"] == run.pools["period"].max()]
    return _extremes(final.set_index("token")["spot_price"], run.issuers, run)


def _extremes(values: pd.Series, clients: dict[str, str], run: Run) -> Summary:
    values = values.dropna()
    if values.empty:
        return {"best": None, "worst": None}

    def entry(label: Any) -> Summary:
        client = clients.get(str(label))
        behaviour = run.behaviours[client] if client is not None else None
        value = _number(values[label])
        return {"name": client or str(label), "behaviour": behaviour, "value": value}

    return {"best": entry(values.idxmax()), "worst": entry(values.idxmin())}


def _providers(run: Run) -> Summary | None:
    """The result of all liquidity providers together; None without any."""
    providers = run.agents[run.agents["kind"] == PROVIDER]
    return None if providers.empty else _result(providers, float(gifts(run).get(PROVIDER, 0.0)))


def _investors(run: Run) -> dict[str, Summary]:
    investors = run.agents[run.agents["kind"] == "investor"]
    groups = investors.groupby("strategy", observed=True, sort=False)
    return {str(strategy): _result(rows) for strategy, rows in groups}


def _result(agents: pd.DataFrame, received: float = 0.0) -> Summary:
    """Wealth of agents at genesis, including gifts `received` later, wealth at the end, return."""
    wealth = agents.groupby("period")["wealth"].sum()
    genesis, end = float(wealth.iloc[0]) + received, float(wealth.iloc[-1])
    gain = 100 * (end / genesis - 1) if genesis > 0 else None
    return {"genesis": genesis, "end": end, "return_percent": gain}


def _revenue(run: Run) -> Summary:
    money = run.flows[run.flows["asset"] == "numeraire"]
    arrived = money[money["payee"] == "clearing"]
    is_revenue = arrived["flow"] == "revenue"
    paid = _by_flow(money[money["payer"] == "clearing"])
    uses = paid.sub(_by_flow(arrived[~is_revenue]), fill_value=0.0)
    is_used = uses.abs() > 1e-12 * uses.abs().sum()
    uses = uses[is_used].sort_values(ascending=False, kind="stable")
    percent = 100 * uses / uses.sum()
    return {
        "total": float(arrived.loc[is_revenue, "amount"].sum()),
        "uses": {
            str(flow): {"amount": float(uses[flow]), "percent": _number(percent[flow])}
            for flow in uses.index
        },
    }


def _by_flow(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby(rows["flow"].astype(str).replace(_REVERSED_USE))["amount"].sum()


def _trading(run: Run) -> Summary:
    statuses = run.fills.groupby("status", observed=True)["orders"].sum()
    statuses = statuses.sort_values(ascending=False, kind="stable")
    return {
        "volume": float(run.periods["volume"].sum()),
        "fees": float(run.pools["fees"].sum()),
        "fills": {str(status): int(count) for status, count in statuses.items()},
    }


def _tokens(run: Run) -> Summary:
    """Tokens issued to contributors, and burned: flows of a traded token named `...burn...`."""
    flows = run.flows
    is_token = flows["asset"].isin(run.pools["token"].astype(str).unique())
    is_burn = flows["flow"].astype(str).str.contains("burn") & (flows["payee"] == "outside")
    return {
        "issued": float(run.periods["issued"].sum()),
        "burned": float(flows.loc[is_token & is_burn, "amount"].sum()),
    }


def _number(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def summary_text(summary: Summary) -> str:
    """The summary for a terminal, about 15 lines of ASCII."""
    return "\n".join(
        [
            _heading(summary),
            "",
            *_aligned(_model_and_clients(summary)),
            "",
            *_wealth_table(summary),
            "",
            *_aligned(_money(summary)),
        ]
    )


def _heading(summary: Summary) -> str:
    run, periods = summary["run"], summary["periods"]
    plural = "period" if periods == 1 else "periods"
    return f"{run['name']}: {periods} {plural}, seed {run['seed']}, {run['status']}"


def _model_and_clients(summary: Summary) -> Iterable[tuple[str, str]]:
    accuracy, loss = summary["accuracy"], summary["loss"]
    share, price = summary["clients"]["by_share"], summary["clients"]["by_price"]
    window = (
        f"mean of the last {share['periods']} periods" if share["periods"] > 1 else "at the end"
    )
    yield (
        "Model",
        f"test accuracy {_plain(accuracy['first'])} -> {_plain(accuracy['last'])},"
        f" log loss {_plain(loss['first'])} -> {_plain(loss['last'])}",
    )
    if share["best"] and not share["best"]["value"]:
        yield "Clients", "nobody earned rewards"
    elif share["best"] and share["best"]["name"] == share["worst"]["name"]:
        yield "Client", f"{_name(share['best'])}: {_percent(share['best'])} of rewards, {window}"
    elif share["best"]:
        yield (
            "Best client",
            f"{_name(share['best'])}: {_percent(share['best'])} of rewards, {window}",
        )
        yield "Worst client", f"{_name(share['worst'])}: {_percent(share['worst'])} of rewards"
    if price["best"] and price["best"]["name"] == price["worst"]["name"]:
        yield "Token price", f"{_name(price['best'])}: {_plain(price['best']['value'])} numeraire"
    elif price["best"]:
        yield "Dearest token", f"{_name(price['best'])}: {_plain(price['best']['value'])} numeraire"
        yield "Cheapest", f"{_name(price['worst'])}: {_plain(price['worst']['value'])} numeraire"


def _wealth_table(summary: Summary) -> Iterable[str]:
    suffix = _sample_suffix(summary, "agents")
    rows = {f"investors, {name}{suffix}": result for name, result in summary["investors"].items()}
    if summary["liquidity_providers"]:
        rows = {"liquidity providers": summary["liquidity_providers"], **rows}
    if not rows:
        yield "No liquidity providers and no investors took part."
        return
    width = max(26, *map(len, rows)) + 2
    yield f"{'Wealth in numeraire':<{width}}{'genesis':>12} {'end':>11} {'return':>9}"
    for name, result in rows.items():
        gain = result["return_percent"]
        percent = "-" if gain is None else f"{gain:+.1f}%"
        yield (
            f"  {name:<{width - 2}}{_amount(result['genesis']):>12} {_amount(result['end']):>11}"
            f" {percent:>9}"
        )


def _money(summary: Summary) -> Iterable[tuple[str, str]]:
    revenue, trading, tokens = summary["revenue"], summary["trading"], summary["tokens"]
    uses = [f"{flow} {use['percent'] or 0:.1f}%" for flow, use in revenue["uses"].items()]
    fills = [f"{count:,} {status}" for status, count in trading["fills"].items()]
    yield "Revenue", f"{_amount(revenue['total'])} numeraire" + _listed(uses)
    fees = f"fees to pools {_amount(trading['fees'])} numeraire"
    yield "Trading", f"{_amount(trading['volume'])} numeraire, {fees}"
    yield "Orders", (", ".join(fills) or "none") + _sample_suffix(summary, "fills")
    yield "Tokens", f"{_amount(tokens['issued'])} issued, {_amount(tokens['burned'])} burned"


def _sample_suffix(summary: Summary, table: str) -> str:
    return " (sample)" if summary["recorded"][table] == "sample" else ""


def _aligned(rows: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{title:<15}{text}" for title, text in rows]


def _listed(items: list[str]) -> str:
    return ": " + ", ".join(items) if items else ""


def _name(entry: Summary) -> str:
    return f"{entry['name']} ({entry['behaviour']})" if entry["behaviour"] else str(entry["name"])


def _percent(entry: Summary) -> str:
    return f"{100 * entry['value']:.1f}%"


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _amount(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
