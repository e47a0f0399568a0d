"""The ledger: what everybody has, that nothing is lost, and what moved from whom to whom."""

from collections.abc import Mapping, Sequence

import numpy as np

from simulator.analysis.looks import words
from simulator.components import Floats
from simulator.dashboard.charts import CellValue, Drawing, Picker, Table, jsonable, said, spoken
from simulator.dashboard.frames import Cast, Frame
from simulator.dashboard.showing import Show

__all__ = ["drawings", "pickers"]

FLOWS, NOW, SO_FAR = "Flows", "of this period", "so far"
ASSETS, EVERY = "Assets of flows", "all"

OWNED_COLUMNS = (
    "agent",
    "kind",
    "strategy",
    "accounts",
    "numeraire",
    "tokens at spot",
    "positions",
    "wealth",
)
AMOUNTS = ("numeraire", "token_value", "lp_value", "wealth")
FLOW_COLUMNS = ("flow", "asset", "payer", "payee", "amount")
LEAST_SHOWN = 1e-9  # of the amounts that are added up


def pickers(cast: Cast) -> Sequence[Picker]:
    """Which flows are listed."""
    periods = Picker(FLOWS, (NOW, SO_FAR))
    if not cast.tokens:
        return (periods,)
    return periods, Picker(ASSETS, (EVERY, *_asset_kinds(cast)))


def _asset_kinds(cast: Cast) -> dict[str, range]:
    """Numbers of the assets of each kind."""
    first, last = 1 + len(cast.tokens), len(cast.assets)
    return {"numeraire": range(1), "tokens": range(1, first), "LP shares": range(first, last)}


def drawings(show: Show, picks: Mapping[str, str]) -> Sequence[Drawing]:
    """Balances of agents, balances by kind of account and asset, and flows."""
    cast, frame = show.cast, show.frames[-1]
    so_far = picks.get(FLOWS) == SO_FAR
    assets = _asset_kinds(cast).get(picks.get(ASSETS, EVERY), range(len(cast.assets)))
    return [_agents(frame, cast), _kinds(frame, cast), _flows(frame, so_far, assets, cast)]


def _agents(frame: Frame, cast: Cast) -> Table:
    rows = frame.agents
    columns = [
        *(spoken(cast, name, rows[name]) for name in ("agent", "kind", "strategy")),
        rows["accounts"].astype(int).tolist(),
        *(jsonable(rows[name]) for name in AMOUNTS),
    ]
    below = f"period {frame.period}; numeraire, tokens and positions at spot prices"
    detail = cast.settings.record.agents
    if detail != "all":
        below += "; investors by strategy" if detail == "summary" else "; a sample of investors"
    return Table("Balances of agents", OWNED_COLUMNS, list(zip(*columns, strict=True)), below)


def _kinds(frame: Frame, cast: Cast) -> Table:
    """One row for each asset; outside is below zero by what has come into the world."""
    count = 1 + len(cast.tokens)
    held = frame.holdings(cast)[:, :count]
    lines = _exact(np.vstack([held, held.sum(axis=0)]), np.abs(held).max(axis=0))
    columns = [[words(name) for name in cast.assets[:count]], *map(jsonable, lines)]
    names = ("asset", *map(words, cast.kinds), "sum")
    below = f"period {frame.period}; outside owes what there is, so that every sum is zero"
    rows: list[tuple[CellValue, ...]] = list(zip(*columns, strict=True))
    return Table("Balances by kind of account", names, rows, below)


def _exact(amounts: Floats, whole: Floats) -> Floats:
    """The amounts, 0 where they are but what rounding leaves of `whole`."""
    exact: Floats = np.where(np.abs(amounts) <= LEAST_SHOWN * whole, 0.0, amounts)
    return exact


def _flows(frame: Frame, so_far: bool, assets: range, cast: Cast) -> Table:
    """Sums by flow, asset, payer and payee, in the order of appearance."""
    periods = f"period {frame.period}"
    if so_far or frame.period == 0:
        periods = f"periods 0 to {frame.period}" if frame.period else "genesis"
    title, below = f"Flows, {periods}", "amounts in units of the asset"
    moved = frame.flows.so_far if so_far else frame.flows.of_period
    names, kinds = [words(name) for name in cast.assets], [words(kind) for kind in cast.kinds]
    rows: list[tuple[CellValue, ...]] = [
        (words(flow), names[asset], kinds[payer], kinds[payee], amount)
        for (flow, asset, payer, payee), amount in moved
        if asset in assets
    ]
    return Table(title, FLOW_COLUMNS, rows, below) if rows else said(title, "Nothing has moved.")
