"""The register: names and numbers of all agents, accounts and assets in a run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from simulator.agents.groups import ClientGroup, InvestorGroup, LiquidityProviderGroup, strategy_of
from simulator.answers import answers_of
from simulator.components import Booleans, Floats, Integers
from simulator.federation import Behaviour
from simulator.ledger import NUMERAIRE
from simulator.market import SIDES, STATUSES, Concentrated
from simulator.scenario import BehaviourEvent, Scenario, numbered

__all__ = ["BUYBACK", "CLEARING_ACCOUNT", "TREASURY", "Register", "group_of_each"]

CLEARING_ACCOUNT = 1
"""Account through which revenue passes within the reward step."""
TREASURY = 2
"""The aggregator's account, the first of the agents' accounts."""
BUYBACK = "buyback"
"""The aggregator's strategy in the tables."""


@dataclass(frozen=True)
class Register:
    """Accounts and assets by number.

    Accounts: outside, clearing, then the agents (aggregator, clients, liquidity providers,
    investors), then pools, fee accounts of concentrated pools, and escrow if any. Assets: the
    numeraire, the tokens, the pools' LP shares.
    """

    settings: Scenario
    agent_types: Mapping[str, str] = field(default_factory=dict)
    """Names of the classes whose agents decide one by one, by group."""

    @cached_property
    def clients(self) -> tuple[str, ...]:
        """Names of the clients."""
        return self.settings.client_names

    @cached_property
    def behaviours(self) -> Sequence[Behaviour]:
        """Behaviour of each client, events included."""
        return self.settings.behaviours

    @cached_property
    def owners(self) -> Integers:
        """Number of the first client of each client's owner `[clients]`."""
        return np.array(self.settings.owners)

    @cached_property
    def availability(self) -> Floats:
        """Probability that each client is available in a period `[clients]`."""
        return np.array([group.availability for group in group_of_each(self.settings.clients)])

    @cached_property
    def join_period(self) -> Integers:
        """Period in which each client joins `[clients]`; 1 for clients of genesis."""
        return np.array([group.joins for group in group_of_each(self.settings.clients)])

    def joined(self, period: int) -> Booleans:
        """Which clients have joined by a period `[clients]`; genesis counts as period 1."""
        joined: Booleans = self.join_period <= max(period, 1)
        return joined

    def tokens_launched_by(self, clients: Booleans) -> Integers:
        """Numbers of the tokens that are launched when `clients` `[clients]` join.

        A shared token is launched at genesis.
        """
        by_client = self.settings.tokens.mechanism.by_client
        launches = clients & (self.token_of >= 0) & (by_client | (self.join_period == 1))
        return np.unique(self.token_of[launches])

    def exist(self, period: int) -> Booleans:
        """Which tokens have been launched by a period `[tokens]`."""
        if period >= self.join_period.max():
            return np.ones(len(self.tokens), dtype=bool)
        exist = np.zeros(len(self.tokens), dtype=bool)
        exist[self.tokens_launched_by(self.joined(period))] = True
        return exist

    def escrowed_money(self, period: int) -> Floats:
        """Money of each provider in escrow for tokens that are not launched yet `[providers]`."""
        not_launched = len(self.tokens) - np.count_nonzero(self.exist(period))
        money: Floats = self.seeds * not_launched / max(len(self.tokens), 1)
        return money

    @cached_property
    def deposits(self) -> Floats:
        """Numeraire that each provider deposits when pools open, all pools `[providers]`."""
        return np.array(
            [group.deposit for group in group_of_each(self.settings.liquidity_providers)]
        )

    @cached_property
    def seeds(self) -> Floats:
        """Each provider's deposit plus the cost of the matching tokens `[providers]`."""
        return (1 + self.settings.market.seed_worth) * self.deposits

    @cached_property
    def invested(self) -> Floats:
        """Fraction of wealth that each investor spends at launches `[investors]`."""
        groups = self.settings.investors
        return np.repeat([group.invested for group in groups], [group.count for group in groups])

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Names of the tokens."""
        return self.settings.token_names

    @cached_property
    def token_of(self) -> Integers:
        """Number of each client's token, -1 without one `[clients]`."""
        mechanism, last = self.settings.tokens.mechanism, len(self.tokens) - 1
        with answers_of(mechanism, "token_of") as answers:
            number = mechanism.token_of(len(self.clients))
            return answers.integers(number, (len(self.clients),), -1, last)

    @cached_property
    def providers(self) -> tuple[str, ...]:
        """Names of the liquidity providers."""
        return numbered("lp", sum(group.count for group in self.settings.liquidity_providers))

    @cached_property
    def investors(self) -> tuple[str, ...]:
        """Names of the investor agents."""
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
        """Number of the agent of each account `[agent_accounts]`."""
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
        """Accounts that may have positions: the providers', then the treasury's if it provides."""
        treasury = np.full(int(self.treasury_provides), TREASURY)
        return np.concatenate([self.provider_accounts, treasury])

    @cached_property
    def treasury_provides(self) -> bool:
        """Whether the treasury may have positions."""
        settings = self.settings
        return settings.tokens.payout.liquidity > 0 or settings.market.launch.treasury_provides

    @cached_property
    def investor_accounts(self) -> Integers:
        """Accounts of all investors, consecutive."""
        before = TREASURY + len(self.clients) + len(self.providers)
        return self._accounts_after(before, sum(group.count for group in self.settings.investors))

    @cached_property
    def pool_accounts(self) -> Integers:
        """Accounts of the pools `[tokens]`."""
        return self._accounts_after(self.agent_accounts.stop - 1, len(self.tokens))

    @cached_property
    def fee_accounts(self) -> Integers:
        """Accounts of concentrated pools' uncollected fees `[tokens]`; empty for other pools."""
        is_concentrated = isinstance(self.settings.market.curve, Concentrated)
        last = self.agent_accounts.stop - 1 + len(self.tokens)
        return self._accounts_after(last, len(self.tokens) * is_concentrated)

    @cached_property
    def escrow_accounts(self) -> Integers:
        """The account of locked tokens and escrowed deposits; empty if none will occur."""
        last = self.agent_accounts.stop - 1 + len(self.tokens) + len(self.fee_accounts)
        return self._accounts_after(last, self.vests or bool(self.escrowed_money(0).any()))

    @cached_property
    def vests(self) -> bool:
        """Whether issued tokens are locked until they vest."""
        return self.settings.tokens.vesting.locks and bool(self.tokens)

    @cached_property
    def reach(self) -> Floats:
        """Factor by which prices may change before a deposit is out of range `[providers]`."""
        groups = self.settings.liquidity_providers
        return np.array([_reach(group) for group in groups for _ in range(group.count)])

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
        """Tokens and numeraire in each pool `[tokens]`, from `balances` `[accounts, assets]`."""
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
        """Number of the first investor agent; all later agents are investors."""
        return len(self.agents) - len(self.investors)

    @cached_property
    def investor_strategies(self) -> tuple[str, ...]:
        """Kinds of the investors' strategies, in order of first appearance."""
        return _distinct(self.agent_strategies[self.first_investor :])

    @cached_property
    def earns(self) -> Booleans:
        """Which accounts can earn dividends on tokens they hold directly `[accounts]`."""
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
        """Category code of each client's behaviour in a period `[clients]`."""
        kinds = [behaviour.at(period).kind for behaviour in self.behaviours]
        return self._codes("behaviour", kinds)

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


def group_of_each(
    groups: tuple[ClientGroup, ...]
    | tuple[LiquidityProviderGroup, ...]
    | tuple[InvestorGroup, ...],
) -> Iterator[Any]:
    """The group of each member, one by one."""
    return chain.from_iterable([group] * group.count for group in groups)


def _reach(group: LiquidityProviderGroup) -> float:
    with answers_of(group.strategy, "reach") as answers:
        factor = float(answers.floats(group.strategy.reach(), ()))
        if not factor >= 1:
            raise answers.error(f"returned {factor}, not a number of at least 1")
        return factor


def _distinct(names: Iterator[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
