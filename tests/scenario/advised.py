"""What messages advise, taken literally: settings to set, and settings to leave out."""

import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from simulator import Economy, Scenario
from simulator.errors import ScenarioError
from simulator.reading import dump, parse_overrides
from simulator.scenario import doubts
from simulator.scenario.loading import load, load_with_entries

__all__ = ["advice_in", "complaints", "essence", "left_out", "without"]

SETTING = re.compile(r"[a-z_]+(\.\w+)*=\S.*")


def complaints(file: Path, *layers: Mapping[str, Any], gather: bool = False) -> list[str]:
    """The problems of a scenario or, if it has none, its doubts; also those of its data."""
    try:
        scenario = load(Scenario, file, *layers)
        if gather:
            Economy(scenario)
    except ScenarioError as error:
        return [problem.what for problem in error.problems]
    return doubts(scenario)


def advice_in(message: str) -> list[dict[str, Any]]:
    """The alternatives that a message offers, each as overrides that belong together."""
    _, found, advice = message.rpartition("set ")
    if not found:
        return []
    advice = re.sub(r",? or (leave|add) .*", "", advice)
    alternatives = [each.split(" and ") for each in re.split(r",? or ", advice)]
    for setting in (setting for each in alternatives for setting in each):
        assert SETTING.fullmatch(setting), f"{setting!r} is not a setting, in: {message}"
    return [parse_overrides(each) for each in alternatives]


def left_out(message: str) -> list[str]:
    """The paths that a message says may be left out."""
    if "leave this out" in message:
        return message.partition(": no effect")[0].split(", ")
    return re.findall(r"leave out ([\w.]+)", message)


def essence(message: str) -> str:
    """A message without its advice and its numbers, other than those in paths."""
    return re.sub(r"(?<![\w.])\d[\d,.e+-]*", "#", re.split(r"[;:] (set|leave)", message)[0])


def without(
    file: Path, overrides: Mapping[str, Any], paths: list[str], folder: Path
) -> tuple[Path, dict[str, Any]]:
    """The scenario without some of its settings, as a file and as plain data."""
    settings = deepcopy(load_with_entries(Scenario, file, overrides)[1].plain_value())
    for path in sorted(paths, reverse=True):
        *names, last = [int(name) if name.isdecimal() else name for name in path.split(".")]
        place = settings
        for name in names:
            place = place[name]
        del place[last]
    changed = folder / "changed.yaml"
    changed.write_text(dump(settings))
    return changed, settings
