"""The register: names and numbers of everybody and everything in a run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from simulator.agents.groups import ClientGroup, InvestorGroup, LiquidityProviderGroup, strategy_of
from simulator.components import Booleans, Floats, Integers
from simulator.federation import Behaviour
from simulator.ledger import NUMERAIRE
from simulator.market import SIDES, STATUSES, Concentrated
from simulator.scenario import BehaviourEvent, Scenario, numbered

__all__ = ["BUYBACK", "CLEARING_ACCOUNT", "TREASURY", "Register", "each"]

CLEARING_ACCOUNT = 1
"""Account in which revenue arrives and which it leaves within the reward step."""
TREASURY = 2
"""The aggregator's account, the first of the agents' accounts."""
BUYBACK = "buyback"
"""What the aggregator trades for."""


@dataclass(frozen=True)
class Register:
    """Accounts and assets by number.

    Accounts: outside, clearing, then the agents (aggregator, clients, liquidity providers,
    investors), then one pool per token, and escrow where tokens vest. Assets: the numeraire, the
    tokens, the pools' LP shares.
    """

    settings: Scenario
    agent_types: Mapping[str, str] = field(default_factory=dict)
    """Names of the classes whose agents decide for themselves, by group."""

    @cached_property
    def clients(self) -> tuple[str, ...]:
        """Names of the clients."""
        return self.settings.client_names

    @cached_property
    def behaviours(self) -> Sequence[Behaviour]:
        """What each client does, events included."""
        return self.settings.behaviours

    @cached_property
    def owners(self) -> Integers:
        """Number of the first client of each client's owner `[clients]`."""
        return np.array(self.settings.owners)

    @cached_property
    def availability(self) -> Floats:
        """Probability of each client to be there in a period `[clients]`."""
        return np.array([group.availability for group in each(self.settings.clients)])

    @cached_property
    def join_period(self) -> Integers:
        """Period in which each client joins `[clients]`; 1 for those who are there at genesis."""
        return np.array([group.joins for group in each(self.settings.clients)])

    def joined(self, period: int) -> Booleans:
        """Which clients have joined by a period, genesis being that of the first `[clients]`."""
        joined: Booleans = self.join_period <= max(period, 1)
        return joined

    def launched(self, clients: Booleans) -> Integers:
        """Numbers of the tokens that come into the world when `clients` `[clients]` join.

        A shared one is there from genesis on.
        """
        own = self.settings.tokens.mechanism.by_client
        bringing = clients & (self.token_of >= 0) & (own | (self.join_period == 1))
        return np.unique(self.token_of[bringing])

    def exist(self, period: int) -> Booleans:
        """Which tokens have been launched by a period `[tokens]`."""
        if period >= self.join_period.max():
            return np.ones(len(self.tokens), dtype=bool)
        exist = np.zeros(len(self.tokens), dtype=bool)
        exist[self.launched(self.joined(period))] = True
        return exist

    def waiting(self, period: int) -> Floats:
        """Money of each provider in escrow for tokens that are not launched yet `[providers]`."""
        absent = len(self.tokens) - np.count_nonzero(self.exist(period))
        waiting: Floats = self.seeds * absent / max(len(self.tokens), 1)
        return waiting

    @cached_property
    def deposits(self) -> Floats:
        """Numeraire each provider puts into pools when they open, all pools `[providers]`."""
        return np.array([group.deposit for group in each(self.settings.liquidity_providers)])

    @cached_property
    def seeds(self) -> Floats:
        """The same and what it pays for the tokens that go with it `[providers]`."""
        return (1 + self.settings.market.seed_worth) * self.deposits

    @cached_property
    def invested(self) -> Floats:
        """Fraction of wealth for which each investor wants tokens at a launch `[investors]`."""
        groups = self.settings.investors
        return np.repeat([group.invested for group in groups], [group.count for group in groups])

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Names of the tokens."""
        return self.settings.token_names

    @cached_property
    def token_of(self) -> Integers:
        """Number of the token that stands for each client, -1 for none `[clients]`."""
        return self.settings.tokens.mechanism.token_of(len(self.clients))

    @cached_property
    def providers(self) -> tuple[str, ...]:
        """Names of the liquidity providers."""
        return numbered("lp", sum(group.count for group in self.settings.liquidity_providers))

    @cached_property
    def investors(self) -> tuple[str, ...]:
        """Names of the investors that are agents."""
        return numbered("investor", sum(len(group.sizes) for group in self.settings.investors))

    @cached_property
    def agents(self) -> tuple[str, ...]:
        """Names of the agents, in the order of their accounts from `TREASURY` on."""
        return ("aggregator", *self.clients, *self.providers, *self.investors)

    @cached_property
    def sizes(self) -> Integers:
        """Number of accounts of each agent `[agents]`."""
        single = [1] * (len(self.agents) - len(self.investors))
        return np.array(
            single + [size for group in self.settings.investors for size in group.sizes]
        )

    @cached_property
    def first_accounts(self) -> Integers:
        """The first account of each agent `[agents]`."""
        return TREASURY + np.cumsum(self.sizes) - self.sizes

    @cached_property
    def agent_of(self) -> Integers:
        """Number of the agent of each account of `agent_accounts`."""
        return np.repeat(np.arange(len(self.agents)), self.sizes)

    @cached_property
    def client_accounts(self) -> Integers:
        """Accounts of the clients `[clients]`."""
        return self._accounts_after(TREASURY, len(self.clients))

    @cached_property
    def provider_accounts(self) -> Integers:
        """Accounts of the liquidity providers `[providers]`."""
        return self._accounts_after(TREASURY + len(self.clients), len(self.providers))

    @cached_property
    def position_accounts(self) -> Integers:
        """Accounts that may have positions: the providers', then the treasury's if it may."""
        treasury = np.full(int(self.treasury_provides), TREASURY)
        return np.concatenate([self.provider_accounts, treasury])

    @cached_property
    def treasury_provides(self) -> bool:
        """Whether the treasury may have positions."""
        settings = self.settings
        return settings.tokens.payout.liquidity > 0 or settings.market.launch.treasury_provides

    @cached_property
    def investor_accounts(self) -> Integers:
        """Accounts of all investors, one after the other."""
        before = TREASURY + len(self.clients) + len(self.providers)
        return self._accounts_after(before, sum(group.count for group in self.settings.investors))

    @cached_property
    def pool_accounts(self) -> Integers:
        """Accounts of the pools `[tokens]`."""
        return self._accounts_after(self.agent_accounts.stop - 1, len(self.tokens))

    @cached_property
    def fee_accounts(self) -> Integers:
        """Accounts of the concentrated pools' uncollected fees `[tokens]`, none for others."""
        ranged = isinstance(self.settings.market.curve, Concentrated)
        last = self.agent_accounts.stop - 1 + len(self.tokens)
        return self._accounts_after(last, len(self.tokens) * ranged)

    @cached_property
    def escrow_accounts(self) -> Integers:
        """The account of tokens that have not vested and of deposits that wait, if any will be."""
        last = self.agent_accounts.stop - 1 + len(self.tokens) + len(self.fee_accounts)
        return self._accounts_after(last, self.vests or bool(self.waiting(0).any()))

    @cached_property
    def vests(self) -> bool:
        """Whether issued tokens are locked until they vest."""
        return self.settings.tokens.vesting.locks and bool(self.tokens)

    @cached_property
    def reach(self) -> Floats:
        """Factor by which prices may change before a genesis deposit ends `[providers]`."""
        return np.array([g.strategy.reach() for g in each(self.settings.liquidity_providers)])

    @cached_property
    def agent_accounts(self) -> slice:
        """Accounts of all agents."""
        return slice(TREASURY, TREASURY + int(self.sizes.sum()))

    @cached_property
    def token_assets(self) -> slice:
        """Assets that are tokens."""
        return slice(1, 1 + len(self.tokens))

    @cached_property
    def token_numbers(self) -> Integers:
        """Asset numbers of the tokens `[tokens]`."""
        return np.arange(1, 1 + len(self.tokens))

    def reserves(self, balances: Floats) -> tuple[Floats, Floats]:
        """Tokens and numeraire in each pool `[tokens]`, of `balances` `[accounts, assets]`."""
        pools = self.pool_accounts
        return balances[pools, self.token_numbers], balances[pools, NUMERAIRE]

    @cached_property
    def share_assets(self) -> slice:
        """Assets that are LP shares, in the order of the tokens."""
        return slice(1 + len(self.tokens), 1 + 2 * len(self.tokens))

    @cached_property
    def assets(self) -> tuple[str, ...]:
        """Names of the assets."""
        return ("numeraire", *self.tokens, *(f"lp_{token}" for token in self.tokens))

    @cached_property
    def account_kinds(self) -> tuple[str, ...]:
        """Kind of each account."""
        single = self.agent_kinds[1 : self.first_investor]
        agents = (*single, *["investor"] * len(self.investor_accounts))
        pools = *["pool"] * len(self.tokens), *["pool_fees"] * len(self.fee_accounts)
        escrow = ["escrow"] * len(self.escrow_accounts)
        return ("outside", "clearing", "treasury", *agents, *pools, *escrow)

    @cached_property
    def agent_kinds(self) -> tuple[str, ...]:
        """Kind of each agent."""
        return (
            "aggregator",
            *("client" for _ in self.clients),
            *("liquidity_provider" for _ in self.providers),
            *("investor" for _ in self.investors),
        )

    @cached_property
    def agent_strategies(self) -> tuple[str, ...]:
        """Kind of the strategy of each agent."""
        kinds = [BUYBACK]
        for name, group in self.settings.groups.items():
            agents = len(group.sizes) if isinstance(group, InvestorGroup) else group.count
            kinds += [self.agent_types.get(name, strategy_of(group).kind)] * agents
        return tuple(kinds)

    @cached_property
    def first_investor(self) -> int:
        """The first of the agents who is an investor; all after it are."""
        return len(self.agents) - len(self.investors)

    @cached_property
    def investor_strategies(self) -> tuple[str, ...]:
        """Kinds of the investors' strategies, as they first appear."""
        return _distinct(self.agent_strategies[self.first_investor :])

    @cached_property
    def earns(self) -> Booleans:
        """Which accounts can earn dividends for the tokens they hold themselves `[accounts]`."""
        return np.array(
            [kind in ("client", "liquidity_provider", "investor") for kind in self.account_kinds]
        )

    @cached_property
    def categories(self) -> dict[str, tuple[str, ...]]:
        """Names behind the codes of the tables' category columns."""
        return {
            "client": self.clients,
            "owner": self.clients,
            "behaviour": _distinct(self._behaviours()),
            "token": self.tokens,
            "agent": (*self.agents, *(f"investors_{name}" for name in self.investor_strategies)),
            "kind": _distinct(self.agent_kinds),
            "strategy": _distinct(self.agent_strategies),
            "side": SIDES,
            "status": STATUSES,
            "asset": self.assets,
            "payer": _distinct(self.account_kinds),
            "payee": _distinct(self.account_kinds),
        }

    def behaviour_codes(self, period: int) -> Integers:
        """Category code of what each client does in a period `[clients]`."""
        return self._codes("behaviour", [each.at(period).kind for each in self.behaviours])

    def _behaviours(self) -> Iterator[str]:
        for group in self.settings.clients:
            yield from (group.behaviour.at(1).kind, group.behaviour.kind)
        for event in self.settings.events:
            if isinstance(event, BehaviourEvent):
                yield event.behaviour.kind

    @cached_property
    def kind_codes(self) -> Integers:
        """Category code of each agent's kind `[agents]`."""
        return self._codes("kind", self.agent_kinds)

    @cached_property
    def strategy_codes(self) -> Integers:
        """Category code of each agent's strategy `[agents]`."""
        return self._codes("strategy", self.agent_strategies)

    def _codes(self, column: str, names: Sequence[str]) -> Integers:
        code = {name: number for number, name in enumerate(self.categories[column])}
        return np.array([code[name] for name in names], dtype=np.int64)

    @staticmethod
    def _accounts_after(account: int, count: int) -> Integers:
        return np.arange(account + 1, account + 1 + count)


def each(
    groups: tuple[ClientGroup, ...]
    | tuple[LiquidityProviderGroup, ...]
    | tuple[InvestorGroup, ...],
) -> Iterator[Any]:
    """The group of each agent, one by one."""
    return chain.from_iterable([group] * group.count for group in groups)


def _distinct(names: Iterator[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
