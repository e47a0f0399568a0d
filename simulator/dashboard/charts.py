"""What pages draw: tables, and charts as options for ECharts, made of lines and bars."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulator.analysis.labels import spread
from simulator.analysis.looks import (
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
from simulator.components import Floats, Integers
from simulator.dashboard.controls import round_number
from simulator.dashboard.frames import Cast, Frame

__all__ = [
    "BOTTOM",
    "HEIGHT",
    "CellValue",
    "Chart",
    "Drawing",
    "Line",
    "Option",
    "Picker",
    "Table",
    "apart",
    "axis",
    "beside",
    "category",
    "draw",
    "grouped",
    "jsonable",
    "legend",
    "lines_of",
    "number",
    "over_periods",
    "said",
    "scaled",
    "series",
    "sheet",
    "spoken",
    "thinned",
    "top",
    "trailing_numbers",
]

Option = dict[str, Any]

POINTS = 300
"""A line has no more points than this."""

HEIGHT, TOP, BOTTOM = 340, 62, 40
"""Of a chart and of the margins within it, pixels."""


@dataclass(frozen=True)
class Chart:
    """Options for ECharts; a `wide` chart is best drawn across the page."""

    option: Option
    wide: bool = False
    height: int = HEIGHT


CellValue = str | float | None


@dataclass(frozen=True)
class Table:
    """Rows of text and numbers under their names; numbers are sorted as such.

    One without columns is but its title and what is said `below`.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[CellValue, ...]]
    below: str = ""
    wide: bool = True


Drawing = Chart | Table


def said(title: str, sentence: str, wide: bool = True) -> Table:
    """A sentence in the place of a drawing."""
    return Table(title, (), [], sentence, wide)


@dataclass(frozen=True)
class Picker:
    """One of some words that a tab lets one choose."""

    label: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """A named line of values `[frames]`, NaN where there is none."""

    name: str
    look: Look
    values: Floats
    more: Option = field(default_factory=dict)


def thinned(frames: Sequence[Frame]) -> list[Frame]:
    """At most `POINTS` of the frames, evenly spread, with the first and the last."""
    chosen = np.linspace(0, len(frames) - 1, min(len(frames), POINTS)).round().astype(int)
    return [frames[place] for place in chosen]


def series(frames: Sequence[Frame], value: Callable[[Frame], Any]) -> Floats:
    """A value of each frame `[frames, ...]`."""
    return np.array([value(frame) for frame in frames], dtype=float)


def lines_of(values: Floats, names: dict[str, str]) -> Iterator[Line]:
    """A line for each of a few names, the median of each behaviour when there are many.

    `values` is `[frames, names]`; `names` has the behaviour behind each, "" for none.
    """
    if len(names) > FEW:
        of_behaviour, kinds = behaviour_looks(names.values()), np.array(list(names.values()))
        for behaviour in dict.fromkeys(names.values()):
            median = _median(values[:, kinds == behaviour])
            yield Line(words(behaviour) or "tokens", of_behaviour.get(behaviour, PLAIN), median)
        return
    looks = client_looks(names) if all(names.values()) else dict.fromkeys(names, PLAIN)
    for column, (name, behaviour) in enumerate(names.items()):
        other = "" if behaviour in ("honest", "") else f", {words(behaviour)}"
        yield Line(words(name) + other, looks[name], values[:, column])


def _median(values: Floats) -> Floats:
    """Of those in each row that are numbers; NaN where none is."""
    some = ~np.isnan(values).all(axis=1)
    found = np.full(len(values), np.nan)
    found[some] = np.nanmedian(values[some], axis=1)
    return found


def grouped(cast: Cast) -> str:
    """What is said of lines that stand for several clients."""
    return "; medians by behaviour" if len(cast.clients) > FEW else ""


def over_periods(frames: Sequence[Frame], title: str, below: str) -> Option:
    """A chart without lines whose axis is the periods of `frames`."""
    periods = [frame.period for frame in frames]
    option = sheet(title, below)
    option["xAxis"] = (
        axis(max(periods[-1], 1))
        | {"name": "period", "nameLocation": "middle", "nameGap": 24, "minInterval": 1}
        | {"splitLine": {"show": False}}
    )
    option["dataset"] = {"source": {"period": periods}}
    return option


def sheet(title: str, below: str) -> Option:
    """A chart with nothing but its title."""
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
        "series": [],
    }


def axis(end: float, start: float = 0) -> Option:
    """An axis of numbers."""
    return {
        "type": "value",
        "min": start,
        "max": end,
        "splitLine": {"lineStyle": {"color": GRID}},
        "axisLabel": {"color": SOFT},
    }


def category(names: Sequence[str | int], name: str = "") -> Option:
    """An axis of names."""
    return {
        "type": "category",
        "data": list(names),
        "name": name,
        "nameLocation": "middle",
        "nameGap": 24,
        "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": PALE}},
        "axisLabel": {"color": SOFT},
    }


def legend(**more: Any) -> Option:
    """What series are called."""
    text = {"color": INK, "fontSize": 11}
    return {"itemWidth": 10, "itemHeight": 10, "textStyle": text} | more


def beside(option: Option, names: Sequence[str], **more: Any) -> None:
    """Add a legend to the right of the chart, and leave it the space it takes."""
    right = 40 + 6 * max(map(len, names), default=0)
    option["grid"] |= {"right": right}
    place = {"orient": "vertical", "right": 4, "top": "middle", "icon": "roundRect"}
    option["legend"] = legend(data=list(names)) | place | more


def scaled(option: Option, values: Floats, zero: bool = True) -> None:
    """Add an axis of all that are numbers, and 0 on request, from one round number to another."""
    held = values[np.isfinite(values)]
    if zero or not held.size:
        held = np.append(held, 0.0)
    low, high = float(held.min()), float(held.max())
    if low == high:
        low, high = (0.0, 1.0) if low == 0 else (low - abs(low) / 5, high + abs(high) / 5)
    step = round_number((high - low) / 5)
    ends = step * math.ceil(high / step - 1e-9), step * math.floor(low / step + 1e-9)
    high, low = (float(f"{end:.9g}") for end in ends)
    option["yAxis"] = axis(high, low) | {"interval": step}
    widest = max(len(f"{end + step:,.9g}") for end in (low, high - 2 * step))
    option["grid"] |= {"left": max(44, 12 + 7 * widest)}


def top(lines: Sequence[Line]) -> float:
    """The end of a scale from 0 that holds all lines, a fifth of it a round number."""
    values = np.concatenate([line.values for line in lines]) if lines else np.zeros(0)
    largest = float(values[np.isfinite(values)].max(initial=0.0))
    return 5 * round_number(largest / 5) if largest > 0 else 1.0


def draw(option: Option, lines: Sequence[Line], at_ends: bool = False, **more: Any) -> None:
    """Add the lines, on request with their names at their ends."""
    source = option["dataset"]["source"]
    ends = _ends(lines, option["yAxis"]) if at_ends else [{}] * len(lines)
    for line, end in zip(lines, ends, strict=True):
        source[line.name] = [number(value) for value in line.values.tolist()]
        option["series"].append(
            {
                "type": "line",
                "name": line.name,
                "encode": {"x": "period", "y": line.name},
                "itemStyle": {"color": line.look.colour},
                "lineStyle": {"width": _half(line.look.width)},
                "showSymbol": bool(np.isfinite(line.values).sum() <= 2),
                "z": 3,
            }
            | end
            | line.more
            | more
        )


def number(value: float) -> float | None:
    """Five digits of a number; None where it is none, as JSON has no NaN."""
    return float(f"{value:.5g}") if math.isfinite(value) else None


def jsonable(values: Floats) -> list[float | None]:
    """All of them as they are; None for those that are none, as JSON has no NaN."""
    return [value if math.isfinite(value) else None for value in values.tolist()]


def trailing_numbers(names: Sequence[str]) -> list[str]:
    """The numbers at the ends of names."""
    return [name.rpartition("_")[2] for name in names]


def spoken(cast: Cast, column: str, codes: Integers) -> list[str]:
    """The names behind the codes of a category column, as they are spoken."""
    names = [words(name) for name in cast.names[column]]
    return [names[code] for code in codes.tolist()]


def apart(heights: Floats, inside: float) -> list[float]:
    """Pixels by which names at `heights`, parts of `inside`, move down to be apart."""
    order = np.argsort(heights, kind="stable")
    places = np.empty(len(heights))
    places[order] = spread(heights[order], 13 / inside)
    moves: list[float] = ((heights - places) * inside).round().tolist()
    return moves


def _half(width: float) -> float:
    """Up to a half: ECharts rounds what it clips to, and a name then misses its line's end."""
    return math.ceil(2 * width) / 2


def _ends(lines: Sequence[Line], across: Option) -> Iterator[Option]:
    """A name for the end of each line, moved from the names of others."""
    inside = HEIGHT - TOP - BOTTOM
    start, end = across["min"], across["max"]
    heights = np.array([(line.values[-1] - start) / (end - start) for line in lines])
    heights = np.nan_to_num(heights)
    for line, move in zip(lines, apart(heights, inside), strict=True):
        if not np.isfinite(line.values).any():  # ECharts stops at an end that is nowhere
            yield {}
            continue
        label = {"formatter": shortened(line.name, 24), "color": line.look.colour, "fontSize": 11}
        yield {"endLabel": label | {"show": True, "offset": [0, move]}}
