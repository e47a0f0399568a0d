"""Positions on a ledger: which deposits are taken, and what is left of a refused one."""

import numpy as np
import pytest

from simulator.errors import MarketError
from simulator.ledger import NUMERAIRE
from simulator.market import Concentrated, Pool
from tests.market.exchange import PROVIDERS, market


def pool_in_use():
    ledger, pools = market(0.003)
    return ledger, pools[5]


@pytest.mark.parametrize(
    "lower, upper",
    [(1.0, 1.0 + 1e-13), (0.0, 1e-300), (1e300, np.inf), (np.inf, np.inf), (0.0, 0.0)],
)
def test_a_range_of_no_width_is_not_taken_and_refused(lower, upper):
    ledger, pool = pool_in_use()
    before = ledger.balances.tobytes()
    assert not pool.accepts(1, 10.0, 10.0, lower, upper)
    with pytest.raises(MarketError, match="in ascending order"):
        pool.add_liquidity(10.0, 10.0, account=1, lower=lower, upper=upper)
    assert ledger.balances.tobytes() == before


def test_a_price_below_0_is_the_lowest():
    _, pool = pool_in_use()
    assert pool._ticks(-1.0, 2.0) == pool._ticks(0.0, 2.0)


def test_a_deposit_that_cannot_be_paid_for_leaves_no_position():
    ledger, pool = pool_in_use()
    before, book = ledger.balances.tobytes(), pool.save()
    with pytest.raises(MarketError, match="cannot pay"):
        pool.add_liquidity(1e5, 1e5, account=1)
    with pytest.raises(MarketError, match="cannot pay"):
        pool.add_liquidity(1e6, 1e6, account=PROVIDERS[0])
    assert ledger.balances.tobytes() == before
    for name, column in pool.save().items():
        assert column.tobytes() == book[name].tobytes()


@pytest.mark.parametrize("offered", [(0.0, 0.0), (10.0, 0.0), (0.0, 10.0)])
def test_an_offer_of_one_asset_is_no_deposit_around_the_price(offered):
    _, pool = pool_in_use()
    assert not pool.accepts(1, *offered, 0.0, np.inf)
    with pytest.raises(MarketError, match="liquidity must be positive"):
        pool.add_liquidity(*offered, account=1)
    with pytest.raises(MarketError, match="liquidity must be positive"):
        pool.add_liquidity(*offered, account=PROVIDERS[0])


def test_an_account_has_one_position():
    ledger, pool = pool_in_use()
    assert not pool.accepts(PROVIDERS[1], 10.0, 10.0, 1.2, 1.8)
    with pytest.raises(MarketError, match="has a position for other prices"):
        pool.add_liquidity(10.0, 10.0, account=PROVIDERS[1], lower=1.2, upper=1.8)
    pool.remove_liquidity(float(ledger.balances[PROVIDERS[1], pool.share]), account=PROVIDERS[1])
    assert pool.accepts(PROVIDERS[1], 10.0, 10.0, 1.2, 1.8)
    pool.add_liquidity(10.0, 10.0, account=PROVIDERS[1], lower=1.2, upper=1.8)
    with pytest.raises(MarketError, match="account 3 has no position"):
        pool.remove_liquidity(1.0, account=3)


def test_a_fee_is_paid_out_with_any_withdrawal():
    ledger, pool = pool_in_use()
    pool.swap_in("numeraire", 100.0, account=1)
    assert ledger.balances[pool.fee_account, NUMERAIRE] == pytest.approx(0.3, rel=1e-12)
    [own] = pool.claims(np.array(PROVIDERS))[3][[1]]
    assert 0 < own < 0.3
    before = ledger.balances[PROVIDERS[1]].copy()
    _, numeraire = pool.remove_liquidity(1e-6, account=PROVIDERS[1])
    assert numeraire == pytest.approx(own, rel=1e-4)
    gained = ledger.balances[PROVIDERS[1]] - before
    assert gained[NUMERAIRE] == pytest.approx(numeraire, rel=1e-9)
    assert pool.claims(np.array(PROVIDERS))[3, 1] == 0


def test_a_pool_without_positions_has_no_such_curve():
    ledger, _ = market(0.0)
    with pytest.raises(MarketError, match="use ConcentratedPool"):
        Pool(Concentrated(), 1000, 1000)
    with pytest.raises(MarketError, match="use ConcentratedPool"):
        Pool.on(ledger, Concentrated(), 0.0, 7, 1, 9)
