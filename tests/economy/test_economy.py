"""The step: the audit, every use of revenue, and one period by hand."""

import numpy as np
import pytest

from simulator.agents.aggregator import Aggregator
from simulator.agents.client import Client
from simulator.agents.investor import Investor
from simulator.agents.liquidity_provider import LiquidityProvider
from simulator.economy import Economy, rewarding, trading
from simulator.economy.records import Prices
from simulator.economy.register import CLEARING_ACCOUNT, TREASURY
from simulator.economy.rewarding import earning_supply, earning_tokens
from simulator.economy.world import World
from simulator.errors import LedgerError, ModelError
from simulator.federation import (
    AGGREGATIONS,
    BEHAVIOURS,
    LEARNERS,
    PARTITIONS,
    TASKS,
    Csv,
    DataSize,
    Digits,
    EqualContribution,
    FedAvg,
    LeaveOneOut,
    Natural,
    PermutationShapley,
    Quality,
    Shapley,
    Wine,
)
from simulator.ledger import NUMERAIRE, OUTSIDE
from simulator.market import Orders
from simulator.scenario import Scenario, doubts
from tests.economy.saving import goes_on

QUICK = {
    "federation": {"contribution": {"kind": "leave_one_out"}},
    "clients": [{"count": 3}, {"behaviour": {"kind": "free_rider"}}],
    "liquidity_providers": [{"count": 2, "deposit": 300}],
    "investors": [{"count": 5}, {"count": 4, "strategy": {"kind": "noise"}}],
}


def an_economy(**changes):
    return Economy(Scenario.model_validate(QUICK | changes))


def rows(economy, table):
    return economy.tables[table]


def test_the_audit_fails_when_a_debit_is_dropped(monkeypatch):
    economy = an_economy()
    economy.step()
    transfer = economy.ledger.transfer

    def forgetful(flow, asset, payer, payee, amount, scale=0.0):
        transfer(flow, asset, payer, payee, amount, scale)
        if flow == "direct":
            economy.ledger.balances[payer, asset] += np.sum(amount)

    monkeypatch.setattr(economy.ledger, "transfer", forgetful)
    with pytest.raises(LedgerError, match=r"clearing holds|sums to"):
        economy.step()


def test_the_audit_fails_when_a_swap_pays_twice(monkeypatch):
    economy = an_economy()
    settle = trading.trade

    def generous(world: World, orders: Orders):
        fills = settle(world, orders)
        filled = np.flatnonzero(fills.filled)[0]
        account, token = fills.orders.account[filled], fills.orders.token[filled]
        economy.ledger.balances[account, 1 + token] += 1e-6
        return fills

    monkeypatch.setattr(trading, "trade", generous)
    with pytest.raises(LedgerError, match="audit: token_"):
        economy.step()


def test_one_period_by_hand(monkeypatch):
    """Two clients with shares 3/4 and 1/4, revenue 100, a provider and an investor who only hold.

    | genesis | client 0 | client 1 | provider | investor | pools |
    |---|---|---|---|---|---|
    | tokens of each | 880 | 880 | 0 | 20 | 100 |
    | numeraire | 120 | 120 | 0 | 80 | 100 each |

    Of 1000 tokens each sells 100 to the provider (deposit 200 over 2 pools, all of it in the
    pools) and 20 to the investor (a third of 120, over 2 tokens), all at price 1.

    | period 1 | token or client 0 | 1 | how |
    |---|---|---|---|
    | training cost | 7 | 3 | .1 per example, 70 and 30 examples |
    | dividend | 37.5 | 12.5 | .5 x 100 x share |
    | ... per token | .0375 | .0125 | over 1000 tokens |
    | ... to clients, who own 880 | 33 | 11 | |
    | ... to the provider, for its pools' 100 | 3.75 | 1.25 | |
    | ... to the investor, who owns 20 | .75 | .25 | |
    | direct | 15 | 5 | .2 x 100 x share |
    | buyback | 15 | 5 | .2 x 100 x share, burned |
    | ... tokens bought | 100 x 14.85/114.85 | 100 x 4.95/104.95 | pool 100/100, fee 1% |
    | treasury | 10 | | .1 x 100 |
    | issued | 30 | 10 | 40 x share |
    """
    idle = {"sell_fraction": 0.0, "stock_fraction": 0.0}
    economy = an_economy(
        federation={"partition": {"kind": "iid"}},
        clients=[{"count": 2, "training_cost": 0.1, "policy": {"kind": "value_seller", **idle}}],
        liquidity_providers=[{"count": 1, "deposit": 200}],
        investors=[{"count": 1, "activity": 0, "wealth": {"mean": 120, "sigma": 0}}],
        tokens={
            "revenue": {"maximum": 100, "floor": 0.0},
            "issuance": {"first": 40, "half_life": 20},
            "payout": {"dividend": 0.5, "buyback": 0.2, "direct": 0.2, "treasury": 0.1},
            "valuation": {"discount": 0.01},
        },
        market={"fee": 0.01},
    )
    federation = type(economy.settings.federation)
    monkeypatch.setattr(federation, "evaluate", lambda *_: Quality(1.0, 0.0, 0.0))
    monkeypatch.setattr(federation, "assess", lambda *_: (np.array([0.3, 0.1]), {}))
    monkeypatch.setattr(economy.world, "cost_rate", 0.1)
    monkeypatch.setattr(type(economy.cohort), "examples_used", lambda *_: np.array([70.0, 30.0]))
    register, balances = economy.register, economy.ledger.balances
    clients, provider, investor = (
        register.client_accounts,
        register.provider_accounts[0],
        register.investor_accounts[0],
    )
    assert balances[clients, NUMERAIRE].tolist() == [120, 120]
    assert balances[clients, [1, 2]].tolist() == [880, 880]
    assert balances[investor, :3].tolist() == [80, 20, 20]

    economy.step()

    def exactly(*numbers):
        return pytest.approx(numbers, rel=1e-14)

    row = rows(economy, "clients")
    assert row["share"] == exactly(0.75, 0.25)
    assert row["dividends_paid"] == exactly(37.5, 12.5)
    assert row["dividends"] == exactly(33.0, 11.0)
    assert row["direct"] == exactly(15.0, 5.0)
    assert row["issued"] == exactly(30.0, 10.0)
    assert row["numeraire"] == exactly(120 - 7 + 33 + 15, 120 - 3 + 11 + 5)
    assert row["tokens"] == exactly(910.0, 890.0)
    assert balances[provider, NUMERAIRE] == pytest.approx(5.0, rel=1e-14)
    assert balances[investor, NUMERAIRE] == pytest.approx(81.0, rel=1e-14)
    assert balances[TREASURY, NUMERAIRE] == pytest.approx(10.0, rel=1e-13)
    assert balances[CLEARING_ACCOUNT, NUMERAIRE] == 0
    totals = economy.history[-1]
    assert (totals["revenue"], totals["dividends"]) == exactly(100.0, 50.0)
    assert (totals["issued"], totals["buybacks"]) == exactly(40.0, 20.0)
    bought = np.array([100 * 14.85 / 114.85, 100 * 4.95 / 104.95])
    pools = rows(economy, "pools")
    assert pools["reserve_numeraire"] == exactly(115.0, 105.0)
    assert pools["reserve_token"] == exactly(*(100 - bought))
    assert pools["supply"] == exactly(*(np.array([1030, 1010]) - bought))
    assert pools["volume"] == exactly(15.0, 5.0)
    assert pools["fees"] == exactly(0.15, 0.05)
    # Value: cash to holders (.5 + .2) x 100 x shares, supply plus shares of emission to come,
    # 40 x 2^(-k/20) in k periods.
    emitted = np.cumsum(40 * 2.0 ** (-np.arange(1, 301) / 20))
    for token, (cash, share) in enumerate(((52.5, 0.75), (17.5, 0.25))):
        ahead = pools["supply"][token] + share * emitted
        discounted = 1.01 ** -np.arange(1.0, 301.0)
        value = (cash / ahead * discounted).sum() + cash / ahead[-1] * discounted[-1] / 0.01
        assert pools["fundamental_value"][token] == pytest.approx(value, rel=1e-12)


def test_bought_tokens_can_go_to_the_client_instead(monkeypatch):
    economy = an_economy(
        investors=[],
        clients=[{"count": 2, "policy": {"sell_fraction": 0.0, "stock_fraction": 0.0}}],
        tokens={"payout": {"buybacks": {"then": "to_client"}}, "issuance": {"first": 0.0}},
    )
    economy.step()
    bought = 2000 - rows(economy, "pools")["reserve_token"].sum() - 1700
    assert rows(economy, "clients")["tokens"].sum() == pytest.approx(1700 + bought)
    assert rows(economy, "pools")["supply"] == pytest.approx([1000, 1000])


def test_unearned_revenue_waits_in_the_treasury_until_somebody_earns(monkeypatch):
    economy = an_economy(
        clients=[{"count": 2, "behaviour": {"kind": "free_rider"}}],
        tokens={"revenue": {"floor": 0.0, "maximum": 100}},
        investors=[],
    )
    economy.step()
    revenue = economy.history[-1]["revenue"]
    assert revenue > 0 and not economy.shares.any()
    assert economy.ledger.balances[TREASURY, NUMERAIRE] == pytest.approx(revenue)
    assert rows(economy, "pools")["supply"] == pytest.approx([1000, 1000])
    monkeypatch.setattr(
        type(economy.settings.federation), "assess", lambda *_: (np.array([1.0, 0]), {})
    )
    economy.step()
    again = economy.history[-1]["revenue"]
    assert rows(economy, "clients")["issued"][0] == pytest.approx(40 + 40 * 2 ** (-1 / 20))
    paid = economy.history[-1]["dividends"]
    assert paid == pytest.approx((0.9 * revenue + 0.9 * again) * 0.5 / 0.9)


def test_clients_who_cannot_pay_sit_out():
    economy = an_economy(
        clients=[{"count": 2}, {"training_cost": 1e6}], liquidity_providers=[], investors=[]
    )
    economy.ledger.transfer("gift", NUMERAIRE, OUTSIDE, economy.register.client_accounts[:1], 50.0)
    economy.step()
    row = rows(economy, "clients")
    assert row["participated"].tolist() == [True, False, False]
    assert row["contribution"][1:].tolist() == [0, 0]
    cost = 0.01 * row["examples"][0]
    assert row["numeraire"][0] == pytest.approx(50 - cost + row["direct"][0] + row["dividends"][0])


def test_without_pools_prices_stand_still_and_buybacks_are_retained():
    economy = an_economy(liquidity_providers=[])
    for _ in range(3):
        economy.step()
    assert (rows(economy, "pools")["spot_price"] == 1.0).all()
    assert economy.history[-1]["volume"] == economy.history[-1]["buybacks"] == 0
    assert economy.ledger.balances[TREASURY, NUMERAIRE] == pytest.approx(
        0.3 * sum(row["revenue"] for row in economy.history)
    )


def test_another_seed_is_another_world():
    first, second = an_economy(seed=1), an_economy(seed=2)
    first.step()
    second.step()
    assert first.history[-1]["accuracy"] != second.history[-1]["accuracy"]
    assert first.ledger.balances.tobytes() != second.ledger.balances.tobytes()


def test_agents_are_visible_to_mesa():
    economy = an_economy()
    economy.step()
    counts = {kind.__name__: len(result) for kind, result in economy.agents_by_type.items()}
    assert counts == {"Aggregator": 1, "Client": 4, "LiquidityProvider": 2, "Investor": 9}
    wealth = sum(agent.wealth for agent in economy.agents)
    assert wealth == pytest.approx(rows(economy, "agents")["wealth"].sum())
    client = economy.agents_by_type[Client][0]
    assert client.holdings["token_0"] == economy.ledger.balances[client.account, 1]
    assert client.share == economy.shares[0] and client.contribution == economy.contributions[0]
    assert client.behaviour.kind == "honest" and client.policy.kind == "value_seller"
    assert economy.agents_by_type[Aggregator][0].quality.accuracy > 0.3
    assert economy.agents_by_type[Investor][5].strategy.kind == "noise"
    assert economy.agents_by_type[LiquidityProvider][0].numeraire >= 0
    assert "wealth=" in repr(client)


def test_a_model_that_overflows_fails_with_a_hint(monkeypatch):
    economy = an_economy()

    def broken(self, updates, examples):
        return np.full(updates.shape[1], 1e31)

    monkeypatch.setattr(type(economy.settings.federation.aggregation), "combine", broken)
    with pytest.raises(ModelError, match=r"period 1; try a smaller federation\.learner"):
        economy.step()


def test_a_view_is_frozen(monkeypatch):
    economy, views, decide = an_economy(), [], trading.decide
    monkeypatch.setattr(
        trading, "decide", lambda world, view, own: views.append(view) or decide(world, view, own)
    )
    economy.step()
    spot = views[0].spot_price.copy()
    economy.step()
    assert np.array_equal(views[0].spot_price, spot)
    assert not np.array_equal(views[1].spot_price, spot)
    with pytest.raises(AttributeError):
        views[0].period = 7


def test_orders_are_bounded_by_their_groups_tolerance(monkeypatch):
    economy, seen = (
        an_economy(
            clients=[{"count": 2, "tolerance": 0.5}],
            investors=[{"count": 5, "tolerance": 0.01, "activity": 1.0}],
        ),
        [],
    )
    decide = trading.decide

    def watching(world, view, own):
        seen.append((view, decide(world, view, own)))
        return seen[-1][1]

    monkeypatch.setattr(trading, "decide", watching)
    economy.step()
    view, orders = seen[0]
    client = np.isin(orders.account, economy.register.client_accounts)
    assert client.any() and not client.all()
    quote = view.quote(orders.token, orders.buy, orders.amount)
    assert orders.min_out == pytest.approx(np.where(client, 0.5, 0.99) * quote, rel=1e-12)


def test_training_costs_count_examples_and_epochs():
    economy = an_economy(
        federation={"learner": {"epochs": 2}, "contribution": {"kind": "leave_one_out"}}
    )
    economy.step()
    flows = rows(economy, "flows")
    paid = flows["amount"][flows["flow"].index("training_cost")]
    assert paid == pytest.approx(0.01 * 2 * economy.cohort.examples[:3].sum())


@pytest.mark.parametrize("limit", ["twap_limit", "value_limit"])
def test_buybacks_above_a_limit_are_retained(limit):
    economy = an_economy(tokens={"payout": {"buybacks": {limit: 0.1}}})
    for _ in range(2):
        economy.step()
        flows = rows(economy, "flows")
        retained = flows["amount"][flows["flow"].index("retained")]
        assert economy.history[-1]["buybacks"] == 0
        assert retained == pytest.approx(0.2 * economy.history[-1]["revenue"])


def test_the_limits_are_of_value_and_average_price_each(monkeypatch):
    economy = an_economy(tokens={"payout": {"buybacks": {"value_limit": 1.5, "twap_limit": 2.5}}})
    oracle = economy.settings.market.oracle
    spot = economy.spot_price
    economy.world.prices = Prices(spot, spot / [1, 2, 1, 1])
    economy.world.memory.oracle = oracle.initial(spot / np.array([1, 1, 3, 1]))
    monkeypatch.setattr(
        type(economy.settings.federation), "assess", lambda *_: (np.array([1.0, 1, 1, 1]), {})
    )
    economy.step()
    bought = rows(economy, "fills")["token"][rows(economy, "fills")["agent"] == 0]
    assert bought.tolist() == [0, 3]


def test_the_average_price_is_observed_before_trading():
    economy = an_economy(tokens={"payout": {"buybacks": {"value_limit": 0.001}}})
    genesis = economy.spot_price
    economy.step()
    first = economy.spot_price
    economy.step()
    assert not np.array_equal(genesis, first)
    twap = economy.settings.market.oracle.twap(economy.world.memory.oracle)
    # Seen at genesis, and before the trades of periods 1 and 2.
    assert twap == pytest.approx((genesis + genesis + first) / 3)


def test_tokens_given_to_clients_are_no_cash_to_holders():
    values = {}
    for then in ("burn", "to_client"):
        economy = an_economy(
            tokens={"payout": {"buybacks": {"then": then}}, "issuance": {"first": 0.0}},
            investors=[],
        )
        economy.step()
        values[then] = economy.world.memory.valuation["cash"].sum()
    assert values["to_client"] == pytest.approx(values["burn"] * 0.5 / 0.7)


def test_the_treasury_earns_no_dividends():
    economy = an_economy(investors=[])
    holder = economy.register.client_accounts[0]
    economy.ledger.transfer("gift", 1, holder, TREASURY, 500.0)
    economy.step()
    row = rows(economy, "clients")
    paid = economy.history[-1]["dividends"]
    provided = economy.ledger.balances[economy.register.provider_accounts, NUMERAIRE].sum()
    assert row["dividends"].sum() + provided == pytest.approx(paid)


def test_orders_settle_in_the_sequence_of_the_clearing_rule(monkeypatch):
    economy, seen = an_economy(investors=[{"count": 6, "activity": 1.0}]), []
    decide = trading.decide
    monkeypatch.setattr(trading, "decide", lambda *all_: seen.append(decide(*all_)) or seen[-1])
    backwards = type(economy.settings.market.clearing)
    monkeypatch.setattr(
        backwards, "sequence", lambda _, memory, orders, draws: np.arange(len(orders))[::-1]
    )
    economy.step()
    fills = rows(economy, "fills")
    account = fills["account"][fills["agent"] != 0]
    assert account.tolist() == seen[0].account[::-1].tolist()
    assert len(set(account.tolist())) > 1


def test_slippage_is_positive_for_who_comes_late():
    economy = an_economy(
        investors=[
            {"count": 6, "activity": 1.0, "tolerance": 0.9, "strategy": {"bias_sigma": 0.0}}
        ],
        clients=[
            {"count": 2, "tolerance": 0.9, "policy": {"sell_fraction": 0, "stock_fraction": 0}}
        ],
    )
    economy.step()
    fills = rows(economy, "fills")
    investors = (fills["strategy"] == fills["strategy"][-1]) & (fills["status"] == 0)
    for token in range(2):
        mine = investors & (fills["token"] == token)
        assert len(set(fills["side"][mine].tolist())) == 1  # without bias all agree
        slippage = fills["slippage"][mine]
        assert len(slippage) > 1 and slippage[0] == pytest.approx(0.0, abs=1e-12)
        assert (slippage[1:] > 0).all()


def test_fees_are_those_of_the_flows():
    economy = an_economy(investors=[], market={"fee": 0.3})
    economy.step()
    pools, flows = rows(economy, "pools"), rows(economy, "flows")
    fills = rows(economy, "fills")
    in_money = sum(
        amount
        for flow, asset, amount in zip(flows["flow"], flows["asset"], flows["amount"], strict=True)
        if flow == "fee" and asset == NUMERAIRE
    )
    sold = (fills["side"] == 1) & (fills["status"] == 0)
    # 30% of the tokens stay as fee; the other 70% were paid amount_out.
    in_tokens = (fills["amount_out"][sold] / 0.7 * 0.3).sum()
    assert pools["fees"].sum() == pytest.approx(in_money + in_tokens)


def test_a_restored_economy_knows_its_last_round():
    first = an_economy()
    first.step()
    second = an_economy()
    second.restore(first.save())
    assert second.quality == first.quality
    assert np.array_equal(second.shares, first.shares)
    assert np.array_equal(second.contributions, first.contributions)
    assert second.tables == {} and second.history == []


def test_tokens_minted_to_the_treasury_are_issued():
    economy = an_economy(
        clients=[{"count": 2, "behaviour": {"kind": "free_rider"}}],
        tokens={"issuance": {"unearned": "treasury"}},
        investors=[],
    )
    economy.step()
    assert economy.history[-1]["issued"] == pytest.approx(40.0)
    assert economy.ledger.balances[TREASURY, 1:3] == pytest.approx([20.0, 20.0])


@pytest.mark.parametrize("pools_earn", [True, False])
@pytest.mark.parametrize("providers", [0, 2])
def test_the_earning_supply_is_what_all_accounts_earn_on(pools_earn, providers):
    economy = an_economy(
        liquidity_providers=[{"count": providers, "deposit": 100}] if providers else [],
        tokens={"issuance": {"unearned": "treasury"}},
    )
    for _ in range(3):
        economy.step()
    holder = economy.register.client_accounts[0]
    economy.ledger.transfer("gift", 1, holder, TREASURY, 50.0)
    pooled = economy.positions.tokens if pools_earn else None
    tokens = earning_tokens(economy.ledger, economy.register, pooled)
    supply = earning_supply(economy.ledger, economy.register, pools_earn)
    assert supply == pytest.approx(tokens.sum(axis=0), rel=1e-12)


def of_kind(component, **fields):
    return {"kind": component.model_fields["kind"].default, **fields}


LEARNED = [(task, PARTITIONS[0]) for task in TASKS if task is not Csv] + [
    (task, partition)
    for task in (Digits, Wine)
    for partition in PARTITIONS[1:]
    if partition is not Natural
]


def turning(period, client, kind, **settings):
    """An event that changes a client's behaviour."""
    behaviour = {"kind": kind, **settings}
    return {"kind": "behaviour", "period": period, "clients": [client], "behaviour": behaviour}


@pytest.mark.parametrize(
    "contribution", [Shapley, PermutationShapley, LeaveOneOut, DataSize, EqualContribution]
)
@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize(("task", "partition"), LEARNED)
def test_every_federation_gives_its_clients_what_a_round_is_worth(
    task, partition, learner, contribution
):
    few = {"permutations": 2} if "permutations" in contribution.model_fields else {}
    economy = an_economy(
        federation={
            "task": of_kind(task),
            "partition": of_kind(partition),
            "learner": of_kind(learner),
            "contribution": of_kind(contribution, **few),
        },
        clients=[{"count": 3}],
        events=[turning(2, 2, "label_flip")],
    )
    for _ in range(3):
        before = economy.quality.utility
        economy.step()
        gain = economy.quality.utility - before
        kind, total = economy.settings.federation.contribution.kind, economy.contributions.sum()
        if kind == "leave_one_out":
            assert (economy.contributions != 0).all()
        else:
            expected = 1.0 if kind in ("data_size", "equal") else gain
            assert total == pytest.approx(expected, rel=0, abs=1e-12)
    assert economy.participated.all()
    assert economy.shares.sum() == pytest.approx(1.0)


def behaviours(economy):
    names = economy.register.categories["behaviour"]
    return [names[code] for code in rows(economy, "clients")["behaviour"]]


def test_behaviours_are_those_in_force_in_the_period():
    economy = an_economy(
        clients=[{"count": 2}, {"behaviour": {"kind": "label_flip"}}],
        events=[turning(2, 0, "free_rider"), turning(3, 1, "label_flip")],
    )
    seen = [behaviours(economy)]
    for _ in range(3):
        economy.step()
        seen.append(behaviours(economy))
    assert seen == [
        ["honest", "honest", "label_flip"],
        ["honest", "honest", "label_flip"],
        ["free_rider", "honest", "label_flip"],
        ["free_rider", "label_flip", "label_flip"],
    ]


def test_training_is_paid_for_in_the_periods_in_which_a_client_trains():
    economy = an_economy(clients=[{"count": 3}], events=[turning(3, 2, "free_rider")])
    examples, paid = economy.cohort.examples, []
    for _ in range(4):
        economy.step()
        flows = rows(economy, "flows")
        paid.append(flows["amount"][flows["flow"].index("training_cost")])
    everybody, two = 0.01 * examples.sum(), 0.01 * examples[:2].sum()
    assert paid == pytest.approx([everybody, everybody, two, two])


def test_who_has_stopped_training_takes_part_without_money():
    economy = an_economy(
        clients=[{"training_cost": 1e6}],
        events=[turning(2, 0, "free_rider")],
        liquidity_providers=[],
        investors=[],
    )
    economy.step()
    assert not economy.participated.any()
    economy.step()
    assert economy.participated.all()


def test_an_owner_takes_part_as_one_honest_client_until_it_poses_as_several():
    sybil = {"count": 2, "behaviour": {"kind": "sybil", "poses_from": 3}}
    economy, seen, paid = an_economy(clients=[{"count": 2}, sybil]), [], []
    assert behaviours(economy) == ["honest"] * 4
    for _ in range(3):
        economy.step()
        seen.append((economy.participated.tolist(), behaviours(economy)[2:]))
        flows = rows(economy, "flows")
        paid.append(flows["amount"][flows["flow"].index("training_cost")])
    alone = ([True, True, True, False], ["honest", "honest"])
    assert seen == [alone, alone, ([True] * 4, ["sybil", "sybil"])]
    # Alone it trains on the examples of both, together each on its own.
    assert paid == pytest.approx([0.01 * economy.cohort.examples.sum()] * 3)


def test_an_owner_who_never_poses_as_several_is_warned_of():
    def warnings(poses_from):
        sybil = {"count": 2, "behaviour": {"kind": "sybil", "poses_from": poses_from}}
        clients = [{"count": 3}, sybil]
        return doubts(Scenario.model_validate({"periods": 9, "clients": clients}))

    assert (
        "clients.1.behaviour.poses_from is 10, after the last period, 9; set "
        "clients.1.behaviour.poses_from=9 or periods=10"
    ) in warnings(10)
    assert not any("poses" in warning for warning in warnings(9))


TURNED = {"clients": [{"count": 5}], "events": [turning(2, 4, "label_flip")]}


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_every_aggregation_takes_a_small_step_that_learns(aggregation, learner):
    economy = an_economy(
        federation={
            "task": {"kind": "wine"},
            "partition": {"kind": "iid"},
            "learner": of_kind(learner),
            "aggregation": of_kind(aggregation),
            "contribution": {"kind": "leave_one_out"},
        },
        **TURNED,
    )
    untrained, models = economy.quality.utility, []
    for _ in range(3):
        economy.step()
        models.append(economy.world.memory.model["parameters"])
    assert economy.quality.utility > untrained
    assert len({model.tobytes() for model in models}) == 3
    assert economy.shares.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_every_behaviour_is_recorded_paid_and_goes_on_where_it_was_saved(behaviour, learner):
    settings = {
        "federation": {
            "task": {"kind": "wine"},
            "partition": {"kind": "iid"},
            "learner": of_kind(learner),
            "aggregation": {"kind": "fedadam"},
            "participation": 0.8,
            "contribution": {"kind": "leave_one_out"},
        },
        "clients": [
            {"count": 3, "availability": 0.9},
            {"count": 2, "behaviour": of_kind(behaviour)},
        ],
    }
    first, second = an_economy(**settings), an_economy(**settings)
    for _ in range(3):
        first.step()
        assert behaviours(first)[3:] == [of_kind(behaviour)["kind"]] * 2
        assert not first.contributions[~first.participated].any()
    goes_on(first, second, periods=1)


def test_pay_can_be_summed_over_owners():
    economy = an_economy(
        clients=[{"count": 2}, {"count": 3, "behaviour": {"kind": "sybil"}}, {"count": 1}]
    )
    names = economy.register.categories["owner"]
    assert [names[code] for code in rows(economy, "clients")["owner"]] == [
        "client_0",
        "client_1",
        "client_2",
        "client_2",
        "client_2",
        "client_5",
    ]
    parts = economy.cohort.examples
    assert parts[2:5].sum() >= 10 > np.ptp(parts[2:5])


def test_the_absent_pay_nothing_and_get_a_zero_into_their_credit():
    economy = an_economy(
        clients=[{"count": 2}, {"behaviour": {"kind": "intermittent", "there": 1, "away": 1}}]
    )
    economy.step()
    credit, tokens = economy.credit.copy(), economy.cohort.examples
    assert economy.participated.all() and credit[2] != 0
    economy.step()
    assert economy.participated.tolist() == [True, True, False]
    assert economy.contributions[2] == 0
    assert economy.credit[2] == pytest.approx(0.9 * credit[2])  # and 0.1 of 0
    flows = rows(economy, "flows")
    paid = flows["amount"][flows["flow"].index("training_cost")]
    assert paid == pytest.approx(0.01 * tokens[:2].sum())


def test_clients_are_there_as_often_as_they_are_available():
    economy = an_economy(
        federation={"task": {"kind": "wine"}, "contribution": {"kind": "equal"}},
        clients=[
            {"count": 4, "availability": 0.3, "training_cost": 0.0},
            {"training_cost": 0.0},
        ],
        investors=[],
        liquidity_providers=[],
    )
    there = np.zeros(5)
    for _ in range(100):
        economy.step()
        there += economy.participated
    # 400 chances: 120, deviation 9.2
    assert abs(there[:4].sum() - 120) < 4 * 9.2
    assert there[4] == 100


def test_a_fraction_of_the_clients_takes_part_in_a_round():
    economy = an_economy(
        federation={"participation": 0.5, "contribution": {"kind": "equal"}},
        clients=[{"count": 6, "training_cost": 0.0}],
        investors=[],
        liquidity_providers=[],
    )
    drawn = set()
    for _ in range(6):
        economy.step()
        assert economy.participated.sum() == 3
        drawn.add(economy.participated.tobytes())
    assert len(drawn) > 1


def test_a_duplicate_pays_for_the_examples_it_trains_on():
    economy = an_economy(
        federation={"partition": {"kind": "quantity"}, "contribution": {"kind": "equal"}},
        clients=[{"count": 3}],
        events=[turning(2, 2, "duplicate", original=1)],
    )
    own, paid = economy.cohort.examples, []
    for _ in range(2):
        economy.step()
        flows = rows(economy, "flows")
        paid.append(flows["amount"][flows["flow"].index("training_cost")])
    assert own[1] != own[2]
    assert paid == pytest.approx([0.01 * own.sum(), 0.01 * (own[0] + 2 * own[1])])


def test_what_is_not_asked_for_changes_nothing():
    plain, asked = (
        an_economy(
            federation={"contribution": {"kind": "leave_one_out"}, **more},
            clients=[{"count": 4, **group}],
        )
        for more, group in (
            ({}, {}),
            ({"participation": 1.0, "aggregation": of_kind(FedAvg)}, {"availability": 1.0}),
        )
    )
    for economy in (plain, asked):
        economy.step()
    assert np.array_equal(plain.ledger.balances, asked.ledger.balances)


@pytest.mark.parametrize("learner", LEARNERS)
def test_every_client_learns_from_its_own_rows_of_a_table(tmp_path, learner):
    draws = np.random.default_rng(0)
    table = ["size,bank,good"]
    for size, bank in zip(draws.normal(size=120), draws.integers(3, size=120), strict=True):
        table.append(f"{size},bank_{bank},{size > 0.2 * bank}")
    (tmp_path / "loans.csv").write_text("\n".join(table))
    file = str(tmp_path / "loans.csv")
    economy = an_economy(
        federation={
            "task": of_kind(Csv, file=file, target="good", client="bank", features=["size"]),
            "partition": of_kind(Natural),
            "learner": of_kind(learner, learning_rate=0.1),
            "contribution": {"kind": "leave_one_out"},
        },
        clients=[{"count": 3}],
    )
    untrained = economy.quality.accuracy
    for _ in range(3):
        economy.step()
    assert economy.quality.accuracy > max(untrained, 0.8)
    assert economy.cohort.examples.sum() == len(economy.cohort.dataset.train)


def test_buybacks_are_decided_on_the_price_that_weights_have_moved_to(monkeypatch):
    """From .6 to .1 in 10 periods: the price falls by w/(1 - w) before anybody trades."""
    curve = {"kind": "weighted", "weight": 0.6, "last_weight": 0.1, "periods": 10}
    economy = an_economy(market={"curve": curve}, investors=[])
    seen, buy_back = [], rewarding.buy_back

    def looking(*arguments):
        x, y = economy.pools.reserves
        weight = economy.settings.market.curve.at(economy.period).weight
        seen.append((economy.spot_price.copy(), y / x * weight / (1 - weight)))
        return buy_back(*arguments)

    monkeypatch.setattr(rewarding, "buy_back", looking)
    for _ in range(4):
        economy.step()
    for used, there in seen:
        assert used == pytest.approx(there, rel=1e-12)
    assert seen[1][0][0] != pytest.approx(seen[0][0][0], rel=0.05)
