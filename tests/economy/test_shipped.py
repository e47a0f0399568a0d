"""What the shipped scenarios show, on a few seeds; `benchmarks/seeds.py` takes more."""

from math import ceil, log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.economy import Economy
from simulator.scenario import Scenario
from simulator.scenario.doubts import market_gain

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def watched(name, periods, **changes):
    """The economy after some periods, with shares, prices and values `[periods, clients]`."""
    economy = Economy(Scenario.load(SCENARIOS / f"{name}.yaml", changes))
    share, price, value = [], [], []
    for _ in range(periods):
        economy.step()
        share.append(economy.shares)
        price.append(economy.spot_price)
        value.append(economy.fundamental_value)
    return economy, np.array(share), np.array(price), np.array(value)


@pytest.mark.parametrize("seed", [1, 2])
def test_quickstart_finds_the_attackers_out(seed):
    economy, share, price, value = watched("quickstart", 60, seed=seed)
    late_share, late_price = share[-15:].mean(axis=0), price[-15:].mean(axis=0)
    honest, rider, flipper = late_share[:8], late_share[8], late_share[9]
    assert flipper <= rider <= honest.min()
    ranks = [np.argsort(np.argsort(late)) for late in (late_share, late_price)]
    assert np.corrcoef(*ranks)[0, 1] > 0.8
    counts = value >= 0.05 * np.median(value, axis=1, keepdims=True)
    gap = np.where(counts, np.abs(np.log(price / np.where(counts, value, 1.0))), 0.0)
    assert np.exp(gap[20:].max()) < 3
    providers = economy.register.provider_accounts
    assert economy.wealth[providers].sum() > 4000  # what they came with


@pytest.mark.parametrize("seed", [1, 3])
def test_a_late_attack_is_noticed_as_soon_as_the_averages_allow(seed):
    """The attacker's share is 0 once its credit is: after k periods with memory^k c = (1 -
    memory^k) f, where c is its credit before and f its part of all |contributions| since. Then its
    value loses a fifth a period, and the price follows at the speed of the market.
    """
    start, attacker = 30, 9
    economy = Economy(Scenario.load(SCENARIOS / "late_attack.yaml", {"seed": seed}))
    parts, credit, share, price, value = [], [], [], [], []
    for _ in range(start + 14):
        economy.step()
        contributions = economy.contributions
        parts.append(contributions[attacker] / np.abs(contributions).sum())
        credit.append(economy.credit[attacker])
        share.append(economy.shares[attacker])
        price.append(economy.spot_price[attacker])
        value.append(economy.fundamental_value[attacker])
    before = start - 2  # row of the last honest period
    memory, past = economy.settings.tokens.credit.memory, economy.settings.tokens.valuation.memory
    harm = -float(np.mean(parts[start - 1 :]))
    assert share[before] > 0.05 and harm > 0.3
    until_zero = ceil(log(harm / (credit[before] + harm)) / log(memory))
    assert np.flatnonzero(np.array(share[before:]) == 0)[0] == until_zero
    halved = until_zero + ceil(log(0.5) / log(past))
    assert value[before + halved] < value[before] / 2
    gain = market_gain(economy.settings)
    assert price[before + halved] < 0.9 * price[before]
    assert price[before + halved + ceil(2 / gain)] < price[before] / 2


def test_without_investors_prices_still_follow_shares():
    _, share, price, _ = watched("no_investors", 40)
    ranks = [np.argsort(np.argsort(late[-10:].mean(axis=0))) for late in (share, price)]
    assert np.corrcoef(*ranks)[0, 1] > 0.8


def test_hospitals_are_not_paid_by_their_size():
    """Pay by size would rank clients as their examples do: correlation 1."""
    result = []
    for seed in (1, 2, 3):
        economy, share, _, _ = watched("breast_cancer", 60, seed=seed)
        late = pd.Series(share[-15:].mean(axis=0))
        result.append(late.corr(pd.Series(economy.cohort.examples), method="spearman"))
    assert np.mean(result) < 0.6


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_tokens_go_to_those_who_think_most_of_them(seed):
    """Of equal wealth, the optimistic half of the fundamentalists ends with nearly all they hold.

    Without differences of opinion none of them is an optimist, and all hold about as much.
    """
    equal = {f"investors.{group}.wealth.sigma": 0 for group in range(3)} | {"seed": seed}
    economy, *_ = watched("ownership", 80, **equal)
    group = next(
        each for each in economy.world.groups.waves[1] if each.strategy.kind == "fundamentalist"
    )
    bias = (
        np.log(economy.world.trader_memory[group.name]["bias"])
        .reshape(len(group.accounts), -1)
        .mean(axis=1)
    )
    tokens = economy.ledger.balances[group.accounts][:, economy.register.token_assets]
    worth = (tokens @ economy.spot_price)[np.argsort(-bias)]
    assert worth[:10].sum() > 0.9 * worth.sum()
    alike, *_ = watched("ownership", 80, **equal, **{"investors.0.strategy.bias_sigma": 0})
    tokens = alike.ledger.balances[group.accounts][:, alike.register.token_assets]
    worth = (tokens @ alike.spot_price)[np.argsort(-bias)]
    assert 0.3 < worth[:10].sum() / worth.sum() < 0.7
