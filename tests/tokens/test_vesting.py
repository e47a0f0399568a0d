"""Vesting against arithmetic done by hand, and what it keeps on the ledger."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import Economy, Scenario
from simulator.tokens import CliffVesting, LinearVesting, NoVesting, Valuation
from tests.laws import law

AMOUNTS = st.floats(0, 1e6).map(lambda amount: amount if amount > 1e-6 else 0.0)


def vested(vesting, *grants):
    """What vests in each period to one client that is granted so much."""
    memory, result = vesting.initial(1), []
    for grant in grants:
        amount, memory = vesting.vest(memory, np.array([float(grant)]))
        result.append(float(amount[0]))
    return result


def test_without_vesting_all_is_the_owners_at_once():
    assert vested(NoVesting(), 5, 0, 7) == [5, 0, 7]
    assert not NoVesting().locks


def test_a_cliff_gives_each_grant_at_once_and_later():
    assert vested(CliffVesting(periods=2), 5, 0, 7, 0, 0, 0) == [0, 0, 5, 0, 7, 0]


def test_linear_vesting_gives_equal_parts():
    assert vested(LinearVesting(periods=4), 8, 4, 0, 0, 0, 0) == [0, 2, 3, 3, 3, 1]
    assert vested(LinearVesting(periods=1), 8, 4, 0) == vested(CliffVesting(periods=1), 8, 4, 0)


VESTINGS = st.one_of(
    st.just(NoVesting()),
    st.builds(CliffVesting, periods=st.integers(1, 12)),
    st.builds(LinearVesting, periods=st.integers(1, 12)),
)


@given(VESTINGS, st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=20))
def test_vested_and_locked_is_what_was_granted(vesting, grants):
    memory, granted, total = vesting.initial(2), np.zeros(2), np.zeros(2)
    for grant in [*grants, *[(0.0, 0.0)] * 12]:
        amount, memory = vesting.vest(memory, np.array(grant))
        granted, total = granted + grant, total + amount
        assert (amount >= 0).all() and (memory["locked"] >= 0).all()
        assert total + memory["locked"].sum(axis=1) == pytest.approx(granted, rel=1e-12)
    assert not memory["locked"].any()


@given(VESTINGS, st.lists(AMOUNTS, min_size=1, max_size=20))
def test_a_schedule_seen_ahead_is_what_vests(vesting, grants):
    assert vesting.vested(np.array(grants)) == pytest.approx(vested(vesting, *grants), rel=1e-12)


@given(VESTINGS, st.lists(AMOUNTS, min_size=1, max_size=6))
def test_what_is_locked_is_seen_ahead(vesting, grants):
    memory = vesting.initial(1)
    for grant in grants:
        _, memory = vesting.vest(memory, np.array([grant]))
    for periods in (5, 15):
        later = vested(vesting, *grants, *[0.0] * periods)[len(grants) :]
        assert vesting.upcoming(memory, periods)[0] == pytest.approx(later)


def test_value_counts_tokens_from_the_period_in_which_they_vest():
    """10 a period for 500 tokens, 600 from period 3 on: 10/500/r (1 - d^2) + 10/600/r d^2."""
    unlocked = np.zeros((1, 300))
    unlocked[0, 2] = 100.0
    one = np.ones(1)
    value = Valuation(discount=0.05).value(10 * one, 500 * one, one, np.zeros(300), unlocked)
    later = 1.05**-2
    assert value[0] == pytest.approx(0.4 * (1 - later) + 10 / 600 / 0.05 * later)


def economy(vesting, mechanism="client_tokens", clients=({"count": 2},), first=40.0, **tokens):
    return Economy(
        Scenario.model_validate(
            {
                "federation": {"contribution": {"kind": "data_size"}},
                "clients": [{"training_cost": 0} | group for group in clients],
                "liquidity_providers": [{"deposit": 200}],
                "investors": [{"count": 3}],
                "tokens": {
                    "mechanism": {"kind": mechanism},
                    "vesting": vesting,
                    "issuance": {"first": first, "half_life": 20},
                    **tokens,
                },
            }
        )
    )


def flows(run, name):
    rows = run.tables["flows"]
    kinds = run.register.categories["payer"]
    return [
        (kinds[payer], kinds[payee], amount)
        for flow, payer, payee, amount in zip(
            rows["flow"], rows["payer"], rows["payee"], rows["amount"], strict=True
        )
        if flow == name
    ]


@pytest.mark.parametrize("mechanism", ["client_tokens", "shared_token"])
def test_grants_wait_in_escrow_and_earn_nothing(mechanism):
    """A cliff of 2: 40 granted in period 1 are the clients' in period 3.

    Revenue of 100, all of it dividend, is paid for 2000 tokens whatever is in escrow.
    """
    hold = ({"count": 2, "policy": {"kind": "hold"}},)
    uses = {"dividend": 1.0, "buyback": 0.0, "direct": 0.0, "treasury": 0.0}
    run = economy(
        {"kind": "cliff", "periods": 2},
        mechanism,
        hold,
        revenue={"kind": "constant", "value": 100},
        payout=uses,
        allocation={"kind": "equal"},
    )
    (escrow,) = run.register.escrow_accounts.tolist()
    assert run.ledger.kinds[run.ledger.kind_of[escrow]] == "escrow"
    clients, tokens = run.register.client_accounts, run.register.token_assets
    before = run.ledger.balances[clients, tokens].sum()
    emission = 40 * 2.0 ** (-np.arange(4) / 20)
    for period in (1, 2):
        run.step()
        assert run.history[-1]["issued"] == pytest.approx(emission[period - 1])
        assert run.tables["clients"]["issued"].sum() == pytest.approx(emission[period - 1])
        assert run.ledger.balances[escrow, tokens].sum() == pytest.approx(emission[:period].sum())
        assert run.ledger.balances[clients, tokens].sum() == before
        granted = sum(amount for _, _, amount in flows(run, "grant"))
        assert granted == pytest.approx(emission[period - 1])
        assert not flows(run, "vesting") and not flows(run, "issuance")
        supply = run.tables["pools"]["supply"]
        assert supply.sum() == pytest.approx(2000 + emission[:period].sum())
        held = run.ledger.balances[run.register.earns][:, tokens].sum()
        held += run.positions.tokens.sum()
        assert held == pytest.approx(2000)
        assert "escrow" not in {payee for _, payee, _ in flows(run, "dividend")}
    assert run.tables["clients"]["dividends_paid"] == pytest.approx([50, 50])
    received = run.ledger.balances[run.register.earns, 0].sum()
    run.step()
    assert run.ledger.balances[clients, tokens].sum() == pytest.approx(before + 40)
    assert all(flow[:2] == ("escrow", "client") for flow in flows(run, "vesting"))
    assert sum(flow[2] for flow in flows(run, "vesting")) == pytest.approx(40)
    assert run.ledger.balances[run.register.earns, 0].sum() > received


@pytest.mark.parametrize("mechanism", ["client_tokens", "shared_token"])
def test_value_knows_what_is_locked_and_when_it_vests(mechanism):
    """Two clients with equal parts of 100 a period, half of it dividend, and a cliff of 2.

    After period 1 all tokens share 50: 2000, and 40 more from k = 2 on, when those granted in
    period 1 vest, and from k = 3 on also those of period 2, 3, ..., 40 x 2^(-1/20), ...
    """
    run = economy(
        {"kind": "cliff", "periods": 2},
        mechanism,
        revenue={"kind": "constant", "value": 100},
        payout={"dividend": 0.5, "buyback": 0.0, "direct": 0.5, "treasury": 0.0},
        allocation={"kind": "equal"},
    )
    run.step()
    k = np.arange(1.0, 301.0)
    vesting = np.where(k >= 2, 40 * 2.0 ** (-(k - 2) / 20), 0.0)
    ahead, discounted = 2000 + np.cumsum(vesting), 1.01**-k
    value = (50 / ahead * discounted).sum() + 50 / ahead[-1] * discounted[-1] / 0.01
    assert run.fundamental_value == pytest.approx([value] * len(run.register.tokens), rel=1e-12)


def test_clients_sell_of_what_has_vested():
    """Half of what vests: nothing in period 1, then half of a quarter of each grant's part."""
    policy = {"kind": "sell_fraction", "fraction": 0.5}
    run = economy({"kind": "linear", "periods": 4}, clients=({"count": 2, "policy": policy},))
    sold = []
    for _ in range(3):
        run.step()
        fills = run.tables["fills"]
        own = np.isin(fills["account"], run.register.client_accounts)
        sold.append(np.asarray(fills["amount_in"])[own].sum())
    emission = 40 * 2.0 ** (-np.arange(3) / 20)
    assert sold == pytest.approx([0, emission[0] / 8, (emission[0] + emission[1]) / 8])


@law(12)
@given(
    vesting=st.one_of(
        st.integers(1, 4).map(lambda n: {"kind": "cliff", "periods": n}),
        st.integers(1, 7).map(lambda n: {"kind": "linear", "periods": n}),
    ),
    mechanism=st.sampled_from(["client_tokens", "shared_token"]),
    unearned=st.sampled_from(["carry", "treasury", "burn"]),
    by=st.sampled_from(["share", "equal"]),
    first=st.floats(1e-3, 1e5),
    cap=st.floats(0, 2e5),
    rider=st.booleans(),
)
def test_the_escrow_holds_what_is_locked_and_empties(
    vesting, mechanism, unearned, by, first, cap, rider
):
    """Vested + locked = granted for each token in each period; a cap ends the grants in 5."""
    issuance = {"kind": "capped", "amount": first, "cap": min(cap, 5 * first)}
    run = economy(
        vesting,
        mechanism,
        ({"count": 2}, {"behaviour": {"kind": "free_rider"}}) if rider else ({"count": 3},),
        issuance=issuance | {"unearned": unearned, "by": by},
    )
    (escrow,) = run.register.escrow_accounts.tolist()
    pooled, granted, given = run.settings.tokens.mechanism.sum_by_token, 0.0, 0.0
    for _ in range(14):
        run.step()
        locked = pooled(run.world.memory.vesting["locked"].sum(axis=1))
        held = run.ledger.balances[escrow, run.register.token_assets]
        assert held == pytest.approx(locked, rel=1e-9, abs=1e-12 * first)
        assert (held[locked == 0] == 0).all()
        granted += run.tables["clients"]["issued"].sum()
        given += sum(amount for _, _, amount in flows(run, "vesting"))
        assert given + held.sum() == pytest.approx(granted, rel=1e-11)
    assert granted == pytest.approx(min(cap, 5 * first), rel=1e-9)
    assert (run.ledger.balances[escrow] == 0).all()


def test_there_is_no_escrow_where_nothing_vests_later():
    cases = ("none", "client_tokens"), ("cliff", "cash"), ("linear", "cash")
    for kind, mechanism in cases:
        run = economy({"kind": kind}, mechanism, ({"count": 2, "cash": 50},))
        assert "escrow" not in run.ledger.kinds
        run.step()
        assert not flows(run, "grant")
