"""Reports: what all runs of a study say together, as a table and a figure.

Pay is that of `relative_pay` and `attackers_pay`, in % of an equal share. Where no market moves
prices it is 100 x N x s_i in each period: what the contribution method alone decides. Intervals are
of 95%, over seeds.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations, cycle
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.flexibility import flexibility_results
from analysis.information import information_results
from analysis.joining import joining_results
from analysis.load import Run
from analysis.looks import (
    CHANNEL_COLOURS,
    GRID,
    HONEST,
    INK,
    INVESTORS,
    MEDIUM,
    OTHERS,
    PALE,
    PROVIDERS,
    SMALL,
    SOFT,
    plain,
    words,
)
from analysis.manipulators import manipulation
from analysis.mechanisms import mechanism_results
from analysis.money import proceeds_by_channel
from analysis.outside_money import outside_money_results
from analysis.owners import ownership as owned
from analysis.participation import participation_results
from analysis.pay import attackers_pay, relative_pay
from analysis.providers import lp_results
from analysis.scalability import scalability_results
from analysis.sweeps import Sweep, interval

_WHISKERS: dict[str, Any] = {"fmt": "none", "ecolor": INK, "elinewidth": 1, "zorder": 3}

IDLE = "idle"
GROUPS = {
    "account": OTHERS[0],
    "investors": INVESTORS[0],
    "clients": HONEST[0],
    "liquidity_providers": PROVIDERS,
}
"""Who may gain or pay when an account manipulates the market, and their colours."""

CONTRASTS = (HONEST[0], OTHERS[0], PROVIDERS, INVESTORS[0], OTHERS[2])
"""Colours of cases whose lines cross."""

Report = Callable[[Sweep], tuple[pd.DataFrame, Figure]]


def reward_by_client(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """Mean pay of clients by their rank in the study's first case, for each task and case.

    Rank 1 is the client that the first case pays most in the run of the same seed.
    """
    pay = {(run.task, run.case, run.seed): relative_pay(run.run).mean() for run in _runs(sweep)}
    first = next(case for _, case, _ in pay)
    found: dict[tuple[str, str, int], list[float]] = {}
    for (task, case, seed), own in pay.items():
        order = pay[task, first, seed].sort_values(ascending=False, kind="stable").index
        for rank, client in enumerate(order, start=1):
            found.setdefault((task, case, rank), []).append(float(own[client]))
    table = _table(found, ["task", "case", "rank"])
    return table, _small_multiples(table, sweep.name)


def volatility(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """Deviation of a client's pay between periods, mean over clients, for each task and case.

    In percentage points of an equal share.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for run in _runs(sweep):
        deviation = float(relative_pay(run.run).std(ddof=1).mean())
        found.setdefault((run.task, run.case), []).append(deviation)
    table = _table(found, ["task", "case"])
    return table, _bars(table, sweep.name, "deviation between periods, percentage points")


def attackers_pay_by_method(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`attackers_pay` of those who are not honest, for each task, case and behaviour."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for run in _runs(sweep):
        for row in attackers_pay(run.run).reset_index().itertuples():
            key = run.task, run.case, str(row.behaviour)
            found.setdefault(key, []).append(cast(float, row.percent))
    table = _table(found, ["task", "case", "behaviour"])
    return table, _matrix(table, sweep.name)


def manipulation_by_rule(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`manipulation` by the last group of investors, for each case, strategy and measure.

    Against the run of the same case and seed in which the group has activity 0.
    """
    found: dict[tuple[str, str, str], list[float]] = {}
    for (case, _), rows in sweep.complete.groupby(["case", "seed"], sort=False):
        runs = {_strategy(run): run for run in map(sweep.load, rows.itertuples())}
        for strategy, run in runs.items():
            if strategy != IDLE and IDLE in runs:
                for name, value in manipulation(run, runs[IDLE], _last_group(run)).items():
                    found.setdefault((str(case), strategy, str(name)), []).append(float(value))
    table = _table(found, ["case", "strategy", "measure"])
    return table, _who_gains(table, sweep.name)


def liquidity(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`lp_results` for each case, deposit of all providers and fee."""
    found: dict[tuple[str, float, float, str], list[float]] = {}
    for run in _runs(sweep):
        scenario, results = run.run.scenario, lp_results(run.run)
        providers = scenario["liquidity_providers"]
        deposit = float(sum(group["count"] * group["deposit"] for group in providers))
        for name, value in results.items():
            key = run.case, deposit, float(scenario["market"]["fee"]), str(name)
            found.setdefault(key, []).append(float(value))
    table = _table(found, ["case", "deposit", "fee", "measure"])
    return table, _against_holding(table, sweep.name)


def mechanisms(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`mechanism_results` for each case, and how they differ from the first in runs of one seed."""
    return _paired(sweep, mechanism_results)


def participation(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`participation_results` for each case, and how each two differ in runs of one seed."""
    return _paired(sweep, participation_results, pairs=_each_two)


def outside_money(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`outside_money_results` for each case, and how they differ from the first by seed."""
    return _paired(sweep, outside_money_results)


def flexibility(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`flexibility_results` for each case, and how they differ from the first by seed."""
    return _paired(sweep, flexibility_results)


def information(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`information_results` for each case, and how they differ from the first by seed."""
    return _paired(sweep, information_results)


def joining(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`joining_results` for each case, and how they differ from the first by seed."""
    return _paired(sweep, joining_results)


def scalability(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`scalability_results` by mechanism and number of clients."""
    found: dict[tuple[str, int, str], list[float]] = {}
    for run in _runs(sweep):
        mechanism = run.run.scenario["tokens"]["mechanism"]["kind"]
        clients = run.run.clients["client"].nunique()
        for name, value in scalability_results(run.run).dropna().items():
            found.setdefault((mechanism, clients, str(name)), []).append(float(value))
    table = _table(found, ["mechanism", "clients", "measure"])
    return table, _by_clients(table, sweep.name)


def ownership(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`analysis.ownership` in each case at some 20 periods, and differences from the first case."""
    runs = {(run.case, run.seed): _sampled(owned(run.run)) for run in _runs(sweep)}
    first = next(case for case, _ in runs)
    found: dict[tuple[str, int, str], list[float]] = {}
    for (case, seed), values in runs.items():
        _add(found, case, values)
        if case != first and (first, seed) in runs:
            _add(found, f"{case} - {first}", values - runs[first, seed])
    table = _table(found, ["case", "period", "measure"])
    cases = table[~table["case"].str.contains(" - ")]
    return table, _over_time(cases, sweep.name)


def _sampled(rows: pd.DataFrame) -> pd.DataFrame:
    """Every twentieth of the periods."""
    return rows.iloc[:: max(1, (len(rows) - 1) // 20)]


def _add(found: dict[tuple[str, int, str], list[float]], case: str, values: pd.DataFrame) -> None:
    """Add the values `[periods, measures]` of a run to those that are there; not what is NaN."""
    for measure, over_time in values.items():
        for period, value in zip(over_time.index.tolist(), over_time.tolist(), strict=True):
            if not np.isnan(value):
                found.setdefault((case, period, str(measure)), []).append(value)


def proceeds(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`proceeds_by_channel` for each case, and how they differ from the first by seed."""
    return _paired(sweep, proceeds_by_channel, _stacked)


def _from_first(cases: list[str]) -> list[tuple[str, str]]:
    return [(cases[0], case) for case in cases[1:]]


def _each_two(cases: list[str]) -> list[tuple[str, str]]:
    return list(combinations(cases, 2))


def _paired(
    sweep: Sweep,
    measured: Callable[[Run], pd.Series],
    drawn: Callable[[pd.DataFrame, str], Figure] | None = None,
    pairs: Callable[[list[str]], Iterable[tuple[str, str]]] = _from_first,
) -> tuple[pd.DataFrame, Figure]:
    """What is measured of each case, and differences of `pairs` of cases in runs of one seed."""
    results = {(run.case, run.seed): measured(run.run) for run in _runs(sweep)}
    cases = list(dict.fromkeys(case for case, _ in results))
    found: dict[tuple[str, str], list[float]] = {}
    for (case, _), values in results.items():
        for name, value in values.items():
            found.setdefault((case, str(name)), []).append(float(value))
    for first, case in pairs(cases):
        for seed in [seed for other, seed in results if other == case and (first, seed) in results]:
            for name, value in (results[case, seed] - results[first, seed]).dropna().items():
                found.setdefault((f"{case} - {first}", str(name)), []).append(float(value))
    table = _table(found, ["case", "measure"])
    shown = table[~table["case"].str.contains(" - ")]
    return table, (drawn or _by_measure)(shown, sweep.name)


REPORTS: dict[str, Report] = {
    "reward_by_client": reward_by_client,
    "volatility": volatility,
    "attackers_pay": attackers_pay_by_method,
    "manipulation": manipulation_by_rule,
    "liquidity": liquidity,
    "mechanisms": mechanisms,
    "outside_money": outside_money,
    "scalability": scalability,
    "flexibility": flexibility,
    "information": information,
    "proceeds": proceeds,
    "joining": joining,
    "participation": participation,
    "ownership": ownership,
}


def save_report(sweep: Sweep, report: str) -> list[Path]:
    """Write `report.csv` and `report.png` into the folder of the sweep."""
    table, figure = REPORTS[report](sweep)
    csv, png = sweep.folder / "report.csv", sweep.folder / "report.png"
    table.to_csv(csv, index=False, float_format="%.6g")
    figure.savefig(png, dpi=150)
    return [csv, png]


class _One(NamedTuple):
    """A complete run and where it stands in the study."""

    task: str
    case: str
    seed: int
    run: Run


def _runs(sweep: Sweep) -> Iterator[_One]:
    for row in sweep.complete.itertuples():
        run = sweep.load(row)
        task = run.scenario["federation"]["task"]["kind"]
        yield _One(task, str(row.case), int(run.manifest["seed"]), run)


def _table(found: Mapping[Any, list[float]], names: list[str]) -> pd.DataFrame:
    rows = [
        dict(zip(names, key, strict=True)) | interval(values).to_dict()
        for key, values in found.items()
    ]
    return pd.DataFrame(rows)


def _sheet(width: float, height: float, title: str, below: str) -> Figure:
    figure = Figure(figsize=(width, height), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(words(title), x=0.01, ha="left", fontsize=13, color=INK)
    figure.supxlabel(below, x=0.01, ha="left", fontsize=MEDIUM, color=SOFT)
    return figure


def _legend(figure: Figure, axes: Axes) -> None:
    """Names of what is in `axes`, for all of the figure."""
    look: dict[str, Any] = {"ncols": 4, "frameon": False, "fontsize": SMALL}
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", **look)


def _errors(rows: pd.DataFrame) -> np.ndarray:
    return np.array([rows["mean"] - rows["low"], rows["high"] - rows["mean"]])


def _small_multiples(table: pd.DataFrame, name: str) -> Figure:
    tasks, cases = list(table["task"].unique()), list(table["case"].unique())
    below = "pay in % of equal; clients ranked by the first method; lines: 95% intervals over seeds"
    figure = _sheet(1.9 * len(cases) + 0.6, 2.4 * len(tasks) + 0.9, name, below)
    grid = figure.subplots(len(tasks), len(cases), sharex=True, sharey="row", squeeze=False)
    for row, task in zip(grid, tasks, strict=True):
        row[0].set_ylabel(words(task), fontsize=MEDIUM, color=INK)
        for axes, case in zip(row, cases, strict=True):
            own = table[(table["task"] == task) & (table["case"] == case)]
            axes.bar(own["rank"], own["mean"], color=HONEST[1], width=0.8, zorder=2)
            axes.errorbar(own["rank"], own["mean"], _errors(own), **_WHISKERS)
            axes.axhline(100, color=PALE, lw=1, zorder=1)
            axes.set_title(words(case), loc="left", fontsize=MEDIUM, color=INK)
            axes.set_xticks([1, len(own)])
            axes.set_ylim(bottom=0)
            axes.grid(axis="y", color=GRID, zorder=0)
            plain(axes)
    return figure


def _bars(table: pd.DataFrame, name: str, below: str) -> Figure:
    tasks, cases = list(table["task"].unique()), list(table["case"].unique())
    below += "; lines: 95% intervals over seeds"
    figure = _sheet(4.2 * len(tasks) + 1.2, 0.36 * len(cases) + 1.6, name, below)
    place = np.arange(len(cases))[::-1]
    for axes, task in zip(figure.subplots(1, len(tasks), squeeze=False)[0], tasks, strict=True):
        own = table[table["task"] == task].set_index("case").loc[cases]
        axes.barh(place, own["mean"], color=HONEST[1], height=0.7)
        axes.errorbar(own["mean"], place, xerr=_errors(own), **_WHISKERS)
        far = own[["mean", "high"]].max(axis=1)
        for y, end, mean in zip(place, far.fillna(0), own["mean"], strict=True):
            axes.text(end, y, f"  {mean:.1f}", va="center", fontsize=SMALL, color=INK)
        axes.set_yticks(place, [words(case) for case in cases])
        axes.set_title(words(task), loc="left", fontsize=MEDIUM, color=INK)
        axes.set_xlim(0, 1.12 * float(far.max()) if far.max() > 0 else 1)
        plain(axes)
    return figure


def _matrix(table: pd.DataFrame, name: str) -> Figure:
    tasks, cases = list(table["task"].unique()), list(table["case"].unique())
    kinds = list(table["behaviour"].unique())
    below = "pay in % of equal, and half the 95% interval over seeds; the darker, the more"
    figure = _sheet(0.95 * len(cases) * len(tasks) + 2, 0.42 * len(kinds) + 2, name, below)
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
        plain(axes)
        axes.spines["bottom"].set_visible(False)
    return figure


def _cell(axes: Axes, x: int, y: int, row: Any) -> None:
    strength = float(np.nan_to_num(min(row.mean / 200, 1.0)))
    half = (row.high - row.low) / 2
    look: dict[str, Any] = {"color": OTHERS[0], "alpha": strength, "lw": 0}
    axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, **look))
    text = f"{row.mean:.0f}" + (f" ± {half:.0f}" if np.isfinite(half) else "")
    colour = "white" if strength > 0.75 else INK
    axes.text(x, y, text, ha="center", va="center", fontsize=SMALL, color=colour)


def _strategy(run: Run) -> str:
    """What the last group of investors does."""
    group = run.scenario["investors"][-1]
    return str(group["strategy"]["kind"]) if group["activity"] else IDLE


def _last_group(run: Run) -> list[str]:
    """Names of the agents of the last group of investors."""
    group = run.scenario["investors"][-1]
    count = -(-group["count"] // group["accounts_per_agent"])
    genesis = run.agents[run.agents["period"] == run.agents["period"].min()]
    return [str(name) for name in genesis["agent"].iloc[-count:]]


def _who_gains(table: pd.DataFrame, name: str) -> Figure:
    strategies, cases = list(table["strategy"].unique()), list(table["case"].unique())
    below = (
        "change of wealth against the account being idle, numeraire, tokens at fundamental value"
    )
    below += "; lines: 95% intervals over seeds"
    figure = _sheet(max(3.1 * len(strategies) + 1.2, 9), 0.62 * len(cases) + 1.8, name, below)
    grid = figure.subplots(1, len(strategies), sharey=True, squeeze=False)[0]
    place = np.arange(len(cases))[::-1]
    for axes, strategy in zip(grid, strategies, strict=True):
        axes.axvline(0, color=PALE, lw=1, zorder=1)
        for row, (group, colour) in enumerate(GROUPS.items()):
            is_own = (table["strategy"] == strategy) & (table["measure"] == group)
            own = table[is_own].set_index("case").reindex(cases)
            y = place + 0.27 - 0.18 * row
            axes.errorbar(own["mean"], y, xerr=_errors(own), fmt="none", ecolor=colour, zorder=2)
            axes.plot(own["mean"], y, "o", color=colour, ms=4, label=words(group), zorder=3)
        axes.set_yticks(place, [words(case) for case in cases])
        axes.set_title(words(strategy), loc="left", fontsize=MEDIUM, color=INK)
        axes.grid(axis="x", color=GRID, zorder=0)
        plain(axes)
    _legend(figure, grid[0])
    return figure


def _by_measure(table: pd.DataFrame, name: str) -> Figure:
    """A panel for each measure, a row for each case."""
    measures, cases = list(table["measure"].unique()), list(table["case"].unique())
    columns = 5
    lines = -(-len(measures) // columns)
    height = (0.3 * len(cases) + 0.7) * lines + 0.8
    figure = _sheet(2.6 * columns + 1, height, name, "lines: 95% intervals over seeds")
    grid = figure.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    place = np.arange(len(cases))[::-1]
    for axes, measure in zip(grid, measures, strict=False):
        own = table[table["measure"] == measure].set_index("case").reindex(cases)
        axes.errorbar(own["mean"], place, xerr=_errors(own), fmt="none", ecolor=HONEST[0])
        axes.plot(own["mean"], place, "o", color=HONEST[0], ms=5)
        axes.set_yticks(place, [words(case) for case in cases])
        axes.locator_params(axis="x", nbins=4)
        axes.set_ylim(-0.6, len(cases) - 0.4)
        axes.set_title(words(measure), loc="left", fontsize=MEDIUM, color=INK)
        axes.grid(axis="x", color=GRID, zorder=0)
        plain(axes)
    for axes in grid[len(measures) :]:
        axes.set_visible(False)
    return figure


def _by_clients(table: pd.DataFrame, name: str) -> Figure:
    """A panel for each measure, a line for each mechanism, over the number of clients."""
    measures, columns = list(table["measure"].unique()), 4
    lines = -(-len(measures) // columns)
    below = "over the number of clients; lines: 95% intervals over seeds"
    figure = _sheet(2.9 * columns + 0.6, 2.5 * lines + 0.9, name, below)
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, measure in zip(grid, measures, strict=False):
        shown = table[table["measure"] == measure]
        for mechanism, colour in zip(table["mechanism"].unique(), cycle(HONEST), strict=False):
            own = shown[shown["mechanism"] == mechanism].sort_values("clients")
            look = {"color": colour, "marker": "o", "ms": 4, "label": words(mechanism)}
            axes.errorbar(own["clients"], own["mean"], yerr=_errors(own), **look)
        axes.set_xscale("log")
        sizes = sorted(table["clients"].unique())
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        if (shown["mean"] >= 0).all():
            axes.set_ylim(bottom=0)
        axes.set_title(words(measure), loc="left", fontsize=MEDIUM, color=INK)
        axes.grid(color=GRID, zorder=0)
        plain(axes)
    grid[len(measures) - 1].legend(fontsize=MEDIUM, frameon=False)
    for axes in grid[len(measures) :]:
        axes.set_visible(False)
    return figure


def _over_time(table: pd.DataFrame, name: str) -> Figure:
    """A panel for each measure that is ever above 0, a line for each case, over the periods."""
    measures, columns = list(table["measure"][table["mean"] > 0].unique()), 4
    lines = -(-len(measures) // columns)
    below = "over the periods; parts in %; areas: 95% intervals over seeds"
    figure = _sheet(2.8 * columns + 0.6, 2.3 * lines + 1.1, name, below)
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, measure in zip(grid, measures, strict=False):
        shown = table[table["measure"] == measure]
        for case, colour in zip(table["case"].unique(), cycle(CONTRASTS), strict=False):
            own = shown[shown["case"] == case].sort_values("period")
            axes.fill_between(own["period"], own["low"], own["high"], color=colour, alpha=0.2, lw=0)
            axes.plot(own["period"], own["mean"], color=colour, lw=1.6, label=words(case))
        axes.set_ylim(bottom=0)
        axes.set_title(words(measure), loc="left", fontsize=MEDIUM, color=INK)
        axes.grid(color=GRID, zorder=0)
        plain(axes)
    for axes in grid[len(measures) :]:
        axes.set_visible(False)
    _legend(figure, grid[0])
    return figure


def _stacked(table: pd.DataFrame, name: str) -> Figure:
    """A bar for each case, of what clients were paid through each channel."""
    cases = list(table["case"].unique())
    below = "numeraire paid to clients; lines: 95% intervals of the sum over seeds"
    figure = _sheet(9, 0.42 * len(cases) + 1.5, name, below)
    axes, place = figure.subplots(), np.arange(len(cases))[::-1]
    means = table.pivot(index="case", columns="measure", values="mean").loc[cases]
    left = np.zeros(len(cases))
    for channel in filter(lambda name: means[name].any(), CHANNEL_COLOURS):
        colour = CHANNEL_COLOURS[channel]
        look: dict[str, Any] = {"color": colour, "height": 0.7, "label": words(channel)}
        axes.barh(place, means[channel], left=left, **look)
        left += means[channel].to_numpy()
    total = table[table["measure"] == "total"].set_index("case").loc[cases]
    axes.errorbar(total["mean"], place, xerr=_errors(total), **_WHISKERS)
    axes.set_yticks(place, [words(case) for case in cases])
    plain(axes)
    _legend(figure, axes)
    return figure


def _against_holding(table: pd.DataFrame, name: str) -> Figure:
    cases, deposits = list(table["case"].unique()), sorted(table["deposit"].unique())
    below = (
        "liquidity providers' gain on holding, % of the deposit; lines: 95% intervals over seeds"
    )
    figure = _sheet(3.1 * len(cases) + 0.8, 3.6, name, below)
    shown = table[table["measure"] == "against_holding"]
    grid = figure.subplots(1, len(cases), sharey=True, squeeze=False)[0]
    for axes, case in zip(grid, cases, strict=True):
        axes.axhline(0, color=PALE, lw=1, zorder=1)
        for deposit, colour in zip(deposits, cycle(HONEST), strict=False):
            own = shown[(shown["case"] == case) & (shown["deposit"] == deposit)].sort_values("fee")
            label = f"deposit {deposit:g}"
            axes.errorbar(
                100 * own["fee"],
                own["mean"],
                _errors(own),
                color=colour,
                marker="o",
                ms=4,
                label=label,
            )
        axes.set_xscale("log")
        fees = sorted(100 * shown["fee"].unique())
        axes.set_xticks(fees, [f"{fee:g}" for fee in fees], minor=False)
        axes.set_xticks([], minor=True)
        axes.set_xlabel("fee, %", fontsize=MEDIUM, color=SOFT)
        axes.set_title(words(case), loc="left", fontsize=MEDIUM, color=INK)
        axes.grid(axis="y", color=GRID, zorder=0)
        plain(axes)
    _legend(figure, grid[0])
    return figure
