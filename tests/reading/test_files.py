"""Files of settings: what they mean, and the exact words for each way of getting them wrong."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field, ValidationInfo, field_validator, model_validator

from simulator.components import Component, Family, Section, extended
from simulator.errors import Misfit, Problem, ScenarioError, blaming, fitting
from simulator.reading import Shelf, dump, parse_overrides, placed, read
from tests.laws import law

S = TypeVar("S", bound=Section)
NOTHING = Shelf("scenario", Path("/nowhere"))


class Curve(Component):
    """How a toy pool prices."""


class Constant(Curve):
    kind: Literal["constant"] = "constant"
    fee: float = Field(0.003, ge=0, lt=1)


class Weighted(Curve):
    kind: Literal["weighted"] = "weighted"
    weight: float = Field(0.5, gt=0, le=1)
    steps: int = 1


class Stable(Curve):
    kind: Literal["stable"] = "stable"


class ByProduct(Constant):
    """Product of reserves (Uniswap v2)."""


class ByWeight(Weighted):
    """Weighted product (Balancer)."""


class ByTicks(Stable):
    """Between ticks, as Uniswap v3 has it."""


class Market(Section):
    curve: Annotated[Curve, Family((Constant, Weighted))] = Constant()
    second: Annotated[Curve, Family((Constant, Weighted))] | None = None
    low: float = 0.0
    high: float = 1.0

    @model_validator(mode="after")
    def ordered(self) -> "Market":
        if self.low > self.high:
            raise ValueError("low must not exceed high")
        return self


class Client(Section):
    name: str
    examples: int = Field(10, ge=1)


class Toy(Section):
    seed: int = 0
    loud: bool = False
    mode: Literal["fast", "plain"] = "fast"
    note: str | None = None
    rates: float | Annotated[tuple[float, ...], Field(strict=False)] = 0.1
    market: Market = Market()
    clients: tuple[Client, ...] = Field((), strict=False)
    curves: Annotated[
        tuple[Annotated[Curve, Family((Constant, Weighted))], ...],
        Field(strict=False, max_length=3),
    ] = ()
    weights: dict[str, float] = Field({})


class Flat(Curve):
    kind: Literal["flat"] = "flat"
    flat: float = 1.0


class Single(Section):
    curve: Annotated[Curve, Family((Flat,))] = Flat()


class Anything(Section):
    x: Any = None


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str | bytes, name: str = "x.yaml") -> str:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def load(model: type[S], path: str | Path, *layers: Mapping[str, Any]) -> S:
    return read(model, path, *layers, shelf=NOTHING, option="--set").settings


def complaints(text: str | bytes, overrides: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(Toy, written(text), overrides or {})
    return str(caught.value).split("\n")


ALLOWED = "Allowed: extends, seed, loud, mode, note, rates, market, clients, curves, weights"

WRONG_VALUES = {
    "seed: 2.5": "x.yaml:1:7: seed: expected a whole number, got 2.5",
    "seed: '3'": "x.yaml:1:7: seed: expected a whole number, got text '3'; write 3 without quotes",
    "seed: 1e3": "x.yaml:1:7: seed: expected a whole number, got 1000.0; write 1000",
    "seed:": "x.yaml:1:6: seed: expected a whole number, got null",
    "seed: true": "x.yaml:1:7: seed: expected a whole number, got true",
    "loud: on": "x.yaml:1:7: loud: expected true or false, got text 'on'; write true",
    "note: 12": "x.yaml:1:7: note: expected text, got 12; put it in quotes",
    "mode: plian": "x.yaml:1:7: mode: expected 'fast' or 'plain', got text 'plian'; "
    "did you mean 'plain'?",
    "market:\n  low: abc": "x.yaml:2:8: market.low: expected a number, got text 'abc'",
    "market:\n  low: .nan": "x.yaml:2:8: market.low: expected a finite number, got .nan",
    "market:\n  low: -.inf": "x.yaml:2:8: market.low: expected a finite number, got -.inf",
    "market:\n  low: 1e999": "x.yaml:2:8: market.low: expected a finite number, got .inf",
    "market: [1]": "x.yaml:1:9: market: expected a mapping, got a list",
    "clients: 3": "x.yaml:1:10: clients: expected a list, got 3",
    "clients: [{name: a}, 7]": "x.yaml:1:22: clients.1: expected a mapping, got 7",
    "clients: [{examples: 2}]": "x.yaml:1:11: clients.0.name: missing; this setting is required",
    "clients: [{name: a, examples: 0}]": "x.yaml:1:31: clients.0.examples: 0 is too small; "
    "it must be at least 1",
    "market: {curve: {fee: 1}}": "x.yaml:1:23: market.curve.fee: 1 is too large; "
    "it must be less than 1",
    "market: {curve: {kind: weighted, weight: 0}}": "x.yaml:1:42: market.curve.weight: "
    "0 is too small; it must be greater than 0",
    "market: {curve: {kind: weighted, weight: 1.5}}": "x.yaml:1:42: market.curve.weight: "
    "1.5 is too large; it must be at most 1",
    "market: {low: 2}": "x.yaml:1:9: market: low must not exceed high",
    "curves: [{}, {}, {}, {}]": "x.yaml:1:9: curves: expected at most 3 items, got 4",
    "weights: {a: x}": "x.yaml:1:14: weights.a: expected a number, got text 'x'",
    "rates: x": "x.yaml:1:8: rates: expected a number or a list, got text 'x'",
    "rates: [1, x]": "x.yaml:1:12: rates.1: expected a number, got text 'x'",
    "note: [" + "y, " * 40 + "]": "x.yaml:1:7: note: expected text, got a list",
    "seed: " + "y" * 99: f"x.yaml:1:7: seed: expected a whole number, got text '{'y' * 57}...'",
    "seed: " + "1" * 5000: "x.yaml:1:7: seed: a number of more than 300 digits",
}

DECIMAL_COMMAS = {
    "market: {low: 0,3}": "x.yaml:1:15: market.low: expected a number, got text '0,3'; write 0.3",
    "market: {low: 0,3, high: 1,5e-1}": "x.yaml:1:15: market.low: expected a number, got text "
    "'0,3'; write 0.3\nx.yaml:1:26: market.high: expected a number, got text '1,5e-1'; write 0.15",
    "market: {low: 1.000,5}": "x.yaml:1:15: market.low: expected a number, got text '1.000,5'; "
    "write 1000.5",
    "market: {low: 1,000,000}": "x.yaml:1:15: market.low: expected a number, got text "
    "'1,000,000'; write 1000000",
    "market:\n  low: 0,3": "x.yaml:2:8: market.low: expected a number, got text '0,3'; write 0.3",
    "market: {low: 5%}": "x.yaml:1:15: market.low: expected a number, got text '5%'; write 0.05",
    "clients: [{name: a, examples: 3,5}]": "x.yaml:1:31: clients.0.examples: expected a whole "
    "number, got text '3,5'",
    "seed: 1_000": "x.yaml:1:7: seed: expected a whole number, got text '1_000'; write 1000",
    "market: {low: 0, 3}": "x.yaml:1:18: the name of a setting in market must be text, got 3; "
    "put it in quotes",
    "market: {low: 0,3: 1}": "x.yaml:1:17: the name of a setting in market must be text, got 3; "
    "put it in quotes",
}

WRONG_NAMES = {
    "sed: 1": f"x.yaml:1:1: unknown setting 'sed'; did you mean 'seed'? {ALLOWED}",
    "extend: y": f"x.yaml:1:1: unknown setting 'extend'; did you mean 'extends'? {ALLOWED}",
    "market:\n  curve: {kind: weighted, wieght: 1}": "x.yaml:2:27: unknown setting 'wieght' in "
    "market.curve (weighted); did you mean 'weight'? Allowed: kind, weight, steps",
    "curves:\n- {kind: weighted}\n- fees: 1": "x.yaml:3:3: unknown setting 'fees' in curves.1 "
    "(constant); did you mean 'fee'? Allowed: kind, fee",
    "clients: [{name: a, zz: 1}]": "x.yaml:1:21: unknown setting 'zz' in clients.0. "
    "Allowed: name, examples",
    "market: {curve: {kind: wieghted}}": "x.yaml:1:24: unknown kind 'wieghted' for market.curve; "
    "did you mean 'weighted'? Allowed: constant, weighted",
    "curves: [{kind: zzz}]": "x.yaml:1:17: unknown kind 'zzz' for curves.0. "
    "Allowed: constant, weighted",
    "market: {second: {kind:}}": "x.yaml:1:24: unknown kind 'null' for market.second. "
    "Allowed: constant, weighted",
    "market: {curve: 5}": "x.yaml:1:17: market.curve: expected a mapping (like {kind: constant}), "
    "got 5",
    "weights: {1: 2}": "x.yaml:1:11: the name of a setting in weights must be text, got 1; "
    "put it in quotes",
    "weights: {[a]: 2}": "x.yaml:1:11: the name of a setting in weights must be text",
    "seed: 1\nseed: 2": "x.yaml:2:1: seed: given twice, first at line 1, column 1",
    "weights: {a: 1, 'a': 2}": "x.yaml:1:17: weights.a: given twice, first at line 1, column 11",
}

WRONG_YAML = {
    "": "x.yaml: the file is empty; a scenario is a mapping of settings",
    "# only this\n": "x.yaml: the file is empty; a scenario is a mapping of settings",
    "---\n": "x.yaml: the file is empty; a scenario is a mapping of settings",
    "- 1": "x.yaml:1:1: a scenario must be a mapping of settings, got a list",
    "abc": "x.yaml:1:1: a scenario must be a mapping of settings, got text 'abc'",
    "seed: 1\n---\nseed: 2": "x.yaml:2:1: only one document is allowed in a file",
    "seed: [1\nmode: fast": "x.yaml:2:5: not valid YAML: while parsing a flow sequence begun at "
    "line 1, column 7: expected ',' or ']', but got ':'",
    "seed:\n\t1": "x.yaml:2:1: not valid YAML: while scanning for the next token: found "
    "character '\\t' that cannot start any token",
    "seed: 1\nnote: a\x07b": "x.yaml:2:8: the character '\\x07' is not allowed in YAML",
    'note: "\\UFFFFFFFF"': "x.yaml:1:10: not valid YAML: a number or a character code is too large",
    'note: "\\ud800"': "x.yaml:1:7: '\\ud800' holds half of a surrogate pair, not a character",
    "note: *a": "x.yaml:1:7: not valid YAML: found undefined alias 'a'",
    "note: &a [*a]": "x.yaml:1:11: an alias may not contain itself",
    "weights: &a {a: 1}\nmarket:\n  <<: *a": "x.yaml:3:3: merge keys ('<<') in market are not "
    "supported; use extends",
    "note: !!python/object/apply:os.system [ls]": "x.yaml:1:7: tags are not allowed, "
    "remove '!!python/object/apply:os.system'",
    "seed: !!int 3": "x.yaml:1:7: tags are not allowed, remove '!!int'",
    "note: !own x": "x.yaml:1:7: tags are not allowed, remove '!own'",
    "note: " + "[" * 51 + "]" * 51: "x.yaml:1:56: nested deeper than 50 levels",
    "note: " + "[" * 900_000: "x.yaml:1:56: nested deeper than 50 levels",
    "[" * 10_000_000: "x.yaml: the file is larger than 1,000,000 bytes",
    b"\xef\xbb\xbf\x07": "x.yaml:1:1: the character '\\x07' is not allowed in YAML",
    b"\xef\xbb\xbf3": "x.yaml:1:1: a scenario must be a mapping of settings, got 3",
    b"note: caf\xe9": "x.yaml: the file is not UTF-8 text: byte 9 is 0xe9",
    b"\xef\xbb\xbfnote: \xff": "x.yaml: the file is not UTF-8 text: byte 9 is 0xff",
}


def named(table: dict[Any, str]) -> Any:
    return [pytest.param(text, message, id=repr(text[:40])) for text, message in table.items()]


@pytest.mark.parametrize(
    ("text", "message"), named(WRONG_VALUES | WRONG_NAMES | WRONG_YAML | DECIMAL_COMMAS)
)
def test_each_mistake_is_reported_in_one_line(text: str | bytes, message: str) -> None:
    assert complaints(text) == message.split("\n")


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = """\
sed: 1
loud: yes
market:
  curve: {kind: weighed}
  second: {fee: 7, fie: !!python/name:os.system x}
  low: 2
  low: 3
clients:
- {examples: 0}
- !new {name: 3}
"""
    places = [line.split(": ")[0] for line in complaints(text, {"mode": "slow"})]
    expected = ["1:1", "2:7", "4:17", "5:17", "5:20", "5:25", "7:3", "9:3", "9:14", "10:3", "10:15"]
    assert places[:-1] == [f"x.yaml:{place}" for place in expected]
    assert places[-1] == "--set mode=slow"


def test_an_unknown_kind_lists_the_kinds_of_plugins_too() -> None:
    wider = extended(Toy, [Stable])
    assert isinstance(load(wider, written("market: {curve: {kind: stable}}")), Toy)
    with pytest.raises(ScenarioError, match=r"'stabel' .* 'stable'\? Allowed: .*, stable$"):
        load(wider, written("market: {curve: {kind: stabel}}"))
    with pytest.raises(ScenarioError, match=r"'zz' in market.curve \(stable\)\. Allowed: kind$"):
        load(wider, written("market: {curve: {kind: stable, zz: 1}}"))


def test_a_setting_may_have_the_name_of_its_kind() -> None:
    with pytest.raises(
        ScenarioError, match=r"^x.yaml:1:18: unknown setting 'zz' in curve \(flat\)"
    ):
        load(Single, written("curve: {flat: 1, zz: 2}"))


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("Weighted", "'weighted'"),
        ("CON-STANT", "'constant'"),
        ("balancer", "'weighted'"),
        ("Uniswap", "'constant' or 'stable'"),
        ("uniswap-v3", "'stable'"),
    ],
)
def test_an_unknown_kind_suggests_by_letters_and_by_descriptions(kind: str, meant: str) -> None:
    class Documented(Section):
        curve: Annotated[Curve, Family((ByProduct, ByWeight, ByTicks))] = ByProduct()

    with pytest.raises(ScenarioError, match=rf"did you mean {meant}\? Allowed: constant, "):
        load(Documented, written(f"curve: {{kind: {kind}}}"))


SCALARS = {
    "1e3": 1000.0,
    "1.": 1.0,
    ".5": 0.5,
    "-.5e-2": -0.005,
    "+7": 7,
    "-1": -1,
    "007": 7,
    "0x1F": 31,
    "0o17": 15,
    "1e-05": 1e-05,
    "1e+16": 1e16,
    ".inf": math.inf,
    "-.INF": -math.inf,
    "true": True,
    "FALSE": False,
    "null": None,
    "~": None,
    "": None,
    "on": "on",
    "yes": "yes",
    "off": "off",
    "y": "y",
    "tRUE": "tRUE",
    "1_000": "1_000",
    "12:30:00": "12:30:00",
    "2020-01-01": "2020-01-01",
    "0b11": "0b11",
    "-0x1F": "-0x1F",
    "1e": "1e",
    ".": ".",
    "e5": "e5",
    "inf": "inf",
    "=": "=",
    "'1'": "1",
    '"true"': "true",
    "'~'": "~",
    "|\n  1": "1",
}


@pytest.mark.parametrize(("text", "value"), SCALARS.items())
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    x = load(Anything, written(f"x: {text}")).x
    assert (x, type(x)) == (value, type(value))


def test_nan_is_a_number() -> None:
    assert math.isnan(load(Anything, written("x: .NaN")).x)


def test_windows_lines_and_a_byte_order_mark_are_fine() -> None:
    text = b"\xef\xbb\xbfseed: 4\r\nmarket:\r\n  low: 0.5\r\n"
    assert load(Toy, written(text)) == Toy(seed=4, market=Market(low=0.5))
    assert complaints(text + b"  lo: 1\r\n")[0].startswith("x.yaml:4:3: unknown setting 'lo'")


def test_aliases_repeat_a_value() -> None:
    assert load(Anything, written("x: [&a {b: 1}, *a]")).x == [{"b": 1}, {"b": 1}]


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert complaints("\n".join(lines)) == [
        "x.yaml:5:5: more than 100,000 values, aliases written out"
    ]


def test_aliases_cannot_nest_deeper_than_brackets_can() -> None:
    lines = ["a0: &a0 []"] + [f"a{n}: &a{n} [1, *a{n - 1}, 1]" for n in range(1, 99)]
    assert complaints("\n".join(lines))[0].endswith(": nested deeper than 50 levels")


def test_tags_never_run(tmp_path: Path) -> None:
    victim = tmp_path / "ran"
    messages = complaints(f"note: !!python/object/apply:os.system ['touch {victim}']")
    assert "tags are not allowed" in messages[0] and not victim.exists()


def test_a_missing_file_is_reported_with_the_nearest_name() -> None:
    written("seed: 1", "quickstart.yaml")
    with pytest.raises(ScenarioError) as caught:
        load(Toy, "quickstrat.yaml")
    assert str(caught.value) == ("quickstrat.yaml: no such file; did you mean 'quickstart.yaml'?")


@pytest.mark.parametrize("name", [".", "no/such/x.yaml", "x\0.yaml", "n" * 999])
def test_what_is_no_file_is_refused(name: str) -> None:
    with pytest.raises(ScenarioError):
        load(Toy, name)


BASE = """\
seed: 1
market: {low: 0.2, curve: {kind: weighted, weight: 0.3, steps: 4}}
clients: [{name: a}, {name: b}]
weights: {a: 1, b: 2}
"""


def extending(text: str, base: str = BASE) -> Toy:
    Path("bases").mkdir(exist_ok=True)
    written(base, "bases/base.yaml")
    return load(Toy, written("extends: bases/base.yaml\n" + text))


def test_maps_merge_and_lists_replace() -> None:
    toy = extending("market: {high: 0.9, curve: {steps: 5}}\nclients: [{name: c}]\nweights: {b: 3}")
    curve = Weighted(weight=0.3, steps=5)
    assert toy == Toy(
        seed=1,
        market=Market(low=0.2, high=0.9, curve=curve),
        clients=(Client(name="c"),),
        weights={"a": 1, "b": 3},
    )


@pytest.mark.parametrize(
    ("base", "child", "curve"),
    [
        ("{kind: weighted, weight: 0.3}", "{kind: constant}", Constant()),
        (
            "{kind: weighted, weight: 0.3}",
            "{kind: weighted, steps: 2}",
            Weighted(weight=0.3, steps=2),
        ),
        ("{fee: 0.1}", "{kind: weighted}", Weighted()),
        ("{fee: 0.1}", "{kind: constant}", Constant(fee=0.1)),
        ("{kind: constant, fee: 0.1}", "{}", Constant(fee=0.1)),
    ],
)
def test_another_kind_replaces_the_component(base: str, child: str, curve: Curve) -> None:
    toy = extending(f"market: {{curve: {child}}}", f"market: {{curve: {base}}}")
    assert toy.market.curve == curve


def test_extends_goes_through_several_files_relative_to_each() -> None:
    Path("a/b").mkdir(parents=True)
    written("seed: 1\nloud: true\nmode: plain", "a/b/far.yaml")
    written("extends: b/far.yaml\nseed: 2\nloud: false", "a/near.yaml")
    assert load(Toy, written("extends: a/near.yaml\nseed: 3")) == Toy(seed=3, mode="plain")


def test_a_mistake_in_a_base_is_reported_with_its_own_place() -> None:
    with pytest.raises(ScenarioError) as caught:
        extending("loud: 3", base="seed: 1\nmarket:\n  low: x\n  low: y")
    assert str(caught.value).split("\n") == [
        "x.yaml:2:7: loud: expected true or false, got 3",
        "bases/base.yaml:3:8: market.low: expected a number, got text 'x'",
        "bases/base.yaml:4:3: market.low: given twice, first at line 3, column 3",
    ]


def test_extending_in_a_circle_is_refused() -> None:
    assert complaints("extends: x.yaml") == [
        "x.yaml:1:10: extends goes round in a circle: x.yaml -> x.yaml"
    ]
    written("seed: 1\nextends: x.yaml", "y.yaml")
    assert complaints("extends: y.yaml") == [
        "y.yaml:2:10: extends goes round in a circle: x.yaml -> y.yaml -> x.yaml"
    ]


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("y.yaml", "extends y.yaml: no such file; did you mean 'x.yaml'?"),
        (".", "extends .: this is a folder, not a file"),
        ("3", "extends: expected the name of a file, got 3"),
        ("[a]", "extends: expected the name of a file, got a list"),
    ],
)
def test_a_base_that_is_no_file_is_reported_where_it_is_asked_for(base: str, message: str) -> None:
    assert complaints(f"seed: 1\nextends: {base}") == [f"x.yaml:2:10: {message}"]


def test_overrides_set_values_by_path() -> None:
    overrides = {
        "seed": 7,
        "market.curve.fee": 0.5,
        "clients.1.examples": 5,
        "weights": {"c": 3.0},
        "curves": [Weighted(), {"fee": 0.1}],
    }
    toy = load(Toy, written("clients: [{name: a}, {name: b}]\nweights: {a: 1}"), overrides)
    assert toy == Toy(
        seed=7,
        market=Market(curve=Constant(fee=0.5)),
        clients=(Client(name="a"), Client(name="b", examples=5)),
        weights={"c": 3.0},
        curves=(Weighted(), Constant(fee=0.1)),
    )


@pytest.mark.parametrize("backwards", [False, True])
def test_an_overridden_kind_drops_the_settings_of_the_file(backwards: bool) -> None:
    changes = [("market.curve.kind", "weighted"), ("market.curve.steps", 3)]
    toy = load(
        Toy, written("market: {curve: {fee: 0.1}}"), dict(changes[:: -1 if backwards else 1])
    )
    assert toy.market.curve == Weighted(steps=3)


def test_an_overridden_kind_that_stays_the_same_keeps_the_settings() -> None:
    toy = load(Toy, written("market: {curve: {fee: 0.1}}"), {"market.curve.kind": "constant"})
    assert toy.market.curve == Constant(fee=0.1)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("sed", 1, f"=1: unknown setting 'sed'; did you mean 'seed'? {ALLOWED}"),
        ("markt.low", 1, f"=1: unknown setting 'markt'; did you mean 'market'? {ALLOWED}"),
        ("market.lo", None, "=null: unknown setting 'lo' in market; did you mean 'low'? "
         "Allowed: curve, second, low, high"),
        ("market.low", "x", "=x: market.low: expected a number, got text 'x'"),
        ("clients.1", {"name": 1}, "={name: 1}: "
         "clients has no item '1'; it has 1, numbered from 0"),
        ("clients.-1.name", "b", "=b: clients has no item '-1'; it has 1, numbered from 0"),
        ("clients.name", "b", "=b: clients has no item 'name'; it has 1, numbered from 0"),
        ("clients.0.name.x", "b", "=b: clients.0.name is text 'a'; there is nothing inside to set"),
        ("curves.0.fee", 0.1, "=0.1: curves is not a list in the file; set the whole list: "
         "curves=[...]"),
        ("market..low", 1, "=1: the path has an empty name; write it like market.fee"),
        ("", 1, "=1: the path has an empty name; write it like market.fee"),
        ("weights", {1: 2.0}, "={1: 2.0}: the name of a setting must be text, got 1"),
    ],
)  # fmt: skip
def test_an_override_that_cannot_be_is_reported(path: str, value: object, message: str) -> None:
    assert complaints("clients: [{name: a}]", {path: value}) == [f"--set {path}{message}"]


def test_overrides_are_parsed_as_yaml() -> None:
    texts = ["a.b=1e3", "c= [1, {d: on}] ", "e=", "f=a=b", "g='1'", "a.b=2"]
    assert parse_overrides(texts) == {
        "a.b": 2,
        "c": [1, {"d": "on"}],
        "e": None,
        "f": "a=b",
        "g": "1",
    }


def test_all_malformed_overrides_are_reported_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_overrides(["a", "good=1", "=1", "a..b=1", "a=[1", "a=!!int 1", "a={b: 1, b: 2}"])
    assert str(caught.value).split("\n") == [
        "--set a: has no '='; write it as path=value",
        "--set =1: the path before '=' has an empty name; write it like market.fee=0.01",
        "--set a..b=1: the path before '=' has an empty name; write it like market.fee=0.01",
        "--set a=[1: not valid YAML: while parsing a flow sequence begun at line 1, column 1: "
        "expected ',' or ']', but got '<stream end>'",
        "--set a=!!int 1: tags are not allowed, remove '!!int'",
        "--set a={b: 1, b: 2}: b: given twice, first at line 1, column 2",
    ]


SHARDS = r"""a: @- @{@}@[@]@, @
@
  @
- @&a @*a@!!int @!x @'@"@\UFFFFFFFF@\ud800@<<: @? @# @---
@...
@%YAML 9@>
@|
@1@-@0x@.inf@1e9@~@seed: @market: @curve: @kind: @weighted@clients: @extends: @x.yaml@rates: """
ODD = ["\t", "\r", "\x07", "\u2028", "\ufeff", "é"]
YAMLISH = st.lists(st.sampled_from(SHARDS.split("@") + ODD)).map("".join)
FILES = st.one_of(
    st.binary(),
    st.text().map(lambda text: text.encode("utf-8", "surrogatepass")),
    YAMLISH.map(str.encode),
    YAMLISH.map(lambda text: f"seed: 1\n{text}".encode()),
)


@law(400)
@given(FILES)
@example(b"seed: " + b"9" * 5000)
@example(b"seed: 0x" + b"9" * 5000)
@example(b"%YAML 1." + b"9" * 5000 + b"\n--- 1")
@example(b'"a\\ud800": 1')
def test_any_bytes_load_or_raise_a_scenario_error(content: bytes) -> None:
    path = written(content)
    try:
        load(Toy, path)
    except ScenarioError as error:
        assert error.problems and "\n" not in "".join(map(str, error.problems))


@law(300)
@given(st.lists(st.one_of(st.text(), YAMLISH, YAMLISH.map(lambda text: f"market.low={text}"))))
def test_any_overrides_load_or_raise_a_scenario_error(texts: list[str]) -> None:
    path = written("market: {low: 0}\nclients: [{name: a}]")
    try:
        load(Toy, path, parse_overrides(texts))
    except ScenarioError as error:
        assert error.problems and "\n" not in "".join(map(str, error.problems))


numbers = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.sampled_from("abyz_- ")).map(lambda text: f"n{text}")
toys = st.builds(
    Toy,
    seed=st.integers(),
    loud=st.booleans(),
    note=st.none() | st.text() | st.sampled_from(["on", "null", "1e3", "0o17", "", "2020-01-01"]),
    rates=numbers | st.lists(numbers).map(tuple),
    market=st.builds(Market, curve=st.just(Weighted(weight=1e-05)), high=st.just(1e16)),
    clients=st.lists(st.builds(Client, name=words)).map(tuple),
    weights=st.dictionaries(words, numbers),
)


@law(200)
@given(toys)
def test_what_is_dumped_loads_equal(toy: Toy) -> None:
    assert load(Toy, written(dump(toy.model_dump(serialize_as_any=True)))) == toy


class Account(Section):
    low: float = 0.0
    high: float = Field(1.0, validate_default=True)
    fee: float = 0.1

    @field_validator("high")
    @classmethod
    def above_low(cls, high: float, info: ValidationInfo) -> float:
        if high < info.data["low"]:
            raise Misfit("high is below low", ".", "low")
        return high


class Bank(Section):
    most: int = 5
    accounts: tuple[Account, ...] = Field((), strict=False)
    names: tuple[str, ...] = Field(("a", "b"), strict=False, validate_default=True)

    @field_validator("names")
    @classmethod
    def fit(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        with fitting(".", "most", "accounts"):
            if len(names) + len(info.data.get("accounts", ())) > info.data["most"]:
                raise ValueError("too many")
        return names


BANK = "most: 3\naccounts: [{low: 0.5, high: 0.9, fee: 0.2}]\nnames: [x, y]\n"


@pytest.mark.parametrize(
    ("text", "overrides", "complaint"),
    [
        ("most: 2", {}, "x.yaml:2:7: names: too many"),
        ("accounts: [{}, {}]", {}, "x.yaml:2:11: names: too many"),
        ("names: [x, y, z]", {}, "x.yaml:2:8: names: too many"),
        ("names: [x, y]", {"most": 2}, "--set most=2: names: too many"),
        ("most: 4\nnames: [x, y, z, u]", {}, "x.yaml:3:8: names: too many"),
        ("", {"accounts.0.low": 0.95}, "--set accounts.0.low=0.95: accounts.0.high: high is"),
        ("", {"accounts.0.fee": 0, "accounts.0.low": 2}, "--set accounts.0.low=2: accounts.0"),
        ("", {"accounts.0.high": 0}, "--set accounts.0.high=0: accounts.0.high: high is below"),
        ("accounts: [{low: 3}]", {}, "x.yaml:2:18: accounts.0: high is below low"),
    ],
)
def test_a_misfit_is_blamed_on_what_was_changed_last(
    text: str, overrides: dict[str, Any], complaint: str
) -> None:
    """Not on the base, which was right on its own."""
    written(BANK, "base.yaml")
    assert load(Bank, "base.yaml").most == 3
    with pytest.raises(ScenarioError) as caught:
        load(Bank, written(f"extends: base.yaml\n{text}\n"), overrides)
    assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize(
    ("setting", "among", "where"),
    [
        (("most",), (), "base.yaml:1:7"),
        (("accounts", 0, "low"), (), "base.yaml:2:18"),
        (("accounts", 0, "unknown"), (), "--set accounts.0.fee=1"),
        (("accounts", 0, "unknown"), ("low",), "base.yaml:2:18"),
        (("unknown",), ("most",), "base.yaml:1:7"),
        (("accounts", 0, "low"), ("names",), "x.yaml:2:8"),
        (("accounts", 0, "low"), (".", "names"), "x.yaml:2:8"),
        (("accounts", 0, "low"), (".", "fee", "nothing"), "--set accounts.0.fee=1"),
        (("accounts", 0, "low"), ("nothing",), "base.yaml:2:18"),
        (("names",), (), "x.yaml:2:8"),
    ],
)
def test_a_later_error_about_settings_gets_their_place(
    setting: tuple[str | int, ...], among: tuple[str, ...], where: str
) -> None:
    written(BANK, "base.yaml")
    text = "extends: base.yaml\nnames: [z]\n"
    root = read(Bank, written(text), {"accounts.0.fee": 1.0}, shelf=NOTHING, option="--set").root
    problem = Problem("", "no good", setting, among)
    with pytest.raises(ScenarioError) as caught, placed(root):
        raise ScenarioError([problem, Problem("elsewhere", "bad")])
    path = ".".join(map(str, setting))
    assert str(caught.value).replace("=1.0", "=1") == (f"{where}: {path}: no good\nelsewhere: bad")


def test_blaming_leads_from_the_outermost_setting() -> None:
    with pytest.raises(ScenarioError) as caught, blaming("a", among=("b",)), blaming("c", 0):
        raise ScenarioError("no good")
    (problem,) = caught.value.problems
    assert (problem.setting, problem.among) == (("a", "c", 0), ("b",))
    assert str(problem) == "a.c.0: no good"
