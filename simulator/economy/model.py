"""The Mesa model."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mesa
import numpy as np
from threadpoolctl import ThreadpoolController, threadpool_limits

from simulator.agents.holder import AccountHolder
from simulator.agents.traders import Traders
from simulator.components import Booleans, Floats
from simulator.economy import joining, learning, rewarding, rows, trading
from simulator.economy.cast import AgentTypes, check_types, create_agents, number_from
from simulator.economy.records import Reward, Trades
from simulator.economy.register import CLEARING_ACCOUNT, Register
from simulator.economy.world import World
from simulator.errors import ComponentError, LedgerError, RunError
from simulator.federation import Cohort, Quality, Round
from simulator.ledger import Ledger
from simulator.market import Pools, Positions
from simulator.scenario import Scenario, needs_scenario

__all__ = ["Economy"]


class Economy(mesa.Model):
    """Clients, tokens, pools and traders of one scenario, advanced by `step`.

    `world` is the state of the run, `tables` the current period's rows of all tables, and `history`
    the row of table `periods` for every period so far. `agent_types` are classes whose agents
    decide one by one, by group (see docs/mesa.md). With `keep`, `kept` has the tables of all
    periods so far, for `recorded`. Raises ScenarioError when a scenario is invalid or needs more
    examples than its data has, or a class is unfit for its group.

    >>> from simulator import Economy, Scenario
    >>> economy = Economy(Scenario(periods=2))
    >>> economy.step()
    >>> economy.period, economy.history[-1]["revenue"] > 0
    (1, True)
    """

    def __init__(
        self, settings: Scenario, agent_types: AgentTypes | None = None, *, keep: bool = False
    ) -> None:
        needs_scenario("Economy", settings)
        settings = settings.revalidated()
        # Mesa 3.5 calls `step` as an event, which is lost for good once it raises: so the event
        # stores its exception, and Mesa's own step is wrapped to raise it afterwards.
        self.step = self._step_storing_error  # type: ignore[method-assign]
        self._error: BaseException | None = None
        super().__init__(rng=settings.seed)
        self.step = self._step_raising_error  # type: ignore[method-assign]
        self.settings, types = settings, agent_types or {}
        self.history: list[rows.Row] = []
        self.tables: dict[str, rows.Row] = {}
        self.kept: list[dict[str, rows.Row]] | None = [] if keep else None
        self._unfinished = False
        with threadpool_limits(1):
            self.world = World(settings, check_types(types, settings))
            joining.begin(self.world)
            self._record_genesis()
        create_agents(self, self.world, types)
        self._threads = ThreadpoolController()

    def __getstate__(self) -> dict[str, Any]:
        last = max(agent.unique_id for agent in self.agents)
        return {k: v for k, v in vars(self).items() if k != "_threads"} | {"last_agent": last}

    def __setstate__(self, state: dict[str, Any]) -> None:
        number_from(self, 1 + state.pop("last_agent"))
        self.__dict__.update(state)
        self._threads = ThreadpoolController()

    def _step_storing_error(self) -> None:
        try:
            type(self).step(self)
        except BaseException as error:
            self._error = error

    def _step_raising_error(self) -> None:
        self._wrapped_step()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def step(self) -> None:
        """Advance one period: learn, assess, reward, decide, trade, record.

        Raises RunError after a period that failed: then the run can only be restored to a state
        that was saved earlier.
        """
        self._check_finished()
        world, self._unfinished, self.running = self.world, True, False
        with self._threads.limit(limits=1), _in_period(world):
            world.period += 1
            world.set_terms()
            joining.welcome(world)
            trading.intervene(world)
            learning.engage(world)
            learning.learn(world)
            learning.assess(world)
            reward = rewarding.reward(world)
            traded = trading.exchange(world, reward)
            self.record(reward, traded)
        self._unfinished, self.running = False, world.period < self.settings.periods

    def record(self, reward: Reward, traded: Trades) -> None:
        """Audit the books and record the period's rows in `tables` and `history`."""
        world = self.world
        world.ledger.audit()
        if world.ledger.balances[CLEARING_ACCOUNT].any():
            raise LedgerError(f"the clearing account is not empty after period {world.period}")
        self.tables = rows.table_rows(world, reward, traded)
        self.history.append(self.tables["periods"])
        if self.kept is not None:
            self.kept.append(self.tables)

    def save(self) -> dict[str, np.ndarray]:
        """The state of the run as named arrays that need no pickle.

        Raises RunError during a period, and after one that failed.
        """
        self._check_finished()
        return self.world.save()

    def restore(self, saved: dict[str, np.ndarray]) -> None:
        """Restore a state that `save` returned for the same scenario; clears history and `kept`.

        The scenario may have other events after the saved period. Raises RunError when another
        difference is detected, or when a version with another format saved the state.
        """
        self.world.restore(saved)
        self.history.clear()
        self.kept = None if self.kept is None else []
        self.tables, self._unfinished = {}, False
        self.running = self.period < self.settings.periods
        if hasattr(self, "steps"):  # Mesa's count, up to version 3
            self.steps = self.period

    def deregister_agent(self, agent: mesa.Agent) -> None:
        """Remove an agent of the user's. Raises RunError for agents of the scenario."""
        if isinstance(agent, AccountHolder):
            raise RunError(
                f"{agent.name} cannot be removed: its accounts are part of the books; a client "
                "leaves by `participation`, a provider by `exit_on_loss`"
            )
        super().deregister_agent(agent)

    def _check_finished(self) -> None:
        if self._unfinished:
            raise RunError(
                f"period {self.period} was not finished: restore a state that was saved before it"
            )

    @property
    def period(self) -> int:
        """Number of the current period; 0 is genesis."""
        return self.world.period

    @property
    def register(self) -> Register:
        """Names and numbers of all agents, accounts and assets."""
        return self.world.register

    @property
    def groups(self) -> dict[str, Traders]:
        """Trading groups: `groups["investors/0"]` is the first of `investors` in the scenario."""
        return self.world.groups.by_name

    @property
    def ledger(self) -> Ledger:
        """Balances of all accounts."""
        return self.world.ledger

    @property
    def pools(self) -> Pools:
        """The pools, with the current period's curve and fees."""
        return self.world.pools

    @property
    def cohort(self) -> Cohort:
        """The clients with the examples that they train on."""
        return self.world.cohort

    @property
    def quality(self) -> Quality:
        """Quality of the current global model."""
        return self.world.quality

    @property
    def round(self) -> Round | None:
        """The last round; None before the first one and after `restore`."""
        return self.world.round

    @property
    def participated(self) -> Booleans:
        """Which clients participated in the last round `[clients]`."""
        return self.world.assessment.participated

    @property
    def contributions(self) -> Floats:
        """Contribution of each client to the last round, in units of utility `[clients]`."""
        return self.world.assessment.contributions

    @property
    def credit(self) -> Floats:
        """Smoothed contribution of each client `[clients]`."""
        return self.world.assessment.credit

    @property
    def shares(self) -> Floats:
        """Each client's fraction of this period's rewards `[clients]`."""
        return self.world.assessment.shares

    @property
    def spot_price(self) -> Floats:
        """Spot price of each token `[tokens]`; of an empty pool, its last price."""
        return self.world.prices.spot

    @property
    def fundamental_value(self) -> Floats:
        """Fundamental value of each token `[tokens]`."""
        return self.world.prices.value

    @property
    def positions(self) -> Positions:
        """Current positions in the pools `[position_accounts, tokens]`."""
        return self.world.positions

    @property
    def wealth(self) -> Floats:
        """Value of numeraire, tokens and positions at the end of the last period `[accounts]`.

        0 for accounts that belong to no agent.
        """
        return self.world.wealth

    def _record_genesis(self) -> None:
        no_reward = Reward.nothing(
            *map(len, (self.register.clients, self.register.tokens, self.ledger.balances))
        )
        self.record(no_reward, trading.genesis(self.world, no_reward))


@contextmanager
def _in_period(world: World) -> Iterator[None]:
    """Name the period in the error of a component."""
    try:
        yield
    except ComponentError as error:
        raise ComponentError(f"{error}, in period {world.period}") from error
