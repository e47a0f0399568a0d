"""Pools of positions with price ranges, on the ledger and as arrays for compiled loops."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.components import Booleans, Floats, Integers, Memory
from simulator.errors import MarketError
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market.curves import Concentrated, Side
from simulator.market.fees import fee_rate
from simulator.market.pool import Pool
from simulator.market.ticks import TICK, TickBook

__all__ = ["ConcentratedPool", "Segments"]

BOOK = ("ticks", "liquidity", "growth", "lower", "upper", "owned", "seen", "owed")


class ConcentratedPool(Pool):
    """A concentrated pool on a ledger, in which each account has one position at most.

    LP shares are liquidity. The pool's account holds the reserves of positions; `fee_account` holds
    uncollected fees, which are paid out with any withdrawal.
    """

    curve: Concentrated

    def __init__(
        self,
        ledger: Ledger,
        curve: Concentrated,
        fee: float,
        account: int,
        token: int,
        share: int,
        fee_account: int,
        price: float,
    ) -> None:
        self._set_up(ledger, curve, fee, account, token, share)
        self.fee_account = fee_account
        self.book = TickBook(price, fee, curve.spacing)
        self.holders: list[int] = []  # account of each position

    def set_fee(self, fee: float) -> None:
        """Set the fee of future swaps."""
        self.fee = self.book.fee = fee_rate(fee)

    def save(self) -> Memory:
        """Positions and price, for a checkpoint."""
        book = {name: getattr(self.book, name).copy() for name in BOOK}
        place = {"segment": np.array(self.book.segment), "height": np.array(self.book.height)}
        return book | place | {"holders": np.array(self.holders, dtype=np.int64)}

    def restore(self, saved: Memory) -> None:
        """Restore the state that `save` returned."""
        for name in BOOK:
            setattr(self.book, name, saved[name].copy())
        self.book.segment, self.book.height = int(saved["segment"]), float(saved["height"])
        self.holders = saved["holders"].tolist()

    @property
    def empty(self) -> bool:
        return self.reserve_token <= 0 and self.reserve_numeraire <= 0

    @property
    def spot_price(self) -> float:
        return self.book.spot_price

    @property
    def virtual_reserves(self) -> tuple[float, float]:
        """(tokens, numeraire) of a constant product with this pool's depth at its price."""
        depth = float(self.book.liquidity[self.book.segment])
        return depth / self.book.sqrt_price, depth * self.book.sqrt_price

    def payout_bound(self, side: Side) -> float:
        return self.reserve_numeraire if side == "token" else self.reserve_token

    def quote_in(self, side: Side, amount: float) -> float:
        return self.book.quote_in(side, amount)

    def _collect_fee(self, side: Side, amount: float, fee: float) -> int:
        """Apply the swap to the book and move its fee to `fee_account`, for the positions used."""
        asset = self.token if side == "token" else NUMERAIRE
        self.book.swap_in(side, amount)
        self.ledger.move("fee", asset, self.account, self.fee_account, fee)
        return self.fee_account

    def accepts(
        self, account: int, token: float, numeraire: float, lower: float, upper: float
    ) -> bool:
        """Whether the deposit has any liquidity and `account` has no position at other prices."""
        first, last = self._ticks(lower, upper)
        if first >= last:
            return False
        if not 0 < self.book.liquidity_for(first, last, token, numeraire) < math.inf:
            return False
        return self._has_no_other_position(account, first, last)

    def _has_no_other_position(self, account: int, first: int, last: int) -> bool:
        """Whether `account` has no position, or one between exactly these ticks."""
        if account not in self.holders:
            return True
        position = self.holders.index(account)
        return (first, last) == (self.book.lower[position], self.book.upper[position])

    def add_liquidity(
        self,
        token: float,
        numeraire: float,
        *,
        account: int = 2,
        scale: float = 0,
        lower: float = 0.0,
        upper: float = math.inf,
    ) -> float:
        """Deposit at most `token` and `numeraire` for prices from `lower` to `upper`.

        Returns the liquidity. Raises MarketError when the account has a position for other prices,
        or when its deposit gives no liquidity at this price.
        """
        first, last = self._ticks(lower, upper)
        liquidity = self.book.liquidity_for(first, last, token, numeraire)
        scale = max(scale, token, numeraire)
        deposits = {
            asset: self._payable(account, asset, liquidity * float(unit), scale)
            for asset, unit in zip(
                (self.token, NUMERAIRE), self.book.amounts(first, last), strict=True
            )
        }
        if not self._has_no_other_position(account, first, last):
            raise MarketError(
                f"account {account} has a position for other prices: remove its liquidity first"
            )
        if account in self.holders:
            self.book.add(self.holders.index(account), liquidity)
        else:
            self.book.mint(first, last, liquidity)
            self.holders.append(account)
        for asset, amount in deposits.items():
            self.ledger.transfer("deposit", asset, account, self.account, amount)
        self.ledger.transfer("lp_mint", self.share, OUTSIDE, account, liquidity)
        return liquidity

    def remove_liquidity(self, shares: float, *, account: int = 2) -> tuple[float, float]:
        """Burn `shares`; returns (tokens, numeraire): their reserves, and all uncollected fees."""
        if account not in self.holders:
            raise MarketError(f"account {account} has no position")
        position = self.holders.index(account)
        payouts = zip(
            (self.token, NUMERAIRE),
            self.book.burn(position, shares),
            self.book.collect(position),
            strict=True,
        )
        self.ledger.transfer("lp_burn", self.share, account, OUTSIDE, shares)
        if not self.book.owned[position]:
            self.book.forget(position)
            self.holders.pop(position)
        paid = []
        for asset, amount, fees in payouts:
            held = self.ledger.balances[[self.account, self.fee_account], asset].tolist()
            if self.holders:
                amount, fees = min(amount, held[0]), min(fees, held[1])
            else:  # the last holder also takes what rounding left
                amount, fees = held
            self.ledger.transfer("withdrawal", asset, self.account, account, amount)
            self.ledger.transfer("collection", asset, self.fee_account, account, fees)
            paid.append(amount + fees)
        return paid[0], paid[1]

    def claims(self, accounts: Integers) -> Floats:
        """Each account's claims on the pool `[6, accounts]`.

        Tokens and numeraire of its position, uncollected fees in both, and the lowest and highest
        price it serves: 0 and infinity for all prices.
        """
        book, claims = self.book, np.zeros((6, len(accounts)))
        reserves = [book.owned * amount for amount in book.amounts(book.lower, book.upper)]
        row = np.searchsorted(accounts, self.holders)
        claims[:, row] = [*reserves, *book.uncollected.T, *book.ends]
        return claims

    def _ticks(self, lower: float, upper: float) -> tuple[int, int]:
        return self._tick(lower, math.floor), self._tick(upper, math.ceil)

    def _tick(self, price: float, rounding: Callable[[float], int]) -> int:
        """The tick of a price, rounded to a multiple of the spacing."""
        most, spacing = self.book.last_tick, self.curve.spacing
        if not 0 < price < math.inf:
            return most if price > 0 else -most
        steps = math.log(price) / TICK / spacing
        near = round(steps)
        step = near if abs(steps - near) < 1e-9 else rounding(steps)
        return max(-most, min(spacing * step, most))


@dataclass(frozen=True)
class Segments:
    """The segments of all pools, pool after pool; pools with other curves have none."""

    start: Integers  # index of each pool's first segment [pools + 1]
    floor: Floats  # [segments], like width and liquidity; see `kernels.walk`
    width: Floats
    liquidity: Floats
    growth: Floats  # fees per unit of liquidity in this pass [segments, sides]
    swap_fees: Floats  # scratch: fees per unit of liquidity of the current swap [segments]
    segment: Integers  # where the price stands [pools]
    height: Floats  # of the price's root above the segment's floor [pools]

    @property
    def columns(self) -> tuple[Any, ...]:
        """All arrays, in the order of the fields."""
        return tuple(vars(self).values())

    @staticmethod
    def of(pools: Sequence[Pool]) -> "Segments":
        """The segments of the pools as they are now."""
        books = [pool.book if isinstance(pool, ConcentratedPool) else None for pool in pools]
        sizes = [0 if book is None else book.liquidity.size for book in books]
        parts = [np.zeros((3, 0)), *(np.array(book.segments) for book in books if book)]
        floor, width, liquidity = np.concatenate(parts, axis=1)
        return Segments(
            start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            floor=floor,
            width=width,
            liquidity=liquidity,
            growth=np.zeros((floor.size, 2)),
            swap_fees=np.zeros(floor.size),
            segment=np.array([book.segment if book else 0 for book in books], dtype=np.int64),
            height=np.array([book.height if book else 0.0 for book in books], dtype=np.float64),
        )

    def quote(self, token: Integers, buy: Booleans, amount: Floats, fee: Floats) -> Floats:
        """Payout of each order if it settled first `[orders]`; `fee` `[pools]`."""
        from simulator.market.kernels import ranged_quotes

        payouts: Floats = ranged_quotes(token, buy, amount, fee, self.columns)
        return payouts

    def update(self, pools: Sequence[Pool]) -> None:
        """Write prices and fees after settling back to the pools."""
        for number, pool in enumerate(pools):
            if isinstance(pool, ConcentratedPool):
                rows = slice(self.start[number], self.start[number + 1])
                pool.book.segment = int(self.segment[number])
                pool.book.height = float(self.height[number])
                pool.book.growth += self.growth[rows]
                fees = self.liquidity[rows] @ self.growth[rows]
                assets = np.array([pool.token, NUMERAIRE])
                fees = np.minimum(fees, pool.ledger.balances[pool.account, assets])  # rounding
                pool.ledger.move("fee", assets, pool.account, pool.fee_account, fees)
