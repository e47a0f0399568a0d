"""Clients as economic agents: the data they buy and use, and the periods they take part in."""

import numpy as np

from simulator.agents.engagement import Always, Full, NoOffering
from simulator.agents.groups import ClientGroup
from simulator.components import Booleans, Floats, Integers, Memory
from simulator.federation import Cohort
from simulator.randomness import Streams

__all__ = ["Engagement", "engages"]

SHARE_MEMORY = 0.8


def engages(groups: tuple[ClientGroup, ...]) -> bool:
    """Whether any client decides about data, effort or participation."""
    return any(
        group.locked.fraction > 0
        or not isinstance(group.effort, Full)
        or not isinstance(group.participation, Always)
        for group in groups
    )


class Engagement:
    """What clients decide before a round, of a `cohort` with all examples there are to own.

    Each uses its examples in a random sequence of its own; the last of them are locked.
    """

    def __init__(
        self, groups: tuple[ClientGroup, ...], cohort: Cohort, cost_rate: Floats, streams: Streams
    ) -> None:
        self._everything, self._cost_rate = cohort, cost_rate
        self._groups = [(group, clients) for group, clients in _slices(groups)]
        terms = [group.locked for group, clients in self._groups for _ in range(*_span(clients))]
        self._owned = np.array(
            [
                own.owned_examples(count)
                for own, count in zip(terms, cohort.examples.tolist(), strict=True)
            ]
        )
        self._order, self._prices = list[Integers](), list[Floats]()
        for client, (own, count) in enumerate(zip(terms, cohort.examples.tolist(), strict=True)):
            draws = np.random.default_rng(streams.integer("locked", client))
            self._order.append(draws.permutation(count))
            self._prices.append(own.prices(count - int(self._owned[client]), draws))

    def initial(self) -> Memory:
        """Before the first period: what is not locked, all of it used, and everybody there."""
        clients = len(self._owned)
        efforts = [group.effort.initial(_count(own)) for group, own in self._groups]
        return {
            "unlocked": self._owned.copy(),
            "there": np.ones(clients, dtype=bool),
            "share": np.full(clients, np.nan),
            "rate": np.zeros(clients),
            **{name: np.concatenate([effort[name] for effort in efforts]) for name in efforts[0]},
        }

    def decide(
        self, memory: Memory, period: int, cash: Floats, shares: Floats
    ) -> tuple[Memory, Floats]:
        """Purchases, efforts and participation of a period, and what each client pays for data.

        All on what is known before it: `cash` and the last period's `shares` `[clients]`.
        """
        decided, paid = dict(memory), np.zeros(len(cash))
        decided["unlocked"] = memory["unlocked"].copy()
        trains = self._everything.trains(period) & memory["there"]
        cost = self._cost(memory, period, memory["effort"])
        for group, clients in self._groups:
            for client in range(*_span(clients)):
                if trains[client] and group.joins <= period:
                    bought, paid[client] = group.locked.affordable(
                        self._left(memory, client), float(cash[client]), float(cost[client])
                    )
                    decided["unlocked"][client] += bought
        full = self._cost(decided, period, np.ones(len(cash)))
        pay = np.nan_to_num(memory["share"]) * memory["rate"]
        parts = []
        for group, clients in self._groups:
            there, age = memory["there"][clients], period - group.joins + 1
            past = {name: memory[name][clients] for name in group.effort.initial(0)}
            own = group.effort.choose(
                past, age, shares[clients], memory["rate"][clients], full[clients]
            )
            own = {name: np.where(there, own[name], past[name]) for name in own}
            cost = own["effort"] * full[clients]
            stays = group.participation.participates(age, there, pay[clients], cost)
            parts.append(own | {"there": stays})
        decided |= {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return decided, paid

    def offer(
        self, memory: Memory, period: int, cash: Floats, supply: Floats, twap: Floats
    ) -> tuple[Floats, Floats]:
        """Numeraire that each client asks for new tokens at most, and what one is to cost.

        All are `[clients]`, see `Offering.terms`. Only who trains and means to take part buys data,
        and asks for anything.
        """
        asked, price = np.zeros(len(cash)), twap.copy()
        if all(isinstance(group.offering, NoOffering) for group, _ in self._groups):
            return asked, price
        buys = self._everything.trains(period) & memory["there"]
        cost = self._cost(memory, period, memory["effort"])
        for group, clients in self._groups:
            if group.joins > period:
                continue
            lacking = [
                group.locked.funding_gap(
                    self._left(memory, client), float(cash[client]), float(cost[client])
                )
                for client in range(*_span(clients))
            ]
            asked[clients], price[clients] = group.offering.terms(
                supply[clients], twap[clients], np.array(lacking)
            )
        return np.where(buys, asked, 0.0), price

    def observe(
        self, memory: Memory, participated: Booleans, shares: Floats, rate: Floats
    ) -> Memory:
        """The memory after a reward that paid `rate` for a share of 1 `[clients]`.

        A client remembers its share of the periods in which it took part. A period in which nobody
        earned anything says nothing about pay.
        """
        if not shares.any():
            return memory
        past = np.where(np.isnan(memory["share"]), shares, memory["share"])
        average = SHARE_MEMORY * past + (1 - SHARE_MEMORY) * shares
        return memory | {"share": np.where(participated, average, memory["share"]), "rate": rate}

    def cohort(self, memory: Memory) -> Cohort:
        """The clients with the examples that they train on."""
        return self._using(memory["unlocked"], memory["effort"])

    def _left(self, memory: Memory, client: int) -> Floats:
        return self._prices[client][int(memory["unlocked"][client] - self._owned[client]) :]

    def _using(self, unlocked: Integers, effort: Floats) -> Cohort:
        counts = np.maximum(np.rint(effort * unlocked).astype(np.int64), 1)
        rows = [
            np.sort(order[:count])
            for order, count in zip(self._order, counts.tolist(), strict=True)
        ]
        return self._everything.with_rows(rows)

    def _cost(self, memory: Memory, period: int, effort: Floats) -> Floats:
        """What training costs each client at an effort, if it trains."""
        cohort = self._using(memory["unlocked"], effort)
        cost: Floats = self._cost_rate * cohort.examples_used(period) * cohort.trains(period)
        return cost


def _slices(groups: tuple[ClientGroup, ...]) -> list[tuple[ClientGroup, slice]]:
    ends = np.cumsum([group.count for group in groups]).tolist()
    return [(group, slice(end - group.count, end)) for group, end in zip(groups, ends, strict=True)]


def _span(clients: slice) -> tuple[int, int]:
    return clients.start, clients.stop


def _count(clients: slice) -> int:
    return int(clients.stop - clients.start)
