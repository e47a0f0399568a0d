"""Who gains when somebody joins late, against the tables of real runs."""

import math

import numpy as np
import pytest

from simulator import Scenario
from simulator.analysis import (
    attackers_pay,
    client_rewards,
    flexibility_results,
    joining_results,
    load_run,
    mechanism_results,
    realised_values,
    relative_pay,
    scalability_results,
    summarise,
)
from simulator.running import start

SMALL = {
    "name": "late",
    "periods": 26,
    "federation": {"task": {"kind": "wine"}, "partition": {"kind": "iid"}},
    "liquidity_providers": [{"deposit": 300}],
    "investors": [{"count": 8}],
}


def recorded(folder, joins, cash=7.0, count=1, mechanism="client_tokens"):
    clients = [{"count": 2, "cash": 5}, {"joins": joins, "cash": cash, "count": count}]
    tokens = {"mechanism": {"kind": mechanism}}
    scenario = Scenario.model_validate(SMALL | {"clients": clients, "tokens": tokens})
    return load_run(start(scenario, out=folder))


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("late"), joins=4, count=2)


def test_what_late_clients_are_paid_for_their_tokens_is_theirs(late):
    """Balances say what each had at the end, flows what those who join in period 4 were paid."""
    rewards = client_rewards(late)
    flows = late.flows.query("flow == 'genesis_sale' and asset == 'numeraire' and period == 4")
    paid = flows.query("payee == 'client'")["amount"].sum()
    assert rewards["genesis_sale"].iloc[2:].tolist() == pytest.approx([paid / 2] * 2)
    end = late.clients.query("period == 26").set_index("client")["numeraire"]
    money = rewards[["genesis_sale", "direct", "dividends", "sales"]].sum(axis=1)
    money -= rewards["purchases"] + rewards["costs"]
    assert (money.to_numpy() + np.array([5, 5, 7, 7])).tolist() == pytest.approx(end.tolist())
    assert (rewards["costs"] > 0).all()


def test_what_the_newcomers_tokens_did_since_the_launch(late):
    results = joining_results(late)
    price = late.pools.pivot(index="period", columns="token", values="spot_price")
    new = price[["token_2", "token_3"]].mean(axis=1)
    assert new.loc[:3].isna().all()
    assert results["lowest_price"] == pytest.approx(new.loc[4:].min())
    assert results["last_price"] == pytest.approx(new.loc[26])
    share = late.clients.pivot(index="period", columns="client", values="share")
    assert results["share_soon"] == pytest.approx(
        100 * share.loc[14, ["client_2", "client_3"]].mean()
    )
    values = realised_values(late)["realised_value"].unstack("token")
    assert results["realised_value"] == pytest.approx(values.loc[4, ["token_2", "token_3"]].mean())
    assert values.loc[:3, "token_2"].isna().all()
    rewards = client_rewards(late)["total"]
    assert results["newcomers"] == pytest.approx(rewards.iloc[2:].mean())
    assert results["others"] == pytest.approx(rewards.iloc[:2].mean())


@pytest.mark.parametrize("mechanism", ["client_tokens", "shared_token"])
def test_who_never_joins_has_nothing(tmp_path, mechanism):
    never = recorded(tmp_path, joins=99, mechanism=mechanism)
    results = joining_results(never)
    assert results["newcomers"] == 0
    assert results["others"] > 0
    ends = results[["lowest_price", "last_price", "realised_value"]]
    assert ends.isna().all() and math.isnan(results["share_soon"])
    assert not client_rewards(never).iloc[2].drop("behaviour").astype(float).any()


def test_from_genesis_on_a_newcomer_is_as_any_other(tmp_path):
    results = joining_results(recorded(tmp_path, joins=1))
    assert np.isfinite(results.astype(float)).all()


def test_a_market_counts_from_its_launch_on(late):
    """Two tokens in 26 periods and two in 23: the parts traded and not traded are all there is."""
    trades = late.fills.query("status == 'filled' and strategy != 'buyback'")
    traded = len(trades[["period", "token"]].astype(str).drop_duplicates())
    untraded = scalability_results(late)["untraded_percent"]
    assert untraded == pytest.approx(100 * (1 - traded / (2 * 26 + 2 * 23)))
    assert untraded >= 0


def test_who_has_not_joined_owes_nobody_its_cash(tmp_path):
    """Money nets of what was brought along, which is nothing before a client has joined."""
    poor, rich = (recorded(tmp_path / str(cash), joins=13, cash=cash) for cash in (7.0, 907.0))
    results = [flexibility_results(each) for each in (poor, rich)]
    for name in ("early_percent", "unsteadiness"):
        assert results[0][name] == pytest.approx(results[1][name])


def test_an_equal_share_is_among_those_who_have_joined(ran):
    """All are issued the same: 100% of an equal share, from period 21 of 26 on for the late one."""
    free = {"training_cost": 0}
    late = free | {"joins": 21, "behaviour": {"kind": "label_flip"}}
    clients = [free | {"count": 2}, late, free | {"joins": 99}]
    tokens = {"allocation": {"kind": "equal"}, "mechanism": {"kind": "cash"}}
    scenario = Scenario.model_validate(SMALL | {"clients": clients, "tokens": tokens})
    run = ran(scenario)
    pay = relative_pay(run)
    assert list(pay) == ["client_0", "client_1", "client_2"]
    assert pay.loc[:20, "client_2"].isna().all()
    assert pay.stack().dropna().tolist() == pytest.approx([100] * (2 * 26 + 6))
    late = attackers_pay(run).loc[("client_2", "label_flip")]
    assert late[["periods", "percent"]].tolist() == pytest.approx([6, 100])


def test_who_has_not_joined_is_not_the_worst(tmp_path):
    never = summarise(recorded(tmp_path, joins=99))["clients"]["by_share"]
    assert {never["best"]["name"], never["worst"]["name"]} <= {"client_0", "client_1"}


def test_a_newcomer_is_compared_since_it_joined(tmp_path):
    """Of the last quarter, periods 20 to 26, it was there in two."""
    run = recorded(tmp_path, joins=25)
    shares = run.clients.query("client == 'client_2'").set_index("period")["share"]
    assert shares.loc[20:24].sum() == 0 < shares.loc[25:].mean()
    by_share = summarise(run)["clients"]["by_share"]
    of_others = run.clients.query("period >= 20 and client != 'client_2'")
    means = of_others.groupby("client", observed=True)["share"].mean()
    means["client_2"] = shares.loc[25:].mean()
    assert by_share["best"]["value"] == means.max() and by_share["worst"]["value"] == means.min()


def test_rewards_that_no_formula_quotes_have_no_inequality(ran):
    settings = SMALL | {"periods": 3, "market": {"curve": {"kind": "stableswap"}}}
    run = ran(Scenario.model_validate(settings | {"clients": [{"count": 3}]}))
    results = mechanism_results(run)
    assert math.isnan(results["inequality"]) and results["accuracy"] > 0
