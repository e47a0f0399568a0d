"""Launches: who holds which tokens and how much money after genesis."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simulator.errors import LedgerError
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import ConstantProduct, Opening, Pool, SeededPool
from tests.laws import law


def opened(
    launch: SeededPool,
    tokens: int,
    deposits: list[float],
    demand: list[float],
    money: list[float] | None = None,
) -> tuple[Ledger, list[Pool]]:
    """Accounts: outside, clients, providers, investors, pools. Providers bring twice the deposit,
    investors `money`, or twice what they want to invest.
    """
    kinds = ["client"] * tokens + ["provider"] * len(deposits) + ["investor"] * len(demand)
    numbers = np.arange(1, 1 + len(kinds))
    clients, providers, investors = np.split(numbers, [tokens, tokens + len(deposits)])
    names = [*(f"token_{k}" for k in range(tokens)), *(f"lp_{k}" for k in range(tokens))]
    ledger = Ledger(["outside", *kinds, *["pool"] * tokens], ["numeraire", *names])
    first = 1 + len(kinds)
    pools = [
        Pool.on(ledger, ConstantProduct(), 0.01, first + k, 1 + k, 1 + tokens + k)
        for k in range(tokens)
    ]
    brought = np.array(money if money is not None else [2 * wanted for wanted in demand])
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, providers, 2 * np.array(deposits))
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, investors, brought)
    everywhere = np.full(len(deposits), np.inf)
    opening = Opening(
        ledger,
        pools,
        clients,
        np.arange(len(clients)),
        providers,
        np.array(deposits),
        everywhere,
        1.0,
        investors,
        np.array(demand),
        OUTSIDE,
    )
    launch.open(opening)
    ledger.audit()
    return ledger, pools


LAUNCH = SeededPool(supply=1000.0, price=2.0, client=0.6)


def test_genesis_by_hand():
    # 400 numeraire of deposits take 100 tokens for each of 2 pools at price 2; 600 of demand take
    # 150 of each token. Of 400 for sale 150 are left.
    ledger, pools = opened(LAUNCH, 2, deposits=[100, 300], demand=[400, 200], money=[2000, 1000])
    by_hand = {
        # numeraire, A, B, lp_A, lp_B
        "outside": [-3800, -1000, -1000, -sqrt(20000), -sqrt(20000)],
        "client A": [200 + 300, 750, 0, 0, 0],
        "client B": [200 + 300, 0, 750, 0, 0],
        "provider 1": [0, 0, 0, sqrt(25 * 50), sqrt(25 * 50)],
        "provider 2": [0, 0, 0, sqrt(75 * 150), sqrt(75 * 150)],
        "investor 1": [1600, 100, 100, 0, 0],
        "investor 2": [800, 50, 50, 0, 0],
        "pool A": [200, 100, 0, 0, 0],
        "pool B": [200, 0, 100, 0, 0],
    }
    np.testing.assert_allclose(ledger.balances, list(by_hand.values()), rtol=1e-12, atol=1e-12)
    assert [pool.spot_price for pool in pools] == [2, 2]


def test_the_flows_of_genesis():
    ledger, _ = opened(LAUNCH, 2, deposits=[100, 300], demand=[400, 200])
    flow, asset, payer, payee, amount = ledger.take_flows()
    names = ("numeraire", "A", "B", "lp_A", "lp_B")
    result = {
        (name, names[a], ledger.kinds[p], ledger.kinds[q]): total
        for name, a, p, q, total in zip(flow, asset, payer, payee, amount, strict=True)
        if names[a] != "B" and names[a] != "lp_B"
    }
    assert result == pytest.approx(
        {
            ("endowment", "numeraire", "outside", "provider"): 800,
            ("endowment", "numeraire", "outside", "investor"): 1200,
            ("genesis", "A", "outside", "client"): 1000,
            ("genesis_sale", "A", "client", "provider"): 100,
            ("genesis_sale", "A", "client", "investor"): 150,
            ("genesis_sale", "numeraire", "provider", "client"): 400,
            ("genesis_sale", "numeraire", "investor", "client"): 600,
            ("deposit", "A", "provider", "pool"): 100,
            ("deposit", "numeraire", "provider", "pool"): 400,
            ("lp_mint", "lp_A", "outside", "provider"): sqrt(20000),
        },
        rel=1e-12,
    )


def test_investors_are_rationed_in_proportion():
    # 300 of each token are left, 1200 numeraire in all; wanted is twice as much.
    ledger, _ = opened(LAUNCH, 2, deposits=[400], demand=[1600, 800])
    assert ledger.balances[1:3].tolist() == [[800, 600, 0, 0, 0], [800, 0, 600, 0, 0]]
    assert ledger.balances[4:6].tolist() == [[2400, 200, 200, 0, 0], [1200, 100, 100, 0, 0]]


def test_investors_get_nothing_when_pools_take_all_that_is_for_sale():
    ledger, pools = opened(LAUNCH, 2, deposits=[1600], demand=[100, 200])
    assert ledger.balances[1:3, 1:3].tolist() == [[600, 0], [0, 600]]
    assert ledger.balances[4:6, :3].tolist() == [[200, 0, 0], [400, 0, 0]]
    assert pools[0].reserve_token == 400


def test_without_investors_clients_keep_the_rest():
    ledger, _ = opened(LAUNCH, 2, deposits=[400], demand=[])
    assert ledger.balances[1:3, :3].tolist() == [[200, 900, 0], [200, 0, 900]]


def test_investors_who_want_nothing_get_nothing():
    ledger, _ = opened(LAUNCH, 1, deposits=[400], demand=[0, 0], money=[50, 60])
    assert ledger.balances[3:5, 0].tolist() == [50, 60]


def test_without_providers_pools_stay_empty():
    ledger, pools = opened(LAUNCH, 2, deposits=[], demand=[800])
    assert ledger.balances[1:4, :3].tolist() == [[400, 800, 0], [400, 0, 800], [800, 200, 200]]
    assert [(pool.reserve_token, pool.reserve_numeraire, pool.shares) for pool in pools] == [
        (0, 0, 0)
    ] * 2


@law(60)
@given(
    st.integers(1, 5),
    st.lists(st.floats(1e-3, 1e3), max_size=4),
    st.lists(st.just(0.0) | st.floats(1e-6, 1e4), max_size=6),
    st.floats(1.0, 1e4),
    st.floats(1e-2, 1e2),
    st.sampled_from([0.0, 0.3, 0.6, 0.99]),
)
def test_any_genesis_keeps_the_promises(tokens, deposits, demand, supply, price, client):
    launch = SeededPool(supply=supply, price=price, client=client)
    try:
        launch.check(tokens, sum(deposits))
    except ValueError:
        assume(False)
    ledger, pools = opened(launch, tokens, deposits, demand)
    owns = np.array([ledger.balances[1 + k, 1 + k] for k in range(tokens)])
    assert (owns >= client * supply - 1e-9 * supply).all()
    assert ledger.supply(np.arange(1, 1 + tokens)) == pytest.approx([supply] * tokens)
    if deposits:
        assert [pool.spot_price for pool in pools] == pytest.approx([price] * tokens, rel=1e-12)
        placed = [pool.reserve_numeraire for pool in pools]
        assert placed == pytest.approx([sum(deposits) / tokens] * tokens, rel=1e-12)
    # Nobody gained or lost at the genesis price.
    worth = ledger.balances[:, 0] + price * ledger.balances[:, 1 : 1 + tokens].sum(axis=1)
    first = 1 + tokens + len(deposits)
    spent = 2 * np.array(demand)
    np.testing.assert_allclose(
        worth[first : first + len(demand)], spent, rtol=1e-9, atol=1e-9 * price * supply
    )


@pytest.mark.parametrize("deposits, fits", [(1600.0, True), (1600.001, False), (1e9, False)])
def test_deposits_are_checked_against_what_clients_sell(deposits, fits):
    # Two clients sell at most 400 tokens each at price 2.
    if fits:
        LAUNCH.check(2, deposits)
    else:
        with pytest.raises(ValueError, match=r"deposits, .* at most 400 \(supply 1000"):
            LAUNCH.check(2, deposits)


def test_deposits_that_fail_the_check_break_the_least_part_of_the_client():
    with pytest.raises(ValueError, match="a client sells at most 400"):
        LAUNCH.check(2, 2000)
    with pytest.raises(LedgerError, match=r"genesis_sale: account 1 \(client\) cannot pay"):
        opened(LAUNCH, 2, deposits=[4400], demand=[])


@pytest.mark.parametrize("tokens", [193, 210, 213, 222, 235, 302])
def test_deposits_divided_among_many_pools_are_paid_to_the_last(tokens):
    """The provider's last payment finds what rounding has left of the deposit, and no more."""
    ledger, pools = opened(SeededPool(), tokens, deposits=[1000.0, 1000.0], demand=[])
    reserves = [pool.reserve_numeraire for pool in pools]
    assert reserves == pytest.approx([2000 / tokens] * tokens, rel=1e-10)
    assert (ledger.balances[1 + tokens : 3 + tokens, NUMERAIRE] < 1e-9).all()
