"""Studies: variations of a scenario and numbers of seeds, read from YAML like scenarios."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from simulator.components import Section
from simulator.errors import Problem, ScenarioError
from simulator.reading import Entry, as_yaml, choices, dotted, short
from simulator.scenario import Scenario
from simulator.scenario.loading import load, load_with_entries
from simulator.scenario.shipped import FOLDER, shipped_scenarios

__all__ = ["Cell", "Study", "cells_of", "read_study", "study_file", "study_schema"]

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$"
MOST_CELLS = 10_000
MOST_RUNS = 100_000
FILES = ("cells.json", "study.yaml", "report.csv", "report.png")
"""Files beside the folders of cells; no case may have such a name."""
SET_BY_STUDY = ("name", "seed")
"""Settings that a study sets in each run itself."""
Name = Annotated[str, StringConstraints(pattern=NAME)]

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


class Study(Section):
    """What to run: every cell (a case, a point of the grid, or a pair of both) with every seed.

    All cells have the same seeds, so that differences between them can be taken pair by pair:
    common random numbers. Without cases and grid there is one cell, `base`.
    """

    name: str = Field(pattern=NAME, description="Short name, used for the folder of its runs.")
    description: str = Field("", description="What question the study answers.")
    report: (
        Literal[
            "reward_by_client",
            "volatility",
            "attackers_pay",
            "manipulation",
            "liquidity",
            "mechanisms",
            "outside_money",
            "scalability",
            "flexibility",
            "information",
            "proceeds",
            "joining",
            "participation",
            "ownership",
        ]
        | None
    ) = Field(
        None,
        description="Table and figure of all runs together, left in the folder at the end.",
    )
    base: str = Field(description="Scenario to vary: a file beside the study, or a shipped one.")
    periods: int | None = Field(
        None, ge=1, le=1_000_000, description="Number of periods, unless settings or cells say so."
    )
    seeds: int = Field(ge=1, le=100_000, description="Number of seeds, the same for all cells.")
    first_seed: int = Field(1, ge=0, lt=2**62, description="The first seed; others follow.")
    settings: dict[str, Any] = Field({}, description="Settings of all cells, by dotted path.")
    cases: dict[Name, dict[str, Any]] = Field(
        {}, description="Cells by name, each with its settings by dotted path."
    )
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        {}, description="Values to try by dotted path; cells are all their combinations."
    )

    @field_validator("settings", "grid")
    @classmethod
    def _leaves_names_and_seeds(cls, paths: dict[str, Any]) -> dict[str, Any]:
        return _checked_paths(paths)

    @field_validator("cases")
    @classmethod
    def _cases_leave_names_and_seeds(
        cls, cases: dict[str, dict[str, Any]]
    ) -> dict[str, dict[str, Any]]:
        if files := [name for name in cases if name.lower() in FILES]:
            raise ValueError(f"{files[0]} is the name of a file of the sweep")
        return {name: _checked_paths(case) for name, case in cases.items()}

    @field_validator("grid")
    @classmethod
    def _values_differ(
        cls, grid: dict[str, list[Any]], info: ValidationInfo
    ) -> dict[str, list[Any]]:
        cases = info.data.get("cases", {})
        for path, values in grid.items():
            if names := [name for name, case in cases.items() if path in case]:
                raise ValueError(f"{dotted([path])} is set by case {names[0]} already")
            texts = [as_yaml(value) for value in values]
            if duplicates := [text for text in texts if texts.count(text) > 1]:
                raise ValueError(f"{dotted([path])} has the value {short(duplicates[0])} twice")
        return grid

    @model_validator(mode="after")
    def _stays_countable(self) -> Self:
        count = max(1, len(self.cases)) * prod(map(len, self.grid.values()))
        if count > MOST_CELLS:
            raise ValueError(f"{count:,} cells are too many; at most {MOST_CELLS:,} are allowed")
        if (runs := count * self.seeds) > MOST_RUNS:
            raise ValueError(f"{runs:,} runs are too many; at most {MOST_RUNS:,} are allowed")
        return self

    @property
    def all_seeds(self) -> range:
        """The seeds of every cell."""
        return range(self.first_seed, self.first_seed + self.seeds)


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


def study_file(name: str) -> str:
    """The file `name` if it exists, else the file of the shipped study of that name."""
    shipped = FOLDER / "studies" / f"{name}.yaml"
    return name if Path(name).is_file() or not shipped.is_file() else str(shipped)


def read_study(path: str | Path, overrides: Mapping[str, Any] = {}) -> tuple[Study, Entry]:
    """The study in a file, and its entries with their places.

    Raises ScenarioError with all problems.
    """
    return load_with_entries(Study, path, overrides)


def cells_of(
    study: Study, root: Entry, kind: type[Scenario] = Scenario, overrides: Mapping[str, Any] = {}
) -> list[Cell]:
    """All cells of a study, with scenarios of type `kind`; `overrides` apply to all of them.

    Raises ScenarioError with all problems of all cells, at their places.
    """
    points = _points(root)
    for path in overrides:
        varied = (name for point in points.values() for name in point.settings)
        if path in SET_BY_STUDY or any(f"{name}.".startswith(f"{path}.") for name in varied):
            raise ScenarioError(f"--set {short(path)}: the study itself gives this to each run")
    base, shared = _base(root), _settings(root.child("settings"))
    common = {"periods": root.value["periods"]} if study.periods else {}
    cells: list[Cell] = []
    cells_with: dict[Problem, list[str]] = {}
    for name, point in points.items():
        try:
            changes = (common, shared, point.settings, overrides, {"name": name})
            scenario = load(kind, base, *changes)
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


def study_schema() -> dict[str, Any]:
    """JSON Schema of study files, for editors."""
    schema = Study.model_json_schema()
    extends = {"type": "string", "description": "Another study file to start from."}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"] = {"extends": extends} | schema["properties"]
    return schema


def _checked_paths(paths: dict[str, Any]) -> dict[str, Any]:
    if reserved := [path for path in paths if path in SET_BY_STUDY]:
        raise ValueError(f"{reserved[0]} cannot be set: the study itself gives it to each run")
    return paths


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


def _base(root: Entry) -> Path:
    """The file beside the study file, or the shipped scenario, that `base` names."""
    entry = root.value["base"]
    beside = Path(entry.place.source).parent / str(entry.value)
    if beside.is_file():
        return beside
    shipped = shipped_scenarios()
    name = str(entry.value).removesuffix(".yaml")
    if name not in shipped:
        what = f"base: no such file or shipped scenario{choices(name, sorted(shipped))}"
        raise ScenarioError([Problem(str(entry.place), what)])
    return shipped[name]


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
        return f"{report} needs clients that are not honest"
    if report == "reward_by_client" and len({tuple(cell.scenario.owners) for cell in cells}) > 1:
        return f"{report} needs the same clients in all cells"
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
        return "manipulation needs investors, and is by the last group of them"
    if any(cell.scenario.record.fills != "all" for cell in cells):
        return "manipulation needs all fills (record.fills)"
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
