"""Detail: which investors are recorded one by one, and the sums that stand for the others."""

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

    def kept(self, fills: Fills) -> Integers:
        """Which of `fills` have rows of their own in table fills."""
        if self.settings.fills == "all":
            return np.arange(len(fills.orders))
        agent = self.register.agent_of[fills.orders.account - TREASURY]
        own = agent < self.register.first_investor
        if self.settings.fills == "sample":
            own |= np.isin(agent, self.sampled)
        return np.flatnonzero(own)

    def with_sums(self, rows: Columns, passes: Sequence[tuple[MarketView, Fills]]) -> Columns:
        """`rows` of table fills with the sums of those of `passes` that have no row of their own.

        One for each strategy, token, side and status, with their mean prices.
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
        orders, paid, got, quoted = totals[number].T
        buy, done = side == 0, executed(status)
        numeraire, tokens = np.where(buy, paid, got), np.where(buy, got, paid)
        sums = {
            "sequence": np.zeros(len(orders)),
            "orders": orders,
            "agent": len(self.register.agents) + strategy,
            "account": np.full(len(orders), -1),
            "strategy": self.register.strategy_codes[example[strategy]],
            "token": token,
            "side": side,
            "amount_in": paid,
            "amount_out": got,
            "price": _ratio(numeraire, tokens, done),
            "slippage": _ratio(quoted, got, done) - 1,
            "status": status,
        }
        joined = _joined(rows, sums)
        return joined | {"sequence": np.arange(len(joined["orders"]))}

    @cached_property
    def _groups(self) -> NDArray[np.int8]:
        """Number of the strategy of each account that is an investor's, else -1 `[accounts]`."""
        groups = np.full(len(self.register.account_kinds), -1, dtype=np.int8)
        sizes = self.register.sizes[self.register.first_investor :]
        groups[self.register.investor_accounts] = np.repeat(self._strategies[0], sizes)
        return groups

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
