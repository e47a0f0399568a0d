"""Whatever a scenario file says, `validate` answers in lines: no traceback and no hang."""

import random
import shutil
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.cli import main

MUTATIONS = 5000
SECONDS = 30  # that one answer may take at most
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 3, 0.5, -0.0, 1e-300, 1e300, 10**30, -(10**9), 1.5, "", " "),
    *("x", "0,3", "1e5", "nan", "yes", "null", "\u0000", "\u2028", "é" * 99),
    *([], {}, [1], [[]], [None], [{}], {"": 1}, {"kind": "x"}, {"kind": None}),
    *({"kind": "constant"}, {"kind": "shapley"}, {"count": 1}, [{"count": 2}]),
)
TEXTS = (
    *(":", "-", "{", "}", "[", "]", "'", '"', "\t", "  ", "#", "&a", "*a", "!!python/name:os"),
    *(
        "\n",
        "<<: *x",
        "extends: .",
        "? ",
        "|",
        ">",
        ",",
        "0x1F",
        "1_000",
        "~",
        "é",
        "\x07",
        "- - -",
    ),
)
SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))


def places(value: Any) -> list[tuple[Any, Any]]:
    """All (container, key) within a nested value."""
    keys = value.items() if isinstance(value, dict) else enumerate(value)
    own = [(value, key) for key, _ in keys]
    inside = value.values() if isinstance(value, dict) else value
    deeper = [place for each in inside if isinstance(each, dict | list) for place in places(each)]
    return own + deeper


def mutated(settings: dict[str, Any], draws: random.Random) -> str:
    """A scenario with a few settings replaced, removed, renamed or moved, or with odd text."""
    for _ in range(draws.randint(1, 3)):
        container, key = draws.choice(places(settings))
        match draws.randrange(6):
            case 0 | 1 | 2:
                container[key] = deepcopy(draws.choice(ODD))
            case 3:
                del container[key]
            case 4 if isinstance(container, dict):
                container[draws.choice([f"{key}x", str(key)[:-1], "kind", "start"])] = container[
                    key
                ]
            case _:
                container[key] = deepcopy(
                    draws.choice([each[key] for each, key in places(settings)])
                )
        if not places(settings):
            break
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    for _ in range(draws.choice([0, 0, 0, 1, 2])):
        place = draws.randrange(len(text) + 1)
        text = text[:place] + draws.choice(TEXTS) + text[place + draws.choice([0, 0, 1, 5]) :]
    return text


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_validate_answers_in_lines(
    part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    draws, codes = random.Random(part), set[int]()
    for file in SCENARIOS:
        shutil.copy(file, tmp_path)
    for number in range(MUTATIONS // 10):
        settings = yaml.safe_load(draws.choice(SCENARIOS).read_text("utf-8"))
        settings.setdefault("extends", "quickstart.yaml")
        if settings["name"] == "quickstart":
            del settings["extends"]
        text = mutated(settings, draws)
        (tmp_path / "own.yaml").write_text(text, "utf-8")
        started = time.monotonic()
        with pytest.raises(SystemExit) as answer:
            main(["validate", "own.yaml"])
        taken, (out, err) = time.monotonic() - started, capsys.readouterr()
        codes.add(int(str(answer.value.code)))
        context = f"part {part}, mutation {number}:\n{text}\n{err}"
        assert answer.value.code in (0, 2), context
        assert all(
            line.startswith(
                ("error: ", "warning: ", "data: ", "extends: ", "this will take about ")
            )
            for line in err.splitlines()
        ), context
        assert bool(out) == (answer.value.code == 0), context
        assert taken < SECONDS, context
    assert codes == {0, 2}
