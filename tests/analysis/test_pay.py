"""Pay against an equal share: by hand, and in a simulated run."""

from collections.abc import Callable

import pytest

from simulator.analysis import Run, attackers_pay, client_rewards, relative_pay
from tests.analysis.by_hand import Rows, pool


def test_attackers_pay_counts_periods_in_force(made: Callable[..., Run], hand: Rows) -> None:
    pay = attackers_pay(made(hand))
    assert pay.index.tolist() == [("client_1", "free_rider")]
    # Period 2: one is paid 2 x 1.5 + 8, the other 4 x .5.
    assert pay.iloc[0].to_dict() == pytest.approx(
        {"periods": 1, "pay": 2, "equal": 6.5, "percent": 200 / 6.5}
    )


def test_a_client_of_two_behaviours_has_two_rows(made: Callable[..., Run], hand: Rows) -> None:
    hand["clients"][3] = (1, "client_1", "label_flip", *hand["clients"][3][3:])
    pay = attackers_pay(made(hand))["percent"]
    assert pay[("client_1", "label_flip")] == pytest.approx(100 * 4 / ((10 * 2 + 6 + 4) / 2))
    assert pay[("client_1", "free_rider")] == pytest.approx(200 / 6.5)


def test_identities_of_one_owner_are_paid_together(made: Callable[..., Run], hand: Rows) -> None:
    for period, row in ((1, 2), (2, 4)):
        hand["clients"].append((*hand["clients"][row][:-1], "client_1"))
        hand["clients"][-1] = (period, "client_2", *hand["clients"][-1][2:])
        hand["pools"].append(pool(period, "token_2", 100, 200, 1.0))
    hand["clients"].append((0, "client_2", *hand["clients"][1][2:-1], "client_1"))
    hand["pools"].append(pool(0, "token_2", 100, 100, 1.0))
    run = made(hand)
    # Period 1: 10 x 2 + 6 of its own; the other owner 4, and 10 x 2 + 6 of its second identity.
    # Period 2: 2 x 1.5 + 8; the other 4 x .5, and 2 x 2 + 8.
    assert relative_pay(run).to_dict() == {
        "client_0": pytest.approx({1: 100 * 26 / 28, 2: 100 * 11 / 12.5}),
        "client_1": pytest.approx({1: 100 * 30 / 28, 2: 100 * 14 / 12.5}),
    }
    pay = attackers_pay(run).loc[("client_1", "free_rider")]
    assert pay.to_dict() == pytest.approx({"periods": 1, "pay": 14, "equal": 12.5, "percent": 112})


def test_pay_is_relative_only_where_somebody_is_paid(made: Callable[..., Run], hand: Rows) -> None:
    assert relative_pay(made(hand)).loc[2].tolist() == pytest.approx([1100 / 6.5, 200 / 6.5])
    for number in (4, 5):
        hand["clients"][number] = (*hand["clients"][number][:8], 0, 0, 0, 0, 0, 0, 0, 0, "client_0")
    assert relative_pay(made(hand)).index.tolist() == [1]


def test_real_attackers_pay(real: Run) -> None:
    rewards = client_rewards(real)
    paid = rewards["issuance"] + rewards["direct"]
    percent = attackers_pay(real).loc[("client_2", "free_rider"), "percent"]
    assert percent == pytest.approx(100 * paid["client_2"] / paid.mean())
    assert percent < 100
    assert attackers_pay(real)["periods"].tolist() == [6]
