"""The ledger: what everybody has, that nothing is lost, and what moved from whom to whom."""

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.looks import words
from simulator.components import Floats, Integers
from simulator.dashboard.charts import Cell, Drawing, Picker, Table, numbers, said, spoken
from simulator.dashboard.frames import Cast, Frame
from simulator.dashboard.showing import Show

__all__ = ["drawings", "pickers"]

FLOWS, NOW, SO_FAR = "Flows", "of this period", "so far"
ASSETS, EVERY = "Assets of flows", "all"

OWNED = (
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
MOVED = ("flow", "asset", "payer", "payee", "amount")
ROUNDING = 1e-9  # of the amounts that are added up


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
    cast, frames = show.cast, show.frames
    chosen = frames if picks.get(FLOWS) == SO_FAR else frames[-1:]
    assets = _asset_kinds(cast).get(picks.get(ASSETS, EVERY), range(len(cast.assets)))
    return [_agents(frames[-1], cast), _kinds(frames[-1], cast), _flows(chosen, assets, cast)]


def _agents(frame: Frame, cast: Cast) -> Table:
    rows = frame.agents
    columns = [
        *(spoken(cast, name, rows[name]) for name in ("agent", "kind", "strategy")),
        rows["accounts"].astype(int).tolist(),
        *(numbers(rows[name]) for name in AMOUNTS),
    ]
    below = f"period {frame.period}; numeraire, tokens and positions at spot prices"
    detail = cast.settings.record.agents
    if detail != "all":
        below += "; investors by strategy" if detail == "summary" else "; a sample of investors"
    return Table("Balances of agents", OWNED, list(zip(*columns, strict=True)), below)


def _kinds(frame: Frame, cast: Cast) -> Table:
    """One row for each asset; outside is below zero by what has come into the world."""
    count = 1 + len(cast.tokens)
    held = frame.holdings[:, :count]
    lines = _exact(np.vstack([held, held.sum(axis=0)]), np.abs(held).max(axis=0))
    columns = [[words(name) for name in cast.assets[:count]], *map(numbers, lines)]
    names = ("asset", *map(words, cast.kinds), "sum")
    below = f"period {frame.period}; outside owes what there is, so that every sum is zero"
    rows: list[tuple[Cell, ...]] = list(zip(*columns, strict=True))
    return Table("Balances by kind of account", names, rows, below)


def _exact(amounts: Floats, whole: Floats) -> Floats:
    """The amounts, 0 where they are but what rounding leaves of `whole`."""
    exact: Floats = np.where(np.abs(amounts) <= ROUNDING * whole, 0.0, amounts)
    return exact


def _flows(frames: Sequence[Frame], assets: range, cast: Cast) -> Table:
    """Sums over the frames by flow, asset, payer and payee, in the order of appearance."""
    periods = f"period {frames[-1].period}"
    if len(frames) > 1 or frames[-1].period == 0:
        periods = f"periods 0 to {frames[-1].period}" if len(frames) > 1 else "genesis"
    title, below = f"Flows, {periods}", "amounts in units of the asset"
    names, keys, amount = _summed(frames, cast)
    some = np.isin(keys[1], np.array(assets))
    if not some.any():
        return said(title, "Nothing has moved.")
    kinds, moved = [words(kind) for kind in cast.kinds], [column[some].tolist() for column in keys]
    columns = [
        [words(names[code]) for code in moved[0]],
        [words(cast.assets[code]) for code in moved[1]],
        *([kinds[code] for code in column] for column in moved[2:]),
        numbers(amount[some]),
    ]
    return Table(title, MOVED, list(zip(*columns, strict=True)), below)


def _summed(frames: Sequence[Frame], cast: Cast) -> tuple[list[str], list[Integers], Floats]:
    """Names of flows; flow, asset, payer and payee of each sum `[sums]`, and the sums."""
    codes: dict[str, int] = {}
    flow = [codes.setdefault(name, len(codes)) for f in frames for name in f.flows["flow"]]
    asset, payer, payee = (
        np.concatenate([frame.flows[name] for frame in frames])
        for name in ("asset", "payer", "payee")
    )
    shape = (max(len(codes), 1), len(cast.assets), len(cast.kinds), len(cast.kinds))
    place = np.ravel_multi_index((np.array(flow, dtype=np.int64), asset, payer, payee), shape)
    amount = np.concatenate([frame.flows["amount"] for frame in frames])
    total = np.bincount(place, amount).astype(np.float64)
    _, first = np.unique(place, return_index=True)
    found = place[np.sort(first)]
    return list(codes), [*np.unravel_index(found, shape)], total[found]
