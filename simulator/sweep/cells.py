"""Cells of a study: its variants of the scenario, each checked before anything runs."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple

from simulator.errors import Problem, ScenarioError
from simulator.reading import Entry, Named, as_yaml, placed, short
from simulator.scenario import Scenario
from simulator.scenario.loading import OPTION, load_with_entries
from simulator.scenario.naming import NAME
from simulator.scenario.shipped import SCENARIOS
from simulator.sweep.study import SET_BY_STUDY, Study

__all__ = ["Cell", "base_of", "cells_of"]

BY_CASE = (
    "mechanisms",
    "outside_money",
    "flexibility",
    "information",
    "proceeds",
    "participation",
    "ownership",
    "joining",
)
"""Reports that distinguish runs by case alone."""


@dataclass(frozen=True)
class Cell:
    """One variant: its name, case, varied settings by dotted path, and resulting scenario.

    `case` is empty in a study without cases.
    """

    name: str
    case: str
    settings: dict[str, Any]
    scenario: Scenario

    def with_seed(self, seed: int) -> Scenario:
        """The scenario with this seed."""
        return self.scenario.model_copy(update={"seed": seed})


def cells_of(
    study: Study, root: Entry, kind: type[Scenario] = Scenario, overrides: Mapping[str, Any] = {}
) -> list[Cell]:
    """All cells of a study, with scenarios of type `kind`; `overrides` apply to all of them.

    Reads the data that cells name, and divides it with the scenario's own seed.
    Raises ScenarioError with all problems of all cells, at their places.
    """
    points = _points(root)
    for path in overrides:
        varied = (name for point in points.values() for name in point.settings)
        if path in SET_BY_STUDY or any(f"{name}.".startswith(f"{path}.") for name in varied):
            raise ScenarioError(
                f"--set {short(path)}: the study itself gives this to each run; change the study"
            )
    base, shared = base_of(root).path, _settings(root.child("settings"))
    common = {"periods": root.value["periods"]} if study.periods else {}
    cells: list[Cell] = []
    cells_with: dict[Problem, list[str]] = {}
    checked: set[tuple[Any, ...]] = set()
    for name, point in points.items():
        try:
            changes = (common, shared, point.settings, overrides, {"name": name})
            reading = load_with_entries(kind, base, *changes, option=OPTION)
            scenario = reading.settings
            if (data := _data_of(scenario)) not in checked:
                with placed(reading.root):
                    scenario.check_data()
                checked.add(data)
            settings = {path: entry.plain_value() for path, entry in point.settings.items()}
            cells.append(Cell(name, point.case, settings, scenario))
        except ScenarioError as error:
            for problem in error.problems:
                cells_with.setdefault(problem, []).append(name)
    if cells_with:
        raise ScenarioError(_problems(cells_with, len(points)))
    if study.report and (what := _report_problem(study.report, cells)):
        raise ScenarioError([Problem(str(root.value["report"].place), f"report: {what}")])
    return cells


def _data_of(scenario: Scenario) -> tuple[Any, ...]:
    """What `check_data` depends on, besides the seed."""
    federation, market = scenario.federation, scenario.market
    components = (
        federation.task,
        federation.partition,
        scenario.tokens.revenue,
        scenario.tokens.mechanism,
        market.outside_price,
    )
    texts = (component.model_dump_json() for component in components)
    return (*texts, *scenario.owners)


def _settings(entry: Entry | None) -> dict[str, Entry]:
    return dict(entry.value) if entry else {}


class _Point(NamedTuple):
    case: str
    settings: dict[str, Entry]


def _points(root: Entry) -> dict[str, _Point]:
    """The settings of each cell: those of its case and of its point in the grid."""
    cases = _settings(root.child("cases")) or {"": Entry({}, root.place, root.place)}
    grid = _settings(root.child("grid"))
    combined = [
        (name, _settings(case), dict(zip(grid, values, strict=True)))
        for name, case in cases.items()
        for values in product(*(entry.value for entry in grid.values()))
    ]
    names = [_cell_name(name, point) for name, _, point in combined]
    if len({name.casefold() for name in names}) < len(names) or any(
        not re.match(NAME, name) for name in names
    ):
        names = [f"cell-{number}" for number in range(1, len(names) + 1)]
    return {
        name: _Point(case, settings | point)
        for name, (case, settings, point) in zip(names, combined, strict=True)
    }


def _cell_name(case: str, point: Mapping[str, Entry]) -> str:
    """The case, and the last name and the value of each setting in the grid."""
    leaves = [path.rpartition(".")[2] for path in point]
    names = leaves if len(set(leaves)) == len(leaves) else list(point)
    texts = [as_yaml(entry.plain_value()) for entry in point.values()]
    values = [re.sub(r"[^A-Za-z0-9.]+", "-", text) for text in texts]
    parts = [f"{name}-{value.strip('-')}" for name, value in zip(names, values, strict=True)]
    return "_".join([case] * bool(case) + parts) or "base"


def base_of(root: Entry) -> Named:
    """What `base` means: a shipped scenario, or a path from the folder of the study's file.

    Raises ScenarioError when there is no such file.
    """
    entry = root.value["base"]
    try:
        named = SCENARIOS.find(str(entry.value), os.path.dirname(entry.place.source))
        if not os.path.isfile(named.path):
            raise ScenarioError(SCENARIOS.missing(named.path))
    except ScenarioError as error:
        raise ScenarioError([Problem(str(entry.place), f"base: {error}")]) from None
    return named


def _problems(cells_with: Mapping[Problem, Sequence[str]], cells: int) -> list[Problem]:
    """Each problem once, with the name of its first cell unless all cells have it."""
    return [
        problem if len(names) == cells else replace(problem, what=f"{problem.what}{_cells(names)}")
        for problem, names in cells_with.items()
    ]


def _report_problem(report: str, cells: Sequence[Cell]) -> str:
    """Why the report cannot be made of these cells, or ''; it would merge rows of equal keys."""
    rows: dict[tuple[Any, ...], str] = {}
    if report == "manipulation" and (what := _manipulation_problem(cells)):
        return what
    for cell in cells:
        for key in {(cell.case, *row) for row in _row_keys(report, cell)}:
            if (first := rows.setdefault(key, cell.name)) != cell.name:
                return f"{report} cannot tell {first} and {cell.name} apart; make them cases"
    if not rows:
        return (
            f"{report} needs clients that are not honest: set clients.0.behaviour.kind=free_rider"
        )
    if report == "reward_by_client" and len({tuple(cell.scenario.owners) for cell in cells}) > 1:
        return f"{report} needs the same clients in all cells: leave clients out of cases and grid"
    return ""


def _row_keys(report: str, cell: Cell) -> set[tuple[Any, ...]]:
    """Keys by which a report distinguishes rows within a case."""
    scenario = cell.scenario
    if report == "manipulation":
        return {(_last_strategy(cell),)}
    if report == "liquidity":
        providers = scenario.liquidity_providers
        return {(sum(each.count * each.deposit for each in providers), scenario.market.fee)}
    if report == "scalability":
        return {(scenario.tokens.mechanism.kind, len(scenario.behaviours))}
    if report in BY_CASE:
        return {()}
    kinds = _attackers(cell) if report == "attackers_pay" else {""}
    return {(scenario.federation.task.kind, kind) for kind in kinds}


def _attackers(cell: Cell) -> set[str]:
    last = cell.scenario.periods
    return {behaviour.at(last).kind for behaviour in cell.scenario.behaviours} - {"honest"}


def _manipulation_problem(cells: Sequence[Cell]) -> str:
    """Why the last group of investors cannot be compared with an idle one, or ''."""
    if any(not cell.scenario.investors for cell in cells):
        return "manipulation compares the last group of investors: set investors=[{count: 1}]"
    if any(cell.scenario.record.fills != "all" for cell in cells):
        return "manipulation needs all fills: set record.fills=all"
    idle = {cell.case for cell in cells if _last_strategy(cell) == ""}
    if cases := [cell.case for cell in cells if cell.case not in idle]:
        return f"manipulation needs a cell{_of_case(cases[0])} whose last investors have activity 0"
    return ""


def _of_case(case: str) -> str:
    return f" of case {case}" if case else ""


def _last_strategy(cell: Cell) -> str:
    """Strategy of the last group of investors; empty when it is idle."""
    group = cell.scenario.investors[-1]
    return group.strategy.kind if group.activity else ""


def _cells(names: Sequence[str]) -> str:
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f" (cell {names[0]}{others})"
