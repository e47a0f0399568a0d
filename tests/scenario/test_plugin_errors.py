"""What plugins raise: one line with its place, never a traceback, whatever the command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


HERE = """name: own
periods: 1
federation:
  task: {kind: TASK}
  aggregation: {kind: RULE}
  contribution: {kind: leave_one_out}
clients: [{count: 3}]
market: {launch: {kind: LAUNCH}}
liquidity_providers: [{deposit: 100}]
investors: [{count: 2, strategy: {kind: INVESTOR}}]
"""
KINDS = {"TASK": "wine", "RULE": "fedavg", "LAUNCH": "seeded_pool", "INVESTOR": "index"}
RAISING = {
    "raise KeyError('k')": "KeyError: 'k'",
    "1 / 0": "ZeroDivisionError: division by zero",
    "raise SystemExit(3)": "SystemExit: 3",
    "(lambda f: f(f))(lambda f: f(f))": "RecursionError: maximum recursion depth exceeded",
    "raise ValueError": "ValueError",
    "assert Literal is None": "AssertionError",
}
FIELD = (
    "x: int = Field(1, validate_default=True)\n    @field_validator('x')\n"
    "    @classmethod\n    def check_x(cls, x)"
)
PLACES = {  # what is overridden, of which component, and the beginning of the message
    "a field's validator": ("federation.Wine", FIELD, "TASK", "own.yaml:4:9: federation.task: "),
    "a model's validator": (
        "federation.Wine",
        "@model_validator(mode='after')\n    def check_all(self)",
        "TASK",
        "own.yaml:4:9: federation.task: ",
    ),
    "check": (
        "federation.FedAvg",
        "def check(self, participants)",
        "RULE",
        "own.yaml:7:10: clients: ",
    ),
    "check_curve": (
        "market.SeededPool",
        "def check_curve(self, curve)",
        "LAUNCH",
        "own.yaml:8:18: market: ",
    ),
    "a strategy's check": (
        "agents.strategies.Fundamentalist",
        "def check(self, market)",
        "INVESTOR",
        "own.yaml:10:34: investors.0.strategy: ",
    ),
    "collect": ("federation.Wine", "def collect(self, draws)", "TASK", "task mine: collect failed"),
    "summary": ("federation.Wine", "def summary(self)", "TASK", "--plugin: cannot be used: "),
    "initial": (
        "federation.FedAvg",
        "def initial(self, params)",
        "RULE",
        "aggregation mine: initial failed",
    ),
    "open": ("market.SeededPool", "def open(self, opening)", "LAUNCH", "launch mine: open failed"),
    "a strategy's initial": (
        "agents.strategies.Fundamentalist",
        "def initial(self, accounts, draws)",
        "INVESTOR",
        "strategy mine: initial failed",
    ),
}


def raising_plugin(base: str, method: str, body: str) -> Path:
    room, name = base.rsplit(".", 1)
    file = Path("mine.py")
    file.write_text(
        "from typing import Literal\nfrom pydantic import Field, field_validator, model_validator\n"
        f"from simulator.{room} import {name}\n"
        f"class Mine({name}):\n    kind: Literal['mine'] = 'mine'\n    {method}:\n        {body}\n"
    )
    return file


def own_scenario(place: str) -> None:
    text = HERE
    for name, kind in KINDS.items():
        text = text.replace(name, "mine" if name == place else kind)
    Path("own.yaml").write_text(text)


@pytest.mark.parametrize("raising", RAISING)
@pytest.mark.parametrize("place", PLACES)
def test_what_a_plugin_raises_before_the_run_is_one_line_with_its_place(
    call: Callable[..., Any], place: str, raising: str
) -> None:
    base, method, component, begins = PLACES[place]
    file = raising_plugin(base, method, raising)
    own_scenario(component)
    command = ("validate", "own.yaml")
    if raising == "1 / 0":
        command = ("run", "own.yaml")
    answer = call(*command, "--plugin", file)
    lines = [line for line in answer.err.splitlines() if not line.startswith("warning: ")]
    line = 1 + file.read_text().splitlines().index(f"        {raising}")
    assert (answer.code, len(lines)) == (2, 1)
    assert lines[0].startswith(f"error: {begins}")
    message = lines[0].partition(": set ")[0]  # what follows is another kind that would do
    assert message.endswith(f"{RAISING[raising]} (mine.py:{line})")
    assert not Path("outputs").exists()


@pytest.mark.parametrize("place", PLACES)
def test_view_and_sweep_report_it_too(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    pytest.importorskip("solara")
    monkeypatch.setattr("simulator.dashboard.serving.serve", lambda *_: None)
    base, method, component, begins = PLACES[place]
    file = raising_plugin(base, method, "raise KeyError('k')")
    own_scenario(component)
    answer = call("view", "own.yaml", "--no-open", "--plugin", file)
    if place != "summary":  # of which the page says nothing
        assert answer.code == 2
        assert f"error: {begins}" in answer.err and "KeyError: 'k' (mine.py:" in answer.err
    Path("study.yaml").write_text("name: study\nbase: own.yaml\nseeds: 1\n")
    if begins.startswith(("own.yaml", "--plugin")):  # the others are found by the runs
        answer = call("sweep", "run", "study.yaml", "--plugin", file)
        assert answer.code == 2 and "KeyError: 'k' (mine.py:" in answer.err


@pytest.mark.parametrize(
    "text",
    [
        "raise SystemExit(3)",
        "def f(): return f()\nf()",
        "class Base:\n    def __init_subclass__(cls): {}['k']\nclass Mine(Base): pass",
    ],
)
def test_what_a_plugin_raises_when_it_is_run_is_one_line(
    call: Callable[..., Any], text: str
) -> None:
    Path("mine.py").write_text(text)
    answer = call("validate", "quickstart", "--plugin", "mine.py")
    assert answer.code == 2 and answer.err.startswith("error: plugin mine.py: cannot be run: ")
    assert len(answer.err.splitlines()) == 1 and "(mine.py:" in answer.err


def test_what_a_plugin_raises_in_the_run_fails_it(call: Callable[..., Any]) -> None:
    file = raising_plugin("federation.FedAvg", "def combine(self, updates, examples)", "1 / 0")
    own_scenario("RULE")
    answer = call("run", "own.yaml", "--plugin", file)
    message = "error: aggregation mine: apply failed: ZeroDivisionError: division by zero "
    assert answer.code == 1
    assert f"{message}(mine.py:7), in period 1\n" in answer.err
    assert "go on with: wallstreetfeds resume" in answer.err


def test_a_component_without_a_docstring_is_listed(call: Callable[..., Any]) -> None:
    file = raising_plugin("federation.FedAvg", "def check(self, participants)", "pass")
    answer = call("list", "federation.aggregation", "--plugin", file)
    assert answer.code == 0 and "\n  mine " in answer.out
    answer = call("list", "federation.aggregation", "--plugin", file, "--json")
    assert json.loads(answer.out)["federation.aggregation"]["mine"]["description"] == ""


def test_a_component_that_cannot_be_written_is_one_line(call: Callable[..., Any]) -> None:
    method = "@model_serializer\n    def write(self)"
    file = raising_plugin("federation.FedAvg", method, "1 / 0")
    file.write_text("from pydantic import model_serializer\n" + file.read_text())
    own_scenario("RULE")
    answer = call("run", "own.yaml", "--plugin", file)
    assert answer.code == 2 and not Path("outputs").exists()
    assert answer.err.endswith("Error calling function `write`: ZeroDivisionError: division by "
                               "zero\n")  # fmt: skip
