"""Scenarios made in Python: by name, of objects, changed, and refused in one line."""

import copy
import inspect
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import Field

from simulator import Economy, Scenario, run
from simulator.agents.groups import ClientGroup, InvestorGroup, LiquidityProviderGroup
from simulator.agents.strategies import NoiseTrader, SingleAccountStrategy
from simulator.analysis import load_run
from simulator.cli.options import load_scenario
from simulator.components import Floats, Section
from simulator.errors import MarketError, ScenarioError
from simulator.federation import Csv, Federation, FreeRider, Honest, LeaveOneOut
from simulator.market import ConstantProduct, Curve, Market, Pool, StableSwap, Weighted
from simulator.recording import read_manifest
from simulator.running import verify
from simulator.scenario.plugins import load_plugins
from simulator.scenario.shipped import SCENARIOS
from simulator.tokens import Tokens


class Spender(SingleAccountStrategy):
    """Spends a fraction of its cash on every token."""

    kind: Literal["spender"] = "spender"
    fraction: float = Field(0.01, gt=0, lt=1, description="Fraction of its cash per token.")

    def trades(
        self, view: Any, numeraire: float, tokens: Floats, draws: np.random.Generator
    ) -> Floats:
        return np.full(len(tokens), self.fraction * numeraire)


class Miser(Spender):
    """Spends hardly anything."""

    kind: Literal["miser"] = "miser"  # type: ignore[assignment]
    fraction: float = Field(1e-6, gt=0, lt=1, description="Fraction of its cash per token.")


class SumCurve(Curve):
    """One numeraire per token, whatever is in the pool."""

    kind: Literal["sum"] = "sum"

    def payout(
        self, reserve_in: Any, reserve_out: Any, amount: Any, fee: Any, pays_token: Any
    ) -> Any:
        return (1 - fee) * amount

    def spot_price(self, reserve_token: Any, reserve_numeraire: Any) -> Any:
        return reserve_numeraire * 0 + 1.0

    def invariant(self, reserve_token: Any, reserve_numeraire: Any) -> Any:
        return reserve_token + reserve_numeraire


FILE = """
import numpy as np
from typing import Literal
from simulator.agents.strategies import SingleAccountStrategy

class Buyer(SingleAccountStrategy):
    kind: Literal["buyer"] = "buyer"
    fraction: float = 0.01
    def trades(self, view, numeraire, tokens, draws):
        return np.full(len(tokens), self.fraction * numeraire)
"""


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("buyer.py").write_text(FILE)


def small(**settings: Any) -> Scenario:
    """A scenario of objects, which runs fast."""
    parts: dict[str, Any] = {
        "periods": 2,
        "federation": Federation(contribution=LeaveOneOut()),
        "clients": [ClientGroup(count=2), ClientGroup(behaviour=FreeRider())],
        "liquidity_providers": [LiquidityProviderGroup(deposit=300)],
        "investors": [InvestorGroup(count=2, activity=1)],
    }
    return Scenario(**parts | settings)


def problems(make: Callable[[], object]) -> list[str]:
    """The problems that are reported, one line each, without a word of pydantic."""
    with pytest.raises(ScenarioError) as caught:
        make()
    error = caught.value
    assert isinstance(error, ValueError)
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    lines = str(error).split("\n")
    assert len(lines) == len(error.problems)
    assert not any("pydantic" in line or "[type=" in line for line in lines)
    return lines


# By name


@pytest.mark.parametrize("name", sorted(SCENARIOS.files()))
def test_a_shipped_scenario_loads_by_its_name_as_on_the_command_line(name: str) -> None:
    loaded = Scenario.load(name)
    assert (
        loaded == Scenario.load(SCENARIOS.files()[name]) == load_scenario(name, {}, ())[1].settings
    )
    assert loaded.name == name
    assert Scenario.load(name, {"periods": 3}).periods == 3


def test_a_bare_name_is_shipped_and_a_path_is_a_path() -> None:
    Path("quickstart").write_text("name: mine\n")
    assert Scenario.load("quickstart").name == "quickstart"
    assert (
        Scenario.load("./quickstart") == Scenario.load(Path("quickstart")) == Scenario(name="mine")
    )
    Path("other.yaml").write_text("name: other\n")
    assert Scenario.load(Path("other.yaml")) == Scenario(name="other")


def test_a_name_that_nothing_has_is_reported() -> None:
    names = ", ".join(sorted(SCENARIOS.files()))
    what = "no such file or shipped scenario; did you mean 'quickstart'? Shipped: "
    assert problems(lambda: Scenario.load("quickstat")) == [f"quickstat: {what}{names}"]
    assert problems(lambda: Scenario.load("nowhere.yaml")) == ["nowhere.yaml: no such file"]
    settings: Any = {"periods": 3}
    assert problems(lambda: Scenario.load(settings)) == [
        "expected a file or the name of a shipped scenario, got a mapping; settings in Python are "
        "Scenario(...)"
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("a.yaml", "not 'a.yaml'; write {0}(Scenario.load('a.yaml'))"),
        (Path("b.yaml"), "not 'b.yaml'; write {0}(Scenario.load('b.yaml'))"),
        ({"periods": 3}, "not a dict; write {0}(Scenario(**settings))"),
        (Scenario, "not the class Scenario; write {0}(Scenario())"),
        (None, "not a NoneType"),
        (Market(), "not a Market"),
    ],
)
def test_what_is_no_scenario_is_refused_in_one_line(given: Any, message: str) -> None:
    for take in (Economy, run):
        expected = f"{take.__name__} needs a Scenario, {message.format(take.__name__)}"
        assert problems(lambda take=take: take(given)) == [expected]
    assert not Path("outputs").exists()


# Changed


def test_a_changed_scenario_has_other_values_and_leaves_the_first_alone() -> None:
    scenario = Scenario.load("quickstart")
    changed = scenario.changed(
        {
            "market.fee": 0.002,
            "clients.1.count": np.int64(2),
            "market.curve": Weighted(weight=0.3),
            "tokens.revenue": {"kind": "constant", "value": 5.0},
            "investors.0.strategy.kind": "noise",
        }
    )
    assert changed.market == scenario.market.model_copy(
        update={"fee": 0.002, "curve": Weighted(weight=0.3)}
    )
    assert [group.count for group in changed.clients] == [8, 2, 1]
    assert (changed.tokens.revenue.kind, changed.investors[0].strategy) == (
        "constant",
        NoiseTrader(),
    )
    assert changed == Scenario.load(
        "quickstart",
        {
            "market.fee": 0.002,
            "clients.1.count": 2,
            "market.curve": {"kind": "weighted", "weight": 0.3},
            "tokens.revenue": {"kind": "constant", "value": 5.0},
            "investors.0.strategy.kind": "noise",
        },
    )
    assert scenario == Scenario.load("quickstart")
    assert scenario.changed({}) == scenario
    assert Scenario().changed({"clients.0.count": 12}).clients == (ClientGroup(count=12),)


def test_every_section_can_be_changed() -> None:
    assert Market().changed({"curve.kind": "stableswap", "fee": 0}) == Market(
        curve=StableSwap(), fee=0
    )
    assert ClientGroup().changed({"behaviour": FreeRider()}).behaviour == FreeRider()
    assert Weighted(weight=0.3).changed({"weight": 0.4}) == Weighted(weight=0.4)


def test_all_wrong_changes_are_reported_at_their_paths() -> None:
    changes = {
        "periods": -9,
        "market.fe": 0.01,
        "market.gas": 1e10,
        "clients.7.count": 3,
        "clients.0.behaviour.kind": "free_ridr",
        "investors.0": {"count": 0},
    }
    lines = problems(lambda: Scenario.load("quickstart").changed(changes))
    assert [line.partition(" Allowed: ")[0] for line in lines] == [
        "clients.0.behaviour.kind: unknown kind 'free_ridr' for clients.0.behaviour; did you mean "
        "'free_rider'?",
        "clients.7.count: clients has no item '7'; it has 3, numbered from 0",
        "investors.0: investors.0.count: 0 is too small; it must be at least 1",
        "market.fe: unknown setting 'fe' in market; did you mean 'fee'?",
        "market.gas: 10000000000.0 is too large; it must be at most 1000000000",
        "periods: -9 is too small; it must be at least 1",
    ]
    assert problems(lambda: Scenario.load("quickstart", {"market.fe": 1}))[0].startswith(
        "market.fe: unknown setting 'fe' in market; did you mean 'fee'?"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            "seed=2",
            "expected values by path, {'market.fee': 0.01}, got text 'seed=2'",
        ),
        ([("market.fee", 0.1)], "expected values by path, {'market.fee': 0.01}, got a list"),
        ({3: 0.1}, "a path is text like 'market.fee', got 3"),
    ],
)
def test_changes_are_a_mapping_by_path(changes: Any, message: str) -> None:
    assert problems(lambda: Scenario().changed(changes)) == [message]
    assert problems(lambda: Scenario.load("quickstart", changes)) == [message]


def test_a_change_that_another_setting_forbids_is_refused() -> None:
    scenario = small(clients=[ClientGroup(count=2)])
    (line,) = problems(lambda: scenario.changed({"federation.contribution": {"kind": "shapley"},
                                                 "clients.0.count": 21}))  # fmt: skip
    assert line == (
        "clients.0.count: clients: contribution method shapley handles at most 20 clients, "
        "there are 21: set federation.contribution.kind=permutation_shapley"
    )


WAYS_TO_COPY: dict[str, Callable[[Section, dict[str, Any]], object]] = {
    "model_copy": lambda section, changes: section.model_copy(update=changes),
    "copy.replace": lambda section, changes: section.__replace__(**changes),
    "changed": lambda section, changes: section.changed(changes),
    "constructor": lambda section, changes: type(section)(**dict(section) | changes),
    "model_validate": lambda section, changes: section.model_validate(dict(section) | changes),
}


@pytest.mark.parametrize("copied", WAYS_TO_COPY.values(), ids=WAYS_TO_COPY)
def test_no_way_of_copying_makes_an_invalid_scenario(copied: Any) -> None:
    scenario = small()
    assert copied(scenario, {"periods": 7}).periods == 7
    for changes in ({"periods": -9}, {"market": {"fee": 5}}, {"seed": "x"}, {"perids": 3}):
        assert len(problems(lambda changes=changes: copied(scenario, changes))) == 1
    assert problems(lambda: copied(Market(), {"fee": 5}))[0].endswith(
        "fee: 5 is too large; it must be less than 1"
    )
    assert scenario == small()


def test_copy_replace_validates() -> None:
    replace = getattr(copy, "replace", None)
    if replace is None:
        pytest.skip("since Python 3.13")
    assert replace(Market(), fee=0.1) == Market(fee=0.1)
    assert problems(lambda: replace(Market(), fee=5)) == [
        "Market: fee: 5 is too large; it must be less than 1"
    ]


def hacked(scenario: Scenario) -> Scenario:
    scenario.__dict__["periods"] = -9
    return scenario


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Scenario.model_construct(periods=-9), "periods: -9 is too small"),
        (lambda: small(market=Market.model_construct(fee=5)), "market.fee: 5 is too large"),
        (
            lambda: small(clients=[ClientGroup(count=5), ClientGroup.model_construct(count=-1)]),
            "clients.1.count: -1 is too small",
        ),
        (lambda: Scenario.model_construct(market="none"), "market: expected a mapping"),
        (lambda: hacked(small()), "periods: -9 is too small"),
    ],
)
def test_what_was_made_without_validation_never_runs(
    make: Callable[[], Scenario], message: str
) -> None:
    scenario = make()
    for take in (Economy, run):
        (line,) = problems(lambda take=take: take(scenario))
        assert line.startswith(f"Scenario: {message}")
    assert not Path("outputs").exists()


def test_settings_never_change() -> None:
    scenario = small()
    for section, name in ((scenario, "periods"), (scenario.market, "fee"), (Honest(), "kind")):
        (line,) = problems(lambda section=section, name=name: setattr(section, name, 1))
        assert line == (
            f"{type(section).__name__}: {name} cannot be set; make a copy with another: "
            f".changed({{'{name}': ...}})"
        )
    assert scenario == small()


# Of objects


def test_a_scenario_of_objects_equals_that_of_mappings() -> None:
    Path("same.yaml").write_text(
        "periods: 2\nfederation: {contribution: {kind: leave_one_out}}\n"
        "clients: [{count: 2}, {behaviour: {kind: free_rider}}]\n"
        "liquidity_providers: [{deposit: 300}]\ninvestors: [{count: 2, activity: 1}]\n"
        "market: {fee: 0.01, curve: {kind: stableswap}}\n"
    )
    market = Market(fee=0.01, curve=StableSwap())
    assert small(market=market) == Scenario.load("same.yaml")
    assert small(market={"fee": 0.01, "curve": StableSwap()}) == Scenario.load("same.yaml")


def test_objects_of_ones_own_classes_trade() -> None:
    own = small(
        market=Market(curve=SumCurve(), fee=0.02),
        investors=[
            InvestorGroup(count=2, activity=1, strategy=Spender(fraction=0.02)),
            InvestorGroup(count=1, activity=1, strategy=Miser()),
        ],
    )
    assert isinstance(own.market.curve, SumCurve)
    assert [type(group.strategy) for group in own.investors] == [Spender, Miser]
    economy = Economy(own)
    economy.step()
    left = {agent.name: agent.numeraire for agent in economy.agents if "investor" in agent.name}
    fills, register = economy.tables["fills"], economy.register
    names = [register.agents[number] for number in fills["agent"]]
    strategies = [register.categories["strategy"][code] for code in fills["strategy"]]
    fractions = {"spender": 0.02, "miser": 1e-6}
    traded = [row for row, kind in enumerate(strategies) if kind in fractions]
    assert len(traded) == 3 * 3  # investors and tokens
    for row in traded:
        cash = left[names[row]] / (1 - 3 * fractions[strategies[row]])
        assert fills["amount_in"][row] == pytest.approx(fractions[strategies[row]] * cash)
        assert fills["price"][row] == pytest.approx(1 / 0.98)


def test_own_objects_can_be_copied_pickled_and_changed() -> None:
    own = small(investors=[InvestorGroup(count=2, strategy=Spender())])
    assert copy.deepcopy(own) == pickle.loads(pickle.dumps(own)) == own
    assert type(pickle.loads(pickle.dumps(own)).investors[0].strategy) is Spender
    more = own.changed({"market.curve": SumCurve(), "investors.0.strategy.fraction": 0.5})
    assert (more.market.curve, more.investors[0].strategy) == (SumCurve(), Spender(fraction=0.5))
    groups = [*more.investors, InvestorGroup(strategy=Miser())]
    most = more.model_copy(update={"investors": groups})
    assert [group.strategy for group in most.investors] == [Spender(fraction=0.5), Miser()]
    assert most.changed({"investors.1.strategy.kind": "spender"}).investors[1].strategy == Spender()
    assert problems(lambda: most.changed({"investors.1.strategy.kind": "spendr"}))[0].startswith(
        "investors.1.strategy.kind: unknown kind 'spendr' for investors.1.strategy; did you mean "
        "'spender'?"
    )


def test_classes_and_files_are_named_by_kind_with_plugins() -> None:
    mapping = {"count": 2, "strategy": {"kind": "spender", "fraction": 0.5}}
    strategy = small(plugins=[Spender], investors=[mapping]).investors[0].strategy
    assert strategy == Spender(fraction=0.5)
    both = small(
        plugins=["buyer.py", Spender],
        investors=[{"strategy": {"kind": "buyer"}}, {"strategy": Spender()}],
    )
    assert [group.strategy.kind for group in both.investors] == ["buyer", "spender"]
    Path("own.yaml").write_text("investors: [{strategy: {kind: buyer, fraction: 0.3}}]\n")
    for plugin in ("buyer.py", Path("buyer.py"), *load_plugins(["buyer.py"])):
        loaded = Scenario.load("own.yaml", plugins=[plugin])
        assert dict(loaded.investors[0].strategy) == {"kind": "buyer", "fraction": 0.3}
    changes: dict[str, Any] = {"investors.0.strategy": Spender(fraction=0.4)}
    assert Scenario.load("own.yaml", changes).investors[0].strategy == Spender(fraction=0.4)
    assert problems(lambda: Scenario.load("own.yaml"))[0].startswith(
        "own.yaml:1:31: unknown kind 'buyer' for investors.0.strategy. Allowed: "
    )


def test_a_class_that_is_defined_again_replaces_the_first() -> None:
    def cell(extra: float) -> type[Spender]:
        class Growing(Spender):
            kind: Literal["growing"] = "growing"  # type: ignore[assignment]
            most: float = Field(extra, description="Most that it spends.")

        return Growing

    first, second = cell(1.0), cell(2.0)
    own = small(investors=[InvestorGroup(strategy=first())])
    again = own.changed({"investors.0.strategy": second()})
    assert type(again.investors[0].strategy) is second
    assert again.changed({"investors.0.strategy": {"kind": "growing"}}).investors[0].strategy == (
        second(most=2.0)
    )


class Kindless(SingleAccountStrategy):
    """Without a kind."""

    def trades(self, view: Any, numeraire: Any, tokens: Any, draws: Any) -> Any:
        return np.zeros(len(tokens))


class Halfway(Curve):
    """Without its methods."""

    kind: Literal["halfway"] = "halfway"


@pytest.mark.parametrize(
    ("plugins", "message"),
    [
        ("mine.py", "plugins are a list, such as ['mine.py']"),
        (Spender, "plugins are a list, such as [Spender]"),
        ([3], "plugins: expected a Python file or a component's class, got 3"),
        ([Spender()], "plugins: expected a Python file or a component's class, got Spender()"),
        ([Market], "plugins: expected a Python file or a component's class, got Market"),
        (
            [Kindless],
            "plugins: Kindless has no kind; add the line kind: Literal['kindless'] = 'kindless'",
        ),
        ([Halfway], "plugins: Halfway lacks a method: invariant, payout, spot_price"),
        (["nowhere.py"], "plugin nowhere.py: no such file"),
    ],
)
def test_a_wrong_plugin_is_reported(plugins: Any, message: str) -> None:
    assert problems(lambda: Scenario(plugins=plugins)) == [message]
    assert problems(lambda: Scenario.load("quickstart", plugins=plugins)) == [message]


def test_an_own_class_fits_its_own_families_only() -> None:
    assert problems(lambda: Market(curve=Spender()))[0].startswith(
        "Market: unknown kind 'spender' for curve. Allowed: constant_product, "
    )
    assert problems(lambda: InvestorGroup(strategy=ClientGroup().policy))[0].startswith(
        "InvestorGroup: unknown kind 'value_seller' for strategy. Allowed: "
    )
    assert problems(Kindless) == [
        "Kindless: kind: missing; write one into the class: kind: Literal['mine'] = 'mine'"
    ]


# Runs with components of one's own


def test_a_run_copies_the_plugins_of_its_scenario() -> None:
    scenario = small(plugins=["buyer.py"], investors=[{"strategy": {"kind": "buyer"}}])
    folder = run(scenario, "out")
    assert [plugin["file"] for plugin in read_manifest(folder)["plugins"]] == ["buyer.py"]
    assert (folder / "plugins" / "buyer.py").read_text() == FILE
    assert load_run(folder).scenario["investors"][0]["strategy"]["kind"] == "buyer"
    assert set(verify(folder, plugins=["buyer.py"]).values()) == {"identical"}


def test_a_run_refuses_components_that_no_file_defines() -> None:
    scenario = small(
        market=Market(curve=SumCurve()),
        investors=[InvestorGroup(), InvestorGroup(strategy=Spender())],
    )
    what = (
        "is defined in no plugin, so the run could not be repeated from its folder; write the "
        "class to a file and give run(..., plugins=['FILE.py']), or step an Economy"
    )
    assert problems(lambda: run(scenario, "out")) == [
        f"market.curve: SumCurve {what}",
        f"investors.1.strategy: Spender {what}",
    ]
    assert problems(lambda: run(scenario, "out", plugins=["buyer.py"])) == [
        f"market.curve: SumCurve {what}",
        f"investors.1.strategy: Spender {what}",
    ]
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("plugins", "message"),
    [
        ([Spender], "plugins: expected a Python file, got Spender"),
        ("buyer.py", "plugins are a list, such as ['buyer.py']"),
        (["nowhere.py"], "plugin nowhere.py: no such file"),
    ],
)
def test_a_run_takes_files_of_plugins(plugins: Any, message: str) -> None:
    assert problems(lambda: run(small(), "out", plugins=plugins)) == [message]
    assert not Path("out").exists()


def test_a_class_that_was_imported_runs_with_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, Any] = {"__name__": "own_strategies"}
    exec(compile(FILE, "buyer.py", "exec"), names)
    scenario = small(investors=[InvestorGroup(strategy=names["Buyer"](fraction=0.2))])
    folder = run(scenario, "out", plugins=["buyer.py"])
    assert set(verify(folder, plugins=["buyer.py"]).values()) == {"identical"}


def test_an_own_class_that_is_not_used_needs_no_file() -> None:
    assert read_manifest(run(small(plugins=[Spender]), "out"))["plugins"] == []


def test_a_plugin_that_changed_since_it_was_loaded_is_refused() -> None:
    scenario = small(plugins=["buyer.py"], investors=[{"strategy": {"kind": "buyer"}}])
    Path("buyer.py").write_text(FILE.replace("0.01", "0.5"))
    what = "was changed since it was loaded; load the scenario again"
    assert problems(lambda: run(scenario, "out")) == [
        f"plugin {Path('buyer.py').resolve()}: {what}"
    ]
    Path("buyer.py").unlink()
    assert problems(lambda: run(scenario, "out"))[0].endswith(what)
    assert not Path("out").exists()


# Refused in one line


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: ConstantProduct(fe=1), "ConstantProduct: unknown setting 'fe'. Allowed: kind"),
        (lambda: Weighted(weight=2), "Weighted: weight: 2 is too large; it must be at most 0.99"),
        (
            lambda: Weighted(wieght=0.2),
            "Weighted: unknown setting 'wieght'; did you mean 'weight'? Allowed: kind, weight, "
            "last_weight, periods",
        ),
        (
            lambda: Csv(file="nowhere.csv", target="y"),
            "Csv: file: no such file: 'nowhere.csv'",
        ),
        (lambda: Csv(file="buyer.py"), "Csv: target: missing; this setting is required"),
        (
            lambda: Federation(participation="all"),
            "Federation: participation: expected a number, got text 'all'",
        ),
        (
            lambda: InvestorGroup(strategy="noise"),
            "InvestorGroup: strategy: expected a mapping (like {kind: noise}), got text "
            "'noise'",
        ),
        (
            lambda: Market(curve=ConstantProduct),
            "Market: curve: expected a mapping (like {kind: constant_product}), got the class "
            "ConstantProduct; write ConstantProduct(...)",
        ),
        (
            lambda: Scenario(market=ClientGroup()),
            "Scenario: market: expected a mapping, got ClientGroup()",
        ),
        (
            lambda: Scenario(clients=ClientGroup(count=3)),
            "Scenario: clients: expected a list, got a mapping",
        ),
        (
            lambda: Scenario(market=Market(fee=np.float64(5))),
            "Market: fee: 5.0 is too large; it must be less than 1",
        ),
        (
            lambda: Tokens(payout={"dividend": 0.4}),
            "Tokens: payout: dividend + buyback + direct + liquidity + treasury must sum to 1",
        ),
        (
            lambda: ConstantProduct(0.1),
            "ConstantProduct: settings are given by name, not as 0.1",
        ),
        (
            lambda: Scenario("quickstart"),
            "settings are given by name; Scenario.load reads a file",
        ),
        (lambda: Scenario(extends="x"), "Scenario: unknown setting 'extends'; did you mean 'tok"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_reported_as_on_the_command_line(
    make: Callable[[], object], line: str
) -> None:
    (reported,) = problems(make)
    assert reported.startswith(line)


def test_all_problems_are_reported_at_once() -> None:
    lines = problems(
        lambda: Scenario(periods=0, clients=[{"cout": 3}, {"count": 0}], agent_types={})
    )
    assert [line[:44] for line in lines] == [
        "Scenario: agent_types: a scenario cannot name code; step an"[:44],
        "Scenario: clients.1.count: 0 is too small; it must be"[:44],
        "Scenario: periods: 0 is too small; it must be"[:44],
        "Scenario: unknown setting 'cout' in clients.0; did"[:44],
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pool("constant_product", 1, 1), "got 'constant_product'"),
        (lambda: Pool(ConstantProduct, 1, 1), "such as ConstantProduct(), got <class"),
        (lambda: Pool(ConstantProduct(), "a", 1), "must be positive and finite, got 'a'"),
        (lambda: Pool(ConstantProduct(), 1, None), "must be positive and finite, got None"),
        (lambda: Pool(ConstantProduct(), 1, 1, fee="x"), "fee must be at least 0 and less than 1"),
        (lambda: Pool(ConstantProduct(), 1, 1).swap_in("token", [1]), "an amount must be positive"),
    ],
)  # fmt: skip
def test_a_wrong_pool_is_refused_in_one_line(make: Callable[[], object], message: str) -> None:
    with pytest.raises(MarketError, match=re.escape(message)) as caught:
        make()
    assert "\n" not in str(caught.value)


# Looked at in a notebook


def types_in(value: Any) -> dict[str, type]:
    """The types of all sections in a scenario, by name."""
    if isinstance(value, tuple):
        return {name: kind for each in value for name, kind in types_in(each).items()}
    if not isinstance(value, Section):
        return {}
    return {type(value).__name__: type(value)} | types_in(tuple(inner for _, inner in value))


@pytest.mark.parametrize("name", sorted(SCENARIOS.files()))
def test_what_is_shown_makes_an_equal_scenario(name: str) -> None:
    scenario = Scenario.load(name)
    assert eval(repr(scenario), types_in(scenario)) == scenario
    assert "kind=" not in repr(scenario)


def test_what_is_shown_is_what_differs_from_the_defaults() -> None:
    assert repr(Scenario()) == "Scenario()"
    own = small(investors=[InvestorGroup(count=2, strategy=Spender())])
    assert repr(own) == (
        "Scenario(periods=2, federation=Federation(contribution=LeaveOneOut()), clients=("
        "ClientGroup(count=2), ClientGroup(behaviour=FreeRider())), liquidity_providers=("
        "LiquidityProviderGroup(deposit=300.0),), investors=(InvestorGroup(count=2, "
        "strategy=Spender()),))"
    )


def test_completion_offers_settings_and_methods_alone() -> None:
    offered = {name for name in dir(small()) if not name.startswith("_")}
    assert {"periods", "market", "clients", "changed", "load", "client_names"} <= offered
    assert not offered & {"model_copy", "model_construct", "construct", "dict", "parse_obj", "json"}
    parameters = inspect.signature(Scenario).parameters
    assert list(parameters) == [*Scenario.model_fields, "plugins"]
    assert str(inspect.signature(Market).parameters["fee"]) == "fee: float = 0.01"
    assert all(each.kind is each.KEYWORD_ONLY for each in parameters.values())


def test_a_supply_that_is_not_set_follows_other_changes() -> None:
    scenario = Scenario()
    assert scenario.market.launch.supply == 1000
    few = scenario.changed({"clients.0.count": 2})
    assert few.market.launch.supply == Scenario(clients=[ClientGroup(count=2)]).market.launch.supply
    assert few.market.launch.supply > 4000
    assert few.changed({"clients.0.count": 10}) == scenario
    fixed = scenario.changed({"market.launch.supply": 1000.0})
    with pytest.raises(ScenarioError, match=r"set market.launch.supply=\d+"):
        fixed.changed({"clients.0.count": 2})
