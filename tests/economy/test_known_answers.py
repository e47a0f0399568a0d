"""One period of every mechanism, payout and launch, with its arithmetic from docs/model.md.

There are two clients with shares 3/4 and 1/4. Training costs them 7 and 3 of the 50 numeraire that
each brings along. Revenue is 100, for a single use or half of it for each of two: all in all 75 and
25 for the two tokens, or 100 for a shared one. 30 and 10 tokens are issued, none later, so that a
token that brings C a period for an earning supply S is worth C / (.01 S). The fee is 1%: of 75, 25
and 100 the parts 74.25, 24.75 and 99 swap. The investor has 120 numeraire and wants tokens for 40;
everybody else holds.

| genesis | `seeded_pool` | `lbp` | `bonding_curve` |
|---|---|---|---|
| price | 1 | 24: 400 tokens at .96 for 400 at .04 | 1 |
| minted for each client | 1000 | 1000 | 1000, and the investor's |
| the client keeps | 880, sold for 120 | 600 | 1000 |
| the investor buys of each | 20 for 20 | 0 | 1000 ((1 + 20/500)^.5 - 1) for 20 |
| in each pool or reserve | 100 and 100, the provider's | 400 and 400, the treasury's | 500 + 20 |

In period 1 the weights of `lbp` are .96 - .46/20 = .937 and .063. A shared token has one pool, or
curve, of twice the size, and clients hold of it what they would hold of their own.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest

from simulator.economy.register import CLEARING_ACCOUNT, TREASURY
from simulator.ledger import NUMERAIRE
from tests.economy.by_hand import by_hand

CLIENT, SHARED = "client_tokens", "shared_token"
SEEDED, LBP, BONDING = "seeded_pool", "lbp", "bonding_curve"
FALLING = {"kind": "weighted", "weight": 0.96, "last_weight": 0.5, "periods": 20}
MARKETS: dict[str, dict[str, Any]] = {
    SEEDED: {},
    LBP: {"launch": {"kind": LBP, "price": 24}, "curve": FALLING},
    BONDING: {"launch": {"kind": BONDING}, "curve": {"kind": BONDING, "reserve_ratio": 0.5}},
}
PAYOUTS: dict[str, dict[str, Any]] = {
    "dividend": {"dividend": 1},
    "dividend, pools earn nothing": {"dividend": 1, "pools_earn": False},
    "buyback burned": {"buyback": 1},
    "buyback to_client": {"buyback": 1, "buybacks": {"then": "to_client"}},
    "dividend, then buyback to_client": {
        "dividend": 0.5,
        "buyback": 0.5,
        "buybacks": {"then": "to_client"},
    },
    "direct": {"direct": 1},
    "liquidity": {"liquidity": 1},
    "treasury": {"treasury": 1},
}
Flows = dict[tuple[str, str, str, str], float]
"""Amounts by flow, asset ("token" and "lp" for all of them), payer and payee."""


def paid(flow: str, **amounts: float) -> Flows:
    """Numeraire out of clearing by payee."""
    return {(flow, "numeraire", "clearing", payee): amount for payee, amount in amounts.items()}


def bought(tokens: float, payer: str = "pool", money: float = 100) -> Flows:
    """The treasury spends money, of which 1% is the fee; what a curve mints is outside's."""
    return {
        **paid("buyback", treasury=money),
        ("swap", "numeraire", "treasury", "pool"): money * 99 / 100,
        ("fee", "numeraire", "treasury", "pool"): money * 1 / 100,
        ("swap", "token", payer, "treasury"): tokens,
    }


def burned(tokens: float, payer: str = "pool") -> Flows:
    return bought(tokens, payer) | {("burn", "token", "treasury", "outside"): tokens}


def handed_on(tokens: float, payer: str = "pool", money: float = 100) -> Flows:
    return bought(tokens, payer, money) | {("buyback", "token", "treasury", "client"): tokens}


FILLED: Flows = {
    **paid("liquidity", treasury=100),
    ("liquidity", "token", "outside", "treasury"): 100,
    ("deposit", "numeraire", "treasury", "pool"): 100,
    ("deposit", "token", "treasury", "pool"): 100,
    ("lp_mint", "lp", "outside", "treasury"): 100,
}
"""In all pools there are as many tokens as numeraire and LP shares."""


class Known(NamedTuple):
    """What there is after period 1: columns are `[clients]` or `[tokens]`."""

    clients: tuple[float, ...]  # numeraire
    tokens: tuple[float, ...]  # of the client's own, or of the shared one
    investor: float  # numeraire
    held: tuple[float, ...]  # the investor's tokens
    reserve_token: tuple[float, ...]
    reserve_numeraire: tuple[float, ...]
    supply: tuple[float, ...]
    price: tuple[float, ...]
    treasury: float = 0.0  # numeraire
    shares: tuple[float, ...] = (0.0, 0.0)  # the treasury's LP shares
    provider: float = 0.0  # numeraire
    value: tuple[float, ...] = (0.0, 0.0)
    flows: Flows | None = None


def seeded_client() -> dict[str, Known]:
    """Client tokens in seeded pools."""
    idle = Known(
        clients=(50 + 120 - 7, 50 + 120 - 3),
        tokens=(880 + 30, 880 + 10),
        investor=120 - 40,
        held=(20, 20),
        reserve_token=(100, 100),
        reserve_numeraire=(100, 100),
        supply=(1000 + 30, 1000 + 10),
        price=(100 / 100, 100 / 100),
    )
    b0, b1 = 100 * 74.25 / (100 + 74.25), 100 * 24.75 / (100 + 24.75)
    h0, h1 = 100 * 37.125 / (100 + 37.125), 100 * 12.375 / (100 + 12.375)
    return {
        "treasury": idle._replace(treasury=100, flows=paid("treasury", treasury=100)),
        "direct": idle._replace(
            clients=(163 + 75, 167 + 25),
            flows=paid("direct", client=100),
        ),
        "dividend": idle._replace(
            clients=(163 + 75 * 880 / 1000, 167 + 25 * 880 / 1000),
            provider=75 * 100 / 1000 + 25 * 100 / 1000,
            investor=80 + 75 * 20 / 1000 + 25 * 20 / 1000,
            value=(75 / (0.01 * 1030), 25 / (0.01 * 1010)),
            flows=paid("dividend", client=88, liquidity_provider=10, investor=2),
        ),
        "dividend, pools earn nothing": idle._replace(
            clients=(163 + 75 * 880 / 900, 167 + 25 * 880 / 900),
            investor=80 + 75 * 20 / 900 + 25 * 20 / 900,
            value=(75 / (0.01 * 930), 25 / (0.01 * 910)),
            flows=paid("dividend", client=100 * 880 / 900, investor=100 * 20 / 900),
        ),
        "buyback burned": idle._replace(
            reserve_token=(100 - b0, 100 - b1),
            reserve_numeraire=(100 + 75, 100 + 25),
            supply=(1000 + 30 - b0, 1000 + 10 - b1),
            price=(175 / (100 - b0), 125 / (100 - b1)),
            value=(75 / (0.01 * (1030 - b0)), 25 / (0.01 * (1010 - b1))),
            flows=burned(b0 + b1),
        ),
        "buyback to_client": idle._replace(
            tokens=(880 + 30 + b0, 880 + 10 + b1),
            reserve_token=(100 - b0, 100 - b1),
            reserve_numeraire=(100 + 75, 100 + 25),
            price=(175 / (100 - b0), 125 / (100 - b1)),
            flows=handed_on(b0 + b1),
        ),
        "dividend, then buyback to_client": idle._replace(
            clients=(163 + 37.5 * 880 / 1000, 167 + 12.5 * 880 / 1000),
            provider=37.5 * 100 / 1000 + 12.5 * 100 / 1000,
            investor=80 + 37.5 * 20 / 1000 + 12.5 * 20 / 1000,
            tokens=(880 + 30 + h0, 880 + 10 + h1),
            reserve_token=(100 - h0, 100 - h1),
            reserve_numeraire=(100 + 37.5, 100 + 12.5),
            price=(137.5 / (100 - h0), 112.5 / (100 - h1)),
            value=(37.5 / (0.01 * 1030), 12.5 / (0.01 * 1010)),
            flows=paid("dividend", client=44, liquidity_provider=5, investor=1)
            | handed_on(h0 + h1, money=50),
        ),
        "liquidity": idle._replace(
            reserve_token=(100 + 75, 100 + 25),
            reserve_numeraire=(100 + 75, 100 + 25),
            supply=(1000 + 30 + 75, 1000 + 10 + 25),
            price=(175 / 175, 125 / 125),
            shares=(100 * 75 / 100, 100 * 25 / 100),
            flows=FILLED,
        ),
    }


def seeded_shared() -> dict[str, Known]:
    """A shared token in a seeded pool."""
    idle = Known(
        clients=(50 + 120 - 7, 50 + 120 - 3),
        tokens=(880 + 30, 880 + 10),
        investor=120 - 40,
        held=(40,),
        reserve_token=(200,),
        reserve_numeraire=(200,),
        supply=(2000 + 40,),
        price=(200 / 200,),
        shares=(0,),
        value=(0,),
    )
    b = 200 * 99 / (200 + 99)
    h = 200 * 49.5 / (200 + 49.5)
    return {
        "treasury": idle._replace(treasury=100, flows=paid("treasury", treasury=100)),
        "direct": idle._replace(
            clients=(163 + 75, 167 + 25),
            flows=paid("direct", client=100),
        ),
        "dividend": idle._replace(
            clients=(163 + 100 * 880 / 2000, 167 + 100 * 880 / 2000),
            provider=100 * 200 / 2000,
            investor=80 + 100 * 40 / 2000,
            value=(100 / (0.01 * 2040),),
            flows=paid("dividend", client=88, liquidity_provider=10, investor=2),
        ),
        "dividend, pools earn nothing": idle._replace(
            clients=(163 + 100 * 880 / 1800, 167 + 100 * 880 / 1800),
            investor=80 + 100 * 40 / 1800,
            value=(100 / (0.01 * 1840),),
            flows=paid("dividend", client=100 * 1760 / 1800, investor=100 * 40 / 1800),
        ),
        "buyback burned": idle._replace(
            reserve_token=(200 - b,),
            reserve_numeraire=(200 + 100,),
            supply=(2000 + 40 - b,),
            price=(300 / (200 - b),),
            value=(100 / (0.01 * (2040 - b)),),
            flows=burned(b),
        ),
        "buyback to_client": idle._replace(
            tokens=(880 + 30 + 3 / 4 * b, 880 + 10 + 1 / 4 * b),
            reserve_token=(200 - b,),
            reserve_numeraire=(200 + 100,),
            price=(300 / (200 - b),),
            flows=handed_on(b),
        ),
        "dividend, then buyback to_client": idle._replace(
            clients=(163 + 50 * 880 / 2000, 167 + 50 * 880 / 2000),
            provider=50 * 200 / 2000,
            investor=80 + 50 * 40 / 2000,
            tokens=(880 + 30 + 3 / 4 * h, 880 + 10 + 1 / 4 * h),
            reserve_token=(200 - h,),
            reserve_numeraire=(200 + 50,),
            price=(250 / (200 - h),),
            value=(50 / (0.01 * 2040),),
            flows=paid("dividend", client=44, liquidity_provider=5, investor=1)
            | handed_on(h, money=50),
        ),
        "liquidity": idle._replace(
            reserve_token=(200 + 100,),
            reserve_numeraire=(200 + 100,),
            supply=(2000 + 40 + 100,),
            price=(300 / 300,),
            shares=(200 * 100 / 200,),
            flows=FILLED,
        ),
    }


def lbp_client() -> dict[str, Known]:
    """Client tokens in pools for liquidity bootstrapping.

    What is pooled is the treasury's, earns no dividend and does not count in the supply behind the
    value. The first deposit minted 400^.96 400^.04 = 400 LP shares.
    """
    idle = Known(
        clients=(50 - 7, 50 - 3),
        tokens=(600 + 30, 600 + 10),
        investor=120,
        held=(0, 0),
        reserve_token=(400, 400),
        reserve_numeraire=(400, 400),
        supply=(1000 + 30, 1000 + 10),
        price=((400 / 0.063) / (400 / 0.937), (400 / 0.063) / (400 / 0.937)),
        shares=(400, 400),
    )
    b0 = 400 * (1 - (400 / (400 + 74.25)) ** (0.063 / 0.937))
    b1 = 400 * (1 - (400 / (400 + 24.75)) ** (0.063 / 0.937))
    h0 = 400 * (1 - (400 / (400 + 37.125)) ** (0.063 / 0.937))
    h1 = 400 * (1 - (400 / (400 + 12.375)) ** (0.063 / 0.937))
    return {
        "treasury": idle._replace(treasury=100, flows=paid("treasury", treasury=100)),
        "direct": idle._replace(
            clients=(43 + 75, 47 + 25),
            flows=paid("direct", client=100),
        ),
        "dividend": idle._replace(
            clients=(43 + 75 * 600 / 600, 47 + 25 * 600 / 600),
            value=(75 / (0.01 * 630), 25 / (0.01 * 610)),
            flows=paid("dividend", client=100),
        ),
        "dividend, pools earn nothing": idle._replace(
            clients=(43 + 75 * 600 / 600, 47 + 25 * 600 / 600),
            value=(75 / (0.01 * 630), 25 / (0.01 * 610)),
            flows=paid("dividend", client=100),
        ),
        "buyback burned": idle._replace(
            reserve_token=(400 - b0, 400 - b1),
            reserve_numeraire=(400 + 75, 400 + 25),
            supply=(1000 + 30 - b0, 1000 + 10 - b1),
            price=((475 / 0.063) / ((400 - b0) / 0.937), (425 / 0.063) / ((400 - b1) / 0.937)),
            value=(75 / (0.01 * 630), 25 / (0.01 * 610)),
            flows=burned(b0 + b1),
        ),
        "buyback to_client": idle._replace(
            tokens=(600 + 30 + b0, 600 + 10 + b1),
            reserve_token=(400 - b0, 400 - b1),
            reserve_numeraire=(400 + 75, 400 + 25),
            price=((475 / 0.063) / ((400 - b0) / 0.937), (425 / 0.063) / ((400 - b1) / 0.937)),
            flows=handed_on(b0 + b1),
        ),
        "dividend, then buyback to_client": idle._replace(
            clients=(43 + 37.5 * 600 / 600, 47 + 12.5 * 600 / 600),
            tokens=(600 + 30 + h0, 600 + 10 + h1),
            reserve_token=(400 - h0, 400 - h1),
            reserve_numeraire=(400 + 37.5, 400 + 12.5),
            price=((437.5 / 0.063) / ((400 - h0) / 0.937), (412.5 / 0.063) / ((400 - h1) / 0.937)),
            value=(37.5 / (0.01 * (630 + h0)), 12.5 / (0.01 * (610 + h1))),
            flows=paid("dividend", client=50) | handed_on(h0 + h1, money=50),
        ),
        "liquidity": idle._replace(
            reserve_token=(400 + 75, 400 + 25),
            reserve_numeraire=(400 + 75, 400 + 25),
            supply=(1000 + 30 + 75, 1000 + 10 + 25),
            price=((475 / 0.063) / (475 / 0.937), (425 / 0.063) / (425 / 0.937)),
            shares=(400 + 400 * 75 / 400, 400 + 400 * 25 / 400),
            flows=FILLED,
        ),
    }


def lbp_shared() -> dict[str, Known]:
    """A shared token in a pool for liquidity bootstrapping."""
    idle = Known(
        clients=(50 - 7, 50 - 3),
        tokens=(600 + 30, 600 + 10),
        investor=120,
        held=(0,),
        reserve_token=(800,),
        reserve_numeraire=(800,),
        supply=(2000 + 40,),
        price=((800 / 0.063) / (800 / 0.937),),
        shares=(800,),
        value=(0,),
    )
    b = 800 * (1 - (800 / (800 + 99)) ** (0.063 / 0.937))
    h = 800 * (1 - (800 / (800 + 49.5)) ** (0.063 / 0.937))
    return {
        "treasury": idle._replace(treasury=100, flows=paid("treasury", treasury=100)),
        "direct": idle._replace(
            clients=(43 + 75, 47 + 25),
            flows=paid("direct", client=100),
        ),
        "dividend": idle._replace(
            clients=(43 + 100 * 600 / 1200, 47 + 100 * 600 / 1200),
            value=(100 / (0.01 * 1240),),
            flows=paid("dividend", client=100),
        ),
        "dividend, pools earn nothing": idle._replace(
            clients=(43 + 100 * 600 / 1200, 47 + 100 * 600 / 1200),
            value=(100 / (0.01 * 1240),),
            flows=paid("dividend", client=100),
        ),
        "buyback burned": idle._replace(
            reserve_token=(800 - b,),
            reserve_numeraire=(800 + 100,),
            supply=(2000 + 40 - b,),
            price=((900 / 0.063) / ((800 - b) / 0.937),),
            value=(100 / (0.01 * 1240),),
            flows=burned(b),
        ),
        "buyback to_client": idle._replace(
            tokens=(600 + 30 + 3 / 4 * b, 600 + 10 + 1 / 4 * b),
            reserve_token=(800 - b,),
            reserve_numeraire=(800 + 100,),
            price=((900 / 0.063) / ((800 - b) / 0.937),),
            flows=handed_on(b),
        ),
        "dividend, then buyback to_client": idle._replace(
            clients=(43 + 50 * 600 / 1200, 47 + 50 * 600 / 1200),
            tokens=(600 + 30 + 3 / 4 * h, 600 + 10 + 1 / 4 * h),
            reserve_token=(800 - h,),
            reserve_numeraire=(800 + 50,),
            price=((850 / 0.063) / ((800 - h) / 0.937),),
            value=(50 / (0.01 * (1240 + h)),),
            flows=paid("dividend", client=50) | handed_on(h, money=50),
        ),
        "liquidity": idle._replace(
            reserve_token=(800 + 100,),
            reserve_numeraire=(800 + 100,),
            supply=(2000 + 40 + 100,),
            price=((900 / 0.063) / (900 / 0.937),),
            shares=(800 + 800 * 100 / 800,),
            flows=FILLED,
        ),
    }


def bonding_client() -> dict[str, Known]:
    """Client tokens on bonding curves: s tokens backed by 500 + 20, at the price r / (s / 2).

    What is issued backs nothing. What is bought back is minted first, so that burning it leaves s
    as it was. A curve holds no tokens that could earn.
    """
    s = 1000 * (1 + 20 / 500) ** 0.5
    idle = Known(
        clients=(50 - 7, 50 - 3),
        tokens=(1000 + 30, 1000 + 10),
        investor=120 - 40,
        held=(s - 1000, s - 1000),
        reserve_token=(s + 30, s + 10),
        reserve_numeraire=(520, 520),
        supply=(s + 30, s + 10),
        price=(520 / ((s + 30) / 2), 520 / ((s + 10) / 2)),
    )
    b0, b1 = s * ((1 + 74.25 / 520) ** 0.5 - 1), s * ((1 + 24.75 / 520) ** 0.5 - 1)
    h0, h1 = s * ((1 + 37.125 / 520) ** 0.5 - 1), s * ((1 + 12.375 / 520) ** 0.5 - 1)
    dividend = idle._replace(
        clients=(43 + 75 * 1000 / s, 47 + 25 * 1000 / s),
        investor=80 + 75 * (s - 1000) / s + 25 * (s - 1000) / s,
        value=(75 / (0.01 * (s + 30)), 25 / (0.01 * (s + 10))),
        flows=paid("dividend", client=100 * 1000 / s, investor=100 * (s - 1000) / s),
    )
    return {
        "treasury": idle._replace(treasury=100, flows=paid("treasury", treasury=100)),
        "direct": idle._replace(
            clients=(43 + 75, 47 + 25),
            flows=paid("direct", client=100),
        ),
        "dividend": dividend,
        "dividend, pools earn nothing": dividend,
        "buyback burned": idle._replace(
            reserve_numeraire=(520 + 75, 520 + 25),
            price=(595 / ((s + 30) / 2), 545 / ((s + 10) / 2)),
            value=(75 / (0.01 * (s + 30)), 25 / (0.01 * (s + 10))),
            flows=burned(b0 + b1, payer="outside"),
        ),
        "buyback to_client": idle._replace(
            tokens=(1000 + 30 + b0, 1000 + 10 + b1),
            reserve_token=(s + 30 + b0, s + 10 + b1),
            reserve_numeraire=(520 + 75, 520 + 25),
            supply=(s + 30 + b0, s + 10 + b1),
            price=(595 / ((s + 30 + b0) / 2), 545 / ((s + 10 + b1) / 2)),
            flows=handed_on(b0 + b1, payer="outside"),
        ),
        "dividend, then buyback to_client": idle._replace(
            clients=(43 + 37.5 * 1000 / s, 47 + 12.5 * 1000 / s),
            investor=80 + 37.5 * (s - 1000) / s + 12.5 * (s - 1000) / s,
            tokens=(1000 + 30 + h0, 1000 + 10 + h1),
            reserve_token=(s + 30 + h0, s + 10 + h1),
            reserve_numeraire=(520 + 37.5, 520 + 12.5),
            supply=(s + 30 + h0, s + 10 + h1),
            price=(557.5 / ((s + 30 + h0) / 2), 532.5 / ((s + 10 + h1) / 2)),
            value=(37.5 / (0.01 * (s + 30 + h0)), 12.5 / (0.01 * (s + 10 + h1))),
            flows=paid("dividend", client=50 * 1000 / s, investor=50 * (s - 1000) / s)
            | handed_on(h0 + h1, payer="outside", money=50),
        ),
    }


def bonding_shared() -> dict[str, Known]:
    """A shared token on a bonding curve."""
    s = 2000 * (1 + 40 / 1000) ** 0.5
    idle = Known(
        clients=(50 - 7, 50 - 3),
        tokens=(1000 + 30, 1000 + 10),
        investor=120 - 40,
        held=(s - 2000,),
        reserve_token=(s + 40,),
        reserve_numeraire=(1040,),
        supply=(s + 40,),
        price=(1040 / ((s + 40) / 2),),
        shares=(0,),
        value=(0,),
    )
    b = s * ((1 + 99 / 1040) ** 0.5 - 1)
    h = s * ((1 + 49.5 / 1040) ** 0.5 - 1)
    dividend = idle._replace(
        clients=(43 + 100 * 1000 / s, 47 + 100 * 1000 / s),
        investor=80 + 100 * (s - 2000) / s,
        value=(100 / (0.01 * (s + 40)),),
        flows=paid("dividend", client=100 * 2000 / s, investor=100 * (s - 2000) / s),
    )
    return {
        "treasury": idle._replace(treasury=100, flows=paid("treasury", treasury=100)),
        "direct": idle._replace(
            clients=(43 + 75, 47 + 25),
            flows=paid("direct", client=100),
        ),
        "dividend": dividend,
        "dividend, pools earn nothing": dividend,
        "buyback burned": idle._replace(
            reserve_numeraire=(1040 + 100,),
            price=(1140 / ((s + 40) / 2),),
            value=(100 / (0.01 * (s + 40)),),
            flows=burned(b, payer="outside"),
        ),
        "buyback to_client": idle._replace(
            tokens=(1000 + 30 + 3 / 4 * b, 1000 + 10 + 1 / 4 * b),
            reserve_token=(s + 40 + b,),
            reserve_numeraire=(1040 + 100,),
            supply=(s + 40 + b,),
            price=(1140 / ((s + 40 + b) / 2),),
            flows=handed_on(b, payer="outside"),
        ),
        "dividend, then buyback to_client": idle._replace(
            clients=(43 + 50 * 1000 / s, 47 + 50 * 1000 / s),
            investor=80 + 50 * (s - 2000) / s,
            tokens=(1000 + 30 + 3 / 4 * h, 1000 + 10 + 1 / 4 * h),
            reserve_token=(s + 40 + h,),
            reserve_numeraire=(1040 + 50,),
            supply=(s + 40 + h,),
            price=(1090 / ((s + 40 + h) / 2),),
            value=(50 / (0.01 * (s + 40 + h)),),
            flows=paid("dividend", client=50 * 2000 / s, investor=50 * (s - 2000) / s)
            | handed_on(h, payer="outside", money=50),
        ),
    }


KNOWN = {
    (launch, mechanism, payout): known
    for launch, mechanism, table in (
        (SEEDED, CLIENT, seeded_client()),
        (SEEDED, SHARED, seeded_shared()),
        (LBP, CLIENT, lbp_client()),
        (LBP, SHARED, lbp_shared()),
        (BONDING, CLIENT, bonding_client()),
        (BONDING, SHARED, bonding_shared()),
    )
    for payout, known in table.items()
}


def begun(monkeypatch, launch, mechanism, payout):
    """The economy at genesis."""
    uses = {"dividend": 0, "buyback": 0, "direct": 0, "liquidity": 0, "treasury": 0}
    return by_hand(
        monkeypatch,
        uses | PAYOUTS[payout],
        mechanism,
        cash=50.0,
        market=MARKETS[launch],
        liquidity_providers=[{"deposit": 200}] if launch == SEEDED else [],
        tokens={"issuance": {"kind": "capped", "amount": 40, "cap": 40}},
    )


def flows_of(economy) -> Flows:
    """Table `flows`, all tokens together, without what rounding left for the treasury."""
    rows, kinds, result = economy.tables["flows"], economy.register.categories["payer"], Flows()
    columns = (rows[name] for name in ("flow", "asset", "payer", "payee", "amount"))
    for flow, asset, payer, payee, amount in zip(*columns, strict=True):
        name = economy.register.assets[asset].split("_")[0]
        if amount > 1e-12:
            key = flow, name, kinds[payer], kinds[payee]
            result[key] = result.get(key, 0.0) + amount
    return result


def to_the_last_unit(expected):
    return pytest.approx(expected, rel=1e-13, abs=1e-12)


@pytest.mark.parametrize(("launch", "mechanism", "payout"), KNOWN)
def test_one_period(monkeypatch, launch, mechanism, payout):
    known = KNOWN[launch, mechanism, payout]
    economy = begun(monkeypatch, launch, mechanism, payout)
    economy.step()
    register, balances = economy.register, economy.ledger.balances
    clients, pools = register.client_accounts, economy.tables["pools"]
    (investor,), provider = register.investor_accounts, register.provider_accounts
    result = Known(
        clients=balances[clients, NUMERAIRE],
        tokens=balances[clients, 1 + register.token_of],
        investor=balances[investor, NUMERAIRE],
        held=balances[investor, register.token_assets],
        reserve_token=pools["reserve_token"],
        reserve_numeraire=pools["reserve_numeraire"],
        supply=pools["supply"],
        price=pools["spot_price"],
        treasury=balances[TREASURY, NUMERAIRE],
        shares=balances[TREASURY, register.share_assets],
        provider=balances[provider, NUMERAIRE].sum(),
        value=pools["fundamental_value"],
        flows=flows_of(economy),
    )
    always = {
        ("training_cost", "numeraire", "client", "outside"): 10,
        ("revenue", "numeraire", "outside", "clearing"): 100,
        ("issuance", "token", "outside", "client"): 40,
    }
    for name, expected in known._replace(flows=always | (known.flows or {}))._asdict().items():
        assert getattr(result, name) == to_the_last_unit(expected), name
    assert (
        not balances[CLEARING_ACCOUNT].any() and not balances[TREASURY, register.token_assets].any()
    )
    uses = [amount for key, amount in result.flows.items() if key[1:3] == ("numeraire", "clearing")]
    assert sum(uses) == to_the_last_unit(100)


def test_every_combination_is_in_the_table():
    possible = {(a, b, c) for a in MARKETS for b in (CLIENT, SHARED) for c in PAYOUTS}
    refused = {(BONDING, CLIENT, "liquidity"), (BONDING, SHARED, "liquidity")}
    assert set(KNOWN) == possible - refused and len(KNOWN) == 46


@pytest.mark.parametrize("mechanism", [CLIENT, SHARED, "cash"])
def test_a_bonding_curve_takes_no_liquidity(monkeypatch, mechanism):
    with pytest.raises(
        ValueError, match=r"payout\.liquidity needs .* which bonding_curve pools do not"
    ):
        begun(monkeypatch, BONDING, mechanism, "liquidity")


@pytest.mark.parametrize(("launch", "payout"), sorted({(a, c) for a, _, c in KNOWN}))
def test_one_period_of_cash(monkeypatch, launch, payout):
    """Whatever holders would be paid is the clients', 75 and 25; nothing is launched.

    The provider keeps its deposit of 200 and as much for tokens, the investor its 120.
    """
    economy = begun(monkeypatch, launch, "cash", payout)
    economy.step()
    register, balances = economy.register, economy.ledger.balances
    to_clients = payout != "treasury"
    money = (50 - 7 + 75, 50 - 3 + 25) if to_clients else (50 - 7, 50 - 3)
    use = ("direct", "client") if to_clients else ("treasury", "treasury")
    assert balances[register.client_accounts, NUMERAIRE] == to_the_last_unit(money)
    assert balances[TREASURY, NUMERAIRE] == to_the_last_unit(0 if to_clients else 100)
    assert balances[register.investor_accounts, NUMERAIRE] == to_the_last_unit([120])
    assert balances[register.provider_accounts, NUMERAIRE].sum() == (launch == SEEDED) * 400
    assert not balances[CLEARING_ACCOUNT].any() and economy.ledger.assets == ("numeraire",)
    assert flows_of(economy) == to_the_last_unit(
        {
            ("training_cost", "numeraire", "client", "outside"): 10,
            ("revenue", "numeraire", "outside", "clearing"): 100,
            (use[0], "numeraire", "clearing", use[1]): 100,
        }
    )
    assert np.size(economy.tables["pools"]["supply"]) == 0
    assert not economy.tables["clients"]["issued"].any() and economy.history[-1]["issued"] == 0
