"""Detail: which investors are recorded one by one, and the sums that stand for the others."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from simulator.components import Floats, Integers
from simulator.economy.register import Register
from simulator.market import SIDES, STATUSES
from simulator.scenario import Record

__all__ = ["Details"]

Columns = dict[str, Any]


@dataclass(frozen=True)
class Details:
    """What `settings` leave of the rows of tables agents and fills."""

    settings: Record
    register: Register
    sampled: Integers  # agents `[sample]`, ascending

    @classmethod
    def draw(cls, settings: Record, register: Register, draws: np.random.Generator) -> "Details":
        """Choose the investors of the sample, each equally likely."""
        investors = len(register.investors)
        size = min(settings.sample, investors)
        chosen = np.sort(draws.choice(investors, size, replace=False))
        return cls(settings, register, register.first_investor + chosen)

    def agents(self, rows: Columns) -> Columns:
        """Rows of table agents, of all of which every agent has one."""
        if self.settings.agents == "all":
            return rows
        first = self.register.first_investor
        others = np.arange(first)
        if self.settings.agents == "sample":
            return _taken(rows, np.concatenate([others, self.sampled]))
        strategy, example = self._strategies
        summed = {
            "agent": len(self.register.agents) + np.arange(len(example)),
            "kind": rows["kind"][example],
            "strategy": rows["strategy"][example],
        }
        for name in rows.keys() - summed.keys():
            summed[name] = np.bincount(strategy, rows[name][first:], minlength=len(example))
        return _joined(_taken(rows, others), summed)

    def fills(self, rows: Columns) -> Columns:
        """Rows of table fills, of all of which every order has one."""
        investor = rows["agent"] >= self.register.first_investor
        if self.settings.fills == "all" or not investor.any():
            return rows
        if self.settings.fills == "sample":
            return _taken(rows, np.flatnonzero(~investor | np.isin(rows["agent"], self.sampled)))
        summed = self._summed_fills(rows, np.flatnonzero(investor))
        joined = _joined(_taken(rows, np.flatnonzero(~investor)), summed)
        return joined | {"sequence": np.arange(len(joined["orders"]))}

    def _summed_fills(self, rows: Columns, some: Integers) -> Columns:
        """One row for each strategy, token, side and status of `some`: sums, and their prices."""
        numbers, example = self._strategies
        strategy = numbers[rows["agent"][some] - self.register.first_investor]
        shape = len(example), len(self.register.tokens), len(SIDES), len(STATUSES)
        by = strategy, rows["token"][some], rows["side"][some], rows["status"][some]
        number = np.ravel_multi_index(by, shape)
        seen = np.bincount(number, minlength=math.prod(shape)) > 0
        strategy, token, side, status = np.unravel_index(np.flatnonzero(seen), shape)
        group = (np.cumsum(seen) - 1)[number]

        def total(column: Floats) -> Floats:
            return np.asarray(np.bincount(group, column[some]), dtype=np.float64)

        paid, got, orders = (total(rows[name]) for name in ("amount_in", "amount_out", "orders"))
        buy, filled = side == 0, status == 0
        numeraire, tokens = np.where(buy, paid, got), np.where(buy, got, paid)
        quoted = total(rows["amount_out"] * (1 + rows["slippage"]))
        return {
            "sequence": np.zeros(len(orders)),
            "orders": orders,
            "agent": len(self.register.agents) + strategy,
            "account": np.full(len(orders), -1),
            "strategy": self.register.strategy_codes[example[strategy]],
            "token": token,
            "side": side,
            "amount_in": paid,
            "amount_out": got,
            "price": _ratio(numeraire, tokens, filled),
            "slippage": _ratio(quoted, got, filled) - 1,
            "status": status,
        }

    @cached_property
    def _strategies(self) -> tuple[Integers, Integers]:
        """Number of each investor's strategy `[investors]`, and the first agent of each."""
        names = {name: number for number, name in enumerate(self.register.investor_strategies)}
        kinds = self.register.agent_strategies[self.register.first_investor :]
        number = np.array([names[kind] for kind in kinds], dtype=np.int64)
        _, first = np.unique(number, return_index=True)
        return number, self.register.first_investor + first


def _taken(rows: Columns, kept: Integers) -> Columns:
    return {name: column[kept] for name, column in rows.items()}


def _joined(first: Columns, second: Columns) -> Columns:
    return {name: np.concatenate([column, second[name]]) for name, column in first.items()}


def _ratio(numerator: Floats, denominator: Floats, known: Any) -> Floats:
    unknown = np.full(len(numerator), np.nan)
    ratio: Floats = np.divide(numerator, denominator, out=unknown, where=known)
    return ratio
