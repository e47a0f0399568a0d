"""Pools of positions with price ranges, on the ledger and as compiled loops need them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.components import Booleans, Floats, Integers, Memory
from simulator.errors import MarketError
from simulator.ledger import NUMERAIRE, OUTSIDE, Ledger
from simulator.market.curves import Concentrated, Side
from simulator.market.pool import Pool
from simulator.market.ticks import TICK, TickBook

__all__ = ["ConcentratedPool", "Segments"]

BOOK = ("ticks", "liquidity", "growth", "lower", "upper", "owned", "seen", "owed")


class ConcentratedPool(Pool):
    """A concentrated pool on a ledger, in which each account has one position at most.

    LP shares are liquidity. What is behind positions is the pool's; uncollected fees are held by
    `fee_account` and paid out with any withdrawal.
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
        self._place(ledger, curve, fee, account, token, share)
        self.fee_account = fee_account
        self.book = TickBook(price, fee, curve.spacing)
        self.holders: list[int] = []  # account of each position

    def charge(self, fee: float) -> None:
        """Set the fee of swaps to come."""
        self.fee = self.book.fee = fee

    def save(self) -> Memory:
        """Positions and price, for a checkpoint."""
        book = {name: getattr(self.book, name).copy() for name in BOOK}
        place = {"segment": np.array(self.book.segment), "height": np.array(self.book.height)}
        return book | place | {"holders": np.array(self.holders, dtype=np.int64)}

    def restore(self, saved: Memory) -> None:
        """Go back to what `save` returned."""
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
        """(tokens, numeraire) of a constant product as deep as this pool is at its price."""
        depth = float(self.book.liquidity[self.book.segment])
        return depth / self.book.sqrt_price, depth * self.book.sqrt_price

    def payout_bound(self, side: Side) -> float:
        return self.reserve_numeraire if side == "token" else self.reserve_token

    def quote_in(self, side: Side, amount: float) -> float:
        return self.book.quote_in(side, amount)

    def _keep(self, side: Side, amount: float, fee: float) -> int:
        """Fees are kept in an account of their own, for the positions that the swap drew from."""
        asset = self.token if side == "token" else NUMERAIRE
        self.book.swap_in(side, amount)
        self.ledger.move("fee", asset, self.account, self.fee_account, fee)
        return self.fee_account

    def takes(
        self, account: int, token: float, numeraire: float, lower: float, upper: float
    ) -> bool:
        """Whether `account` could deposit: something, and where its position is if it has one."""
        first, last = self._ticks(lower, upper)
        if first >= last:
            return False
        if not 0 < self.book.liquidity_for(first, last, token, numeraire) < math.inf:
            return False
        return self._free(account, first, last)

    def _free(self, account: int, first: int, last: int) -> bool:
        """Whether `account` has no position but perhaps one between these ticks."""
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

        Returns the liquidity. Raises MarketError when the account has a position elsewhere, or
        when what it offers is none at this price.
        """
        first, last = self._ticks(lower, upper)
        liquidity = self.book.liquidity_for(first, last, token, numeraire)
        scale = max(scale, token, numeraire)
        put_in = {
            asset: self._payable(account, asset, liquidity * float(unit), scale)
            for asset, unit in zip(
                (self.token, NUMERAIRE), self.book.amounts(first, last), strict=True
            )
        }
        if not self._free(account, first, last):
            raise MarketError(f"account {account} has a position for other prices")
        if account in self.holders:
            self.book.add(self.holders.index(account), liquidity)
        else:
            self.book.mint(first, last, liquidity)
            self.holders.append(account)
        for asset, amount in put_in.items():
            self.ledger.transfer("deposit", asset, account, self.account, amount)
        self.ledger.transfer("lp_mint", self.share, OUTSIDE, account, liquidity)
        return liquidity

    def remove_liquidity(self, shares: float, *, account: int = 2) -> tuple[float, float]:
        """Burn `shares` and return (tokens, numeraire): what is behind them, and all fees."""
        if account not in self.holders:
            raise MarketError(f"account {account} has no position")
        position = self.holders.index(account)
        parts = zip(
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
        for asset, behind, fees in parts:
            held = self.ledger.balances[[self.account, self.fee_account], asset].tolist()
            if self.holders:
                behind, fees = min(behind, held[0]), min(fees, held[1])
            else:  # the last one takes what rounding has left, too
                behind, fees = held
            self.ledger.transfer("withdrawal", asset, self.account, account, behind)
            self.ledger.transfer("collection", asset, self.fee_account, account, fees)
            paid.append(behind + fees)
        return paid[0], paid[1]

    def claims(self, accounts: Integers) -> Floats:
        """What each account has here `[6, accounts]`.

        Tokens and numeraire behind its position, uncollected fees in both, and the prices from
        which and to which it serves: 0 and infinity for all prices.
        """
        book, found = self.book, np.zeros((6, len(accounts)))
        behind = [book.owned * amount for amount in book.amounts(book.lower, book.upper)]
        row = np.searchsorted(accounts, self.holders)
        found[:, row] = [*behind, *book.uncollected.T, *book.ends]
        return found

    def _ticks(self, lower: float, upper: float) -> tuple[int, int]:
        return self._tick(lower, math.floor), self._tick(upper, math.ceil)

    def _tick(self, price: float, rounding: Callable[[float], int]) -> int:
        """The tick of a price, rounded to one where positions may begin or end."""
        most, spacing = self.book.last_tick, self.curve.spacing
        if not 0 < price < math.inf:
            return most if price > 0 else -most
        steps = math.log(price) / TICK / spacing
        near = round(steps)
        step = near if abs(steps - near) < 1e-9 else rounding(steps)
        return max(-most, min(spacing * step, most))


@dataclass(frozen=True)
class Segments:
    """The segments of all pools, one pool's after the other's; those of other curves have none."""

    start: Integers  # of each pool's [pools + 1]
    floor: Floats  # [segments], as what follows; see `kernels.walk`
    width: Floats
    liquidity: Floats
    growth: Floats  # of fees per unit of liquidity, in this pass [segments, sides]
    unused: Floats
    segment: Integers  # where the price stands [pools]
    height: Floats  # above the segment's floor [pools]

    @property
    def columns(self) -> tuple[Any, ...]:
        """All of them, in their order."""
        return tuple(vars(self).values())

    @staticmethod
    def of(pools: Sequence[Pool]) -> "Segments":
        """Those of the pools as they are now."""
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
            unused=np.zeros(floor.size),
            segment=np.array([book.segment if book else 0 for book in books], dtype=np.int64),
            height=np.array([book.height if book else 0.0 for book in books], dtype=np.float64),
        )

    def quote(self, token: Integers, buy: Booleans, amount: Floats, fee: Floats) -> Floats:
        """What orders alone would be paid `[orders]`; `fee` `[pools]`."""
        from simulator.market.kernels import ranged_quotes

        quoted: Floats = ranged_quotes(token, buy, amount, fee, self.columns)
        return quoted

    def settled(self, pools: Sequence[Pool]) -> None:
        """Bring the pools to where a pass of settling has brought the segments."""
        for number, pool in enumerate(pools):
            if isinstance(pool, ConcentratedPool):
                some = slice(self.start[number], self.start[number + 1])
                pool.book.segment = int(self.segment[number])
                pool.book.height = float(self.height[number])
                pool.book.growth += self.growth[some]
                fees = self.liquidity[some] @ self.growth[some]
                assets = np.array([pool.token, NUMERAIRE])
                fees = np.minimum(fees, pool.ledger.balances[pool.account, assets])  # rounding
                pool.ledger.move("fee", assets, pool.account, pool.fee_account, fees)
