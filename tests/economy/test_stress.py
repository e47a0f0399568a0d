"""Extreme settings: prices stay near values, no amount is negative, no number is NaN."""

from pathlib import Path

import numpy as np
import pytest

from simulator.economy import Economy
from simulator.scenario import Scenario

QUICKSTART = Path(__file__).parents[2] / "scenarios" / "quickstart.yaml"
MOMENTUM = {f"investors.{group}.count": count for group, count in enumerate((6, 48, 6))}
WEALTH = {f"investors.{group}.wealth.mean": 500 for group in range(3)}
RIDERS = [{"count": 10, "behaviour": {"kind": "free_rider"}}]
SETTLED = 20  # periods after which the launch price is forgotten


def gaps_of(economy, periods):
    """Ratio of price and value of every token in every period, 1 where value tells little.

    Checks on the way that everything recorded is a number and that no amount is negative.
    """
    gaps = []
    for _ in range(periods):
        economy.step()
        for name in ("periods", "clients", "pools", "agents"):
            for column, values in economy.tables[name].items():
                assert np.isfinite(values).all(), (name, column)
                if column not in ("utility", "contribution", "credit"):
                    assert np.min(values) >= 0, (name, column)
        price, value = economy.spot_price, economy.fundamental_value
        traded = economy.tables["pools"]["reserve_token"] > 0
        counts = traded & (value > 0) & (value >= 0.05 * np.median(value))
        ratio = np.divide(price, value, out=np.ones_like(price), where=counts)
        gaps.append(np.maximum(ratio, 1 / ratio))
    return np.array(gaps)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(MOMENTUM, id="80% momentum"),
        pytest.param(WEALTH, id="investors five times as rich"),
        pytest.param({"tokens.revenue.maximum": 600}, id="revenue x 3"),
        pytest.param({"market.launch.price": 3}, id="launched at 3"),
        pytest.param({"tokens.issuance.first": 400}, id="emission x 10"),
        pytest.param({"liquidity_providers": []}, id="no liquidity providers"),
        pytest.param({"investors": [{"count": 1}]}, id="one investor"),
        pytest.param({"clients": RIDERS}, id="free-riders only"),
        pytest.param(
            {"clients": [{"count": 1}], "liquidity_providers": [{"count": 2, "deposit": 100}]},
            id="one client",
        ),
    ],
)
def test_prices_stay_within_five_times_of_value(changes):
    economy = Economy(Scenario.load(QUICKSTART, changes))
    gaps = gaps_of(economy, 45)
    assert gaps[SETTLED:].max() < 5


def test_one_period_is_a_run():
    economy = Economy(Scenario.load(QUICKSTART, {"periods": 1}))
    assert gaps_of(economy, 1).shape == (1, 10)


def test_free_riders_alone_earn_nothing_and_their_tokens_decline():
    economy = Economy(Scenario.load(QUICKSTART, {"clients": RIDERS}))
    gaps_of(economy, 30)
    assert not economy.shares.any()
    assert economy.history[-1]["accuracy"] == economy.history[0]["accuracy"]  # it never learns
    assert economy.history[-1]["dividends"] == 0
    assert (economy.spot_price < 0.5).all()


def test_without_pools_there_is_no_trade_at_all():
    economy = Economy(Scenario.load(QUICKSTART, {"liquidity_providers": []}))
    gaps_of(economy, 5)
    assert sum(row["volume"] for row in economy.history) == 0
    assert (economy.spot_price == 1).all()  # as it was launched
