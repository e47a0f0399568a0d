"""What the name of a scenario means to Python."""

import os
from pathlib import Path

import pytest

from simulator.errors import ScenarioError
from simulator.scenario.shipped import FOLDER, SCENARIOS, STUDIES, find_scenario, find_study


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_bare_name_is_shipped_and_everything_else_a_path() -> None:
    shipped = FOLDER / "quickstart.yaml"
    assert find_scenario("quickstart") == shipped
    assert find_study("joining") == FOLDER / "studies" / "joining.yaml"
    Path("quickstart").write_text("")
    assert find_scenario("quickstart") == shipped
    for name in ("./quickstart", "quickstart.yaml", "quickstart.yml", "/a/quickstart", "a/quick"):
        assert find_scenario(name) == Path(name)
    assert find_scenario(Path("quickstart")) == Path("quickstart")
    assert find_scenario(os.path.abspath("quickstart")) == Path("quickstart").resolve()


def test_a_bare_name_that_is_not_shipped_is_a_path_too() -> None:
    Path("own").write_text("")
    Path("folder").mkdir()
    assert find_scenario("own") == Path("own")
    assert find_scenario("folder") == Path("folder")
    for name in ("nothing", "x" * 5000, "a\0b", ""):
        with pytest.raises(ScenarioError, match="no such file or shipped scenario"):
            find_scenario(name)


def test_studies_and_scenarios_have_their_own_names() -> None:
    with pytest.raises(ScenarioError, match="no such file or shipped study"):
        find_study("quickstart")
    assert not SCENARIOS.files().keys() & STUDIES.files().keys()
    assert set(SCENARIOS.files()) == {path.stem for path in FOLDER.glob("*.yaml")}
