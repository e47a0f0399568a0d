"""Issuance against arithmetic done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import Economy, Scenario
from simulator.scenario import doubts
from simulator.tokens import Capped, Constant, Halving, Payout, PerImprovement

SHARES = np.array([0.5, 0.3, 0.2])
NOBODY = np.zeros(3)


def scheduled(issuance, *periods):
    return issuance.schedule(issuance.initial(0.0), np.array(periods))


def issues(issuance, earned, utilities=None, first=0.0):
    """Tokens issued to clients and treasury in each period, and the last memory."""
    memory, result = issuance.initial(first), []
    for period, anybody in enumerate(earned, start=1):
        utility = utilities[period - 1] if utilities else 0.0
        issued, treasury, memory = issuance.issue(
            memory, period, SHARES if anybody else NOBODY, utility
        )
        result.append([*issued, 3 * treasury])
    return np.array(result), memory


def test_emission_halves():
    halving = Halving(first=40, half_life=20)
    assert scheduled(halving, 1, 21, 41) == pytest.approx([40, 20, 10])
    everything = halving.schedule({}, np.arange(1, 5000)).sum()
    assert everything == pytest.approx(40 / (1 - 2 ** (-1 / 20)))


def test_constant_emission_goes_on():
    assert scheduled(Constant(amount=7), 1, 21, 10_000).tolist() == [7, 7, 7]
    assert Constant(amount=7).emission({}, 3, 0.0) == 7


@pytest.mark.parametrize("by", ["share", "equal"])
@pytest.mark.parametrize(
    ("unearned", "treasury", "next_period"),
    [("carry", 0.0, 2 * 32.0), ("treasury", 32.0, 32.0), ("burn", 0.0, 32.0)],
)
def test_unearned_emission(unearned, treasury, next_period, by):
    issuance = Halving(first=32, half_life=1e12, unearned=unearned, by=by)
    result, memory = issues(issuance, [False, True])
    parts = SHARES if by == "share" else np.full(3, 1 / 3)
    assert result[0] == pytest.approx([0, 0, 0, treasury])
    assert result[1] == pytest.approx([*(next_period * parts), 0])
    assert memory["minted"] == pytest.approx(result.sum()) and memory["carried"] == 0


def test_equal_parts_are_for_all_once_anybody_earned_some():
    issuance = Constant(amount=30, by="equal")
    assert issuance.client_fractions(np.array([1.0, 0, 0])).tolist() == [1 / 3] * 3
    result, _ = issues(issuance, [True])
    assert result[0] == pytest.approx([10, 10, 10, 0])


def test_a_capped_emission_runs_out():
    capped = Capped(amount=40, cap=100)
    assert scheduled(capped, 1, 2, 3, 4).tolist() == [40, 40, 20, 0]
    result, memory = issues(capped, [True] * 4)
    assert result.sum(axis=1) == pytest.approx([40, 40, 20, 0])
    assert scheduled(Capped(amount=40, cap=0), 1, 2).tolist() == [0, 0]
    _, memory = issues(capped, [True])
    assert capped.schedule(memory, np.arange(2, 5)).tolist() == [40, 20, 0]


@pytest.mark.parametrize(
    ("unearned", "minted", "ahead"),
    [
        ("carry", [0, 0, 100, 0], [20, 0]),  # 40 + 40 wait, and count
        ("treasury", [40, 40, 20, 0], [20, 0]),  # the treasury's count
        ("burn", [0, 0, 40, 40], [40, 40]),  # what is gone was never minted
    ],
)
def test_a_cap_counts_what_is_minted_or_waits_to_be(unearned, minted, ahead):
    capped = Capped(amount=40, cap=100, unearned=unearned)
    result, _ = issues(capped, [False, False, True, True])
    assert result.sum(axis=1) == pytest.approx(minted)
    _, memory = issues(capped, [False, False])
    assert capped.schedule(memory, np.array([3, 4])).tolist() == ahead


def test_tokens_per_improvement_are_for_the_best_model_so_far():
    """From -2 to -1.5, -1.75, -1.4 and -1.4: 100 tokens for each .01, so 50, 0, 10 and 0."""
    issuance = PerImprovement(amount=100)
    result, memory = issues(issuance, [True] * 4, [-1.5, -1.75, -1.4, -1.4], first=-2.0)
    assert result.sum(axis=1) == pytest.approx([50, 0, 10, 0])
    assert result[0] == pytest.approx([25, 15, 10, 0])
    assert memory["best"] == -1.4
    assert not issuance.schedule(memory, np.arange(5, 305)).any()


def test_an_unearned_improvement_is_carried_and_not_paid_for_twice():
    result, _ = issues(PerImprovement(amount=100), [False, True], [0.5, 0.4])
    assert result.sum(axis=1) == pytest.approx([0, 50])


ISSUANCES = st.one_of(
    st.builds(Halving, first=st.floats(0, 1e6), half_life=st.floats(0.1, 1e3)),
    st.builds(Constant, amount=st.floats(0, 1e6)),
    st.builds(Capped, amount=st.floats(0, 1e6), cap=st.floats(0, 1e7)),
    st.builds(PerImprovement, amount=st.floats(0, 1e6)),
)


@given(
    ISSUANCES,
    st.sampled_from(["share", "equal"]),
    st.sampled_from(["carry", "treasury", "burn"]),
    st.lists(st.tuples(st.booleans(), st.floats(-5, 5)), min_size=1, max_size=12),
)
def test_what_is_minted_is_what_was_due_less_the_unearned(issuance, by, unearned, rounds):
    """Scheduled = minted to clients + to the treasury + carried + burned; a cap is never passed."""
    issuance = issuance.model_copy(update={"by": by, "unearned": unearned})
    memory, due, burned, minted = issuance.initial(-1.0), 0.0, 0.0, 0.0
    for period, (anybody, utility) in enumerate(rounds, start=1):
        emission = issuance.emission(memory, period, utility)
        due += emission
        burned += emission if unearned == "burn" and not anybody else 0.0
        shares = SHARES if anybody else NOBODY
        issued, treasury, memory = issuance.issue(memory, period, shares, utility)
        minted += issued.sum() + 3 * treasury
        assert (issued >= 0).all() and (anybody or not issued.any())
        assert minted + memory["carried"] + burned == pytest.approx(due, rel=1e-12, abs=1e-12)
        assert memory["minted"] == pytest.approx(minted, rel=1e-12, abs=1e-12)
        if isinstance(issuance, Capped):
            assert minted <= issuance.cap * (1 + 1e-12)


@pytest.mark.parametrize(
    ("by", "times", "ratio"),
    [
        ("share", 0, 4.0),
        ("share", 0.25, 3.1),
        ("share", 1, 2.2),
        ("share", 5, 1.3),
        ("equal", 0.25, 4.0),
        ("equal", 5, 4.0),
    ],
)
def test_issuance_by_share_cancels_reward_by_share(by, times, ratio):
    """A client with 4 times the contribution pays so many times another's dividend per token.

    Total emission is 0 / .25 / 1 / 5 times genesis, of 1000 tokens for each of two clients with
    shares .8 and .2: by share the ratio is 4 (1000 + .2 x 2000 k)/(1000 + .8 x 2000 k).
    """
    shares, supply = np.array([0.8, 0.2]), np.full(2, 1000.0)
    issuance = Constant(amount=times * 2000 / 10, by=by)
    memory = issuance.initial(0.0)
    for period in range(1, 11):
        issued, _, memory = issuance.issue(memory, period, shares, 0.0)
        supply += issued
    split, _ = Payout().split(Payout().initial(), 100.0, shares)
    per_token = split.dividend / supply
    assert per_token[0] / per_token[1] == pytest.approx(ratio, abs=0.06)


def warned(**tokens):
    lines = doubts(Scenario.model_validate({"tokens": tokens, "periods": 60}))
    return [line for line in lines if "times the genesis supply" in line]


def test_large_emission_by_share_is_warned_of():
    """Genesis is 10 x 1000 tokens: 60 x 84 are more than half of it, and 60 x 83 are not."""
    (line,) = warned(issuance={"kind": "constant", "amount": 84})
    assert line.startswith("emission of 5040 tokens by share is 0.5 times the genesis supply: ")
    assert (
        "cancels reward by share, since a client that earns more divides it among more tokens"
        in line
    )
    assert not warned(issuance={"kind": "constant", "amount": 83})
    assert not warned(issuance={"kind": "constant", "amount": 84, "by": "equal"})
    assert warned(issuance={"kind": "capped", "amount": 1000, "cap": 5001})
    assert not warned(issuance={"kind": "capped", "amount": 1000, "cap": 5000})
    for kind in ("shared_token", "cash"):  # all holders of one token are paid alike
        assert not warned(issuance={"kind": "constant", "amount": 84}, mechanism={"kind": kind})


def economy(issuance, **tokens):
    settings = {
        "clients": [{"count": 3, "training_cost": 0, "policy": {"kind": "hold"}}],
        "liquidity_providers": [{"deposit": 300}],
        "investors": [{"count": 1, "activity": 0}],
        "tokens": {"issuance": issuance, **tokens},
    }
    return Economy(Scenario.model_validate(settings))


def test_a_run_issues_for_what_the_model_gained_in_utility():
    run = economy({"kind": "per_improvement", "amount": 100})
    utility, issued = [run.history[0]["utility"]], []
    for _ in range(6):
        run.step()
        utility.append(run.history[-1]["utility"])
        issued.append(run.history[-1]["issued"])
    best = np.maximum.accumulate(utility)
    assert issued == pytest.approx(100 * np.diff(best))
    assert issued[0] > 1


def test_value_reckons_with_the_end_of_a_capped_emission():
    """Equal parts of 30, 30, 30 and 10 tokens: three clients, period 1 past, payout 70 x share."""
    run = economy(
        {"kind": "capped", "amount": 30, "cap": 100, "by": "equal"},
        revenue={"kind": "constant", "value": 100},
        allocation={"kind": "equal"},
        payout={"dividend": 0.7, "buyback": 0, "direct": 0.3, "treasury": 0},
    )
    run.step()
    supply = 1000.0 + 10
    ahead = supply + np.concatenate([[10, 20, 70 / 3], np.full(297, 70 / 3)])
    discounted = 1.01 ** -np.arange(1.0, 301.0)
    cash = 70 / 3
    value = (cash / ahead * discounted).sum() + cash / ahead[-1] * discounted[-1] / 0.01
    assert run.fundamental_value == pytest.approx([value] * 3, rel=1e-12)
