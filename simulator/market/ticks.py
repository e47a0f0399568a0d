"""Concentrated liquidity: each position serves a range of prices only (Uniswap v3)."""

import math
from typing import Self

import numpy as np

from simulator.components import Floats, Integers
from simulator.errors import MarketError
from simulator.market.curves import Side
from simulator.market.fees import fee_rate

__all__ = ["MAX_TICK", "TICK", "TickBook", "sqrt_price_at"]

POOL_SIDES = ("token", "numeraire")

MAX_TICK = 887272
"""Ticks reach from -MAX_TICK to MAX_TICK, prices from 2**-128 to 2**128."""

TICK = math.log1p(0.0001)
"""Log-price per tick; log(1.0001) would be off by 1e-13."""

_STEP = TICK / 2  # log of the root of the price, per tick
_NEAR = 10_000  # ticks; subtracting roots closer than that would lose digits


def sqrt_price_at(tick: Integers | int) -> Floats:
    """Root of the price (numeraire per token) at a tick: 1.0001^(tick / 2)."""
    root: Floats = np.exp(_STEP * np.asarray(tick, dtype=np.float64))
    return root


def _rise(tick: Integers | int, other: Integers | int) -> Floats:
    """Root of the price at `other` minus that at `tick`."""
    ticks = np.asarray(other) - tick
    near = sqrt_price_at(tick) * np.expm1(_STEP * np.clip(ticks, -_NEAR, _NEAR))
    return np.where(abs(ticks) < _NEAR, near, sqrt_price_at(other) - sqrt_price_at(tick))


class TickBook:
    """A pool of positions, each of which has its liquidity between two ticks.

    Ticks at which a position begins or ends divide the prices into segments of constant liquidity.
    Fees are counted per unit of liquidity and segment. When a new position divides a segment, the
    lower part keeps the count and the upper part starts at 0, so the sum over any older position's
    segments, its fee growth inside, does not change. A position earns, per unit of liquidity, that
    sum minus its value at the last collection.

    >>> pool = TickBook(price=1.0, fee=0.003, spacing=60)
    >>> liquidity = pool.liquidity_for(-600, 600, 1000.0, 1000.0)
    >>> position, token, numeraire = pool.mint(-600, 600, liquidity)
    >>> round(pool.swap_in("token", 10.0), 9), round(pool.collect(position)[0], 9)
    (9.967063269, 0.03)
    """

    def __init__(self, price: float, fee: float, spacing: int = 1) -> None:
        price, fee = float(price), fee_rate(fee)
        if not 2.0**-128 < price < 2.0**128:
            raise MarketError(f"price must be between 2^-128 and 2^128, got {price}")
        self.fee, self.spacing = fee, int(spacing)
        self.ticks = np.array([-MAX_TICK, MAX_TICK])  # [segments + 1]
        self.liquidity = np.zeros(1)  # [segments]
        self.growth = np.zeros((1, 2))  # fees per unit of liquidity [segments, sides]
        self.segment, self.height = 0, float(math.sqrt(price) - sqrt_price_at(-MAX_TICK))
        self.lower = np.zeros(0, dtype=np.int64)  # [positions], like the arrays below
        self.upper = np.zeros(0, dtype=np.int64)
        self.owned = np.zeros(0)  # liquidity
        self.seen = np.zeros((0, 2))  # fee growth inside when last accrued [positions, sides]
        self.owed = np.zeros((0, 2))  # fees accrued, not collected [positions, sides]

    @classmethod
    def of(
        cls,
        price: float,
        fee: float,
        spacing: int,
        lower: Floats,
        upper: Floats,
        liquidity: Floats,
    ) -> Self:
        """A pool of positions from prices `lower` to `upper` `[positions]`, as in `ends`.

        They start without fees.
        """
        pool = cls(price, fee, spacing)
        with np.errstate(divide="ignore"):
            ticks = (np.log(ends) / TICK for ends in (lower, upper))
            pool.lower, pool.upper = (
                np.clip(tick, -pool.last_tick, pool.last_tick).round().astype(np.int64)
                for tick in ticks
            )
        pool.owned, pool.seen, pool.owed = liquidity.copy(), *np.zeros((2, liquidity.size, 2))
        pool._divide()
        return pool

    @property
    def ends(self) -> tuple[Floats, Floats]:
        """Lowest and highest price of each position; 0 and infinity for all prices."""
        last = self.last_tick
        lower = np.where(self.lower > -last, np.exp(TICK * self.lower), 0.0)
        upper = np.where(self.upper < last, np.exp(TICK * self.upper), np.inf)
        return lower, upper

    @property
    def last_tick(self) -> int:
        """The highest tick at which positions may end; the lowest start is its negative."""
        return MAX_TICK // self.spacing * self.spacing

    @property
    def sqrt_price(self) -> float:
        """Root of the spot price."""
        return float(sqrt_price_at(self.ticks[self.segment]) + self.height)

    @property
    def spot_price(self) -> float:
        """Numeraire per token for an infinitely small swap, before the fee."""
        return self.sqrt_price**2

    def amounts(self, lower: Integers | int, upper: Integers | int) -> tuple[Floats, Floats]:
        """(tokens, numeraire) of a unit of liquidity between two ticks, at the current price."""
        tick, whole = self.ticks[self.segment], _rise(lower, upper)
        above = np.clip(_rise(tick, upper) - self.height, 0.0, whole)
        below: Floats = np.clip(self.height - _rise(tick, lower), 0.0, whole)
        start = np.maximum(self.sqrt_price, sqrt_price_at(lower))
        return above / (start * sqrt_price_at(upper)), below

    @property
    def reserves(self) -> tuple[float, float]:
        """(tokens, numeraire) of all positions, without fees."""
        token, numeraire = self.amounts(self.ticks[:-1], self.ticks[1:])
        return float(self.liquidity @ token), float(self.liquidity @ numeraire)

    def quote_in(self, side: Side, amount: float) -> float:
        """Payout now for `amount` of `side` paid in; 0 when there is too little liquidity."""
        unspent, payout, segment, _, _ = self._walk(side, amount)
        return 0.0 if unspent > 0 or not 0 <= segment < self.liquidity.size else float(payout)

    def swap_in(self, side: Side, amount: float, *, min_out: float = 0.0) -> float:
        """Pay `amount` of `side` in; returns the payout.

        Raises MarketError, moving nothing, when the liquidity does not suffice for all of it
        (Uniswap would swap a fraction), or when the payout would be less than `min_out`.
        """
        payout = self.quote_in(side, amount)
        if payout <= 0:
            raise MarketError(
                f"the pool cannot pay for {amount!r}: no liquidity is left; pay in less or mint"
            )
        if not payout >= min_out:  # nor if that is NaN
            raise MarketError(
                f"the pool would pay {payout!r}, less than min_out {min_out!r}: lower min_out"
            )
        _, _, self.segment, self.height, fees = self._walk(side, amount)
        self.growth[:, POOL_SIDES.index(side)] += fees
        return payout

    def _walk(self, side: Side, amount: float) -> tuple[float, float, int, float, Floats]:
        if side not in POOL_SIDES:
            raise MarketError(f"the side paid in is 'token' or 'numeraire', not {side!r}")
        if not 0 < amount < math.inf:
            raise MarketError(f"an amount must be positive and finite, got {amount!r}")
        from simulator.market.kernels import walk

        place, fees = (self.segment, self.height), np.zeros(self.liquidity.size)
        swap = side == "token", float(amount), self.fee
        return *walk(*swap, *self.segments, *place, fees), fees

    @property
    def segments(self) -> tuple[Floats, Floats, Floats]:
        """Floor, width and liquidity of the segments, in the root of the price `[segments]`."""
        floor, width = sqrt_price_at(self.ticks[:-1]), _rise(self.ticks[:-1], self.ticks[1:])
        return floor, width, self.liquidity

    def liquidity_for(self, lower: int, upper: int, token: float, numeraire: float) -> float:
        """The most liquidity between two ticks that `token` and `numeraire` can pay for."""
        self._check(lower, upper)
        offers = zip((token, numeraire), self.amounts(lower, upper), strict=True)
        return min(float(offered) / float(unit) for offered, unit in offers if unit > 0)

    def mint(self, lower: int, upper: int, liquidity: float) -> tuple[int, float, float]:
        """Open a position between two ticks; returns (its number, tokens, numeraire deposited).

        Raises MarketError when the ticks are not ascending multiples of the spacing, or the
        liquidity is not positive and finite.
        """
        self._check(lower, upper)
        liquidity = _checked_liquidity(liquidity)
        self.lower, self.upper = np.append(self.lower, lower), np.append(self.upper, upper)
        self.owned = np.append(self.owned, liquidity)
        self._divide()
        position = self.owned.size - 1
        self.seen = np.vstack([self.seen, self._growth_inside(position)])
        self.owed = np.vstack([self.owed, [0.0, 0.0]])
        return position, *self._reserves_of(position, liquidity)

    def _check(self, lower: int, upper: int) -> None:
        most = self.last_tick
        if not -most <= lower < upper <= most or lower % self.spacing or upper % self.spacing:
            raise MarketError(
                f"ticks must be multiples of {self.spacing} in ascending order "
                f"between {-most} and {most}, got {lower} and {upper}"
            )

    def add(self, position: int, liquidity: float) -> tuple[float, float]:
        """Add liquidity to a position; returns the (tokens, numeraire) deposited."""
        liquidity = _checked_liquidity(liquidity)
        self._accrue(position)
        self.owned[position] += liquidity
        self._divide()
        return self._reserves_of(position, liquidity)

    def burn(self, position: int, liquidity: float) -> tuple[float, float]:
        """Remove `liquidity` from a position; returns (tokens, numeraire). Its fees stay owed.

        Raises MarketError, moving nothing, when the position has less.
        """
        if not 0 < liquidity <= self.owned[position]:
            raise MarketError(
                f"cannot burn {liquidity!r} liquidity: the position has {self.owned[position]!r}"
            )
        liquidity = float(liquidity)
        self._accrue(position)
        reserves = self._reserves_of(position, liquidity)
        self.owned[position] -= liquidity
        self._divide()
        return reserves

    def _reserves_of(self, position: int, liquidity: float) -> tuple[float, float]:
        token, numeraire = self.amounts(self.lower[position], self.upper[position])
        return float(liquidity * token), float(liquidity * numeraire)

    def collect(self, position: int) -> tuple[float, float]:
        """Pay out a position's fees; returns (tokens, numeraire)."""
        self._accrue(position)
        token, numeraire = self.owed[position].tolist()
        self.owed[position] = 0.0
        return token, numeraire

    @property
    def uncollected(self) -> Floats:
        """Fees earned and not collected `[positions, sides]`."""
        inside = [self._growth_inside(position) for position in range(self.owned.size)]
        growth = np.maximum(np.reshape(inside, (-1, 2)) - self.seen, 0.0)  # not below 0 by rounding
        uncollected: Floats = self.owed + self.owned[:, None] * growth
        return uncollected

    def forget(self, position: int) -> None:
        """Drop a position without liquidity; later positions move up by one."""
        for name in ("lower", "upper", "owned", "seen", "owed"):
            setattr(self, name, np.delete(getattr(self, name), position, axis=0))

    def _accrue(self, position: int) -> None:
        self.owed[position] = self.uncollected[position]
        self.seen[position] = self._growth_inside(position)

    def _growth_inside(self, position: int) -> Floats:
        """Fees per unit of liquidity, summed over the position's segments `[sides]`."""
        first, end = np.searchsorted(self.ticks, [self.lower[position], self.upper[position]])
        inside: Floats = self.growth[first:end].sum(axis=0)
        return inside

    def _divide(self) -> None:
        """Recompute the segments from the ends of all positions with liquidity."""
        active = self.owned > 0
        ends = np.concatenate([self.lower[active], self.upper[active], [-MAX_TICK, MAX_TICK]])
        ticks = np.unique(ends)
        growth = np.zeros((ticks.size - 1, 2))
        np.add.at(growth, np.searchsorted(ticks, self.ticks[:-1], side="right") - 1, self.growth)
        heights = _rise(self.ticks[self.segment], ticks[:-1])
        self.segment = int(np.searchsorted(heights, self.height, side="right")) - 1
        self.height -= float(heights[self.segment])
        covers = (self.lower <= ticks[:-1, None]) & (self.upper > ticks[:-1, None])
        self.liquidity = np.where(covers, self.owned, 0.0).sum(axis=1)
        self.ticks, self.growth = ticks, growth


def _checked_liquidity(liquidity: float) -> float:
    if not 0 < liquidity < math.inf:
        raise MarketError(f"liquidity must be positive and finite, got {liquidity!r}")
    return float(liquidity)
