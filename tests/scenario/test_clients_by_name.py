"""Clients named by the data: in all tables and figures, by group, and as many as there are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import Economy, Scenario, run
from simulator.agents.client import Client
from simulator.analysis import load_run
from simulator.analysis.figures import save_overview
from simulator.cli import main
from simulator.errors import ScenarioError
from simulator.market import Orders
from simulator.recording import read_manifest
from simulator.running import verify
from simulator.tables import TABLES

SCENARIO = """\
name: own
periods: 2
federation:
  task: {kind: csv, file: own.csv, target: y, client: site}
  partition: {kind: natural}
  contribution: {kind: equal}
clients: [{count: 3}]
liquidity_providers: [{deposit: 200}]
investors: [{count: 2}]
tokens: {revenue: {floor: null}}
"""
NATURAL = ("hosp1", "hosp2", "hosp10")


def written(folder: Path, sites: Sequence[str] = NATURAL, rows: int = 24) -> Path:
    lines = [f"{n % 7},{'ab'[n % 2]},{site}\n" for n in range(rows) for site in sites[::-1]]
    (folder / "own.csv").write_text("x,y,site\n" + "".join(lines), encoding="utf-8")
    (folder / "own.yaml").write_text(SCENARIO)
    return folder / "own.yaml"


def loaded(folder: Path, sites: Sequence[str] = NATURAL, **changes: Any) -> Scenario:
    places = {name.replace("__", "."): value for name, value in changes.items()}
    return Scenario.load(written(folder, sites), places)


def test_tables_have_the_names_of_the_data(tmp_path: Path) -> None:
    folder = run(loaded(tmp_path), tmp_path / "out")
    tables = load_run(folder)
    tokens = [f"token_{name}" for name in NATURAL]
    assert tuple(tables.behaviours) == NATURAL
    assert list(tables.clients["owner"].astype(str).unique()) == list(NATURAL)
    assert list(tables.pools["token"].astype(str).unique()) == tokens
    assert tables.token_of == dict(zip(NATURAL, tokens, strict=True))
    assert set(NATURAL) < set(tables.agents["agent"].astype(str))
    assert set(tables.flows["asset"].astype(str)) <= {"numeraire", *tokens} | {
        f"lp_{token}" for token in tokens
    }
    assert [file.name for file in folder.glob("overview.*")] == ["overview.png"]
    svg = save_overview(tables)[1].read_text()
    assert all(f"<!-- {name} " in svg for name in NATURAL)


def test_a_run_folder_alone_has_the_same_names(tmp_path: Path) -> None:
    folder = run(loaded(tmp_path), tmp_path / "out")
    (tmp_path / "own.csv").unlink()
    assert verify(folder) == dict.fromkeys(TABLES, "identical")
    assert Scenario.load(folder / "scenario.yaml").client_names == NATURAL


def test_without_a_natural_partition_clients_have_numbers(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, federation__partition__kind="iid")
    assert scenario.client_names == ("client_0", "client_1", "client_2")
    assert scenario.named_clients == []
    (tmp_path / "own.csv").write_text("changed")  # names need no data then
    assert scenario.token_names == ("token_0", "token_1", "token_2")


@pytest.mark.parametrize(
    ("sites", "names", "tokens"),
    [
        (("3", "10"), ("site_3", "site_10"), ("token_site_3", "token_site_10")),
        (("client_0", "client_1"), ("client_0", "client_1"), ("token_0", "token_1")),
        (("client_1", "token_1"), ("client_1", "token_1"), ("token_client_1", "token_token_1")),
        (("A", "client_A"), ("A", "client_A"), ("token_A", "token_client_A")),
        (("client_token", "client_x"), ("client_token", "client_x"), ("token_token", "token_x")),
        (("St M, A/B", "$x$"), ("$x$", "St M, A/B"), ("token_$x$", "token_St M, A/B")),
    ],
)  # fmt: skip
def test_tokens_are_named_after_their_clients_and_found_again(
    tmp_path: Path, sites: Sequence[str], names: Sequence[str], tokens: Sequence[str]
) -> None:
    quoted = [f'"{site}"' for site in sites]
    scenario = loaded(tmp_path, quoted, clients=[{"count": 2}])
    assert scenario.client_names == names and scenario.token_names == tokens
    tables = load_run(run(scenario, tmp_path / "out"))
    assert tables.token_of == dict(zip(names, tokens, strict=True))


def test_a_late_client_has_its_own_token(tmp_path: Path) -> None:
    clients = [{"joins": 2}, {"count": 2}]
    tables = load_run(run(loaded(tmp_path, clients=clients), tmp_path / "out"))
    assert tables.token_of == {name: f"token_{name}" for name in NATURAL}
    assert list(tables.pools["token"].astype(str).unique())[-1] == "token_hosp1"


def test_names_of_any_script_are_drawn_without_a_warning(tmp_path: Path) -> None:
    sites = ["北京", "Hôpital Saint-Louis, bâtiment principal", "Hôpital Saint-Louis, annexe"]
    folder = run(loaded(tmp_path, [f'"{site}"' for site in sites]), tmp_path / "out")
    png, svg = save_overview(load_run(folder), tmp_path)
    assert png.is_file()
    text = svg.read_text()
    assert "Hôpital S…principal" in text and "Hôpital S…s, annexe" in text


# Groups, and who poses as many


def test_groups_say_which_clients_they_have(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, clients=[{"count": 2}, {"behaviour": {"kind": "free_rider"}}])
    assert scenario.named_clients == [
        "clients.0, honest: 0 hosp1, 1 hosp2",
        "clients.1, free_rider: 2 hosp10",
    ]
    chosen = loaded(
        tmp_path,
        federation__task__clients=["hosp10", "hosp2"],
        clients=[{"count": 1}, {"behaviour": {"kind": "free_rider"}}],
    )
    assert chosen.named_clients == ["clients.0, honest: 0 hosp10", "clients.1, free_rider: 1 hosp2"]


def test_identities_of_one_owner_are_named_after_it(tmp_path: Path) -> None:
    sybil = {"count": 3, "behaviour": {"kind": "sybil", "poses_from": 2}}
    copies = {"behaviour": {"kind": "duplicate", "original": 1}}
    scenario = loaded(tmp_path, clients=[{}, sybil, copies])
    posing = ("hosp2", "hosp2_sybil_1", "hosp2_sybil_2")
    assert scenario.client_names == ("hosp1", *posing, "hosp10")
    economy = Economy(scenario)
    data = economy.cohort.data
    assert economy.cohort.dataset.origins is not None
    sizes = np.bincount(economy.cohort.dataset.origins).tolist()
    assert [len(data[0]), sum(map(len, data[1:4])), len(data[4])] == sizes
    rows = load_run(run(scenario, tmp_path / "out")).clients
    assert set(rows[rows["owner"] == "hosp2"]["client"].astype(str)) == set(posing)


def test_two_clients_never_have_one_name(tmp_path: Path) -> None:
    sybil = {"count": 2, "behaviour": {"kind": "sybil"}}
    with pytest.raises(ScenarioError, match="two clients would have the name 'A_sybil_1'"):
        _ = loaded(tmp_path, ["A", "A_sybil_1"], clients=[sybil, {}]).client_names


# As many clients as the data have


@pytest.mark.parametrize(
    ("clients", "message"),
    [
        ([{"count": 5}], "there are 5, but the data have 3, hosp1 (24 rows), hosp2 (24 rows), "
                         "hosp10 (24 rows); set clients.0.count=3"),
        ([{"count": 2}], "set clients.0.count=3, or choose 2 of them by federation.task.clients="
                         "['hosp1', 'hosp2'], those with most rows"),
        ([{"count": 1}, {"count": 4}], "there are 5, but the data have 3"),
        ([{"count": 1}, {"count": 4}], "; set clients.1.count=2"),
        ([{"count": 2}, {"count": 2}, {}, {}], "the counts 2, 2, 1, 1 in `clients` must come to 3"),
        ([{"count": 3}, {"count": 9, "behaviour": {"kind": "sybil"}}],
         "there are 4, each sybil group counted once, but the data have 3"),
        ([{"count": 3}, {"count": 9, "behaviour": {"kind": "sybil"}}], "; set clients.0.count=2"),
    ],
)  # fmt: skip
def test_another_number_of_clients_is_refused_with_one_that_would_do(
    tmp_path: Path, clients: list[Any], message: str
) -> None:
    scenario = loaded(tmp_path, clients=clients)
    with pytest.raises(ScenarioError) as caught:
        Economy(scenario)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("command", ["validate", "run"])
def test_the_command_line_refuses_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    out = ["--out", str(tmp_path / "out")] if command == "run" else []
    with pytest.raises(SystemExit) as end:
        main([command, str(written(tmp_path)), "--set", "clients.0.count=4", *out])
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert end.value.code == 2 and not (tmp_path / "out").exists()
    assert len(errors) == 1 and "set clients.0.count=3" in errors[0]


def test_the_command_line_says_who_is_who(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["validate", str(written(tmp_path))])
    lines = capsys.readouterr().err.splitlines()
    assert "3 clients by site: hosp1 (24), hosp2 (24), hosp10 (24)" in lines[0]
    assert lines[1] == "data: clients.0, honest: 0 hosp1, 1 hosp2, 2 hosp10"


# What is told apart by names


class Waiting(Client):
    """A client with a memory that trades nothing."""

    def decide(self, view: Any) -> Orders:
        self.memory["seen"] = np.append(self.memory.get("seen", np.zeros(0)), view.period)
        return Orders.none()


def test_names_with_slashes_survive_a_checkpoint(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, ["A/B", "A/C", "B"])
    types = {"clients/0": Waiting}
    whole, half, rest = (Economy(scenario, agent_types=types) for _ in range(3))
    whole.step(), whole.step(), half.step()
    rest.restore(half.save())
    rest.step()
    memories = [economy.world.agent_memory["clients/0"] for economy in (whole, rest)]
    assert set(memories[0]) == set(memories[1]) == {"A/B", "A/C", "B"}
    assert all(memory["seen"].tolist() == memories[0][name]["seen"].tolist()
               for name, memory in memories[1].items())  # fmt: skip


def test_both_data_files_of_one_name_are_in_the_run_folder(tmp_path: Path) -> None:
    file = written(tmp_path)
    (tmp_path / "held_out").mkdir()
    (tmp_path / "held_out" / "own.csv").write_text("y,x\na,1\nb,2\nb,3\n")
    scenario = Scenario.load(file, {"federation.task.test_file": "held_out/own.csv"})
    folder = run(scenario, tmp_path / "out")
    described = read_manifest(folder)["data"]
    assert [each["file"] for each in described] == ["own.csv", "own.csv"]
    assert len({each["copy"] for each in described}) == 2
    (tmp_path / "own.csv").unlink()
    (tmp_path / "held_out" / "own.csv").unlink()
    assert verify(folder) == dict.fromkeys(TABLES, "identical")
