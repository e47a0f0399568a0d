"""The client agent: trains, earns rewards and sells tokens by its policy."""

from simulator.agents.holder import Trader
from simulator.agents.strategies import Strategy
from simulator.federation import Behaviour

__all__ = ["Client"]


class Client(Trader):
    """A member of the federation, who owns data and is paid for its contribution."""

    @property
    def behaviour(self) -> Behaviour:
        """Its behaviour in the federation in this period."""
        behaviour: Behaviour = self.model.register.behaviours[self._place.number]
        return behaviour.at(self.model.period)

    @property
    def joined(self) -> bool:
        first: int = self.model.register.join_period[self._place.number]
        return first <= max(int(self.model.period), 1)

    @property
    def policy(self) -> Strategy:
        """Its strategy for its tokens."""
        return self.group.strategy

    @property
    def share(self) -> float:
        """Its fraction of this period's rewards."""
        return float(self.model.shares[self._place.number])

    @property
    def contribution(self) -> float:
        """Its contribution to the last round, in units of utility."""
        return float(self.model.contributions[self._place.number])
