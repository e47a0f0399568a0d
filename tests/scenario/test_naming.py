"""Names of folders: what is allowed, and a name that would do."""

import pytest

from simulator.errors import ScenarioError
from simulator.scenario import Scenario

WRONG = {
    "a/b": "a-b",
    "": "mine",
    "my scenario": "my-scenario",
    " a ": "a",
    "é": "e",
    "été 2024/3": "ete-2024-3",
    "-a": "a",
    ".hidden": "hidden",
    "..": "mine",
    "日本": "mine",
    "a\nb": "a-b",
    "a\n": "a",
    "C:\\runs": "C-runs",
    "x" * 90: "x" * 80,
}


@pytest.mark.parametrize(("name", "similar"), WRONG.items())
def test_a_wrong_name_is_told_with_one_that_would_do(name: str, similar: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario(name=name)
    (problem,) = caught.value.problems
    assert problem.where == "Scenario"
    assert "cannot be the name of a folder: use 1 to 80 characters of A-Z, a-z, 0-9" in problem.what
    assert problem.what.endswith(f"such as '{similar}'")
    assert Scenario(name=similar).name == similar


@pytest.mark.parametrize("name", ["a", "Fee_0.3-b", "9", "x" * 80])
def test_letters_digits_and_three_marks_are_allowed(name: str) -> None:
    assert Scenario(name=name).name == name
