"""Building blocks of the tabs: tables, and charts as ECharts options."""

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
    all_shortened,
    behaviour_looks,
    client_looks,
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
    "add_side_legend",
    "add_value_axis",
    "axis",
    "axis_end",
    "axis_names",
    "category_axis",
    "draw",
    "empty_chart",
    "five_digits",
    "jsonable",
    "label_offsets",
    "labels",
    "legend",
    "lines_of",
    "median_note",
    "notice",
    "period_chart",
    "series",
    "thinned",
    "tilt_long_names",
    "widest",
]

Option = dict[str, Any]

POINTS = 300
"""Maximum number of points of a line."""

HEIGHT, TOP, BOTTOM = 340, 62, 40
"""Height of a chart, and its top and bottom margins, pixels."""


@dataclass(frozen=True)
class Chart:
    """Options for ECharts; a `wide` chart spans the page. `height` is in pixels."""

    option: Option
    wide: bool = False
    height: int = HEIGHT


CellValue = str | float | None


@dataclass(frozen=True)
class Table:
    """Rows of text and numbers under column names; a table without columns is a notice."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[CellValue, ...]]
    subtitle: str = ""
    wide: bool = True


Drawing = Chart | Table


def notice(title: str, sentence: str, wide: bool = True) -> Table:
    """A table without rows: a title and a sentence in place of a drawing."""
    return Table(title, (), [], sentence, wide)


@dataclass(frozen=True)
class Picker:
    """A labelled choice of one word on a tab."""

    label: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """A named line of values `[frames]`, NaN for missing ones; `more` are ECharts options."""

    name: str
    look: Look
    values: Floats
    more: Option = field(default_factory=dict)


def thinned(frames: Sequence[Frame]) -> list[Frame]:
    """At most `POINTS` frames, evenly spaced, including the first and the last."""
    chosen = np.linspace(0, len(frames) - 1, min(len(frames), POINTS)).round().astype(int)
    return [frames[place] for place in chosen]


def series(frames: Sequence[Frame], value: Callable[[Frame], Any]) -> Floats:
    """A value of each frame `[frames, ...]`."""
    return np.array([value(frame) for frame in frames], dtype=float)


def lines_of(values: Floats, names: dict[str, str]) -> Iterator[Line]:
    """A line for each name, or one median for each behaviour if there are more than `FEW` names.

    `values` is `[frames, names]`; `names` maps each name to its client's behaviour, "" for none.
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
    """Median of each row, ignoring NaN; NaN for rows of NaN only."""
    filled = ~np.isnan(values).all(axis=1)
    median = np.full(len(values), np.nan)
    median[filled] = np.nanmedian(values[filled], axis=1)
    return median


def median_note(cast: Cast) -> str:
    """Suffix of a subtitle if lines are medians over several clients, else empty."""
    return "; medians by behaviour" if len(cast.clients) > FEW else ""


def period_chart(frames: Sequence[Frame], title: str, subtitle: str) -> Option:
    """A chart without lines; its x axis is the periods of `frames`."""
    periods = [frame.period for frame in frames]
    option = empty_chart(title, subtitle)
    option["xAxis"] = (
        axis(max(periods[-1], 1))
        | {"name": "period", "nameLocation": "middle", "nameGap": 24, "minInterval": 1}
        | {"splitLine": {"show": False}}
    )
    option["dataset"] = {"source": {"period": periods}}
    return option


def empty_chart(title: str, subtitle: str) -> Option:
    """A chart with a title and no axes or series."""
    return {
        "animation": False,
        "backgroundColor": "white",  # on a dark page too
        "title": {
            "text": title,
            "subtext": subtitle,
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


def category_axis(names: Sequence[str | int], name: str = "") -> Option:
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
    """A legend; `more` are ECharts options."""
    text = {"color": INK, "fontSize": 11}
    return {"itemWidth": 10, "itemHeight": 10, "textStyle": text} | more


def add_side_legend(option: Option, names: Sequence[str], **more: Any) -> None:
    """Add a legend to the right of the chart and widen the right margin for it."""
    right = 40 + 6 * max(map(len, names), default=0)
    option["grid"] |= {"right": right}
    place = {"orient": "vertical", "right": 4, "top": "middle", "icon": "roundRect"}
    option["legend"] = legend(data=list(names)) | place | more


def add_value_axis(option: Option, values: Floats, zero: bool = True) -> None:
    """Add a y axis between round numbers that covers all finite `values`, and 0 if `zero`."""
    finite = values[np.isfinite(values)]
    if zero or not finite.size:
        finite = np.append(finite, 0.0)
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        low, high = (0.0, 1.0) if low == 0 else (low - abs(low) / 5, high + abs(high) / 5)
    step = round_number((high - low) / 5)
    ends = step * math.ceil(high / step - 1e-9), step * math.floor(low / step + 1e-9)
    high, low = (float(f"{end:.9g}") for end in ends)
    option["yAxis"] = axis(high, low) | {"interval": step}
    widest = max(len(f"{end + step:,.9g}") for end in (low, high - 2 * step))
    option["grid"] |= {"left": max(44, 12 + 7 * widest)}


def axis_end(lines: Sequence[Line]) -> float:
    """End of an axis from 0 that covers all lines; a fifth of it is a round number."""
    values = np.concatenate([line.values for line in lines]) if lines else np.zeros(0)
    largest = float(values[np.isfinite(values)].max(initial=0.0))
    return 5 * round_number(largest / 5) if largest > 0 else 1.0


def draw(option: Option, lines: Sequence[Line], end_labels: bool = False, **more: Any) -> None:
    """Add the lines to the chart, optionally labelled at their ends."""
    source = option["dataset"]["source"]
    ends = _end_labels(lines, option["yAxis"]) if end_labels else [{}] * len(lines)
    for line, end in zip(lines, ends, strict=True):
        source[line.name] = [five_digits(value) for value in line.values.tolist()]
        option["series"].append(
            {
                "type": "line",
                "name": line.name,
                "encode": {"x": "period", "y": line.name},
                "itemStyle": {"color": line.look.colour},
                "lineStyle": {"width": _up_to_half(line.look.width)},
                "showSymbol": bool(np.isfinite(line.values).sum() <= 2),
                "z": 3,
            }
            | end
            | line.more
            | more
        )


def five_digits(value: float) -> float | None:
    """The value rounded to five significant digits; None if not finite, as JSON has no NaN."""
    return float(f"{value:.5g}") if math.isfinite(value) else None


def jsonable(values: Floats) -> list[float | None]:
    """The values unrounded; None where not finite, as JSON has no NaN."""
    return [value if math.isfinite(value) else None for value in values.tolist()]


def axis_names(names: Sequence[str]) -> list[str]:
    """Names for an axis: the numbers if names differ in nothing else, as `client_3` does.

    Of other names, those that data give to clients, or these clients' tokens, their beginnings.
    """
    stems = {name.rpartition("_")[0] for name in names}
    numbers = [name.rpartition("_")[2] for name in names]
    if len(stems) == 1 and all(map(str.isdecimal, numbers)):
        return numbers
    return all_shortened([words(name.removeprefix("token_")) for name in names], 14)


def widest(names: Sequence[str]) -> int:
    """Width of the longest name on an axis, pixels."""
    return 6 * max(map(len, names), default=0)


def tilt_long_names(option: Option) -> None:
    """Write long names on the x axis of a chart aslant, in the place of the axis's own name."""
    names = option["xAxis"]["data"]
    if len(names) > 1 and widest(names) > 24:
        every = 0 if len(names) <= 2 * FEW else "auto"
        option["xAxis"]["axisLabel"] |= {"rotate": 25, "interval": every, "fontSize": 10}
        option["xAxis"]["name"] = ""
        option["grid"] |= {"bottom": BOTTOM + widest(names) // 3}


def labels(cast: Cast, column: str, codes: Integers) -> list[str]:
    """Readable names for the codes of a category column."""
    names = [words(name) for name in cast.names[column]]
    return [names[code] for code in codes.tolist()]


def label_offsets(heights: Floats, height: float) -> list[float]:
    """Downward shifts in pixels that keep labels from overlapping.

    `heights` are fractions of the plot's `height` in pixels.
    """
    order = np.argsort(heights, kind="stable")
    places = np.empty(len(heights))
    places[order] = spread(heights[order], 13 / height)
    moves: list[float] = ((heights - places) * height).round().tolist()
    return moves


def _up_to_half(width: float) -> float:
    """Round up to a multiple of 0.5, else ECharts' rounded clipping misplaces end labels."""
    return math.ceil(2 * width) / 2


def _end_labels(lines: Sequence[Line], value_axis: Option) -> Iterator[Option]:
    """Options that label the end of each line, shifted to avoid overlaps."""
    height = HEIGHT - TOP - BOTTOM
    start, end = value_axis["min"], value_axis["max"]
    heights = np.array([(line.values[-1] - start) / (end - start) for line in lines])
    heights = np.nan_to_num(heights)
    names = all_shortened([line.name for line in lines], 24)
    for line, name, move in zip(lines, names, label_offsets(heights, height), strict=True):
        if not np.isfinite(line.values).any():  # ECharts fails on a label of an empty line
            yield {}
            continue
        label = {"formatter": name, "color": line.look.colour, "fontSize": 11}
        yield {"endLabel": label | {"show": True, "offset": [0, move]}}
