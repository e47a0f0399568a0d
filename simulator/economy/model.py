"""The Mesa model."""

from typing import Any

import mesa
import numpy as np
from threadpoolctl import ThreadpoolController, threadpool_limits

from simulator.agents.holder import AccountHolder
from simulator.agents.traders import Traders
from simulator.components import Booleans, Floats
from simulator.economy import joining, learning, rewarding, rows, trading
from simulator.economy.cast import AgentTypes, check_types, create_agents, number_from
from simulator.economy.records import Reward, Traded
from simulator.economy.register import CLEARING_ACCOUNT, Register
from simulator.economy.world import World
from simulator.errors import LedgerError, RunError
from simulator.federation import Cohort, Quality, Round
from simulator.ledger import Ledger
from simulator.market import Pools, Positions
from simulator.scenario import Scenario

__all__ = ["Economy"]


class Economy(mesa.Model):
    """Clients, tokens, pools and traders of one scenario, advanced by `step`.

    `world` is all that there is, `tables` holds the rows of the current period as they are
    recorded, and `history` the row of table `periods` for every period so far. `agent_types` are
    classes whose agents decide for themselves, by group (see docs/mesa.md). Raises ScenarioError
    when a scenario asks for more examples than its data has, or a class is unfit for its group.

    >>> from simulator import Economy, Scenario
    >>> economy = Economy(Scenario(periods=2))
    >>> economy.step()
    >>> economy.period, economy.history[-1]["revenue"] > 0
    (1, True)
    """

    def __init__(self, settings: Scenario, agent_types: AgentTypes | None = None) -> None:
        # Mesa 3.5 calls `step` as an event that is gone for ever once it has raised: what it raises
        # is held back there and raised when Mesa has done its part.
        self.step = self._held_back  # type: ignore[method-assign]
        self._raised: BaseException | None = None
        super().__init__(rng=settings.seed)
        self.step = self._step_of_mesa  # type: ignore[method-assign]
        self.settings, types = settings, agent_types or {}
        self.history: list[rows.Row] = []
        self.tables: dict[str, rows.Row] = {}
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

    def _held_back(self) -> None:
        try:
            type(self).step(self)
        except BaseException as error:
            self._raised = error

    def _step_of_mesa(self) -> None:
        self._wrapped_step()
        error, self._raised = self._raised, None
        if error is not None:
            raise error

    def step(self) -> None:
        """Advance one period: learn, assess, reward, decide, trade, record.

        Raises RunError where the period before was not finished, because something went wrong in
        it: then the run can only go back to a state that was saved earlier.
        """
        self._check_finished()
        world, self._unfinished, self.running = self.world, True, False
        with self._threads.limit(limits=1):
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

    def record(self, reward: Reward, traded: Traded) -> None:
        """Audit the books and write down what happened; the summary row comes last."""
        world = self.world
        world.ledger.audit()
        if world.ledger.balances[CLEARING_ACCOUNT].any():
            raise LedgerError(f"the clearing account is not empty after period {world.period}")
        self.tables = rows.table_rows(world, reward, traded)
        self.history.append(self.tables["periods"])

    def save(self) -> dict[str, np.ndarray]:
        """The state of the run as named arrays that need no pickle.

        Raises RunError within a period, and after one that failed.
        """
        self._check_finished()
        return self.world.save()

    def restore(self, saved: dict[str, np.ndarray]) -> None:
        """Go to a state that `save` returned for the same scenario; history starts anew.

        The scenario may have more events, later than the saved period. Raises RunError when it
        differs otherwise, as far as that can be seen, or an older version saved the state.
        """
        self.world.restore(saved)
        self.history.clear()
        self.tables, self._unfinished = {}, False
        self.running = self.period < self.settings.periods
        if hasattr(self, "steps"):  # as Mesa counts them, up to version 3
            self.steps = self.period

    def deregister_agent(self, agent: mesa.Agent) -> None:
        """Agents of a run stay as long as it does, others may go. Raises RunError."""
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
        """Names and numbers of everybody and everything."""
        return self.world.register

    @property
    def groups(self) -> dict[str, Traders]:
        """The acting sets: `groups["investors/0"]` are the first of `investors` in the scenario."""
        return self.world.groups.by_name

    @property
    def ledger(self) -> Ledger:
        """Who owns what."""
        return self.world.ledger

    @property
    def pools(self) -> Pools:
        """The pools with the terms of the current period."""
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
        """The last round; None before the first one, and where `restore` left it behind."""
        return self.world.round

    @property
    def participated(self) -> Booleans:
        """Which clients took part in the last round `[clients]`."""
        return self.world.assessment.participated

    @property
    def contributions(self) -> Floats:
        """What the last round credited clients with, in units of utility `[clients]`."""
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
        """Spot price of each token `[tokens]`; the last one known where a pool is empty."""
        return self.world.prices.spot

    @property
    def fundamental_value(self) -> Floats:
        """Fundamental value of each token `[tokens]`."""
        return self.world.prices.value

    @property
    def positions(self) -> Positions:
        """What everybody has in the pools now `[position_accounts, tokens]`."""
        return self.world.positions

    @property
    def wealth(self) -> Floats:
        """Numeraire, tokens and positions at the end of the last period `[accounts]`.

        Of agents' accounts; 0 for all others.
        """
        return self.world.wealth

    def _record_genesis(self) -> None:
        nothing = Reward.nothing(
            *map(len, (self.register.clients, self.register.tokens, self.ledger.balances))
        )
        self.record(nothing, trading.genesis(self.world, nothing))
