"""Errors that plugins raise, in one line."""

from pathlib import Path

import pytest

from simulator.errors import ScenarioError
from simulator.foreign import described_error, plugin_line
from simulator.scenario.plugins import load_plugins
from tests.own_component import own_component


def raised_by(folder: Path, body: str) -> BaseException:
    """What the method of a plugin raises."""
    plugin = own_component(folder, "federation.Accuracy", "binary_hit_rate(self, labels)", body)
    (component,) = load_plugins([plugin])
    try:
        component().binary_hit_rate([])  # type: ignore[attr-defined]
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("raise KeyError('x')", "KeyError: 'x' (mine.py:8)"),
        ("raise ValueError", "ValueError (mine.py:8)"),
        ("raise ValueError('two\\n  lines')", "ValueError: two lines (mine.py:8)"),
        ("raise SystemExit(3)", "SystemExit: 3 (mine.py:8)"),
        ("\n        labels.missing()", "AttributeError: 'list' object has no attribute 'missing' "
         "(mine.py:9)"),
        ("np.zeros((2, 3)).reshape(7)", "ValueError: cannot reshape array of size 6 into shape "
         "(7,) (mine.py:8)"),
        ("self.binary_hit_rate(labels)", "RecursionError: maximum recursion depth exceeded "
         "(mine.py:8)"),
    ],
)  # fmt: skip
def test_an_error_of_a_plugin_is_described_with_its_line(
    tmp_path: Path, body: str, text: str
) -> None:
    assert described_error(raised_by(tmp_path, body)) == text


def test_an_error_of_our_own_has_no_line() -> None:
    try:
        load_plugins(["missing.py"])
    except ScenarioError as error:
        assert plugin_line(error) == ""
    assert described_error(KeyError("x")) == "KeyError: 'x'"
