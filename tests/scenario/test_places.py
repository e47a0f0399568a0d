"""Errors that show only with data, or between settings: each is told at the setting to blame."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator import Economy, Scenario
from simulator.errors import ScenarioError

Call = Callable[..., Any]
TABLE = """\
extends: quickstart
periods: 1
federation:
  task:
    kind: csv
    file: d.csv
    target: label
    client: owner
  partition: {kind: natural}
  contribution: {kind: equal}
clients: [{count: 5}]
liquidity_providers: []
"""


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        f"{random.random()},{number},{'abcde'[number % 5]},{number % 2}" for number in range(300)
    ]
    Path("d.csv").write_text("\n".join(["x,many,owner,label", *rows]) + "\n")
    Path("revenue.csv").write_text("revenu\n1\n-2\n")
    Path("price.csv").write_text("price\n1\n-1\n")
    Path("table.yaml").write_text(TABLE)


MISFITS: dict[str, tuple[str, str]] = {
    "target": (TABLE.replace("label", "lable"), "s.yaml:7:13: federation.task.target: "),
    "classes": (TABLE.replace("label", "many"), "s.yaml:7:13: federation.task.target: "),
    "client": (TABLE.replace("owner", "oner"), "s.yaml:8:13: federation.task.client: "),
    "features": (
        TABLE.replace("    client: owner", "    client: owner\n    features: [x, y]"),
        "s.yaml:9:15: federation.task.features: ",
    ),
    "too few clients": (
        "extends: table.yaml\nclients: [{count: 4}]\n",
        "s.yaml:2:10: clients: ",
    ),
    "another partition": (
        "extends: table.yaml\nfederation:\n  partition: {kind: iid, min_examples: 99}\n",
        "s.yaml:3:14: federation.partition: ",
    ),
    "the table": (
        "extends: table.yaml\nfederation: {task: {file: other.csv}}\n",
        "s.yaml:2:27: clients: ",
    ),
    "column of revenue": (
        "extends: quickstart\ntokens:\n  revenue: {kind: csv, file: revenue.csv, column: rev}\n",
        "s.yaml:3:51: tokens.revenue.column: ",
    ),
    "column of revenue by default": (
        "extends: quickstart\ntokens:\n  revenue:\n    kind: csv\n    file: revenue.csv\n",
        "s.yaml:4:5: tokens.revenue.column: ",
    ),
    "amounts of revenue": (
        "extends: quickstart\ntokens: {revenue: {kind: csv, file: revenue.csv, column: revenu}}\n",
        "s.yaml:2:37: tokens.revenue.file: ",
    ),
    "outside prices": (
        "extends: quickstart\nmarket:\n  outside_price: {kind: csv, file: price.csv}\n",
        "s.yaml:3:36: market.outside_price.file: ",
    ),
}


@pytest.mark.parametrize(("text", "start"), MISFITS.values(), ids=MISFITS)
def test_an_error_of_the_data_is_told_at_its_setting(call: Call, text: str, start: str) -> None:
    rows = [f"1,2,{'abcdef'[number % 6]},{number % 2}" for number in range(300)]
    Path("other.csv").write_text("\n".join(["x,y,owner,label", *rows]) + "\n")
    Path("s.yaml").write_text(text)
    for command in (["validate"], ["run"], ["view", "--no-open", "--port", "0"]):
        answer = call(command[0], "s.yaml", *command[1:])
        assert answer.code == 2
        errors = [line for line in answer.err.splitlines() if line.startswith("error:")]
        assert len(errors) == 1 and errors[0].startswith(f"error: {start}"), command
    assert not Path("outputs").exists()


@pytest.mark.parametrize(
    ("override", "path"),
    [
        ("federation.task.target=lable", "federation.task.target"),
        ("clients=[{count: 4}]", "clients"),
        ("federation.partition.min_examples=61", "federation.partition"),
    ],
)
def test_an_override_is_blamed_for_the_data(call: Call, override: str, path: str) -> None:
    answer = call("validate", "table.yaml", "--set", override, "--set", "seed=3")
    assert answer.code == 2
    assert answer.err.startswith(f"error: --set {override}: {path}: ")


def test_a_sweep_tells_errors_of_the_data_before_it_runs(call: Call) -> None:
    Path("study.yaml").write_text(
        "name: study\nbase: table.yaml\nseeds: 1\ncases:\n"
        "  good: {}\n"
        "  few: {clients.0.count: 4}\n"
        "  wrong: {federation.task.target: lable}\n"
    )
    answer = call("sweep", "run", "study.yaml")
    assert answer.code == 2
    places = [line.split(": ")[1:3] for line in answer.err.splitlines()]
    assert places == [
        ["study.yaml:6:26", "clients"],
        ["study.yaml:7:35", "federation.task.target"],
    ]
    assert "(cell few)" in answer.err and not Path("outputs").exists()


def test_without_a_file_the_setting_is_named() -> None:
    scenario = Scenario.load("table.yaml", {"federation.task.target": "lable"})
    with pytest.raises(ScenarioError, match=r"^federation\.task\.target: .*did you mean 'label'"):
        Economy(scenario)


BASE = """\
extends: quickstart
market: {information_delay: 1, launch: {kind: seeded_pool}, clearing: {kind: batch}}
tokens: {payout: {dividend: 0.5, treasury: 0.1}}
federation: {task: {kind: synthetic, test: 0.3, classes: 6, informative: 6}}
liquidity_providers: [{count: 2, deposit: 1000}]
investors: [{count: 3, strategy: {kind: insider}}]
events: [{kind: behaviour, period: 3, clients: [9], behaviour: {kind: free_rider}}]
"""


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("market: {fee: 5}", "m.yaml:2:15: market.fee: 5 is too large"),
        ("tokens: {payout: {dividend: 0.9}}", "m.yaml:2:29: tokens.payout.treasury: "),
        ("federation: {task: {validation: 0.8}}", "m.yaml:2:33: federation.task.test: "),
        ("federation: {task: {informative: 2}}", "m.yaml:2:34: federation.task"),
        ("federation: {task: {examples: 50}}", "m.yaml:2:31: federation.task.classes: "),
        ("market: {launch: {kind: lbp}}", "m.yaml:2:18: market"),
        ("market: {curve: {kind: stableswap}}", "m.yaml:2:17: market.clearing: "),
        ("market: {information_delay: 0}", "m.yaml:2:29: investors.0.strategy: "),
        ("market: {launch: {supply: 5}}", "m.yaml:2:18: liquidity_providers: "),
        ("clients: [{count: 8}]", "m.yaml:2:10: events.0: there is no client 9"),
        ("clients: [{count: 30}]", "m.yaml:2:10: clients: contribution method shapley"),
        ("federation: {participation: 0.2, aggregation: {kind: krum}}", "m.yaml:2:"),
    ],
)
def test_a_misfit_is_told_in_the_file_that_made_it(call: Call, text: str, start: str) -> None:
    Path("base.yaml").write_text(BASE)
    assert call("validate", "base.yaml").code == 0
    Path("m.yaml").write_text(f"extends: base.yaml\n{text}\n")
    answer = call("validate", "m.yaml")
    assert answer.code == 2
    assert answer.err.startswith(f"error: {start}")


@pytest.mark.parametrize(
    ("override", "path"),
    [
        ("market.information_delay=0", "investors.0.strategy"),
        ("tokens.payout.direct=0.1", "tokens.payout.treasury"),
        ("market.curve.kind=weighted", "market.clearing"),
        ("clients.0.count=3", "events.0"),
        ("federation.task.validation=0.7", "federation.task.test"),
    ],
)
def test_a_misfit_is_told_at_the_override_that_made_it(
    call: Call, override: str, path: str
) -> None:
    Path("base.yaml").write_text(BASE)
    answer = call("validate", "base.yaml", "--set", "market.fee=0.02", "--set", override)
    assert answer.err.splitlines()[-1].startswith(f"error: --set {override}: {path}: ")
