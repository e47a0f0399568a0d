"""The Mesa model."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import mesa
import numpy as np
from threadpoolctl import ThreadpoolController, threadpool_limits

from simulator import heap
from simulator.agents.groups import Own, Traders
from simulator.components import Booleans, Floats, Integers, Memory
from simulator.economy import providing
from simulator.economy.arbitrage import bring_in, take_out
from simulator.economy.detail import Details
from simulator.economy.engaging import Engagement, engages
from simulator.economy.genesis import create_agents, endow, memories
from simulator.economy.launching import launch
from simulator.economy.offering import Offers, sell
from simulator.economy.publishing import announced, seen_by, unannounced
from simulator.economy.register import CLEARING, TREASURY, Register, each
from simulator.economy.rewarding import (
    Reward,
    buy_back,
    earning_tokens,
    empty_clearing,
    issue,
    pay_dividends,
)
from simulator.economy.rows import Row, table_rows
from simulator.economy.state import State
from simulator.economy.valuing import pay_of_a_share, value_tokens
from simulator.errors import LedgerError
from simulator.federation import Quality, Round
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import (
    Clearing,
    Concentrated,
    Curve,
    Fills,
    LiquidityOrders,
    MarketView,
    Orders,
    Pool,
    Pools,
    Positions,
    RangePool,
    settle,
)
from simulator.randomness import Streams
from simulator.scenario import Scenario
from simulator.tokens import Split

__all__ = ["Economy"]

Asked = TypeVar("Asked")

SECOND_WAVE, LAST_WAVE = 2, 3
LARGE = 100_000  # accounts


class Economy(mesa.Model):
    """Clients, tokens, pools and traders of one scenario, advanced by `step`.

    `tables` holds the rows of the current period as they are recorded, `history` the row of table
    `periods` for every period so far. Raises ScenarioError when a scenario asks for more examples
    than its data has.

    >>> from simulator import Economy, Scenario
    >>> economy = Economy(Scenario(periods=2))
    >>> economy.step()
    >>> economy.period, economy.history[-1]["revenue"] > 0
    (1, True)
    """

    pools: Pools
    """The pools with the terms of the current period."""
    own: Own
    """What clients know of themselves in the current trading pass."""
    offers: Offers
    """New tokens that clients sell in the current period."""
    round: Round | None
    """The last round; None before the first one, and where `restore` left it behind."""

    def __init__(self, settings: Scenario) -> None:
        super().__init__(rng=settings.seed)
        self.settings = settings
        self.register = Register(settings)
        if len(self.register.account_kinds) > LARGE:
            heap.keep()
        streams = Streams(settings.seed)
        with threadpool_limits(1):
            self.cohort = settings.federation.gather(settings.behaviours, streams, settings.owners)
            self._cost_rate: Floats = np.array(
                [group.training_cost for group in each(settings.clients)]
            )
            self.engagement = None
            if engages(settings.clients):
                rate = self._cost_rate * settings.federation.learner.epochs
                self.engagement = Engagement(settings.clients, self.cohort, rate, streams)
            self.state = State(Ledger(self.register.account_kinds, self.register.assets), streams)
            self.details = Details.draw(settings.record, self.register, streams["record"])
            self.round = None
            create_agents(self)
            self._begin()
        self._threads = ThreadpoolController()

    def restore(self, saved: dict[str, np.ndarray]) -> None:
        """Go to a state that `state.save()` returned for the same scenario; history starts anew."""
        self.state.restore(saved)
        for number, pool in enumerate(self.pools):
            if isinstance(pool, RangePool):
                pool.restore(self.memory[f"pool/{number}"])
        if self.engagement is not None:
            self.cohort = self.engagement.cohort(self.memory["engagement"])
        self.round = None
        self.history.clear()
        self.tables: dict[str, Row] = {}
        with self._threads.limit(limits=1):
            self.quality = self._evaluated()

    def step(self) -> None:
        """Advance one period: learn, assess, reward, decide, trade, record."""
        with self._threads.limit(limits=1):
            self.state.period += 1
            self._set_terms()
            self.welcome()
            self.intervene()
            self.engage()
            round_ = self.learn()
            self.assess(round_)
            reward = self.reward()
            traded = self.exchange(reward)
            self.record(reward, traded)

    def welcome(self) -> None:
        """Clients who join in this period bring their cash and launch their tokens."""
        new = self.register.joins == self.period
        if self.period > 1 and new.any():
            launch(self, new)

    def intervene(self) -> None:
        """What events change at the beginning of a period, besides behaviours and revenue."""
        settings, register = self.settings, self.register
        for event in settings.injections(self.period):
            account = int(register.provider_accounts[event.provider])
            self.memory["positions"] = providing.inject(
                self.ledger, register, self.pools, self.memory["positions"], account, event.amount
            )
        if self.clearing is not settings.clearing(self.period - 1):
            self._begin_clearing()

    def engage(self) -> None:
        """Clients buy examples, choose how many they use, and whether they mean to take part."""
        if self.engagement is None:
            return
        accounts = self.register.client_accounts
        self.memory["engagement"], paid = self.engagement.decide(
            self.memory["engagement"],
            self.period,
            self.ledger.balances[accounts, NUMERAIRE],
            self.shares,
        )
        self.ledger.transfer("data_purchase", NUMERAIRE, accounts, OUTSIDE, paid)
        self.cohort = self.engagement.cohort(self.memory["engagement"])

    def learn(self) -> Round:
        """Clients who are there, drawn and able to pay take part; the aggregator evaluates it."""
        federation, accounts = self.settings.federation, self.register.client_accounts
        cost = self._training_cost
        able = self._available() & (self.ledger.balances[accounts, NUMERAIRE] >= cost)
        takes_part = federation.invite(able, self.period, self.state.streams)
        self.ledger.transfer("training_cost", NUMERAIRE, accounts, OUTSIDE, cost * takes_part)
        round_, self.memory["model"] = federation.learn(
            self.memory["model"], self.cohort, takes_part, self.period, self.state.streams
        )
        self.quality, self.round = self._evaluated(), round_
        return round_

    def assess(self, round_: Round) -> None:
        """Contributions become credit, and credit becomes shares of this period's rewards."""
        tokens = self.settings.tokens
        contributions, self.memory["contribution"] = self.settings.federation.assess(
            self.memory["contribution"], round_, self.cohort, self.state.streams
        )
        credit, self.memory["credit"] = tokens.credit.update(self.memory["credit"], contributions)
        self.memory["assessment"] = {
            "participated": round_.participated,
            "contributions": contributions,
            "credit": credit,
            "shares": self.of_joined(tokens.allocation.shares, credit),
        }

    def reward(self) -> Reward:
        """Revenue arrives and leaves again by its uses; tokens are issued and valued anew."""
        tokens, register, revenue = self.settings.tokens, self.register, self._revenue()
        split, self.memory["payout"] = tokens.payout.split(
            self.memory["payout"], revenue, self.shares
        )
        split = tokens.mechanism.paid(split)
        received, rate, claimed, fills = self._pay_out(revenue, split)
        issued, treasury = self._issue()
        self.note_prices()
        if self.engagement is not None:
            self.memory["engagement"] = self.engagement.observe(
                self.memory["engagement"],
                self.participated,
                self.shares,
                pay_of_a_share(self, split, issued),
            )
        cash = tokens.payout.to_holders * revenue * tokens.mechanism.pooled(self.shares)
        value = value_tokens(self, cash)
        self.memory["prices"] = {"spot": self.spot_price, "value": value}
        paid = split.dividend * np.append(claimed, True)[register.token_of]
        reward = Reward(revenue, issued, treasury, received, paid, rate, split.direct, fills)
        self.memory["news"] = announced(self.memory["news"], self._news(reward))
        return reward

    def _pay_out(self, revenue: float, split: Split) -> tuple[Floats, Floats, Booleans, Fills]:
        """Revenue goes through clearing to all its uses; returns what `pay_dividends` does, and
        what was bought back.
        """
        ledger, payout = self.ledger, self.settings.tokens.payout
        pooled = self.settings.tokens.mechanism.pooled
        arrived = revenue + split.released
        ledger.transfer("revenue", NUMERAIRE, OUTSIDE, CLEARING, revenue)
        ledger.transfer("released", NUMERAIRE, TREASURY, CLEARING, split.released)
        in_pools = self.positions.tokens if payout.pools_earn else None
        earning = earning_tokens(ledger, self.register, in_pools)
        dividends = pay_dividends(ledger, earning, pooled(split.dividend))
        clients = self.register.client_accounts
        ledger.transfer("direct", NUMERAIRE, CLEARING, clients, split.direct, arrived)
        ledger.transfer("retained", NUMERAIRE, CLEARING, TREASURY, split.carried, arrived)
        ledger.transfer("burn", NUMERAIRE, CLEARING, OUTSIDE, split.burned, arrived)
        fills = self._buy_back(pooled(split.buyback), arrived)
        self.memory["positions"] = providing.fill(
            ledger, self.pools, self.memory["positions"], pooled(split.liquidity), arrived
        )
        empty_clearing(ledger, split.treasury, arrived)
        return *dividends, fills

    def _issue(self) -> tuple[Floats, Floats]:
        """Tokens are minted and vest; returns those for clients `[clients]` and the treasury."""
        tokens = self.settings.tokens
        pooled = tokens.mechanism.pooled
        issued, to_treasury = self._issued()
        vested, self.memory["vesting"] = tokens.vesting.vest(self.memory["vesting"], issued)
        self.own = Own(vested, self._training_cost)
        treasury = pooled(to_treasury)
        locked = pooled(self.memory["vesting"]["locked"].sum(axis=1))
        issue(self.ledger, self.register, issued, vested, locked, treasury)
        return issued, treasury

    def exchange(self, reward: Reward) -> list[tuple[MarketView, Fills]]:
        """Providers change their positions; then, pass after pass, all decide on a fresh view.

        Whoever buys is served from clients' offers first, and trades for the rest. Those of the
        last wave see what the others have left, and trade after them. Returns what settled, and the
        view it was decided on.
        """
        market, traded = self.settings.market, list[tuple[MarketView, Fills]]()
        if not self.pools:
            return traded
        draws = self.state.streams["outside_price"]
        self.memory["outside_price"] = market.outside_price.move(
            self.memory["outside_price"], self.period, draws
        )
        if self.register.changing:
            self.provide(self.view(reward))
        self.offers = self.offer()
        for _ in range(market.passes):
            view = self.view(reward)
            orders, bought = self.serve(self.decide(view))
            traded += [(view, fills) for fills in [*bought, self.trade(orders)]]
            if LAST_WAVE in self.register.waves:
                view = self.view(reward)
                traded.append((view, self.trade_last(self._placed(view, LAST_WAVE), view)))
            self.own = replace(self.own, issued=np.zeros_like(reward.issued))  # seen once
        self.memory["fees"] = market.volatility_fee.observe(self.memory["fees"], self.spot_price)
        return traded

    def provide(self, view: MarketView) -> None:
        """Liquidity providers decide on one view what to change of their positions, and do it."""
        placed = self._asked(self.register.changing, Traders.provide, view)
        self.memory["positions"] = providing.change(
            self.ledger,
            self.register,
            self.pools,
            self.memory["positions"],
            LiquidityOrders.join(placed),
            self.spot_price,
            self.settings.market.gas,
        )

    def offer(self) -> Offers:
        """Clients who lack money for data say how many new tokens they sell, and at what price."""
        register, token = self.register, self.register.token_of
        if self.engagement is None:
            return Offers.none(len(token))
        behind = np.bincount(token, minlength=len(register.tokens))
        asked, price = self.engagement.offer(
            self.memory["engagement"],
            self.period,
            self.ledger.balances[register.client_accounts, NUMERAIRE],
            (self.ledger.supply(register.token_numbers) / behind)[token],
            self.settings.market.oracle.twap(self.memory["oracle"])[token],
        )
        return Offers(token, price, asked, np.zeros(len(token)))

    def serve(self, orders: Orders) -> tuple[Orders, list[Fills]]:
        """Purchases that accept the price of offers are served; returns what is left, and these."""
        accounts = self.register.client_accounts
        self.offers, left, bought = sell(self.ledger, accounts, self.offers, orders)
        return left, bought

    def view(self, reward: Reward) -> MarketView:
        """The market before trading begins; what follows from contributions is known later."""
        market = self.settings.market
        reserve_token, reserve_numeraire = self.pools.reserves
        news = self._news(reward)
        return MarketView(
            period=self.period,
            curve=self.pools[0].curve,
            fee=self.pools.fees,
            reserve_token=reserve_token,
            reserve_numeraire=reserve_numeraire,
            spot_price=self.spot_price,
            twap=market.oracle.twap(self.memory["oracle"]),
            gas=market.gas,
            outside_price=self.memory["outside_price"].get("price"),
            fees_earned=self.memory["positions"]["fees"],
            routes=self.clearing.routes,
            segments=self.pools.segments,
            supply=news["supply"],
            fundamental_value=news["fundamental_value"],
            share=news["share"],
            dividend=news["dividend"],
        )

    def _news(self, reward: Reward) -> dict[str, Any]:
        """What follows from this period's contributions `[tokens]`."""
        return {
            "supply": self.ledger.supply(self.register.token_numbers),
            "fundamental_value": self.fundamental_value,
            "share": self.settings.tokens.mechanism.pooled(self.shares),
            "dividend": reward.dividend,
        }

    def decide(self, view: MarketView) -> Orders:
        """All place their orders on the same view; the second wave sees those of the first."""
        orders = self._placed(view, 1)
        if SECOND_WAVE in self.register.waves:
            seeing = replace(view, pending=orders.frozen())
            orders = Orders.join([orders, self._placed(seeing, SECOND_WAVE)])
        return orders

    def _placed(self, view: MarketView, wave: int) -> Orders:
        """Orders of a wave, bounded in their slippage."""
        orders = Orders.join(self._asked(self.register.waves[wave], Traders.decide, view))
        bounded = view.bounded(orders, self.register.tolerance)
        return bounded.tipped(self.register.tip[orders.account]) if self.register.tips else bounded

    def _asked(
        self,
        groups: tuple[Traders, ...],
        ask: Callable[..., tuple[Asked, Memory]],
        view: MarketView,
    ) -> list[Asked]:
        """What each group answers, having seen what it may of `view`; it remembers that it did."""
        answers = []
        for group in groups:
            answer, self.memory[group.name] = ask(
                group,
                seen_by(group.strategy, view, self.memory["news"]),
                self.ledger,
                self.memory[group.name],
                self.state.streams[group.name],
                self._positions_of(group) if group.strategy.provides else None,
                self.own,
            )
            answers.append(answer)
        return answers

    def trade(self, orders: Orders) -> Fills:
        """Orders settle by the clearing rule."""
        market, draws = self.settings.market, self.state.streams["clearing"]
        self.memory["oracle"] = market.oracle.observe(self.memory["oracle"], self.spot_price)
        fills = self.clearing.clear(
            self.memory["clearing"], self.ledger, self.pools, orders, market.gas, draws
        )
        self.note_prices()
        return fills

    def trade_last(self, orders: Orders, view: MarketView) -> Fills:
        """Orders of the last wave settle one by one, in the sequence of the clearing rule.

        Those against the outside buy there what they sell and sell there what they have bought.
        """
        market, draws = self.settings.market, self.state.streams["clearing"]
        orders = self.clearing.arrange(self.memory["clearing"], orders, draws)
        against = self.register.trades_outside[orders.account]
        price = np.zeros(len(view.spot_price)) if view.outside_price is None else view.outside_price
        orders_outside = orders.take(against)
        brought_in = np.zeros(len(orders), dtype=bool)
        brought_in[against] = bring_in(self.ledger, orders_outside, price)
        fills = settle(self.ledger, self.pools, orders, market.gas)
        take_out(self.ledger, fills.take(against), brought_in[against], price)
        self.note_prices()
        return fills

    def record(self, reward: Reward, traded: list[tuple[MarketView, Fills]]) -> None:
        """Audit the books and write down what happened; the summary row comes last."""
        self.ledger.audit()
        if self.ledger.balances[CLEARING].any():
            raise LedgerError(f"the clearing account is not empty after period {self.period}")
        self.tables = table_rows(self, reward, traded)
        for number, pool in enumerate(self.pools):
            if isinstance(pool, RangePool):
                self.memory[f"pool/{number}"] = pool.save()
        self.history.append(self.tables["periods"])

    @property
    def clearing(self) -> Clearing:
        """The rule by which orders settle in this period."""
        return self.settings.clearing(self.period)

    @property
    def period(self) -> int:
        """Number of the current period; 0 is genesis."""
        return self.state.period

    @property
    def ledger(self) -> Ledger:
        """Who owns what."""
        return self.state.ledger

    @property
    def memory(self) -> dict[str, Memory]:
        """What components remember, by owner."""
        return self.state.memories

    @property
    def participated(self) -> Booleans:
        """Which clients took part in the last round `[clients]`."""
        return self.memory["assessment"]["participated"]

    @property
    def contributions(self) -> Floats:
        """What the last round credited clients with, in units of utility `[clients]`."""
        return self.memory["assessment"]["contributions"]

    @property
    def credit(self) -> Floats:
        """Smoothed contribution of each client `[clients]`."""
        return self.memory["assessment"]["credit"]

    @property
    def shares(self) -> Floats:
        """Each client's part of this period's rewards `[clients]`."""
        return self.memory["assessment"]["shares"]

    @property
    def spot_price(self) -> Floats:
        """Spot price of each token `[tokens]`; the last one known where a pool is empty."""
        return self.memory["prices"]["spot"]

    @property
    def fundamental_value(self) -> Floats:
        """Fundamental value of each token `[tokens]`."""
        return self.memory["prices"]["value"]

    @property
    def positions(self) -> Positions:
        """What everybody has in the pools now `[position_accounts, tokens]`."""
        return providing.positions(self.ledger, self.register, self.pools, self.memory["positions"])

    def _positions_of(self, group: Traders) -> Positions:
        first = group.accounts[0] - self.register.provider_accounts[0]
        return self.positions.rows(slice(first, first + len(group.accounts)))

    def lp_value(self, positions: Positions) -> Floats:
        """Worth of each account's `positions` at spot prices, and what waits `[accounts]`."""
        worth = np.zeros(len(self.ledger.balances))
        worth[self.register.position_accounts] = positions.value(self.spot_price).sum(axis=1)
        worth[self.register.provider_accounts] += self.register.waiting(self.period)
        return worth

    @property
    def wealth(self) -> Floats:
        """Numeraire, tokens and positions of each account at spot prices `[accounts]`."""
        balances = self.ledger.balances
        tokens = balances[:, self.register.token_assets] @ self.spot_price
        wealth: Floats = balances[:, NUMERAIRE] + tokens + self.lp_value(self.positions)
        return wealth

    @property
    def _training_cost(self) -> Floats:
        """What each client pays to take part in this period; nothing when it does not train."""
        epochs = self.settings.federation.learner.epochs
        full: Floats = self._cost_rate * self.cohort.trained_on(self.period) * epochs
        return full * self.cohort.trains(self.period)

    def _available(self) -> Booleans:
        draws = self.state.streams["availability"].random(len(self.register.clients))
        there: Booleans = (draws < self.register.availability) & self.register.joined(self.period)
        if self.engagement is not None:
            there &= self.memory["engagement"]["there"]
        return there & self.cohort.present(self.period)

    def _evaluated(self) -> Quality:
        parameters = self.memory["model"]["parameters"]
        return self.settings.federation.evaluate(parameters, self.cohort)

    def _set_terms(self) -> None:
        """Pools with the curve and the fees of this period."""
        market = self.settings.market
        curve = market.curve.at(self.period)
        same = self.period and (not self.pools or curve is self.pools[0].curve)
        if same and not market.volatility_fee.sensitivity:
            return
        fees = market.volatility_fee.fees(self.memory["fees"], market.fee)
        if same:
            self.pools = self.pools.charging(fees)
        else:
            self.pools = Pools(
                self._pool(curve, number, fee) for number, fee in enumerate(fees.tolist())
            )
            self.note_prices()  # which weights that move have changed

    def _pool(self, curve: Curve, number: int, fee: float) -> Pool:
        register, tokens = self.register, len(self.register.tokens)
        place = int(register.pool_accounts[number]), 1 + number, 1 + tokens + number
        if not isinstance(curve, Concentrated):
            return Pool.on(self.ledger, curve, fee, *place)
        fee_account, price = int(register.fee_accounts[number]), self.settings.market.launch.price
        return RangePool(self.ledger, curve, fee, *place, fee_account, price)

    def _begin(self) -> None:
        """Genesis: memories, endowments, tokens, pools and the row of period 0."""
        settings, register, streams = self.settings, self.register, self.state.streams
        if self.engagement is not None:
            self.memory["engagement"] = self.engagement.initial()
            self.cohort = self.engagement.cohort(self.memory["engagement"])
        self.memory.update(memories(settings, register, self.cohort, streams))
        self._begin_clearing()
        self._set_terms()
        endow(self.ledger, register, settings, streams)
        launch(self, register.joined(0))
        self.memory["oracle"] = settings.market.oracle.initial(self.spot_price)
        self.quality = self._evaluated()
        self.memory["issuance"] = settings.tokens.issuance.initial(self.quality.utility)
        nothing = Reward.nothing(
            len(register.clients), len(register.tokens), len(self.ledger.balances)
        )
        self.own = Own(nothing.issued, self._training_cost)
        self.offers = Offers.none(len(register.clients))
        delay = settings.market.information_delay
        self.memory["news"] = unannounced(self._news(nothing), delay)
        self.history: list[Row] = []
        self.record(nothing, [(self.view(nothing), nothing.buybacks)] if self.pools else [])

    def _begin_clearing(self) -> None:
        """The clearing rule of this period takes over."""
        accounts, draws = len(self.register.account_kinds), self.state.streams["clearing"]
        self.memory["clearing"] = self.clearing.initial(accounts, draws)

    def of_joined(self, rule: Callable[[Floats], Floats], values: Floats) -> Floats:
        """What `rule` makes of the values of those who have joined; 0 for others `[clients]`."""
        joined, result = self.register.joined(self.period), np.zeros_like(values)
        result[joined] = rule(values[joined])
        return result

    def _issued(self) -> tuple[Floats, Floats]:
        """Tokens for each client, and for the treasury in its stead `[clients]`."""
        issued, unearned = np.zeros_like(self.shares), np.zeros_like(self.shares)
        joined = self.register.joined(self.period)
        issued[joined], unearned[joined], self.memory["issuance"] = (
            self.settings.tokens.issuance.issue(
                self.memory["issuance"], self.period, self.shares[joined], self.quality.utility
            )
        )
        return (issued, unearned) if self.pools else (0 * issued, 0 * unearned)

    def _revenue(self) -> float:
        """What customers pay in this period."""
        rule, draws = self.settings.tokens.revenue, self.state.streams["revenue"]
        revenue, self.memory["revenue"] = rule.amount(
            self.memory["revenue"],
            self.period,
            self.quality.accuracy,
            self.cohort.dataset.majority_share,
            draws,
        )
        return revenue * self.settings.demand(self.period)

    def _buy_back(self, budget: Floats, arrived: float) -> Fills:
        terms, market = self.settings.tokens.payout.buybacks, self.settings.market
        twap = market.oracle.twap(self.memory["oracle"])
        wanted = terms.buys(self.spot_price, self.fundamental_value, twap)
        wanted &= self.pools.reserves[1] > 0
        receivers = self._earners if terms.then == "to_client" and self.pools else None
        return buy_back(self.ledger, self.pools, budget, wanted, receivers, arrived)

    @property
    def _earners(self) -> tuple[Integers, Integers, Floats]:
        """Clients' accounts, their tokens, and their parts of what is earned with these."""
        register, together = self.register, self.settings.tokens.mechanism.pooled(self.shares)
        whole = together[register.token_of]
        part = np.divide(self.shares, whole, out=np.zeros_like(whole), where=whole > 0)
        return register.client_accounts, register.token_of, part

    def note_prices(self) -> None:
        if not self.pools:
            return
        token, numeraire = self.pools.reserves
        filled = (token > 0) & (numeraire > 0)
        spot = self.spot_price.copy()
        spot[filled] = self.pools[0].curve.spot_price(token[filled], numeraire[filled])
        self.memory["prices"] = {"spot": spot, "value": self.fundamental_value}
