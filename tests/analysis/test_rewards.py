"""Rewards of clients: by hand, and against the books of a simulated run."""

import math
from collections.abc import Callable

import pandas as pd
import pytest

from simulator.analysis import Run, attackers_pay, client_rewards, price_share_correlation
from simulator.market import ConstantProduct, Pool
from tests.analysis.by_hand import Rows, booked


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
    rewards = client_rewards(made(hand, "market: {curve: {kind: stableswap}, fee: 0.2}\n"))
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
