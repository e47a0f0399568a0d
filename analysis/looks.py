"""Colours, line widths and axes of the figures: one look per client in every panel."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

FEW = 12
"""Up to this many clients, each has a colour and a label of its own."""

# Cool and muted for honest clients, warm and strong for the others; they also differ in lightness,
# for colour-blind readers and greyscale prints.
COOL = ("#33608C", "#7FA9CC", "#2F7F79", "#86BDB3", "#6A6F9E", "#A3A7CB", "#5B7083", "#9FB0BC")
WARM = ("#D55E00", "#A3195B", "#E6A100", "#7A4A00", "#FF6F91", "#4D0A2E")
INVESTOR_HUES = (
    *("#6A3D9A", "#C77CA8", "#4FA3C7", "#B08CD0"),
    *("#8C8C3E", "#5E5E66", "#BFB3D9", "#3C2A5E"),
)
PROVIDER_HUE = "#009E73"
CHANNEL_COLOURS = {
    "genesis_sale": "#3C2A5E",
    "offering": "#6A3D9A",
    "sales": "#B08CD0",
    "direct": "#33608C",
    "dividends": "#7FA9CC",
    "other": "#E6A100",
}
"""Colours of money for clients: one hue for buyers of tokens, one for customers."""
INK, SOFT, PALE, GRID, AREA = "#222222", "#55595D", "#8A8F94", "#E6E8EA", "#ECEEF1"

SMALL, MEDIUM, LARGE = 8.0, 9.0, 11.0  # points


@dataclass(frozen=True)
class Look:
    """How a line is drawn."""

    colour: str
    width: float
    alpha: float = 1.0
    zorder: float = 2.0


PLAIN = Look(COOL[0], 1.6)
"""Look of a token that belongs to no client."""


def client_looks(behaviours: dict[str, str]) -> dict[str, Look]:
    """A muted colour for each honest client, for the others the colour of their behaviour."""
    looks, colours = behaviour_looks(behaviours.values()), cycle(COOL)
    return {
        client: Look(colour, 1.3) if behaviour == "honest" else looks[behaviour]
        for (client, behaviour), colour in zip(behaviours.items(), colours, strict=False)
    }


def faint(look: Look) -> Look:
    """The look of one client in a crowd."""
    return replace(look, width=0.6, alpha=0.22, zorder=look.zorder - 2)


def thin(look: Look) -> Look:
    """The look of a line that accompanies another."""
    return replace(look, width=1.0, zorder=look.zorder + 0.5)


def behaviour_looks(behaviours: Iterable[str]) -> dict[str, Look]:
    """The look of each behaviour, in the legend and as the median of a crowd; honest first."""
    others = [behaviour for behaviour in dict.fromkeys(behaviours) if behaviour != "honest"]
    return {"honest": Look(COOL[0], 2.0, zorder=3.0)} | {
        name: Look(colour, 2.0, zorder=4.0)
        for name, colour in zip(others, cycle(WARM), strict=False)
    }


def group_looks(groups: Iterable[str]) -> dict[str, Look]:
    """The look of clients, of liquidity providers and of each strategy of the investors."""
    fixed = {"clients": Look(INK, 2.0), "liquidity providers": Look(PROVIDER_HUE, 2.0)}
    strategies = [group for group in groups if group not in fixed]
    return fixed | {
        name: Look(colour, 1.5)
        for name, colour in zip(strategies, cycle(INVESTOR_HUES), strict=False)
    }


def draw_frame(axes: Axes, title: str, note: str, last: int) -> None:
    """Draw a title, a note below it, and a time axis from 0 to period `last`."""
    axes.set_title(title, loc="left", fontsize=LARGE, color=INK, pad=21, y=1.0)
    axes.text(
        0, 1.035, note, transform=axes.transAxes, fontsize=SMALL, color=PALE, va="bottom"
    )  # fmt: skip
    simplify(axes)
    axes.grid(axis="y", color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", length=3, color=PALE)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10], integer=True))
    axes.set_xlim(0, max(last, 1))
    axes.set_xlabel("period", fontsize=MEDIUM, color=SOFT)


def simplify(axes: Axes) -> None:
    """Leave only a pale line below the axes, and small numbers without ticks."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    axes.tick_params(which="both", labelsize=SMALL, colors=SOFT, length=0)


def write_remark(axes: Axes, text: str) -> None:
    """Write a text in place of missing lines."""
    axes.set_yticks([])
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", fontsize=10, color=PALE)


def draw_line(
    axes: Axes, values: pd.Series, label: str, look: Look, dashes: tuple[float, ...] = ()
) -> None:
    """Draw a line over the periods; short ones with markers, to make them visible."""
    few, many = len(values) <= 3, len(values) > 500
    artist = axes.plot(
        values.index,
        values.to_numpy(),
        label=label,
        color=look.colour,
        linewidth=look.width * (0.6 if many else 1.0),
        alpha=look.alpha,
        zorder=look.zorder,
        marker="o" if few and not dashes else "",
        markersize=4,
        clip_on=not few,
    )[0]
    if dashes:
        artist.set_dashes(dashes)


def logarithmic_if_wide(axes: Axes, lines: pd.DataFrame) -> bool:
    """Set a logarithmic scale if values differ by more than a factor of 20; returns whether."""
    values = finite_values(lines)
    if not values.size or values.min() <= 0 or values.max() <= 20 * values.min():
        return False
    axes.set_yscale("log")
    if values.max() < 1000 * values.min():
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(which="both", axis="y", length=0)
    return True


def finite_values(lines: pd.DataFrame) -> np.ndarray:
    """All finite values, flat."""
    values = lines.to_numpy(dtype=float)
    return np.asarray(values[np.isfinite(values)])


def words(name: str) -> str:
    """An identifier with spaces for underscores."""
    return name.replace("_", " ")


def shortened(name: str, length: int = 19) -> str:
    """A name cut to the width beside a panel."""
    return name if len(name) <= length else name[: length - 1] + "…"


def all_shortened(names: Iterable[str], length: int = 19) -> list[str]:
    """The names `shortened`; those that would become equal keep both ends.

    >>> all_shortened(["Saint Mary, ward A", "Saint Mary, ward B", "John"], 9)
    ['Sain…rd A', 'Sain…rd B', 'John']
    """
    names = list(names)
    short = Counter(shortened(name, length) for name in dict.fromkeys(names))
    tail = (length - 1) // 2
    return [
        shortened(name, length)
        if short[shortened(name, length)] == 1
        else f"{name[: length - 1 - tail]}…{name[-tail:]}"
        for name in names
    ]
