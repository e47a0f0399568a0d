"""The command line as a user meets it: what it prints where, exit codes, and every wrong input."""

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import simulator
from simulator.analysis import load_run
from simulator.cli import cli, main
from simulator.recording import read_manifest
from tests.own_component import own_component

SCENARIO = """\
name: fast
periods: 3
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 3}]
liquidity_providers: [{count: 1, deposit: 300}]
investors: [{count: 2}]
"""
SHIPPED = Path(simulator.__file__).parent.parent / "scenarios"


Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fast.yaml").write_text(SCENARIO)


def written() -> list[str]:
    """All that stands in the folder besides the inputs."""
    return sorted(path.name for path in Path().iterdir() if path.suffix not in (".yaml", ".py"))


def test_a_run_prints_its_result_and_how_to_look_at_it(call: Call) -> None:
    answer = call("run", "fast.yaml", "--out", "here")
    assert answer.code == 0
    assert answer.lines[0] == "fast: 3 periods, seed 1, complete"
    (folder,) = Path("here/fast").iterdir()
    assert f"results  {folder}" in answer.lines
    look, _command, picture = answer.lines[-1].split()
    assert (look, picture) == ("look", f"{folder}/overview.png")
    assert Path(picture).stat().st_size > 1000
    assert "\x1b" not in answer.out + answer.err
    assert "period" not in answer.err.replace("per period", "")  # no progress without a terminal


def test_a_run_without_a_figure_points_to_none(call: Call, interrupted: Path) -> None:
    answer = call("run", "fast.yaml", "--out", "here", "--no-figure")
    (folder,) = Path("here/fast").iterdir()
    assert answer.lines[-2:] == [f"results  {folder}", f"look     wallstreetfeds view {folder}"]
    assert not [*folder.glob("overview.*")] and (folder / "summary.json").is_file()
    assert "figure" not in (folder / "manifest.json").read_text()

    answer = call("resume", interrupted, "--no-figure")
    assert answer.lines[-1] == f"look     wallstreetfeds view {interrupted}"
    assert not [*interrupted.glob("overview.*")]


def test_what_shows_a_run_with_a_plugin_is_given_it(call: Call, tmp_path: Path) -> None:
    plugin = own_component(tmp_path, "federation.Accuracy", "check_weights(self)", "None").name
    answer = call("run", "fast.yaml", "--plugin", plugin, "--no-figure")
    assert answer.lines[-1].endswith(f" --plugin {plugin}")


def test_a_quiet_run_prints_its_folder_only(call: Call) -> None:
    answer = call("run", "fast.yaml", "-q")
    assert (answer.code, answer.err, len(answer.lines)) == (0, "", 1)
    folder = Path(answer.lines[0])
    assert folder.parent == Path("outputs/fast")
    assert load_run(folder).manifest["status"] == "complete"


def test_a_verbose_run_tells_every_period_on_stderr(call: Call) -> None:
    answer = call("run", "fast.yaml", "-v", "--periods", "2")
    lines = [line.split(":")[0] for line in answer.err.splitlines() if line.startswith("period ")]
    assert lines == ["period 0", "period 1", "period 2"]
    assert "period 0:" not in answer.out


def test_a_run_as_json(call: Call) -> None:
    answer = call("run", "fast.yaml", "--json", "--seed", "5", "--set", "market.fee=0.02")
    output = json.loads(answer.out)
    assert output["run"] == {"name": "fast", "seed": 5, "status": "complete"}
    manifest = read_manifest(Path(output["folder"]))
    assert manifest["overrides"] == {"market.fee": 0.02, "seed": 5}
    assert load_run(output["folder"]).scenario["market"]["fee"] == 0.02


def test_a_shipped_scenario_is_found_by_its_name(call: Call) -> None:
    assert call("validate", "quickstart").code == 0
    answer = call("validate", "quikstart")
    assert answer.code == 2 and "no such file" in answer.err


def shipped_file(name: str) -> str:
    from simulator.scenario.shipped import FOLDER

    return str(FOLDER / f"{name}.yaml")


def test_a_bare_name_is_that_of_the_shipped_scenario(call: Call) -> None:
    alone = call("validate", "quickstart")
    shipped = shipped_file("quickstart")
    assert alone.err.splitlines()[0] == f"scenario: quickstart is the shipped {shipped}"
    Path("quickstart.yaml").write_text(SCENARIO)
    both = call("run", "quickstart", "--periods", "1")
    assert both.lines[0].startswith("quickstart: 1 period")
    assert both.err.splitlines()[0] == (
        f"scenario: quickstart is the shipped {shipped}, not ./quickstart.yaml"
    )
    assert call("run", "quickstart", "--periods", "1", "-q").err == ""
    assert json.loads(call("validate", "quickstart", "--json").out)["file"] == shipped


def test_a_name_with_suffix_or_slash_is_a_path(call: Call, tmp_path: Path) -> None:
    Path("quickstart.yaml").write_text(SCENARIO)
    answer = call("run", "quickstart.yaml")
    assert answer.lines[0] == "fast: 3 periods, seed 1, complete"
    assert answer.err.splitlines()[0] == (
        f"scenario: quickstart.yaml is the file {tmp_path}/quickstart.yaml, not the shipped "
        "quickstart"
    )
    assert json.loads(call("run", "./quickstart.yaml", "--json").out)["file"] == "./quickstart.yaml"
    assert "scenario:" not in call("validate", "./quickstart.yaml").err
    Path("quickstart").write_text(SCENARIO)
    assert "not ./quickstart\n" in call("validate", "quickstart").err
    assert call("run", "./quickstart").lines[0] == "fast: 3 periods, seed 1, complete"
    Path("own").write_text(SCENARIO)  # no shipped one has this name
    assert call("run", "own").lines[0] == "fast: 3 periods, seed 1, complete"


def test_a_shipped_name_with_suffix_is_no_file(call: Call) -> None:
    answer = call("run", "quickstart.yaml")
    assert (answer.code, answer.err) == (
        2,
        "error: quickstart.yaml: no such file; the shipped scenario is called 'quickstart', "
        "without suffix\n",
    )
    answer = call("run", "fast")
    assert answer.code == 2
    assert answer.err.startswith(
        "error: fast: no such file or shipped scenario; did you mean 'fast.y"
    )
    answer = call("sweep", "run", "joining.yaml")
    assert answer.err.endswith("the shipped study is called 'joining', without suffix\n")


def test_a_file_extends_by_the_same_rule(call: Call) -> None:
    Path("deep").mkdir()
    Path("deep/mine.yaml").write_text("extends: no_investors\nperiods: 7\n")
    answer = call("run", "deep/mine.yaml", "--periods", "1")
    assert answer.lines[0] == "no_investors: 1 period, seed 1, complete"
    assert "extends:" not in answer.err
    Path("deep/no_investors.yaml").write_text(SCENARIO)
    answer = call("run", "deep/mine.yaml", "--periods", "1")
    assert answer.lines[0] == "no_investors: 1 period, seed 1, complete"
    assert (
        f"extends: no_investors is the shipped {shipped_file('no_investors')}, "
        "not ./no_investors.yaml\n"
    ) in answer.err
    Path("deep/mine.yaml").write_text("extends: no_investors.yaml\n")
    assert call("run", "deep/mine.yaml").lines[0] == "fast: 3 periods, seed 1, complete"
    Path("deep/mine.yaml").write_text("extends: no_investers\n")
    assert call("run", "deep/mine.yaml").err.startswith(
        "error: deep/mine.yaml:1:10: extends no_investers: no such file or shipped scenario; did "
        "you mean 'no_investors"
    )


def test_a_folder_does_not_hide_a_shipped_scenario(call: Call) -> None:
    Path("quickstart").mkdir()  # what `run quickstart --out .` makes
    assert call("validate", "quickstart").code == 0


@pytest.mark.parametrize("scenario", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_scenario_is_valid(call: Call, scenario: Path) -> None:
    answer = call("validate", scenario)
    assert (answer.code, answer.out) == (0, f"{scenario} is a valid scenario\n")
    output = json.loads(call("validate", scenario, "--json").out)
    assert output["problems"] == []


def test_validate_warns_without_failing(call: Call) -> None:
    settings = ("--set", "investors.0.strategy.gain=500")
    answer = call("validate", "fast.yaml", *settings)
    assert answer.code == 0 and "warning: prices will overshoot" in answer.err
    assert (
        "prices will overshoot"
        in json.loads(call("validate", "fast.yaml", *settings, "--json").out)["warnings"][0]
    )
    assert call("run", "fast.yaml", *settings, "-q").err == ""


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]"
    for last, name in zip("abcdefgh", "bcdefghi", strict=True)
)
WRONG_FILES: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "empty"),
    "not YAML": ("a: [1", "wrong.yaml:"),
    "a list": ("- 1\n- 2\n", "mapping"),
    "unknown key": ("sed: 1", "'seed'"),
    "unknown key, deep": ("market: {launch: {suply: 2}}", "'supply'"),
    "unknown key, in a list": ("clients: [{cuont: 2}]", "'count'"),
    "unknown key, deepest": ("tokens: {payout: {buybacks: {the: burn}}}", "'then'"),
    "wrong type": ("periods: many", "whole number"),
    "wrong type, deep": ("investors: [{strategy: {gain: [1]}}]", "expected a number"),
    "negative count": ("investors: [{count: -3}]", "at least 1"),
    "no clients": ("clients: []", "clients"),
    "fee of all": ("market: {fee: 1}", "less than 1"),
    "payout above 1": ("tokens: {payout: {dividend: 0.9}}", "sum to 1"),
    "payout below 1": (
        "tokens: {payout: {dividend: 0.1, buyback: 0.1, direct: 0.1, treasury: 0.1}}",
        "sum to 1",
    ),
    "alpha of 0": ("federation: {partition: {kind: dirichlet, alpha: 0}}", "greater than 0"),
    "too many for Shapley": ("clients: [{count: 15}, {count: 15}]", "at most 20"),
    "more clients than examples": (
        "federation: {contribution: {kind: leave_one_out}}\n"
        "clients: [{count: 5000, training_cost: 0}]\nliquidity_providers: []\ninvestors: []",
        "5000",
    ),
    "deposits beyond supply": (
        "liquidity_providers: [{count: 9, deposit: 1.0e+9}]\nmarket: {launch: {supply: 1000}}",
        "market.launch.supply=",
    ),
    "unknown kind": ("market: {curve: {kind: constant_sum}}", "unknown kind 'constant_sum'"),
    "extends itself": ("extends: wrong.yaml", "circle"),
    "extends nothing": ("extends: nothing.yaml", "no such file"),
    "a tag": ("name: !!python/object/apply:os.system ['touch owned']", "tags are not allowed"),
    "a tag for a module": ("name: !!python/name:os.system x", "tags are not allowed"),
    "a bomb": (BOMB, "100,000 values"),
    "brackets": ("[" * 10_000_000, "larger than"),
    "fewer brackets": ("[" * 900_000, "nested deeper"),
    "not UTF-8": (b"name: caf\xe9", "UTF-8"),
    "UTF-16": ("name: x".encode("utf-16"), "UTF-8"),
    "null characters": (b"\0\0\0", "not allowed"),
    "a name that is a path": ("name: ../../etc", "name"),
    "not a number": ("market: {fee: .nan}", "finite"),
    "a negative seed": ("seed: -1", "at least 0"),
    "no periods": ("periods: 0", "at least 1"),
    "an event of a client": (
        "events: [{kind: behaviour, period: 2, client: 1}]",
        "unknown setting 'client' in events.0 (behaviour); did you mean 'clients'?",
    ),
}


@pytest.mark.parametrize("command", ["run", "validate", "view"])
@pytest.mark.parametrize(("text", "message"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_wrong_file_is_reported_and_nothing_is_written(
    call: Call, command: str, text: str | bytes, message: str
) -> None:
    Path("wrong.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    answer = call(command, "wrong.yaml")
    assert answer.code == 2
    assert answer.out == ""
    assert message in answer.err
    assert all(line.startswith("error: ") for line in answer.err.splitlines())
    assert len(answer.err) < 2000
    assert written() == []


@pytest.mark.parametrize(("text", "message"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_wrong_file_as_json(call: Call, text: str | bytes, message: str) -> None:
    Path("wrong.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    answer = call("validate", "wrong.yaml", "--json")
    problems = json.loads(answer.out)["problems"]
    assert answer.code == 2 and problems
    assert any(message in f"{problem['where']}: {problem['what']}" for problem in problems)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("clients.0.behaviour", "clients: [{count: 4, behaviour: {kind: label_flip, start: 5}}]"),
        (
            "events.0.behaviour",
            "events: [{period: 2, clients: [1], behaviour: {kind: label_flip, start: 5}}]",
        ),
    ],
)
def test_a_behaviour_that_starts_by_itself_is_refused_in_one_line(
    call: Call, place: str, text: str
) -> None:
    """An event makes a client behave otherwise from a later period on."""
    Path("wrong.yaml").write_text(f"extends: fast.yaml\n{text}\n")
    answer, column = call("validate", "wrong.yaml"), 1 + text.index("start")
    assert (answer.code, answer.err) == (
        2,
        f"error: wrong.yaml:2:{column}: {place}.start: behaviours have no start; an event changes "
        "clients later, such as {kind: behaviour, period: 30, clients: [9], behaviour: {kind: "
        "label_flip}}, and a sybil has poses_from\n",
    )


def test_a_former_name_of_a_method_is_refused_with_the_current_one(call: Call) -> None:
    answer = call("validate", "fast.yaml", "--set", "federation.contribution.kind=fedsv")
    assert answer.code == 2
    assert answer.err.endswith("fedsv was another name of shapley; write {kind: shapley}\n")


def test_all_mistakes_are_reported_at_once(call: Call) -> None:
    Path("wrong.yaml").write_text("sed: 1\nmarket: {fee: 2}\nperiods: x\n")
    answer = call("run", "wrong.yaml", "--set", "clients.0.count=0")
    places = [line.split(": ")[1] for line in answer.err.splitlines()]
    assert places == ["wrong.yaml:1:1", "wrong.yaml:2:15", "wrong.yaml:3:10",
                      "--set clients.0.count=0"]  # fmt: skip


WRONG_ARGUMENTS: dict[str, tuple[list[str], str]] = {
    "missing file": (["run", "missing.yaml"], "no such file"),
    "nearly the name": (["run", "fats.yaml"], "did you mean 'fast.yaml'"),
    "a folder": (["run", "."], "this is a folder"),
    "set without =": (["run", "fast.yaml", "--set", "seed"], "path=value"),
    "set of nothing": (["run", "fast.yaml", "--set", "=3"], "empty name"),
    "set of the unknown": (["run", "fast.yaml", "--set", "market.fe=3"], "'fee'"),
    "set beyond the list": (["run", "fast.yaml", "--set", "clients.7.count=3"], "clients"),
    "set below a number": (["run", "fast.yaml", "--set", "seed.x=3"], "seed"),
    "set to bad YAML": (["run", "fast.yaml", "--set", "seed=[1"], "--set seed=[1"),
    "set to a tag": (["run", "fast.yaml", "--set", "name=!!python/name:os.system"], "tags"),
    "seed": (["run", "fast.yaml", "--seed", "-1"], "at least 0"),
    "seed as text": (["run", "fast.yaml", "--seed", "x"], "not a valid integer"),
    "periods": (["run", "fast.yaml", "--periods", "0"], "at least 1"),
    "view of a missing file": (["view", "missing.yaml"], "no such file"),
    "view with a wrong setting": (["view", "fast.yaml", "--set", "market.fee=2"], "less than 1"),
    "view with a wrong seed": (["view", "fast.yaml", "--seed", "-1"], "at least 0"),
    "view at no port": (["view", "fast.yaml", "--port", "70000"], "not in the range"),
    "no such command": (["rum", "fast.yaml"], "No such command 'rum'"),
    "no such option": (["run", "fast.yaml", "--sed", "1"], "No such option"),
    "too many arguments": (["run", "fast.yaml", "fast.yaml"], "unexpected extra argument"),
    "no argument": (["validate"], "Missing argument"),
    "no such word": (
        ["list", "dividnd"],
        "list dividnd: nothing has this word; did you mean 'dividend'?",
    ),
    "no such words": (["list", "fee", "xyzzy"], "list fee xyzzy: nothing has all of these words"),
    "no such kind": (["list", "stablswap"], "list stablswap: nothing has this word; did you"),
    "plugin missing": (["run", "fast.yaml", "--plugin", "no.py"], "no such file"),
    "plugin a folder": (["run", "fast.yaml", "--plugin", "."], "no such file"),
    "plugin raises": (["run", "fast.yaml", "--plugin", "raises.py"], "ZeroDivisionError"),
    "plugin no Python": (["schema", "--plugin", "syntax.py"], "SyntaxError"),
    "plugin empty": (["list", "--plugin", "empty.py"], "defines no component"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG_ARGUMENTS.values(), ids=WRONG_ARGUMENTS)
def test_wrong_arguments_are_reported_and_nothing_is_written(
    call: Call, arguments: list[str], message: str
) -> None:
    Path("raises.py").write_text("1 / 0\n")
    Path("syntax.py").write_text("def:\n")
    Path("empty.py").write_text("")
    answer = call(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert message in answer.err
    assert written() in ([], ["__pycache__"])


def test_a_name_that_is_too_long_is_reported(call: Call) -> None:
    assert call("run", "x" * 5000).code == 2


def test_problems_with_arguments_as_json(call: Call) -> None:
    answer = call("run", "fast.yaml", "--json", "--set", "market.fe=3")
    (problem,) = json.loads(answer.out)["problems"]
    assert problem["where"] == "--set market.fe=3" and "did you mean 'fee'" in problem["what"]


@pytest.mark.parametrize(
    "arguments",
    [("resume", "nowhere"), ("verify", "nowhere"), ("run", "fast.yaml", "--out", "fast.yaml")],
    ids=str,
)
def test_other_errors_as_json(call: Call, arguments: tuple[str, ...]) -> None:
    answer = call(*arguments, "--json")
    assert answer.code == (1 if arguments[0] == "run" else 2)
    assert json.loads(answer.out)["problems"]


def test_json_is_looked_for_in_the_arguments_given(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["pytest"])
    with pytest.raises(SystemExit):
        main(["validate", "missing.yaml", "--json"])
    assert json.loads(capsys.readouterr().out)["problems"]


@pytest.mark.parametrize("out", ["fast.yaml", "fast.yaml/below", "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_is_reported(call: Call, out: str) -> None:
    answer = call("run", "fast.yaml", "--out", out)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("error: cannot make the run folder")


@pytest.mark.parametrize("command", ["resume", "verify"])
def test_what_is_no_run_folder_is_reported(call: Call, command: str) -> None:
    for folder in ("nowhere", ".", "fast.yaml"):
        answer = call(command, folder)
        assert (answer.code, answer.out) == (2, "")
        assert "no run folder" in answer.err or "no such folder" in answer.err


@pytest.mark.parametrize("manifest", ["{}", "[]", '{"periods": 3}', '{"format": 99}'])
@pytest.mark.parametrize("command", ["resume", "verify"])
def test_a_strange_manifest_is_reported(call: Call, command: str, manifest: str) -> None:
    Path("manifest.json").write_text(manifest)
    assert call(command, ".").code == 2


def test_resume_and_verify_a_complete_run(call: Call) -> None:
    folder = call("run", "fast.yaml", "-q").lines[0]
    answer = call("resume", folder)
    assert answer.code == 0 and answer.err == f"{folder} is complete already\n"
    assert answer.lines[-1].startswith("look ")
    answer = call("verify", folder)
    assert answer.code == 0 and answer.lines[-1] == "verified"
    assert [line.split() for line in answer.lines[:2]] == [
        ["periods", "identical"],
        ["clients", "identical"],
    ]


def test_verify_fails_when_a_table_differs(call: Call) -> None:
    folder = Path(call("run", "fast.yaml", "-q").lines[0])
    flows = pd.read_parquet(folder / "flows.parquet")
    flows.loc[5, "amount"] *= 1 + 1e-15
    flows.to_parquet(folder / "flows.parquet")
    answer = call("verify", folder, "--json")
    output = json.loads(answer.out)
    assert (answer.code, output["verified"]) == (1, False)
    assert output["tables"].pop("flows") != "identical"
    assert set(output["tables"].values()) == {"identical"}


def test_verify_of_other_versions_says_so(call: Call) -> None:
    folder = Path(call("run", "fast.yaml", "-q").lines[0])
    manifest = read_manifest(folder)
    manifest["versions"]["numpy"] = "1.0"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    answer = call("verify", folder)
    assert answer.code == 0
    assert any(line.split()[:3] == ["numpy", "1.0", "then,"] for line in answer.lines)


def test_a_failed_run_says_what_to_do(call: Call) -> None:
    answer = call("run", "fast.yaml", "--set", "federation.learner.learning_rate=1e308")
    (folder,) = Path("outputs/fast").iterdir()
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.splitlines()[-2:] == [
        f"what was computed is in {folder}",
        f"go on with: wallstreetfeds resume {folder}",
    ]


def test_the_schema_is_a_json_schema_that_shipped_scenarios_satisfy(call: Call) -> None:
    schema = json.loads(call("schema").out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) >= {"extends", "name", "periods", "clients", "market"}
    assert schema["additionalProperties"] is False
    shipped = SHIPPED / "scenario.schema.json"
    assert json.loads(shipped.read_text()) == schema, "`wallstreetfeds schema` differs from it"
    jsonschema = pytest.importorskip("jsonschema")
    import yaml

    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for file in SHIPPED.glob("*.yaml"):
        assert list(validator.iter_errors(yaml.safe_load(file.read_text()))) == []
    assert not validator.is_valid({"sed": 1})


def test_list_shows_every_kind_with_its_parameters(call: Call) -> None:
    text = call("list").out
    output = json.loads(call("list", "--json").out)
    assert "constant_product" in output["market.curve"]
    gain = output["investors[].strategy"]["fundamentalist"]["parameters"]["gain"]
    assert gain["default"] == 0.5 and gain["description"]
    for path, kinds in output.items():
        assert path in text
        for kind, each in kinds.items():
            assert f"\n  {kind} " in text
            assert each["description"] in text


def test_list_narrows_down(call: Call) -> None:
    output = json.loads(call("list", "investors", "--json").out)
    assert list(output)[:4] == [
        "investors[]",
        "investors[].strategy",
        "investors[].strategy.rules[]",
        "investors[].wealth",
    ]
    assert call("list", "investors").out.startswith("investors[]\n")
    assert "pools_earn" in call("list", "payout").out


def test_list_finds_families_within_components(call: Call) -> None:
    """What is done with missing values is a component within another one."""
    lines = call("list", "missing").lines
    start = lines.index("federation.task.missing  (of csv)")
    assert [line.split()[0] for line in lines[start + 1 : start + 4]] == [
        "refuse",
        "drop",
        "impute",
    ]
    assert lines[start + 1].endswith(" (default)") and not lines[start + 2].endswith(" (default)")
    assert "    missing          refuse " in "\n".join(lines)
    output = json.loads(call("list", "rules", "--json").out)
    assert output["investors[].strategy.rules[]"]["momentum"]["within"] == "adaptive"
    output = json.loads(call("list", "events[].behaviour", "--json").out)
    (default,) = (name for name, kind in output["events[].behaviour"].items() if kind["default"])
    assert default == "free_rider"


def test_list_describes_a_kind_in_full(call: Call) -> None:
    lines = call("list", "gtg_shapley").lines
    assert lines[0] == "federation.contribution"
    assert lines[2].startswith("    A round in which |v(all) - v(nobody)|")
    window = next(line for line in lines if line.startswith("    window "))
    assert window.split(None, 2)[1:] == [
        "10",
        "Running means that are compared. (at least 2, at most 10000)",
    ]
    output = json.loads(call("list", "csv", "--json").out)
    assert {place for place, kinds in output.items() if "csv" in kinds} == {
        "federation.task",
        "tokens.revenue",
        "market.outside_price",
    }
    target = output["federation.task"]["csv"]["parameters"]["target"]
    assert target["required"] and target["default"] is None
    file = next(line for line in call("list", "csv").lines if line.startswith("    file "))
    assert file.split()[1] == "required"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("fee",), ("market", "fee")),
        (("opinions", "log"), ("investors[].strategy", "fundamentalist")),
        (("Brock",), ("investors[].strategy", "adaptive")),
        (("Volatility", "highest"), ("market.volatility_fee", "most")),
        (("normalisation",), ("federation", "normalisation")),
    ],
)
def test_list_finds_words_in_names_and_descriptions(
    call: Call, words: tuple[str, ...], found: tuple[str, str]
) -> None:
    place, name = found
    output = json.loads(call("list", *words, "--json").out)
    assert name in output[place]
    lines = call("list", *words).lines
    inside = lines[lines.index(place) + 1 :]
    assert any(line.split()[0] == name for line in inside)


def test_list_shows_limits_and_choices(call: Call) -> None:
    fee = json.loads(call("list", "fee", "--json").out)["market"]["fee"]
    assert (fee["default"], fee["allowed"]) == (0.01, "at least 0, less than 1")
    federation = json.loads(call("list", "normalisation", "--json").out)["federation"]
    assert set(federation) == {"normalisation"}
    assert federation["normalisation"]["allowed"] == "coalition or all"
    seed = json.loads(call("list", "seed", "--json").out)["scenario"]["seed"]
    assert seed["allowed"] == f"at least 0, less than {2**63}"


def test_init_makes_a_folder_to_start_from(call: Call) -> None:
    answer = call("init", "lab")
    assert answer.code == 0
    assert answer.lines[0].startswith("lab: wrote breast_cancer.yaml, ")
    assert answer.lines[-2].endswith("wallstreetfeds run lab/mine.yaml")
    assert answer.lines[-1].endswith("wallstreetfeds sweep run lab/studies/joining.yaml")
    studies = {path.name for path in (SHIPPED / "studies").glob("*.yaml")}
    assert {path.name for path in Path("lab/studies").iterdir()} == studies
    assert all(f"studies/{name}" in answer.lines[0] for name in studies)
    assert call("validate", "lab/mine.yaml").code == 0


def test_init_keeps_what_is_there_and_brings_the_rest(call: Call) -> None:
    call("init", "lab")
    Path("lab/quickstart.yaml").write_text("name: precious")
    Path("lab/studies/joining.yaml").write_text("name: mine_too")
    Path("lab/studies/mechanisms.yaml").unlink()
    answer = call("init", "lab")
    assert answer.code == 0
    assert answer.lines[0] == "lab: wrote studies/mechanisms.yaml"
    assert answer.lines[1].startswith("lab: kept as they are breast_cancer.yaml, ")
    assert Path("lab/quickstart.yaml").read_text() == "name: precious"
    assert Path("lab/studies/joining.yaml").read_text() == "name: mine_too"
    assert [line[:9] for line in call("init", "lab").lines] == [
        "lab: kept",
        "edit mine",
        "run a stu",
    ]


@pytest.mark.parametrize(
    "study", sorted((SHIPPED / "studies").glob("*.yaml")), ids=lambda p: p.stem
)
def test_studies_vary_the_scenarios_beside_them(study: Path) -> None:
    """An edited copy of a scenario is the one that a copied study runs."""
    from simulator.sweep import base_of, read_study

    shutil.copytree(SHIPPED, "lab")
    base = Path(base_of(read_study(Path("lab/studies") / study.name)[1]).path)
    assert base.resolve().parent == Path("lab").resolve() and base.is_file()


def test_init_never_writes_over_a_file_that_is_no_folder(call: Call) -> None:
    Path("lab").mkdir()
    Path("lab/studies").write_text("mine")
    answer = call("init", "lab")
    assert answer.code == 2 and answer.err == "error: lab/studies: File exists\n"
    assert [path.name for path in Path("lab").iterdir()] == ["studies"]


@pytest.mark.parametrize("place", ["fast.yaml", "fast.yaml/x", "/proc/x/y"])
def test_init_tells_what_cannot_be_made(call: Call, place: str) -> None:
    answer = call("init", place)
    assert answer.code == 2 and answer.err.startswith("error: ")


def test_the_doctor_is_content(call: Call) -> None:
    answer = call("doctor", "--json")
    checks = json.loads(answer.out)
    assert answer.code == 0 and all(check["good"] for check in checks)
    names = {"versions", "compiled kernels", "settling kernel", "a tiny run, verified"}
    assert names <= {check["name"] for check in checks}


def test_the_doctor_compiles_what_is_not_compiled_yet(call: Call) -> None:
    def compiled() -> str:
        checks = json.loads(call("doctor", "--compile", "--json").out)
        return str(next(check["found"] for check in checks if check["name"] == "all kernels"))

    compiled()
    assert compiled() == "were compiled already"


def test_the_doctor_finds_what_is_broken(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("no kernel")

    monkeypatch.setattr("simulator.doctor._checks", lambda _: iter([("kernel", broken)]))
    answer = call("doctor")
    assert answer.code == 1
    assert answer.out.split() == ["FAIL", "kernel", "OSError:", "no", "kernel"]


@pytest.mark.slow
def test_the_doctor_reports_a_broken_numba() -> None:
    code = (
        "import sys; sys.modules['numba'] = None; from simulator.cli import main; main(['doctor'])"
    )
    proc = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (proc.returncode, proc.stderr) == (1, "")
    assert "FAIL settling kernel        ModuleNotFoundError" in proc.stdout


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_help_has_an_example_that_parses(call: Call, command: str) -> None:
    answer = call(command, "--help")
    assert answer.code == 0 and call(command, "-h").out == answer.out
    examples = [line.strip() for line in answer.lines if line.startswith("    wallstreetfeds ")]
    assert examples
    for example in examples:
        words = example.split(" > ")[0].split()
        assert words[1] == command
        cli.commands[command].make_context(command, words[2:])


def test_help_version_and_nothing(call: Call) -> None:
    answer = call("--help")
    assert answer.code == 0
    for command in cli.commands:
        assert f"\n  {command} " in answer.out
    assert call("--version").out.startswith("wallstreetfeds, version ")
    assert call().code == 2


def test_output_that_nobody_reads_is_no_error() -> None:
    code = "from simulator.cli import main; main()"
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", code, "schema"]
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert "Traceback" not in result.stderr and "Exception" not in result.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_gets_a_progress_bar_without_colour_when_asked() -> None:
    master, terminal = pty.openpty()
    environment = os.environ | {"NO_COLOR": "1", "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "simulator", "run", "fast.yaml"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal, env=environment)
    os.close(terminal)
    text = b""
    try:
        while more := os.read(master, 65536):
            text += more
    except OSError:  # the end, on Linux
        pass
    output = process.communicate()[0].decode()
    os.close(master)
    assert process.returncode == 0
    assert b"periods" in text
    assert b"\x1b[3" not in text and b"\x1b[9" not in text  # no colours
    assert output.splitlines()[-1].startswith("look ") and "\x1b" not in output


HEAVY = {"numpy", "pydantic", "mesa", "pandas", "sklearn", "numba", "matplotlib", "pyarrow", "rich"}
UNUSED = HEAVY - {"numpy", "pydantic"} | {"scipy"}
"""By commands that read a scenario, or say what may stand in one, and compute nothing."""
LIGHT = {
    "import simulator": HEAVY | {"click", "yaml"},
    "import simulator.analysis": HEAVY | {"click", "yaml"},
    "from simulator.cli import main; sys.argv[1:] = ['--help']; main()": HEAVY | {"yaml"},
    "from simulator.cli import main; sys.argv[1:] = ['run', '--help']; main()": HEAVY | {"yaml"},
    "from simulator.cli import main; sys.argv[1:] = ['sweep', 'run', '--help']; main()": HEAVY
    | {"yaml"},
    "from simulator.cli import main; sys.argv[1:] = ['list']; main()": UNUSED,
    "from simulator.cli import main; sys.argv[1:] = ['schema']; main()": UNUSED,
    "from simulator.cli import main; sys.argv[1:] = ['validate', 'fast.yaml']; main()": UNUSED,
    "from simulator.cli import main; sys.argv[1:] = ['run', 'fast.yaml']; main()": {
        "sklearn", "scipy.stats", "matplotlib.pyplot", "rich",
    },
    "from simulator.cli import main; sys.argv[1:] = ['run', 'fast.yaml', '--no-figure']; main()": {
        "sklearn", "scipy.stats", "matplotlib", "rich",
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("code", LIGHT)
def test_light_work_imports_nothing_heavy(code: str) -> None:
    prelude = "import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    command = [sys.executable, "-c", prelude + code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not LIGHT[code] & set(result.stderr.split())


def test_the_public_face() -> None:
    assert simulator.__all__ == ["Economy", "Scenario", "recorded", "run"]
    assert dir(simulator) == simulator.__all__
    from simulator.running import run
    from simulator.scenario import Scenario

    assert simulator.run is run and simulator.Scenario is Scenario
    with pytest.raises(AttributeError, match="nothing"):
        _ = simulator.nothing


def test_a_file_of_prices_is_read_before_the_run(call: Call) -> None:
    Path("prices.csv").write_text("price\n1\n-1\n")
    Path("mine.yaml").write_text("market: {outside_price: {kind: csv, file: prices.csv}}\n")
    answer = call("validate", "mine.yaml")
    assert answer.code == 2 and "no positive price for period 1" in answer.err
    Path("prices.csv").write_text("price\n1\n1\n")
    assert call("validate", "mine.yaml").code == 0


def test_validate_and_run_tell_what_a_long_run_will_take(call: Call) -> None:
    many = ("--set", "clients.0.count=17", "--set", "federation.contribution.kind=shapley")
    checked = call("validate", "quickstart", *many)
    assert "this will take about 6.6 min" in checked.err
    assert checked.lines[-1] == "quickstart is a valid scenario"
    as_json = json.loads(call("validate", "quickstart", *many, "--json").out)
    assert as_json["forecast"]["seconds"] == pytest.approx(396, rel=0.1)
    assert "take" not in call("validate", "quickstart").err


@pytest.mark.parametrize(("flags", "told"), [((), True), (("-v",), True), (("-q",), False)])
def test_a_run_tells_what_it_will_take(
    call: Call, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], told: bool
) -> None:
    monkeypatch.setattr("simulator.scenario.forecasting.GIGABYTE", 1e8)
    answer = call("run", "fast.yaml", *flags)
    assert answer.code == 0
    assert ("this will take 0.35 GB of memory" in answer.err) == told


def test_without_a_terminal_lines_tell_how_far_a_run_is(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.cli.progress.SECONDS_PER_LINE", 0.0)
    lines = [line for line in call("run", "fast.yaml").err.splitlines() if "periods" in line]
    assert lines[0] == "0 of 3 periods"
    assert [line.split(", about ")[0] for line in lines[1:]] == ["1 of 3 periods", "2 of 3 periods"]
    assert lines[1].endswith(" left")
    assert call("run", "fast.yaml", "-q").err == ""


def test_without_a_terminal_lines_tell_how_far_a_sweep_is(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.cli.progress.SECONDS_PER_LINE", 0.0)
    study = "name: s\nbase: fast.yaml\nseeds: 2\ngrid: {market.fee: [0.01, 0.02]}\n"
    Path("s.yaml").write_text(study)
    answer = call("sweep", "run", "s.yaml", "--workers", "1")
    assert answer.code == 0, answer.err
    lines = [line for line in answer.err.splitlines() if "runs" in line]
    assert [line.split(",")[0] for line in lines] == [f"{n} of 4 runs" for n in range(4)]
    assert ", 0 failed, about " in lines[-1]
    assert call("sweep", "run", "s.yaml", "-q").err == ""
