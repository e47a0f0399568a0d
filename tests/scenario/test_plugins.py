"""Users' own components: found, run, copied, asked for again, and blamed by name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator import Scenario, run
from simulator.agents.strategies import Strategy
from simulator.analysis import load_run
from simulator.datafiles import file_hash
from simulator.errors import ComponentError, ScenarioError, StrategyError
from simulator.market import Curve
from simulator.recording import read_manifest
from simulator.running import resume, verify
from simulator.scenario import scenario_type
from simulator.scenario.plugins import load_plugins

SCENARIO = """\
name: own
periods: 3
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 3}]
liquidity_providers: [{count: 1, deposit: 300}]
investors:
- {count: 2}
- {count: 2, activity: 1, strategy: {kind: mine}}
"""
HEAD = '''
import numpy as np
from typing import Literal
from pydantic import Field
from simulator.agents.strategies import SingleAccountStrategy, Strategy
from simulator.market import Curve, Orders


class Mine(SingleAccountStrategy):
    """Spends a part of its cash on every token."""

    kind: Literal["mine"] = "mine"
    part: float = Field(0.01, gt=0, description="Part of its cash per token.")

'''
GOOD = """
    def trades(self, view, numeraire, tokens, draws):
        return np.full(len(tokens), self.part * numeraire)
"""
CURVE = '''
class Constant(Curve):
    """One numeraire per token, whatever is in the pool."""

    kind: Literal["constant_sum"] = "constant_sum"

    def payout(self, reserve_in, reserve_out, amount, fee, pays_token):
        return (1 - fee) * amount

    def spot_price(self, reserve_token, reserve_numeraire):
        return reserve_numeraire * 0 + 1.0

    def invariant(self, reserve_token, reserve_numeraire):
        return reserve_token + reserve_numeraire
'''


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(SCENARIO)
    yield


def plugin(body: str, name: str = "mine.py", head: str = HEAD) -> Path:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(head + body)
    return Path(name)


def loaded(file: Path, overrides: dict[str, Any] | None = None) -> Scenario:
    return scenario_type(load_plugins([file])).load("own.yaml", overrides)


def test_only_components_of_the_file_itself_are_found() -> None:
    components = load_plugins([plugin(GOOD + CURVE)])
    assert [item.__name__ for item in components] == ["Mine", "Constant"]
    assert issubclass(components[0], Strategy) and issubclass(components[1], Curve)


def test_a_plugin_strategy_runs_and_is_recorded_by_its_kind() -> None:
    file = plugin(GOOD)
    scenario = loaded(file, {"investors.1.strategy.part": 0.02})
    record = load_run(run(scenario, "out", plugins=[file]))
    fills = record.fills[record.fills["strategy"] == "mine"]
    assert len(fills) == 3 * 2 * 3  # periods, accounts, tokens
    assert set(fills["side"]) == {"buy"}
    first = fills[fills["period"] == 1]
    assert first["amount_in"].nunique() == 2  # two accounts of different wealth
    assert record.scenario["investors"][1]["strategy"] == {"kind": "mine", "part": 0.02}


@pytest.mark.parametrize(
    ("path", "where"),
    [("investors.0.strategy", "investors.0.strategy: "), ("clients.0.policy", "clients.0.policy")],
)
def test_a_plugin_may_say_that_a_market_does_not_suit_it(path: str, where: str) -> None:
    refuses = GOOD + "\n    def check(self, market):\n        raise ValueError('too thin')\n"
    with pytest.raises(ScenarioError, match=f"{where}.*too thin"):
        loaded(plugin(refuses), {"investors.1.strategy.kind": "noise", f"{path}.kind": "mine"})


def test_a_plugin_curve_runs() -> None:
    file = plugin(GOOD + CURVE)
    scenario = loaded(file, {"market.curve.kind": "constant_sum"})
    record = load_run(run(scenario, "out", plugins=[file]))
    assert set(record.pools["spot_price"]) == {1.0}
    bought = record.fills[(record.fills["status"] == "filled") & (record.fills["side"] == "buy")]
    fee = record.scenario["market"]["fee"]
    assert bought["price"].to_numpy() == pytest.approx(1 / (1 - fee))


@pytest.fixture
def recorded() -> tuple[Path, Path]:
    """A run folder, and the plugin that it used."""
    file = plugin(GOOD)
    return run(loaded(file), "out", plugins=[file]), file


def test_the_plugin_is_copied_and_hashed(recorded: tuple[Path, Path]) -> None:
    folder, file = recorded
    assert (folder / "plugins" / "mine.py").read_bytes() == file.read_bytes()
    expected = [{"file": "mine.py", "sha256": file_hash(file)}]
    assert read_manifest(folder)["plugins"] == expected


def test_verify_wants_the_very_same_plugin(recorded: tuple[Path, Path]) -> None:
    folder, file = recorded
    with pytest.raises(ScenarioError, match=r"used plugin mine\.py; give --plugin"):
        verify(folder)
    assert set(verify(folder, plugins=[file]).values()) == {"identical"}
    assert set(verify(folder, plugins=[folder / "plugins" / "mine.py"]).values()) == {"identical"}
    file.write_text(file.read_text() + "\n# changed\n")
    with pytest.raises(ScenarioError, match=r"that very file"):
        verify(folder, plugins=[file])


def test_resume_wants_the_very_same_plugin() -> None:
    file = plugin(GOOD)

    def interrupt(economy: Any) -> None:
        if economy.period == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        run(loaded(file), "out", plugins=[file], progress=interrupt)
    folder = Path(caught.value.__notes__[0])
    for plugins in ([], [plugin(GOOD + "\n", "changed.py")]):
        with pytest.raises(ScenarioError, match=r"used plugin mine\.py"):
            resume(folder, plugins=plugins)
    assert read_manifest(folder)["status"] == "interrupted"
    assert resume(folder, plugins=[file])
    assert set(verify(folder, plugins=[file]).values()) == {"identical"}


def test_two_plugins_of_one_name_are_refused() -> None:
    one, two = plugin(GOOD, "a/mine.py"), plugin(CURVE, "b/mine.py", HEAD.split("class")[0])
    with pytest.raises(ScenarioError, match=r"two files of the same name, mine\.py"):
        load_plugins([one, two])


WRONG_FILES = {
    "raises": ("1 / 0", "cannot be run: ZeroDivisionError"),
    "no Python": ("def:", "cannot be run: SyntaxError"),
    "imports the unknown": ("import no_such_thing", "cannot be run: ModuleNotFoundError"),
    "empty": ("", "defines no component"),
    "only imports": ("from simulator.market import ConstantProduct", "defines no component"),
    "without a kind": (
        "from simulator.market import ConstantProduct\nclass Bare:\n    pass\n",
        "defines no component",
    ),
    "unfinished": (
        "from typing import Literal\nfrom simulator.market import Curve\n"
        "class Half(Curve):\n    kind: Literal['half'] = 'half'\n",
        "Half lacks a method: invariant, payout, spot_price",
    ),
    "no UTF-8": ("\udce9", "cannot be run: SyntaxError"),
}


@pytest.mark.parametrize(("text", "message"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_wrong_plugin_is_reported(text: str, message: str) -> None:
    Path("wrong.py").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ScenarioError, match=f"^plugin wrong.py: {message}"):
        load_plugins(["wrong.py"])


@pytest.mark.parametrize("name", ["missing.py", ".", "text.txt"])
def test_what_is_no_python_file_is_reported(name: str) -> None:
    Path("text.txt").write_text("hello")
    with pytest.raises(ScenarioError, match=r"no such file|is not a Python file"):
        load_plugins([name])


def test_a_plugin_that_exits_is_reported() -> None:
    with pytest.raises(ScenarioError, match="cannot be run"):
        load_plugins([plugin("", head="raise SystemExit(0)")])


def test_a_kind_that_is_taken_is_reported() -> None:
    file = plugin(GOOD, head=HEAD.replace('"mine"', '"noise"'))
    with pytest.raises(ScenarioError, match="noise"):
        scenario_type(load_plugins([file]))


def order(account: str = "[0]", token: str = "[0]", buy: str = "[True]", amount: str = "[1.0]",
          rest: str = "memory") -> str:  # fmt: skip
    columns = ", ".join(f"np.array({column})" for column in (account, token, buy, amount))
    return f"return Orders({columns}, np.zeros(1)), {rest}"


def deciding(line: str) -> str:
    return f"""
    def trades(self, *_): pass
    def decide(self, view, portfolio, memory, draws):
        if view.period < 2:
            return Orders.none(), memory
        {line}
"""


def trading(line: str) -> str:
    return f"""
    def trades(self, view, numeraire, tokens, draws):
        if view.period < 2:
            return np.zeros(len(tokens))
        {line}
"""


WRONG_DECISIONS: dict[str, tuple[str, str]] = {
    "raises": (trading("raise ValueError('boom')"), "ValueError: boom"),
    "raises for one account": (
        trading("return 1 / 0 if numeraire > 0 else tokens"),
        "ZeroDivisionError",
    ),
    "NaN": (trading("return np.full(len(tokens), np.nan)"), "account 9 ordered an amount of nan"),
    "text": (trading("return ['a', 'b', 'c']"), "ValueError"),
    "two dimensions": (trading("return np.ones((3, 3))"), "ValueError"),
    "too many tokens": (trading("return np.ones(7)"), "ValueError"),
    "not a pair": (deciding("return None"), "TypeError"),
    "not orders": (deciding("return [1, 2], memory"), "returned list, not Orders"),
    "negative": (deciding(order(amount="[-1.0]")), "account 9 ordered an amount of -1.0"),
    "infinite": (deciding(order(amount="[np.inf]")), "account 9 ordered an amount of inf"),
    "account too large": (
        deciding(order(account="[7]")),
        "ordered for account 16, not one of 9 to 10",
    ),
    "account below 0": (
        deciding(order(account="[-1]")),
        "ordered for account 8, not one of 9 to 10",
    ),
    "token too large": (
        deciding(order(token="[3]")),
        "account 9 ordered for token 3, not one of 0 to 2",
    ),
    "different shapes": (deciding(order(token="[0, 1]")), "different lengths"),
    "orders of two dimensions": (
        deciding("return Orders(*[np.zeros((1, 1), int)] * 5), memory"),
        "order column of int64 and shape (1, 1)",
    ),
}


@pytest.mark.parametrize(("body", "error_text"), WRONG_DECISIONS.values(), ids=WRONG_DECISIONS)
def test_a_strategy_that_misbehaves_fails_the_run_by_name(
    monkeypatch: pytest.MonkeyPatch, body: str, error_text: str
) -> None:
    file = plugin(body)
    with pytest.raises(StrategyError) as caught:
        run(loaded(file), "out", plugins=[file])
    message = str(caught.value)
    assert error_text in message
    assert "strategy mine of investors/1" in message and "period 2" in message
    assert "9" in message  # its first account
    folder = Path(caught.value.__notes__[0])
    manifest = read_manifest(folder)
    assert (manifest["status"], manifest["error"]) == ("failed", f"StrategyError: {message}")
    record = load_run(folder)
    for table in (record.periods, record.clients, record.pools, record.agents, record.flows):
        assert sorted(table["period"].unique()) == [0, 1]
    assert set(record.fills["period"]) <= {1}


WRONG_UNNOTICED = {
    "one number": trading("return 1.0"),
    "one token": trading("return np.ones(1)"),
    "accounts that are no numbers": deciding(order(account="[0.5]")),
    "amounts that are text": deciding(order(amount="['a']")),
    "no memory": deciding(order(rest="None")),
    "a memory of objects": deciding(order(rest="{'a': np.array([object()])}")),
    "a memory of lists": deciding(order(rest="{'a': [[1], [1, 2]]}")),
    "a changed view": deciding("view.spot_price[:] = 7.0; return Orders.none(), memory"),
    "a changed portfolio": deciding("portfolio.own_token[:] = 7; return Orders.none(), memory"),
}


@pytest.mark.parametrize("body", WRONG_UNNOTICED.values(), ids=WRONG_UNNOTICED)
def test_more_misbehaviour_that_fails_the_run_by_name(
    monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr("simulator.recording.COMMIT_SECONDS", 0.0)
    file = plugin(body)
    with pytest.raises(StrategyError, match=r"strategy mine of investors/1 .* period 2"):
        run(loaded(file), "out", plugins=[file])


REMEMBERING = """
    def initial(self, accounts, draws):
        return {"a/b": np.zeros(accounts)}

    def trades(self, *_): pass

    def decide(self, view, portfolio, memory, draws):
        return Orders.none(), {"a/b": memory["a/b"] + 1}
"""


def test_a_memory_may_not_have_a_name_that_a_checkpoint_would_tear_apart() -> None:
    file = plugin(REMEMBERING)
    with pytest.raises(ComponentError, match="'a/b' has a slash in its name"):
        run(loaded(file), "out", plugins=[file])


FAILING_CURVE = CURVE.replace("return (1 - fee) * amount", "raise ValueError('steep')")


def test_an_error_of_another_component_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    from simulator.cli import main

    file = plugin(GOOD + FAILING_CURVE)
    with pytest.raises(SystemExit) as end:
        main(["run", "own.yaml", "--plugin", str(file), "--set", "market.curve.kind=constant_sum"])
    assert end.value.code == 2  # already the steepness of the curve cannot be computed
    assert "ValueError: steep (mine.py:" in capsys.readouterr().err
