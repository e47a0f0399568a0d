"""Studies: the cells that they make, and everything that can be wrong with one, where it stands."""

from pathlib import Path
from typing import Any

import pytest

from simulator.errors import ScenarioError
from simulator.scenario import Scenario
from simulator.scenario.shipped import find_study
from simulator.sweep import Cell, base_of, cells_of, read_study, study_schema

BASE = """\
name: tiny
periods: 2
federation: {task: {kind: wine}, contribution: {kind: equal}}
clients: [{count: 2}, {count: 1, behaviour: {kind: free_rider}}]
liquidity_providers: [{count: 1, deposit: 300}]
"""


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(BASE)


def cells(text: str, overrides: dict[str, Any] | None = None) -> list[Cell]:
    Path("study.yaml").write_text(f"name: fees\nbase: tiny.yaml\nseeds: 2\n{text}")
    study, root = read_study("study.yaml")
    return cells_of(study, root, Scenario, overrides or {})


def problems(text: str, overrides: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        cells(text, overrides)
    return [str(problem) for problem in error.value.problems]


def test_without_cases_and_grid_there_is_one_cell() -> None:
    (cell,) = cells("")
    assert (cell.name, cell.settings) == ("base", {})
    assert cell.scenario == Scenario.load("tiny.yaml", {"name": "base"})


def test_a_grid_is_the_full_product() -> None:
    variants = cells("grid: {market.fee: [0.01, 0.02], clients.0.count: [3, 4, 5]}")
    assert [cell.name for cell in variants] == [
        f"fee-{fee}_count-{count}" for fee in (0.01, 0.02) for count in (3, 4, 5)
    ]
    assert variants[4].settings == {"market.fee": 0.02, "clients.0.count": 4}
    assert variants[4].scenario == Scenario.load(
        "tiny.yaml", {"market.fee": 0.02, "clients.0.count": 4, "name": "fee-0.02_count-4"}
    )


def test_cases_times_grid() -> None:
    variants = cells("cases: {few: {clients.0.count: 3}, none: {}}\ngrid: {market.fee: [0, 0.02]}")
    assert [cell.name for cell in variants] == [
        "few_fee-0",
        "few_fee-0.02",
        "none_fee-0",
        "none_fee-0.02",
    ]
    assert variants[1].settings == {"clients.0.count": 3, "market.fee": 0.02}
    assert [len(cell.scenario.behaviours) for cell in variants] == [4, 4, 3, 3]


def test_names_tell_settings_of_equal_last_names_apart() -> None:
    variants = cells("grid: {clients.0.count: [3], clients.1.count: [4]}")
    assert [cell.name for cell in variants] == ["clients.0.count-3_clients.1.count-4"]


def test_cells_are_numbered_when_values_give_no_names() -> None:
    variants = cells("grid: {description: ['a b', 'a/b']}")
    assert [cell.name for cell in variants] == ["cell-1", "cell-2"]


def test_later_layers_override_earlier_ones_wholly() -> None:
    text = (
        "periods: 9\n"
        "settings: {federation.contribution: {kind: leave_one_out}, market.fee: 0.1}\n"
        "cases: {own: {market.fee: 0.02, federation.contribution.kind: shapley, periods: 5}}"
    )
    (cell,) = cells(text)
    assert cell.scenario.federation.contribution.kind == "shapley"
    assert (cell.scenario.market.fee, cell.scenario.periods) == (0.02, 5)
    (cell,) = cells("periods: 9")
    assert cell.scenario.periods == 9
    (cell,) = cells("settings: {market.fee: 0.1}", {"market.fee": 0.03, "periods": 4})
    assert (cell.scenario.market.fee, cell.scenario.periods) == (0.03, 4)


def test_a_new_kind_in_a_case_drops_the_parameters_of_the_old_one() -> None:
    text = "settings: {tokens.issuance: {kind: halving, half_life: 7}}\n"
    (cell,) = cells(text + "cases: {even: {tokens.issuance.kind: constant}}")
    assert cell.scenario.tokens.issuance.kind == "constant"


def test_parameters_given_beside_a_new_kind_are_meant_for_it() -> None:
    settings = "{clients.1.behaviour.poses_from: 2, clients.1.behaviour.kind: sybil}"
    (cell,) = cells(f"cases: {{turncoat: {settings}}}")
    behaviour = cell.scenario.clients[1].behaviour
    assert (behaviour.kind, behaviour.poses_from) == ("sybil", 2)


def test_cells_do_not_share_what_is_set_inside_a_shared_setting() -> None:
    text = "settings: {market: {fee: 0.1}}\ncases: {a: {market.fee: 0.2}, b: {}}"
    assert [cell.scenario.market.fee for cell in cells(text)] == [0.2, 0.1]


def test_seeds_follow_the_first_and_are_the_same_in_all_cells() -> None:
    (cell,) = cells("first_seed: 5")
    study, _ = read_study("study.yaml")
    assert list(study.all_seeds) == [5, 6]
    assert cell.with_seed(6) == cell.scenario.model_copy(update={"seed": 6})


def test_the_base_may_be_shipped_or_in_another_folder() -> None:
    Path("deep").mkdir()
    Path("deep/study.yaml").write_text("name: a\nbase: ../tiny.yaml\nseeds: 1\n")
    assert cells_of(*read_study("deep/study.yaml"))[0].scenario.periods == 2
    Path("deep/study.yaml").write_text("name: a\nbase: no_investors\nseeds: 1\n")
    assert cells_of(*read_study("deep/study.yaml"))[0].scenario.investors == ()
    Path("deep/no_investors.yaml").write_text("extends: ../tiny.yaml\nperiods: 9\n")
    (cell,) = cells_of(*read_study("deep/study.yaml"))
    assert cell.scenario.investors == () and cell.scenario.periods != 9
    assert str(base_of(read_study("deep/study.yaml")[1])).endswith(", not ./no_investors.yaml")
    Path("deep/study.yaml").write_text("name: a\nbase: no_investors.yaml\nseeds: 1\n")
    assert cells_of(*read_study("deep/study.yaml"))[0].scenario.periods == 9


def test_a_shipped_base_has_no_suffix() -> None:
    Path("study.yaml").write_text("name: a\nbase: quickstart.yaml\nseeds: 1\n")
    with pytest.raises(ScenarioError) as error:
        cells_of(*read_study("study.yaml"))
    assert [str(problem) for problem in error.value.problems] == [
        "study.yaml:2:7: base: no such file; the shipped scenario is called 'quickstart', "
        "without suffix"
    ]


def test_everything_wrong_with_a_study_is_reported_at_once() -> None:
    Path("study.yaml").write_text("name: fees\nsead: 3\nseeds: 0\ngrid: {market.fee: []}\n")
    with pytest.raises(ScenarioError) as error:
        read_study("study.yaml")
    errors = [str(problem) for problem in error.value.problems]
    assert [line.split(": ")[0] for line in errors] == [
        "study.yaml:1:1",
        "study.yaml:2:1",
        "study.yaml:3:8",
        "study.yaml:4:20",
    ]
    assert "base: missing" in errors[0]
    assert "unknown setting 'sead'; did you mean 'seeds'? Allowed: " in errors[1]
    assert "seeds: 0 is too small; it must be at least 1" in errors[2]
    assert "grid.market.fee: expected at least 1 item, got 0" in errors[3]


def test_the_mistakes_of_all_cells_are_reported_at_once_where_they_stand() -> None:
    errors = problems(
        "settings: {market.fie: 0.01}\n"
        "cases:\n"
        "  a: {market.fee: 5}\n"
        "  b: {clients.0: {count: x}}\n"
        "grid: {federation.contribution.kind: [equal, shaply]}\n"
    )
    assert [line.split(": ")[0] for line in errors] == [
        "study.yaml:4:12",
        "study.yaml:6:19",
        "study.yaml:8:46",
        "study.yaml:7:26",
    ]
    assert "unknown setting 'fie' in market; did you mean 'fee'?" in errors[0]
    assert "market.fee: 5 is too large" in errors[1]
    assert errors[1].endswith("(cell a_kind-equal and 1 more)")
    assert "unknown kind 'shaply' for federation.contribution; did you mean 'shapley'?" in errors[2]
    assert "clients.0.count: expected a whole number, got text 'x'" in errors[3]


def test_a_mistake_of_the_base_is_reported_once() -> None:
    Path("tiny.yaml").write_text(BASE + "market: {fee: 7}\n")
    errors = problems("grid: {clients.0.count: [3, 4]}")
    assert len(errors) == 1
    assert errors[0].startswith("tiny.yaml:6:15: market.fee: 7 is too large")
    assert "cell" not in errors[0]


def test_an_unknown_base_is_reported_where_it_stands() -> None:
    Path("study.yaml").write_text("name: a\nseeds: 1\nbase: quickstar\n")
    with pytest.raises(ScenarioError) as error:
        cells_of(*read_study("study.yaml"))
    assert str(error.value).startswith(
        "study.yaml:3:7: base: no such file or shipped scenario; did you mean 'quickstart'?"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("settings: {seed: 3}", "study.yaml:4:11: settings: seed cannot be set"),
        ("grid: {name: [a]}", "study.yaml:4:7: grid: name cannot be set"),
        ("cases: {a: {seed: 3}}", "study.yaml:4:8: cases: seed cannot be set"),
        ("cases: {a/b: {}}", "study.yaml:4:14: cases.a/b: "),
        ("grid: {market.fee: [1, 1]}", "study.yaml:4:7: grid: market.fee has the value 1 twice"),
        (
            "cases: {a: {market.fee: 0.1}}\ngrid: {market.fee: [0.2]}",
            "study.yaml:5:7: grid: market.fee is set by case a already",
        ),
        (f"grid: {{a: {list(range(101))}, b: {list(range(100))}}}", "study.yaml:1:1: 10,100 cells"),
        ("settings: {market.0: 1}", "study.yaml:4:12: "),
        ("cases: {Report.csv: {}}", "study.yaml:4:8: cases: Report.csv is the name of a file"),
        (
            "report: volatility\ngrid: {market.fee: [0, 0.1]}",
            "study.yaml:4:9: report: volatility cannot tell fee-0 and fee-0.1 apart",
        ),
        (
            "report: proceeds\ngrid: {market.fee: [0, 0.1]}",
            "study.yaml:4:9: report: proceeds cannot tell fee-0 and fee-0.1 apart",
        ),
        (
            "report: attackers_pay\nsettings: {clients: [{count: 2}]}",
            "study.yaml:4:9: report: attackers_pay needs clients that are not honest",
        ),
        (
            "report: reward_by_client\ncases: {a: {}, b: {clients: [{count: 2}]}}",
            "study.yaml:4:9: report: reward_by_client needs the same clients in all cells",
        ),
    ],
)
def test_what_a_study_may_not_say(text: str, message: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(message)


def test_too_many_runs_are_refused_before_they_are_listed() -> None:
    Path("study.yaml").write_text(
        "name: many\nbase: tiny.yaml\nseeds: 50001\ngrid: {market.fee: [0, 0.1]}"
    )
    with pytest.raises(ScenarioError, match="100,002 runs are too many; at most 100,000"):
        read_study("study.yaml")


@pytest.mark.parametrize("path", ["seed", "name", "market.fee", "market"])
def test_overrides_may_not_touch_what_the_study_varies(path: str) -> None:
    (problem,) = problems("grid: {market.fee: [0.01, 0.02]}", {path: 3})
    assert problem == f"--set {path}: the study itself gives this to each run; change the study"


def test_the_schema_describes_every_setting() -> None:
    schema = study_schema()
    assert schema["required"] == ["name", "base", "seeds"]
    assert all(field["description"] for field in schema["properties"].values())


def test_a_bare_name_is_that_of_the_shipped_study() -> None:
    assert read_study(find_study("volatility"))[0].name == "volatility"
    Path("volatility.yaml").write_text("name: mine\nbase: quickstart\nseeds: 1\n")
    assert read_study(find_study("volatility"))[0].name == "volatility"
    assert read_study(find_study("volatility.yaml"))[0].name == "mine"
    with pytest.raises(ScenarioError, match="did you mean 'volatility'"):
        find_study("volatilty")


def test_a_study_extends_a_shipped_one_by_its_bare_name() -> None:
    Path("study.yaml").write_text("extends: volatility\nname: mine\n")
    study, root = read_study("study.yaml")
    shipped, shipped_root = read_study(find_study("volatility"))
    assert study == shipped.model_copy(update={"name": "mine"})
    assert base_of(root).path == base_of(shipped_root).path
