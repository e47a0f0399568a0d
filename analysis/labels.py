"""Names at the ends of lines, in the place of a legend."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb

from .looks import INK, SMALL


@dataclass(frozen=True)
class End:
    """A label at the end of a line; its height is in data coordinates."""

    height: float
    text: str
    colour: str


def label_ends(axes: Axes, ends: list[End]) -> None:
    """Write the labels at the right edge, spread just enough to be readable."""
    if not ends:
        return
    ends = sorted(ends, key=lambda end: end.height)
    heights = _heights(axes, ends)
    for end, height, place in zip(ends, heights, spread(heights, _gap(axes)), strict=True):
        axes.plot(
            [1.005, 1.025],
            [height, place],
            color=end.colour,
            linewidth=0.8,
            clip_on=False,
            transform=axes.transAxes,
            label="_leader",
        )
        axes.text(
            1.03,
            place,
            end.text,
            color=_legible(end.colour),
            fontsize=SMALL,
            verticalalignment="center",
            transform=axes.transAxes,
            parse_math=False,
        )


def spread(heights: Sequence[float] | np.ndarray, gap: float) -> np.ndarray:
    """The places in [0, 1] nearest to the ascending `heights` that are `gap` apart.

    Least squares under an order: isotonic regression of `heights - gap * rank` by pooling
    adjacent violators (Barlow et al. 1972). If too many to fit, they are `1 / (n - 1)` apart.
    """
    count = len(heights)
    gap = min(gap, 1 / max(count - 1, 1))
    steps = gap * np.arange(count)
    pools: list[tuple[float, int]] = []  # mean, members
    for target in np.asarray(heights, dtype=float) - steps:
        mean, members = float(target), 1
        while pools and pools[-1][0] > mean:
            lower_mean, count_below = pools.pop()
            mean = (mean * members + lower_mean * count_below) / (members + count_below)
            members += count_below
        pools.append((mean, members))
    means = np.repeat([mean for mean, _ in pools], [members for _, members in pools])
    return np.asarray(np.clip(means, 0.0, 1.0 - gap * (count - 1)) + steps)


def _heights(axes: Axes, ends: list[End]) -> np.ndarray:
    """Heights in fractions of the axes; reading the limits first autoscales them."""
    axes.get_ylim()
    points = axes.transData.transform([(0.0, end.height) for end in ends])
    return np.asarray(axes.transAxes.inverted().transform(points)[:, 1])


def _gap(axes: Axes) -> float:
    """Height of a line of text, in fractions of the axes."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    inches = figure.get_figheight() * axes.get_position().height
    return 1.25 * SMALL / (72 * inches)


def _legible(colour: str) -> str:
    """A darker shade of the colour: text is thinner than a line."""
    return to_hex(tuple(0.65 * np.array(to_rgb(colour)) + 0.35 * np.array(to_rgb(INK))))
