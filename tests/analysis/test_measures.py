"""Measures: numbers had by hand from small runs, laws, and the books of a simulated run."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import (
    Run,
    attackers_pay,
    client_rewards,
    gini,
    herfindahl,
    impermanent_loss,
    largest_gap,
    load_run,
    lp_results,
    lp_returns,
    money_flows,
    price_gap,
    price_share_correlation,
    price_share_correlations,
    relative_pay,
    returns_by_strategy,
    summarise,
)
from simulator import Scenario, run
from simulator.market import ConstantProduct, Pool

Write = Callable[..., Path]
Rows = dict[str, list[tuple[Any, ...]]]
MARKET = "market: {curve: {kind: constant_product}, fee: 0.2}\n"


def client(
    period: int,
    name: str,
    behaviour: str,
    share: float,
    issued: float,
    dividends: float,
    *end: float,
) -> tuple[Any, ...]:
    """`end` is what it was paid directly, its tokens and its numeraire."""
    direct, tokens, numeraire = end
    seen = (period, name, behaviour, 50, 1, 0.1, 0.1, share, issued, dividends, 0.0)
    return (*seen, direct, 0.0, tokens, numeraire, 0.0, name)


def pool(period: int, token: str, tokens: float, numeraire: float, value: float) -> tuple[Any, ...]:
    return (period, token, tokens, numeraire, numeraire / tokens, 0.0, 0.0, 1000.0, value)


def agent(
    period: int, name: str, kind: str, numeraire: float, lp_value: float, wealth: float
) -> tuple[Any, ...]:
    strategy = "passive" if kind == "liquidity_provider" else "noise"
    return (period, name, kind, strategy, 1, numeraire, 0.0, lp_value, wealth)


def fill(agent: str, side: str, paid: float, got: float, status: str = "filled") -> tuple[Any, ...]:
    return (1, 0, agent, 3, "any", "token_0", side, paid, got, 1.0, 0.0, status, 1)


@pytest.fixture
def hand() -> Rows:
    """Two clients, of whom one rides for free in period 2; two pools, two providers."""
    return {
        "clients": [
            client(0, "client_0", "honest", 0.0, 0, 0, 0, 600, 40),
            client(0, "client_1", "honest", 0.0, 0, 0, 0, 600, 40),
            client(1, "client_0", "honest", 0.6, 10, 4, 6, 120, 54),  # sold for 7, cost 3
            client(1, "client_1", "honest", 0.4, 0, 0, 4, 600, 43),  # cost 1
            client(2, "client_0", "honest", 1.0, 2, 1, 8, 125, 58),  # bought for 2, cost 3
            client(2, "client_1", "free_rider", 0.0, 4, 0, 0, 0, 43),
        ],
        "pools": [
            pool(0, "token_0", 100, 100, 1.0),
            pool(0, "token_1", 100, 100, 1.0),
            pool(1, "token_0", 75, 150, 1.0),
            pool(1, "token_1", 100, 100, 2.0),
            pool(2, "token_0", 100, 150, 0.0),
            pool(2, "token_1", 100, 50, 1.0),
        ],
        "fills": [
            fill("client_0", "sell", 5, 7),
            fill("client_0", "buy", 2, 1),
            fill("client_1", "sell", 9, 9, "slippage"),
            fill("lp_1", "sell", 3, 4),
        ],
        "flows": [
            (0, "genesis_sale", "numeraire", "investor", "client", 80.0),
            (0, "genesis_sale", "token_0", "client", "investor", 80.0),
            (0, "deposit", "numeraire", "liquidity_provider", "pool", 200.0),
            (1, "training_cost", "numeraire", "client", "outside", 4.0),
            (2, "training_cost", "numeraire", "client", "outside", 3.0),
            (2, "direct", "numeraire", "clearing", "client", 8.0),
        ],
    }


@pytest.fixture
def made(finished: Write) -> Callable[..., Run]:
    def make(rows: Rows, market: str = MARKET) -> Run:
        folder = finished(rows)
        (folder / "scenario.yaml").write_text(market or "{}\n")
        return load_run(folder)

    return make


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([2, 2, 2], 0),
        ([0, 0, 0, 5], 0.75),
        ([0, 0], 0),
        ([3], 0),
        ([1, 2, 3, 4], 0.25),
        ([4, 1], 0.3),
    ],
)
def test_gini(values: list[float], expected: float) -> None:
    assert gini(values) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("values", "expected"), [([2, 2, 2], 1 / 3), ([0, 5], 1), ([1, 3], 0.625), ([0, 0], math.nan)]
)
def test_herfindahl(values: list[float], expected: float) -> None:
    assert herfindahl(values) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("measure", [gini, herfindahl])
@pytest.mark.parametrize(
    ("values", "said"),
    [([], "at least one"), ([1, -1], "negative"), ([math.nan], "finite"), ([[1]], "list")],
)
def test_what_is_no_amount_is_refused(
    measure: Callable[[Any], float], values: list[Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        measure(values)


@given(st.lists(st.floats(1e-3, 1e6) | st.just(0.0), min_size=1, max_size=30), st.floats(0.01, 100))
def test_gini_is_the_mean_difference(values: list[float], scale: float) -> None:
    amounts, count = np.array(values), len(values)
    differences = np.abs(amounts[:, None] - amounts).sum()
    expected = differences / (2 * count * amounts.sum()) if amounts.any() else 0.0
    assert gini(values) == pytest.approx(expected, abs=1e-12)
    assert gini(scale * amounts[::-1]) == pytest.approx(expected, abs=1e-12)
    assert -1e-12 <= gini(values) <= (count - 1) / count + 1e-12


def test_client_rewards(made: Callable[..., Run], hand: Rows) -> None:
    rewards = client_rewards(made(hand))
    assert rewards.loc["client_0"].to_dict() == {
        "behaviour": "honest",
        "issued": 12,
        "issuance": 10 * 2.0 + 2 * 1.5,
        "genesis_sale": 40,
        "offering": 0,
        "direct": 14,
        "dividends": 5,
        "sales": 7,
        "purchases": 2,
        "costs": 6,
        "tokens": 125,
        "at_spot": 125 * 1.5,
        "at_quote": 75,  # 100 of 125 reach a pool of 100 and 150
        "total": 58 + 75,
    }
    rider = rewards.loc["client_1"]
    assert rider["behaviour"] == "free_rider"
    assert rider[["issuance", "sales", "costs", "at_quote", "total"]].tolist() == [2, 0, 1, 0, 43]


def test_money_for_new_tokens_is_no_saving_of_costs(made: Callable[..., Run], hand: Rows) -> None:
    """Of the 3 that it has more at the end than its cost of 3 left it, 5 were for new tokens."""
    row = hand["clients"][4]
    hand["clients"][4] = (*row[:12], 5.0, *row[13:])
    hand["flows"].append((2, "offering", "numeraire", "investor", "client", 5.0))
    hand["flows"].append((2, "data_purchase", "numeraire", "client", "outside", 5.0))
    reward = client_rewards(made(hand)).loc["client_0"]
    assert reward[["offering", "costs", "total"]].tolist() == [5, 6 + 5, 58 + 75]
    hand["flows"][-2] = (2, "offering", "numeraire", "investor", "client", 4.0)
    with pytest.raises(ValueError, match="clients' offering come to"):
        client_rewards(made(hand))


def test_a_quote_of_another_curve_is_not_made_up(made: Callable[..., Run], hand: Rows) -> None:
    rewards = client_rewards(made(hand, "market: {curve: {kind: weighted}, fee: 0.2}\n"))
    assert rewards["at_quote"].isna().tolist() == [True, False]  # the other one has no tokens
    assert rewards["at_spot"].tolist() == [187.5, 0]


@pytest.mark.parametrize(("row", "what"), [(0, "genesis_sale"), (3, "costs")])
def test_money_from_elsewhere_is_noticed(
    made: Callable[..., Run], hand: Rows, row: int, what: str
) -> None:
    hand["flows"][row] = (*hand["flows"][row][:-1], 1.0)
    with pytest.raises(ValueError, match=f"clients' {what} come to"):
        client_rewards(made(hand))


def test_without_tokens_there_are_only_payments(made: Callable[..., Run], hand: Rows) -> None:
    hand["clients"] = [(*row[:8], 0.0, *row[9:13], 0.0, *row[14:]) for row in hand["clients"]]
    cash = made(hand | {"pools": []}, "")
    assert client_rewards(cash)["total"].tolist() == [58, 43]
    assert attackers_pay(cash)["percent"].tolist() == [0]
    assert math.isnan(price_share_correlation(cash))


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


def ranked(prices: list[list[float]], shares: list[list[float]]) -> Rows:
    """Prices and shares `[periods][clients]`."""
    clients, pools = [], []
    for period, (price, share) in enumerate(zip(prices, shares, strict=True)):
        for number, (worth, part) in enumerate(zip(price, share, strict=True)):
            clients.append(client(period, f"client_{number}", "honest", part, 0, 0, 0, 0, 0))
            pools.append(pool(period, f"token_{number}", 1, worth, 1))
    return {"clients": clients, "pools": pools}


def test_correlation_has_average_ranks_for_ties(made: Callable[..., Run]) -> None:
    tied = made(ranked([[1, 1, 1], [1, 2, 2]], [[0, 0, 0], [0.1, 0.3, 0.6]]))
    # Ranks 1, 2.5, 2.5 and 1, 2, 3: covariance .75, variances .75 and 1.
    assert price_share_correlation(tied) == pytest.approx(0.75**0.5)
    series = price_share_correlations(tied)
    assert math.isnan(series[0])
    assert series[1] == pytest.approx(0.75**0.5)


def test_correlation_is_of_means_over_the_last_quarter(made: Callable[..., Run]) -> None:
    shares = [[0, 0, 0], [1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3]]
    prices = [[1, 1, 1], [9, 1, 1], [9, 1, 1], [9, 1, 1], [1, 2, 9], [1, 6, 3]]
    late = made(ranked(prices, shares))
    assert price_share_correlation(late) == 1  # means of 2 periods: 1, 4, 6
    assert price_share_correlation(late, last=0.2) == 0.5  # 1, 6, 3 have ranks 1, 3, 2
    assert price_share_correlation(late, last=1) == -0.5  # 29/5, 11/5, 15/5 have ranks 3, 1, 2
    assert price_share_correlations(late)[[4, 5]].tolist() == [1, 0.5]
    with pytest.raises(ValueError, match="last must be above 0"):
        price_share_correlation(late, last=0)


def test_price_gap(made: Callable[..., Run]) -> None:
    prices, values = [2, 1, 3, 1], [1, 2, 0, 0.04]
    rows = [
        pool(period, f"token_{number}", 1, price * (1 + period), value)
        for period in range(3)
        for number, (price, value) in enumerate(zip(prices, values, strict=True))
    ]
    gaps = price_gap(made({"pools": rows}))
    assert gaps.loc[0].tolist() == pytest.approx([2, 2, math.nan, 25], nan_ok=True)
    strict = price_gap(made({"pools": rows}), floor=0.1)  # the median is .52
    assert strict.loc[0].tolist() == pytest.approx([2, 2, math.nan, math.nan], nan_ok=True)
    largest = largest_gap(made({"pools": rows}), after=0)
    assert largest.tolist() == pytest.approx([6, 1.5, math.nan, 75], nan_ok=True)
    assert largest_gap(made({"pools": rows}), after=1)["token_1"] == 1.5
    assert largest_gap(made({"pools": rows})).isna().all()  # nothing after period 20


def test_there_is_no_gap_to_a_value_of_zero(made: Callable[..., Run]) -> None:
    worthless = [pool(1, f"token_{number}", 1, 1, 0.0) for number in range(3)]
    assert price_gap(made({"pools": worthless})).isna().all(axis=None)


def test_an_empty_pool_has_no_price_to_be_wrong(made: Callable[..., Run]) -> None:
    rows = [
        (1, f"token_{number}", tokens, 0.0, 3.0, 0.0, 0.0, 1000.0, 1.0)
        for number, tokens in enumerate((0.0, 50.0))
    ]
    assert price_gap(made({"pools": rows})).loc[1].tolist() == pytest.approx(
        [math.nan, 3.0], nan_ok=True
    )


def test_impermanent_loss() -> None:
    assert impermanent_loss([1, 2, 4, 0.25]).tolist() == pytest.approx(
        [0, -0.0571909584, -0.2, -0.2]
    )


def position(
    period: int,
    who: str,
    token: str,
    *,
    price: float,
    owns: tuple[float, float],
    put_in: tuple[float, float],
    moved: tuple[float, float] = (0.0, 0.0),
    fees: float = 0.0,
    lvr: float = 0.0,
) -> tuple[Any, ...]:
    """`owns`, `put_in` and `moved` are tokens and numeraire."""

    def valued(amounts: tuple[float, float]) -> tuple[float, float, float]:
        return (*amounts, amounts[0] * price + amounts[1])

    range_ = (1.0, 0.0, math.inf)
    return (period, who, token, *range_, *valued(owns), *valued(put_in), *valued(moved), fees, lvr)


@pytest.fixture
def provided(hand: Rows) -> Rows:
    """One pool grows to a price of 4 and earns fees, the other stays."""
    positions = []
    for who, part in (("lp_0", 75.0), ("lp_1", 25.0)):
        sides = (part, part)
        for token in ("token_0", "token_1"):
            opened = {"price": 1.0, "owns": sides, "put_in": sides, "moved": sides}
            positions.append(position(0, who, token, **opened))
        earned = {"owns": (0.6 * part, 2.4 * part), "fees": 0.8 * part, "lvr": 0.5 * part}
        positions.append(position(1, who, "token_0", price=4.0, put_in=sides, **earned))
        positions.append(position(1, who, "token_1", price=1.0, put_in=sides, owns=sides))
    return hand | {
        "pools": [
            pool(0, "token_0", 100, 100, 1.0),
            pool(0, "token_1", 100, 100, 1.0),
            pool(1, "token_0", 60, 240, 1.0),
            pool(1, "token_1", 100, 100, 1.0),
        ],
        "positions": positions,
        "agents": [
            agent(0, "lp_0", "liquidity_provider", 5, 300, 305),
            agent(0, "lp_1", "liquidity_provider", 0, 100, 100),
            agent(0, "investor_0", "investor", 50, 0, 100),
            agent(0, "investor_1", "investor", 50, 0, 50),
            agent(0, "investor_2", "investor", 50, 0, 50),
            agent(1, "lp_0", "liquidity_provider", 12, 510, 522),
            agent(1, "lp_1", "liquidity_provider", 9, 170, 179),
            agent(1, "investor_0", "investor", 50, 0, 90),
            agent(1, "investor_1", "investor", 50, 0, 70),
            agent(1, "investor_2", "investor", 50, 0, 80),
        ],
    }


@pytest.mark.parametrize("market", [MARKET, "market: {curve: {kind: weighted}}\n"])
def test_lp_returns(made: Callable[..., Run], provided: Rows, market: str) -> None:
    """Of any curve: that of the pools is not asked."""
    returns = lp_returns(made(provided, market))
    # Held: 75 x 4 + 75 and 150; without fees 2 sqrt(75 x 75 x 4) and 150; in fact 360 and 150.
    assert returns.loc["lp_0"].to_dict() == pytest.approx(
        {
            "deposited": 300,
            "moved": 0,
            "held": 525,
            "value": 510,
            "impermanent_loss": -75,
            "fees": 60,
            "lvr": 37.5,
            "dividends": 7,
            "return_against_holding": 510 / 525 - 1,
        }
    )
    assert returns.loc["lp_1", ["held", "fees", "dividends"]].tolist() == pytest.approx(
        [175, 20, 5]
    )


def test_lp_results(made: Callable[..., Run], provided: Rows) -> None:
    """700 if held of 400 deposited, 100 less without fees and 80 of them."""
    assert lp_results(made(provided)).to_dict() == pytest.approx(
        {
            "against_holding": -5,
            "fees": 20,
            "impermanent_loss": -25,
            "lvr": 12.5,
            "held_percent": 75,
            "deposited": 400,
        }
    )


def alone(positions: list[tuple[Any, ...]], prices: list[float], cash: list[float]) -> Rows:
    """One provider in one pool, period after period; its numeraire is `cash`."""
    periods = range(len(prices))
    return {
        "positions": positions,
        "pools": [pool(t, "token_0", 1, price, 1.0) for t, price in enumerate(prices)],
        "agents": [agent(t, "lp_0", "liquidity_provider", cash[t], 0, 0) for t in periods],
    }


def test_a_part_that_leaves_takes_its_part_of_what_was_put_in(made: Callable[..., Run]) -> None:
    """The docstring's: half of 400, where 500 were held, leaves; then the price returns to 1."""
    opened = position(0, "lp_0", "token_0", price=1, owns=(100, 100), put_in=(100, 100),
                      moved=(100, 100))  # fmt: skip
    halved = position(1, "lp_0", "token_0", price=4, owns=(25, 100), put_in=(50, 50),
                      moved=(-25, -100))  # fmt: skip
    back = position(2, "lp_0", "token_0", price=1, owns=(50, 50), put_in=(50, 50))
    rows = alone([opened, halved], [1, 4], [0, 103])
    assert lp_returns(made(rows)).loc["lp_0"].to_dict() == pytest.approx(
        {
            "deposited": 200,
            "moved": -200,
            "held": 300,
            "value": 200,
            "impermanent_loss": -100,
            "fees": 0,
            "lvr": 0,
            "dividends": 3,
            "return_against_holding": -0.2,
        }
    )
    end = lp_returns(made(alone([opened, halved, back], [1, 4, 1], [0, 103, 103]))).loc["lp_0"]
    assert end["return_against_holding"] == pytest.approx(0, abs=1e-15)
    assert end[["held", "value", "impermanent_loss"]].tolist() == pytest.approx([150, 100, -50])


def test_who_has_left_keeps_the_return_it_had(made: Callable[..., Run]) -> None:
    opened = position(0, "lp_0", "token_0", price=1, owns=(100, 100), put_in=(100, 100),
                      moved=(100, 100))  # fmt: skip
    closed = position(1, "lp_0", "token_0", price=4, owns=(0, 0), put_in=(0, 0),
                      moved=(-50, -200))  # fmt: skip
    gone = lp_returns(made(alone([opened, closed], [1, 4, 9], [0, 200, 200]))).loc["lp_0"]
    assert gone["return_against_holding"] == pytest.approx(-0.2)
    assert gone[["held", "value", "moved", "dividends"]].tolist() == pytest.approx(
        [100, 0, -400, 0]
    )


def test_what_is_put_in_later_counts_from_its_period_on(made: Callable[..., Run]) -> None:
    """At price 4, 400 of 500 are there; 600 more are put in, and return 1 / 4 with the rest."""
    opened = position(0, "lp_0", "token_0", price=1, owns=(100, 100), put_in=(100, 100),
                      moved=(100, 100))  # fmt: skip
    moved = position(1, "lp_0", "token_0", price=4, owns=(125, 500), put_in=(175, 400),
                     moved=(75, 300))  # fmt: skip
    grown = position(2, "lp_0", "token_0", price=4, owns=(156.25, 625), put_in=(175, 400),
                     fees=250)  # fmt: skip
    end = lp_returns(made(alone([opened, moved, grown], [1, 4, 4], [0, 0, 0]))).loc["lp_0"]
    # Period 1: 200 + 600 gained 200, and would have gained 300; period 2: 1,000 gained 250.
    assert end["return_against_holding"] == pytest.approx(
        (1 + 200 / 800) / (1 + 300 / 800) * 1.25 - 1
    )
    assert end[["held", "value", "impermanent_loss", "fees"]].tolist() == pytest.approx(
        [1100, 1250, -100, 250]
    )


def test_returns_by_strategy(made: Callable[..., Run], provided: Rows) -> None:
    returns = returns_by_strategy(made(provided))
    assert returns.loc["noise"].to_dict() == pytest.approx(
        {"accounts": 3, "genesis": 200, "end": 240, "return": 0.2, "median": 0.4}
    )


def test_money_flows(made: Callable[..., Run], hand: Rows) -> None:
    flows = money_flows(made(hand))
    assert flows.index.tolist() == [
        ("genesis_sale", "investor"),
        ("deposit", "liquidity_provider"),
        ("training_cost", "client"),
        ("direct", "clearing"),
    ]
    assert flows.loc[("training_cost", "client"), "outside"] == 7
    assert flows.to_numpy().sum() == 80 + 200 + 7 + 8


SCENARIO = """\
name: measured
periods: 6
seed: 3
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 2}, {count: 1, behaviour: {kind: free_rider}}, {count: 1, training_cost: 0.05}]
liquidity_providers: [{count: 1, deposit: 300}, {count: 1, deposit: 500, cash: 20}]
investors: [{count: 4, activity: 1}, {count: 4, activity: 1, strategy: {kind: noise}}]
"""


def simulated(folder: Path, fee: float) -> Run:
    (folder / "measured.yaml").write_text(SCENARIO)
    return load_run(
        run(Scenario.load(folder / "measured.yaml", {"market.fee": fee}), folder / "out")
    )


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return simulated(tmp_path_factory.mktemp("measured"), 0.01)


def booked(run: Run, flow: str, payer: str, payee: str, asset: str = "numeraire") -> float:
    wanted = (run.flows[["flow", "asset", "payer", "payee"]] == [flow, asset, payer, payee]).all(
        axis=1
    )
    return float(run.flows.loc[wanted, "amount"].sum())


def test_real_channels_are_those_of_the_books(real: Run) -> None:
    rewards = client_rewards(real)
    sold = [
        booked(real, "genesis_sale", "client", who, "token_2")
        for who in ("investor", "liquidity_provider")
    ]
    assert rewards.loc["client_2", "genesis_sale"] == pytest.approx(sum(sold))  # at price 1
    assert rewards["direct"].sum() == pytest.approx(booked(real, "direct", "clearing", "client"))
    assert rewards["dividends"].sum() == pytest.approx(
        booked(real, "dividend", "clearing", "client")
    )
    assert rewards["sales"].sum() == pytest.approx(booked(real, "swap", "pool", "client"))
    assert rewards.loc["client_1", "issued"] == pytest.approx(
        booked(real, "issuance", "outside", "client", "token_1")
    )
    assert (rewards[["sales", "direct"]].max() > 0).all()


def test_real_costs_are_those_of_the_scenario(real: Run) -> None:
    rows = real.clients.astype({"client": str})
    trained = (rows["examples"] * rows["participated"]).groupby(rows["client"]).sum()
    price = pd.Series({"client_0": 0.01, "client_1": 0.01, "client_2": 0.0, "client_3": 0.05})
    epochs = real.scenario["federation"]["learner"]["epochs"]
    costs = client_rewards(real)["costs"]
    assert costs.to_dict() == pytest.approx((trained * price * epochs).to_dict())


def test_real_money_is_the_sum_of_its_parts(real: Run) -> None:
    rewards = client_rewards(real)
    ends = real.clients.groupby("client", observed=True)["numeraire"].last()
    parts = rewards[["genesis_sale", "direct", "dividends", "sales"]].sum(axis=1)
    left = parts - rewards["purchases"] - rewards["costs"]
    assert left.to_dict() == pytest.approx(ends.to_dict())
    assert (rewards["total"] - rewards["at_quote"]).to_dict() == pytest.approx(ends.to_dict())


def test_real_holdings_are_quoted_as_the_market_would(real: Run) -> None:
    rewards, closed = client_rewards(real), real.pools.groupby("token", observed=True).last()
    for number, (_, reward) in enumerate(rewards.iterrows()):
        at = closed.loc[f"token_{number}"]
        pool = Pool(ConstantProduct(), at["reserve_token"], at["reserve_numeraire"], 0.01)
        assert reward["at_quote"] == pytest.approx(pool.quote_in("token", reward["tokens"]))
        assert 0 < reward["at_quote"] < reward["at_spot"]


def test_real_attackers_pay(real: Run) -> None:
    rewards = client_rewards(real)
    paid = rewards["issuance"] + rewards["direct"]
    percent = attackers_pay(real).loc[("client_2", "free_rider"), "percent"]
    assert percent == pytest.approx(100 * paid["client_2"] / paid.mean())
    assert percent < 100
    assert attackers_pay(real)["periods"].tolist() == [6]


def test_real_correlation_is_that_of_scipy(real: Run) -> None:
    stats = pytest.importorskip("scipy.stats")
    prices = real.pools[real.pools["period"] > 4].groupby("token", observed=True)["spot_price"]
    shares = real.clients[real.clients["period"] > 4].groupby("client", observed=True)["share"]
    expected = stats.spearmanr(prices.mean().to_numpy(), shares.mean().to_numpy()).statistic
    assert price_share_correlation(real) == pytest.approx(expected)
    assert price_share_correlations(real).index.tolist() == list(range(7))


def test_real_gaps(real: Run) -> None:
    gaps = price_gap(real)
    assert gaps.loc[0].tolist() == [1, 1, 1, 1]  # value is the launch price
    last = real.pools.groupby("token", observed=True).last()
    ratio = last["spot_price"] / last["fundamental_value"].where(last["fundamental_value"] > 0)
    expected = np.exp(np.abs(np.log(ratio)))[gaps.loc[6].notna().to_numpy()]
    assert gaps.loc[6].dropna().to_dict() == pytest.approx(expected.to_dict())
    assert (largest_gap(real, after=3).dropna() >= 1).all()


def test_real_providers_hold_what_the_scenario_says(real: Run) -> None:
    returns, closed = lp_returns(real), real.pools.groupby("token", observed=True).last()
    for name, deposit in (("lp_0", 300), ("lp_1", 500)):
        held = (deposit / 4 * closed["spot_price"]).sum() + deposit
        assert returns.loc[name, "deposited"] == pytest.approx(2 * deposit)
        assert returns.loc[name, "held"] == pytest.approx(held)
    assert returns["dividends"].sum() == pytest.approx(
        booked(real, "dividend", "clearing", "liquidity_provider")
    )
    assert (returns["impermanent_loss"] < 0).all()
    gain = returns["value"] - returns["held"]
    assert gain.tolist() == pytest.approx((returns["fees"] + returns["impermanent_loss"]).tolist())
    earned, charged = returns["fees"].sum(), real.pools["fees"].sum()
    assert earned == pytest.approx(charged, rel=0.02)  # fees in tokens, at the end of the period


def test_without_a_fee_a_pool_loses_exactly_its_impermanent_loss(tmp_path: Path) -> None:
    run = simulated(tmp_path, 0.0)
    returns, prices = (
        lp_returns(run),
        run.pools.pivot(index="period", columns="token", values="spot_price"),
    )
    assert returns["fees"].tolist() == [0, 0]
    ratio = prices.loc[6] / prices.loc[0]
    for name, deposit in (("lp_0", 300), ("lp_1", 500)):
        held = deposit / 4 * (1 + ratio)
        expected = float((held * impermanent_loss(ratio)).sum())
        assert returns.loc[name, "impermanent_loss"] == pytest.approx(expected, rel=1e-9)
        assert expected < -1e-3


def test_real_returns_are_those_of_the_summary(real: Run) -> None:
    returns, summary = returns_by_strategy(real), summarise(real)["investors"]
    percent = {name: group["return_percent"] for name, group in summary.items()}
    assert (100 * returns["return"]).to_dict() == pytest.approx(percent)
    assert returns["accounts"].tolist() == [4, 4]


def test_real_clearing_pays_out_what_it_gets(real: Run) -> None:
    flows = money_flows(real)
    revenue = real.periods["revenue"].sum()
    assert flows.loc[("revenue", "outside"), "clearing"] == pytest.approx(revenue)
    paid = flows.xs("clearing", level="payer").to_numpy().sum()
    assert paid == pytest.approx(flows["clearing"].sum())
