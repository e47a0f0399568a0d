"""Launches: how tokens come into the world and into the market at genesis."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from simulator.components import Component, Floats, Integers
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market.pool import Pool

__all__ = ["LAUNCHES", "Launch", "SeededPool"]

BUYERS = 20_000  # served at a time, so that the memory they take is bounded


class Launch(Component):
    """A way to create the tokens and open their pools."""

    supply: float = Field(1000.0, ge=1e-6, le=1e12, description="Tokens of each client at genesis.")
    price: float = Field(1.0, ge=1e-6, le=1e12, description="Genesis price of a token (numeraire).")
    client: float = Field(
        0.6, ge=0, lt=1, description="Least fraction of the supply that the client itself keeps."
    )

    @abstractmethod
    def check(self, clients: int, seed: float) -> None:
        """Raise ValueError when tokens worth `seed` (all pools together) cannot be met."""

    @abstractmethod
    def served(self, clients: int, seed: float, demand: float) -> float:
        """Part of the investors' `demand` (numeraire, all tokens) that `seed` leaves to them."""

    @abstractmethod
    def open(
        self,
        ledger: Ledger,
        pools: Sequence[Pool],
        clients: Integers,
        token_of: Integers,
        providers: Integers,
        deposits: Floats,
        reach: Floats,
        seed_worth: float,
        investors: Integers,
        demand: Floats,
    ) -> None:
        """Create and place the tokens of `clients` on the ledger, `token_of` each of them.

        Each of `providers` puts its `deposits` (numeraire, over all pools) into the pools together
        with tokens worth `seed_worth` times as much, in concentrated pools for prices up to its
        `reach` times below and above the first; each of `investors` buys tokens for its
        `demand` (numeraire, over all tokens). All of them hold the money already.
        """


class SeededPool(Launch):
    """Clients sell at the genesis price: first the tokens that seed the pools, then to investors.

    Investors are served pro rata when they want more than what is left above the client's part.
    """

    kind: Literal["seeded_pool"] = "seeded_pool"

    def check(self, clients: int, seed: float) -> None:
        taken, most = seed / clients / self.price, (1 - self.client) * self.supply
        if taken > most * (1 + 1e-12):
            raise ValueError(
                f"what liquidity providers deposit takes tokens worth {seed:g}, {taken:g} "
                f"of each client at price {self.price:g}, but a client sells at most {most:g} "
                f"(supply {self.supply:g}, of which it keeps {self.client:g})"
            )

    def served(self, clients: int, seed: float, demand: float) -> float:
        offered = clients * (1 - self.client) * self.supply * self.price - seed
        return min(1.0, max(offered, 0.0) / demand) if demand > 0 else 1.0

    def open(
        self,
        ledger: Ledger,
        pools: Sequence[Pool],
        clients: Integers,
        token_of: Integers,
        providers: Integers,
        deposits: Floats,
        reach: Floats,
        seed_worth: float,
        investors: Integers,
        demand: Floats,
    ) -> None:
        ledger.transfer("genesis", 1 + token_of, OUTSIDE, clients, self.supply)
        seed = deposits * seed_worth
        served = demand * self.served(len(clients), float(seed.sum()), float(demand.sum()))
        self._sell(ledger, clients, token_of, providers, seed)
        for first in range(0, len(investors), BUYERS):
            some = slice(first, first + BUYERS)
            self._sell(ledger, clients, token_of, investors[some], served[some])
        for account, deposit, factor in zip(
            providers.tolist(), deposits.tolist(), reach.tolist(), strict=True
        ):
            for pool in pools:
                part = deposit / len(pools)
                tokens = part * seed_worth / self.price
                pool.add_liquidity(
                    tokens,
                    part,
                    account=account,
                    scale=max(deposit, tokens),
                    lower=self.price / factor,
                    upper=self.price * factor,
                )

    def _sell(
        self,
        ledger: Ledger,
        clients: Integers,
        token_of: Integers,
        buyers: Integers,
        money: Floats,
    ) -> None:
        """Each of `buyers` spends its `money`, the same with each client."""
        each = money / len(clients)
        account, part = np.repeat(buyers, len(clients)), np.repeat(each, len(clients))
        asset, client = np.tile(1 + token_of, len(buyers)), np.tile(clients, len(buyers))
        ledger.transfer("genesis_sale", asset, client, account, part / self.price)
        ledger.transfer("genesis_sale", NUMERAIRE, account, client, part)


LAUNCHES: tuple[type[Launch], ...] = (SeededPool,)
