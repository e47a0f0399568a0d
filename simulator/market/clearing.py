"""Clearing rules, which decide how a trading pass's orders settle."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from simulator.answers import answers_of
from simulator.components import Component, Integers, Memory
from simulator.errors import MarketError
from simulator.ledger import Ledger
from simulator.market.batch import canonical_rows, settle_together
from simulator.market.curves import ConstantProduct, Curve
from simulator.market.orders import Fills, Orders
from simulator.market.pool import Pool
from simulator.market.settling import settle
from simulator.market.shuffling import MANY, shuffled

__all__ = ["CLEARING_RULES", "Batch", "Clearing", "FirstInFirstOut", "Priority", "RandomOrder"]


class Clearing(Component):
    """A rule by which one trading pass's orders settle: in a sequence, unless it says otherwise."""

    def initial(self, accounts: int, draws: np.random.Generator) -> Memory:
        """The rule's memory of the accounts before the first period."""
        return {}

    def check(self, curve: Curve) -> None:
        """Raise ValueError when the rule cannot clear pools with this curve."""

    def sequence(self, memory: Memory, orders: Orders, draws: np.random.Generator) -> Integers:
        """Row numbers of `orders` in settling sequence `[orders]`."""
        return np.arange(len(orders))

    def arrange(self, memory: Memory, orders: Orders, draws: np.random.Generator) -> Orders:
        """The orders in settling sequence."""
        with answers_of(self, "sequence") as answers:
            rows = self.sequence(memory, orders, draws)
            rows = answers.integers(rows, (len(orders),), 0, len(orders) - 1)
            is_there = np.zeros(len(orders), dtype=bool)
            is_there[rows] = True
            if not is_there.all():
                raise answers.error(f"left out order {is_there.argmin()} and gave another twice")
            return orders.take(rows)

    def clear(
        self,
        memory: Memory,
        ledger: Ledger,
        pools: Sequence[Pool],
        orders: Orders,
        gas: float,
        draws: np.random.Generator,
    ) -> Fills:
        """Execute `orders`; each costs `gas` (numeraire) plus its tip."""
        return settle(ledger, pools, self.arrange(memory, orders, draws), gas)


class RandomOrder(Clearing):
    """Every order of arrival is equally likely, drawn anew each period."""

    kind: Literal["random"] = "random"

    def sequence(self, memory: Memory, orders: Orders, draws: np.random.Generator) -> Integers:
        return draws.permutation(len(orders))

    def arrange(self, memory: Memory, orders: Orders, draws: np.random.Generator) -> Orders:
        if len(orders) < MANY:
            return super().arrange(memory, orders, draws)
        return shuffled(orders, draws)


class Priority(Clearing):
    """Orders settle by the tip that they offer, the highest first; those of one tip at random.

    This is how a builder fills a block: whatever has a place in it pays for the place, tips of
    orders included that fail when it is their turn. Only an order whose account cannot pay for
    amount, gas and tip is left out, and pays nothing.
    """

    kind: Literal["priority"] = "priority"

    def sequence(self, memory: Memory, orders: Orders, draws: np.random.Generator) -> Integers:
        rows = draws.permutation(len(orders))
        return rows[np.argsort(-orders.tip[rows], kind="stable")]


class FirstInFirstOut(Clearing):
    """Orders settle as they arrive: by the latency of their accounts, ranked once for the run.

    Who is fast is always fast. An account's own orders keep their order.
    """

    kind: Literal["fifo"] = "fifo"

    def initial(self, accounts: int, draws: np.random.Generator) -> Memory:
        return {"latency": draws.permutation(accounts)}

    def sequence(self, memory: Memory, orders: Orders, draws: np.random.Generator) -> Integers:
        return np.argsort(memory["latency"][orders.account], kind="stable")


class Batch(Clearing):
    """All orders for a token trade together at one price, whatever order they came in.

    With x tokens and y numeraire in the pool the price is (y + 2 g B)/(x + 2 g A), for B numeraire
    of buyers, A tokens of sellers and a fee of 1 - g; orders whose bounds it breaks are dropped
    together and it is computed again (Canidio & Fritsch 2023). An order alone pays twice the price
    impact of a swap, so a tolerance must allow for that. Constant product only.
    """

    kind: Literal["batch"] = "batch"

    def check(self, curve: Curve) -> None:
        if type(curve) is not ConstantProduct:
            raise ValueError(f"clearing batch needs constant_product pools, not {curve.kind}")

    def sequence(self, memory: Memory, orders: Orders, draws: np.random.Generator) -> Integers:
        return canonical_rows(orders)

    def clear(
        self,
        memory: Memory,
        ledger: Ledger,
        pools: Sequence[Pool],
        orders: Orders,
        gas: float,
        draws: np.random.Generator,
    ) -> Fills:
        try:
            for pool in pools:
                self.check(pool.curve)
        except ValueError as error:
            raise MarketError(str(error)) from error
        return settle_together(ledger, pools, self.arrange(memory, orders, draws), gas)


CLEARING_RULES: tuple[type[Clearing], ...] = (RandomOrder, Priority, FirstInFirstOut, Batch)
