"""Many investors as few agents: the same market, with fewer rows."""

from itertools import pairwise

import numpy as np
import pytest

from simulator.agents.investor import Investor
from simulator.economy import Economy
from simulator.scenario import Scenario

STRATEGIES = ("fundamentalist", "momentum", "noise")


def an_economy(per_agent, detail="all", **record):
    groups = [
        {"count": 7, "accounts_per_agent": per_agent, "strategy": {"kind": kind}}
        for kind in STRATEGIES
    ]
    return Economy(
        Scenario.model_validate(
            {
                "federation": {"contribution": {"kind": "data_size"}},
                "clients": [{"count": 3}],
                "liquidity_providers": [{"count": 2, "deposit": 300}],
                "investors": groups,
                "record": {"agents": detail, "fills": detail} | record,
            }
        )
    )


def stepped(*arguments, **record):
    economy = an_economy(*arguments, **record)
    for _ in range(4):
        economy.step()
    return economy


@pytest.fixture(scope="module")
def single():
    return stepped(1)


@pytest.mark.parametrize(
    ("per_agent", "sizes"), [(3, [3, 3, 1]), (7, [7]), (100, [7]), (1, 7 * [1])]
)
def test_agents_own_slices_and_the_last_of_a_group_is_smaller(single, per_agent, sizes):
    economy = stepped(per_agent)
    assert economy.ledger.balances.tobytes() == single.ledger.balances.tobytes()
    rows, each = economy.tables["agents"], single.tables["agents"]
    first = economy.register.first_investor
    assert rows["accounts"].tolist() == [1] * 6 + 3 * sizes
    starts = np.cumsum([0, *(3 * sizes)])
    for column in ("numeraire", "token_value", "wealth"):
        investors = each[column][first:]
        sums = [investors[a:b].sum() for a, b in pairwise(starts)]
        assert rows[column][first:] == pytest.approx(sums, rel=1e-12)
        assert rows[column][:first].tolist() == each[column][:first].tolist()
    names = [name for name in economy.register.agents if name.startswith("investor")]
    assert len(names) == 3 * len(sizes)


def test_an_agent_shows_what_its_accounts_own_together(single):
    economy = stepped(3)
    agents = [agent for agent in economy.agents if isinstance(agent, Investor)]
    every = [agent for agent in single.agents if isinstance(agent, Investor)]
    assert len(agents) == 9 and len(every) == 21
    mine, owned = agents[3], every[7:10]  # the first of the second group
    assert mine.strategy.kind == "momentum"
    assert mine.wealth == pytest.approx(sum(agent.wealth for agent in owned))
    assert mine.numeraire == pytest.approx(sum(agent.numeraire for agent in owned))
    for token, amount in mine.holdings.items():
        assert amount == pytest.approx(sum(agent.holdings[token] for agent in owned))


def test_fills_are_those_of_the_agent_that_owns_the_account(single):
    economy = stepped(3)
    rows, each = economy.tables["fills"], single.tables["fills"]
    assert rows["account"].tolist() == each["account"].tolist()
    first = economy.register.first_investor
    for agent, owner in zip(rows["agent"].tolist(), each["agent"].tolist(), strict=True):
        group, number = divmod(owner - first, 7)
        assert agent == (owner if owner < first else first + 3 * group + number // 3)
    assert rows["strategy"].tolist() == each["strategy"].tolist()


def test_a_sample_is_one_of_agents_and_a_summary_the_same_however_they_are_cut(single):
    sampled = stepped(3, "sample", sample=2)
    rows = sampled.tables["agents"]
    assert len(rows["agent"]) == 6 + 2
    assert set(rows["accounts"][6:].tolist()) <= {1, 3}
    others = sampled.tables["fills"]["agent"]
    assert set(others[others >= 6].tolist()) <= set(rows["agent"][6:].tolist())
    summed, ones = stepped(3, "summary"), stepped(1, "summary")
    assert summed.tables["agents"]["accounts"][6:].tolist() == [7, 7, 7]
    for table in ("agents", "fills"):
        for column in summed.tables[table].keys() - {"agent", "account", "period"}:
            result, expected = summed.tables[table][column], ones.tables[table][column]
            assert result == pytest.approx(expected, rel=1e-12, nan_ok=True), column
