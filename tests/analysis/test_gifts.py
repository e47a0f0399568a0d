"""What agents are given in a run is no gain of theirs."""

import pytest

from simulator import Scenario
from simulator.analysis import growth_by_kind, lp_returns, outside_money_results, summarise
from tests.analysis.by_hand import Ran


def test_what_a_provider_is_given_is_no_gain_of_its_own(ran: Ran) -> None:
    """500 numeraire and as much in tokens from an event: the base of its growth."""
    event = {"kind": "liquidity", "period": 2, "amount": 500.0}
    small = {"periods": 4, "federation": {"task": {"kind": "wine"}}, "clients": [{"count": 3}]}
    settings = small | {"events": [event], "liquidity_providers": [{"deposit": 300}]}
    run = ran(Scenario.model_validate(settings))
    rows = run.positions.query("period == 2")
    tokens = (rows["moved_tokens"].to_numpy() * run.pools.query("period == 2")["spot_price"]).sum()
    wealth = run.agents.query("kind == 'liquidity_provider'").set_index("period")["wealth"]
    expected = 100 * (wealth[4] / (600 + 500 + tokens) - 1)
    assert growth_by_kind(run)["liquidity_provider"] == pytest.approx(expected)
    summary = summarise(run)["liquidity_providers"]
    assert summary["return_percent"] == pytest.approx(expected)


def test_what_a_provider_puts_in_later_is_no_dividend(ran: Ran) -> None:
    """Deposits that waited for launches in periods 2 and 9, too late, and money from an event."""
    events = [{"kind": "liquidity", "period": 3, "amount": 90.0, "provider": 1}]
    clients = [{"count": 2}, {"joins": 2}, {"joins": 9}]
    settings = {"periods": 5, "federation": {"task": {"kind": "wine"}}, "clients": clients}
    settings |= {"events": events, "liquidity_providers": [{"deposit": 300}, {"deposit": 100}]}
    run = ran(Scenario.model_validate(settings))
    flows = run.flows.query("flow == 'dividend' and payee == 'liquidity_provider'")
    rows = run.agents.query("kind == 'liquidity_provider'").pivot(
        index="period", columns="agent", values="numeraire"
    )
    table = lp_returns(run)
    assert table["dividends"].sum() == pytest.approx(flows["amount"].sum())
    received = (rows.iloc[-1] - rows.iloc[0])[table.index.tolist()]  # nothing else stays with them
    assert table["dividends"].tolist() == pytest.approx(received.tolist())


def test_what_third_parties_are_given_is_no_gain_of_theirs(ran: Ran) -> None:
    """Alone with a client, whose token nobody trades or pays for, all they gain is the gift."""
    settings = {
        "periods": 3,
        "federation": {"task": {"kind": "wine"}},
        "clients": [{"policy": {"kind": "hold"}, "cash": 50}],
        "tokens": {"payout": {"dividend": 0, "buyback": 0, "direct": 1, "treasury": 0}},
        "liquidity_providers": [{"deposit": 100}],
        "investors": [],
        "events": [{"kind": "liquidity", "period": 2, "amount": 40.0}],
    }
    run = ran(Scenario.model_validate(settings))
    assert outside_money_results(run)["third_parties"] == pytest.approx(0, abs=1e-9)


# NEEDIMPORT
