"""Reading the folder of a sweep, and what can be said of its cells over their seeds."""

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

FORMAT = 1
"""Newest layout of cells.json that is understood here."""


@dataclass(frozen=True)
class Sweep:
    """The runs of a study.

    `runs` has one row per run: `cell`, `case` (empty in a study without cases), a column for each
    setting that differs between cells (by its dotted path; None where a cell leaves it alone),
    `seed`, `folder`, and `status`: that of the run, or `missing`.
    """

    folder: Path
    name: str
    runs: pd.DataFrame

    @property
    def complete(self) -> pd.DataFrame:
        """The rows of `runs` that are complete."""
        found: pd.DataFrame = self.runs[self.runs["status"] == "complete"]
        return found

    def load(self, row: Any) -> Run:
        """The run of a row of `runs`, as `iterrows` or `itertuples` gives it."""
        return load_run(row.folder)

    def __iter__(self) -> Iterator[Run]:
        """The complete runs, in the order of `runs`, each read when its turn comes."""
        return map(load_run, self.complete["folder"])

    def table(self, function: Callable[[Run], Mapping[str, Any]]) -> pd.DataFrame:
        """What `function` finds in each complete run, beside its cell, settings and seed."""
        known = self.complete.drop(columns=["folder", "status"])
        found = pd.DataFrame([dict(function(run)) for run in self], index=known.index)
        return known.join(found)


def load_sweep(folder: str | Path) -> Sweep:
    """The sweep in `folder`, finished or not.

    Raises:
        FileNotFoundError: `folder` is not that of a sweep.
        ValueError: its list of cells is damaged, or newer than this package.
    """
    folder = Path(folder)
    described = _described(folder / "cells.json")
    cells = described["cells"]
    varied = list(dict.fromkeys(path for cell in cells.values() for path in cell["settings"]))
    rows = [
        {"cell": run["cell"], "case": cells[run["cell"]]["case"]}
        | {path: cells[run["cell"]]["settings"].get(path) for path in varied}
        | {"seed": run["seed"], "folder": folder / run["folder"]}
        for run in described["runs"]
    ]
    runs = pd.DataFrame(rows).assign(status=[_status(row["folder"]) for row in rows])
    return Sweep(folder, described["study"], runs)


def headline(run: Run) -> dict[str, float | None]:
    """The numbers of a run that cells are compared by first; None where there is no such number.

    | name | meaning |
    |---|---|
    | `accuracy`, `loss` | of the model on the test set, last period |
    | `revenue`, `volume`, `fees` | in numeraire, whole run |
    | `issued`, `burned` | tokens, whole run |
    | `price_share_correlation` | see there |
    | `share_<behaviour>` | mean share of a client of it, last quarter of the periods |
    | `pay_<behaviour>` | mean of `attackers_pay` over owners of it, in % of an equal share |
    | `return_<strategy>`, `return_liquidity_providers` | of all together, in % |
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

    Values that do not exist (NaN) do not count; with fewer than two there is no interval. Source:
    Student (1908).

    >>> interval([1, 2, 3]).round(3).to_dict()
    {'mean': 2.0, 'low': -0.484, 'high': 4.484, 'count': 3.0}
    """
    from scipy.stats import t

    given = np.asarray(values, dtype=float)
    known = given[~np.isnan(given)]
    count = len(known)
    mean = known.mean() if count else math.nan
    error = known.std(ddof=1) / math.sqrt(count) if count > 1 else math.nan
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

    Both cells draw the same numbers where they can, so that differences vary less than their
    parts. Raises ValueError for a cell that is not in the table.
    """
    wide = table.pivot(index="seed", columns="cell", values=column)
    for name in (cell, other):
        if name not in wide:
            raise ValueError(f"no cell {name!r} in the table; it has {', '.join(map(str, wide))}")
    return interval(wide[cell] - wide[other], level)


def _described(file: Path) -> dict[str, Any]:
    try:
        described = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise FileNotFoundError(
            f"{file.parent} is not the folder of a sweep: it has no {file.name}"
        ) from error
    except ValueError as error:
        raise ValueError(f"{file} is damaged: {error}") from error
    needed = {"format", "study", "cells", "runs"}
    if not isinstance(described, dict) or not needed <= described.keys():
        raise ValueError(f"{file} is damaged: it lacks format, study, cells or runs")
    if described["format"] != FORMAT:
        raise ValueError(f"{file} is in format {described['format']}; this version reads {FORMAT}")
    if not _is_list_of_runs(described["cells"], described["runs"]):
        raise ValueError(f"{file} is damaged: it lists no runs of its cells")
    return described


def _is_list_of_runs(cells: Any, runs: Any) -> bool:
    try:
        known = {name: (cell["case"], dict(cell["settings"])) for name, cell in cells.items()}
        return bool(runs) and all(
            run["cell"] in known and isinstance(run["folder"], str) and "seed" in run
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
    late = run.clients[run.clients["period"] > last - max(1, math.ceil(last / 4))]
    means = late.groupby(late["behaviour"].astype(str), sort=False)["share"].mean()
    return {f"share_{behaviour}": float(mean) for behaviour, mean in means.items()}


def _pay(run: Run) -> dict[str, float]:
    means = attackers_pay(run)["percent"].groupby(level="behaviour", sort=False).mean()
    return {f"pay_{behaviour}": float(mean) for behaviour, mean in means.items()}


def _returns(summary: Mapping[str, Any]) -> dict[str, float | None]:
    groups = dict(summary["investors"])
    if summary["liquidity_providers"]:
        groups["liquidity_providers"] = summary["liquidity_providers"]
    return {f"return_{name}": result["return_percent"] for name, result in groups.items()}
