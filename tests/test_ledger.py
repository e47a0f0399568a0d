"""The ledger: nothing appears or vanishes, a refusal moves nothing, and the audit notices."""

import re
from collections import defaultdict
from math import fsum

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.errors import LedgerError
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger

KINDS = ("outside", "bank", "client", "client", "pool", "pool")
ASSETS = ("numeraire", "token", "lp_share")
RICH = 1e6  # what every account starts with, more than any drawn programme of transfers spends

assets = st.integers(0, len(ASSETS) - 1)
accounts = st.integers(0, len(KINDS) - 1)
amounts = st.floats(0, 1000)
rows = st.lists(st.tuples(assets, accounts, accounts, amounts), max_size=6)
flows = st.sampled_from(["swap", "fee", "dividend"])
programmes = st.lists(st.tuples(flows, rows), max_size=12)


def rich() -> Ledger:
    ledger = Ledger(KINDS, ASSETS)
    for asset in range(len(ASSETS)):
        ledger.transfer("endowment", asset, OUTSIDE, np.arange(1, len(KINDS)), RICH)
    ledger.take_flows()
    return ledger


def bank(*money: float) -> Ledger:
    """A ledger of numeraire alone, with one bank for each amount of money."""
    ledger = Ledger(["outside", *("bank" for _ in money)], ["numeraire"])
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, np.arange(1, len(money) + 1), np.array(money))
    ledger.take_flows()
    return ledger


def named_flows(ledger: Ledger) -> dict[tuple[str, str, str, str], float]:
    columns = zip(*ledger.take_flows(), strict=True)
    return {
        (flow, ledger.assets[asset], ledger.kinds[payer], ledger.kinds[payee]): amount
        for flow, asset, payer, payee, amount in columns
    }


def run(ledger: Ledger, programme: list[tuple[str, list[tuple[int, int, int, float]]]]) -> None:
    for flow, payments in programme:
        columns = np.array([numbers for *numbers, _ in payments], dtype=np.int64).reshape(-1, 3)
        ledger.transfer(flow, *columns.T, np.array([amount for *_, amount in payments]))


@given(programmes)
def test_every_asset_sums_to_zero_after_any_transfers(programme):
    ledger = rich()
    run(ledger, programme)
    for asset in range(len(ASSETS)):
        assert abs(fsum(ledger.balances[:, asset])) <= 1e-13 * len(KINDS) * RICH
    ledger.audit()


@given(programmes)
def test_flows_and_balances_equal_sums_by_hand(programme):
    ledger = rich()
    before = ledger.balances.copy()
    run(ledger, programme)
    terms, change = defaultdict(list), defaultdict(list)
    for flow, several in programme:
        for asset, payer, payee, amount in several:
            terms[flow, ASSETS[asset], KINDS[payer], KINDS[payee]].append(amount)
            change[payer, asset].append(-amount)
            change[payee, asset].append(amount)
    by_hand = {key: fsum(paid) for key, paid in terms.items() if any(paid)}
    assert named_flows(ledger) == pytest.approx(by_hand, rel=1e-12)
    for (account, asset), payments in change.items():
        net = ledger.balances[account, asset] - before[account, asset]
        assert net == pytest.approx(fsum(payments), rel=1e-12, abs=1e-7)


@given(programmes)
def test_one_array_moves_what_its_rows_move_one_by_one(programme):
    together, alone = rich(), rich()
    run(together, programme)
    run(alone, [(flow, [row]) for flow, payments in programme for row in payments])
    np.testing.assert_allclose(together.balances, alone.balances, rtol=1e-12)
    assert named_flows(together) == pytest.approx(named_flows(alone), rel=1e-12)


def test_scalars_are_broadcast_against_arrays():
    ledger = bank(10, 0, 0)
    ledger.transfer("dividend", NUMERAIRE, 1, np.array([2, 3]), np.array([1.0, 2.5]))
    ledger.transfer("direct", NUMERAIRE, 1, np.array([2, 3]), 1)
    assert ledger.balances[:, 0].tolist() == [-10, 4.5, 2, 3.5]


def test_an_account_may_pay_itself():
    ledger = bank(10)
    ledger.transfer("swap", NUMERAIRE, 1, 1, 10)
    assert ledger.balances[:, 0].tolist() == [-10, 10]


def test_no_rows_move_nothing():
    ledger = bank(10)
    nobody = np.zeros(0, dtype=np.int64)
    ledger.transfer("dividend", NUMERAIRE, 1, nobody, np.zeros(0))
    assert ledger.balances[:, 0].tolist() == [-10, 10]
    assert named_flows(ledger) == {}


def test_one_who_has_nothing_may_pay_nothing():
    ledger = bank(0, 10)
    ledger.transfer("dividend", NUMERAIRE, np.array([1, 2]), np.array([2, 1]), np.array([0, 4.0]))
    assert ledger.balances[:, 0].tolist() == [-10, 4, 6]
    ledger.transfer("dividend", NUMERAIRE, 1, 2, np.array([4.0, 0]))
    assert ledger.balances[:, 0].tolist() == [-10, 0, 10]


def test_flows_start_anew_once_taken():
    ledger = bank(10, 0)
    ledger.transfer("direct", NUMERAIRE, 1, 2, 1)
    ledger.transfer("direct", NUMERAIRE, 1, 2, 2)
    ledger.transfer("fee", NUMERAIRE, 2, 1, 0)
    assert named_flows(ledger) == {("direct", "numeraire", "bank", "bank"): 3}
    assert named_flows(ledger) == {}


def test_flows_of_any_number_of_names_are_counted():
    """40 names: more than a ledger has room for when it begins."""
    ledger = bank(1000, 0)
    for number in range(1, 41):
        ledger.transfer(f"flow {number}", NUMERAIRE, 1, 2, float(number))
    key = "numeraire", "bank", "bank"
    expected = {(f"flow {number}", *key): number for number in range(1, 41)}
    assert named_flows(ledger) == expected


def test_what_is_moved_is_counted_only_when_noted():
    ledger = bank(10, 0)
    assert ledger.move("swap", NUMERAIRE, 1, 2, 3.0).tolist() == [3.0]
    assert ledger.balances[:, 0].tolist() == [-10, 7, 3]
    assert named_flows(ledger) == {}
    ledger.note("swap", NUMERAIRE, 1, 2, 3.0)
    assert named_flows(ledger) == {("swap", "numeraire", "bank", "bank"): 3}
    with pytest.raises(LedgerError, match="cannot pay"):
        ledger.move("swap", NUMERAIRE, 2, 1, 3 + 1e-11)


@pytest.mark.parametrize("payments", [[2.0**53, 1, 1], [1, 2.0**53, 1]])
def test_a_sum_of_payments_loses_nothing_to_rounding(payments):
    """Above 2^53 there are even floats only: added one by one, each 1 would be rounded away."""
    ledger = bank(2.0**53 + 2, 0)
    ledger.transfer("swap", NUMERAIRE, 1, 2, np.array(payments))
    assert ledger.balances[1:, 0].tolist() == [0, 2.0**53 + 2]
    assert named_flows(ledger) == {("swap", "numeraire", "bank", "bank"): 2.0**53 + 2}


def test_accounts_of_a_kind_begin_where_the_first_of_them_is():
    ledger = Ledger(KINDS, ASSETS)
    assert ledger.kinds == ("outside", "bank", "client", "pool")
    assert ledger.kind_of.tolist() == [0, 1, 2, 2, 3, 3]
    assert ledger.first_of.tolist() == [0, 1, 2, 4]


def test_supply_is_what_outside_owes():
    ledger = rich()
    ledger.transfer("burn", 1, 2, OUTSIDE, 250.0)
    assert ledger.supply(np.array([0, 1])).tolist() == [5 * RICH, 5 * RICH - 250]


# Refusals


def snapshot(ledger: Ledger) -> tuple[bytes, list[object]]:
    noted = sorted((flow, ledger._flows[row].tobytes()) for flow, row in ledger._row_of.items())
    return ledger.balances.tobytes(), noted


@pytest.mark.parametrize("wrong", [-1e-300, -5.0, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("with_others", [False, True])
def test_amounts_that_are_no_amounts_are_refused(wrong, with_others):
    ledger = bank(10, 10)
    before = snapshot(ledger)
    amount = np.array([1.0, wrong, 2.0]) if with_others else wrong
    with pytest.raises(LedgerError, match="fee: amounts must be finite and not negative"):
        ledger.transfer("fee", NUMERAIRE, 1, 2, amount)
    assert snapshot(ledger) == before


@given(
    st.lists(st.floats(1e-3, 1e6), min_size=3, max_size=3),
    st.lists(st.tuples(st.integers(1, 3), st.floats(0, 2)), max_size=4),
    st.integers(1, 3),
    st.floats(1.001, 1e6),
)
@example([0.9551687338115235, 1.0, 1.0], [], 1, 2.2248682)
def test_a_refusal_leaves_every_byte_as_it_was(money, before_it, payer, times):
    ledger = bank(*money)
    ledger.transfer("direct", NUMERAIRE, 1, 2, 1e-4)
    before = snapshot(ledger)
    rows = [(account, part * money[account - 1]) for account, part in before_it]
    payers, amount = zip(*rows, (payer, times * ledger.balances[payer, 0]), strict=True)
    with pytest.raises(LedgerError, match=r"swap: account \d \(bank\) cannot pay .* numeraire"):
        ledger.transfer("swap", NUMERAIRE, np.array(payers), OUTSIDE, np.array(amount))
    assert snapshot(ledger) == before


def test_one_who_cannot_pay_stops_everybody():
    ledger = bank(8, 4, 0)
    before = snapshot(ledger)
    with pytest.raises(LedgerError, match=r"direct: account 2 \(bank\) cannot pay"):
        ledger.transfer("direct", NUMERAIRE, np.array([1, 2]), 3, np.array([2.0, 5.0]))
    assert snapshot(ledger) == before


def test_payments_of_one_transfer_are_all_made_before_any_is_received():
    ledger = bank(8, 0, 0)
    with pytest.raises(LedgerError, match="account 2"):
        ledger.transfer("swap", NUMERAIRE, np.array([1, 2]), np.array([2, 3]), 8)


@given(st.floats(1e-9, 1e12), st.integers(1, 30))
def test_a_payer_short_by_rounding_pays_what_it_has(money, parts):
    ledger = bank(money, 0)
    amount = np.full(parts, money / parts * (1 + 5e-13))
    ledger.transfer("dividend", NUMERAIRE, 1, 2, amount)
    assert ledger.balances[1, 0] == 0
    assert ledger.balances[2, 0] == pytest.approx(money, rel=1e-14)
    flow = named_flows(ledger)["dividend", "numeraire", "bank", "bank"]
    assert flow == pytest.approx(money, rel=1e-14)


@pytest.mark.parametrize("short, pays", [(0.9e-12, True), (1.1e-12, False)])
@pytest.mark.parametrize("scale", [0.0, 9e3])
def test_the_tolerance_of_a_shortfall_is_1e_12_of_payment_or_scale(short, pays, scale):
    ledger = bank(3.0, 1e9, 0)
    amount = 3 + short * max(scale, 3.0)
    if pays:
        ledger.transfer("swap", NUMERAIRE, 1, 3, amount, scale)
        assert ledger.balances[1:, 0].tolist() == [0, 1e9, 3]
    else:
        with pytest.raises(LedgerError, match="cannot pay"):
            ledger.transfer("swap", NUMERAIRE, 1, 3, amount, scale)


def test_two_payers_short_by_rounding_are_settled_apart():
    ledger = bank(3.0, 7.0, 0)
    amount = np.array([1.0, 2 + 1e-12, 7 + 5e-12])
    ledger.transfer("swap", NUMERAIRE, np.array([1, 1, 2]), 3, amount)
    assert ledger.balances[:, 0].tolist() == [-10, 0, 0, pytest.approx(10, rel=1e-15)]


@pytest.mark.parametrize(
    "money, payments", [(1 - 5e-13, [1.0, 0.0]), (0.0, [1e-7, 1e-7]), (1.0, [1 + 1e-7, 1e-8])]
)
def test_a_shortfall_never_becomes_money_of_the_payee(money, payments):
    ledger = bank(money, 0, 1e6)
    ledger.transfer("dividend", NUMERAIRE, 1, 2, np.array(payments), scale=1e6)
    assert ledger.balances[1:3, 0].tolist() == [0, pytest.approx(money, rel=1e-15, abs=0)]


def test_a_hundred_thousand_equal_dividends_can_be_paid():
    holders = 100_000
    ledger = bank(holders * 0.1, *np.zeros(holders))
    ledger.transfer("dividend", NUMERAIRE, 1, np.arange(2, holders + 2), 0.1)
    ledger.audit()


def test_a_refusal_says_who_cannot_pay_what():
    ledger = Ledger(KINDS, ASSETS)
    ledger.transfer("endowment", 1, OUTSIDE, np.array([3, 4]), np.array([9.0, 1.5]))
    message = "swap: account 4 (pool) cannot pay 5.5 token, it has 1.5"
    with pytest.raises(LedgerError, match=f"^{re.escape(message)}$"):
        ledger.transfer("swap", np.array([1, 1]), np.array([3, 4]), 1, np.array([2.0, 5.5]))
    with pytest.raises(LedgerError, match=f"^{re.escape(message)}$"):
        ledger.transfer("swap", 1, 4, np.array([1, 2]), np.array([2.5, 3.0]))


@pytest.mark.parametrize("asset", [NUMERAIRE, np.zeros(4, dtype=np.int64)])
def test_columns_of_different_lengths_move_nothing(asset):
    ledger = bank(10, 10, 0)
    before = snapshot(ledger)
    with pytest.raises(LedgerError, match="are of lengths"):
        ledger.transfer("swap", asset, np.array([1, 2]), 3, np.array([1.0, 2.0, 3.0]))
    assert snapshot(ledger) == before


@pytest.mark.parametrize(
    "asset, payer, payee", [(3, 1, 2), (-1, 2, 3), (0, 1, 6), (0, -1, 1), (0, 1, -1)]
)
def test_accounts_and_assets_that_do_not_exist_move_nothing(asset, payer, payee):
    ledger = rich()
    before = snapshot(ledger)
    with pytest.raises((LedgerError, IndexError)):
        ledger.transfer("swap", asset, payer, payee, 5.0)
    assert snapshot(ledger) == before


# Audit


@pytest.mark.parametrize("asset", range(len(ASSETS)))
@pytest.mark.parametrize("dropped", [1.0, 1e-9])
def test_the_audit_fails_when_a_debit_is_dropped(asset, dropped):
    ledger = rich()
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, 1, 1e9)  # each asset is judged on its own
    supply = float(ledger.supply(np.array([asset]))[0])
    ledger.transfer("dividend", asset, 1, 2, dropped * RICH)
    ledger.audit()
    ledger.balances[1, asset] += dropped * supply
    with pytest.raises(LedgerError, match=rf"audit: {ASSETS[asset]} sums to .* not to 0"):
        ledger.audit()


def test_the_audit_fails_when_a_credit_is_dropped():
    ledger = rich()
    ledger.transfer("dividend", 1, 1, 2, 1.0)
    ledger.balances[2, 1] -= 1.0
    with pytest.raises(LedgerError, match="audit: token sums to"):
        ledger.audit()


@pytest.mark.parametrize("below", [-5.0, -1e-300])
def test_the_audit_finds_a_balance_below_zero(below):
    ledger = rich()
    ledger.balances[3, 2], ledger.balances[4, 2] = below, 2 * RICH - below
    with pytest.raises(LedgerError, match=r"audit: account 3 \(client\) has .* lp_share"):
        ledger.audit()


def test_the_audit_names_who_is_below_zero_and_not_who_has_nothing():
    ledger = Ledger(KINDS, ASSETS)
    ledger.balances[3, 1], ledger.balances[4, 1] = -2.0, 2.0
    message = "audit: account 3 (client) has -2.0 token"
    with pytest.raises(LedgerError, match=f"^{re.escape(message)}$"):
        ledger.audit()


def test_only_outside_may_be_below_zero():
    bank(5.0, 2.0).audit()
    ledger = Ledger(KINDS, ASSETS)
    ledger.audit()
    with pytest.raises(LedgerError, match="cannot pay"):
        ledger.transfer("swap", NUMERAIRE, 1, 2, 1e-300)


@pytest.mark.parametrize(
    "wrong",
    [
        np.nan,
        np.inf,
    ],
)
def test_the_audit_finds_what_is_no_number(wrong):
    ledger = rich()
    ledger.balances[2, 1] = wrong
    with pytest.raises(LedgerError, match="audit: token"):
        ledger.audit()


def test_an_asset_that_is_burned_to_the_last_leaves_nothing_for_later_audits():
    ledger = bank(0, 0)
    ledger.transfer("issuance", NUMERAIRE, OUTSIDE, np.array([1, 2]), np.array([0.1, 0.2]))
    ledger.transfer("burn", NUMERAIRE, 1, OUTSIDE, 0.1)
    ledger.transfer("burn", NUMERAIRE, 2, OUTSIDE, 0.2)
    assert 0 < abs(ledger.balances[OUTSIDE, NUMERAIRE]) < 1e-16
    ledger.audit()
    assert ledger.balances[OUTSIDE, NUMERAIRE] == 0
    ledger.take_flows()  # the next period, in which nothing moves
    ledger.audit()


@pytest.mark.parametrize("left, explained", [(3.9e-11, True), (4.1e-11, False)])
def test_what_is_left_is_explained_by_movements_of_that_asset(left, explained):
    """1e-11 of the 4 tokens that came and went; a million of numeraire explains nothing."""
    ledger = Ledger(KINDS, ASSETS)
    ledger.transfer("endowment", NUMERAIRE, OUTSIDE, 1, 1e6)
    ledger.transfer("issuance", 1, OUTSIDE, 2, 2.0)
    ledger.transfer("burn", 1, 2, OUTSIDE, 2.0)
    ledger.balances[OUTSIDE, 1] += left
    if explained:
        ledger.audit()
        assert ledger.balances[OUTSIDE].tolist() == [-1e6, 0, 0]
    else:
        with pytest.raises(LedgerError, match="audit: token sums to"):
            ledger.audit()
