"""Mechanisms: one period of each by hand, and what does not depend on how clients are paid."""

import numpy as np
import pytest

from simulator.economy import Economy
from simulator.economy.register import CLEARING_ACCOUNT, TREASURY
from simulator.ledger import NUMERAIRE
from simulator.scenario import Scenario, doubts
from tests.economy.by_hand import USES, by_hand, exactly

KINDS = ("client_tokens", "shared_token", "cash")


def owned(economy, asset):
    """What clients, the provider and the investor own of an asset."""
    register, balances = economy.register, economy.ledger.balances
    groups = register.client_accounts, register.provider_accounts, register.investor_accounts
    return [*(float(balances[number, asset]) for each in groups for number in each)]


def test_a_shared_token_by_hand(monkeypatch):
    """All of it in one pool of 200 and 200, and every token is paid the same.

    | period 1 | client 0 | 1 | how |
    |---|---|---|---|
    | tokens | 880 | 880 | of 2 x 1000: 200 in the pool, 40 the investor's |
    | training cost | 7 | 3 | |
    | dividend | 22 | 22 | 50 over 2000 tokens: .025 each |
    | ... to the provider, the investor | 5 | 1 | for 200 and 40 tokens |
    | direct | 15 | 5 | .2 x 100 x share |
    | buyback | 200 x 19.8/219.8 burned | | 20 into the pool, fee 1% |
    | treasury | 10 | | .1 x 100 |
    | issued | 30 | 10 | 40 x share |

    Value: .7 x 100 a period for the supply and all of the emission to come, 40 x 2^(-k/20).
    """
    economy = by_hand(monkeypatch, mechanism="shared_token")
    assert economy.register.tokens == ("token",)
    assert owned(economy, 1) == [880, 880, 0, 40]
    assert owned(economy, NUMERAIRE) == [120, 120, 0, 80]

    economy.step()

    row, pools, bought = economy.tables["clients"], economy.tables["pools"], 200 * 19.8 / 219.8
    assert row["dividends_paid"] == exactly(37.5, 12.5)
    assert row["dividends"] == exactly(22.0, 22.0)
    assert row["direct"] == exactly(15.0, 5.0)
    assert row["issued"] == exactly(30.0, 10.0)
    assert row["tokens"] == exactly(910.0, 890.0)
    assert owned(economy, NUMERAIRE) == exactly(120 - 7 + 22 + 15, 120 - 3 + 22 + 5, 5.0, 81.0)
    assert economy.ledger.balances[TREASURY, NUMERAIRE] == pytest.approx(10.0)
    assert economy.ledger.balances[CLEARING_ACCOUNT, NUMERAIRE] == 0
    assert pools["reserve_token"] == exactly(200 - bought)
    assert pools["reserve_numeraire"] == exactly(220.0)
    assert pools["supply"] == exactly(2040 - bought)
    ahead = pools["supply"][0] + np.cumsum(40 * 2.0 ** (-np.arange(1, 301) / 20))
    discounted = 1.01 ** -np.arange(1.0, 301.0)
    value = (70 / ahead * discounted).sum() + 70 / ahead[-1] * discounted[-1] / 0.01
    assert pools["fundamental_value"] == pytest.approx([value], rel=1e-12)


def test_bought_shared_tokens_go_to_clients_by_their_shares(monkeypatch):
    """40 buy 200 x 39.6/239.6 tokens: three quarters for client 0, a quarter for client 1."""
    uses = {"dividend": 0.0, "buyback": 0.4, "direct": 0.6, "treasury": 0.0}
    economy = by_hand(
        monkeypatch, uses | {"buybacks": {"then": "to_client"}}, "shared_token", cash=50.0
    )
    economy.step()
    bought = 200 * 39.6 / 239.6
    tokens = 880 + 30 + 0.75 * bought, 880 + 10 + 0.25 * bought
    assert economy.tables["clients"]["tokens"] == exactly(*tokens)
    assert owned(economy, NUMERAIRE)[:2] == exactly(120 + 50 - 7 + 45, 120 + 50 - 3 + 15)
    assert economy.tables["pools"]["supply"] == exactly(2040.0)


def test_cash_by_hand(monkeypatch):
    """What holders would be paid goes to the clients: .9 x 100 x 3/4 = 67.5 and 22.5."""
    economy = by_hand(monkeypatch, mechanism="cash", cash=50.0)
    assert owned(economy, NUMERAIRE) == [50, 50, 400, 120]  # deposit and as much for tokens
    economy.step()
    row = economy.tables["clients"]
    assert row["direct"] == exactly(67.5, 22.5)
    assert owned(economy, NUMERAIRE) == exactly(50 - 7 + 67.5, 50 - 3 + 22.5, 400.0, 120.0)
    assert economy.ledger.balances[TREASURY, NUMERAIRE] == pytest.approx(10.0)
    assert economy.ledger.assets == ("numeraire",)
    flows = set(economy.tables["flows"]["flow"])
    assert flows == {"training_cost", "revenue", "direct", "treasury"}
    assert [len(economy.tables[name]["token"]) for name in ("pools", "positions", "fills")] == [
        0
    ] * 3
    assert not row["issued"].any() and not row["tokens"].any()


@pytest.mark.parametrize("unearned", ["treasury", "carry"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_nobody_earns_is_the_treasurys(monkeypatch, kind, unearned):
    economy = by_hand(monkeypatch, USES | {"unearned": unearned}, kind, cash=50.0)
    federation = type(economy.settings.federation)
    monkeypatch.setattr(federation, "assess", lambda *_: (np.array([-0.3, 0.0]), {}))
    economy.step()
    assert economy.ledger.balances[TREASURY, NUMERAIRE] == pytest.approx(100.0)
    assert economy.tables["clients"]["direct"].tolist() == [0, 0]


def test_an_unearned_emission_is_as_large_for_the_treasury_whoever_has_tokens(monkeypatch):
    issuance = {"first": 40, "unearned": "treasury"}
    held = []
    for kind in KINDS:
        economy = by_hand(monkeypatch, {}, kind, cash=50.0)
        tokens = economy.settings.tokens.model_dump() | {"issuance": issuance}
        economy = by_hand(monkeypatch, {}, kind, cash=50.0, tokens=tokens)
        federation = type(economy.settings.federation)
        monkeypatch.setattr(federation, "assess", lambda *_: (np.array([0.0, 0.0]), {}))
        economy.step()
        held.append(economy.ledger.balances[TREASURY, economy.register.token_assets].tolist())
        assert economy.history[-1]["issued"] == pytest.approx(sum(held[-1]))
    assert held == [[20, 20], [40], []]


SIX = {
    "clients": [
        {"count": 3, "cash": 60},
        {"behaviour": {"kind": "free_rider"}, "cash": 60},
        {"behaviour": {"kind": "label_flip"}, "cash": 60},
    ],
    "liquidity_providers": [{"count": 2, "deposit": 300}],
    "investors": [{"count": 6}, {"count": 4, "strategy": {"kind": "noise"}}],
}


JOINING = {
    "federation": {"partition": {"kind": "iid"}},
    "clients": [{"count": 3, "cash": 80}, {"count": 2, "joins": 4, "cash": 80}],
    "liquidity_providers": [{"deposit": 400}],
    "investors": [{"count": 4, "wealth": {"mean": 600, "sigma": 0}, "activity": 0}],
}


@pytest.mark.parametrize("settings", [SIX, JOINING], ids=["six", "joining"])
def test_the_federation_is_the_same_whatever_clients_are_paid_with(settings):
    economies = [
        Economy(Scenario.model_validate(settings | {"tokens": {"mechanism": {"kind": kind}}}))
        for kind in KINDS
    ]
    for _ in range(12):
        for economy in economies:
            assert economy.world.engagement is None  # nobody decides by money
            economy.step()
        for name in ("participated", "contribution", "credit", "share"):
            first, *others = (economy.tables["clients"][name].tobytes() for economy in economies)
            assert all(other == first for other in others), name
        for name in ("accuracy", "loss", "utility", "revenue"):
            assert len({economy.history[-1][name] for economy in economies}) == 1, name


def test_who_is_paid_in_cash_only_needs_some_to_begin_with():
    warnings_by_case = {
        (kind, cash): [
            line
            for line in doubts(
                Scenario.model_validate(
                    SIX
                    | {
                        "tokens": {"mechanism": {"kind": kind}},
                        "clients": [{"count": 3, "cash": cash}],
                    }
                )
            )
            if "clients.0.cash" in line
        ]
        for kind in KINDS
        for cash in (0, 60)
    }
    assert [key for key, lines in warnings_by_case.items() if lines] == [("cash", 0)]
