"""Launches: how tokens are created and reach the market at genesis."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from simulator.advice import rounded_down, rounded_up
from simulator.components import Component, Floats, Integers
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market.curves import Curve, Weighted
from simulator.market.pool import Pool

__all__ = ["LAUNCHES", "BondingLaunch", "BootstrappingPool", "Launch", "Opening", "SeededPool"]

BUYERS = 20_000  # served at a time, to bound memory


@dataclass(frozen=True)
class Opening:
    """The tokens that enter the market together, their buyers and their liquidity providers.

    Buyers and providers hold the money already. The treasury owns any other opening liquidity.
    """

    ledger: Ledger
    pools: Sequence[Pool]
    """Pools of the new tokens, still empty."""
    clients: Integers
    """Accounts of the clients whose tokens are created `[clients]`."""
    token_of: Integers
    """Number of each client's token `[clients]`."""
    providers: Integers
    """Accounts of the liquidity providers `[providers]`."""
    deposits: Floats
    """Deposit of each provider, over all pools (numeraire, `[providers]`)."""
    reach: Floats
    """Factor by which prices may fall or rise before a deposit in a concentrated pool is out of
    range `[providers]`."""
    seed_worth: float
    """Value of the tokens deposited with each numeraire (numeraire)."""
    investors: Integers
    """Accounts of the investors `[investors]`."""
    demand: Floats
    """Amount that each investor spends, over all tokens (numeraire, `[investors]`)."""
    treasury: int
    """Account of the treasury."""


class Launch(Component):
    """A way to create the tokens and open their pools."""

    supply: float = Field(
        1000.0,
        ge=1e-6,
        le=1e12,
        description="Tokens of each client at genesis; unless it is set, more if providers and "
        "investors want more.",
    )
    price: float = Field(1.0, ge=1e-6, le=1e12, description="Genesis price of a token (numeraire).")

    clients_sell: ClassVar[bool] = False
    """Whether clients are paid for tokens at genesis."""

    treasury_provides: ClassVar[bool] = False
    """Whether the treasury owns the LP shares of genesis."""

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """As for other components, but the supply when it is set, as its default depends."""
        yield from ((name, value) for name, value in super().__repr_args__() if name != "supply")
        if "supply" in self.model_fields_set:
            yield "supply", self.supply

    @abstractmethod
    def check_curve(self, curve: Curve) -> None:
        """Raise ValueError when the launch cannot open pools with this curve."""

    def opens(self, curve: Curve) -> bool:
        """Whether the launch can open pools with this curve."""
        try:
            self.check_curve(curve)
        except ValueError:
            return False
        return True

    def check(self, clients: int, seed: float) -> None:
        """Raise ValueError when providers cannot deposit with tokens worth `seed`, all pools."""
        if seed:
            raise ValueError(f"launch {self.kind} takes no deposits: set liquidity_providers=[]")

    def supplying(self, clients: int, seed: float, demand: float) -> "Launch":
        """The launch with as large a supply as `seed` and `demand` need (numeraire, all tokens)."""
        return self

    def served_fraction(self, clients: int, seed: float, demand: float) -> float:
        """Fraction of the investors' `demand` (numeraire, all tokens) met after `seed`."""
        return 1.0

    def endowment(self, clients: int, seed_worth: float) -> float:
        """Numeraire that all pools together receive from outside."""
        return 0.0

    @abstractmethod
    def open(self, opening: Opening) -> None:
        """Create the clients' tokens on the ledger, distribute them and open the pools."""


class SeededPool(Launch):
    """Clients sell at the genesis price: first the tokens that seed the pools, then to investors.

    Investors are served pro rata when they want more than what is left above the client's part.
    """

    client: float = Field(
        0.6, ge=0, lt=1, description="Least fraction of the supply that the client itself keeps."
    )
    kind: Literal["seeded_pool"] = "seeded_pool"
    clients_sell: ClassVar[bool] = True

    def check_curve(self, curve: Curve) -> None:
        if curve.mints:
            raise ValueError(
                f"only market.launch bonding_curve opens a {curve.kind}: set "
                "market.curve.kind=constant_product, or market.launch.kind=bonding_curve and "
                "liquidity_providers=[]"
            )

    def check(self, clients: int, seed: float) -> None:
        needed, most = seed / clients / self.price, (1 - self.client) * self.supply
        if needed > most * (1 + 1e-12):
            raise ValueError(
                f"liquidity providers need {needed:.6g} tokens of each client for their deposits, "
                f"but a client sells at most {most:.6g} (supply {self.supply:.6g}, of which it "
                f"keeps the fraction {self.client:g}): {self._room_for(needed)}"
            )

    def _room_for(self, needed: float) -> str:
        """Settings with which a client sells the `needed` tokens, and as many to investors."""
        advice = f"set market.launch.supply={rounded_up(2 * needed / (1 - self.client)):g}"
        kept = 1 - min(2 * needed, self.supply) / self.supply
        enough = needed <= (1 - kept) * self.supply
        return f"{advice} or market.launch.client={rounded_down(kept):g}" if enough else advice

    def supplying(self, clients: int, seed: float, demand: float) -> "Launch":
        needed = rounded_up((seed + demand) / (clients * self.price * (1 - self.client)))
        if needed <= self.supply:
            return self
        settings = dict(self) | {"supply": needed}  # which stays a default that depends on others
        return self.model_construct(_fields_set=self.model_fields_set, **settings)

    def served_fraction(self, clients: int, seed: float, demand: float) -> float:
        offered = clients * (1 - self.client) * self.supply * self.price - seed
        return min(1.0, max(offered, 0.0) / demand) if demand > 0 else 1.0

    def open(self, opening: Opening) -> None:
        ledger, clients, token_of = opening.ledger, opening.clients, opening.token_of
        ledger.transfer("genesis", 1 + token_of, OUTSIDE, clients, self.supply)
        seed = opening.deposits * opening.seed_worth
        fraction = self.served_fraction(
            len(clients), float(seed.sum()), float(opening.demand.sum())
        )
        self._sell(opening, opening.providers, seed)
        for first in range(0, len(opening.investors), BUYERS):
            rows = slice(first, first + BUYERS)
            self._sell(opening, opening.investors[rows], (opening.demand * fraction)[rows])
        for account, deposit, factor in zip(
            opening.providers.tolist(),
            opening.deposits.tolist(),
            opening.reach.tolist(),
            strict=True,
        ):
            for pool in opening.pools:
                numeraire = deposit / len(opening.pools)
                tokens = numeraire * opening.seed_worth / self.price
                pool.add_liquidity(
                    tokens,
                    numeraire,
                    account=account,
                    scale=max(deposit, tokens),
                    lower=self.price / factor,
                    upper=self.price * factor,
                )

    def _sell(self, opening: Opening, buyers: Integers, money: Floats) -> None:
        """Each of `buyers` spends its `money` in equal amounts on all clients' tokens."""
        clients = opening.clients
        account = np.repeat(buyers, len(clients))
        payment = np.repeat(money / len(clients), len(clients))
        asset, client = np.tile(1 + opening.token_of, len(buyers)), np.tile(clients, len(buyers))
        transfer = opening.ledger.transfer
        transfer("genesis_sale", asset, client, account, payment / self.price)
        transfer("genesis_sale", NUMERAIRE, account, client, payment)


class BootstrappingPool(Launch):
    """The treasury opens pools whose weights move, so that prices fall until buyers come.

    All that clients do not keep is put into the pools (liquidity bootstrapping, Balancer). At the
    price p it takes p (1 - w) / w numeraire for each token, w the token's first weight, which come
    from outside. Nobody buys at genesis; what buyers pay in the pools belongs to the treasury, who
    has all LP shares. Without trades the price falls by w / (1 - w) x (1 - v) / v until the last
    weight v: 24 times from .96 to .5.
    """

    client: float = Field(
        0.6, ge=0, lt=1, description="Fraction of the supply that the client itself keeps."
    )
    kind: Literal["lbp"] = "lbp"
    treasury_provides: ClassVar[bool] = True

    def check_curve(self, curve: Curve) -> None:
        falls = isinstance(curve, Weighted) and (curve.last_weight or curve.weight) < curve.weight
        if not falls:
            raise ValueError(
                "launch lbp needs a weighted curve with a last_weight below its weight: set "
                "market.curve.kind=weighted and market.curve.weight=0.96 and "
                "market.curve.last_weight=0.5 and market.curve.periods=20 and "
                f"liquidity_providers=[], or {_other_launch(curve)}"
            )

    def endowment(self, clients: int, seed_worth: float) -> float:
        return clients * (1 - self.client) * self.supply * self.price / seed_worth

    def open(self, opening: Opening) -> None:
        ledger, clients, pools = opening.ledger, opening.clients, opening.pools
        client_supply = self.client * self.supply
        ledger.transfer("genesis", 1 + opening.token_of, OUTSIDE, clients, client_supply)
        tokens = len(clients) * (1 - self.client) * self.supply / len(pools)
        money = self.endowment(len(clients), opening.seed_worth) / len(pools)
        for pool in pools:
            ledger.transfer("genesis", pool.token, OUTSIDE, opening.treasury, tokens)
            ledger.transfer("endowment", NUMERAIRE, OUTSIDE, opening.treasury, money)
            pool.add_liquidity(tokens, money, account=opening.treasury)


class BondingLaunch(Launch):
    """Curves that mint and burn are the market; clients start with the whole supply.

    The reserve that backs it at the price p, R = p S w, comes from outside and is nobody's: who
    sells to the curve is paid from it. Investors buy of the curve, all at once and without a fee:
    for D numeraire in all they are minted S ((1 + D / R)^w - 1), each its part of D, which raises
    the price by (1 + D / R)^(1 - w). Clients get none of that money.
    """

    kind: Literal["bonding_curve"] = "bonding_curve"

    def check_curve(self, curve: Curve) -> None:
        if not curve.mints:
            raise ValueError(
                f"launch bonding_curve needs a bonding_curve, not a {curve.kind}: set "
                "market.curve.kind=bonding_curve and liquidity_providers=[], or "
                f"{_other_launch(curve)}"
            )

    def endowment(self, clients: int, seed_worth: float) -> float:
        return clients * self.supply * self.price / seed_worth

    def open(self, opening: Opening) -> None:
        ledger, pools, clients = opening.ledger, opening.pools, opening.clients
        ledger.transfer("genesis", 1 + opening.token_of, OUTSIDE, clients, self.supply)
        reserve = self.endowment(len(clients), opening.seed_worth) / len(pools)
        paid, most = opening.demand / len(pools), float(opening.demand.max(initial=0.0))
        total = float(paid.sum())
        for pool in pools:
            ledger.transfer("endowment", NUMERAIRE, OUTSIDE, pool.account, reserve)
            minted = float(pool.curve.payout(reserve, pool.reserve_token, total, 0.0, False))
            received = paid * (minted / (total or 1.0))
            ledger.transfer("genesis_sale", NUMERAIRE, opening.investors, pool.account, paid, most)
            ledger.transfer("genesis_sale", pool.token, OUTSIDE, opening.investors, received)


def _other_launch(curve: Curve) -> str:
    """The settings of a launch that can open pools with this curve."""
    if curve.mints:
        return "market.launch.kind=bonding_curve and liquidity_providers=[]"
    return "market.launch.kind=seeded_pool"


LAUNCHES: tuple[type[Launch], ...] = (SeededPool, BootstrappingPool, BondingLaunch)
