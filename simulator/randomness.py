"""Random streams: one generator per name, all derived from the scenario's seed."""

import json
from zlib import crc32

import numpy as np

__all__ = ["Streams"]


class Streams:
    """Named random streams of one seed.

    A stream is `Generator(PCG64(SeedSequence(seed, spawn_key=(crc32(name),))))`, created on first
    use and continued afterwards, so that no part of the simulator disturbs another's draws.

    >>> streams = Streams(7)
    >>> streams["wealth"] is streams["wealth"]
    True
    >>> bool(streams["wealth"].random() == Streams(7)["wealth"].random())
    True
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._generators: dict[str, np.random.Generator] = {}

    def __getitem__(self, name: str) -> np.random.Generator:
        if name not in self._generators:
            code = crc32(name.encode())
            if any(crc32(other.encode()) == code for other in self._generators):
                raise ValueError(f"stream {name!r} would be the same as one of another name")
            sequence = np.random.SeedSequence(self.seed, spawn_key=(code,))
            self._generators[name] = np.random.Generator(np.random.PCG64(sequence))
        return self._generators[name]

    def integer(self, name: str, *keys: int) -> int:
        """A `random_state` below 2**31 that depends only on (seed, name, keys)."""
        key = (crc32(name.encode()), *keys)
        return int(np.random.SeedSequence(self.seed, spawn_key=key).generate_state(1)[0] >> 1)

    def save(self) -> dict[str, np.ndarray]:
        """Every stream's position, as arrays of text that need no pickle."""
        return {
            name: np.array(json.dumps(generator.bit_generator.state))
            for name, generator in self._generators.items()
        }

    def restore(self, saved: dict[str, np.ndarray]) -> None:
        """Restore every stream to its saved position; streams not saved start anew."""
        for name in self._generators.keys() - saved.keys():
            del self._generators[name]
        for name, state in saved.items():
            self[name].bit_generator.state = json.loads(str(state))
