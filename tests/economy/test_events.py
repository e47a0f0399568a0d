"""Events: what they change, from when on, and that nothing before them knows of them."""

from typing import Literal

import numpy as np
import pytest

from simulator import Economy, Scenario
from simulator.economy import trading
from simulator.errors import ScenarioError
from simulator.federation import Behaviour
from simulator.ledger import NUMERAIRE
from simulator.scenario import Event, doubts, scenario_type

BASE = {
    "clients": [{"count": 3}, {"behaviour": {"kind": "free_rider"}}],
    "federation": {"contribution": {"kind": "leave_one_out"}},
    "liquidity_providers": [{"deposit": 200}, {"deposit": 200}],
    "investors": [{"count": 6}, {"count": 4, "strategy": {"kind": "noise"}}],
}


def run(periods, *events, **changed):
    economy = Economy(Scenario.model_validate(BASE | {"events": list(events)} | changed))
    for _ in range(periods):
        economy.step()
    return economy


def kinds(economy):
    names = economy.register.categories["behaviour"]
    return [names[code] for code in economy.tables["clients"]["behaviour"]]


def test_a_client_changes_from_a_period_on():
    flip = {"kind": "behaviour", "period": 3, "clients": [1], "behaviour": {"kind": "label_flip"}}
    back = {"period": 5, "clients": [1], "behaviour": {"kind": "honest"}}
    economy, seen = run(0, flip, back), []
    for _ in range(6):
        economy.step()
        seen.append(kinds(economy))
    assert [kind for _, kind, _, _ in seen] == ["honest"] * 2 + ["label_flip"] * 2 + ["honest"] * 2
    assert {(*kind[:1], *kind[2:]) for kind in seen} == {("honest", "honest", "free_rider")}


def same_books(one, other):
    assert one.ledger.balances.tobytes() == other.ledger.balances.tobytes()
    assert one.history == other.history


def test_in_the_first_period_an_event_is_as_the_behaviour_of_the_group():
    event = {"period": 1, "clients": [2], "behaviour": {"kind": "sign_flip"}}
    one = run(0, event, clients=[{"count": 3}])
    other = run(0, clients=[{"count": 2}, {"behaviour": {"kind": "sign_flip"}}])
    assert kinds(one) == kinds(other) == ["honest", "honest", "sign_flip"]  # at genesis
    for economy in (one, other):
        for _ in range(4):
            economy.step()
    same_books(one, other)
    assert one.contributions[2] < 0


def test_an_event_changes_several_clients_and_in_any_sequence():
    flip = {"period": 3, "behaviour": {"kind": "label_flip"}}
    together = run(4, flip | {"clients": [3, 0]})
    assert kinds(run(2, flip | {"clients": [3, 0]})) == ["honest"] * 3 + ["free_rider"]
    assert kinds(together) == ["label_flip", "honest", "honest", "label_flip"]
    same_books(together, run(4, flip | {"clients": [0, 3]}))
    same_books(together, run(4, flip | {"clients": [0]}, flip | {"clients": [3]}))


def test_of_two_behaviours_at_once_the_later_in_the_list_counts():
    flip, back, noise = (
        {"period": period, "clients": clients, "behaviour": {"kind": kind}}
        for period, clients, kind in (
            (2, [0, 1], "label_flip"),
            (2, [1, 2], "honest"),
            (3, [0], "gaussian_noise"),
        )
    )
    assert kinds(run(2, flip, back)) == ["label_flip", "honest", "honest", "free_rider"]
    assert kinds(run(2, back, flip)) == ["label_flip", "label_flip", "honest", "free_rider"]
    # The sequence of the list decides within a period only: what happens later is later.
    assert kinds(run(3, noise, flip))[0] == kinds(run(3, flip, noise))[0] == "gaussian_noise"


def test_a_client_comes_and_goes_from_the_period_of_the_event_on():
    """Away in 5 and 8, every third period from 3 on; another event ends that for one in 8."""
    goes = {"period": 3, "clients": [0, 2], "behaviour": {"kind": "intermittent", "there": 2}}
    stays = {"period": 8, "clients": [2], "behaviour": {"kind": "label_flip"}}
    economy, seen = run(0, goes, stays), []
    for _ in range(8):
        economy.step()
        seen.append(economy.participated)
        assert kinds(economy)[0] == ("intermittent" if economy.period >= 3 else "honest")
    missed = [1 + np.flatnonzero(~client) for client in np.array(seen).T]
    assert [periods.tolist() for periods in missed] == [[5, 8], [], [5], []]


def test_revenue_is_multiplied_for_some_periods_and_shocks_together():
    half = {"kind": "revenue", "period": 2, "factor": 0.5, "periods": 2}
    triple = {"kind": "revenue", "period": 3, "factor": 3, "periods": 1}
    revenue = {"tokens": {"revenue": {"kind": "constant", "value": 100}}}
    economy = run(5, half, triple, **revenue)
    assert [row["revenue"] for row in economy.history] == [0, 100, 50, 150, 100, 100]


def test_liquidity_comes_with_tokens_at_the_price_there_is():
    """300 for four pools: 75 each; half of a pool of y becomes (y/2 + 75)/(y + 75) of it."""
    economy = run(2)
    injected = run(2, {"kind": "liquidity", "period": 3, "amount": 300, "provider": 1})
    assert injected.ledger.balances.tobytes() == economy.ledger.balances.tobytes()
    price, (tokens, money) = injected.spot_price.copy(), injected.pools.reserves
    tokens, money = tokens.copy(), money.copy()
    supply = injected.ledger.supply(injected.register.token_numbers)
    injected.world.period += 1
    trading.intervene(injected.world)
    assert injected.pools.reserves[1].tolist() == pytest.approx((money + 75).tolist(), rel=1e-13)
    assert injected.pools.reserves[0].tolist() == pytest.approx(
        (tokens * (money + 75) / money).tolist(), rel=1e-13
    )
    injected.world.note_prices()
    assert injected.spot_price.tolist() == pytest.approx(price.tolist(), rel=1e-13)
    minted = injected.ledger.supply(injected.register.token_numbers) - supply
    assert minted.tolist() == pytest.approx((75 * tokens / money).tolist(), rel=1e-9)
    shares = injected.ledger.balances[:, injected.register.share_assets]
    part = shares[injected.register.provider_accounts[1]] / -shares[0]
    assert part.tolist() == pytest.approx(((money / 2 + 75) / (money + 75)).tolist(), rel=1e-12)
    injected.ledger.audit()


def test_what_comes_is_no_gain_of_its_position():
    economy = run(3, {"kind": "liquidity", "period": 3, "amount": 300})
    rows = economy.tables["positions"]
    own = rows["agent"] == rows["agent"][0]
    assert rows["moved_numeraire"][own].tolist() == pytest.approx([75] * 4)
    expected = 75 + rows["moved_tokens"][own] * economy.spot_price
    assert rows["moved"][own].tolist() == pytest.approx(expected.tolist())
    assert (rows["moved"][~own] == 0).all()
    flows = economy.tables["flows"]
    came = np.array(flows["flow"]) == "endowment"
    assert flows["amount"][came].tolist() == pytest.approx([300])


def test_another_clearing_rule_takes_over():
    later = run(6, {"kind": "clearing", "period": 4, "clearing": {"kind": "fifo"}})
    before = run(3)
    assert later.world.clearing.kind == "fifo" and "latency" in later.world.memory.clearing
    for name, column in before.tables["pools"].items():
        again = run(3, {"kind": "clearing", "period": 4, "clearing": {"kind": "fifo"}})
        assert np.array_equal(again.tables["pools"][name], column)


EVENTS = (
    {"period": 4, "clients": [0, 2], "behaviour": {"kind": "label_flip"}},
    {"kind": "liquidity", "period": 4, "amount": 100},
    {"kind": "revenue", "period": 5, "factor": 0.1},
    {"kind": "clearing", "period": 5, "clearing": {"kind": "fifo"}},
)


def test_an_event_decided_on_in_a_run_is_as_if_it_had_been_known_before():
    """A run restored into the scenario with more events goes on as that scenario's run does."""
    known, economy = run(8, *EVENTS), run(3)
    for number in range(1, 5):
        events = EVENTS[:number]
        after = Economy(Scenario.model_validate(BASE | {"events": list(events)}))
        after.restore(economy.save())
        economy = after
        if number == 2:
            economy.step()
    for _ in range(4):
        economy.step()
    assert economy.ledger.balances.tobytes() == known.ledger.balances.tobytes()
    assert economy.history[-1] == known.history[-1]


@pytest.mark.parametrize(
    ("event", "changed", "message"),
    [
        ({"period": 3, "clients": [4]}, {}, "there is no client 4: the last is 3"),
        ({"period": 3, "clients": [0, 5, 2, 4]}, {}, "there is no client 5: the last is 3"),
        ({"period": 3, "clients": [1, 0, 1]}, {}, "a client is listed twice"),
        ({"period": 3, "clients": []}, {}, "at least 1 item"),
        ({"period": 3, "clients": [0, -1]}, {}, "must be at least 0"),
        ({"period": 3}, {}, "clients: missing; this setting is required"),
        ({"period": 0, "clients": [1]}, {}, "must be at least 1"),
        ({"kind": "liquidity", "period": 3, "provider": 2}, {}, "no liquidity provider 2"),
        (
            {"kind": "liquidity", "period": 3},
            {"market": {"curve": {"kind": "concentrated"}}},
            "not to concentrated",
        ),
        (
            {"kind": "clearing", "period": 3, "clearing": {"kind": "batch"}},
            {"market": {"curve": {"kind": "weighted"}}},
            "clearing batch needs constant_product pools.* set events.0.clearing.kind=random",
        ),
        (
            {"period": 3, "clients": [1], "behaviour": {"kind": "sybil"}},
            {},
            "neither create nor change a Sybil identity: leave out events.0",
        ),
        (
            {"period": 3, "clients": [1], "behaviour": {"kind": "duplicate", "original": 9}},
            {},
            "there is no client 9 to copy",
        ),
        (
            {"period": 3, "clients": [0, 1], "behaviour": {"kind": "duplicate", "original": 1}},
            {},
            "client 1 cannot copy itself",
        ),
    ],
)
def test_events_that_cannot_be_are_refused(event, changed, message):
    with pytest.raises(ScenarioError, match=message):
        Scenario.model_validate(BASE | changed | {"events": [event]})


IMPOSSIBLE = """\
clients: [{count: 3}]
liquidity_providers: [{deposit: 100}]
investors:
  - {count: 3}
  - {count: 2, strategy: {kind: insider}}
  - count: 2
    strategy: {kind: arbitrageur}
events:
  - {kind: revenue, period: 3}
  - {kind: behaviour, period: 3, clients: [0, 7]}
  - kind: liquidity
    period: 3
    provider: 4
"""


def test_each_impossible_item_is_told_at_its_own_place(tmp_path):
    file = tmp_path / "impossible.yaml"
    file.write_text(IMPOSSIBLE)
    with pytest.raises(ScenarioError) as raised:
        Scenario.load(file)
    error_text = str(raised.value).replace(f"{file}:", "")
    assert error_text.splitlines() == [
        "5:26: investors.1.strategy: an insider knows no more than others: set "
        "market.information_delay=1 or investors.1.strategy.kind=fundamentalist",
        "7:15: investors.2.strategy: an arbitrageur needs an outside price: set "
        "market.outside_price.kind=gbm or investors.2.strategy.kind=fundamentalist",
        "10:5: events.1: there is no client 7: the last is 2; set events.1.clients=[0]",
        "11:5: events.2: there is no liquidity provider 4: the last is 0; set events.2.provider=0",
    ]


OVERRIDDEN = [
    ({"investors.1.strategy.kind": "insider"}, "investors.1.strategy"),
    ({"investors.1.strategy": {"kind": "insider"}}, "investors.1.strategy"),
    ({"events.0.clients": [88]}, "events.0"),
    ({"liquidity_providers.0.strategy": {"kind": "range_keeper"}, "events.0.clients": [9]}, "both"),
]


@pytest.mark.parametrize(("overrides", "where"), OVERRIDDEN)
def test_what_an_override_makes_impossible_is_told_of_the_override(tmp_path, overrides, where):
    """Also beside what is wrong elsewhere."""
    file = tmp_path / "possible.yaml"
    file.write_text(
        "clients: [{count: 3}]\nliquidity_providers: [{deposit: 100}]\n"
        "investors: [{}, {strategy: {kind: momentum}}]\n"
        "events: [{kind: behaviour, period: 3, clients: [2]}]\n"
    )
    Scenario.load(file)
    with pytest.raises(ScenarioError) as raised:
        Scenario.load(file, overrides)
    error_text = str(raised.value).splitlines()
    assert {line.split(": ")[0] for line in error_text} == overrides.keys()
    assert all(f"{where}: " in line for line in error_text) or where == "both"


@pytest.mark.parametrize(
    ("clients", "behaviour", "message"),
    [
        ([{"count": 2}], {"kind": "duplicate", "original": 7}, "there is no client 7 to copy"),
        ([{"count": 2}], {"kind": "sybil"}, "neither create nor change a Sybil"),
        ([{"count": 2, "behaviour": {"kind": "sybil"}}], {"kind": "honest"}, "create nor change"),
    ],
)
def test_a_later_event_hides_no_impossible_one(clients, behaviour, message):
    events = [
        {"period": 2, "clients": [1], "behaviour": behaviour},
        {"period": 3, "clients": [1], "behaviour": {"kind": "label_flip"}},
    ]
    with pytest.raises(ScenarioError, match=message):
        Scenario.model_validate(BASE | {"clients": clients, "events": events})


def warned(**settings):
    return " ".join(doubts(Scenario.model_validate(BASE | settings)))


def test_warnings_know_the_clearing_rules_that_events_bring():
    tipping = {"investors": [{"count": 6, "tip": 0.1}, {"strategy": {"kind": "sandwich"}}]}
    priority = {"kind": "clearing", "period": 5, "clearing": {"kind": "priority"}}
    fifo = {"kind": "clearing", "period": 3, "clearing": {"kind": "fifo"}}
    for message in ("tips buy nothing under clearing", "sandwiches need clearing priority"):
        assert message in warned(**tipping)
        assert message not in warned(**tipping, events=[priority])
        assert message in warned(**tipping, events=[priority], periods=4)
    assert "tips buy nothing under clearing random and fifo" in warned(**tipping, events=[fifo])


def test_events_that_change_nothing_are_warned_of():
    liquidity = {"kind": "liquidity", "period": 3}
    cash = {"tokens": {"mechanism": {"kind": "cash"}}}
    message = "events.0: no effect, since mechanism cash has no tokens"
    assert message in warned(events=[liquidity], **cash)
    assert "no effect" not in warned(events=[liquidity])
    never = {"period": 61, "clients": [0], "behaviour": {"kind": "label_flip"}}
    assert "events.0.period is 61, after the last period, 60" in warned(events=[never])
    assert "after the last" not in warned(events=[never | {"period": 60}])


def test_who_has_no_market_is_given_nothing():
    economy = run(4, {"kind": "liquidity", "period": 3}, tokens={"mechanism": {"kind": "cash"}})
    assert economy.ledger.balances[economy.register.provider_accounts[0], NUMERAIRE] == 400


def test_events_after_the_end_are_warned_of():
    warned = doubts(
        Scenario.model_validate(BASE | {"periods": 5, "events": [{"kind": "revenue", "period": 6}]})
    )
    line = "events.0.period is 6, after the last period, 5; set events.0.period=5 or periods=6"
    assert line in warned


def test_of_two_rules_at_once_the_last_one_counts():
    both = [
        {"kind": "clearing", "period": 2, "clearing": {"kind": kind}} for kind in ("fifo", "batch")
    ]
    assert run(2, *both).world.clearing.kind == "batch"


def test_what_plugins_add_can_be_in_an_event():
    class Sleepy(Behaviour):
        kind: Literal["sleepy"] = "sleepy"

    kind = scenario_type([Sleepy])
    own = {"period": 2, "clients": [1], "behaviour": {"kind": "sleepy"}}
    other = {"kind": "clearing", "period": 2, "clearing": {"kind": "fifo"}}
    economy = Economy(kind.model_validate(BASE | {"events": [own, other]}))
    economy.step()
    economy.step()
    assert kinds(economy)[1] == "sleepy"
    assert economy.world.clearing.kind == "fifo"


def test_a_plugin_cannot_add_events_that_do_nothing():
    class Earthquake(Event):
        kind: Literal["earthquake"] = "earthquake"

    with pytest.raises(ScenarioError, match="plugins cannot add events"):
        scenario_type([Earthquake]).model_validate(
            BASE | {"events": [{"kind": "earthquake", "period": 1}]}
        )
