"""The state of a run: everything that changes from period to period and is needed to go on."""

from dataclasses import dataclass, field

import numpy as np

from simulator.components import Memory
from simulator.ledger import Ledger
from simulator.randomness import Streams

__all__ = ["State"]


@dataclass
class State:
    """Period, balances, random streams and what every component remembers."""

    ledger: Ledger
    streams: Streams
    period: int = 0
    memories: dict[str, Memory] = field(default_factory=dict)

    def save(self) -> dict[str, np.ndarray]:
        """The state as named arrays that need no pickle."""
        saved = {"period": np.array(self.period), "balances": self.ledger.balances.copy()}
        saved |= {f"stream/{name}": place for name, place in self.streams.save().items()}
        for owner, memory in self.memories.items():
            saved |= {f"memory/{owner}/{name}": array for name, array in memory.items()}
        return saved

    def restore(self, saved: dict[str, np.ndarray]) -> None:
        """Put everything back to where `save` found it."""
        self.period = int(saved["period"])
        self.ledger.balances[:] = saved["balances"]
        self.ledger.take_flows()  # of what is no longer to happen
        streams: dict[str, np.ndarray] = {}
        self.memories = {owner: {} for owner in self.memories}
        for key, array in saved.items():
            if key.startswith("stream/"):
                streams[key.removeprefix("stream/")] = array
            elif key.startswith("memory/"):
                owner, name = key.removeprefix("memory/").rsplit("/", 1)
                self.memories[owner][name] = array
        self.streams.restore(streams)
