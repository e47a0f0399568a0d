"""The tab Overview: accuracy and revenue, reward shares, token prices, and wealth."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from simulator.analysis.looks import AREA, INK, PALE, Look, group_looks, words
from simulator.components import Floats
from simulator.dashboard.charts import (
    Chart,
    Line,
    Option,
    axis,
    axis_end,
    draw,
    lines_of,
    median_note,
    period_chart,
    series,
    thinned,
)
from simulator.dashboard.frames import Cast, Frame

__all__ = ["charts", "story"]


def story(frames: Sequence[Frame], cast: Cast) -> str:
    """One sentence about the newest period."""
    row, share = frames[-1].row, frames[-1].clients["share"]
    numbers, periods = f"accuracy {row['accuracy']:.3f}", cast.settings.periods
    if row["period"] == 0:
        return f"Genesis: {numbers}, before any training; {periods} periods lie ahead."
    numbers += f", revenue {row['revenue']:.1f}, volume {row['volume']:.1f}"
    earner = _top_earner(frames[-1], share, cast)
    return f"Period {row['period']} of {periods}: {numbers}; {earner}."


def _top_earner(frame: Frame, share: Floats, cast: Cast) -> str:
    if not share.any():
        return "nobody earned rewards"
    best = int(share.argmax())
    behaviour = cast.names["behaviour"][frame.clients["behaviour"][best]]
    who = f"{words(cast.clients[best])} ({words(behaviour)})"
    return f"{who} earned most, {share.max():.1%} of the rewards"


def charts(frames: Sequence[Frame], cast: Cast) -> list[Chart]:
    """Accuracy with revenue, shares, prices with fundamental values, and wealth by kind."""
    frames = thinned(frames)
    prices = [Chart(_prices(frames, cast))] if cast.tokens else []
    upper = [Chart(_accuracy(frames)), Chart(_shares(frames, cast)), *prices]
    return [*upper, Chart(_wealth(frames, cast))]


def _accuracy(frames: Sequence[Frame]) -> Option:
    accuracy, revenue = (series(frames, lambda f, name=name: f.row[name]) for name in _ROW)  # type: ignore[misc]
    option = period_chart(frames, "Test accuracy", "grey: revenue per period, right scale")
    bars = [Line("revenue", Look(PALE, 0.0), revenue)]
    draw(option, bars, yAxisIndex=1, areaStyle={"color": AREA, "opacity": 1}, z=1)
    draw(option, [Line("accuracy", Look(INK, 2.0), accuracy)])
    right = axis(axis_end(bars)) | {"position": "right", "splitLine": {"show": False}}
    option["yAxis"] = [axis(1.0), right]
    option["grid"]["right"] = 52
    return option


_ROW = ("accuracy", "revenue")


def _shares(frames: Sequence[Frame], cast: Cast) -> Option:
    shares = 100 * series(frames, lambda frame: frame.clients["share"])
    lines = list(lines_of(shares, cast.behaviours))
    title, subtitle = "Share of each client in the rewards", f"percent{median_note(cast)}"
    option = period_chart(frames, title, subtitle)
    option["yAxis"] = axis(axis_end(lines))
    draw(option, lines, end_labels=True)
    return option


def _prices(frames: Sequence[Frame], cast: Cast) -> Option:
    spot, value = (
        list(lines_of(series(frames, lambda f, name=name: f.pools[name]), cast.behaviour_by_token))  # type: ignore[misc]
        for name in ("spot_price", "fundamental_value")
    )
    value = [replace(line, name=f"{line.name}, fundamental value") for line in value]
    subtitle = f"numeraire; dashed: fundamental value{median_note(cast)}"
    option = period_chart(frames, "Spot price of each token", subtitle)
    option["yAxis"] = axis(axis_end(spot + value))
    draw(option, value, showSymbol=False, lineStyle={"width": 1, "type": "dashed"}, z=2)
    draw(option, spot, end_labels=True)
    return option


def _wealth(frames: Sequence[Frame], cast: Cast) -> Option:
    """Wealth of clients, providers and each investor strategy; genesis = 100."""
    wealth = _by_group(frames, cast)
    looks = group_looks(wealth)
    lines = []
    for name, values in wealth.items():
        first = next((value for value in values if value > 0), np.nan)
        lines.append(Line(name, looks[name], 100 * values / first))
    option = period_chart(frames, "Wealth by kind", "genesis = 100; tokens at spot prices")
    option["yAxis"] = axis(axis_end(lines))
    draw(option, lines, end_labels=True)
    return option


def _by_group(frames: Sequence[Frame], cast: Cast) -> dict[str, Floats]:
    """Wealth of each group `[frames]`: investors by strategy, others by kind, no aggregator."""
    wealth: dict[str, Floats] = {}
    for place, frame in enumerate(frames):
        rows = frame.agents
        strategies = len(cast.names["strategy"])
        pair = rows["kind"] * strategies + rows["strategy"]
        for code, total in enumerate(np.bincount(pair, rows["wealth"])):
            kind = cast.names["kind"][code // strategies]
            if total and kind != "aggregator":
                strategy = words(cast.names["strategy"][code % strategies])
                name = strategy if kind == "investor" else f"{words(kind)}s"
                wealth.setdefault(name, np.zeros(len(frames)))[place] += total
    return wealth
