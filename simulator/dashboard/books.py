"""The tab Ledger: balances by agent and by kind of account, sums of each asset, and flows."""

from collections.abc import Mapping, Sequence

import numpy as np

from simulator.analysis.looks import words
from simulator.components import Floats
from simulator.dashboard.charts import CellValue, Drawing, Picker, Table, jsonable, labels, notice
from simulator.dashboard.frames import Cast, Frame
from simulator.dashboard.showing import Show

__all__ = ["drawings", "pickers"]

FLOWS, THIS_PERIOD, SO_FAR = "Flows", "of this period", "so far"
ASSETS, ALL_ASSETS = "Assets of flows", "all"

BALANCE_COLUMNS = (
    "agent",
    "kind",
    "strategy",
    "accounts",
    "numeraire",
    "tokens at spot",
    "positions",
    "wealth",
)
AMOUNT_COLUMNS = ("numeraire", "token_value", "lp_value", "wealth")
FLOW_COLUMNS = ("flow", "asset", "payer", "payee", "amount")
LEAST_SHOWN = 1e-9  # relative to the largest balance of the asset


def pickers(cast: Cast) -> Sequence[Picker]:
    """Pickers of the periods and assets of the listed flows."""
    periods = Picker(FLOWS, (THIS_PERIOD, SO_FAR))
    if not cast.tokens:
        return (periods,)
    return periods, Picker(ASSETS, (ALL_ASSETS, *_asset_kinds(cast)))


def _asset_kinds(cast: Cast) -> dict[str, range]:
    """Asset numbers of each kind of asset."""
    first, last = 1 + len(cast.tokens), len(cast.assets)
    return {"numeraire": range(1), "tokens": range(1, first), "LP shares": range(first, last)}


def drawings(show: Show, picks: Mapping[str, str]) -> Sequence[Drawing]:
    """Balances of agents, balances by kind of account and asset, and flows."""
    cast, frame = show.cast, show.frames[-1]
    so_far = picks.get(FLOWS) == SO_FAR
    assets = _asset_kinds(cast).get(picks.get(ASSETS, ALL_ASSETS), range(len(cast.assets)))
    return [_by_agent(frame, cast), _by_kind(frame, cast), _flows(frame, so_far, assets, cast)]


def _by_agent(frame: Frame, cast: Cast) -> Table:
    rows = frame.agents
    columns = [
        *(labels(cast, name, rows[name]) for name in ("agent", "kind", "strategy")),
        rows["accounts"].astype(int).tolist(),
        *(jsonable(rows[name]) for name in AMOUNT_COLUMNS),
    ]
    subtitle = f"period {frame.period}; numeraire, tokens and positions at spot prices"
    detail = cast.settings.record.agents
    if detail != "all":
        subtitle += "; investors by strategy" if detail == "summary" else "; a sample of investors"
    return Table("Balances of agents", BALANCE_COLUMNS, list(zip(*columns, strict=True)), subtitle)


def _by_kind(frame: Frame, cast: Cast) -> Table:
    """One row for each asset; the outside account is negative by the amount in circulation."""
    count = 1 + len(cast.tokens)
    held = frame.holdings(cast)[:, :count]
    amounts = _drop_rounding(np.vstack([held, held.sum(axis=0)]), np.abs(held).max(axis=0))
    columns = [[words(name) for name in cast.assets[:count]], *map(jsonable, amounts)]
    names = ("asset", *map(words, cast.kinds), "sum")
    subtitle = f"period {frame.period}; outside owes what there is, so that every sum is zero"
    rows: list[tuple[CellValue, ...]] = list(zip(*columns, strict=True))
    return Table("Balances by kind of account", names, rows, subtitle)


def _drop_rounding(amounts: Floats, largest: Floats) -> Floats:
    """The amounts `[kinds, assets]`, 0 where within rounding error of `largest` `[assets]`."""
    exact: Floats = np.where(np.abs(amounts) <= LEAST_SHOWN * largest, 0.0, amounts)
    return exact


def _flows(frame: Frame, so_far: bool, assets: range, cast: Cast) -> Table:
    """Sums by flow, asset, payer and payee, in the order of appearance."""
    periods = f"period {frame.period}"
    if so_far or frame.period == 0:
        periods = f"periods 0 to {frame.period}" if frame.period else "genesis"
    title, subtitle = f"Flows, {periods}", "amounts in units of the asset"
    flows = frame.flows.so_far if so_far else frame.flows.of_period
    names, kinds = [words(name) for name in cast.assets], [words(kind) for kind in cast.kinds]
    rows: list[tuple[CellValue, ...]] = [
        (words(flow), names[asset], kinds[payer], kinds[payee], amount)
        for (flow, asset, payer, payee), amount in flows
        if asset in assets
    ]
    empty = notice(title, "Nothing has moved.")
    return Table(title, FLOW_COLUMNS, rows, subtitle) if rows else empty
