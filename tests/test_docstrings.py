"""Examples in docstrings print what they say, and the README's Python runs."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import simulator
import simulator.analysis

ROOT = Path(__file__).parents[1]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(simulator.__path__, "simulator.")
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_they_say(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_some_examples_exist():
    finder = doctest.DocTestFinder()
    examples = [
        test
        for name in MODULES
        for test in finder.find(importlib.import_module(name))
        if test.examples
    ]
    assert len(examples) >= 6


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks[1:]:  # the first one reads a run of a certain name
        exec(compile(block, "README.md", "exec"), names)
    assert names["economy"].period == 1
    first = blocks[0].replace(re.search(r'"(outputs/[^"]+)"', blocks[0])[1], str(names["folder"]))
    exec(compile(first.replace(".plot()", ""), "README.md", "exec"), names)
    assert names["run"].periods["period"].iloc[-1] == 60


@pytest.mark.slow
def test_the_python_of_the_page_for_users_of_mesa_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / "mesa.md").read_text("utf-8")
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "docs/mesa.md", "exec"), names)
    assert names["branch"].period == 8
    assert names["other"].history[-1]["revenue"] < names["branch"].history[-1]["revenue"] / 2
    assert len(names["collector"].model_vars["accuracy"]) == 60
