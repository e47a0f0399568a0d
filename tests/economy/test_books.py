"""The books of any scenario: what is conserved, and what every period adds up to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.agents.engagement import EFFORTS, OFFERINGS, PARTICIPATIONS
from simulator.agents.strategies import LIQUIDITY_STRATEGIES, RangeKeeper
from simulator.economy import Economy
from simulator.economy.register import CLEARING_ACCOUNT
from simulator.economy.rewarding import earning_supply, earning_tokens
from simulator.ledger import NUMERAIRE, OUTSIDE
from simulator.market import CURVES, LAUNCHES
from simulator.scenario import Scenario
from simulator.tokens import ALLOCATIONS, ISSUANCES, MECHANISMS, REVENUES, VESTINGS
from tests.laws import law

PERIODS = 5
SERIES = 30.0, 0.0, 200.0  # revenue from a file, whose last value stays
UNEARNED = st.sampled_from(["carry", "treasury", "burn"])
AMOUNTS = st.sampled_from([0.0, 1e-3, 40.0]) | st.floats(1e-3, 5000)


def any_of(family, **parameters):
    """A component of any kind in the family, with those of the parameters that it has."""
    return st.one_of(
        st.fixed_dictionaries(
            {"kind": st.just(kind.model_fields["kind"].default)}
            | {name: of for name, of in parameters.items() if name in kind.model_fields}
        )
        for kind in family
    )


CLIENTS = st.fixed_dictionaries(
    {
        "count": st.integers(1, 2),
        "cash": st.sampled_from([0.0, 9.0, 200.0]),
        "training_cost": st.sampled_from([0.0, 0.01, 0.3]),
        "availability": st.sampled_from([1.0, 0.4]),
        "behaviour": st.sampled_from(
            [{"kind": "honest"}, {"kind": "free_rider"}, {"kind": "gaussian_noise", "factor": 5}]
        ),
        "participation": any_of(PARTICIPATIONS, patience=st.integers(1, 3)),
        "effort": any_of(EFFORTS, every=st.integers(1, 2)),
        "locked": st.fixed_dictionaries(
            {"fraction": st.sampled_from([0.0, 0.5, 0.9]), "price": st.floats(0.01, 2)}
        ),
        "offering": any_of(OFFERINGS, dilution=st.floats(0.01, 1), discount=st.floats(0, 0.9)),
    }
)
EVENTS = st.lists(
    st.sampled_from(
        [
            {"period": 2, "clients": [0], "behaviour": {"kind": "label_flip"}},
            {"kind": "liquidity", "period": 3, "amount": 50.0},
            {"kind": "clearing", "period": 3, "clearing": {"kind": "fifo"}},
        ]
    ),
    max_size=2,
)
TOKENS = st.fixed_dictionaries(
    {
        "revenue": any_of(
            REVENUES,
            maximum=st.just(200.0),
            value=st.just(0.0) | st.floats(1e-3, 1e6),
            floor=st.sampled_from([0.0, 0.5]),
            exponent=st.sampled_from([1.0, 2.5]),
            file=st.just("the series"),
        ),
        "credit": st.sampled_from([{"memory": 0.9}, {"memory": 0.0}]),
        "allocation": any_of(ALLOCATIONS),
        "issuance": any_of(
            ISSUANCES,
            first=AMOUNTS,
            half_life=st.floats(0.5, 50),
            amount=AMOUNTS,
            cap=st.floats(0, 9000),
            by=st.sampled_from(["share", "equal"]),
            unearned=UNEARNED,
        ),
        "vesting": any_of(VESTINGS, periods=st.integers(1, 4)),
    }
)
FALLING = {"kind": "weighted", "weight": 0.9, "last_weight": 0.4, "periods": PERIODS}
SEEDED = [curve().kind for curve in CURVES if not curve.mints]
MARKETS = [
    *({"launch": {"kind": "seeded_pool"}, "curve": {"kind": kind}} for kind in SEEDED),
    {"launch": {"kind": "lbp"}, "curve": FALLING},
    {"launch": {"kind": "bonding_curve"}, "curve": {"kind": "bonding_curve"}},
]


@st.composite
def payouts(draw, liquid):
    """Fractions of revenue, that for liquidity 0 unless `liquid`, and the other terms."""
    fractions = draw(st.lists(st.just(0.0) | st.floats(0.01, 1), min_size=4, max_size=4))
    fractions[-1] *= liquid
    names = ("dividend", "buyback", "direct", "liquidity")
    whole = sum(fractions) / draw(st.sampled_from([1.0, 0.7])) or 1.0
    uses = {name: part / whole for name, part in zip(names, fractions, strict=True)}
    return uses | {
        "treasury": max(1 - sum(uses.values()), 0.0),
        "unearned": draw(UNEARNED),
        "pools_earn": draw(st.booleans()),
        "buybacks": {"then": draw(st.sampled_from(["burn", "to_client"]))},
    }


@st.composite
def scenarios(draw, mechanism, market):
    """A scenario of any kind of clients, providers and rewards."""
    curve, seeded = market["curve"]["kind"], market["launch"]["kind"] == "seeded_pool"
    liquid = next(kind for kind in CURVES if kind().kind == curve).full_range
    strategies = [
        k for k in LIQUIDITY_STRATEGIES if curve == "concentrated" or k is not RangeKeeper
    ]
    provider = {"deposit": st.just(100), "strategy": any_of(strategies)}
    providers = draw(st.lists(st.fixed_dictionaries(provider), max_size=2)) if seeded else []
    clients = draw(st.lists(CLIENTS, min_size=1, max_size=2))
    if len(clients) > 1 and "last_weight" not in market["curve"]:
        clients[1]["joins"] = draw(st.sampled_from([1, 3]))
    events = draw(EVENTS)
    if not (providers and liquid):
        events = [event for event in events if event.get("kind") != "liquidity"]
    return {
        "events": events,
        "seed": draw(st.integers(0, 2**32)),
        "federation": {
            "task": {"kind": "wine"},
            "contribution": {"kind": "leave_one_out"},
            "participation": draw(st.sampled_from([1.0, 0.6])),
        },
        "clients": clients,
        "liquidity_providers": providers,
        "investors": [{"count": 6, "tolerance": 0.5}, {"count": 4, "strategy": {"kind": "noise"}}],
        "tokens": draw(TOKENS) | {"mechanism": mechanism, "payout": draw(payouts(liquid))},
        "market": market | {"fee": draw(st.floats(0, 0.5))},
    }


def flows_of(economy):
    """Flows of the period by name, asset number, and kinds of payer and payee."""
    rows, kinds, result = economy.tables["flows"], economy.register.categories["payer"], {}
    columns = (rows[name] for name in ("flow", "asset", "payer", "payee", "amount"))
    for flow, asset, payer, payee, amount in zip(*columns, strict=True):
        result[flow, int(asset), kinds[payer], kinds[payee]] = float(amount)
    return result


def summed(flows, asset, flow=None, payer=None, payee=None):
    """What of an asset went by that name, from accounts of a kind and to such of a kind."""
    wanted = flow, asset, payer, payee
    return sum(
        amount
        for key, amount in flows.items()
        if all(want is None or want == is_ for want, is_ in zip(wanted, key, strict=True))
    )


def revenue_of(rule, period, quality):
    """What customers pay; None where that is drawn."""
    if rule["kind"] == "constant":
        return rule["value"]
    if rule["kind"] == "csv":
        return SERIES[min(period, len(SERIES)) - 1]
    if rule["kind"] == "stochastic":
        return None
    excess = max(0.0, (quality.accuracy - rule["floor"]) / (1 - rule["floor"]))
    return rule["maximum"] * excess ** rule["exponent"]


class Schedule:
    """What is to be issued, reckoned anew from the settings."""

    def __init__(self, rule, utility):
        self.rule, self.carried, self.minted, self.best = rule, 0.0, 0.0, utility

    def due(self, period, utility):
        """Scheduled for a period, with what was carried over to it."""
        rule, gain = self.rule, max(utility - self.best, 0.0)
        self.best = max(self.best, utility)
        scheduled = {
            "halving": lambda: rule["first"] * 2 ** ((1 - period) / rule["half_life"]),
            "constant": lambda: rule["amount"],
            "capped": lambda: min(
                rule["amount"], max(rule["cap"] - self.minted - self.carried, 0.0)
            ),
            "per_improvement": lambda: rule["amount"] * gain,
        }[rule["kind"]]()
        return scheduled + self.carried

    def issued(self, period, utility, shares, joined):
        """Tokens for each client, and for the treasury in its stead, of a period with `shares`."""
        due, unearned, earned = self.due(period, utility), self.rule["unearned"], shares.any()
        equal = joined / joined.sum()
        parts = shares if self.rule["by"] == "share" else equal
        self.carried = due if not earned and unearned == "carry" else 0.0
        self.minted += due if earned or unearned == "treasury" else 0.0
        return (
            (due * parts, 0 * equal)
            if earned
            else (0 * parts, due * equal * (unearned == "treasury"))
        )


def locked_of(rule, grants):
    """What is locked of the grants of past periods `[periods, tokens]`, the last of them now."""
    ages = np.arange(len(grants))[::-1]
    periods = rule.get("periods")
    left = {
        "none": lambda: 0.0 * ages,
        "cliff": lambda: 1.0 * (ages < periods),
        "linear": lambda: np.maximum(1 - ages / periods, 0.0),
    }[rule["kind"]]()
    return left @ np.array(grants)


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    file = tmp_path_factory.mktemp("series") / "revenue.csv"
    file.write_text("revenue\n" + "\n".join(map(str, SERIES)) + "\n")
    return str(file)


def nothing_is_lost(economy, before, flows):
    """Every asset sums to zero; what the outside gives and takes of it are flows with a name."""
    balances, register = economy.ledger.balances, economy.register
    assert (np.abs(balances.sum(axis=0)) <= 1e-11 * np.abs(balances).sum(axis=0)).all()
    assert (balances[1:] >= 0).all() and not balances[CLEARING_ACCOUNT].any()
    minting = {"swap", "fee"} if economy.settings.market.curve.mints else set()
    minted = {"issuance", "grant", "liquidity", "offering", "genesis"} | minting
    minted |= {"genesis_sale"} if economy.settings.market.curve.mints else set()
    burned = {"burn"} | minting
    for asset in range(len(register.assets)):
        given, taken = summed(flows, asset, payer="outside"), summed(flows, asset, payee="outside")
        change = before[OUTSIDE, asset] - balances[OUTSIDE, asset]
        near = 1e-11 * (np.abs(balances[:, asset]).sum() + given + taken)
        assert change == pytest.approx(given - taken, abs=near), register.assets[asset]
        if 0 < asset <= len(register.tokens):
            assert {
                flow for flow, of, payer, _ in flows if (of, payer) == (asset, "outside")
            } <= minted
            assert {
                flow for flow, of, _, payee in flows if (of, payee) == (asset, "outside")
            } <= burned


def revenue_leaves_by_its_uses(economy, rules, flows, waiting):
    """Revenue and what waited from before is paid out; returns what waits for the next period."""
    revenue, released = summed(flows, NUMERAIRE, "revenue"), summed(flows, NUMERAIRE, "released")
    expected = revenue_of(rules["revenue"], economy.period, economy.quality)
    assert economy.history[-1]["revenue"] == revenue
    assert expected is None or revenue == pytest.approx(expected, rel=1e-12)
    assert released == pytest.approx(waiting, rel=1e-9, abs=1e-9)
    arrived, near = revenue + released, {"rel": 1e-11, "abs": 1e-9}
    assert summed(flows, NUMERAIRE, payer="clearing") == pytest.approx(arrived, **near)
    payout = rules["payout"]
    unearned = 0.0 if economy.shares.any() else arrived - payout["treasury"] * revenue
    gone = unearned if payout["unearned"] == "burn" else 0.0
    assert summed(flows, NUMERAIRE, "burn") == pytest.approx(gone, **near)
    return unearned if payout["unearned"] == "carry" else 0.0


def emission_is_what_was_due(economy, vesting, grants, to_treasury, flows):
    """What is minted is the schedule's, less what nobody earned; vested and locked is granted."""
    ledger, register = economy.ledger, economy.register
    for number, token in enumerate(register.token_numbers.tolist()):
        near = {"rel": 1e-9, "abs": 1e-11 * np.abs(ledger.balances[:, token]).max()}
        treasury = summed(flows, token, "issuance", payee="treasury")
        granted = summed(flows, token, "issuance") + summed(flows, token, "grant") - treasury
        assert granted == pytest.approx(grants[-1][number], **near)
        assert treasury == pytest.approx(to_treasury[number], **near)
        locked = locked_of(vesting, grants)[number]
        held = ledger.balances[register.escrow_accounts, token].sum()
        assert held == pytest.approx(locked, **near)
        if vesting["kind"] != "none":
            vested, earlier = summed(flows, token, "vesting"), locked_of(vesting, grants[:-1])
            assert vested == pytest.approx(earlier[number] + granted - locked, **near)


@pytest.mark.parametrize("mechanism", [kind().kind for kind in MECHANISMS])
@pytest.mark.parametrize(
    "market", MARKETS, ids=lambda of: f"{of['launch']['kind']}-{of['curve']['kind']}"
)
@law(12)
@given(data=st.data())
def test_the_books_hold_whatever_the_settings(series, market, mechanism, data):
    scenario = data.draw(scenarios({"kind": mechanism}, market))
    rules = scenario["tokens"]
    rules["revenue"] |= {"file": series} if rules["revenue"]["kind"] == "csv" else {}
    economy = Economy(Scenario.model_validate(scenario))
    ledger, register = economy.ledger, economy.register
    schedule = Schedule(rules["issuance"], economy.quality.utility)
    pools_earn, waiting = rules["payout"]["pools_earn"], 0.0
    grants = [np.zeros(len(register.tokens))]
    for _ in range(PERIODS):
        before = ledger.balances.copy()
        economy.step()
        flows = flows_of(economy)
        nothing_is_lost(economy, before, flows)
        waiting = revenue_leaves_by_its_uses(economy, rules, flows, waiting)
        utility, shares = economy.quality.utility, economy.shares
        joined, pooled = (
            register.joined(economy.period),
            economy.settings.tokens.mechanism.sum_by_token,
        )
        issued, unearned = schedule.issued(economy.period, utility, shares, joined)
        grants.append(pooled(issued))
        to_treasury = pooled(unearned)
        emission_is_what_was_due(economy, rules["vesting"], grants, to_treasury, flows)
        if not register.tokens:
            assert {asset for _, asset, *_ in flows} <= {NUMERAIRE}
        in_pools = economy.positions.tokens if pools_earn else None
        earning = earning_tokens(ledger, register, in_pools).sum(axis=0)
        near = {"rel": 1e-9, "abs": 1e-9}
        assert earning_supply(ledger, register, pools_earn) == pytest.approx(earning, **near)
        wealth = economy.wealth[register.agent_accounts].sum()
        assert economy.tables["agents"]["wealth"].sum() == pytest.approx(wealth)


def test_the_markets_are_of_every_launch_and_curve():
    assert {market["launch"]["kind"] for market in MARKETS} == {kind().kind for kind in LAUNCHES}
    assert {market["curve"]["kind"] for market in MARKETS} == {kind().kind for kind in CURVES}
