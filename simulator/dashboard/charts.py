"""What the page says and draws of a run, as plain text and as options for ECharts."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.labels import spread
from analysis.looks import (
    AREA,
    FEW,
    GRID,
    INK,
    PALE,
    PLAIN,
    SOFT,
    Look,
    behaviour_looks,
    client_looks,
    shortened,
    words,
)
from simulator.components import Floats
from simulator.dashboard.controls import round_number
from simulator.dashboard.watching import Frame, Watched

__all__ = ["HEIGHT", "Cast", "Chart", "charts", "story", "thinned"]

Option = dict[str, Any]

POINTS = 300
"""A line has no more points than this."""

HEIGHT, TOP, BOTTOM = 340, 62, 40
"""Of a chart and of the margins within it, pixels."""


@dataclass(frozen=True)
class Cast:
    """Who appears in the charts: the clients with their behaviours, and the tokens."""

    behaviours: dict[str, str]
    tokens: tuple[str, ...]

    @classmethod
    def of(cls, economy: Watched) -> "Cast":
        """The cast of a run."""
        kinds = (behaviour.kind for behaviour in economy.settings.behaviours)
        register = economy.register
        return cls(dict(zip(register.clients, kinds, strict=True)), register.tokens)

    @property
    def issuers(self) -> dict[str, str]:
        """The behaviour behind each token, "" where it does not belong to one client."""
        if len(self.tokens) != len(self.behaviours):
            return dict.fromkeys(self.tokens, "")
        return dict(zip(self.tokens, self.behaviours.values(), strict=True))


@dataclass(frozen=True)
class Chart:
    """Options for ECharts; a `wide` chart is best drawn across the page."""

    option: Option
    wide: bool = False


@dataclass(frozen=True)
class _Line:
    name: str
    look: Look
    values: Floats


def story(frames: Sequence[Frame], cast: Cast, periods: int) -> str:
    """One sentence about the newest period."""
    row, share = frames[-1].row, frames[-1].share
    told = f"accuracy {row['accuracy']:.3f}"
    if row["period"] == 0:
        return f"Genesis: {told}, before any training; {periods} periods lie ahead."
    told += f", revenue {row['revenue']:.1f}, volume {row['volume']:.1f}"
    return f"Period {row['period']} of {periods}: {told}; {_best(share, cast)}."


def _best(share: Floats, cast: Cast) -> str:
    if not share.any():
        return "nobody earned rewards"
    client, behaviour = list(cast.behaviours.items())[int(share.argmax())]
    return f"{words(client)} ({words(behaviour)}) earned most, {share.max():.1%} of the rewards"


def charts(frames: Sequence[Frame], cast: Cast) -> list[Chart]:
    """Accuracy with revenue, shares, and prices with fundamental values, over the periods."""
    frames = thinned(frames)
    drawn = [Chart(_accuracy(frames)), Chart(_shares(frames, cast))]
    return [*drawn, Chart(_prices(frames, cast), wide=True)] if cast.tokens else drawn


def thinned(frames: Sequence[Frame]) -> list[Frame]:
    """At most `POINTS` of the frames, evenly spread, with the first and the last."""
    chosen = np.linspace(0, len(frames) - 1, min(len(frames), POINTS)).round().astype(int)
    return [frames[place] for place in chosen]


def _accuracy(frames: Sequence[Frame]) -> Option:
    accuracy = _Line("accuracy", Look(INK, 2.0), np.array([f.row["accuracy"] for f in frames]))
    revenue = _Line("revenue", Look(PALE, 0.0), np.array([f.row["revenue"] for f in frames]))
    option = _option(frames, "Test accuracy", "grey: revenue per period, right scale")
    _draw(option, [revenue], yAxisIndex=1, areaStyle={"color": AREA, "opacity": 1}, z=1)
    _draw(option, [accuracy])
    right = _axis(_top([revenue])) | {"position": "right", "splitLine": {"show": False}}
    option["yAxis"] = [_axis(1.0), right]
    option["grid"]["right"] = 52
    return option


def _shares(frames: Sequence[Frame], cast: Cast) -> Option:
    shares = 100 * np.array([frame.share for frame in frames])
    lines = list(_lines(shares, cast.behaviours))
    option = _option(frames, "Share of each client in the rewards", f"percent{_about(cast)}")
    option["yAxis"] = _axis(_top(lines))
    _draw(option, lines, at_ends=True)
    return option


def _prices(frames: Sequence[Frame], cast: Cast) -> Option:
    spot = list(_lines(np.array([frame.spot_price for frame in frames]), cast.issuers))
    value = [
        replace(line, name=f"{line.name}, fundamental value")
        for line in _lines(np.array([f.fundamental_value for f in frames]), cast.issuers)
    ]
    below = f"numeraire; dashed: fundamental value{_about(cast)}"
    option = _option(frames, "Spot price of each token", below)
    option["yAxis"] = _axis(_top(spot + value))
    _draw(option, value, showSymbol=False, lineStyle={"width": 1, "type": "dashed"}, z=2)
    _draw(option, spot, at_ends=True)
    return option


def _lines(values: Floats, names: dict[str, str]) -> Iterator[_Line]:
    """A line for each of a few names, the median of each behaviour when there are many.

    `values` is `[periods, names]`; `names` has the behaviour behind each, "" for none.
    """
    if len(names) > FEW:
        of_behaviour, kinds = behaviour_looks(names.values()), np.array(list(names.values()))
        for behaviour in dict.fromkeys(names.values()):
            median = np.median(values[:, kinds == behaviour], axis=1)
            yield _Line(words(behaviour) or "tokens", of_behaviour.get(behaviour, PLAIN), median)
        return
    looks = client_looks(names) if all(names.values()) else dict.fromkeys(names, PLAIN)
    for column, (name, behaviour) in enumerate(names.items()):
        other = "" if behaviour in ("honest", "") else f", {words(behaviour)}"
        yield _Line(words(name) + other, looks[name], values[:, column])


def _about(cast: Cast) -> str:
    return "; medians by behaviour" if len(cast.behaviours) > FEW else ""


def _option(frames: Sequence[Frame], title: str, below: str) -> Option:
    periods = [frame.row["period"] for frame in frames]
    return {
        "animation": False,
        "backgroundColor": "white",  # on a dark page too
        "title": {
            "text": title,
            "subtext": below,
            "textStyle": {"fontSize": 15, "lineHeight": 18, "color": INK},
            "subtextStyle": {"fontSize": 12, "lineHeight": 14, "color": SOFT},
        },
        "grid": {"left": 44, "right": 160, "top": TOP, "bottom": BOTTOM},
        "tooltip": {"trigger": "axis", "confine": True, "textStyle": {"fontSize": 11}},
        "xAxis": _axis(max(periods[-1], 1))
        | {"name": "period", "nameLocation": "middle", "nameGap": 24, "minInterval": 1}
        | {"splitLine": {"show": False}},
        "dataset": {"source": {"period": periods}},
        "series": [],
    }


def _axis(top: float) -> Option:
    return {
        "type": "value",
        "min": 0,
        "max": top,
        "splitLine": {"lineStyle": {"color": GRID}},
        "axisLabel": {"color": SOFT},
    }


def _top(lines: Sequence[_Line]) -> float:
    """The end of a scale from 0 that holds all lines, a fifth of it a round number."""
    values = np.concatenate([line.values for line in lines])
    largest = float(values[np.isfinite(values)].max(initial=0.0))
    return 5 * round_number(largest / 5) if largest > 0 else 1.0


def _draw(option: Option, lines: Sequence[_Line], at_ends: bool = False, **more: Any) -> None:
    """Add the lines, on request with their names at their ends."""
    source = option["dataset"]["source"]
    ends = _ends(lines, option["yAxis"]["max"]) if at_ends else [{}] * len(lines)
    for line, end in zip(lines, ends, strict=True):
        source[line.name] = [float(f"{value:.5g}") for value in line.values]
        option["series"].append(
            {
                "type": "line",
                "name": line.name,
                "encode": {"x": "period", "y": line.name},
                "itemStyle": {"color": line.look.colour},
                "lineStyle": {"width": _half(line.look.width)},
                "showSymbol": len(line.values) <= 2,
                "z": 3,
            }
            | end
            | more
        )


def _half(width: float) -> float:
    """Up to a half: ECharts rounds what it clips to, and a name then misses its line's end."""
    return math.ceil(2 * width) / 2


def _ends(lines: Sequence[_Line], top: float) -> Iterator[Option]:
    """A name for the end of each line, moved from the names of others."""
    inside = HEIGHT - TOP - BOTTOM
    heights = np.array([line.values[-1] for line in lines]) / top
    order = np.argsort(heights, kind="stable")
    places = np.empty(len(lines))
    places[order] = spread(heights[order], 13 / inside)
    for line, move in zip(lines, ((heights - places) * inside).round().tolist(), strict=True):
        label = {"formatter": shortened(line.name, 24), "color": line.look.colour, "fontSize": 11}
        yield {"endLabel": label | {"show": True, "offset": [0, move]}}
