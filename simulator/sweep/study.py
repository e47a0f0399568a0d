"""Studies: variations of a scenario and numbers of seeds, read from YAML like scenarios."""

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from simulator.components import Section
from simulator.reading import Entry, as_yaml, dotted, short
from simulator.scenario.loading import OPTION, load_with_entries
from simulator.scenario.naming import FolderName
from simulator.scenario.shipped import STUDIES

__all__ = ["SET_BY_STUDY", "Study", "read_study", "study_schema"]

MOST_CELLS = 10_000
MOST_RUNS = 100_000
FILES = ("cells.json", "study.yaml", "report.csv", "report.png")
"""Files beside the folders of cells; no case may have such a name."""
SET_BY_STUDY = ("name", "seed")
"""Settings that a study sets in each run itself."""


class Study(Section):
    """What to run: every cell (a case, a point of the grid, or a pair of both) with every seed.

    All cells have the same seeds, so that differences between them can be taken pair by pair:
    common random numbers. Without cases and grid there is one cell, `base`.
    """

    name: FolderName = Field(description="Short name, used for the folder of its runs.")
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
    base: str = Field(
        description="Scenario to vary: a shipped one by name, or a path from the study's folder."
    )
    periods: int | None = Field(
        None, ge=1, le=1_000_000, description="Number of periods, unless settings or cells say so."
    )
    seeds: int = Field(ge=1, le=100_000, description="Number of seeds, the same for all cells.")
    first_seed: int = Field(1, ge=0, lt=2**62, description="The first seed; others follow.")
    settings: dict[str, Any] = Field({}, description="Settings of all cells, by dotted path.")
    cases: dict[FolderName, dict[str, Any]] = Field(
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
            raise ValueError(f"{files[0]} is the name of a file of the sweep: rename the case")
        return {name: _checked_paths(case) for name, case in cases.items()}

    @field_validator("grid")
    @classmethod
    def _values_differ(
        cls, grid: dict[str, list[Any]], info: ValidationInfo
    ) -> dict[str, list[Any]]:
        cases = info.data.get("cases", {})
        for path, values in grid.items():
            if names := [name for name, case in cases.items() if path in case]:
                raise ValueError(
                    f"{dotted([path])} is set by case {names[0]} already: leave it out of "
                    "the case or of grid"
                )
            texts = [as_yaml(value) for value in values]
            if duplicates := [text for text in texts if texts.count(text) > 1]:
                raise ValueError(
                    f"{dotted([path])} has the value {short(duplicates[0])} twice: leave one out"
                )
        return grid

    @model_validator(mode="after")
    def _stays_countable(self) -> Self:
        count = max(1, len(self.cases)) * prod(map(len, self.grid.values()))
        if count > MOST_CELLS:
            raise ValueError(
                f"{count:,} cells are too many; at most {MOST_CELLS:,} are allowed: have fewer "
                "cases, or fewer values in grid"
            )
        if (runs := count * self.seeds) > MOST_RUNS:
            raise ValueError(
                f"{runs:,} runs are too many; at most {MOST_RUNS:,} are allowed: set "
                f"seeds={MOST_RUNS // count}"
            )
        return self

    @property
    def all_seeds(self) -> range:
        """The seeds of every cell."""
        return range(self.first_seed, self.first_seed + self.seeds)


def read_study(path: str | Path, overrides: Mapping[str, Any] = {}) -> tuple[Study, Entry]:
    """The study in a file, and its entries with their places.

    Raises ScenarioError with all problems.
    """
    reading = load_with_entries(Study, path, overrides, shelf=STUDIES, option=OPTION)
    return reading.settings, reading.root


def study_schema() -> dict[str, Any]:
    """JSON Schema of study files, for editors."""
    schema = Study.model_json_schema()
    extends = {"type": "string", "description": "Another study file to start from."}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"] = {"extends": extends} | schema["properties"]
    return schema


def _checked_paths(paths: dict[str, Any]) -> dict[str, Any]:
    if reserved := [path for path in paths if path in SET_BY_STUDY]:
        raise ValueError(
            f"{reserved[0]} cannot be set: the study itself gives it to each run; leave it out"
        )
    return paths
