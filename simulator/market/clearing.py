"""Clearing rules, which put a period's orders into the order in which they settle."""

from abc import abstractmethod
from typing import Literal

import numpy as np

from simulator.components import Component, Integers, Memory
from simulator.market.orders import Orders

__all__ = ["CLEARING", "Clearing", "FirstInFirstOut", "RandomOrder"]


class Clearing(Component):
    """A rule that puts one period's orders into the order in which they settle."""

    def initial(self, accounts: int, draws: np.random.Generator) -> Memory:
        """What the rule knows of the accounts before the first period."""
        return {}

    @abstractmethod
    def sequence(self, memory: Memory, orders: Orders, draws: np.random.Generator) -> Integers:
        """Row numbers of `orders` in the order of settling `[orders]`."""


class RandomOrder(Clearing):
    """Every order of arrival is equally likely, drawn anew each period."""

    kind: Literal["random"] = "random"

    def sequence(self, memory: Memory, orders: Orders, draws: np.random.Generator) -> Integers:
        return draws.permutation(len(orders))


class FirstInFirstOut(Clearing):
    """Orders settle as they arrive: by the latency of their accounts, ranked once for the run.

    Who is fast is always fast. An account's own orders keep their order.
    """

    kind: Literal["fifo"] = "fifo"

    def initial(self, accounts: int, draws: np.random.Generator) -> Memory:
        return {"latency": draws.permutation(accounts)}

    def sequence(self, memory: Memory, orders: Orders, draws: np.random.Generator) -> Integers:
        return np.argsort(memory["latency"][orders.account], kind="stable")


CLEARING: tuple[type[Clearing], ...] = (RandomOrder, FirstInFirstOut)
