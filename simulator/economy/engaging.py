"""Clients as economic agents: the data they buy and use, and the periods they participate in."""

import numpy as np

from simulator.agents.engagement import Always, Effort, Full, NoOffering
from simulator.agents.groups import ClientGroup
from simulator.answers import Answers, answers_of
from simulator.components import Booleans, Floats, Integers, Memory
from simulator.federation import Cohort
from simulator.randomness import Streams

__all__ = ["Engagement", "engages"]

SHARE_MEMORY = 0.8
EFFORT_MEMORY = tuple(Full().initial(0))
"""Names in the memory of every effort rule; all groups' are stored together."""


def engages(groups: tuple[ClientGroup, ...]) -> bool:
    """Whether any group decides about data, effort or participation."""
    return any(
        group.locked.fraction > 0
        or type(group.effort) is not Full  # a subclass is another rule
        or type(group.participation) is not Always
        for group in groups
    )


class Engagement:
    """The clients' decisions before a round; `cohort` has all examples, locked ones included.

    Each client uses its examples in a random sequence, in which the locked ones come last.
    """

    def __init__(
        self, groups: tuple[ClientGroup, ...], cohort: Cohort, cost_rate: Floats, streams: Streams
    ) -> None:
        self._full_cohort, self._cost_rate = cohort, cost_rate
        self._groups = [(group, clients) for group, clients in _slices(groups)]
        terms = [group.locked for group, clients in self._groups for _ in range(*_span(clients))]
        self._owned = np.array(
            [
                locked.owned_examples(count)
                for locked, count in zip(terms, cohort.examples.tolist(), strict=True)
            ]
        )
        self._order, self._prices = list[Integers](), list[Floats]()
        for client, (locked, count) in enumerate(zip(terms, cohort.examples.tolist(), strict=True)):
            draws = np.random.default_rng(streams.integer("locked", client))
            self._order.append(draws.permutation(count))
            self._prices.append(locked.prices(count - int(self._owned[client]), draws))

    def initial(self) -> Memory:
        """Memory before the first period: all owned examples in use, all clients participating."""
        clients = len(self._owned)
        efforts = [_initial(group.effort, _count(members)) for group, members in self._groups]
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
        """Memory with the purchases, efforts and participation of a period, and data payments.

        Clients decide from their `cash` and the last period's `shares` `[clients]`.
        """
        new_memory, paid = dict(memory), np.zeros(len(cash))
        new_memory["unlocked"] = memory["unlocked"].copy()
        trains = self._full_cohort.trains(period) & memory["there"]
        cost = self._cost(memory, period, memory["effort"])
        for group, clients in self._groups:
            for client in range(*_span(clients)):
                if trains[client] and group.joins <= period:
                    bought, paid[client] = group.locked.affordable(
                        self._locked_prices(memory, client),
                        float(cash[client]),
                        float(cost[client]),
                    )
                    new_memory["unlocked"][client] += bought
        full_cost = self._cost(new_memory, period, np.ones(len(cash)))
        pay = np.nan_to_num(memory["share"]) * memory["rate"]
        by_group = []
        for group, clients in self._groups:
            participated, age = memory["there"][clients], period - group.joins + 1
            past = {name: memory[name][clients] for name in EFFORT_MEMORY}
            effort = _chosen(
                group.effort,
                past,
                age,
                shares[clients],
                memory["rate"][clients],
                full_cost[clients],
            )
            effort = {name: np.where(participated, effort[name], past[name]) for name in effort}
            cost = effort["effort"] * full_cost[clients]
            with answers_of(group.participation, "participates") as answers:
                there = group.participation.participates(age, participated, pay[clients], cost)
                participates = answers.booleans(there, participated.shape)
            by_group.append(effort | {"there": participates})
        for name in by_group[0]:
            new_memory[name] = np.concatenate([arrays[name] for arrays in by_group])
        return new_memory, paid

    def offer(
        self, memory: Memory, period: int, cash: Floats, supply: Floats, twap: Floats
    ) -> tuple[Floats, Floats]:
        """Most numeraire that each client raises by new tokens, and the price of a token.

        All are `[clients]`, see `Offering.terms`. Only clients that train and participate buy data
        and raise money for it.
        """
        target, price = np.zeros(len(cash)), twap.copy()
        if all(type(group.offering) is NoOffering for group, _ in self._groups):
            return target, price
        buys_data = self._full_cohort.trains(period) & memory["there"]
        cost = self._cost(memory, period, memory["effort"])
        for group, clients in self._groups:
            if group.joins > period:
                continue
            gaps = [
                group.locked.funding_gap(
                    self._locked_prices(memory, client), float(cash[client]), float(cost[client])
                )
                for client in range(*_span(clients))
            ]
            with answers_of(group.offering, "terms") as answers:
                most, asked = group.offering.terms(supply[clients], twap[clients], np.array(gaps))
                target[clients] = answers.numbers(most, (len(gaps),), least=0)
                price[clients] = answers.numbers(asked, (len(gaps),), least=0)
                if ((target[clients] > 0) & (price[clients] == 0)).any():
                    raise answers.error("returned a price of 0 for tokens that are sold")
        return np.where(buys_data, target, 0.0), price

    def observe(
        self, memory: Memory, participated: Booleans, shares: Floats, rate: Floats
    ) -> Memory:
        """The memory after a reward that paid `rate` for a share of 1 `[clients]`.

        A client remembers its average share over the periods in which it participated. Periods in
        which no client earned a share are ignored.
        """
        if not shares.any():
            return memory
        past = np.where(np.isnan(memory["share"]), shares, memory["share"])
        average = SHARE_MEMORY * past + (1 - SHARE_MEMORY) * shares
        return memory | {"share": np.where(participated, average, memory["share"]), "rate": rate}

    def cohort(self, memory: Memory) -> Cohort:
        """The clients with the examples that they train on."""
        return self._cohort_with(memory["unlocked"], memory["effort"])

    def _locked_prices(self, memory: Memory, client: int) -> Floats:
        return self._prices[client][int(memory["unlocked"][client] - self._owned[client]) :]

    def _cohort_with(self, unlocked: Integers, effort: Floats) -> Cohort:
        counts = np.maximum(np.rint(effort * unlocked).astype(np.int64), 1)
        rows = [
            np.sort(order[:count])
            for order, count in zip(self._order, counts.tolist(), strict=True)
        ]
        return self._full_cohort.with_rows(rows)

    def _cost(self, memory: Memory, period: int, effort: Floats) -> Floats:
        """Training cost of each client at an effort; 0 if it does not train `[clients]`."""
        cohort = self._cohort_with(memory["unlocked"], effort)
        cost: Floats = self._cost_rate * cohort.examples_used(period) * cohort.trains(period)
        return cost


def _initial(effort: Effort, clients: int) -> Memory:
    """The rule's memory before the first period, of the names that all rules share."""
    with answers_of(effort, "initial") as answers:
        return _checked_memory(answers, effort.initial(clients), clients)


def _chosen(
    effort: Effort, past: Memory, age: int, share: Floats, rate: Floats, cost: Floats
) -> Memory:
    """The rule's memory with the efforts of the period."""
    with answers_of(effort, "choose") as answers:
        return _checked_memory(answers, effort.choose(past, age, share, rate, cost), len(share))


def _checked_memory(answers: Answers, memory: Memory, clients: int) -> Memory:
    arrays = answers.memory(memory)
    if set(arrays) != set(EFFORT_MEMORY):
        raise answers.error(
            f"returned a memory of {', '.join(arrays) or 'nothing'}, not of "
            f"{', '.join(EFFORT_MEMORY)}"
        )
    answers.numbers(arrays["effort"], (clients,), least=0, most=1)
    return {name: answers.floats(arrays[name], (clients,)) for name in EFFORT_MEMORY}


def _slices(groups: tuple[ClientGroup, ...]) -> list[tuple[ClientGroup, slice]]:
    ends = np.cumsum([group.count for group in groups]).tolist()
    return [(group, slice(end - group.count, end)) for group, end in zip(groups, ends, strict=True)]


def _span(clients: slice) -> tuple[int, int]:
    return clients.start, clients.stop


def _count(clients: slice) -> int:
    return int(clients.stop - clients.start)
