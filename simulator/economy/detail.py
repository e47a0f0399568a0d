"""Detail: which investors have rows of their own in the tables, and sums for the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.components import Floats, Integers
from simulator.economy.register import TREASURY, Register
from simulator.market import SIDES, STATUSES, Fills, MarketView
from simulator.market.orders import executed
from simulator.scenario import Record

__all__ = ["Details"]

Columns = dict[str, Any]


@dataclass(frozen=True)
class Details:
    """Selects or sums the rows of tables agents and fills, by `settings`."""

    settings: Record
    register: Register
    sampled: Integers  # agents `[sample]`, ascending

    @classmethod
    def draw(cls, settings: Record, register: Register, draws: np.random.Generator) -> "Details":
        """Draw the sample of investors at random."""
        investors = len(register.investors)
        size = min(settings.sample, investors)
        chosen = np.sort(draws.choice(investors, size, replace=False))
        return cls(settings, register, register.first_investor + chosen)

    def agents(self, rows: Columns) -> Columns:
        """Rows of table agents to record, from `rows` with one row per agent."""
        if self.settings.agents == "all":
            return rows
        first = self.register.first_investor
        others = np.arange(first)
        if self.settings.agents == "sample":
            return _take(rows, np.concatenate([others, self.sampled]))
        strategy, example = self._strategies
        sums = {
            "agent": len(self.register.agents) + np.arange(len(example)),
            "kind": rows["kind"][example],
            "strategy": rows["strategy"][example],
        }
        for name in rows.keys() - sums.keys():
            sums[name] = np.bincount(strategy, rows[name][first:], minlength=len(example))
        return _join(_take(rows, others), sums)

    def recorded_fills(self, fills: Fills) -> Integers:
        """Row numbers of the `fills` that have rows of their own in table fills."""
        if self.settings.fills == "all":
            return np.arange(len(fills.orders))
        agent = self.register.agent_of[fills.orders.account - TREASURY]
        recorded = agent < self.register.first_investor
        if self.settings.fills == "sample":
            recorded |= np.isin(agent, self.sampled)
        return np.flatnonzero(recorded)

    def with_sums(self, rows: Columns, passes: Sequence[tuple[MarketView, Fills]]) -> Columns:
        """`rows` of table fills plus sums of the fills in `passes` without rows of their own.

        One sum per strategy, token, side and status, with mean prices.
        """
        if self.settings.fills != "summary" or not self.register.investors:
            return rows
        from simulator.market.kernels import add_by_group

        _, example = self._strategies
        tokens = len(self.register.tokens)
        totals = np.zeros((len(example), tokens, len(SIDES), len(STATUSES), 4))
        for view, fills in passes:
            orders = fills.orders
            swaps = orders.token, orders.buy, orders.amount
            quotes = view.quote(*swaps)
            add_by_group(
                self._groups, orders.account, *swaps, fills.amount_out, fills.status, quotes, totals
            )
        number = strategy, token, side, status = np.nonzero(totals[..., 0])
        orders, paid, received, quoted = totals[number].T
        buy, is_executed = side == 0, executed(status)
        numeraire, tokens = np.where(buy, paid, received), np.where(buy, received, paid)
        sums = {
            "sequence": np.zeros(len(orders)),
            "orders": orders,
            "agent": len(self.register.agents) + strategy,
            "account": np.full(len(orders), -1),
            "strategy": self.register.strategy_codes[example[strategy]],
            "token": token,
            "side": side,
            "amount_in": paid,
            "amount_out": received,
            "price": _ratio(numeraire, tokens, is_executed),
            "slippage": _ratio(quoted, received, is_executed) - 1,
            "status": status,
        }
        joined = _join(rows, sums)
        return joined | {"sequence": np.arange(len(joined["orders"]))}

    @cached_property
    def _groups(self) -> NDArray[np.int8]:
        """Strategy number of each investor account, -1 for other accounts `[accounts]`."""
        groups = np.full(len(self.register.account_kinds), -1, dtype=np.int8)
        sizes = self.register.sizes[self.register.first_investor :]
        groups[self.register.investor_accounts] = np.repeat(self._strategies[0], sizes)
        return groups

    @cached_property
    def _strategies(self) -> tuple[Integers, Integers]:
        """Strategy number of each investor `[investors]`, and the first agent of each strategy."""
        names = {name: number for number, name in enumerate(self.register.investor_strategies)}
        kinds = self.register.agent_strategies[self.register.first_investor :]
        number = np.array([names[kind] for kind in kinds], dtype=np.int64)
        _, first = np.unique(number, return_index=True)
        return number, self.register.first_investor + first


def _take(columns: Columns, rows: Integers) -> Columns:
    return {name: column[rows] for name, column in columns.items()}


def _join(first: Columns, second: Columns) -> Columns:
    return {name: np.concatenate([column, second[name]]) for name, column in first.items()}


def _ratio(numerator: Floats, denominator: Floats, where: Any) -> Floats:
    unknown = np.full(len(numerator), np.nan)
    ratio: Floats = np.divide(numerator, denominator, out=unknown, where=where)
    return ratio
