"""The aggregator agent: runs the rounds and holds the treasury."""

from simulator.agents.holder import AccountHolder
from simulator.federation import Quality

__all__ = ["Aggregator"]


class Aggregator(AccountHolder):
    """The federation's server; its account is the treasury."""

    @property
    def quality(self) -> Quality:
        """Quality of the current global model."""
        quality: Quality = self.model.quality
        return quality
