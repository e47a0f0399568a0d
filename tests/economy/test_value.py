"""The theory of value: where prices settle when nothing disturbs them."""

import numpy as np
import pytest

from simulator import Economy, Scenario


def fundamental(revenue: float, emission: float, clients: int, period: int) -> float:
    """Half of the revenue, divided by all tokens that will be there, discounted by 1% a period."""
    minted = np.cumsum(emission * 0.5 ** (np.arange(5000) / 20)) / clients  # by period 1, 2, ...
    supply = 1000 + minted[period : period + 4000]
    return float((revenue / 2 / clients / supply * 1.01 ** -np.arange(1.0, 4001.0)).sum())


@pytest.mark.parametrize("mechanism", ["client_tokens", "shared_token"])
@pytest.mark.parametrize(
    ("revenue", "emission"),
    [(50.0, 0.0), (50.0, 40.0), (160.0, 0.0), (160.0, 40.0), (160.0, 400.0)],
)
@pytest.mark.parametrize("fee", [0.003, 0.03])
def test_prices_settle_at_fundamental_value(mechanism, emission, revenue, fee):
    """Unbiased investors, holding clients, constant revenue and shares, no buyback.

    Within max(2%, fee) after 100 periods; V is computed here from its definition, with the tail of
    revenue and emission that a run sums as a perpetuity. (Value must stay within reach: without
    short sales prices fall as far as investors have tokens to sell, a sixth of all.)
    """
    economy = Economy(
        Scenario.model_validate(
            {
                "federation": {"task": {"kind": "wine"}, "contribution": {"kind": "equal"}},
                "clients": [{"count": 4, "policy": {"kind": "hold"}, "training_cost": 0}],
                "liquidity_providers": [{"count": 2, "deposit": 400}],
                "investors": [{"count": 40, "strategy": {"bias_sigma": 0.0, "gain": 0.2}}],
                "market": {"fee": fee, "launch": {"supply": 1000.0}},
                "tokens": {
                    "mechanism": {"kind": mechanism},
                    "revenue": {"kind": "constant", "value": revenue},
                    "issuance": {"first": emission, "half_life": 20},
                    "payout": {"dividend": 0.5, "buyback": 0.0, "direct": 0.3, "treasury": 0.2},
                },
            }
        )
    )
    gaps = []
    for _ in range(100):
        economy.step()
        value = fundamental(revenue, emission, 4, economy.period)
        assert economy.fundamental_value == pytest.approx([value] * len(economy.pools), rel=1e-6)
        gaps.append(np.abs(economy.spot_price / value - 1).max())
    assert max(gaps[80:]) < max(0.02, fee)
