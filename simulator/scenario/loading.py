"""Scenario files: YAML in, one validated model out, every mistake of the file told at once.

The YAML is read as nodes, so that each value keeps the place where it stands. Nodes become entries;
entries are merged with the files they extend, changed by overrides, and only then turned into plain
data for the model.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from simulator.components import Section
from simulator.errors import Problem, ScenarioError, suggestion
from simulator.scenario.entries import Entry, Findings, Place, error_of, stop
from simulator.scenario.faults import translated
from simulator.scenario.merging import AFTER_FILES, merged, override
from simulator.scenario.words import got, short
from simulator.scenario.yaml_text import Source

__all__ = ["load", "parse_overrides", "read"]

S = TypeVar("S", bound=Section)

MOST_BYTES = 1_000_000


def load(model: type[S], path: str | Path, *layers: Mapping[str, Any]) -> S:
    """The scenario in the file at `path`, after `extends` and then `layers`, as a `model`.

    A layer overrides all before it: values, or entries with places of their own, by dotted path,
    such as `{"market.fee": 0.01, "clients.0.examples": 50}`. Raises ScenarioError with every
    problem found, in the order of the file.
    """
    return read(model, path, *layers)[0]


def read(model: type[S], path: str | Path, *layers: Mapping[str, Any]) -> tuple[S, Entry]:
    """What `load` returns, and the entries that it was made of."""
    findings: Findings = []
    chain = _read_chain(str(path), findings)
    files = [entry.place.source for entry in chain]
    root = chain.pop()
    while chain:
        root = merged(root, chain.pop(), (model,))
    for rank, overrides in enumerate(layers, AFTER_FILES):
        override(root, model, overrides, rank, findings)
    folders = _folders(files, layers)
    try:
        scenario = model.model_validate(root.plain(), context={"folders": folders})
    except ValidationError as error:
        settled = {place for place, _ in findings}
        findings += [each for each in translated(error, model, root) if each[0] not in settled]
    if findings:
        raise error_of(findings)
    return scenario, root


def _folders(files: Iterable[str], layers: Iterable[Mapping[str, Any]]) -> list[str]:
    """Where the data files that settings name may be: the folders of all files that set anything.

    The last that sets anything is first: a study before its scenario, that before what it extends.
    """
    given = [value for layer in layers for value in layer.values() if isinstance(value, Entry)]
    sources = [entry.place.source for entry in reversed(given)] + list(files)
    return list(dict.fromkeys(os.path.dirname(source) for source in sources))


def parse_overrides(settings: Iterable[str]) -> dict[str, Any]:
    """Overrides from texts like `market.fee=0.01`; the value is YAML, the last of a path counts.

    Raises ScenarioError naming every text that is not of this form.
    """
    overrides: dict[str, Any] = {}
    problems: list[Problem] = []
    for text in settings:
        try:
            path, value = _parsed_override(text)
            overrides[path] = value
        except ScenarioError as error:
            where = f"--set {short(text)}"
            problems += [Problem(where, problem.what) for problem in error.problems]
    if problems:
        raise ScenarioError(problems)
    return overrides


def _parsed_override(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals:
        raise ScenarioError("has no '='; write it as path=value")
    if not all(path.strip().split(".")):
        raise ScenarioError("the path before '=' has an empty name; write it like market.fee=0.01")
    findings: Findings = []
    entry = Source("", 0, findings).parse(value)
    if findings:
        raise error_of(findings)
    return path.strip(), entry.plain() if entry else None


def _read_chain(name: str, findings: Findings) -> list[Entry]:
    """The file `name` and those it extends, nearest first."""
    chain: list[Entry] = []
    names: dict[str, str] = {}
    asked = Place(0, 0, 0, name)
    while True:
        content = _content(name, asked, findings)
        if (real := os.path.realpath(name)) in names:
            circle = " -> ".join([*names.values(), name])
            stop(findings, asked, f"extends goes round in a circle: {circle}")
        names[real] = name
        source = Source(name, len(chain), findings)
        root = source.parse(source.decoded(content))
        if root is None:
            stop(findings, source.whole, "the file is empty; a scenario is a mapping of settings")
        if not isinstance(root.value, dict):
            what = f"a scenario must be a mapping of settings, got {got(root.plain())}"
            stop(findings, root.place, what)
        chain.append(root)
        base = root.value.pop("extends", None)
        if base is None:
            return chain
        if not isinstance(base.value, str):
            what = f"extends: expected the name of a file, got {got(base.plain())}"
            stop(findings, base.place, what)
        name, asked = str(Path(name).parent / base.value), base.place


def _content(name: str, asked: Place, findings: Findings) -> bytes:
    try:
        with open(name, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        what = f"the file is larger than {MOST_BYTES:,} bytes" if len(content) > MOST_BYTES else ""
    except FileNotFoundError:
        what = f"no such file{suggestion(Path(name).name, _siblings(Path(name)))}"
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
        folder = os.path.isdir(name) if isinstance(error, OSError) else False
        what = "this is a folder, not a file" if folder else f"cannot be read: {reason}"
    if what:
        stop(findings, asked, f"extends {short(name)}: {what}" if asked.line else what)
    return content


def _siblings(path: Path) -> list[str]:
    try:
        return sorted(file.name for file in path.parent.glob("*.y*ml"))
    except OSError:
        return []
