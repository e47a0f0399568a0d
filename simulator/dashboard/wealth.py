"""The tab Wealth & flows: token holders, inequality of wealth, uses of revenue, and payments."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple, Self

import numpy as np

from simulator.analysis.looks import (
    AREA,
    COOL,
    INVESTOR_HUES,
    PALE,
    PROVIDER_HUE,
    SOFT,
    WARM,
    words,
)
from simulator.components import Floats
from simulator.dashboard.charts import (
    Chart,
    Option,
    Picker,
    add_side_legend,
    add_value_axis,
    axis,
    axis_names,
    category_axis,
    empty_chart,
    five_digits,
    period_chart,
    thinned,
    tilt_long_names,
)
from simulator.dashboard.controls import round_number
from simulator.dashboard.frames import Cast, Frame
from simulator.dashboard.showing import Show
from simulator.ledger import NUMERAIRE

__all__ = ["SPAN", "drawings"]

SPAN = Picker("Flows of money", ("so far", "this period"))

_KINDS = {
    "client": ("clients", COOL[0]),
    "liquidity_provider": ("providers", PROVIDER_HUE),
    "investor": ("investors", INVESTOR_HUES[0]),
    "treasury": ("treasury", WARM[2]),
    "pool": ("pools", PALE),
    "pool_fees": ("pool fees", "#C3C7CB"),
    "escrow": ("escrow", WARM[3]),
}
"""Name and colour of each kind of account that may hold assets."""

_USES = {
    "dividend": COOL[1],
    "direct": COOL[0],
    "buyback": WARM[1],
    "liquidity": PROVIDER_HUE,
    "treasury": WARM[2],
    "retained": WARM[3],
    "burn": WARM[0],
}
"""Colours of the flows in which revenue leaves the clearing account."""

CURVE_POINTS = 200
"""Maximum number of points of a Lorenz curve."""


_LINE_LEGEND: Option = {"icon": None, "itemWidth": 22, "itemStyle": {"opacity": 0}}
"""Options of a legend that shows lines without dots."""


def drawings(show: Show, picks: Mapping[str, str]) -> list[Chart]:
    """Holders of tokens, Lorenz curves, uses of revenue, and who paid whom."""
    frames, cast, so_far = show.frames, show.cast, picks[SPAN.label] == "so far"
    holders = [Chart(_holders(frames[-1], cast))] if cast.tokens else []
    return [
        *holders,
        Chart(_lorenz(frames, cast)),
        Chart(_uses(frames, so_far)),
        Chart(_payments(frames[-1], cast, so_far)),
    ]


def _holders(frame: Frame, cast: Cast) -> Option:
    """A bar for each token, divided by kind of holder; no bar before the token's launch."""
    balances = frame.holdings(cast)[:, 1 : 1 + len(cast.tokens)]
    supply = -balances[cast.kinds.index("outside")]
    percent = np.full_like(balances, np.nan)
    np.divide(100 * balances, supply, out=percent, where=supply > 0)
    option = empty_chart(f"Who holds the tokens, period {frame.period}", "percent of the supply")
    names = axis_names(cast.tokens)
    option["xAxis"] = category_axis(names, "token" if len(names) > 1 else "")
    tilt_long_names(option)
    option["yAxis"] = axis(100.0)
    option["tooltip"] |= {"axisPointer": {"type": "shadow"}}
    for kind, (name, colour) in _KINDS.items():
        if kind in cast.kinds and ((bars := percent[cast.kinds.index(kind)].round(6)) > 0).any():
            option["series"].append(
                {"type": "bar", "name": name, "stack": "all", "barCategoryGap": "20%"}
                | {"data": [five_digits(value) for value in bars.tolist()]}
                | {"itemStyle": {"color": colour}}
            )
    add_side_legend(option, [each["name"] for each in reversed(option["series"])])
    return option


class _Curve(NamedTuple):
    """A Lorenz curve: cumulative fractions of accounts and of wealth, poorest first `[points]`."""

    accounts: Floats
    owned: Floats

    @classmethod
    def of(cls, wealth: Floats, accounts: Floats) -> Self | None:
        """The curve of rows `[rows]` of `accounts` equal accounts each; None without wealth."""
        if not len(wealth) or wealth.sum() <= 0:
            return None
        order = np.argsort(wealth / accounts, kind="stable")
        sums = (np.append(0.0, np.cumsum(each[order])) for each in (accounts, wealth))
        return cls(*(each / each[-1] for each in sums))

    @property
    def gini(self) -> float:
        """Gini coefficient: 1 minus twice the area under the curve, 0 for equal wealth."""
        gini = 1 - float(np.diff(self.accounts) @ (self.owned[1:] + self.owned[:-1]))
        return max(gini, 0.0)  # rounding errors may be negative

    @property
    def points(self) -> list[list[float]]:
        """At most `CURVE_POINTS` points of the curve, in percent."""
        last = len(self.accounts) - 1
        selected = np.linspace(0, last, min(last + 1, CURVE_POINTS)).round().astype(int)
        points: list[list[float]] = (100 * np.column_stack(self)[selected]).round(3).tolist()
        return points


def _lorenz(frames: Sequence[Frame], cast: Cast) -> Option:
    """Lorenz curves of investors and clients, at first and now, for groups with any wealth."""
    option = empty_chart("Lorenz curves of wealth", _lorenz_subtitle(frames[-1], cast))
    percent = {"nameLocation": "middle", "nameGap": 24, "interval": 20}
    option["xAxis"] = axis(100.0) | percent | {"name": "percent of accounts, poorest first"}
    option["yAxis"] = axis(100.0) | {"interval": 20}
    option["xAxis"]["splitLine"] = {"show": False}
    option["tooltip"] = {"show": False}
    option["series"] = [_line("all equal", [[0, 0], [100, 100]], PALE, "dotted")]
    frame_by_time = {"at first": frames[0]} if len(frames) > 1 else {}
    frame_by_time["now"] = frames[-1]
    for kind in ("investor", "client"):
        name, colour = _KINDS[kind]
        for time, frame in frame_by_time.items():
            if curve := _Curve.of(*_wealth(frame, cast, kind)):
                label = f"{name} {time}, Gini {curve.gini:.3f}"
                dashes = "solid" if time == "now" else "dashed"
                option["series"].append(_line(label, curve.points, colour, dashes))
    if len(option["series"]) == 1:
        option["title"]["subtext"] = "nobody owns anything yet"
    add_side_legend(option, [line["name"] for line in option["series"]], **_LINE_LEGEND)
    return option


def _lorenz_subtitle(frame: Frame, cast: Cast) -> str:
    """Subtitle that says whether investors are recorded one by one, in groups or as a sample."""
    _, accounts = _wealth(frame, cast, "investor")
    total = sum(group.count for group in cast.settings.investors)
    if accounts.sum() < total:
        return f"percent of wealth; a sample of {accounts.sum():.0f} of {total} investors"
    if (accounts > 1).any():
        return "percent of wealth; investors recorded together count as equal"
    return "percent of wealth, tokens at spot prices"


def _wealth(frame: Frame, cast: Cast, kind: str) -> tuple[Floats, Floats]:
    """Wealth and number of accounts of each row of a kind `[rows]`; only clients that joined."""
    if kind == "client":
        wealth = frame.clients["wealth"][cast.joined(frame.period)]
        return wealth, np.ones(len(wealth))
    rows = frame.agents
    of_kind = rows["kind"] == cast.names["kind"].index(kind) if kind in cast.names["kind"] else []
    selected = np.flatnonzero(of_kind)
    return rows["wealth"][selected], rows["accounts"][selected].astype(float)


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
    """Stacked areas of the numeraire that left the clearing account, by use."""
    amounts = _by_use(frames)
    if so_far:
        amounts = {use: values.cumsum() for use, values in amounts.items()}
    subtitle = "numeraire so far" if so_far else "numeraire in each period"
    sample = thinned(frames)
    places = [frame.period - frames[0].period for frame in sample]
    option = period_chart(sample, "Where the revenue went", f"{subtitle}; at the right: now")
    option["xAxis"] = _steps(sample)
    add_value_axis(option, np.sum(list(amounts.values()), axis=0) if amounts else np.zeros(1))
    for use, values in amounts.items():
        name = f"{words(use)} {_short(values[-1])}"
        option["dataset"]["source"][name] = [*map(five_digits, values[places].tolist())]
        option["series"].append(_area(name, _USES.get(use, SOFT), len(sample) <= 2))
    add_side_legend(option, [area["name"] for area in reversed(option["series"])])
    return option


def _steps(frames: Sequence[Frame]) -> Option:
    """An axis with periods as names, which stacked areas need."""
    steps = category_axis([frame.period for frame in frames], "period") | {"boundaryGap": False}
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
    """Numeraire that left the clearing account in each period, by use `[frames]`."""
    spent = [frame.flows.spent_by_flow for frame in frames]
    uses = dict.fromkeys(chain(_USES, chain.from_iterable(spent)))
    amounts = {use: np.array([each.get(use, 0.0) for each in spent]) for use in uses}
    return {use: values for use, values in amounts.items() if values.any()}


def _payments(frame: Frame, cast: Cast, so_far: bool) -> Option:
    """A matrix of payers and payees with darker cells for larger payments."""
    paid = np.zeros((len(cast.kinds), len(cast.kinds)))
    for (_, asset, payer, payee), amount in frame.flows.so_far if so_far else frame.flows.of_period:
        if asset == NUMERAIRE:
            paid[payer, payee] += amount
    involved = np.flatnonzero(paid.any(axis=0) | paid.any(axis=1))
    paid = paid[np.ix_(involved, involved)]
    names = [_KINDS.get(cast.kinds[kind], (words(cast.kinds[kind]), ""))[0] for kind in involved]
    periods = f"from genesis to period {frame.period}" if so_far else f"period {frame.period}"
    option = empty_chart("Who paid whom", f"numeraire, {periods}; rows pay columns")
    option["xAxis"] = category_axis(names) | {"position": "top"}
    option["yAxis"] = category_axis(names) | {"inverse": True}
    option["xAxis"]["axisLabel"] |= {"interval": 0, "rotate": 25}
    option["yAxis"]["axisLabel"] |= {"interval": 0}
    option["xAxis"]["axisLine"] = option["yAxis"]["axisLine"] = {"show": False}
    option["grid"] = {"left": 72, "right": 20, "top": 92, "bottom": 12}
    option["tooltip"] |= {"trigger": "item", "formatter": "{@[4]}"}
    option["visualMap"] = {"show": False, "dimension": 2, "min": 0.0, "max": 1.0} | {
        "inRange": {"color": [AREA, COOL[1]]}
    }
    option["series"] = [
        {"type": "heatmap", "data": _cells(paid, names), "progressive": 0}
        | {"itemStyle": {"borderColor": "white", "borderWidth": 2}}
        | {"label": {"show": True, "formatter": "{@[3]}", "color": "#222222", "fontSize": 11}}
    ]
    return option


def _cells(paid: Floats, names: Sequence[str]) -> list[list[float | str]]:
    """Column, row, darkness (root of amount / largest), label and tooltip of each cell."""
    cells, largest = list[list[float | str]](), paid.max(initial=0.0)
    for payer, payee in np.argwhere(paid > 0).tolist():
        amount = float(paid[payer, payee])
        tooltip = f"{names[payer]} paid {names[payee]} {amount:,.2f}"
        cells.append([payee, payer, round(math.sqrt(amount / largest), 3), _short(amount), tooltip])
    return cells


def _short(amount: float) -> str:
    """A non-negative amount with three significant digits.

    >>> [_short(amount) for amount in (0, 0.01234, 7, 123.4, 12345, 1234567)]
    ['0', '0.0123', '7', '123', '12.3k', '1.23M']
    """
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if amount >= 0.9995 * unit:
            return f"{float(f'{amount / unit:.3g}'):g}{name}"
    return f"{amount:.3g}"
