"""Reading the folder of a sweep, and statistics of its cells over their seeds."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .load import Run, load_run
from .pay import attackers_pay
from .prices import price_share_correlation
from .summary import summarise

READABLE_SWEEP_FORMAT = 1
"""Layout of cells.json that this module reads."""


@dataclass(frozen=True)
class Sweep:
    """The runs of a study.

    `runs` has one row per run: `cell`, `case` (empty in a study without cases), a column for each
    setting that differs between cells (by its dotted path; None where a cell does not set it),
    `seed`, `folder`, and `status`: that of the run, or `missing`.
    """

    folder: Path
    name: str
    runs: pd.DataFrame

    @property
    def complete(self) -> pd.DataFrame:
        """The rows of `runs` that are complete."""
        rows: pd.DataFrame = self.runs[self.runs["status"] == "complete"]
        return rows

    def load(self, row: Any) -> Run:
        """The run of a row of `runs`, as `iterrows` or `itertuples` gives it."""
        return load_run(row.folder)

    def __iter__(self) -> Iterator[Run]:
        """The complete runs, in the order of `runs`, each loaded when it is reached."""
        return map(load_run, self.complete["folder"])

    def table(self, function: Callable[[Run], Mapping[str, Any]]) -> pd.DataFrame:
        """Results of `function` for each complete run, beside its cell, settings and seed."""
        rows = self.complete.drop(columns=["folder", "status"])
        results = pd.DataFrame([dict(function(run)) for run in self], index=rows.index)
        return rows.join(results)


def load_sweep(folder: str | Path) -> Sweep:
    """The sweep in `folder`, finished or not.

    Raises:
        FileNotFoundError: `folder` is not that of a sweep.
        ValueError: its list of cells is damaged, or newer than this package.
    """
    folder = Path(folder)
    contents = _contents(folder / "cells.json")
    cells = contents["cells"]
    varied = list(dict.fromkeys(path for cell in cells.values() for path in cell["settings"]))
    rows = [
        {"cell": run["cell"], "case": cells[run["cell"]]["case"]}
        | {path: cells[run["cell"]]["settings"].get(path) for path in varied}
        | {"seed": run["seed"], "folder": folder / run["folder"]}
        for run in contents["runs"]
    ]
    runs = pd.DataFrame(rows).assign(status=[_status(row["folder"]) for row in rows])
    return Sweep(folder, contents["study"], runs)


def headline(run: Run) -> dict[str, float | None]:
    """The main numbers of a run for comparing cells; None for a missing number.

    | name | meaning |
    |---|---|
    | `accuracy`, `loss` | of the model on the test set, last period |
    | `revenue`, `volume`, `fees` | in numeraire, whole run |
    | `issued`, `burned` | tokens, whole run |
    | `price_share_correlation` | see there |
    | `share_<behaviour>` | mean share of its clients, last quarter of the periods |
    | `pay_<behaviour>` | mean of `attackers_pay` over its owners, in % of an equal share |
    | `return_<strategy>`, `return_liquidity_providers` | return of their total wealth, in % |
    """
    summary = summarise(run)
    revenue, trading, tokens = (summary[name] for name in ("revenue", "trading", "tokens"))
    return {
        "accuracy": summary["accuracy"]["last"],
        "loss": summary["loss"]["last"],
        "revenue": revenue["total"],
        "volume": trading["volume"],
        "fees": trading["fees"],
        "issued": tokens["issued"],
        "burned": tokens["burned"],
        "price_share_correlation": price_share_correlation(run),
        **_shares(run),
        **_pay(run),
        **_returns(summary),
    }


def interval(values: ArrayLike, level: float = 0.95) -> pd.Series:
    """`mean` of values, `low` and `high` of its confidence interval (Student's t), and `count`.

    NaN values do not count; with fewer than two other values the interval is NaN. Source:
    Student (1908).

    >>> interval([1, 2, 3]).round(3).to_dict()
    {'mean': 2.0, 'low': -0.484, 'high': 4.484, 'count': 3.0}
    """
    from scipy.stats import t

    sample = np.asarray(values, dtype=float)
    sample = sample[~np.isnan(sample)]
    count = len(sample)
    mean = sample.mean() if count else math.nan
    error = sample.std(ddof=1) / math.sqrt(count) if count > 1 else math.nan
    width = t.ppf((1 + level) / 2, count - 1) * error if count > 1 else math.nan
    return pd.Series({"mean": mean, "low": mean - width, "high": mean + width, "count": count})


def by_cell(table: pd.DataFrame, column: str, level: float = 0.95) -> pd.DataFrame:
    """`interval` of a column of `Sweep.table` over the seeds of each cell; one row per cell."""
    cells = table.groupby("cell", sort=False)[column]
    return pd.DataFrame({cell: interval(values, level) for cell, values in cells}).T


def paired_difference(
    table: pd.DataFrame, column: str, cell: str, other: str, level: float = 0.95
) -> pd.Series:
    """`interval` of a column in `cell` less that in `other`, seed by seed, over common seeds.

    Both cells share random numbers as far as possible, so that differences vary less than the
    values. Raises ValueError for a cell that is not in the table.
    """
    wide = table.pivot(index="seed", columns="cell", values=column)
    for name in (cell, other):
        if name not in wide:
            raise ValueError(f"no cell {name!r} in the table; it has {', '.join(map(str, wide))}")
    return interval(wide[cell] - wide[other], level)


def _contents(file: Path) -> dict[str, Any]:
    try:
        contents = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise FileNotFoundError(
            f"{file.parent} is not the folder of a sweep: it has no {file.name}"
        ) from error
    except ValueError as error:
        raise ValueError(f"{file} is damaged: {error}") from error
    keys = {"format", "study", "cells", "runs"}
    if not isinstance(contents, dict) or not keys <= contents.keys():
        raise ValueError(f"{file} is damaged: it lacks format, study, cells or runs")
    if contents["format"] != READABLE_SWEEP_FORMAT:
        raise ValueError(
            f"{file} is in format {contents['format']}; this version reads {READABLE_SWEEP_FORMAT}"
        )
    if not _is_list_of_runs(contents["cells"], contents["runs"]):
        raise ValueError(f"{file} is damaged: it lists no runs of its cells")
    return contents


def _is_list_of_runs(cells: Any, runs: Any) -> bool:
    try:
        valid = {name: (cell["case"], dict(cell["settings"])) for name, cell in cells.items()}
        return bool(runs) and all(
            run["cell"] in valid and isinstance(run["folder"], str) and "seed" in run
            for run in runs
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _status(folder: Path) -> str:
    try:
        return str(json.loads((folder / "manifest.json").read_text("utf-8"))["status"])
    except (OSError, ValueError, KeyError, TypeError):
        return "missing"


def _shares(run: Run) -> dict[str, float]:
    last = int(run.clients["period"].max())
    rows = run.clients[run.clients["period"] > last - max(1, math.ceil(last / 4))]
    means = rows.groupby(rows["behaviour"].astype(str), sort=False)["share"].mean()
    return {f"share_{behaviour}": float(mean) for behaviour, mean in means.items()}


def _pay(run: Run) -> dict[str, float]:
    means = attackers_pay(run)["percent"].groupby(level="behaviour", sort=False).mean()
    return {f"pay_{behaviour}": float(mean) for behaviour, mean in means.items()}


def _returns(summary: Mapping[str, Any]) -> dict[str, float | None]:
    groups = dict(summary["investors"])
    if summary["liquidity_providers"]:
        groups["liquidity_providers"] = summary["liquidity_providers"]
    return {f"return_{name}": result["return_percent"] for name, result in groups.items()}
