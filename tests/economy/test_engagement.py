"""Clients that buy data, choose their effort and leave, against arithmetic done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import Economy, Scenario
from simulator.agents.engagement import ByProfit, Full, LockedData, SearchingEffort
from simulator.ledger import NUMERAIRE
from tests.economy.saving import alike, restored
from tests.laws import law

ONE = np.ones(1)


def economy(*clients, mechanism="client_tokens", **changed):
    scenario = {
        "federation": {"contribution": {"kind": "data_size"}},
        "clients": list(clients) or [{"count": 3}],
        "liquidity_providers": [{"deposit": 300}],
        "investors": [{"count": 5}],
        "tokens": {"mechanism": {"kind": mechanism}, **changed.pop("tokens", {})},
    }
    return Economy(Scenario.model_validate(scenario | changed))


def paid_for_data(run):
    rows = run.tables["flows"]
    return sum(
        amount
        for flow, amount in zip(rows["flow"], rows["amount"], strict=True)
        if flow == "data_purchase"
    )


def test_the_cheapest_examples_are_bought_with_part_of_what_training_leaves():
    """10 less a cost of 2 leaves 8, half of it 4: examples at 1, 1 and 2, but not at 3."""
    prices = np.array([1.0, 1.0, 2.0, 3.0])
    assert LockedData(spends=0.5).affordable(prices, 10.0, 2.0) == (3, 4.0)
    assert LockedData(spends=0.5).affordable(prices, 2.5, 2.0) == (0, 0.0)
    assert LockedData(spends=1.0).affordable(prices, 1e6, 2.0) == (4, 7.0)
    assert LockedData(spends=0.0).affordable(prices, 1e6, 2.0) == (0, 0.0)
    assert LockedData().affordable(prices[:0], 1e6, 2.0) == (0, 0.0)


def test_prices_of_examples_are_ascending_with_the_mean_that_was_asked_for():
    prices = LockedData(price=2.0, sigma=0.5).prices(200_000, np.random.default_rng(1))
    assert (np.diff(prices) >= 0).all()
    assert prices.mean() == pytest.approx(2.0, rel=0.01)
    assert (LockedData(price=2.0, sigma=0).prices(5, np.random.default_rng(1)) == 2.0).all()


def test_who_expects_less_than_training_costs_leaves_and_returns_for_a_margin():
    rule, there, away = ByProfit(patience=3, margin=0.1), np.array([True]), np.array([False])
    cost = 10 * ONE
    assert rule.participates(3, there, 0 * ONE, cost).all()  # patient
    assert not rule.participates(4, there, 9.9 * ONE, cost).any()
    assert rule.participates(4, there, 10 * ONE, cost).all()
    assert not rule.participates(4, away, 11 * ONE, cost).any()
    assert rule.participates(4, away, 11.1 * ONE, cost).all()


@pytest.mark.parametrize(("cost", "best"), [(40.0, 0.8), (80.0, 0.4), (500.0, 0.2), (1.0, 1.0)])
def test_effort_comes_to_where_profit_is_greatest(cost, best):
    """Share .6 sqrt(e), rate 120: profit 72 sqrt(e) - cost e is greatest at (36/cost)^2 = .81, .2.

    Of efforts 1, .8, ..., .2 those are best where no neighbour's profit is higher.
    """
    efforts = np.array([0.2, 0.4, 0.6, 0.8, 1.0])
    profits = 72 * np.sqrt(efforts) - cost * efforts
    rule, seen = SearchingEffort(every=1, step=0.2, least=0.2), []
    memory = rule.initial(1)
    for period in range(1, 40):
        share = 0.6 * np.sqrt(memory["effort"])
        memory = rule.choose(memory, period, share, 120 * ONE, cost * ONE)
        seen.append(float(memory["effort"][0]))
    usual = float(np.median(seen[-20:]))
    assert abs(usual - efforts[profits.argmax()]) < 0.21
    assert abs(np.mean(seen[-20:]) - best) < 0.25


def test_a_trend_in_revenue_is_not_taken_for_the_work_of_effort():
    """Pay grows tenfold while less effort halves the share: at one rate that is a loss."""
    rule = SearchingEffort(every=1, step=0.5, least=0.25)
    memory = rule.choose(rule.initial(1), 2, 0.4 * ONE, 10 * ONE, 1 * ONE)
    assert memory["effort"] == 0.5
    memory = rule.choose(memory, 3, 0.2 * ONE, 100 * ONE, 1 * ONE)  # -.2 x 100 + .5 x 1 < 0
    assert memory["effort"] == 1.0


def test_effort_is_chosen_every_so_many_periods():
    rule = SearchingEffort(every=4)
    memory = rule.initial(2)
    for period in (1, 2, 3, 4):
        assert rule.choose(memory, period, 0 * ONE, ONE, ONE) is memory
    assert (
        rule.choose(memory, 5, np.zeros(2), np.ones(2), np.ones(2))["effort"].tolist() == [0.8] * 2
    )
    assert Full().choose(memory, 5, 0 * ONE, ONE, ONE) is memory


def test_locked_examples_are_bought_for_money_that_leaves():
    run = economy({"count": 3, "locked": {"fraction": 0.5, "price": 1, "sigma": 0}})
    everything = economy({"count": 3}).cohort.examples
    owned = everything - np.rint(everything / 2).astype(int)
    assert run.cohort.examples.tolist() == owned.tolist()
    accounts = run.register.client_accounts
    cash = run.ledger.balances[accounts, NUMERAIRE].copy()
    cost = 0.01 * owned
    bought = np.minimum(np.floor((cash - cost) / 2).astype(int), everything - owned)
    run.step()
    assert run.cohort.examples.tolist() == (owned + bought).tolist()
    assert paid_for_data(run) == pytest.approx(bought.sum())
    assert run.tables["clients"]["examples"].tolist() == (owned + bought).tolist()


def test_with_everything_bought_a_round_is_that_of_unlocked_data():
    """Unlocked examples keep their places, so that the model has the same bits."""
    rich = {"count": 3, "cash": 1e6, "training_cost": 0}
    locked = economy(rich | {"locked": {"fraction": 0.9, "spends": 1}})
    plain = economy(rich)
    for run in (locked, plain):
        run.step()
    assert locked.cohort.examples.tolist() == plain.cohort.examples.tolist()
    assert locked.world.memory.model["parameters"].tobytes() == (
        plain.world.memory.model["parameters"].tobytes()
    )


def test_nothing_is_bought_by_those_who_do_not_train_or_have_left():
    locked = {"fraction": 0.5, "price": 0.1}
    run = economy({"count": 2}, {"behaviour": {"kind": "free_rider"}, "locked": locked})
    for _ in range(2):
        run.step()
        assert paid_for_data(run) == 0


def test_clients_for_whom_training_is_dear_leave_and_return_when_customers_pay_more(tmp_path):
    """Each is paid a third, 10 or 1000; training costs .1 x more than 200 examples."""
    (tmp_path / "revenue.csv").write_text("revenue\n" + "30\n" * 6 + "3000\n" * 6)
    run = economy(
        {
            "count": 3,
            "cash": 2000,
            "training_cost": 0.1,
            "participation": {"kind": "by_profit", "patience": 3},
        },
        tokens={
            "revenue": {"kind": "csv", "file": str(tmp_path / "revenue.csv")},
            "issuance": {"kind": "constant", "amount": 0},
            "payout": {"dividend": 0.0, "buyback": 0.0, "direct": 1.0, "treasury": 0.0},
            "allocation": {"kind": "equal"},
        },
    )
    assert (run.cohort.examples > 200).all()
    there = []
    for _ in range(12):
        run.step()
        there.append(run.participated.all() if run.participated.any() else None)
    assert there[:3] == [True] * 3  # patient
    assert there[3:7] == [None] * 4  # 10 < 20
    assert there[7] and there[-1]  # 1000 was paid in period 7


@pytest.mark.parametrize("mechanism", ["cash", "shared_token", "client_tokens"])
def test_what_a_share_of_one_is_paid(mechanism):
    """100 a period: 20 direct, 50 dividends, 20 burned, 10 treasury; no emission.

    With own tokens a client has 900 of the 1,000: 70 x .9 besides the 20. With a shared token
    dividends do not depend on its share; with cash all 90 do.
    """
    run = economy(
        {
            "count": 2,
            "participation": {"kind": "by_profit"},
            "policy": {"kind": "hold"},
            "cash": 50,
        },
        mechanism=mechanism,
        investors=[],
        liquidity_providers=[{"deposit": 200, "cash": 1000}],
        tokens={
            "revenue": {"kind": "constant", "value": 100},
            "issuance": {"kind": "constant", "amount": 0},
            "allocation": {"kind": "equal"},
            "payout": {"buybacks": {"value_limit": 1e-6}},
        },
    )
    run.step()
    expected = {"cash": 90.0, "shared_token": 20.0, "client_tokens": 20 + 70 * 0.9}[mechanism]
    assert run.world.memory.engagement["rate"] == pytest.approx([expected] * 2)


GROUPS = st.fixed_dictionaries(
    {
        "participation": st.sampled_from(
            [{"kind": "always"}, {"kind": "by_profit", "patience": 2}]
        ),
        "effort": st.sampled_from([{"kind": "full"}, {"kind": "by_profit", "every": 2}]),
        "locked": st.fixed_dictionaries(
            {"fraction": st.floats(0, 0.95), "price": st.floats(0.01, 5)}
        ),
        "training_cost": st.floats(0, 0.5),
        "offering": st.sampled_from([{"kind": "none"}, {"kind": "for_data", "discount": 0.1}]),
    }
)


@law(8)
@given(GROUPS, GROUPS, st.sampled_from(["cash", "shared_token", "client_tokens"]))
def test_books_hold_and_a_run_goes_on_where_it_was_saved(first, second, mechanism):
    def begun():
        groups = {"count": 2, **first}, {"count": 1, "cash": 100.0, **second}
        return economy(*groups, mechanism=mechanism)

    run, fresh = begun(), begun()
    for period in range(6):
        before = run.ledger.balances[run.register.client_accounts, NUMERAIRE].sum()
        run.step()
        assert paid_for_data(run) <= before / 2 + 1e-9
        assert (run.ledger.balances[run.register.client_accounts, NUMERAIRE] >= 0).all()
        if period == 2:
            restored(run, fresh)
        elif period > 2:
            fresh.step()
            alike(fresh, run)
    assert fresh.cohort.examples.tolist() == run.cohort.examples.tolist()
