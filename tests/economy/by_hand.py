"""Two clients, a provider and an investor whose period can be calculated by hand."""

import numpy as np
import pytest

from simulator.economy import Economy
from simulator.federation import Quality
from simulator.scenario import Scenario

USES = {"dividend": 0.5, "buyback": 0.2, "direct": 0.2, "treasury": 0.1}


def exactly(*numbers):
    return pytest.approx(numbers, rel=1e-13)


def by_hand(monkeypatch, payout=USES, mechanism="client_tokens", cash=0.0, cost=0.1, **changes):
    """Two clients with shares 3/4 and 1/4 and costs of 7 and 3; everybody only holds.

    Revenue 100, emission 40, fee 1%. Of 1000 tokens each client sells 100 to the provider, who
    deposits them with 200 numeraire, and 20 to the investor, who has 120 numeraire and wants tokens
    for a third of it, all at price 1. A `cost` of 0 makes training free.
    """
    settings = {
        "federation": {"partition": {"kind": "iid"}},
        "clients": [{"count": 2, "training_cost": cost, "policy": {"kind": "hold"}, "cash": cash}],
        "liquidity_providers": [{"deposit": 200}],
        "investors": [{"activity": 0, "wealth": {"mean": 120, "sigma": 0}}],
        "tokens": {
            "mechanism": {"kind": mechanism},
            "revenue": {"maximum": 100, "floor": 0.0},
            "issuance": {"first": 40, "half_life": 20},
            "payout": payout,
        },
    }
    for section, always in (("tokens", settings["tokens"]), ("market", {"fee": 0.01})):
        changes[section] = always | changes.get(section, {})
    economy = Economy(Scenario.model_validate(settings | changes))
    federation = type(economy.settings.federation)
    monkeypatch.setattr(federation, "evaluate", lambda *_: Quality(1.0, 0.0, 0.0))
    monkeypatch.setattr(federation, "assess", lambda *_: (np.array([0.3, 0.1]), {}))
    monkeypatch.setattr(type(economy.cohort), "examples_used", lambda *_: np.array([70.0, 30.0]))
    return economy
