"""What is known when: news wait for `market.information_delay`, insiders do not."""

import numpy as np
import pytest

from simulator.agents.strategies import NEWS, Fundamentalist, Insider, ValueSeller
from simulator.economy import Economy, trading
from simulator.economy.publishing import view_for
from simulator.errors import ScenarioError
from simulator.scenario import Scenario

QUICK = {
    "federation": {"contribution": {"kind": "data_size"}},
    "clients": [{"count": 4}],
    "events": [{"period": 4, "clients": [3], "behaviour": {"kind": "free_rider"}}],
    "tokens": {"credit": {"memory": 0.5}},
    "liquidity_providers": [{"count": 2, "deposit": 300}],
}
INSIDERS = {"count": 5, "strategy": {"kind": "insider", "bias_sigma": 0.0}}
PUBLIC = {"count": 5, "strategy": {"kind": "fundamentalist", "bias_sigma": 0.0}}


def an_economy(delay, seed=1, **changes):
    settings = QUICK | {"seed": seed, "market": {"information_delay": delay}}
    return Economy(Scenario.model_validate(settings | changes))


def watched(economy, periods, monkeypatch):
    """Every period's view, and what the public, insiders and clients saw of it; genesis first."""
    genesis = {
        "supply": economy.ledger.supply(economy.register.token_numbers),
        "fundamental_value": economy.fundamental_value,
        "share": economy.shares,
        "dividend": np.zeros(4),
    }
    present, seen, decide = [genesis], [], trading.decide

    def watching(world, view, own):
        present.append({name: getattr(view, name).copy() for name in NEWS})
        each = (Fundamentalist(), Insider(), ValueSeller())
        seen.append([view_for(strategy, view, economy.world.memory.news) for strategy in each])
        return decide(world, view, own)

    monkeypatch.setattr(trading, "decide", watching)
    for _ in range(periods):
        economy.step()
    return present, seen


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_the_public_sees_the_news_of_some_periods_ago(delay, monkeypatch):
    economy = an_economy(delay)
    present, seen = watched(economy, 6, monkeypatch)
    for period, (public, insider, client) in enumerate(seen, start=1):
        for name in NEWS:
            then, now = present[max(period - delay, 0)][name], present[period][name]
            assert getattr(public, name).tolist() == then.tolist()
            assert getattr(insider, name).tolist() == now.tolist()
            assert getattr(client, name).tolist() == then.tolist()
        assert public.spot_price.tolist() == insider.spot_price.tolist()
    for name in NEWS:  # there was something to see
        assert present[5][name].tolist() != present[6][name].tolist()


def test_news_are_what_the_tables_say(monkeypatch):
    economy = an_economy(0)
    present, _ = watched(economy, 1, monkeypatch)
    clients, pools = economy.tables["clients"], economy.tables["pools"]
    assert present[1]["share"].tolist() == clients["share"].tolist()
    assert present[1]["supply"].tolist() == pools["supply"].tolist()
    assert present[1]["fundamental_value"].tolist() == pools["fundamental_value"].tolist()


def test_a_dividend_per_token_is_what_a_holder_is_paid(monkeypatch):
    economy = an_economy(0, investors=[{"count": 1}])
    account = economy.register.investor_accounts[0]
    owned = economy.ledger.balances[account, economy.register.token_assets].copy()
    views, received, exchange = [], [], trading.exchange
    decide = trading.decide

    def watching(world, reward):
        received.append(reward.dividends[account])
        return exchange(world, reward)

    def deciding(world, view, own):
        views.append(view)
        return decide(world, view, own)

    monkeypatch.setattr(trading, "exchange", watching)
    monkeypatch.setattr(trading, "decide", deciding)
    economy.step()
    assert received[0] == pytest.approx(owned @ views[0].dividend, rel=1e-12)
    assert received[0] > 0


def test_without_delay_nothing_is_kept_back():
    assert an_economy(0).world.memory.news == {}


def test_an_insider_without_delay_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("investors:\n  - {strategy: {kind: insider}}\n", encoding="utf-8")
    with pytest.raises(
        ScenarioError, match=r"mine.yaml:2:16: .*set market.information_delay"
    ) as error:
        Scenario.load(path)
    assert "\n" not in str(error.value).strip()
    assert Scenario.load(path, {"market.information_delay": 1}).market.information_delay == 1


@pytest.fixture(scope="module")
def profits():
    """Profit of five insiders and of five others, all alike but for what they know, by seed."""
    result = []
    for seed in range(1, 9):
        groups = [group | {"wealth": {"sigma": 0}, "activity": 1.0} for group in (INSIDERS, PUBLIC)]
        economy = an_economy(5, seed, investors=groups)
        accounts = economy.register.investor_accounts
        before = economy.wealth[accounts]
        for _ in range(25):
            economy.step()
        result.append((economy.wealth[accounts] - before).reshape(2, 5).sum(axis=1))
    return np.array(result)


def test_insiders_profit_from_what_they_know(profits, record_property):
    ahead = profits[:, 0] - profits[:, 1]
    record_property("insiders' lead over the public in % of wealth, by seed", (ahead / 5).tolist())
    assert (ahead > 0).all()


def test_clients_see_what_they_were_issued_at_once_and_in_one_pass_only(monkeypatch):
    market = {"information_delay": 2, "passes": 3}
    economy = Economy(Scenario.model_validate(QUICK | {"market": market}))
    seen, decide = [], trading.decide

    def watching(world, view, own):
        seen.append(own.issued.sum())
        return decide(world, view, own)

    monkeypatch.setattr(trading, "decide", watching)
    for _ in range(4):
        economy.step()
    assert [issued > 0 for issued in seen] == [True, False, False] * 4
