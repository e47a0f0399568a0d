"""Liquidity providers against holding: by hand, and in simulated runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.analysis import Run, impermanent_loss, lp_results, lp_returns
from tests.analysis.by_hand import MARKET, Rows, agent, booked, pool, position, simulated


def test_impermanent_loss() -> None:
    assert impermanent_loss([1, 2, 4, 0.25]).tolist() == pytest.approx(
        [0, -0.0571909584, -0.2, -0.2]
    )
    with pytest.raises(ValueError, match="must not be negative"):
        impermanent_loss([1, -2])


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
