"""Reports on all runs of a study, each a table and a figure.

Pay is that of `relative_pay` and `attackers_pay`, in % of an equal share. Without a market it is
100 x N x s_i in each period, and the contribution method alone decides. Intervals are of 95%, over
seeds.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .concentration import ownership
from .flexibility import flexibility_results
from .information import information_results
from .joining import joining_results
from .load import Run
from .manipulators import manipulation
from .mechanisms import mechanism_results
from .money import proceeds_by_channel
from .outside_money import outside_money_results
from .panels import (
    against_holding,
    bars,
    by_clients,
    by_measure,
    matrix,
    over_time,
    small_multiples,
    stacked,
    who_gains,
)
from .participation import participation_results
from .pay import attackers_pay, relative_pay
from .providers import lp_results
from .scalability import scalability_results
from .sweeps import Sweep, interval

IDLE = "idle"

Report = Callable[[Sweep], tuple[pd.DataFrame, Figure]]


def reward_by_client(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """Mean pay of clients by their rank in the study's first case, for each task and case.

    Rank 1 is the client with the highest pay in the first case's run with the same seed.
    """
    pay = {(run.task, run.case, run.seed): relative_pay(run.run).mean() for run in _runs(sweep)}
    first = next(case for _, case, _ in pay)
    samples: dict[tuple[str, str, int], list[float]] = {}
    for (task, case, seed), client_pay in pay.items():
        order = pay[task, first, seed].sort_values(ascending=False, kind="stable").index
        for rank, client in enumerate(order, start=1):
            samples.setdefault((task, case, rank), []).append(float(client_pay[client]))
    table = _table(samples, ["task", "case", "rank"])
    return table, small_multiples(table, sweep.name)


def volatility(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """Deviation of a client's pay between periods, mean over clients, for each task and case.

    In percentage points of an equal share.
    """
    samples: dict[tuple[str, str], list[float]] = {}
    for run in _runs(sweep):
        deviation = float(relative_pay(run.run).std(ddof=1).mean())
        samples.setdefault((run.task, run.case), []).append(deviation)
    table = _table(samples, ["task", "case"])
    return table, bars(table, sweep.name, "deviation between periods, percentage points")


def attackers_pay_by_method(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`attackers_pay` for each task, case and behaviour."""
    samples: dict[tuple[str, str, str], list[float]] = {}
    for run in _runs(sweep):
        for row in attackers_pay(run.run).reset_index().itertuples():
            key = run.task, run.case, str(row.behaviour)
            samples.setdefault(key, []).append(cast(float, row.percent))
    table = _table(samples, ["task", "case", "behaviour"])
    return table, matrix(table, sweep.name)


def manipulation_by_rule(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`manipulation` by the last group of investors, for each case, strategy and measure.

    Compared with the run of the same case and seed where the group has activity 0.
    """
    samples: dict[tuple[str, str, str], list[float]] = {}
    for (case, _), rows in sweep.complete.groupby(["case", "seed"], sort=False):
        runs = {_strategy(run): run for run in map(sweep.load, rows.itertuples())}
        for strategy, run in runs.items():
            if strategy != IDLE and IDLE in runs:
                for name, value in manipulation(run, runs[IDLE], _last_group(run)).items():
                    samples.setdefault((str(case), strategy, str(name)), []).append(float(value))
    table = _table(samples, ["case", "strategy", "measure"])
    return table, who_gains(table, sweep.name)


def liquidity(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`lp_results` for each case, deposit of all providers and fee."""
    samples: dict[tuple[str, float, float, str], list[float]] = {}
    for run in _runs(sweep):
        scenario, results = run.run.scenario, lp_results(run.run)
        providers = scenario["liquidity_providers"]
        deposit = float(sum(group["count"] * group["deposit"] for group in providers))
        for name, value in results.items():
            key = run.case, deposit, float(scenario["market"]["fee"]), str(name)
            samples.setdefault(key, []).append(float(value))
    table = _table(samples, ["case", "deposit", "fee", "measure"])
    return table, against_holding(table, sweep.name)


def mechanisms(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`mechanism_results` for each case, and differences from the first by seed."""
    return _paired(sweep, mechanism_results)


def participation(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`participation_results` for each case, and differences of all pairs of cases by seed."""
    return _paired(sweep, participation_results, pairs=_all_pairs)


def outside_money(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`outside_money_results` for each case, and differences from the first by seed."""
    return _paired(sweep, outside_money_results)


def flexibility(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`flexibility_results` for each case, and differences from the first by seed."""
    return _paired(sweep, flexibility_results)


def information(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`information_results` for each case, and differences from the first by seed."""
    return _paired(sweep, information_results)


def joining(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`joining_results` for each case, and differences from the first by seed."""
    return _paired(sweep, joining_results)


def scalability(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`scalability_results` by mechanism and number of clients."""
    samples: dict[tuple[str, int, str], list[float]] = {}
    for run in _runs(sweep):
        mechanism = run.run.scenario["tokens"]["mechanism"]["kind"]
        clients = run.run.clients["client"].nunique()
        for name, value in scalability_results(run.run).dropna().items():
            samples.setdefault((mechanism, clients, str(name)), []).append(float(value))
    table = _table(samples, ["mechanism", "clients", "measure"])
    return table, by_clients(table, sweep.name)


def ownership_report(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`analysis.ownership` in each case at some 20 periods, and differences from the first case."""
    runs = {(run.case, run.seed): _every_twentieth(ownership(run.run)) for run in _runs(sweep)}
    first = next(case for case, _ in runs)
    samples: dict[tuple[str, int, str], list[float]] = {}
    for (case, seed), values in runs.items():
        _append(samples, case, values)
        if case != first and (first, seed) in runs:
            _append(samples, f"{case} - {first}", values - runs[first, seed])
    table = _table(samples, ["case", "period", "measure"])
    cases = table[~table["case"].str.contains(" - ")]
    return table, over_time(cases, sweep.name)


def _every_twentieth(rows: pd.DataFrame) -> pd.DataFrame:
    """Some 20 evenly spaced periods."""
    return rows.iloc[:: max(1, (len(rows) - 1) // 20)]


def _append(samples: dict[Any, list[float]], case: str, values: pd.DataFrame) -> None:
    """Append the values `[periods, measures]` of a run to `samples`, without NaN."""
    for measure, series in values.items():
        for period, value in zip(series.index.tolist(), series.tolist(), strict=True):
            if not np.isnan(value):
                samples.setdefault((case, period, str(measure)), []).append(value)


def proceeds_report(sweep: Sweep) -> tuple[pd.DataFrame, Figure]:
    """`proceeds_by_channel` for each case, and differences from the first by seed."""
    return _paired(sweep, proceeds_by_channel, stacked)


def _pairs_with_first(cases: list[str]) -> list[tuple[str, str]]:
    return [(cases[0], case) for case in cases[1:]]


def _all_pairs(cases: list[str]) -> list[tuple[str, str]]:
    return list(combinations(cases, 2))


def _paired(
    sweep: Sweep,
    measure: Callable[[Run], pd.Series],
    draw: Callable[[pd.DataFrame, str], Figure] = by_measure,
    pairs: Callable[[list[str]], Iterable[tuple[str, str]]] = _pairs_with_first,
) -> tuple[pd.DataFrame, Figure]:
    """Measures of each case, and differences of `pairs` of cases in runs of one seed."""
    results = {(run.case, run.seed): measure(run.run) for run in _runs(sweep)}
    cases = list(dict.fromkeys(case for case, _ in results))
    samples: dict[tuple[str, str], list[float]] = {}
    for (case, _), values in results.items():
        for name, value in values.items():
            samples.setdefault((case, str(name)), []).append(float(value))
    for first, case in pairs(cases):
        for seed in [seed for other, seed in results if other == case and (first, seed) in results]:
            for name, value in (results[case, seed] - results[first, seed]).dropna().items():
                samples.setdefault((f"{case} - {first}", str(name)), []).append(float(value))
    table = _table(samples, ["case", "measure"])
    single_cases = table[~table["case"].str.contains(" - ")]
    return table, draw(single_cases, sweep.name)


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
    "proceeds": proceeds_report,
    "joining": joining,
    "participation": participation,
    "ownership": ownership_report,
}


def save_report(sweep: Sweep, report: str) -> list[Path]:
    """Write `report.csv` and `report.png` into the folder of the sweep."""
    table, figure = REPORTS[report](sweep)
    csv, png = sweep.folder / "report.csv", sweep.folder / "report.png"
    table.to_csv(csv, index=False, float_format="%.6g")
    figure.savefig(png, dpi=150)
    return [csv, png]


class _StudyRun(NamedTuple):
    """A complete run with its task, case and seed."""

    task: str
    case: str
    seed: int
    run: Run


def _runs(sweep: Sweep) -> Iterator[_StudyRun]:
    for row in sweep.complete.itertuples():
        run = sweep.load(row)
        task = run.scenario["federation"]["task"]["kind"]
        yield _StudyRun(task, str(row.case), int(run.manifest["seed"]), run)


def _table(samples: Mapping[Any, list[float]], names: list[str]) -> pd.DataFrame:
    rows = [
        dict(zip(names, key, strict=True)) | interval(values).to_dict()
        for key, values in samples.items()
    ]
    return pd.DataFrame(rows)


def _strategy(run: Run) -> str:
    """Strategy of the last group of investors, or `IDLE`."""
    group = run.scenario["investors"][-1]
    return str(group["strategy"]["kind"]) if group["activity"] else IDLE


def _last_group(run: Run) -> list[str]:
    """Names of the agents of the last group of investors."""
    group = run.scenario["investors"][-1]
    count = -(-group["count"] // group["accounts_per_agent"])
    genesis = run.agents[run.agents["period"] == run.agents["period"].min()]
    return [str(name) for name in genesis["agent"].iloc[-count:]]
