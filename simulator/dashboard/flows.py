"""Flows: what moved from whom to whom, in a period and in all periods so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from simulator.components import Floats, Integers
from simulator.ledger import NUMERAIRE

__all__ = ["Flows", "Moved"]

Way = tuple[str, int, int, int]
"""Name of a flow, and codes of its asset, and of the kinds of accounts that pay and are paid."""
Moved = list[tuple[Way, float]]
"""Sums by way, in the order of appearance."""


@dataclass(frozen=True)
class Flows:
    """The flows of a period, and the sums of all until then.

    There is one mapping of `ways` for all periods of a show: it only grows, and `total` says how
    many of them there were. So sums at any period cost the same, and little memory.
    """

    ways: dict[Way, int]
    """Numbers of all ways that something has moved, in the order of appearance."""
    way: Integers
    """Number of the way of each flow of the period `[flows]`."""
    amount: Floats
    total: Floats
    """Since genesis `[ways]`."""
    spent: Mapping[str, float]
    """Numeraire that accounts of the kind `spender` paid in the period, by name of the flow."""

    @classmethod
    def of(cls, columns: Mapping[str, Any], spender: int, before: Self | None) -> Self:
        """The flows of columns of table `flows`; `before` is of the period before, if any."""
        ways, sums = ({}, np.zeros(0)) if before is None else (before.ways, before.total)
        names = ("asset", "payer", "payee")
        rows = list(zip(columns["flow"], *(columns[name].tolist() for name in names), strict=True))
        way = np.array([ways.setdefault(row, len(ways)) for row in rows], dtype=np.int64)
        amount = np.array(columns["amount"], dtype=np.float64)
        total = np.concatenate([sums, np.zeros(len(ways) - len(sums))])
        np.add.at(total, way, amount)
        spent = dict[str, float]()
        for (flow, asset, payer, _), paid in zip(rows, amount.tolist(), strict=True):
            if asset == NUMERAIRE and payer == spender:
                spent[flow] = spent.get(flow, 0.0) + paid
        return cls(ways, way, amount, total, spent)

    @property
    def of_period(self) -> Moved:
        """What moved in the period."""
        ways = list(self.ways)  # at once: a run that goes on finds more
        jsonable, amounts = self.way.tolist(), self.amount.tolist()
        return [(ways[number], paid) for number, paid in zip(jsonable, amounts, strict=True)]

    @property
    def so_far(self) -> Moved:
        """What has moved from genesis on."""
        return list(zip(list(self.ways), self.total.tolist(), strict=False))
