"""Figures of a run: an overview of model, rewards, prices and wealth, and who paid clients."""

from collections import Counter
from pathlib import Path
from warnings import catch_warnings, filterwarnings

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .clients import is_member
from .labels import End, label_ends
from .load import Run
from .looks import (
    AREA,
    CHANNEL_COLOURS,
    FEW,
    INK,
    LARGE,
    MEDIUM,
    PALE,
    PLAIN,
    SMALL,
    SOFT,
    Look,
    all_shortened,
    behaviour_looks,
    client_looks,
    draw_frame,
    draw_line,
    faint,
    finite_values,
    group_looks,
    logarithmic_if_wide,
    simplify,
    thin,
    words,
    write_remark,
)
from .money import proceeds

BARS = 60  # at most, in a figure

_LEFT = 0.06
_DASHES = (4.0, 2.0)


def overview_figure(run: Run) -> Figure:
    """Four panels: accuracy and revenue, shares by client, spot prices by token, wealth by group.

    A client has one colour in all panels. More than 12 clients are drawn faintly, with the median
    of each behaviour in bold.
    """
    figure = Figure(figsize=(13.0, 8.8), facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        2, 2, left=_LEFT, right=0.875, bottom=0.065, top=0.825, wspace=0.43, hspace=0.41
    )
    model, shares, prices, wealth = (figure.add_subplot(grid[cell]) for cell in range(4))
    _draw_heading(figure, run)
    _draw_model(model, run)
    _draw_shares(shares, run)
    _draw_prices(prices, run)
    _draw_wealth(wealth, run)
    return figure


def save_overview(run: Run, folder: str | Path | None = None, *, svg: bool = True) -> list[Path]:
    """Write `overview.png` and, if wanted, `overview.svg` into `folder`, by default the run's own.

    Equal runs give byte-identical SVG files.
    """
    folder = run.folder if folder is None else Path(folder)
    files = [folder / "overview.png", *([folder / "overview.svg"] if svg else [])]
    figure = overview_figure(run)
    style = matplotlib.rc_context({"svg.hashsalt": "overview", "svg.fonttype": "path"})
    with style, catch_warnings():
        filterwarnings("ignore", "Glyph .* missing")  # a client's name, drawn as boxes
        for file in files:
            unfinished = file.with_name(f".{file.name}")
            if file.suffix == ".png":  # compressed little: a tenth larger, but sooner
                figure.savefig(unfinished, dpi=150, pil_kwargs={"compress_level": 1})
            else:
                figure.savefig(unfinished, metadata={"Date": None})
            unfinished.replace(file)
    return files


def proceeds_figure(run: Run) -> Figure:
    """Money paid to clients by channel: over the whole run, and stacked by period after genesis.

    The cash that clients brought is left out. Long runs are drawn in at most 60 bars, each the mean
    of several periods.
    """
    figure = Figure(figsize=(11.0, 4.6), facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        1, 2, left=0.11, right=0.98, bottom=0.12, top=0.8, wspace=0.16, width_ratios=[2, 5]
    )
    whole, by_period = (figure.add_subplot(grid[cell]) for cell in range(2))
    heading = figure.suptitle(_title(run), x=0.01, ha="left", fontsize=13, weight="bold")
    heading.set(color=INK, parse_math=False)
    paid = proceeds(run).T.groupby(level="channel").sum().T
    paid = paid.reindex(columns=list(CHANNEL_COLOURS), fill_value=0.0)
    _draw_channels(whole, paid.sum())
    _draw_proceeds(by_period, paid, _last(run))
    return figure


def save_proceeds(run: Run, folder: str | Path | None = None) -> Path:
    """Write `proceeds.png` into `folder`, by default the run's own."""
    file = (run.folder if folder is None else Path(folder)) / "proceeds.png"
    proceeds_figure(run).savefig(file, dpi=150)
    return file


def _draw_channels(axes: Axes, sums: pd.Series) -> None:
    place = range(len(sums))[::-1]
    axes.barh(place, sums, color=[CHANNEL_COLOURS[str(name)] for name in sums.index], height=0.7)
    for y, amount in zip(place, sums, strict=True):
        axes.text(amount, y, f" {amount:,.0f}", va="center", fontsize=SMALL, color=INK)
    axes.set_yticks(place, [words(str(name)) for name in sums.index])
    axes.set_title("Paid to clients, whole run", loc="left", fontsize=LARGE, color=INK, pad=21)
    axes.set_xlim(0, 1.25 * float(sums.max()) or 1)
    simplify(axes)


def _draw_proceeds(axes: Axes, paid: pd.DataFrame, last: int) -> None:
    width = max(1, -(-last // BARS))
    later = paid[paid.index > 0]
    bars = later.groupby((later.index - 1) // width).mean()
    note = "numeraire" if width == 1 else f"numeraire, means of {width} periods"
    draw_frame(axes, "Paid to clients in each period after genesis", note, last)
    centre, under = width * (bars.index + 0.5) + 0.5, np.zeros(len(bars))
    for name, colour in CHANNEL_COLOURS.items():
        axes.bar(centre, bars[name], 0.9 * width, bottom=under, color=colour)
        under += bars[name].to_numpy()
    axes.set_xlim(0.5, max(last, 1) + 0.5)


def _title(run: Run) -> str:
    return f"{run.manifest.get('name')}, seed {run.manifest.get('seed')}"


def _draw_heading(figure: Figure, run: Run) -> None:
    note = f"{_count(_last(run), 'period')}, {_count(len(run.behaviours), 'client')}"
    if run.manifest["status"] != "complete":
        note += f", {run.manifest['status']}"
    heading = figure.suptitle(_title(run), x=_LEFT, y=0.975, ha="left", fontsize=16, weight="bold")
    heading.set(color=INK, parse_math=False)
    figure.text(_LEFT, 0.935, note, va="top", fontsize=10, color=PALE)
    _draw_legend(figure, Counter(run.behaviours.values()))


def _draw_legend(figure: Figure, behaviours: Counter[str]) -> None:
    handles = [
        Line2D([], [], color=look.colour, lw=3, label=f"{words(name)} ({behaviours[name]:,})")
        for name, look in behaviour_looks(behaviours).items()
        if name in behaviours
    ]
    legend = figure.legend(
        handles=handles,
        loc="upper right",
        bbox_to_anchor=(0.99, 0.985),
        ncols=min(4, max(1, len(handles))),
        frameon=False,
        fontsize=MEDIUM,
        title="Clients by behaviour",
        title_fontsize=MEDIUM,
        labelcolor=INK,
        alignment="left",
    )
    legend.get_title().set_color(PALE)


def _draw_model(axes: Axes, run: Run) -> None:
    periods = run.periods.set_index("period")
    draw_frame(axes, "Test accuracy of the global model", "grey area: revenue", _last(run))
    look = Look(INK, 2.0)
    draw_line(axes, periods["accuracy"], "accuracy", look)
    axes.set_ylabel("accuracy", fontsize=MEDIUM, color=SOFT)
    _draw_revenue(axes, periods["revenue"])
    label_ends(axes, _end_labels(periods[["accuracy"]], {"accuracy": look}, "{value:.3f}"))


def _draw_revenue(axes: Axes, revenue: pd.Series) -> None:
    """Draw revenue behind the accuracy, on its own scale at the right."""
    behind = axes.twinx()
    behind.fill_between(revenue.index, revenue.to_numpy(), color=AREA, lw=0, label="revenue")
    if revenue.max() > 0:
        behind.set_ylim(0, 1.6 * float(revenue.max()))
    else:
        behind.set(ylim=(0, 1), yticks=[0])
    behind.spines[:].set_visible(False)
    behind.tick_params(colors=PALE, labelsize=SMALL, length=0, pad=36)
    behind.set_ylabel("numeraire per period", fontsize=MEDIUM, color=PALE)
    axes.set_zorder(behind.get_zorder() + 1)
    axes.patch.set_visible(False)


def _draw_shares(axes: Axes, run: Run) -> None:
    shares = 100 * _wide(run.clients[is_member(run, run.clients)], "client", "share")
    bold, looks = _draw_clients(axes, shares, {client: client for client in _names(shares)}, run)
    draw_line(axes, 100 / shares.notna().sum(axis="columns"), "_equal", Look(PALE, 0.8, zorder=1.0))
    note = "grey line: equal shares" + _about_bold(shares)
    draw_frame(axes, "Share of each client in the rewards", note, _last(run))
    axes.set_ylabel("% of a period's rewards", fontsize=MEDIUM, color=SOFT)
    axes.set_ylim(bottom=min(0.0, finite_values(shares).min(initial=0.0)))
    _mark_changes(axes, run)
    label_ends(axes, _end_labels(bold, looks, "{name} {value:.3g}"))


def _mark_changes(axes: Axes, run: Run) -> None:
    """Draw a line at every period in which clients change their behaviour."""
    rows = run.clients[["period", "client", "behaviour"]].astype({"behaviour": str})
    before = rows.groupby("client", observed=True)["behaviour"].shift()
    changed = rows[before.notna() & (before != rows["behaviour"])]
    looks = behaviour_looks(run.behaviours.values())
    for period, behaviour in changed[["period", "behaviour"]].drop_duplicates().to_numpy():
        colour = looks[behaviour].colour if behaviour in looks else PALE
        axes.axvline(period, color=colour, lw=0.9, dashes=_DASHES, zorder=1)
        label = f"{words(behaviour)} from {period} "
        transform = axes.get_xaxis_transform()
        axes.text(
            period, 0.99, label, color=colour, ha="right", va="top", size=SMALL, transform=transform
        )


def _draw_prices(axes: Axes, run: Run) -> None:
    if run.pools.empty:
        draw_frame(axes, "Spot price of each token", "", _last(run))
        write_remark(axes, "no token is traded in this run")
        return
    prices = _wide(run.pools, "token", "spot_price")
    bold, looks = _draw_clients(axes, prices, run.issuers, run)
    values = _bold(_wide(run.pools, "token", "fundamental_value"), run.issuers, run)
    for name in _dearest_median_cheapest(bold):
        draw_line(axes, values[name], f"{name} (fundamental value)", thin(looks[name]), _DASHES)
    scope = " (three shown)" if _crowded(prices) else " of the dearest, the median and the cheapest"
    note = "dashed: fundamental value" + (scope if bold.shape[1] > 3 else "") + _about_bold(prices)
    draw_frame(axes, "Spot price of each token", note, _last(run))
    axes.set_ylabel("numeraire per token", fontsize=MEDIUM, color=SOFT)
    if not logarithmic_if_wide(axes, prices):
        axes.set_ylim(bottom=0)
    label_ends(axes, _end_labels(bold, looks, "{name} {value:.2f}"))


def _draw_wealth(axes: Axes, run: Run) -> None:
    """Draw wealth; genesis is 100 unless a group starts with 0, as clients paid in cash do."""
    wealth = _wealth_by_group(run.agents)
    indexed = not wealth.empty and bool((wealth.iloc[0] > 0).all())
    unit, note = ("index", "genesis = 100; ") if indexed else ("numeraire", "")
    note += "investors by strategy"
    note += " (a sample of them)" if run.record_detail("agents") == "sample" else ""
    draw_frame(axes, "Wealth of clients, liquidity providers and investors", note, _last(run))
    if wealth.empty:
        write_remark(axes, "no agent is recorded in this run")
        return
    if indexed:
        wealth = 100 * wealth / wealth.iloc[0]
        axes.axhline(100, color=PALE, lw=0.8, zorder=1)
    looks = group_looks(_names(wealth))
    for group in _names(wealth):
        draw_line(axes, wealth[group], group, looks[group])
    logarithmic_if_wide(axes, wealth)
    axes.set_ylabel(unit, fontsize=MEDIUM, color=SOFT)
    digits = 1 if indexed and wealth.iloc[-1].max() < 1000 else 0
    label_ends(axes, _end_labels(wealth, looks, f"{{name}} {{value:,.{digits}f}}"))


def _draw_clients(
    axes: Axes, lines: pd.DataFrame, clients: dict[str, str], run: Run
) -> tuple[pd.DataFrame, dict[str, Look]]:
    """Draw a line per client or token; return the bold ones and their looks.

    `clients` names the client of each line.
    """
    bold, by_behaviour = _bold(lines, clients, run), behaviour_looks(run.behaviours.values())
    if bold is lines:
        by_client = client_looks(run.behaviours)
        looks = {name: by_client.get(clients.get(name, ""), PLAIN) for name in _names(lines)}
    else:
        looks = {words(behaviour): look for behaviour, look in by_behaviour.items()}
        for name in _names(lines):
            look = by_behaviour[run.behaviours.get(clients.get(name, ""), "honest")]
            draw_line(axes, lines[name], name, faint(look))
    for name in _names(bold):
        draw_line(axes, bold[name], name, looks[name])
    return bold, looks


def _bold(lines: pd.DataFrame, clients: dict[str, str], run: Run) -> pd.DataFrame:
    """The lines themselves when they are few, otherwise the median of each behaviour."""
    if not _crowded(lines):
        return lines
    behaviours = [
        words(run.behaviours.get(clients.get(name, ""), "honest")) for name in _names(lines)
    ]
    return lines.T.groupby(behaviours, sort=False).median().T


def _crowded(lines: pd.DataFrame) -> bool:
    return lines.shape[1] > FEW


def _about_bold(lines: pd.DataFrame) -> str:
    return "; bold: medians by behaviour" if _crowded(lines) else ""


def _dearest_median_cheapest(prices: pd.DataFrame) -> list[str]:
    """Names of the tokens at these ranks of the final price; all if no more than three."""
    final = prices.ffill().iloc[-1].dropna().sort_values(ascending=False, kind="stable")
    last = len(final) - 1
    places = sorted({0, last // 2, last}) if len(final) else []
    return [str(final.index[place]) for place in places]


def _wealth_by_group(agents: pd.DataFrame) -> pd.DataFrame:
    """Columns: clients, liquidity providers, then the investors by strategy."""
    kinds = {"client": "clients", "liquidity_provider": "liquidity providers"}
    rows = agents[agents["kind"].isin([*kinds, "investor"])]
    kind, strategy = rows["kind"].astype(str), rows["strategy"].astype(str)
    group = kind.map(kinds).where(kind != "investor", strategy.map(words)).rename("group")
    wide = rows.groupby(["period", group], sort=False)["wealth"].sum().unstack().sort_index()
    first = [name for name in kinds.values() if name in wide]
    return wide[first + [name for name in wide if name not in first]]


def _wide(rows: pd.DataFrame, name: str, value: str) -> pd.DataFrame:
    """A column as `[periods, names]`, in the order of the names' first appearance."""
    rows = rows.assign(**{name: rows[name].astype(str)})
    return rows.pivot(index="period", columns=name, values=value)[list(rows[name].unique())]


def _names(lines: pd.DataFrame) -> list[str]:
    return [str(name) for name in lines]


def _end_labels(lines: pd.DataFrame, looks: dict[str, Look], form: str) -> list[End]:
    """A label at the last value of every line that has one."""
    columns = {name: lines[name].dropna() for name in _names(lines)}
    return [
        End(
            height=float(values.iloc[-1]),
            text=form.format(name=short, value=float(values.iloc[-1])),
            colour=looks[name].colour,
        )
        for short, (name, values) in zip(all_shortened(columns), columns.items(), strict=True)
        if len(values)
    ]


def _last(run: Run) -> int:
    return int(run.periods["period"].max())


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
