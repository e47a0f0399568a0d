"""The scenario: all settings of a run, composed of the sections that other modules define."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, ValidationInfo, field_validator, model_validator

from simulator.advice import alternatively, conjoined, setting
from simulator.agents.groups import ClientGroup, Group, InvestorGroup, LiquidityProviderGroup
from simulator.agents.strategies import ValueSeller
from simulator.answers import answers_of, check_of
from simulator.components import (
    Component,
    Family,
    Memory,
    Section,
    check_each,
    own_components,
    with_components,
)
from simulator.errors import Misfit, ScenarioError, blaming, fitting
from simulator.federation import (
    Behaviour,
    Cohort,
    DataClient,
    Federation,
)
from simulator.market import Clearing, Market, Weighted
from simulator.randomness import Streams
from simulator.scenario.clients import group_lines, names_from_data
from simulator.scenario.events import (
    EVENTS,
    ClearingEvent,
    Event,
    LiquidityEvent,
    RevenueEvent,
)
from simulator.scenario.fits import (
    behaviours_of,
    check_event,
    check_members,
    check_strategy,
    numbered_groups,
    seller_count,
)
from simulator.scenario.loading import REFUSED, load
from simulator.scenario.naming import FolderName
from simulator.scenario.plugins import Plugin, load_plugins
from simulator.scenario.record import Record
from simulator.scenario.shipped import find_scenario
from simulator.tokens import Tokens

__all__ = ["Scenario", "numbered", "scenario_type"]

MarketGroups = TypeVar(
    "MarketGroups", tuple[LiquidityProviderGroup, ...], tuple[InvestorGroup, ...]
)


class Scenario(Section):
    """A complete experiment. Same scenario, same seed: the same tables to the last bit.

    Sections are objects or mappings, and nothing is required. A scenario never changes:
    `changed` makes another one. `plugins` are the users' own components that mappings name by
    `kind`: classes, or Python files, which are run. Objects of such classes need no plugins. Raises
    ScenarioError with all problems, each with its place.

    >>> from simulator import Scenario
    >>> from simulator.agents.groups import ClientGroup
    >>> from simulator.federation import FreeRider
    >>> from simulator.market import Market, StableSwap
    >>> clients = [ClientGroup(count=4), ClientGroup(behaviour=FreeRider())]
    >>> scenario = Scenario(periods=20, clients=clients, market=Market(curve=StableSwap()))
    >>> scenario.changed({"market.fee": 0.003}).market.fee
    0.003
    """

    refused_names = REFUSED

    def __new__(cls, /, *values: Any, plugins: Sequence[Plugin] = (), **settings: Any) -> Self:
        """A scenario whose type knows the plugins."""
        if values:
            raise ScenarioError("settings are given by name; Scenario.load reads a file")
        model = with_components(cls, load_plugins(plugins))
        return model(**settings) if plugins else super().__new__(cls, **settings)

    def __init__(self, /, *, plugins: Sequence[Plugin] = (), **settings: Any) -> None:
        super().__init__(**settings)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # as in Section

    name: FolderName = Field("scenario", description="Short name, used for the folder of its runs.")
    description: str = Field("", description="What question the scenario answers.")
    periods: int = Field(
        60, ge=1, le=1_000_000, description="Number of periods: rounds with their trading."
    )
    seed: int = Field(1, ge=0, lt=2**63, description="Seed of all random streams.")
    federation: Federation = Field(Federation(), description="Data, learning and contributions.")
    clients: tuple[ClientGroup, ...] = Field(
        (ClientGroup(count=10),),
        strict=False,
        min_length=1,
        validate_default=True,
        description="Groups of clients, numbered in this order.",
    )
    tokens: Tokens = Field(Tokens(), description="Rewards: revenue, issuance and payouts.")
    market: Market = Field(Market(), validate_default=True, description="Pools, fees and clearing.")
    liquidity_providers: tuple[LiquidityProviderGroup, ...] = Field(
        (LiquidityProviderGroup(count=2),),
        strict=False,
        validate_default=True,
        description="Groups of providers.",
    )
    investors: tuple[InvestorGroup, ...] = Field(
        (InvestorGroup(count=50),), strict=False, description="Groups of investors."
    )
    events: tuple[Annotated[Event, Family(EVENTS)], ...] = Field(
        (), strict=False, description="What happens in the course of the run."
    )
    record: Record = Field(Record(), description="How much of it is written to the run folder.")

    @field_validator("clients")
    @classmethod
    def _clients_can_behave(cls, clients: tuple[ClientGroup, ...]) -> tuple[ClientGroup, ...]:
        count = sum(group.count for group in clients)
        members = [range(first, first + group.count) for first, group in numbered_groups(clients)]
        check_each(
            list(enumerate(clients)),
            lambda each: check_members(
                each[1].behaviour, members[each[0]], count, f"clients.{each[0]}.behaviour"
            ),
            "behaviour",
        )
        return clients

    @field_validator("clients")
    @classmethod
    def _contributions_are_computable(
        cls, clients: tuple[ClientGroup, ...], info: ValidationInfo
    ) -> tuple[ClientGroup, ...]:
        federation, count = info.data.get("federation"), sum(group.count for group in clients)
        if federation is not None:
            method = federation.contribution
            if method.max_clients is not None and count > method.max_clients:
                raise Misfit(
                    f"contribution method {method.kind} handles at most {method.max_clients} "
                    f"clients, there are {count}: set "
                    "federation.contribution.kind=permutation_shapley",
                    ".",
                    "federation.contribution",
                )
            federation.check(count)
        if all(group.joins > 1 for group in clients):
            raise ValueError("somebody must be there from genesis on: set clients.0.joins=1")
        return clients

    @field_validator("market")
    @classmethod
    def _late_tokens_can_be_launched(cls, market: Market, info: ValidationInfo) -> Market:
        clients = enumerate(info.data.get("clients", ()))
        late = {f"clients.{number}.joins": 1 for number, group in clients if group.joins > 1}
        if late and isinstance(market.curve, Weighted) and market.curve.last_weight:
            raise Misfit(
                "pools of clients who join later would open at the weight of that period, which "
                f"market.curve.last_weight has moved: set {conjoined(late)}",
                "market.curve",
                "clients",
            )
        return market

    @field_validator("market")
    @classmethod
    def _policies_fit_the_market(cls, market: Market, info: ValidationInfo) -> Market:
        for number, group in enumerate(info.data.get("clients", ())):
            try:
                with check_of(group.policy):
                    group.policy.check(market)
            except ValueError as error:
                message = f"clients.{number}.policy does not fit: {error}"
                place = f"clients.{number}"
                advice = f"{place}.policy.kind={ValueSeller().kind}"
                what = alternatively(message, advice)
                raise Misfit(what, "market.curve", f"{place}.policy", place) from error
        return market

    @field_validator("market")
    @classmethod
    def _pools_take_liquidity(cls, market: Market, info: ValidationInfo) -> Market:
        tokens, curve = info.data.get("tokens"), market.curve
        if tokens and tokens.payout.liquidity and not curve.full_range:
            to_treasury = tokens.payout.treasury + tokens.payout.liquidity
            raise Misfit(
                f"tokens.payout.liquidity needs pools with LP shares, which {curve.kind} pools do "
                "not have: set tokens.payout.liquidity=0 and "
                f"{setting('tokens.payout.treasury', to_treasury)}",
                "market.curve",
                "tokens.payout",
            )
        return market

    @field_validator("liquidity_providers")
    @classmethod
    def _deposits_are_possible(
        cls, providers: tuple[LiquidityProviderGroup, ...], info: ValidationInfo
    ) -> tuple[LiquidityProviderGroup, ...]:
        market, clients, tokens = (info.data.get(name) for name in ("market", "clients", "tokens"))
        if market is not None and clients is not None and tokens is not None:
            launch, count = market.launch, seller_count(clients, tokens)
            with check_of(tokens.mechanism):
                has_tokens = tokens.mechanism.has_tokens
            among = ("clients", "market.launch", "market.curve", "tokens.mechanism")
            with fitting(".", *among), check_of(launch):
                seed = sum(group.count * group.deposit for group in providers) * market.seed_worth
                if "supply" not in launch.model_fields_set:
                    launch = launch.supplying(count, seed, 0.0)
                if has_tokens:
                    launch.check(count, seed)
        return providers

    @field_validator("liquidity_providers", "investors")
    @classmethod
    def _strategies_fit_the_market(cls, groups: MarketGroups, info: ValidationInfo) -> MarketGroups:
        if (market := info.data.get("market")) is not None:
            check_each(
                list(enumerate(groups)),
                lambda each: check_strategy(
                    each[1], market, f"{info.field_name}.{each[0]}.strategy"
                ),
                "strategy",
            )
        return groups

    @field_validator("events")
    @classmethod
    def _events_are_possible(
        cls, events: tuple[Event, ...], info: ValidationInfo
    ) -> tuple[Event, ...]:
        check_each(
            list(enumerate(events)),
            lambda each: check_event(each[1], info.data, f"events.{each[0]}"),
        )
        return events

    @model_validator(mode="after")
    def _sells_what_is_wanted(self) -> Self:
        """Unless it is set, the supply suffices for providers and investors."""
        market, launch = self.market, self.market.launch
        if self.tokens.mechanism.has_tokens and "supply" not in launch.model_fields_set:
            launch = launch.supplying(
                seller_count(self.clients, self.tokens), self.seed_value, self.demand_at_genesis
            )
            settings = dict(market) | {"launch": launch}
            market = market.model_construct(_fields_set=market.model_fields_set, **settings)
            self.__dict__["market"] = market
        return self

    @property
    def seed_value(self) -> float:
        """Value of the tokens that providers deposit at launches, all pools (numeraire)."""
        deposits = sum(group.count * group.deposit for group in self.liquidity_providers)
        return deposits * self.market.seed_worth

    @property
    def demand_at_genesis(self) -> float:
        """Expected numeraire that investors want to spend at genesis."""
        return sum(group.count * group.invested * group.wealth.mean for group in self.investors)

    @property
    def groups(self) -> dict[str, Group]:
        """All groups in order, by kind and number; `investors/0` is the first of investors."""
        kinds: dict[str, Sequence[Group]] = {
            "clients": self.clients,
            "liquidity_providers": self.liquidity_providers,
            "investors": self.investors,
        }
        return {
            f"{kind}/{number}": group
            for kind, groups in kinds.items()
            for number, group in enumerate(groups)
        }

    @property
    def behaviours(self) -> list[Behaviour]:
        """Behaviour of each client, at all periods."""
        return behaviours_of(self.clients, self.events)

    def clearing(self, period: int) -> Clearing:
        """The clearing rule of a period; genesis uses that of period 1."""
        changes = [each for each in self.events if isinstance(each, ClearingEvent)]
        started = [each for each in changes if each.period <= max(period, 1)]
        newest = sorted(started, key=lambda event: event.period)[-1:]
        return newest[0].clearing if newest else self.market.clearing

    def demand(self, period: int) -> float:
        """Factor by which events multiply the revenue of a period."""
        shocks = (event for event in self.events if isinstance(event, RevenueEvent))
        return math.prod(shock.at(period) for shock in shocks)

    def injections(self, period: int) -> list[LiquidityEvent]:
        """Liquidity events at the beginning of a period."""
        events = (event for event in self.events if isinstance(event, LiquidityEvent))
        return [event for event in events if event.period == period]

    @property
    def owners(self) -> list[int]:
        """First client of each client's owner: its own number, unless it is a Sybil identity."""
        owners: list[int] = []
        for group in self.clients:
            first, shared = len(owners), group.behaviour.one_owner
            owners += [first if shared else first + number for number in range(group.count)]
        return owners

    def gather(self, streams: Streams) -> Cohort:
        """The clients with their examples. Raises ScenarioError when the data cannot be divided."""
        if in_data := self._clients_in_data():
            names_from_data(in_data, self.clients, self.owners)  # as many in both
        with blaming("federation"):
            return self.federation.gather(self.behaviours, streams, self.owners)

    def revenue_memory(self) -> Memory:
        """Memory of the revenue rule before period 1. Raises ScenarioError for an invalid file."""
        with blaming("tokens", "revenue"):
            return self.tokens.revenue.initial()

    def outside_price_memory(self) -> Memory:
        """Memory of the outside prices at genesis. Raises ScenarioError for an invalid file."""
        with blaming("market", "outside_price"):
            return self.market.outside_price.initial(self.token_names, self.market.launch.price)

    def data_summary(self) -> str:
        """What the task reads from a file, in a line; empty for others. Raises ScenarioError."""
        with blaming("federation", "task"):
            return self.federation.task.summary()

    def check_data(self) -> tuple[str, Cohort]:
        """Read what a run will read, and return the `data_summary` and the clients.

        Raises ScenarioError when a file cannot be used, or examples cannot be divided.
        """
        cohort = self.gather(Streams(self.seed))
        self.revenue_memory()
        self.outside_price_memory()
        return self.data_summary(), cohort

    @property
    def client_names(self) -> tuple[str, ...]:
        """Names of the clients: by number, or from the data if the partition takes clients there.

        Raises ScenarioError when the data cannot be read or have not as many clients.
        """
        if in_data := self._clients_in_data():
            return names_from_data(in_data, self.clients, self.owners)
        return numbered("client", len(self.behaviours))

    @property
    def named_clients(self) -> list[str]:
        """A line for each group with the numbers and names of its clients, if the data name them.

        Raises ScenarioError as `client_names` does.
        """
        has_names = bool(self._clients_in_data())
        return group_lines(self.clients, self.client_names) if has_names else []

    def _clients_in_data(self) -> tuple[DataClient, ...]:
        """The clients, if the partition takes them from the data; else empty."""
        with blaming("federation", "task"):
            return self.federation.clients_in_data

    @property
    def token_names(self) -> tuple[str, ...]:
        """Names of the tokens."""
        mechanism = self.tokens.mechanism
        with answers_of(mechanism, "tokens") as answers:
            names: Any = mechanism.tokens(self.client_names)
            if not isinstance(names, tuple) or not all(isinstance(each, str) for each in names):
                raise answers.error(f"returned {names!r}, not a tuple of names")
            if len({*names, "numeraire"}) <= len(names):
                raise answers.error("returned a name twice, or numeraire, which is another asset's")
            return names

    @classmethod
    def load(
        cls,
        name: str | Path,
        overrides: Mapping[str, Any] | None = None,
        *,
        plugins: Sequence[Plugin] = (),
    ) -> Self:
        """Read a scenario file, or the shipped scenario of that name.

        `overrides` are other values by dotted path, `plugins` as for `Scenario`. Raises
        ScenarioError with all problems of file and overrides.

        >>> scenario = Scenario.load("quickstart", {"periods": 5, "market.fee": 0.003})
        >>> scenario.periods, scenario.market.fee, [group.count for group in scenario.clients]
        (5, 0.003, [8, 1, 1])
        """
        components = [*load_plugins(plugins), *own_components(overrides)]
        return load(with_components(cls, components), find_scenario(name), overrides or {})

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """JSON Schema of scenario files, for editors."""
        schema = cls.model_json_schema()
        extends = {"type": "string", "description": "Another scenario file to start from."}
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["properties"] = {"extends": extends} | schema["properties"]
        return schema


def numbered(what: str, count: int) -> tuple[str, ...]:
    """`count` names, whose alphabetical order is that of their numbers.

    >>> numbered("lp", 2)
    ('lp_0', 'lp_1')
    """
    width = len(str(max(count - 1, 0)))
    return tuple(f"{what}_{number:0{width}d}" for number in range(count))


def scenario_type(extra: Sequence[type[Component]] = ()) -> type[Scenario]:
    """The scenario type whose families also contain `extra` components (users' own).

    Raises ScenarioError when a kind is already taken.
    """
    return with_components(Scenario, extra)
