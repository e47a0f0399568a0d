"""Wealth and flows: who holds the tokens, how equal wealth is, and who paid whom."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple, Self

import numpy as np

from simulator.analysis.looks import AREA, HONEST, INVESTORS, OTHERS, PALE, PROVIDERS, SOFT, words
from simulator.components import Floats
from simulator.dashboard.charts import (
    Chart,
    Option,
    Picker,
    axis,
    beside,
    category,
    number,
    over_periods,
    scaled,
    sheet,
    thinned,
    trailing_numbers,
)
from simulator.dashboard.controls import round_number
from simulator.dashboard.frames import Cast, Frame
from simulator.dashboard.showing import Show
from simulator.ledger import NUMERAIRE

__all__ = ["SPAN", "drawings"]

SPAN = Picker("Flows of money", ("so far", "this period"))

_KINDS = {
    "client": ("clients", HONEST[0]),
    "liquidity_provider": ("providers", PROVIDERS),
    "investor": ("investors", INVESTORS[0]),
    "treasury": ("treasury", OTHERS[2]),
    "pool": ("pools", PALE),
    "pool_fees": ("pool fees", "#C3C7CB"),
    "escrow": ("escrow", OTHERS[3]),
}
"""Kinds of accounts that may hold something, as they are called, with their colours."""

_USES = {
    "dividend": HONEST[1],
    "direct": HONEST[0],
    "buyback": OTHERS[1],
    "liquidity": PROVIDERS,
    "treasury": OTHERS[2],
    "retained": OTHERS[3],
    "burn": OTHERS[0],
}
"""Flows in which revenue leaves the clearing account."""

CURVE_POINTS = 200
"""A Lorenz curve has no more points than this."""


_LINES: Option = {"icon": None, "itemWidth": 22, "itemStyle": {"opacity": 0}}
"""Of a legend that shows lines without dots."""


def drawings(show: Show, picks: Mapping[str, str]) -> list[Chart]:
    """Holders of tokens, Lorenz curves, uses of revenue, and who paid whom."""
    frames, cast, so_far = show.frames, show.cast, picks[SPAN.label] == "so far"
    drawn = [Chart(_holders(frames[-1], cast))] if cast.tokens else []
    return [
        *drawn,
        Chart(_lorenz(frames, cast)),
        Chart(_uses(frames, so_far)),
        Chart(_payments(frames[-1], cast, so_far)),
    ]


def _holders(frame: Frame, cast: Cast) -> Option:
    """A bar for each token, divided by who holds it; none for tokens that do not exist yet."""
    held = frame.holdings(cast)[:, 1 : 1 + len(cast.tokens)]
    supply = -held[cast.kinds.index("outside")]
    percent = np.full_like(held, np.nan)
    np.divide(100 * held, supply, out=percent, where=supply > 0)
    option = sheet(f"Who holds the tokens, period {frame.period}", "percent of the supply")
    short = trailing_numbers(cast.tokens)
    option["xAxis"] = category(short, "token" if len(short) > 1 else "")
    option["yAxis"] = axis(100.0)
    option["tooltip"] |= {"axisPointer": {"type": "shadow"}}
    for kind, (name, colour) in _KINDS.items():
        if kind in cast.kinds and ((parts := percent[cast.kinds.index(kind)].round(6)) > 0).any():
            option["series"].append(
                {"type": "bar", "name": name, "stack": "all", "barCategoryGap": "20%"}
                | {"data": [number(part) for part in parts.tolist()]}
                | {"itemStyle": {"color": colour}}
            )
    beside(option, [bars["name"] for bars in reversed(option["series"])])
    return option


class _Curve(NamedTuple):
    """A Lorenz curve: parts of the accounts and of what they own, the poorest first."""

    accounts: Floats
    owned: Floats

    @classmethod
    def of(cls, wealth: Floats, accounts: Floats) -> Self | None:
        """Of rows that each stand for some accounts of equal wealth; None where nothing is."""
        if not len(wealth) or wealth.sum() <= 0:
            return None
        order = np.argsort(wealth / accounts, kind="stable")
        parts = (np.append(0.0, np.cumsum(each[order])) for each in (accounts, wealth))
        return cls(*(part / part[-1] for part in parts))

    @property
    def gini(self) -> float:
        """1 less twice the area below: 0 when all own the same."""
        gini = 1 - float(np.diff(self.accounts) @ (self.owned[1:] + self.owned[:-1]))
        return max(gini, 0.0)  # rounding may leave less

    @property
    def points(self) -> list[list[float]]:
        """At most `POINTS` of it, in percent."""
        last = len(self.accounts) - 1
        chosen = np.linspace(0, last, min(last + 1, CURVE_POINTS)).round().astype(int)
        points: list[list[float]] = (100 * np.column_stack(self)[chosen]).round(3).tolist()
        return points


def _lorenz(frames: Sequence[Frame], cast: Cast) -> Option:
    """How equal the wealth of investors and clients is, at first and now; owners with nothing
    at all have no curve.
    """
    option = sheet("Lorenz curves of wealth", _whose(frames[-1], cast))
    percent = {"nameLocation": "middle", "nameGap": 24, "interval": 20}
    option["xAxis"] = axis(100.0) | percent | {"name": "percent of accounts, poorest first"}
    option["yAxis"] = axis(100.0) | {"interval": 20}
    option["xAxis"]["splitLine"] = {"show": False}
    option["tooltip"] = {"show": False}
    option["series"] = [_line("all equal", [[0, 0], [100, 100]], PALE, "dotted")]
    whens = {"now": frames[-1]} if len(frames) == 1 else {"at first": frames[0], "now": frames[-1]}
    for kind in ("investor", "client"):
        name, colour = _KINDS[kind]
        for when, frame in whens.items():
            if curve := _Curve.of(*_wealth(frame, cast, kind)):
                label = f"{name} {when}, Gini {curve.gini:.3f}"
                dashes = "solid" if when == "now" else "dashed"
                option["series"].append(_line(label, curve.points, colour, dashes))
    if len(option["series"]) == 1:
        option["title"]["subtext"] = "nobody owns anything yet"
    beside(option, [line["name"] for line in option["series"]], **_LINES)
    return option


def _whose(frame: Frame, cast: Cast) -> str:
    """What is said of curves when not every investor is recorded by itself."""
    _, accounts = _wealth(frame, cast, "investor")
    everybody = sum(group.count for group in cast.settings.investors)
    if accounts.sum() < everybody:
        return f"percent of wealth; a sample of {accounts.sum():.0f} of {everybody} investors"
    if (accounts > 1).any():
        return "percent of wealth; investors recorded together count as equal"
    return "percent of wealth, tokens at spot prices"


def _wealth(frame: Frame, cast: Cast, kind: str) -> tuple[Floats, Floats]:
    """Wealth of rows of a kind, and how many accounts each stands for; of clients that joined."""
    if kind == "client":
        wealth = frame.clients["wealth"][cast.joined(frame.period)]
        return wealth, np.ones(len(wealth))
    rows = frame.agents
    kept = rows["kind"] == cast.names["kind"].index(kind) if kind in cast.names["kind"] else []
    chosen = np.flatnonzero(kept)
    return rows["wealth"][chosen], rows["accounts"][chosen].astype(float)


def _line(name: str, points: Sequence[Sequence[float]], colour: str, dashes: str) -> Option:
    return {
        "type": "line",
        "name": name,
        "data": points,
        "symbol": "none",
        "itemStyle": {"color": colour},
        "lineStyle": {"width": 2 if dashes == "solid" else 1.5, "type": dashes, "color": colour},
    }


def _uses(frames: Sequence[Frame], so_far: bool) -> Option:
    """Areas above each other: what left the clearing account, by use."""
    amounts = _by_use(frames)
    if so_far:
        amounts = {use: values.cumsum() for use, values in amounts.items()}
    below = "numeraire so far" if so_far else "numeraire in each period"
    shown = thinned(frames)
    places = [frame.period - frames[0].period for frame in shown]
    option = over_periods(shown, "Where the revenue went", f"{below}; at the right: now")
    option["xAxis"] = _steps(shown)
    scaled(option, np.sum(list(amounts.values()), axis=0) if amounts else np.zeros(1))
    for use, values in amounts.items():
        name = f"{words(use)} {_short(values[-1])}"
        option["dataset"]["source"][name] = [number(value) for value in values[places].tolist()]
        option["series"].append(_area(name, _USES.get(use, SOFT), len(shown) <= 2))
    beside(option, [area["name"] for area in reversed(option["series"])])
    return option


def _steps(frames: Sequence[Frame]) -> Option:
    """Periods as names, as areas above each other need them."""
    steps = category([frame.period for frame in frames], "period") | {"boundaryGap": False}
    if len(frames) == frames[-1].period - frames[0].period + 1 > 6:
        steps["axisLabel"] |= {"interval": int(round_number(len(frames) / 7)) - 1}
    return steps


def _area(name: str, colour: str, dots: bool) -> Option:
    return {
        "type": "line",
        "name": name,
        "encode": {"x": "period", "y": name},
        "stack": "all",
        "showSymbol": dots,
        "itemStyle": {"color": colour},
        "lineStyle": {"width": 0},
        "areaStyle": {"color": colour, "opacity": 0.9},
    }


def _by_use(frames: Sequence[Frame]) -> dict[str, Floats]:
    """What left the clearing account in each period, by use `[frames]`."""
    spent = [frame.flows.spent for frame in frames]
    uses = dict.fromkeys(chain(_USES, chain.from_iterable(spent)))
    found = {use: np.array([each.get(use, 0.0) for each in spent]) for use in uses}
    return {use: values for use, values in found.items() if values.any()}


def _payments(frame: Frame, cast: Cast, so_far: bool) -> Option:
    """A matrix of payers and payees, darker where more was paid."""
    paid = np.zeros((len(cast.kinds), len(cast.kinds)))
    for (_, asset, payer, payee), amount in frame.flows.so_far if so_far else frame.flows.of_period:
        if asset == NUMERAIRE:
            paid[payer, payee] += amount
    some = np.flatnonzero(paid.any(axis=0) | paid.any(axis=1))
    paid = paid[np.ix_(some, some)]
    names = [_KINDS.get(cast.kinds[kind], (words(cast.kinds[kind]), ""))[0] for kind in some]
    when = f"from genesis to period {frame.period}" if so_far else f"period {frame.period}"
    option = sheet("Who paid whom", f"numeraire, {when}; rows pay columns")
    option["xAxis"] = category(names) | {"position": "top"}
    option["yAxis"] = category(names) | {"inverse": True}
    option["xAxis"]["axisLabel"] |= {"interval": 0, "rotate": 25}
    option["yAxis"]["axisLabel"] |= {"interval": 0}
    option["xAxis"]["axisLine"] = option["yAxis"]["axisLine"] = {"show": False}
    option["grid"] = {"left": 72, "right": 20, "top": 92, "bottom": 12}
    option["tooltip"] |= {"trigger": "item", "formatter": "{@[4]}"}
    option["visualMap"] = {"show": False, "dimension": 2, "min": 0.0, "max": 1.0} | {
        "inRange": {"color": [AREA, HONEST[1]]}
    }
    option["series"] = [
        {"type": "heatmap", "data": _cells(paid, names), "progressive": 0}
        | {"itemStyle": {"borderColor": "white", "borderWidth": 2}}
        | {"label": {"show": True, "formatter": "{@[3]}", "color": "#222222", "fontSize": 11}}
    ]
    return option


def _cells(paid: Floats, names: Sequence[str]) -> list[list[float | str]]:
    """Column, row, darkness (the root of the amount, as amounts differ much), and words."""
    cells, largest = list[list[float | str]](), paid.max(initial=0.0)
    for payer, payee in np.argwhere(paid > 0).tolist():
        amount = float(paid[payer, payee])
        told = f"{names[payer]} paid {names[payee]} {amount:,.2f}"
        cells.append([payee, payer, round(math.sqrt(amount / largest), 3), _short(amount), told])
    return cells


def _short(amount: float) -> str:
    """Three digits of an amount that is not negative.

    >>> [_short(amount) for amount in (0, 0.01234, 7, 123.4, 12345, 1234567)]
    ['0', '0.0123', '7', '123', '12.3k', '1.23M']
    """
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if amount >= 0.9995 * unit:
            return f"{float(f'{amount / unit:.3g}'):g}{name}"
    return f"{amount:.3g}"
