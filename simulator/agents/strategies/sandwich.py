"""Sandwiching: trading before and after another account's order, at its expense."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from simulator.agents.strategies.base import Portfolio, Strategy, only_in, orders_for
from simulator.components import Floats, Integers, Memory
from simulator.errors import Misfit
from simulator.market import ConstantProduct, Market, MarketView, Orders

__all__ = ["Sandwich"]

FRONT_RUN_SIZES = np.linspace(0.0, 1.0, 65)  # as fractions of the largest front-run
SPARED = 1e-9  # fraction of the largest front-run left out, so that rounding fails no order


class Sandwich(Strategy):
    """Buys before a pending purchase and sells right after it what it has bought.

    It sees the pending orders and picks the purchase that pays it most among those with the highest
    tip on their token, which settle at the reserves it sees. For a victim paying v for at least m,
    the largest front-run b leaves it just m: (y + g b)(y + b + g v) = x y g v/m. Its tips are
    `outbid` above and below the victim's, which puts it around the victim under `priority`, if the
    victim tips at all; under other rules it takes an accident. The front-run is refused unless it
    buys what was planned. Tokens it is left with, or has from genesis, it sells. A victim without
    slippage tolerance leaves nothing to take. Constant product only (Zhou et al. 2021).
    """

    kind: Literal["sandwich"] = "sandwich"
    wave: ClassVar[int] = 2
    outbid: float = Field(
        1e-6, gt=0, le=1e6, description="Tip above the victim's, and below it (numeraire)."
    )

    def check(self, market: Market) -> None:
        if type(market.curve) is not ConstantProduct:
            raise Misfit(f"a sandwich {only_in(ConstantProduct(), market)}", "market.curve")

    def decide(
        self, view: MarketView, portfolio: Portfolio, memory: Memory, draws: np.random.Generator
    ) -> tuple[Orders, Memory]:
        order_list = [orders_for(-portfolio.tokens * view.spot_price, view, portfolio)]
        pending = Orders.none() if view.pending is None else view.pending
        victims = pending.take(_first_purchases(pending, view))
        if len(victims):
            for account in portfolio.trading.tolist():
                cash = float(portfolio.numeraire[account])
                order_list.append(self._best_attack(victims, account, cash, view))
        return Orders.join(order_list), memory

    def _best_attack(self, victims: Orders, account: int, cash: float, view: MarketView) -> Orders:
        """The front-run and back-run of the most profitable victim; none if no attack pays."""
        tips = victims.tip + self.outbid, np.maximum(victims.tip - self.outbid, 0.0)
        cost = 2 * view.gas + tips[0] + tips[1]
        affordable = np.maximum(cash - cost, 0.0) * (1 - SPARED)
        most = np.minimum(largest_front_run(victims, view), affordable)
        spending = most[:, None] * FRONT_RUN_SIZES
        profit = _profit(spending, victims, view) - cost[:, None]
        victim, size = np.unravel_index(profit.argmax(), profit.shape)
        if not profit[victim, size] > 0:
            return Orders.none()
        token = victims.token[[victim]]
        front = spending[victim, [size]]
        bought = view.quote(token, np.array([True]), front)
        return Orders(
            np.array([account, account]),
            np.repeat(token, 2),
            np.array([True, False]),
            np.concatenate([front, bought]),
            np.concatenate([bought, [0.0]]),
            np.array([tips[0][victim], tips[1][victim]]),
        )


def largest_front_run(victims: Orders, view: MarketView) -> Floats:
    """Most numeraire to spend before each victim that still leaves it its `min_out`."""
    x, y = view.reserve_token[victims.token], view.reserve_numeraire[victims.token]
    rate = 1 - view.fee[victims.token]
    after_fee = rate * victims.amount
    with np.errstate(divide="ignore", invalid="ignore"):
        # Solves g b^2 + linear b = room, where room grows with the payout in excess of the bound.
        room = y * (y + after_fee)
        payout = x * after_fee / (y + after_fee)
        room *= (payout - victims.min_out) / victims.min_out
        linear = y * (1 + rate) + rate * after_fee
        most = 2 * room / (linear + np.sqrt(linear**2 + 4 * rate * np.maximum(room, 0.0)))
    most = np.where(victims.min_out > 0, most, np.inf)
    return np.maximum(np.nan_to_num(most, posinf=np.inf), 0.0) * (1 - SPARED)


def _first_purchases(pending: Orders, view: MarketView) -> Integers:
    """Rows of purchases that have the highest tip of all pending orders for their token."""
    highest = np.full(len(view.spot_price), -np.inf)
    np.maximum.at(highest, pending.token, pending.tip)
    first = pending.tip == highest[pending.token]
    return np.flatnonzero(pending.buy & first & view.open[pending.token] & (pending.amount > 0))


def _profit(spending: Floats, victims: Orders, view: MarketView) -> Floats:
    """Profit (numeraire) of front-runs `[victims, sizes]`, if no other order comes between."""
    x, y = (side[victims.token, None] for side in (view.reserve_token, view.reserve_numeraire))
    rate = 1 - view.fee[victims.token, None]
    amount = victims.amount[:, None]
    bought = x * rate * spending / (y + rate * spending)
    x, y = x - bought, y + spending
    x, y = x - x * rate * amount / (y + rate * amount), y + amount
    profit: Floats = y * rate * bought / (x + rate * bought) - spending
    return profit
