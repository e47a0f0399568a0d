"""Flows between kinds of accounts, in one period and in all periods so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from simulator.components import Floats, Integers
from simulator.ledger import NUMERAIRE

__all__ = ["FlowSums", "Flows"]

FlowKey = tuple[str, int, int, int]
"""Name of a flow, and codes of its asset, payer kind and payee kind."""
FlowSums = list[tuple[FlowKey, float]]
"""Amounts by key, in the order of appearance."""


@dataclass(frozen=True)
class Flows:
    """The flows of one period, and the sums of all flows from genesis to this period.

    All periods of a show share the mapping `numbers`, which only grows: `total` has as many keys
    as there were up to this period. So sums at any period take equal time and little memory.
    """

    numbers: dict[FlowKey, int]
    """Number of each key, in the order of appearance."""
    key_of_flow: Integers
    """Number of the key of each flow of the period `[flows]`."""
    amount: Floats
    total: Floats
    """Amount since genesis of each key `[keys]`, in units of its asset."""
    spent_by_flow: Mapping[str, float]
    """Numeraire that accounts of kind `spender` paid in the period, by name of the flow."""

    @classmethod
    def of(cls, columns: Mapping[str, Any], spender: int, previous: Self | None) -> Self:
        """The flows of one period from columns of table `flows`, after those of `previous`."""
        numbers, sums = (previous.numbers, previous.total) if previous else ({}, np.zeros(0))
        names = ("asset", "payer", "payee")
        rows = list(zip(columns["flow"], *(columns[name].tolist() for name in names), strict=True))
        keys = np.array([numbers.setdefault(row, len(numbers)) for row in rows], dtype=np.int64)
        amount = np.array(columns["amount"], dtype=np.float64)
        total = np.concatenate([sums, np.zeros(len(numbers) - len(sums))])
        np.add.at(total, keys, amount)
        spent_by_flow = dict[str, float]()
        for (flow, asset, payer, _), paid in zip(rows, amount.tolist(), strict=True):
            if asset == NUMERAIRE and payer == spender:
                spent_by_flow[flow] = spent_by_flow.get(flow, 0.0) + paid
        return cls(numbers, keys, amount, total, spent_by_flow)

    @property
    def of_period(self) -> FlowSums:
        """The flows of the period."""
        keys = list(self.numbers)  # a copy, as a run in another thread may add keys
        numbers, amounts = self.key_of_flow.tolist(), self.amount.tolist()
        return [(keys[number], paid) for number, paid in zip(numbers, amounts, strict=True)]

    @property
    def so_far(self) -> FlowSums:
        """The sums of all flows from genesis to this period."""
        return list(zip(list(self.numbers), self.total.tolist(), strict=False))
