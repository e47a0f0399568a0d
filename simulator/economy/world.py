"""The world: all that there is in a run and changes with it. Desks act on it; it knows no desk."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from simulator import heap
from simulator.components import Floats, Memory
from simulator.economy.detail import Details
from simulator.economy.engaging import Engagement, engages
from simulator.economy.groups import Groups
from simulator.economy.records import Assessment, Book, Memories, Prices
from simulator.economy.register import Register, each
from simulator.errors import RunError
from simulator.federation import Quality, Round
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market import Clearing, Concentrated, ConcentratedPool, Curve, Pool, Pools, Positions
from simulator.randomness import Streams
from simulator.scenario import Scenario
from simulator.tables import RUN_FORMAT

__all__ = ["World", "parts"]

Saved = dict[str, np.ndarray]
MANY_ACCOUNTS = 100_000  # accounts


class World:
    """What exists in a run: accounts and pools, records of the last period, and memories.

    A new world is that before genesis: nobody has any money, and no pool is open.
    """

    quality: Quality
    """Quality of the current global model."""
    round: Round | None = None
    """The last round; None before the first one, and where `restore` left it behind."""

    def __init__(self, settings: Scenario, agent_types: Mapping[str, str] | None = None) -> None:
        self.settings, self.register = settings, Register(settings, agent_types or {})
        if len(self.register.account_kinds) > MANY_ACCOUNTS:
            heap.keep_freed_memory()
        self.streams, register = Streams(settings.seed), self.register
        self.groups = Groups(register)
        self.cohort = settings.federation.gather(settings.behaviours, self.streams, settings.owners)
        self.cost_rate: Floats = np.array([group.training_cost for group in each(settings.clients)])
        self.engagement = self._engagement()
        self.pools = Pools()
        """The pools with the terms of the current period."""
        self.ledger = Ledger(register.account_kinds, register.assets)
        self.details = Details.draw(settings.record, register, self.streams["record"])
        self.period = 0
        price = np.full(len(register.tokens), settings.market.launch.price)
        self.assessment = Assessment.none(len(register.clients))
        self.prices = Prices(price, price)
        self.book = Book.empty(len(register.position_accounts), price)
        self.wealth = np.zeros(len(register.account_kinds))
        """Of each agent's account, at the end of the last period; 0 for all other accounts."""
        unlocked: Memory = {}
        if self.engagement is not None:
            unlocked = self.engagement.initial()
            self.cohort = self.engagement.cohort(unlocked)
        self.memory = self._memories(price, unlocked)
        self.agent_memory: dict[str, dict[str, Memory]] = {
            name: {} for name in self.register.agent_types
        }
        """What agents remember that decide for themselves, by group and name."""
        self.trader_memory = {
            group.name: group.strategy.initial(len(group.accounts), self.streams[group.name])
            for group in self.groups.all
        }
        self.begin_clearing()
        self.set_terms()

    def _engagement(self) -> Engagement | None:
        settings = self.settings
        if not engages(settings.clients):
            return None
        rate = self.cost_rate * settings.federation.learner.epochs
        return Engagement(settings.clients, self.cohort, rate, self.streams)

    def _memories(self, price: Floats, engagement: Memory) -> Memories:
        tokens, market, register = self.settings.tokens, self.settings.market, self.register
        federation, clients = self.settings.federation, len(register.clients)
        return Memories(
            model=federation.initial(self.cohort, self.streams),
            contribution=federation.contribution.initial(clients),
            credit=tokens.credit.initial(clients),
            payout=tokens.payout.initial(),
            revenue=tokens.revenue.initial(),
            vesting=tokens.vesting.initial(clients),
            valuation=tokens.valuation.initial(len(register.tokens)),
            outside_price=market.outside_price.initial(register.tokens, market.launch.price),
            volatility_fee=market.volatility_fee.initial(price),
            engagement=engagement,
        )

    def save(self) -> Saved:
        """Everything that is needed to go on, as named arrays that need no pickle."""
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
        """All records and memories by the names under which they are saved."""
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
        """What has happened up to a period, as text."""
        past = [event for event in self.settings.events if event.period <= period]
        return json.dumps([event.model_dump(mode="json") for event in past])

    def restore(self, saved: Saved) -> None:
        """Go to what `save` returned for the same scenario, or one that has other events later.

        Raises RunError when an older version saved it, or another scenario as far as can be seen.
        """
        if (version := int(saved.get("format", 1))) != RUN_FORMAT:
            raise RunError(
                f"the state has format {version}, this version goes on from {RUN_FORMAT}"
            )
        if saved["balances"].shape != self.ledger.balances.shape:
            raise RunError("the state is that of a scenario with other accounts or tokens")
        if str(saved["events"]) != self._events(int(saved["period"])):
            raise RunError(
                f"the state is that of a run with other events up to period {saved['period']}: "
                "only later ones may differ"
            )
        found: dict[str, Memory] = {}
        for key, array in saved.items():
            # Names of streams and of groups have slashes, those of arrays have none.
            cut = key.partition("/") if key.startswith("stream/") else key.rpartition("/")
            found.setdefault(cut[0], {})[cut[2]] = array
        self.period, self.wealth = int(saved["period"]), saved["wealth"]
        self.ledger.balances[:] = saved["balances"]
        self.ledger.take_flows()  # of what is no longer to happen
        self.streams.restore(found["stream"])
        self.assessment = Assessment.of(found["assessment"])
        self.prices, self.book = Prices.of(found["prices"]), Book.of(found["book"])
        self.quality = Quality(**{name: float(value) for name, value in found["quality"].items()})
        self._open_pools(self.settings.market.curve.at(self.period), saved["fees"])
        for number, pool in enumerate(self.pools):
            if isinstance(pool, ConcentratedPool):
                pool.restore(found[f"pool/{number}"])
        self.memory = Memories(
            **{name: found.get(f"memory/{name}", {}) for name in vars(self.memory)}
        )
        self.trader_memory = {name: found.get(f"trader/{name}", {}) for name in self.trader_memory}
        for memories in self.agent_memory.values():
            memories.clear()
        for place, memory in found.items():
            if place.startswith("agent/"):
                group, _, name = place.removeprefix("agent/").rpartition("/")
                self.agent_memory[group][name] = memory
        if self.engagement is not None:
            self.cohort = self.engagement.cohort(self.memory.engagement)
        self.round = None

    @property
    def clearing(self) -> Clearing:
        """The rule by which orders settle in this period."""
        return self.settings.clearing(self.period)

    def begin_clearing(self) -> None:
        """The clearing rule of this period takes over."""
        accounts, draws = len(self.register.account_kinds), self.streams["clearing"]
        self.memory.clearing = self.clearing.initial(accounts, draws)

    def set_terms(self) -> None:
        """Give pools the curve and the fees of this period."""
        market = self.settings.market
        curve = market.curve.at(self.period)
        same = self.period and (not self.pools or curve is self.pools[0].curve)
        if same and not market.volatility_fee.sensitivity:
            return
        fees = market.volatility_fee.fees(self.memory.volatility_fee, market.fee)
        self._open_pools(curve, fees)
        if not same:
            self.note_prices()  # which weights that move have changed

    def _open_pools(self, curve: Curve, fees: Floats) -> None:
        """Pools with this curve and these fees; the same ones where only the fees are others."""
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
        """Take down the spot prices of the pools that are not empty."""
        if not self.pools:
            return
        token, numeraire = self.pools.reserves
        filled = (token > 0) & (numeraire > 0)
        spot = self.prices.spot.copy()
        spot[filled] = self.pools[0].curve.spot_price(token[filled], numeraire[filled])
        self.prices = Prices(spot, self.prices.value)

    @property
    def training_cost(self) -> Floats:
        """What each client pays to take part in this period; nothing when it does not train."""
        epochs = self.settings.federation.learner.epochs
        full: Floats = self.cost_rate * self.cohort.examples_used(self.period) * epochs
        return full * self.cohort.trains(self.period)

    def for_joined_clients(self, rule: Callable[[Floats], Floats], values: Floats) -> Floats:
        """What `rule` makes of the values of those who have joined; 0 for others `[clients]`."""
        joined, result = self.register.joined(self.period), np.zeros_like(values)
        result[joined] = rule(values[joined])
        return result

    @property
    def parts(self) -> Floats:
        """Fraction of each pool that each account has `[position_accounts, tokens]`."""
        return parts(self.ledger, self.register)

    @property
    def claims(self) -> Floats:
        """What each account has in each pool `[6, position_accounts, tokens]`.

        Tokens and numeraire behind its position, uncollected fees in both, and the prices from
        which and to which it serves.
        """
        if self.pools.any_concentrated:
            accounts = self.register.position_accounts
            concentrated = (pool for pool in self.pools if isinstance(pool, ConcentratedPool))
            return np.stack([pool.claims(accounts) for pool in concentrated], axis=-1)
        part = self.parts
        tokens, numeraire = self.register.reserves(self.ledger.balances)
        nothing, ever = np.zeros_like(part), np.full_like(part, np.inf)
        return np.stack([part * tokens, part * numeraire, nothing, nothing, nothing, ever])

    @property
    def positions(self) -> Positions:
        """What everybody has in the pools now `[position_accounts, tokens]`."""
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
        """Worth of each account's `positions` and waiting deposits at spot prices `[accounts]`."""
        worth = np.zeros(len(self.ledger.balances))
        worth[self.register.position_accounts] = positions.value(self.prices.spot).sum(axis=1)
        worth[self.register.provider_accounts] += self.register.waiting(self.period)
        return worth

    @property
    def worth(self) -> Floats:
        """Numeraire, tokens and positions of each account now, at spot prices `[accounts]`."""
        balances = self.ledger.balances
        tokens = balances[:, self.register.token_assets] @ self.prices.spot
        worth: Floats = balances[:, NUMERAIRE] + tokens + self.lp_value(self.positions)
        return worth


def parts(ledger: Ledger, register: Register) -> Floats:
    """Fraction of each pool that each account has `[position_accounts, tokens]`."""
    shares = ledger.balances[register.position_accounts, register.share_assets]
    supply = -ledger.balances[OUTSIDE, register.share_assets]
    part: Floats = np.divide(shares, supply, out=np.zeros_like(shares), where=supply > 0)
    return part
