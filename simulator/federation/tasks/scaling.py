"""Features scaled to mean 0 and deviation 1, with the bits of scikit-learn's StandardScaler."""

from typing import NamedTuple, Self

import numpy as np

from simulator.components import Floats

__all__ = ["Scaling"]

PRECISION = float(np.finfo(float).eps)


class Scaling(NamedTuple):
    """Mean and deviation of each feature; the deviation of a constant feature counts as 1.

    Computes what `sklearn.preprocessing.StandardScaler` computes, step by step, without the 0.6 s
    that importing scikit-learn takes.
    """

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, features: Floats, weights: Floats | None = None) -> Self:
        """That of examples `[rows, features]`, by weight `[rows]`; NaN features do not count."""
        missing = np.isnan(features)

        def total(values: Floats) -> Floats:
            present: Floats = np.where(missing, 0.0, values)
            summed: Floats = present.sum(axis=0) if weights is None else weights @ present
            return summed

        if weights is None:
            count = len(features) - missing.astype(float).sum(axis=0)
        else:
            count = (weights[:, None] * ~missing).sum(axis=0)
        mean = (0.0 + total(features)) / count  # 0.0 turns -0.0 into 0.0
        centred = features - mean
        # The second term corrects rounding errors of the mean (Chan, Golub, LeVeque 1983).
        variance = (total(centred**2) - total(centred) ** 2 / count) / count
        error = count * PRECISION * variance + (count * mean * PRECISION) ** 2
        return cls(mean, np.sqrt(np.where(variance <= error, 1.0, variance)))

    def scaled(self, features: Floats) -> Floats:
        """Examples `[rows, features]`, scaled; NaN features stay NaN."""
        return (features - self.mean) / self.deviation
