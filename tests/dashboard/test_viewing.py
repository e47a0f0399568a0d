"""What `view` shows: a scenario by its name or path, or the run in a folder."""

import json
from pathlib import Path

import pytest

from simulator.dashboard import serving
from simulator.dashboard.stage import Stage
from simulator.recording import read_manifest
from simulator.running import runs_in
from simulator.scenario.shipped import FOLDER

SCENARIO = """\
name: {name}
periods: {periods}
federation: {{contribution: {{kind: leave_one_out}}}}
clients: [{{count: 3}}]
liquidity_providers: [{{count: 1, deposit: 300}}]
investors: [{{count: 4}}]
"""


@pytest.fixture
def shown(call, monkeypatch):
    """Call `view` with these arguments; its answer and the stage that would have been served."""
    stages: list[Stage] = []

    def serve(stage, port, announce):
        stages.append(stage)
        announce("http://here")

    monkeypatch.setattr(serving, "serve", serve)
    monkeypatch.setattr(Stage, "rehearse", lambda stage: None)

    def view(*words):
        answer = call("view", *words, "--no-open")
        return answer, (stages.pop() if stages else None)

    return view


@pytest.fixture
def runs(call, tmp_path, monkeypatch):
    """Runs of two scenarios in `outputs`, started at different times, and the newest of them."""
    monkeypatch.chdir(tmp_path)
    folders = []
    for number, name in enumerate(("quickstart", "other", "quickstart")):
        Path(f"{name}_.yaml").write_text(SCENARIO.format(name=name, periods=1))
        folder = Path(call("run", f"{name}_.yaml", "-q").lines[0])
        manifest = read_manifest(folder)
        started = ["2026-01-02T00:00:00+00:00", "2026-01-01T00:00:00+00:00", "2026-01-01T09:00:00"]
        (folder / "manifest.json").write_text(json.dumps(manifest | {"started": started[number]}))
        folders.append(folder)
    return folders


def test_a_folder_shows_its_newest_run(shown, runs, monkeypatch):
    newest, *_ = runs
    for folder, count in ((".", 3), ("outputs", 3), ("outputs/quickstart", 2)):
        answer, stage = shown(folder)
        assert answer.code == 0
        assert answer.err == f"run: {newest}, the newest of {count} runs in {folder}\n"
        assert stage.recorded is not None and stage.name == str(newest)
        assert answer.out == f"{newest} is at http://here (Ctrl-C ends it)\n"
    answer, stage = shown("outputs/other")
    assert answer.err == f"run: {runs[1]}, the only run in outputs/other\n"
    monkeypatch.chdir("outputs")
    answer, stage = shown(".")
    assert stage.name == str(newest.relative_to("outputs"))


def test_the_folder_of_a_run_shows_it_without_a_word(shown, runs, monkeypatch):
    answer, stage = shown(runs[2])
    assert answer.err == "" and stage.name == str(runs[2])
    monkeypatch.chdir(runs[2].parent)
    answer, stage = shown(runs[2].name)
    assert answer.err == "" and stage.recorded is not None


def test_a_folder_of_its_name_does_not_hide_the_shipped_scenario(shown, runs, monkeypatch):
    """A run of quickstart makes such a folder in `outputs`."""
    monkeypatch.chdir("outputs")
    for words in ((), ("quickstart",)):
        answer, stage = shown(*words)
        assert answer.code == 0 and stage.recorded is None
        assert answer.err.splitlines()[:2] == [
            "scenario: quickstart is the shipped one, not the folder ./quickstart",
            f"scenario: quickstart is the shipped {FOLDER}/quickstart.yaml",
        ]
        assert stage.initial_choice.settings.periods == 60
    answer, stage = shown("./quickstart")
    assert stage.recorded is not None


def test_a_folder_without_runs_is_refused(shown, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("empty/deep").mkdir(parents=True)
    Path("empty/deep/manifest.json").write_text("{}")
    for folder in ("empty", "."):
        answer, stage = shown(folder)
        assert (answer.code, stage) == (2, None)
        assert answer.err == (
            f"error: {folder}: neither the folder of a run (it has no manifest.json) nor one that "
            "holds runs\n"
        )


def test_a_file_is_shown_though_a_shipped_scenario_has_its_name(shown, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("quickstart.yaml").write_text(SCENARIO.format(name="mine", periods=4))
    answer, stage = shown("quickstart.yaml")
    assert stage.initial_choice.settings.name == "mine"
    assert answer.err.splitlines()[0].endswith("quickstart.yaml, not the shipped quickstart")


def test_runs_are_found_three_levels_deep_in_order_of_their_start(runs):
    assert runs_in(Path()) == [runs[1], runs[2], runs[0]]
    assert runs_in(runs[0].parent) == [runs[2], runs[0]]
    assert runs_in(runs[0]) == []
