"""The client agent: trains, is rewarded, and sells its tokens by its policy."""

from simulator.agents.holder import Trader
from simulator.agents.strategies import Strategy
from simulator.federation import Behaviour

__all__ = ["Client"]


class Client(Trader):
    """A participant of the federation, who owns its data and is paid for its contribution."""

    @property
    def behaviour(self) -> Behaviour:
        """What it does in the federation in this period."""
        behaviour: Behaviour = self.model.register.behaviours[self._place.number]
        return behaviour.at(self.model.period)

    @property
    def joined(self) -> bool:
        first: int = self.model.register.join_period[self._place.number]
        return first <= max(int(self.model.period), 1)

    @property
    def policy(self) -> Strategy:
        """What it does with its tokens."""
        return self.group.strategy

    @property
    def share(self) -> float:
        """Its fraction of this period's rewards."""
        return float(self.model.shares[self._place.number])

    @property
    def contribution(self) -> float:
        """What the last round credited it with, in units of utility."""
        return float(self.model.contributions[self._place.number])
