"""Figures of reports, one function for each shape of table."""

from itertools import cycle
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .looks import (
    CHANNEL_COLOURS,
    COOL,
    GRID,
    INK,
    INVESTOR_HUES,
    MEDIUM,
    PALE,
    PROVIDER_HUE,
    SMALL,
    SOFT,
    WARM,
    simplify,
    words,
)

_WHISKERS: dict[str, Any] = {"fmt": "none", "ecolor": INK, "elinewidth": 1, "zorder": 3}

GROUP_COLOURS = {
    "account": WARM[0],
    "investors": INVESTOR_HUES[0],
    "clients": COOL[0],
    "liquidity_providers": PROVIDER_HUE,
}
"""Groups that may gain or lose when an account manipulates the market, and their colours."""

CONTRASTS = (
    COOL[0],
    WARM[0],
    PROVIDER_HUE,
    INVESTOR_HUES[0],
    WARM[2],
)
"""Colours of cases whose lines cross."""


def small_multiples(table: pd.DataFrame, name: str) -> Figure:
    """A panel for each task and case, a bar for each rank of clients."""
    tasks, cases = list(table["task"].unique()), list(table["case"].unique())
    note = "pay in % of equal; clients ranked by the first method; lines: 95% intervals over seeds"
    figure = _sheet(1.9 * len(cases) + 0.6, 2.4 * len(tasks) + 0.9, name, note)
    grid = figure.subplots(len(tasks), len(cases), sharex=True, sharey="row", squeeze=False)
    for row, task in zip(grid, tasks, strict=True):
        row[0].set_ylabel(words(task), fontsize=MEDIUM, color=INK)
        for axes, case in zip(row, cases, strict=True):
            rows = table[(table["task"] == task) & (table["case"] == case)]
            axes.bar(rows["rank"], rows["mean"], color=COOL[1], width=0.8, zorder=2)
            axes.errorbar(rows["rank"], rows["mean"], _errors(rows), **_WHISKERS)
            axes.axhline(100, color=PALE, lw=1, zorder=1)
            axes.set_xticks([1, len(rows)])
            axes.set_ylim(bottom=0)
            _panel(axes, case, "y")
    return figure


def bars(table: pd.DataFrame, name: str, note: str) -> Figure:
    """A panel for each task, a bar for each case."""
    tasks, cases = list(table["task"].unique()), list(table["case"].unique())
    note += "; lines: 95% intervals over seeds"
    figure = _sheet(4.2 * len(tasks) + 1.2, 0.36 * len(cases) + 1.6, name, note)
    positions = np.arange(len(cases))[::-1]
    for axes, task in zip(figure.subplots(1, len(tasks), squeeze=False)[0], tasks, strict=True):
        rows = table[table["task"] == task].set_index("case").loc[cases]
        axes.barh(positions, rows["mean"], color=COOL[1], height=0.7)
        axes.errorbar(rows["mean"], positions, xerr=_errors(rows), **_WHISKERS)
        ends = rows[["mean", "high"]].max(axis=1)
        for y, end, mean in zip(positions, ends.fillna(0), rows["mean"], strict=True):
            axes.text(end, y, f"  {mean:.1f}", va="center", fontsize=SMALL, color=INK)
        axes.set_yticks(positions, [words(case) for case in cases])
        axes.set_title(words(task), loc="left", fontsize=MEDIUM, color=INK)
        axes.set_xlim(0, 1.12 * float(ends.max()) if ends.max() > 0 else 1)
        simplify(axes)
    return figure


def matrix(table: pd.DataFrame, name: str) -> Figure:
    """A panel for each task, a cell for each behaviour and case."""
    tasks, cases = list(table["task"].unique()), list(table["case"].unique())
    kinds = list(table["behaviour"].unique())
    note = "pay in % of equal, and half the 95% interval over seeds; the darker, the more"
    figure = _sheet(0.95 * len(cases) * len(tasks) + 2, 0.42 * len(kinds) + 2, name, note)
    grid = figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
    for axes, task in zip(grid, tasks, strict=True):
        for row in table[table["task"] == task].itertuples():
            _cell(axes, cases.index(row.case), kinds.index(row.behaviour), row)
        axes.set_xlim(-0.5, len(cases) - 0.5)
        axes.set_ylim(len(kinds) - 0.5, -0.5)
        axes.set_xticks(range(len(cases)), [words(case).replace(" ", "\n") for case in cases])
        axes.set_yticks(range(len(kinds)), [words(kind) for kind in kinds])
        axes.xaxis.tick_top()
        axes.set_title(words(task), loc="left", fontsize=MEDIUM, color=INK)
        simplify(axes)
        axes.spines["bottom"].set_visible(False)
    return figure


def who_gains(table: pd.DataFrame, name: str) -> Figure:
    """A panel for each strategy, a row for each case, a point for each of `GROUPS`."""
    strategies, cases = list(table["strategy"].unique()), list(table["case"].unique())
    note = "change of wealth against the account being idle, numeraire, tokens at fundamental value"
    note += "; lines: 95% intervals over seeds"
    figure = _sheet(max(3.1 * len(strategies) + 1.2, 9), 0.62 * len(cases) + 1.8, name, note)
    grid = figure.subplots(1, len(strategies), sharey=True, squeeze=False)[0]
    positions = np.arange(len(cases))[::-1]
    for axes, strategy in zip(grid, strategies, strict=True):
        axes.axvline(0, color=PALE, lw=1, zorder=1)
        for row, (group, colour) in enumerate(GROUP_COLOURS.items()):
            is_shown = (table["strategy"] == strategy) & (table["measure"] == group)
            rows = table[is_shown].set_index("case").reindex(cases)
            y = positions + 0.27 - 0.18 * row
            axes.errorbar(rows["mean"], y, xerr=_errors(rows), fmt="none", ecolor=colour, zorder=2)
            axes.plot(rows["mean"], y, "o", color=colour, ms=4, label=words(group), zorder=3)
        axes.set_yticks(positions, [words(case) for case in cases])
        _panel(axes, strategy, "x")
    _legend(figure, grid[0])
    return figure


def by_measure(table: pd.DataFrame, name: str) -> Figure:
    """A panel for each measure, a row for each case."""
    measures, cases = list(table["measure"].unique()), list(table["case"].unique())
    columns = 5
    lines = -(-len(measures) // columns)
    height = (0.3 * len(cases) + 0.7) * lines + 0.8
    figure = _sheet(2.6 * columns + 1, height, name, "lines: 95% intervals over seeds")
    grid = figure.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    positions = np.arange(len(cases))[::-1]
    for axes, measure in zip(grid, measures, strict=False):
        rows = table[table["measure"] == measure].set_index("case").reindex(cases)
        axes.errorbar(rows["mean"], positions, xerr=_errors(rows), fmt="none", ecolor=COOL[0])
        axes.plot(rows["mean"], positions, "o", color=COOL[0], ms=5)
        axes.set_yticks(positions, [words(case) for case in cases])
        axes.locator_params(axis="x", nbins=4)
        axes.set_ylim(-0.6, len(cases) - 0.4)
        _panel(axes, measure, "x")
    for axes in grid[len(measures) :]:
        axes.set_visible(False)
    return figure


def by_clients(table: pd.DataFrame, name: str) -> Figure:
    """A panel for each measure, a line for each mechanism, over the number of clients."""
    measures, columns = list(table["measure"].unique()), 4
    lines = -(-len(measures) // columns)
    note = "over the number of clients; lines: 95% intervals over seeds"
    figure = _sheet(2.9 * columns + 0.6, 2.5 * lines + 0.9, name, note)
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, measure in zip(grid, measures, strict=False):
        panel = table[table["measure"] == measure]
        for mechanism, colour in zip(table["mechanism"].unique(), cycle(COOL), strict=False):
            rows = panel[panel["mechanism"] == mechanism].sort_values("clients")
            look = {"color": colour, "marker": "o", "ms": 4, "label": words(mechanism)}
            axes.errorbar(rows["clients"], rows["mean"], yerr=_errors(rows), **look)
        axes.set_xscale("log")
        sizes = sorted(table["clients"].unique())
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        if (panel["mean"] >= 0).all():
            axes.set_ylim(bottom=0)
        _panel(axes, measure)
    grid[len(measures) - 1].legend(fontsize=MEDIUM, frameon=False)
    for axes in grid[len(measures) :]:
        axes.set_visible(False)
    return figure


def over_time(table: pd.DataFrame, name: str) -> Figure:
    """A panel for each measure that is ever above 0, a line for each case, over the periods."""
    measures, columns = list(table["measure"][table["mean"] > 0].unique()), 4
    lines = -(-len(measures) // columns)
    note = "over the periods; parts in %; areas: 95% intervals over seeds"
    figure = _sheet(2.8 * columns + 0.6, 2.3 * lines + 1.1, name, note)
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, measure in zip(grid, measures, strict=False):
        panel = table[table["measure"] == measure]
        for case, colour in zip(table["case"].unique(), cycle(CONTRASTS), strict=False):
            rows = panel[panel["case"] == case].sort_values("period")
            periods = rows["period"]
            axes.fill_between(periods, rows["low"], rows["high"], color=colour, alpha=0.2, lw=0)
            axes.plot(periods, rows["mean"], color=colour, lw=1.6, label=words(case))
        axes.set_ylim(bottom=0)
        _panel(axes, measure)
    for axes in grid[len(measures) :]:
        axes.set_visible(False)
    _legend(figure, grid[0])
    return figure


def stacked(table: pd.DataFrame, name: str) -> Figure:
    """A bar for each case, stacked from clients' pay through each channel."""
    cases = list(table["case"].unique())
    note = "numeraire paid to clients; lines: 95% intervals of the sum over seeds"
    figure = _sheet(9, 0.42 * len(cases) + 1.5, name, note)
    axes, positions = figure.subplots(), np.arange(len(cases))[::-1]
    means = table.pivot(index="case", columns="measure", values="mean").loc[cases]
    left = np.zeros(len(cases))
    for channel in filter(lambda name: means[name].any(), CHANNEL_COLOURS):
        colour = CHANNEL_COLOURS[channel]
        look: dict[str, Any] = {"color": colour, "height": 0.7, "label": words(channel)}
        axes.barh(positions, means[channel], left=left, **look)
        left += means[channel].to_numpy()
    total = table[table["measure"] == "total"].set_index("case").loc[cases]
    axes.errorbar(total["mean"], positions, xerr=_errors(total), **_WHISKERS)
    axes.set_yticks(positions, [words(case) for case in cases])
    simplify(axes)
    _legend(figure, axes)
    return figure


def against_holding(table: pd.DataFrame, name: str) -> Figure:
    """A panel for each case, a line for each deposit, over the fee."""
    cases, deposits = list(table["case"].unique()), sorted(table["deposit"].unique())
    note = "liquidity providers' gain on holding, % of the deposit; lines: 95% intervals over seeds"
    figure = _sheet(3.1 * len(cases) + 0.8, 3.6, name, note)
    panel = table[table["measure"] == "against_holding"]
    grid = figure.subplots(1, len(cases), sharey=True, squeeze=False)[0]
    for axes, case in zip(grid, cases, strict=True):
        axes.axhline(0, color=PALE, lw=1, zorder=1)
        for deposit, colour in zip(deposits, cycle(COOL), strict=False):
            rows = panel[(panel["case"] == case) & (panel["deposit"] == deposit)].sort_values("fee")
            label = f"deposit {deposit:g}"
            axes.errorbar(
                100 * rows["fee"],
                rows["mean"],
                _errors(rows),
                color=colour,
                marker="o",
                ms=4,
                label=label,
            )
        axes.set_xscale("log")
        fees = sorted(100 * panel["fee"].unique())
        axes.set_xticks(fees, [f"{fee:g}" for fee in fees], minor=False)
        axes.set_xticks([], minor=True)
        axes.set_xlabel("fee, %", fontsize=MEDIUM, color=SOFT)
        _panel(axes, case, "y")
    _legend(figure, grid[0])
    return figure


def _cell(axes: Axes, x: int, y: int, row: Any) -> None:
    strength = float(np.nan_to_num(min(row.mean / 200, 1.0)))
    half = (row.high - row.low) / 2
    look: dict[str, Any] = {"color": WARM[0], "alpha": strength, "lw": 0}
    axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, **look))
    text = f"{row.mean:.0f}" + (f" ± {half:.0f}" if np.isfinite(half) else "")
    colour = "white" if strength > 0.75 else INK
    axes.text(x, y, text, ha="center", va="center", fontsize=SMALL, color=colour)


def _sheet(width: float, height: float, title: str, note: str) -> Figure:
    figure = Figure(figsize=(width, height), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(words(title), x=0.01, ha="left", fontsize=13, color=INK)
    figure.supxlabel(note, x=0.01, ha="left", fontsize=MEDIUM, color=SOFT)
    return figure


def _panel(axes: Axes, title: str, lines: Literal["both", "x", "y"] = "both") -> None:
    """Set the title, and grid lines along the named axes."""
    axes.set_title(words(title), loc="left", fontsize=MEDIUM, color=INK)
    axes.grid(axis=lines, color=GRID, zorder=0)
    simplify(axes)


def _legend(figure: Figure, axes: Axes) -> None:
    """A legend for the whole figure, with the labels in `axes`."""
    look: dict[str, Any] = {"ncols": 4, "frameon": False, "fontsize": SMALL}
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", **look)


def _errors(rows: pd.DataFrame) -> np.ndarray:
    return np.array([rows["mean"] - rows["low"], rows["high"] - rows["mean"]])
