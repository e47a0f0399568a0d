"""The world: the state of a run. It imports none of the modules that act on it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from simulator import heap
from simulator.agents.traders import Traders
from simulator.answers import Answers, answers_of
from simulator.components import Component, Floats, Memory
from simulator.economy.detail import Details
from simulator.economy.engaging import Engagement, engages
from simulator.economy.groups import Groups
from simulator.economy.records import Assessment, Book, Memories, Prices
from simulator.economy.register import Register, group_of_each
from simulator.errors import RunError
from simulator.federation import Quality, Round
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import Clearing, Concentrated, ConcentratedPool, Curve, Pool, Pools, Positions
from simulator.randomness import Streams
from simulator.scenario import Scenario
from simulator.tables import RUN_FORMAT

__all__ = ["World", "pool_fractions"]

Saved = dict[str, np.ndarray]
MANY_ACCOUNTS = 100_000  # from which on freed memory is kept


class World:
    """The state of a run: accounts and pools, records of the last period, and memories.

    A new world is in the state before genesis: no account has money, and no pool is open.
    """

    quality: Quality
    """Quality of the current global model."""
    round: Round | None = None
    """The last round; None before the first one and after `restore`."""

    def __init__(self, settings: Scenario, agent_types: Mapping[str, str] | None = None) -> None:
        self.settings, self.register = settings, Register(settings, agent_types or {})
        if len(self.register.account_kinds) > MANY_ACCOUNTS:
            heap.keep_freed_memory()
        self.streams, register = Streams(settings.seed), self.register
        self.groups = Groups(register)
        self.cohort = settings.gather(self.streams)
        self.cost_rate: Floats = np.array(
            [group.training_cost for group in group_of_each(settings.clients)]
        )
        self.engagement = self._engagement()
        self.pools = Pools()
        """The pools, with the current period's curve and fees."""
        self.ledger = Ledger(register.account_kinds, register.assets)
        self.details = Details.draw(settings.record, register, self.streams["record"])
        self.period = 0
        price = np.full(len(register.tokens), settings.market.launch.price)
        self.assessment = Assessment.none(len(register.clients))
        self.prices = Prices(price, price)
        self.book = Book.empty(len(register.position_accounts), price)
        self.wealth = np.zeros(len(register.account_kinds))
        """Wealth of each agent's account at the end of the last period; 0 for other accounts."""
        unlocked: Memory = {}
        if self.engagement is not None:
            unlocked = self.engagement.initial()
            self.cohort = self.engagement.cohort(unlocked)
        self.memory = self._memories(price, unlocked)
        self.agent_memory: dict[str, dict[str, Memory]] = {
            name: {} for name in self.register.agent_types
        }
        """Memory of agents that decide one by one, by group and name."""
        self.trader_memory = {group.name: self._trader_memory(group) for group in self.groups.all}
        self._check_mechanism()
        self.begin_clearing()
        self.set_terms()

    def _check_mechanism(self) -> None:
        """Raise ComponentError unless sums by token are those of each token's clients."""
        token, tokens = self.register.token_of, len(self.register.tokens)
        numbers = np.arange(1.0, 1 + len(token))
        by_token = np.bincount(token + 1, numbers, 1 + tokens)[1:]
        if not np.allclose(self.by_token(numbers), by_token):
            mechanism = self.settings.tokens.mechanism
            with answers_of(mechanism, "sum_by_token") as answers:
                raise answers.error("returned other sums than those of each token's clients")

    def _engagement(self) -> Engagement | None:
        settings = self.settings
        if not engages(settings.clients):
            return None
        rate = self.cost_rate * settings.federation.learner.epochs
        return Engagement(settings.clients, self.cohort, rate, self.streams)

    def _trader_memory(self, group: Traders) -> Memory:
        accounts, draws = len(group.accounts), self.streams[group.name]
        return _initial(group.strategy, lambda: group.strategy.initial(accounts, draws))

    def _memories(self, price: Floats, engagement: Memory) -> Memories:
        tokens, market, register = self.settings.tokens, self.settings.market, self.register
        contribution, clients = self.settings.federation.contribution, len(register.clients)
        return Memories(
            model=self.settings.federation.initial(self.cohort, self.streams),
            contribution=_initial(contribution, lambda: contribution.initial(clients)),
            credit=tokens.credit.initial(clients),
            payout=tokens.payout.initial(),
            revenue=_initial(tokens.revenue, self.settings.revenue_memory),
            vesting=_initial(tokens.vesting, lambda: tokens.vesting.initial(clients)),
            valuation=tokens.valuation.initial(len(register.tokens)),
            outside_price=self.outside_memory("initial", self.settings.outside_price_memory),
            volatility_fee=market.volatility_fee.initial(price),
            engagement=engagement,
        )

    def save(self) -> Saved:
        """The complete state as named arrays that need no pickle."""
        saved = {
            "format": np.array(RUN_FORMAT),
            "period": np.array(self.period),
            "events": np.array(self._events(self.period)),
            "balances": self.ledger.balances.copy(),
            "wealth": self.wealth,
            "fees": self.pools.fees,
        }
        for place, arrays in self._places().items():
            saved |= {f"{place}/{name}": np.asarray(array) for name, array in arrays.items()}
        return saved

    def _places(self) -> dict[str, Mapping[str, Any]]:
        """All records and memories, by the names under which they are saved."""
        places: dict[str, Mapping[str, Any]] = {
            "stream": self.streams.save(),
            "assessment": vars(self.assessment),
            "prices": vars(self.prices),
            "quality": vars(self.quality),
            "book": vars(self.book),
        }
        for number, pool in enumerate(self.pools):
            if isinstance(pool, ConcentratedPool):
                places[f"pool/{number}"] = pool.save()
        places |= {f"memory/{name}": memory for name, memory in vars(self.memory).items()}
        places |= {f"trader/{name}": memory for name, memory in self.trader_memory.items()}
        for group, memories in self.agent_memory.items():
            places |= {f"agent/{group}/{name}": memory for name, memory in memories.items()}
        return places

    def _events(self, period: int) -> str:
        """The events up to a period, as text."""
        past = [event for event in self.settings.events if event.period <= period]
        return json.dumps([event.model_dump(mode="json") for event in past])

    def restore(self, saved: Saved) -> None:
        """Restore a state that `save` returned for the same scenario, apart from later events.

        Raises RunError when the format differs, or another difference is detected.
        """
        if (version := int(saved.get("format", 1))) != RUN_FORMAT:
            raise RunError(
                f"the state has format {version}, this version goes on from {RUN_FORMAT}: run the "
                "scenario anew"
            )
        if saved["balances"].shape != self.ledger.balances.shape:
            raise RunError(
                "the state is that of a scenario with other accounts or tokens: restore it in an "
                "Economy of that scenario"
            )
        if str(saved["events"]) != self._events(int(saved["period"])):
            raise RunError(
                f"the state is that of a run with other events up to period {saved['period']}: "
                "only later ones may differ"
            )
        sections: dict[str, Memory] = {}
        for key, array in saved.items():
            # Names of streams and groups contain slashes; names of other arrays do not.
            by_first_slash = key.startswith("stream/")
            place, _, name = key.partition("/") if by_first_slash else key.rpartition("/")
            sections.setdefault(place, {})[name] = array
        self.period, self.wealth = int(saved["period"]), saved["wealth"]
        self.ledger.balances[:] = saved["balances"]
        self.ledger.take_flows()  # drop those of the abandoned period
        self.streams.restore(sections["stream"])
        self.assessment = Assessment.of(sections["assessment"])
        self.prices, self.book = Prices.of(sections["prices"]), Book.of(sections["book"])
        self.quality = Quality(
            **{name: float(value) for name, value in sections["quality"].items()}
        )
        self._open_pools(self.settings.market.curve_at(self.period), saved["fees"])
        for number, pool in enumerate(self.pools):
            if isinstance(pool, ConcentratedPool):
                pool.restore(sections[f"pool/{number}"])
        self.memory = Memories(
            **{name: sections.get(f"memory/{name}", {}) for name in vars(self.memory)}
        )
        self.trader_memory = {
            name: sections.get(f"trader/{name}", {}) for name in self.trader_memory
        }
        for memories in self.agent_memory.values():
            memories.clear()
        for place, memory in sections.items():
            if place.startswith("agent/"):
                _, kind, group, name = place.split("/", 3)  # a client's name may have slashes
                self.agent_memory[f"{kind}/{group}"][name] = memory
        if self.engagement is not None:
            self.cohort = self.engagement.cohort(self.memory.engagement)
        self.round = None

    @property
    def clearing(self) -> Clearing:
        """The clearing rule of this period."""
        return self.settings.clearing(self.period)

    def begin_clearing(self) -> None:
        """Initialise the memory of this period's clearing rule."""
        accounts, draws = len(self.register.account_kinds), self.streams["clearing"]
        rule = self.clearing
        self.memory.clearing = _initial(rule, lambda: rule.initial(accounts, draws))

    def set_terms(self) -> None:
        """Set the pools' curve and fees for this period."""
        market = self.settings.market
        curve = market.curve_at(self.period)
        same_curve = self.period and (not self.pools or curve is self.pools[0].curve)
        if same_curve and not market.volatility_fee.sensitivity:
            return
        fees = market.volatility_fee.fees(self.memory.volatility_fee, market.fee)
        self._open_pools(curve, fees)
        if not same_curve:
            self.note_prices()  # moving weights change them

    def _open_pools(self, curve: Curve, fees: Floats) -> None:
        """Create pools with this curve and these fees; for the current curve, only set the fees."""
        if self.pools and curve is self.pools[0].curve:
            self.pools.set_fees(fees)
        else:
            self.pools = Pools(
                self._pool(curve, number, fee) for number, fee in enumerate(fees.tolist())
            )

    def _pool(self, curve: Curve, number: int, fee: float) -> Pool:
        register, tokens = self.register, len(self.register.tokens)
        place = int(register.pool_accounts[number]), 1 + number, 1 + tokens + number
        if not isinstance(curve, Concentrated):
            return Pool.on(self.ledger, curve, fee, *place)
        fee_account, price = int(register.fee_accounts[number]), self.settings.market.launch.price
        return ConcentratedPool(self.ledger, curve, fee, *place, fee_account, price)

    def note_prices(self) -> None:
        """Record the spot prices of the pools that are not empty."""
        if not self.pools:
            return
        token, numeraire = self.pools.reserves
        is_open = (token > 0) & (numeraire > 0)
        spot = self.prices.spot.copy()
        curve = self.pools[0].curve
        with answers_of(curve, "spot_price") as answers:
            prices = curve.spot_price(token[is_open], numeraire[is_open])
            spot[is_open] = answers.numbers(prices, token[is_open].shape, least=0)
        self.prices = Prices(spot, self.prices.value)

    @property
    def training_cost(self) -> Floats:
        """Training cost of each client in this period; 0 if it does not train `[clients]`."""
        epochs = self.settings.federation.learner.epochs
        cost: Floats = self.cost_rate * self.cohort.examples_used(self.period) * epochs
        return cost * self.cohort.trains(self.period)

    def for_joined_clients(
        self, answers: Answers, rule: Callable[[Floats], Floats], values: Floats
    ) -> Floats:
        """`rule` applied to the values of clients who have joined; 0 for others `[clients]`.

        Raises ComponentError unless the rule returns numbers of at least 0.
        """
        joined, result = self.register.joined(self.period), np.zeros_like(values)
        of_joined = values[joined]
        result[joined] = answers.numbers(rule(of_joined), of_joined.shape, least=0)
        return result

    def by_token(self, values: Floats) -> Floats:
        """Sum of the clients' `values` by token: from `[clients, ...]` to `[tokens, ...]`."""
        mechanism, tokens = self.settings.tokens.mechanism, len(self.register.tokens)
        with answers_of(mechanism, "sum_by_token") as answers:
            return answers.numbers(mechanism.sum_by_token(values), (tokens, *values.shape[1:]))

    def outside_memory(self, method: str, move: Callable[[], Memory]) -> Memory:
        """The memory that a `method` of the outside price returns: none, or with a price of each.

        Raises ComponentError unless the prices `[tokens]` are finite and above 0.
        """
        with answers_of(self.settings.market.outside_price, method) as answers:
            memory = answers.memory(move())
            if "price" in memory:
                price = answers.positive(memory["price"], (len(self.register.tokens),))
                return memory | {"price": price}
            if memory:
                raise answers.error(f"returned a memory of {', '.join(memory)}, without a price")
            return memory

    @property
    def pool_fractions(self) -> Floats:
        """Fraction of each pool that each account owns `[position_accounts, tokens]`."""
        return pool_fractions(self.ledger, self.register)

    @property
    def claims(self) -> Floats:
        """Each account's claims on each pool `[6, position_accounts, tokens]`.

        Tokens and numeraire of its position, uncollected fees in both, and the lowest and highest
        price it serves.
        """
        if self.pools.any_concentrated:
            accounts = self.register.position_accounts
            concentrated = (pool for pool in self.pools if isinstance(pool, ConcentratedPool))
            return np.stack([pool.claims(accounts) for pool in concentrated], axis=-1)
        fraction = self.pool_fractions
        tokens, numeraire = self.register.reserves(self.ledger.balances)
        zero, infinity = np.zeros_like(fraction), np.full_like(fraction, np.inf)
        return np.stack([fraction * tokens, fraction * numeraire, zero, zero, zero, infinity])

    @property
    def positions(self) -> Positions:
        """Current positions in the pools `[position_accounts, tokens]`."""
        tokens, numeraire, fee_tokens, fee_numeraire, lower, upper = self.claims
        register, (deposited_tokens, deposited_numeraire) = self.register, self.book.deposited
        return Positions(
            self.ledger.balances[register.position_accounts, register.share_assets],
            tokens + fee_tokens,
            numeraire + fee_numeraire,
            deposited_tokens,
            deposited_numeraire,
            lower,
            upper,
        )

    def lp_value(self, positions: Positions) -> Floats:
        """Value of each account's `positions` and escrowed deposits at spot prices `[accounts]`."""
        worth = np.zeros(len(self.ledger.balances))
        worth[self.register.position_accounts] = positions.value(self.prices.spot).sum(axis=1)
        worth[self.register.provider_accounts] += self.register.escrowed_money(self.period)
        return worth

    @property
    def worth(self) -> Floats:
        """Current value of each account's numeraire, tokens and positions `[accounts]`."""
        balances = self.ledger.balances
        tokens = balances[:, self.register.token_assets] @ self.prices.spot
        worth: Floats = balances[:, NUMERAIRE] + tokens + self.lp_value(self.positions)
        return worth


def _initial(component: Component, initial: Callable[[], Memory]) -> Memory:
    """The memory of a component before the first period."""
    with answers_of(component, "initial") as answers:
        return answers.memory(initial())


def pool_fractions(ledger: Ledger, register: Register) -> Floats:
    """Fraction of each pool that each account owns `[position_accounts, tokens]`."""
    shares = ledger.balances[register.position_accounts, register.share_assets]
    supply = -ledger.balances[OUTSIDE, register.share_assets]
    fractions: Floats = np.divide(shares, supply, out=np.zeros_like(shares), where=supply > 0)
    return fractions
