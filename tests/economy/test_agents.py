"""Mesa's agents: they show the live state, can be copied, and may decide for themselves."""

import copy
import gc
import pickle
import weakref
from typing import Literal

import mesa
import numpy as np
import pytest

from simulator import run
from simulator.agents.client import Client
from simulator.agents.investor import Investor
from simulator.agents.liquidity_provider import LiquidityProvider
from simulator.agents.strategies import Strategy, orders_for
from simulator.economy import Economy
from simulator.errors import RunError, ScenarioError, StrategyError
from simulator.federation import FreeRider
from simulator.market import ConstantProduct, Orders
from simulator.scenario import Scenario, scenario_type
from tests.economy.saving import alike, goes_on

SMALL = {
    "periods": 5,
    "federation": {"contribution": {"kind": "leave_one_out"}, "task": {"kind": "wine"}},
    "clients": [{"count": 2}, {}],
    "events": [{"period": 3, "clients": [2], "behaviour": {"kind": "free_rider"}}],
    "liquidity_providers": [{"count": 2, "deposit": 300}],
    "investors": [{"count": 4}, {"count": 7, "accounts_per_agent": 3, "activity": 0.5}],
}


def an_economy(agent_types=None, **changes):
    return Economy(Scenario.model_validate(SMALL | changes), agent_types)


class Saver(Investor):
    """Buys a random token with a tenth of its money, and counts what it did."""

    def decide(self, view):
        token = self.draws.integers(len(view.spot_price))
        self.memory["bought"] = self.memory.get("bought", 0) + 1
        return self.purchase(token, self.numeraire / 10)


class Idle(Client):
    def decide(self, view):
        return Orders.none()


class Still(LiquidityProvider):
    def decide(self, view):
        return Orders.none()


def test_agents_show_the_state_as_it_is():
    flip = {"period": 2, "clients": [0], "behaviour": {"kind": "label_flip"}}
    economy = an_economy(events=[*SMALL["events"], flip])
    first, _, last = economy.agents_by_type[Client]
    seen = []
    while economy.running:
        economy.step()
        seen.append((first.behaviour.kind, last.behaviour.kind))
        register, balances = economy.register, economy.ledger.balances
        assert first.share == economy.shares[0]
        assert list(first.holdings.values()) == balances[first.account, 1:4].tolist()
        assert first.policy is economy.groups["clients/0"].strategy
        wealth = sum(agent.wealth for agent in economy.agents)
        assert wealth == pytest.approx(economy.tables["agents"]["wealth"].sum())
        assert [agent.name for agent in economy.agents] == list(register.agents)
    kinds = economy.register.categories["behaviour"]
    codes = economy.tables["clients"]["behaviour"]
    assert [kinds[code] for code in codes] == ["label_flip", "honest", "free_rider"]
    assert seen[0] == ("honest", "honest") and seen[1:3] == [
        ("label_flip", "honest"),
        ("label_flip", "free_rider"),
    ]


@pytest.mark.parametrize("name", ["behaviour", "policy", "share", "contribution", "wealth", "name"])
def test_what_agents_show_cannot_be_set(name):
    client = an_economy().agents_by_type[Client][0]
    with pytest.raises(AttributeError, match=name):
        setattr(client, name, FreeRider())


def test_agents_cannot_be_removed():
    economy = an_economy()
    with pytest.raises(RunError, match=r"client_0 cannot be removed: .* `participation`"):
        economy.agents_by_type[Client][0].remove()
    assert len(economy.agents) == 1 + 3 + 2 + 4 + 3


def test_a_run_ends_by_itself_and_goes_on_when_asked_to():
    economy = an_economy()
    economy.run_model()
    assert economy.period == 5 and not economy.running
    economy.step()
    assert economy.period == 6 and not economy.running
    other = an_economy()
    other.restore(economy.save())
    assert not other.running


def test_groups_are_their_agents():
    economy = an_economy()
    kinds = {"clients": 2, "liquidity_providers": 1, "investors": 2}
    names = [f"{kind}/{number}" for kind, count in kinds.items() for number in range(count)]
    assert list(economy.groups) == names
    second = economy.groups["investors/1"]
    names = [agent.name for agent in second]
    assert names == ["investor_4", "investor_5", "investor_6"]
    assert [agent.accounts.stop - agent.account for agent in second] == [3, 3, 1]
    assert {agent.group for agent in second} == {second}


def test_groups_that_are_alike_have_streams_of_their_own():
    noise = {"count": 3, "strategy": {"kind": "noise"}}
    economy = an_economy(investors=[noise, noise])
    economy.step()
    one, other = (economy.world.streams[name].random() for name in ("investors/0", "investors/1"))
    assert one != other


def test_a_data_collector_sees_each_agents_wealth():
    economy = an_economy()
    collector = mesa.DataCollector(agent_reporters={"wealth": "wealth"})
    economy.step()
    collector.collect(economy)
    result = collector.get_agent_vars_dataframe()["wealth"].tolist()
    assert result == pytest.approx(economy.tables["agents"]["wealth"].tolist())


class Patient(Strategy):
    """Buys in every second period."""

    kind: Literal["patient"] = "patient"

    def initial(self, accounts, draws):
        return {"seen": np.zeros(1)}

    def decide(self, view, portfolio, memory, draws):
        buys = float(memory["seen"][0] % 2)
        worth = np.full(portfolio.tokens.shape, buys) * draws.random(portfolio.tokens.shape)
        return orders_for(worth, view, portfolio), {"seen": memory["seen"] + 1}


class Steady(ConstantProduct):
    kind: Literal["steady"] = "steady"


PLUGGED = scenario_type((Patient, Steady))
COPIED = {
    "plain": {},
    "plugins": {
        "market": {"curve": {"kind": "steady"}},
        "investors": [{"count": 4, "strategy": {"kind": "patient"}}, {"count": 2}],
    },
    "concentrated": {
        "market": {"curve": {"kind": "concentrated"}, "volatility_fee": {"sensitivity": 0.5}}
    },
    "events": {
        "events": [
            *SMALL["events"],
            {"period": 3, "kind": "clearing", "clearing": {"kind": "batch"}},
        ]
    },
    "engaged": {"clients": [{"count": 3, "cash": 40, "locked": {"fraction": 0.5}}]},
}


@pytest.mark.parametrize("settings", COPIED.values(), ids=COPIED)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda of: pickle.loads(pickle.dumps(of))])
def test_a_copy_goes_on_to_the_same_numbers(settings, copied):
    economy = Economy(PLUGGED.model_validate(SMALL | settings))
    for _ in range(2):
        economy.step()
    other = copied(economy)
    assert other.settings == economy.settings
    for _ in range(3):
        economy.step()
        other.step()
        alike(other, economy)
    assert not other.running
    assert all(agent.model is other for agent in other.agents)
    assert other.groups["investors/0"].agents[0] in other.agents


def test_a_copy_is_apart_and_numbers_its_agents_on():
    economy = an_economy()
    observers = [mesa.Agent(economy) for _ in range(2)]
    observers[0].remove()
    economy.step()
    before = economy.ledger.balances.copy()
    other = copy.deepcopy(economy)
    other.step()
    assert economy.ledger.balances.tobytes() == before.tobytes()
    mesa.Agent(other)
    numbers = [agent.unique_id for agent in other.agents]
    assert len(set(numbers)) == len(numbers)


def test_a_model_that_nobody_needs_is_freed():
    economy = an_economy()
    economy.step()
    gone = weakref.ref(economy)
    del economy
    gc.collect()
    assert gone() is None


def test_agents_of_ones_own_decide_and_are_recorded():
    economy = an_economy({"investors/0": Saver, "clients/1": Idle, "liquidity_providers/0": Still})
    assert [type(agent) for agent in economy.groups["investors/0"]] == [Saver] * 4
    kinds = economy.register.categories["strategy"]
    assert {"Saver", "Idle", "Still"} <= set(kinds)
    economy.step()
    fills = economy.tables["fills"]
    agents = economy.register.categories["agent"]
    bought = [
        agents[agent]
        for agent, strategy in zip(fills["agent"], fills["strategy"], strict=True)
        if kinds[strategy] == "Saver"
    ]
    awake = [agent for agent in economy.groups["investors/0"] if agent.memory]
    assert sorted(bought) == [agent.name for agent in awake]
    assert 0 < len(awake) <= 4
    assert [int(agent.memory["bought"]) for agent in awake] == [1] * len(awake)


def test_activity_says_who_is_asked():
    investors = [{"count": 200, "activity": 0.25}]
    economy = an_economy({"investors/0": Saver}, investors=investors)
    economy.step()
    asked = sum(bool(agent.memory) for agent in economy.groups["investors/0"])
    assert 25 < asked < 75


def test_what_agents_of_ones_own_remember_is_saved_and_copied():
    types, investors = {"investors/0": Saver}, [{"count": 4, "activity": 0.9}]
    economy, fresh = (an_economy(types, investors=investors) for _ in range(2))
    economy.step()
    goes_on(copy.deepcopy(economy), fresh, 2)
    other = pickle.loads(pickle.dumps(economy))
    for _ in range(2):
        economy.step()
        other.step()
        alike(other, economy)
    counts = [agent.memory.get("bought", 0) for agent in economy.groups["investors/0"]]
    assert counts == [agent.memory.get("bought", 0) for agent in fresh.groups["investors/0"]]
    assert max(counts) > 1


def test_a_memory_is_changed_as_a_whole_and_holds_numbers():
    economy = an_economy({"investors/0": Saver})
    memory = economy.groups["investors/0"].agents[0].memory
    memory["seen"] = [1.0, 2.0]
    memory["count"] = 1
    memory["count"] += 1
    assert memory["count"] == 2
    del memory["count"]
    assert dict(memory).keys() == {"seen"}
    with pytest.raises(ValueError, match="read-only"):
        memory["seen"][0] = 3.0
    with pytest.raises(TypeError, match="must be an array of numbers"):
        memory["friends"] = [object()]
    del memory["seen"]
    assert not memory


class Thief(Investor):
    def decide(self, view):
        other = np.array([self.account + 1])
        return Orders(other, np.array([0]), np.array([True]), np.array([1.0]), np.zeros(1))


class Broken(Investor):
    def decide(self, view):
        raise KeyError("price")


class Debtor(Investor):
    def decide(self, view):
        return self.sale(0, -1)


class Silent(Investor):
    def decide(self, view):
        return None


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            Thief,
            r"Thief of investors/0 .*: MarketError: ordered for account \d+, not one of (\d) to \1",
        ),
        (Broken, r"period 1: KeyError: 'price', deciding for investor_0"),
        (Debtor, r"ordered an amount of -1\.0; amounts must be finite.*deciding for investor_0"),
        (Silent, r"TypeError: returned NoneType, not Orders, deciding for investor_0"),
    ],
)
def test_errors_of_own_agents_are_reported(kind, message):
    economy = an_economy({"investors/0": kind}, investors=[{"count": 2, "activity": 1.0}])
    with pytest.raises(StrategyError, match=message):
        economy.step()


class Undecided(Investor):
    pass


@pytest.mark.parametrize(
    ("types", "pattern"),
    [
        ({"investors/7": Saver}, r"groups are clients/0, .*investors/1; did you mean"),
        ({"investor/0": Saver}, r"did you mean 'investors/0'"),
        ({0: Saver}, r"groups are clients/0"),
        ({"investors/0": Idle}, "must be a subclass of Investor"),
        ({"investors/0": "Saver"}, "must be a subclass of Investor"),
        ({"investors/1": Saver}, r"has one account: set investors\.1\.accounts_per_agent=1"),
        ({"investors/0": Undecided}, r"Undecided has no method decide\(self, view\)"),
    ],
)
def test_classes_that_do_not_fit_are_told(types, pattern):
    with pytest.raises(ScenarioError, match=pattern) as caught:
        an_economy(types)
    assert "\n" not in str(caught.value)


def test_a_scenario_cannot_name_code(call, tmp_path):
    file = tmp_path / "coded.yaml"
    file.write_text("name: coded\nagent_types: {investors/0: os.system}\n")
    answer = call("run", file)
    assert answer.code == 2
    (error,) = answer.err.splitlines()
    assert error.startswith(
        f"error: {file}:2:1: agent_types: a scenario cannot name code; step an "
    )
    with pytest.raises(ScenarioError, match=r"agent_types: .*or write a strategy.* --plugin"):
        run(Scenario(periods=1), tmp_path, agent_types={"investors/0": Saver})
    assert not list(tmp_path.glob("*/*"))


def test_a_run_that_failed_has_ended_until_it_is_restored():
    class Failing(Saver):
        fails = True

        def decide(self, view):
            if view.period == 3 and Failing.fails:
                raise ZeroDivisionError
            return super().decide(view)

    economy = an_economy({"investors/0": Failing}, investors=[{"count": 2, "activity": 1.0}])
    economy.step()
    saved = economy.save()
    economy.step()
    with pytest.raises(StrategyError):
        economy.step()
    assert not economy.running
    for goes_on_anyway in (economy.step, economy.save):
        with pytest.raises(RunError, match="period 3 was not finished: restore a state"):
            goes_on_anyway()
    Failing.fails = False
    economy.restore(saved)
    economy.run_model()
    assert [row["period"] for row in economy.history] == [2, 3, 4, 5]
    gone = weakref.ref(economy)
    del economy, goes_on_anyway
    gc.collect()
    assert gone() is None


def test_a_restored_model_shows_what_the_other_showed():
    moving = {
        "clients": [{"count": 3}],
        "liquidity_providers": [],
        "market": {
            "launch": {"kind": "lbp"},
            "curve": {"kind": "weighted", "weight": 0.9, "last_weight": 0.5, "periods": 4},
            "volatility_fee": {"sensitivity": 0.5},
        },
    }
    economy, other = an_economy(**moving), an_economy(**moving)
    for _ in range(3):
        economy.step()
    other.restore(economy.save())
    assert getattr(other, "steps", 3) == 3  # which Mesa counts up to version 3
    assert other.pools[0].curve == economy.pools[0].curve
    assert other.pools.fees.tolist() == economy.pools.fees.tolist()
    assert other.pools[0].spot_price == pytest.approx(other.spot_price[0])
    assert [agent.wealth for agent in other.agents] == [agent.wealth for agent in economy.agents]


def test_only_later_events_may_be_others():
    event = {"kind": "clearing", "clearing": {"kind": "fifo"}}
    economy = an_economy()
    for _ in range(3):
        economy.step()
    later = an_economy(events=[*SMALL["events"], event | {"period": 4}])
    later.restore(economy.save())
    later.run_model()
    earlier = an_economy(events=[*SMALL["events"], event | {"period": 3}])
    before = earlier.save()
    with pytest.raises(RunError, match="other events up to period 3: only later ones may differ"):
        earlier.restore(economy.save())
    with pytest.raises(RunError, match="other accounts or tokens"):
        an_economy(clients=[{"count": 9}]).restore(economy.save())
    assert earlier.save().keys() == before.keys() and earlier.period == 0


def test_sets_of_agents_are_copied_with_their_model():
    economy = an_economy()
    copied = copy.deepcopy(economy.agents)
    assert len(copied) == len(economy.agents)
    assert copied[0].model is not economy


def test_agents_are_made_at_the_end_of_genesis():
    class Started(Saver):
        def __init__(self, model, place):
            super().__init__(model, place)
            self.memory["start"] = self.wealth
            self.kept = self.memory

    economy = an_economy({"investors/0": Started})
    agents = list(economy.groups["investors/0"])
    assert [agent.memory["start"] for agent in agents] == [agent.wealth for agent in agents]
    assert min(agent.wealth for agent in agents) > 0
    economy.run_model()
    assert all(dict(agent.kept) == dict(agent.memory) for agent in agents)


def test_who_decides_with_a_group_has_no_memory_of_its_own():
    agent = an_economy().groups["investors/0"].agents[0]
    with pytest.raises(RunError, match="investor_0 decides with its group"):
        agent.memory["seen"] = 1


def test_who_has_not_joined_is_not_asked():
    class Counting(Client):
        def decide(self, view):
            self.memory["asked"] = [*self.memory.get("asked", []), view.period]
            return Orders.none()

    economy = an_economy({"clients/1": Counting}, clients=[{"count": 2}, {"joins": 3}])
    economy.run_model()
    (late,) = economy.groups["clients/1"]
    assert late.memory["asked"].tolist() == [3, 4, 5]


def test_wealth_cannot_be_set_for_all_agents_either():
    economy = an_economy()
    with pytest.raises(ValueError, match="read-only"):
        economy.wealth[:] = 0
    with pytest.raises(RunError, match="cannot be removed"):
        economy.deregister_agent(economy.agents[0])


def test_the_record_of_ids_that_mesa_keeps_is_taken_over():
    model = mesa.Model()
    first = [mesa.Agent(model).unique_id for _ in range(2)]
    an_economy()
    assert [*first, mesa.Agent(model).unique_id] == [1, 2, 3]


def test_wealth_is_looked_up_and_not_computed(monkeypatch):
    seen = []

    class Looking(Investor):
        def decide(self, view):
            seen.append(self.wealth)
            return Orders.none()

    investors = [{"count": 3, "activity": 1.0}]
    economy = an_economy({"investors/0": Looking}, investors=investors)
    for _ in range(2):
        before = economy.tables["agents"]["wealth"][-3:].tolist()
        seen.clear()
        economy.step()
        assert seen == pytest.approx(before)
    monkeypatch.setattr(type(economy.world), "lp_value", None)
    rows = economy.tables["agents"]["wealth"]
    assert [agent.wealth for agent in economy.agents] == pytest.approx(rows.tolist())
