"""Realised values: answers known by hand and from constant cash, and the books of real runs."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from simulator import Scenario
from simulator.analysis import Run, load_run, price_errors, price_gap, realised_values
from simulator.analysis.hindsight import _earning_supply
from simulator.economy.rewarding import earning_supply
from simulator.running import start
from tests.laws import law

Rows = dict[str, list[tuple[Any, ...]]]
Made = Callable[..., Run]
RATE = 0.25


@pytest.fixture
def made(finished: Callable[..., Path]) -> Made:
    def make(rows: Rows, pools_earn: bool = True) -> Run:
        folder = finished(rows)
        payout = f"payout: {{pools_earn: {str(pools_earn).lower()}}}"
        (folder / "scenario.yaml").write_text(
            f"tokens: {{valuation: {{discount: {RATE}}}, {payout}}}\n"
        )
        return load_run(folder)

    return make


def paid(period: int, dividend: float, number: int = 0) -> tuple[Any, ...]:
    """A client's row: `dividend` for the holders of its token."""
    seen = (period, f"client_{number}", "honest", 50, 1, 0.1, 0.1, 0.5, 0.0, 0.0, dividend)
    return (*seen, 0.0, 0.0, 0.0, 0.0, 0.0, f"client_{number}")


def pool(period: int, value: float, price: float = 1.0, number: int = 0) -> tuple[Any, ...]:
    return (period, f"token_{number}", 10.0, 10 * price, price, 0.0, 0.0, 100.0, value, 0.01)


def flow(period: int, name: str, payer: str, payee: str, amount: float) -> tuple[Any, ...]:
    return (period, name, "token_0", payer, payee, amount)


def bought_back(period: int, money: float, tokens: float) -> tuple[Any, ...]:
    who = (period, 0, "aggregator", 2, "buyback", "token_0", "buy")
    return (*who, money, tokens, money / tokens, math.nan, "filled", 1)


def with_cash(cash: list[float], last: float, supply: float = 100.0) -> Rows:
    """One token, `supply` of it throughout; in period k its holders are paid `cash[k - 1]`."""
    values = [*[1.0] * len(cash), last]
    return {
        "clients": [paid(t, dividend) for t, dividend in enumerate([0.0, *cash])],
        "pools": [pool(t, value) for t, value in enumerate(values)],
        "flows": [flow(0, "genesis", "outside", "client", supply)],
    }


def realised(run: Run, ahead: int = 0, token: str = "token_0") -> list[float]:
    values: pd.Series = realised_values(run, ahead)["realised_value"]
    return [float(value) for value in values.xs(token, level="token")]


def test_constant_dividends_are_worth_a_perpetuity(made: Made) -> None:
    """.5 per token and period at 25% is 2."""
    run = made(with_cash([50.0] * 30, 2.0))
    assert realised(run) == pytest.approx([2.0] * 31, rel=1e-14)
    table = realised_values(run)["realised_value"].xs("token_0", level="token")
    assert table.index[table.notna()].tolist() == list(range(11))


def test_two_periods_by_hand(made: Made) -> None:
    """10 and 30 on 100 tokens, then a value of 5: 5 / 1.25 + .3 / 1.25 = 4.24; + .1, / 1.25."""
    run = made(with_cash([10.0, 30.0], 5.0))
    assert realised(run) == pytest.approx([4.34 / 1.25, 5.3 / 1.25, 5.0])
    assert realised(run, ahead=1)[:2] == pytest.approx([4.34 / 1.25, 5.3 / 1.25])
    assert math.isnan(realised(run, ahead=1)[2])
    assert realised_values(run, ahead=3)["realised_value"].isna().all()


amounts = st.floats(0, 1e6)


@given(st.lists(amounts, min_size=1, max_size=12), amounts, st.floats(0.1, 1e6))
@law(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_the_discounted_sum(
    made: Made, cash: list[float], last: float, supply: float
) -> None:
    discounted = [part / supply * 1.25**-k for k, part in enumerate(cash, start=1)]
    expected = sum(discounted) + last * 1.25 ** -len(cash)
    assert realised(made(with_cash(cash, last, supply)))[0] == pytest.approx(expected)


def test_dividends_are_divided_by_what_was_held_before_issuance(made: Made) -> None:
    rows = with_cash([10.0, 30.0], 5.0)
    rows["flows"] += [
        flow(1, "issuance", "outside", "client", 50.0),
        flow(1, "grant", "outside", "escrow", 1000.0),
        flow(1, "issuance", "outside", "treasury", 1000.0),
        flow(2, "vesting", "escrow", "client", 1000.0),
    ]
    second = (30 / 150 + 5) / 1.25
    assert realised(made(rows)) == pytest.approx([(10 / 100 + second) / 1.25, second, 5.0])


@pytest.mark.parametrize(("pools_earn", "supply"), [(True, 100.0), (False, 60.0)])
def test_pools_earn_or_not(made: Made, pools_earn: bool, supply: float) -> None:
    rows = with_cash([10.0], 5.0)
    rows["flows"].append(flow(0, "deposit", "client", "pool", 40.0))
    assert realised(made(rows, pools_earn))[0] == pytest.approx((10 / supply + 5) / 1.25)


def test_who_holds_sells_its_part_into_a_buyback(made: Made) -> None:
    """30 are spent on 20 of 100 tokens: .3 for each, of which .8 are left to be worth 5."""
    rows = with_cash([10.0], 5.0)
    rows["fills"] = [bought_back(1, 30.0, 20.0)]
    burned = [flow(1, "burn", "treasury", "outside", 20.0)]
    swap = [flow(1, "swap", "pool", "treasury", 20.0)]
    assert realised(made(rows | {"flows": [*rows["flows"], *swap, *burned]}))[0] == pytest.approx(
        (0.1 + 0.3 + 0.8 * 5) / 1.25
    )
    gift = [flow(1, "buyback", "treasury", "client", 20.0)]
    value = realised(made(rows | {"flows": [*rows["flows"], *swap, *gift]}))[0]
    assert value == pytest.approx((0.1 + 5) / 1.25)  # handed to the client: no money for holders


def test_a_token_that_nobody_holds_brings_nothing(made: Made) -> None:
    rows = with_cash([0.0, 0.0], 0.0) | {"flows": []}
    assert realised(made(rows)) == [0.0, 0.0, 0.0]


def test_holders_of_a_shared_token_are_paid_for_all_clients(made: Made) -> None:
    rows = with_cash([10.0, 30.0], 5.0)
    rows["clients"] += [paid(1, 5.0, 1), paid(2, 20.0, 1)]
    second = (50 / 100 + 5) / 1.25
    assert realised(made(rows)) == pytest.approx([(15 / 100 + second) / 1.25, second, 5.0])


def test_price_errors(made: Made) -> None:
    """Period 1: log 2 and log 4 at a price of 2, where 1 was the value and 4 came of it."""
    rows = with_cash([0.0, 0.0], 5.0)
    rows["pools"] = [pool(0, 1.0, 7.0), pool(1, 1.0, 2.0), pool(2, 5.0)]
    rows["pools"] += [pool(t, 0.01, 3.0, 1) for t in range(3)]  # less than 5% of the median
    rows["pools"] += [pool(0, 1.0, 1.0, 2), pool(1, 1.0, 1.0, 2), pool(2, 2.5, 1.0, 2)]
    rows["clients"] += [paid(t, 0.0, number) for number in (1, 2) for t in range(3)]
    errors = price_errors(made(rows), ahead=1)
    two = math.log(2)
    assert errors.loc["token_0"].tolist() == pytest.approx([two, two, 2 * two, 1])
    assert errors.loc["token_2"].tolist() == pytest.approx([0, two, two, 1])
    assert errors.loc["all"].tolist() == pytest.approx([two / 2, two, 1.5 * two, 2])
    assert errors.loc["token_1", "periods"] == 0
    assert errors.loc["token_1"].drop("periods").isna().all()
    assert price_errors(made(rows))["periods"].tolist() == [0] * 4


SCENARIO = """\
name: constant
periods: 25
seed: 5
federation: {task: {kind: wine}, contribution: {kind: equal}}
clients: [{count: 3}]
liquidity_providers: [{count: 1, deposit: 300}]
investors: [{count: 6, activity: 1}]
tokens:
  revenue: {kind: constant, value: 30}
  issuance: {kind: constant, amount: 0}
  payout: {dividend: 0.7, buyback: 0, direct: 0.2, treasury: 0.1}
"""
BUYBACK = {
    "tokens.payout.dividend": 0.4,
    "tokens.payout.buyback": 0.3,
    "tokens.payout.buybacks.value_limit": 1e9,
    "tokens.payout.buybacks.twap_limit": 1e9,
}


def simulated(folder: Path, changes: dict[str, Any]) -> Run:
    (folder / "constant.yaml").write_text(SCENARIO)
    return load_run(start(Scenario.load(folder / "constant.yaml", changes), folder / "out"))


@pytest.mark.parametrize("changes", [{}, BUYBACK, {"tokens.mechanism.kind": "shared_token"}])
def test_in_a_run_of_constant_cash_values_come_true(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    """V = C/(r S), also while burned buybacks make S smaller, whatever prices they are made at."""
    table = realised_values(simulated(tmp_path, changes)).loc[1:5]
    assert table["realised_value"].tolist() == pytest.approx(table["fundamental_value"].tolist())
    if not changes:
        assert table["realised_value"].tolist() == pytest.approx([7 / 1000 / 0.01] * len(table))


def test_dividends_per_token_are_those_that_clients_received(tmp_path: Path) -> None:
    """Clients hold no tokens but their own: what each received, by what it held before."""
    changes = {
        "federation.contribution.kind": "data_size",
        "tokens.issuance.amount": 60,
        "tokens.vesting": {"kind": "cliff", "periods": 3},
        "tokens.payout.pools_earn": False,
    }
    real = simulated(tmp_path, changes)
    clients = real.clients.astype({"client": str}).pivot(index="period", columns="client")
    rate = (clients["dividends"] / clients["tokens"].shift()).fillna(0.0).to_numpy()
    value = real.pools.astype({"token": str}).pivot(index="period", columns="token")
    expected = value["fundamental_value"].iloc[-1].to_numpy() * 1.01**-20
    expected += (1.01 ** -np.arange(1.0, 21)) @ rate[6:]
    values = realised_values(real).loc[5]["realised_value"]
    assert values.tolist() == pytest.approx(expected.tolist())
    assert len(set(values.round(6))) == 3
    gaps = np.log(price_gap(real).loc[1:5]).mean()
    errors = price_errors(real).loc[gaps.index, "fundamental"]
    assert errors.tolist() == pytest.approx(gaps.tolist())


def test_cash_has_no_tokens_to_value(tmp_path: Path) -> None:
    cash = simulated(tmp_path, {"tokens.mechanism.kind": "cash", "periods": 2})
    assert realised_values(cash).empty
    assert price_errors(cash)["periods"].tolist() == [0]


@pytest.mark.parametrize("pools_earn", [True, False])
def test_the_earning_supply_is_that_of_the_run(tmp_path: Path, pools_earn: bool) -> None:
    """With locked tokens, offerings, and with a treasury that owns a part of the pools."""
    data = {"locked": {"fraction": 0.9, "price": 9.0}, "offering": {"kind": "for_data"}}
    terms = {
        "periods": 8,
        "clients": [{"count": 10, **data}],
        "federation": {"contribution": {"kind": "data_size"}},
        "tokens": {
            "payout": {"liquidity": 0.1, "buyback": 0.1, "pools_earn": pools_earn},
            "vesting": {"kind": "linear", "periods": 4},
        },
    }
    seen = []
    folder = start(
        Scenario.model_validate(terms),
        tmp_path,
        progress=lambda economy: seen.append(
            earning_supply(economy.ledger, economy.register, pools_earn)
        ),
    )
    finished = load_run(folder)
    assert "offering" in set(finished.flows["flow"])
    supply = finished.pools.pivot(index="period", columns="token", values="supply")
    earning = _earning_supply(finished, supply).to_numpy()
    assert (supply.to_numpy()[1:] > 1.001 * earning[1:]).all()
    assert earning[-len(seen) :] == pytest.approx(np.array(seen), rel=1e-12)
