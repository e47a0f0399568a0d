"""Credit, shares, payouts and value against arithmetic done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import ScenarioError
from simulator.tokens import (
    HORIZON,
    Buyback,
    Cash,
    ClientTokens,
    Credit,
    EqualAllocation,
    Payout,
    Proportional,
    Rank,
    Softmax,
    Valuation,
)

SHARES = np.array([0.5, 0.3, 0.2])
NOBODY = np.zeros(3)


def test_credit_is_a_signed_average_of_normalised_contributions():
    credit, memory = Credit(memory=0.9), Credit().initial(2)
    first, memory = credit.update(memory, np.array([3.0, -1.0]))
    second, memory = credit.update(memory, np.array([0.0, 0.002]))
    assert first == pytest.approx([0.075, -0.025])  # .1 x 3/4, .1 x -1/4
    assert second == pytest.approx([0.0675, 0.0775])  # .9 x the first + .1 x (0, 1)


def test_a_round_without_contribution_only_fades_credit():
    credit, _ = Credit(memory=0.9).update({"credit": np.array([1.0, -1.0])}, np.zeros(2))
    assert credit == pytest.approx([0.9, -0.9])


def test_shares_are_proportional_to_positive_credit():
    assert Proportional().shares(np.array([0.3, -5.0, 0.1])) == pytest.approx([0.75, 0.0, 0.25])
    assert not Proportional().shares(np.array([-1.0, 0.0])).any()


def test_softmax_shares_are_those_of_the_formula():
    """exp(1/.5), exp(-.5/.5) and exp(0): 7.389056, 0.367879 and 1 of 8.756936."""
    shares = Softmax(temperature=0.5).shares(np.array([0.4, -0.2, 0.0]))
    assert shares == pytest.approx([0.843794, 0.042010, 0.114196], abs=1e-6)


def test_low_temperature_gives_all_to_the_best_and_high_gives_equal_shares():
    credit = np.array([0.4, 0.3, -0.2])
    assert Softmax(temperature=0.01).shares(credit) == pytest.approx([1, 0, 0], abs=1e-10)
    assert Softmax(temperature=1e6).shares(credit) == pytest.approx([1 / 3] * 3, abs=1e-6)


def test_ranks_are_shared_by_equal_credit_and_closed_to_those_without():
    credit = np.array([0.2, 0.2, 0.9, 0.0, -0.1, 0.1])  # ranks 2.5, 2.5, 4, -, -, 1
    assert Rank().shares(credit) == pytest.approx([0.25, 0.25, 0.4, 0, 0, 0.1])


def test_equal_shares_ask_for_no_credit():
    assert EqualAllocation().shares(np.array([5.0, -1.0, 0.0, 0.0])).tolist() == [0.25] * 4


@pytest.mark.parametrize("allocation", [Proportional(), Softmax(), Rank()])
def test_without_positive_credit_nobody_earned_anything(allocation):
    assert not allocation.shares(np.array([-1.0, 0.0])).any()
    assert not allocation.shares(np.zeros(3)).any()


@pytest.mark.parametrize("allocation", [Proportional(), Softmax(), Rank(), EqualAllocation()])
@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=20))
def test_shares_are_finite_and_sum_to_one_or_zero(allocation, credit):
    shares = allocation.shares(np.array(credit) / 1e3)
    assert np.isfinite(shares).all() and (shares >= 0).all()
    assert shares.sum() == pytest.approx(1.0) or not shares.any()


@pytest.mark.parametrize("allocation", [Proportional(), Softmax(), Rank(), EqualAllocation()])
@given(
    st.lists(st.tuples(*[st.floats(-1e300, 1e300)] * 3), min_size=1, max_size=5),
    st.floats(0, 1, exclude_max=True),
)
def test_whatever_contributions_are_shares_are_finite_and_sum_to_one_or_zero(
    allocation, rounds, fading
):
    credit, memory = Credit(memory=fading), Credit().initial(3)
    for contributions in rounds:
        smoothed, memory = credit.update(memory, np.array(contributions))
        shares = allocation.shares(smoothed)
        assert np.isfinite(shares).all() and (shares >= 0).all()
        assert shares.sum() == pytest.approx(1.0) or (not shares.any() and not (smoothed > 0).any())


@pytest.mark.parametrize("allocation", [Proportional(), Softmax(), Rank(), EqualAllocation()])
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8))
def test_no_credit_buys_a_smaller_share_than_less_credit(allocation, credit):
    order = np.argsort(credit)
    assert (np.diff(allocation.shares(np.array(credit))[order]) >= -1e-15).all()


def test_payout_divides_revenue():
    split, _ = Payout().split(Payout().initial(), 100.0, SHARES)
    assert split.dividend == pytest.approx([25, 15, 10])
    assert split.buyback == pytest.approx([10, 6, 4])
    assert split.direct == pytest.approx([10, 6, 4])
    assert split.treasury == pytest.approx(10)
    assert split.carried == split.burned == split.released == 0


def test_liquidity_is_a_use_like_the_others():
    payout = Payout(dividend=0.4, buyback=0.0, direct=0.2, liquidity=0.3)
    split, _ = payout.split(payout.initial(), 100.0, SHARES)
    assert split.liquidity == pytest.approx([15, 9, 6])
    assert (split.dividend.sum(), split.direct.sum(), split.treasury) == pytest.approx((40, 20, 10))
    assert payout.to_holders == 0.4
    paid = Cash().adjust(split)
    assert paid.direct == pytest.approx([45, 27, 18])
    assert not paid.liquidity.any() and not paid.dividend.any()


@pytest.mark.parametrize(
    ("unearned", "carried", "treasury", "burned"),
    [("carry", 90, 10, 0), ("treasury", 0, 100, 0), ("burn", 0, 10, 90)],
)
def test_unearned_revenue(unearned, carried, treasury, burned):
    payout = Payout(unearned=unearned)
    split, memory = payout.split(payout.initial(), 100.0, NOBODY)
    assert (split.carried, split.treasury, split.burned) == pytest.approx(
        (carried, treasury, burned)
    )
    later, _ = payout.split(memory, 100.0, SHARES)
    assert later.released == pytest.approx(carried)
    assert later.dividend.sum() == pytest.approx((90 + carried) * 0.5 / 0.9)


@given(
    cuts=st.lists(st.floats(0, 1), min_size=4, max_size=4).map(sorted),
    revenue=st.floats(0, 1e9),
    earned=st.booleans(),
    unearned=st.sampled_from(["carry", "treasury", "burn"]),
    carried=st.floats(0, 1e6),
)
def test_every_unit_of_revenue_has_one_use(cuts, revenue, earned, unearned, carried):
    a, b, c, d = cuts
    payout = Payout(
        dividend=a,
        buyback=b - a,
        direct=c - b,
        liquidity=d - c,
        treasury=1 - d,
        unearned=unearned,
    )
    split, memory = payout.split(
        {"carried": np.array(carried)}, revenue, SHARES if earned else NOBODY
    )
    uses = (split.dividend, split.buyback, split.direct, split.liquidity)
    total = sum(float(use.sum()) for use in uses)
    total += split.treasury + split.carried + split.burned
    assert total == pytest.approx(revenue + carried, rel=1e-9, abs=1e-9)
    assert split.released == carried
    assert float(memory["carried"]) == split.carried


def test_payouts_must_sum_to_one():
    with pytest.raises(ScenarioError, match=r"they sum to 0\.9"):
        Payout(dividend=0.4)


@pytest.mark.parametrize(("then", "fraction"), [("burn", 0.7), ("to_client", 0.5)])
def test_a_buyback_reaches_holders_when_its_tokens_are_burned(then, fraction):
    """Dividends of a half and buybacks of a fifth: given to the client, tokens stay as many."""
    assert Payout(buybacks=Buyback(then=then)).to_holders == pytest.approx(fraction)


def test_a_buyback_buys_up_to_its_limits():
    """At 1.5 values of 2 and at 1.25 averages of 4, and no higher."""
    high = np.full(2, 100.0)
    assert Buyback().buys(np.array([3.0, 3.1]), np.full(2, 2.0), high).tolist() == [True, False]
    assert Buyback().buys(np.array([5.0, 5.1]), high, np.full(2, 4.0)).tolist() == [True, False]


def test_buybacks_stop_at_high_prices():
    spot, value, twap = np.array([1.0, 1.6, 1.3]), np.ones(3), np.ones(3)
    assert Buyback().buys(spot, value, twap).tolist() == [True, False, False]
    assert Buyback(twap_limit=2).buys(spot, value, twap).tolist() == [True, False, True]


@pytest.mark.parametrize("dilution", [0.0, 0.01, 0.1])
def test_value_at_a_constant_dilution_rate_has_a_closed_form(dilution):
    """c/(r + d + r d), exact but for the tail, which is valued without further dilution."""
    valuation, discount = Valuation(discount=0.05), 0.05
    emissions = 1000.0 * np.diff((1 + dilution) ** np.arange(HORIZON + 1))
    value = valuation.value(np.array([10.0]), np.array([1000.0]), np.array([1.0]), emissions)
    expected = 0.01 / (discount + dilution + discount * dilution)
    assert value[0] == pytest.approx(expected, rel=1e-6)


def test_value_without_issuance_is_a_perpetuity():
    value = Valuation(discount=0.01).value(
        np.full(3, 5.0), np.array([500.0, 0.5, 0.0]), NOBODY, np.full(HORIZON, 40.0)
    )
    assert value == pytest.approx([1.0, 1000.0, 0.0])  # 5/500/.01; nothing earns on the last


def test_expected_cash_starts_with_the_first_and_then_averages():
    valuation = Valuation(memory=0.8)
    exist = np.array([True, False]), np.array([True, True])
    first, memory = valuation.expect(valuation.initial(2), np.array([10.0, 0.0]), exist[0])
    second, _ = valuation.expect(memory, np.array([20.0, 30.0]), exist[1])
    assert first.tolist() == pytest.approx([10.0, 0.0])
    assert second.tolist() == pytest.approx([12.0, 30.0])  # the second token is new


def test_tokens_are_named_after_clients():
    assert ClientTokens().tokens(("client_0", "client_1")) == ("token_0", "token_1")


def test_every_client_has_a_token_of_another_name() -> None:
    tokens = ClientTokens().tokens
    assert tokens(("client_0", "client_client_1")) == ("token_0", "token_client_1")
    assert tokens(("client_0", "token_0", "A")) == ("token_client_0", "token_token_0", "token_A")
