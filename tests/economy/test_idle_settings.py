"""Settings that are accepted and change nothing are warned of, and the market's gain is right."""

from typing import Any

import numpy as np
import pytest

from simulator import Scenario
from simulator.scenario import doubts
from simulator.scenario.doubts import market_gain

SMALL: dict[str, Any] = {
    "periods": 5,
    "clients": [{"count": 4}],
    "liquidity_providers": [{"deposit": 400}],
}
ARBITRAGE = {"strategy": {"kind": "arbitrageur"}, "invested": 0.0, "activity": 1.0}


def warned(market: dict[str, Any], *strategies: dict[str, Any]) -> str:
    investors = [{"strategy": strategy} for strategy in strategies]
    scenario = Scenario.model_validate(SMALL | {"market": market, "investors": investors})
    return " ".join(doubts(scenario))


def test_a_volatility_fee_below_the_fee_is_none():
    assert "market.volatility_fee: no effect" in warned(
        {"fee": 0.05, "volatility_fee": {"sensitivity": 1.0, "most": 0.05}}
    )
    assert "no effect" not in warned({"fee": 0.05, "volatility_fee": {"sensitivity": 1.0}})
    assert "no effect" not in warned({"fee": 0.2})


def test_a_price_outside_at_which_nobody_trades():
    outside = {"outside_price": {"kind": "gbm"}}
    assert "nobody trades at outside_price gbm" in warned(outside)
    assert "nobody trades" not in warned(outside, {"kind": "arbitrageur"})
    assert "nobody trades" not in warned({})


@pytest.mark.parametrize("clearing", ["random", "fifo", "batch"])
def test_a_sandwich_where_tips_place_nobody(clearing):
    message = "sandwiches need clearing priority"
    assert message in warned({"clearing": {"kind": clearing}}, {"kind": "sandwich"})
    assert message not in warned({"clearing": {"kind": "priority"}}, {"kind": "sandwich"})
    assert message not in warned({"clearing": {"kind": clearing}})


def test_a_pump_after_the_end():
    message = "investors.0.strategy.start is 6, after the last period, 5"
    assert message in warned({}, {"kind": "pump_and_dump", "start": 6})
    assert message not in warned({}, {"kind": "pump_and_dump", "start": 5})


@pytest.mark.parametrize(
    ("curve", "steepness"),
    [
        ({"kind": "constant_product"}, 2.0),  # p = y^2 / k
        ({"kind": "weighted", "weight": 0.8}, 1.25),  # p ~ y^(1 / w)
        ({"kind": "weighted", "weight": 0.01}, 100.0),
        # At the peg, x y = 1: with p = (2A + D^3/4x^2y)/(2A + D^3/4xy^2), dy = -dx and dD = 0,
        # d log p = 2 (D^3/4)/(2A + D^3/4) dy = 4/(2A + 2) dy for D = 2.
        ({"kind": "stableswap", "amplification": 100}, 4 / 202),
        ({"kind": "stableswap", "amplification": 1}, 1.0),
    ],
    ids=str,
)
def test_the_gain_of_a_market_is_that_of_its_curve(curve, steepness):
    """A fundamentalist whose order is gain x gap x wealth / tokens moves the price by that part."""
    settings = SMALL | {
        "market": {"curve": curve, "launch": {"supply": 1e6}},
        "investors": [{"count": 3, "activity": 0.5, "strategy": {"gain": 0.2}}],
    }
    gain = market_gain(Scenario.model_validate(settings))
    assert gain == pytest.approx(steepness * 0.2 * 0.5 * 300 / 400, rel=1e-4)


def test_the_gain_is_what_a_small_gap_is_reduced_by():
    """Known answer from the pool itself: a purchase for 1e-5 of the reserve, no fee."""
    from simulator.market import Pool, StableSwap, Weighted

    for curve in (Weighted(weight=0.3), StableSwap(amplification=20, peg=2.0)):
        pool = Pool(curve, 100 * curve.balanced(1.9), 100.0, fee=0.0)
        before = pool.spot_price
        pool.swap_in("numeraire", 1e-3)
        rise = np.log(pool.spot_price / before)
        assert rise / 1e-5 == pytest.approx(curve.steepness(1.9), rel=1e-4)


def test_many_passes_make_up_for_a_small_gain():
    """Each pass closes its part of the gap: hardly following is a matter of the whole period."""
    investors = [{"count": 3, "activity": 0.5, "strategy": {"gain": 0.02}}]  # gain .015
    for passes, slow in ((1, True), (4, False)):
        settings = SMALL | {"market": {"passes": passes}, "investors": investors}
        message = " ".join(doubts(Scenario.model_validate(settings)))
        assert ("hardly follow" in message) == slow
